"""The Response object: what was asked, repeated in it, and what the model answered. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from litellm_lite.bridges.carrying import JSON
from litellm_lite.errors import APIError, APIResponseValidationError

_COMPLETE = frozenset({"stop", "tool_calls", "function_call"})
_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
_REPEATED = (
    "instructions", "max_output_tokens", "max_tool_calls", "previous_response_id", "prompt_cache_key",
    "safety_identifier", "temperature", "top_p", "user",
)  # fmt: skip
_REPEATED_IF_ASKED = ("prompt_cache_options", "prompt_cache_retention")
_FAILURES = {400: "invalid_prompt", 429: "rate_limit_exceeded"}


def answer(
    chat: Mapping[str, Any], asked: Mapping[str, Any], *, id: str, created: int, completed: int | None = None
) -> JSON:
    """Return the Response that a chat completion is; times are in seconds since the epoch.

    Raises APIResponseValidationError for a completion without a choice.
    """
    if not chat.get("choices"):
        raise APIResponseValidationError("the answer has no choice in it")
    choice = chat["choices"][0]
    begun = head(asked, id=id, created=created, model=chat.get("model"))
    reason = choice.get("finish_reason")
    return ended(begun, _output(choice, stem(id), reason), reason, chat, completed)


def head(asked: Mapping[str, Any], *, id: str, created: int, model: str | None) -> JSON:
    """Return a Response in progress, with everything that was asked; what nobody asked for has OpenAI's default.

    A default of the vendor's is not known here, and null.
    """
    return {
        "id": id,
        "object": "response",
        "created_at": created,
        "status": "in_progress",
        "background": False,
        "completed_at": None,
        "error": None,
        "incomplete_details": None,
        "model": model or asked.get("model"),
        "output": [],
        "usage": None,
        "metadata": asked.get("metadata") or {},
        "parallel_tool_calls": asked.get("parallel_tool_calls") is not False,
        "reasoning": {"effort": (asked.get("reasoning") or {}).get("effort"), "summary": None},
        "service_tier": asked.get("service_tier"),
        "store": bool(asked.get("store")),
        "text": _text(asked.get("text") or {}),
        "tool_choice": _choice(asked.get("tool_choice")),
        "tools": [_tool(tool) for tool in asked.get("tools") or () if tool.get("type") == "function"],
        "top_logprobs": asked.get("top_logprobs") or 0,
        "truncation": "disabled",
        **{name: asked.get(name) for name in _REPEATED},
        **{name: asked[name] for name in _REPEATED_IF_ASKED if asked.get(name) is not None},
    }


def _text(text: Mapping[str, Any]) -> JSON:
    wanted: JSON = {"format": text.get("format") or {"type": "text"}}
    return wanted | {"verbosity": text["verbosity"]} if text.get("verbosity") else wanted


def _choice(choice: Any) -> Any:
    """Return a tool choice that could be carried; any other was left out, and the model chose."""
    kind = choice.get("type") if isinstance(choice, Mapping) else None
    return choice if isinstance(choice, str) or kind in ("function", "allowed_tools") else "auto"


def _tool(tool: Mapping[str, Any]) -> JSON:
    return {"parameters": None, "strict": None, **tool}


def ended(
    begun: JSON, output: list[JSON], reason: str | None, told: Mapping[str, Any], completed: int | None = None
) -> JSON:
    """Return a Response whose model has said why it ended; `told` holds chat's usage and service tier."""
    over: JSON = {**begun, "output": output, "usage": usage_of(told.get("usage"))}
    if tier := told.get("service_tier"):
        over["service_tier"] = tier
    if reason in _COMPLETE:
        return over | {"status": "completed", "completed_at": completed}
    why = {"reason": _INCOMPLETE.get(reason or "")}
    if why["reason"] is None:  # OpenAI has no word for it, so it stands in the vendor's own beside
        why["finish_reason"] = reason
    return over | {"status": "incomplete", "incomplete_details": why}


def failed(begun: JSON, output: list[JSON], error: APIError, told: Mapping[str, Any]) -> JSON:
    """Return a Response that broke off. OpenAI has a code for few failures; the message tells the rest."""
    code = _FAILURES.get(error.status, "server_error" if error.status >= 500 else "invalid_prompt")
    why = {"code": code, "message": str(error)}
    return {**begun, "status": "failed", "output": output, "error": why, "usage": usage_of(told.get("usage"))}


def is_complete(reason: str | None) -> bool:
    """Whether the model ended because it had said all."""
    return reason in _COMPLETE


