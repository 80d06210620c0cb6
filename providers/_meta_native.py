"""Meta's own `/v1` shape: `completion_message` answers and an event stream. Pure translation, both ways.

Facts: llama-api-client 0.6.0 (types and its patched event decoder), read 2026-11-21.
"""

from __future__ import annotations

from typing import Any

from litellm_lite import vendor_errors
from litellm_lite.call import Call, Reply
from litellm_lite.errors import APIResponseValidationError, BadRequestError
from litellm_lite.params import OMIT, Refusal
from litellm_lite.sse import LINE, Event
from litellm_lite.transformer import FINISH_REASONS, JSON, success_json

# Looked up by name: the order of the metrics is not promised, and any may be missing.
_USAGE = {
    "num_prompt_tokens": "prompt_tokens",
    "num_completion_tokens": "completion_tokens",
    "num_total_tokens": "total_tokens",
}


def response_format(value: Any) -> Any:
    """Return the native `response_format`: name and schema only, for it is always strict."""
    if value is OMIT or isinstance(value, Refusal):
        return value
    schema = value["json_schema"]
    return {"type": "json_schema", "json_schema": {"name": schema["name"], "schema": schema["schema"]}}


def request_body(call: Call) -> JSON:
    """Return the native request: four roles, an assistant's text as one object, tool calls without a type."""
    body: JSON = {
        "model": call.target.model,
        "messages": [_message(call, index, message) for index, message in enumerate(call.messages)],
        **call.params,
    }
    return {**body, "stream": True} if call.stream else body


def _message(call: Call, index: int, message: JSON) -> JSON:
    role = "system" if message.get("role") == "developer" else message.get("role")
    if role == "assistant":
        return _assistant(message)
    if role not in ("system", "user", "tool"):
        msg = f"meta_llama: messages[{index}] has the role {role!r}; the native API knows system, user, assistant, tool"
        raise BadRequestError(msg, "meta_llama", call.target.model, param="messages")
    native: JSON = {"role": role, "content": _content(message.get("content"))}
    if role == "tool":
        native["tool_call_id"] = message.get("tool_call_id")
    return native


def _content(content: Any) -> Any:
    """Return text as it is and parts without what the native API does not know, an image's `detail`."""
    if not isinstance(content, list):
        return content
    return [
        {"type": "image_url", "image_url": {"url": part["image_url"]["url"]}} if _is_image(part) else part
        for part in content
    ]


