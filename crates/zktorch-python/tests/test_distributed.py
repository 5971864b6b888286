"""Proofs on a cluster of Ray's, which is this machine: workers and drivers are killed, and nothing is lost or wrong."""

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
import warnings
from pathlib import Path

import numpy as np
import pytest
from conftest import compiled, mlp

import zktorch as zk

ray = pytest.importorskip("ray")
distributed = pytest.importorskip("zktorch.distributed")

SHARDS = 4
MARK = "ZKTORCH_TEST_CLUSTER"


@pytest.fixture(scope="module")
def cluster():
    # Workers have this in their environment: none of another cluster is killed.
    os.environ[MARK] = mark = uuid.uuid4().hex
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    context = ray.init(
        num_cpus=2, object_store_memory=128 << 20, include_dashboard=False, logging_level="error", log_to_driver=False
    )
    yield mark, context.address_info["gcs_address"]
    ray.shutdown()


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A key in shards whose proofs take seconds, its verifying key, and an input."""
    x = np.random.default_rng(1).normal(0, 1, (256, 128)).astype(np.float32)
    model = compiled(mlp(256, 128, SHARDS), calibration=x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        pk, vk = model.setup(zk.SRS.dev(), shards=SHARDS)
    path = tmp_path_factory.mktemp("keys") / "m.pk"
    pk.save(path)
    return path, vk, x


def accepted(vk, proof, statement):
    return vk.verify(proof, statement, model_id=vk.model_id, allow_insecure_srs=True)


def working(mark, name):
    """The process of a worker that is at a task, if there is one."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.joinpath("cmdline").read_bytes().startswith(b"ray::" + name.encode()):
                if f"{MARK}={mark}".encode() in process.joinpath("environ").read_bytes().split(b"\0"):
                    return int(process.name)
        except OSError:
            pass  # it has ended
    return None


def test_shards_of_one_proof(cluster, saved):
    path, vk, x = saved
    done = []
    proof = distributed.prove(path, x, workers=2, progress=done.append)
    verified = accepted(vk, proof.proof, proof.statement)
    assert all((verified.outputs[name] == value).all() for name, value in zk.load(path).run(x).items())
    assert [str(shard).split(" in ")[0] for shard in proof.shards] == [
        f"shard {index + 1} of {SHARDS}: proved" for index in range(SHARDS)
    ]
    assert sorted(done, key=lambda shard: shard.index) == list(proof.shards)
    assert proof.bytes_moved == sum(map(sum, (shard.bytes_moved for shard in proof.shards))) > 0
    print(f"one proof in {SHARDS} shards: {proof.seconds:.2f} s, {proof.bytes_moved:,} bytes moved")


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds workers in /proc")
def test_a_worker_that_is_killed_costs_an_attempt(cluster, saved):
    path, vk, x = saved
    done, killed = [], []

    def kill():
        until = time.monotonic() + 60
        while not killed and time.monotonic() < until:
            process = working(cluster[0], "_prove_shard")
            if process is not None:
                os.kill(process, signal.SIGKILL)
                killed.append(process)
            time.sleep(0.002)

    killer = threading.Thread(target=kill)
    killer.start()
    proof = distributed.prove(path, x, workers=1, progress=done.append)
    killer.join()
    assert accepted(vk, proof.proof, proof.statement)
    failed = [event for event in done if event.event == "failed"]
    assert killed and len(failed) == 1 and "attempt 1" in str(failed[0]) and failed[0].error
    assert [shard.attempt for shard in proof.shards if shard.index == failed[0].index] == [2]


DRIVER = """
import sys, ray, numpy as np, zktorch.distributed as distributed
address, path, x, store, proof, statement = sys.argv[1:]
ray.init(address=address, logging_level="error", log_to_driver=False)
made = distributed.prove(path, np.load(x), workers=1, store=store, progress=lambda done: print(done, flush=True))
made.save(proof, statement)
"""


