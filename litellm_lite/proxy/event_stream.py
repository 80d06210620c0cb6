"""A stream to a client: pieces as they come, comments in long silences, and an end to it when nobody reads.

Sending waits until the client has room, so a slow client slows the vendor down and takes no memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from litellm_lite.proxy.exchange import Exchange, Headers

STALLED_S = 120.0  # a client that reads nothing for so long is not there
COMMENT = b": keep-alive\n\n"
HEADERS = ((b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache"))
# nginx would collect a stream before it passes it on
_UNBUFFERED = (b"x-accel-buffering", b"no")


class EventStream:
    """Server-sent events to one client. `headers` are asked for when the first byte is sent.

    After a silence of `silence_s` a comment is sent, for proxies cut what is silent for a minute.
    """

    __slots__ = (
        "_comment", "_exchange", "_headers", "_last", "_loop", "_sending", "_silence_s", "_stalled_s", "_timer",
    )  # fmt: skip

    def __init__(
        self, exchange: Exchange, headers: Callable[[], Headers], silence_s: float, stalled_s: float = STALLED_S
    ) -> None:
        self._exchange, self._headers, self._silence_s, self._stalled_s = exchange, headers, silence_s, stalled_s
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()
        self._sending = False
        self._comment: asyncio.Task[None] | None = None
        self._timer = self._loop.call_later(silence_s, self._look)

    @property
    def begun(self) -> bool:
        """Whether something was sent, or is on its way: then no other status can be told any more."""
        return self._exchange.begun or self._comment is not None

    async def write(self, part: bytes) -> None:
        """Send a piece."""
        if self._comment is not None:
            await self._comment
            self._comment = None
        await self._put(part)

    def post(self, part: bytes) -> None:
        """Send the first piece, for which nobody waits: what is sent later does."""
        if not self.begun:
            self._comment = asyncio.ensure_future(self._put(part))

    async def end(self, part: bytes = b"") -> None:
        """Send the last piece."""
        self._timer.cancel()
        if self._comment is not None and not self._comment.cancelled():
            await self._comment
        if not self._exchange.begun:
            await self._begin()
        await self._exchange.end(part)

    def close(self) -> None:
        """Send no comments any more."""
        self._timer.cancel()
        if self._comment is not None and not self._comment.cancel() and not self._comment.cancelled():
            self._comment.exception()  # with the client gone nobody asks for it

    async def _put(self, part: bytes) -> None:
        self._sending, self._last = True, self._loop.time()
        try:
            if not self._exchange.begun:
                await self._begin()
            await self._exchange.write(part)
        finally:
            self._sending = False
            self._last = self._loop.time()

    async def _begin(self) -> None:
        await self._exchange.begin([*HEADERS, _UNBUFFERED, *self._headers()])

    def _look(self) -> None:
        """Break a silence, or let go of a client that does not read."""
        limit_s = self._stalled_s if self._sending else self._silence_s
        left_s = limit_s - (self._loop.time() - self._last)
        if left_s <= 0:
            if self._sending:
                self._exchange.let_go()
                return
            self._comment = asyncio.ensure_future(self._put(COMMENT))
            left_s = limit_s
        # What is sent now may be over soon, and then a silence begins.
        self._timer = self._loop.call_later(min(left_s, self._silence_s), self._look)
