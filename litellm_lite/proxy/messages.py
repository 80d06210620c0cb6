"""POST /v1/messages and its count_tokens: Anthropic's shape outside, a chat completion inside."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from litellm_lite.bridges.messages import MessageEvents, answer, count_tokens, error_body, to_bytes, to_chat
from litellm_lite.errors import APIError
from litellm_lite.proxy.asking import add_headers, check_client, take_model
from litellm_lite.proxy.calling import answer_stream, answer_whole
from litellm_lite.proxy.refusing import JSON_HEADER
from litellm_lite.tidying import completed

if TYPE_CHECKING:
    from litellm_lite.attempts import Answer
    from litellm_lite.proxy.exchange import Exchange
    from litellm_lite.proxy.serving import Serving
    from litellm_lite.proxy.telling import Record

JSON = dict[str, Any]


async def messages(serving: Serving, exchange: Exchange, record: Record, body: JSON) -> None:
    """Answer a Message. Raises APIError."""
    check_client(body)
    said, params, left_out = to_chat(body)
    record.asked = model = take_model({**body})
    record.left_out = left_out
    stream = bool(body.get("stream"))
    add_headers(params, exchange.head)
    if stream:
        params.setdefault("stream_options", {"include_usage": True})
    way = serving.way(model, said, params, stream=stream)
    id = f"msg_{exchange.call_id}"
    if stream:
        await answer_stream(exchange, record, [way], MessageVoice(body, id), serving.keep_alive_s)
        return

    def write(answered: Answer) -> bytes:
        chat = completed(answered.plan, answered.body, answered.reply)
        return orjson.dumps(answer(chat, body, id=id))

    await answer_whole(exchange, record, way, write)


async def tokens(serving: Serving, exchange: Exchange, record: Record, body: JSON) -> None:
    """Answer how many tokens a Message's prompt has; a header says whether that is exact. Raises APIError."""
    record.asked = model = take_model({**body})
    told, counted = await asyncio.to_thread(count_tokens, body, serving.model_of(model))
    exact = b"true" if counted.exact else b"false"
    await exchange.answer(
        200, [JSON_HEADER, (b"x-litellm-exact-count", exact), *record.headers({})], orjson.dumps(told)
    )


def refused(error: APIError, call_id: str) -> tuple[int, bytes]:
    """Return an error in Anthropic's shape."""
    status, body = error_body(error, call_id)
    return status, orjson.dumps(body)


class MessageVoice:
    """Tells a stream as Anthropic's API does."""

    __slots__ = ("_events", "_id")

    def __init__(self, body: Mapping[str, Any], id: str) -> None:
        self._events, self._id = MessageEvents(dict(body), id=id), id

    def say(self, chunk: JSON, place: int) -> bytes:  # noqa: ARG002 - there is one
        return _bytes(self._events.feed(chunk))

    def end(self) -> bytes:
        return _bytes(self._events.end())

    def fail(self, error: APIError) -> bytes:
        return _bytes(self._events.fail(error, self._id.removeprefix("msg_")))


def _bytes(events: Iterable[JSON]) -> bytes:
    return b"".join([to_bytes(event) for event in events])