def test_a_driver_that_is_killed_goes_on(cluster, saved, tmp_path):
    path, vk, x = saved
    np.save(tmp_path / "x.npy", x)
    files = [tmp_path / name for name in ("x.npy", "store", "proof.bin", "statement.json")]
    command = [sys.executable, "-c", DRIVER, cluster[1], str(path), *map(str, files)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as driver:
        lines = [driver.stdout.readline() for _ in range(2)]
        driver.send_signal(signal.SIGKILL)
    assert all(": proved in" in line for line in lines) and not files[2].exists()
    # Values and blinds are in there: for its owner alone.
    kept = [path for path in files[1].rglob("*") if path.is_file()]
    assert files[1].stat().st_mode & 0o777 == 0o700 and all(path.stat().st_mode & 0o777 == 0o600 for path in kept)
    leaves = [path for path in kept if path.suffix == ".leaf"]
    assert len(leaves) >= 2
    # One of them is damaged meanwhile: that shard is proved again.
    leaves[0].write_bytes(leaves[0].read_bytes()[:-1])
    resumed = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout.splitlines()
    assert sum(": found" in line for line in resumed) == len(leaves) - 1
    assert sum(": proved in" in line for line in resumed) == SHARDS - len(leaves) + 1
    assert accepted(vk, zk.load(files[2]), zk.load(files[3]))
    assert not list(files[1].glob("*.part")), "no secrets are left"


def test_many_proofs_are_resumed(cluster, digits, tmp_path):
    digits.pk.save(tmp_path / "m.pk")
    xs, done = list(digits.images[:5]), []
    prove = lambda xs: distributed.prove_many(tmp_path / "m.pk", xs, store=tmp_path / "store", progress=done.append)
    first = prove(xs[:3])
    assert first.proved == 3 and first.bytes_moved > 0
    # One is damaged; one is accepted, but is another's.
    (first.folders[0] / "proof.bin").write_bytes(b"damaged")
    for name in ("proof.bin", "statement.json"):
        (first.folders[1] / name).write_bytes((first.folders[2] / name).read_bytes())
    done.clear()
    both = prove([*xs, xs[4]])
    assert both.folders[:3] == first.folders and both.folders[5] == both.folders[4] and both.proved == 4
    assert [event.index for event in done if event.event == "found"] == [2]
    for folder, x in zip(both.folders, xs):
        verified = accepted(digits.vk, zk.load(folder / "proof.bin"), zk.load(folder / "statement.json"))
        (stated,) = verified.inputs.values()
        assert np.abs(stated.reshape(-1) - x).max() < 0.01
        with np.load(folder / "outputs.npz") as outputs:
            assert all((outputs[name] == value).all() for name, value in verified.outputs.items())
        assert (folder / "outputs.npz").stat().st_mode & 0o777 == 0o600
    assert prove(xs).proved == 0
    # Another context is another proof.
    assert distributed.prove_many(tmp_path / "m.pk", xs[:1], store=tmp_path / "store", context=b"c").proved == 1


def test_what_cannot_be_proved_is_said_at_once(cluster, saved, digits, tmp_path):
    path, _, x = saved
    digits.pk.save(tmp_path / "m.pk")
    with pytest.raises(zk.Error, match="expected a key in shards"):
        distributed.prove(tmp_path / "m.pk", digits.images[0])
    with pytest.raises(zk.OutOfRange):
        distributed.prove(path, 1e6 * x)
    done = []
    with pytest.raises(zk.Error, match=r"proof 2 of 2 could not be proved \(attempt 1\)"):
        distributed.prove_many(
            tmp_path / "m.pk", [digits.images[0], 1e6 * digits.images[1]], store=tmp_path / "store", progress=done.append
        )
    with pytest.raises(ValueError, match="workers, threads"):
        distributed.prove(path, x, workers=0)
    # A worker compares the key that it finds with the model that it is asked for.
    with pytest.raises(zk.Error, match="expected the key of model 0000"):
        distributed._held_key(str(path), "00" * 32)
