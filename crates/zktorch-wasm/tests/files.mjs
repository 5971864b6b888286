// The files that the stage has proved, and what is done to them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";

export const folder = (model) => path.join(process.env.ZKTORCH_FILES, model);

/** A model's files. */
export function files(model) {
  const read = (name) => new Uint8Array(readFileSync(path.join(folder(model), name)));
  return {
    key: read("model.vk"),
    proof: read("proof.bin"),
    statement: read("statement.json"),
    id: new TextDecoder().decode(read("model.id")),
  };
}

/** The same bytes but for one bit. */
export function flipped(bytes, at) {
  const changed = bytes.slice();
  changed[at] ^= 1;
  return changed;
}

/** The bytes of a file whose body was changed, with the digest that belongs to it: what somebody would do who wants to deceive. */
export async function repacked(bytes, change) {
  const header = 88;
  const body = change(bytes.slice(header));
  const file = new Uint8Array(header + body.length);
  file.set(bytes.subarray(0, 48));
  new DataView(file.buffer).setBigUint64(48, BigInt(body.length), true);
  file.set(new Uint8Array(await crypto.subtle.digest("SHA-256", body)), 56);
  file.set(body, header);
  return file;
}

/** Requires a refusal whose sentence says this. */
export function refused(verdict, expected) {
  assert.equal(verdict.ok, false);
  assert.match(verdict.reason, expected);
  assert.deepEqual([verdict.inputs, verdict.outputs], [[], []]);
}

/** Milliseconds that the faster half of runs took. */
export function median(run, count = 9) {
  const times = Array.from({ length: count }, () => {
    const began = performance.now();
    run();
    return performance.now() - began;
  });
  return times.sort((a, b) => a - b)[Math.floor(count / 2)];
}
