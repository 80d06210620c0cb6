"""The gateway from its start to its end: reads the configuration, serves, reads it anew when told, and lets go."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import IO, TYPE_CHECKING

from litellm_lite.errors import APIError
from litellm_lite.proxy import log
from litellm_lite.proxy.app import ASGI, Gateway, unready
from litellm_lite.proxy.exchange import Receive, Scope, Send
from litellm_lite.proxy.metrics import Metrics
from litellm_lite.proxy.reload import Reload, watch
from litellm_lite.proxy.serving import Serving
from litellm_lite.proxy.sharing import Reports, Shared
from litellm_lite.proxy.stored import Store

if TYPE_CHECKING:
    from litellm_lite.proxy.config import GatewayConfig
    from litellm_lite.proxy.telling import Record

logger = logging.getLogger(__name__)

# A request makes some hundred objects that die with it, and hardly ever a circle: Python's own 700 looks too often.
_COLLECT_AFTER = (20_000, 20, 50)


class Application:
    """The ASGI application of one worker. `read` returns the configuration, now and whenever it is to be read anew.

    `stream` takes the log, `store` is the file in which bridged responses are kept, `folder` is where workers share
    what they have counted.
    """

    def __init__(
        self,
        read: Callable[[], GatewayConfig],
        *,
        stream: IO[bytes] | None = None,
        store: str | None = None,
        debug: bool = False,
        folder: str | None = None,
    ) -> None:
        self._reload = Reload(read, self._apply)
        self._log = log.RequestLog(stream or sys.stdout.buffer)
        self._debug = debug
        self._metrics = Metrics()
        self._shared = Shared(self._metrics, folder, in_flight=self._in_flight, reports=self._reports)
        self._store = Store(store)
        self._gateway: Gateway | None = None
        self._cold: ASGI | None = None
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await (self._gateway or self._begun_late())(scope, receive, send)
        else:  # a websocket
            await send({"type": "websocket.close", "code": 1003})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self._begin()
        except APIError as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        self._settle_in()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._end()
        await send({"type": "lifespan.shutdown.complete"})

    def _begun_late(self) -> ASGI:
        """Return the gateway under a server that began no lifespan, or what says no for it."""
        try:
            return self._begin()
        except APIError as error:
            flaw = str(error)
        logger.error("the configuration cannot be used: %s", flaw)
        return unready

    def _begin(self) -> Gateway:
        """Read the configuration. Raises APIError for one that is none."""
        log.configure(sys.stderr, debug=self._debug)
        self._reload.begin()
        assert self._gateway is not None  # noqa: S101 - it was applied
        return self._gateway

    def _settle_in(self) -> None:
        """Listen for signals and for changed files; the collector need not look again at what is there to stay."""
        loop = asyncio.get_running_loop()
        with suppress(NotImplementedError, RuntimeError, ValueError):  # Windows has none; another thread may not
            loop.add_signal_handler(signal.SIGHUP, self._reload.again)
            loop.add_signal_handler(signal.SIGUSR1, self._cut)
        self._tasks = [
            loop.create_task(watch(self._reload, self._stop)),
            loop.create_task(self._shared.keep_up(self._stop)),
        ]
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_COLLECT_AFTER)

    def _apply(self, config: GatewayConfig) -> None:
        serving = Serving.of(config, self._store)
        if self._gateway is None:
            self._gateway = Gateway(serving, self._note, self._rest)
        else:
            self._shared.look()
            self._metrics.part()
            self._gateway.serving = serving

    async def _rest(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is not on the hot path. Its code is loaded when it is first asked for."""
        if self._cold is None:
            from litellm_lite.proxy.cold import Cold
            from litellm_lite.proxy.visit import Now

            gateway = self._gateway
            assert gateway is not None  # noqa: S101 - it is who asks
            self._cold = Cold(Now(lambda: gateway.serving, self._shared.total, self._stop.is_set), self._note)
        await self._cold(scope, receive, send)

    def _cut(self) -> None:
        """End the requests that are still under way, when the time that they had after SIGTERM is over."""
        if self._gateway is not None:
            self._gateway.cut()

    def _in_flight(self) -> int:
        return 0 if self._gateway is None else self._gateway.in_flight

    def _reports(self) -> Reports:
        return () if self._gateway is None else self._gateway.serving.router.get_deployments()

    def _note(self, record: Record) -> None:
        self._metrics.note(record)
        self._log.note(record)

    async def _end(self) -> None:
        self._stop.set()
        await asyncio.gather(*self._tasks)
        self._shared.write()
        self._log.flush()
