"""Pictures as the command line takes them."""

import io

import numpy as np
import pytest
from conftest import compiled, dev_setup
from onnx import TensorProto, helper, numpy_helper

import zktorch as zk

PIL = pytest.importorskip("PIL.Image")
SPEC = "resize=12,crop=8,rgb,mean=0.5/0.4/0.3,std=0.2/0.2/0.2"


def picture(mode="RGB", size=(20, 16)):
    """With gradients in each channel."""
    width, height = size
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    pixels = np.stack([10 * x, 12 * y, 5 * (x + y)], axis=-1).astype(np.uint8)
    return PIL.fromarray(pixels).convert(mode)


def file_of(picture, format="PNG"):
    data = io.BytesIO()
    picture.save(data, format)
    return data.getvalue()


def network(dims):
    """Sums over the pixels, to 4 scores."""
    entries = int(np.prod(dims))
    weights = np.random.default_rng(0).normal(0, entries**-0.5, (entries, 4)).astype(np.float32)
    nodes = [helper.make_node("Flatten", ["x"], ["flat"]), helper.make_node("MatMul", ["flat", "w"], ["y"])]
    port = lambda name, dims: helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
    initializer = [numpy_helper.from_array(weights, "w")]
    graph = helper.make_graph(nodes, "image", [port("x", dims)], [port("y", [1, 4])], initializer)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_a_picture_is_proved(tmp_path):
    shown = picture()
    samples = zk.image(shown, SPEC)
    assert samples.shape == (1, 3, 8, 8) and samples.dtype == np.float32
    model = compiled(network([1, 3, 8, 8]), calibration=samples, image=SPEC)
    pk, vk = dev_setup(model)
    assert model.preprocessing == pk.preprocessing and "resize=12" in pk.preprocessing
    (tmp_path / "shown.png").write_bytes(file_of(shown))
    for source in (tmp_path / "shown.png", str(tmp_path / "shown.png"), file_of(shown), shown, np.asarray(shown)):
        assert np.array_equal(zk.image(source, pk), samples)
    proof = pk.prove(zk.image(shown, model))
    verified = vk.verify(proof.proof, proof.statement, model_id=vk.model_id, allow_insecure_srs=True)
    assert np.abs(verified.inputs["x"] - samples).max() < 0.01
    # The key says what is done to pictures: another one is of another model.
    pk.save(tmp_path / "m.pk")
    assert zk.load(tmp_path / "m.pk").preprocessing == pk.preprocessing
    assert zk.Model.from_bytes(model.to_bytes()).preprocessing == model.preprocessing


def test_pixels_are_those_of_pillow():
    spec = "crop=8,rgb"
    expected = np.asarray(picture(), dtype=np.float32)[4:12, 6:14] / np.float32(255)
    assert np.array_equal(zk.image(picture(), spec), expected.transpose(2, 0, 1)[None])
    assert np.array_equal(zk.image(picture(), spec + ",nhwc"), expected[None])
    gray = np.asarray(picture("L"))
    assert np.abs(zk.image(picture(), "gray,crop=8") - gray[None, None, 4:12, 6:14] / 255).max() <= 1.01 / 255
    assert np.array_equal(zk.image(gray, "gray"), (gray / np.float32(255))[None, None])
    assert np.array_equal(zk.image(picture("RGBA"), spec), zk.image(picture(), spec))
    jpeg = zk.image(file_of(picture(), "JPEG"), spec)
    assert np.abs(jpeg - expected.transpose(2, 0, 1)[None]).max() < 0.2


def test_the_layout_is_the_models():
    model = compiled(network([1, 8, 8, 3]), calibration=np.ones((1, 8, 8, 3)), image="crop=8,rgb")
    assert zk.image(picture(), model).shape == (1, 8, 8, 3)


def test_what_is_no_picture_is_refused(digits, tmp_path):
    with pytest.raises(ValueError, match="compiled without image"):
        zk.image(picture(), digits.pk)
    with pytest.raises(TypeError, match="a specification, a Model"):
        zk.image(picture(), digits.vk)
    with pytest.raises(TypeError, match="8-bit pixels"):
        zk.image(np.ones((4, 4)), SPEC)
    for extents in ((4,), (4, 4, 4), (2, 4, 4, 3)):
        with pytest.raises(ValueError, match=r"\[height, width\]"):
            zk.image(np.ones(extents, np.uint8), SPEC)
    for wrong in (b"no image", file_of(picture())[:60], np.ones((0, 4), np.uint8)):
        with pytest.raises(zk.Error, match="image"):
            zk.image(wrong, SPEC)
    with pytest.raises(zk.Error, match="at least the crop"):
        zk.image(picture(size=(4, 4)), "crop=8,rgb")
    with pytest.raises(zk.Error):
        zk.image(picture(), "resize=many")
    with pytest.raises(FileNotFoundError):
        zk.image(tmp_path / "none.png", SPEC)
    # The model takes no picture of this size.
    with pytest.raises(zk.Error, match="dimensions of an image"):
        compiled(network([1, 3, 9, 9]), calibration=np.ones((1, 3, 9, 9)), image=SPEC)
