"""Which engine serves a call, and the connection pools: one a process for sync, one an event loop for async.

Clients are made on first use, shared by all threads, never used across a fork, and closed when the
interpreter exits.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
import weakref
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from litellm_lite.call import Timeouts
from litellm_lite.transport.seam import AsyncEngine, Engine, Settings

if TYPE_CHECKING:
    import httpx

_MOST_ENGINES = 16  # one for each connect timeout and CA in use; more is a caller that varies them without end

EngineKey = tuple[Any, ...]


class Pools:
    """The engines of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sync: dict[EngineKey, Engine] = {}
        self._async: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[EngineKey, AsyncEngine]]
        self._async = weakref.WeakKeyDictionary()
        self._closers: list[Callable[[], None]] = []
        self._left_behind: list[Any] = []
        self._rust_began = False
        self._forked_after_rust = False
        atexit.register(self.close)
        os.register_at_fork(after_in_child=self._after_fork_in_child)

    def engine(self, settings: Settings, timeouts: Timeouts, *, stream: bool, client: httpx.Client | None) -> Engine:
        """Return the engine for a synchronous call; `client` is the caller's own, if any."""
        if client is not None:
            from litellm_lite.transport import httpx_engine

            return httpx_engine.engine_over(client)
        if self._use_rust(settings, single_reads=stream or timeouts.first_byte != timeouts.idle):
            read_s = _longest(timeouts.first_byte, timeouts.idle) if stream else None
            key: EngineKey = ("rust", timeouts.connect, settings.verify, read_s)
        else:
            key = ("httpx", settings.verify)
        found = self._sync.get(key)
        return found if found is not None else self._make_sync(key)

    def async_engine(self, settings: Settings, timeouts: Timeouts, *, client: httpx.AsyncClient | None) -> AsyncEngine:
        """Return the engine for an asynchronous call on the running loop."""
        if client is not None:
            from litellm_lite.transport import httpx_engine

            return httpx_engine.async_engine_over(client)
        engines = self._async.setdefault(asyncio.get_running_loop(), {})
        rust = self._use_rust(settings, single_reads=False)
        key = ("rust", timeouts.connect, settings.verify) if rust else ("httpx", settings.verify)
        found = engines.get(key)
        return found if found is not None else self._make_async(engines, key)

    def close(self) -> None:
        """Close what can be closed without a running loop; the next call opens anew."""
        with self._lock:
            closers, self._closers = self._closers, []
            self._sync.clear()
            self._async.clear()
        for close in closers:
            close()

    def _use_rust(self, settings: Settings, *, single_reads: bool) -> bool:
        """Decide. A synchronous read of pyreqwest cannot be timed or interrupted, so streams there ride on httpx."""
        if settings.engine != "auto":
            return settings.engine == "pyreqwest"
        return not (single_reads or self._forked_after_rust)

    def _make_sync(self, key: EngineKey) -> Engine:
        with self._lock:
            if key in self._sync:
                return self._sync[key]
            made, close = self._rust_sync(*key[1:]) if key[0] == "rust" else _httpx_sync(*key[1:])
            if len(self._sync) < _MOST_ENGINES:
                self._sync[key] = made
                self._closers.append(close)
            return made

    def _make_async(self, engines: dict[EngineKey, AsyncEngine], key: EngineKey) -> AsyncEngine:
        made = self._rust_async(*key[1:]) if key[0] == "rust" else _httpx_async(*key[1:])
        if len(engines) < _MOST_ENGINES:
            engines[key] = made
        return made

    def _rust_sync(
        self, connect_s: float | None, verify: bool | str, read_s: float | None
    ) -> tuple[Engine, Callable[[], None]]:
        from litellm_lite.transport import pyreqwest_engine

        self._rust_began = True
        client = pyreqwest_engine.build_client(connect_s=connect_s, read_s=read_s, verify=verify)
        return pyreqwest_engine.PyreqwestEngine(client), client.close

    def _rust_async(self, connect_s: float | None, verify: bool | str) -> AsyncEngine:
        from litellm_lite.transport import pyreqwest_engine

        self._rust_began = True
        client = pyreqwest_engine.build_async_client(connect_s=connect_s, verify=verify)
        return pyreqwest_engine.AsyncPyreqwestEngine(client)

    def _after_fork_in_child(self) -> None:
        """Leave the parent's connections alone: closing one here would say goodbye in the parent's name."""
        self._left_behind += [self._sync, self._async, self._closers]
        self._sync, self._async, self._closers = {}, weakref.WeakKeyDictionary(), []
        self._lock = threading.Lock()
        self._forked_after_rust = self._forked_after_rust or self._rust_began


@cache
def pools() -> Pools:
    """Return the pools of this process."""
    return Pools()


def _httpx_sync(verify: bool | str) -> tuple[Engine, Callable[[], None]]:
    from litellm_lite.transport import httpx_engine

    client = httpx_engine.build_client(verify=verify)
    return httpx_engine.HttpxEngine(client, own=True), client.close


def _httpx_async(verify: bool | str) -> AsyncEngine:
    from litellm_lite.transport import httpx_engine

    return httpx_engine.AsyncHttpxEngine(httpx_engine.build_async_client(verify=verify))


def _longest(first: float | None, second: float | None) -> float | None:
    """Return the longer of two limits, where None is no limit at all."""
    return None if first is None or second is None else max(first, second)
