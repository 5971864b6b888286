// The same interface, in a worker: each call is a message, and each answer a promise.

import { ANY_MODEL, Key, fileKind, init } from "./verifier.mjs";

/** The verifier in this worker, which runs `@zktorch/verifier/worker`. */
export async function connect(worker, source) {
  const waiting = new Map();
  let next = 0;
  let broken;
  const fail = (reason) => {
    broken = new Error(reason);
    for (const { reject } of waiting.values()) reject(broken);
    waiting.clear();
  };
  worker.addEventListener("error", (event) => fail(`the worker failed: ${event.message ?? "it cannot be loaded"}`));
  worker.addEventListener("message", ({ data: { id, value, error } }) => {
    const { resolve, reject } = waiting.get(id) ?? {};
    waiting.delete(id);
    if (error === undefined) resolve?.(value);
    else reject?.(new Error(error));
  });
  const ask = (method, ...args) =>
    new Promise((resolve, reject) => {
      if (broken !== undefined) return reject(broken);
      next += 1;
      waiting.set(next, { resolve, reject });
      worker.postMessage({ id: next, method, args });
    });
  await ask("init", source);
  return {
    fileKind: (bytes) => ask("fileKind", bytes),
    key: async (bytes, modelId, options) => {
      // A symbol is not for messages.
      const { handle, facts } = await ask("key", bytes, modelId === ANY_MODEL ? null : modelId, options);
      return {
        ...facts,
        checkWeights: () => ask("checkWeights", handle),
        verify: (statement, proof, more) => ask("verify", handle, statement, proof, more),
        free: () => ask("free", handle),
      };
    },
    terminate: () => {
      worker.terminate();
      fail("the worker was terminated");
    },
  };
}

/** Answers those messages; what a worker does. */
export function serve(port) {
  const keys = new Map();
  const methods = {
    init,
    fileKind,
    key: (bytes, modelId, options) => {
      const key = Key.fromBytes(bytes, modelId === null ? ANY_MODEL : modelId, options);
      const handle = keys.size === 0 ? 1 : Math.max(...keys.keys()) + 1;
      keys.set(handle, key);
      const { srs, preprocessing, proofBytes, inputs, outputs } = key;
      return { handle, facts: { modelId: key.modelId, srs, preprocessing, proofBytes, inputs, outputs } };
    },
    checkWeights: (handle) => at(handle).checkWeights(),
    verify: (handle, ...args) => at(handle).verify(...args),
    free: (handle) => {
      at(handle).free();
      keys.delete(handle);
    },
  };
  const at = (handle) => {
    if (!keys.has(handle)) throw new Error("this key was freed");
    return keys.get(handle);
  };
  port.addEventListener("message", async ({ data: { id, method, args } }) => {
    try {
      port.postMessage({ id, value: await methods[method](...args) });
    } catch (error) {
      port.postMessage({ id, error: error.message });
    }
  });
}
