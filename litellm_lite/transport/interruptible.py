"""Waiting that Ctrl-C can end.

Signals reach the main thread, and only between two steps of Python: a main thread that waits inside Rust is deaf
until the answer comes, to Ctrl-C as to the SIGTERM of a container. There a second thread waits in its place,
which costs 15 to 35 µs a call. Other threads get no signals and need none of this.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class Understudy:
    """A thread that makes one blocking call at a time for the main thread.

    A call that was interrupted runs to its end unheard, and the next one gets a thread of its own. The thread is a
    daemon: at exit nobody waits for an answer that nobody wants.
    """

    def __init__(self) -> None:
        self._calls: SimpleQueue[Any] | None = None

    def run(self, call: Callable[[], T]) -> T:
        """Return what the call returns, or raise what it raises, or what a signal handler raises meanwhile."""
        if threading.current_thread() is not threading.main_thread():
            return call()
        calls = self._calls or self._begin()
        if calls is None:
            return call()
        outcome: SimpleQueue[Any] = SimpleQueue()
        try:
            calls.put((call, outcome))
            result, error = outcome.get()
        except BaseException:
            self.close()
            raise
        if error is None:
            made: T = result
            return made
        try:
            raise error
        finally:
            del error  # it knows this frame by its traceback, and the two would keep each other alive

    def close(self) -> None:
        """Let the thread end, once it has nothing left to do."""
        calls, self._calls = self._calls, None
        if calls is not None:
            calls.put(None)

    def _begin(self) -> SimpleQueue[Any] | None:
        calls = SimpleQueue[Any]()
        try:
            threading.Thread(target=_serve, args=(calls,), name="litellm-lite", daemon=True).start()
        except RuntimeError:  # the interpreter is ending, and has no more threads to give
            return None
        self._calls = calls
        return calls


def _serve(calls: SimpleQueue[Any]) -> None:
    while (task := calls.get()) is not None:
        call, outcome = task
        try:
            outcome.put((call(), None))
        except BaseException as error:
            outcome.put((None, error))
        del task, call, outcome  # or the last answer would live until the next call
