"""The third engine: aiohttp, for asynchronous streams. The only module that imports it.

It ends a request at once, also one whose answer has not begun: the socket is closed where the waiting task is
cancelled. To begin an exchange costs half as much again as over pyreqwest; a read costs no more, and brings all that
has come.
"""

from __future__ import annotations

import asyncio
import io
import re
import ssl
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any, NoReturn
from urllib.request import getproxies
from weakref import WeakSet

import aiohttp
from aiohttp.http import HttpProcessingError

from litellm_lite.call import WireRequest
from litellm_lite.errors import BadRequestError
from litellm_lite.transport.alarm import Alarm
from litellm_lite.transport.proxies import Proxies
from litellm_lite.transport.seam import (
    SHORTEST_WAIT_S,
    Deadlines,
    bad_ca_file,
    connect_expired,
    cut,
    unreachable,
    untrusted,
)

# A UnicodeError is a host name that DNS cannot carry, found out when it is looked up.
_FAILURES = (aiohttp.ClientError, HttpProcessingError, OSError, ValueError)
_USUAL = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate", "User-Agent": "litellm-lite"}
_NOT_ADDED = ("Content-Type",)
_READ_AHEAD = 64 << 10  # bytes; reading from the socket pauses when twice as many wait to be taken
_LONGEST_HEADER = 64 << 10
_MOST_HEADERS = 1024
_KEEP_ALIVE_S = 90  # as pyreqwest does
_AT_ONCE = 1 << 20  # a longer body is written piece by piece, and aiohttp warns of one that is not
_CLOSING_S = 1
_NEVER_ROUNDED = float("inf")  # aiohttp makes whole seconds of a limit above its threshold
_QUOTED = re.compile(r":?\s*\bb?['\"].*", re.DOTALL)


def build_engine(*, verify: bool | str) -> AsyncAiohttpEngine:
    """Return an engine with a pool of its own, for the running loop. Raises BadRequestError for a CA file that is none.

    Trust is that of the httpx engine. To load it takes 15 ms, and so waits for the first `https://`; a file is read
    at once, for it may be none.
    """
    connector = _Connector(
        limit=0,
        keepalive_timeout=_KEEP_ALIVE_S,
        resolver=aiohttp.ThreadedResolver(),  # not aiodns, where that is installed: it asks others than the system does
    )
    return AsyncAiohttpEngine(connector, verify)


class _Connector(aiohttp.TCPConnector):
    """A pool that is left behind without a word, as the others are: where a loop is never closed, or a process ends."""

    def __del__(self, *_: object) -> None:
        pass


class _Response(aiohttp.ClientResponse):
    """A response that takes its socket along when the wait for its head ends badly.

    aiohttp closes it, which first sends what is left of a long request; nobody wants the answer any more.
    """

    protocol: Any = None

    async def start(self, connection: Any) -> aiohttp.ClientResponse:
        self.protocol = connection.protocol
        try:
            await super().start(connection)
        except BaseException:
            _drop(self)
            raise
        _tell_when_lost(self.protocol, self.content)
        return self

    def __del__(self, *_: object) -> None:
        if self.connection is not None and self._loop.is_closed():
            self.connection._protocol = None  # noqa: SLF001 - or it would be closed over that loop
        super().__del__()


def _tell_when_lost(protocol: Any, content: aiohttp.StreamReader) -> None:
    """Let a reader know of every end of its connection.

    aiohttp 3.14 hangs up on a body whose framing is broken, and leaves its reader waiting.
    """
    lost = None if content.is_eof() else protocol.closed
    if lost is None:
        return
    told = partial(_tell, content)
    lost.remove_done_callback(_hear)
    lost.add_done_callback(_hear)
    lost.add_done_callback(told)
    content.on_eof(partial(lost.remove_done_callback, told))


def _hear(lost: asyncio.Future[None]) -> None:
    """Take note of how a connection ended, or asyncio would complain that nobody does."""
    if not lost.cancelled():
        lost.exception()


