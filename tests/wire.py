"""A scripted HTTP server on loopback: what it sends is data, what it was sent is recorded.

    def test_a_429_is_tried_again(wire):
        wire.answers(problem(429, "Slow down", {"retry-after": "0"}), completion("Hi."))

        answer = litellm_lite.completion("openai/m", MESSAGES, **wire.target)

        assert answer.choices[0].message.content == "Hi."
        assert wire.last.json["model"] == "m"
        assert len(wire.requests) == 2 and wire.connections == 1

An answer is a list of steps; each request takes the next one, and the last stays for all that follow. Without a
script the wire says "Hello.", as a stream when asked for one. `reply`, `completion`, `stream`, `problem` and `page`
build the usual answers; for anything else the steps are at hand:

    wire.answers([*stream_head(), Send(event(chunk("Hel"))), Reset()])

Nobody sleeps: a stalled peer is `Pause(gate)` until the test sets the gate, or `HoldOpen()` until the client hangs up.
"""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

PATIENCE_S = 10.0  # no test waits longer for anything; reaching it is a failure


@dataclass(frozen=True)
class Send:
    """Send these bytes, in one packet."""

    bytes: bytes


@dataclass(frozen=True)
class Pause:
    """Wait until the event is set, or for that many seconds."""

    until: threading.Event | float


@dataclass(frozen=True)
class Close:
    """End the connection properly."""


@dataclass(frozen=True)
class Reset:
    """End the connection with a TCP reset."""


@dataclass(frozen=True)
class HoldOpen:
    """Send nothing more and wait for the client to hang up."""


@dataclass(frozen=True)
class StartTLS:
    """Go on in TLS; after the answer to a CONNECT, the wire is proxy and origin in one."""

    context: ssl.SSLContext


Step = Send | Pause | Close | Reset | HoldOpen | StartTLS
Steps = Sequence[Step]


