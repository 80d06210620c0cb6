"""The default engine: pyreqwest, a binding of Rust's reqwest. The only module that imports it.

A stream is opened with a read buffer limit of 0: with the default a paced stream arrives only at its end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

from pyreqwest import exceptions
from pyreqwest.client import Client, ClientBuilder, SyncClient, SyncClientBuilder

from litellm_lite.call import WireRequest
from litellm_lite.errors import BadRequestError
from litellm_lite.transport.seam import Deadlines, connect_expired, cut, unreachable, untrusted

_TLS_WORDS = ("certificate", "tls", "ssl", "handshake")


def build_client(*, connect_s: float | None, read_s: float | None, verify: bool | str) -> SyncClient:
    """Return a client with a pool of its own; `read_s` limits the wait for the head and every read of a stream."""
    builder = _configured(SyncClientBuilder(), connect_s, verify)
    client: SyncClient = (builder if read_s is None else builder.read_timeout(timedelta(seconds=read_s))).build()
    return client


def build_async_client(*, connect_s: float | None, verify: bool | str) -> Client:
    """Return the async twin."""
    client: Client = _configured(ClientBuilder(), connect_s, verify).build()
    return client


def _configured(builder: Any, connect_s: float | None, verify: bool | str) -> Any:
    builder = builder.follow_redirects(enable=False).user_agent("litellm-lite")
    if connect_s is not None:
        builder = builder.connect_timeout(timedelta(seconds=connect_s))
    if verify is False:
        builder = builder.danger_accept_invalid_certs(enable=True)
    elif isinstance(verify, str):
        builder = builder.add_root_certificate_pem(Path(verify).read_bytes())
    return builder


class PyreqwestEngine:
    """Sends over a synchronous client.

    A read cannot be interrupted or timed on its own here: the limit of a whole answer goes with the request, that
    of a stream's reads with the client.
    """

    __slots__ = ("_client",)

    def __init__(self, client: SyncClient) -> None:
        self._client = client

    def open(self, request: WireRequest, deadlines: Deadlines, *, whole: int) -> PyreqwestStream:
        builder = _request(self._client, request, whole)
        limit = deadlines.remaining() if whole else deadlines.timeouts.total
        if limit is not None:
            builder = builder.timeout(timedelta(seconds=limit))
        exchange = builder.build_streamed()
        try:
            return PyreqwestStream(exchange, exchange.__enter__(), deadlines)
        except exceptions.PyreqwestError as error:
            _raise_for(error, request.url, deadlines)


class PyreqwestStream:
    """One answer over a synchronous client."""

    __slots__ = ("_deadlines", "_exchange", "_read", "headers", "status")
    timed = False

    def __init__(self, exchange: Any, response: Any, deadlines: Deadlines) -> None:
        self._exchange, self._deadlines = exchange, deadlines
        self._read = response.body_reader.read_chunk
        self.status: int = response.status
        self.headers: Mapping[str, str] = dict(response.headers)

    def read(self, limit_s: float | None = None) -> bytes:  # noqa: ARG002 - the request carries the only limit
        try:
            chunk = self._read()
        except exceptions.PyreqwestError as error:
            _raise_for(error, "", self._deadlines)
        self._deadlines.tick()
        return b"" if chunk is None else bytes(chunk)

    def close(self) -> None:
        self._exchange.__exit__(None, None, None)


class AsyncPyreqwestEngine:
    """Sends over an asynchronous client; every limit is exact."""

    __slots__ = ("_client",)

    def __init__(self, client: Client) -> None:
        self._client = client

    async def open(self, request: WireRequest, deadlines: Deadlines, *, whole: int) -> AsyncPyreqwestStream:
        exchange = _request(self._client, request, whole).build_streamed()
        try:
            async with asyncio.timeout(deadlines.remaining()):
                return AsyncPyreqwestStream(exchange, await exchange.__aenter__(), deadlines)
        except TimeoutError as error:
            if isinstance(error, exceptions.PyreqwestError):
                _raise_for(error, request.url, deadlines)
            raise deadlines.expired() from error
        except exceptions.PyreqwestError as error:
            _raise_for(error, request.url, deadlines)


class AsyncPyreqwestStream:
    """One answer over an asynchronous client."""

    __slots__ = ("_deadlines", "_exchange", "_read", "headers", "status")
    timed = True

    def __init__(self, exchange: Any, response: Any, deadlines: Deadlines) -> None:
        self._exchange, self._deadlines = exchange, deadlines
        self._read = response.body_reader.read_chunk
        self.status: int = response.status
        self.headers: Mapping[str, str] = dict(response.headers)

    async def read(self, limit_s: float | None = None) -> bytes:
        try:
            async with asyncio.timeout(self._deadlines.remaining(limit_s)):
                chunk = await self._read()
        except TimeoutError as error:
            raise self._deadlines.expired() from error
        except exceptions.PyreqwestError as error:
            _raise_for(error, "", self._deadlines)
        self._deadlines.tick()
        return b"" if chunk is None else bytes(chunk)

    async def close(self) -> None:
        await self._exchange.__aexit__(None, None, None)


def _request(client: Any, request: WireRequest, whole: int) -> Any:
    try:
        builder = client.request(request.method, request.url).headers(request.headers).body_bytes(request.body)
    except ValueError as error:
        msg = f"the request cannot be sent: {type(error).__name__}: {error}; check api_base and extra_headers"
        raise BadRequestError(msg) from error
    return builder.streamed_read_buffer_limit(whole)


def _raise_for(error: exceptions.PyreqwestError, url: str, deadlines: Deadlines) -> NoReturn:
    """Raise the library's own exception for one of the engine's."""
    causes = [cause["message"] for cause in (getattr(error, "details", None) or {}).get("causes") or ()]
    reason = causes[-1] if causes else error.message
    if isinstance(error, exceptions.ConnectTimeoutError) and any("connect" in cause.lower() for cause in causes):
        raise connect_expired(url, deadlines.timeouts.connect) from error
    if isinstance(error, exceptions.RequestTimeoutError):
        raise deadlines.expired() from error
    if any(word in cause.lower() for cause in causes[1:] for word in _TLS_WORDS):
        raise untrusted(url, reason) from error
    if isinstance(error, exceptions.ConnectError) and any("(Connect)" in cause for cause in causes):
        raise unreachable(url, reason) from error
    raise cut(reason) from error
