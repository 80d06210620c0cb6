"""Streams at their edges: cut in the middle of things, framed in every way, stepped by hand, and after their end.

`test_streams` has the usual ways to end; here are the rarer ones, and what is left of a stream that is over.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from litellm_lite import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    InternalServerError,
    Timeout,
    Timeouts,
    stream_chunk_builder,
)
from tests.calls import MODES, Streamed, call, collect
from tests.held import Held
from tests.providers.values import recorded
from tests.wire import (
    DONE,
    LAST_FRAME,
    Close,
    HoldOpen,
    Pause,
    Reset,
    Send,
    Step,
    Wire,
    chunk,
    chunk_frame,
    event,
    hello_events,
    reply,
    stream,
    stream_head,
    usage_chunk,
)

pytestmark = pytest.mark.parametrize("mode", MODES)

LLAMA = "meta_llama/Llama-3.3-8B-Instruct"
NATIVE = {"api": "native"}
HELLO = b"".join(hello_events())
SSE = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"


def sized(body: bytes, size: int, *then: Step) -> list[Step]:
    """A stream that says how long it is."""
    return [Send(f"{SSE}content-length: {size}\r\n\r\n".encode() + body), *then]


def unframed(body: bytes) -> list[Step]:
    """A stream that lasts as long as its connection."""
    return [Send(f"{SSE}connection: close\r\n\r\n".encode() + body), Close()]


def in_packets(packets: list[bytes]) -> list[Step]:
    return [*stream_head(), *(Send(chunk_frame(packet)) for packet in packets), Send(b"0\r\n\r\n")]


def partial(streamed: Streamed) -> Any:
    assert streamed.failure.partial is not None
    return streamed.failure.partial


@pytest.mark.parametrize(
    "answer",
    [
        sized(HELLO, len(HELLO)),
        sized(HELLO, len(HELLO) + 1, Close()),
        unframed(HELLO),
        unframed(HELLO[: HELLO.index(b"[DONE]")]),
        unframed(HELLO[: HELLO.index(b'"stop"') + len(b'"stop"}]}')]),  # not even the line after the finish ends
        [*stream_head(), Send(b"%x\r\n" % (len(HELLO) + 1) + HELLO), Close()],
    ],
    ids=["sized", "sized and short", "unframed", "without the mark", "without a line end", "cut in a frame"],
)
def test_nothing_is_lost_where_only_the_framing_breaks(answer: list[Step], mode: str, wire: Wire) -> None:
    wire.answers(answer)
    streamed = collect(mode, wire)
    assert (streamed.error, streamed.text) == (None, "Hello.")


@pytest.mark.parametrize(
    "answer",
    [
        sized(event(chunk("Hel")), 500, Close()),
        sized(event(chunk("Hel")), 500, Reset()),
        sized(event(chunk("Hel")), len(event(chunk("Hel")))),
        unframed(event(chunk("Hel"))),
        unframed(event(chunk("Hel")) + event(chunk("lo.", "stop"))[:-9]),
        unframed(event(chunk("Hel")) + event(chunk("日本"))[:-80]),
        [*stream_head(), Send(b"fff\r\n" + event(chunk("Hel"))), Close()],
    ],
    ids=["short", "short and reset", "sized", "unframed", "in an event", "in a character", "in a frame"],
)  # fmt: skip
def test_a_cut_before_the_finish_is_an_error_however_it_is_framed(answer: list[Step], mode: str, wire: Wire) -> None:
    wire.answers(answer)
    streamed = collect(mode, wire)
    assert type(streamed.failure) is APIConnectionError
    assert streamed.failure.retryable
    assert (streamed.text, partial(streamed).text, partial(streamed).texts) == ("Hel", "Hel", {0: "Hel"})
    assert (streamed.failure.provider, streamed.failure.model) == ("openai", "m")


@pytest.mark.parametrize("line_end", [b"\n", b"\r", b"\r\n"], ids=["LF", "CR", "CRLF"])
@pytest.mark.parametrize("size", [1, 1000])
def test_lines_may_end_in_every_way(line_end: bytes, size: int, mode: str, wire: Wire) -> None:
    pieces = [b": hello\n\n", event(chunk("Grüße, 日本 🦙")), b":\n\n", b"id: 1\nretry: 5\n\n", *hello_events()[2:]]
    raw = b"\xef\xbb\xbf" + b"".join(pieces).replace(b"\n", line_end)
    wire.answers(in_packets([raw[at : at + size] for at in range(0, len(raw), size)]))
    streamed = collect(mode, wire)
    assert (streamed.error, streamed.text) == (None, "Grüße, 日本 🦙")
    assert (streamed.stream.usage["total_tokens"], streamed.stream.malformed_events) == (5, 0)


def test_an_event_may_be_written_on_several_lines(mode: str, wire: Wire) -> None:
    written = json.dumps(chunk("Hello.", "stop"), indent=1)
    wire.answers(stream([b"".join(f"data: {line}\n".encode() for line in written.splitlines()) + b"\n", DONE]))
    assert collect(mode, wire).text == "Hello."


def test_a_stream_above_the_size_limit_is_refused_with_what_had_come(mode: str, wire: Wire) -> None:
    filler = Send(chunk_frame(b":" + b"x" * (1 << 20) + b"\n"))
    wire.answers([*stream_head(), Send(chunk_frame(event(chunk("Hel")))), *[filler] * 65, HoldOpen()])
    streamed = collect(mode, wire)
    assert type(streamed.failure) is APIResponseValidationError
    assert "larger than 67108864 bytes" in str(streamed.failure)
    assert not streamed.failure.retryable
    assert (streamed.text, partial(streamed).text) == ("Hel", "Hel")
    wire.wait_for_hang_up()


def test_an_answer_that_never_begins_is_a_timeout(mode: str, wire: Wire) -> None:
    wire.answers([HoldOpen()])
    streamed = collect(mode, wire, timeout=0.15)
    assert type(streamed.failure) is Timeout
    assert "no answer came within" in str(streamed.failure)
    assert streamed.stream is None
    wire.wait_for_hang_up()


def test_the_total_ends_a_stream_that_goes_on_for_ever(mode: str, wire: Wire) -> None:
    wire.answers(stream([event(chunk("a"))], None, Pause(0.1), Send(chunk_frame(event(chunk("b")))), HoldOpen()))
    streamed = collect(mode, wire, timeout=Timeouts(total=0.4))
    assert type(streamed.failure) is Timeout
    assert "raise the total timeout" in str(streamed.failure)
    assert (streamed.text, partial(streamed).text) == ("ab", "ab")


def test_everything_that_had_come_is_on_the_error(mode: str, wire: Wire) -> None:
    running = {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}
    pieces = [chunk("A"), chunk("B", index=1), chunk("b", index=1, usage=running), chunk(finish="stop")]
    wire.answers(stream([*map(event, pieces)], None, Close()))
    streamed = collect(mode, wire, "openai/m", n=2, input_cost_per_token=1, output_cost_per_token=1)
    assert partial(streamed).text == "A"
    assert partial(streamed).texts == {0: "A", 1: "Bb"}
    assert partial(streamed).usage == running
    assert len(streamed.chunks) == 4
    assert streamed.stream.response_cost == 4


ENDINGS: dict[str, tuple[list[Step], type[APIError]]] = {
    "cut": (stream([event(chunk("Hel"))], None, Close()), APIConnectionError),
    "stalled": (stream([event(chunk("Hel"))], None, HoldOpen()), Timeout),
    "mark": (stream([event(chunk("Hel")), DONE], None, HoldOpen()), APIConnectionError),
    "in band": (stream([event(chunk("Hel")), event({"error": "boom"})], None, HoldOpen()), InternalServerError),
}


@pytest.mark.parametrize(("answer", "kind"), ENDINGS.values(), ids=ENDINGS)
def test_an_error_is_raised_once_and_then_the_stream_is_over(
    answer: list[Step], kind: type[APIError], mode: str, wire: Wire
) -> None:
    wire.answers(answer)
    with Held(mode, wire, timeout=Timeouts(idle=0.2)) as held:
        assert held.next_text() == "Hel"
        with pytest.raises(kind) as caught:
            held.next()
        assert caught.value.partial is not None
        assert caught.value.partial.text == "Hel"
        wire.wait_for_end()
        assert [held.next(), held.next()] == [None, None]


def test_a_stream_at_its_end_stays_there(mode: str, wire: Wire) -> None:
    with Held(mode, wire) as held:
        texts = [held.next_text() for _ in range(3)]
        assert texts == ["Hel", "lo.", None]
        assert [held.next(), held.next()] == [None, None]
        held.close()
        held.close()
        assert held.next() is None
        assert held.stream.usage["total_tokens"] == 5


def test_cost_and_usage_are_not_known_before_they_have_come(mode: str, wire: Wire) -> None:
    gate = threading.Event()
    first, *rest = [Send(chunk_frame(each)) for each in hello_events()]
    wire.answers([*stream_head(), first, Pause(gate), *rest, Send(LAST_FRAME)])
    with Held(mode, wire, "openai/gpt-4o-mini") as held:
        assert (held.stream.response_cost, held.stream.cost, held.stream.usage) == (None, None, None)
        gate.set()
        while held.next() is not None:
            pass
        cost = 3 * 0.15e-6 + 2 * 0.6e-6
        assert held.stream.response_cost == held.stream.hidden_params["response_cost"] == pytest.approx(cost)
        assert held.stream.usage["total_tokens"] == 5


def test_a_stream_knows_its_headers_from_the_start(mode: str, wire: Wire) -> None:
    wire.answers(stream(hello_events(), {"x-request-id": "req-1", "x-ratelimit-remaining-tokens": "9"}))
    with Held(mode, wire, LLAMA, seed=7, drop_params=True, litellm_call_id="mine") as held:
        known = held.stream._hidden_params
        assert known["additional_headers"]["llm_provider-x-request-id"] == "req-1"
        assert known["additional_headers"]["x-ratelimit-remaining-tokens"] == "9"
        assert (known["custom_llm_provider"], known["litellm_call_id"]) == ("meta_llama", "mine")
        assert known["api_base"] == wire.target["api_base"]
        assert held.stream.dropped_params == {"seed": "is not supported"}
        assert held.next().hidden_params == known


def test_an_error_in_the_stream_has_the_request_id_of_its_head(mode: str, wire: Wire) -> None:
    broken = [event(chunk("Hel")), event({"error": {"message": "slow", "type": "rate_limit_error"}})]
    wire.answers(stream(broken, {"x-request-id": "req-1"}))
    failure = collect(mode, wire).failure
    assert (failure.status, failure.request_id, failure.retryable) == (429, "req-1", True)


class Recorded(NamedTuple):
    """A fixture, and the call it answers."""

    path: str
    model: str = LLAMA
    params: Mapping[str, Any] = MappingProxyType({})

    def played(self, mode: str, wire: Wire) -> Any:
        """Return what is delivered of it, as it is streamed and as it is rebuilt."""
        body = recorded(self.path).body
        wire.answers(stream([body]) if "stream" in self.path else reply(body))
        streamed = collect(mode, wire, self.model, **self.params)
        return streamed, stream_chunk_builder(streamed.chunks)


@pytest.mark.parametrize(
    ("told", "text", "tokens"),
    [
        (Recorded("openai/stream.http", "openai/m"), "I'm well, thanks!", 19),
        (Recorded("meta_llama/stream.http"), "I'm doing well, thank you.", None),
        (Recorded("meta_llama/native_stream.http", LLAMA, NATIVE), "I'm doing well, thank you.", 25),
    ],
)
def test_a_recorded_stream_is_delivered_and_rebuilt(
    told: Recorded, text: str, tokens: int | None, mode: str, wire: Wire
) -> None:
    streamed, built = told.played(mode, wire)
    assert streamed.text == built.choices[0].message.content == text
    assert built.choices[0].finish_reason == "stop"
    assert (streamed.stream.usage or {}).get("total_tokens") == tokens


@pytest.mark.parametrize(
    ("told", "calls"),
    [
        (Recorded("openai/stream_tools.http", "openai/m"), {"get_weather": {"city": "Oslo"}, "get_time": {}}),
        (Recorded("meta_llama/stream_tool.http"), {"get_weather": {"location": "Menlo Park"}}),
        (
            Recorded("meta_llama/native_stream_tools.http", LLAMA, NATIVE),
            {"get_weather": {"location": "Menlo Park"}, "get_time": {}},
        ),
    ],
)
def test_tool_calls_in_pieces_are_rebuilt(told: Recorded, calls: dict[str, Any], mode: str, wire: Wire) -> None:
    streamed, built = told.played(mode, wire)
    made = built.choices[0].message.tool_calls
    assert {each.function.name: json.loads(each.function.arguments) for each in made} == calls
    assert len({each.id for each in made}) == len(calls)
    assert built.choices[0].finish_reason == "tool_calls"
    assert len({each.id for each in streamed.chunks}) == 1


@pytest.mark.parametrize(
    "told",
    [
        Recorded("openai/chat.http", "openai/m"),
        Recorded("meta_llama/chat_tool.http"),
        Recorded("meta_llama/native.http", LLAMA, NATIVE),
        Recorded("meta_llama/native_tool.http", LLAMA, NATIVE),
    ],
)
def test_an_answer_that_came_whole_is_streamed_as_it_is(told: Recorded, mode: str, wire: Wire) -> None:
    streamed, built = told.played(mode, wire)
    whole = call(mode, wire, told.model, **told.params)
    said, meant = built.choices[0], whole.choices[0]
    assert said.finish_reason == meant.finish_reason
    assert (said.message.content or "") == (meant.message.content or "")
    assert [each.function for each in said.message.tool_calls or ()] == [
        each.function for each in meant.message.tool_calls or ()
    ]
    assert (streamed.stream.usage or {}).get("total_tokens") == (whole.usage and whole.usage.total_tokens)


def test_chunks_keep_one_id_and_time_where_the_vendor_gives_none(mode: str, wire: Wire) -> None:
    pieces = [chunk("Hel", id=None, created=None, model=None), chunk("lo.", "stop", id="", created=0, model="")]
    wire.answers(stream([*map(event, pieces), DONE]))
    first, second = collect(mode, wire, "openai/my-model").chunks
    assert (first.id, first.created, first.model) == (second.id, second.created, "my-model")
    assert first.id.startswith("chatcmpl-")


def test_the_usage_chunk_comes_last_and_alone(mode: str, wire: Wire) -> None:
    wire.answers(stream([event(chunk("Hi", "stop")), event(usage_chunk()), DONE], None, HoldOpen()))
    asked = collect(mode, wire, stream_options={"include_usage": True})
    assert [len(each.choices) for each in asked.chunks] == [1, 0]
    assert wire.last.json["stream_options"] == {"include_usage": True}
    silent = collect(mode, wire, LLAMA)
    assert [len(each.choices) for each in silent.chunks] == [1]
    assert "stream_options" not in wire.last.json
