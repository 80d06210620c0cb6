"""The floor of a gateway: an ASGI application that hands a request on over pyreqwest and the answer back, no more.

`granian --interface asgi benchmarks.forwarder:app`, with the vendor's origin in FORWARD_TO. It looks for
`"stream":true` in the bytes and knows nothing else: no JSON, no errors, no client that hangs up.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any

from pyreqwest.client import Client, ClientBuilder

from benchmarks.subjects import HEADERS

_clients: list[Client] = []  # one, made in the worker's event loop


async def app(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    if scope["method"] == "GET":  # health
        await _begin(send, 200, b"text/plain")
        await send({"type": "http.response.body", "body": b"alive"})
        return
    if not _clients:
        _clients.append(ClientBuilder().build())
    request = _clients[0].post(os.environ["FORWARD_TO"] + scope["path"]).headers(HEADERS).body_bytes(body)
    if b'"stream":true' not in body:
        answer = await request.build().send()
        await _begin(send, answer.status, b"application/json")
        await send({"type": "http.response.body", "body": bytes(await answer.bytes())})
        return
    async with request.streamed_read_buffer_limit(0).build_streamed() as answer:
        await _begin(send, answer.status, b"text/event-stream; charset=utf-8")
        while (packet := await answer.body_reader.read_chunk()) is not None:
            await send({"type": "http.response.body", "body": bytes(packet), "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _begin(send: Callable[[Any], Awaitable[None]], status: int, content_type: bytes) -> None:
    headers = [(b"content-type", content_type)]
    await send({"type": "http.response.start", "status": status, "headers": headers})
