"""Calls performed so many at a time: by threads, or by tasks.

`Batch` decides what is started next and keeps what has come; it knows neither threads nor tasks. `run` and `arun`
perform it. Nothing here knows what a call is.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Generator, Iterator
from contextvars import copy_context
from queue import SimpleQueue
from types import coroutine
from typing import Any, Self

# Told after every call: how many are done, how many of them failed, and of how many; None where nobody knows.
Progress = Callable[[int, int, int | None], object]
Outcome = Any  # an answer, or the exception that stands in its place
Item = tuple[int, str, Any]  # place, model, messages


class Batch:
    """What is still to be asked, and what has come.

    `outcomes` are in the order of the calls; `latest` is the place of the one that came last.
    """

    __slots__ = ("_calls", "_done", "_failed", "_first", "_most", "_tell", "_total", "latest", "outcomes", "running")

    def __init__(
        self,
        calls: Iterator[tuple[str, Any]],
        most: int,
        *,
        total: int | None = None,
        tell: Progress | None = None,
        first: bool = False,
    ) -> None:
        """`most` calls run at a time. With `first` the first answer ends it."""
        self._calls, self._most, self._total, self._tell, self._first = calls, most, total, tell, first
        self._done = self._failed = self.running = 0
        self.latest = -1
        self.outcomes: list[Outcome] = []

    def take(self) -> Item | None:
        """Return what to start now; None where enough are running, or none is left."""
        call = next(self._calls, None) if self.running < self._most else None
        if call is None:
            return None
        self.outcomes.append(None)
        self.running += 1
        return len(self.outcomes) - 1, *call

    def settle(self, place: int, outcome: Outcome) -> None:
        """Keep what came of a call. Raises what must end a batch: Ctrl-C, a cancelled call, SystemExit."""
        failed = isinstance(outcome, BaseException)
        if failed and not isinstance(outcome, Exception):
            raise outcome
        self.outcomes[place], self.latest = outcome, place
        self.running -= 1
        self._done += 1
        self._failed += failed
        if self._first and not failed:
            self._calls, self.running = iter(()), 0
        if self._tell is not None:
            self._tell(self._done, self._failed, self._total)

    def settle_ready(self, ready: SimpleQueue[Any] | asyncio.Queue[Any]) -> None:
        """Keep what has come already: a slow iterable does not hold up the news."""
        while self.running and not ready.empty():
            self.settle(*ready.get_nowait())


def run(batch: Batch, call: Callable[[str, Any], Any]) -> Batch:
    """Make the calls in threads, and return the batch with what came of them."""
    with _Crew(call) as crew:
        while (item := batch.take()) is not None or batch.running:
            if item is not None:
                crew.start(item, batch.running)
            else:
                batch.settle(*crew.ready.get())
            batch.settle_ready(crew.ready)
    return batch


async def arun(batch: Batch, call: Callable[[str, Any], Awaitable[Any]]) -> Batch:
    """The async twin of `run`."""
    async with _Tasks(call) as tasks:
        while (item := batch.take()) is not None or batch.running:
            if item is not None:
                await tasks.start(item)
            else:
                batch.settle(*await tasks.ready.get())
            batch.settle_ready(tasks.ready)
    return batch


class _Crew:
    """Threads that make calls, as many as were ever needed at once.

    They are daemons, and not a ThreadPoolExecutor's: that one lets no program end before its last call has.
    """

    __slots__ = ("_call", "_items", "_threads", "ready")

    def __init__(self, call: Callable[[str, Any], Any]) -> None:
        self._call = call
        self._items: SimpleQueue[Item | None] = SimpleQueue()
        self._threads = 0
        self.ready: SimpleQueue[tuple[int, Outcome]] = SimpleQueue()

    def start(self, item: Item, running: int) -> None:
        """Hand a call to a thread; `running` counts it."""
        if running > self._threads:
            self._hire()
        self._items.put(item)

    def _hire(self) -> None:
        serve = copy_context().run  # the caller's context, as tasks have it
        thread = threading.Thread(target=serve, args=(self._serve,), name="litellm-lite-batch", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the system gives no more; those there are will do
            if not self._threads:
                raise
        else:
            self._threads += 1

    def _serve(self) -> None:
        while (item := self._items.get()) is not None:
            self.ready.put((item[0], _outcome(self._call, item)))
            del item  # or it would live until the next one

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while not self._items.empty():
            self._items.get()
        for _thread in range(self._threads):
            self._items.put(None)


class _Tasks:
    """The async twin of `_Crew`: a task for each call under way."""

    __slots__ = ("_call", "_running", "ready")

    def __init__(self, call: Callable[[str, Any], Awaitable[Any]]) -> None:
        self._call = call
        self._running: set[asyncio.Task[None]] = set()
        self.ready: asyncio.Queue[tuple[int, Outcome]] = asyncio.Queue()

    async def start(self, item: Item) -> None:
        """Begin a call; it has sent its request, or as good as, when the next chat is taken from the iterable."""
        task = asyncio.create_task(self._perform(item))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        await _turn()

    async def _perform(self, item: Item) -> None:
        self.ready.put_nowait((item[0], await _aoutcome(self._call, item)))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)


def _outcome(call: Callable[[str, Any], Any], item: Item) -> Outcome:
    """Return the answer or the error. Kept in a variable, the error and this frame would keep each other alive."""
    try:
        return call(*item[1:])
    except BaseException as error:
        return error


async def _aoutcome(call: Callable[[str, Any], Awaitable[Any]], item: Item) -> Outcome:
    """The async twin of `_outcome`."""
    try:
        return await call(*item[1:])
    except BaseException as error:
        return error


@coroutine
def _turn() -> Generator[None, None, None]:
    """Let the loop run what has been started."""
    yield
