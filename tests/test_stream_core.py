"""`StreamCore` and `Ledger` alone: packets in, chunks and one outcome out, however the packets are cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.chunks import JSON, Ledger
from litellm_lite.errors import APIConnectionError, APIResponseValidationError, InternalServerError, Partial, Timeout
from litellm_lite.streams import MARK_WAIT_S, USAGE_WAIT_S, StreamCore
from tests.providers.values import call, provider, recorded, reply
from tests.wire import DONE, chunk, event, usage_chunk

HEAD = {"id": "c-1", "object": "chat.completion.chunk", "created": 5, "model": "m"}
USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
NOISE = {
    "malformed": b'data: {"id": "x", "cho',
    "no chunk": b"data: [1]",
    "error": b'data: {"error": {"message": "boom", "code": 500}}',
    "error line": b'error: {"code": 400, "message": "exceeds the available context size"}',
    "bare error": b'{"title": "Trouble", "detail": "gone", "status": 503}',
    "done": b"data: [DONE]",
}


def core(
    expected: int = 1, *, wants_usage: bool = False, max_bytes: int = 64 << 20, name: str = "openai", shape: str = ""
) -> StreamCore:
    parser = provider(name).open_stream(call(name, shape, stream=True), reply(b""))
    return StreamCore(parser, expected=expected, wants_usage=wants_usage, max_bytes=max_bytes)


class Outcome(NamedTuple):
    """Everything a caller can learn of a stream that has run."""

    chunks: list[JSON]
    error: str | None
    partial: Partial
    malformed: int


def run(running: StreamCore, packets: Sequence[bytes]) -> Outcome:
    """Feed packets and then the end of the body, as long as the stream goes on."""
    for packet in (*packets, b""):
        if not running.over:
            running.feed(packet)
    assert running.over
    error = None if running.error is None else f"{type(running.error).__name__}: {running.error}"
    return Outcome(list(running.ready), error, running.ledger.partial(), running.malformed)


@dataclass(frozen=True)
class Body:
    """A complete stream as bytes; `finished_at` is where its last finish reason has come."""

    raw: bytes
    finished_at: int
    chunks: list[JSON]
    choices: int


texts = st.text(max_size=8)
deltas = st.one_of(
    st.builds(lambda text: {"content": text}, texts),
    st.builds(lambda text: {"role": "assistant", "content": text}, texts),
    st.builds(
        lambda at, arguments: {"tool_calls": [{"index": at, "function": {"arguments": arguments}}]},
        st.integers(0, 2),
        texts,
    ),
    st.just({"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": {"name": "f"}}]}),
    st.just({}),
)
reasons = st.sampled_from(["stop", "length", "tool_calls", "content_filter"])


@st.composite
def scripts(draw: st.DrawFn) -> tuple[int, list[JSON]]:
    """Return how many choices a stream has, and its chunks, those of all choices shuffled together."""
    count = draw(st.integers(1, 3))
    queues: list[list[JSON]] = []
    for index in range(count):
        pieces = [{"index": index, "delta": delta, "finish_reason": None} for delta in draw(st.lists(deltas))]
        queues.append([*pieces, {"index": index, "delta": {}, "finish_reason": draw(reasons)}])
    order = draw(st.permutations([index for index, queue in enumerate(queues) for _ in queue]))
    chunks: list[JSON] = [{**HEAD, "choices": [queues[index].pop(0)]} for index in order]
    match draw(st.sampled_from(["none", "last", "with the finish", "running"])):
        case "last":
            chunks.append({**HEAD, "choices": [], "usage": USAGE})
        case "with the finish":
            chunks[-1]["usage"] = USAGE
        case "running":
            chunks = [{**each, "usage": {**USAGE, "completion_tokens": at}} for at, each in enumerate(chunks)]
    return count, chunks


@st.composite
def bodies(draw: st.DrawFn) -> Body:
    count, chunks = draw(scripts())
    line_end = draw(st.sampled_from([b"\n", b"\r\n", b"\r"]))
    field = draw(st.sampled_from([b"data: ", b"data:", b"event: message" + line_end + b"data: "]))
    raw, finished_at = draw(st.sampled_from([b"", b"\xef\xbb\xbf", b": hi" + line_end * 2])), 0
    for each in chunks:
        raw += field + orjson.dumps(each)
        if any(choice["finish_reason"] for choice in each["choices"]):
            finished_at = len(raw)
        raw += line_end * 2 + draw(st.sampled_from([b"", b": ping" + line_end * 2, line_end]))
    raw += draw(st.sampled_from([b"", b"data: [DONE]" + line_end * 2]))
    return Body(raw, finished_at, chunks, count)


@st.composite
def packets_of(draw: st.DrawFn, raw: bytes) -> list[bytes]:
    """Cut bytes into packets anywhere, in characters and line ends too."""
    if draw(st.booleans()):
        size = draw(st.integers(1, 4))
        return [raw[at : at + size] for at in range(0, len(raw), size)]
    marks = sorted(draw(st.sets(st.integers(1, max(1, len(raw))), max_size=6)))
    pieces = [raw[start:end] for start, end in zip([0, *marks], [*marks, len(raw)], strict=True)]
    return [piece for piece in pieces if piece]


@st.composite
def complete(draw: st.DrawFn) -> tuple[Body, list[bytes]]:
    body = draw(bodies())
    return body, draw(packets_of(body.raw))


@st.composite
def cut_short(draw: st.DrawFn) -> tuple[Body, int, list[bytes]]:
    """A stream that ends at any byte, and its packets."""
    body = draw(bodies())
    end = draw(st.integers(0, len(body.raw)))
    return body, end, draw(packets_of(body.raw[:end]))


@st.composite
def disturbed(draw: st.DrawFn) -> tuple[int, bytes, list[bytes]]:
    """Streams with anything among their events, in one piece and in packets."""
    count, chunks = draw(scripts())
    events = [b"data: " + orjson.dumps(each) for each in chunks]
    for noise in draw(st.lists(st.sampled_from(list(NOISE.values())), max_size=3)):
        events.insert(draw(st.integers(0, len(events))), noise)
    raw = b"".join(each + b"\n\n" for each in events)
    raw = raw[: draw(st.integers(0, len(raw)))] if draw(st.booleans()) else raw
    return count, raw, draw(packets_of(raw))


def spoken(chunks: list[JSON]) -> dict[int, str]:
    """Return the text of each choice that said anything."""
    said: dict[int, str] = {}
    for each in chunks:
        for choice in each["choices"]:
            if content := choice["delta"].get("content"):
                said[choice["index"]] = said.get(choice["index"], "") + content
    return said


@given(complete())
def test_a_complete_stream_is_delivered_whole_however_it_is_split(split: tuple[Body, list[bytes]]) -> None:
    body, packets = split
    usage = next((each["usage"] for each in reversed(body.chunks) if "usage" in each), None)
    said = spoken(body.chunks)
    assert run(core(body.choices), packets) == Outcome(body.chunks, None, Partial(said.get(0, ""), said, usage), 0)


@given(disturbed())
def test_any_split_has_the_same_outcome(split: tuple[int, bytes, list[bytes]]) -> None:
    choices, raw, packets = split
    assert run(core(choices), packets) == run(core(choices), [raw] if raw else [])


@given(disturbed())
def test_what_is_skipped_or_fails_takes_nothing_away_from_what_was_before(
    split: tuple[int, bytes, list[bytes]],
) -> None:
    choices, _, packets = split
    ran = run(core(choices), packets)
    assert ran.partial.texts == spoken(ran.chunks)
    unfinished = set(range(choices)) - {
        choice["index"] for each in ran.chunks for choice in each["choices"] if choice["finish_reason"]
    }
    assert ran.error is not None or not unfinished


@given(cut_short())
def test_a_stream_cut_at_any_byte_before_its_last_finish_is_no_success(cut: tuple[Body, int, list[bytes]]) -> None:
    body, end, packets = cut
    ran = run(core(body.choices), packets)
    assert (ran.error is None) == (end >= body.finished_at)
    assert ran.chunks == body.chunks[: len(ran.chunks)]
    assert ran.partial.texts == spoken(ran.chunks)
    if ran.error is not None:
        assert ran.error.startswith("APIConnectionError: the stream was cut before it was complete: choice ")


@given(cut_short(), st.sampled_from([APIConnectionError("reset"), Timeout("stalled")]))
def test_a_connection_that_breaks_before_the_last_finish_is_what_went_wrong(
    cut: tuple[Body, int, list[bytes]], broken: APIConnectionError
) -> None:
    body, end, packets = cut
    running = core(body.choices)
    for packet in packets:
        running.feed(packet)
    if not running.over:
        running.fail(broken)
    assert running.over
    if end < body.finished_at:
        assert running.error is broken
    elif end == len(body.raw):
        assert running.error is None


RECORDED = [
    ("openai/stream.http", "openai", ""),
    ("openai/stream_tools.http", "openai", ""),
    ("openai/stream_error.http", "openai", ""),
    ("vllm/stream_error.http", "openai", ""),
    ("llama_cpp/stream_error_line.http", "openai", ""),
    ("meta_llama/stream.http", "meta_llama", ""),
    ("meta_llama/stream_tool.http", "meta_llama", ""),
    ("meta_llama/native_stream.http", "meta_llama", "native"),
    ("meta_llama/native_stream_tools.http", "meta_llama", "native"),
    ("meta_llama/native_stream_spread_metrics.http", "meta_llama", "native"),
    ("meta_llama/native_stream_error.http", "meta_llama", "native"),
]


@pytest.mark.parametrize(("path", "name", "shape"), RECORDED)
def test_a_recorded_stream_cut_at_any_byte_succeeds_only_after_its_finish(path: str, name: str, shape: str) -> None:
    raw = recorded(path).body
    at = max(raw.find(mark) for mark in (b'"finish_reason":"', b'"stop_reason":"'))
    finished_at = raw.index(b"\n", at) if at >= 0 else len(raw) + 1
    for end in range(len(raw) + 1):
        ran = run(core(name=name, shape=shape), [raw[:end]] if end else [])
        assert (ran.error is None) == (end >= finished_at), raw[max(0, end - 40) : end]


def test_the_wait_for_what_may_still_follow_is_short() -> None:
    assert core(wants_usage=True).wait_s is None
    running = core(wants_usage=True)
    running.feed(event(chunk("Hi", "stop")))
    assert running.wait_s == USAGE_WAIT_S
    running.feed(event(usage_chunk()))
    assert (running.wait_s, running.over) == (MARK_WAIT_S, False)
    assert run(running, [DONE]).error is None


def test_where_no_usage_is_expected_nobody_waits_for_it() -> None:
    running = core()
    running.feed(event(chunk("Hi", "stop")))
    assert running.wait_s == MARK_WAIT_S


@pytest.mark.parametrize("timed", [True, False])
def test_a_source_that_cannot_be_timed_is_not_read_for_a_mark(timed: bool) -> None:
    class Source:
        def __init__(self) -> None:
            self.timed = timed

    running, source = core(), Source()
    running.feed(event(chunk("Hi")))
    assert not running.stop_at(source)
    running.feed(event(chunk(finish="stop")))
    assert running.stop_at(source) == (not timed)
    running.feed(DONE)
    assert running.stop_at(source)


def test_what_fails_after_the_finish_was_not_lost() -> None:
    running = core(wants_usage=True)
    running.feed(event(chunk("Hi", "stop")))
    running.fail(Timeout("stalled"))
    assert (running.over, running.error) == (True, None)


def test_an_error_after_the_finish_is_still_one() -> None:
    running = core()
    running.feed(event(chunk("Hi", "stop")) + event({"error": {"message": "billing failed", "code": 500}}))
    assert isinstance(running.error, InternalServerError)
    assert len(running.ready) == 1


def test_what_follows_the_end_mark_is_not_read() -> None:
    ran = run(core(), [event(chunk("Hi", "stop")) + DONE + event(chunk("more")) + b"data: {\n\n"])
    assert (ran.error, ran.partial.text, ran.malformed) == (None, "Hi", 0)


def test_a_stream_above_the_limit_is_refused_after_the_chunks_that_fit() -> None:
    first = event(chunk("Hi"))
    running = core(max_bytes=len(first) + 10)
    running.feed(first)
    running.feed(b":" * 11)
    assert isinstance(running.error, APIResponseValidationError)
    assert f"larger than {len(first) + 10} bytes" in str(running.error)
    assert running.ledger.partial().text == "Hi"


def test_a_stream_as_large_as_the_limit_is_not_refused() -> None:
    raw = event(chunk("Hi", "stop")) + DONE
    assert run(core(max_bytes=len(raw)), [raw]).error is None


def test_text_that_is_no_utf_8_is_an_event_that_cannot_be_read() -> None:
    ran = run(core(), [b'data: {"choices":[{"index":0,"delta":{"content":"\xff"}}]}\n\n', event(chunk("Hi", "stop"))])
    assert (ran.error, ran.partial.text, ran.malformed) == (None, "Hi", 1)


@pytest.mark.parametrize(
    "choice",
    [
        "text",
        {"index": "0", "delta": {}},
        {"index": 0, "delta": "text"},
        {"index": 0, "delta": {"content": 5}},
        {"index": 0, "delta": {}, "finish_reason": 1},
    ],
)
def test_a_choice_of_another_shape_is_skipped_and_counted(choice: Any) -> None:
    ran = run(core(), [event({**HEAD, "choices": [choice]}), event(chunk("Hi", "stop")), DONE])
    assert (ran.error, ran.partial.text, ran.malformed) == (None, "Hi", 1)


def test_an_event_that_is_skipped_takes_its_finish_reason_along() -> None:
    ran = run(core(), [event(chunk("Hi")), event({"choices": [{"delta": 5, "finish_reason": "stop"}]}), DONE])
    assert ran.error == (
        "APIConnectionError: the stream ended before it was complete: choice 0 has no finish reason "
        "(events skipped as unreadable: 1)"
    )
    assert ran.malformed == 1


def test_a_ledger_waits_for_every_choice_that_appeared() -> None:
    ledger = Ledger()
    ledger.note(chunk("a", index=3))
    ledger.note(chunk("b", "stop"))
    assert (ledger.complete, ledger.unfinished()) == (False, "choice 3 has no finish reason")
    ledger.note(chunk(None, "length", index=3))
    assert ledger.complete
    assert ledger.finished == {0: "stop", 3: "length"}


def test_a_ledger_names_the_choices_that_never_came() -> None:
    ledger = Ledger(3)
    ledger.note(chunk("b", "stop", index=1))
    assert not ledger.complete
    assert ledger.unfinished() == "choice 0, 2 has no finish reason"


def test_a_piece_after_the_finish_does_not_open_its_choice_again() -> None:
    ledger = Ledger()
    ledger.note(chunk("Hi", "stop"))
    ledger.note(chunk("!"))
    assert ledger.complete
    assert ledger.partial() == Partial("Hi!", {0: "Hi!"}, None)


def test_an_empty_finish_reason_is_none() -> None:
    ledger = Ledger()
    ledger.note(chunk("Hi", ""))
    assert not ledger.complete


def test_the_last_word_on_usage_counts_and_null_is_no_word() -> None:
    ledger = Ledger()
    for said in ({"total_tokens": 1}, {"total_tokens": 2}, None, {}):
        ledger.note({"choices": [], "usage": said})
    assert ledger.usage == {"total_tokens": 2}
    assert ledger.chunks == 4
