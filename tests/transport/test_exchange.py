"""One request, one answer: what is sent, what comes back, and what is refused."""

from __future__ import annotations

import gzip
import zlib

import pytest

from litellm_lite.errors import APIConnectionError, APIResponseValidationError, BadRequestError
from litellm_lite.transport.seam import Settings
from tests.transport.sending import Sender, request_to
from tests.wire import (
    LAST_FRAME,
    Close,
    HoldOpen,
    Reset,
    Send,
    Step,
    Wire,
    chunk_frame,
    completion,
    problem,
    reply,
    stream_head,
)


def test_the_request_arrives_as_it_was_built(sender: Sender, wire: Wire) -> None:
    sender.request(request_to(wire, b'{"a":1}', {"Authorization": "Bearer sk-1", "X-Mine": "yes"}))

    assert (wire.last.method, wire.last.path, wire.last.body) == ("POST", "/v1/chat/completions", b'{"a":1}')
    assert wire.last.headers["authorization"] == "Bearer sk-1"
    assert wire.last.headers["x-mine"] == "yes"
    assert wire.last.headers["content-length"] == "7"


def test_the_answer_comes_back_whole(sender: Sender, wire: Wire) -> None:
    wire.answers(reply(b'{"b":2}', 201, {"X-Request-Id": "r1"}))

    answer = sender.send(wire)

    assert (answer.status, answer.body) == (201, b'{"b":2}')
    assert answer.headers["x-request-id"] == "r1"
    assert answer.elapsed_ms > 0
    assert answer.received_at > 1.7e9


def test_a_chunked_answer_comes_back_whole(sender: Sender, wire: Wire) -> None:
    wire.answers([*stream_head({"content-type": "application/json"}), *_frames(b"ab", b"c", b"def"), Send(LAST_FRAME)])

    assert sender.send(wire).body == b"abcdef"


def test_a_header_outside_ascii_costs_only_itself(sender: Sender, wire: Wire) -> None:
    head = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nserver: sch\u00f6n\r\nx-request-id: r1\r\n\r\n"
    wire.answers([Send(head.encode() + b"{}")])

    answer = sender.send(wire)

    assert (answer.status, answer.body, answer.headers["x-request-id"]) == (200, b"{}", "r1")


def test_an_empty_answer_is_empty(sender: Sender, wire: Wire) -> None:
    wire.answers(reply(b""))

    assert sender.send(wire).body == b""


