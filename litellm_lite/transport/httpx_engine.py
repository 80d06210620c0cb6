"""The second engine: httpx. The only module that imports it.

It serves a client the caller passes, synchronous streams (its reads can be timed and interrupted one by one),
and processes forked off one in which pyreqwest had begun. Its async pool scans every connection for each
request, so it is never the default there.
"""

from __future__ import annotations

import math
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, NoReturn

import httpcore
import httpx

from litellm_lite.call import WireRequest
from litellm_lite.errors import BadRequestError
from litellm_lite.transport.alarm import Alarm
from litellm_lite.transport.seam import Deadlines, bad_ca_file, connect_expired, cut, unreachable, untrusted

# A UnicodeError is a host name that DNS cannot carry, found out when it is looked up.
_FAILURES = (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError)
_FOR_EVER_S = 1 << 20
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=100)


def build_client(*, verify: bool | str) -> httpx.Client:
    """Return a client with a pool of its own, whose reads ask their exchange how long they may take."""
    client = httpx.Client(verify=_tls(verify), cookies=_no_cookies(), limits=_LIMITS, timeout=None)  # noqa: S113
    for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001 - httpx has no public way in
        if isinstance(transport, httpx.HTTPTransport):
            transport._pool._network_backend = _TimedBackend()  # noqa: SLF001 - see above
    return client


def build_async_client(*, verify: bool | str) -> httpx.AsyncClient:
    """Return the async twin; its reads are timed by asyncio."""
    return httpx.AsyncClient(verify=_tls(verify), cookies=_no_cookies(), limits=_LIMITS, timeout=None)  # noqa: S113


def engine_over(client: object) -> HttpxEngine:
    """Return an engine over the caller's own client. Raises BadRequestError when it is no httpx.Client."""
    if not isinstance(client, httpx.Client):
        raise _wrong_client("Client", client)
    return HttpxEngine(client, own=False)


def async_engine_over(client: object) -> AsyncHttpxEngine:
    """Return the async twin."""
    if not isinstance(client, httpx.AsyncClient):
        raise _wrong_client("AsyncClient", client)
    return AsyncHttpxEngine(client)


def _wrong_client(wanted: str, client: object) -> BadRequestError:
    kind = type(client)
    return BadRequestError(
        f"client= must be an httpx.{wanted} here, not {kind.__module__}.{kind.__name__}", param="client"
    )


