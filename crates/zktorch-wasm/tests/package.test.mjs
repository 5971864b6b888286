// The package in Node, as it is installed.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { ANY_MODEL, Key, fileKind, init } from "@zktorch/verifier";

import { files, flipped, folder, median, refused, repacked } from "./files.mjs";

const INSECURE = { allowInsecureSrs: true };
const wasm = readFileSync(createRequire(import.meta.url).resolve("@zktorch/verifier/zktorch_wasm_bg.wasm"));

test("nothing works before it is loaded", () => {
  assert.throws(() => fileKind(new Uint8Array()), /not loaded: expected await init\(\)/);
});

test("loads from beside itself, once, also after something else", async () => {
  await assert.rejects(init(new Uint8Array([0, 97, 115, 109])), WebAssembly.CompileError);
  await Promise.all([init(), init()]);
  await init();
});

test("is small", (context) => {
  const size = gzipSync(wasm, { level: 9 }).length;
  context.diagnostic(`${wasm.length} bytes of WebAssembly, ${size} compressed`);
  assert.ok(size < 450_000, `${size} bytes`);
});

test("accepts a proof, and gives what was proved", (context) => {
  const { key, proof, statement, id } = files("public");
  const vk = Key.fromBytes(key, id, INSECURE);
  assert.equal(vk.modelId, id);
  assert.deepEqual([vk.srs.name, vk.srs.insecure], ["development", true]);
  assert.deepEqual(vk.inputs, [{ name: "image", dims: [1, 1, 8, 8], public: true }]);
  vk.checkWeights();
  const verdict = vk.verify(statement, proof);
  assert.deepEqual([verdict.ok, verdict.reason, verdict.modelId], [true, null, id]);
  const stated = JSON.parse(new TextDecoder().decode(statement));
  const [output] = verdict.outputs;
  assert.deepEqual([output.name, output.dims], [stated.outputs[0].name, [1, 10]]);
  assert.deepEqual(Array.from(output.values), stated.outputs[0].real);
  assert.equal(output.top5.length, 5);
  assert.equal(output.top5[0].value, Math.max(...stated.outputs[0].real));
  assert.equal(output.top5[0].label, null);
  const [{ picture, values }] = verdict.inputs;
  assert.deepEqual(Array.from(values), stated.inputs[0].real);
  assert.deepEqual([picture.width, picture.height, picture.rgba.length, picture.ownColours], [8, 8, 256, true]);
  // The same from text, and again.
  assert.equal(vk.verify(new TextDecoder().decode(statement), proof).ok, true);
  context.diagnostic(`median of 9: ${median(() => vk.verify(statement, proof)).toFixed(1)} ms`);
  vk.free();
  assert.throws(() => vk.verify(statement, proof), /this key was freed/);
});

test("names classes, and refuses names that do not fit", () => {
  const { key, proof, statement, id } = files("public");
  const vk = Key.fromBytes(key, id, INSECURE);
  const labels = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
  const { outputs } = vk.verify(statement, proof, { labels });
  assert.equal(outputs[0].top5[0].label, labels[outputs[0].top5[0].index]);
  assert.deepEqual(vk.verify(statement, proof, { labels: `${labels.join("\n")}\n` }).outputs, outputs);
  assert.throws(() => vk.verify(statement, proof, { labels: ["zero"] }), /labels: number of lines: expected one for each score/);
});

