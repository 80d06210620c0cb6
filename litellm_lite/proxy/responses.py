"""POST /v1/responses: in the vendors' own words where all of a group serve it, else over their chat.

What a vendor keeps is found again by its id, which says where; what came over a bridge is kept here.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from litellm_lite.bridges import responses as bridge
from litellm_lite.errors import NotFoundError
from litellm_lite.proxy.asking import add_headers, check_client, take_model, take_stream
from litellm_lite.proxy.calling import answer_stream, answer_whole
from litellm_lite.proxy.response_ids import kept_at, public_id
from litellm_lite.proxy.stored import Stored
from litellm_lite.tidying import completed

if TYPE_CHECKING:
    from litellm_lite.attempts import Answer
    from litellm_lite.errors import APIError
    from litellm_lite.proxy.exchange import Exchange
    from litellm_lite.proxy.serving import Serving
    from litellm_lite.proxy.telling import Record
    from litellm_lite.router.trace import Trace

JSON = dict[str, Any]


async def responses(serving: Serving, exchange: Exchange, record: Record, body: JSON) -> None:
    """Answer a response. Raises APIError."""
    check_client(body)
    record.asked = model = take_model(body)
    stream = take_stream(body)
    add_headers(body, exchange.head)
    before = body.get("previous_response_id")
    kept = kept_at(before) if isinstance(before, str) else None
    if kept is None and not serving.serves(model, "responses", body):
        await _over_chat(serving, exchange, record, {"model": model, **body}, stream=stream)
        return
    if kept is not None:  # only who keeps it can go on from it
        model, body["previous_response_id"] = _deployment(serving, kept.deployment, before), kept.id
    way = serving.way(model, (), body, stream=stream, endpoint="responses")
    if stream:
        await answer_stream(exchange, record, [way], EventVoice(way.route.trace), serving.keep_alive_s)
    else:
        await answer_whole(exchange, record, way, lambda answer: _written(answer, way.route.trace))


def _deployment(serving: Serving, id: str, response_id: Any) -> str:
    if serving.router.get_deployment(id) is None:
        raise no_response(response_id)
    return id


def no_response(id: Any) -> NotFoundError:
    """Return the error for a response that nobody keeps."""
    msg = f"there is no response {str(id)[:100]!r}; it was deleted, was not stored, or its deployment is gone"
    return NotFoundError(msg, param="response_id", code="response_not_found")


async def _over_chat(serving: Serving, exchange: Exchange, record: Record, body: JSON, *, stream: bool) -> None:
    """Ask a chat."""
    store, before = serving.store, body.get("previous_response_id")
    left_out: dict[str, str] = {}
    earlier = store.get(before) if isinstance(before, str) else None
    if isinstance(before, str) and earlier is None:
        raise no_response(before)
    history = earlier.conversation if earlier is not None else None
    asked = {**body, "stream": stream}
    said, params = bridge.to_chat(asked, history, drop_params=serving.drops(body), left_out=left_out)
    record.left_out = left_out
    asked["store"] = keeps = body.get("store") is not False
    way = serving.way(body["model"], said, params, stream=stream)
    id, created = f"resp_{os.urandom(24).hex()}", int(time.time())  # nobody can guess it, or take another's

    def keep(response: Mapping[str, Any]) -> None:
        if keeps:
            store.put(Stored(dict(response), bridge.conversation(asked, said, response)))

    if stream:
        voice = BridgedEventVoice(bridge.ResponseEvents(asked, id=id, created=created), keep)
        await answer_stream(exchange, record, [way], voice, serving.keep_alive_s)
        return

    def write(answer: Answer) -> bytes:
        made = bridge.answer(completed(answer.plan, answer.body, answer.reply), asked, id=id, created=created)
        keep(made)
        return orjson.dumps(made)

    await answer_whole(exchange, record, way, write)


def _written(answer: Answer, trace: Trace) -> bytes:
    return orjson.dumps(_with_public_id(answer.body, trace))


def _with_public_id(response: JSON, trace: Trace) -> JSON:
    """Return a response with the id by which it is found again."""
    id, served = response.get("id"), trace.served
    if not isinstance(id, str) or served is None:
        return response
    told = {**response, "id": public_id(served.deployment.id, id)}
    if isinstance(before := response.get("previous_response_id"), str):
        told["previous_response_id"] = public_id(served.deployment.id, before)
    return told


class EventVoice:
    """Tells the events of a vendor as they came, but for the ids of the response."""

    __slots__ = ("_number", "_trace")

    def __init__(self, trace: Trace) -> None:
        self._trace, self._number = trace, -1

    def say(self, chunk: JSON, place: int) -> bytes:  # noqa: ARG002 - there is one
        event = chunk["event"]
        self._number = event.get("sequence_number", self._number + 1)
        if isinstance(response := event.get("response"), dict):
            event = {**event, "response": _with_public_id(response, self._trace)}
        return bridge.to_bytes([event])

    def end(self) -> bytes:
        return b""

    def fail(self, error: APIError) -> bytes:
        told = {"code": error.code, "message": error.message, "param": error.param}
        return bridge.to_bytes([{"type": "error", "sequence_number": self._number + 1, **told}])


class BridgedEventVoice:
    """Tells the chunks of a chat as the events of a response, which is kept once it is whole."""

    __slots__ = ("_events", "_keep")

    def __init__(self, events: bridge.ResponseEvents, keep: Any) -> None:
        self._events, self._keep = events, keep

    def say(self, chunk: JSON, place: int) -> bytes:  # noqa: ARG002 - there is one
        return bridge.to_bytes(self._events.feed(chunk))

    def end(self) -> bytes:
        said = bridge.to_bytes(self._events.end(int(time.time())))
        if self._events.response is not None:
            self._keep(self._events.response)
        return said

    def fail(self, error: APIError) -> bytes:
        return bridge.to_bytes(self._events.fail(error))
