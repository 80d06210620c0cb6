"""A gateway in front of a wire, and a client that may say anything: bytes out, bytes in, and no manners.

    with alone(keep_alive_interval=0.05) as gateway:
        assert gateway.ask({"model": "m", "messages": MESSAGES}).status == 200

Nothing sleeps: what takes time is waited for, with `PATIENCE_S` as the limit.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.proxy.running import Gateway
from tests.wire import PATIENCE_S, Request, Send, Step, Wire, chunk, chunk_frame, completion, event, stream_head

MASTER = "sk-master-canary-5e1f0c77a9"
UPSTREAM = "sk-upstream-canary-9b3d2e41c6"
MESSAGES = [{"role": "user", "content": "Hi"}]
ASK = {"model": "m", "messages": MESSAGES}
CHAT = "/v1/chat/completions"
_MIB = 1 << 20

Values = Mapping[str, str | bytes]


@dataclass(frozen=True)
class Heard:
    """An answer as it came. Header names are lower case; the values of one that came several times are joined."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        """The error in OpenAI's shape, which it is held to."""
        assert self.headers["content-type"] == "application/json"
        return openai_error(self.json)


def openai_error(told: Any) -> dict[str, Any]:
    """Return the error of a body, held to OpenAI's shape."""
    assert set(told) == {"error"}, told
    error: dict[str, Any] = told["error"]
    assert set(error) == {"message", "type", "param", "code"}, error
    assert error["message"], error
    assert all(isinstance(error[name], str) for name in ("message", "type", "code")), error
    assert error["param"] is None or isinstance(error["param"], str), error
    return error


