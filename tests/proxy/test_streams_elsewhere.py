"""Streams of the other APIs end as truly: cut, silent, left, or over because the gateway goes."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.proxy.rude import MESSAGES, UPSTREAM, Client, Rude, configuration, deployment, half_a_stream, request, said
from tests.wire import DONE, LAST_FRAME, HoldOpen, Pause, Reset, Send, Wire, chunk, chunk_frame, event

REST = [said("lo."), Send(chunk_frame(event(chunk(finish="stop")))), Send(chunk_frame(DONE)), Send(LAST_FRAME)]
# Each API's request, and how its stream says that it is whole.
APIS: dict[str, tuple[dict[str, Any], bytes]] = {
    "/v1/completions": ({"prompt": "Hi"}, DONE),
    "/v1/responses": ({"input": "Hi"}, b"event: response.completed\n"),
    "/v1/messages": ({"messages": MESSAGES, "max_tokens": 5}, b"event: message_stop\n"),
}
PATHS = list(APIS)


def bridged(wire: Wire, **general: Any) -> Rude:
    """Return a gateway whose model has only chat, so that all else goes over a bridge."""
    config = configuration(wire, deployment(wire, model="meta_llama/m"), **general)
    del config["model_list"][0]
    return Rude(config, wire)


@pytest.fixture(scope="module")
def gateway() -> Iterator[Rude]:
    with Wire() as wire, bridged(wire, keep_alive_interval=60) as running:
        yield running


@pytest.fixture
def hurried() -> Iterator[Rude]:
    with Wire() as wire, bridged(wire, drain_timeout=0.2) as running:
        yield running


def asked(gateway: Rude, path: str) -> Client:
    client = gateway.connect()
    client.send(request({"model": "m", "stream": True, **APIS[path][0]}, path=path))
    return client


def until(client: Client, word: bytes) -> bytes:
    """Return the pieces up to the one that has a word in it."""
    whole = b""
    while word not in whole:
        whole += client.piece()
    return whole


def error_in(body: bytes) -> Any:
    """Return what the last event of a stream says of an error."""
    last = [line for line in body.splitlines() if line.startswith(b"data: ")][-1]
    told = json.loads(last.removeprefix(b"data: "))
    return told.get("error") or told["response"]["error"]


@pytest.mark.parametrize("path", PATHS)
def test_a_whole_stream_says_so(gateway: Rude, path: str) -> None:
    gateway.wire.answers(half_a_stream(*REST))
    client = asked(gateway, path)

    status, headers = client.head()
    body = b"".join(client.pieces())

    assert status == 200
    assert headers["content-type"].startswith("text/event-stream")
    assert body.count(APIS[path][1]) == 1


@pytest.mark.parametrize("path", PATHS)
def test_each_piece_is_passed_on_as_soon_as_it_comes(gateway: Rude, path: str) -> None:
    gate = threading.Event()
    gateway.wire.answers(half_a_stream(Pause(gate), *REST))
    client = asked(gateway, path)
    client.head()

    assert b"Hel" in until(client, b"Hel")
    gate.set()
    assert b"lo." in b"".join(client.pieces())


@pytest.mark.parametrize("path", PATHS)
def test_a_cut_stream_says_so_and_never_that_it_is_done(gateway: Rude, path: str) -> None:
    gate = threading.Event()
    gateway.wire.answers(half_a_stream(Pause(gate), Reset()))
    client = asked(gateway, path)
    client.head()
    until(client, b"Hel")

    gate.set()
    body = b"".join(client.pieces())

    assert "broke off" in error_in(body)["message"]
    assert APIS[path][1] not in body
    assert b"[DONE]" not in body


@pytest.mark.parametrize("path", PATHS)
def test_a_client_that_hangs_up_lets_the_vendor_go(gateway: Rude, path: str) -> None:
    gateway.wire.answers(half_a_stream(HoldOpen()))
    client = asked(gateway, path)
    client.head()
    until(client, b"Hel")
    vendor = gateway.wire.opened[gateway.wire.last.connection]

    since = time.monotonic()
    client.close()

    assert vendor.hung_up.wait(10)
    assert time.monotonic() - since < 0.1


@pytest.mark.parametrize("path", PATHS)
def test_when_the_gateway_goes_the_stream_says_so(hurried: Rude, path: str) -> None:
    hurried.wire.answers(half_a_stream(HoldOpen()))
    client = asked(hurried, path)
    client.head()
    until(client, b"Hel")

    hurried.tell(signal.SIGTERM)
    body = b"".join(client.pieces())

    assert "shutting down" in error_in(body)["message"]
    assert APIS[path][1] not in body
    assert hurried.end() == 0


@pytest.mark.parametrize("path", PATHS)
def test_a_key_that_a_vendor_quotes_in_a_stream_is_taken_out(gateway: Rude, path: str) -> None:
    told = {"error": {"message": f"No {UPSTREAM}", "code": UPSTREAM}}
    gateway.wire.answers(half_a_stream(Send(chunk_frame(event(told)) + LAST_FRAME)))
    client = asked(gateway, path)
    client.head()

    body = b"".join(client.pieces())

    assert b"[redacted]" in body
    assert UPSTREAM.encode() not in body