test("every altered proof is refused", async () => {
  const { key, proof, statement, id } = files("public");
  const vk = Key.fromBytes(key, id, INSECURE);
  for (let at = 0; at < proof.length; at += Math.ceil(proof.length / 40)) {
    assert.equal(vk.verify(statement, flipped(proof, at)).ok, false, `byte ${at}`);
  }
  refused(vk.verify(statement, flipped(proof, proof.length - 1)), /^proof: SHA-256 digest of the body: .* the file is damaged$/);
  const body = (at) => (body) => flipped(body, at < 0 ? body.length + at : at);
  for (const at of [-1, -40, -400]) refused(vk.verify(statement, await repacked(proof, body(at))), /does not verify|malformed/);
  refused(vk.verify(statement, await repacked(proof, (body) => body.slice(0, -1))), /malformed|expected \d+/);
  refused(vk.verify(statement, proof.slice(0, -1)), /^proof: body: expected \d+ bytes, found \d+$/);
  refused(vk.verify(statement, new Uint8Array()), /^proof: this is no file of zktorch's/);
  refused(vk.verify(statement, key), /^proof: this is a verifying key \(vk\), expected a proof$/);
  assert.equal(vk.verify(statement, proof).ok, true);
});

test("an altered statement is refused", () => {
  const { key, proof, statement, id } = files("public");
  const vk = Key.fromBytes(key, id, INSECURE);
  const altered = (change) => {
    const json = JSON.parse(new TextDecoder().decode(statement));
    change(json);
    return JSON.stringify(json);
  };
  const plusOne = (tensor) => {
    tensor.integers[0] += 1;
    tensor.real[0] = tensor.integers[0] / 2 ** tensor.scale;
  };
  refused(vk.verify(altered(({ outputs }) => plusOne(outputs[0])), proof), /^the proof does not verify: .*, without a context$/);
  refused(vk.verify(altered(({ inputs }) => plusOne(inputs[0])), proof), /^the proof does not verify: /);
  refused(vk.verify(altered(({ outputs }) => (outputs[0].integers[0] += 1)), proof), /^statement: outputs\[0\].real: expected /);
  refused(vk.verify(altered((json) => (json.model_id = "0".repeat(64))), proof), /^statement: model_id \(wrong key\?\): expected /);
  refused(vk.verify(altered((json) => (json.more = 1)), proof), /unknown field `more`/);
  refused(vk.verify("{", proof), /^statement: json: expected the fields of a statement, got EOF/);
});

test("the model is the one that is trusted", () => {
  const { key, proof, statement, id } = files("public");
  const other = files("other");
  assert.throws(() => Key.fromBytes(key, other.id, INSECURE), { message: `the key is of model ${id}, expected ${other.id}` });
  assert.throws(() => Key.fromBytes(key, "ee", INSECURE), /expected 64 lowercase hexadecimal digits, got 2 characters/);
  assert.throws(() => Key.fromBytes(key), /modelId: expected the id that you trust, or ANY_MODEL, got undefined/);
  assert.throws(() => Key.fromBytes(proof, id), /^Error: verifying key: this is a proof, expected a verifying key \(vk\)$/);
  assert.throws(() => Key.fromBytes(key.slice(0, 100), id), /^Error: verifying key: body: expected \d+ bytes, found 12$/);
  assert.throws(() => new Key(key, id), /expected Key.fromBytes/);
  assert.throws(() => Key.fromBytes([...key], id), /bytes: expected a Uint8Array, got object/);
  const any = Key.fromBytes(key, ANY_MODEL, INSECURE);
  assert.equal(any.verify(statement, proof).ok, true);
  refused(any.verify(other.statement, proof), /^statement: model_id/);
  refused(any.verify(statement, other.proof), /proof was made for model/);
});

test("the development SRS is refused unless it is accepted", () => {
  const { key, proof, statement, id } = files("public");
  const insecure = /^SRS: SRS beb74f.* is insecure/;
  const vk = Key.fromBytes(key, id);
  assert.throws(() => vk.checkWeights(), { message: insecure });
  refused(vk.verify(statement, proof), insecure);
  refused(Key.fromBytes(key, id, { acceptSrs: vk.srs.id }).verify(statement, proof), insecure);
  assert.throws(() => Key.fromBytes(key, id, { acceptSrs: "12" }), /64 lowercase hexadecimal digits/);
});

test("a private input stays one", () => {
  const { key, proof, statement, id } = files("private");
  const vk = Key.fromBytes(key, id, INSECURE);
  assert.equal(vk.inputs[0].public, false);
  const verdict = vk.verify(statement, proof);
  assert.equal(verdict.ok, true);
  assert.deepEqual([verdict.inputs[0].values, verdict.inputs[0].picture], [null, null]);
  assert.equal(verdict.outputs[0].values.length, 10);
});

test("a proof in shards", () => {
  const { key, proof, statement, id } = files("shards");
  assert.equal(fileKind(key), "pipeline_key");
  const vk = Key.fromBytes(key, id, INSECURE);
  assert.equal(vk.verify(statement, proof).ok, true);
  assert.equal(vk.verify(statement, flipped(proof, proof.length - 9)).ok, false);
});

test("the context is the verifier's", () => {
  const { key, proof, statement, id } = files("other");
  const vk = Key.fromBytes(key, id, INSECURE);
  const context = new TextEncoder().encode("a challenge");
  assert.equal(vk.verify(statement, proof, { context }).ok, true);
  refused(vk.verify(statement, proof), /, without a context$/);
  refused(vk.verify(statement, proof, { context: context.slice(1) }), /, with a context of 10 bytes$/);
});

test("tensors beside a statement have to be there, and be the ones that are named", () => {
  const { key, proof, statement, id } = files("public");
  const vk = Key.fromBytes(key, id, INSECURE);
  const json = JSON.parse(new TextDecoder().decode(statement));
  json.inputs[0].dims = [1, 1, 80, 80];
  delete json.inputs[0].real;
  json.inputs[0].integers = { npy: "large.npy", sha256: "0".repeat(64) };
  const text = JSON.stringify(json);
  refused(vk.verify(text, proof), /^statement: files: expected large.npy among them, got none of this name$/);
  refused(vk.verify(text, proof, { files: { "large.npy": proof } }), /sha256 \(large.npy\): expected 0000/);
  refused(vk.verify(text, proof, { files: { "large.npy": new Uint8Array(1 << 20) } }), /^large.npy: 1048576 bytes, but at most/);
});

test("files say what they are", () => {
  const { key, proof, statement } = files("public");
  assert.deepEqual([fileKind(key), fileKind(proof)], ["verifying_key", "proof"]);
  assert.throws(() => fileKind(statement), /^Error: this is no file of zktorch's/);
});

test("the book's example runs as it stands", () => {
  const page = readFileSync(process.env.ZKTORCH_PAGE, "utf8");
  const [, example] = page.match(/^```js\n(.*?)^```/ms);
  // Beside the tests, where the package is found.
  const program = new URL("example.mjs", import.meta.url);
  writeFileSync(program, example);
  const run = (id) => execFileSync(process.execPath, [fileURLToPath(program), id], { cwd: folder("public"), stdio: "pipe" });
  const { id } = files("public");
  assert.match(run(id).toString(), /^logits \d: -?\d+\.\d\d, /);
  assert.throws(() => run("0".repeat(64)), /expected/);
});