class Client:
    """One connection, on which anything can be said. A read waits for `PATIENCE_S` at most."""

    def __init__(self, port: int, receive_buffer: int | None = None) -> None:
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE_S)
        try:
            self.socket.connect(("127.0.0.1", port))
        except OSError:
            self.socket.close()
            raise
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.held = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read_until(self, mark: bytes) -> bytes:
        """Return all up to and with the mark. Raises ConnectionError where the gateway ends first."""
        while mark not in self.held:
            self._receive()
        found, mark, self.held = self.held.partition(mark)
        return found + mark

    def read_exactly(self, size: int) -> bytes:
        while len(self.held) < size:
            self._receive()
        found, self.held = self.held[:size], self.held[size:]
        return found

    def read_to_end(self) -> bytes:
        """Return all that still comes until the gateway closes the connection, by whatever means."""
        with suppress(ConnectionError):
            while True:
                self._receive()
        found, self.held = self.held, b""
        return found

    def head(self) -> tuple[int, dict[str, str]]:
        first, *lines = self.read_until(b"\r\n\r\n").decode("latin-1").rstrip().split("\r\n")
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(": ")
            headers[name.lower()] = f"{headers[name.lower()]}, {value}" if name.lower() in headers else value
        return int(first.split(" ", 2)[1]), headers

    def answer(self) -> Heard:
        """Return the next whole answer."""
        status, headers = self.head()
        if headers.get("transfer-encoding") == "chunked":
            return Heard(status, headers, b"".join(self.pieces()))
        if "content-length" in headers:
            return Heard(status, headers, self.read_exactly(int(headers["content-length"])))
        return Heard(status, headers, self.read_to_end())

    def piece(self) -> bytes:
        """Return the next piece of a chunked body, b"" at its end."""
        size = int(self.read_until(b"\r\n").partition(b";")[0], 16)
        return self.read_exactly(size + 2)[:-2]

    def pieces(self) -> Iterator[bytes]:
        """Yield the pieces of a chunked body to its end. Raises ConnectionError for one that is cut."""
        while piece := self.piece():
            yield piece

    def begin_stream(self) -> bytes:
        """Return the first piece of a stream, once its head has come."""
        status, headers = self.head()
        assert status == 200, headers
        return self.piece()

    def _receive(self) -> None:
        packet = self.socket.recv(65536)
        if not packet:
            raise ConnectionAbortedError("the gateway closed the connection")
        self.held += packet

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def request(
    body: bytes | Mapping[str, Any] = b"",
    headers: Values | None = None,
    *,
    method: str = "POST",
    path: str = CHAT,
    key: str | None = MASTER,
    version: str = "1.1",
    without: str = "",
) -> bytes:
    """Return the bytes of a request. Headers given here replace the usual ones; none is checked."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    usual: dict[str, str | bytes] = {"host": "gateway"}
    if method == "POST":
        usual |= {"content-type": "application/json", "content-length": str(len(content))}
    if key is not None:
        usual["authorization"] = f"Bearer {key}"
    lines = [f"{method} {path} HTTP/{version}".encode()]
    for name, value in {**usual, **(headers or {})}.items():
        if name != without:
            lines.append(name.encode() + b": " + (value if isinstance(value, bytes) else value.encode("latin-1")))
    return b"\r\n".join([*lines, b"", b""]) + content


class Rude(Gateway):
    """The gateway, with what a rude client needs."""

    def __init__(self, config: Mapping[str, Any], wire: Wire, *flags: str, **said: Any) -> None:
        super().__init__(config, *flags, **said)
        self.wire = wire
        self._clients: list[Client] = []
        self._ended = False
        self.allowed: tuple[str, ...] = ()
        """What may stand in lines of its standard error."""

    def connect(self, receive_buffer: int | None = None) -> Client:
        """Return a new connection; it is closed with the gateway at the latest."""
        self._clients.append(Client(self.port, receive_buffer))
        return self._clients[-1]

    def say(self, data: bytes) -> Heard:
        """Return the answer to these bytes on a connection of their own."""
        with Client(self.port) as client:
            client.send(data)
            return client.answer()

    def ask(self, body: bytes | Mapping[str, Any] = ASK, headers: Values | None = None, **said: Any) -> Heard:
        """Return the answer to a request."""
        return self.say(request(body, headers, **said))

    def open_stream(self, **said: Any) -> Client:
        """Return a connection on which a stream was asked for."""
        client = self.connect()
        client.send(request({**ASK, "stream": True, **said}))
        return client

    def assert_well(self) -> None:
        """Assert that others are served meanwhile."""
        before = self.wire._answers
        self.wire.answers(_hello)
        assert self.ask().status == 200
        self.wire.answers(*before)

    @property
    def worker(self) -> int:
        """The process that serves, of one worker."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return max(map(int, children), key=_rss)

    @property
    def rss_mib(self) -> float:
        """Mebibytes of memory that the worker has."""
        return _rss(self.worker) / _MIB

    def tell(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def end(self) -> int:
        """Return the exit code of one that was told to end, once it has."""
        assert self._process is not None
        self._ended = True
        return self._process.wait(PATIENCE_S)

    def stop(self) -> None:
        if not self._ended:
            super().stop()
        self._let_go()

    def written(self) -> str:
        """All that it has written anywhere."""
        return (self.folder / "out").read_text() + (self.folder / "err").read_text()

    def said(self) -> list[str]:
        return [line for line in super().said() if not any(part in line for part in self.allowed)]

    def _let_go(self) -> None:
        for client in self._clients:
            client.close()
        super()._let_go()


def _rss(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _hello(_: Request) -> list[Step]:
    return completion()


def deployment(wire: Wire, name: str = "m", **params: Any) -> dict[str, Any]:
    """Return an entry of model_list that leads to a wire."""
    place = {"model": "openai/m", "api_base": f"{wire.url}/v1", "api_key": UPSTREAM}
    return {"model_name": name, "litellm_params": {**place, **params}}


def configuration(wire: Wire, *others: Mapping[str, Any], **general: Any) -> dict[str, Any]:
    """Return a configuration with the model `m`, and others; each is asked once."""
    return {
        "model_list": [deployment(wire), *others],
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
        "general_settings": {"master_key": MASTER, **general},
    }


@contextmanager
def alone(*names: str, **general: Any) -> Iterator[Rude]:
    """Run a gateway, and the wire behind it, which is also reached by these names."""
    with Wire() as wire:
        others = [deployment(wire, name, model=f"openai/{name}", api_key=f"{UPSTREAM}-{name}") for name in names]
        with Rude(configuration(wire, *others, **general), wire) as running:
            yield running


def said(content: str) -> Send:
    """Return a chunk with a piece of content, framed."""
    return Send(chunk_frame(event(chunk(content))))


def half_a_stream(*then: Step) -> list[Step]:
    """Return a stream that has said "Hel", and what happens then."""
    return [*stream_head(), said("Hel"), *then]


def wait_for(what: Callable[[], Any]) -> None:
    """Return once something is so."""
    moment = threading.Event()
    for _ in range(round(PATIENCE_S / 0.01)):
        if what():
            return
        moment.wait(0.01)
    raise AssertionError("it did not come to that")
