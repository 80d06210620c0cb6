"""Which engine serves a call, and the connection pools: one a process for sync, one an event loop for async.

Clients are made on first use, shared by all threads and never used across a fork. Those of a loop are closed with
it; at exit nothing is closed, for a daemon thread may be in the middle of a call and would complain.
"""

from __future__ import annotations

import asyncio
import atexit
import math
import os
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from functools import cache, cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from litellm_lite.call import Timeouts
from litellm_lite.errors import BadRequestError
from litellm_lite.transport.interruptible import Understudy
from litellm_lite.transport.seam import AsyncEngine, Engine, Settings

if TYPE_CHECKING:
    import httpx

_MOST_ENGINES = 16  # pyreqwest's limits belong to a client: a caller who varies them without end is served by httpx

EngineKey = tuple[Any, ...]
AsyncCloser = Callable[[], Awaitable[None]]


class Pools:
    """The engines of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sync: dict[EngineKey, Engine] = {}
        self._async: dict[asyncio.AbstractEventLoop, LoopEngines] = {}
        self._closers: list[Callable[[], None]] = []
        self._left_behind: list[Any] = []
        self._rust_began = False
        self._forked_after_rust = False
        self._settles = False
        self._makers: dict[str, Callable[..., tuple[AsyncEngine, AsyncCloser]]] = {
            "rust": self._rust_async,
            "httpx": _httpx_async,
            "aiohttp": _aiohttp_async,
        }
        self.understudy = Understudy()
        os.register_at_fork(after_in_child=self._after_fork_in_child)

    def engine(self, settings: Settings, timeouts: Timeouts, *, stream: bool, client: httpx.Client | None) -> Engine:
        """Return the engine for a synchronous call; `client` is the caller's own, if any."""
        if client is not None:
            from litellm_lite.transport import httpx_engine

            return httpx_engine.engine_over(client)
        key = self._sync_key(settings, timeouts, stream=stream)
        found = self._sync.get(key)
        return found if found is not None else self._make_sync(key)

    async def async_engine(
        self, settings: Settings, timeouts: Timeouts, *, stream: bool, client: httpx.AsyncClient | None
    ) -> AsyncEngine:
        """Return the engine for an asynchronous call on the running loop."""
        if client is not None:
            from litellm_lite.transport import httpx_engine

            return httpx_engine.async_engine_over(client)
        loop = asyncio.get_running_loop()
        known = self._async.get(loop)
        if known is None:
            known = await self._engines_of(loop)
        key = self._async_key(known.engines, timeouts, settings, stream=stream)
        found = known.engines.get(key)
        return found if found is not None else self._make_async(known, key)

    def close(self) -> None:
        """Close what can be closed without a running loop; the next call opens anew."""
        with self._lock:
            closers, self._closers = self._closers, []
            self._sync.clear()
            self._async.clear()
        self.understudy.close()
        for close in closers:
            close()

    def _sync_key(self, settings: Settings, timeouts: Timeouts, *, stream: bool) -> EngineKey:
        """Choose. A synchronous read of pyreqwest has no limit of its own, and hears no Ctrl-C."""
        uniform = timeouts.first_byte == timeouts.idle
        if self._use_rust(settings) and (settings.engine == "pyreqwest" or (uniform and not stream)):
            key = _rust_key(timeouts, settings)
            if key in self._sync or len(self._sync) < _MOST_ENGINES:
                return key
        return "httpx", settings.verify

    def _async_key(
        self, known: Mapping[EngineKey, AsyncEngine], timeouts: Timeouts, settings: Settings, *, stream: bool
    ) -> EngineKey:
        """Choose. A stream may be left while its first token is awaited, and pyreqwest cannot end a request then."""
        if settings.engine == "aiohttp" or (settings.engine == "auto" and stream and self._has_aiohttp):
            return "aiohttp", settings.verify
        return _rust_async_key(known, timeouts, settings) if self._use_rust(settings) else ("httpx", settings.verify)

    @cached_property
    def _has_aiohttp(self) -> bool:
        return find_spec("aiohttp") is not None

    def _use_rust(self, settings: Settings) -> bool:
        """Decide. Where pyreqwest had begun before a fork, its thread is missing in the child, asked for or not."""
        return settings.engine != "httpx" and not self._forked_after_rust

    def _make_sync(self, key: EngineKey) -> Engine:
        with self._lock:
            if key in self._sync:
                return self._sync[key]
            made, close = self._rust_sync(*key[1:]) if key[0] == "rust" else _httpx_sync(*key[1:])
            self._sync[key] = made
            self._closers.append(close)
            return made

    async def _engines_of(self, loop: asyncio.AbstractEventLoop) -> LoopEngines:
        for ended in [known for known in self._async if known.is_closed()]:
            del self._async[ended]
        made = self._async[loop] = LoopEngines()
        await anext(made.keeper)
        return made

    def _make_async(self, known: LoopEngines, key: EngineKey) -> AsyncEngine:
        made, close = self._makers[key[0]](*key[1:])
        known.engines[key] = made
        known.closers.append(close)
        return made

    def _rust_sync(
        self, connect_s: float | None, verify: bool | str, read_s: float | None
    ) -> tuple[Engine, Callable[[], None]]:
        from litellm_lite.transport import pyreqwest_engine

        self._rust_began = True
        client = pyreqwest_engine.build_client(connect_s=connect_s, read_s=read_s, verify=verify)
        return pyreqwest_engine.PyreqwestEngine(client), client.close

    def _rust_async(
        self, connect_s: float | None, verify: bool | str, read_s: float | None
    ) -> tuple[AsyncEngine, AsyncCloser]:
        from litellm_lite.transport import pyreqwest_engine

        if not self._settles:
            self._settles = True
            atexit.register(self._settle)
        self._rust_began = True
        client = pyreqwest_engine.build_async_client(connect_s=connect_s, read_s=read_s, verify=verify)
        return pyreqwest_engine.AsyncPyreqwestEngine(client, read_s), client.close

    def _settle(self) -> None:
        if not self._forked_after_rust:
            from litellm_lite.transport import pyreqwest_engine

            pyreqwest_engine.settle()

    def _after_fork_in_child(self) -> None:
        """Leave the parent's connections alone: closing one here would say goodbye in the parent's name."""
        self._left_behind += [self._sync, self._async, self._closers, self.understudy]
        self._sync, self._async, self._closers, self.understudy = {}, {}, [], Understudy()
        self._lock = threading.Lock()
        self._forked_after_rust = self._forked_after_rust or self._rust_began


