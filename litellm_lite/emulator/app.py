"""The routes of the emulated API, as a Starlette application. What is said is decided elsewhere."""

from __future__ import annotations

import hmac
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING
from uuid import uuid4

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from litellm_lite.emulator import wire
from litellm_lite.emulator.answers import Completion, complete
from litellm_lite.emulator.ask import Ask, Shape, read_ask
from litellm_lite.emulator.faults import parse, split_model
from litellm_lite.emulator.record import Seen
from litellm_lite.emulator.refusal import PROBLEM_TYPE, Refusal, problem
from litellm_lite.emulator.sending import Sending, Silence, disturb, disturb_body, in_chunks
from litellm_lite.emulator.settings import Fault, Settings
from litellm_lite.emulator.upstreams import Playing, Upstream

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

BASES: dict[Shape, str] = {"compat": "/compat/v1", "native": "/v1"}
FAULT_HEADER = "x-emulator-fault"

# Nine images of 25 MB in base64, and room for the rest.
_MOST_BODY_BYTES = 320 * 1024 * 1024
# The body that once came with a redirect on a streaming POST (ogx#2496).
_EMPTY_COMPLETION = b'{"id":"","model":"","choices":[],"created":0,"object":""}'


def base_path(upstream: str, shape: Shape) -> str:
    """Return where an upstream is served; the plain one has no name."""
    return (f"/at/{upstream}" if upstream else "") + BASES[shape]


