"""The gateway as an ASGI application: bare on the hot path. What is not on it is `cold`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from litellm_lite.errors import APIError, ServiceUnavailableError
from litellm_lite.proxy import kept, messages, refusing
from litellm_lite.proxy.asking import read_json
from litellm_lite.proxy.chat import chat
from litellm_lite.proxy.completions import completions
from litellm_lite.proxy.exchange import Exchange, Headers, Receive, Scope, Send
from litellm_lite.proxy.lists import embeddings, moderations
from litellm_lite.proxy.responses import responses
from litellm_lite.proxy.telling import Record

if TYPE_CHECKING:
    from litellm_lite.proxy.serving import Serving

logger = logging.getLogger(__name__)

Answering = Callable[["Serving", Exchange, Record, dict[str, Any]], Awaitable[None]]
Refusing = Callable[[APIError, str], tuple[int, bytes]]
ASGI = Callable[[Scope, Receive, Send], Awaitable[None]]


class Route(NamedTuple):
    """An endpoint of the hot path; `name` is what the log and the metrics call it, `refuse` writes its errors."""

    name: str
    answer: Answering
    refuse: Refusing = refusing.refused
    reads: bool = True
    """Whether a request has a body."""


def _routes(routes: Mapping[str, Route]) -> dict[str, Route]:
    """Return the routes by path, each with and without `/v1`."""
    return {prefix + path: route for path, route in routes.items() for prefix in ("", "/v1")}


ROUTES: Mapping[str, Route] = {
    **_routes(
        {
            "/chat/completions": Route("/v1/chat/completions", chat),
            "/completions": Route("/v1/completions", completions),
            "/responses": Route("/v1/responses", responses),
            "/embeddings": Route("/v1/embeddings", embeddings),
            "/moderations": Route("/v1/moderations", moderations),
        }
    ),
    "/v1/messages": Route("/v1/messages", messages.messages, messages.refused),
    "/v1/messages/count_tokens": Route("/v1/messages/count_tokens", messages.tokens, messages.refused),
}
KEPT: Mapping[str, Route] = {
    "GET": Route("/v1/responses/{response_id}", kept.read, reads=False),
    "DELETE": Route("/v1/responses/{response_id}", kept.delete, reads=False),
}


def kept_route(scope: Scope) -> Route | None:
    """Return the route of a request for one response that is kept; None for any other."""
    return KEPT.get(scope["method"]) if kept.response_id(scope["path"]) else None


class Gateway:
    """The application. `serving` is the configuration in force.

    `note` is told of each request when it is over; `cold` answers whatever is not on the hot path.
    """

    def __init__(self, serving: Serving, note: Callable[[Record], None], cold: ASGI) -> None:
        self.serving = serving
        self._note = note
        self._cold = cold
        self._underway: set[Exchange] = set()

    @property
    def in_flight(self) -> int:
        """How many requests are under way."""
        return len(self._underway)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            route = ROUTES.get(scope["path"]) if scope["method"] == "POST" else kept_route(scope)
            if route is not None:
                await self._hot(route, Exchange(scope, receive, send))
                return
        await self._cold(scope, receive, send)

    async def _hot(self, route: Route, exchange: Exchange) -> None:
        serving, record = self.serving, Record(exchange, route.name)
        self._underway.add(exchange)
        try:
            serving.keys.check(exchange.head)
            body = read_json(await exchange.body(serving.max_request_bytes, serving.body_s)) if route.reads else {}
            await route.answer(serving, exchange, record, body)
        except Exception as error:
            await refuse(route.refuse, exchange, record, error)
        except asyncio.CancelledError:
            if not await was_ended(route.refuse, exchange, record):
                raise
        finally:
            self._underway.discard(exchange)
            exchange.close()
            self._note(record)

    def cut(self) -> None:
        """End what is under way: the time that it had is over. Each client is told so."""
        for exchange in self._underway:
            exchange.end_with(ServiceUnavailableError("the gateway is shutting down; send the request again"))


async def was_ended(write: Refusing, exchange: Exchange, record: Record) -> bool:
    """Whether a request that was cancelled was ended by the gateway or by its client; whoever is there is told why."""
    if (verdict := exchange.verdict()) is not None:
        await refuse(write, exchange, record, verdict)
        return True
    return exchange.gone


async def unready(scope: Scope, receive: Receive, send: Send) -> None:
    """Be the application of a gateway that has no configuration. Which flaws it has is for the log alone."""
    exchange = Exchange(scope, receive, send)
    error = ServiceUnavailableError("the gateway has no configuration that it can use; its log says why")
    await refuse(refusing.refused, exchange, Record(exchange, ""), error)


async def refuse(
    write: Refusing, exchange: Exchange, record: Record, error: Exception, headers: Headers | None = None
) -> None:
    """Answer with an error, or break off what has begun and could not say so itself."""
    if not isinstance(error, APIError):
        logger.error("call %s: %s", exchange.call_id, type(error).__name__, exc_info=error)
    record.error = told = refusing.as_api_error(error)
    if exchange.ended:
        return
    if exchange.begun:
        raise error
    status, body = write(told, exchange.call_id)
    own = dict(refusing.error_headers(told)) | dict(headers or ())
    await exchange.answer(status, [*own.items(), *record.headers({})], body)
