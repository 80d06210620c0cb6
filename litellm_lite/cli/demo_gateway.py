"""The demo's last step: the gateway as a process of its own, and a call through it as OpenAI's clients make one."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import orjson

KEY = "your-proxy-api-key"
"""Worth nothing, which is why the gateway takes it on loopback only."""

_HOST = "127.0.0.1"
_POLL_S = 0.02
_MOST_POLLS = 1500
_STOP_S = 10.0


class GatewayFailed(Exception):  # noqa: N818 - an outcome, told in a sentence
    """The gateway did not start, or did not answer as it was to."""


class Running(NamedTuple):
    """A gateway that answers. After `stop` its log can be read: a line a request."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """The base URL, as clients want it."""
        return f"http://{_HOST}:{self.port}"

    def ask(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return a chat completion: by OpenAI's own client where there is one, else by the request that it would send.

        Raises GatewayFailed.
        """
        try:
            from openai import OpenAI, OpenAIError
        except ModuleNotFoundError:
            return self._post(asked)
        try:
            with OpenAI(base_url=self.url, api_key=KEY, max_retries=0) as client:
                answer: dict[str, Any] = client.chat.completions.create(**asked).to_dict()
        except OpenAIError as error:
            raise GatewayFailed(f"{type(error).__name__}: {error}") from error
        return answer

    def stop(self) -> list[dict[str, Any]]:
        """End it as a service manager would, and return what it has logged."""
        self.process.terminate()
        out, _ = self.process.communicate(timeout=_STOP_S)
        return [orjson.loads(line) for line in out.splitlines()]

    def _post(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"}
        with closing(HTTPConnection(_HOST, self.port)) as connection:
            connection.request("POST", "/chat/completions", orjson.dumps(asked), headers)
            reply = connection.getresponse()
            body: dict[str, Any] = orjson.loads(reply.read())
        if reply.status != 200:
            raise GatewayFailed(f"{reply.status}: {body['error']['message']}")
        return body


@contextmanager
def gateway(model: str, where: Mapping[str, Any]) -> Iterator[Running]:
    """Run a gateway in front of one model. Raises GatewayFailed for one that does not start."""
    config = {
        "model_list": [{"model_name": model, "litellm_params": {"model": model, **where}}],
        "general_settings": {"master_key": KEY},
    }
    with TemporaryDirectory(prefix="litellm-lite-") as folder:
        file = Path(folder, "config.yaml")
        file.write_bytes(orjson.dumps(config))  # JSON is YAML
        port = _free_port()
        words = ["-m", "litellm_lite.cli", "--config", str(file), "--host", _HOST, "--port", str(port)]
        with subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            try:
                _await_life(process, port)
                yield Running(port, process)
            finally:
                process.terminate()


def _await_life(process: subprocess.Popen[bytes], port: int) -> None:
    """Return once it answers. Raises GatewayFailed for one that ends, or takes too long."""
    for _ in range(_MOST_POLLS):
        try:
            process.wait(_POLL_S)
        except subprocess.TimeoutExpired:
            if _lives(port):
                return
            continue
        said = process.stderr.read().decode() if process.stderr else ""
        raise GatewayFailed(f"the gateway did not start: {said.strip()}")
    raise GatewayFailed(f"the gateway did not answer within {_POLL_S * _MOST_POLLS:g} s")


def _lives(port: int) -> bool:
    try:
        with closing(HTTPConnection(_HOST, port, timeout=_STOP_S)) as connection:
            connection.request("GET", "/health/liveliness")
            return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False


def _free_port() -> int:
    with closing(socket.create_server((_HOST, 0))) as listener:
        port: int = listener.getsockname()[1]
        return port
