//! What others published about the parts of their systems.

use serde_json::{Value, json};

/// ZKTorch: what its authors say that accumulation brings. The figures are those of the abstract; they compare with other
/// systems, not with ZKTorch without a part.
pub(super) fn zktorch() -> Value {
    json!({
        "system": "ZKTorch",
        "source": "B.-J. Chen, L. Tang, D. Kang: ZKTorch: Compiling ML Inference to Zero-Knowledge Proofs via Parallel Proof Accumulation, arXiv:2507.07031v2",
        "figures": [
            { "what": "proof size, specialised protocols over ZKTorch", "at_least": 3.0, "where": "abstract" },
            { "what": "proving time, a general-purpose ZKML framework over ZKTorch", "at_most": 6.0, "where": "abstract" },
        ],
        "ablation": Value::Null,
        "note": "The paper's own ablation was not at hand when this was written: no figure of it is repeated here.",
    })
}
