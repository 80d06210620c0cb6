"""How an answer leaves: whole, in events at a pace, or disturbed by a fault. The ASGI part of the emulator."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from litellm_lite.emulator.line import Line
from litellm_lite.emulator.settings import Fault

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


class Halt(Enum):
    """An answer that does not go on: the connection is closed, is reset, or stays open in silence."""

    CUT = "cut"
    RESET = "reset"
    STALL = "stall"


class Silence(NamedTuple):
    """Nothing for so many seconds of the emulator's clock."""

    seconds: float


Step = bytes | Silence | Halt


def in_chunks(fault: Fault, speaking: int, *, size: int, choices: int) -> Fault:
    """Return the fault with its place told in chunks, for a stream that begins with one chunk a choice.

    `speaking` is how many follow that hold something of a choice, `size` how many tokens at most. A fault that would
    come too late comes before the last of them.
    """

    def place(tokens: int | None, chunks: int | None) -> int | None:
        return chunks if tokens is None else choices * (1 + max(0, min(math.ceil(tokens / size), speaking - 1)))

    return replace(
        fault,
        cut_after_chunks=place(fault.cut_after_tokens, fault.cut_after_chunks),
        stall_after_chunks=place(fault.stall_after_tokens, fault.stall_after_chunks),
    )


def disturb(chunks: Iterable[bytes], fault: Fault, *, error: bytes, malformed: bytes) -> Iterator[Step]:
    """Yield the chunks of a stream as a fault leaves them."""
    yield from _before(fault, fault.head_after_s)
    for place, chunk in enumerate(chunks):
        if place == fault.end_after_chunks:
            return
        if place in (fault.cut_after_chunks, fault.stall_after_chunks):
            yield Halt.CUT if place == fault.cut_after_chunks else Halt.STALL
            return
        if place == 1:
            yield from _silence(fault.first_token_after_s - fault.head_after_s)
            yield from [malformed] * fault.malformed_event
        if place == 1 and fault.error_mid_stream:
            yield error
            return
        yield chunk
    yield from _silence(fault.end_after_s)


def disturb_body(body: bytes, fault: Fault) -> tuple[int, list[Step]]:
    """Return the announced length of a whole answer and its steps: half of it at most where a fault breaks it.

    After no chunks the fault comes before the first byte; a body that ends early is announced as short.
    """
    before = list(_before(fault, max(fault.head_after_s, fault.first_token_after_s)))
    half = body[: len(body) // 2]
    if fault.end_after_chunks is not None:
        return len(half), [*before, half]
    for after, halt in ((fault.cut_after_chunks, Halt.CUT), (fault.stall_after_chunks, Halt.STALL)):
        if after is not None:
            return len(body), [*before, half, halt] if after else [*before, halt]
    return len(body), [*before, body]


def _before(fault: Fault, seconds: float) -> Iterator[Step]:
    yield from _silence(seconds)
    if fault.reset:
        yield Halt.RESET


def _silence(seconds: float) -> Iterator[Step]:
    if seconds > 0:
        yield Silence(seconds)


class Sending:
    """An answer on its way: an ASGI application that Starlette can return for a response.

    `speed` seconds of its times pass in a real one.
    """

    def __init__(self, steps: Iterable[Step], *, headers: dict[str, str], speed: float, pace_s: float = 0.0) -> None:
        self.steps, self.headers = steps, headers
        self.speed, self.pace_s = speed, pace_s

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        line: Line = scope["state"]["line"]
        begun = False
        for step in self.steps:
            if isinstance(step, Halt):
                await _halt(step, line)
                return
            if isinstance(step, Silence) or (begun and self.pace_s):
                seconds = step.seconds if isinstance(step, Silence) else self.pace_s
                if not await line.lasts(seconds / self.speed):
                    return
            if isinstance(step, bytes):
                if not begun:
                    await send(self._start())
                begun = True
                await send({"type": "http.response.body", "body": step, "more_body": True})
        if not begun:
            await send(self._start())
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _start(self) -> dict[str, Any]:
        headers = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        return {"type": "http.response.start", "status": 200, "headers": headers}


async def _halt(halt: Halt, line: Line) -> None:
    """End the connection or leave it silent, and return once it is gone."""
    if halt is Halt.CUT:
        line.close()
    elif halt is Halt.RESET:
        line.reset()
    await line.gone.wait()
