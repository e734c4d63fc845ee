// What the gallery's worlds contain is made by hand: every kind of client by its form, brokers,
// replicas and settings from panels. What is refused says what to do, and keeps what was typed.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { barriers, eventually, open, parts, serve } from "./harness.mjs";

let address;
before(async () => {
  address = await serve();
});

const panel = (page) => page.getByRole("region", { name: "Open panel", exact: true });
const heading = (page) => panel(page).getByRole("heading", { level: 2 });
const form = (page, name) => page.getByRole("form", { name });
const notice = (page) => () => page.getByRole("alert").innerText();

/** The value in the panel's row of this name. */
const row = (page, name) => () =>
  panel(page).locator(".row", { has: page.locator("dt", { hasText: new RegExp(`^${name}$`) }) }).first()
    .locator(".value").innerText();

async function opened(page, name) {
  await parts.button(page, name).first().click();
  return heading(page).innerText();
}

/** Opens the form that starts what reads, for a kind, and chooses just this topic. */
async function reader(page, kind, topic = "orders") {
  await parts.button(page, "Add consumer").click();
  const it = form(page, "Add a consumer");
  await it.getByLabel("Kind").selectOption(kind);
  for (const box of await it.getByRole("checkbox").all()) await box.setChecked((await box.inputValue()) === topic);
  return it;
}

/** Opens what is found by this name as this kind of thing. */
async function found(page, kind, name) {
  await parts.button(page, "Search").click();
  await panel(page).getByLabel("Name or key").fill(name);
  const hit = panel(page).getByRole("listitem").filter({ hasText: new RegExp(`^${kind}`) }).first();
  await hit.getByRole("button").click();
}

test("every kind of client is made by its form", async (t) => {
  const page = await open(t, address);
  await parts.button(page, "New topic").click();
  await form(page, "New topic").getByLabel("Name").fill("copies");
  await form(page, "New topic").getByRole("button").first().click();
  await eventually(() => parts.board(page).innerText(), "Topic copies: 3 partitions");
  // The topic has the name now: the field is free for another.
  assert.equal(await form(page, "New topic").getByLabel("Name").inputValue(), "");

  let it = await reader(page, "consumer");
  await it.getByLabel("group.id").fill("modern");
  await it.getByLabel("client.id (may be empty)").fill("newcomer");
  await it.getByLabel("copies").check();
  await it.getByRole("button", { name: "Start consumer" }).click();
  // The name may not be given twice; the group may.
  await eventually(() => it.getByLabel("client.id (may be empty)").inputValue(), /^$/);
  assert.equal(await it.getByLabel("group.id").inputValue(), "modern");
  await found(page, "consumer", "newcomer");
  assert.equal(await row(page, "Group")(), "modern");
  await eventually(row(page, "Topics"), "copies, orders");
  await found(page, "group", "modern");
  await eventually(row(page, "AssignmentEpoch"), /[1-9]/);

  it = await reader(page, "alone");
  assert.equal(await it.getByLabel("group.id").count(), 0);
  await it.getByLabel("Partitions (empty: all)").fill("0, 9");
  await it.getByRole("button", { name: "Start consumer" }).click();
  await eventually(notice(page), "There is no partition orders-9: choose from 0 to 2.");
  assert.equal(await it.getByLabel("Partitions (empty: all)").inputValue(), "0, 9");
  await it.getByLabel("Partitions (empty: all)").fill("2");
  await it.getByRole("button", { name: "Start consumer" }).click();
  await found(page, "consumer", "reader");
  assert.match(await panel(page).innerText(), /without a group/);

  it = await reader(page, "share");
  await it.getByLabel("group.id").fill("crew");
  await it.getByLabel("What it says of records").selectOption("release");
  await it.getByLabel("RELEASE or REJECT one record in").fill("3");
  await it.getByLabel("Time for a record (ms)").fill("200");
  await it.getByRole("button", { name: "Start consumer" }).click();
  await found(page, "share consumer", "crew");
  assert.equal(await row(page, "Says of records")(), "accept; Release for one record in 3");
  assert.equal(await row(page, "Time for a record")(), "200");
  await panel(page).getByText("Slow down …").click();
  await form(page, "Slow down").getByLabel("Time for a record (ms)").fill("900");
  await form(page, "Slow down").getByRole("button").click();
  await eventually(row(page, "Time for a record"), "900");

  it = await reader(page, "processor");
  await it.getByLabel("group.id").fill("copier");
  await it.getByLabel("transactional.id of its producer").fill("copier");
  await it.getByLabel("Topic it writes to").selectOption("copies");
  await it.getByRole("button", { name: "Start processor" }).click();
  await found(page, "processor", "copier");
  assert.equal(await row(page, "Output")(), "copies");
  await found(page, "topic", "copies");
  const records = async () => String(Number(await row(page, "Records")()) > 0);
  await eventually(records, "true");
});

