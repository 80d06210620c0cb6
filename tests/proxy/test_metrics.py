"""What Prometheus reads, through its own parser."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from litellm_lite.emulator import Emulator
from litellm_lite.proxy.exposition import CONTENT_TYPE, described
from litellm_lite.proxy.metrics import Metrics, merged
from litellm_lite.proxy.sharing import Shared
from tests.proxy.cold_calls import UPSTREAM_KEY, House, deployment, error_of
from tests.proxy.running import MASTER_KEY, Gateway
from tests.wire import PATIENCE_S, Wire, completion, problem

CHAT = {"model": "fast", "messages": [{"role": "user", "content": "prompt-canary"}]}
NEVER = 10**12


def at(wire: Wire, name: str = "fast", **params: Any) -> dict[str, Any]:
    return deployment(name, "openai/gpt-4o-mini", {"id": "one"}, api_base=wire.target["api_base"], **params)


def read(text: str) -> dict[str, list[Any]]:
    return {family.name: list(family.samples) for family in text_string_to_metric_families(text)}


def values(text: str, name: str, **labels: str) -> list[float]:
    """Return the values of a sample that has at least these labels."""
    return [
        sample.value
        for samples in read(text).values()
        for sample in samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]


def scraped(house: House) -> str:
    answer = house.get("/metrics")
    assert (answer.status, answer.headers["content-type"]) == (200, CONTENT_TYPE)
    return answer.body.decode()


@pytest.fixture
def house(wire: Wire) -> House:
    return House(at(wire), num_retries=0)


def test_a_request_is_counted_under_litellms_names(house: House, wire: Wire) -> None:
    wire.answers(completion("Hi.", model="gpt-4o-mini"))
    assert house.ask("POST", "/v1/chat/completions", CHAT).status == 200
    text = scraped(house)
    labels = {"requested_model": "fast", "model_group": "fast", "model_id": "one"}
    route = {"route": "/v1/chat/completions", "status_code": "200"}
    assert values(text, "litellm_proxy_total_requests_metric_total", **labels, **route) == [1]
    place = {"model": "openai/gpt-4o-mini", "api_provider": "openai", "api_base": wire.target["api_base"]}
    for name, least in (
        ("requests", 1),
        ("spend", 1e-9),
        ("input_tokens", 1),
        ("output_tokens", 1),
        ("total_tokens", 2),
    ):
        (found,) = values(text, f"litellm_{name}_metric_total", **labels, **place)
        assert found >= least
    (seconds,) = values(text, "litellm_request_total_latency_metric_sum", **labels, **place)
    assert 0 < seconds < PATIENCE_S
    assert values(text, "litellm_request_total_latency_metric_bucket", le="+Inf", **place) == [1]
    deployed = {"litellm_model_name": "openai/gpt-4o-mini", "model_group": "fast", "api_provider": "openai"}
    assert values(text, "litellm_deployment_success_responses_total", **deployed) == [1]
    assert values(text, "litellm_deployment_state", **deployed) == [0]


def test_a_failure_is_counted_with_its_class(house: House, wire: Wire) -> None:
    wire.answers(problem(429, "Slow down"))
    assert house.ask("POST", "/v1/chat/completions", CHAT).status == 429
    text = scraped(house)
    failed = {"status_code": "429", "exception_class": "RateLimitError"}
    assert values(text, "litellm_proxy_failed_requests_metric_total", **failed) == [1]
    assert values(text, "litellm_deployment_failure_responses_total", model_id="one") == [1]


def test_no_prompt_and_no_key_is_told_and_no_name_that_a_client_made_up(house: House, wire: Wire) -> None:
    wire.answers(problem(401, f"Incorrect API key provided: {UPSTREAM_KEY}"))
    house.ask("POST", "/v1/chat/completions", CHAT)
    house.ask("POST", "/v1/chat/completions", {**CHAT, "model": "made-up"})
    house.get("/made/up")
    text = scraped(house)
    assert not any(secret in text for secret in (UPSTREAM_KEY, MASTER_KEY, "prompt-canary", "made"))
    assert values(text, "litellm_proxy_total_requests_metric_total", route="(other)", status_code="404") == [1]


def test_what_the_vendor_says_is_left_is_told_while_it_holds(house: House, wire: Wire) -> None:
    assert values(scraped(house), "litellm_remaining_requests_metric") == []
    left = {"x-ratelimit-remaining-requests": "41", "x-ratelimit-remaining-tokens": "9000"}
    resets = {"x-ratelimit-reset-requests": "60s", "x-ratelimit-reset-tokens": "60s"}
    wire.answers(completion("Hi.", {**left, **resets}))
    house.ask("POST", "/v1/chat/completions", CHAT)
    text = scraped(house)
    assert values(text, "litellm_remaining_requests_metric", model_id="one") == [41]
    assert values(text, "litellm_remaining_tokens_metric", api_provider="openai") == [9000]


def test_a_deployment_that_rests_is_told_and_counted(wire: Wire, new_wire: Any) -> None:
    well = new_wire()
    other = deployment("fast", "openai/m", {"id": "two"}, api_base=well.target["api_base"], order=2)
    house = House(at(wire, order=1), other, num_retries=0)
    wire.answers(problem(429, "Slow down", {"retry-after": "30"}))
    well.answers(completion("Hi."))
    house.ask("POST", "/v1/chat/completions", CHAT)
    text = scraped(house)
    assert values(text, "litellm_deployment_cooled_down_total", model_id="one") == [1]
    assert values(text, "litellm_deployment_state", model_id="one") == [2]
    assert values(scraped(house), "litellm_deployment_cooled_down_total", model_id="one") == [1]


def test_every_metric_that_is_described_is_told_with_its_labels_and_no_other(house: House, wire: Wire) -> None:
    left = {"x-ratelimit-remaining-requests": "41", "x-ratelimit-remaining-tokens": "9000"}
    wire.answers(completion("Hi.", left))
    house.ask("POST", "/v1/chat/completions", CHAT)
    families = text_string_to_metric_families(scraped(house))
    told = {each.name + ("_total" if each.type == "counter" else ""): each for each in families}
    names = {each.name for each in described()}
    assert told.keys() == names
    for each in described():
        assert told[each.name].type == each.kind
        assert all(sample.labels.keys() - {"le"} == set(each.labels) for sample in told[each.name].samples)


def test_metrics_want_the_key_like_all_else(house: House) -> None:
    answer = house.get("/metrics", key=False)
    assert (answer.status, error_of(answer)["code"]) == (401, "invalid_api_key")


def shared(folder: Path | None, metrics: Metrics, in_flight: int = 0, cooldowns: int = 0) -> Shared:
    report = {
        "id": "one",
        "model_name": "fast",
        "model": "openai/m",
        "provider": "openai",
        "cooldowns": cooldowns,
        "remaining_requests": (7, 60.0),
        "remaining_tokens": None,
    }
    return Shared(
        metrics,
        None if folder is None else str(folder),
        in_flight=lambda: in_flight,
        reports=lambda: [report],
        epoch_s=lambda: 1000.0,
    )


def counted(requests: int) -> Metrics:
    metrics = Metrics()
    series = metrics._series(("/v1/chat/completions", *[""] * 8))
    series.counts["requests"] += requests
    for _ in range(requests):
        series.observe("total", 0.3)
    metrics.changes += 1
    return metrics


def requests_in(metrics: Metrics) -> float:
    return sum(series.counts["requests"] for series in metrics.series.values())


def test_workers_add_up_and_the_counts_of_those_that_have_ended_stay(tmp_path: Path) -> None:
    first, second = shared(tmp_path, counted(2), 1, 3), shared(tmp_path, counted(5), 2, 4)
    first.write()
    total = second.total()
    assert (requests_in(total), total.in_flight) == (7, 3)
    (series,) = total.series.values()
    assert sum(series.histograms["total"][:-1]) == 7
    assert [counts["cooldowns"] for counts in total.deployments.values()] == [7]
    assert list(total.remaining["remaining_requests"].values()) == [(7, 1060.0)]
    del first
    assert requests_in(second.total()) == 7


def test_requests_that_a_worker_took_with_it_are_under_way_no_more(tmp_path: Path) -> None:
    shared(tmp_path, counted(2), in_flight=4).write()
    (file,) = tmp_path.iterdir()
    file.rename(tmp_path / f"{_ended_process()}-00.json")
    total = shared(tmp_path, counted(1)).total()
    assert (requests_in(total), total.in_flight) == (3, 0)


def _ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_what_a_vendor_said_holds_no_longer_than_it_said() -> None:
    metrics = Metrics()
    shared(None, metrics).look()
    snapshot = metrics.snapshot()
    assert merged([snapshot], 1059.0).remaining["remaining_requests"]
    assert not merged([snapshot], 1060.0).remaining["remaining_requests"]


def test_nothing_is_written_twice_and_nothing_by_halves(tmp_path: Path) -> None:
    metrics = counted(1)
    worker = shared(tmp_path, metrics)
    worker.write()
    (file,) = tmp_path.iterdir()
    assert orjson.loads(file.read_bytes())["series"]
    file.write_bytes(b"")
    worker.write()
    assert file.read_bytes() == b""
    metrics.changes += 1
    worker.write()
    assert json.loads(file.read_text())["deployments"] == []


def test_a_folder_that_is_gone_is_told_and_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    worker = shared(tmp_path / "gone", counted(1))
    worker.write()
    assert "could not be written: No such file or directory" in caplog.text
    assert requests_in(worker.total()) == 1


def test_a_new_router_counts_from_the_start() -> None:
    metrics = Metrics()
    shared(None, metrics, cooldowns=3).look()
    shared(None, metrics, cooldowns=3).look()
    metrics.part()
    shared(None, metrics, cooldowns=2).look()
    assert [counts["cooldowns"] for counts in metrics.deployments.values()] == [5]


@pytest.fixture(scope="module")
def two_workers() -> Iterator[Gateway]:
    with Emulator() as emulator:
        place = {"model": "meta_llama/Llama-3.3-8B-Instruct", "api_base": emulator.compat_url}
        entry = {"model_name": "fast", "litellm_params": {**place, "api_key": emulator.api_key}}
        config = {"model_list": [entry], "general_settings": {"master_key": MASTER_KEY}}
        with Gateway(config, "--num_workers", "2") as gateway:
            yield gateway


# Each request comes over a connection of its own, so that either worker may get it.
HEADERS = {"authorization": f"Bearer {MASTER_KEY}", "connection": "close"}


def await_total(gateway: Gateway, total: float) -> None:
    """Return once whichever of the workers is asked tells that so many chats were answered."""
    seen: list[list[float]] = []
    deadline = time.monotonic() + PATIENCE_S
    while seen[-8:] != [[total]] * 8:
        assert time.monotonic() < deadline, seen
        text = httpx.get(f"{gateway.url}/metrics", headers=HEADERS).text
        labels = {"route": "/v1/chat/completions", "status_code": "200"}
        seen.append(values(text, "litellm_proxy_total_requests_metric_total", **labels))


@pytest.mark.slow
def test_two_workers_are_told_as_one_and_a_reload_loses_no_count(two_workers: Gateway) -> None:
    for _ in range(20):
        assert httpx.post(f"{two_workers.url}/v1/chat/completions", json=CHAT, headers=HEADERS).status_code == 200
    await_total(two_workers, 20)
    os.kill(two_workers.pid, signal.SIGHUP)
    assert httpx.post(f"{two_workers.url}/v1/chat/completions", json=CHAT, headers=HEADERS).status_code == 200
    await_total(two_workers, 21)


@pytest.mark.slow
def test_a_response_is_found_whichever_worker_is_asked(two_workers: Gateway) -> None:
    made = httpx.post(f"{two_workers.url}/v1/responses", json={"model": "fast", "input": "Hi"}, headers=HEADERS)
    assert made.status_code == 200, made.text
    for _ in range(16):
        assert httpx.get(f"{two_workers.url}/v1/responses/{made.json()['id']}", headers=HEADERS).status_code == 200
