"""Meta's own `/v1` shape: `completion_message` answers and an event stream. Pure translation, both ways.

Facts: llama-api-client 0.6.0 (types and its patched event decoder), read 2026-11-21.
"""

from __future__ import annotations

import math
from typing import Any

from litellm_lite import vendor_errors
from litellm_lite.call import Call, Reply
from litellm_lite.errors import BadRequestError
from litellm_lite.params import OMIT, Refusal, an_object, shown
from litellm_lite.sse import LINE, Event
from litellm_lite.transformer import FINISH_REASONS, JSON, in_band_error, success_json, unreadable

_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant", "tool": "tool"}

# Looked up by name: the order of the metrics is not promised, and any may be missing.
_USAGE = {
    "num_prompt_tokens": "prompt_tokens",
    "num_completion_tokens": "completion_tokens",
    "num_total_tokens": "total_tokens",
}
_IMPLIED = ("strict", "description")  # of a json_schema: always strict here, and described inside the schema


def response_format(value: JSON) -> JSON:
    """Return a checked `response_format` in native form: always strict, its description inside the schema."""
    asked = value["json_schema"]
    schema = asked["schema"]
    if "description" in asked:
        schema = {"description": asked["description"], **schema}
    kept = {name: part for name, part in asked.items() if name not in _IMPLIED}
    return {"type": "json_schema", "json_schema": {**kept, "schema": schema}}


def stream_options(value: Any) -> Any:
    """Accept `include_usage`, because usage always comes; there are no other options."""
    options = an_object(value)
    if isinstance(options, Refusal):
        return options
    others = [name for name in options if name != "include_usage"]
    return Refusal(f"has no option {others[0]!r}") if others else OMIT


def request_body(call: Call) -> JSON:
    """Return the native request: four roles, an assistant's text as one object, tool calls without a type."""
    body: JSON = {
        "model": call.target.model,
        "messages": [_message(call, index, message) for index, message in enumerate(call.messages)],
        **call.params,
    }
    return {**body, "stream": True} if call.stream else body


def _message(call: Call, index: int, message: JSON) -> JSON:
    role = _ROLES.get(message["role"])
    if role is None:
        raise _misfit(call, index, f"has the role {shown(message['role'])}; there are system, user, assistant, tool")
    if message.get("function_call"):
        raise _misfit(call, index, "has a function_call; write it as tool_calls")
    if message.get("name") and role != "tool":  # of a tool it only repeats what tool_call_id says
        raise _misfit(call, index, "has a name, and no message has one there; say who speaks in the content")
    if role == "assistant":
        return _assistant(call, index, message)
    native: JSON = {"role": role, "content": _content(message.get("content"))}
    if role == "tool":
        if not message.get("tool_call_id"):
            raise _misfit(call, index, "has no tool_call_id; repeat the id of the call it answers")
        native["tool_call_id"] = message["tool_call_id"]
    return native


def _content(content: Any) -> Any:
    """Return text as it is, and parts without an image's `detail`, which the native API does not know."""
    return [_part(part) for part in content] if isinstance(content, list) else content


def _part(part: Any) -> Any:
    image = part.get("image_url") if isinstance(part, dict) and part.get("type") == "image_url" else None
    url = image.get("url") if isinstance(image, dict) else image
    return part if url is None else {"type": "image_url", "image_url": {"url": url}}


def _assistant(call: Call, index: int, message: JSON) -> JSON:
    native: JSON = {"role": "assistant"}
    if text := _said(call, index, message.get("content")):  # no client sends an empty one (agno writes a blank)
        native["content"] = {"type": "text", "text": text}
    if calls := message.get("tool_calls"):
        native["tool_calls"] = [_tool_call(call, index, made) for made in calls]
        native["stop_reason"] = "tool_calls"
    return native


def _tool_call(call: Call, index: int, made: Any) -> JSON:
    made = made.model_dump() if hasattr(made, "model_dump") else made  # of an earlier answer, as it came
    if not isinstance(made, dict) or not made.get("id") or not isinstance(made.get("function"), dict):
        raise _misfit(call, index, "has a tool call without id or function")
    return {"id": made["id"], "function": made["function"]}


def _said(call: Call, index: int, content: Any) -> str:
    if isinstance(content, str) or content is None:
        return content or ""
    if not all(isinstance(part, dict) and isinstance(part.get("text"), str) for part in content):
        raise _misfit(call, index, "has a part that is no text, and the native API takes only text from an assistant")
    return "".join(part["text"] for part in content)


def _misfit(call: Call, index: int, what: str) -> BadRequestError:
    msg = f"meta_llama: messages[{index}] {what} (native API); api='compat' takes OpenAI's messages"
    return BadRequestError(msg, "meta_llama", call.target.model, param="messages")


def completion(call: Call, reply: Reply) -> JSON:
    """Return a native answer as a chat completion. Raises APIError when it is none."""
    body = success_json(call, reply, "completion_message")
    said = body["completion_message"]
    try:
        message, reason = _answer(said)
    except (AttributeError, KeyError, TypeError):  # JSON, but not the shape of a message
        raise unreadable(call, reply, "its completion_message has another shape") from None
    choice = {"index": 0, "message": message, "finish_reason": reason}
    answer: JSON = {"id": body.get("id"), "model": call.target.model, "object": "chat.completion", "choices": [choice]}
    if usage := _usage(_counts(body.get("metrics"))):
        answer["usage"] = usage
    return answer


