// What the tests of the page share: the built page on a web server, a browser, and the parts of
// the page by the names that people and screen readers know them by.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname, join, normalize, sep } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

const require = createRequire(import.meta.url);
const inCheckout = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** The folder that `cargo xtask bundle` makes. */
export const DIST = inCheckout("dist");

/** The page as one file. */
export const SINGLE_FILE = inCheckout("dist/kafka-lanes.html");

/** How long a part of the page may take to appear. The machine may be busy. */
const APPEARS_WITHIN_MS = 15_000;

/** What a web server that knows nothing of this project says of its files. */
const MEDIA_TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

// What the tests of a file have started and share. A hook set within a test would run at the end
// of that test, so there is one hook for all, set when this module is loaded.
const started = [];
after(async () => {
  for (const end of started.reverse()) await end();
});

/**
 * Serves a folder below `path` (which ends with `/`) and nothing beside it, on a free port, until
 * the tests of the file are over. Gives the address of that folder.
 */
export async function serve(folder = DIST, path = "/") {
  const server = createServer(async (request, response) => {
    const file = fileFor(new URL(request.url, "http://localhost").pathname, folder, path);
    try {
      const content = await readFile(file);
      const type = MEDIA_TYPES[extname(file)] ?? "application/octet-stream";
      response.writeHead(200, { "content-type": type }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  started.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}${path}`;
}

/** The file that a request for `pathname` is answered with: none, as "", outside of the folder. */
function fileFor(pathname, folder, path) {
  if (!pathname.startsWith(path)) return "";
  const name = decodeURIComponent(pathname.slice(path.length)) || "index.html";
  const file = normalize(join(folder, name));
  return file.startsWith(folder + sep) ? file : "";
}

let browser;

/** Starts the browser, for the first test of a file that wants one. */
async function start() {
  const executablePath = process.env.CHROME ?? "/usr/bin/chromium";
  assert.ok(
    existsSync(executablePath),
    `there is no browser at ${executablePath}: name yours in CHROME, or run cargo xtask test`,
  );
  // The wasm tests start the browser with the same flags.
  const webdriver = JSON.parse(await readFile(inCheckout("webdriver.json"), "utf8"));
  const args = webdriver["goog:chromeOptions"].args.filter((arg) => !arg.startsWith("--headless"));
  const browser = await chromium.launch({ executablePath, args });
  started.push(() => browser.close());
  return browser;
}

/**
 * Opens a page for the test `t`, in a window of its own that nothing else has written to, and
 * closes it after the test. The test fails if the page complained of anything: an error in its
 * console, an exception, a file that did not come. `options` are those of Playwright's
 * `browser.newContext`, such as `viewport`, `colorScheme` or `reducedMotion`.
 */
export async function open(t, url, options = {}) {
  browser ??= start();
  const context = await (await browser).newContext({
    viewport: { width: 1280, height: 720 },
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(APPEARS_WITHIN_MS);
  const complaints = listen(page);
  t.after(async () => {
    await context.close();
    assert.deepEqual(complaints, [], "what the page complained of");
  });
  await page.goto(url);
  await alive(page, complaints);
  return page;
}

/** Collects what a page complains of. */
function listen(page) {
  const complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`exception: ${error.stack ?? error}`));
  page.on("requestfailed", (request) => {
    complaints.push(`no answer: ${request.url()} (${request.failure()?.errorText})`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`);
  });
  return complaints;
}

/** Waits until the program has drawn the page. */
export async function alive(page, complaints = []) {
  try {
    await page.getByRole("main").waitFor();
  } catch (cause) {
    throw new Error(["the page drew nothing", ...complaints].join("\n"), { cause });
  }
}

/** The parts of the page, by their accessible names. */
export const parts = {
  board: (page) => page.getByRole("region", { name: "Board", exact: true }),
  commandLine: (page) => page.getByRole("textbox", { name: "Kafka command line", exact: true }),
  terminal: (page) => page.getByRole("log", { name: "Terminal output", exact: true }),
  caption: (page) => page.getByRole("status", { name: "Caption", exact: true }),
  button: (page, name) => page.getByRole("button", { name, exact: true }),
  slider: (page, name) => page.getByRole("slider", { name, exact: true }),
};

/** Types a line into the command line, as a person does, and presses Enter. */
export async function command(page, line) {
  const input = parts.commandLine(page);
  await input.click();
  await input.fill(line);
  await input.press("Enter");
}

/**
 * Waits until `read` gives a text that holds `expected` (a string, or a regular expression), and
 * gives the text. If it never does, the test fails with the last text that was read.
 */
export async function eventually(read, expected, withinMs = APPEARS_WITHIN_MS) {
  const holds = (text) => (typeof expected === "string" ? text.includes(expected) : expected.test(text));
  const until = Date.now() + withinMs;
  let text;
  do {
    text = await read();
    if (holds(text)) return text;
    await new Promise((resolve) => setTimeout(resolve, 50));
  } while (Date.now() < until);
  return assert.fail(`waited ${withinMs} ms for ${expected}, and read at last:\n${text}`);
}

/** What axe finds wrong with the page's accessibility: one line for each kind of element. */
export async function barriers(page) {
  await page.addScriptTag({ path: require.resolve("axe-core") });
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target }) => `${id}: ${help}: ${target.join(" ")}`),
  );
}
