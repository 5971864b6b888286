// The package and the demo in Chromium.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { chromium } from "playwright-core";

import { files, flipped, folder } from "./files.mjs";

const demo = pathToFileURL(process.env.ZKTORCH_DEMO).href;
const shots = path.join(path.dirname(process.env.ZKTORCH_DEMO), "screenshots");
const paths = (model) => ["model.vk", "statement.json", "proof.bin"].map((name) => path.join(folder(model), name));

let browser;
before(async () => {
  mkdirSync(shots, { recursive: true });
  // As root, which CI is, Chromium has no sandbox.
  browser = await chromium.launch({ executablePath: process.env.ZKTORCH_CHROMIUM, args: ["--no-sandbox"] });
});
after(() => browser?.close());

/** The demo, from its file. What it prints, and what it asks of others, is a failure. */
async function open(context, options = {}) {
  const page = await browser.newPage(options);
  const wrong = [];
  page.on("console", (message) => wrong.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("request", (request) => {
    if (!/^(blob|data):/.test(request.url()) && request.url() !== demo) wrong.push(`request of ${request.url()}`);
  });
  await page.goto(demo);
  context.after(async () => {
    await page.close();
    assert.deepEqual(wrong, []);
  });
  return page;
}

async function verify(page, chosen, { id, insecure = false, context } = {}) {
  await page.setInputFiles("#picker", chosen);
  if (id !== undefined) await page.fill("#model-id", id);
  if (insecure || context !== undefined) {
    if (!(await page.isVisible("#insecure"))) await page.click("summary:has-text('More')");
    await page.setChecked("#insecure", insecure);
    await page.fill("#context", context ?? "");
  }
  await page.click("#verify:enabled");
  await page.waitForSelector("#result:not([hidden]) #verdict");
  return page.textContent("#verdict");
}

test("accepts, and shows what was proved, hidden and not promised", async (context) => {
  const page = await open(context);
  const { id, statement } = files("public");
  const labels = path.join(shots, "labels.txt");
  writeFileSync(labels, "zero\none\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n");
  // The development SRS is a reservation, whoever accepted it.
  assert.equal(await verify(page, [...paths("public"), labels], { id, insecure: true }), "Accepted, with a reservation");
  const text = await page.textContent("#result");
  for (const part of [id, "the one you trust", "forgeable", "What is hidden", "What is not promised", "weights"]) {
    assert.ok(text.includes(part), part);
  }
  const { real } = JSON.parse(new TextDecoder().decode(statement)).outputs[0];
  const best = real.indexOf(Math.max(...real));
  assert.match(await page.textContent(".classes li:first-child"), new RegExp(`\\(${best}\\)`));
  assert.equal(await page.evaluate(() => document.activeElement.id), "verdict");
  // The picture is that of the digit: not of one colour.
  const shades = await page.$eval("canvas", (canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Set(data.filter((_, index) => index % 4 === 0)).size;
  });
  assert.ok(shades > 4, `${shades} shades`);
  await page.screenshot({ path: path.join(shots, "accepted.png"), fullPage: true });
});

test("class names that do not fit are left out, with a word", async (context) => {
  const page = await open(context);
  const labels = { name: "labels.txt", mimeType: "", buffer: Buffer.from("cat\ndog\n") };
  await page.setInputFiles("#picker", labels);
  assert.equal(await verify(page, paths("public"), { insecure: true }), "Accepted, with a reservation");
  assert.match(await page.textContent("#file-error"), /^labels: number of lines: expected one for each score/);
  assert.match(await page.textContent(".classes li:first-child"), /^class \d/);
});

test("without a model id it says so", async (context) => {
  const page = await open(context);
  assert.equal(await verify(page, paths("public"), { insecure: true }), "Accepted, with a reservation");
  assert.match(await page.textContent(".verdict"), /you did not say which model you trust/);
});

test("refuses a flipped byte", async (context) => {
  const page = await open(context);
  const { id, proof } = files("public");
  const [vk, statement] = paths("public");
  const damaged = { name: "proof.bin", mimeType: "", buffer: Buffer.from(flipped(proof, proof.length - 50)) };
  await page.setInputFiles("#picker", [vk, statement]);
  assert.equal(await verify(page, damaged, { id, insecure: true }), "Refused");
  assert.match(await page.textContent(".reason"), /^proof: SHA-256 digest of the body/);
  await page.screenshot({ path: path.join(shots, "refused.png"), fullPage: true });
});

test("refuses the development SRS unless it is accepted", async (context) => {
  const page = await open(context);
  const { id } = files("public");
  assert.equal(await verify(page, paths("public"), { id }), "Refused");
  assert.match(await page.textContent(".reason"), /^SRS: SRS beb74f.* is insecure/);
  assert.match(await page.textContent("#result"), /accept it under “More” above/);
  assert.equal(await verify(page, [], { insecure: true }), "Accepted, with a reservation");
});

test("refuses another model and another context, and accepts its own", async (context) => {
  const page = await open(context);
  assert.equal(await verify(page, paths("other"), { id: files("public").id, insecure: true }), "Refused");
  assert.match(await page.textContent(".reason"), /^the key is of model/);
  assert.equal(await verify(page, [], { id: files("other").id, insecure: true }), "Refused");
  assert.match(await page.textContent(".reason"), /without a context$/);
  assert.equal(await verify(page, [], { insecure: true, context: "a challenge" }), "Accepted, with a reservation");
});

test("a private input is hidden", async (context) => {
  const page = await open(context);
  await verify(page, paths("private"), { id: files("private").id, insecure: true });
  const text = await page.textContent("#result");
  assert.match(text, /Hidden\. The proof is about the values that the statement commits to/);
  assert.equal(await page.$("canvas"), null);
});

test("secret and foreign files are turned away", async (context) => {
  const page = await open(context);
  await page.setInputFiles("#picker", path.join(folder("public"), "model.pk"));
  await page.waitForSelector("#file-error:not([hidden])");
  assert.match(await page.textContent("#file-error"), /^model\.pk is a proving key, which is secret/);
  await page.setInputFiles("#picker", { name: "cat.jpg", mimeType: "", buffer: Buffer.from([255, 216, 255, 224, 0, 16]) });
  await page.waitForFunction(() => document.getElementById("file-error").textContent.startsWith("cat.jpg"));
  assert.match(await page.textContent("#file-error"), /this is no file of zktorch's/);
});

test("what is in a file stays text", async (context) => {
  const page = await open(context);
  const [vk, , proof] = paths("public");
  const json = JSON.parse(new TextDecoder().decode(files("public").statement));
  json.outputs[0].name = "<img src=x onerror=alert(1)>\u202eevil";
  const statement = { name: "<b>s</b>.json", mimeType: "", buffer: Buffer.from(JSON.stringify(json)) };
  await page.setInputFiles("#picker", statement);
  assert.equal(await verify(page, [vk, proof], { insecure: true }), "Refused");
  assert.match(await page.textContent(".reason"), /<img src=x onerror=alert\(1\)>\\u\{202e\}evil/);
  assert.equal(await page.$("#result img, .slots b"), null);
});

test("the keyboard alone will do, and small screens", async (context) => {
  const page = await open(context, { viewport: { width: 360, height: 740 }, colorScheme: "dark" });
  await page.screenshot({ path: path.join(shots, "empty-360-dark.png"), fullPage: true });
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.id), "picker");
  await page.setInputFiles("#picker", paths("public"));
  await page.waitForSelector("#verify:enabled");
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  await press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.id), "model-id");
  await page.keyboard.type(files("public").id);
  await press("Tab", "Enter", "Tab", "Tab", "Tab", "Space", "Tab", "Enter");
  await page.waitForSelector("#result:not([hidden])");
  assert.equal(await page.textContent("#verdict"), "Accepted, with a reservation");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 360, `${wide} pixels wide`);
  await page.screenshot({ path: path.join(shots, "accepted-360-dark.png"), fullPage: true });
});

