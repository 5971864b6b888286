"""From scikit-learn to an accepted proof, and what is not accepted."""

import asyncio
import html
import io
import json

import numpy as np
import pytest

import zktorch as zk


def name_of(ports, index=0):
    return list(ports)[index]


@pytest.fixture(scope="module")
def proof(digits):
    return digits.pk.prove({name_of(digits.model.inputs): digits.images[:1]})


def scores(outputs):
    """The output with ten scores."""
    return next(value for value in outputs.values() if value.size == 10)


def test_end_to_end(digits, proof):
    verified = digits.vk.verify(
        proof.proof, proof.statement, model_id=digits.vk.model_id, allow_insecure_srs=True
    )
    assert verified.srs_insecure and verified.model_id == digits.pk.model_id
    assert scores(verified.outputs).argmax() == digits.classifier.predict(digits.images[:1])[0]
    assert np.array_equal(scores(verified.outputs), scores(proof.outputs))
    stated = verified.inputs[name_of(digits.model.inputs)]
    assert np.abs(stated.reshape(-1) - digits.images[0]).max() < 0.01
    assert {"witness", "commit", "relations", "sumcheck_a", "mira", "mask", "opening"} <= set(proof.stages)
    assert all(seconds >= 0 for seconds in proof.stages.values())


def test_one_array_is_enough_for_one_input(digits):
    proof = digits.pk.prove(digits.images[1], context=b"today")
    assert digits.vk.verify(
        proof.proof, proof.statement, model_id=zk.ANY_MODEL, context=b"today", allow_insecure_srs=True
    )


def test_the_verifier_has_to_say_which_model(digits, proof):
    with pytest.raises(TypeError, match="model_id"):
        digits.vk.verify(proof.proof, proof.statement, allow_insecure_srs=True)
    with pytest.raises(zk.Rejected, match="model"):
        digits.vk.verify(proof.proof, proof.statement, model_id="00" * 32, allow_insecure_srs=True)
    with pytest.raises(zk.Error, match="64 lowercase hexadecimal digits"):
        digits.vk.verify(proof.proof, proof.statement, model_id="mine", allow_insecure_srs=True)


def test_the_development_srs_is_refused(digits, proof):
    with pytest.raises(zk.SrsRefused):
        digits.vk.verify(proof.proof, proof.statement, model_id=digits.vk.model_id)
    with pytest.warns(UserWarning, match="anybody can forge"):
        digits.model.setup(srs=zk.SRS.dev())


