"""The gateway as it runs: `Gateway` is a process of its own, `inside` and `ask` stay in this one.

`Gateway` is ended by SIGTERM and held against what was promised: it exits with 0 and says nothing on standard error
but where it runs and what it was told to say.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import coverage
import yaml

ROOT = Path(__file__).parents[2]
MASTER_KEY = "sk-gateway-master-canary"

_START_LIMIT_S = 60.0
_STOP_LIMIT_S = 60.0
_LOG_LIMIT_S = 10.0
_POLL_S = 0.02
_PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT")


class GatewayFailed(Exception):  # noqa: N818 - it is what happened
    """The gateway did not start, died while it was needed, or did not end as it should."""


class Gateway:
    """`litellm-lite --config …` on a port of loopback, as a context manager.

    `config` is a configuration as a dictionary or as YAML; None leaves `--config` out. `flags` are further words of the
    command line, `environment` is all that the process has of one, but for its paths. `expected` are beginnings of
    lines on standard error that are no failure.
    """

    def __init__(
        self,
        config: Mapping[str, Any] | str | None,
        *flags: str,
        environment: Mapping[str, str] | None = None,
        expected: Sequence[str] = (),
        host: str | None = "127.0.0.1",
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gateway-"))
        self.config_file = self.folder / "config.yaml"
        if config is not None:
            self.config_file.write_text(config if isinstance(config, str) else yaml.safe_dump(dict(config)))
            flags = ("--config", str(self.config_file), *flags)
        if host is not None:
            flags = ("--host", host, *flags)
        self._flags, self._environment = flags, dict(environment or {})
        self._expected = ("RUNNING on ", *expected)
        self._place = _Place()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        return self._place.port

    @property
    def url(self) -> str:
        """Where it is, without `/v1`."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process that has the workers."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it; returns once it is alive. Raises GatewayFailed."""
        with (self.folder / "out").open("wb") as out, (self.folder / "err").open("wb") as err:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "litellm_lite.cli", *self._flags, "--port", str(self.port)],
                cwd=ROOT,
                env=self._whole_environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        try:
            self._await_life()
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """End it by SIGTERM and hold it against what was promised of its end. Raises GatewayFailed."""
        process = self._ended_in_advance()
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(_STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise GatewayFailed(self._report(f"did not end within {_STOP_LIMIT_S:g} s of SIGTERM")) from None
        self._let_go()
        if code != 0:
            raise GatewayFailed(self._report(f"ended with exit code {code}"))
        if unexpected := [line for line in self.said() if not line.startswith(self._expected)]:
            raise GatewayFailed(self._report(f"said what nobody expected: {unexpected[0]}"))

    def kill(self) -> None:
        """End it without a word."""
        process = self._process
        if process is not None and process.poll() is None:
            process.kill()
            process.wait()
        self._let_go()

    def said(self) -> list[str]:
        """Return the lines of its standard error."""
        return (self.folder / "err").read_text(errors="replace").splitlines()

    def log(self) -> list[dict[str, Any]]:
        """Return what it has logged so far: one dictionary a request."""
        lines = (self.folder / "out").read_bytes().split(b"\n")
        return [json.loads(line) for line in lines[:-1]]  # the last one may be half of one

    def logged(self, call_id: str) -> dict[str, Any]:
        """Return the line of the log about a request, once it is there; lines are collected before they are written."""
        deadline = time.monotonic() + _LOG_LIMIT_S
        while time.monotonic() < deadline:
            for line in self.log():
                if line.get("call_id") == call_id:
                    return line
            time.sleep(_POLL_S)
        raise LookupError(f"within {_LOG_LIMIT_S:g} s the gateway logged nothing about {call_id}")

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        """Return the status and the body of what is under a path."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=_STOP_LIMIT_S)) as connection:
            connection.request("GET", path, headers=dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            shutil.rmtree(self.folder)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.stop()
            else:  # what happened inside counts more than how it ends
                self.kill()
        finally:
            shutil.rmtree(self.folder)

    def _whole_environment(self) -> dict[str, str]:
        passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        return {**passed, "PYTHONPATH": str(ROOT), **_measured(), **self._environment}

    def _await_life(self) -> None:
        deadline = time.monotonic() + _START_LIMIT_S
        while True:
            self._ended_in_advance("did not start")
            try:
                if self.get("/health/liveliness")[0] == 200:
                    return
            except (OSError, http.client.HTTPException):
                pass  # not yet
            if time.monotonic() > deadline:
                raise GatewayFailed(self._report(f"was not alive within {_START_LIMIT_S:g} s"))
            time.sleep(_POLL_S)

    def _ended_in_advance(self, what: str = "died while it was needed") -> subprocess.Popen[bytes]:
        """Return the process. Raises GatewayFailed where it has ended already."""
        assert self._process is not None, "start() comes first"
        if (code := self._process.poll()) is not None:
            self._let_go()
            raise GatewayFailed(self._report(f"{what} (exit code {code})"))
        return self._process

    def _let_go(self) -> None:
        self._place.close()

    def _report(self, what: str) -> str:
        return "\n".join([f"the gateway {what}; the end of its standard error:", *self.said()[-20:]])


class _Place:
    """A port that nobody else gets: bound here without listening, in the way that lets the gateway bind it too."""

    def __init__(self) -> None:
        self._holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._holder.bind(("127.0.0.1", 0))
        self.port: int = self._holder.getsockname()[1]

    def close(self) -> None:
        self._holder.close()


def _measured() -> dict[str, str]:
    """Return what makes the lines that run over there count in the report on coverage, if there will be one."""
    current = coverage.Coverage.current()
    if current is None:
        return {}
    data_file = Path(str(current.get_option("run:data_file"))).resolve()
    return {"COVERAGE_PROCESS_START": str(ROOT / "pyproject.toml"), "COVERAGE_FILE": str(data_file)}


@dataclass
class Answer:
    """What an application sent for one request; `parts` are the pieces of the body as they were sent."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    parts: list[bytes] = field(default_factory=list)
    ended: bool = False

    @property
    def body(self) -> bytes:
        return b"".join(self.parts)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    async def take(self, message: MutableMapping[str, Any]) -> None:
        """Be an application's `send`. A header that comes twice is an error."""
        assert not self.ended, "nothing may be sent after the end"
        if message["type"] == "http.response.start":
            names = [name.decode() for name, _ in message["headers"]]
            assert len(set(names)) == len(names), f"a header comes twice: {names}"
            self.status = message["status"]
            self.headers = {name.decode(): value.decode("latin-1") for name, value in message["headers"]}
        else:
            assert message["type"] == "http.response.body", message["type"]
            self.parts.append(message.get("body", b""))
            self.ended = not message.get("more_body", False)


ASGI = Callable[[Any, Any, Any], Awaitable[None]]


async def ask(
    app: ASGI,
    path: str = "/v1/chat/completions",
    body: Any = b"",
    headers: Mapping[str, str] | None = None,
    *,
    method: str = "POST",
    hang_up: asyncio.Event | None = None,
) -> Answer:
    """Drive an ASGI application with one request, in this event loop, and return what it sent.

    A `body` that is no bytes is sent as JSON; bytes in a list come in pieces. After `hang_up` the client is gone.
    """
    pieces = list(_pieces(body))
    answer, gone = Answer(), hang_up or asyncio.Event()

    async def receive() -> dict[str, Any]:
        if pieces:
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}
        await gone.wait()
        return {"type": "http.disconnect"}

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 4000),
    }
    await app(scope, receive, answer.take)
    return answer


def _pieces(body: Any) -> Iterator[bytes]:
    if isinstance(body, list) and all(isinstance(part, bytes) for part in body):
        yield from body or [b""]
    else:
        yield body if isinstance(body, bytes) else json.dumps(body).encode()


@contextmanager
def inside(app: ASGI) -> Iterator[str]:
    """Serve an ASGI application from a thread of this process, and give its URL. Its lifespan is not begun."""
    import uvicorn

    config = uvicorn.Config(
        app,
        interface="asgi3",
        ws="none",
        lifespan="off",
        log_config=None,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(100)
        thread = threading.Thread(target=server.run, args=([listener],), name="gateway", daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
