// What `cargo xtask bench --page` runs: serves the built page gzipped, drives it in the browser,
// and prints what it took. With `--profile FILE`, writes a CPU profile of the busy page too.

import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";

import { chromium } from "playwright-core";

const inCheckout = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const { values: wishes } = parseArgs({
  options: {
    dist: { type: "string", default: inCheckout("dist") },
    profile: { type: "string" },
    seconds: { type: "string", default: "10" },
  },
});

/** The ready-made world that is measured: src/playground/worlds/busy.rs. */
const BUSY = "#world=busy-cluster";
/** How often the page is opened; the median counts. */
const OPENINGS = 5;
/** How long the busy page runs before it is measured: the browser compiles it better meanwhile. */
const SETTLES_MS = 5_000;
const VIEWPORT = { width: 1280, height: 720 };

const MEDIA_TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** Serves a folder gzipped, and counts the bytes of the files that were asked for. */
async function serve(folder) {
  const sent = new Map();
  const files = new Map();
  const content = async (name) => {
    if (!files.has(name)) files.set(name, gzipSync(await readFile(join(folder, name)), { level: 9 }));
    return files.get(name);
  };
  const server = createServer(async (request, response) => {
    const name = new URL(request.url, "http://localhost").pathname.slice(1) || "index.html";
    try {
      const body = await content(name);
      sent.set(name, body.length);
      response.writeHead(200, {
        "content-type": MEDIA_TYPES[extname(name)] ?? "application/octet-stream",
        "content-encoding": "gzip",
        "content-length": body.length,
      });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${server.address().port}/`,
    bytes: () => [...sent.values()].reduce((sum, bytes) => sum + bytes, 0),
    end: () => (server.closeAllConnections(), server.close()),
  };
}

async function start() {
  const executablePath = process.env.CHROME ?? "/usr/bin/chromium";
  const webdriver = JSON.parse(await readFile(inCheckout("webdriver.json"), "utf8"));
  const args = webdriver["goog:chromeOptions"].args.filter((arg) => !arg.startsWith("--headless"));
  return chromium.launch({ executablePath, args });
}

/** Runs in the page before anything else: notes when the board was first painted. */
function watch() {
  const look = () => {
    if (!document.querySelector(".board .cell")) return requestAnimationFrame(look);
    // What this frame has drawn is painted when the next one begins.
    return requestAnimationFrame((now) => (globalThis.boardPaintedMs = now));
  };
  requestAnimationFrame(look);
}

/** Opens a page in a window that has nothing in its cache, and waits for the board. */
async function open(browser, address) {
  const context = await browser.newContext({ viewport: VIEWPORT });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  await page.addInitScript(watch);
  await page.goto(address);
  await page.waitForFunction(() => globalThis.boardPaintedMs);
  return page;
}

/** When the board was first painted, in milliseconds after the address was asked for. */
async function firstPaint(browser, address) {
  const times = [];
  for (let opening = 0; opening < OPENINGS; opening += 1) {
    const page = await open(browser, address);
    times.push(await page.evaluate(() => globalThis.boardPaintedMs));
    await page.context().close();
  }
  return percentile(times, 50);
}

/** Runs in the page: the times between frames, in milliseconds, for so many seconds. */
function frames(seconds) {
  return new Promise((resolve) => {
    const times = [];
    let last = performance.now();
    const until = last + seconds * 1_000;
    const frame = (now) => {
      times.push(now - last);
      last = now;
      if (now < until) requestAnimationFrame(frame);
      else resolve(times.slice(1));
    };
    requestAnimationFrame(frame);
  });
}

/** What the browser counts of its work, in seconds. */
async function work(session) {
  const { metrics } = await session.send("Performance.getMetrics");
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
}

/** How much virtual time has passed, in seconds. */
async function virtualTime(page) {
  const text = await page.locator(".now").first().innerText();
  const [seconds, ...larger] = text.match(/[\d.]+/g).map(Number).reverse();
  return larger.reduce((sum, part, place) => sum + part * 60 ** (place + 1), seconds);
}

async function busyPage(browser, address) {
  const page = await open(browser, address + BUSY);
  await page.waitForTimeout(SETTLES_MS);
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  if (wishes.profile) {
    await session.send("Profiler.enable");
    await session.send("Profiler.setSamplingInterval", { interval: 500 });
    await session.send("Profiler.start");
  }
  const [before, began] = [await work(session), await virtualTime(page)];
  const times = await page.evaluate(frames, Number(wishes.seconds));
  const [after, ended] = [await work(session), await virtualTime(page)];
  if (wishes.profile) {
    const { profile } = await session.send("Profiler.stop");
    await writeFile(wishes.profile, JSON.stringify(profile));
  }
  await page.context().close();
  const perFrame = (name) => ((after[name] - before[name]) * 1_000) / times.length;
  return { times, perFrame, virtualSeconds: ended - began };
}

function percentile(values, percent) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.ceil((sorted.length * percent) / 100) - 1];
}

const say = (name, value, unit) => console.log(`page ${name} ${value} ${unit}`.trim());

const site = await serve(wishes.dist);
const browser = await start();
try {
  say("first-paint", Math.round(await firstPaint(browser, site.address)), "ms");
  say("bytes", site.bytes(), "gzipped");
  const { times, perFrame, virtualSeconds } = await busyPage(browser, site.address);
  const total = times.reduce((sum, ms) => sum + ms, 0);
  for (const percent of [50, 95, 99]) {
    say(`frame p${percent}`, percentile(times, percent).toFixed(1), "ms");
  }
  say("frame max", Math.max(...times).toFixed(1), "ms");
  say("frames", ((times.length * 1_000) / total).toFixed(1), "frames/s");
  say("busy", perFrame("TaskDuration").toFixed(1), "ms of the main thread for a frame");
  say("busy script", perFrame("ScriptDuration").toFixed(1), "ms");
  say("busy style", perFrame("RecalcStyleDuration").toFixed(1), "ms");
  say("busy layout", perFrame("LayoutDuration").toFixed(1), "ms");
  say("virtual-time", (virtualSeconds / (total / 1_000)).toFixed(2), "s for a second");
} finally {
  await browser.close();
  site.end();
}
