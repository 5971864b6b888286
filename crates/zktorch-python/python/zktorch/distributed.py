"""Proofs on a cluster of Ray's: the shards of one proof, or many proofs. ``pip install zktorch[ray]``.

>>> import ray, zktorch.distributed as distributed
>>> ray.init(address="auto")
>>> proof = distributed.prove("/shared/model.pk", x)
>>> many = distributed.prove_many("/shared/model.pk", xs, store="proofs")

Workers get the path of a key and the id of its model, and compare them; a key is never sent, nor is the nonce of a proof. The driver
believes nothing that workers give back: it verifies what it folds, and what it stores.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import shutil
import sys
import tempfile
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Deque, Dict, Generic, List, NamedTuple, Optional, Sequence, Tuple, TypeVar

import numpy as np

from . import _zktorch as native
from ._api import AnyPath, Proof, ProvingKey, Statement, load
from ._arrays import Inputs, made, named
from ._errors import Error, Malformed, Rejected

try:
    import ray
except ImportError as error:
    raise ImportError("zktorch.distributed needs Ray: pip install zktorch[ray]") from error

__all__ = ["DistributedProof", "Done", "Many", "prove", "prove_many"]


@dataclass(frozen=True)
class Done:
    """What became of a task: a shard, or one of many proofs. As text it is a line."""

    #: "shard" or "proof".
    what: str
    index: int
    of: int
    #: "proved"; "found", in the store; "failed", and is tried again.
    event: str
    seconds: float = 0.0
    #: How often it was tried.
    attempt: int = 1
    #: The host that proved it, and the process there.
    where: str = ""
    #: To the worker, and back.
    bytes_moved: Tuple[int, int] = (0, 0)
    #: Why it failed.
    error: str = ""

    def __str__(self) -> str:
        line = f"{self.what} {self.index + 1} of {self.of}: {self.event}"
        if self.event == "proved":
            sent, received = self.bytes_moved
            line += f" in {self.seconds:.2f} s by {self.where}, {sent:,} bytes to it and {received:,} back"
        if self.attempt > 1 or self.event == "failed":
            line += f" (attempt {self.attempt})"
        # The text of an error may come from a file or another machine.
        return line + (f": {self.error.encode('unicode_escape').decode()}" if self.error else "")


#: Is called with what became of each task.
Tell = Callable[[Done], object]


def _line(done: Done) -> None:
    print(done, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class DistributedProof(Proof):
    """A proof whose shards several processes have proved, and what that took. ``stages`` are the driver's."""

    shards: Tuple[Done, ...] = field(default=(), repr=False, compare=False)
    #: From the call to the proof.
    seconds: float = field(default=0.0, compare=False)
    #: Between driver and workers.
    bytes_moved: int = field(default=0, compare=False)


class Many(NamedTuple):
    """Many proofs in a store."""

    #: The folder of each, in the order of the inputs: ``proof.bin`` and ``statement.json`` (with the arrays that this names) for
    #: verifiers; ``outputs.npz``, which only its owner can read, has private outputs, too.
    folders: List[Path]
    #: How many were proved now; the others were there.
    proved: int
    seconds: float
    #: Between driver and workers.
    bytes_moved: int


def prove(
    pk_path: AnyPath,
    inputs: Inputs,
    *,
    workers: Optional[int] = None,
    threads: int = 1,
    context: bytes = b"",
    store: Optional[AnyPath] = None,
    retries: int = 2,
    progress: Tell = _line,
) -> DistributedProof:
    """Proves an inference, its shards by tasks of Ray's: :meth:`ProvingKey.prove` of a key in shards, elsewhere.

    ``pk_path`` is the key's, on every machine. ``workers`` tasks run at a time (as many as the cluster has processors for), each with
    so many ``threads``. A shard that fails, or whose worker dies, is tried again, ``retries`` times. ``progress`` is called with a
    :class:`Done` for every shard; without it a line is printed for each.

    With ``store``, a folder of the driver's, what was proved is kept until the proof is done: a driver that was killed goes on where it
    was when it is called with the same key, inputs and context. Until then the folder holds values of the inference and blinds.
    """
    began = time.monotonic()
    path, key = _key_at(pk_path)
    if not isinstance(key._inner, native.ShardedKey):
        raise Error(f"{path}: expected a key in shards (setup(.., shards=N)), got one in one piece: prove_many spreads whole proofs")
    arrays = named(inputs)
    kept = None if store is None else _Kept(_folder(store), _name(_folder(store), key, arrays, context))
    run = _begin(key._inner, arrays, context, kept)
    jobs, done = _Jobs(run, key, path, threads, kept), []

    def tell(event: Done) -> None:
        if event.event != "failed":
            done.append(event)
        progress(event)

    missing = [index for index in range(run.shards) if not jobs.found(index, tell)]
    moved = _work(_Tasks("shard", run.shards, jobs.submit, jobs.accept, tell, retries), missing, workers, threads)
    proof, statement, outputs, stages, page = run.finish()
    made_of = (proof, Statement(statement), made(outputs), dict(stages), page)
    if kept is not None:
        kept.remove()
    done.sort(key=lambda event: event.index)
    return DistributedProof(*made_of, tuple(done), time.monotonic() - began, moved)