def _no_cookies() -> CookieJar:
    """Return a jar that takes none: the pool serves many keys, and what a host told one is nobody else's."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=()))


def _tls(verify: bool | str) -> ssl.SSLContext | bool:
    if not isinstance(verify, str):
        return verify
    try:
        return ssl.create_default_context(cafile=verify)
    except OSError as error:
        raise bad_ca_file(verify, str(error)) from error


class _TimedStream(httpcore.NetworkStream):
    """A socket whose read timeout is worked out when the read begins.

    httpcore fixes one read timeout for a whole body; passing it the `Deadlines` instead of a number lets the wait
    for the first byte, the idle time between bytes and the total be held apart.
    """

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: Any = None) -> bytes:
        return self._stream.read(max_bytes, timeout.limit() if isinstance(timeout, _ReadLimit) else timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _TimedStream(self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _TimedBackend(httpcore.SyncBackend):
    """Opens sockets as `_TimedStream`."""

    def connect_tcp(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        return _TimedStream(super().connect_tcp(*args, **kwargs))


class _ReadLimit:
    """What stands in for a read timeout: the deadlines of the exchange and the limit of the read under way."""

    __slots__ = ("deadlines", "limit_s")

    def __init__(self, deadlines: Deadlines) -> None:
        self.deadlines = deadlines
        self.limit_s: float | None = None

    def limit(self) -> float | None:
        return self.deadlines.remaining(self.limit_s)

    def __index__(self) -> int:
        """Return the limit in whole seconds: how a socket reads a timeout that is no float, anew for every wait."""
        seconds = self.limit()
        return _FOR_EVER_S if seconds is None else math.ceil(seconds)


class HttpxEngine:
    """Sends over a synchronous client: its own, or the caller's.

    The caller's sockets are httpcore's own, and can be timed to the second. What else its transport may be (a mock,
    another library) gets one number for all reads.
    """

    __slots__ = ("_client", "_own")
    deaf = False

    def __init__(self, client: httpx.Client, *, own: bool) -> None:
        self._client, self._own = client, own

    def open(self, request: WireRequest, deadlines: Deadlines, *, whole: bool) -> HttpxStream:  # noqa: ARG002
        limit = _ReadLimit(deadlines)
        built = _build(self._client, request, deadlines)
        timed = self._own or type(self._client._transport_for_url(built.url)) is httpx.HTTPTransport  # noqa: SLF001
        built.extensions["timeout"]["read"] = limit if timed else deadlines.remaining()
        try:
            return HttpxStream(_sent(self._client, built), limit, timed=timed)
        except _FAILURES as error:
            _raise_for(error, request.url, deadlines)


class HttpxStream:
    """One answer over a synchronous client."""

    __slots__ = ("_body", "_limit", "_response", "headers", "status", "timed")

    def __init__(self, response: httpx.Response, limit: _ReadLimit, *, timed: bool) -> None:
        self._response, self._limit, self.timed = response, limit, timed
        self._body: Iterator[bytes] = response.iter_bytes()
        self.status = response.status_code
        self.headers: Mapping[str, str] = dict(response.headers)

    def read(self, limit_s: float | None = None) -> bytes:
        self._limit.limit_s = limit_s
        try:
            chunk = next(self._body, b"")
        except _FAILURES as error:
            _raise_for(error, str(self._response.url), self._limit.deadlines)
        self._limit.deadlines.began = True
        return chunk

    def close(self) -> None:
        self._response.close()


class AsyncHttpxEngine:
    """Sends over an asynchronous client."""

    __slots__ = ("_client",)

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def open(self, request: WireRequest, deadlines: Deadlines, *, whole: bool) -> AsyncHttpxStream:  # noqa: ARG002
        built = _build(self._client, request, deadlines)
        alarm = Alarm()
        try:
            response = await alarm.wait(_sent(self._client, built), deadlines.remaining())
        except TimeoutError as error:
            alarm.close()
            raise deadlines.expired() from error
        except _FAILURES as error:
            alarm.close()
            _raise_for(error, request.url, deadlines)
        return AsyncHttpxStream(response, deadlines, alarm)


class AsyncHttpxStream:
    """One answer over an asynchronous client."""

    __slots__ = ("_alarm", "_body", "_deadlines", "_response", "headers", "status")
    timed = True

    def __init__(self, response: httpx.Response, deadlines: Deadlines, alarm: Alarm) -> None:
        self._response, self._deadlines, self._alarm = response, deadlines, alarm
        self._body: AsyncIterator[bytes] = response.aiter_bytes()
        self.status = response.status_code
        self.headers: Mapping[str, str] = dict(response.headers)

    async def read(self, limit_s: float | None = None) -> bytes:
        try:
            chunk = await self._alarm.wait(anext(self._body, b""), self._deadlines.remaining(limit_s))
        except TimeoutError as error:
            raise self._deadlines.expired() from error
        except _FAILURES as error:
            _raise_for(error, str(self._response.url), self._deadlines)
        self._deadlines.began = True
        return chunk

    async def close(self) -> None:
        self._alarm.close()
        await self._response.aclose()


def _sent(client: Any, built: httpx.Request) -> Any:
    return client.send(built, stream=True, follow_redirects=False)  # a caller's client may have been told otherwise


def _build(client: Any, request: WireRequest, deadlines: Deadlines) -> httpx.Request:
    timeouts = {"connect": deadlines.connect_s, "read": None, "write": deadlines.remaining(), "pool": None}
    try:
        built: httpx.Request = client.build_request(
            request.method,
            request.url,
            headers=request.headers,
            content=request.body,
            extensions={"timeout": timeouts},
        )
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        msg = f"the request cannot be sent: {type(error).__name__}; check api_base and extra_headers"
        raise BadRequestError(msg) from error
    return built


def _raise_for(error: Exception, url: str, deadlines: Deadlines) -> NoReturn:
    """Raise the library's own exception for one of the engine's."""
    if isinstance(error, httpx.ConnectTimeout):
        raise connect_expired(url, deadlines) from error
    if isinstance(error, httpx.TimeoutException):
        raise deadlines.expired() from error
    reason = str(error) or type(error).__name__
    if isinstance(error, httpx.ConnectError | UnicodeError):
        refused = "[SSL" in reason and "EOF" not in reason  # a handshake that broke off may succeed the next time
        raise (untrusted if refused else unreachable)(url, reason) from error
    said, quoted, _ = reason.partition(" bytearray(")
    if quoted:  # h11 repeats what it could not read, and a server may have repeated a key there
        raise cut(said.rstrip(":")) from None
    raise cut(reason) from error
