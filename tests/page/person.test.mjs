// The page used as a person uses it: its buttons, its clock, its keys, and mistakes.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { barriers, command, eventually, open, parts, serve } from "./harness.mjs";

let address;
before(async () => {
  address = await serve();
});

const board = (page) => () => parts.board(page).innerText();
const terminal = (page) => () => parts.terminal(page).innerText();

test("a small world is already running on first paint", async (t) => {
  const page = await open(t, address);
  const text = await eventually(board(page), "Topic orders: 3 partitions");
  assert.match(text, /Group billing: Stable, generation \d+, assignor range, .*2 members/);
  assert.match(text, /Producer shop: 1 record\/s to orders/);
  assert.match(text, /Group billing on orders-1: committed \d+, position \d+/);
  await eventually(() => parts.caption(page).innerText(), /\S/);
});

test("time stands still, goes on, and goes step by step", async (t) => {
  const page = await open(t, address);
  await parts.button(page, "Pause").click();
  await parts.button(page, "Play").waitFor();
  const still = await page.locator(".now").innerText();
  await page.waitForTimeout(400);
  assert.equal(await page.locator(".now").innerText(), still, "time stands still");

  await parts.button(page, "Step").click();
  await eventually(() => page.locator(".now").innerText(), new RegExp(`^(?!${still.replace(".", "\\.")}$)`));
  await parts.button(page, "Play").click();
  await parts.slider(page, "Speed").focus();
  await page.keyboard.press("End");
  const seconds = async () => Number.parseFloat(await page.locator(".now").innerText());
  const begun = await seconds();
  await eventually(async () => String((await seconds()) - begun > 30), "true");
});

test("keys do what the list says, but not while typing", async (t) => {
  const page = await open(t, address);
  await page.keyboard.press("Space");
  await parts.button(page, "Play").waitFor();
  await page.keyboard.press("Space");
  await parts.button(page, "Pause").waitFor();
  await parts.commandLine(page).click();
  await page.keyboard.type("echo a b.");
  assert.equal(await parts.commandLine(page).inputValue(), "echo a b.");
  await parts.button(page, "Pause").waitFor();
});

test("a producer, a consumer and a partition are added, and a consumer crashes", async (t) => {
  const page = await open(t, address);
  await parts.button(page, "Add producer").click();
  const form = page.getByRole("form", { name: "Add a producer" });
  await form.getByLabel("client.id").fill("till");
  await form.getByLabel("Key pattern").selectOption("fixed");
  await form.getByLabel("Key begins with").fill("ada");
  await form.getByLabel("Records per second").fill("5");
  await parts.button(page, "Start producer").click();
  await eventually(board(page), /Producer till: 5 records\/s to orders/);

  await page.getByRole("button", { name: /^Add a consumer to (group )?billing$/ }).click();
  await eventually(board(page), /Group billing: Stable, generation \d+, .*3 members/);

  await page.getByRole("button", { name: /^Add a partition to orders$/ }).click();
  await eventually(board(page), "Topic orders: 4 partitions");

  await page.getByRole("button", { name: "Crash billing-3" }).click();
  await eventually(board(page), /Member billing-3: crashed, session times out in \d+ s/);
  await parts.slider(page, "Speed").focus();
  await page.keyboard.press("End");
  await eventually(board(page), /Group billing: Stable, generation \d+, .*2 members/);
});

test("what is typed after a terminal's button goes to the command line", async (t) => {
  const page = await open(t, address);
  await parts.button(page, "+ Terminal").click();
  await page.keyboard.type("echo a b.");
  assert.equal(await parts.commandLine(page).inputValue(), "echo a b.");
  await page.keyboard.press("Enter");
  await eventually(terminal(page), /^a b\.$/m);
  await parts.button(page, "Close Terminal 1").click();
  await page.keyboard.type("echo c");
  await page.keyboard.press("Enter");
  await eventually(terminal(page), /^c$/m);
});

test("a panel takes the focus, and gives it back", async (t) => {
  const page = await open(t, address);
  await parts.button(page, "New topic").click();
  await page.keyboard.type("letters");
  await page.keyboard.press("Enter");
  await eventually(board(page), "Topic letters: 3 partitions");
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement.closest("nav")?.ariaLabel), "Tools");
});

