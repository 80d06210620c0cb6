"""One way to send through every engine in either colour, so that each behaviour is one test run four times."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from litellm_lite.call import Reply, Timeouts, WireRequest
from litellm_lite.transport import exchange
from litellm_lite.transport.seam import AsyncByteStream, ByteStream, EngineName, Settings
from tests.wire import Wire

T = TypeVar("T")

NO_LIMITS = Timeouts(connect=None, first_byte=None, idle=None)


def request_to(wire: Wire | str, body: bytes = b"{}", headers: dict[str, str] | None = None) -> WireRequest:
    url = wire if isinstance(wire, str) else f"{wire.url}/v1/chat/completions"
    return WireRequest("POST", url, {"Content-Type": "application/json", **(headers or {})}, body)


@dataclass
class Sender:
    """An engine and a colour. The async ones keep one event loop for a whole test."""

    engine: EngineName
    mode: str
    settings: Settings = field(init=False)
    runner: asyncio.Runner = field(default_factory=asyncio.Runner)

    def __post_init__(self) -> None:
        self.settings = Settings(self.engine)

    def send(self, wire: Wire | str, timeouts: Timeouts | None = None, settings: Settings | None = None) -> Reply:
        return self.request(request_to(wire), timeouts, settings)

    def request(
        self, request: WireRequest, timeouts: Timeouts | None = None, settings: Settings | None = None
    ) -> Reply:
        limits, chosen = timeouts or Timeouts(), settings or self.settings
        if self.mode == "sync":
            return exchange.send(request, limits, chosen)
        return self.run(exchange.asend(request, limits, chosen))

    def open(self, wire: Wire | str, timeouts: Timeouts | None = None) -> Opened:
        limits = timeouts or Timeouts()
        if self.mode == "sync":
            return Opened(exchange.open_stream(request_to(wire), limits, self.settings), self)
        return Opened(self.run(exchange.aopen_stream(request_to(wire), limits, self.settings)), self)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(coroutine)

    @property
    def times_single_reads(self) -> bool:
        """Whether first byte, idle and total are three limits; a synchronous pyreqwest has less (see `pools`)."""
        return (self.engine, self.mode) != ("pyreqwest", "sync")


@dataclass
class Opened:
    """An opened answer, read without minding its colour."""

    stream: ByteStream | AsyncByteStream
    sender: Sender

    def read(self, limit_s: float | None = None) -> bytes:
        piece: bytes = self._finish(self.stream.read(limit_s))
        return piece

    def rest(self) -> bytes:
        pieces = []
        while piece := self.read():
            pieces.append(piece)
        return b"".join(pieces)

    def close(self) -> None:
        self._finish(self.stream.close())

    def _finish(self, result: Any) -> Any:
        return self.sender.run(result) if self.sender.mode == "async" else result
