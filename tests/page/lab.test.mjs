// The university lab, typed into the page: its own command lines, in its order, and what it says
// must be seen.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { command, eventually, open, parts, serve } from "./harness.mjs";

const LETTER = `{"event": "new_envelope", "to": "Alan Turing", "message": "You are my role model"}`;
const BOOTSTRAP = "--bootstrap-server localhost:19092";
const CREATE = `./kafka-topics.sh ${BOOTSTRAP} --create --topic post.office`;
const SEND = `echo '${LETTER}' | ./kafka-console-producer.sh ${BOOTSTRAP} --topic post.office`;
const CONSUME = `./kafka-console-consumer.sh ${BOOTSTRAP} --topic post.office`;

let address;
before(async () => {
  address = await serve();
});

const board = (page) => () => parts.board(page).innerText();
const terminal = (page) => () => parts.terminal(page).innerText();
const count = (text, part) => text.split(part).length - 1;

/** The log end offset of each partition of a topic, as the board says it. */
async function logEnds(page, topic) {
  const text = await board(page)();
  const ends = text.matchAll(new RegExp(`Partition ${topic.replace(".", "\\.")}-(\\d+): .*log end (\\d+)`, "g"));
  return Object.fromEntries([...ends].map(([, partition, end]) => [partition, Number(end)]));
}

/** The lines that the terminals show, without the command lines that were typed. */
async function printed(page) {
  return parts.terminal(page).locator(".stdout").allInnerTexts();
}

test("block 1 of the lab does what the lab says", async (t) => {
  const page = await open(t, address);
  await command(page, "docker exec -it kafka bash");
  await command(page, "cd /opt/kafka/bin");

  await command(page, CREATE);
  await eventually(terminal(page), "Created topic post.office.");
  await eventually(board(page), "Topic post.office: 3 partitions, replication factor 1");

  await command(page, `./kafka-topics.sh ${BOOTSTRAP} --delete --topic post.office`);
  await eventually(async () => String(!(await board(page)()).includes("Topic post.office")), "true");

  await command(page, CREATE);
  await eventually(board(page), "Topic post.office: 3 partitions, replication factor 1");

  await command(page, SEND);
  const total = async () => Object.values(await logEnds(page, "post.office")).reduce((a, b) => a + b, 0);
  await eventually(async () => String(await total()), "1");

  // The consumer begins at the end: what was sent before it is not printed.
  await command(page, CONSUME);
  await eventually(board(page), /Group console-consumer-\d+: Stable/);
  await eventually(board(page), /Group console-consumer-\d+ on post\.office-2: .*position [01]/);
  assert.equal(count((await printed(page)).join("\n"), LETTER), 0, "it prints nothing old");

  // It holds its terminal; the same line runs in another one, and is printed here.
  await command(page, SEND);
  await eventually(async () => (await printed(page)).join("\n"), LETTER);
  assert.equal(count((await printed(page)).join("\n"), LETTER), 1, "and prints each new event once");
  const before = await logEnds(page, "post.office");
  assert.equal(await total(), 2);

  await command(page, "./kafka-topics.sh --alter --topic post.office --partitions 5 --bootstrap-server localhost:9092");
  await eventually(board(page), "Topic post.office: 5 partitions, replication factor 1");
  assert.deepEqual(await logEnds(page, "post.office"), { ...before, 3: 0, 4: 0 }, "records stay where they are");

  // Ctrl+C ends the consumer, which says how much it read.
  await parts.commandLine(page).press("Control+c");
  await eventually(terminal(page), "Processed a total of 1 messages");
});

test("four consumers of one group share three partitions, and the idle one takes over", async (t) => {
  const page = await open(t, address);
  await command(page, CREATE);
  await eventually(board(page), "Topic post.office: 3 partitions");
  for (let member = 1; member <= 4; member++) {
    await command(page, `${CONSUME} --group office`);
    await eventually(board(page), new RegExp(`Group office: Stable, generation \\d+, .* ${member} members?`));
  }
  const members = async () => (await board(page)()).split("\n").filter((line) => /^Member console-consumer/.test(line));
  const idle = async () => (await members()).filter((line) => line.includes(": idle: owns no partition")).length;
  const active = async () => (await members()).filter((line) => line.includes(": owns post.office-")).length;
  const shares = async () => `${await active()} active, ${await idle()} idle`;
  await eventually(shares, "3 active, 1 idle");

  // One that is active is stopped: members are listed in the order of their terminals.
  const first = (await members()).sort().findIndex((line) => line.includes(": owns post.office-"));
  await parts.terminal(page).getByRole("button", { name: /^Terminal \d+: kafka-console-consumer$/ }).nth(first).click();
  await parts.commandLine(page).press("Control+c");
  await eventually(board(page), /Group office: Stable, generation \d+, .* 3 members/);
  await eventually(shares, "3 active, 0 idle");
});

test("all events with one key go to one partition", async (t) => {
  const page = await open(t, address);
  await command(page, CREATE);
  await eventually(board(page), "Topic post.office: 3 partitions");
  await command(page, `./kafka-console-producer.sh ${BOOTSTRAP} --topic post.office --property parse.key=true --property key.separator=:`);
  for (const line of ["alan:1", "ada:2", "alan:3", "alan:4"]) await command(page, line);
  await parts.commandLine(page).press("Control+d");
  await eventually(async () => String(Object.values(await logEnds(page, "post.office")).reduce((a, b) => a + b, 0)), "4");
  const partitions = (await board(page)()).split("\n").filter((line) => line.startsWith("Partition post.office-"));
  const withAlan = partitions.filter((line) => line.includes("key alan"));
  assert.equal(withAlan.length, 1, partitions.join("\n"));
  assert.match(withAlan[0], /value "4", .*value "3"/);
});
