"""A classifier of scikit-learn's digits, with keys under the development SRS; made once."""

import warnings
from typing import NamedTuple

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

import zktorch as zk


class Digits(NamedTuple):
    onnx: onnx.ModelProto
    samples: np.ndarray
    images: np.ndarray
    labels: np.ndarray
    classifier: LogisticRegression
    model: zk.Model
    pk: zk.ProvingKey
    vk: zk.VerifyingKey


def dev_setup(model):
    """Keys under the development SRS, whose warning has a test of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return model.setup(zk.SRS.dev())


def compiled(onnx_model, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return zk.compile(onnx_model, **options)


@pytest.fixture(scope="session")
def digits():
    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32)
    train, test, train_labels, test_labels = train_test_split(images, labels, random_state=0)
    classifier = LogisticRegression(max_iter=200).fit(train, train_labels)
    exported = to_onnx(classifier, train[:1], options={"zipmap": False})
    samples = train[:64]
    model = compiled(exported, calibration=samples, dims={dim(exported): 1} if dim(exported) else None)
    return Digits(exported, samples, test, test_labels, classifier, model, *dev_setup(model))


def dim(model):
    """The name of the batch's axis, if it has one."""
    return model.graph.input[0].type.tensor_type.shape.dim[0].dim_param


def mlp(batch, width, layers, name="x", op="Relu"):
    """Layers of random weights, which are as long as wanted."""
    rng = np.random.default_rng(0)
    nodes, weights, value = [], [], name
    for i in range(layers):
        w = rng.normal(0, width**-0.5, (width, width)).astype(np.float32)
        weights.append(numpy_helper.from_array(w, f"w{i}"))
        nodes.append(helper.make_node("MatMul", [value, f"w{i}"], [f"h{i}"], name=f"matmul{i}"))
        nodes.append(helper.make_node(op, [f"h{i}"], [f"a{i}"], name=f"act{i}"))
        value = f"a{i}"
    port = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, width])
    graph = helper.make_graph(nodes, "mlp", [port(name)], [port(value)], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.fixture(scope="session")
def slow():
    """A proving key whose proofs take seconds, and an input."""
    x = np.random.default_rng(1).normal(0, 1, (2048, 256)).astype(np.float32)
    model = compiled(mlp(2048, 256, 3), calibration=x)
    return dev_setup(model)[0], x
