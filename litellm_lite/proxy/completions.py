"""POST /v1/completions: in the vendors' own words where all of a group serve it, else over their chat."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from litellm_lite.bridges import completions as bridge
from litellm_lite.endpoints.completions import as_text_chunk
from litellm_lite.proxy.asking import add_headers, check_client, take_model, take_stream
from litellm_lite.proxy.calling import answer_stream, answer_whole, answer_wholes
from litellm_lite.proxy.chat import DONE
from litellm_lite.proxy.refusing import event_bytes
from litellm_lite.tidying import completed

if TYPE_CHECKING:
    from litellm_lite.attempts import Answer
    from litellm_lite.errors import APIError
    from litellm_lite.proxy.exchange import Exchange
    from litellm_lite.proxy.serving import Serving
    from litellm_lite.proxy.telling import Record

JSON = dict[str, Any]


async def completions(serving: Serving, exchange: Exchange, record: Record, body: JSON) -> None:
    """Answer a text completion. Raises APIError."""
    check_client(body)
    record.asked = model = take_model(body)
    stream = take_stream(body)
    add_headers(body, exchange.head)
    if not serving.serves(model, "completions", body):
        await _over_chat(serving, exchange, record, {"model": model, **body}, stream=stream)
        return
    way = serving.way(model, (), body, stream=stream, endpoint="completions")
    if stream:
        await answer_stream(exchange, record, [way], TextVoice(), serving.keep_alive_s)
    else:
        await answer_whole(exchange, record, way, _text_bytes)


async def _over_chat(serving: Serving, exchange: Exchange, record: Record, body: JSON, *, stream: bool) -> None:
    """Ask the chat of each prompt."""
    model = body["model"]
    left_out: dict[str, str] = {}
    chats = bridge.to_chat(body, drop_params=serving.drops(body), left_out=left_out)
    record.left_out = left_out
    id, created = f"cmpl-{exchange.call_id}", int(time.time())
    ways = [serving.way(model, said, params, stream=stream) for said, params in chats]
    if stream:
        voice = BridgedTextVoice(bridge.CompletionChunks(body, id=id, created=created))
        await answer_stream(exchange, record, ways, voice, serving.keep_alive_s)
        return

    def write(answers: Sequence[Answer]) -> bytes:
        said = [completed(each.plan, each.body, each.reply) for each in answers]
        return orjson.dumps(bridge.answer(said, body, id=id, created=created))

    await answer_wholes(exchange, record, ways, write)


def _text_bytes(answer: Answer) -> bytes:
    body = answer.body
    body["model"] = body.get("model") or answer.plan.call.target.model
    body["created"] = int(body.get("created") or answer.reply.received_at)
    return orjson.dumps(body)


class TextVoice:
    """Tells chunks as OpenAI's API does."""

    __slots__ = ()

    def say(self, chunk: JSON, place: int) -> bytes:  # noqa: ARG002 - all prompts are in one stream
        return b"data: " + orjson.dumps(as_text_chunk(chunk)) + b"\n\n"

    def end(self) -> bytes:
        return DONE

    def fail(self, error: APIError) -> bytes:
        return event_bytes(error)


class BridgedTextVoice:
    """Tells the chunks of one chat after the other as those of one text completion."""

    __slots__ = ("_chunks",)

    def __init__(self, chunks: bridge.CompletionChunks) -> None:
        self._chunks = chunks

    def say(self, chunk: JSON, place: int) -> bytes:
        return _events(self._chunks.feed(chunk, place))

    def end(self) -> bytes:
        return _events(self._chunks.end()) + DONE

    def fail(self, error: APIError) -> bytes:
        return _events(self._chunks.fail(error))


def _events(chunks: Iterable[JSON]) -> bytes:
    return b"".join([b"data: " + orjson.dumps(chunk) + b"\n\n" for chunk in chunks])