def _is_image(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") == "image_url" and isinstance(part.get("image_url"), dict)


def _assistant(message: JSON) -> JSON:
    native: JSON = {"role": "assistant"}
    if (content := message.get("content")) is not None:
        text = "".join(part.get("text", "") for part in content) if isinstance(content, list) else content
        native["content"] = {"type": "text", "text": text}
    if calls := message.get("tool_calls"):
        native["tool_calls"] = [{"id": call.get("id"), "function": call.get("function")} for call in calls]
        native["stop_reason"] = "tool_calls"
    return native


def completion(call: Call, reply: Reply) -> JSON:
    """Return a native answer as a chat completion. Raises APIError when it is none."""
    body = success_json(call, reply)
    said = body.get("completion_message")
    if not isinstance(said, dict):
        facts = vendor_errors.read_error(body)
        if facts is not None:
            raise vendor_errors.make_error(call, facts, facts.status or 500, headers=reply.headers, body=body)
        msg = (
            "meta_llama: the native answer has no completion_message; is api_base the /v1 and not the /compat/v1 base?"
        )
        raise APIResponseValidationError(msg, "meta_llama", call.target.model)
    message: JSON = {"role": "assistant", "content": _text(said.get("content"))}
    if calls := said.get("tool_calls"):
        message["tool_calls"] = [
            {"id": made.get("id"), "type": "function", "index": index, "function": made["function"]}
            for index, made in enumerate(calls)
        ]
    reason = _finish(said.get("stop_reason")) or ("tool_calls" if calls else "stop")
    choice = {"index": 0, "message": message, "finish_reason": reason}
    answer: JSON = {"id": body.get("id"), "model": call.target.model, "object": "chat.completion", "choices": [choice]}
    if usage := _usage(body.get("metrics")):
        answer["usage"] = usage
    return answer


def _text(content: Any) -> str | None:
    text = content.get("text") if isinstance(content, dict) else content
    return text if isinstance(text, str) else None


def _finish(stop_reason: str | None) -> str | None:
    return FINISH_REASONS.get(stop_reason, stop_reason) if stop_reason else None


def _usage(metrics: Any) -> dict[str, int]:
    """Return OpenAI's usage from the metrics that came; their values are floats."""
    found = {
        _USAGE[item["metric"]]: int(item["value"])
        for item in metrics or ()
        if isinstance(item, dict) and item.get("metric") in _USAGE and isinstance(item.get("value"), int | float)
    }
    if {"prompt_tokens", "completion_tokens"} <= found.keys():
        found.setdefault("total_tokens", found["prompt_tokens"] + found["completion_tokens"])
    return found


class NativeStream:
    """Reads `start`, `progress`, `complete` and `metrics` events; the end of the body ends the stream."""

    __slots__ = ("call", "calls", "done", "malformed", "reply", "usage")

    def __init__(self, call: Call, reply: Reply) -> None:
        self.call, self.reply = call, reply
        self.malformed = 0
        self.done = False
        self.calls: list[str] = []  # the ids of the tool calls so far; the native deltas carry no index
        self.usage: dict[str, int] = {}

    def feed(self, event: Event) -> list[JSON]:
        if event.data == b"[DONE]":  # not in the SDK; harmless to understand
            self.done = True
            return []
        body = vendor_errors.decode(event.data)
        if not isinstance(body, dict):
            self.malformed += bool(event.data.strip())
            return []
        said = body.get("event")
        if event.name in (LINE, "error") or not isinstance(said, dict):
            return self._failed(body)
        try:
            return [self._chunk(body, said)]
        except (AttributeError, KeyError, TypeError):  # JSON, but not the shape of an event
            self.malformed += 1
            return []

    def end(self) -> list[JSON]:
        return []

    def _failed(self, body: JSON) -> list[JSON]:
        """Raise what a bare line of JSON reports: Meta's error in the middle of a stream, under HTTP 200."""
        facts = vendor_errors.read_error(body)
        if facts is None:
            self.malformed += 1
            return []
        status = facts.status or 500
        raise vendor_errors.make_error(self.call, facts, status, headers=self.reply.headers, body=body)

    def _chunk(self, body: JSON, said: JSON) -> JSON:
        delta = self._delta(said.get("delta") or {})
        if said.get("event_type") == "start":
            delta["role"] = "assistant"
        choice = {"index": 0, "delta": delta, "finish_reason": _finish(said.get("stop_reason"))}
        chunk: JSON = {
            "id": body.get("id"),
            "object": "chat.completion.chunk",
            "model": self.call.target.model,
            "choices": [choice],
        }
        if usage := _usage(said.get("metrics")):
            self.usage.update(usage)
            chunk["usage"] = dict(self.usage)
            if said.get("event_type") == "metrics" and not delta.get("content"):
                chunk["choices"] = []
        return chunk

    def _delta(self, delta: JSON) -> JSON:
        if delta.get("type") != "tool_call":
            return {"content": delta.get("text", "")}
        function = delta.get("function") or {}
        call: JSON = {"function": dict(function)}
        if delta.get("id") or function.get("name"):
            self.calls.append(delta.get("id") or f"call_{len(self.calls)}")
            call |= {"id": self.calls[-1], "type": "function"}
            call["function"].setdefault("arguments", "")
        call["index"] = max(len(self.calls) - 1, 0)
        return {"tool_calls": [call]}
