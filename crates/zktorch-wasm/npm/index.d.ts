/** In the place of a model id: whichever model the key is of. Then whoever made the key chose the model. */
export declare const ANY_MODEL: unique symbol;

/** Where the WebAssembly module comes from. */
export type Source = string | URL | Response | BufferSource | WebAssembly.Module;

/** Loads the WebAssembly module, once: from beside the package's file, or from where the caller says. Before anything else. */
export declare function init(source?: Source): Promise<void>;

/** What a file says that it holds: "verifying_key", "pipeline_key" (a verifying key in shards), "proof", "model", ... Throws if it is none. */
export declare function fileKind(bytes: Uint8Array): string;

/** What the verifier trusts besides the model. */
export interface Trust {
  /** Also the development SRS, whose secret is public: anybody can forge proofs under it. */
  allowInsecureSrs?: boolean;
  /** Also SRSs with these ids, besides that of the Perpetual Powers of Tau. */
  acceptSrs?: string | readonly string[];
}

/** What may come with a statement and a proof. */
export interface Options {
  /** The verifier's own bytes: a proof made without them does not verify. */
  context?: Uint8Array;
  /** The files beside the statement, by name: those of tensors with more than 4,096 entries. */
  files?: Readonly<Record<string, Uint8Array>>;
  /** Names of classes, one for each score of an output: a text with one name a line, or a list. */
  labels?: string | readonly string[];
}

/** A structured reference string. */
export interface Srs {
  id: string;
  name: "perpetual powers of tau" | "development" | null;
  insecure: boolean;
}

/** An input or output of a model. */
export interface Port {
  name: string;
  dims: number[];
  /** Whether a statement holds its values; otherwise commitments to them. */
  public: boolean;
}

/** A picture, as ImageData takes it. */
export interface Picture {
  width: number;
  height: number;
  rgba: Uint8ClampedArray;
  /** Whether the key says how the image became numbers. Otherwise the smallest number is black and the largest one white. */
  ownColours: boolean;
}

/** An input that was proved. */
export interface Input {
  name: string;
  dims: number[];
  /** Row-major; null if it is private. */
  values: Float64Array | null;
  /** Null if it is private or no image. */
  picture: Picture | null;
}

/** A class with one of the largest scores. */
export interface Scored {
  index: number;
  label: string | null;
  value: number;
}

/** An output that was proved. */
export interface Output {
  name: string;
  dims: number[];
  /** Row-major; null if it is private. */
  values: Float64Array | null;
  /** The largest first, if it holds one score for each class. */
  top5: Scored[];
}

/** The proof proves the statement. */
export interface Accepted {
  ok: true;
  reason: null;
  modelId: string;
  srs: Srs;
  inputs: Input[];
  outputs: Output[];
}

/** It does not, or something else is wrong. */
export interface Refused {
  ok: false;
  /** One sentence. */
  reason: string;
  inputs: [];
  outputs: [];
}

export type Verdict = Accepted | Refused;

/** What a key says of its model. */
export interface KeyFacts {
  readonly modelId: string;
  readonly srs: Srs;
  /** What is done to an image before it is the input; empty if nothing. */
  readonly preprocessing: string;
  /** The length of every proof, without its file's header. */
  readonly proofBytes: number;
  readonly inputs: Port[];
  readonly outputs: Port[];
}

/** A verifying key, with the model and the SRSs that its user trusts. */
export declare class Key implements KeyFacts {
  private constructor();
  /** Decodes the file of a key. Throws if it is none, or another model's than the one with this id, which comes from another source. */
  static fromBytes(bytes: Uint8Array, modelId: string | typeof ANY_MODEL, trust?: Trust): Key;
  readonly modelId: string;
  readonly srs: Srs;
  readonly preprocessing: string;
  readonly proofBytes: number;
  readonly inputs: Port[];
  readonly outputs: Port[];
  /** Asks whether the SRS is accepted, and verifies the ranges of the weights: once for a key. Throws if the answer is no. */
  checkWeights(): void;
  /** Whether the proof proves the statement; checks the key first if that was not done yet. Look at `ok`. */
  verify(statement: Uint8Array | string, proof: Uint8Array, options?: Options): Verdict;
  free(): void;
}

/** A key in a worker. */
export interface RemoteKey extends KeyFacts {
  checkWeights(): Promise<void>;
  verify(statement: Uint8Array | string, proof: Uint8Array, options?: Options): Promise<Verdict>;
  free(): Promise<void>;
}

/** The verifier in a worker. */
export interface Remote {
  fileKind(bytes: Uint8Array): Promise<string>;
  key(bytes: Uint8Array, modelId: string | typeof ANY_MODEL, trust?: Trust): Promise<RemoteKey>;
  terminate(): void;
}

/** The verifier in this worker, which runs "@zktorch/verifier/worker". */
export declare function connect(worker: Worker, source?: Exclude<Source, Response | URL>): Promise<Remote>;
