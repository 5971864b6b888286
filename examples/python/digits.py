"""Proves that a classifier of scikit-learn's digits says what it says, and verifies it: ``python digits.py``."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import zktorch as zk

FIXTURES = Path(__file__).parents[2] / "fixtures" / "digits"


def show(stage: str, done: int, total: int, share: float) -> None:
    sys.stderr.write(f"\r{100 * share:3.0f} % {stage:<16}")


def main() -> None:
    with np.load(FIXTURES / "calibration.npz") as archive:
        samples = archive["images"] if "images" in archive else archive[archive.files[0]]
    model = zk.compile(FIXTURES / "cnn.onnx", calibration=samples, private=("input",))
    print(model.inspect())
    pk, vk = model.setup(zk.SRS.dev())
    proof = pk.prove(samples[0], progress=show)
    verified = vk.verify(proof.proof, proof.statement, model_id=vk.model_id, allow_insecure_srs=True)
    for name, scores in verified.outputs.items():
        print(f"\n{name}: {scores.argmax()}, proved with {len(proof.proof)} bytes in {sum(proof.stages.values()):.2f} s")


if __name__ == "__main__":
    main()
