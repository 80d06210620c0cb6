"""One request, one answer: sends, follows a redirect on the same host, holds the size limit, measures the time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from litellm_lite.call import Reply, Timeouts, WireRequest
from litellm_lite.transport.pools import pools
from litellm_lite.transport.seam import (
    AsyncByteStream,
    AsyncEngine,
    ByteStream,
    Deadlines,
    Engine,
    Settings,
    check_request,
    host_of,
    too_large,
)

if TYPE_CHECKING:
    import httpx

_MOST_REDIRECTS = 5
_FIRST_FAILURE = 300
_ERROR_BYTES = 1 << 20  # more of an error body than this says nothing more


def send(request: WireRequest, timeouts: Timeouts, settings: Settings, client: httpx.Client | None = None) -> Reply:
    """Send and return the whole answer.

    Raises APIConnectionError, Timeout, APIResponseValidationError, and BadRequestError for what cannot be sent.
    """
    check_request(request)
    engine = pools().engine(settings, timeouts, stream=False, client=client)
    if engine.deaf:
        return pools().understudy.run(lambda: _send(engine, request, timeouts, settings.max_response_bytes))
    return _send(engine, request, timeouts, settings.max_response_bytes)


def _send(engine: Engine, request: WireRequest, timeouts: Timeouts, limit: int) -> Reply:
    started = time.perf_counter()
    return _read_whole(_open(engine, request, timeouts, whole=True), request.url, limit, started)


async def asend(
    request: WireRequest, timeouts: Timeouts, settings: Settings, client: httpx.AsyncClient | None = None
) -> Reply:
    """The async twin of `send`."""
    check_request(request)
    engine = await pools().async_engine(settings, timeouts, stream=False, client=client)
    started = time.perf_counter()
    stream = await _aopen(engine, request, timeouts, whole=True)
    return await _aread_whole(stream, request.url, settings.max_response_bytes, started)


def open_stream(
    request: WireRequest, timeouts: Timeouts, settings: Settings, client: httpx.Client | None = None
) -> ByteStream:
    """Send and return the answer as soon as its head is there. The caller closes it. Raises as `send` does."""
    check_request(request)
    engine = pools().engine(settings, timeouts, stream=True, client=client)
    return _open(engine, request, timeouts, whole=False)


async def aopen_stream(
    request: WireRequest, timeouts: Timeouts, settings: Settings, client: httpx.AsyncClient | None = None
) -> AsyncByteStream:
    """The async twin of `open_stream`."""
    check_request(request)
    engine = await pools().async_engine(settings, timeouts, stream=True, client=client)
    return await _aopen(engine, request, timeouts, whole=False)


def _open(engine: Engine, request: WireRequest, timeouts: Timeouts, *, whole: bool) -> ByteStream:
    """Send, and send again where a redirect on the same host says; the time limits run on."""
    deadlines = Deadlines(timeouts)
    for _ in range(_MOST_REDIRECTS):
        stream = engine.open(request, deadlines, whole=whole)
        followed = _redirected(request, stream.status, stream.headers)
        if followed is None:
            return stream
        stream.close()
        request = followed
    return engine.open(request, deadlines, whole=whole)


async def _aopen(engine: AsyncEngine, request: WireRequest, timeouts: Timeouts, *, whole: bool) -> AsyncByteStream:
    deadlines = Deadlines(timeouts)
    for _ in range(_MOST_REDIRECTS):
        stream = await engine.open(request, deadlines, whole=whole)
        followed = _redirected(request, stream.status, stream.headers)
        if followed is None:
            return stream
        await stream.close()
        request = followed
    return await engine.open(request, deadlines, whole=whole)


def epoch_s() -> int:
    """Return the time of day, for an answer whose vendor gave none."""
    return int(time.time())


def read_rest(stream: ByteStream, url: str, settings: Settings) -> Reply:
    """Read an opened answer to its end and close it; of an error, as much as says something."""
    return _read_whole(stream, url, settings.max_response_bytes, time.perf_counter())


async def aread_rest(stream: AsyncByteStream, url: str, settings: Settings) -> Reply:
    """The async twin of `read_rest`."""
    return await _aread_whole(stream, url, settings.max_response_bytes, time.perf_counter())


def _read_whole(stream: ByteStream, url: str, limit: int, started: float) -> Reply:
    try:
        pieces, size = [], 0
        while piece := stream.read():
            pieces.append(piece)
            size += len(piece)
            if _enough(stream.status, size, limit):
                break
    finally:
        stream.close()
    return _reply(stream, url, pieces, started)


async def _aread_whole(stream: AsyncByteStream, url: str, limit: int, started: float) -> Reply:
    try:
        pieces, size = [], 0
        while piece := await stream.read():
            pieces.append(piece)
            size += len(piece)
            if _enough(stream.status, size, limit):
                break
    finally:
        await stream.close()
    return _reply(stream, url, pieces, started)


def _enough(status: int, size: int, limit: int) -> bool:
    """Whether to stop reading: an error may go on for ever, an answer above the limit is refused."""
    if status >= _FIRST_FAILURE:
        return size > _ERROR_BYTES
    if size > limit:
        raise too_large(limit)
    return False


def _reply(stream: Any, url: str, pieces: list[bytes], started: float) -> Reply:
    body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
    elapsed_ms = (time.perf_counter() - started) * 1000
    return Reply(stream.status, stream.headers, body, url, elapsed_ms, time.time())


def _redirected(request: WireRequest, status: int, headers: Mapping[str, str]) -> WireRequest | None:
    """Return the request to send next, or None when the answer stands.

    Only a 307 or 308 on the same host is followed: the body and the key travel along. Meta's compatible
    endpoint has answered streams so (ogx#2496).
    """
    if status not in (307, 308):
        return None
    try:
        url = urljoin(request.url, headers.get("location", ""))
    except ValueError:
        return None
    return replace(request, url=url) if url != request.url and host_of(url) == host_of(request.url) else None