def prove_many(
    pk_path: AnyPath,
    inputs: Sequence[Inputs],
    *,
    store: AnyPath,
    workers: Optional[int] = None,
    threads: int = 1,
    context: bytes = b"",
    retries: int = 2,
    progress: Tell = _line,
) -> Many:
    """Proves many inferences, each in a proof of its own, and each by one task; they are written to ``store``, a folder of the driver's,
    as they come. Called again, only those are proved that are not there, or not accepted: it can be killed at any time.

    The other arguments are those of :func:`prove`. The same input twice is proved once.
    """
    began = time.monotonic()
    path, key = _key_at(pk_path)
    folder, judge = _folder(store), _Judge(key, context)
    arrays = [named(given) for given in inputs]
    folders = [folder / _name(folder, key, given, context) for given in arrays]

    missing = []
    for index, place in enumerate(folders):
        if place in folders[:index]:
            continue
        if judge.accepts(place, arrays[index]):
            progress(Done("proof", index, len(folders), "found"))
        else:
            missing.append(index)

    task = ray.remote(_prove_whole).options(num_cpus=threads, num_returns=2, max_retries=0)

    def submit(index: int) -> _Submitted:
        told, result = task.remote(path, key.model_id, arrays[index], context, threads)
        return _Submitted(told, result, sum(len(data) for _, (_, _, data) in arrays[index]))

    def accept(index: int, proof: Proof) -> int:
        judge.verify(proof, arrays[index])
        _write_proof(folders[index], proof)
        return len(proof.proof) + sum(map(len, [proof.statement.to_json()[0], *proof.statement.to_json()[1].values()]))

    moved = _work(_Tasks("proof", len(folders), submit, accept, progress, retries), missing, workers, threads)
    return Many(folders, len(missing), time.monotonic() - began, moved)


# What workers do.

_held: Optional[Tuple[str, ProvingKey]] = None


def _held_key(path: str, model_id: str) -> ProvingKey:
    """The key at a path, if it is that of the model; it is kept for the next task."""
    global _held
    if _held is None or _held[0] != path or _held[1].model_id != model_id:
        key = load(path)
        if not isinstance(key, ProvingKey):
            raise Error(f"{path}: expected a proving key, got something else")
        if key.model_id != model_id:
            raise Error(f"{path}: expected the key of model {model_id}, got that of {key.model_id}: was it set up again?")
        _held = path, key
    return _held[1]


def _where() -> str:
    return f"{os.uname().nodename if hasattr(os, 'uname') else 'worker'}:{os.getpid()}"


#: Seconds, and where.
_Told = Tuple[float, str]


def _prove_shard(path: str, model_id: str, job: bytes, threads: int) -> Tuple[_Told, bytes]:
    key, began = _held_key(path, model_id)._inner, time.monotonic()
    if not isinstance(key, native.ShardedKey):
        raise Error(f"{path}: expected a key in shards, got one in one piece")
    leaf = key.prove_job(job, threads)
    return (time.monotonic() - began, _where()), leaf


def _prove_whole(path: str, model_id: str, arrays: Any, context: bytes, threads: int) -> Tuple[_Told, Proof]:
    key, began = _held_key(path, model_id)._inner, time.monotonic()
    proof, statement, outputs, stages, _ = key.prove([arrays], context, None, threads)
    return (time.monotonic() - began, _where()), Proof(proof, Statement(statement), made(outputs), dict(stages))


