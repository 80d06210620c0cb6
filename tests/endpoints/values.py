"""Calls and answers of the endpoints beside chat, as plain values. Shapes: openai 3.52 types."""

from __future__ import annotations

from typing import Any

import orjson

from litellm_lite.call import Call, Endpoint
from litellm_lite.prepare import Plan, prepare
from litellm_lite.transformer import JSON, Transformer
from tests.providers.values import KEY, provider

INPUTS: dict[Endpoint, JSON] = {
    "completions": {"prompt": "Once"},
    "responses": {"input": "Hi"},
    "embeddings": {"input": ["a", "b"]},
    "moderations": {"input": "Hi"},
}
"""The least that each endpoint must be asked."""

EMBEDDINGS: JSON = {
    "object": "list",
    "data": [
        {"object": "embedding", "index": 0, "embedding": [0.25, -0.5]},
        {"object": "embedding", "index": 1, "embedding": [1.0, 0.0]},
    ],
    "model": "text-embedding-3-small",
    "usage": {"prompt_tokens": 4, "total_tokens": 4},
}
MODERATION: JSON = {
    "id": "modr-1",
    "model": "omni-moderation-latest",
    "results": [
        {
            "flagged": True,
            "categories": {"hate": False, "self-harm/intent": True},
            "category_scores": {"hate": 0.01, "self-harm/intent": 0.9},
            "category_applied_input_types": {"hate": ["text"], "self-harm/intent": ["text"]},
        }
    ],
}
TEXT: JSON = {
    "id": "cmpl-1",
    "object": "text_completion",
    "created": 1,
    "model": "gpt-3.5-turbo-instruct",
    "choices": [{"text": " upon a time", "index": 0, "logprobs": None, "finish_reason": "length"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 3, "total_tokens": 4},
}
MESSAGE: JSON = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "Hello.", "annotations": []}],
}
RESPONSE_USAGE: JSON = {
    "input_tokens": 9,
    "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
    "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 2},
    "total_tokens": 14,
}
RESPONSE: JSON = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "status": "completed",
    "error": None,
    "incomplete_details": None,
    "model": "gpt-4o-mini",
    "output": [MESSAGE],
    "usage": RESPONSE_USAGE,
}
ANSWERS: dict[Endpoint, JSON] = {
    "completions": TEXT,
    "responses": RESPONSE,
    "embeddings": EMBEDDINGS,
    "moderations": MODERATION,
}


def endpoint(name: Endpoint, of: str = "openai") -> Transformer:
    found = provider(of).endpoint(name)
    assert found is not None
    return found


def plan(name: Endpoint, model: str = "openai/m", *, stream: bool = False, **params: Any) -> Plan:
    return prepare(model, (), {"api_key": KEY, **INPUTS[name], **params}, stream=stream, endpoint=name)


def call(name: Endpoint, **params: Any) -> Call:
    return plan(name, **params).call


def body(made: Plan) -> JSON:
    """Return the JSON that a plan puts on the wire."""
    sent: JSON = orjson.loads(made.request.body)
    return sent


def text_chunk(text: str = "", finish: str | None = None, index: int = 0, **fields: Any) -> JSON:
    choice = {"text": text, "index": index, "logprobs": None, "finish_reason": finish}
    head = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "m"}
    return {**head, "choices": [choice], **fields}


def typed(kind: str, **fields: Any) -> JSON:
    """One event of a response."""
    return {"type": kind, "sequence_number": 0, **fields}


def wired(event: JSON) -> bytes:
    """An event as it travels: with its type as the event's name."""
    return f"event: {event['type']}\n".encode() + b"data: " + orjson.dumps(event) + b"\n\n"


def response_events(*texts: str, **last: Any) -> list[JSON]:
    """The events of a response that says these texts."""
    begun = {**RESPONSE, "status": "in_progress", "output": [], "usage": None}
    text = "".join(texts)
    place: JSON = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    message = {**MESSAGE, "content": [{"type": "output_text", "text": text, "annotations": []}]}
    whole = [
        typed("response.created", response=begun),
        typed("response.in_progress", response=begun),
        typed("response.output_item.added", output_index=0, item={**MESSAGE, "content": [], "status": "in_progress"}),
        typed("response.content_part.added", **place, part={"type": "output_text", "text": "", "annotations": []}),
        *(typed("response.output_text.delta", **place, delta=each, logprobs=[]) for each in texts),
        typed("response.output_text.done", **place, text=text, logprobs=[]),
        typed("response.content_part.done", **place, part={"type": "output_text", "text": text, "annotations": []}),
        typed("response.output_item.done", output_index=0, item=message),
        typed("response.completed", response={**RESPONSE, "output": [message], **last}),
    ]
    return [{**event, "sequence_number": number} for number, event in enumerate(whole)]
