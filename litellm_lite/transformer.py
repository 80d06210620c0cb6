"""The contract of a provider, and the base case: a vendor that speaks OpenAI's chat completions.

A provider is data first (`Provider`), functions second, a class last. It does no I/O, reads no clock and
no environment. Inside, everything is plain OpenAI-shaped JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from litellm_lite import vendor_errors
from litellm_lite.call import Call, Endpoint, Reply, WireRequest
from litellm_lite.errors import APIError, APIResponseValidationError, BadRequestError
from litellm_lite.json_body import Unwritable, written
from litellm_lite.params import Contract, Rule, shown
from litellm_lite.sse import LINE, Event
from litellm_lite.vendor_errors import ErrorFacts

JSON = dict[str, Any]

# One map for all: unknown values pass as they are, the caller sees what the vendor said.
FINISH_REASONS = {
    "eos": "stop",
    "eos_token": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "content_filtered": "content_filter",
    "guardrail_intervened": "content_filter",
    "refusal": "content_filter",
}
_BROKEN_OFF = "error"  # OpenRouter's finish_reason when the vendor behind it failed midway
_ERROR_LINE = b"error:"  # llama.cpp before 2025-08 wrote it, under HTTP 200, where `data:` belongs (llama.cpp#14566)

ANSWERS: Mapping[Endpoint, str] = {
    "chat": "chat completion",
    "completions": "completion",
    "responses": "response",
    "embeddings": "list of embeddings",
    "moderations": "moderation",
}
"""What an endpoint answers with, in words."""

_TEXT, _OBJECT = (str, type(None)), (dict, type(None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One row: everything about a vendor that is a fact rather than an algorithm.

    `rules` is the contract of the usual API shape, `shapes` holds those of the ones a caller picks with `api=`,
    `endpoints` those of what it serves beside chat, in OpenAI's own shapes.
    `key_env` and `base_env` are read in order. `asks_usage`: a stream is asked for its usage even when the
    caller did not, so that its cost is known. `source` says where the facts are from, and when they were read.
    """

    name: str
    title: str
    rules: Mapping[str, Rule]
    shapes: Mapping[str, Mapping[str, Rule]] = field(default_factory=dict)
    endpoints: Mapping[Endpoint, Mapping[str, Rule]] = field(default_factory=dict)
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

    def endpoint(self, name: Endpoint) -> Transformer | None:
        """Return who speaks with the vendor at that endpoint; None where the vendor does not serve it."""

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
        self._contracts = {shape: Contract(row.name, rules) for shape, rules in {"": row.rules, **row.shapes}.items()}
        self._endpoints: dict[Endpoint, Transformer] = {"chat": self}

    def endpoint(self, name: Endpoint) -> Transformer | None:
        if name not in self._endpoints and name in self.row.endpoints:
            from litellm_lite.endpoints import native  # who only chats needs none of it

            self._endpoints[name] = native(name, self.row)
        return self._endpoints.get(name)

    def contract(self, variant: str) -> Contract:
        found = self._contracts.get(str(variant))  # it comes from a caller, who may pass anything
        if found is not None:
            return found
        remedy = f"use {' or '.join(map(repr, self.row.shapes))}" if self.row.shapes else "leave it out"
        msg = f"{self.row.name}: there is no api={shown(variant)}; {remedy}"
        raise BadRequestError(msg, self.row.name, param="api")

    def base_for(self, api_base: str, variant: str) -> str:  # noqa: ARG002 - for providers with several shapes
        return api_base

    def build_request(self, call: Call) -> WireRequest:
        body: JSON = {"model": call.target.model, "messages": call.messages, **call.params}
        if call.stream:
            body["stream"] = True
            if self.row.asks_usage:
                body["stream_options"] = {"include_usage": True, **call.params.get("stream_options", {})}
        return post(call, "/chat/completions", body)

    def parse_response(self, call: Call, reply: Reply) -> JSON:
        body = success_json(call, reply, "choices")
        choices = body["choices"]
        if not isinstance(choices, list):
            raise unreadable(call, reply, "its choices are no list")
        for index, choice in enumerate(choices):
            if not isinstance(choice, dict) or not isinstance(choice.get("message"), dict):
                raise unreadable(call, reply, f"no message in choice {index}")
            choice.setdefault("index", index)
            if choice.get("finish_reason") is None:  # vendors leave it out at times
                choice["finish_reason"] = "tool_calls" if choice["message"].get("tool_calls") else "stop"
            elif not _told_in_openais_words(call, reply, choice):
                raise unreadable(call, reply, f"the finish_reason of choice {index} is no text")
        return body

    def open_stream(self, call: Call, reply: Reply) -> StreamParser:
        return OpenAIStream(call, reply)

    def parse_error(self, call: Call, reply: Reply) -> APIError:
        return vendor_errors.error_from_reply(call, reply)


