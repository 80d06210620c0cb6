"""Streams up to their first token: one alone, or several beside each other, of which the first to speak is kept.

Beside each other, synchronous attempts run in a thread each, asynchronous ones in a task each.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections import deque
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from litellm_lite.attempts import aopen_stream, open_stream
from litellm_lite.errors import APIError
from litellm_lite.facts import plain_end
from litellm_lite.router.mending import speaks
from litellm_lite.router.steps import Attempt, Event, Failed, Refused, Silent, Spoke
from litellm_lite.transformer import JSON
from litellm_lite.transport.seam import SHORTEST_WAIT_S

if TYPE_CHECKING:
    from litellm_lite.cost import Cost
    from litellm_lite.prepare import Plan
    from litellm_lite.router.calls import Calls
    from litellm_lite.router.clock import Clock

_Opened = Spoke | Failed


class _Known(Protocol):
    """What is known of a stream."""

    headers: Mapping[str, str]

    @property
    def usage(self) -> JSON | None: ...
    @property
    def cost(self) -> Cost | None: ...
    @property
    def hidden_params(self) -> dict[str, Any]: ...
    @property
    def malformed_events(self) -> int: ...


class Chunks(_Known, Protocol):
    """A stream whose chunks are dictionaries."""

    def __iter__(self) -> Chunks: ...
    def __next__(self) -> JSON: ...
    def at_hand(self) -> list[JSON]: ...
    def close(self) -> None: ...


class AsyncChunks(_Known, Protocol):
    """The twin of `Chunks`."""

    def __aiter__(self) -> AsyncChunks: ...
    async def __anext__(self) -> JSON: ...
    def at_hand(self) -> list[JSON]: ...
    async def aclose(self) -> None: ...


class Leg(NamedTuple):
    """One stream of one deployment; `held` is what was read of it so far."""

    attempt: Attempt
    plan: Plan
    stream: Chunks
    held: deque[JSON]

    def read(self) -> JSON | None:
        """Return the next chunk, None at the end. Raises APIError."""
        return self.held.popleft() if self.held else next(self.stream, None)

    def at_hand(self) -> list[JSON]:
        """Return the chunks that nobody need wait for."""
        return _at_hand(self)


class AsyncLeg(NamedTuple):
    """The twin of `Leg`."""

    attempt: Attempt
    plan: Plan
    stream: AsyncChunks
    held: deque[JSON]

    async def read(self) -> JSON | None:
        return self.held.popleft() if self.held else await anext(self.stream, None)

    def at_hand(self) -> list[JSON]:
        return _at_hand(self)


def _at_hand(leg: Leg | AsyncLeg) -> list[JSON]:
    held = [*leg.held, *leg.stream.at_hand()]
    leg.held.clear()
    return held


Glimpse = Callable[["Leg | AsyncLeg", JSON], None]
"""Is shown what a stream says before its first token: its role. Whether its deployment serves is not decided then."""


def open_leg(attempt: Attempt, plan: Plan, clock: Clock, glimpse: Glimpse | None = None) -> Leg:
    """Return a stream read up to its first token. Raises APIError."""
    patience = _Patience(attempt, clock)
    leg = Leg(attempt, plan, cast("Chunks", open_stream(plan, plain_end, patience)), deque())
    for chunk in leg.stream:  # pragma: no branch - it speaks, or raises: an end needs a finish reason
        leg.held.append(chunk)
        if speaks(chunk):
            break
        if glimpse is not None:
            glimpse(leg, chunk)
    patience.end()
    return leg


async def aopen_leg(attempt: Attempt, plan: Plan, clock: Clock, glimpse: Glimpse | None = None) -> AsyncLeg:
    """The async twin of `open_leg`."""
    patience = _Patience(attempt, clock)
    leg = AsyncLeg(attempt, plan, cast("AsyncChunks", await aopen_stream(plan, plain_end, patience)), deque())
    async for chunk in leg.stream:  # pragma: no branch
        leg.held.append(chunk)
        if speaks(chunk):
            break
        if glimpse is not None:
            glimpse(leg, chunk)
    patience.end()
    return leg


class _Patience:
    """How long to wait for the first token: comments and a role are no answer. After it, only a silence is too long."""

    __slots__ = ("_clock", "_end")

    def __init__(self, attempt: Attempt, clock: Clock) -> None:
        self._clock = clock
        self._end = None if attempt.timeout_s is None else clock.now() + attempt.timeout_s

    def __call__(self) -> float | None:
        clock = self._clock
        return None if self._end is None else max(clock.real_s(self._end - clock.now()), SHORTEST_WAIT_S)

    def end(self) -> None:
        self._end = None


class _Silences:
    """When which attempt is to be reported as silent, in the order of the times."""

    __slots__ = ("_clock", "_due")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: dict[int, tuple[float, Attempt]] = {}

    def expect(self, attempt: Attempt) -> None:
        if attempt.silent_s is not None:
            self._due[attempt.number] = self._clock.now() + attempt.silent_s, attempt

    def ended(self, attempt: Attempt) -> None:
        self._due.pop(attempt.number, None)

    def wait_s(self, seconds: float | None) -> float | None:
        """Return how long to wait for an event, in real seconds, where the step allows so many of the clock's."""
        first = min((due for due, _ in self._due.values()), default=None)
        waits = [wait for wait in (seconds, None if first is None else first - self._clock.now()) if wait is not None]
        return self._clock.real_s(min(waits)) if waits else None

    def next(self) -> Silent | None:
        """Return whose time has come; None where it has for nobody: then it was the step's."""
        due, attempt = min(self._due.values(), default=(None, None), key=lambda pair: pair[0])
        if due is None or attempt is None or due > self._clock.now():
            return None
        del self._due[attempt.number]
        return Silent(attempt)


