// Going back: step back, the timeline, and what comes of acting in the past.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { barriers, command, eventually, open, parts, serve } from "./harness.mjs";

let address;
before(async () => {
  address = await serve();
});

const board = (page) => () => parts.board(page).innerText();
const terminal = (page) => () => parts.terminal(page).innerText();
const now = (page) => page.locator(".now").innerText();
const timeline = (page) => parts.slider(page, "Timeline");
const value = async (page) => Number(await timeline(page).inputValue());
const notice = (page) => page.getByRole("alert").innerText();

/** The page with its time standing still. */
const paused = async (t, options) => {
  const page = await open(t, address, options);
  await eventually(board(page), "Topic orders: 3 partitions");
  await page.waitForTimeout(500);
  await parts.button(page, "Pause").click();
  await parts.button(page, "Play").waitFor();
  return page;
};

/** All that is to be seen of a moment. */
const seen = async (page) => ({
  now: await now(page),
  caption: await parts.caption(page).innerText(),
  board: await board(page)(),
  terminal: await terminal(page)(),
});

/** Something that changes what time it is, waited for. */
const moves = async (page, act) => {
  const before = await now(page);
  await act();
  await eventually(async () => String((await now(page)) !== before), "true");
};

test("step, step, back, back shows all as it was", async (t) => {
  const page = await paused(t);
  const step = () => moves(page, () => parts.button(page, "Step").click());
  const back = () => moves(page, () => parts.button(page, "Step back").click());
  const was = [];
  for (let steps = 0; steps < 4; steps++) {
    await step();
    was.push(await seen(page));
  }
  const latest = was.pop();
  for (const expected of was.reverse()) {
    await back();
    assert.deepEqual(await seen(page), expected);
  }
  assert.match(await timeline(page).getAttribute("aria-valuetext"), /^[\d.]+ seconds, in the past: the latest is [\d.]+ seconds$/);
  await eventually(() => page.locator(".latest").innerText(), `of ${latest.now}`);
  for (let steps = 0; steps < 3; steps++) await step();
  assert.deepEqual(await seen(page), latest);
  assert.match(await timeline(page).getAttribute("aria-valuetext"), /, the latest$/);
});

test("the clicker's keys step, also while the page is shown to a room", async (t) => {
  const page = await paused(t);
  await page.locator("body").click({ position: { x: 5, y: 5 } });
  for (const presenting of [false, true]) {
    if (presenting) await page.keyboard.press("f");
    const begun = await now(page);
    await moves(page, () => page.keyboard.press("PageDown"));
    await moves(page, () => page.keyboard.press("ArrowRight"));
    await moves(page, () => page.keyboard.press("PageUp"));
    await moves(page, () => page.keyboard.press("ArrowLeft"));
    assert.equal(await now(page), begun);
  }
  // While time passes, one press goes back and lets it stand still.
  await page.keyboard.press("Space");
  await parts.button(page, "Pause").waitFor();
  await page.keyboard.press("PageUp");
  await parts.button(page, "Play").waitFor();
});

test("typing takes no step, and a slider keeps its arrows", async (t) => {
  const page = await paused(t);
  const begun = await now(page);
  await parts.commandLine(page).click();
  await page.keyboard.type("ab");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("PageUp");
  assert.equal(await now(page), begun);
  await parts.slider(page, "Speed").focus();
  await page.keyboard.press("ArrowLeft");
  assert.equal(await now(page), begun);
  await moves(page, () => page.keyboard.press("PageUp"));
});

test("the timeline is dragged, and moved by keys", async (t) => {
  const page = await open(t, address);
  await page.waitForTimeout(2_500);
  const slider = timeline(page);
  const { x, y, width, height } = await slider.boundingBox();
  await page.mouse.move(x + width - 8, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width / 2, y + height / 2, { steps: 8 });
  await page.mouse.up();
  // Dragging pauses.
  await parts.button(page, "Play").waitFor();
  const [first, last] = await Promise.all(["min", "max"].map(async (it) => Number(await slider.getAttribute(it))));
  const middle = await value(page);
  assert.ok(Math.abs(middle - (first + last) / 2) < (last - first) / 5, `${first} ${middle} ${last}`);
  assert.equal(Math.floor(Number.parseFloat(await now(page)) * 1_000 + 0.5), middle);

  await slider.focus();
  await moves(page, () => page.keyboard.press("ArrowLeft"));
  assert.ok((await value(page)) < middle);
  await moves(page, () => page.keyboard.press("ArrowRight"));
  assert.ok(Math.abs((await value(page)) - middle) <= 1);
  await moves(page, () => page.keyboard.press("Home"));
  assert.equal(await value(page), first);
  await moves(page, () => page.keyboard.press("End"));
  assert.equal(await value(page), last);
  assert.match(await slider.getAttribute("aria-valuetext"), /, the latest$/);
  // Played on from the past, the world goes on beyond what was reached.
  await moves(page, () => page.keyboard.press("Home"));
  await parts.slider(page, "Speed").fill("1");
  await parts.button(page, "Play").click();
  await eventually(async () => String((await value(page)) > last + 1_000), "true");
});

