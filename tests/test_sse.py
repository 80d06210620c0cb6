"""Server-sent events: the same bytes give the same events, however they were split."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from litellm_lite.sse import LINE, Event, EventTooLarge, SSEDecoder

BOM = b"\xef\xbb\xbf"


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


def single_bytes(body: bytes) -> list[bytes]:
    return [body[at : at + 1] for at in range(len(body))]


@given(split_bodies())
def test_after_a_blank_line_nothing_is_left_of_what_came_before(split: tuple[bytes, list[bytes]]) -> None:
    decoder = SSEDecoder()
    for packet in [*split[1], b"\r", b"\r"]:
        decoder.feed(packet)

    assert decoder._held == 0
    assert decoder.feed(b"data: a\r\r") == [message("a")]


PIECES = st.sampled_from([b"\r", b"\n", b":", b"data", b"data: a\n\n", b"event", b" ", BOM, BOM[:1], b"\x00", b"\xff"])


@given(st.lists(PIECES))
def test_bytes_that_look_like_events_are_read_as_the_standard_says(packets: list[bytes]) -> None:
    assert decode(packets) == plain_reading(b"".join(packets))


@given(st.lists(st.binary(max_size=30), max_size=20), st.integers(0, 200))
@example([BOM[:2]], 0)
@example([BOM[:1], b"data:\r", b"\n\n"], 3)
def test_random_bytes_raise_nothing_but_that_an_event_is_too_large(packets: list[bytes], limit: int) -> None:
    decode(packets)
    with suppress(EventTooLarge):
        decode(packets, max_event_bytes=limit)


@pytest.mark.parametrize(
    ("body", "event"),
    [
        (b"event:  error\ndata: a\n\n", Event(" error", b"a")),
        (b"event: one\nevent: two\ndata: a\n\n", Event("two", b"a")),
        (b"event: one\nevent\ndata: a\n\n", message("a")),
        (b"event:\ndata: a\n\n", message("a")),
        ("event: é\ndata: a\n\n".encode(), Event("é", b"a")),
        (b"event: \xff\ndata: \xff\n\n", Event("\ufffd", b"\xff")),
    ],
)
def test_the_last_name_before_the_blank_line_is_the_events(body: bytes, event: Event) -> None:
    assert decode([body]) == decode(single_bytes(body)) == [event]


@pytest.mark.parametrize("line", [b": ping", b":", b":data: b", b"id: 7", b"id", b"retry: 3000", b"retry:x", b"retry"])
def test_comments_ids_and_retries_are_skipped(line: bytes) -> None:
    assert decode([line + b"\n\ndata: a\n" + line + b"\ndata: b\n\n" + line]) == [message("a\nb")]


@pytest.mark.parametrize(
    "line",
    [b"upstream connect error", b"Data: a", b" data: a", b"data : a", b"datas: a", b"eventful", b"\xff", b" "],
)
def test_a_line_of_an_unknown_field_is_an_event_of_its_own(line: bytes) -> None:
    assert decode([line]) == decode([line + b"\n"]) == [Event(LINE, line)]


def test_a_crlf_split_between_packets_is_one_line_end() -> None:
    assert decode([b"data: a\r", b"\ndata: b\r", b"\n\r", b"\n"]) == [message("a\nb")]
    assert decode([b"data: a\r", b"", b"\n", b"", b"data: b\r", b"", b"\n"]) == [message("a\nb")]


def test_cr_then_lf_then_lf_is_a_line_end_and_a_blank_line() -> None:
    decoder = SSEDecoder()

    assert [decoder.feed(packet) for packet in (b"data: a\r", b"\n", b"\n")] == [[], [], [message("a")]]


def test_lf_then_cr_is_two_line_ends() -> None:
    two = [message("a"), message("b")]

    assert decode([b"data: a\n\rdata: b\n\r"]) == decode([b"data: a\n", b"\rdata: b\n", b"\r"]) == two


def test_an_event_comes_with_the_cr_that_completes_it() -> None:
    decoder = SSEDecoder()

    assert decoder.feed(b"data: a\r\n\r") == [message("a")]
    assert decoder.feed(b"\ndata: b\r\r") == [message("b")]
    assert decoder.feed(b"\ndata: c\n\n") == [message("c")]
    assert decoder.feed(b"data: d\n\n") == [message("d")]


@pytest.mark.parametrize("before", [b"event: x\n", b"data: w\n", b": ping", b"da", b"data: w\r", b"{}\r"])
def test_a_packet_that_is_a_whole_event_is_read_as_what_it_goes_on_with(before: bytes) -> None:
    assert decode([before, b"data: a\n\n"]) == plain_reading(before + b"data: a\n\n")


@pytest.mark.parametrize("packets", [[BOM + b"data: a\n\n"], single_bytes(BOM + b"data: a\n\n"), [BOM, b"data: a\n\n"]])
def test_a_byte_order_mark_is_skipped_however_it_comes(packets: list[bytes]) -> None:
    assert decode(packets) == [message("a")]


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (BOM[:1], BOM[:1]),
        (BOM[:2], BOM[:2]),
        (BOM[:2] + b"data: a\n\n", BOM[:2] + b"data: a"),
        (b"\n" + BOM + b"data: a\n\n", BOM + b"data: a"),
    ],
)
def test_only_a_whole_byte_order_mark_at_the_very_start_is_one(body: bytes, line: bytes) -> None:
    assert decode([body]) == decode(single_bytes(body)) == [Event(LINE, line)]


def test_a_byte_order_mark_alone_is_an_empty_body() -> None:
    assert decode([BOM]) == decode(single_bytes(BOM)) == []


@pytest.mark.parametrize("cut", [b"data: a\n\ndata: b", b"data: a\n\ndata: b\n", b"data: a\n\ndata: b\r"])
def test_the_last_event_needs_no_blank_line_and_comes_once(cut: bytes) -> None:
    decoder = SSEDecoder()

    assert decoder.feed(cut) == [message("a")]
    assert decoder.end() == [message("b")]
    assert decoder.end() == []


def test_a_giant_event_is_held_in_the_packets_it_came_in_and_joined_once() -> None:
    decoder = SSEDecoder()
    packets = [b"%04d" % (number % 10_000) * 256 for number in range(20_000)]
    decoder.feed(b"data: ")

    assert not any(map(decoder.feed, packets))
    assert [id(part) for part in decoder._parts[1:]] == [id(packet) for packet in packets]  # no byte was copied
    assert decoder.feed(b"\n\n") == [Event("message", b"".join(packets))]
    assert decoder._parts == []


def test_a_giant_event_of_many_lines_is_held_by_line_and_joined_once() -> None:
    decoder = SSEDecoder()
    line = b"x" * 1024

    assert not any(decoder.feed(packet) for packet in [b"data: " + line + b"\n"] * 20_000)
    assert (len(decoder._parts), len(decoder._data)) == (0, 20_000)
    assert decoder.feed(b"\n") == [Event("message", b"\n".join([line] * 20_000))]
    assert decoder._data == []


@pytest.mark.parametrize(
    "packets",
    [
        [b"data: " + b"x" * 101 + b"\n\n"],
        [b"x" * 101],
        [b":" * 101],
        [b"x"] * 101,
        [b"data: ", *[b"x" * 10] * 10],
        [b"data: " + b"x" * 10 + b"\n"] * 11,
        [b"data:x\n" * 101],
        [b"data: " + b"x" * 90 + b"\n", b": " + b"x" * 10],
        [BOM[:1], BOM[1:], *[b"x" * 50] * 3],
    ],
)
def test_an_event_past_the_limit_is_refused_wherever_its_bytes_are(packets: list[bytes]) -> None:
    decoder = SSEDecoder(100)
    with pytest.raises(EventTooLarge, match="one event is larger than 100 bytes"):
        list(map(decoder.feed, packets))


def test_an_event_of_empty_lines_is_refused_too() -> None:
    with pytest.raises(EventTooLarge):
        SSEDecoder(100).feed(b"data:\n" * 1000 + b"\n")


def test_the_limit_is_the_same_for_an_event_without_its_blank_line() -> None:
    text = "x" * 80
    body = f"data: {text}".encode()

    assert decode([body + b"\n\n"], max_event_bytes=100) == [message(text)]
    assert decode([body], max_event_bytes=100) == [message(text)]


def test_the_start_of_the_next_event_does_not_count_towards_the_limit_of_this_one() -> None:
    first, second = b"data: 12345678901234\n\n", b"data: 1234"

    for packets in ([first, second], single_bytes(first + second), [first + second]):
        decoder = SSEDecoder(20)
        assert [event for packet in packets for event in decoder.feed(packet)] == [message("12345678901234")]
