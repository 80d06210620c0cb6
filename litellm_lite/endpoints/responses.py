"""`/responses`: OpenAI's newer way to ask. An answer is a list of items, a stream a list of typed events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litellm_lite import vendor_errors
from litellm_lite.call import Call, Reply
from litellm_lite.endpoints.native import ASK_ITS_CHAT, NativeEndpoint
from litellm_lite.errors import APIError
from litellm_lite.sse import Event
from litellm_lite.transformer import JSON, StreamParser, in_band_error, success_json, unreadable
from litellm_lite.usage import chat_usage
from litellm_lite.vendor_errors import ErrorFacts

_FAILED = "response.failed"
_TERMINAL = frozenset({"response.completed", "response.incomplete"})
_ADDED = "response.output_item.added"
_PASSIVE = frozenset({"message", "reasoning"})  # items that only say something; every other kind does something
_INCOMPLETE = {"max_output_tokens": "length", "max_messages": "length", "content_filter": "content_filter"}

# What a chunk's delta holds of an event, so that who waits for a first token sees one.
_DELTAS = {
    "response.output_text.delta": "content",
    "response.refusal.delta": "refusal",
    "response.reasoning_text.delta": "reasoning_content",
    "response.reasoning_summary_text.delta": "reasoning_content",
}


class Responses(NativeEndpoint):
    """The usage comes with the last event, and there is nothing to ask for it with."""

    answers = "output"
    otherwise = ASK_ITS_CHAT
    usage_comes_unasked = True

    def may_ask(self, given: Any) -> bool:
        return given is None or super().may_ask(given)  # a stored prompt or an earlier response may say it all

    def parse_response(self, call: Call, reply: Reply) -> JSON:
        return read_response(call, reply)

    def open_stream(self, call: Call, reply: Reply) -> StreamParser:
        return ResponsesStream(call, reply)


def read_response(call: Call, reply: Reply) -> JSON:
    """Return the response object in a successful answer. Raises APIError for one that failed, or that is none."""
    body = vendor_errors.decode(reply.body)
    if not isinstance(body, dict):
        raise unreadable(call, reply, "not a JSON object")
    if body.get("error") or body.get("status") == "failed":
        raise failure(call, reply, body)
    output = body.get("output")
    if not isinstance(output, list) or not all(isinstance(item, dict) for item in output):
        raise vendor_errors.reported_error(call, reply.headers, body) or unreadable(call, reply, "no output in it")
    return body


def failure(call: Call, reply: Reply, response: JSON) -> APIError:
    """Return the exception for a response that failed, with the reason if one is given."""
    silent = ErrorFacts("the response failed, and nothing says why")
    told = response if response.get("error") else None
    error = vendor_errors.reported_error(call, reply.headers, told)
    return error or vendor_errors.make_error(call, silent, headers=reply.headers)


class ResponsesStream:
    """Reads typed events up to the one that ends a response. It carries each event whole, as `event` of a chunk."""

    __slots__ = ("_call", "_reply", "_same", "_tools", "done", "malformed")

    def __init__(self, call: Call, reply: Reply) -> None:
        self._call, self._reply = call, reply
        self._same: JSON = {}
        self._tools = False  # whether a tool of the caller's was called
        self.malformed = 0
        self.done = False

    def feed(self, event: Event) -> list[JSON]:
        body = vendor_errors.decode(event.data)
        kind = body.get("type") if isinstance(body, dict) else None
        if isinstance(kind, str) and kind != "error" and event.name != "error":
            return self._taken(kind, body)
        if (error := in_band_error(self._call, self._reply, event, body)) is not None:
            raise error
        if event.data != b"[DONE]":  # not OpenAI's, but some write it; whether the response is whole is told before it
            self.malformed += bool(event.data.strip())
        return []

    def end(self) -> list[JSON]:
        return []

    def _taken(self, kind: str, body: JSON) -> list[JSON]:
        response = body.get("response")
        if kind == _FAILED:
            raise failure(self._call, self._reply, response if isinstance(response, dict) else body)
        if not isinstance(response, dict):
            return [self._chunk(body, self._delta(kind, body))]
        self._same = {"id": response.get("id"), "created": response.get("created_at"), "model": response.get("model")}
        chunk = self._chunk(body, {})
        if kind in _TERMINAL:
            self.done = True
            chunk["choices"][0]["finish_reason"] = self._reason(kind, response)
            if usage := chat_usage(response.get("usage")):
                chunk["usage"] = usage
            if tier := response.get("service_tier"):
                chunk["service_tier"] = tier
        return [chunk]

    def _chunk(self, event: JSON, delta: JSON) -> JSON:
        return {**self._same, "event": event, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}

    def _delta(self, kind: str, body: JSON) -> JSON:
        said = body.get("delta")
        if (name := _DELTAS.get(kind)) is not None:
            return {name: said} if isinstance(said, str) else {}
        item = body.get("item")
        if kind == _ADDED and isinstance(item, dict) and item.get("type") not in _PASSIVE:
            self._tools = self._tools or item.get("type") == "function_call"
            return {"tool_calls": [item]}
        return {}

    def _reason(self, kind: str, response: Mapping[str, Any]) -> str:
        if kind == "response.completed":
            return "tool_calls" if self._tools else "stop"
        details = response.get("incomplete_details")
        why = details.get("reason") if isinstance(details, dict) else None
        return _INCOMPLETE.get(why or "", "length")


class StoredResponse(Responses):
    """A response that the vendor kept; no chat stands in for it."""

    otherwise = ""


class DeletedResponse(StoredResponse):
    """What comes of deleting one."""

    def parse_response(self, call: Call, reply: Reply) -> JSON:
        return success_json(call, reply, "deleted")
