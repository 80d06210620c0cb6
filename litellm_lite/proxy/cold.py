"""What is not on the hot path, routed by Starlette: lists, health, metrics, documents; and that there is no such thing.

Requests are read and answered as on the hot path, so that limits, errors and headers are the same everywhere.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from litellm_lite.errors import AuthenticationError, NotFoundError
from litellm_lite.proxy import documents, health, listing, scraping, token_counter
from litellm_lite.proxy.app import KEPT, ROUTES, refuse, was_ended
from litellm_lite.proxy.exchange import Exchange, Headers, Receive, Scope, Send
from litellm_lite.proxy.refusing import refused
from litellm_lite.proxy.telling import Record
from litellm_lite.proxy.visit import Answering, MethodNotAllowed, Now, Told, Visit
from litellm_lite.registry.nearest import nearest
from litellm_lite.router.checks import named

if TYPE_CHECKING:
    from starlette.requests import Request

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


class Stand:
    """Where a route leads: its name for the log, what is there, and the methods it takes; none where there is nothing.

    What the hot path serves has nothing here: what gets here are its other methods.
    """

    def __init__(self, cold: Cold, name: str, place: Place | None, *methods: str) -> None:
        self._cold, self.name, self.place = cold, name, place
        also = ("HEAD",) if place is not None and "GET" in methods else ()
        self.allowed = (*methods, *also, "OPTIONS") if methods else ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._cold.answer(self, Exchange(scope, receive, send))


class Cold:
    """The application. `note` is told of each request when it is over."""

    def __init__(self, now: Now, note: Callable[[Record], None]) -> None:
        self._now, self._note = now, note
        self._app = Starlette(routes=list(self._routes()), exception_handlers={HTTPException: self._nowhere})
        self._app.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def _routes(self) -> Iterator[Route]:
        """Yield all routes; each takes every method, for the answer to a wrong one has a shape of its own."""
        for prefix in ("", _PREFIX):
            for path, place in PLACES.items():
                yield Route(prefix + path.replace("}", ":path}"), Stand(self, path, place, place.method))
            yield Route(prefix + _KEPT_PATH, Stand(self, KEPT["GET"].name, None, *KEPT))
        for path, hot in ROUTES.items():
            yield Route(path, Stand(self, hot.name, None, "POST"))

    async def _nowhere(self, request: Request, error: Exception) -> Any:  # noqa: ARG002 - there is but one
        """Return what answers a request that no route takes: an ASGI application, as every response is one."""
        return Stand(self, UNKNOWN, None)

    async def answer(self, stand: Stand, exchange: Exchange) -> None:
        """Answer a request, if only with why not."""
        record, place = Record(exchange, stand.name), stand.place
        hot = ROUTES.get(exchange.scope["path"])
        write = hot.refuse if hot is not None else refused
        try:
            told = await self._told(exchange, record, stand)
            headers: Headers = [(b"content-type", told.kind), *told.headers, *record.headers({})]
            await exchange.answer(told.status, headers, told.body)
        except Exception as error:
            await refuse(write, exchange, record, error, _headers(error, place))
        except asyncio.CancelledError:
            if not await was_ended(write, exchange, record):
                raise
        finally:
            exchange.close()
            if place is None or not place.open or exchange.status != 200:
                self._note(record)

    async def _told(self, exchange: Exchange, record: Record, stand: Stand) -> Told:
        path, method, place = exchange.scope["path"], exchange.scope["method"], stand.place
        if not stand.allowed:
            raise _nothing_at(path)
        if method == "OPTIONS":
            return Told(b"", b"text/plain", 200, ((b"allow", ", ".join(stand.allowed).encode()),))
        if place is None or method not in stand.allowed:
            right = " and ".join(stand.allowed[:-1])
            raise MethodNotAllowed(f"{named(path)} takes {right}, not {named(method)}", stand.allowed)
        serving = self._now.serving()
        if not place.open:
            serving.keys.check(_with_password(exchange.head) if place.browsed else exchange.head)
        part: str = exchange.scope["path_params"].get("model", "")
        return await place.answer(Visit(exchange, record, self._now, serving, part))


def _nothing_at(path: str) -> NotFoundError:
    close = nearest(path, [known for _, known in served()], 1)
    hint = f"; did you mean {close[0]}?" if close else ""
    return NotFoundError(f"there is nothing at {named(path)}{hint}", code="not_found")


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
