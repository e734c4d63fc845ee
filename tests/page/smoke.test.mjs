// The page loads.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { barriers, open, serve } from "./harness.mjs";

let address;
before(async () => {
  address = await serve();
});

test("the page loads, and says what it is", async (t) => {
  const page = await open(t, address);
  assert.equal(await page.title(), "Kafka Lanes");
});

test("the page has no barriers that axe knows of", async (t) => {
  const page = await open(t, address);
  assert.deepEqual(await barriers(page), []);
});
