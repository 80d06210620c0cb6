"""Streams: OpenAI's bytes, each as soon as it comes, comments in silences, and an end that says what it is."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.proxy.rude import ASK, MASTER, MESSAGES, Client, Rude, alone, half_a_stream, openai_error, request, said
from tests.wire import (
    DONE,
    LAST_FRAME,
    Close,
    Pause,
    Reset,
    Send,
    Step,
    chunk,
    chunk_frame,
    event,
    hello_events,
    page,
    problem,
    stream,
    stream_head,
)

HI: Any = MESSAGES
COMMENT = b": keep-alive\n\n"
REST = [said("lo."), Send(chunk_frame(event(chunk(finish="stop")))), Send(chunk_frame(DONE)), Send(LAST_FRAME)]
STATUSES = [400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 529]
# What Mending may do is another file's affair.
BROKEN: list[tuple[str, list[Step]]] = [
    ("reset", [Reset()]),
    ("closed", [Close()]),
    ("ended without a finish reason", [Send(LAST_FRAME)]),
    ("marked as done too soon", [Send(chunk_frame(DONE)), Send(LAST_FRAME)]),
    ("an error", [Send(chunk_frame(event({"error": {"message": "Overloaded", "code": "overloaded_error"}}))), Close()]),
    ("a framing that is none", [Send(b"zz\r\n")]),
]


@pytest.fixture(scope="module")
def gateway() -> Iterator[Rude]:
    """A gateway whose streams are never silent for long enough to be commented on."""
    with alone(*(f"m{status}" for status in STATUSES), keep_alive_interval=60) as running:
        yield running


@pytest.fixture(scope="module")
def chatty() -> Iterator[Rude]:
    """A gateway that comments on every silence."""
    with alone(keep_alive_interval=0.02) as running:
        yield running


def events(body: bytes) -> list[Any]:
    """Return what a stream said, each event in one line of data, comments left out."""
    assert body.endswith(b"\n\n")
    told = [part for part in body[:-2].split(b"\n\n") if not part.startswith(b":")]
    assert all(part.startswith(b"data: ") and b"\n" not in part for part in told)
    return [part[6:].decode() if part == DONE.rstrip() else json.loads(part[6:]) for part in told]


def content(told: list[Any]) -> str:
    return "".join(
        choice["delta"].get("content") or ""
        for each in told
        if isinstance(each, dict)
        for choice in each.get("choices", ())
    )


def test_a_stream_is_openais_to_the_byte(gateway: Rude) -> None:
    gateway.wire.answers(stream(hello_events()))
    with Client(gateway.port) as client:
        client.send(request({**ASK, "stream": True, "stream_options": {"include_usage": True}}))

        answer = client.answer()

    expected = b"".join(event(json.loads(each[6:])) if each != DONE else each for each in hello_events())
    assert answer.body == expected.replace(b", ", b",").replace(b'": ', b'":')
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-accel-buffering"] == "no"
    assert "content-length" not in answer.headers


def test_the_usage_comes_only_to_those_who_asked_for_it(gateway: Rude) -> None:
    gateway.wire.answers(stream(hello_events()))

    told = events(gateway.ask({**ASK, "stream": True}).body)

    assert [each.get("usage") for each in told[:-1]] == [None, None, None]
    assert told[-1] == "[DONE]"
    assert gateway.wire.last.json["stream_options"] == {"include_usage": True}


def test_each_piece_is_passed_on_as_soon_as_it_comes(gateway: Rude) -> None:
    gates = [threading.Event() for _ in range(3)]
    steps = [step for gate, word in zip(gates, "abc", strict=True) for step in (said(word), Pause(gate))]
    gateway.wire.answers([*stream_head(), *steps, *REST])
    client = gateway.open_stream()
    status, _ = client.head()

    for gate, word in zip(gates, "abc", strict=True):
        assert content(events(client.piece())) == word  # the vendor says no more before the client has this
        gate.set()

    assert status == 200
    assert b"".join(client.pieces()).endswith(DONE)


def test_pieces_that_come_together_go_together(gateway: Rude) -> None:
    together = b"".join(chunk_frame(event(chunk(word))) for word in "abcdefgh")
    gateway.wire.answers([*stream_head(), Send(together), *REST])
    client = gateway.open_stream()
    client.head()

    pieces = list(client.pieces())

    assert content(events(b"".join(pieces))) == "abcdefghlo."
    assert len(pieces) < 8


@pytest.mark.parametrize("then", [steps for _, steps in BROKEN], ids=[name for name, _ in BROKEN])
def test_a_cut_stream_says_so_and_never_that_it_is_done(gateway: Rude, then: list[Step]) -> None:
    gate = threading.Event()
    gateway.wire.answers(half_a_stream(Pause(gate), *then))
    client = gateway.open_stream()
    assert content(events(client.begin_stream())) == "Hel"

    gate.set()

    body = b"".join(client.pieces())
    (last,) = events(body)
    assert openai_error(last)["type"] == "server_error"
    assert b"[DONE]" not in body


@pytest.mark.parametrize("then", [steps for _, steps in BROKEN], ids=[name for name, _ in BROKEN])
def test_a_stream_that_breaks_off_before_its_first_token_is_no_stream(gateway: Rude, then: list[Step]) -> None:
    gateway.wire.answers([*stream_head(), *then])

    answer = gateway.ask({**ASK, "stream": True})

    assert answer.status in (502, 503)
    assert answer.error


@pytest.mark.parametrize("status", STATUSES)
def test_an_error_before_the_stream_has_the_vendors_status(gateway: Rude, status: int) -> None:
    gateway.wire.answers(problem(status, "No.", {"retry-after": "7"}))

    answer = gateway.ask(
        {**ASK, "model": f"m{status}", "stream": True}
    )  # one that refuses is left in peace for a while

    assert answer.status == status
    assert "No." in answer.error["message"]
    assert answer.headers["retry-after"] == "7"


def test_a_page_in_the_place_of_a_stream_is_an_error(gateway: Rude) -> None:
    gateway.wire.answers(page(200, "Sign in"))

    answer = gateway.ask({**ASK, "stream": True})

    assert answer.status == 502
    assert "Sign in" in answer.error["message"]


@pytest.mark.parametrize(
    "bad",
    [
        "5",
        "[]",
        '"text"',
        "null",
        '{"choices": 5}',
        '{"choices": [5]}',
        '{"choices": [{"delta": 5}]}',
        "{",
        '{"choices": {}}',
    ],
)
def test_a_chunk_that_is_none_does_not_break_the_gateway(gateway: Rude, bad: str) -> None:
    gateway.allowed = ("skipped an event",)
    gateway.wire.answers(half_a_stream(Send(chunk_frame(event(bad))), *REST))

    answer = gateway.ask({**ASK, "stream": True})

    told = events(answer.body)
    assert content(told).startswith("Hel")
    assert told[-1] == "[DONE]" or openai_error(told[-1])["code"] != "500"


def test_silence_is_broken_by_comments_before_the_first_token(chatty: Rude) -> None:
    gate = threading.Event()
    chatty.wire.answers([Pause(gate), *stream(hello_events())])
    client = chatty.open_stream()
    status, headers = client.head()

    assert [client.piece() for _ in range(3)] == [COMMENT] * 3
    gate.set()

    rest = b"".join(client.pieces())
    assert status == 200
    assert headers["content-type"].startswith("text/event-stream")
    assert content(events(rest)) == "Hello."
    assert rest.endswith(DONE)


def test_silence_is_broken_by_comments_in_the_middle(chatty: Rude) -> None:
    gate = threading.Event()
    chatty.wire.answers(half_a_stream(Pause(gate), *REST))
    client = chatty.open_stream()
    assert content(events(client.begin_stream())) == "Hel"

    assert client.piece() == COMMENT
    gate.set()

    assert content(events(b"".join(client.pieces()))) == "lo."


def test_an_error_after_a_comment_is_told_inside_the_stream(chatty: Rude) -> None:
    gate = threading.Event()
    chatty.wire.answers([Pause(gate), *problem(429, "Slow down", {"retry-after": "0"})])
    client = chatty.open_stream()
    assert client.begin_stream() == COMMENT

    gate.set()

    body = b"".join(client.pieces())
    (told,) = events(body)
    assert openai_error(told)["type"] == "rate_limit_error"
    assert openai_error(told)["code"] == "429"
    assert b"[DONE]" not in body


def sdk(port: int) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key=MASTER, max_retries=0)


@pytest.mark.parametrize("steps", [[Pause(0.2), *half_a_stream()], half_a_stream(Pause(0.2))], ids=["before", "after"])
def test_openais_sdk_does_not_mind_comments(chatty: Rude, steps: list[Step]) -> None:
    chatty.wire.answers([*steps, *REST])

    with sdk(chatty.port) as client:
        answer = client.chat.completions.create(model="m", messages=HI, stream=True)
        words = [part.choices[0].delta.content or "" for part in answer]

    assert "".join(words) == "Hello."


def test_openais_sdk_raises_for_an_error_inside_a_stream(gateway: Rude) -> None:
    gateway.wire.answers(half_a_stream(Reset()))

    with sdk(gateway.port) as client, pytest.raises(openai.APIError, match="broke off"):
        list(client.chat.completions.create(model="m", messages=HI, stream=True))