@dataclass(frozen=True)
class Request:
    """A request as it came. Header names are lower case; `connection` counts from 0."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    connection: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Answer = Steps | Callable[[Request], Steps]


@dataclass(eq=False)
class Connection:
    """One connection a client made. `hung_up` is set once the client has ended it, `ended` once anybody has."""

    socket: socket.socket
    index: int
    held: bytes = b""
    hung_up: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    def read_until(self, mark: bytes) -> bytes:
        while mark not in self.held:
            self.held += self._receive()
        found, _, self.held = self.held.partition(mark)
        return found

    def read_exactly(self, size: int) -> bytes:
        while len(self.held) < size:
            self.held += self._receive()
        found, self.held = self.held[:size], self.held[size:]
        return found

    def wait_for_hang_up(self) -> None:
        with suppress(OSError):
            while self._receive():
                pass

    def _receive(self) -> bytes:
        try:
            packet = self.socket.recv(65536)
        except OSError:
            self.hung_up.set()
            raise
        if not packet:
            self.hung_up.set()
            raise ConnectionAbortedError
        return packet

    def send(self, packet: bytes) -> None:
        try:
            self.socket.sendall(packet)
        except OSError:
            self.hung_up.set()
            raise


class Wire:
    """The server. With a `tls` context it speaks HTTPS; with a `greeting` it speaks first."""

    def __init__(self, tls: ssl.SSLContext | None = None, greeting: bytes = b"") -> None:
        self.requests: list[Request] = []
        self.opened: list[Connection] = []
        self.tls_failures: list[str] = []
        self._tls, self._greeting = tls, greeting
        self._answers: list[Answer] = [_hello]
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self.host = "localhost" if tls else "127.0.0.1"
        self._spawn(self._accept)

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.host}:{self.port}"

    @property
    def target(self) -> dict[str, str]:
        """The arguments that send a call here."""
        return {"api_base": f"{self.url}/v1", "api_key": "sk-wire"}

    def answers(self, *answers: Answer) -> None:
        """Set what the coming requests get, in this order; the last answer stays. One may depend on the request."""
        with self._lock:
            self._answers = list(answers)

    @property
    def last(self) -> Request:
        return self.requests[-1]

    @property
    def connections(self) -> int:
        """How many connections were made so far."""
        return len(self.opened)

    def wait_for_requests(self, count: int) -> None:
        """Return once that many requests have come."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.requests) >= count, PATIENCE_S), f"{self.requests}"

    def wait_for_hang_up(self, connection: int = -1) -> None:
        """Return once the client has let go of a connection, the latest one unless told."""
        assert self.opened[connection].hung_up.wait(PATIENCE_S), "the client still holds the connection"

    def wait_for_end(self, connection: int = -1) -> None:
        """Return once a connection is over, whoever ended it."""
        assert self.opened[connection].ended.wait(PATIENCE_S), "the connection is still open"

    @property
    def open_connections(self) -> int:
        """How many connections the client still holds, as far as is known."""
        return sum(not connection.hung_up.is_set() for connection in self.opened)

    def close(self) -> None:
        self._closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self.opened:
            _end(connection.socket)
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _spawn(self, target: Any, *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads = [known for known in self._threads if known.is_alive()]
        thread.start()
        self._threads.append(thread)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                accepted, _ = self._listener.accept()
                accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection = Connection(accepted, len(self.opened))
                self.opened.append(connection)
                self._spawn(self._serve, connection)

    def _serve(self, connection: Connection) -> None:
        try:
            if self._tls is not None:
                connection.socket = self._tls.wrap_socket(connection.socket, server_side=True)
            connection.send(self._greeting)
            while self._answer(connection, self._read(connection)):
                pass
        except ssl.SSLError as error:
            self.tls_failures.append(str(error))
        except OSError:
            pass  # the client went away; `hung_up` says so
        finally:
            _end(connection.socket)
            connection.ended.set()

    def _read(self, connection: Connection) -> Request:
        first, *lines = connection.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = connection.read_exactly(int(headers.get("content-length", 0)))
        return Request(method, path, headers, body, connection.index)

    def _answer(self, connection: Connection, request: Request) -> bool:
        """Play one answer. Returns whether the connection lives on."""
        with self._arrived:
            answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
            self.requests.append(request)
            self._arrived.notify_all()
        return all(self._play(connection, step) for step in (answer(request) if callable(answer) else answer))

    def _play(self, connection: Connection, step: Step) -> bool:
        match step:
            case Send(packet):
                connection.send(packet)
            case Pause(until):
                self._wait(until)
            case StartTLS(context):
                connection.socket = context.wrap_socket(connection.socket, server_side=True)
            case HoldOpen():
                connection.wait_for_hang_up()
                return False
            case Close():
                return False
            case Reset():
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.socket.close()
                return False
        return True

    def _wait(self, until: threading.Event | float) -> None:
        if isinstance(until, threading.Event):
            while not (until.wait(0.02) or self._closing.is_set()):
                pass
        else:
            self._closing.wait(until)


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


def reply(
    body: bytes | Mapping[str, Any] | list[Any],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    kind: str = "application/json",
    chunked: bool = False,
) -> list[Step]:
    """A whole answer: bytes, or JSON. Headers given here replace the usual ones."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    framing = {"transfer-encoding": "chunked"} if chunked else {"content-length": str(len(content))}
    head = _head(status, {"content-type": kind, **framing, **(headers or {})})
    return [Send(head + (chunk_frame(content) + LAST_FRAME if chunked else content))]


def completion(content: str = "Hello.", headers: Mapping[str, str] | None = None, **fields: Any) -> list[Step]:
    """A chat completion."""
    return reply(completion_body(content, **fields), headers=headers)


def completion_body(content: str = "Hello.", **fields: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m"}
    return {**head, "choices": [choice], "usage": usage, **fields}


def chunk(content: str | None = None, finish: str | None = None, index: int = 0, **fields: Any) -> dict[str, Any]:
    """One chunk of a stream: a piece of content, a finish reason, or both."""
    delta = {} if content is None else {"content": content}
    choice = {"index": index, "delta": delta, "finish_reason": finish}
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return {**head, "choices": [choice], **fields}


def usage_chunk(prompt: int = 3, output: int = 2) -> dict[str, Any]:
    usage = {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output}
    return {**chunk(), "choices": [], "usage": usage}


def event(data: Mapping[str, Any] | str) -> bytes:
    """One server-sent event."""
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return f"data: {text}\n\n".encode()


DONE = b"data: [DONE]\n\n"
LAST_FRAME = b"0\r\n\r\n"


def chunk_frame(content: bytes) -> bytes:
    """Bytes in the framing of `transfer-encoding: chunked`."""
    return b"%x\r\n%s\r\n" % (len(content), content)


def hello_events() -> list[bytes]:
    """A complete small stream: "Hello.", its finish, its usage and the end mark."""
    return [event(chunk("Hel")), event(chunk("lo.")), event(chunk(finish="stop")), event(usage_chunk()), DONE]


def stream(events: Iterable[bytes], headers: Mapping[str, str] | None = None, *then: Step) -> list[Step]:
    """A stream, each event in a packet of its own; ends properly unless told what happens `then`."""
    return [*stream_head(headers), *(Send(chunk_frame(each)) for each in events), *(then or (Send(LAST_FRAME),))]


def stream_head(headers: Mapping[str, str] | None = None, status: int = 200) -> list[Step]:
    """The head of a chunked stream; what follows goes through `chunk_frame`."""
    usual = {"content-type": "text/event-stream", "transfer-encoding": "chunked"}
    return [Send(_head(status, {**usual, **(headers or {})}))]


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None, title: str = "Trouble") -> list[Step]:
    """An error as Meta words it, RFC 9457."""
    body = {"title": title, "detail": detail, "status": status}
    return reply(body, status, headers, kind="application/problem+json")


def page(status: int, title: str) -> list[Step]:
    """A web page, as proxies and load balancers answer."""
    html = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return reply(html.encode(), status, kind="text/html; charset=utf-8")


def redirect(status: int, location: str) -> list[Step]:
    """A redirect with the empty completion Meta's compatible endpoint once sent along (ogx#2496)."""
    return reply({"id": "", "model": "", "choices": [], "created": 0, "object": ""}, status, {"location": location})


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Scripted", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def _hello(request: Request) -> Steps:
    wants_stream = request.body.startswith(b"{") and request.json.get("stream")
    return stream(hello_events()) if wants_stream else completion()
