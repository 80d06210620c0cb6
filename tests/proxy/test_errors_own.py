"""Mistakes of the gateway's own, and ends from outside: nothing of them is shown, and all of them are noted."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from contextlib import closing
from typing import Any, cast

import pytest

from litellm_lite.errors import APIError
from litellm_lite.proxy.app import Gateway
from litellm_lite.proxy.auth import Keys
from litellm_lite.proxy.calling import answer_stream
from litellm_lite.proxy.chat import ChatVoice
from litellm_lite.proxy.exchange import Exchange
from litellm_lite.proxy.log import JsonFormatter
from litellm_lite.proxy.refusing import event_bytes
from litellm_lite.proxy.serving import Serving
from litellm_lite.proxy.stored import Store
from litellm_lite.proxy.telling import Record
from litellm_lite.router import Router
from tests.proxy.rude import ASK, CHAT, MESSAGES, UPSTREAM, configuration, deployment, half_a_stream, openai_error, said
from tests.proxy.running import Answer, ask
from tests.wire import DONE, HoldOpen, Pause, Wire, completion

JSON = {"content-type": "application/json"}
SCOPE = {"type": "http", "method": "POST", "path": CHAT, "headers": []}


class Broken:
    """A Router with a mistake in it."""

    def route(self, *_: Any, **__: Any) -> Any:
        raise ValueError(UPSTREAM)


class BrokenVoice(ChatVoice):
    """Tells the beginning of a stream, and then makes a mistake."""

    __slots__ = ("said",)

    def __init__(self) -> None:
        self.said = 0

    def say(self, chunk: dict[str, Any], place: int) -> bytes:
        self.said += 1
        if self.said > 1:
            raise ValueError(UPSTREAM)
        return super().say(chunk, place)


async def nobody(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError


@pytest.fixture
def noted() -> list[Record]:
    return []


@pytest.fixture
def store() -> Iterator[Store]:
    with closing(Store()) as made:
        yield made


def serving(wire: Wire, store: Store, **params: Any) -> Serving:
    config = configuration(wire, deployment(wire, "n", **params))
    return Serving(router=Router(config["model_list"], **config["router_settings"]), keys=Keys(None), store=store)


def told(gateway: Gateway, body: dict[str, Any]) -> Answer:
    return asyncio.run(ask(gateway, CHAT, body, JSON))


def test_a_mistake_is_told_without_its_text_and_logged_with_its_place(
    store: Store, noted: list[Record], caplog: pytest.LogCaptureFixture
) -> None:
    broken = Serving(router=cast("Router", Broken()), keys=Keys(None), store=store)

    answer = told(Gateway(broken, noted.append, nobody), ASK)

    assert answer.status == 500
    assert openai_error(answer.json)["message"].startswith("the gateway made a mistake")
    assert noted[0].exchange.status == 500
    (record,) = caplog.records
    line = json.loads(JsonFormatter().format(record))
    assert line["exception"] == "ValueError"
    assert noted[0].exchange.call_id in line["message"]
    assert any("test_errors_own.py" in place for place in line["place"])
    assert UPSTREAM not in str(answer.json) + json.dumps(line)


def test_a_traceback_in_a_message_of_the_servers_is_not_logged() -> None:
    message = (
        f"Application callable raised an exception\nTraceback (most recent call last):\n  x\nValueError: {UPSTREAM}"
    )
    record = logging.LogRecord("_granian", logging.ERROR, "", 0, message, None, None)

    line = json.loads(JsonFormatter().format(record))

    assert line["message"] == "Application callable raised an exception"


def test_a_mistake_in_the_middle_of_a_stream_is_told_inside_it(wire: Wire, store: Store) -> None:
    wire.answers(half_a_stream(Pause(0.05), said("lo."), HoldOpen()))
    way = serving(wire, store).way("m", MESSAGES, {}, stream=True)

    async def run() -> Answer:
        answer = Answer()
        exchange = Exchange(SCOPE, asyncio.Event().wait, answer.take)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="canary"):  # for the log
            await answer_stream(exchange, Record(exchange, CHAT), [way], BrokenVoice(), 60)
        return answer

    answer = asyncio.run(run())

    last = answer.body.split(b"\n\n")[-2]
    assert answer.ended
    assert openai_error(json.loads(last.removeprefix(b"data: ")))["message"].startswith("the gateway made a mistake")
    assert UPSTREAM.encode() not in answer.body
    assert DONE not in answer.body


def test_a_key_that_the_gateway_lacks_is_not_its_clients_fault(
    wire: Wire, store: Store, noted: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-gone-by-then")
    made = serving(wire, store, api_key=None)
    monkeypatch.delenv("OPENAI_API_KEY")

    answer = told(Gateway(made, noted.append, nobody), {**ASK, "model": "n"})

    assert answer.status == 500
    assert "OPENAI_API_KEY" in openai_error(answer.json)["message"]
    assert "www-authenticate" not in answer.headers
    assert not wire.requests


def test_a_budget_that_does_not_suffice_is_the_clients_affair(wire: Wire, store: Store, noted: list[Record]) -> None:
    made = serving(wire, store, input_cost_per_token=1, output_cost_per_token=1)

    answer = told(Gateway(made, noted.append, nobody), {**ASK, "model": "n", "budget": 0.5})

    assert answer.status == 400
    assert openai_error(answer.json)["code"] == "budget_exceeded"
    assert not wire.requests


def test_who_ends_the_server_ends_its_requests(wire: Wire, store: Store, noted: list[Record]) -> None:
    """A server that cancels a request does not hear that all is well."""
    wire.answers([HoldOpen()])
    gateway = Gateway(serving(wire, store), noted.append, nobody)

    async def run() -> None:
        asking = asyncio.ensure_future(ask(gateway, CHAT, ASK, JSON))
        await asyncio.to_thread(wire.wait_for_requests, 1)
        assert gateway.in_flight == 1
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(run())
    assert gateway.in_flight == 0
    assert len(noted) == 1


def test_what_is_under_way_is_counted_and_forgotten(wire: Wire, store: Store, noted: list[Record]) -> None:
    wire.answers(completion())
    gateway = Gateway(serving(wire, store), noted.append, nobody)

    assert told(gateway, ASK).status == 200

    assert gateway.in_flight == 0


@pytest.mark.parametrize("status", [0, 200, 399, 600, 999])
def test_a_status_that_is_no_failures_becomes_a_bad_gateway(status: int) -> None:
    event = json.loads(event_bytes(APIError("odd", status_code=status)).removeprefix(b"data: "))

    assert openai_error(event)["code"] == "502"