class OpenAIStream:
    """Reads `data: {chunk}` events up to `[DONE]`."""

    __slots__ = ("_call", "_reply", "done", "malformed")

    def __init__(self, call: Call, reply: Reply) -> None:
        self._call, self._reply = call, reply
        self.malformed = 0
        self.done = False

    def feed(self, event: Event) -> list[JSON]:
        data = event.data
        if data == b"[DONE]":
            self.done = True
            return []
        if event.name == LINE:
            data = data.removeprefix(_ERROR_LINE)
        body = vendor_errors.decode(data)
        if isinstance(body, dict) and event.name != "error" and not body.get("error") and self._tidied(body):
            return [body]
        if (error := in_band_error(self._call, self._reply, event, body)) is not None:
            raise error
        self.malformed += bool(data.strip())
        return []

    def end(self) -> list[JSON]:
        return []

    def _tidied(self, body: JSON) -> bool:
        """Put a chunk into OpenAI's words, in place. Returns False for a body that is no chunk."""
        choices, usage = body.get("choices"), body.get("usage")
        if choices is None and usage:
            choices = []
        if not isinstance(choices, list) or not isinstance(usage, _OBJECT):
            return False
        for choice in choices:
            if not isinstance(choice, dict) or not isinstance(choice.get("index", 0), int):
                return False
            # a whole answer in the place of a chunk has its text in `message`
            delta = choice["delta"] = choice.get("delta") or choice.pop("message", None) or {}
            if not isinstance(delta, dict) or not isinstance(delta.get("content"), _TEXT):
                return False
            if choice.get("finish_reason") is not None and not _told_in_openais_words(self._call, self._reply, choice):
                return False
        return True


def _told_in_openais_words(call: Call, reply: Reply, choice: JSON) -> bool:
    """Translate why a choice ended, in place; False when it is no text. Raises APIError for a choice that broke off."""
    reason = choice["finish_reason"]
    if reason == _BROKEN_OFF:
        raise broken_off(call, reply, choice)
    if not isinstance(reason, str):
        return False
    choice["finish_reason"] = FINISH_REASONS.get(reason, reason)
    return True


def in_band_error(call: Call, reply: Reply, event: Event, body: Any) -> APIError | None:
    """Return the exception for an event that reports a failure in the middle of a stream, None when it does not."""
    error = vendor_errors.reported_error(call, reply.headers, body)
    if error is None and (event.name == "error" or (event.name == LINE and event.data.startswith(_ERROR_LINE))):
        said = vendor_errors.describe(call, replace(reply, body=event.data))
        error = vendor_errors.make_error(call, ErrorFacts(said), headers=reply.headers)
    return error


def broken_off(call: Call, reply: Reply, choice: JSON) -> APIError:
    """Return the exception for a choice that ended in an error, with the reason if one is given."""
    silent = ErrorFacts("the answer broke off with finish_reason 'error', and nothing says why")
    error = vendor_errors.reported_error(call, reply.headers, choice)
    return error or vendor_errors.make_error(call, silent, headers=reply.headers)


def success_json(call: Call, reply: Reply, expected: str) -> JSON:
    """Return the JSON object of a 2xx answer. Raises APIError for an error under HTTP 200, and without `expected`."""
    body = vendor_errors.decode(reply.body)
    if not isinstance(body, dict):
        raise unreadable(call, reply, "not a JSON object")
    if body.get("error") or not body.get(expected):
        raise vendor_errors.reported_error(call, reply.headers, body) or unreadable(call, reply, f"no {expected} in it")
    return body


def unreadable(call: Call, reply: Reply, what: str) -> APIResponseValidationError:
    """Return the exception for a 2xx answer that is not what was asked for."""
    target = call.target
    msg = (
        f"{target.provider}: no {ANSWERS[call.endpoint]} came with status {reply.status}: {what}; "
        f"it is {vendor_errors.describe(call, reply)}; is {target.api_base} the base URL of an API of this kind?"
    )
    clean = vendor_errors.redact(msg, vendor_errors.secrets_of(call))
    request_id = vendor_errors.request_id(call, reply.headers)
    return APIResponseValidationError(clean, target.provider, target.model, request_id=request_id)


def post(call: Call, path: str, body: JSON) -> WireRequest:
    """Return a JSON POST to a path under the call's base URL, with its key and the caller's extras, which win."""
    headers = {"Content-Type": "application/json", "Accept": "text/event-stream" if call.stream else "application/json"}
    if call.target.api_key:
        headers["Authorization"] = f"Bearer {call.target.api_key}"
    if call.extra_headers:
        own = {name.lower() for name in call.extra_headers}
        headers = {name: value for name, value in headers.items() if name.lower() not in own}
        headers.update(call.extra_headers)
    if call.extra_body:
        body.update(call.extra_body)
    return WireRequest("POST", call.target.api_base + path, headers, _written(call, body))


def _written(call: Call, body: JSON) -> bytes:
    try:
        return written(body)
    except Unwritable as flaw:
        provider, model = call.target.provider, call.target.model
        raise BadRequestError(f"{provider}: {flaw}", provider, model, param=flaw.path) from flaw
