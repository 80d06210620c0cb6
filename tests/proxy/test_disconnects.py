"""A client that hangs up: whoever answers it is let go within a tenth of a second, and nobody else notices."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from tests.proxy.rude import ASK, Client, Rude, alone, configuration, half_a_stream, request, said, wait_for
from tests.wire import Connection, HoldOpen, Pause, Step, Wire, completion, problem, stream_head

LIMIT_S = 0.1
STREAM = {**ASK, "stream": True}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Rude]:
    with alone() as running:
        yield running
        running.assert_well()


@pytest.fixture(scope="module")
def chatty() -> Iterator[Rude]:
    """A gateway that sends comments all the time, to whoever is there."""
    with alone(keep_alive_interval=0.005) as running:
        yield running
        running.assert_well()


def asked(gateway: Rude, steps: list[Step], body: dict[str, Any] = STREAM) -> tuple[Client, Connection]:
    """Return the connection of a client that has asked, and the one on which the vendor was asked for it."""
    gateway.wire.answers(steps)
    before = len(gateway.wire.requests)
    client = gateway.connect()
    client.send(request(body))
    gateway.wire.wait_for_requests(before + 1)
    return client, gateway.wire.opened[gateway.wire.requests[before].connection]


def hang_up(client: Client) -> None:
    client.close()


def reset(client: Client) -> None:
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def say_no_more(client: Client) -> None:
    """Close one half of the connection; for HTTP/1.1 that is a client that is gone."""
    client.socket.shutdown(socket.SHUT_WR)


GOODBYES = [hang_up, reset, say_no_more]


def assert_let_go(vendor: Connection, since: float) -> None:
    assert vendor.hung_up.wait(10), "the vendor is still asked"
    assert time.monotonic() - since < LIMIT_S


@pytest.mark.parametrize("goodbye", GOODBYES)
@pytest.mark.parametrize(
    "steps", [[HoldOpen()], [*stream_head(), HoldOpen()]], ids=["before the head", "before the first token"]
)
def test_before_the_first_token_the_vendor_is_let_go(gateway: Rude, steps: list[Step], goodbye: Any) -> None:
    client, vendor = asked(gateway, steps)

    since = time.monotonic()
    goodbye(client)

    assert_let_go(vendor, since)


@pytest.mark.parametrize("goodbye", GOODBYES)
def test_in_the_middle_the_vendor_is_let_go(gateway: Rude, goodbye: Any) -> None:
    client, vendor = asked(gateway, half_a_stream(HoldOpen()))
    client.begin_stream()

    since = time.monotonic()
    goodbye(client)

    assert_let_go(vendor, since)


def test_a_client_that_does_not_read_and_hangs_up_lets_its_vendor_go(gateway: Rude) -> None:
    client, vendor = asked(gateway, half_a_stream(*[said("x" * 60_000)] * 2000))

    since = time.monotonic()
    client.close()

    assert_let_go(vendor, since)


@pytest.mark.parametrize("goodbye", [hang_up, reset])
@pytest.mark.parametrize("steps", [[HoldOpen()], half_a_stream(HoldOpen())], ids=["before", "in the middle"])
def test_comments_to_nobody_are_no_trouble(chatty: Rude, steps: list[Step], goodbye: Any) -> None:
    client, vendor = asked(chatty, steps)
    client.begin_stream()
    client.piece()

    since = time.monotonic()
    goodbye(client)

    assert_let_go(vendor, since)


def test_the_log_says_that_a_client_has_hung_up(gateway: Rude) -> None:
    client, vendor = asked(gateway, half_a_stream(HoldOpen()))
    _, headers = client.head()
    client.close()
    vendor.hung_up.wait(10)

    line = gateway.logged(headers["x-litellm-call-id"])

    assert line["status"] == 499
    assert "error" not in line


def test_a_deployment_is_not_blamed_for_clients_that_hang_up(gateway: Rude) -> None:
    for _ in range(20):
        client, vendor = asked(gateway, [HoldOpen()])
        client.close()
        vendor.hung_up.wait(10)

    gateway.wire.answers(completion())
    assert gateway.ask().status == 200


def test_a_client_that_is_gone_is_not_answered_by_somebody_else(gateway: Rude) -> None:
    """A call that has a retry or a fallback left does not use it for nobody."""
    client, vendor = asked(gateway, [HoldOpen()])
    client.close()
    vendor.hung_up.wait(10)
    count = len(gateway.wire.requests)

    gateway.assert_well()

    assert len(gateway.wire.requests) == count + 1


def test_a_client_that_hangs_up_in_its_body_is_forgotten(gateway: Rude) -> None:
    count = len(gateway.wire.requests)
    for _ in range(20):
        client = gateway.connect()
        client.send(request(headers={"content-length": "1000", "x-litellm-call-id": "in-its-body"}) + b"{")
        client.close()

    line = gateway.logged("in-its-body")
    assert (line["status"], line["error_code"]) == (499, "cut_body")
    assert len(gateway.wire.requests) == count


def test_a_hundred_clients_at_once_leave_nothing_behind(gateway: Rude) -> None:
    gateway.wire.answers(half_a_stream(HoldOpen()))
    clients = [gateway.open_stream() for _ in range(100)]
    for client in clients:
        client.begin_stream()

    for client in clients:
        client.close()

    wait_for(lambda: all(vendor.hung_up.is_set() for vendor in gateway.wire.opened[-100:]))


def test_what_comes_after_a_hang_up_hurts_nobody(gateway: Rude) -> None:
    gate = threading.Event()
    client, _ = asked(gateway, [Pause(gate), *problem(500, "Too late")], ASK)
    client.close()

    gate.set()

    gateway.assert_well()


def test_a_connection_serves_one_request_after_another(gateway: Rude) -> None:
    gateway.wire.answers(completion())
    client = gateway.connect()

    for _ in range(3):
        client.send(request(ASK))
        assert client.answer().status == 200


def test_requests_that_come_at_once_are_answered_in_their_order(gateway: Rude) -> None:
    client = gateway.connect()
    gateway.wire.answers(*(completion(word) for word in ("one", "two", "three")))

    with suppress(ConnectionError):
        client.send(request(ASK) * 3)

    words = [client.answer().json["choices"][0]["message"]["content"] for _ in range(3)]
    assert words == ["one", "two", "three"]


@pytest.mark.parametrize("goodbye", GOODBYES)
def test_with_aiohttp_a_whole_answer_is_let_go_as_soon(goodbye: Any) -> None:
    """pyreqwest, which is the default there, cannot end a request before its head has come."""
    with Wire() as wire, Rude(configuration(wire), wire, environment={"LITELLM_LITE_ENGINE": "aiohttp"}) as running:
        client, vendor = asked(running, [HoldOpen()], ASK)

        since = time.monotonic()
        goodbye(client)

        assert_let_go(vendor, since)
