"""The example of a service: many requests, a worker that is killed, clients that hang up; nothing is lost or wrong."""

import asyncio
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("fastapi")
httpx = pytest.importorskip("httpx")

SERVICE = Path(__file__).parents[3] / "examples" / "service"
sys.path.insert(0, str(SERVICE))


def test_a_hundred_requests():
    import load

    # Raises for whatever is lost, wrong or not accepted, and for a traceback of the service.
    result = asyncio.run(load.measure(requests=100, at_a_time=50, workers=2, waiting=8))
    print(result)
    assert result.requests == 100 and result.turned_away > 0
    assert result.health["workers_lost"] == 1 and len(result.health["processes"]) == 2
    # One may have been made just when its client hung up.
    assert 1 <= result.health["cancelled"] <= result.cancelled
    assert result.health["proved"] >= 100 and result.health["refused"] == 0


def test_inputs_that_are_none_are_refused(digits, tmp_path):
    import service

    digits.pk.save(tmp_path / "m.pk")
    app = service.application(str(tmp_path / "m.pk"), workers=1, waiting=0)

    async def asked():
        transport = httpx.ASGITransport(app)
        async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            x = digits.images[0].tolist()
            (name,) = digits.pk.inputs
            outputs = (await client.post("/infer", json={"inputs": {name: x}})).json()["outputs"]
            own = digits.pk.run(digits.images[0])
            assert all(np.array_equal(np.asarray(outputs[key]), value) for key, value in own.items())
            for path in ("/infer", "/prove"):
                for inputs in ({}, {"y": x}, {name: x[1:]}, {name: [x, [1]]}, {name: 1.0}):
                    assert (await client.post(path, json={"inputs": inputs})).status_code == 422, inputs
                assert (await client.post(path, content=b"x" * (service.MOST + 1))).status_code == 413
            refused = await client.post("/infer", json={"inputs": {name: [1e9] * len(x)}})
            assert refused.status_code == 422 and "expected from" in refused.json()["detail"]
            wrong = await client.post("/prove", json={"inputs": {name: x}, "context": "no"})
            assert wrong.status_code == 422
            full = await client.post("/prove", json={"inputs": {name: x}})
            assert full.status_code == 429 and int(full.headers["retry-after"]) > 0

    asyncio.run(asked())