const killBroker = async (page) => {
  await page.getByRole("button", { name: "Open broker 1", exact: true }).focus();
  await page.keyboard.press("Enter");
  const panel = page.getByRole("region", { name: "Open panel" });
  await panel.getByRole("button", { name: "Kill", exact: true }).click();
  await page.keyboard.press("Escape");
};

test("a killed broker is up again before it was killed, and stays so when something else is done", async (t) => {
  const page = await paused(t);
  const isUp = async () => String(/Broker 1: .*leads [1-9]/.test(await board(page)()));
  assert.equal(await isUp(), "true");
  await killBroker(page);
  await eventually(isUp, "false");
  const killed = await now(page);
  await parts.button(page, "Step").click();
  await parts.button(page, "Step").click();
  const marked = () => page.locator(".mark-deed").getAttribute("d");
  assert.match(await marked(), /^M\d+ 0v1$/);

  let backs = 0;
  while ((await isUp()) === "false") {
    assert.ok(backs++ < 10, "it never came up again");
    await parts.button(page, "Step back").click();
    await page.waitForTimeout(100);
  }
  assert.equal(await now(page), killed, "just before it");
  // It happens again, when nothing else is done.
  await parts.button(page, "Step").click();
  await eventually(isUp, "false");
  await parts.button(page, "Step back").click();
  await eventually(isUp, "true");

  await parts.button(page, "Add a partition to orders").click();
  await eventually(() => notice(page), /You went back to [\d.]+ s and did something new: what came after it, up to [\d.]+ s, is forgotten/);
  await eventually(board(page), /Topic orders: 4 partitions/);
  await timeline(page).focus();
  await page.keyboard.press("End");
  assert.equal(await isUp(), "true");
  assert.deepEqual(await barriers(page), []);
});

test("what a tool printed goes back, and comes again", async (t) => {
  const page = await paused(t);
  const empty = await terminal(page)();
  await command(page, "kafka-topics.sh --bootstrap-server localhost:9092 --create --topic post.office");
  await eventually(terminal(page), "Created topic post.office.");
  await eventually(board(page), "Topic post.office");
  await parts.commandLine(page).blur();
  let backs = 0;
  while ((await terminal(page)()) !== empty) {
    assert.ok(backs++ < 20, await terminal(page)());
    await page.keyboard.press("PageUp");
    await page.waitForTimeout(100);
  }
  assert.ok(!(await board(page)()).includes("post.office"));
  await timeline(page).focus();
  await page.keyboard.press("End");
  await eventually(terminal(page), "Created topic post.office.");
  await eventually(board(page), "Topic post.office");
});

test("a world that was left keeps its history and how it was looked at", async (t) => {
  const page = await paused(t);
  await page.keyboard.press("b");
  await eventually(board(page), /Arranged by broker|By broker|replica/i);
  await moves(page, () => parts.button(page, "Step").click());
  const left = await seen(page);
  const min = await timeline(page).getAttribute("min");
  await parts.button(page, "Worlds").click();
  const panel = page.getByRole("region", { name: "Open panel" });
  await panel.getByRole("button", { name: "A hot key" }).click();
  await eventually(board(page), /Topic likes: 3 partitions/);
  await parts.button(page, "Worlds").click();
  await panel.getByRole("button", { name: "Back to" }).click();
  await eventually(async () => String((await board(page)()) === left.board), "true");
  assert.equal(await now(page), left.now);
  assert.equal(await timeline(page).getAttribute("min"), min);
  await moves(page, () => parts.button(page, "Step back").click());
});

test("the time controls fit, in every theme", async (t) => {
  for (const [width, height] of [[390, 844], [640, 360], [1280, 720], [1920, 1080]]) {
    const page = await paused(t, { viewport: { width, height } });
    await moves(page, () => parts.button(page, "Step back").click());
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(overflow <= 0, `the page at ${width}`);
    for (const part of [timeline(page), parts.button(page, "Step back"), page.locator(".latest")]) {
      const box = await part.boundingBox();
      assert.ok(box.x >= 0 && box.x + box.width <= width, `${width}: ${JSON.stringify(box)}`);
    }
  }
  const page = await paused(t);
  await moves(page, () => parts.button(page, "Step back").click());
  for (const theme of ["light", "dark", "contrast"]) {
    await page.evaluate((it) => document.documentElement.setAttribute("data-theme", it), theme);
    assert.deepEqual(await barriers(page), [], theme);
  }
});
