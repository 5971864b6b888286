// The WebAssembly instance, and what happens when it fails. A panic in it is a trap, after which nothing in it can be relied on:
// it is replaced by a new one of the same module, and whoever holds something of the old one makes it again.

import * as wasm from "./zktorch_wasm.js";

let current = 0;
let loading;

/** Which instance runs: 0 before the first one, then counted. */
export function generation() {
  return current;
}

/** Runs work in the instance. An exception of the libraries passes; anything else means that the instance is lost. */
export function enter(work) {
  if (current === 0) throw new Error("the verifier is not loaded: expected await init() before anything else");
  try {
    return work();
  } catch (error) {
    if (error instanceof TypeError || Object.getPrototypeOf(error) === Error.prototype) throw error;
    const said = lastPanic() || error.message;
    wasm.__wbg_reset_state();
    current += 1;
    throw new Error(`the verifier failed, which is a mistake in it and says nothing of the proof: ${said}`, { cause: error });
  }
}

/** Loads the first instance, once; after a failure it may be tried again. */
export function load(source) {
  loading ??= compile(source).then(async (module) => {
    await wasm.default({ module_or_path: module });
    current = 1;
  });
  loading.catch(() => (loading = undefined));
  return loading;
}

/** The compiled module. */
async function compile(source = new URL("./zktorch_wasm_bg.wasm", import.meta.url)) {
  if (source instanceof WebAssembly.Module) return source;
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return WebAssembly.compile(source);
  if (source instanceof URL && source.protocol === "file:" && globalThis.process?.versions?.node) {
    const { readFile } = await import("node:fs/promises");
    return WebAssembly.compile(await readFile(source));
  }
  const response = source instanceof Response ? source : await fetch(source);
  if (!response.ok) throw new Error(`${response.url}: expected the verifier's WebAssembly, got status ${response.status}`);
  // Only what is served as WebAssembly can be compiled while it arrives.
  const streamed = response.headers.get("content-type")?.startsWith("application/wasm");
  return streamed ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}

function lastPanic() {
  try {
    return wasm.lastPanic();
  } catch {
    return "";
  }
}