test("one more member of an empty group is of the group's kind", async (t) => {
  const page = await open(t, `${address}#world=work-queue`);
  for (const number of [1, 2, 3, 4]) await parts.button(page, `Close worker-${number}`).click();
  await eventually(() => parts.board(page).innerText(), "Group workers: Empty");
  // Nobody says what it is to read: its panel asks.
  await opened(page, "Open group workers");
  await panel(page).getByRole("button", { name: "Add a consumer" }).click();
  const it = form(page, "Add a consumer");
  assert.equal(await it.getByLabel("Kind").inputValue(), "share");
  assert.equal(await it.getByLabel("group.id").inputValue(), "workers");
  // The board knows it by what the group has read.
  await parts.button(page, "Add a consumer to workers").click();
  await eventually(() => parts.board(page).innerText(), /Group workers: Stable, .*protocol share.*, 1 member/);
});

test("the settings of a form fit its kind, and what Kafka refuses stays as it was typed", async (t) => {
  const page = await open(t, address);
  await parts.button(page, "Pause").click();
  const it = await reader(page, "classic");
  await it.getByText(/^Settings \(/).click();
  await it.getByLabel("session.timeout.ms", { exact: true }).fill("2000");
  await it.getByRole("button", { name: "Start consumer" }).click();
  await eventually(notice(page), "Mend the settings: Heartbeat must be set lower than the session timeout");
  assert.equal(await it.getByLabel("session.timeout.ms", { exact: true }).inputValue(), "2000");
  await it.getByLabel("Kind").selectOption("share");
  await it.getByText(/^Settings \(/).click();
  assert.equal(await it.getByLabel("session.timeout.ms", { exact: true }).count(), 0);
  assert.equal(await it.getByLabel("max.poll.records", { exact: true }).count(), 1);
});

test("a partition is moved to a broker that was added", async (t) => {
  const page = await open(t, address);
  await opened(page, "Open broker 1");
  await panel(page).getByText("Add a broker …").click();
  await form(page, "Add a broker").getByRole("button").click();
  await found(page, "broker", "broker 2");
  await eventually(row(page, "State"), "RUNNING");
  await found(page, "partition", "orders-0");
  await panel(page).getByText("Reassign replicas …").click();
  await form(page, "Reassign replicas").getByLabel(/^Brokers/).fill("9");
  await form(page, "Reassign replicas").getByRole("button").click();
  await eventually(notice(page), "orders-0: INVALID_REPLICA_ASSIGNMENT");
  await form(page, "Reassign replicas").getByLabel(/^Brokers/).fill("2");
  await form(page, "Reassign replicas").getByRole("button").click();
  await eventually(row(page, "Replicas"), /^2$/);
  await eventually(row(page, "Leader"), "broker 2");
});

test("a group's setting is changed in its panel, and its offsets when nobody is in it", async (t) => {
  const page = await open(t, address);
  await opened(page, "Open group billing");
  await panel(page).getByText("Change a setting …").click();
  const it = form(page, "Change a setting");
  await it.getByLabel("Setting").selectOption("consumer.session.timeout.ms");
  assert.match(await it.getByRole("status").innerText(), /default: 45000/);
  await it.getByLabel(/^Value/).fill("50000");
  await it.getByRole("button").click();
  await panel(page).locator("summary", { hasText: /^Settings of the group$/ }).click();
  await eventually(row(page, "consumer\\.session\\.timeout\\.ms"), "50000");

  await panel(page).getByText("Reset offsets …").click();
  const reset = form(page, "Reset offsets");
  await reset.getByRole("button").click();
  await eventually(notice(page), "close its members first");
  for (const name of ["billing-1", "billing-2"]) {
    await opened(page, `Open consumer ${name}`);
    await panel(page).getByRole("button", { name: "Close", exact: true }).click();
  }
  await found(page, "group", "billing");
  await eventually(row(page, "State"), "Empty");
  await panel(page).getByText("Reset offsets …").click();
  await form(page, "Reset offsets").getByLabel("Partition").selectOption("orders-0");
  await form(page, "Reset offsets").getByRole("button").click();
  const cell = panel(page).getByRole("row").filter({ hasText: "orders-0" }).getByRole("cell").nth(1);
  await eventually(() => cell.innerText(), /^0$/);
  await panel(page).getByRole("button", { name: "Delete group" }).click();
  await eventually(() => panel(page).innerText(), "Nobody knows the group billing");
});

test("a client is restarted, and comes back with its settings", async (t) => {
  const page = await open(t, address);
  await opened(page, "Open producer shop");
  await panel(page).getByRole("button", { name: "Restart", exact: true }).click();
  await eventually(() => panel(page).innerText(), "It has ended");
  await found(page, "producer", "shop");
  await eventually(row(page, "Makes up"), /orders$/);
});

test("forms have no barriers that axe knows of, and nothing overflows", async (t) => {
  for (const width of [390, 1280]) {
    const page = await open(t, address, { viewport: { width, height: 800 } });
    await parts.button(page, "Pause").click();
    const it = await reader(page, "classic");
    for (const kind of ["classic", "alone", "share", "processor"]) {
      await it.getByLabel("Kind").selectOption(kind);
      assert.deepEqual(await barriers(page), [], kind);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(overflow <= 0, `${kind} at ${width} overflows by ${overflow}`);
    }
    await opened(page, "Open group billing");
    for (const name of ["Change a setting …", "Reset offsets …", "Delete offsets …"]) {
      await panel(page).getByText(name).click();
    }
    assert.deepEqual(await barriers(page), [], "a group's forms");
  }
});
