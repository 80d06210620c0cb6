"""The contract of a provider, and the base case: a vendor that speaks OpenAI's chat completions.

A provider is data first (`Provider`), functions second, a class last. It does no I/O, reads no clock and
no environment. Inside, everything is plain OpenAI-shaped JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from litellm_lite import vendor_errors
from litellm_lite.call import Call, Reply, WireRequest
from litellm_lite.errors import APIError, APIResponseValidationError, BadRequestError
from litellm_lite.params import Contract, Rule
from litellm_lite.sse import LINE, Event

JSON = dict[str, Any]

# One map for all: unknown values pass as they are, the caller sees what the vendor said.
FINISH_REASONS = {
    "eos": "stop",
    "eos_token": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "content_filtered": "content_filter",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One row: everything about a vendor that is a fact rather than an algorithm.

    `key_env` and `base_env` are read in order. `asks_usage`: a stream is asked for its usage even when the
    caller did not, so that its cost is known. `source` says where the facts are from.
    """

    name: str
    title: str
    rules: Mapping[str, Rule]
    api_base: str | None = None
    base_env: tuple[str, ...] = ()
    key_env: tuple[str, ...] = ()
    needs_key: bool = True
    asks_usage: bool = False
    source: str = ""
    env_headers: Mapping[str, str] = field(default_factory=dict)


class StreamParser(Protocol):
    """Turns one stream's events into OpenAI-shaped chunks."""

    malformed: int
    """How many events could not be read and were skipped."""

    done: bool
    """The vendor said that nothing more will come."""

    def feed(self, event: Event) -> list[JSON]:
        """Return the chunks an event makes. Raises APIError when it reports a failure."""

    def end(self) -> list[JSON]:
        """Return what was held back, once the body has ended."""


class Transformer(Protocol):
    """What the core asks of a provider. Every method is pure."""

    row: Provider

    def contract(self, variant: str) -> Contract:
        """Return the parameters it takes, for one of its API shapes. Raises BadRequestError for an unknown shape."""

    def base_for(self, api_base: str, variant: str) -> str:
        """Return the base URL for one of its API shapes."""

    def build_request(self, call: Call) -> WireRequest:
        """Return the request for a call. Raises BadRequestError for what the vendor would refuse."""

    def parse_response(self, call: Call, reply: Reply) -> JSON:
        """Return the chat completion in a successful answer. Raises APIError when it is none."""

    def open_stream(self, call: Call, reply: Reply) -> StreamParser:
        """Return the parser for a stream whose head is `reply` (its body is empty)."""

    def parse_error(self, call: Call, reply: Reply) -> APIError:
        """Return the exception for a failed answer; the caller raises it."""


class OpenAICompatible:
    """A vendor that speaks OpenAI's chat completions, described by its row."""

    def __init__(self, row: Provider) -> None:
        self.row = row
        self._contract = Contract(row.name, row.rules)

    def contract(self, variant: str) -> Contract:
        if variant:
            msg = f"{self.row.name}: there is no api={variant!r}; leave it out"
            raise BadRequestError(msg, self.row.name, param="api")
        return self._contract

    def base_for(self, api_base: str, variant: str) -> str:  # noqa: ARG002 - for providers with several shapes
        return api_base

    def build_request(self, call: Call) -> WireRequest:
        body: JSON = {"model": call.target.model, "messages": call.messages, **call.params}
        if call.stream:
            body["stream"] = True
            if self.row.asks_usage:
                body["stream_options"] = {"include_usage": True, **(call.params.get("stream_options") or {})}
        return post(call, "/chat/completions", body)

    def parse_response(self, call: Call, reply: Reply) -> JSON:
        body = success_json(call, reply)
        choices = body.get("choices")
        if not isinstance(choices, list) or not choices:
            raise _unreadable(call, reply, "no choices in it")
        for index, choice in enumerate(choices):
            if not isinstance(choice, dict) or not isinstance(choice.get("message"), dict):
                raise _unreadable(call, reply, f"no message in choice {index}")
            choice.setdefault("index", index)
            choice["finish_reason"] = finish_reason(choice)
        return body

    def open_stream(self, call: Call, reply: Reply) -> StreamParser:
        return OpenAIStream(call, reply)

    def parse_error(self, call: Call, reply: Reply) -> APIError:
        return vendor_errors.error_from_reply(call, reply)


