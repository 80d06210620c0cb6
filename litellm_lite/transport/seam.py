"""The seam between the library and an HTTP engine: what an engine must offer, and what both share."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from litellm_lite.call import Timeouts, WireRequest
from litellm_lite.errors import APIConnectionError, APIResponseValidationError, Timeout

EngineName = Literal["auto", "pyreqwest", "httpx"]
CHUNK_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Settings:
    """How connections are made. `verify` is True, False, or the path of a CA file.

    With `auto`, httpx serves synchronous streams and whatever pyreqwest cannot (see `pools`), pyreqwest the rest.
    """

    engine: EngineName = "auto"
    verify: bool | str = True
    max_response_bytes: int = 64 << 20


class ByteStream(Protocol):
    """An answer whose head has come and whose body is still coming."""

    status: int
    headers: Mapping[str, str]
    timed: bool
    """Whether a read can be given a limit of its own."""

    def read(self, limit_s: float | None = None) -> bytes:
        """Return the next bytes, b"" at the end. Raises APIConnectionError when cut, Timeout when late."""

    def close(self) -> None:
        """Give the connection back, or drop it when the body was not read to its end."""


class AsyncByteStream(Protocol):
    """The twin of `ByteStream`."""

    status: int
    headers: Mapping[str, str]
    timed: bool

    async def read(self, limit_s: float | None = None) -> bytes: ...

    async def close(self) -> None: ...


class Engine(Protocol):
    """Something that sends a request and returns as soon as the head of the answer is there."""

    def open(self, request: WireRequest, deadlines: Deadlines, *, whole: int) -> ByteStream:
        """Send. `whole` > 0 promises that the body will be read to its end, and how long it may be."""


class AsyncEngine(Protocol):
    """The twin of `Engine`."""

    async def open(self, request: WireRequest, deadlines: Deadlines, *, whole: int) -> AsyncByteStream: ...


class Deadlines:
    """The time limits of one exchange, as they stand at each moment. The clock is `time.monotonic`."""

    __slots__ = ("_last", "_started", "began", "timeouts")

    def __init__(self, timeouts: Timeouts) -> None:
        self.timeouts = timeouts
        self.began = False  # whether the first byte of the body has come
        self._started = self._last = time.monotonic()

    def tick(self) -> None:
        """Note that bytes have come."""
        self.began = True
        self._last = time.monotonic()

    def remaining(self, limit_s: float | None = None) -> float | None:
        """Return how many seconds the next read may take, or None for as long as it likes."""
        now = time.monotonic()
        times = self.timeouts
        limits = [limit_s] if limit_s is not None else []
        if times.total is not None:
            limits.append(self._started + times.total - now)
        if not self.began and times.first_byte is not None:
            limits.append(self._started + times.first_byte - now)
        if self.began and times.idle is not None:
            limits.append(times.idle)
        return max(0.001, min(limits)) if limits else None

    @property
    def uniform(self) -> bool:
        """Whether one limit on every read says it all."""
        return self.timeouts.first_byte == self.timeouts.idle

    def expired(self) -> Timeout:
        """Return the error for the limit that ran out, named after what the caller can change."""
        times, elapsed = self.timeouts, time.monotonic() - self._started
        if times.total is not None and elapsed >= times.total - 0.01:
            return Timeout(f"no complete answer within {times.total:g} s; raise the total timeout")
        if not self.began:
            return Timeout(f"no answer began within {elapsed:.3g} s; raise timeout=")
        return Timeout(
            f"the answer stalled: no bytes for {time.monotonic() - self._last:.3g} s; raise the idle timeout"
        )


def host_of(url: str) -> str:
    """Return scheme, host and port of a URL, for messages: never its path, its query or its credentials."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.split('/', 1)[0].rpartition('@')[2]}"


def unreachable(url: str, reason: str) -> APIConnectionError:
    """Return the error for a connection that could not be made."""
    return APIConnectionError(
        f"could not connect to {host_of(url)}: {reason}; check api_base and that the server is up", retryable=True
    )


def connect_expired(url: str, seconds: float | None) -> Timeout:
    """Return the error for a connection that took too long to make."""
    return Timeout(f"could not connect to {host_of(url)} within {seconds} s; check api_base")


def untrusted(url: str, reason: str) -> APIConnectionError:
    """Return the error for a failed TLS handshake; trying again would not help."""
    return APIConnectionError(
        f"TLS with {host_of(url)} failed: {reason}; set SSL_CERT_FILE or ssl_verify= to the CA that signed it",
        retryable=False,
    )


def cut(reason: str) -> APIConnectionError:
    """Return the error for an answer that broke off."""
    return APIConnectionError(f"the connection was cut in the middle of the answer: {reason}", retryable=True)


def too_large(limit: int) -> APIResponseValidationError:
    """Return the error for an answer larger than the limit."""
    return APIResponseValidationError(f"the answer is larger than {limit} bytes")
