"""Every error has its type."""

import numpy as np
import onnx
import pytest
from conftest import compiled, dev_setup, mlp

import zktorch as zk


def test_the_hierarchy():
    for error in (zk.UnsupportedOperator, zk.OutOfRange, zk.Malformed, zk.Rejected, zk.SrsRefused, zk.Cancelled):
        assert error.__bases__ == (zk.Error,)


def test_all_unsupported_nodes_are_listed():
    model = mlp(1, 4, 2, op="Relu")
    for node in model.graph.node:
        if node.op_type == "Relu":
            node.op_type, node.name = "Mystery<b>", node.name + "\x1b[2J"
    with pytest.raises(zk.UnsupportedOperator) as error:
        zk.compile(model)
    operators = [node.operator for node in error.value.nodes]
    assert "Mystery<b>" in operators and error.value.nodes[0].reason
    found = zk.inspect(model)
    assert not found.supported and found.unsupported
    # Names of a file act on no terminal and on no page.
    assert "\x1b" not in str(found) and "<b>" not in found._repr_html_()


def test_values_out_of_range():
    x = np.ones((1, 4), np.float32)
    pk, _ = dev_setup(compiled(mlp(1, 4, 1), calibration=x))
    with pytest.raises(zk.OutOfRange) as error:
        pk.prove({"x": 1e6 * x})
    assert error.value.node == "x" and error.value.value == 1e6
    low, high = error.value.range
    assert low < 1 < high < 1e6
    with pytest.raises(zk.Error, match="finite"):
        pk.prove({"x": x * np.nan})


def test_inputs_that_do_not_fit():
    x = np.ones((1, 4), np.float32)
    pk, _ = dev_setup(compiled(mlp(1, 4, 1), calibration=x))
    with pytest.raises(zk.Error, match="x"):
        pk.prove({"y": x, "z": x})
    with pytest.raises(zk.Error, match=r"\[1, 5\]"):
        pk.prove({"x": np.ones((1, 5), np.float32)})
    with pytest.raises(zk.Error, match="one sample"):
        pk.prove({"x": np.ones((2, 4), np.float32)})
    with pytest.raises(TypeError, match="floats, integers or booleans"):
        pk.prove({"x": np.array(["a"])})
    assert pk.prove({"x": [[1, 0, 1, 0]]}).outputs


def test_malformed_bytes(digits, tmp_path):
    with pytest.raises(zk.Malformed):
        zk.compile(b"no model")
    for kind, data in [
        (zk.Model, digits.model.to_bytes()),
        (zk.ProvingKey, digits.pk.to_bytes()),
        (zk.VerifyingKey, digits.vk.to_bytes()),
    ]:
        for damaged in (b"", data[:100], data[:-1], data[:-1] + bytes([data[-1] ^ 1]), b"x" + data):
            with pytest.raises(zk.Malformed):
                kind.from_bytes(damaged)
        others = {zk.Model, zk.ProvingKey, zk.VerifyingKey} - {kind}
        for other in others:
            with pytest.raises(zk.Malformed, match="expected"):
                other.from_bytes(data)
    (tmp_path / "x").write_bytes(b"something")
    with pytest.raises(zk.Malformed):
        zk.load(tmp_path / "x")
    with pytest.raises(FileNotFoundError):
        zk.load(tmp_path / "y")
    with pytest.raises(zk.Malformed, match="statement"):
        zk.Statement.from_json("{}")


def test_an_srs_that_is_none(digits, tmp_path):
    (tmp_path / "x.ptau").write_bytes(b"ptau but no more")
    with pytest.raises(zk.Malformed):
        digits.model.setup(srs=tmp_path / "x.ptau")
    with pytest.raises(FileNotFoundError):
        digits.model.setup(srs=tmp_path / "y.ptau")


def test_arguments_of_compile(digits):
    with pytest.raises(ValueError, match="private"):
        zk.compile(digits.onnx, private=("weights",))
    with pytest.raises(ValueError, match="private"):
        zk.compile(digits.onnx, private="input")
    with pytest.raises(TypeError, match="torch.nn.Module"):
        zk.compile(17)


def test_the_example_of_an_external_file(tmp_path):
    model = mlp(1, 64, 1)
    onnx.save(model, tmp_path / "m.onnx", save_as_external_data=True, location="weights", size_threshold=0)
    x = np.ones((1, 64), np.float32)
    pk, vk = dev_setup(compiled(tmp_path / "m.onnx", calibration=x))
    proof = pk.prove(x)
    assert vk.verify(proof.proof, proof.statement, model_id=vk.model_id, allow_insecure_srs=True)
