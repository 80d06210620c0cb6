"""How an answer leaves: whole, in events at a pace, or disturbed by a fault. The ASGI part of the emulator."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from enum import Enum
from typing import TYPE_CHECKING, Any

from litellm_lite.emulator.settings import Fault

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

Pause = Callable[[float], Awaitable[bool]]
"""Waits that many seconds; true when the emulator is being stopped meanwhile."""


class Halt(Enum):
    """An answer that does not go on: the connection is closed, or stays open in silence."""

    CUT = "cut"
    STALL = "stall"


Step = bytes | Halt


def disturb(chunks: Iterable[bytes], fault: Fault, *, error: bytes, malformed: bytes) -> Iterator[Step]:
    """Yield the chunks of a stream as a fault leaves them."""
    for place, chunk in enumerate(chunks):
        if place == fault.end_after_chunks:
            return
        if place in (fault.cut_after_chunks, fault.stall_after_chunks):
            yield Halt.CUT if place == fault.cut_after_chunks else Halt.STALL
            return
        if place == 1 and fault.malformed_event:
            yield malformed
        if place == 1 and fault.error_mid_stream:
            yield error
            return
        yield chunk


def disturb_body(body: bytes, fault: Fault) -> tuple[int, list[Step]]:
    """Return the announced length of a whole answer and its steps: half of it at most where a fault breaks it.

    After no chunks the fault comes before the first byte; a body that ends early is announced as short.
    """
    half = body[: len(body) // 2]
    if fault.end_after_chunks is not None:
        return len(half), [half]
    for after, halt in ((fault.cut_after_chunks, Halt.CUT), (fault.stall_after_chunks, Halt.STALL)):
        if after is not None:
            return len(body), [half, halt] if after else [halt]
    return len(body), [body]


class Sending:
    """An answer on its way: an ASGI application that Starlette can return for a response."""

    def __init__(
        self, steps: Iterable[Step], *, headers: dict[str, str], pause: Pause, pace_s: float = 0.0, status: int = 200
    ) -> None:
        self.steps, self.headers, self.status = steps, headers, status
        self.pause, self.pace_s = pause, pace_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False
        for step in self.steps:
            if isinstance(step, Halt):
                await _halt(step, scope, receive)
                return
            if not begun:
                await send(self._start())
            elif self.pace_s and await self.pause(self.pace_s):
                return
            begun = True
            await send({"type": "http.response.body", "body": step, "more_body": True})
        if not begun:
            await send(self._start())
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _start(self) -> dict[str, Any]:
        headers = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        return {"type": "http.response.start", "status": self.status, "headers": headers}


async def _halt(halt: Halt, scope: Scope, receive: Receive) -> None:
    """Close the connection or leave it silent, and return once it is gone."""
    if halt is Halt.CUT:
        scope["state"]["transport"].close()
    await receive()  # the request was read to its end; what comes next is the disconnect
