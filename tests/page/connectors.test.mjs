// Connectors: rows that a person pastes become records; a mistake in them is told with its line;
// a sink keeps its table; all of it also for who cannot see.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { barriers, command, eventually, open, parts, serve } from "./harness.mjs";

let address;
before(async () => {
  address = await serve();
});

const board = (page) => () => parts.board(page).innerText();
const panel = (page) => page.getByRole("region", { name: "Open panel", exact: true });

/** Makes a connector by the form. */
async function connect(page, fields) {
  const form = page.getByRole("form", { name: "Add a connector" });
  // The button that opens the form closes it again.
  if ((await form.count()) === 0) await parts.button(page, "Add connector").click();
  await form.getByLabel("name", { exact: true }).fill(fields.name);
  await form.getByLabel("connector.class").selectOption(fields.class);
  await form.getByLabel("Topic").selectOption(fields.topic);
  await form.getByLabel(/^Rows of a source/).fill(fields.rows ?? "");
  await form.getByRole("button", { name: "Start connector" }).click();
  return form;
}

test("pasted rows become records, and a sink keeps a table of them", async (t) => {
  const page = await open(t, address);
  await command(page, "kafka-topics.sh --bootstrap-server localhost:9092 --create --topic people --partitions 1");
  await eventually(board(page), /Topic people: 1 partition/);

  // A line that is wrong is named, nothing is made, and the text stays to be mended.
  const wrong = { name: "staff", class: "TableSource", topic: "people", rows: "id,name\n1,Ada\n2\n" };
  const form = await connect(page, wrong);
  await eventually(
    () => page.getByRole("alert").innerText(),
    "Line 3: 1 values where the first line names 2 fields.",
  );
  const rows = form.getByLabel(/^Rows of a source/);
  assert.equal(await rows.inputValue(), wrong.rows);
  assert.doesNotMatch(await board(page)(), /Source staff/);
  await rows.fill("id,name\n1,Ada\n2,Grace\n");
  await form.getByRole("button", { name: "Start connector" }).click();
  await eventually(board(page), /Source staff: RUNNING/);
  // The rows are with the source now, and would be others for the next one.
  await eventually(() => rows.inputValue(), /^$/);
  await eventually(board(page), /key 2 value "\{"id":"2","name":"Grace"\}"/);

  await connect(page, { name: "copy", class: "TableSink", topic: "people" });
  await eventually(board(page), /Sink copy: RUNNING[^]*1: 1 · Ada[^]*2: 2 · Grace/);
  await parts.button(page, "Close panel").click();

  // JSON lines into the source's own panel.
  await parts.button(page, "Open connector staff").click();
  await panel(page).getByText("Add rows …").click();
  const add = page.getByRole("form", { name: "Add rows" });
  await add.getByLabel("Rows").fill('{"id": 3');
  await add.getByRole("button", { name: "Add rows" }).click();
  await eventually(() => page.getByRole("alert").innerText(), "Line 1: this is no JSON object");
  assert.equal(await add.getByLabel("Rows").inputValue(), '{"id": 3');
  await add.getByLabel("Rows").fill('{"id": 3, "name": "Edsger"}');
  await add.getByRole("button", { name: "Add rows" }).click();
  await eventually(board(page), /Sink copy[^]*3: 3 · Edsger/);
  assert.equal(await add.getByLabel("Rows").inputValue(), "");
  assert.equal(await page.getByRole("alert").innerText(), "");

  // A row that is deleted goes from the copy too.
  await panel(page).getByText("Delete a row …").click();
  const remove = page.getByRole("form", { name: "Delete a row" });
  await remove.getByLabel("Row with the key").selectOption("1");
  await remove.getByRole("button", { name: "Delete a row" }).click();
  await eventually(async () => String(/Sink copy[^]*1: 1 · Ada/.test(await board(page)())), "false");
});

test("a record that a sink cannot read fails it, and it is seen why", async (t) => {
  const page = await open(t, address);
  await connect(page, { name: "copy", class: "TableSink", topic: "orders" });
  // What the shop sends is no JSON.
  await eventually(board(page), /Sink copy: FAILED; [^]*Tolerance exceeded in error handler/);
  await parts.button(page, "Close panel").click();
  await parts.button(page, "Open connector copy").click();
  await eventually(() => panel(page).innerText(), "DataException");
  await panel(page).getByRole("button", { name: "Skip bad records" }).click();
  await eventually(board(page), /Sink copy: RUNNING/);
  await panel(page).getByRole("button", { name: "Crash", exact: true }).click();
  await eventually(board(page), /Sink copy: UNASSIGNED/);
  await parts.button(page, "Restart connector copy").click();
  await eventually(board(page), /Sink copy: RUNNING/);
  await panel(page).getByRole("button", { name: "Delete", exact: true }).click();
  await eventually(() => panel(page).innerText(), "It was deleted");
});

test("the world with connectors bars nobody", async (t) => {
  const page = await open(t, address);
  await parts.button(page, "Worlds").click();
  await page.getByRole("button", { name: "A table kept in step" }).click();
  await eventually(board(page), /Source products: RUNNING/);
  await parts.button(page, "Open connector products").click();
  await panel(page).getByText("Add rows …").click();
  assert.deepEqual(await barriers(page), []);
  await parts.button(page, "Add connector").click();
  assert.deepEqual(await barriers(page), []);
});