def _tell(content: aiohttp.StreamReader, _: object) -> None:
    if content.exception() is None:
        content.set_exception(aiohttp.ClientConnectionError("its framing is broken"))


class AsyncAiohttpEngine:
    """Sends over the connections of one loop; every limit is exact."""

    __slots__ = ("_connector", "_cookies", "_proxies", "_streams", "_tls", "_verify")

    def __init__(self, connector: aiohttp.TCPConnector, verify: bool | str) -> None:
        self._connector, self._verify = connector, verify
        self._cookies = aiohttp.DummyCookieJar()
        self._streams: WeakSet[AsyncAiohttpStream] = WeakSet()
        self._proxies = Proxies(getproxies())
        self._tls = _tls(verify) if isinstance(verify, str) else None

    async def open(self, request: WireRequest, deadlines: Deadlines, *, whole: bool) -> AsyncAiohttpStream:  # noqa: ARG002
        alarm = Alarm()
        try:
            response = await alarm.wait(self._sent(request, deadlines), deadlines.remaining())
        except BaseException as error:
            alarm.close()
            if isinstance(error, _FAILURES):
                _raise_for(error, request.url, deadlines)
            raise
        stream = AsyncAiohttpStream(response, deadlines, alarm)
        self._streams.add(stream)
        return stream

    async def close(self) -> None:
        """Hang up, also on streams that somebody still holds."""
        for stream in list(self._streams):
            await stream.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSING_S):  # what a peer does not take must not hold up the end of a loop
                await self._connector.close(abort_ssl=True)

    async def _sent(self, request: WireRequest, deadlines: Deadlines) -> Any:
        proxy = self._proxies.of(request.url)
        connect_s = None if deadlines.connect_s is None else max(SHORTEST_WAIT_S, deadlines.connect_s)  # 0 is no limit
        session = aiohttp.ClientSession(
            connector=self._connector,
            cookie_jar=self._cookies,
            headers=_USUAL,
            skip_auto_headers=_NOT_ADDED,
            response_class=_Response,
            read_bufsize=_READ_AHEAD,
            max_line_size=_LONGEST_HEADER,
            max_field_size=_LONGEST_HEADER,
            max_headers=_MOST_HEADERS,
        )
        try:
            return await session.request(
                request.method,
                request.url,
                headers=request.headers,
                data=request.body if len(request.body) <= _AT_ONCE else io.BytesIO(request.body),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(connect=connect_s, ceil_threshold=_NEVER_ROUNDED),
                ssl=self._trust(request.url, proxy),
                proxy=proxy,
            )
        finally:
            session.detach()  # it holds settings only, for 3 µs; one that lived on would have to be closed in time

    def _trust(self, *addresses: str | None) -> ssl.SSLContext | bool:
        if not any(address is not None and address.lower().startswith("https:") for address in addresses):
            return True
        if self._tls is None:
            self._tls = _tls(self._verify)
        return self._tls


class AsyncAiohttpStream:
    """One answer."""

    __slots__ = ("__weakref__", "_alarm", "_content", "_deadlines", "_protocol", "_response", "headers", "status")
    timed = True

    def __init__(self, response: Any, deadlines: Deadlines, alarm: Alarm) -> None:
        self._response, self._deadlines, self._alarm = response, deadlines, alarm
        self._content: aiohttp.StreamReader = response.content
        self.status: int = response.status
        self.headers: Mapping[str, str] = _headers(response)
        self._protocol = None if _is_framed(self.headers) else response.protocol

    async def read(self, limit_s: float | None = None) -> bytes:
        content = self._content
        try:
            if content.exception() is not None and content._buffer:  # noqa: SLF001 - aiohttp would tell the cut first
                return content._read_nowait(-1)  # noqa: SLF001 - and what had come before it never
            chunk = await self._alarm.wait(content.readany(), self._deadlines.remaining(limit_s))
        except _FAILURES as error:
            # aiohttp raises some of its exceptions many times, and each would remember the frames of every time
            _raise_for(error.with_traceback(None), "", self._deadlines)
        if not chunk and self._protocol is not None and isinstance(self._protocol.exception(), OSError):
            raise cut(str(self._protocol.exception()))  # for aiohttp, what ends with its connection ends well however
        self._deadlines.began = True
        return chunk

    async def close(self) -> None:
        self._alarm.close()
        _drop(self._response)

    def __del__(self) -> None:
        loop = self._response._loop  # noqa: SLF001 - the collector runs in any thread, and a loop may be over by then
        if self._response.connection is None or loop.is_closed():
            return
        if loop.is_running() and asyncio._get_running_loop() is not loop:  # noqa: SLF001 - get_running_loop raises
            loop.call_soon_threadsafe(_drop, self._response)
        else:
            _drop(self._response)


