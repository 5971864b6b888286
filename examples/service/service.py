"""A service that answers inferences, and proves them: ``python service.py model.pk``.

``POST /infer`` answers at once, without a proof. ``POST /prove`` answers with a proof when it is made. It waits in a bounded queue: if
that is full the answer is 429, with a time after which to ask again. Who hangs up takes the request out of the queue, or ends its work.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
from typing import Any, AsyncIterator, Dict, List, Optional, Union

import uvicorn
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from pool import Full, Pool, Refused, arrays
from pydantic import BaseModel, Field

import zktorch as zk

#: The most bytes of a request.
MOST = 16 << 20
#: Seconds after which to ask again.
AGAIN = 1

Numbers = Union[float, List[Any]]


class Inference(BaseModel):
    #: Arrays by name, as lists.
    inputs: Dict[str, Numbers]


class Wanted(Inference):
    #: The verifier's challenge, which makes the proof theirs: hexadecimal digits.
    context: str = Field(default="", pattern="^([0-9a-f]{2})*$", max_length=128)


def application(path: str, *, workers: int = 2, waiting: int = 16, threads: int = 1) -> FastAPI:
    key = zk.load(path)
    if not isinstance(key, zk.ProvingKey):
        raise SystemExit(f"{path}: expected a proving key")
    pool: Optional[Pool] = None

    @contextlib.asynccontextmanager
    async def alive(_: FastAPI) -> AsyncIterator[None]:
        nonlocal pool
        pool = Pool(path, key.model_id, workers, waiting, threads)
        await pool.start()
        try:
            yield
        finally:
            await pool.stop()

    app = FastAPI(title="Inferences with proofs", lifespan=alive)

    @app.middleware("http")
    async def limited(request: Request, proceed: Any) -> Any:
        if int(request.headers.get("content-length") or MOST + 1) > MOST and request.method == "POST":
            return JSONResponse({"detail": f"expected a length of at most {MOST} bytes"}, 413)
        return await proceed(request)

    def running() -> Pool:
        if pool is None:
            raise HTTPException(503, "not ready")
        return pool

    def taken(inputs: Dict[str, Numbers]) -> Dict[str, Any]:
        try:
            return arrays(inputs, key.inputs)
        except Refused as error:
            raise HTTPException(422, str(error)) from None

    @app.get("/key")
    def verifying_key() -> Dict[str, str]:
        """The key, for trying things out: a verifier has the model id from somewhere else."""
        return {"model_id": key.model_id, "vk": base64.b64encode(key.verifying_key().to_bytes()).decode()}

    @app.get("/health")
    def health() -> Dict[str, Any]:
        return {"waiting": running().waiting, "processes": running().processes, **running().counts.__dict__}

    @app.post("/infer")
    async def infer(wanted: Inference) -> Dict[str, Any]:
        inputs = taken(wanted.inputs)
        try:
            outputs = await asyncio.to_thread(key.run, inputs, threads=1)
        except zk.Error as error:
            raise HTTPException(422, str(error)) from None
        return {"outputs": {name: value.tolist() for name, value in outputs.items()}}

    @app.post("/prove")
    async def prove(wanted: Wanted, request: Request) -> Dict[str, Any]:
        inputs, context = taken(wanted.inputs), bytes.fromhex(wanted.context)
        proving = asyncio.create_task(running().prove(inputs, context))
        gone = asyncio.create_task(disconnected(request))
        try:
            await asyncio.wait([proving, gone], return_when=asyncio.FIRST_COMPLETED)
            if not proving.done():
                raise HTTPException(499, "nobody waits for the proof")
            proof, statement = await proving
        except Full:
            raise HTTPException(429, "too many requests wait", {"Retry-After": str(AGAIN)}) from None
        except Refused as error:
            raise HTTPException(422, str(error)) from None
        except asyncio.CancelledError:
            raise HTTPException(503, "the service ends") from None
        finally:
            proving.cancel()
            gone.cancel()
        text, files = statement.to_json()
        return {
            "proof": base64.b64encode(proof).decode(),
            "statement": text,
            "files": {name: base64.b64encode(data).decode() for name, data in files.items()},
        }

    return app


async def disconnected(request: Request) -> None:
    """Returns when the client has hung up."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pk", help="the proving key")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=2, help="processes that prove")
    parser.add_argument("--waiting", type=int, default=16, help="requests that may wait for them")
    parser.add_argument("--threads", type=int, default=1, help="threads of each worker")
    given = parser.parse_args()
    app = application(given.pk, workers=given.workers, waiting=given.waiting, threads=given.threads)
    uvicorn.run(app, host=given.host, port=given.port, log_level="warning")


if __name__ == "__main__":
    main()
