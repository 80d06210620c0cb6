"""One HTTP request at the gateway, in ASGI's own terms: what of its head counts, its body, and its answer.

It knows nothing of models. Every way to say no is an `APIError`, whose shape on the wire is the route's business.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from litellm_lite.errors import APIError, BadRequestError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Scope = MutableMapping[str, Any]
Headers = list[tuple[bytes, bytes]]

# The only headers of a request that the hot path looks at.
READ = frozenset({
    b"authorization", b"x-api-key", b"api-key", b"x-litellm-api-key", b"content-length", b"content-type",
    b"content-encoding", b"origin", b"x-litellm-call-id", b"x-litellm-timeout", b"x-litellm-stream-timeout",
    b"x-litellm-num-retries", b"x-litellm-tags",
})  # fmt: skip
_LOOK_S = 0.05  # a request answered sooner needs nobody to watch for its body, or for a client that hangs up
BODY_S = 60.0  # for a body to come; a client that trickles is let go
_SLOWEST_BYTES_S = 100_000  # a large one gets more time, at this pace
_LONGEST_SIZE = 18  # digits
_LONGEST_ID = 128
_CLIENT_GONE = 499  # nginx's number; nobody is told
_ID = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:")


class RequestTooLarge(BadRequestError):  # noqa: N818 - a verdict more than a failure
    """The body of a request is over the limit (413)."""

    default_status = 413


class RequestTooSlow(BadRequestError):  # noqa: N818 - a verdict more than a failure
    """The body of a request did not come in time (408)."""

    default_status = 408


class Exchange:
    """A request and its answer. Once it has `begun`, no other status can be told; `gone`: its client has hung up."""

    __slots__ = (
        "_body_end", "_listener", "_loop", "_receive", "_send", "_task", "_timer", "_took_ms", "_verdict", "arrived",
        "begun", "call_id", "ended", "ended_at", "gone", "head", "scope", "status",
    )  # fmt: skip

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Must be made in the task that serves the request."""
        self.scope, self._receive, self._send = scope, receive, send
        self.arrived = time.perf_counter()
        self.head = {name: value for name, value in scope["headers"] if name in READ}
        self.begun = self.ended = self.gone = False
        self.ended_at = 0.0
        """The time of day when it was over, in seconds since 1970."""
        self._took_ms: float | None = None
        self._verdict: APIError | None = None
        self.status = 0
        self.call_id = _call_id(self.head.get(b"x-litellm-call-id"))
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task(self._loop)
        self._timer: asyncio.TimerHandle | None = None
        self._body_end: float | None = None
        self._listener: asyncio.Task[None] | None = None

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since the request arrived; once it is over, those that it took."""
        return (time.perf_counter() - self.arrived) * 1000 if self._took_ms is None else self._took_ms

    async def body(self, limit: int, within_s: float = BODY_S) -> bytes:
        """Return the body. Raises RequestTooLarge above so many bytes, BadRequestError for one that breaks off.

        One that trickles ends the task of the request with RequestTooSlow, and from then on so does, without a word, a
        client that hangs up.
        """
        within_s += self._told_size(limit) / _SLOWEST_BYTES_S
        self._check_kind()
        self._body_end = self._loop.time() + within_s
        self._timer = self._loop.call_later(min(_LOOK_S, within_s), self._look)
        body = await self._read(limit)
        self._body_end = None
        return body

    def _look(self) -> None:
        """Watch for the body, or listen for the client: one timer for both, which most requests never see fire."""
        if self._body_end is None:
            self._listener = self._loop.create_task(self._listen())
        elif (left_s := self._body_end - self._loop.time()) > 0:
            self._timer = self._loop.call_later(min(left_s, _LOOK_S), self._look)
        else:
            self.end_with(RequestTooSlow("the body of the request did not come in time; send it faster"))

    async def _read(self, limit: int) -> bytes:
        body, more = await self._piece()
        if len(body) > limit:
            raise _too_large(limit)
        if not more:
            return body
        whole = bytearray(body)
        while more:
            body, more = await self._piece()
            whole += body
            if len(whole) > limit:
                raise _too_large(limit)
        return bytes(whole)

    async def _piece(self) -> tuple[bytes, bool]:
        """Return a piece of the body, and whether there are more. Raises BadRequestError for one that breaks off.

        Its client counts as gone; but it may have sent what is no HTTP, and wait to be told.
        """
        message = await self._receive()
        if message["type"] != "http.request":
            self.gone = True
            raise BadRequestError("the body of the request broke off, or is no HTTP; send it again", code="cut_body")
        return message.get("body", b""), message.get("more_body", False)

    def _told_size(self, limit: int) -> int:
        """Return the size that the head tells, 0 where it tells none. Raises RequestTooLarge above the limit."""
        told = self.head.get(b"content-length")
        if told is None or not told.isdigit():
            return 0
        if len(told) > _LONGEST_SIZE or int(told) > limit:
            raise _too_large(limit)
        return int(told)

    def _check_kind(self) -> None:
        """Raise BadRequestError for a body that is something else than JSON.

        A web page may send anything anywhere, but JSON only where it is allowed to. So it must say that it is JSON; a
        program need not.
        """
        encoding = self.head.get(b"content-encoding")
        if encoding is not None and encoding.strip().lower() not in (b"identity", b""):
            msg = "the body is compressed, which is not taken here; send it without Content-Encoding"
            raise BadRequestError(msg, status_code=415)
        kind = self.head.get(b"content-type")
        if kind != b"application/json" and (not _is_json(kind) if kind is not None else b"origin" in self.head):
            raise BadRequestError("the body must be JSON; send it with Content-Type: application/json", status_code=415)

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.let_go()

    def let_go(self) -> None:
        """End the task of the request: there is nobody to answer."""
        if self._task is not None and not self.ended:
            self.gone = True
            self._task.cancel()

    def end_with(self, error: APIError) -> None:
        """End the task of the request, which then finds the error in `verdict`."""
        if self._task is not None and not (self.ended or self.gone) and self._verdict is None:
            self._verdict = error
            self._task.cancel()

    def verdict(self) -> APIError | None:
        """Return what the request was ended with, where it was and not by somebody else; it may go on and say so."""
        verdict, self._verdict = self._verdict, None
        if verdict is not None and self._task is not None:
            self._task.uncancel()
        return verdict

    def close(self) -> None:
        """Watch no more: the request is over."""
        self.ended, self.ended_at, self._took_ms = True, time.time(), self.elapsed_ms
        if self.gone:
            self.status = _CLIENT_GONE
        if self._timer is not None:
            self._timer.cancel()
        if self._listener is not None:
            self._listener.cancel()

    async def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """Send a whole answer."""
        self.begun, self.status = True, status
        headers.append((b"content-length", b"%d" % len(body)))
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})
        self.ended = True

    async def begin(self, headers: Headers) -> None:
        """Send the head of a stream."""
        self.begun, self.status = True, 200
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})

    async def write(self, part: bytes) -> None:
        """Send a piece of a stream; returns when the client has room for more."""
        await self._send({"type": "http.response.body", "body": part, "more_body": True})

    async def end(self, part: bytes = b"") -> None:
        """Send the last piece of a stream."""
        await self._send({"type": "http.response.body", "body": part})
        self.ended = True


def _is_json(kind: bytes) -> bool:
    kind = kind.partition(b";")[0].strip().lower()
    return kind == b"application/json" or kind.endswith(b"+json")


def _too_large(limit: int) -> RequestTooLarge:
    msg = f"the body of the request is over the limit of {limit} bytes; general_settings.max_request_size_mb raises it"
    return RequestTooLarge(msg)


def _call_id(given: bytes | None) -> str:
    """Return the caller's own id of a call where it is one, else a new one."""
    if given and len(given) <= _LONGEST_ID and _ID.issuperset(given):
        return given.decode()
    made = f"{random.getrandbits(128):032x}"  # no secret, and uuid4 takes six times as long
    return f"{made[:8]}-{made[8:12]}-{made[12:16]}-{made[16:20]}-{made[20:]}"
