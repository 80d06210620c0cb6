"""Who leaves early: the socket is closed at once, and nobody who reads slowly fills the memory."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from litellm_lite.call import Timeouts
from litellm_lite.errors import APIConnectionError
from litellm_lite.transport import aiohttp_engine, exchange
from litellm_lite.transport.pools import pools
from litellm_lite.transport.seam import Settings
from tests.transport.sending import Sender, request_to
from tests.wire import (
    LAST_FRAME,
    Close,
    HoldOpen,
    Pause,
    Reset,
    Send,
    Step,
    Wire,
    chunk_frame,
    completion,
    stream_head,
)

AIOHTTP = Settings("aiohttp")
LONG = Timeouts(first_byte=60, idle=60)
AT_ONCE_S = 0.1
STALLED: list[Step] = [*stream_head(), Send(chunk_frame(b"data: 1\n\n")), HoldOpen()]


@pytest.mark.parametrize("engine", ["auto", "aiohttp", "httpx"])
@pytest.mark.parametrize("steps", [[HoldOpen()], STALLED], ids=["before its head", "after it"])
def test_a_cancelled_stream_hangs_up_within_a_tenth_of_a_second(engine: Any, wire: Wire, steps: list[Step]) -> None:
    wire.answers(steps)

    async def leave(opened: int) -> float:
        async def listen() -> None:
            heard = await exchange.aopen_stream(request_to(wire), LONG, Settings(engine))
            try:
                while await heard.read():
                    pass
            finally:
                await heard.close()

        listening = asyncio.create_task(listen())
        await asyncio.to_thread(wire.wait_for_requests, opened + 1)
        began = time.monotonic()
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
        await asyncio.to_thread(wire.wait_for_hang_up, opened)
        return time.monotonic() - began

    async def main() -> list[float]:
        return [await leave(turn) for turn in range(5)]

    assert min(asyncio.run(main())) < AT_ONCE_S  # the machine may be busy at one time, not at all five


class Reluctant:
    """A server that reads the beginning of a request and then nothing, until told; then it counts what comes."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"
        self.came, self.go_on = threading.Event(), threading.Event()
        self.read, self.answer = 0, b""
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        accepted, _ = self._listener.accept()
        with accepted, suppress(OSError):
            self.read += len(accepted.recv(100))
            self.came.set()
            accepted.sendall(self.answer)
            self.go_on.wait(10)
            while piece := accepted.recv(1 << 16):
                self.read += len(piece)

    def end(self) -> None:
        self.go_on.set()
        self._thread.join(10)
        self._listener.close()


@pytest.fixture
def reluctant() -> Iterator[Reluctant]:
    made = Reluctant()
    yield made
    made.end()


@pytest.mark.parametrize("engine", ["aiohttp", "httpx"])
def test_of_a_long_request_that_is_given_up_the_rest_is_not_sent(engine: Any, reluctant: Reluctant) -> None:
    body = b" " * (64 << 20)

    async def main() -> None:
        sending = asyncio.create_task(exchange.asend(request_to(reluctant.url, body), LONG, Settings(engine)))
        await asyncio.to_thread(reluctant.came.wait, 10)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending

    asyncio.run(main())
    reluctant.end()
    assert reluctant.read < len(body)


@pytest.mark.parametrize("size", [1 << 20, (1 << 20) + 1, 5 << 20])
def test_a_long_request_arrives_whole(sender: Sender, wire: Wire, size: int) -> None:
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    assert sender.request(request_to(wire, body)).status == 200
    assert wire.last.body == body
    assert wire.last.headers["content-length"] == str(size)


