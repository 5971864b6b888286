// The verifier of zktorch for browsers, workers and Node.

export { connect } from "./remote.mjs";
export { ANY_MODEL, Key, fileKind, init } from "./verifier.mjs";
