"""The gateway's own server: Granian, with as many workers as are wanted. Each worker is a process of its own."""

from __future__ import annotations

import logging
import os
import signal
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from litellm_lite.proxy import config as configuration

if TYPE_CHECKING:
    from litellm_lite.proxy.application import Application
    from litellm_lite.proxy.config import GatewayConfig

# Granian's, for it is the one that is set up where the workers are looked after.
logger = logging.getLogger("_granian")

_BACKLOG = 2048
_MOST_CONNECTIONS = 8192  # of one worker; those beyond wait to be accepted
_HEADER_MS = 15_000  # for the head of a request to come


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the configuration is from: a file, else one model, else the keys in the environment."""

    config: str | None = None
    model: str | None = None
    debug: bool = False

    def read(self) -> GatewayConfig:
        """Return the configuration. Raises ConfigError with every flaw."""
        if self.config is not None:
            return configuration.load(self.config)
        if self.model is not None:
            return configuration.from_model(self.model)
        return configuration.from_environment()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where to listen, and how."""

    host: str
    port: int = 4000
    workers: int = 1
    certificate: Path | None = None
    key: Path | None = None


class _Server(MPServer):
    """Granian, but that SIGHUP goes to the workers, who read the configuration anew and go on."""

    def signal_handler_reload(self, *_: Any, **__: Any) -> None:
        for worker in self.wrks:
            os.kill(worker.inner.pid, signal.SIGHUP)

    def _stop_workers(self) -> None:
        """End the workers, and those by force that take too long.

        Granian's own way asks each worker's `join`, while a thread of its own does the same: whoever is told second
        takes a worker that has ended well for one that refuses to, and logs that it is killed.
        """
        workers: list[Any] = self.wrks
        for worker in workers:
            worker.terminate()
        until = time.monotonic() + (self.workers_kill_timeout or 0)
        for worker in workers:
            if not wait([worker.inner.sentinel], max(0.0, until - time.monotonic())):
                logger.warning("worker %d is killed: its requests took too long to end", worker.idx + 1)
                worker.kill()
                worker.join()
        self.wrks.clear()


def serve(source: Source, place: Place, drain_s: float) -> None:
    """Serve until SIGTERM or SIGINT; then requests under way have so many seconds to end."""
    server = _Server(
        f"litellm_lite {place.host}:{place.port}",
        address=place.host,
        port=place.port,
        interface=Interfaces.ASGI,
        workers=place.workers,
        http=HTTPModes.auto if place.certificate else HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADER_MS),
        websockets=False,
        backlog=_BACKLOG,
        backpressure=_MOST_CONNECTIONS,
        log_level=LogLevels.warning,
        log_dictconfig=_LOGGING,
        ssl_cert=place.certificate,
        ssl_key=place.key,
        workers_kill_timeout=max(1, round(drain_s)),
        respawn_failed_workers=True,
    )
    with _shared(place.workers) as folder:
        server.serve(target_loader=partial(application, source, folder), wrap_loader=False)


def _shared(workers: int) -> AbstractContextManager[str | None]:
    """Return the folder where workers put what they have counted and kept; one that is alone needs none."""
    return TemporaryDirectory(prefix="litellm-lite-") if workers > 1 else nullcontext()


def application(source: Source, folder: str | None = None) -> Application:
    """Return the application of one worker."""
    from litellm_lite.proxy.application import Application

    store = None if folder is None else f"{folder}/responses.sqlite"
    return Application(source.read, debug=source.debug, folder=folder, store=store)


# Granian's own words, as JSON on standard error, from warnings on: a client that hangs up is none.
_LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "litellm_lite.proxy.log.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}},
    "loggers": {
        "_granian": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "granian.access": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
    },
}