class Eager:
    """A server that answers with very much; `stalled` is set once nobody has taken anything for half a second."""

    PIECE, PIECES = chunk_frame(b"x" * (1 << 16)), 1024  # 64 MB

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"
        self.stalled = threading.Event()
        self.sent = self.sent_when_stalled = 0
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        accepted, _ = self._listener.accept()
        with accepted, suppress(OSError):
            asked = b""
            while not asked.endswith(b"{}"):
                asked += accepted.recv(1 << 16)
            accepted.settimeout(0.5)
            self._send(accepted, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            for _ in range(self.PIECES):
                self._send(accepted, self.PIECE)
            self._send(accepted, LAST_FRAME)

    def _send(self, accepted: socket.socket, packet: bytes) -> None:
        left = memoryview(packet)
        while left:
            try:
                sent = accepted.send(left)
            except TimeoutError:
                self.sent_when_stalled = self.sent_when_stalled or self.sent
                self.stalled.set()
                continue
            self.sent += sent
            left = left[sent:]

    def end(self) -> None:
        self._thread.join(10)
        self._listener.close()


def test_a_slow_reader_holds_up_the_sender_and_loses_nothing(sender: Sender) -> None:
    eager = Eager()
    opened = sender.open(eager.url, LONG)
    taken = len(opened.read())
    if sender.mode == "async":
        sender.run(asyncio.to_thread(eager.stalled.wait, 20))
    assert eager.stalled.wait(20)
    assert eager.sent_when_stalled < 32 << 20  # the kernel's own buffers hold some of it
    while piece := opened.read():
        taken += len(piece)
    opened.close()
    eager.end()
    assert taken == 1024 << 16


def test_what_came_together_is_read_together(wire: Wire) -> None:
    burst = b"".join(chunk_frame(b"data: %d\n\n" % each) for each in range(50))
    wire.answers([*stream_head(), Send(burst + LAST_FRAME)])

    async def main() -> list[bytes]:
        opened = await exchange.aopen_stream(request_to(wire), LONG, AIOHTTP)
        pieces = []
        while piece := await opened.read():
            pieces.append(piece)
        await opened.close()
        return pieces

    pieces = asyncio.run(main())
    assert b"".join(pieces) == b"".join(b"data: %d\n\n" % each for each in range(50))
    assert len(pieces) <= 3  # with its head, or after it; the kernel may cut it once


@pytest.mark.parametrize("ending", [[Close()], [Reset()], [Send(b"no frame\r\n"), HoldOpen()]], ids=str)
def test_what_came_before_a_cut_is_read_before_it_is_told(sender: Sender, wire: Wire, ending: list[Step]) -> None:
    """Also by a reader who looks only after the cut."""
    gate, cut = threading.Event(), threading.Event()

    def end(_: Any) -> list[Step]:
        head = [*stream_head(), Send(chunk_frame(b"one")), Pause(gate), Send(chunk_frame(b"two")), Pause(cut)]
        return [*head, *ending]

    wire.answers(end)
    opened = sender.open(wire, LONG)
    assert opened.read() == b"one"
    gate.set()
    assert opened.read() == b"two"
    cut.set()
    if ending != [Send(b"no frame\r\n"), HoldOpen()]:
        wire.wait_for_end()
    with pytest.raises(APIConnectionError, match="broke off or is no HTTP"):
        opened.read()
    opened.close()


def test_bytes_that_nobody_has_taken_yet_survive_the_cut(wire: Wire, new_wire: Callable[..., Wire]) -> None:
    wire.answers([*stream_head(), Send(chunk_frame(b"one")), Reset()])

    async def main() -> None:
        opened = await exchange.aopen_stream(request_to(wire), LONG, AIOHTTP)
        await asyncio.to_thread(wire.wait_for_end)
        await exchange.asend(request_to(new_wire()), LONG, AIOHTTP)  # lets the loop hear of it
        assert await opened.read() == b"one"
        for _ in range(2):
            with pytest.raises(APIConnectionError):
                await opened.read()
        await opened.close()

    asyncio.run(main())


def test_an_answer_that_ends_with_its_connection_does_not_end_well_by_a_reset(sender: Sender, wire: Wire) -> None:
    gate = threading.Event()
    wire.answers([Send(b"HTTP/1.1 200 OK\r\n\r\nnot all"), Pause(gate), Reset()])
    opened = sender.open(wire, LONG)
    assert opened.read() == b"not all"
    gate.set()
    with pytest.raises(APIConnectionError):
        opened.read()
    opened.close()


def test_a_stream_closed_while_it_is_read_tells_its_reader(wire: Wire) -> None:
    wire.answers(STALLED)

    async def main() -> None:
        opened = await exchange.aopen_stream(request_to(wire), LONG, AIOHTTP)
        assert await opened.read() == b"data: 1\n\n"
        reading = asyncio.create_task(opened.read())
        await asyncio.sleep(0)
        await opened.close()
        with pytest.raises(APIConnectionError):
            await reading

    asyncio.run(main())


def test_a_connection_remembers_none_of_the_streams_it_served(wire: Wire) -> None:
    """Each stream listens to its connection's end, and stops listening at its own."""
    wire.answers([*stream_head(), Send(chunk_frame(b"one")), Pause(0.02), Send(LAST_FRAME)])

    async def main() -> list[int]:
        opened = [await exchange.aopen_stream(request_to(wire), LONG, AIOHTTP)]
        listeners = []
        for _ in range(5):
            while await opened[-1].read():
                pass
            listeners.append(len(opened[-1]._response.protocol.closed._callbacks))  # type: ignore[attr-defined]
            opened.append(await exchange.aopen_stream(request_to(wire), LONG, AIOHTTP))
        await opened[-1].close()
        return listeners

    assert asyncio.run(main()) == [1] * 5
    assert wire.connections == 1


def test_a_stream_that_failed_is_not_remembered(wire: Wire) -> None:
    wire.answers(STALLED)

    async def main() -> weakref.ref[Any]:
        opened = await exchange.aopen_stream(request_to(wire), LONG, AIOHTTP)
        await opened.read()
        reading = asyncio.create_task(opened.read())
        await asyncio.sleep(0)
        await opened.close()
        with suppress(APIConnectionError):
            await reading
        return weakref.ref(opened._response)  # type: ignore[attr-defined]

    response = asyncio.run(main())
    gc.collect()
    assert response() is None


def test_a_connection_reset_while_it_rests_is_nobodys_failure(
    wire: Wire, caplog: pytest.LogCaptureFixture, new_wire: Callable[..., Wire]
) -> None:
    wire.answers([*completion(), Reset()])

    async def main() -> None:
        opened = await exchange.aopen_stream(request_to(wire), LONG, AIOHTTP)
        while await opened.read():
            pass
        await opened.close()
        await asyncio.to_thread(wire.wait_for_end)
        await exchange.asend(request_to(new_wire()), LONG, AIOHTTP)  # lets the loop hear of it

    with caplog.at_level(logging.WARNING):
        asyncio.run(main())
        gc.collect()
    assert caplog.messages == []


def test_a_loop_that_ends_hangs_up_on_streams_that_somebody_still_holds(wire: Wire) -> None:
    wire.answers(STALLED)

    async def main() -> object:
        opened = await exchange.aopen_stream(request_to(wire), LONG, AIOHTTP)
        await opened.read()
        return opened

    held = asyncio.run(main())
    wire.wait_for_hang_up()
    del held
    gc.collect()


@pytest.mark.parametrize("answered", [True, False])
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # the loop is gone before the peer has taken all
def test_a_peer_that_takes_nothing_does_not_hold_up_the_end_of_a_loop(answered: bool, reluctant: Reluctant) -> None:
    if answered:
        reluctant.answer = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n"
    request = request_to(reluctant.url, b" " * (64 << 20))
    loop = asyncio.new_event_loop()
    opening = loop.create_task(exchange.aopen_stream(request, LONG, AIOHTTP))
    if answered:
        held = loop.run_until_complete(opening)
        assert held.status == 200
    else:
        loop.run_until_complete(asyncio.to_thread(reluctant.came.wait, 10))
    began = time.monotonic()
    loop.run_until_complete(loop.shutdown_asyncgens())
    assert time.monotonic() - began < 5
    opening.cancel()
    with suppress(asyncio.CancelledError, APIConnectionError):
        loop.run_until_complete(opening)
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # asyncio's own word on a loop closed too early
def test_a_stream_that_outlives_its_loop_dies_quietly(wire: Wire) -> None:
    wire.answers(STALLED)
    loop = asyncio.new_event_loop()
    held = loop.run_until_complete(exchange.aopen_stream(request_to(wire), LONG, AIOHTTP))
    loop.close()
    del held
    pools().close()
    gc.collect()


def test_a_stream_that_another_thread_collects_is_ended_by_its_loop(wire: Wire) -> None:
    wire.answers(STALLED)

    async def main() -> None:
        held = [await exchange.aopen_stream(request_to(wire), LONG, AIOHTTP)]
        await asyncio.to_thread(held.clear)
        await asyncio.to_thread(wire.wait_for_hang_up)

    asyncio.run(main(), debug=True)


def test_an_end_that_nobody_waited_for_any_more_is_no_failure() -> None:
    async def main() -> None:
        lost = asyncio.get_running_loop().create_future()
        lost.add_done_callback(aiohttp_engine._hear)
        lost.cancel()  # as the end of a loop does, of a connection whose peer takes nothing
        await asyncio.sleep(0)

    complaints: list[Any] = []
    with asyncio.Runner() as runner:
        runner.get_loop().set_exception_handler(lambda _, context: complaints.append(context))
        runner.run(main())
    assert complaints == []
