// Everything on the board opens a panel; the message browser filters; the way of a key to its
// partition is explained; all of it also by keyboard.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { barriers, command, eventually, open, parts, serve } from "./harness.mjs";

let address;
before(async () => {
  address = await serve();
});

const panel = (page) => page.getByRole("region", { name: "Open panel", exact: true });
const heading = (page) => panel(page).getByRole("heading", { level: 2 });

/** Presses a button and gives the heading of the panel that it opens. */
async function opened(page, name) {
  await parts.button(page, name).first().click();
  return heading(page).innerText();
}

/** The value in the panel's row of this name. */
const row = (page, name) => () =>
  panel(page).locator(".row", { has: page.locator("dt", { hasText: new RegExp(`^${name}$`) }) }).first()
    .locator(".value").innerText();

test("a panel of every kind opens, and leads on to others", async (t) => {
  const page = await open(t, address);
  await parts.button(page, "Pause").click();
  assert.equal(await opened(page, "Open broker 1"), "Broker 1");
  assert.equal(await row(page, "State")(), "RUNNING");
  assert.equal(await opened(page, "Open producer shop"), "Producer shop");
  assert.equal(await opened(page, "Open topic orders"), "Topic orders");
  assert.equal(await row(page, "PartitionCount")(), "3");
  assert.equal(await opened(page, "Open partition orders-0"), "Partition orders-0");
  assert.equal(await row(page, "Leader")(), "broker 1");
  assert.equal(await opened(page, "Open group billing"), "Group billing");
  assert.equal(await row(page, "State")(), "Stable");
  assert.match(await opened(page, "Open consumer billing-1"), /^Consumer billing-1/);

  // Its partitions are links.
  await panel(page).getByRole("button", { name: /^orders-\d$/ }).first().click();
  assert.match(await heading(page).innerText(), /^Partition orders-\d$/);
  await panel(page).getByRole("button", { name: "on broker 1" }).click();
  assert.match(await heading(page).innerText(), /^Replica of orders-\d on broker 1$/);
  await parts.button(page, "Back to the panel before").click();
  assert.match(await heading(page).innerText(), /^Partition orders-\d$/);

  // A cell of a lane is a record.
  await parts.board(page).locator(".cell").first().click();
  assert.match(await heading(page).innerText(), /^Record \d+ of orders-\d$/);
  assert.match(await row(page, "So")(), /here$/);
  await parts.button(page, "Close panel").click();
  assert.equal(await panel(page).count(), 0);
});

test("a panel follows the world, and says when its thing is gone", async (t) => {
  const page = await open(t, address);
  await opened(page, "Open consumer billing-2");
  await panel(page).getByRole("button", { name: "Crash", exact: true }).click();
  await eventually(() => panel(page).innerText(), "It has ended");
  await opened(page, "Open group billing");
  await eventually(() => panel(page).innerText(), "its client is gone");
  await panel(page).getByRole("button", { name: "Add a consumer" }).click();
  await eventually(row(page, "Members"), "3");
});

test("what stands still in the air can be opened", async (t) => {
  const page = await open(t, address);
  await parts.button(page, "Pause").click();
  await opened(page, "Open consumer billing-1");
  const flying = panel(page).getByRole("region", { name: "Packets under way" });
  for (let step = 0; step < 20 && (await flying.getByRole("button").count()) === 0; step++) {
    await parts.button(page, "Step").click();
  }
  await flying.getByRole("button", { name: /(request|response)$/ }).first().click();
  assert.match(await heading(page).innerText(), /, packet \d+$/);
  assert.match(await panel(page).getByLabel("What it carries, text").innerText(), /[a-z][A-Z]/);
  await panel(page).getByRole("button", { name: "Lose this packet" }).click();
  await eventually(() => parts.caption(page).innerText(), "is lost, and TCP sends it again");
});

