// The gallery of ready-made worlds: each opens, and the one that was left is kept.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { eventually, open, parts, serve } from "./harness.mjs";

let address;
before(async () => {
  address = await serve();
});

const board = (page) => () => parts.board(page).innerText();

const gallery = async (page) => {
  await parts.button(page, "Worlds").click();
  return page.getByRole("region", { name: "Open panel" });
};

/** What the board says of each world. */
const WORLDS = {
  "Orders by cart": /Topic orders: 3 partitions/,
  "One order, three readers": /Group notification/,
  "Keyed activity tracking": /Topic activity: 4 partitions/,
  "A hot key": /Topic likes: 3 partitions/,
  "More consumers than partitions": /Group support: Stable.*5 members/,
  "Two groups and no group": /Group archive/,
  "Three ways to rebalance": /Group cooperative/,
  "Replication with a failing broker": /Broker 3/,
  "A compacted table": /Topic prices: 2 partitions/,
  "A table kept in step": /Sink warehouse: RUNNING/,
  "Transactions": /Topic payments: 2 partitions/,
  "A work queue beside a log": /Topic jobs: 2 partitions/,
};

test("each ready-made world opens, with its picture and its sentence", async (t) => {
  const page = await open(t, address);
  for (const [title, shows] of Object.entries(WORLDS)) {
    const panel = await gallery(page);
    const card = panel.getByRole("button", { name: title });
    await card.locator("svg").waitFor();
    await card.click();
    await eventually(board(page), shows);
  }
  const panel = await gallery(page);
  assert.equal(await panel.getByRole("listitem").count(), Object.keys(WORLDS).length);
});

test("the world that was left is kept as it was", async (t) => {
  const page = await open(t, address);
  await parts.button(page, "Add a partition to orders").click();
  await eventually(board(page), /Topic orders: 4 partitions/);
  await (await gallery(page)).getByRole("button", { name: "A hot key" }).click();
  await eventually(board(page), /Topic likes/);
  await (await gallery(page)).getByRole("button", { name: "Back to" }).click();
  await eventually(board(page), /Topic orders: 4 partitions/);
});
