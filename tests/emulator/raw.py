"""A client that is a socket and nothing more: it sees what faults do to a connection."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import orjson

from litellm_lite.emulator import Emulator
from tests.emulator.bodies import chat

PATIENCE_S = 10.0  # reaching it is a failure
A_MOMENT_S = 0.05  # long enough to say that nothing comes

SIXTY = "Please say 60 words."


class Connection:
    """One connection to an emulator."""

    def __init__(self, peer: socket.socket, emulator: Emulator) -> None:
        self.peer, self.emulator = peer, emulator
        self.held = b""

    def post(self, text: str = SIXTY, *, upstream: str = "", fault: str = "", **fields: Any) -> None:
        body = orjson.dumps(chat(text, **fields))
        asked = f"x-emulator-fault: {fault}\r\n" if fault else ""
        path = urlsplit(self.emulator.base_url(upstream)).path
        head = (
            f"POST {path}/chat/completions HTTP/1.1\r\nhost: emulator\r\n{asked}"
            f"authorization: Bearer {self.emulator.api_key}\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        self.peer.sendall(head.encode() + body)

    def until(self, mark: bytes) -> bytes:
        """Read to a mark and return what stands before it; EOFError when the connection ends first."""
        while mark not in self.held:
            self._read_more()
        found, _, self.held = self.held.partition(mark)
        return found

    def head(self) -> tuple[int, bytes]:
        """Read the head of an answer and return its status and its headers."""
        status, _, headers = self.until(b"\r\n\r\n").partition(b"\r\n")
        return int(status.split()[1]), headers.lower()

    def events(self) -> Iterator[bytes]:
        """Yield the events of a stream to its proper end; EOFError when it has none."""
        body = b""
        while size := int(self.until(b"\r\n"), 16):
            while len(self.held) < size + 2:
                self._read_more()
            body, self.held = body + self.held[:size], self.held[size + 2 :]
            while b"\n\n" in body:
                event, _, body = body.partition(b"\n\n")
                yield event
        self.until(b"\r\n")

    def is_silent(self) -> bool:
        """Tell whether the connection stays open and nothing comes."""
        self.peer.settimeout(A_MOMENT_S)
        try:
            self.held += self.peer.recv(65536)
        except TimeoutError:
            return True
        finally:
            self.peer.settimeout(PATIENCE_S)
        return False

    def _read_more(self) -> None:
        part = self.peer.recv(65536)
        if not part:
            raise EOFError(self.held)
        self.held += part


@contextmanager
def connected(emulator: Emulator) -> Iterator[Connection]:
    address = urlsplit(emulator.compat_url)
    with socket.create_connection((address.hostname, address.port), timeout=PATIENCE_S) as peer:
        yield Connection(peer, emulator)


def texts(events: Iterator[bytes]) -> Iterator[str]:
    """Yield the text of each event that has some."""
    for event in events:
        data = event.removeprefix(b"data: ")
        if data.startswith(b'{"id":"chatcmpl') and (choices := orjson.loads(data)["choices"]):
            text = choices[0]["delta"].get("content")
            if text:
                yield text