test("a failure is chosen by its victim, with what it needs to know", async (t) => {
  const page = await open(t, address);
  await parts.button(page, "Pause").click();
  await opened(page, "Open consumer billing-1");
  await panel(page).getByText("Seek …").click();
  const seek = page.getByRole("form", { name: "Seek" });
  await seek.getByLabel("To", { exact: true }).selectOption("beginning");
  await seek.getByRole("button", { name: "Seek" }).click();
  await parts.button(page, "Play").click();
  const again = async () => String(Number(await row(page, "Processed again")()) > 0);
  await eventually(again, "true");

  // A frozen consumer is silent, and goes on as if nothing had been.
  await panel(page).getByRole("button", { name: "Freeze", exact: true }).click();
  await eventually(() => parts.board(page).innerText(), /Member billing-1: frozen; owns/);
  await panel(page).getByRole("button", { name: "Let it go on" }).click();
  await eventually(() => parts.board(page).innerText(), /Member billing-1: owns/);

  await opened(page, "Open broker 1");
  await panel(page).getByRole("button", { name: "Kill", exact: true }).click();
  await eventually(row(page, "State"), "NOT_RUNNING");
  await panel(page).getByRole("button", { name: "Start", exact: true }).click();
  await eventually(row(page, "State"), "RUNNING");
});

test("a topic's setting is changed, and what Kafka refuses is said in its words", async (t) => {
  const page = await open(t, address);
  await opened(page, "Open topic orders");
  await panel(page).getByText("Change a setting …").click();
  const form = page.getByRole("form", { name: "Change a setting" });
  await form.getByLabel("Setting").selectOption("retention.ms");
  await form.getByLabel(/^Value/).fill("soon");
  await form.getByRole("button").click();
  await eventually(() => page.getByRole("alert").innerText(), "retention.ms");
  await form.getByLabel(/^Value/).fill("60000");
  await form.getByRole("button").click();
  await panel(page).locator("summary", { hasText: /^Settings$/ }).click();
  await eventually(row(page, "retention\\.ms"), "60000");
});

test("the message browser shows the records of a topic, and filters them", async (t) => {
  const page = await open(t, address);
  await command(page, "kafka-topics.sh --bootstrap-server localhost:9092 --create --topic letters --partitions 2");
  await eventually(() => parts.board(page).innerText(), "Topic letters: 2 partitions");
  const producer = "kafka-console-producer.sh --bootstrap-server localhost:9092 --topic letters";
  await command(page, `${producer} --property parse.key=true --property key.separator=:`);
  for (const line of [`ada:{"to":"Alan"}`, "ada:second", "bob:third"]) await command(page, line);
  await parts.commandLine(page).press("Control+d");
  await opened(page, "Open topic letters");
  await panel(page).getByRole("button", { name: "Browse messages" }).click();
  assert.equal(await heading(page).innerText(), "Messages of letters");
  const rows = () => panel(page).getByRole("row").count().then((count) => String(count - 1));
  await eventually(rows, "3");
  await parts.button(page, "Pause").click();

  // A value that is JSON is put in lines when somebody asks.
  await panel(page).locator("summary", { hasText: "Alan" }).click();
  assert.match(await panel(page).locator("td pre").innerText(), /^\{\n {2}"to": "Alan"\n\}$/);

  const filter = page.getByRole("form", { name: "Filter" });
  await filter.getByLabel("Key is").fill("ada");
  await filter.getByRole("button", { name: "Filter" }).click();
  await eventually(rows, "2");
  await filter.getByLabel("Text has").fill("ALAN");
  await filter.getByRole("button", { name: "Filter" }).click();
  await eventually(rows, "1");
  await filter.getByLabel("From offset").fill("-1");
  await filter.evaluate((form) => { form.noValidate = true; });
  await filter.getByRole("button", { name: "Filter" }).click();
  await eventually(() => page.getByRole("alert").innerText(), "From offset");
  await panel(page).getByRole("button", { name: /, record 0 of letters-/ }).click();
  assert.match(await panel(page).getByLabel("Contents, text").innerText(), /^\{\n {2}"to": "Alan"\n\}$/);
  await panel(page).getByText("Bytes", { exact: true }).click();
  assert.match(await panel(page).getByLabel("Bytes, text").innerText(), /7b 22 74 6f/);
});

test("a key that is typed is followed to its partition, and more partitions move keys", async (t) => {
  const page = await open(t, address);
  await opened(page, "Open topic orders");
  await panel(page).getByRole("button", { name: "Key to partition" }).click();
  const verdict = panel(page).getByRole("status", { name: "Key to partition" });
  await panel(page).getByLabel("Key", { exact: true }).fill("cart-0");
  await eventually(() => verdict.innerText(), 'The key "cart-0" goes to partition 0 of 3.');
  await eventually(() => panel(page).getByRole("region", { name: "Key explained" }).innerText(), "63 61 72 74 2d 30");
  await panel(page).getByLabel("Partitions in all").fill("6");
  await eventually(() => panel(page).getByRole("region", { name: "With more partitions" }).innerText(), /Of \d keys, \d would go/);
  await panel(page).getByRole("button", { name: "Add partitions" }).click();
  await eventually(() => parts.board(page).innerText(), "Topic orders: 6 partitions");
  await eventually(() => verdict.innerText(), "of 6.");
});

test("one search finds what has a name", async (t) => {
  const page = await open(t, address);
  await page.keyboard.press("/");
  await page.keyboard.type("billing");
  await eventually(() => panel(page).innerText(), "3 found");
  await panel(page).getByRole("button", { name: "billing", exact: true }).click();
  assert.equal(await heading(page).innerText(), "Group billing");
});

test("by keyboard a lane is one stop, and arrows go along its records", async (t) => {
  const page = await open(t, address);
  await parts.button(page, "Pause").click();
  const lane = parts.button(page, "Open partition orders-0");
  await lane.focus();
  await page.keyboard.press("Home");
  await eventually(() => page.evaluate(() => document.activeElement.ariaLabel), /^Open record 0 of orders-0, key /);
  await page.keyboard.press("ArrowRight");
  await eventually(() => page.evaluate(() => document.activeElement.ariaLabel), /^Open record 1 of orders-0, key /);
  await page.keyboard.press("Enter");
  assert.equal(await heading(page).innerText(), "Record 1 of orders-0");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Record 1 of orders-0");
  await page.keyboard.press("Escape");
  assert.match(await page.evaluate(() => document.activeElement.ariaLabel), /^Open record 1 of orders-0/);
});

test("a producer is started with its settings, which Kafka may refuse", async (t) => {
  const page = await open(t, address);
  await parts.button(page, "Add producer").click();
  await panel(page).getByLabel("client.id (may be empty)").fill("slow");
  await panel(page).getByText(/^Settings \(/).click();
  await panel(page).getByLabel("Show settings with").fill("linger");
  await panel(page).getByLabel("linger.ms", { exact: true }).fill("soon");
  await panel(page).getByRole("button", { name: "Start producer" }).click();
  await eventually(() => page.getByRole("alert").innerText(), "Invalid value soon for configuration linger.ms");
  await panel(page).getByLabel("linger.ms", { exact: true }).fill("2000");
  await panel(page).getByRole("button", { name: "Start producer" }).click();
  await opened(page, "Open producer slow");
  await panel(page).locator("summary", { hasText: "Settings" }).click();
  await eventually(row(page, "linger\\.ms"), "2000");
  assert.equal(await row(page, "enable\\.idempotence")(), "true");
});

test("a panel stands below the board where the window is narrow, and nothing overflows", async (t) => {
  for (const width of [390, 1280, 1920]) {
    const page = await open(t, address, { viewport: { width, height: width === 390 ? 844 : 720 } });
    await parts.button(page, "Pause").click();
    for (const name of ["Open broker 1", "Open topic orders", "Open consumer billing-1"]) {
      await opened(page, name);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(overflow <= 0, `${name} at ${width} overflows by ${overflow}`);
    }
    const box = await panel(page).boundingBox();
    const isBelow = box.y > 300 && box.width >= width - 2;
    assert.equal(isBelow, width === 390, JSON.stringify(box));
  }
});

test("panels have no barriers that axe knows of", async (t) => {
  const page = await open(t, address);
  await parts.button(page, "Pause").click();
  const stops = ["Open broker 1", "Open producer shop", "Open topic orders", "Open partition orders-0", "Open group billing", "Open consumer billing-1"];
  for (const name of stops) {
    await opened(page, name);
    assert.deepEqual(await barriers(page), [], name);
  }
  await parts.board(page).locator(".cell").first().click();
  assert.deepEqual(await barriers(page), [], "a record");
  for (const name of ["Browse messages"]) {
    await panel(page).getByRole("button", { name }).click();
    assert.deepEqual(await barriers(page), [], name);
  }
  await opened(page, "Open topic orders");
  await panel(page).getByRole("button", { name: "Key to partition" }).click();
  assert.deepEqual(await barriers(page), [], "keys");
  await parts.button(page, "Search").click();
  assert.deepEqual(await barriers(page), [], "search");
});
