"""What is not on the hot path: lists, health, metrics, documents; and the way to say that there is no such thing.

It is bare ASGI like the hot path, so that limits, errors and headers are the same everywhere.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from litellm_lite.errors import AuthenticationError, NotFoundError
from litellm_lite.proxy import documents, health, listing, scraping, token_counter
from litellm_lite.proxy.app import KEPT, ROUTES, refuse, was_ended
from litellm_lite.proxy.exchange import Exchange, Headers, Receive, Scope, Send
from litellm_lite.proxy.kept import response_id
from litellm_lite.proxy.refusing import refused
from litellm_lite.proxy.telling import Record
from litellm_lite.proxy.visit import Answering, MethodNotAllowed, Now, Told, Visit
from litellm_lite.registry.nearest import nearest
from litellm_lite.router.checks import named

if TYPE_CHECKING:
    from collections.abc import Collection

UNKNOWN = "(other)"
"""What the log and the metrics call a path that is none; its name is a client's to invent."""

_PREFIX = "/v1"
_PASSWORD = b'Bearer, Basic realm="litellm-lite: the key as password", charset="UTF-8"'
_KEPT_PATH = "/responses/{response_id}"


class Place(NamedTuple):
    """An endpoint beside the hot path. `open` ones ask for no key, and are not counted: whoever watches asks often."""

    answer: Answering
    method: str = "GET"
    open: bool = False
    browsed: bool = False
    """Whether people read it, whose browser asks for a password: the key is one, whatever the name beside it."""


# A path that ends in braces takes whatever follows, slashes too. Each is there with and without /v1.
PLACES: Mapping[str, Place] = {
    "/models": Place(listing.models),
    "/models/{model}": Place(listing.model),
    "/model/info": Place(listing.model_info),
    "/utils/token_counter": Place(token_counter.token_counter, "POST"),
    "/metrics": Place(scraping.metrics),
    "/openapi.json": Place(documents.openapi, browsed=True),
    "/docs": Place(documents.docs, browsed=True),
    "/health": Place(health.health),
    "/health/liveliness": Place(health.alive, open=True),
    "/health/liveness": Place(health.alive, open=True),
    "/health/readiness": Place(health.ready, open=True),
}


def served() -> Iterator[tuple[str, str]]:
    """Yield the method and the path of every endpoint there is, the hot ones too."""
    for path in ROUTES:
        yield "POST", path
    for prefix in ("", _PREFIX):
        for method in KEPT:
            yield method, f"{prefix}{_KEPT_PATH}"
        for path, place in PLACES.items():
            yield place.method, prefix + path


class Cold:
    """The application. `note` is told of each request when it is over."""

    def __init__(self, now: Now, note: Callable[[Record], None]) -> None:
        self._now, self._note = now, note

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope, receive, send)
        path, part = _found(scope["path"])
        record = Record(exchange, UNKNOWN if path is None else path)
        place = PLACES.get(path or "")
        hot = ROUTES.get(scope["path"])
        write = hot.refuse if hot is not None else refused
        try:
            told = await self._told(exchange, record, place, part)
            await exchange.answer(
                told.status, [(b"content-type", told.kind), *told.headers, *record.headers({})], told.body
            )
        except Exception as error:
            await refuse(write, exchange, record, error, _headers(error, place))
        except asyncio.CancelledError:
            if not await was_ended(write, exchange, record):
                raise
        finally:
            exchange.close()
            if place is None or not place.open or exchange.status != 200:
                self._note(record)

    async def _told(self, exchange: Exchange, record: Record, place: Place | None, part: str) -> Told:
        path, method = exchange.scope["path"], exchange.scope["method"]
        allowed = _allowed(path, place)
        if not allowed:
            raise _nothing_at(path)
        if method == "OPTIONS":
            return Told(b"", b"text/plain", 200, ((b"allow", ", ".join(allowed).encode()),))
        if place is None or method not in allowed:
            raise MethodNotAllowed(f"{named(path)} takes {' and '.join(allowed[:-1])}, not {named(method)}", allowed)
        serving = self._now.serving()
        if not place.open:
            serving.keys.check(_with_password(exchange.head) if place.browsed else exchange.head)
        return await place.answer(Visit(exchange, record, self._now, serving, part))


def _found(path: str) -> tuple[str | None, str]:
    """Return the endpoint a path leads to, as the tables have it, and what stands in the place of the braces there."""
    short = path.removeprefix(_PREFIX) if path.startswith(_PREFIX + "/") else path
    if short in PLACES:
        return short, ""
    for template in PLACES:
        head, brace, _ = template.partition("{")
        if brace and short.startswith(head) and len(short) > len(head):
            return template, short[len(head) :]
    if response_id(path):
        return KEPT["GET"].name, ""
    return (ROUTES[path].name if path in ROUTES else None), ""


def _allowed(path: str, place: Place | None) -> tuple[str, ...]:
    """Return the methods a path takes, OPTIONS last; nothing where there is no such path."""
    methods = ["POST"] if path in ROUTES else list(KEPT) if response_id(path) else []
    if place is not None:
        methods += [place.method, "HEAD"] if place.method == "GET" else [place.method]
    return (*dict.fromkeys(methods), "OPTIONS") if methods else ()


def _nothing_at(path: str) -> NotFoundError:
    close = nearest(path, _paths(), 1)
    hint = f"; did you mean {close[0]}?" if close else ""
    return NotFoundError(f"there is nothing at {named(path)}{hint}", code="not_found")


def _paths() -> Collection[str]:
    return [path for _, path in served()]


def _headers(error: Exception, place: Place | None) -> Headers:
    """Return what an error says in its head beside the usual."""
    if isinstance(error, MethodNotAllowed):
        return [(b"allow", ", ".join(error.allowed).encode())]
    if isinstance(error, AuthenticationError) and place is not None and place.browsed:
        return [(b"www-authenticate", _PASSWORD)]
    return []


def _with_password(head: Mapping[bytes, bytes]) -> Mapping[bytes, bytes]:
    """Return the head with the password that a browser sends as the key that others send."""
    scheme, _, given = head.get(b"authorization", b"").partition(b" ")
    if scheme.lower() != b"basic":
        return head
    try:
        password = base64.b64decode(given.strip(), validate=True).partition(b":")[2]
    except ValueError:
        return head
    return {**head, b"authorization": b"Bearer " + password}
