"""Slow clients: what they do not take is not asked for, what they do not send is not awaited, and memory is bounded."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, overload

import pytest

from tests.proxy.rude import ASK, Client, Rude, alone, request, said, wait_for
from tests.wire import DONE, LAST_FRAME, Send, Step, chunk, chunk_frame, completion, event, stream_head

MIB = 1 << 20
PIECE = "x" * 60_000
END = [Send(chunk_frame(event(chunk(finish="stop")) + DONE) + LAST_FRAME)]
STREAM = {**ASK, "stream": True}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Rude]:
    with alone(max_request_size_mb=2, request_body_timeout=0.5, stalled_client_timeout=0.7) as running:
        yield running
        running.assert_well()


@pytest.fixture(scope="module")
def patient() -> Iterator[Rude]:
    with alone() as running:
        yield running
        running.assert_well()


class Flood(Sequence[Step]):
    """A stream of a hundred megabytes that counts what was taken of it."""

    def __init__(self) -> None:
        self.pieces = 0

    def __iter__(self) -> Iterator[Step]:
        yield from stream_head()
        for self.pieces in range(1700):
            yield said(PIECE)

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Step]: ...
    def __getitem__(self, index: Any) -> Any:
        raise IndexError(index)

    def __len__(self) -> int:
        return 1

    @property
    def mib(self) -> float:
        return self.pieces * len(PIECE) / MIB


def settled(flood: Flood) -> float:
    """Return how much was taken, once for a while nothing more is."""
    moment, taken = threading.Event(), -1
    while flood.pieces != taken:
        taken = flood.pieces
        moment.wait(0.3)
    return flood.mib


def slow_reader(gateway: Rude, answer: Sequence[Step], body: dict[str, Any]) -> Client:
    gateway.wire.answers(answer)
    before = len(gateway.wire.requests)
    client = gateway.connect(receive_buffer=4096)
    client.send(request(body))
    gateway.wire.wait_for_requests(before + 1)
    return client


def test_what_a_client_does_not_read_is_not_asked_for(patient: Rude) -> None:
    before = patient.rss_mib
    flood = Flood()

    client = slow_reader(patient, flood, STREAM)

    assert settled(flood) < 30  # the buffers of two connections on loopback, and not a hundred megabytes
    assert patient.rss_mib - before < 40
    patient.assert_well()
    client.close()


def test_ten_clients_that_do_not_read_take_little_memory(patient: Rude) -> None:
    before = patient.rss_mib
    floods = [Flood() for _ in range(10)]

    clients = [slow_reader(patient, flood, STREAM) for flood in floods]

    assert max(settled(flood) for flood in floods) < 30
    assert patient.rss_mib - before < 80
    patient.assert_well()
    for client in clients:
        client.close()


def test_a_client_that_reads_on_gets_all_of_it(patient: Rude) -> None:
    client = slow_reader(patient, [*stream_head(), *[said(PIECE)] * 300, *END], STREAM)

    status, _ = client.head()
    taken = sum(len(piece) for piece in client.pieces())

    assert status == 200
    assert taken > 300 * len(PIECE)


def test_a_stream_that_nobody_reads_is_let_go(gateway: Rude) -> None:
    flood = Flood()
    slow_reader(gateway, flood, STREAM)

    gateway.wire.wait_for_hang_up(gateway.wire.last.connection)

    assert flood.mib < 30


def test_an_answer_that_nobody_reads_is_let_go(gateway: Rude) -> None:
    client = slow_reader(gateway, completion("x" * 20 * MIB), ASK)
    assert held(gateway, client)

    wait_for(lambda: not held(gateway, client))


def held(gateway: Rude, client: Client) -> bool:
    """Whether the gateway still has its end of a connection. Its client is not told: it takes nothing."""
    ends = f":{gateway.port:04X}", f":{client.socket.getsockname()[1]:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
    return any(row[1].endswith(ends[0]) and row[2].endswith(ends[1]) for row in rows)


def test_a_body_that_trickles_is_too_slow(gateway: Rude) -> None:
    client = gateway.connect()
    client.send(request(headers={"content-length": "100"}) + b'{"model"')

    answer = client.answer()

    assert answer.status == 408
    assert answer.error["type"] == "timeout_error"
    assert "did not come in time" in answer.error["message"]


@pytest.mark.parametrize("said_so_far", [b"", b"P", b"POST /v1/chat/completions HTTP/1.1\r\n", request(ASK)[:120]])
def test_a_head_that_trickles_ends_the_connection(gateway: Rude, said_so_far: bytes) -> None:
    client = gateway.connect()
    client.send(said_so_far)

    assert client.read_to_end() in (b"", b"HTTP/1.1 408 Request Timeout\r\n")


def test_hundreds_of_them_keep_nobody_out(gateway: Rude) -> None:
    before = gateway.rss_mib
    slow = [gateway.connect() for _ in range(400)]
    for at, client in enumerate(slow):
        client.send(request(headers={"content-length": "100"}) + b"{" if at % 2 else b"POST / HT")

    gateway.assert_well()
    assert gateway.rss_mib - before < 40
    for client in slow:
        client.read_to_end()


def test_a_body_that_says_it_is_too_large_is_not_read(gateway: Rude) -> None:
    client = gateway.connect()
    client.send(request(headers={"content-length": str(1 << 30), "expect": "100-continue"}))

    answer = client.answer()

    assert answer.status == 413
    assert "max_request_size_mb" in answer.error["message"]
    assert client.read_to_end() == b""


@pytest.mark.parametrize("size", ["9" * 18, "9" * 19])
def test_a_length_that_no_disk_holds_is_too_large(gateway: Rude, size: str) -> None:
    assert gateway.say(request(headers={"content-length": size})).status == 413


def flooded(client: Client, piece: bytes, count: int) -> int:
    """Send a piece again and again, and return how often the gateway took it."""
    for taken in range(count):
        try:
            client.send(piece)
        except ConnectionError:
            return taken
    return count


def test_a_body_without_an_end_is_cut_off_at_the_limit(gateway: Rude) -> None:
    before = gateway.rss_mib
    client = gateway.connect()
    client.send(request(headers={"transfer-encoding": "chunked"}, without="content-length"))

    taken = flooded(client, chunk_frame(b"x" * MIB), 1024)

    assert taken < 30  # what the buffers on loopback hold beside the two megabytes
    assert gateway.rss_mib - before < 40
    gateway.assert_well()


def test_a_gigabyte_that_was_said_to_be_small_is_not_read(gateway: Rude) -> None:
    before = gateway.rss_mib
    client = gateway.connect()
    client.send(request(b"{}"))

    flooded(client, b"x" * MIB, 1024)

    assert gateway.rss_mib - before < 40
    gateway.assert_well()


def test_without_the_key_nothing_of_a_body_is_read(patient: Rude) -> None:
    before = patient.rss_mib
    clients = [patient.connect() for _ in range(20)]
    for client in clients:
        client.send(request(headers={"content-length": str(40 * MIB)}, key="sk-wrong"))

    assert [client.answer().status for client in clients] == [401] * 20
    assert patient.rss_mib - before < 20
