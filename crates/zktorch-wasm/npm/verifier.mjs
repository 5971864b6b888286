// Keys and their verdicts, in this thread.

import { enter, generation, load } from "./instance.mjs";
import * as wasm from "./zktorch_wasm.js";

/** In the place of a model id: whichever model the key is of. Then whoever made the key chose the model. */
export const ANY_MODEL = Symbol.for("@zktorch/verifier: any model");

/**
 * Loads the WebAssembly module, once: from beside this file, or from where the caller says.
 */
export async function init(source) {
  await load(source);
}

/** Whoever has it may construct keys: this file. */
const PRIVATE = Symbol("private");

/** What a file says that it holds. */
export function fileKind(bytes) {
  return enter(() => wasm.fileKind(demandBytes("fileKind: bytes", bytes)));
}

/** A verifying key, with the model and the SRSs that its user trusts. */
export class Key {
  #bytes;
  #modelId;
  #trust;
  #inner;
  #generation = -1;
  #facts;

  constructor(token, bytes, modelId, trust) {
    if (token !== PRIVATE) throw new TypeError("Key: expected Key.fromBytes(bytes, modelId)");
    // A copy: an instance that failed is replaced, and the key is decoded again in the new one.
    this.#bytes = bytes.slice();
    this.#modelId = modelId;
    this.#trust = trust;
    this.#facts = enter(() => JSON.parse(this.#live().facts()));
  }

  static fromBytes(bytes, modelId, { allowInsecureSrs = false, acceptSrs = [] } = {}) {
    demandBytes("Key.fromBytes: bytes", bytes);
    if (modelId !== ANY_MODEL && typeof modelId !== "string") {
      throw new TypeError(`Key.fromBytes: modelId: expected the id that you trust, or ANY_MODEL, got ${typeof modelId}`);
    }
    const id = modelId === ANY_MODEL ? undefined : modelId;
    return new Key(PRIVATE, bytes, id, [allowInsecureSrs === true, [acceptSrs].flat()]);
  }

  get modelId() {
    return this.#facts.modelId;
  }

  get srs() {
    return this.#facts.srs;
  }

  get preprocessing() {
    return this.#facts.preprocessing;
  }

  get proofBytes() {
    return this.#facts.proofBytes;
  }

  get inputs() {
    return this.#facts.inputs;
  }

  get outputs() {
    return this.#facts.outputs;
  }

  /** Asks whether the SRS is accepted, and verifies the ranges of the weights: once for a key. Throws if the answer is no. */
  checkWeights() {
    enter(() => this.#live().checkWeights());
  }

  /** Whether the proof proves the statement. */
  verify(statement, proof, { context = new Uint8Array(), files = {}, labels } = {}) {
    const json = typeof statement === "string" ? new TextEncoder().encode(statement) : statement;
    demandBytes("Key.verify: statement", json);
    demandBytes("Key.verify: proof", proof);
    demandBytes("Key.verify: context", context);
    const owned = [];
    const own = (object) => (owned.push(object), object);
    const before = generation();
    try {
      const inner = enter(() => this.#live());
      let stated;
      const refused = refusal(() => {
        const beside = own(new wasm.Files());
        for (const [name, bytes] of Object.entries(files)) beside.add(name, demandBytes(`Key.verify: ${name}`, bytes));
        stated = own(wasm.Statement.fromJson(json, beside));
      });
      if (refused !== undefined) return refused;
      // Labels are the caller's: what is wrong with them says nothing of the proof.
      const text = labels === undefined ? undefined : new TextEncoder().encode([labels].flat().join("\n"));
      const facts = enter(() => JSON.parse(stated.facts(true, text)));
      return refusal(() => inner.verify(stated, proof, context)) ?? enter(() => accepted(this, stated, inner, facts));
    } finally {
      // What belonged to an instance that failed is gone with it.
      if (before === generation()) for (const object of owned) object.free();
    }
  }

  free() {
    if (this.#bytes !== undefined && this.#generation === generation()) this.#inner.free();
    this.#bytes = undefined;
  }

  #live() {
    if (this.#bytes === undefined) throw new Error("this key was freed");
    if (this.#generation !== generation()) {
      this.#inner = wasm.Key.fromBytes(this.#bytes, this.#modelId, ...this.#trust);
      this.#generation = generation();
    }
    return this.#inner;
  }
}

/** The sentence with which something is refused, as a verdict; undefined if it is not. */
function refusal(work) {
  try {
    enter(work);
    return undefined;
  } catch (error) {
    if (error instanceof TypeError) throw error;
    return { ok: false, reason: error.message, inputs: [], outputs: [] };
  }
}

function accepted(key, statement, inner, outputs) {
  const tensor = (side) => ({ name, dims }, index) => ({ name, dims, values: statement.values(side, index) ?? null });
  const inputs = key.inputs.map(tensor(false)).map((input, index) => ({ ...input, picture: picture(statement, index, inner) }));
  const scored = outputs.map(tensor(true)).map((output, at) => ({
    ...output,
    top5: outputs[at].top5.map(({ index, label }) => ({ index, label, value: output.values[index] })),
  }));
  return { ok: true, reason: null, modelId: key.modelId, srs: key.srs, inputs, outputs: scored };
}

function picture(statement, index, inner) {
  const pixels = statement.picture(index, inner);
  if (pixels === undefined) return null;
  const { width, height, ownColours } = pixels;
  const rgba = new Uint8ClampedArray(pixels.rgba());
  pixels.free();
  return { width, height, ownColours, rgba };
}

function demandBytes(what, bytes) {
  if (bytes instanceof Uint8Array) return bytes;
  throw new TypeError(`${what}: expected a Uint8Array, got ${bytes === null ? "null" : typeof bytes}`);
}
