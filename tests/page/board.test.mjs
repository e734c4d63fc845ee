// The board looked at in another way: along its lanes, folded, larger and smaller. Nothing of the
// world changes with that.

import assert from "node:assert/strict";
import { test } from "node:test";

import { DIST, barriers, eventually, open, parts, serve } from "./harness.mjs";

const address = await serve(DIST);
const board = (page) => () => parts.board(page).innerText();

test("a lane is moved by keys, and follows its newest records again at its end", async (t) => {
  const page = await open(t, address);
  const lanes = page.getByRole("slider", { name: /^Move along orders-/ });
  await lanes.first().waitFor();
  await parts.button(page, "Pause").click();
  const lane = lanes.first();
  assert.equal(await lane.getAttribute("aria-valuetext"), "follows the newest records");
  await lane.focus();
  await page.keyboard.press("Home");
  await eventually(board(page), /shown from offset 0 to \d+/);
  const time = await parts.caption(page).innerText();
  await page.keyboard.press("ArrowRight");
  await eventually(board(page), /shown from offset 1 to \d+/);
  assert.equal(await parts.caption(page).innerText(), time, "the key moved the lane, not the time");
  assert.deepEqual(await barriers(page), []);
  await page.keyboard.press("End");
  await eventually(() => lane.getAttribute("aria-valuetext"), "follows the newest records");
});

test("a lane is moved by dragging it", async (t) => {
  const page = await open(t, address);
  const lane = page.getByRole("slider", { name: /^Move along orders-/ }).first();
  await lane.waitFor();
  await parts.button(page, "Pause").click();
  const box = await lane.boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + 25];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + 60, y, { steps: 5 });
  await page.mouse.move(x + 400, y, { steps: 5 });
  await page.mouse.up();
  await eventually(() => lane.getAttribute("aria-valuetext"), /^from offset \d+ on$/);
});

test("a topic is folded into a line, and unfolded", async (t) => {
  const page = await open(t, address);
  await page.getByRole("button", { name: "Fold topic orders" }).click();
  await eventually(board(page), /Topic orders: 3 partitions, replication factor 1; folded: \d+ records?, group billing lag \d+/);
  await page.getByRole("button", { name: "Unfold all topics" }).click();
  await eventually(board(page), /Partition orders-2: led by broker 1/);
});

test("before a topic gets another partition, the board says which keys would move", async (t) => {
  const page = await open(t, address);
  const add = page.getByRole("button", { name: "Add a partition to orders" });
  await add.focus();
  const said = page.getByRole("status").filter({ hasText: "With 4 partitions" });
  await said.waitFor();
  assert.match(await said.textContent(), /Of \d+ keys, \d+ would go to another partition; of \d+ the history/);
  await page.getByRole("button", { name: "Delete topic orders" }).focus();
  await said.waitFor({ state: "detached" });
});

test("everything becomes smaller and larger, and stays within its frame", async (t) => {
  const page = await open(t, address);
  await page.getByRole("button", { name: "Zoom out" }).click();
  await page.getByRole("button", { name: "Zoom 80 %: fit to the window" }).waitFor();
  const sideways = () => page.evaluate(() => {
    const box = globalThis.document.querySelector(".board");
    return String(box.scrollWidth - box.clientWidth);
  });
  assert.equal(await sideways(), "0");
  for (let press = 0; press < 4; press += 1) await page.getByRole("button", { name: "Zoom in" }).click();
  await page.getByRole("button", { name: "Zoom 195 %: fit to the window" }).click();
  assert.equal(await sideways(), "0");
});

test("a rebalance is followed by eye, and what it took stays to be read", async (t) => {
  const page = await open(t, address);
  await page.getByRole("button", { name: "Add a consumer to billing" }).click();
  await eventually(board(page), /Group billing: \w+, .*; rebalancing for/);
  await eventually(board(page), /Group billing: Stable, generation 3, .*3 members; last rebalance took [\d.]+ m?s .*moved/);
});
