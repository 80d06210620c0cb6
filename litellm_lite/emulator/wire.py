"""Answers as bytes: JSON bodies and server-sent events, in the compatible and in Meta's own shape. Pure.

The compatible shape is OpenAI's; the native one follows the types of llama-api-client 0.6.0: an event stream
of `start`, `progress`, `complete` and `metrics`, which ends with the body and knows no `[DONE]`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from litellm_lite.emulator.answers import Answer, Completion, ToolCall
from litellm_lite.emulator.ask import Ask, Shape
from litellm_lite.emulator.catalogue import MODELS
from litellm_lite.emulator.refusal import problem
from litellm_lite.emulator.vocabulary import pieces

FINGERPRINT = "litellm-lite-emulator"
MALFORMED_EVENT = b'data: {"id":"cut sh\n\n'
_DONE = b"data: [DONE]\n\n"
_MID_STREAM_DETAIL = "the emulator was told to fail in the middle of this stream"

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Head:
    """What an answer carries besides its content: its id and when it was made, in seconds since 1970."""

    id: str
    created: int


def body(shape: Shape, head: Head, ask: Ask, completion: Completion) -> bytes:
    """Return the whole answer as JSON."""
    build = _compat_body if shape == "compat" else _native_body
    return orjson.dumps(build(head, ask, completion))


def events(
    shape: Shape, head: Head, ask: Ask, completion: Completion, tokens_per_chunk: int, *, done: bool = True
) -> Iterator[bytes]:
    """Yield the answer as server-sent events, each with its blank line; without the last one unless `done`."""
    build = _compat_chunks if shape == "compat" else _native_chunks
    yield from (_event(chunk) for chunk in build(head, ask, completion, tokens_per_chunk))
    if shape == "compat" and done:
        yield _DONE


def speaking_chunks(shape: Shape, ask: Ask, completion: Completion, tokens_per_chunk: int) -> int:
    """Count the chunks of a stream that hold text or calls, of one choice; all choices say the same."""
    answer = completion.answers[0]
    if shape == "native":
        return len(list(_native_deltas(ask, answer, tokens_per_chunk)))
    return len(list(_compat_deltas(ask, answer, tokens_per_chunk))) - 2  # its opening and its end say nothing


def mid_stream_error(shape: Shape) -> bytes:
    """Return an error in the middle of a stream: Meta's own shape sends a bare line of JSON, without `data:`."""
    if shape == "native":
        return problem(500, _MID_STREAM_DETAIL) + b"\n\n"
    return _event({"error": {"message": _MID_STREAM_DETAIL, "type": "server_error", "code": None, "param": None}})


def models(created: int) -> bytes:
    """Return the list of models."""
    return orjson.dumps({"object": "list", "data": [_model(model_id, created) for model_id in MODELS]})


def model(model_id: str, created: int) -> bytes | None:
    """Return one model, or None when there is none of that name."""
    return orjson.dumps(_model(model_id, created)) if model_id in MODELS else None


def _model(model_id: str, created: int) -> JSON:
    return {"id": model_id, "object": "model", "created": created, "owned_by": FINGERPRINT}


def _event(chunk: JSON) -> bytes:
    return b"data: " + orjson.dumps(chunk) + b"\n\n"


def _grouped(parts: list[str], size: int) -> Iterator[str]:
    """Yield the parts joined in groups, leaving out groups that hold only the beginning of a character."""
    groups = ("".join(parts[start : start + size]) for start in range(0, len(parts), size))
    return (group for group in groups if group)


def _compat_body(head: Head, ask: Ask, completion: Completion) -> JSON:
    return {
        "id": f"chatcmpl-{head.id}",
        "object": "chat.completion",
        "created": head.created,
        "model": ask.model.id,
        "system_fingerprint": FINGERPRINT,
        "choices": [_compat_choice(place, answer) for place, answer in enumerate(completion.answers)],
        "usage": _usage(completion),
    }