test("the package in a page and in a worker", async (context) => {
  const root = path.join(path.dirname(process.env.ZKTORCH_DEMO), "verifier");
  const types = { ".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm" };
  const server = createServer((request, response) => {
    if (request.url === "/") return response.setHeader("content-type", "text/html").end("<link rel=icon href=data:,>");
    const file = path.join(root, path.basename(request.url));
    response.setHeader("content-type", types[path.extname(file)]).end(readFileSync(file));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => server.close());
  const page = await browser.newPage();
  context.after(() => page.close());
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  const { key, proof, statement, id } = files("public");
  const lists = { id, key: [...key], proof: [...proof], statement: [...statement] };
  const { here, there, damaged, gone, times } = await page.evaluate(async ({ id, ...lists }) => {
    const { Key, connect, init } = await import("/index.mjs");
    const [key, proof, statement] = [lists.key, lists.proof, lists.statement].map((list) => Uint8Array.from(list));
    await init();
    const own = Key.fromBytes(key, id, { allowInsecureSrs: true });
    const here = own.verify(statement, proof).ok;
    const times = Array.from({ length: 9 }, () => {
      const began = performance.now();
      own.verify(statement, proof);
      return performance.now() - began;
    });
    const remote = await connect(new Worker("/worker.mjs", { type: "module" }));
    const far = await remote.key(key, id, { allowInsecureSrs: true });
    await far.checkWeights();
    const there = await far.verify(statement, proof);
    const damaged = await far.verify(statement, proof.slice(1));
    await far.free();
    const gone = await far.checkWeights().catch((error) => error.message);
    remote.terminate();
    return { here, there: there.ok && there.modelId === id, damaged: damaged.reason, gone, times };
  }, lists);
  assert.deepEqual([here, there, gone], [true, true, "this key was freed"]);
  assert.match(damaged, /^proof: this is no file of zktorch's/);
  context.diagnostic(`median of 9: ${times.sort((a, b) => a - b)[4].toFixed(1)} ms`);
});
