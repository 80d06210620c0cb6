"""The gateway's own server: Granian, with as many workers as are wanted. Each worker is a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from multiprocessing import connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer, WorkerProcess

from litellm_lite.proxy import config as configuration

if TYPE_CHECKING:
    from litellm_lite.proxy.application import Application
    from litellm_lite.proxy.config import GatewayConfig

_BACKLOG = 2048
_MOST_CONNECTIONS = 8192  # of one worker; those beyond wait to be accepted
_HEAD_S = 15.0  # for the head of a request to come
_LAST_S = 5.0  # for those who are told that their time is over


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
    drain_s: float = 30.0
    """How long requests under way have to end after SIGTERM or SIGINT."""
    body_s: float = 60.0
    """How long the body of a request may take to come, and its head, but at most 15 seconds."""
    stalled_s: float = 120.0
    """How long a client may take nothing of its answer."""


class _Server(MPServer):
    """Granian, but for two things.

    SIGHUP goes to the workers, who read the configuration anew and go on. And those who at the end still have requests
    under way when the time for them is over are told so, and killed only later.
    """

    drain_s = 0.0

    def signal_handler_reload(self, *_: Any, **__: Any) -> None:
        self._tell_workers(signal.SIGHUP)

    def _stop_workers(self) -> None:
        self._tell_workers(signal.SIGTERM)
        self._wait_for_workers(self.drain_s)
        self._tell_workers(signal.SIGUSR1)
        self._wait_for_workers(_LAST_S)
        self._tell_workers(signal.SIGKILL)
        self._wait_for_workers(None)
        self.wrks.clear()

    def _tell_workers(self, number: signal.Signals) -> None:
        """Send a signal to those who are alive; from the first one to end on, a worker that ends is no surprise."""
        for worker in self.wrks:
            process: Any = worker.inner
            worker.interrupt_by_parent |= number != signal.SIGHUP
            if not connection.wait([process.sentinel], 0):
                os.kill(process.pid, number)

    def _wait_for_workers(self, limit_s: float | None) -> None:
        end = None if limit_s is None else time.monotonic() + limit_s
        for worker in self.wrks:
            process: Any = worker.inner
            connection.wait([process.sentinel], end and max(0.0, end - time.monotonic()))


def check_free(host: str, port: int) -> None:
    """Raise OSError where nobody can listen.

    Granian lets two servers share a port, each with some of the requests, and tells of other troubles by a trace.
    """
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if os.name == "posix":  # else what was closed a moment ago is in the way; on Windows it means something else
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)


def serve(source: Source, place: Place) -> None:
    """Serve until SIGTERM or SIGINT, and until requests under way have ended."""
    server = _Server(
        f"litellm_lite {place.host}:{place.port}",
        address=place.host,
        port=place.port,
        interface=Interfaces.ASGI,
        workers=place.workers,
        http=HTTPModes.auto if place.certificate else HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=round(1000 * min(_HEAD_S, place.body_s))),
        websockets=False,
        backlog=_BACKLOG,
        backpressure=_MOST_CONNECTIONS,
        log_level=LogLevels.warning,
        log_dictconfig=_LOGGING,
        ssl_cert=place.certificate,
        ssl_key=place.key,
        respawn_failed_workers=True,
    )
    server.drain_s = place.drain_s
    worker = partial(_worker, stalled_s=place.stalled_s)
    with _shared(place.workers) as folder:
        server.serve(spawn_target=worker, target_loader=partial(application, source, folder), wrap_loader=False)


# Granian has no types there.
@WorkerProcess.wrap_target  # type: ignore[untyped-decorator]
def _worker(number: int, app: Application, listener: Any, *rest: Any, stalled_s: float) -> None:
    """Run a worker of Granian's whose connections the system ends when their clients take nothing.

    Granian hands an answer over to its client's connection, and there it would wait for ever.
    """
    address, found = listener
    holder = found or address.build()
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # elsewhere than on Linux only streams are watched
        with socket.socket(fileno=os.dup(holder.get_fd())) as listening:
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(1000 * stalled_s))
    own = MPServer._spawn_asgi_lifespan_worker.__wrapped__  # noqa: SLF001 - Granian has no other door to it
    own(number, app, (None, holder), *rest)


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
