// The board by broker: its switch, its key, its buttons, and what a screen reader is told.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { barriers, command, eventually, open, parts, serve } from "./harness.mjs";

let address;
before(async () => {
  address = await serve();
});

const board = (page) => () => parts.board(page).innerText();

test("a switch and the key B arrange the board by broker and back", async (t) => {
  const page = await open(t, address);
  const pressed = (name) => parts.button(page, name).getAttribute("aria-pressed");
  assert.equal(await pressed("By topic"), "true");
  await parts.button(page, "By broker").click();
  const text = await eventually(board(page), /Replica orders-0: leader in epoch 0, .*log end \d+, high watermark \d+/);
  assert.match(text, /Broker 1: running, active controller, leads 3 of 3 replicas/);
  assert.match(text, /leads 50 of __consumer_offsets/);
  assert.match(text, /Group billing: Stable/);
  assert.doesNotMatch(text, /Topic orders/);
  assert.equal(await pressed("By broker"), "true");
  await page.keyboard.press("b");
  await eventually(board(page), "Topic orders: 3 partitions");
  await parts.commandLine(page).click();
  await page.keyboard.type("b");
  assert.equal(await parts.commandLine(page).inputValue(), "b");
  assert.equal(await pressed("By topic"), "true");
});

test("brokers and replicas are buttons, by keyboard too", async (t) => {
  const page = await open(t, address);
  await parts.button(page, "Pause").click();
  await parts.button(page, "By broker").click();
  const replica = page.getByRole("button", { name: /^Replica orders-1: leader in epoch 0, .*; on broker 1$/ });
  await replica.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: "Open panel" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Broker 1: running/ }).click();
  await page.getByRole("region", { name: "Open panel" }).waitFor();
});

test("internal topics are opened by a button, and the arrow keys lead along them", async (t) => {
  const page = await open(t, address);
  await parts.button(page, "Pause").click();
  await parts.button(page, "By broker").click();
  await parts.button(page, "Show internal topics").click();
  await eventually(board(page), "__consumer_offsets: leads 50 of 50 replicas");
  const offsets = page.getByRole("button", { name: /^Replica __consumer_offsets-/ });
  assert.equal(await offsets.count(), 50);
  const now = await page.locator(".now").innerText();
  await offsets.first().focus();
  await page.keyboard.press("ArrowRight");
  const name = await page.evaluate(() => document.activeElement.ariaLabel);
  assert.match(name, /^Replica __consumer_offsets-1:/);
  assert.equal(await page.locator(".now").innerText(), now, "the key does not step");
});

test("a topic of the command line comes up on its broker", async (t) => {
  const page = await open(t, address);
  await parts.button(page, "By broker").click();
  await command(page, "kafka-topics.sh --bootstrap-server localhost:9092 --create --topic post.office --partitions 2");
  await eventually(board(page), /Replica post\.office-1: leader in epoch 0/);
});

test("the board by broker has no barriers in any theme, and overflows nowhere", async (t) => {
  for (const options of [{ colorScheme: "light" }, { colorScheme: "dark" }, { contrast: "more" }, { viewport: { width: 390, height: 844 } }]) {
    const page = await open(t, address, options);
    await parts.button(page, "Pause").click();
    await parts.button(page, "By broker").click();
    for (const press of ["By broker", "Show internal topics"]) {
      await parts.button(page, press).click();
      assert.deepEqual(await barriers(page), [], `${press} with ${JSON.stringify(options)}`);
    }
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(overflow <= 0, `${overflow} px too wide with ${JSON.stringify(options)}`);
  }
});

test("beside a panel three brokers stay side by side, and all of the board is seen", async (t) => {
  const page = await open(t, `${address}#world=failing-broker`);
  const brokers = page.getByRole("button", { name: /^Broker \d: / });
  const places = async () => {
    const boxes = await Promise.all((await brokers.all()).map((it) => it.boundingBox()));
    return boxes.map(({ x, y, width }) => ({ top: Math.round(y), right: x + width }));
  };
  const inARow = async () => {
    const found = await places();
    return `${found.length} brokers at ${new Set(found.map((it) => it.top)).size} heights`;
  };
  await eventually(inARow, "3 brokers at 1 heights");
  await brokers.nth(1).click();
  const panel = page.getByRole("region", { name: "Open panel" });
  await panel.waitFor();
  await eventually(inARow, "3 brokers at 1 heights");
  const left = (await panel.boundingBox()).x;
  await eventually(async () => String((await places()).every((it) => it.right < left)), "true");
  const overflow = await page.evaluate(() => {
    const board = document.querySelector(".board");
    return board.scrollWidth - board.clientWidth;
  });
  assert.ok(overflow <= 1, `${overflow} px of the board are hidden`);
});
