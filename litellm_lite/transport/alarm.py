"""A time limit for the waits of one exchange, in asyncio: one timer, moved along, instead of one for every read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class Alarm:
    """Ends a wait that takes too long. It belongs to the running loop and to one task at a time.

    `asyncio.timeout` makes and cancels a timer for every read, 4.5 µs a chunk. Here a read only writes down when it
    must be over; the timer looks there when it fires, and most streams never see it fire.
    """

    __slots__ = ("_due", "_loop", "_rang", "_rings_at", "_task", "_timer")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[object] | None = None
        self._due = self._rings_at = 0.0
        self._rang = False

    async def wait(self, awaited: Awaitable[T], seconds: float | None) -> T:
        """Return what comes. Raises TimeoutError when it does not come in time."""
        task = asyncio.current_task(self._loop)  # which it need not look up then
        if seconds is None or task is None:
            return await awaited
        self._arm(seconds)
        self._task, cancelling = task, task.cancelling()
        try:
            return await awaited
        except asyncio.CancelledError:
            # As in asyncio.timeout: ours alone becomes a TimeoutError, one from outside stays what it is.
            if self._rang and task.uncancel() <= cancelling:
                raise TimeoutError from None
            raise
        finally:
            self._task = None

    def close(self) -> None:
        """Take the timer away."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, seconds: float) -> None:
        self._rang = False
        self._due = self._loop.time() + seconds
        if self._timer is None or self._rings_at > self._due:
            self.close()
            self._set()

    def _set(self) -> None:
        self._rings_at = self._due
        self._timer = self._loop.call_at(self._due, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._task is None:
            return
        if self._loop.time() < self._due:  # reads have moved the limit since the timer was set
            self._set()
            return
        self._rang = True
        self._task.cancel()
