// A whole demonstration by keyboard alone, as a teacher gives it: nobody touches a mouse.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { eventually, open, parts, serve } from "./harness.mjs";

let address;
before(async () => {
  address = await serve();
});

/** More stops than any page has. */
const STOPS_MAX = 400;

const board = (page) => () => parts.board(page).innerText();

/** The name of what has the focus, as a screen reader says it. */
const focused = (page) => page.evaluate(() => {
  const element = document.activeElement;
  const label = element.labels?.[0]?.textContent;
  return (element.getAttribute("aria-label") ?? label ?? element.textContent ?? "").trim();
});

/** Presses Tab until something of this name has the focus, which must be seen to have it. */
const tabTo = async (page, name) => {
  const found = [];
  for (let stop = 0; stop < STOPS_MAX; stop += 1) {
    await page.keyboard.press("Tab");
    const here = await focused(page);
    if (name instanceof RegExp ? name.test(here) : here === name) {
      const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
      assert.notEqual(outline, "none", `${here} is not seen to have the focus`);
      return;
    }
    found.push(here);
  }
  assert.fail(`Tab leads to no ${name}, but to ${[...new Set(found)].join(" | ")}`);
};

const press = async (page, name, key = "Enter") => {
  await tabTo(page, name);
  await page.keyboard.press(key);
};

test("a topic is made, written and read, and a consumer crashes, without a mouse", async (t) => {
  const page = await open(t, address);
  await press(page, "New topic");
  await tabTo(page, "Name");
  await page.keyboard.type("payments");
  await page.keyboard.press("Enter");
  await eventually(board(page), /Topic payments: 3 partitions/);
  await page.keyboard.press("Escape");

  await press(page, "Add producer");
  await tabTo(page, /^client\.id/);
  await page.keyboard.type("till");
  await tabTo(page, "Topic");
  await page.keyboard.type("payments");
  await press(page, "Start producer");
  await eventually(board(page), /Producer till: .* to payments/);
  await page.keyboard.press("Escape");

  await press(page, "Add consumer");
  await tabTo(page, "group.id");
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("bookkeeping");
  await tabTo(page, "Topic");
  await page.keyboard.type("payments");
  await press(page, "Start consumer");
  await eventually(board(page), /Group bookkeeping: Stable/);
  await page.keyboard.press("Escape");

  await press(page, /^Crash bookkeeping-1/);
  await eventually(board(page), /bookkeeping-1.*crashed/i);
});

test("a broker is killed, and time goes back to before it was, without a mouse", async (t) => {
  const page = await open(t, `${address}#world=failing-broker`);
  await eventually(board(page), /Broker 2: running/);
  await page.keyboard.press(".");
  await page.keyboard.press("ArrowRight");
  await press(page, /^Broker 2: /);
  await press(page, "Kill");
  await eventually(board(page), /Broker 2: killed/);
  await page.keyboard.press("Escape");
  await page.keyboard.press("ArrowLeft");
  await eventually(board(page), /Broker 2: running/);
  await page.keyboard.press("PageDown");
  await eventually(board(page), /Broker 2: killed/);
  await page.keyboard.press("b");
  await eventually(board(page), /Topic orders: 3 partitions/);
  await page.keyboard.press("b");
  await eventually(board(page), /Broker 2: killed/);
});

test("a clicker leads a room through a world", async (t) => {
  const page = await open(t, address);
  await page.keyboard.press("f");
  await parts.button(page, "End presenting (F)").waitFor();
  await page.keyboard.press(".");
  await parts.button(page, "Play").waitFor();
  const seen = async () => [await parts.caption(page).innerText(), await board(page)()];
  const before = await seen();
  await page.keyboard.press("PageDown");
  await eventually(async () => String((await board(page)()) !== before[1]), "true");
  const after = await seen();
  await page.keyboard.press("PageUp");
  await eventually(async () => (await board(page)()), before[1]);
  await page.keyboard.press("PageDown");
  await eventually(async () => (await board(page)()), after[1]);
  assert.equal(await parts.caption(page).innerText(), after[0]);
  await page.keyboard.press("f");
  await parts.commandLine(page).waitFor();
});
