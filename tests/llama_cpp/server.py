"""Runs llama.cpp's own HTTP server, which the wheel `xllamacpp` holds, in a process of its own.

The parent never imports `xllamacpp`: a crash over there, or its threads, cannot hurt the tests. The child reads
its settings from the first line of its standard input and serves until that input ends, so it does not outlive
a parent that was killed.
"""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_START_LIMIT_S = 60.0
_STOP_LIMIT_S = 10.0
_POLL_S = 0.02
_LOG_LINES = 20


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What is served. `context_tokens` is the context of one slot; a slot works on one answer at a time.

    `embeds`: it answers with the vectors of texts, and with nothing else.
    """

    model: str
    alias: str
    api_key: str
    context_tokens: int
    slots: int
    embeds: bool = False


class ServerFailed(Exception):  # noqa: N818 - it is what happened
    """The server did not start, or did not live until it was stopped."""


class LlamaServer:
    """A running server, as a context manager. What it writes goes into `folder`."""

    def __init__(self, settings: ServerSettings, folder: Path) -> None:
        self.settings = settings
        self._said, self._log = folder / "address", folder / "log"
        self._process: subprocess.Popen[str] | None = None
        self._host = ""

    @property
    def api_base(self) -> str:
        """The base URL of its OpenAI-compatible API."""
        return f"http://{self._host}/v1"

    def __enter__(self) -> Self:
        with self._said.open("w") as said, self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, __file__], stdin=subprocess.PIPE, stdout=said, stderr=log, text=True
            )
        try:
            self._tell_settings()
            self._await_health()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        died = self._process is not None and self._process.poll() is not None
        self._stop()
        if died:
            raise ServerFailed(self._report("died while it was needed"))

    def get(self, path: str) -> str:
        """Return what the server says under one of its own paths, which begin at the root."""
        return self._exchange("GET", path)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Return the JSON that the server answers to some JSON."""
        return json.loads(self._exchange("POST", path, json.dumps(body)))

    def metric(self, name: str) -> float:
        """Return one of the server's counters."""
        found = re.search(rf"^llamacpp:{name} (\S+)", self.get("/metrics"), re.MULTILINE)
        if found is None:
            raise LookupError(f"the server has no metric {name!r}")
        return float(found.group(1))

    def _tell_settings(self) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(self.settings)) + "\n")
        self._process.stdin.flush()

    def _await_health(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _START_LIMIT_S
        while not self._is_healthy():
            if self._process.poll() is not None:
                raise ServerFailed(self._report("did not start"))
            if time.monotonic() > deadline:
                raise ServerFailed(self._report(f"was not ready within {_START_LIMIT_S:g} s"))
            time.sleep(_POLL_S)

    def _is_healthy(self) -> bool:
        self._host = self._said.read_text().strip().removeprefix("http://")
        if not self._host:
            return False
        try:
            self.get("/health")
        except (OSError, http.client.HTTPException):
            return False
        return True

    def _exchange(self, method: str, path: str, body: str | None = None) -> str:
        headers = {"Authorization": f"Bearer {self.settings.api_key}", "Content-Type": "application/json"}
        with closing(http.client.HTTPConnection(self._host, timeout=_STOP_LIMIT_S)) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        if answer.status != http.HTTPStatus.OK:
            raise http.client.HTTPException(f"{method} {path}: {answer.status}: {text}")
        return text

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            process.communicate(timeout=_STOP_LIMIT_S)  # closes its input
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()

    def _report(self, what: str) -> str:
        lines = self._log.read_text(errors="replace").splitlines()[-_LOG_LINES:]
        return "\n".join([f"llama.cpp's server {what}; the end of its log:", *lines])


def serve(settings: ServerSettings) -> None:
    """Serve until standard input ends; the address is printed once there is one."""
    import xllamacpp

    server = xllamacpp.Server(_parameters(settings))
    print(server.listening_address, flush=True)  # noqa: T201 - the parent reads it
    sys.stdin.read()


def _parameters(settings: ServerSettings) -> Any:
    """Return llama.cpp's parameters: alone with its model on one core, and every prompt worked out anew."""
    import xllamacpp

    wanted = xllamacpp.CommonParams()
    wanted.model.path = settings.model
    wanted.model_alias = {settings.alias}
    wanted.api_keys = [settings.api_key]
    wanted.port = 0  # any that is free
    wanted.n_parallel = settings.slots
    wanted.n_ctx = settings.slots * settings.context_tokens
    wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = 1
    wanted.cache_prompt = wanted.cache_idle_slots = False
    wanted.use_jinja = wanted.endpoint_metrics = wanted.offline = True
    wanted.embedding = settings.embeds
    if settings.embeds:
        wanted.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN  # one vector a text
    wanted.warmup = wanted.fit_params = wanted.ui = False
    return wanted


if __name__ == "__main__":
    serve(ServerSettings(**json.loads(sys.stdin.readline())))
