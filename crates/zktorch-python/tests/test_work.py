"""Threads, processes, callbacks, and work that is ended."""

import asyncio
import copy
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import pytest

import zktorch as zk


def test_threads_prove_at_the_same_time(digits):
    proofs, errors = {}, []

    def work(index):
        try:
            proofs[index] = digits.pk.prove(digits.images[index], threads=1 + index % 2)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    for proof in proofs.values():
        assert digits.vk.verify(proof.proof, proof.statement, model_id=zk.ANY_MODEL, allow_insecure_srs=True)


def test_the_lock_is_released(slow):
    pk, x = slow
    ticks, done = 0, threading.Event()

    def tick():
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0.001)

    ticking = threading.Thread(target=tick)
    ticking.start()
    start = time.monotonic()
    pk.prove(x)
    seconds = time.monotonic() - start
    done.set()
    ticking.join()
    assert ticks > 50 * seconds


def test_progress_goes_to_the_end(slow):
    pk, x = slow
    told = []
    proof = pk.prove(x, progress=lambda *now: told.append((threading.get_ident(), *now)))
    assert {thread for thread, *_ in told} == {threading.get_ident()}
    shares = [share for *_, share in told]
    assert shares == sorted(shares) and shares[-1] > 0.95
    assert all(0 <= done <= total for _, _, done, total, _ in told)
    assert len(told) > 5 and {stage for _, stage, *_ in told} <= set(proof.stages)


def test_an_exception_of_the_callback_ends_the_work(slow):
    pk, x = slow

    def stop(stage, done, total, share):
        raise KeyError(stage)

    start = time.monotonic()
    with pytest.raises(KeyError):
        pk.prove(x, progress=stop)
    assert time.monotonic() - start < 1.5


def test_a_cancelled_task_ends_the_work(slow, digits):
    pk, x = slow

    async def main():
        task = asyncio.create_task(pk.prove_async(x))
        await asyncio.sleep(0.3)
        start = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return start

    start = asyncio.run(main())  # waits for the thread of the executor
    assert time.monotonic() - start < 1.5
    assert digits.pk.prove(digits.images[0]), "and the next proof is made"


INTERRUPTED = """
import sys, threading, time, os, signal
sys.path.insert(0, sys.argv[1])
# A shell starts what it puts into the background with this signal ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
import numpy as np
from conftest import compiled, dev_setup, mlp
x = np.random.default_rng(1).normal(0, 1, (2048, 256)).astype(np.float32)
pk, _ = dev_setup(compiled(mlp(2048, 256, 3), calibration=x))
def interrupt():
    time.sleep(0.5)
    global start
    start = time.monotonic()
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt).start()
try:
    while True:
        pk.prove(x)
except KeyboardInterrupt:
    print("interrupted after", time.monotonic() - start)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_ctrl_c():
    run = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, os.path.dirname(__file__)], capture_output=True, text=True, timeout=300
    )
    assert run.stdout.startswith("interrupted after"), run.stderr
    assert float(run.stdout.split()[-1]) < 1


def test_keys_are_not_pickled(digits):
    for what in (digits.model, digits.pk, digits.vk):
        for copied in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(pickle.PicklingError, match="the path that it was saved to"):
                copied(what)


def test_proofs_are_pickled(digits):
    proof = digits.pk.prove(digits.images[0])
    again = pickle.loads(pickle.dumps(proof))
    assert again == proof and again.stages == proof.stages
    assert digits.vk.verify(again.proof, again.statement, model_id=zk.ANY_MODEL, allow_insecure_srs=True)
    for error in (zk.OutOfRange("text", "x", 2.0, (0.0, 1.0)), zk.UnsupportedOperator("text", [("n", "Op", "why")])):
        copied = pickle.loads(pickle.dumps(error))
        assert str(copied) == "text" and copied.__dict__ == error.__dict__


def prove_elsewhere(path, image, results):
    try:
        results.put(zk.load(path).prove(image))
    except zk.Error as error:
        results.put(str(error))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes(digits, tmp_path, method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {method} here")
    digits.pk.save(tmp_path / "m.pk")
    context = multiprocessing.get_context(method)
    results = context.Queue()
    process = context.Process(target=prove_elsewhere, args=(tmp_path / "m.pk", digits.images[0], results))
    process.start()
    result = results.get(timeout=120)
    process.join()
    if method == "fork":
        assert "spawn" in result
    else:
        assert digits.vk.verify(result.proof, result.statement, model_id=zk.ANY_MODEL, allow_insecure_srs=True)