class OpenAIStream:
    """Reads `data: {chunk}` events up to `[DONE]`."""

    __slots__ = ("call", "done", "malformed", "reply")

    def __init__(self, call: Call, reply: Reply) -> None:
        self.call, self.reply = call, reply
        self.malformed = 0
        self.done = False

    def feed(self, event: Event) -> list[JSON]:
        data = event.data
        if data == b"[DONE]":
            self.done = True
            return []
        if event.name == LINE:  # llama.cpp before 2025-08: `error: {…}` under HTTP 200 (llama.cpp#14566)
            data = data.removeprefix(b"error:")
        chunk = vendor_errors.decode(data)
        if not isinstance(chunk, dict):
            self.malformed += bool(data.strip())
            return []
        choices = chunk.get("choices")
        if chunk.get("error") or event.name == "error" or (choices is None and "usage" not in chunk):
            return self._not_a_chunk(chunk)
        try:
            for choice in choices or ():
                choice["delta"] = choice.get("delta") or {}
                if (reason := choice.get("finish_reason")) in FINISH_REASONS:
                    choice["finish_reason"] = FINISH_REASONS[reason]
        except (AttributeError, TypeError):  # JSON, but not the shape of a chunk
            self.malformed += 1
            return []
        return [chunk]

    def end(self) -> list[JSON]:
        return []

    def _not_a_chunk(self, body: JSON) -> list[JSON]:
        facts = vendor_errors.read_error(body)
        if facts is None:
            self.malformed += 1
            return []
        reply, status = self.reply, facts.status or status_of_type(facts.code)
        raise vendor_errors.make_error(self.call, facts, status, headers=reply.headers, body=body)


def status_of_type(code: str | None) -> int:
    """Return the HTTP status an in-band error stands for, from its type or code; 500 when it tells nothing."""
    kinds = {
        "rate_limit_error": 429,
        "rate_limit_exceeded": 429,
        "insufficient_quota": 429,
        "invalid_request_error": 400,
        "BadRequestError": 400,
        "context_length_exceeded": 400,
        "exceed_context_size_error": 400,
        "content_filter": 400,
        "authentication_error": 401,
        "overloaded_error": 503,
        "unavailable_error": 503,
    }
    return kinds.get(code or "", 500)


def post(call: Call, path: str, body: JSON) -> WireRequest:
    """Return a JSON POST to a path under the call's base URL, with its key and the caller's extras."""
    headers = {"Content-Type": "application/json", "Accept": "text/event-stream" if call.stream else "application/json"}
    if call.target.api_key:
        headers["Authorization"] = f"Bearer {call.target.api_key}"
    headers.update(call.extra_headers)
    if call.extra_body:
        body.update(call.extra_body)
    return WireRequest("POST", call.target.api_base + path, headers, _to_json(call, body))


def _to_json(call: Call, body: JSON) -> bytes:
    provider, model = call.target.provider, call.target.model
    try:
        written = orjson.dumps(body)
    except orjson.JSONEncodeError as error:
        msg = f"{provider}: the request cannot be written as JSON: {error}"
        raise BadRequestError(msg, provider, model) from error
    if b"null" in written and (where := _non_finite(body, "")):  # orjson writes NaN as null, and that would be a lie
        msg = f"{provider}: {where} is not a finite number, which JSON cannot carry"
        raise BadRequestError(msg, provider, model, param=where)
    return written


def _non_finite(value: Any, path: str) -> str:
    """Return the path of the first NaN or infinity inside a JSON value, or an empty text."""
    if isinstance(value, float):
        return path if value != value or value in (float("inf"), float("-inf")) else ""  # noqa: PLR0124 - NaN
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    return next((found for key, item in pairs if (found := _non_finite(item, f"{path}.{key}".strip(".")))), "")


def success_json(call: Call, reply: Reply) -> JSON:
    """Return the JSON object of a 2xx answer. Raises APIError for anything else, also for an error under HTTP 200."""
    body = vendor_errors.decode(reply.body)
    if not isinstance(body, dict):
        raise _unreadable(call, reply, "not a JSON object")
    if body.get("error") and not body.get("choices"):
        facts = vendor_errors.read_error(body)
        if facts is not None:
            status = facts.status or status_of_type(facts.code)
            raise vendor_errors.make_error(call, facts, status, headers=reply.headers, body=body)
    return body


def finish_reason(choice: JSON) -> str:
    """Return why a finished choice ended, in OpenAI's words; vendors leave it out at times."""
    reason = choice.get("finish_reason")
    if reason is None:
        return "tool_calls" if choice["message"].get("tool_calls") else "stop"
    return FINISH_REASONS.get(reason, str(reason))


def _unreadable(call: Call, reply: Reply, what: str) -> APIResponseValidationError:
    provider, model = call.target.provider, call.target.model
    kind = reply.headers.get("content-type", "no content type")
    seen = vendor_errors.redact(vendor_errors.excerpt(reply.body), vendor_errors.secrets_of(call))
    return APIResponseValidationError(
        f"{provider}: the answer is no chat completion: {what} (status {reply.status}, {kind}): {seen}; "
        f"is {call.target.api_base} the base URL of an OpenAI-compatible API?",
        provider,
        model,
        request_id=vendor_errors.request_id(reply.headers),
    )