def _answer(said: JSON) -> tuple[JSON, str]:
    calls = said.get("tool_calls")
    message: JSON = {"role": "assistant", "content": _text(said.get("content"))}
    if calls:
        message["content"] = message["content"] or None
        message["tool_calls"] = [
            {"id": made.get("id") or f"call_{index}", "type": "function", "index": index, "function": made["function"]}
            for index, made in enumerate(calls)
        ]
    return message, _finish(said.get("stop_reason")) or ("tool_calls" if calls else "stop")


def _text(content: Any) -> str | None:
    """Return the text of a content, which is a text, a text object, or a list of them."""
    if isinstance(content, list):
        return "".join(part["text"] for part in content)
    text = content["text"] if isinstance(content, dict) else content
    if text is not None and not isinstance(text, str):
        raise TypeError
    return text


def _finish(stop_reason: str | None) -> str | None:
    return FINISH_REASONS.get(stop_reason, stop_reason) if stop_reason else None


def _counts(metrics: Any) -> dict[str, int]:
    """Return the token counts among the metrics, which are floats, under OpenAI's names."""
    found = {}
    for item in metrics if isinstance(metrics, list) else ():
        name, value = (item.get("metric"), item.get("value")) if isinstance(item, dict) else (None, None)
        if isinstance(name, str) and name in _USAGE and isinstance(value, int | float) and math.isfinite(value):
            found[_USAGE[name]] = int(value)
    return found


def _usage(counts: dict[str, int]) -> dict[str, int]:
    """Return OpenAI's usage, or nothing while prompt or answer is not known: half a usage would read as a zero."""
    prompt, answer = counts.get("prompt_tokens"), counts.get("completion_tokens")
    if prompt is None or answer is None:
        return {}
    # In a stream the total may have come in an earlier event than the counts, and be behind them.
    total = max(counts.get("total_tokens", 0), prompt + answer)
    return {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": total}


class NativeStream:
    """Reads `start`, `progress`, `complete` and `metrics` events; the end of the body ends the stream."""

    __slots__ = ("_call", "_counts", "_named", "_reply", "_tool_id", "_tools", "done", "malformed")

    def __init__(self, call: Call, reply: Reply) -> None:
        self._call, self._reply = call, reply
        self._counts: dict[str, int] = {}
        self._tools = 0  # how many tool calls have begun, then of the last: its id, and whether its name has come
        self._tool_id, self._named = "", False
        self.malformed = 0
        self.done = False

    def feed(self, event: Event) -> list[JSON]:
        if event.data == b"[DONE]":  # not in the SDK; harmless to understand
            self.done = True
            return []
        body = vendor_errors.decode(event.data)
        if isinstance(body, dict) and event.name not in (LINE, "error") and isinstance(body.get("event"), dict):
            try:
                return [self._chunk(body, body["event"])]
            except (AttributeError, TypeError):  # JSON, but not the shape of an event
                self.malformed += 1
                return []
        # Meta reports a failure midway as a bare line of JSON, under HTTP 200.
        if (error := in_band_error(self._call, self._reply, event, body)) is not None:
            raise error
        self.malformed += bool(event.data.strip())
        return []

    def end(self) -> list[JSON]:
        return []

    def _chunk(self, body: JSON, said: JSON) -> JSON:
        delta = self._delta(said.get("delta") or {})
        reason = _finish(said.get("stop_reason"))
        if said.get("event_type") == "start":
            delta["role"] = "assistant"
        chunk: JSON = {
            "id": body.get("id"),
            "object": "chat.completion.chunk",
            "model": self._call.target.model,
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
        }
        if counts := _counts(said.get("metrics")):
            self._counts |= counts
            if usage := _usage(self._counts):
                chunk["usage"] = usage
            if reason is None and delta == {"content": ""}:  # as OpenAI does: usage comes in a chunk without choices
                chunk["choices"] = []
        return chunk

    def _delta(self, delta: JSON) -> JSON:
        if delta.get("type") == "tool_call":
            function = delta.get("function") or {}
            return {"tool_calls": [self._tool_call(delta.get("id"), function.get("name"), function.get("arguments"))]}
        text = delta.get("text", "")
        if not isinstance(text, str):
            raise TypeError
        return {"content": text}

    def _tool_call(self, tool_id: Any, name: Any, arguments: Any) -> JSON:
        """Return a piece of a tool call. Natively it has no index: a new id, or a name without one, begins a call."""
        if not all(isinstance(part, str | None) for part in (tool_id, name, arguments)):
            raise TypeError
        begins = tool_id != self._tool_id if tool_id else bool(name) and (self._named or not self._tools)
        if not begins and not self._tools:  # a fragment of nothing
            raise TypeError
        function = {"arguments": arguments or ""}
        piece: JSON = {"function": function}
        if begins:
            self._tools, self._named = self._tools + 1, False
            self._tool_id = tool_id or f"call_{self._tools - 1}"
            piece |= {"id": self._tool_id, "type": "function"}
        if name and not self._named:
            function["name"], self._named = name, True
        return piece | {"index": self._tools - 1}
