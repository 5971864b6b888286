"""Processes that prove, a bounded queue in front of them, and what happens when one of them dies."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections import deque
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, Deque, Dict, List, Mapping, Optional, Set, Tuple

import numpy as np
import numpy.typing as npt

import zktorch as zk

#: What a proof is asked for: the inputs, and the verifier's context.
Request = Tuple[Dict[str, npt.NDArray[Any]], bytes]


class Full(Exception):
    """The queue is full: ask again later."""


class Refused(Exception):
    """The model does not take this input, or nobody could prove it."""


class Stopped(Exception):
    """Nobody waits any more."""


def work(path: str, model_id: str, threads: int, pipe: Connection) -> None:
    """A worker: proves what comes, one at a time. Whatever comes while it proves means that nobody waits for that any more."""
    key = zk.load(path)
    if not isinstance(key, zk.ProvingKey) or key.model_id != model_id:
        raise SystemExit(f"{path}: expected the proving key of model {model_id}")

    def stop(stage: str, done: int, total: int, share: float) -> None:
        if pipe.poll():
            raise Stopped

    pipe.send("ready")
    while True:
        try:
            request: Optional[Request] = pipe.recv()
            if request is None:
                continue  # came too late: the proof was done
            inputs, context = request
            try:
                proof = key.prove(inputs, context=context, threads=threads, progress=stop)
                pipe.send((proof.proof, proof.statement))
            except Stopped:
                pipe.send(None)
            except zk.Error as error:
                pipe.send(str(error))
        except (EOFError, KeyboardInterrupt):
            return  # the service has ended


@dataclass(eq=False)
class Job:
    request: Request
    answer: asyncio.Future[Tuple[bytes, zk.Statement]]
    attempts: int = 0


@dataclass(eq=False)
class Worker:
    process: SpawnProcess
    pipe: Connection
    #: What came out of the pipe; an exception once it is closed.
    came: asyncio.Queue[Any] = field(default_factory=asyncio.Queue)


@dataclass
class Counts:
    proved: int = 0
    refused: int = 0
    turned_away: int = 0
    cancelled: int = 0
    workers_lost: int = 0


class Pool:
    """``workers`` processes, which are spawned, and at most ``waiting`` requests that none of them has begun."""

    def __init__(self, path: str, model_id: str, workers: int, waiting: int, threads: int = 1) -> None:
        self.path, self.model_id, self.threads, self.limit = path, model_id, threads, waiting
        self.counts = Counts()
        self._queue: Deque[Job] = deque()
        self._more = asyncio.Condition()
        self._workers: Set[Worker] = set()
        self._tasks: List[asyncio.Task[None]] = []
        self._count = workers

    async def start(self) -> None:
        """Returns when all workers have read the key."""
        workers = [self._spawn() for _ in range(self._count)]
        for worker in workers:
            if isinstance(ready := await worker.came.get(), Exception):
                raise RuntimeError("a worker did not start") from ready
        self._tasks = [asyncio.create_task(self._serve(worker)) for worker in workers]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for job in self._queue:
            job.answer.cancel()
        for worker in list(self._workers):
            self._end(worker)

    @property
    def waiting(self) -> int:
        return len(self._queue)

    @property
    def processes(self) -> List[int]:
        return sorted(worker.process.pid for worker in self._workers if worker.process.pid is not None)

    async def prove(self, inputs: Mapping[str, npt.NDArray[Any]], context: bytes) -> Tuple[bytes, zk.Statement]:
        """A proof and its statement. To cancel the caller's task takes it out of the queue, or ends the work.

        Raises :class:`Full` at once if too many wait, :class:`Refused` if the model does not take these inputs.
        """
        if len(self._queue) >= self.limit:
            self.counts.turned_away += 1
            raise Full
        job = Job((dict(inputs), context), asyncio.get_running_loop().create_future())
        async with self._more:
            self._queue.append(job)
            self._more.notify()
        try:
            return await job.answer
        except asyncio.CancelledError:
            self.counts.cancelled += 1
            if job in self._queue:
                self._queue.remove(job)
            raise

    def _spawn(self) -> Worker:
        # Not forked: threads of zktorch do not survive that.
        spawn = multiprocessing.get_context("spawn")
        pipe, theirs = spawn.Pipe()
        arguments = (self.path, self.model_id, self.threads, theirs)
        process = spawn.Process(target=work, args=arguments, daemon=True)
        process.start()
        theirs.close()
        worker = Worker(process, pipe)
        self._workers.add(worker)
        loop = asyncio.get_running_loop()

        def read() -> None:
            try:
                worker.came.put_nowait(pipe.recv())
            except (EOFError, OSError) as error:
                loop.remove_reader(pipe.fileno())
                worker.came.put_nowait(error)

        loop.add_reader(pipe.fileno(), read)
        return worker

    def _end(self, worker: Worker) -> None:
        self._workers.discard(worker)
        asyncio.get_running_loop().remove_reader(worker.pipe.fileno())
        worker.pipe.close()
        worker.process.kill()
        worker.process.join()

    async def _serve(self, worker: Worker) -> None:
        """Gives a worker one job after the other; another worker takes its place when it dies."""
        while True:
            async with self._more:
                await self._more.wait_for(lambda: len(self._queue) > 0)
                job = self._queue.popleft()
            if job.answer.cancelled():
                continue
            job.attempts += 1
            try:
                worker.pipe.send(job.request)
                answered = await self._answered(worker, job)
            except OSError as error:
                answered = error
            if isinstance(answered, Exception):
                self.counts.workers_lost += 1
                self._again(job)
                self._end(worker)
                worker = self._spawn()
                await worker.came.get()  # ready; if it died at once, so does the next job's attempt
            elif isinstance(answered, tuple) and not job.answer.done():
                self.counts.proved += 1
                job.answer.set_result(answered)
            elif isinstance(answered, str) and not job.answer.done():
                self.counts.refused += 1
                job.answer.set_exception(Refused(answered))

    async def _answered(self, worker: Worker, job: Job) -> Any:
        """What comes of a job; told to stop when nobody waits for it any more."""
        came = asyncio.ensure_future(worker.came.get())
        await asyncio.wait([came, job.answer], return_when=asyncio.FIRST_COMPLETED)
        if not came.done():
            worker.pipe.send(None)
        return await came

    def _again(self, job: Job) -> None:
        if job.answer.done():
            return
        if job.attempts < 3:
            self._queue.appendleft(job)
        else:
            job.answer.set_exception(Refused(f"{job.attempts} workers died of it"))


def arrays(inputs: Mapping[str, Any], ports: Mapping[str, Tuple[int, ...]]) -> Dict[str, npt.NDArray[Any]]:
    """The inputs of a request, of which the extents are the model's."""
    if set(inputs) != set(ports):
        raise Refused(f"inputs: expected {sorted(ports)}, got {sorted(inputs)}")
    made: Dict[str, npt.NDArray[Any]] = {}
    for name, dims in ports.items():
        try:
            array: npt.NDArray[Any] = np.asarray(inputs[name])
            if array.dtype.kind not in "iufb":
                raise ValueError
            made[name] = (array if array.dtype.kind == "i" else array.astype(np.float32)).reshape(dims)
        except ValueError:
            raise Refused(f"input {name}: expected numbers of extents {list(dims)}") from None
    return made
