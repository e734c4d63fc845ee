// What is drawn is what is told: pictures are compared by their structure with the text twin, which
// natively has its golden files (src/stage/tests/golden), and never by their pixels.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { eventually, open, parts, serve } from "./harness.mjs";

let address;
before(async () => {
  address = await serve();
});

/** The ready-made worlds, by what the address calls them. */
const WORLDS = [
  "orders", "shop", "activity", "hot-key", "idle-consumers", "two-groups-and-none",
  "three-protocols", "failing-broker", "compacted-table", "table-in-step", "transactions",
  "work-queue",
];

const golden = (world) => {
  const path = new URL(`../../src/stage/tests/golden/${world}.twin.txt`, import.meta.url);
  return readFile(fileURLToPath(path), "utf8");
};

/** The text twin, with its headings and its lists, a line each as the golden files have it. */
const twin = (page) => parts.board(page).locator(".board-twin").evaluate((root) => {
  const lines = [];
  const walk = (element, depth) => {
    for (const child of element.children) {
      if (/^H\d$/.test(child.tagName)) lines.push(child.textContent);
      else if (child.tagName === "LI") {
        const own = [...child.childNodes].filter((node) => node.nodeName !== "UL");
        lines.push("  ".repeat(depth) + own.map((node) => node.textContent).join(""));
        walk(child, depth);
      } else walk(child, child.tagName === "UL" ? depth + 1 : depth);
    }
  };
  walk(root, 0);
  return `${lines.join("\n")}\n`;
});

/** What is drawn, counted and read off. */
const drawn = (page) => parts.board(page).evaluate((root) => {
  const all = (selector) => [...root.querySelectorAll(selector)];
  const texts = (selector) => all(selector).map((element) => element.textContent.trim());
  return {
    lanes: all(".lane-whole").length,
    ends: texts(".label").map((text) => text.match(/LEO (\d+)$/)?.[1]).filter(Boolean),
    members: texts(".member-name .clip"),
    states: texts(".group-header .state"),
    producers: all(".box.producer").length,
    ribbons: all(".ribbons .ribbon").length,
    replicas: all(".replica").length,
  };
});

for (const world of WORLDS) {
  test(`the world ${world} is told and drawn as natively, when it is opened`, async (t) => {
    const page = await open(t, `${address}#world=${world}`);
    await page.keyboard.press(".");
    await parts.button(page, "Play").waitFor();
    // Back to the instant at which it was opened.
    await parts.slider(page, "Timeline").focus();
    await page.keyboard.press("Home");
    const expected = await golden(world);
    await eventually(() => twin(page), expected);

    const picture = await drawn(page);
    const told = (pattern) => [...expected.matchAll(pattern)].map((match) => match[1]);
    const ends = told(/^ +Partition [^:]+: .*log end (\d+)/gm);
    assert.equal(picture.lanes, ends.length, "each partition has its lane");
    assert.deepEqual(picture.ends, ends, "each lane has the log end that is told");
    assert.deepEqual(picture.states.slice(0, 20), told(/^  Group [^:]+: ([\w ()]+?)(?:,|;|$)/gm), "each group has its state");
    assert.equal(picture.producers, told(/^ +(Producer) [^:]+:/gm).length);
    assert.equal(picture.members.length, told(/^ +(Member) [^:]+:/gm).length, "each member has its box");
  });
}