def _compat_choice(place: int, answer: Answer) -> JSON:
    message: JSON = {"role": "assistant", "content": answer.text}
    if answer.calls:
        message = {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"type": "function", **_call(call)} for call in answer.calls],
        }
    return {"index": place, "message": message, "finish_reason": answer.finish, "logprobs": None}


def _call(call: ToolCall) -> JSON:
    return {"id": call.id, "function": {"name": call.name, "arguments": call.arguments}}


def _usage(completion: Completion) -> JSON:
    prompt, answer = completion.prompt_tokens, completion.completion_tokens
    return {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}


def _compat_chunks(head: Head, ask: Ask, completion: Completion, size: int) -> Iterator[JSON]:
    frame = {
        "id": f"chatcmpl-{head.id}",
        "object": "chat.completion.chunk",
        "created": head.created,
        "model": ask.model.id,
        "system_fingerprint": FINGERPRINT,
    }
    choices = [list(_compat_deltas(ask, answer, size)) for answer in completion.answers]
    for step in zip(*choices, strict=True):  # all choices say the same
        for place, (delta, finish) in enumerate(step):
            yield {**frame, "choices": [{"index": place, "delta": delta, "finish_reason": finish}]}
    if ask.include_usage:
        yield {**frame, "choices": [], "usage": _usage(completion)}


def _compat_deltas(ask: Ask, answer: Answer, size: int) -> Iterator[tuple[JSON, str | None]]:
    yield {"role": "assistant", "content": None if answer.calls else ""}, None
    for text in _grouped(answer.pieces, size):
        yield {"content": text}, None
    for place, call in enumerate(answer.calls):
        first = {"index": place, "id": call.id, "type": "function", "function": {"name": call.name, "arguments": ""}}
        yield {"tool_calls": [first]}, None
        for fragment in _grouped(pieces(call.arguments, ask.model.family), size):
            yield {"tool_calls": [{"index": place, "function": {"arguments": fragment}}]}, None
    yield {}, answer.finish


def _native_body(head: Head, _: Ask, completion: Completion) -> JSON:
    answer = completion.answers[0]
    return {
        "id": head.id,
        "emulator": True,
        "completion_message": {
            "role": "assistant",
            "stop_reason": answer.finish,
            "content": _native_text(answer.text),
            "tool_calls": [_call(call) for call in answer.calls],
        },
        "metrics": _metrics(completion),
    }


def _native_text(text: str) -> JSON:
    return {"type": "text", "text": text}


def _metrics(completion: Completion) -> list[JSON]:
    """Return the counts as Meta names them, in the order its documentation shows; values are floats there."""
    prompt, answer = completion.prompt_tokens, completion.completion_tokens
    counts = {"num_completion_tokens": answer, "num_prompt_tokens": prompt, "num_total_tokens": prompt + answer}
    return [{"metric": name, "value": float(value), "unit": "tokens"} for name, value in counts.items()]


def _native_chunks(head: Head, ask: Ask, completion: Completion, size: int) -> Iterator[JSON]:
    answer = completion.answers[0]
    empty = _native_text("")
    steps: list[JSON] = [
        {"event_type": "start", "delta": empty},
        *({"event_type": "progress", "delta": delta} for delta in _native_deltas(ask, answer, size)),
        {"event_type": "complete", "delta": empty, "stop_reason": answer.finish},
        {"event_type": "metrics", "delta": empty, "metrics": _metrics(completion)},
    ]
    return ({"id": head.id, "emulator": True, "event": step} for step in steps)


def _native_deltas(ask: Ask, answer: Answer, size: int) -> Iterator[JSON]:
    """Yield the parts of an answer; a call begins with its id and name, and has no index."""
    for text in _grouped(answer.pieces, size):
        yield _native_text(text)
    for call in answer.calls:
        yield {"type": "tool_call", "id": call.id, "function": {"name": call.name}}
        for fragment in _grouped(pieces(call.arguments, ask.model.family), size):
            yield {"type": "tool_call", "function": {"arguments": fragment}}
