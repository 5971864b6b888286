"""One model for several lengths: the weights are committed to once."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import zktorch as zk


def _words() -> bytes:
    """``softmax(x W + b)`` along the words, of any number."""
    random = np.random.default_rng(1)
    weights = {"W": random.normal(size=(4, 6)), "b": random.normal(size=6)}
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "W"], ["h"]),
            helper.make_node("Add", ["h", "b"], ["s"]),
            helper.make_node("Softmax", ["s"], ["y"], axis=0),
        ],
        "words",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["words", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["words", 6])],
        [numpy_helper.from_array(array.astype(np.float32), name) for name, array in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model.SerializeToString()


def _samples(words: int) -> np.ndarray:
    return np.random.default_rng(words).uniform(-1, 1, size=(16, words, 4)).astype(np.float32)


@pytest.mark.filterwarnings("ignore:these keys are under the development SRS")
def test_another_length_reads_the_weights_of_a_key() -> None:
    model, srs = _words(), zk.SRS.dev()
    short = zk.compile(model, dims={"words": 3}, calibration=_samples(3))
    pk, vk = short.setup(srs)
    long = zk.compile(model, dims={"words": 9}, calibration=_samples(9), like=short)
    long_pk, long_vk = long.setup(srs, weights_from=pk)
    assert long_vk.model_id != vk.model_id
    proof = long_pk.prove(_samples(9)[0])
    verified = long_vk.verify(proof.proof, proof.statement, model_id=long_vk.model_id, allow_insecure_srs=True)
    assert verified.outputs["y"].shape == (9, 6)
    with pytest.raises(zk.Rejected):
        vk.verify(proof.proof, proof.statement, model_id=zk.ANY_MODEL, allow_insecure_srs=True)
    with pytest.raises(ValueError, match="weights_from"):
        long.setup(srs, weights_from=pk, shards=2)