class LoopEngines:
    """The engines of one event loop. They are closed with it, where `asyncio.run` or a `Runner` ends it."""

    def __init__(self) -> None:
        self.engines: dict[EngineKey, AsyncEngine] = {}
        self.closers: list[AsyncCloser] = []
        self.keeper = self._keep()

    async def _keep(self) -> AsyncGenerator[None, None]:
        """Wait to be closed: its asynchronous generators are all that a loop tells of its end."""
        try:
            yield
        finally:
            self.engines.clear()
            while self.closers:  # a closer holds its client, and pyreqwest hangs up only with the client gone
                await self.closers.pop()()


@cache
def pools() -> Pools:
    """Return the pools of this process."""
    return Pools()


def _httpx_sync(verify: bool | str) -> tuple[Engine, Callable[[], None]]:
    from litellm_lite.transport import httpx_engine

    client = httpx_engine.build_client(verify=verify)
    return httpx_engine.HttpxEngine(client, own=True), client.close


def _httpx_async(verify: bool | str) -> tuple[AsyncEngine, AsyncCloser]:
    from litellm_lite.transport import httpx_engine

    client = httpx_engine.build_async_client(verify=verify)
    return httpx_engine.AsyncHttpxEngine(client), client.aclose


def _aiohttp_async(verify: bool | str) -> tuple[AsyncEngine, AsyncCloser]:
    try:
        from litellm_lite.transport import aiohttp_engine
    except ModuleNotFoundError as error:
        msg = "LITELLM_LITE_ENGINE=aiohttp needs aiohttp, and it is not installed; pip install 'litellm-lite[proxy]'"
        raise BadRequestError(msg) from error
    engine = aiohttp_engine.build_engine(verify=verify)
    return engine, engine.close


def _rust_key(timeouts: Timeouts, settings: Settings) -> EngineKey:
    read_s = None if timeouts.first_byte is None or timeouts.idle is None else max(timeouts.first_byte, timeouts.idle)
    limits = [limit for limit in (read_s, timeouts.total) if limit is not None]
    connect_s = timeouts.connect
    if connect_s is not None and limits and min(limits) <= connect_s:
        connect_s = None  # the whole beginning has a limit that is no longer
    return "rust", connect_s, settings.verify, read_s


def _rust_async_key(known: Mapping[EngineKey, AsyncEngine], timeouts: Timeouts, settings: Settings) -> EngineKey:
    """Return the exact key, or one of few: an async engine minds the exact limits itself.

    Limits that are no whole seconds are what is left of a deadline, and another for each call; of others, too, there
    may be many.
    """
    key = _rust_key(timeouts, settings)
    if key in known or (len(known) < _MOST_ENGINES and _is_whole(key[1]) and _is_whole(key[3])):
        return key
    return "rust", _rounded_up(key[1]), key[2], _rounded_up(key[3])


def _is_whole(seconds: float | None) -> bool:
    return seconds is None or seconds == int(seconds)


def _rounded_up(seconds: float | None) -> float | None:
    return None if seconds is None else 2.0 ** math.ceil(math.log2(max(seconds, 1)))
