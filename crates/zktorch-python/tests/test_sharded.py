"""Keys in shards, and proofs whose shards are proved one by one."""

import warnings
from typing import NamedTuple

import numpy as np
import pytest
from conftest import compiled, mlp

import zktorch as zk

SHARDS = 3


class Cut(NamedTuple):
    model: zk.Model
    pk: zk.ProvingKey
    vk: zk.VerifyingKey
    x: np.ndarray


@pytest.fixture(scope="module")
def cut():
    x = np.random.default_rng(1).normal(0, 1, (4, 32)).astype(np.float32)
    model = compiled(mlp(4, 32, 3), calibration=x, private=("input",))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return Cut(model, *model.setup(zk.SRS.dev(), shards=SHARDS), x)


def accepted(cut, proof, **more):
    return cut.vk.verify(proof.proof, proof.statement, model_id=cut.pk.model_id, allow_insecure_srs=True, **more)


def test_a_key_in_shards_is_a_key(cut, tmp_path):
    assert cut.pk.shards == SHARDS and cut.vk.model_id == cut.pk.model_id
    assert cut.pk.verifying_key().to_bytes() == cut.vk.to_bytes()
    cut.pk.save(tmp_path / "m.pk")
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["m.pk", *(f"m.pk.shard{index}" for index in range(SHARDS))]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in tmp_path.iterdir())
    loaded = zk.load(tmp_path / "m.pk")
    loaded.save(tmp_path / "again.pk")
    stages = []
    for key in (cut.pk, loaded, zk.load(tmp_path / "again.pk")):
        proof = key.prove(cut.x, context=b"today", progress=lambda stage, done, total, share: stages.append(share))
        assert accepted(cut, proof, context=b"today").outputs
        assert "opening" in proof.page and proof.statement.private == ("x",)
        with pytest.raises(zk.Rejected):
            accepted(cut, proof)
    assert all(0 <= share <= 1 for share in stages) and max(stages) > 0.9
    with pytest.raises(zk.Error, match="save it"):
        cut.pk.to_bytes()
    with pytest.raises(zk.Error, match="expected one inference"):
        cut.pk.prove_batch([cut.x, cut.x])
    with pytest.raises(zk.OutOfRange):
        cut.pk.prove(1e6 * cut.x)
    (tmp_path / "m.pk.shard1").unlink()
    with pytest.raises(zk.Error, match="shard1"):
        loaded.prove(cut.x)


def test_what_is_run_is_what_is_proved(cut, digits):
    for pk, x in ((cut.pk, cut.x), (digits.pk, digits.images[0])):
        ran, proved = pk.run(x), pk.prove(x).outputs
        assert ran.keys() == proved.keys() and all((ran[name] == proved[name]).all() for name in ran)
    with pytest.raises(zk.OutOfRange):
        cut.pk.run(1e6 * cut.x)


def test_which_inference_a_statement_is_about(cut, digits):
    def given(x):
        return [(None, ("f", list(x.shape), x.tobytes()))]

    # Of a private input the outputs tell.
    for pk, x, other in ((cut.pk, cut.x, 0.5 * cut.x), (digits.pk, digits.images[0], digits.images[1])):
        statement = pk.prove(x, context=b"c").statement._inner
        assert pk._inner.is_about(given(x), statement, b"c")
        assert not pk._inner.is_about(given(other), statement, b"c")
    with pytest.raises(zk.Rejected):
        cut.pk._inner.is_about(given(cut.x), statement, b"c")


def test_a_model_that_is_not_cut_has_an_ordinary_key():
    x = np.ones((1, 4), np.float32)
    model = compiled(mlp(1, 4, 1), calibration=x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        pk, _ = model.setup(zk.SRS.dev(), shards=2)
    assert pk.shards >= 1 and pk.prove(x).outputs
    with pytest.raises(ValueError, match="shards: expected 1 or more"):
        model.setup(zk.SRS.dev(), shards=0)


def test_shards_are_proved_by_whoever_has_the_key(cut):
    key = cut.pk._inner
    run = key.start([(None, ("f", list(cut.x.shape), cut.x.tobytes()))], b"")
    again = key.resume(run.to_bytes())
    jobs = [run.job(index) for index in range(SHARDS)]
    assert jobs == [again.job(index) for index in range(SHARDS)], "a job has one name"
    leaves = [key.prove_job(job) for job in jobs]
    assert key.prove_job(jobs[0]) != leaves[0], "every attempt draws a nonce of its own"

    # What is not the leaf of this shard is not folded, and spoils nothing.
    damaged = bytearray(leaves[0])
    damaged[-40] ^= 1
    other = key.start([(None, ("f", list(cut.x.shape), cut.x.tobytes()))], b"")
    for wrong in (b"", bytes(damaged), leaves[1], key.prove_job(other.job(0)), leaves[0][:-1]):
        with pytest.raises((zk.Malformed, zk.Rejected, zk.Error)):
            again.add(0, wrong)
    with pytest.raises(zk.Error, match="expected one of 3"):
        again.add(SHARDS, leaves[0])
    with pytest.raises(zk.Error, match="expected one of 3"):
        again.job(SHARDS)
    for index in reversed(range(SHARDS)):
        again.add(index, leaves[index])
    with pytest.raises(zk.Rejected):
        again.add(0, leaves[0])
    proof, statement, *_ = again.finish()
    assert cut.vk.verify(proof, zk.Statement(statement), model_id=cut.pk.model_id, allow_insecure_srs=True)
    with pytest.raises(zk.Error, match="at its end"):
        again.finish()
    with pytest.raises(zk.Error):
        run.finish()  # leaves are missing


def test_a_run_is_of_one_key(cut):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        others, _ = cut.model.setup(zk.SRS.dev(), shards=SHARDS)
    run = others._inner.start([(None, ("f", list(cut.x.shape), cut.x.tobytes()))], b"")
    with pytest.raises(zk.Malformed, match="expected one of"):
        cut.pk._inner.resume(run.to_bytes())
    with pytest.raises(zk.Error):
        cut.pk._inner.prove_job(run.job(0))
    for wrong in (b"", run.job(0), run.to_bytes()[:-1]):
        with pytest.raises(zk.Malformed):
            cut.pk._inner.resume(wrong)
    with pytest.raises(zk.Malformed):
        cut.pk._inner.prove_job(run.to_bytes())