# What the driver does.

Result = TypeVar("Result")


class _Submitted(NamedTuple):
    """References of what a task says and of what it gives, and the bytes that it got."""

    told: Any
    result: Any
    sent: int


class _Tasks(NamedTuple, Generic[Result]):
    what: str
    of: int
    submit: Callable[[int], _Submitted]
    #: Takes a result, or raises; its bytes.
    accept: Callable[[int, Result], int]
    tell: Tell
    retries: int


def _work(tasks: _Tasks[Any], missing: Sequence[int], workers: Optional[int], threads: int) -> int:
    """Has these tasks done, so many at a time; the bytes that were moved for those that succeeded."""
    if workers is None:
        workers = max(1, int(ray.cluster_resources().get("CPU", 1)) // max(1, threads)) if missing else 1
    if workers < 1 or threads < 1:
        raise ValueError(f"workers, threads: expected 1 or more, got {workers}, {threads}")
    waiting: Deque[int] = deque(missing)
    attempts: Dict[int, int] = dict.fromkeys(missing, 0)
    running: Dict[Any, Tuple[int, _Submitted]] = {}
    moved = 0
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                index = waiting.popleft()
                attempts[index] += 1
                submitted = tasks.submit(index)
                running[submitted.told] = index, submitted
            for told in ray.wait(list(running), num_returns=1)[0]:
                index, (_, result, sent) = running.pop(told)
                done = Done(tasks.what, index, tasks.of, "failed", attempt=attempts[index])
                try:
                    seconds, where = ray.get(told)
                    # Fetched when it is folded, not before: one at a time is in this process.
                    received = tasks.accept(index, ray.get(result))
                except (ray.exceptions.RayError, Malformed, Rejected) as error:
                    _forget(result)
                    _failed(tasks, done, error)
                    waiting.append(index)
                    continue
                moved += sent + received
                proved = {"event": "proved", "seconds": seconds, "where": where, "bytes_moved": (sent, received)}
                tasks.tell(Done(**{**done.__dict__, **proved}))
    finally:
        for told in running:
            ray.cancel(told, force=True)
    return moved


def _forget(result: Any) -> None:
    """What nobody asks for is an error that Ray prints."""
    try:
        ray.get(result, timeout=0)
    except Exception:
        pass


def _failed(tasks: _Tasks[Any], done: Done, error: BaseException) -> None:
    """Tells it, or gives up. What would fail again is not tried again: an input that the model does not take, a key that is not there."""
    cause = getattr(error, "cause", None)
    refused = isinstance(cause, Error)
    text = str(cause) if refused else f"{type(error).__name__}: {(str(error).strip() or 'no reason').splitlines()[0]}"
    if refused or done.attempt > tasks.retries:
        message = f"{done.what} {done.index + 1} of {done.of} could not be proved (attempt {done.attempt}): {text}"
        raise Error(message) from error
    tasks.tell(Done(**{**done.__dict__, "error": text}))


class _Jobs:
    """The shards of a run as tasks."""

    def __init__(
        self, run: native.ShardedRun, key: ProvingKey, path: str, threads: int, kept: Optional[_Kept]
    ) -> None:
        self.run, self.path, self.model_id, self.threads, self.kept = run, path, key.model_id, threads, kept
        self.task = ray.remote(_prove_shard).options(num_cpus=threads, num_returns=2, max_retries=0)

    def found(self, index: int, tell: Tell) -> bool:
        """Folds the leaf that an earlier driver has kept, if there is one, and it is right."""
        leaf = None if self.kept is None else self.kept.leaf(self.run.job(index))
        if leaf is None:
            return False
        try:
            self.run.add(index, leaf)
        except Error:
            return False
        tell(Done("shard", index, self.run.shards, "found"))
        return True

    def submit(self, index: int) -> _Submitted:
        job = self.run.job(index)
        told, leaf = self.task.remote(self.path, self.model_id, ray.put(job), self.threads)
        return _Submitted(told, leaf, len(job))

    def accept(self, index: int, leaf: bytes) -> int:
        self.run.add(index, leaf)
        if self.kept is not None:
            self.kept.keep(self.run.job(index), leaf)
        return len(leaf)


def _begin(
    key: native.ShardedKey, arrays: List[native.Named], context: bytes, kept: Optional[_Kept]
) -> native.ShardedRun:
    """A run that was kept, or a new one."""
    if kept is not None:
        stored = kept.run()
        if stored is not None:
            try:
                return key.resume(stored)
            except Error:
                kept.remove()  # damaged: its leaves are of no use
    run = key.start(arrays, context)
    if kept is not None:
        kept.begin(run.to_bytes())
    return run


class _Kept:
    """The folder of a proof that is not done. Files appear whole, under their names; leaves under the hash of their job."""

    def __init__(self, store: Path, name: str) -> None:
        self.folder = store / f"{name}.part"

    def run(self) -> Optional[bytes]:
        return _read(self.folder / "run")

    def begin(self, run: bytes) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        _write(self.folder / "run", run)

    def _leaf(self, job: bytes) -> Path:
        return self.folder / f"{hashlib.sha256(job).hexdigest()}.leaf"

    def leaf(self, job: bytes) -> Optional[bytes]:
        return _read(self._leaf(job))

    def keep(self, job: bytes, leaf: bytes) -> None:
        _write(self._leaf(job), leaf)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def _read(path: Path) -> Optional[bytes]:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _write(path: Path, data: bytes) -> None:
    """A file that only its owner can read, whole or not at all."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _key_at(pk_path: AnyPath) -> Tuple[str, ProvingKey]:
    path = os.path.abspath(pk_path)
    key = load(path)
    if not isinstance(key, ProvingKey):
        raise Error(f"{path}: expected a proving key, got something else")
    return path, key


def _folder(store: AnyPath) -> Path:
    """The store, which is its owner's alone."""
    folder = Path(store)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _name(store: Path, key: ProvingKey, arrays: List[native.Named], context: bytes) -> str:
    """Under which an inference is stored. Keyed with a secret of the store: a name tells nobody who has a guess that an input is it."""
    secret = store / ".secret"
    if not secret.exists():
        _write(secret, os.urandom(32))
    digest = hmac.new(secret.read_bytes(), digestmod=hashlib.sha256)
    for part in (bytes.fromhex(key.model_id), context, repr([(name, kind, dims) for name, (kind, dims, _) in arrays]).encode()):
        digest.update(len(part).to_bytes(8, "little") + part)
    for _, (_, _, data) in arrays:
        digest.update(data)
    return digest.hexdigest()


class _Judge:
    """Accepts what a worker gave back, or what lies in a store: a proof, and about the inference that was asked for."""

    def __init__(self, key: ProvingKey, context: bytes) -> None:
        self.key, self.vk, self.context = key, key.verifying_key(), context

    def verify(self, proof: Proof, arrays: List[native.Named]) -> None:
        # The SRS is that of the caller's own key.
        self.vk.verify(
            proof.proof,
            proof.statement,
            model_id=self.vk.model_id,
            context=self.context,
            allow_insecure_srs=True,
            accept_srs=self.vk.srs_id,
        )
        if not self.key._inner.is_about(arrays, proof.statement._inner, self.context):
            raise Rejected("the proof is about another inference")

    def accepts(self, folder: Path, arrays: List[native.Named]) -> bool:
        """Whether a proof is there that is accepted. What is there and is not accepted is removed."""
        if not folder.is_dir():
            return False
        try:
            proof, statement = load(folder / "proof.bin"), load(folder / "statement.json")
            if isinstance(proof, bytes) and isinstance(statement, Statement):
                self.verify(Proof(proof, statement, {}, {}), arrays)
                return True
        except (Error, OSError):
            pass
        shutil.rmtree(folder)
        return False


def _write_proof(folder: Path, proof: Proof) -> None:
    """A folder with a proof, whole or not at all."""
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
    try:
        proof.save(temporary / "proof.bin", temporary / "statement.json")
        with open(os.open(temporary / "outputs.npz", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            np.savez(file, **proof.outputs)  # type: ignore[arg-type]
        try:
            os.rename(temporary, folder)
        except OSError:
            if not folder.is_dir():
                raise  # else another driver was first
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
