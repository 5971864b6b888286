// The page: files in, a verdict out. The verifier runs in a worker.

import { connect } from "../npm/remote.mjs";
import { ANY_MODEL } from "../npm/verifier.mjs";
import { element, name } from "./elements.mjs";
import { Files } from "./files.mjs";
import { accepted, refused } from "./verdict.mjs";

const at = (id) => document.getElementById(id);
let files = new Files();
let busy = false;
const verifier = start();

/** The worker and its WebAssembly are texts in this page, so that it works from a file, too. */
async function start() {
  const text = new Blob([at("worker").textContent], { type: "text/javascript" });
  const packed = Uint8Array.from(atob(at("wasm").textContent), (character) => character.charCodeAt(0));
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return connect(new Worker(URL.createObjectURL(text)), await new Response(unpacked).arrayBuffer());
}

async function add(list) {
  const errors = [];
  for (const file of list) {
    try {
      errors.push(await files.add(file, async (bytes) => (await verifier).fileKind(bytes)));
    } catch (error) {
      errors.push(`${file.name}: ${error.message}`);
    }
  }
  complain(errors.find((error) => error !== undefined));
  show();
}

/** Says what is wrong with a file, if something is. */
function complain(error) {
  at("file-error").hidden = error === undefined;
  at("file-error").replaceChildren(error === undefined ? "" : name(error));
}

function show() {
  const beside = Object.keys(files.beside);
  const rows = [
    ["Verifying key", files.key?.name, "missing"],
    ["Statement", files.statement?.name, "missing"],
    ["Proof", files.proof?.name, "missing"],
    ["Large tensors", beside.length > 0 ? beside.join(", ") : undefined, undefined],
    ["Class names", files.labels?.name, undefined],
  ];
  const wanted = rows.filter(([, file, absent]) => file !== undefined || (absent !== undefined && files.any));
  const row = ([title, file, absent]) =>
    element(
      "li",
      { className: file === undefined ? "" : "there" },
      element("span", { className: "mark", ariaHidden: "true" }, file === undefined ? "○" : "✓"),
      element("span", {}, title),
      element("span", { className: "name" }, file === undefined ? absent : name(file)),
    );
  at("slots").replaceChildren(...wanted.map(row));
  at("clear").hidden = !files.any;
  at("verify").disabled = busy || !files.complete;
}

/** What the user trusts. */
function trust() {
  const value = (id) => at(id).value.trim();
  return { modelId: value("model-id").toLowerCase(), context: value("context"), srs: value("srs-id").toLowerCase(), insecure: at("insecure").checked };
}

/** The verdict, with the names of classes if they fit: they are the user's, and no part of what is proved. */
async function judge(key, options) {
  const { statement, proof, labels } = files;
  if (labels !== undefined) {
    try {
      return await key.verify(statement.bytes, proof.bytes, { ...options, labels: new TextDecoder().decode(labels.bytes) });
    } catch (error) {
      complain(error.message);
    }
  }
  return key.verify(statement.bytes, proof.bytes, options);
}

async function verify() {
  const wanted = trust();
  let key;
  try {
    const remote = await verifier;
    const began = performance.now();
    const acceptSrs = wanted.srs === "" ? [] : [wanted.srs];
    key = await remote.key(files.key.bytes, wanted.modelId === "" ? ANY_MODEL : wanted.modelId, { allowInsecureSrs: wanted.insecure, acceptSrs });
    await key.checkWeights();
    const checked = performance.now();
    const options = { context: new TextEncoder().encode(wanted.context), files: files.beside };
    const result = await judge(key, options);
    const verified = performance.now();
    if (!result.ok) return refused(result.reason, key, wanted);
    const milliseconds = (from, to) => `${Math.max(1, Math.round(to - from))} ms`;
    return accepted(result, key, wanted, `${milliseconds(began, checked)} for the key, ${milliseconds(checked, verified)} for the proof`);
  } catch (error) {
    return refused(error.message, key, wanted);
  } finally {
    await key?.free();
  }
}

at("picker").addEventListener("change", async (event) => {
  await add([...event.target.files]);
  event.target.value = "";
});
for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    at("drop").classList.add("over");
  });
}
for (const kind of ["dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    at("drop").classList.remove("over");
  });
}
document.addEventListener("drop", (event) => add([...event.dataTransfer.files]));
at("clear").addEventListener("click", () => {
  files = new Files();
  at("form").reset();
  complain(undefined);
  at("result").hidden = true;
  show();
  at("picker").focus();
});
at("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (busy || !files.complete) return;
  busy = true;
  at("result").hidden = true;
  at("status").textContent = "Verifying …";
  show();
  const shown = await verify();
  busy = false;
  at("status").textContent = "";
  show();
  at("result").replaceChildren(...shown);
  at("result").hidden = false;
  at("verdict").focus();
});
show();
