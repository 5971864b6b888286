// A worker that verifies: new Worker(new URL("@zktorch/verifier/worker", import.meta.url), { type: "module" }), for connect().

import { serve } from "./remote.mjs";

serve(globalThis);
