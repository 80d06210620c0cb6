"""One stream's timers, with a client made of two functions: comments in silences, an end for who takes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from litellm_lite.errors import ServiceUnavailableError
from litellm_lite.proxy.event_stream import COMMENT, EventStream
from litellm_lite.proxy.exchange import Exchange, Headers

SCOPE = {"type": "http", "method": "POST", "path": "/", "headers": []}
Story = Callable[["Peer"], Awaitable[Any]]


class Peer:
    """A client: what it has taken, and a gate that must be open for it to take more."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.broken: Exception | None = None
        self.asked = asyncio.Event()
        self.exchange = Exchange(SCOPE, self.receive, self.send)

    async def receive(self) -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(self, message: Any) -> None:
        self.asked.set()
        await self.gate.wait()
        if self.broken is not None:
            raise self.broken
        if message["type"] == "http.response.body":
            self.taken.append(message["body"])

    def events(self, *, silence_s: float = 60.0, stalled_s: float = 60.0) -> EventStream:
        return EventStream(self.exchange, _no_headers, silence_s, stalled_s)


def _no_headers() -> Headers:
    return []


def told(story: Story) -> Any:
    """Return what comes of a story; the request is made in the task that serves it."""

    async def served() -> Any:
        return await story(Peer())

    async def run() -> Any:
        return await asyncio.wait_for(served(), 10)

    return asyncio.run(run())


def test_a_client_that_takes_nothing_is_let_go() -> None:
    async def story(peer: Peer) -> bool:
        events = peer.events(silence_s=0.001, stalled_s=0.03)
        peer.gate.clear()
        with pytest.raises(asyncio.CancelledError):
            await events.write(b"x")
        asyncio.current_task().uncancel()  # type: ignore[union-attr]
        events.close()
        return peer.exchange.gone

    assert told(story)


class Counted(EventStream):
    """Counts how often it looks whether somebody is there."""

    looks = 0

    def _look(self) -> None:
        self.looks += 1
        super()._look()


def test_a_client_that_takes_nothing_is_not_looked_at_all_the_time() -> None:
    async def story(peer: Peer) -> int:
        events = Counted(peer.exchange, _no_headers, 0.05, 0.3)
        peer.gate.clear()
        with pytest.raises(asyncio.CancelledError):
            await events.write(b"x")
        asyncio.current_task().uncancel()  # type: ignore[union-attr]
        events.close()
        return events.looks

    assert told(story) < 12


def test_a_piece_waits_for_the_comment_before_it() -> None:
    async def story(peer: Peer) -> list[bytes]:
        events = peer.events(silence_s=0.001)
        peer.gate.clear()
        await peer.asked.wait()  # the comment is on its way, and not taken
        writing = asyncio.ensure_future(events.write(b"piece"))
        await asyncio.sleep(0)
        peer.gate.set()
        await writing
        events.close()
        return peer.taken

    assert told(story)[:2] == [COMMENT, b"piece"]


def test_a_stream_that_says_nothing_has_a_head_and_an_end() -> None:
    async def story(peer: Peer) -> tuple[bool, int, list[bytes]]:
        await peer.events().end(b"last")
        return peer.exchange.ended, peer.exchange.status, peer.taken

    assert told(story) == (True, 200, [b"last"])


def test_a_comment_that_cannot_be_sent_is_no_exception_that_nobody_hears_of() -> None:
    async def story(peer: Peer) -> bool:
        events = peer.events(silence_s=0.001)
        peer.gate.clear()
        await peer.asked.wait()
        peer.broken = ConnectionResetError()
        peer.gate.set()
        for _ in range(5):  # steps of the loop, until the comment has failed
            await asyncio.sleep(0)
        events.close()
        return peer.exchange.ended

    assert not told(story)


def test_a_comment_that_was_interrupted_does_not_keep_the_end_from_coming() -> None:
    async def story(peer: Peer) -> list[bytes]:
        events = peer.events(silence_s=0.001)
        peer.gate.clear()
        await peer.asked.wait()
        peer.exchange.end_with(ServiceUnavailableError("over"))
        with pytest.raises(asyncio.CancelledError):
            await events.write(b"never")
        assert peer.exchange.verdict() is not None
        peer.gate.set()
        await events.end(b"over")
        return peer.taken

    assert told(story) == [b"over"]


def test_only_the_first_verdict_counts_and_none_after_the_end() -> None:
    async def story(peer: Peer) -> tuple[Any, Any]:
        first, second = ServiceUnavailableError("first"), ServiceUnavailableError("second")
        peer.exchange.end_with(first)
        peer.exchange.end_with(second)
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(0)
        found = peer.exchange.verdict()
        await peer.events().end()
        peer.exchange.end_with(second)
        await asyncio.sleep(0)
        return found is first, peer.exchange.verdict()

    assert told(story) == (True, None)
