"""Faults that streams once had, each told with the bytes that show it; the marked ones are limits that remain."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import Any

import httpx
import pytest

import litellm_lite
from litellm_lite import APIError, Timeouts
from tests.calls import MESSAGES, MODES, collect
from tests.held import Held
from tests.wire import (
    DONE,
    HoldOpen,
    Pause,
    Send,
    Wire,
    chunk,
    chunk_frame,
    completion_body,
    event,
    stream,
    stream_head,
    usage_chunk,
)

both = pytest.mark.parametrize("mode", MODES)


@both
@pytest.mark.parametrize("kind", ["text/event-stream", "text/plain"])
@pytest.mark.parametrize("framed", [True, False], ids=["event", "bare line"])
def test_a_whole_answer_in_a_stream_does_not_end_as_an_empty_success(
    framed: bool, kind: str, mode: str, wire: Wire
) -> None:
    said = json.dumps(completion_body())
    wire.answers(stream([f"data: {said}\n\n".encode() if framed else said.encode()], {"content-type": kind}))
    streamed = collect(mode, wire)
    assert streamed.error is not None or streamed.text == "Hello."


UNFIT = {
    "tool_calls": {"choices": [{"index": 0, "delta": {"tool_calls": "none"}}]},
    "usage": chunk(usage={"prompt_tokens": "many"}),
    "id": chunk(id=7),
}


@both
@pytest.mark.parametrize("unfit", UNFIT.values(), ids=UNFIT)
def test_a_chunk_that_does_not_fit_is_skipped_or_ends_the_stream(unfit: Any, mode: str, wire: Wire) -> None:
    wire.answers(stream([event(chunk("Hel")), event(unfit), event(chunk("lo.", "stop"))], None, HoldOpen()))
    with Held(mode, wire) as held:
        said, failure = held.rest()
        assert (failure is None and said == ["Hel", "lo."]) or (failure is not None and failure.partial is not None)
        assert held.next() is None
        wire.wait_for_hang_up()


@both
def test_choices_asked_for_in_extra_body_are_waited_for(mode: str, wire: Wire) -> None:
    wire.answers(stream([event(chunk("Hi", "stop")), DONE]))
    assert "choice 1" in str(collect(mode, wire, extra_body={"n": 2}).failure)


@both
def test_a_closed_stream_has_no_more_chunks(mode: str, wire: Wire) -> None:
    with Held(mode, wire) as held:
        held.close()
        assert held.next() is None


@both
def test_a_stream_is_priced_by_the_tier_that_served_it(mode: str, wire: Wire) -> None:
    wire.answers(stream([event({**each, "service_tier": "flex"}) for each in (chunk("Hi", "stop"), usage_chunk())]))
    streamed = collect(mode, wire, "openai/gpt-4o-mini", service_tier="auto")
    assert streamed.error is None
    assert streamed.stream.response_cost is None  # gpt-4o-mini has no known price for it


def test_a_wait_that_was_interrupted_does_not_end_as_a_success(wire: Wire) -> None:
    wire.answers(stream([event(chunk("Hel"))], None, HoldOpen()))
    with Held("async", wire) as held:
        assert held.next_text() == "Hel"
        with pytest.raises(TimeoutError):
            held.next(within_s=0.1)
        with pytest.raises(APIError):
            held.next()


def given_up(wire: Wire, how: str, engine: str, *, streamed: bool) -> bool:
    """Give up on an answer whose head does not come. Returns whether the connection is let go of within a second."""
    wire.answers([HoldOpen()])
    arguments: dict[str, Any] = {"messages": MESSAGES, "num_retries": 0, "stream": streamed, **wire.target}
    if how == "first byte":
        arguments["timeout"] = Timeouts(first_byte=0.1)

    async def give_up() -> bool:
        with pytest.raises((TimeoutError, litellm_lite.Timeout)):
            async with asyncio.timeout(0.2):
                await litellm_lite.acompletion("openai/m", **arguments)
        return await asyncio.to_thread(wire.opened[-1].hung_up.wait, 1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LITELLM_LITE_ENGINE", engine)
        return asyncio.run(give_up())


given_up_by = pytest.mark.parametrize("how", ["first byte", "cancelled"])


@given_up_by
@pytest.mark.parametrize(
    ("engine", "streamed"), [("auto", True), ("aiohttp", True), ("aiohttp", False), ("httpx", True), ("httpx", False)]
)
def test_a_request_given_up_before_its_head_lets_go_of_its_connection(
    how: str, engine: str, streamed: bool, wire: Wire
) -> None:
    assert given_up(wire, how, engine, streamed=streamed)


@pytest.mark.xfail(reason="pyreqwest goes on waiting for the head until the client's own limit on reading, 600 s here")
@given_up_by
@pytest.mark.parametrize(("engine", "streamed"), [("auto", False), ("pyreqwest", True), ("pyreqwest", False)])
def test_pyreqwest_does_not(how: str, engine: str, streamed: bool, wire: Wire) -> None:
    assert given_up(wire, how, engine, streamed=streamed)


@both
def test_what_came_before_the_framing_broke_is_not_lost(mode: str, wire: Wire) -> None:
    gate = threading.Event()
    wire.answers(
        [*stream_head(), Send(chunk_frame(event(chunk("Hel")))), Pause(gate), Send(b"no frame\r\n"), HoldOpen()]
    )
    with Held(mode, wire) as held:
        assert held.next_text() == "Hel"
        gate.set()
        _, failure = held.rest()
    assert failure is not None
    assert failure.retryable
    assert failure.partial is not None
    assert failure.partial.text == "Hel"


def test_a_client_of_the_callers_keeps_its_connection(wire: Wire) -> None:
    with httpx.Client() as client:
        for _ in range(2):
            assert collect("sync", wire, client=client).text == "Hello."
    assert wire.connections == 1


def test_a_client_of_the_callers_does_not_hold_up_the_end(wire: Wire) -> None:
    wire.answers(stream([event(chunk("Hi", "stop"))], None, HoldOpen()))
    with httpx.Client() as client, Held("sync", wire, client=client, timeout=4) as held:
        assert held.next_text() == "Hi"
        started = time.monotonic()
        assert held.next() is None
        assert time.monotonic() - started < 3


@both
def test_usage_that_was_declined_is_not_waited_for(mode: str, wire: Wire) -> None:
    wire.answers(stream([event(chunk("Hi", "stop"))], None, HoldOpen()))
    began = time.monotonic()
    assert collect(mode, wire, stream_options={"include_usage": False}).text == "Hi"
    assert time.monotonic() - began < 1.5
