"""A chat completion → a Message, and what whole answers and streams share: usage, and why an answer ended. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from litellm_lite.bridges.messages.reading import JSON
from litellm_lite.cost.buckets import completion_buckets, prompt_buckets, totals
from litellm_lite.errors import APIResponseValidationError

# Unknown reasons pass as they are: the client sees what the vendor said.
_STOPS: Mapping[str, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}
_CALLING = frozenset({"end_turn", "tool_use"})
CUT = "length"
_SHOWN = 64  # of a name that a model made up
_COUNTS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")


def answer(completion: JSON, body: JSON, *, id: str) -> JSON:
    """Return a chat completion as the Message that answers `body`. A count that nobody told is None, never 0.

    Raises APIResponseValidationError for a tool call whose arguments are no JSON object. Where the limit of tokens cut
    them, what came of them is given, as Anthropic does, and `stop_reason` says so.
    """
    try:
        return _message(completion, body, id)
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise broken("it has another shape than a chat completion") from error


def message_head(id: str, completion: Mapping[str, Any], body: JSON) -> JSON:
    """Return what a Message begins with."""
    return {"id": id, "type": "message", "role": "assistant", "model": completion.get("model") or body.get("model")}


def shows_thinking(body: JSON) -> bool:
    """Tell whether the client wants to read the thinking."""
    return (body.get("thinking") or {}).get("display") != "omitted"


def thinking_of(message: JSON) -> str:
    """Return the reasoning in a message or a delta, under either name it goes by."""
    thought = message.get("reasoning_content") or message.get("reasoning") or ""
    if not isinstance(thought, str):
        raise broken("its reasoning is no text")
    return thought


def matched(choice: JSON, body: JSON) -> str | None:
    """Return the stop sequence that ended an answer, where the vendor tells, as vLLM does."""
    told = choice.get("stop_reason")
    return told if isinstance(told, str) and told in (body.get("stop_sequences") or ()) else None


def stop_of(reason: str | None, sequence: str | None, *, calls: bool, refused: bool) -> JSON:
    """Return `stop_reason` and `stop_sequence`. A client goes by the first: it runs tools only after `tool_use`."""
    stop = _STOPS.get(reason or "", reason)
    if stop in _CALLING:  # OpenAI ends a call that was forced with "stop"
        stop = "tool_use" if calls else "refusal" if refused else "stop_sequence" if sequence else "end_turn"
    return {"stop_reason": stop, "stop_sequence": sequence if stop == "stop_sequence" else None}


def usage_of(usage: JSON | None) -> JSON:
    """Return a usage in Anthropic's words: cached tokens and written ones are not among its input tokens."""
    if not usage:
        return dict.fromkeys(_COUNTS)
    prompt, completion = _buckets(usage)
    cached, written = _sum(prompt, "cached"), _sum(prompt, "cache_write")
    told: JSON = dict(zip(_COUNTS, (prompt["all"], written, cached, completion["all"]), strict=True))
    if prompt["all"] is not None:
        told["input_tokens"] -= (cached or 0) + (written or 0)
    thought = completion.get("reasoning")
    return {**told, "output_tokens_details": {"thinking_tokens": thought}} if thought else told


def _buckets(usage: JSON) -> tuple[JSON, JSON]:
    """Return what is told of prompt and completion, each with `all`, which is None where it is not told."""
    try:
        known = totals(usage)
        if known is not None:
            prompt, completion = prompt_buckets(usage, known[0]), completion_buckets(usage, known[1])
            return {**prompt, "all": known[0]}, {**completion, "all": known[1]}
    except ValueError:  # it contradicts itself; what it says of the whole stands
        pass
    prompt_tokens, completion_tokens = (usage.get(name) for name in ("prompt_tokens", "completion_tokens"))
    return {"all": _count(prompt_tokens)}, {"all": _count(completion_tokens)}


def _sum(buckets: JSON, beginning: str) -> int | None:
    """Return the sum of some buckets; None where nobody knows how the whole divides."""
    if len(buckets) == 1:
        return None
    found: int = sum(tokens for bucket, tokens in buckets.items() if bucket.startswith(beginning))
    return found


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def made_id(id: str, place: int) -> str:
    """Return an id for a tool call that has none: it must differ from those of other answers."""
    return f"toolu_{id}_{place}"


def read_arguments(name: str, arguments: str, *, cut: bool) -> JSON:
    """Return the arguments of a tool call. Raises APIResponseValidationError when they are no JSON object."""
    found = _parsed(arguments, cut=cut)
    if isinstance(found, dict):
        return found
    what = "are no JSON object" if found is not None else "cannot be read as JSON"
    raise broken(f"the arguments of the call of tool {name[:_SHOWN]!r} {what}")


def broken(what: str) -> APIResponseValidationError:
    return APIResponseValidationError(f"the model's answer is no Message: {what}")


def _message(completion: JSON, body: JSON, id: str) -> JSON:
    choice = completion["choices"][0]
    message, reason = choice["message"], choice.get("finish_reason")
    calls = message.get("tool_calls") or ()
    content: list[JSON] = []
    if (thought := thinking_of(message)) and shows_thinking(body):
        content.append({"type": "thinking", "thinking": thought, "signature": ""})
    refused = message.get("refusal") or ""
    if text := _said(message.get("content")) + refused:
        content.append({"type": "text", "text": text})
    content += [_tool_use(call, id, place, cut=reason == CUT) for place, call in enumerate(calls)]
    stop = stop_of(reason, matched(choice, body), calls=bool(calls), refused=bool(refused))
    return {
        **message_head(id, completion, body),
        "content": content,
        **stop,
        "usage": usage_of(completion.get("usage")),
    }


def _parsed(arguments: str, *, cut: bool) -> Any:
    if not arguments.strip():
        return {}
    try:
        return orjson.loads(arguments)
    except orjson.JSONDecodeError:
        return _beginning(arguments) if cut else None


def _beginning(arguments: str) -> Any:
    """Return what arguments that were cut say so far, or None where even that is no JSON."""
    from pydantic_core import from_json

    try:
        return from_json(arguments, allow_partial=True)
    except ValueError:
        return None


def _said(content: Any) -> str:
    """Return the text of a message; some vendors write a list of parts."""
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list) or not all(isinstance(part, dict) and "text" in part for part in content):
        raise broken("its content is no text")
    return "".join(part["text"] for part in content)


def _tool_use(call: JSON, id: str, place: int, *, cut: bool) -> JSON:
    function = call.get("function") or {}
    name, arguments = function.get("name"), function.get("arguments") or ""
    if not name:
        raise broken("a tool call has no name")
    if not isinstance(arguments, str):  # some local servers send the object itself
        arguments = orjson.dumps(arguments).decode()
    given = read_arguments(name, arguments, cut=cut)
    return {"type": "tool_use", "id": call.get("id") or made_id(id, place), "name": name, "input": given}
