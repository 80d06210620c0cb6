"""The line that is logged of a request: what was so, and nothing that nobody knows."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from litellm_lite.proxy.exchange import Exchange
from litellm_lite.proxy.journal import Journal
from litellm_lite.proxy.log import RequestLog, line
from litellm_lite.proxy.metrics import Metrics
from litellm_lite.proxy.telling import Record
from tests.proxy.cold_calls import House, deployment
from tests.wire import DONE, Reset, Send, Wire, chunk, chunk_frame, completion, event, stream, stream_head

ASK = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
COUNTS = ("prompt_tokens", "completion_tokens", "cost")


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire() as made:
        yield made


@pytest.fixture
def house(wire: Wire) -> House:
    priced = {"input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6}
    entry = deployment("m", "openai/m", priced, api_base=f"{wire.url}/v1")
    entry["litellm_params"]["api_key"] = "sk-upstream"
    return House(entry, num_retries=0)


def logged(house: House, **asked: Any) -> dict[str, Any]:
    house.ask("POST", "/v1/chat/completions", {**ASK, **asked})
    return line(house.noted[-1])


def test_what_the_vendor_counted_is_told(house: House, wire: Wire) -> None:
    wire.answers(completion())
    told = logged(house)
    assert told["prompt_tokens"] > 0
    assert told["cost"] > 0
    assert told["level"] == "info"


def test_of_an_answer_that_nobody_counted_no_tokens_are_told(house: House, wire: Wire) -> None:
    whole = [event(chunk("Hello.")), event(chunk(finish="stop")), DONE]
    wire.answers(stream(whole))
    told = logged(house, stream=True)
    assert told["status"] == 200
    assert not any(name in told for name in COUNTS)
    (series,) = house.metrics.series.values()
    assert (series.counts["unpriced"], series.counts["spend"]) == (1, 0)


def test_a_stream_that_broke_off_is_an_error_under_status_200(house: House, wire: Wire) -> None:
    wire.answers([*stream_head(), Send(chunk_frame(event(chunk("Hel")))), Reset()])
    told = logged(house, stream=True)
    assert (told["status"], told["level"], told["error"]) == (200, "error", "APIConnectionError")
    assert told["attempts"][-1]["outcome"] == "cut"
    assert not any(name in told for name in COUNTS)


def test_of_several_answers_one_that_was_not_counted_leaves_no_sum() -> None:
    record = Record(made_exchange(), "/v1/completions")
    record.charge({"prompt_tokens": 3, "completion_tokens": 2}, None)
    record.charge(None, None)
    assert (record.prompt_tokens, record.completion_tokens, record.dollars) == (None, None, None)


@pytest.mark.parametrize("count", [-1, 1.5, "3", True, None])
def test_a_count_that_is_none_is_not_told(count: object) -> None:
    record = Record(made_exchange(), "/v1/embeddings")
    record.charge({"prompt_tokens": count}, None)
    assert record.prompt_tokens is None


def test_the_time_is_that_of_the_end_and_not_of_writing_it_down() -> None:
    exchange = made_exchange()
    exchange.close()
    took_ms, told = exchange.elapsed_ms, line(Record(exchange, "/v1/completions"))
    assert told["time"] == datetime.fromtimestamp(exchange.ended_at, UTC)
    assert exchange.elapsed_ms == took_ms


@pytest.mark.parametrize("requests", [1, 31, 32, 100])
def test_every_request_is_entered_once_and_at_the_end_at_the_latest(requests: int) -> None:
    stream, metrics = io.BytesIO(), Metrics()

    async def serve() -> None:
        journal = Journal(metrics, RequestLog(stream))
        for number in range(requests):
            exchange = made_exchange()
            exchange.call_id, exchange.status = str(number), 404
            exchange.close()
            journal.note(Record(exchange, "/v1/completions"))
        journal.close()

    asyncio.run(serve())
    assert [json.loads(each)["call_id"] for each in stream.getvalue().splitlines()] == [*map(str, range(requests))]
    assert sum(series.counts["requests"] for series in metrics.series.values()) == requests


def made_exchange() -> Exchange:
    async def nothing(*_: object) -> Any:
        return None

    async def make() -> Exchange:
        return Exchange({"headers": []}, nothing, nothing)

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(make())
    return Exchange({"headers": []}, nothing, nothing)
