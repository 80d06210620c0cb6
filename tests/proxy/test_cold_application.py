"""A worker from its start to its end: what it is ready for, and what it has counted."""

from __future__ import annotations

import asyncio
import gc
import io
import logging
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from litellm_lite.proxy import config
from litellm_lite.proxy.application import Application
from tests.proxy.cold_calls import BEARER, UPSTREAM_KEY, error_of
from tests.proxy.running import MASTER_KEY, Answer, ask

CONFIG = f"""
model_list:
- {{model_name: fast, litellm_params: {{model: openai/m, api_base: "http://127.0.0.1:9/v1", api_key: {UPSTREAM_KEY}}}}}
general_settings: {{master_key: {MASTER_KEY}}}
"""


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """A worker has its process to itself, and sets it up as it likes."""
    logger, thresholds = logging.getLogger("litellm_lite"), gc.get_threshold()
    before = logger.handlers[:], logger.propagate, logger.level
    yield
    logger.handlers[:], logger.propagate, logger.level = before
    gc.set_threshold(*thresholds)
    gc.unfreeze()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG)
    return path


def worker(file: Path, folder: str | None = None) -> Application:
    return Application(lambda: config.load(str(file)), stream=io.BytesIO(), folder=folder)


async def living(app: Application, during: Callable[[], Awaitable[None]]) -> list[str]:
    """Take an application through its lifespan, and return what it said of it."""
    said: list[str] = []
    steps = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> dict[str, str]:
        step = next(steps)
        if step == "lifespan.shutdown":
            await during()
        return {"type": step}

    async def send(message: Any) -> None:
        said.append(message["type"])

    await app({"type": "lifespan"}, receive, send)
    return said


async def get(app: Application, path: str) -> Answer:
    return await ask(app, path, headers=BEARER, method="GET")


def test_a_worker_is_ready_between_its_start_and_its_end(file: Path) -> None:
    app, found = worker(file), list[tuple[int, str]]()

    async def ready() -> None:
        answer = await get(app, "/health/readiness")
        found.append((answer.status, answer.json["status"]))

    async def whole() -> list[str]:
        said = await living(app, ready)
        await ready()
        return said

    assert asyncio.run(whole()) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert found == [(200, "healthy"), (503, "draining")]


def test_what_was_counted_stays_when_the_configuration_is_read_anew(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(CONFIG.replace("fast", "slow"))
    files = iter([file, other])
    app, found = Application(lambda: config.load(str(next(files))), stream=io.BytesIO()), list[bytes]()

    async def reload() -> None:
        await get(app, "/v1/models")
        assert app._reload.again()
        found.append((await get(app, "/metrics")).body)

    asyncio.run(living(app, reload))
    line = 'litellm_proxy_total_requests_metric_total{exception_class="",model_group="",model_id="",requested_model="",'
    assert f'{line}route="/models",status_code="200"}} 1.0' in found[0].decode()
    assert b'model_group="slow"' in found[0]
    assert (
        b'litellm_deployment_state{api_provider="openai",litellm_model_name="openai/m",model_group="fast"'
        not in found[0]
    )


def test_a_worker_writes_what_it_has_counted_before_it_is_gone(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    app = worker(file, str(folder))

    async def one() -> None:
        await get(app, "/v1/models")

    asyncio.run(living(app, one))
    (left,) = folder.iterdir()
    snapshot = orjson.loads(left.read_bytes())
    assert [counts["requests"] for _, counts, _ in snapshot["series"]] == [1]
    assert snapshot["in_flight"] == 0


def test_without_a_configuration_nothing_is_ready_and_no_client_learns_why(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("model_list: secret-canary")
    app = worker(file)
    for path in ("/health/readiness", "/v1/models"):
        answer = asyncio.run(get(app, path))
        assert (answer.status, error_of(answer)["code"]) == (503, "503")
        assert "config.yaml" not in answer.body.decode()
    assert "config.yaml:1: model_list" in capsys.readouterr().err
    file.write_text(CONFIG)
    assert asyncio.run(get(app, "/v1/models")).status == 200
