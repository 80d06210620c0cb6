"""Chat completions and chunks as a vendor would send them, and strict readers of what the bridges make of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, get_args

from openai import omit
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types import Completion
from openai.types.responses import Response, ResponseStreamEvent

if TYPE_CHECKING:
    from pydantic import BaseModel

JSON = dict[str, Any]

HEAD = {"id": "chatcmpl-1", "created": 5, "model": "llama"}
USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
EVENTS: dict[str, type[BaseModel]] = {
    get_args(event.model_fields["type"].annotation)[0]: event for event in get_args(get_args(ResponseStreamEvent)[0])
}


def chat(content: str | None = "Hi.", finish: str | None = "stop", **message: Any) -> JSON:
    return several({"content": content, **message}, finish=finish)


def several(*messages: JSON, finish: str | None = "stop", usage: JSON | None = USAGE, **fields: Any) -> JSON:
    choices = [
        {"index": index, "message": {"role": "assistant", **message}, "finish_reason": finish}
        for index, message in enumerate(messages)
    ]
    return {**HEAD, "object": "chat.completion", "choices": choices, "usage": usage, **fields}


def chunk(delta: JSON | None = None, finish: str | None = None, index: int = 0, **fields: Any) -> JSON:
    choice = {"index": index, "delta": delta or {}, "finish_reason": finish, **fields}
    return {**HEAD, "object": "chat.completion.chunk", "choices": [choice]}


def usage_chunk(usage: JSON | None = None) -> JSON:
    return {**HEAD, "object": "chat.completion.chunk", "choices": [], "usage": usage or USAGE}


def call(index: int | None = None, id: str | None = None, name: str | None = None, arguments: Any = None) -> JSON:
    """A delta with one piece of a tool call."""
    function = {key: value for key, value in {"name": name, "arguments": arguments}.items() if value is not None}
    piece = {"index": index, "id": id, "type": "function" if id else None}
    return {"tool_calls": [{key: value for key, value in piece.items() if value is not None} | {"function": function}]}


def called(id: str, name: str, arguments: str) -> JSON:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def token(text: str, logprob: float = -0.5, **tops: float) -> JSON:
    alternatives = [{"token": name, "logprob": value, "bytes": list(name.encode())} for name, value in tops.items()]
    return {"token": text, "logprob": logprob, "bytes": list(text.encode()), "top_logprobs": alternatives}


def read_response(body: JSON) -> Response:
    """Read a Response as strictly as the types of OpenAI's SDK can."""
    return Response.model_validate(body)


def read_completion(body: JSON) -> Completion:
    return Completion.model_validate(body)


def read_events(events: Iterable[JSON]) -> list[Any]:
    """Read events as strictly, numbered from 0 without a gap; SDKs ignore what an unknown one says."""
    read: list[Any] = [EVENTS[event["type"]].model_validate(event, strict=True) for event in events]
    assert [event.sequence_number for event in read] == list(range(len(read)))
    return read


def accumulated(read: Iterable[Any]) -> tuple[list[JSON], list[JSON]]:
    """Return the items that OpenAI's SDK puts together from events: those that are done, and those of the deltas."""
    state: ResponseStreamState[Any] = ResponseStreamState(input_tools=[], text_format=omit)
    for event in read:
        state.handle_event(event)
    done, grown = state._completed_output, state._output_items
    return [done[at].to_dict() for at in sorted(done)], [grown[at].to_dict() for at in sorted(grown)]


def spoken(items: Iterable[JSON]) -> list[tuple[str, str, str]]:
    """What the SDK gathers from deltas: texts, and the arguments of calls."""
    return [
        (item["id"], item.get("arguments", ""), "".join(part.get("text", "") for part in item.get("content") or ()))
        for item in items
        if item["type"] != "reasoning"
    ]
