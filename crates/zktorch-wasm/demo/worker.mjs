// The page's worker, made from text in it.

import { serve } from "../npm/remote.mjs";

serve(globalThis);
