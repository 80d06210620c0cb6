"""The routes of the emulated API, as a Starlette application. What is said is decided elsewhere."""

from __future__ import annotations

import hmac
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from litellm_lite.emulator import wire
from litellm_lite.emulator.answers import Completion, complete
from litellm_lite.emulator.ask import Ask, Shape, read_ask
from litellm_lite.emulator.limits import Meter
from litellm_lite.emulator.refusal import PROBLEM_TYPE, Refusal, problem
from litellm_lite.emulator.sending import Pause, Sending, disturb, disturb_body
from litellm_lite.emulator.settings import Fault, Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

BASES: dict[Shape, str] = {"compat": "/compat/v1", "native": "/v1"}

# Nine images of 25 MB in base64, and room for the rest.
_MOST_BODY_BYTES = 320 * 1024 * 1024
# The body that once came with a redirect on a streaming POST (ogx#2496).
_EMPTY_COMPLETION = b'{"id":"","model":"","choices":[],"created":0,"object":""}'


@dataclass(slots=True)
class Service:
    """One emulated account: its settings, what it was used for, and the faults still to come.

    `clock` gives seconds since 1970; `pause` waits as described at `Pause`.
    """

    settings: Settings
    clock: Callable[[], float]
    pause: Pause
    faults: deque[Fault] = field(init=False)
    meter: Meter = field(init=False)

    def __post_init__(self) -> None:
        self.faults = deque(self.settings.faults)
        self.meter = Meter(self.settings)

    def application(self) -> ASGIApp:
        """Return the ASGI application."""
        routes = []
        for shape, base in BASES.items():
            routes += [
                Route(f"{base}/chat/completions", _chat_route(self, shape), methods=["POST"]),
                Route(f"{base}/models", self.models),
                Route(f"{base}/models/{{model_id}}", self.model),
            ]
        app = Starlette(routes=routes, exception_handlers=dict.fromkeys((Refusal, HTTPException, Exception), _failed))
        app.router.redirect_slashes = False
        return _Marked(app)

    async def models(self, request: Request) -> Response:
        """List the models."""
        self._authorise(request)
        return _json(wire.models(int(self.clock())))

    async def model(self, request: Request) -> Response:
        """Describe one model."""
        self._authorise(request)
        model_id = request.path_params["model_id"]
        found = wire.model(model_id, int(self.clock()))
        if found is None:
            raise Refusal(404, f"model {model_id!r} does not exist; GET /models lists those that do")
        return _json(found)

    async def chat(self, request: Request, shape: Shape) -> ASGIApp:
        """Answer a chat request, or do what a fault says instead."""
        fault = self.faults.popleft() if self.faults else Fault()
        body = await _read(request)
        if fault.redirect is not None or fault.status is not None:
            return _faulty(request, fault)
        self._authorise(request)
        ask = read_ask(body, shape)
        completion = complete(ask, lambda: str(uuid4()))
        headers = self._meter(ask, completion) | dict(fault.headers)
        if self.settings.latency_s:
            await self.pause(self.settings.latency_s)
        return self._sending(shape, ask, completion, headers, fault)

    def _authorise(self, request: Request) -> None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise Refusal(401, "no API key; send it as 'Authorization: Bearer <key>'")
        if not hmac.compare_digest(key.strip().encode(), self.settings.api_key.encode()):
            raise Refusal(401, "the API key is not valid")

    def _meter(self, ask: Ask, completion: Completion) -> dict[str, str]:
        """Take the request out of the minute's allowance and return the headers. Raises Refusal (429)."""
        tokens = completion.prompt_tokens + completion.completion_tokens
        allowance = self.meter.take(ask.model, tokens, self.clock())
        if allowance.exceeded:
            raise Refusal(429, f"{ask.model.id}: {allowance.exceeded} is used up", allowance.headers())
        return allowance.headers()

    def _sending(
        self, shape: Shape, ask: Ask, completion: Completion, headers: dict[str, str], fault: Fault
    ) -> Sending:
        head = wire.Head(uuid4().hex, int(self.clock()))
        if not ask.stream:
            length, steps = disturb_body(wire.body(shape, head, ask, completion), fault)
            whole = {"content-type": "application/json", "content-length": str(length), **headers}
            return Sending(steps, headers=whole, pause=self.pause)
        chunks = wire.events(shape, head, ask, completion, self.settings.tokens_per_chunk)
        disturbed = disturb(chunks, fault, error=wire.mid_stream_error(shape), malformed=wire.MALFORMED_EVENT)
        streamed = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache", **headers}
        return Sending(disturbed, headers=streamed, pause=self.pause, pace_s=self.settings.chunk_pace_s)


class _Marked:
    """Puts a request id and the emulator's mark on every answer, also on those Starlette makes itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("x-request-id", str(uuid4()))
                headers["x-litellm-lite-emulator"] = "true"
            await send(message)

        await self.app(scope, receive, send_marked)


def _chat_route(service: Service, shape: Shape) -> ASGIApp:
    class Chat:
        """An endpoint in ASGI's own terms: what answers a request here is itself an ASGI application."""

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            answer = await service.chat(Request(scope, receive), shape)
            await answer(scope, receive, send)

    return Chat()


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BODY_BYTES:
            raise Refusal(413, f"the request body is larger than {_MOST_BODY_BYTES} bytes")
    return bytes(body)


def _faulty(request: Request, fault: Fault) -> Response:
    """Return the answer a fault asks for in the place of the real one."""
    headers = dict(fault.headers)
    if fault.redirect is not None:
        headers["location"] = fault.location or str(request.url)
        body = _EMPTY_COMPLETION if fault.body is None else fault.body
        return Response(body, fault.redirect, headers, fault.content_type or "application/json")
    status = fault.status or 500
    body = problem(status, "the emulator was told to fail this request") if fault.body is None else fault.body
    return Response(body, status, headers, fault.content_type or PROBLEM_TYPE)


def _failed(request: Request, error: Exception) -> Response:
    """Answer what was refused here, what Starlette did not route, and what is a mistake of the emulator's own."""
    if isinstance(error, Refusal):
        return Response(problem(error.status, error.detail), error.status, error.headers, PROBLEM_TYPE)
    status = error.status_code if isinstance(error, HTTPException) else 500
    reason = "the emulator has no such endpoint" if status < 500 else "the emulator made a mistake"
    detail = f"{request.method} {request.url.path}: {reason}"
    return Response(problem(status, detail), status, media_type=PROBLEM_TYPE)
