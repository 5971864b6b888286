// What happens when the instance fails: here in a copy of the module in which verifying is a trap, as a panic is.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

import { Key, fileKind, init } from "@zktorch/verifier";
import binaryen from "binaryen";

import { files, refused } from "./files.mjs";

function withTrap(wasm, name) {
  const module = binaryen.readBinary(wasm);
  const { value } = binaryen.getExportInfo(module.getExport(name));
  binaryen.Function.setBody(module.getFunction(value), module.unreachable());
  const bytes = module.emitBinary();
  module.dispose();
  return bytes;
}

test("an instance that fails is replaced, and its keys with it", async () => {
  const wasm = readFileSync(createRequire(import.meta.url).resolve("@zktorch/verifier/zktorch_wasm_bg.wasm"));
  await init(withTrap(wasm, "key_verify"));
  const { key, proof, statement, id } = files("public");
  const vk = Key.fromBytes(key, id, { allowInsecureSrs: true });
  const spare = Key.fromBytes(key, id, { allowInsecureSrs: true });
  const failed = /^the verifier failed, which is a mistake in it and says nothing of the proof: /;
  for (let run = 0; run < 3; run += 1) {
    refused(vk.verify(statement, proof), failed);
    vk.checkWeights();
    spare.checkWeights();
    assert.equal(fileKind(proof), "proof");
  }
  spare.free();
  vk.free();
});
