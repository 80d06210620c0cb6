"""The client that the doctor sends to a gateway: what it makes of each way in which an answer may come and end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import httpx
import orjson
import pytest

from litellm_lite.doctor.client import BrokenPromiseError, Client, Gateway
from litellm_lite.doctor.conversation import Conversation
from litellm_lite.doctor.observed import Call
from litellm_lite.errors import BadGatewayError, ContentPolicyViolationError, RateLimitError
from litellm_lite.router.clock import Clock
from tests.wire import (
    DONE,
    Close,
    HoldOpen,
    Wire,
    chunk,
    completion,
    event,
    hello_events,
    page,
    reply,
    stream,
    usage_chunk,
)

KEY = "sk-doctor-canary"
CUT = {"error": {"message": f"cut, said {KEY}", "type": "server_error", "param": None, "code": "502"}}
CONVERSATION = Conversation("Hello.", 'weather({"city": "Paris"})')


def called(wire: Wire, *, streamed: bool = False, tools: bool = False, **fields: Any) -> Call:
    async def call() -> Call:
        gateway = Gateway(f"{wire.url}/v1", KEY)
        async with gateway.connected() as http:
            client = Client(gateway=gateway, http=http, model="here", clock=Clock(), **{"timeout_s": 20.0, **fields})
            return await CONVERSATION.call(client, stream=streamed, tools=tools)

    return asyncio.run(call())


def error(status: int, code: str | None, headers: Mapping[str, str] | None = None) -> list[Any]:
    told = {"message": "no, said the content filter", "type": "invalid_request_error", "param": None, "code": code}
    return reply({"error": told}, status, headers)


def test_it_asks_as_openais_client_does(wire: Wire) -> None:
    call = called(wire, streamed=True, stream_timeout_s=7.5)
    assert (call.text, call.finish, call.error) == ("Hello.", "stop", None)
    assert call.usage == usage_chunk()["usage"]
    asked = wire.last
    assert (asked.method, asked.path) == ("POST", "/v1/chat/completions")
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.headers["x-litellm-timeout"] == "7.5"
    assert asked.json["model"] == "here"
    assert asked.json["stream"] is True
    assert asked.json["stream_options"] == {"include_usage": True}


def test_a_call_that_is_not_streamed_has_the_usual_timeout(wire: Wire) -> None:
    assert called(wire, stream_timeout_s=7.5).text == "Hello."
    assert wire.last.headers["x-litellm-timeout"] == "20"
    assert "stream" not in wire.last.json


def test_headers_tell_who_served_and_at_what_cost(wire: Wire) -> None:
    told = {"x-litellm-model-id": "4-plain/first", "x-litellm-response-cost": "3.9e-05", "server": "any"}
    wire.answers(completion("Hello.", told))
    call = called(wire, id_prefix="4-plain/")
    assert (call.model_id, call.cost, call.model) == ("first", Decimal("0.000039"), "m")
    assert call.told is not None
    assert call.told.status == 200
    assert dict(call.told.headers) == {name: value for name, value in told.items() if name != "server"}


def test_a_cost_that_is_no_number_is_none(wire: Wire) -> None:
    wire.answers(completion("Hello.", {"x-litellm-response-cost": "much"}))
    assert called(wire).cost is None


def test_the_call_of_a_tool_is_put_together(wire: Wire) -> None:
    def part(**function: str) -> bytes:
        choice = {"index": 0, "delta": {"tool_calls": [{"index": 0, "function": function}]}, "finish_reason": None}
        return event({**chunk(), "choices": [choice]})

    wire.answers(
        stream(
            [
                part(name="weather", arguments='{"city": '),
                part(arguments='"Paris"}'),
                event(chunk(finish="tool_calls")),
                DONE,
            ]
        )
    )
    call = called(wire, streamed=True, tools=True)
    assert call.text == call.wanted == CONVERSATION.tool_call
    assert wire.last.json["tools"][0]["function"]["name"] == "get_weather"


def test_an_error_is_of_the_class_that_its_status_and_code_say(wire: Wire) -> None:
    wire.answers(error(429, None, {"retry-after": "5"}))
    limited = called(wire).error
    assert isinstance(limited, RateLimitError)
    assert limited.retry_after == 5
    wire.answers(error(400, "content_filter"))
    assert isinstance(called(wire, streamed=True).error, ContentPolicyViolationError)


@pytest.mark.parametrize("answer", [page(502, "Bad Gateway"), reply({"oh": "no"}, 500), reply({"error": None}, 500)])
def test_an_error_that_is_none_of_openais_breaks_the_promise(wire: Wire, answer: list[Any]) -> None:
    wire.answers(answer)
    broken = called(wire).error
    assert isinstance(broken, BrokenPromiseError)
    assert "no error of OpenAI's shape" in str(broken)


def test_an_error_inside_a_stream_holds_what_was_shown(wire: Wire) -> None:
    wire.answers(stream([event(chunk("Hel")), event(CUT)]))
    call = called(wire, streamed=True)
    assert isinstance(call.error, BadGatewayError)
    assert call.error.partial is not None
    assert call.error.partial.text == call.text == "Hel"
    assert call.told is not None
    assert call.told.done is False


def test_the_key_is_in_nothing_that_is_told(wire: Wire) -> None:
    wire.answers(stream([event(CUT)]))
    call = called(wire, streamed=True)
    assert str(call.error) == "cut, said [redacted]"
    assert KEY not in repr(Gateway("http://here/v1", KEY))
    assert Gateway("http://here/v1").without_key(KEY) == KEY


def test_after_an_error_nothing_may_come(wire: Wire) -> None:
    wire.answers(stream([event(chunk("Hel")), event(CUT), DONE]))
    broken = called(wire, streamed=True).error
    assert isinstance(broken, BrokenPromiseError)
    assert "told of an error, and went on" in str(broken)


@pytest.mark.parametrize("then", [Close(), HoldOpen()])
def test_an_error_counts_however_the_connection_ends_after_it(wire: Wire, then: Any) -> None:
    wire.answers(stream([event(chunk("Hel")), event(CUT)], None, then))
    assert isinstance(called(wire, streamed=True).error, BadGatewayError)


def test_a_finished_stream_without_done_breaks_the_promise(wire: Wire) -> None:
    wire.answers(stream(hello_events()[:-1]))
    broken = called(wire, streamed=True).error
    assert isinstance(broken, BrokenPromiseError)
    assert "no [DONE]" in str(broken)


def test_a_stream_that_is_said_to_be_done_without_a_finish_has_none(wire: Wire) -> None:
    wire.answers(stream([event(chunk("Hel")), DONE]))
    call = called(wire, streamed=True)
    assert (call.text, call.finish, call.error) == ("Hel", None, None)


def test_what_comes_after_done_is_not_heard(wire: Wire) -> None:
    wire.answers(stream([b"".join([*hello_events(), event(chunk(" And more."))])]))
    assert called(wire, streamed=True).text == "Hello."


def test_a_stream_is_over_with_done_though_the_connection_stays_open(wire: Wire) -> None:
    wire.answers(stream([*hello_events(), event(chunk("more"))], None, HoldOpen()))
    call = called(wire, streamed=True)
    assert (call.text, call.finish, call.error) == ("Hello.", "stop", None)
    assert call.told is not None
    assert call.told.done is True
    assert call.told.first_byte_s is not None
    assert call.first_token_s is not None
    assert call.told.first_byte_s <= call.first_token_s


def test_done_may_be_the_last_line_without_an_end(wire: Wire) -> None:
    wire.answers(stream([*hello_events()[:-1], b"data: [DONE]"]))
    assert called(wire, streamed=True).error is None


def test_a_cut_connection_is_what_httpx_says_of_it(wire: Wire) -> None:
    wire.answers(stream([event(chunk("Hel"))], None, Close()))
    call = called(wire, streamed=True)
    assert isinstance(call.error, httpx.RemoteProtocolError)
    assert call.text == "Hel"


def test_an_event_that_is_no_json_is_an_error_as_it_is_to_openais_client(wire: Wire) -> None:
    wire.answers(stream([event(chunk("Hel")), b"data: {oops\n\n", *hello_events()[1:]]))
    assert isinstance(called(wire, streamed=True).error, orjson.JSONDecodeError)
