// The metrics panel: throughput, latency, lag and spread as charts with their numbers; and the QR
// code by which a room finds the page.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { SINGLE_FILE, alive, barriers, eventually, open, parts, serve } from "./harness.mjs";

let address;
before(async () => {
  address = await serve();
});

const panel = (page) => page.getByRole("region", { name: "Open panel", exact: true });
const card = (page, name) => page.getByRole("region", { name: `Metrics of ${name}`, exact: true });
const chart = (page, of, name) => card(page, of).getByRole("img", { name: new RegExp(`^${name}, ${of}: now`) });

test("the metrics are opened by a key, and every chart has its number", async (t) => {
  const page = await open(t, address);
  await page.keyboard.press("m");
  await eventually(() => page.evaluate(() => document.activeElement.textContent), "Metrics");
  const label = (of, name) => () => chart(page, of, name).getAttribute("aria-label");
  await eventually(label("Topic orders", "Records in"), /now [\d.]+ records?\/s\. least .* most .* in \d+ s\./);
  await eventually(label("Topic orders", "Bytes in"), /now \d+ B\/s\./);
  await eventually(label("Group billing", "Records out"), /now [\d.]+ records?\/s\./);
  await eventually(label("Group billing", "Latency"), /now p50 [\d.]+ m?s, p99 [\d.]+ m?s\./);
  await eventually(label("Group billing", "Lag"), /now \d+ records?\./);
  const spread = card(page, "Topic orders").getByRole("list", { name: "Records by partition" });
  assert.equal(await spread.getByRole("listitem").count(), 3);
  // What it says is also to be seen, and each line is drawn.
  assert.match(await card(page, "Group billing").innerText(), /p50 [\d.]+ m?s\s+p99 [\d.]+ m?s/);
  const lines = await panel(page).locator(".chart-plot .chart-line").evaluateAll((all) => all.map((it) => it.getAttribute("d")));
  assert.ok(lines.length >= 7 && lines.every((path) => /^M[\d.]+ [\d.]+h0/.test(path)), lines.join("\n"));
  // The same as a table.
  await card(page, "Group billing").getByText("Numbers of Group billing").click();
  const heads = await card(page, "Group billing").getByRole("rowheader").allInnerTexts();
  assert.deepEqual(heads, ["Records out", "Bytes out", "Latency p50", "Latency p99", "Lag"]);
  // Whose figures they are can be opened.
  await panel(page).getByRole("button", { name: "Group billing" }).click();
  assert.equal(await panel(page).getByRole("heading", { level: 2 }).innerText(), "Group billing");
  await page.keyboard.press("Escape");
  assert.equal(await panel(page).count(), 0);
});

test("while time stands still the metrics do too, and afterwards lag tells of a crash", async (t) => {
  const page = await open(t, address);
  await parts.button(page, "Pause").click();
  await parts.button(page, "Metrics").click();
  const drawn = () => panel(page).innerHTML();
  const before = await drawn();
  await page.waitForTimeout(1_500);
  assert.equal(await drawn(), before);
  await page.keyboard.press("Escape");
  for (const name of ["billing-1", "billing-2"]) {
    await parts.button(page, `Crash ${name}`).click();
  }
  await parts.button(page, "Metrics").click();
  await parts.slider(page, "Speed").fill("1");
  await parts.button(page, "Play").click();
  const lag = () => chart(page, "Group billing", "Lag").getAttribute("aria-label");
  await eventually(lag, /now [2-9]\d records/);
  const out = () => chart(page, "Group billing", "Records out").getAttribute("aria-label");
  await eventually(out, /now 0 records\/s/);
});

test("the metrics fit beside the board and below it, in every theme", async (t) => {
  for (const [width, height] of [[390, 844], [1280, 720], [1920, 1080], [640, 360]]) {
    const page = await open(t, address, { viewport: { width, height } });
    await page.keyboard.press("m");
    await chart(page, "Group billing", "Lag").waitFor();
    const overflow = (selector) => page.evaluate((it) => {
      const box = document.querySelector(it);
      return box.scrollWidth - box.clientWidth;
    }, selector);
    assert.ok((await overflow("html")) <= 0, `the page at ${width}`);
    assert.ok((await overflow(".panel")) <= 0, `the panel at ${width}`);
  }
  const page = await open(t, address);
  await parts.button(page, "Pause").click();
  await page.keyboard.press("m");
  for (const theme of ["light", "dark", "contrast"]) {
    await page.evaluate((it) => document.documentElement.setAttribute("data-theme", it), theme);
    assert.deepEqual(await barriers(page), [], theme);
  }
});

test("a room finds the page by its QR code, when it is asked for", async (t) => {
  const page = await open(t, address, { viewport: { width: 1920, height: 1080 }, colorScheme: "dark" });
  await page.keyboard.press("f");
  const code = page.getByRole("img", { name: `QR code of the page's address, ${address}` });
  // It covers a part of the board.
  assert.equal(await code.count(), 0);
  await parts.button(page, "Show QR code").click();
  await code.waitFor();
  const box = await code.boundingBox();
  assert.ok(box.width >= 400 && Math.abs(box.width - box.height) < 1, JSON.stringify(box));
  assert.ok(box.x >= 0 && box.x + box.width <= 1920 && box.y >= 0 && box.y + box.height <= 1080);
  // Black on white with four modules around it, also in the dark.
  const drawn = await code.evaluate((svg) => ({
    side: svg.viewBox.baseVal.width,
    paper: getComputedStyle(svg.querySelector("rect")).fill,
    ink: getComputedStyle(svg.querySelector("path")).fill,
    code: svg.querySelector("path").getBBox().x,
  }));
  assert.equal(drawn.paper, "rgb(255, 255, 255)");
  assert.equal(drawn.ink, "rgb(0, 0, 0)");
  assert.equal(drawn.code, 4);
  assert.equal((drawn.side - 8 - 17) % 4, 0, `${drawn.side} modules`);
  assert.match(await page.locator(".presenting").innerText(), /http:\/\/127\.0\.0\.1:\d+\/\s+Only this computer/);
  assert.deepEqual(await barriers(page), []);

  // It is there the next time too, and goes when it is hidden.
  await page.keyboard.press("f");
  await page.keyboard.press("f");
  await code.waitFor();
  await parts.button(page, "Hide QR code").click();
  assert.equal(await code.count(), 0);
});

test("a page that is a file has no address to show", async (t) => {
  const page = await open(t, pathToFileURL(SINGLE_FILE).href);
  await alive(page);
  await page.keyboard.press("f");
  await eventually(() => page.locator(".presenting").innerText(), "opened as a file");
  assert.equal(await page.getByRole("img", { name: /^QR code/ }).count(), 0);
  assert.equal(await page.getByRole("button", { name: /QR code/ }).count(), 0);
});
