// What the typings promise: compiled, not run.

import { ANY_MODEL, Key, connect, fileKind, init, type Output, type Verdict } from "@zktorch/verifier";

async function main(bytes: Uint8Array, worker: Worker): Promise<void> {
  await init();
  await init(new URL("https://example.org/zktorch_wasm_bg.wasm"));
  const kind: string = fileKind(bytes);
  const key: Key = Key.fromBytes(bytes, "00".repeat(32));
  Key.fromBytes(bytes, ANY_MODEL, { allowInsecureSrs: true, acceptSrs: [kind] });
  key.checkWeights();
  const verdict: Verdict = key.verify("{}", bytes, { context: bytes, files: { "a.npy": bytes }, labels: ["a", "b"] });
  if (verdict.ok) {
    const first: Output | undefined = verdict.outputs[0];
    const score: number | undefined = first?.top5[0]?.value;
    const values: Float64Array | null | undefined = first?.values;
    const none: null = verdict.reason;
    void [score, values, none];
  } else {
    const reason: string = verdict.reason;
    // @ts-expect-error what is refused has no outputs
    verdict.outputs[0].name;
    void reason;
  }
  key.free();

  const remote = await connect(worker);
  const far = await remote.key(bytes, ANY_MODEL);
  const later: Verdict = await far.verify(bytes, bytes);
  void [later, far.inputs[0]?.public, far.srs.name];

  // @ts-expect-error the model id is not left out
  Key.fromBytes(bytes);
  // @ts-expect-error bytes are no text
  key.verify("{}", "proof");
  // @ts-expect-error there is fromBytes
  new Key(bytes);
}

void main;
