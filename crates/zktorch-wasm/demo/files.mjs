// Which file is which: by its content, not by its name.

/** The largest file that is read, in bytes: above every key's. */
const MAX_BYTES = 256 << 20;

const SECRET = {
  model: "a compiled model",
  proving_key: "a proving key",
  pipeline_proving_key: "a proving key",
  shard_key: "the proving key of a shard",
  shard_job: "a shard to be proved",
  shard_error: "an error of a run",
};

/** The files that are there. */
export class Files {
  key;
  statement;
  proof;
  labels;
  beside = {};

  /** Adds a file; the sentence that says why it is none of these, if it is none. */
  async add(file, kindOf) {
    if (file.size > MAX_BYTES) return `${file.name}: ${file.size} bytes, but at most ${MAX_BYTES} are read`;
    const bytes = new Uint8Array(await file.arrayBuffer());
    const entry = { name: file.name, bytes };
    if (file.name.endsWith(".npy")) {
      this.beside[file.name] = bytes;
    } else if (startsWith(bytes, "ZKTORCH\0")) {
      return this.#container(entry, await kindOf(bytes));
    } else if (isJson(bytes)) {
      this.statement = entry;
    } else if (file.name.endsWith(".txt")) {
      this.labels = entry;
    } else {
      // The verifier has a sentence for what is none of its files.
      try {
        await kindOf(bytes);
      } catch (error) {
        return `${file.name}: ${error.message}`;
      }
    }
    return undefined;
  }

  #container(entry, kind) {
    if (kind === "proof") this.proof = entry;
    else if (kind === "verifying_key" || kind === "pipeline_key") this.key = entry;
    else if (kind in SECRET) {
      return `${entry.name} is ${SECRET[kind]}, which is secret: keep it to yourself. Expected the verifying key, the statement and the proof.`;
    } else return `${entry.name}: expected the verifying key, the statement or the proof, got another file of zktorch's (${kind})`;
    return undefined;
  }

  get complete() {
    return [this.key, this.statement, this.proof].every((file) => file !== undefined);
  }

  get any() {
    return [this.key, this.statement, this.proof, this.labels, ...Object.keys(this.beside)].some((file) => file !== undefined);
  }
}

function startsWith(bytes, text) {
  return [...text].every((character, index) => bytes[index] === character.charCodeAt(0));
}

function isJson(bytes) {
  const first = bytes.find((byte) => ![9, 10, 13, 32].includes(byte));
  return first === "{".charCodeAt(0);
}
