// What is handed out to those who have no Rust: a folder, and one file.

import assert from "node:assert/strict";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { alive, open, serve, DIST, SINGLE_FILE } from "./harness.mjs";

test("the folder works under a path of a web server", async (t) => {
  const address = await serve(DIST, "/courses/streams/kafka-lanes/");
  const page = await open(t, address);
  assert.equal(await page.title(), "Kafka Lanes");
});

test("the folder works where the page is named by its file", async (t) => {
  const address = await serve(DIST, "/a%20b/");
  await open(t, `${address}index.html#anything`);
});

test("the one file works alone, opened from the disk", async (t) => {
  // On its own, so that it cannot lean on a neighbour.
  const folder = await mkdtemp(join(tmpdir(), "kafka lanes "));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "kafka lanes (1).html");
  await copyFile(SINGLE_FILE, file);
  const page = await open(t, pathToFileURL(file).href);
  assert.equal(await page.title(), "Kafka Lanes");
});

test("the one file asks for nothing, not even of a web server", async (t) => {
  const address = await serve();
  const page = await open(t, `${address}kafka-lanes.html`);
  const asked = [];
  page.on("request", (request) => {
    if (!request.url().startsWith("data:")) asked.push(request.url());
  });
  await page.reload();
  await alive(page);
  assert.deepEqual(asked, [page.url()]);
});
