"""The first word of a stream, the role: a client has it at once, though another may be asked for the answer itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.proxy.rude import ASK, Rude, alone, openai_error
from tests.proxy.test_streams import content, events
from tests.wire import (
    DONE,
    LAST_FRAME,
    Pause,
    Reset,
    Send,
    Step,
    chunk,
    chunk_frame,
    event,
    hello_events,
    problem,
    stream,
    stream_head,
)


def role(**fields: Any) -> bytes:
    """What OpenAI says before the first token."""
    first = chunk("", **fields)
    first["choices"][0]["delta"]["role"] = "assistant"
    return event(first)


def roles(told: list[Any]) -> int:
    return sum("role" in choice["delta"] for each in told if isinstance(each, dict) for choice in each["choices"])


def begun_with_a_role(*then: Step) -> list[Step]:
    return [*stream_head(), Send(chunk_frame(role())), *then]


@pytest.fixture(scope="module")
def gateway() -> Iterator[Rude]:
    with alone("spare", keep_alive_interval=60) as running:
        yield running


def test_it_comes_before_the_vendor_says_more(gateway: Rude) -> None:
    gate = threading.Event()
    rest = [Send(chunk_frame(each)) for each in hello_events()]
    gateway.wire.answers(begun_with_a_role(Pause(gate), *rest, Send(LAST_FRAME)))
    client = gateway.open_stream()

    (first,) = events(client.begin_stream())
    gate.set()
    told = [first, *events(b"".join(client.pieces()))]

    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert (content(told), roles(told), told[-1]) == ("Hello.", 1, "[DONE]")
    assert len({each["id"] for each in told[:-1]}) == 1


def test_it_is_told_once_where_it_comes_with_all_the_rest(gateway: Rude) -> None:
    together = b"".join([role(), *hello_events()])
    gateway.wire.answers([*stream_head(), Send(chunk_frame(together)), Send(LAST_FRAME)])

    answer = gateway.ask({**ASK, "stream": True, "stream_options": {"include_usage": True}})

    told = events(answer.body)
    assert (content(told), roles(told), told[-1]) == ("Hello.", 1, "[DONE]")
    assert [each["usage"]["total_tokens"] for each in told[:-1] if each.get("usage")] == [5]


def test_another_may_go_on_after_it(gateway: Rude) -> None:
    gate = threading.Event()
    spare = stream([role(id="other"), *hello_events()])
    gateway.wire.answers(begun_with_a_role(Pause(gate), Reset()), spare)
    client = gateway.open_stream(fallbacks=["spare"])
    client_head = client.head()
    first = client.piece()

    gate.set()
    told = events(first + b"".join(client.pieces()))

    assert client_head[1]["x-litellm-model-group"] == "m"  # who began: a head cannot be taken back
    assert (content(told), roles(told), told[-1]) == ("Hello.", 1, "[DONE]")


@pytest.mark.parametrize("then", [[Reset()], [Send(chunk_frame(DONE)), Send(LAST_FRAME)]], ids=["cut", "empty"])
def test_a_failure_after_it_is_told_inside_the_stream(gateway: Rude, then: list[Step]) -> None:
    gate = threading.Event()
    gateway.wire.answers(begun_with_a_role(Pause(gate), *then))
    client = gateway.open_stream()
    first = client.begin_stream()

    gate.set()

    *others, last = events(first + b"".join(client.pieces()))
    assert content(others) == ""
    assert openai_error(last)["type"] == "server_error"


def test_where_the_next_refuses_too_that_is_told_inside_the_stream(gateway: Rude) -> None:
    gate = threading.Event()
    gateway.wire.answers(begun_with_a_role(Pause(gate), Reset()), problem(429, "Slow down", {"retry-after": "7"}))
    client = gateway.open_stream(fallbacks=["spare"])
    first = client.begin_stream()

    gate.set()

    _, last = events(first + b"".join(client.pieces()))
    assert openai_error(last)["code"] == "502"  # of who failed first
