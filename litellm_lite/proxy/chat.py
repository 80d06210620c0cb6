"""POST /v1/chat/completions: OpenAI's shape comes in and goes out; inside it is the lingua franca anyway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from litellm_lite.proxy.asking import add_headers, check_client, take_messages, take_model, take_stream
from litellm_lite.proxy.calling import answer_stream, answer_whole
from litellm_lite.proxy.refusing import event_bytes
from litellm_lite.tidying import completed

if TYPE_CHECKING:
    from litellm_lite.attempts import Answer
    from litellm_lite.errors import APIError
    from litellm_lite.proxy.exchange import Exchange
    from litellm_lite.proxy.serving import Serving
    from litellm_lite.proxy.telling import Record

JSON = dict[str, Any]
DONE = b"data: [DONE]\n\n"


async def chat(serving: Serving, exchange: Exchange, record: Record, body: JSON) -> None:
    """Answer a chat completion. Raises APIError."""
    check_client(body)
    record.asked = model = take_model(body)
    stream, messages = take_stream(body), take_messages(body)
    add_headers(body, exchange.head)
    way = serving.way(model, messages, body, stream=stream)
    if stream:
        await answer_stream(exchange, record, [way], ChatVoice(), serving.keep_alive_s)
    else:
        await answer_whole(exchange, record, way, chat_bytes)


def chat_bytes(answer: Answer) -> bytes:
    """Return a chat completion as JSON."""
    return orjson.dumps(completed(answer.plan, answer.body, answer.reply))


class ChatVoice:
    """Tells chunks as OpenAI's API does."""

    __slots__ = ()

    def say(self, chunk: JSON, place: int) -> bytes:  # noqa: ARG002 - there is one
        return b"data: " + orjson.dumps(chunk) + b"\n\n"

    def end(self) -> bytes:
        return DONE

    def fail(self, error: APIError) -> bytes:
        return event_bytes(error)
