"""The emulator as a running server: a thread of its own, a port of its own, gone when it is closed."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import quote

from litellm_lite.emulator.app import Service, base_path
from litellm_lite.emulator.ask import Shape
from litellm_lite.emulator.line import Line
from litellm_lite.emulator.record import Seen
from litellm_lite.emulator.settings import Fault, Settings, Spell
from litellm_lite.emulator.upstreams import Affliction, Lot, Playing

try:
    import uvicorn
    from uvicorn.protocols.http.h11_impl import H11Protocol
except ModuleNotFoundError as error:
    raise ModuleNotFoundError("the emulator needs a web server: pip install 'litellm-lite[proxy]'") from error

# Longer than clients keep idle connections, so that none meets one just closed.
_KEEP_ALIVE_S = 75
_BACKLOG = 2048


class Emulator:
    """A Llama API on loopback, running between `start` and `close` or inside a `with` block.

    `start` returns once requests are answered; `close` drops open connections and returns once the port is free.
    It serves any number of upstreams, each with limits, faults and a record of its own; the plain one has no name.
    Raises ValueError for settings with a fault that does not exist.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self._stopping = asyncio.Event()
        self._service = Service(self.settings, lambda: time.monotonic() * self.settings.speed, time.time)
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._address = ""

    @property
    def api_key(self) -> str:
        """The one key it accepts."""
        return self.settings.api_key

    @property
    def compat_url(self) -> str:
        """The base URL of the OpenAI-compatible shape. Raises RuntimeError when it is not running."""
        return self.base_url()

    @property
    def native_url(self) -> str:
        """The base URL of Meta's own shape. Raises RuntimeError when it is not running."""
        return self.base_url(shape="native")

    def base_url(self, upstream: str = "", shape: Shape = "compat") -> str:
        """Return the base URL of an upstream. Raises RuntimeError when it is not running."""
        if not self._address:
            raise RuntimeError("the emulator is not running; use it in a with block, or call start()")
        return self._address + base_path(quote(upstream, safe=""), shape)

    def provoke(self, *faults: Fault | str) -> None:
        """Add faults to those still to come, one a request, wherever it goes. From any thread."""
        self._service.faults.extend([Playing(fault) for fault in faults])

    def afflict(self, upstream: str, *faults: Fault | str | Spell) -> None:
        """Show an upstream's requests the first of these that holds, in the place of what was said before.

        What a fault remembers begins anew. From any thread. Raises ValueError for one that does not exist.
        """
        self._service.upstream(upstream).affliction = Affliction(faults)

    def afflict_together(self, upstreams: Iterable[str], *faults: Fault | str | Spell) -> None:
        """Afflict several upstreams as if they were one: what a fault remembers is what came to any of them."""
        affliction = Affliction(faults)
        for upstream in upstreams:
            self._service.upstream(upstream).affliction = affliction

    def afflict_first(
        self, upstreams: Iterable[str], *faults: Fault | str | Spell, others: Iterable[Fault | str | Spell] = ()
    ) -> None:
        """Afflict whichever of these upstreams is asked first, and no other; `others` is what those have instead."""
        lot = Lot(faults, others)
        for upstream in upstreams:
            self._service.upstream(upstream).affliction = lot.share()

    def relieve(self, upstream: str) -> None:
        """Leave an upstream with what the settings schedule. From any thread."""
        self._service.upstream(upstream).affliction = None

    def seen(self, upstream: str = "", *, within_s: float = 0.0) -> list[Seen]:
        """Return the latest chat requests that came to an upstream, in order, also after `close`.

        Waits for those that go on, so many real seconds at most. From any thread.
        """
        return self._service.upstream(upstream).record.so_far(within_s)

    def start(self) -> None:
        """Listen and serve. Raises OSError when the port is taken, RuntimeError when it runs already."""
        if self._thread is not None:
            raise RuntimeError("the emulator runs already")
        listener = _listen(self.settings.host, self.settings.port)
        host, port = listener.getsockname()[:2]
        self._stopping = asyncio.Event()
        self._server = server = _Server(self._service, self._stopping)
        self._thread = threading.Thread(
            target=server.run, args=([listener],), name="litellm-lite-emulator", daemon=True
        )
        self._thread.start()
        server.ready.wait()
        if not server.started:  # pragma: no cover - only when Uvicorn itself fails, which says why in its thread
            raise RuntimeError("the emulator did not start")
        self._address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def close(self) -> None:
        """Stop. Does nothing when it is not running."""
        if self._server is None or self._thread is None:
            return
        self._server.stop()
        self._thread.join()
        self._server = self._thread = None
        self._address = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Connection(H11Protocol):
    """Uvicorn's HTTP/1.1, which also hands its line to the application: a fault has to cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.line = Line(transport)
        self.app_state: dict[str, Any] = {"line": self.line}

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.line.gone.set()


class _Server(uvicorn.Server):
    """Uvicorn, which says when it is ready and stops at a word instead of at its next tick."""

    def __init__(self, service: Service, stopping: asyncio.Event) -> None:
        config = uvicorn.Config(
            service.application(),
            http=_Connection,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
        )
        super().__init__(config)
        self.ready = threading.Event()
        self._stopping = stopping
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            super().run(sockets)
        finally:
            self.ready.set()

    def stop(self) -> None:
        """Ask it to stop, from another thread."""
        self.should_exit = True
        if self._loop is not None:  # pragma: no branch - it is there once `ready` was set
            self._loop.call_soon_threadsafe(self._stopping.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._loop = asyncio.get_running_loop()
        self.ready.set()

    async def main_loop(self) -> None:
        await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # They are of the class we told Uvicorn to take.
        for connection in cast("list[_Connection]", list(self.server_state.connections)):
            connection.line.abort()
        await super().shutdown(sockets)


def _listen(host: str, port: int) -> socket.socket:
    # With its protocol spelled out: asyncio turns Nagle's algorithm off only then, and with it on each answer
    # waits 40 ms for a delayed acknowledgement (measured).
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener
