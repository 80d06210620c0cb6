"""Every named fault, seen by a client that is only a socket. A minute of the emulator's takes 60 ms here."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from litellm_lite.emulator import Emulator, Settings
from litellm_lite.emulator.vocabulary import words
from tests.emulator.raw import Connection, connected, texts

SPEED = 1000.0
DONE = b"data: [DONE]"


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(Settings(speed=SPEED)) as running:
        yield running


@pytest.fixture
def line(emulator: Emulator) -> Iterator[Connection]:
    with connected(emulator) as connection:
        yield connection


def answered(line: Connection, fault: str, **fields: Any) -> tuple[int, bytes]:
    """Ask, and return the status and the headers of a whole answer."""
    line.post(fault=fault, **fields)
    status, headers = line.head()
    length = int(headers.partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(line.held) < length:
        line._read_more()
    line.held = line.held[length:]
    return status, headers


def until_healthy(line: Connection, fault: str) -> list[bytes]:
    """Ask until the answer is good, and return the headers of the others."""
    others = []
    while (answer := answered(line, fault))[0] != 200:
        others.append(answer[1])
    return others


def broken_off(line: Connection) -> str:
    """Return the text of a stream that ends without its end."""
    said: list[str] = []
    with pytest.raises(EOFError):
        said.extend(texts(line.events()))
    return "".join(said)


def test_healthy(line: Connection) -> None:
    line.post(stream=True, fault="healthy")
    assert line.head()[0] == 200
    assert "".join(texts(line.events())) == words(60)


@pytest.mark.parametrize(
    ("fault", "holds", "header"), [("retry-after; seconds=20", 20, b"retry-after: 20\r\n"), ("flapping", 60, b"")]
)
def test_what_passes_holds_for_its_time(
    emulator: Emulator, line: Connection, fault: str, holds: float, header: bytes
) -> None:
    refusals = until_healthy(line, fault)
    assert header in refusals[0]
    *refused, good = emulator.seen()[-len(refusals) - 1 :]
    assert refused[-1].at - refused[0].at < holds <= good.at - refused[0].at


def test_rate_limited(line: Connection) -> None:
    answers = [answered(line, "rate-limited") for _ in range(3)]
    assert [status for status, _ in answers] == [429] * 3
    assert not any(b"retry-after" in headers for _, headers in answers)


def test_single_500(line: Connection) -> None:
    assert [answered(line, "single-500")[0] for _ in range(3)] == [500, 200, 200]


def test_unavailable(line: Connection) -> None:
    assert [answered(line, "unavailable")[0] for _ in range(2)] == [503, 503]


@pytest.mark.parametrize("stream", [True, False])
def test_reset_is_a_tcp_reset_before_the_headers(line: Connection, stream: bool) -> None:
    line.post(stream=stream, fault="reset")
    with pytest.raises(ConnectionResetError):
        line.head()
    assert line.held == b""


@pytest.mark.parametrize("stream", [True, False])
def test_silent_takes_the_request_and_says_nothing(line: Connection, stream: bool) -> None:
    line.post(stream=stream, fault="silent")
    assert line.is_silent()
    assert line.held == b""


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("head", [0, 150])
def test_a_slow_first_token_comes_after_its_time(line: Connection, stream: bool, head: int) -> None:
    asked = time.monotonic()
    line.post(stream=stream, fault=f"slow-first-token; seconds=200; head={head}")
    line.head()
    head_came = time.monotonic() - asked
    if stream:
        assert next(texts(line.events())) == "the"
    else:
        assert line.until(b"the old") is not None
    assert time.monotonic() - asked >= 0.2
    assert head_came >= (head if stream else 200) / SPEED


def test_a_slow_head_holds_back_everything(line: Connection) -> None:
    line.post(stream=True, fault="slow-first-token; seconds=1; head=1e6")
    assert line.is_silent()
    assert line.held == b""


def test_a_slow_stream_opens_at_once(line: Connection) -> None:
    line.post(stream=True, fault="slow-first-token; seconds=1e6")
    line.head()
    assert orjson.loads(next(line.events()).removeprefix(b"data: "))["choices"][0]["delta"]["role"] == "assistant"
    assert line.is_silent()


@pytest.mark.parametrize("after", [0, 1, 40])
def test_a_cut_closes_a_stream_after_so_many_tokens(line: Connection, after: int) -> None:
    line.post(stream=True, fault=f"cut; after={after}")
    assert line.head()[0] == 200
    assert broken_off(line) == words(after)


def test_a_cut_is_in_the_middle_of_a_whole_answer(line: Connection) -> None:
    line.post(fault="cut")
    assert line.head()[0] == 200
    with pytest.raises(EOFError):
        line.until(b'"usage"')


def test_a_shorter_answer_is_cut_before_its_last_token(line: Connection) -> None:
    line.post("say 5 words", stream=True, fault="cut")
    line.head()
    assert broken_off(line) == words(4)


def test_a_stall_leaves_the_connection_open(line: Connection) -> None:
    line.post(stream=True, fault="stall; after=40")
    line.head()
    said = texts(line.events())
    assert "".join(next(said) for _ in range(40)) == words(40)
    assert line.is_silent()


def test_a_stall_is_in_the_middle_of_a_whole_answer(line: Connection) -> None:
    line.post(fault="stall")
    line.head()
    line.until(b'"choices"')
    assert line.is_silent()


def test_one_event_is_malformed_and_the_rest_is_whole(line: Connection) -> None:
    line.post(stream=True, fault="malformed-event")
    line.head()
    events = list(line.events())
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(events[1].removeprefix(b"data: "))
    del events[1]
    assert "".join(texts(iter(events))) == words(60)
    assert events[-1] == DONE


def test_only_done_is_missing_and_the_connection_is_kept(line: Connection) -> None:
    for _ in range(2):
        line.post(stream=True, stream_options={"include_usage": True}, fault="missing-done")
        line.head()
        events = list(line.events())
        assert "".join(texts(iter(events))) == words(60)
        assert orjson.loads(events[-1].removeprefix(b"data: "))["usage"]["completion_tokens"] == 61


def test_without_done_the_end_may_be_late(line: Connection) -> None:
    line.post(stream=True, fault="missing-done; end=1e6")
    line.head()
    said = texts(line.events())
    assert "".join(next(said) for _ in range(60)) == words(60)
    line.until(b'"finish_reason":"stop"')
    line.until(b"\n\n")
    assert line.is_silent()


@pytest.mark.parametrize("fault", ["context-length", "content-filter"])
def test_a_refusal_is_a_400(line: Connection, fault: str) -> None:
    assert [answered(line, fault)[0] for _ in range(2)] == [400, 400]


def test_no_prefill_refuses_only_a_prefilled_answer(line: Connection) -> None:
    begun = [{"role": "user", "content": "say 3 words"}, {"role": "assistant", "content": "the"}]
    assert [answered(line, "no-prefill", messages=messages)[0] for messages in (begun, begun[:1])] == [400, 200]


def test_the_wrong_model_is_named_by_the_answer(line: Connection) -> None:
    line.post(stream=True, fault="wrong-model; model=other")
    line.head()
    assert {orjson.loads(event[6:])["model"] for event in line.events() if event != DONE} == {"other"}


def test_tokens_are_counted_in_chunks_of_several() -> None:
    with Emulator(Settings(tokens_per_chunk=7)) as emulator, connected(emulator) as line:
        line.post(stream=True, fault="cut; after=40")
        line.head()
        assert broken_off(line) == words(42)


def test_a_call_of_a_tool_is_cut_too(line: Connection) -> None:
    tool = {"type": "function", "function": {"name": "get_weather"}}
    line.post("get_weather", stream=True, tools=[tool], fault="cut; after=1")
    line.head()
    with pytest.raises(EOFError) as ended:
        list(line.events())
    assert ended.value.args == (b"",)
