"""Server-sent events: the same bytes give the same events, however they were split."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.sse import LINE, Event, EventTooLarge, SSEDecoder


def decode(packets: Iterable[bytes], **limits: int) -> list[Event]:
    decoder = SSEDecoder(**limits)
    events = [event for packet in packets for event in decoder.feed(packet)]
    return events + decoder.end()


def message(data: str) -> Event:
    return Event("message", data.encode())


@pytest.mark.parametrize(
    ("body", "events"),
    [
        ("data: one\n\ndata: two\n\n", [message("one"), message("two")]),
        ("data: one\r\n\r\ndata: two\r\n\r\n", [message("one"), message("two")]),
        ("data: one\r\rdata: two\r\r", [message("one"), message("two")]),
        ("data: one\r\n\ndata: two\n\r\n", [message("one"), message("two")]),
        ("data: a\ndata: b\n\n", [message("a\nb")]),
        ("data:tight\n\n", [message("tight")]),
        ("data:  spaced \n\n", [message(" spaced ")]),
        ("data\n\n", [message("")]),
        ("data:\n\n", [message("")]),
        ("data\ndata\n\n", [message("\n")]),
        ("data: a: b\n\n", [message("a: b")]),
        ("event: error\ndata: x\n\ndata: y\n\n", [Event("error", b"x"), message("y")]),
        ("event:error\ndata: x\n\n", [Event("error", b"x")]),
        ("event: forgotten\n\ndata: y\n\n", [message("y")]),
        ("data: x\nevent: late\n\n", [Event("late", b"x")]),
        (": a comment\n\ndata: x\n: another\n\n", [message("x")]),
        (": OPENROUTER PROCESSING\n\n" * 3 + "data: x\n\n", [message("x")]),
        ("id: 7\nretry: 10\ndata: x\n\n", [message("x")]),
        ("\n\n\ndata: x\n\n\n\n", [message("x")]),
        ("\ufeffdata: x\n\n", [message("x")]),
        ("\ufeff\ufeffdata: x\n\n", [Event(LINE, "\ufeffdata: x".encode())]),
        ("", []),
        ("\n", []),
        (": only a comment", []),
        ("data: no blank line\n", [message("no blank line")]),
        ("data: no line end", [message("no line end")]),
        ("event: error\ndata: x", [Event("error", b"x")]),
        ("data: \u65e5\u672c\u8a9e \U0001f999\n\n", [message("\u65e5\u672c\u8a9e \U0001f999")]),
        ("data: a\u2028b\x0b\x0c\x1c\x85c\n\n", [message("a\u2028b\x0b\x0c\x1c\x85c")]),  # no line ends in SSE
        ('{"title": "Too Many"}\n', [Event(LINE, b'{"title": "Too Many"}')]),  # Meta, in the middle of a stream
        ('error: {"code": 500}\n\n', [Event(LINE, b'error: {"code": 500}')]),  # llama.cpp#14566
        ('{"a":\n1}\n', [Event(LINE, b'{"a":'), Event(LINE, b"1}")]),
        ("data: x\n{}\ndata: y\n\n", [Event(LINE, b"{}"), message("x\ny")]),
    ],
)
def test_a_body_becomes_events(body: str, events: list[Event]) -> None:
    whole = body.encode()

    assert decode([whole]) == events
    assert decode(whole[at : at + 1] for at in range(len(whole))) == events


LINE_ENDS = st.sampled_from(["\n", "\r", "\r\n"])
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\ufeff"), max_size=12)
LINES = st.one_of(
    WORDS.map(lambda words: f"data: {words}"),
    WORDS.map(lambda words: f"data:{words}"),
    WORDS.map(lambda words: f": {words}"),
    WORDS.map(lambda words: f"event: {words}"),
    WORDS,
    st.just(""),
)
BODIES = st.lists(st.tuples(LINES, LINE_ENDS), max_size=25).map(lambda lines: "".join(map("".join, lines)).encode())


@st.composite
def split_bodies(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    body = draw(st.one_of(BODIES, st.binary(max_size=80)))
    cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=12)))
    return body, [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]


@given(split_bodies())
def test_any_split_gives_the_same_events(split: tuple[bytes, list[bytes]]) -> None:
    body, packets = split

    assert decode(packets) == decode([body])


def plain_reading(body: bytes) -> list[Event]:
    """Return the events as the standard defines them, written for clarity; a last line without its end counts."""
    text = body.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    events: list[Event] = []
    data: list[bytes] = []
    name = b""
    for line in [*text.split(b"\n"), b""]:
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not line:
            if data:
                events.append(Event(name.decode("utf-8", "replace") or "message", b"\n".join(data)))
            data, name = [], b""
        elif field == b"data":
            data.append(value)
        elif field == b"event":
            name = value
        elif field not in (b"", b"id", b"retry"):
            events.append(Event(LINE, line))
    return events


@given(split_bodies())
def test_events_are_those_of_the_standard(split: tuple[bytes, list[bytes]]) -> None:
    body, packets = split

    assert decode(packets) == plain_reading(body)


def test_a_giant_event_in_many_packets_is_put_together() -> None:
    text = b"x" * 5_000_000
    body = b"data: " + text + b"\n\n"

    assert decode(body[at : at + 1000] for at in range(0, len(body), 1000)) == [Event("message", text)]


@pytest.mark.parametrize("body", [b"data: " + b"x" * 200, b"data: xxxxxxxxx\n" * 30, b"no field at all" * 30])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_an_event_above_the_limit_is_refused(body: bytes, size: int) -> None:
    with pytest.raises(EventTooLarge, match="larger than 100 bytes"):
        decode((body[at : at + size] for at in range(0, len(body), size)), max_event_bytes=100)


def test_many_small_events_are_no_large_one() -> None:
    body = b"data: 0123456789\n\n: a comment\nevent: a name\ndata: 0123456789\n\n" * 50

    for size in (1, 7, 100_000):
        packets = (body[at : at + size] for at in range(0, len(body), size))
        assert len(decode(packets, max_event_bytes=60)) == 100
