"""The default engine: pyreqwest, a binding of Rust's reqwest. The only module that imports it.

A stream is opened with a read buffer limit of 0: with the default a paced stream arrives only at its end.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping, ValuesView
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

from pyreqwest import exceptions
from pyreqwest.client import Client, ClientBuilder, SyncClient, SyncClientBuilder

from litellm_lite.call import WireRequest
from litellm_lite.errors import BadRequestError
from litellm_lite.transport.alarm import Alarm
from litellm_lite.transport.seam import Deadlines, bad_ca_file, connect_expired, cut, unreachable, untrusted

_WITH_HEAD = 65536  # bytes of a whole answer that may come with its head, in one crossing into Rust
# What rustls says when it will not have the peer; of a handshake that broke off it speaks otherwise.
_TLS_REFUSALS = ("certificate", "corrupt message", "fatal alert", "peer is incompatible")


def build_client(*, connect_s: float | None, read_s: float | None, verify: bool | str) -> SyncClient:
    """Return a client with a pool of its own; `read_s` limits the wait for the head and every read after it."""
    client: SyncClient = _configured(SyncClientBuilder(), connect_s, read_s, verify).build()
    return client


def build_async_client(*, connect_s: float | None, read_s: float | None, verify: bool | str) -> Client:
    """Return the async twin."""
    client: Client = _configured(ClientBuilder(), connect_s, read_s, verify).build()
    return client


def _configured(builder: Any, connect_s: float | None, read_s: float | None, verify: bool | str) -> Any:
    builder = builder.runtime_multithreaded(enable=False).follow_redirects(enable=False).user_agent("litellm-lite")
    if read_s is not None:
        builder = builder.read_timeout(timedelta(seconds=read_s))
    if connect_s is not None:
        builder = builder.connect_timeout(timedelta(seconds=connect_s))
    if verify is False:
        builder = builder.danger_accept_invalid_certs(enable=True)
    elif isinstance(verify, str):
        try:
            builder = builder.add_root_certificate_pem(_certificates(verify))
        except (OSError, ValueError, exceptions.PyreqwestError) as error:
            raise bad_ca_file(verify, str(error)) from error
    return builder


def settle() -> None:
    """Wait, before the interpreter ends, until pyreqwest's thread has let go of Python.

    It wakes an event loop through the loop's own socket, and on the way back it must take the GIL once more. Where
    the program ends first, CPython ends that thread, and Rust ends the process: "PyGILState_Release: thread state
    must be current", in every tenth `asyncio.run` of one call. The thread does one thing after another; a request
    that fails at once is one of them, and when it has failed the others are over.
    """
    builder = _configured(SyncClientBuilder(), None, None, verify=False).no_proxy()  # loads no CAs, and so takes 0.3 ms
    with suppress(exceptions.PyreqwestError):
        builder.build().request("GET", "http://127.0.0.1:0/").build().send()


def _certificates(path: str) -> bytes:
    """Return a file of certificates. Raises ValueError for one without any, which pyreqwest would pass over."""
    pem = Path(path).read_bytes()
    if b"-----BEGIN CERTIFICATE-----" not in pem:
        msg = "there is no certificate in it"
        raise ValueError(msg)
    return pem


class PyreqwestEngine:
    """Sends over a synchronous client.

    A read cannot be interrupted or timed on its own here: every one has the limit the client was built with, and
    the total goes with the request.
    """

    __slots__ = ("_client",)
    deaf = True

    def __init__(self, client: SyncClient) -> None:
        self._client = client

    def open(self, request: WireRequest, deadlines: Deadlines, *, whole: bool) -> PyreqwestStream:
        builder = _request(self._client, request, with_head=whole)
        if deadlines.timeouts.total is not None:
            builder = builder.timeout(timedelta(seconds=deadlines.remaining() or 0))
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
        self.headers: Mapping[str, str] = _Headers(response)

    def read(self, limit_s: float | None = None) -> bytes:  # noqa: ARG002 - see the engine
        try:
            chunk = self._read()
        except exceptions.PyreqwestError as error:
            _raise_for(error, "", self._deadlines)
        self._deadlines.began = True
        return _plain(chunk)

    def close(self) -> None:
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.__exit__(None, None, None)

    def __del__(self) -> None:
        self.close()  # pyreqwest would hold the connection until the next bytes come


class AsyncPyreqwestEngine:
    """Sends over an asynchronous client; every limit is exact.

    Cancelling a wait for the head does not end the request inside pyreqwest (0.15.1: it only lets go of the task).
    The client's own limit on reading does, so every client has one.
    """

    __slots__ = ("_client", "_read_s")

    def __init__(self, client: Client, read_s: float | None) -> None:
        self._client, self._read_s = client, read_s

    async def open(self, request: WireRequest, deadlines: Deadlines, *, whole: bool) -> AsyncPyreqwestStream:
        times = deadlines.timeouts
        timed_inside = whole and times.first_byte == times.idle == self._read_s
        builder = _request(self._client, request, with_head=timed_inside)
        if times.total is not None:
            builder = builder.timeout(timedelta(seconds=deadlines.remaining() or 0))
        exchange, alarm = builder.build_streamed(), None if timed_inside else Alarm()
        try:
            head = exchange.__aenter__()
            response = await (head if alarm is None else alarm.wait(head, deadlines.remaining()))
        except exceptions.PyreqwestError as error:
            _close(alarm)
            _raise_for(error, request.url, deadlines)
        except TimeoutError as error:
            _close(alarm)
            raise deadlines.expired() from error
        return AsyncPyreqwestStream(exchange, response, deadlines, alarm)


def _close(alarm: Alarm | None) -> None:
    if alarm is not None:
        alarm.close()


class AsyncPyreqwestStream:
    """One answer over an asynchronous client; without an alarm pyreqwest minds every limit itself."""

    __slots__ = ("_alarm", "_deadlines", "_exchange", "_read", "headers", "status")
    timed = True

    def __init__(self, exchange: Any, response: Any, deadlines: Deadlines, alarm: Alarm | None) -> None:
        self._exchange, self._deadlines, self._alarm = exchange, deadlines, alarm
        self._read = response.body_reader.read_chunk
        self.status: int = response.status
        self.headers: Mapping[str, str] = _Headers(response)

    async def read(self, limit_s: float | None = None) -> bytes:
        alarm = self._alarm
        try:
            if alarm is None:
                chunk = await self._read()
            else:
                chunk = await alarm.wait(self._read(), self._deadlines.remaining(limit_s))
        except exceptions.PyreqwestError as error:
            _raise_for(error, "", self._deadlines)
        except TimeoutError as error:
            raise self._deadlines.expired() from error
        self._deadlines.began = True
        return _plain(chunk)

    async def close(self) -> None:
        self._close()

    def _close(self) -> None:
        _close(self._alarm)
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            with suppress(StopIteration):  # it ends at its first step, and so needs no loop to run it
                exchange.__aexit__(None, None, None).send(None)

    def __del__(self) -> None:
        self._close()  # as in the sync twin


class _Headers(Mapping[str, str]):
    """An answer's headers, taken over from Rust when somebody first looks: most callers never do.

    Those whose value is not ASCII are left out, for pyreqwest cannot tell it.
    """

    __slots__ = ("_known", "_response")

    def __init__(self, response: Any) -> None:
        self._response = response
        self._known: dict[str, str] | None = None

    def __getitem__(self, name: str) -> str:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def items(self) -> ItemsView[str, str]:
        return self._all().items()

    def values(self) -> ValuesView[str]:
        return self._all().values()

    def _all(self) -> dict[str, str]:
        if self._known is None:
            try:
                self._known = dict(self._response.headers)
            except ValueError:
                found = {name: _value(self._response, name) for name in set(self._response.headers)}
                self._known = {name: value for name, value in found.items() if value is not None}
            self._response = None
        return self._known


def _value(response: Any, name: str) -> str | None:
    try:
        value: str = response.headers[name]
    except ValueError:
        return None
    return value


def _plain(chunk: Any) -> bytes:
    plain: bytes = b"" if chunk is None else chunk.to_bytes()
    return plain


def _request(client: Any, request: WireRequest, *, with_head: bool) -> Any:
    try:
        builder = client.request(request.method, request.url).headers(request.headers).body_bytes(request.body)
    except ValueError as error:  # its text may hold a header's value
        msg = "the request cannot be sent; check api_base and extra_headers"
        raise BadRequestError(msg) from error
    return builder.streamed_read_buffer_limit(_WITH_HEAD if with_head else 0)


def _raise_for(error: exceptions.PyreqwestError, url: str, deadlines: Deadlines) -> NoReturn:
    """Raise the library's own exception for one of the engine's."""
    causes = [cause["message"] for cause in (getattr(error, "details", None) or {}).get("causes") or ()]
    reason = causes[-1] if causes else error.message
    if isinstance(error, exceptions.ConnectTimeoutError) and any("connect" in cause.lower() for cause in causes):
        raise connect_expired(url, deadlines) from error
    if isinstance(error, exceptions.RequestTimeoutError):
        raise deadlines.expired() from error
    if any("(Connect)" in cause for cause in causes):
        refused = any(word in reason.lower() for word in _TLS_REFUSALS)
        raise (untrusted if refused else unreachable)(url, reason) from error
    raise cut(reason) from error