def test_an_answer_without_length_ends_with_its_connection(sender: Sender, wire: Wire) -> None:
    wire.answers([Send(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nall of it"), Close()])

    assert sender.send(wire).body == b"all of it"


@pytest.mark.parametrize(("coding", "encode"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_compressed_answer_is_decoded(sender: Sender, wire: Wire, coding: str, encode) -> None:
    wire.answers(reply(encode(b"[1, 2, 3]"), headers={"content-encoding": coding}))

    assert sender.send(wire).body == b"[1, 2, 3]"
    assert coding in wire.last.headers["accept-encoding"]


def test_a_broken_compressed_answer_is_a_cut_one(sender: Sender, wire: Wire) -> None:
    wire.answers(reply(b"this is not gzip at all", headers={"content-encoding": "gzip"}), completion())

    with pytest.raises(APIConnectionError) as caught:
        sender.send(wire)

    assert caught.value.retryable
    assert sender.send(wire).status == 200


def test_calls_share_a_connection(sender: Sender, wire: Wire) -> None:
    for _ in range(5):
        assert sender.send(wire).status == 200

    assert wire.connections == 1


def test_a_failure_is_an_answer_too_and_keeps_the_connection(sender: Sender, wire: Wire) -> None:
    wire.answers(problem(503, "Busy"), completion())

    assert sender.send(wire).status == 503
    assert sender.send(wire).status == 200
    assert wire.connections == 1


def test_a_connection_the_server_closed_between_calls_is_replaced(sender: Sender, wire: Wire) -> None:
    wire.answers([*completion(), Close()], completion())

    assert sender.send(wire).status == 200
    wire.wait_for_end()
    try:
        assert sender.send(wire).status == 200
    except APIConnectionError as error:  # it may close in the very moment of the call, and then a retry is due
        assert error.retryable  # noqa: PT017 - most of the time there is none
        assert sender.send(wire).status == 200
    assert wire.connections == 2


def test_an_answer_at_the_limit_is_taken(sender: Sender, wire: Wire) -> None:
    wire.answers(reply(b"x" * 1000))

    assert len(sender.send(wire, settings=_limited(sender, 1000)).body) == 1000


@pytest.mark.parametrize("chunked", [False, True])
def test_an_answer_above_the_limit_is_refused(sender: Sender, wire: Wire, chunked: bool) -> None:
    wire.answers(reply(b"x" * 200_000, chunked=chunked), completion())

    with pytest.raises(APIResponseValidationError, match="larger than 1000 bytes"):
        sender.send(wire, settings=_limited(sender, 1000))

    assert sender.send(wire).status == 200


def test_a_small_answer_that_unpacks_beyond_the_limit_is_refused(sender: Sender, wire: Wire) -> None:
    bomb = gzip.compress(b"\0" * 5_000_000)
    assert len(bomb) < 10_000
    wire.answers(reply(bomb, headers={"content-encoding": "gzip"}))

    with pytest.raises(APIResponseValidationError, match="larger than 100000 bytes"):
        sender.send(wire, settings=_limited(sender, 100_000))


def test_of_a_huge_error_only_the_beginning_is_read(sender: Sender, wire: Wire) -> None:
    wire.answers(reply(b"x" * (10 << 20), 500), completion())

    answer = sender.send(wire)

    assert answer.status == 500
    assert 1 << 20 <= len(answer.body) < 2 << 20
    assert sender.send(wire).status == 200


def test_an_error_without_end_does_not_hang(sender: Sender, wire: Wire) -> None:
    endless = [Send(chunk_frame(b"x" * (1 << 18)))] * 8
    wire.answers([*stream_head({"content-type": "text/plain"}, 502), *endless, HoldOpen()])

    assert sender.send(wire).status == 502
    wire.wait_for_hang_up()


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([Send(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nnot all"), Close()], id="length"),
        pytest.param([*stream_head(), Send(chunk_frame(b"not all")), Close()], id="chunked"),
        pytest.param([*stream_head(), Send(b"ff\r\nnot all"), Close()], id="inside a chunk"),
        pytest.param([*stream_head(), Send(chunk_frame(b"not all")), Reset()], id="reset"),
        pytest.param([Send(b"HTTP/1.1 200 OK\r\ncontent-le"), Close()], id="in the head"),
        pytest.param([Close()], id="before the head"),
        pytest.param([Send(b"220 smtp.example.org ESMTP\r\n"), Close()], id="no HTTP"),
    ],
)
def test_a_truncated_answer_is_an_error_worth_trying_again(sender: Sender, wire: Wire, steps: list[Step]) -> None:
    wire.answers(steps, completion())

    with pytest.raises(APIConnectionError) as caught:
        sender.send(wire)

    assert caught.value.retryable
    assert sender.send(wire).status == 200


@pytest.mark.parametrize("value", ["a\0b", "a\nX-Injected: 1", "a\r\nX-Injected: 1", "sch\u00f6n", "\u65e5"])
def test_a_header_http_cannot_carry_is_refused_unsent(sender: Sender, wire: Wire, value: str) -> None:
    with pytest.raises(BadRequestError, match="cannot be sent") as caught:
        sender.request(request_to(wire, headers={"X-Mine": value, "Authorization": "Bearer sk-secret"}))

    assert "sk-secret" not in str(caught.value)
    assert value not in str(caught.value)
    assert wire.requests == []
    assert sender.send(wire).status == 200


@pytest.mark.parametrize("name", ["X Mine", "X-M\u00efne", "", "X-Mine:", "X\nMine"])
def test_a_header_name_that_is_none_is_refused_unsent(sender: Sender, wire: Wire, name: str) -> None:
    with pytest.raises(BadRequestError, match="cannot be sent"):
        sender.request(request_to(wire, headers={name: "1"}))

    assert wire.requests == []


NO_ADDRESSES = [
    "nonsense", "http://", "http://[::1", "ftp://127.0.0.1/x", "http://127.0.0.1:99999/", "http://a b/v1",
    "http://a\tb/v1", "http://a%b/v1", "http://\u2603\udc80/v1", "http://a\0b/v1", "http://a<b/v1",
]  # fmt: skip


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_an_address_that_is_none_is_refused(sender: Sender, url: str) -> None:
    with pytest.raises(BadRequestError, match="cannot be sent"):
        sender.send(url)


def test_an_address_that_only_looks_like_one_is_refused(sender: Sender) -> None:
    with pytest.raises((BadRequestError, APIConnectionError), match=r"cannot be sent|could not connect"):
        sender.send("http://xn--/v1")


def _frames(*pieces: bytes) -> list[Send]:
    return [Send(chunk_frame(piece)) for piece in pieces]


def _limited(sender: Sender, size: int) -> Settings:
    return Settings(sender.engine, max_response_bytes=size)