class Race:
    """The attempts of one synchronous stream before one of them was kept."""

    def __init__(self, calls: Calls, clock: Clock, glimpse: Glimpse | None = None) -> None:
        self._calls, self._clock, self._silences, self._glimpse = calls, clock, _Silences(clock), glimpse
        self._events: SimpleQueue[_Opened | Exception] = SimpleQueue()
        self._legs: dict[int, Leg] = {}
        self._lock = threading.Lock()
        self._over = False
        self._threads = 0

    def make(self, attempt: Attempt, left_s: float) -> Event:
        """Start an attempt and return the next event; None where nothing happens in the time the call has left.

        Alone and with nobody to be started beside it, it runs in this thread.
        """
        try:
            plan = self._calls.plan(attempt)
        except APIError as error:
            return Refused(attempt, error)
        if attempt.silent_s is None and not self._threads:
            return self._opened(attempt, plan)
        self._threads += 1
        self._silences.expect(attempt)
        run = contextvars.copy_context().run
        threading.Thread(target=run, args=(self._open, attempt, plan), name="litellm-lite-stream", daemon=True).start()
        return self.event(left_s)

    def event(self, seconds: float | None) -> Event:
        """Return what happens next; None where nothing does for so many seconds."""
        try:
            event = self._events.get(timeout=self._silences.wait_s(seconds))
        except Empty:
            return self._silences.next()
        if isinstance(event, Exception):
            raise event
        self._silences.ended(event.attempt)
        self._threads -= 1
        return event

    def keep(self, attempt: Attempt) -> Leg:
        """Return the stream of an attempt that spoke, and let go of the others."""
        with self._lock:
            self._over = True
            leg = self._legs.pop(attempt.number)
            others, self._legs = list(self._legs.values()), {}
        for other in others:
            other.stream.close()
        return leg

    def abandon(self) -> None:
        """Let go of all."""
        with self._lock:
            self._over = True
            legs, self._legs = list(self._legs.values()), {}
        for leg in legs:
            leg.stream.close()

    def _open(self, attempt: Attempt, plan: Plan) -> None:
        try:
            if (event := self._opened(attempt, plan)) is not None:
                self._events.put(event)
        except Exception as error:  # none of a call's: the caller is to see it, not this thread
            self._events.put(error)

    def _opened(self, attempt: Attempt, plan: Plan) -> _Opened | None:
        try:
            leg = open_leg(attempt, plan, self._clock, self._glimpse)
        except APIError as error:
            return Failed(attempt, error)
        with self._lock:
            if not self._over:
                self._legs[attempt.number] = leg
                return Spoke(attempt, leg.stream.headers)
        leg.stream.close()  # another one was faster
        return None


class AsyncRace:
    """The twin of `Race`."""

    def __init__(self, calls: Calls, clock: Clock, glimpse: Glimpse | None = None) -> None:
        self._calls, self._clock, self._silences, self._glimpse = calls, clock, _Silences(clock), glimpse
        self._events: asyncio.Queue[_Opened | Exception] = asyncio.Queue()
        self._legs: dict[int, AsyncLeg] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def make(self, attempt: Attempt, left_s: float) -> Event:
        try:
            plan = self._calls.plan(attempt)
        except APIError as error:
            return Refused(attempt, error)
        if attempt.silent_s is None and not self._tasks:
            return await self._opened(attempt, plan)
        self._silences.expect(attempt)
        self._tasks[attempt.number] = asyncio.create_task(self._open(attempt, plan))
        return await self.event(left_s)

    async def event(self, seconds: float | None) -> Event:
        try:
            async with asyncio.timeout(self._silences.wait_s(seconds)):
                event = await self._events.get()
        except TimeoutError:
            return self._silences.next()
        if isinstance(event, Exception):
            raise event
        self._silences.ended(event.attempt)
        self._tasks.pop(event.attempt.number, None)
        return event

    async def keep(self, attempt: Attempt) -> AsyncLeg:
        leg = self._legs.pop(attempt.number)
        await self.abandon()
        return leg

    async def abandon(self) -> None:
        tasks, self._tasks = list(self._tasks.values()), {}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        legs, self._legs = list(self._legs.values()), {}
        for leg in legs:
            await leg.stream.aclose()

    async def _open(self, attempt: Attempt, plan: Plan) -> None:
        try:
            self._events.put_nowait(await self._opened(attempt, plan))
        except Exception as error:
            self._events.put_nowait(error)

    async def _opened(self, attempt: Attempt, plan: Plan) -> _Opened:
        try:
            leg = await aopen_leg(attempt, plan, self._clock, self._glimpse)
        except APIError as error:
            return Failed(attempt, error)
        self._legs[attempt.number] = leg
        return Spoke(attempt, leg.stream.headers)