def test_what_was_not_proved_is_rejected(digits, proof):
    verify = lambda proof, statement, **more: digits.vk.verify(
        proof, statement, model_id=digits.vk.model_id, allow_insecure_srs=True, **more
    )
    with pytest.raises(zk.Rejected, match="with a context of 5 bytes") as rejected:
        verify(proof.proof, proof.statement, context=b"other")
    assert rejected.value.reason == str(rejected.value)
    # Another output than the proof's.
    text, files = proof.statement.to_json()
    stated = json.loads(text)
    output = next(o for o in stated["outputs"] if len(o["integers"]) == 10)
    output["integers"][0] += 1
    step = output.get("multiplier", 1.0) * 2.0 ** -output["scale"]
    output["real"][0] = (output["integers"][0] - output.get("zero", 0)) * step
    with pytest.raises(zk.Rejected):
        verify(proof.proof, zk.Statement.from_json(json.dumps(stated), files))
    # Every byte counts: of the header, of the body, and their number.
    for at in (0, 20, 100, len(proof.proof) // 2, len(proof.proof) - 1):
        damaged = bytearray(proof.proof)
        damaged[at] ^= 1
        with pytest.raises(zk.Rejected):
            verify(bytes(damaged), proof.statement)
    for wrong in (b"", proof.proof[:-1], proof.proof + b"x", digits.vk.to_bytes()):
        with pytest.raises(zk.Rejected):
            verify(wrong, proof.statement)


def test_private_inputs_are_not_in_the_statement(digits):
    from conftest import compiled, dev_setup, dim

    exported = digits.onnx
    dims = {dim(exported): 1} if dim(exported) else None
    pk, vk = dev_setup(compiled(exported, calibration=digits.samples, private=("input",), dims=dims))
    proof = pk.prove(digits.images[0])
    assert proof.statement.inputs == {} and len(proof.statement.private) == 1
    assert vk.verify(proof.proof, proof.statement, model_id=vk.model_id, allow_insecure_srs=True)
    stated = json.loads(proof.statement.to_json()[0])["inputs"][0]
    assert stated["visibility"] == "private" and "integers" not in stated


def test_many_inferences_in_one_proof(digits):
    images = digits.images[:5]
    proof = digits.pk.prove_batch(list(images), context=b"today")
    verify = lambda statement, inferences=5: digits.vk.verify(
        proof.proof,
        statement,
        model_id=digits.vk.model_id,
        context=b"today",
        inferences=inferences,
        allow_insecure_srs=True,
    )
    for other in (1, 4):
        with pytest.raises(zk.Rejected, match=f"inferences: expected {other}, got 5"):
            verify(proof.statement, other)
    verified = verify(proof.statement)
    values = next(value for value in verified.outputs.values() if value.size == 50).reshape(5, 10)
    assert (values.argmax(axis=1) == digits.classifier.predict(images)).all()
    stated = verified.inputs[name_of(digits.model.inputs)]
    assert stated.shape[0] == 5 and np.abs(stated.reshape(5, -1) - images).max() < 0.01
    alone = [scores(digits.pk.prove(image).outputs) for image in images]
    assert np.array_equal(values, np.concatenate(alone).reshape(5, 10))
    # Of as many inferences as it says, in their order.
    text, files = proof.statement.to_json()
    stated = json.loads(text)
    assert stated["inferences"] == 5 and "inferences" not in json.loads(digits.pk.prove(images[0]).statement.to_json()[0])
    for tensor in stated["outputs"]:
        count = len(tensor["integers"]) // 5
        for values in (tensor["integers"], tensor["real"]):
            values[:] = values[count:] + values[:count]
    with pytest.raises(zk.Rejected):
        verify(zk.Statement.from_json(json.dumps(stated), files))
    with pytest.raises(zk.Error, match="one inference or more"):
        digits.pk.prove_batch([])


def test_files_are_the_command_lines(digits, proof, tmp_path):
    for what, name in [(digits.model, "m.zkt"), (digits.pk, "m.pk"), (digits.vk, "m.vk")]:
        what.save(tmp_path / name)
        loaded = zk.load(tmp_path / name)
        assert type(loaded) is type(what)
        assert loaded.to_bytes() == (tmp_path / name).read_bytes() == what.to_bytes()
        assert type(what).from_bytes(what.to_bytes()).to_bytes() == what.to_bytes()
        assert (tmp_path / name).read_bytes()[:8] == b"ZKTORCH\0"
    assert (tmp_path / "m.pk").stat().st_mode & 0o777 == 0o600
    proof.save(tmp_path / "proof.bin", tmp_path / "statement.json")
    vk = zk.load(tmp_path / "m.vk")
    verified = vk.verify(
        zk.load(tmp_path / "proof.bin"),
        zk.load(tmp_path / "statement.json"),
        model_id=digits.vk.model_id,
        allow_insecure_srs=True,
    )
    assert verified.statement == proof.statement
    again = zk.load(tmp_path / "m.pk").prove(digits.images[0])
    assert vk.verify(again.proof, again.statement, model_id=zk.ANY_MODEL, allow_insecure_srs=True)


def test_an_event_loop_goes_on(digits):
    async def main():
        ticks, stages = 0, []

        async def tick():
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.001)

        ticking = asyncio.create_task(tick())
        told = lambda stage, done, total, share: stages.append(stage)
        proof = await digits.pk.prove_async(digits.images[0], progress=told)
        await asyncio.sleep(0.01)
        ticking.cancel()
        return proof, ticks, stages

    proof, ticks, stages = asyncio.run(main())
    assert ticks > 1 and stages
    assert digits.vk.verify(proof.proof, proof.statement, model_id=zk.ANY_MODEL, allow_insecure_srs=True)


def test_inspection(digits):
    found = digits.model.inspect()
    assert found.supported and not found.unsupported and not found.problems
    assert found.estimated_seconds > 0 and found.estimated_memory_bytes > 0
    assert "operator" in str(found) and found.nodes[0].operator in repr(found)
    assert found.page.startswith("<!DOCTYPE html>") and "Quantisation error by layer" in found.page
    assert f'value="{found.committed_values}"' in found.page
    for shown in (found, digits.model):
        framed = shown._repr_html_()
        assert framed.startswith("<iframe srcdoc=")
        assert html.unescape(framed.split('"')[1]).replace('<base href="about:srcdoc">', "") == found.page
    proof = digits.pk.prove(digits.images[0])
    assert "opening" in proof.page and html.unescape(proof._repr_html_()).count("<!DOCTYPE html>") == 1
    buffer = io.BytesIO(digits.onnx.SerializeToString())
    assert zk.inspect(buffer.getvalue(), dims=None).nodes