@dataclass(slots=True)
class Service:
    """One emulated account: its settings, its upstreams, and the faults still to come.

    All its times are of `clock`, in seconds of which `Settings.speed` pass in a real one; `epoch` gives the seconds
    since 1970 that answers are dated with.
    Raises ValueError for a fault that does not exist.
    """

    settings: Settings
    clock: Callable[[], float]
    epoch: Callable[[], float]
    faults: deque[Playing] = field(init=False)
    upstreams: dict[str, Upstream] = field(init=False)

    def __post_init__(self) -> None:
        self.faults = deque(map(Playing, self.settings.faults))
        self.upstreams = {"": Upstream(self.settings)}

    def upstream(self, name: str) -> Upstream:
        """Return the upstream of that name, which is made at its first mention. From any thread."""
        return self.upstreams.get(name) or self.upstreams.setdefault(name, Upstream(self.settings))

    def application(self) -> ASGIApp:
        """Return the ASGI application."""
        routes = []
        for base, shape in ((base_path(name, shape), shape) for shape in BASES for name in ("", "{upstream:path}")):
            routes += [
                Route(f"{base}/chat/completions", _Chat(self, shape), methods=["POST"]),
                Route(f"{base}/models", self.models),
                Route(f"{base}/models/{{model_id}}", self.model),
            ]
        told = (Refusal, HTTPException, ClientDisconnect, Exception)
        app = Starlette(routes=routes, exception_handlers=dict.fromkeys(told, _failed))
        app.router.redirect_slashes = False
        return _Marked(app)

    async def models(self, request: Request) -> Response:
        """List the models."""
        self._authorise(request)
        return _json(wire.models(int(self.epoch())))

    async def model(self, request: Request) -> Response:
        """Describe one model."""
        self._authorise(request)
        model_id = request.path_params["model_id"]
        found = wire.model(model_id, int(self.epoch()))
        if found is None:
            raise Refusal(404, f"model {model_id!r} does not exist; GET /models lists those that do")
        return _json(found)

    def answer(self, request: Request, body: bytes, shape: Shape, upstream: Upstream, seen: Seen) -> ASGIApp:
        """Return the answer to a chat request, or what a fault makes of it. Raises Refusal."""
        fault = self._fault(request, upstream, seen)
        if fault.redirect is not None or fault.status is not None:
            return _faulty(request, fault)
        self._authorise(request)
        ask = read_ask(body, shape, any_model=self.settings.any_upstream)
        completion = complete(ask, lambda: str(uuid4()), self.settings.answer_tokens)
        headers = self._meter(upstream, ask, completion, seen.at) | dict(fault.headers)
        if fault.model is not None:
            ask = replace(ask, model=replace(ask.model, id=fault.model))
        return self._sending(shape, ask, completion, headers, fault)

    def _fault(self, request: Request, upstream: Upstream, seen: Seen) -> Fault:
        """Return the fault that the request asks for, else the next one provoked, else the upstream's."""
        model, named = split_model(seen.model or "")
        spec = request.headers.get(FAULT_HEADER) or named
        if spec:
            try:
                return upstream.asked(model, parse(spec)).meet(seen.at, prefilled=seen.prefilled)
            except ValueError as error:
                raise Refusal(400, str(error)) from error
        if self.faults:
            return self.faults.popleft().meet(seen.at, prefilled=seen.prefilled)
        return upstream.fault(seen.at, prefilled=seen.prefilled)

    def _authorise(self, request: Request) -> None:
        if self.settings.any_upstream:
            return
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise Refusal(401, "no API key; send it as 'Authorization: Bearer <key>'")
        if not hmac.compare_digest(key.strip().encode(), self.settings.api_key.encode()):
            raise Refusal(401, "the API key is not valid")

    def _meter(self, upstream: Upstream, ask: Ask, completion: Completion, now: float) -> dict[str, str]:
        """Take the request out of the minute's allowance and return the headers. Raises Refusal (429)."""
        tokens = completion.prompt_tokens + completion.completion_tokens
        allowance = upstream.meter.take(ask.model, tokens, now)
        if allowance.exceeded:
            raise Refusal(429, f"{ask.model.id}: {allowance.exceeded} is used up", allowance.headers())
        return allowance.headers()

    def _sending(
        self, shape: Shape, ask: Ask, completion: Completion, headers: dict[str, str], fault: Fault
    ) -> Sending:
        settings, head = self.settings, wire.Head(uuid4().hex, int(self.epoch()))
        size = settings.tokens_per_chunk
        speaking = wire.speaking_chunks(shape, ask, completion, size)
        fault = in_chunks(fault, speaking, size=size, choices=len(completion.answers))
        latency = [Silence(settings.latency_s)] if settings.latency_s else []
        if not ask.stream:
            length, steps = disturb_body(wire.body(shape, head, ask, completion), fault)
            whole = {"content-type": "application/json", "content-length": str(length), **headers}
            return Sending([*latency, *steps], headers=whole, speed=settings.speed)
        chunks = wire.events(shape, head, ask, completion, size, done=not fault.without_done)
        disturbed = disturb(chunks, fault, error=wire.mid_stream_error(shape), malformed=wire.MALFORMED_EVENT)
        streamed = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache", **headers}
        return Sending(chain(latency, disturbed), headers=streamed, speed=settings.speed, pace_s=settings.chunk_pace_s)


class _Chat:
    """The chat endpoint in ASGI's own terms: what answers a request here is itself an ASGI application."""

    def __init__(self, service: Service, shape: Shape) -> None:
        self.service, self.shape = service, shape

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, service, line = Request(scope, receive), self.service, scope["state"]["line"]
        body = await _read(request)
        upstream = service.upstream(request.path_params.get("upstream", ""))
        seen = Seen.of(body, service.clock())

        async def send_seen(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
            await send(message)

        upstream.record.begin(seen)
        try:
            answer = self._answer(request, body, upstream, seen)
            await answer(scope, receive, send_seen)
        finally:
            upstream.record.end(seen, service.clock(), hung_up=line.hung_up)

    def _answer(self, request: Request, body: bytes, upstream: Upstream, seen: Seen) -> ASGIApp:
        try:
            return self.service.answer(request, body, self.shape, upstream, seen)
        except Refusal as refusal:
            return _failed(request, refusal)


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