def usage_of(usage: Any) -> JSON | None:
    """Return chat's usage in the words of Responses; None while the counts are not known.

    The shape wants a number for what was cached and what was reasoning: a vendor that tells none counts none.
    """
    if not isinstance(usage, Mapping):
        return None
    prompt, said = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if prompt is None or said is None:
        return None
    read, made = usage.get("prompt_tokens_details") or {}, usage.get("completion_tokens_details") or {}
    written = read.get("cache_write_tokens") or read.get("cache_creation_tokens") or 0
    return {
        "input_tokens": prompt,
        "input_tokens_details": {"cached_tokens": read.get("cached_tokens") or 0, "cache_write_tokens": written},
        "output_tokens": said,
        "output_tokens_details": {"reasoning_tokens": made.get("reasoning_tokens") or 0},
        "total_tokens": prompt + said if usage.get("total_tokens") is None else usage["total_tokens"],
    }


def stem(id: str) -> str:
    """Return the part of a response's id that its items share."""
    return id.removeprefix("resp_")


def item_id(kind: str, shared: str, nth: int) -> str:
    """Return the id of the nth item of a kind."""
    return f"{kind}_{shared}_{nth}" if nth else f"{kind}_{shared}"


def _output(choice: Mapping[str, Any], shared: str, reason: str | None) -> list[JSON]:
    message, made = choice["message"], []
    if thought := reasoning_in(message):
        made.append(reasoning(item_id("rs", shared, 0), thought))
    parts = _parts(message, (choice.get("logprobs") or {}).get("content") or ())
    calls = message.get("tool_calls") or ()
    if parts or not (made or calls):
        made.append(said(item_id("msg", shared, 0), parts or [text_part("")]))
    for nth, each in enumerate(calls):
        function = each.get("function") or {}
        call_id = each.get("id") or item_id("call", shared, nth)
        name, arguments = function.get("name") or "", as_text(function.get("arguments"))
        made.append(call(item_id("fc", shared, nth), call_id, name, arguments))
    if not is_complete(reason):
        made[-1]["status"] = "incomplete"
    return made


def _parts(message: Mapping[str, Any], tokens: Any) -> list[JSON]:
    parts, text = [], message.get("content")
    annotations = [annotation(each) for each in message.get("annotations") or ()]
    if text or annotations or (tokens and text is not None):
        parts.append(text_part(text or "", annotations, [logprob(token) for token in tokens]))
    if message.get("refusal"):
        parts.append({"type": "refusal", "refusal": message["refusal"]})
    return parts


def reasoning_in(said: Mapping[str, Any]) -> str:
    """Return the reasoning in a message or a delta, which vendors tell under one of two names."""
    thought = said.get("reasoning_content") or said.get("reasoning")
    return thought if isinstance(thought, str) else ""


def reasoning(id: str, text: str) -> JSON:
    """Return a reasoning item that is done."""
    part = {"type": "reasoning_text", "text": text}
    return {"id": id, "type": "reasoning", "summary": [], "content": [part], "status": "completed"}


def said(id: str, parts: list[JSON]) -> JSON:
    """Return a message that is done."""
    return {"id": id, "type": "message", "role": "assistant", "status": "completed", "content": parts}


def call(id: str, call_id: str, name: str, arguments: str) -> JSON:
    """Return a call of a function that is done."""
    return {
        "id": id,
        "type": "function_call",
        "call_id": call_id,
        "name": name,
        "arguments": arguments,
        "status": "completed",
    }


def text_part(text: str, annotations: list[JSON] | None = None, logprobs: list[JSON] | None = None) -> JSON:
    """Return a text the model said."""
    return {"type": "output_text", "text": text, "annotations": annotations or [], "logprobs": logprobs or []}


def annotation(told: Mapping[str, Any]) -> JSON:
    """Return one of chat's annotations: there its fields have a level of their own."""
    kind = told.get("type")
    inner = told.get(kind) if isinstance(kind, str) else None
    return {"type": kind, **inner} if isinstance(inner, Mapping) else dict(told)


def logprob(token: Mapping[str, Any]) -> JSON:
    """Return one of chat's logprobs; bytes are a must here."""
    tops = [_with_bytes(top) for top in token.get("top_logprobs") or ()]
    return {**_with_bytes(token), "top_logprobs": tops}


def _with_bytes(token: Mapping[str, Any]) -> JSON:
    text, written = token["token"], token.get("bytes")
    return {"token": text, "logprob": token["logprob"], "bytes": list(text.encode()) if written is None else written}


def as_text(arguments: Any) -> str:
    """Return the arguments of a call as JSON text, which they are already where the vendor follows OpenAI."""
    if arguments is None or isinstance(arguments, str):
        return arguments or ""
    return orjson.dumps(arguments).decode()