def _drop(response: aiohttp.ClientResponse) -> None:
    connection = response.connection
    if connection is None:
        return
    if connection.transport is not None:
        connection.transport.abort()  # to close it would first send what is left of a long request
    response.close()


def _tls(verify: bool | str) -> ssl.SSLContext:
    """Return whom to trust, as the httpx engine does: a file, the folder SSL_CERT_DIR names, or certifi."""
    if verify is False:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif verify is True:
        context = _usual_tls()
    else:
        try:
            context = ssl.create_default_context(cafile=verify)
        except OSError as error:
            raise bad_ca_file(verify, str(error)) from error
    context.set_alpn_protocols(["http/1.1"])
    return context


def _usual_tls() -> ssl.SSLContext:
    paths = ssl.get_default_verify_paths()
    if paths.capath not in (None, paths.openssl_capath):
        return ssl.create_default_context(capath=paths.capath)
    import certifi

    return ssl.create_default_context(cafile=certifi.where())


def _headers(response: aiohttp.ClientResponse) -> dict[str, str]:
    """Return the headers by their names in lower case, repeated ones joined, bytes that are no UTF-8 as latin-1."""
    found: dict[str, str] = {}
    for written, value in response.headers.items():
        name, readable = written.lower(), value if value.isascii() else _readable(value)
        found[name] = f"{found[name]}, {readable}" if name in found else readable
    return found


def _readable(value: str) -> str:
    raw = value.encode("utf-8", "surrogateescape")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _is_framed(headers: Mapping[str, str]) -> bool:
    """Whether an answer says itself where it ends, rather than with its connection."""
    return "content-length" in headers or "chunked" in headers.get("transfer-encoding", "").lower()


def _raise_for(error: Exception, url: str, deadlines: Deadlines) -> NoReturn:
    """Raise the library's own exception for one of the engine's.

    The engine's own is never shown with it: it may hold the address with its query, a proxy's password, or bytes of
    the answer, in which a server may have repeated a key.
    """
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        raise connect_expired(url, deadlines) from None
    if isinstance(error, TimeoutError):
        raise deadlines.expired() from None
    if isinstance(error, aiohttp.ClientConnectorError):
        cause = error.os_error
        reason = str(cause) or type(cause).__name__
        refused = "[SSL" in reason and "EOF" not in reason  # a handshake that broke off may succeed the next time
        raise (untrusted if refused else unreachable)(url, reason) from cause
    if isinstance(error, UnicodeError):
        raise unreachable(url, str(error)) from None
    if isinstance(error, aiohttp.ClientHttpProxyError):
        raise unreachable(url, f"the proxy refused with status {error.status}") from None
    if isinstance(error, ValueError):
        msg = f"the request cannot be sent: {type(error).__name__}; check api_base and extra_headers"
        raise BadRequestError(msg) from None
    raise cut(_reason(error)) from None


def _reason(error: Exception) -> str:
    """Return what went wrong, without what the parser quotes of the answer."""
    if isinstance(error, aiohttp.ServerDisconnectedError):  # it may hold the head, as far as that had come
        return "the server closed the connection"
    if isinstance(error, aiohttp.ClientConnectionError):
        return str(error)
    cause = error.__cause__ if isinstance(error.__cause__, HttpProcessingError) else error
    said = " ".join(_QUOTED.sub("", str(getattr(cause, "message", ""))).split())
    return said or type(error).__name__
