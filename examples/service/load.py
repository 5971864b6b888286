"""Asks a service for many proofs, kills one of its workers meanwhile, and verifies everything: ``python load.py --requests 1000``.

It makes the key of a small classifier of digits, starts ``service.py`` with it, and asks with a challenge of its own each time. Every
proof is verified here, for the input and the challenge that were sent, and says what the model says. Nothing may be lost or wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List

import httpx
import numpy as np
import numpy.typing as npt

import zktorch as zk

FIXTURES = Path(__file__).parents[2] / "fixtures" / "digits"


@dataclass
class Result:
    requests: int
    seconds: float
    #: Answers with 429: each was asked for again.
    turned_away: int
    #: Requests that hung up, on purpose.
    cancelled: int
    #: What the service counted.
    health: Dict[str, Any]

    def __str__(self) -> str:
        lost = self.health["workers_lost"]
        return (
            f"{self.requests} proofs in {self.seconds:.1f} s, all accepted and right; {lost} worker killed, {self.turned_away} answers "
            f"with 429, {self.cancelled} requests that hung up ({self.health['cancelled']} of them taken out or ended)"
        )


class Client:
    """Asks for proofs, and believes nothing."""

    def __init__(self, http: httpx.AsyncClient, key: zk.ProvingKey, vk: zk.VerifyingKey) -> None:
        self.http, self.key, self.vk = http, key, vk
        self.turned_away, self.cancelled = 0, 0

    async def ask(self, image: npt.NDArray[np.float32]) -> None:
        challenge = secrets.token_bytes(16)
        (name,) = self.key.inputs
        wanted = {"inputs": {name: image.tolist()}, "context": challenge.hex()}
        answered = (await self.http.post("/infer", json={"inputs": wanted["inputs"]})).raise_for_status().json()["outputs"]
        while True:
            response = await self.http.post("/prove", json=wanted)
            if response.status_code != 429:
                break
            self.turned_away += 1
            await asyncio.sleep(float(response.headers["retry-after"]) * (1 + secrets.randbelow(100) / 100))
        await asyncio.to_thread(self.check, response.raise_for_status().json(), image, challenge, answered)

    def check(self, got: Dict[str, Any], image: npt.NDArray[np.float32], challenge: bytes, answered: Dict[str, Any]) -> None:
        files = {name: base64.b64decode(data) for name, data in got["files"].items()}
        statement = zk.Statement.from_json(got["statement"], files)
        verified = self.vk.verify(
            base64.b64decode(got["proof"]),
            statement,
            model_id=self.key.model_id,
            context=challenge,
            allow_insecure_srs=True,  # the key of this program
        )
        (stated,) = verified.inputs.values()
        if np.abs(stated - image).max() > 0.01:
            raise AssertionError("a proof for another input")
        own = self.key.run(image)
        for name, value in verified.outputs.items():
            if not (np.array_equal(value, own[name]) and np.array_equal(value, np.asarray(answered[name]))):
                raise AssertionError("another answer than the model's")

    async def hang_up(self, image: npt.NDArray[np.float32]) -> None:
        (name,) = self.key.inputs
        while True:
            asking = asyncio.create_task(self.http.post("/prove", json={"inputs": {name: image.tolist()}}))
            await asyncio.wait([asking], timeout=0.1)
            if not asking.done():
                break
            if asking.result().status_code == 200:
                return  # it was too fast
            await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        self.cancelled += 1


async def load(http: httpx.AsyncClient, client: Client, requests: int, at_a_time: int) -> Result:
    with np.load(FIXTURES / "heldout.npz") as heldout:
        images = np.asarray(heldout["images"], dtype=np.float32)
    began, left, done = time.monotonic(), iter(range(requests)), 0
    hung_up = max(1, requests // 50)

    async def ask() -> None:
        nonlocal done
        for index in left:
            await client.ask(images[index % len(images)][None])
            done += 1

    async def disturb() -> None:
        while done < requests // 4:
            await asyncio.sleep(0.05)
        process: List[int] = (await http.get("/health")).json()["processes"]
        os.kill(process[0], signal.SIGKILL)
        for index in range(hung_up):
            await client.hang_up(images[index][None])

    await asyncio.gather(disturb(), *(ask() for _ in range(at_a_time)))
    return Result(requests, time.monotonic() - began, client.turned_away, client.cancelled, (await http.get("/health")).json())


async def ready(http: httpx.AsyncClient, service: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and service.poll() is None:
        try:
            (await http.get("/health")).raise_for_status()
            return
        except httpx.TransportError:
            await asyncio.sleep(0.1)
    raise RuntimeError("the service did not start")


async def measure(requests: int, at_a_time: int, workers: int, waiting: int) -> Result:
    with np.load(FIXTURES / "calibration.npz") as calibration:
        samples = calibration["images"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of the development SRS
        pk, vk = zk.compile(FIXTURES / "mlp.onnx", calibration=samples).setup(zk.SRS.dev())
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        pk.save(Path(folder) / "model.pk")
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
        free.close()
        program = str(Path(__file__).with_name("service.py"))
        command = [sys.executable, program, str(Path(folder) / "model.pk"), "--port", port]
        command += ["--workers", str(workers), "--waiting", str(waiting)]
        said = open(Path(folder) / "said", "w+")  # not a pipe, which nobody reads meanwhile
        service = subprocess.Popen(command, stderr=said)
        limits = httpx.Limits(max_connections=None)
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=300, limits=limits) as http:
                await ready(http, service)
                result = await load(http, Client(http, pk, vk), requests, at_a_time)
        finally:
            service.terminate()
            service.wait()
            said.seek(0)
            sys.stderr.write(errors := said.read())
            said.close()
        if errors:
            raise AssertionError("the service complained")
        return result


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--at-a-time", type=int, default=50)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--waiting", type=int, default=16)
    parser.add_argument("--json", action="store_true", help="the numbers as JSON")
    given = parser.parse_args()
    result = asyncio.run(measure(given.requests, given.at_a_time, given.workers, given.waiting))
    print(json.dumps(result.__dict__) if given.json else result)


if __name__ == "__main__":
    main()