test("while time stands still, a button has its answer too", async (t) => {
  const page = await open(t, address);
  await parts.button(page, "Pause").click();
  for (let press = 0; press < 3; press++) await parts.button(page, "Add a partition to orders").click();
  await eventually(board(page), "Topic orders: 6 partitions");
  await parts.button(page, "New topic").click();
  await page.getByRole("form", { name: "New topic" }).getByLabel("Name").fill("bad name!");
  await parts.button(page, "Create topic").click();
  await eventually(() => page.getByRole("alert").innerText(), /bad name!: INVALID_TOPIC_EXCEPTION: Topic name is invalid/);
});

test("one record is sent by hand", async (t) => {
  const page = await open(t, address);
  await parts.button(page, "Send record").click();
  const form = page.getByRole("form", { name: "Send a record" });
  await form.getByLabel("Key (empty: null)").fill("grace");
  await form.getByLabel("Value").fill("a bug, taped in");
  await form.getByRole("button", { name: "Send record" }).click();
  await eventually(board(page), /key grace value "a bug, taped in"/);
});

test("a mistake gets a clear answer, and the board stays as it is", async (t) => {
  const page = await open(t, address);
  await parts.button(page, "Pause").click();
  const before = await board(page)();
  const mistakes = [
    ["kafka-topic.sh --list", /kafka-topic\.sh: command not found/],
    ["echo 'hello", /unexpected EOF while looking for matching/],
    ["kafka-topics.sh --bootstrap-server localhost:9092 --describe --topic nope", /Topic 'Optional\[nope\]' does not exist as expected/],
    ["kafka-topics.sh --bootstrap-server localhost:9092 --create --topic zero --partitions 0", /The partitions must be greater than 0/],
    ["kafka-topics.sh --bootstrap-server localhost:9092 --alter --topic orders --partitions 2", /The topic orders currently has 3 partition\(s\); 2 would not be an increase\./],
  ];
  for (const [line, answer] of mistakes) {
    await command(page, line);
    await eventually(terminal(page), answer);
  }
  const places = (text) => text.split("\n").filter((line) => /^(Topic|Group \w+:)/.test(line));
  assert.deepEqual(places(await board(page)()), places(before));

  await parts.button(page, "Send record").click();
  const form = page.getByRole("form", { name: "Send a record" });
  await form.getByLabel("Value").evaluate((input) => { input.value = "x".repeat(5 << 20); });
  await form.getByRole("button", { name: "Send record" }).click();
  await eventually(() => page.getByRole("alert").innerText(), /larger than 1048576, which is the value of the max\.request\.size configuration/);
});

test("the page has no barriers in any theme, playing and paused", async (t) => {
  for (const options of [{ colorScheme: "light" }, { colorScheme: "dark" }, { contrast: "more" }, { viewport: { width: 390, height: 844 } }]) {
    const page = await open(t, address, options);
    await command(page, "help");
    await parts.button(page, "Pause").click();
    for (const panel of ["Add producer", "Event log", "Help"]) {
      await parts.button(page, panel).click();
      assert.deepEqual(await barriers(page), [], `${panel} with ${JSON.stringify(options)}`);
    }
  }
});

test("captions are spoken until they are silenced, and the choice is kept", async (t) => {
  const page = await open(t, address);
  const caption = page.getByRole("status", { name: "Caption" });
  const speak = parts.button(page, "Speak captions");
  assert.equal(await caption.getAttribute("aria-live"), "polite");
  await speak.click();
  assert.equal(await caption.getAttribute("aria-live"), "off");
  assert.equal(await speak.getAttribute("aria-pressed"), "false");
  await page.reload();
  await parts.board(page).waitFor();
  assert.equal(await caption.getAttribute("aria-live"), "off");
});

test("nothing overflows the window at any width", async (t) => {
  for (const width of [320, 390, 640, 1280, 1920]) {
    const page = await open(t, address, { viewport: { width, height: 720 } });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(overflow <= 0, `${overflow} px too wide at ${width}`);
  }
});

test("for a room, all but time, caption and board goes away, and comes back", async (t) => {
  const page = await open(t, address);
  await page.keyboard.press("f");
  await parts.button(page, "End presenting (F)").waitFor();
  assert.ok(await page.getByText(address).isVisible(), "the room sees the address");
  assert.equal(await parts.commandLine(page).isVisible(), false);
  assert.equal(await parts.button(page, "Help").isVisible(), false);
  assert.ok(await parts.board(page).isVisible());
  assert.deepEqual(await barriers(page), []);
  await page.keyboard.press("Space");
  await parts.button(page, "Play").waitFor();
  await parts.button(page, "End presenting (F)").click();
  await parts.commandLine(page).waitFor();
});
