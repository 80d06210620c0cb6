"""The seam between the library and an HTTP engine: what an engine must offer, and what both share."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Protocol
from urllib.parse import urlsplit

from litellm_lite.call import Timeouts, WireRequest
from litellm_lite.errors import APIConnectionError, APIResponseValidationError, BadRequestError, Timeout

EngineName = Literal["auto", "pyreqwest", "httpx", "aiohttp"]
SHORTEST_WAIT_S = 0.001  # a socket takes 0 for "do not wait at all"

HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NOT_IN_ADDRESS = re.compile(r"[\x00-\x20\x7f\ud800-\udfff]")
_HOST = re.compile(r"[\w.:-]+")
HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")


@dataclass(frozen=True, slots=True)
class Settings:
    """How connections are made. `verify` is True, False, or the path of a CA file.

    With `auto`, httpx serves synchronous streams and whatever pyreqwest cannot (see `pools`), aiohttp asynchronous
    streams where it is installed, pyreqwest the rest. `aiohttp` serves all that is asynchronous.
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

    deaf: bool
    """Whether its waiting keeps Ctrl-C from getting through."""

    def open(self, request: WireRequest, deadlines: Deadlines, *, whole: bool) -> ByteStream:
        """Send. `whole` says that the body will be read to its end, so that a piece of it may come with the head."""


class AsyncEngine(Protocol):
    """The twin of `Engine`."""

    async def open(self, request: WireRequest, deadlines: Deadlines, *, whole: bool) -> AsyncByteStream: ...


class Deadlines:
    """The time limits of one exchange, as they stand at each moment. The clock is `time.monotonic`."""

    __slots__ = ("_end", "_first", "_idle", "_started", "began", "timeouts")

    def __init__(self, timeouts: Timeouts) -> None:
        self.timeouts = timeouts
        self.began = False  # whether the first byte of the body has come
        self._started = now = time.monotonic()
        self._end = None if timeouts.total is None else now + timeouts.total
        self._first = None if timeouts.first_byte is None else now + timeouts.first_byte
        self._idle = None if timeouts.idle is None else max(SHORTEST_WAIT_S, timeouts.idle)

    def remaining(self, limit_s: float | None = None) -> float | None:
        """Return how many seconds the next read may take, or None for as long as it likes."""
        if self.began and self._end is None:  # the usual case, for every chunk of a stream: no clock is read
            return _shorter(self._idle, limit_s)
        now = time.monotonic()
        left = _shorter(limit_s, None if self._end is None else self._end - now)
        if self.began:
            left = _shorter(left, self._idle)
        elif self._first is not None:
            left = _shorter(left, self._first - now)
        return None if left is None else max(SHORTEST_WAIT_S, left)

    @property
    def connect_s(self) -> float | None:
        """How long connecting may take: it is part of the wait for the first byte, and of the whole."""
        times = self.timeouts
        return _shorter(times.connect, _shorter(times.first_byte, times.total))

    def expired(self) -> Timeout:
        """Return the error for the limit that ran out, named after what the caller can change."""
        times, elapsed = self.timeouts, time.monotonic() - self._started
        if times.total is not None and elapsed >= times.total - 0.01:
            return Timeout(f"no complete answer within {times.total:g} s; raise the total timeout")
        if not self.began:
            return Timeout(f"no answer came within {elapsed:.3g} s; raise timeout=")
        return Timeout(f"the answer stalled: no bytes for {self._idle} s; raise the idle timeout")


def _shorter(first: float | None, second: float | None) -> float | None:
    """Return the shorter of two limits, where None is no limit at all."""
    if first is None or second is None:
        return second if first is None else first
    return min(second, first)


def check_request(request: WireRequest) -> None:
    """Raise BadRequestError for what HTTP cannot carry: the engines disagree about it. A value is never shown."""
    if flaw := _address_flaw(request.url):
        msg = f"the request cannot be sent: {flaw}; check api_base"
        raise BadRequestError(msg, param="api_base")
    for name, value in request.headers.items():
        if not HEADER_NAME.fullmatch(name) or not HEADER_VALUE.fullmatch(value):
            msg = f"the request cannot be sent: the header {name!r} holds what HTTP cannot carry; check extra_headers"
            raise BadRequestError(msg, param="extra_headers")


@lru_cache(maxsize=256)
def _address_flaw(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        return f"its address is none ({error})"
    if _NOT_IN_ADDRESS.search(url) or not _HOST.fullmatch(parts.hostname or "-"):
        return "its address holds a space or another character no address has"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "its address must begin with http:// or https:// and name a host"
    return None


def host_of(url: str) -> str:
    """Return scheme, host and port of a URL, for messages: never its path, its query or its credentials."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.split('/', 1)[0].rpartition('@')[2]}"


def unreachable(url: str, reason: str) -> APIConnectionError:
    """Return the error for a connection that could not be made."""
    return APIConnectionError(
        f"could not connect to {host_of(url)}: {reason}; check api_base and that the server is up", retryable=True
    )


def connect_expired(url: str, deadlines: Deadlines) -> Timeout:
    """Return the error for a connection that took too long to make."""
    return Timeout(f"could not connect to {host_of(url)} within {deadlines.connect_s} s; check api_base")


def untrusted(url: str, reason: str) -> APIConnectionError:
    """Return the error for a failed TLS handshake; trying again would not help."""
    if "certificate" in reason.lower():
        remedy = "set SSL_CERT_FILE or ssl_verify= to the CA that signed it"
    else:
        remedy = "does it speak TLS? check the https:// of api_base"
    return APIConnectionError(f"TLS with {host_of(url)} failed: {reason}; {remedy}", retryable=False)


def cut(reason: str) -> APIConnectionError:
    """Return the error for an answer that broke off, or that is no HTTP."""
    return APIConnectionError(f"the answer broke off or is no HTTP: {reason}", retryable=True)


def bad_ca_file(path: str, reason: str) -> BadRequestError:
    """Return the error for a CA file that holds no certificate."""
    msg = f"the CA file {path!r} cannot be used: {reason}; check ssl_verify= or SSL_CERT_FILE"
    return BadRequestError(msg, param="ssl_verify")


def too_large(limit: int) -> APIResponseValidationError:
    """Return the error for an answer larger than the limit."""
    return APIResponseValidationError(f"the answer is larger than {limit} bytes")
