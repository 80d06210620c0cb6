"""Chats: what stands around the texts of the messages, as tokens. One counter, and a row of numbers for each format."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from litellm_lite.errors import BadRequestError
from litellm_lite.tokens.count import NOTHING, Measure, Span, exactly, up_to
from litellm_lite.tokens.estimate import sendable
from litellm_lite.tokens.pictures import PICTURE_PARTS, PictureRule, picture_tokens
from litellm_lite.tokens.pythonic import pythonic_calls, reads_as_python

Message = Mapping[str, Any]

_TEXT_PARTS = {"text": "text", "input_text": "text", "output_text": "text", "refusal": "refusal"}
_TOOL_ROLES = frozenset({"tool", "ipython"})
_ROLES = _TOOL_ROLES | {"system", "developer", "user", "assistant"}
_SYSTEM = frozenset({"system", "developer"})

# What is counted, and what says nothing to a model.
_COUNTED = frozenset({"role", "content", "name", "tool_calls", "function_call", "refusal"})
_SILENT = frozenset({"tool_call_id", "cache_control", "index"})

# Calls written as JSON in a way that is not public: the fewest are none, the most are twice their bytes and a frame.
_AROUND_CALL = 6
_FRAME = 32
_AROUND_NAME = 4


@dataclass(frozen=True, slots=True)
class ChatFormat:
    """How a host writes messages. `once` is what stands beside all of them, the beginning of the answer included.

    `name`: what a message's name costs beside its own tokens; None where the format has no names.
    `pythonic`: calls are written as Python, as Llama's reference does; else in a way that is not public.
    `joins`: the texts of one message may become one before they are split into tokens.
    `trims`: white space around a text may be taken off.
    `date_block`: tokens of a block about dates that the host puts into the system message, making one if need be.
    """

    once: Span
    message: Span
    tool_message: Span
    name: int | None = None
    pythonic: bool = False
    joins: bool = True
    trims: bool = True
    date_block: int = 0


@dataclass(frozen=True, slots=True)
class ChatCounter:
    """Counts chats of one format with one vocabulary, or with an estimate in its place."""

    format: ChatFormat
    measure: Measure
    picture: PictureRule

    def chat(self, messages: Sequence[Message]) -> Span:
        return sum((self.message(message) for message in messages), self.once(messages))

    def once(self, messages: Sequence[Message]) -> Span:
        """Count what stands beside the messages."""
        block = self.format.date_block
        if block and not any(str(message.get("role")) in _SYSTEM for message in messages):
            block += self.format.message.tokens
        return self.format.once + Span(block, 0, block)

    def message(self, message: Message) -> Span:
        role = str(message.get("role"))
        around = self.format.tool_message if role in _TOOL_ROLES else self.format.message
        if role not in _ROLES:
            around += up_to(_size(role))
        parts = (self._content(message.get("content")), self._refusal(message), self._calls(message))
        return sum((*parts, self._name(message), _rest(message)), around)

    def _content(self, content: Any) -> Span:
        if isinstance(content, str):
            return self._text(content)
        if not isinstance(content, Sequence):
            return NOTHING if content is None else up_to(None)
        spans = [self._part(part) for part in content]
        texts = [text for part in content if (text := _text_of(part)) is not None]
        counted = sum(spans, NOTHING)
        if self.format.joins and len(texts) > 1:
            apart = sum((self._text(text) for text in texts), NOTHING)
            joined = self.measure("".join(texts))
            counted += Span(0, min(0, joined.least - apart.least), len(texts))
        return counted

    def _part(self, part: Any) -> Span:
        text = _text_of(part)
        if text is not None:
            return self._text(text)
        if isinstance(part, Mapping) and str(part.get("type")) in PICTURE_PARTS:
            return picture_tokens(part, self.picture)
        return up_to(None)

    def _text(self, text: str) -> Span:
        span = self.measure(text)
        if not self.format.trims or (bare := text.strip()) == text:
            return span
        trimmed = self.measure(bare)
        return Span(trimmed.tokens, min(span.least, trimmed.least), _larger(span.most, trimmed.most))

    def _refusal(self, message: Message) -> Span:
        refusal = message.get("refusal")
        return up_to(_size(refusal)) if isinstance(refusal, str) else NOTHING

    def _calls(self, message: Message) -> Span:
        calls = list(_functions(message))
        if not calls:
            return NOTHING
        if None in calls:
            return up_to(None)
        if self.format.pythonic and all(reads_as_python(call["arguments"]) for call in calls if call):
            return self.measure(pythonic_calls({"function": call} for call in calls if call))
        return sum((self._call(call["name"], call["arguments"]) for call in calls if call), NOTHING)

    def _call(self, name: str, arguments: str) -> Span:
        tokens = self.measure(name).tokens + self.measure(arguments).tokens + _AROUND_CALL
        return Span(tokens, 0, 2 * (_size(name) + _size(arguments)) + _FRAME)

    def _name(self, message: Message) -> Span:
        name = message.get("name")
        if not isinstance(name, str) or not name:
            return NOTHING
        if self.format.name is None or str(message.get("role")) in _TOOL_ROLES:
            return up_to(_size(name) + _AROUND_NAME)
        return exactly(self.format.name) + self.measure(name)


def json_text(value: Any) -> str:
    """Write a value as compact JSON; what JSON cannot carry is written somehow, since it can only be refused.

    Raises BadRequestError for a value that has no end, or none that can be reached.
    """
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        pass
    try:
        return json.dumps(value, default=repr, ensure_ascii=False, separators=(",", ":"), skipkeys=True)
    except (RecursionError, ValueError) as error:
        raise BadRequestError(f"what is nested too deeply, or holds itself, cannot be sent: {error}") from None


def uncounted_kinds(messages: Sequence[Message]) -> list[str]:
    """Name the kinds of content that are in no count: `input_audio`, `file`."""
    contents = (message.get("content") for message in messages)
    parts = (part for content in contents if isinstance(content, list | tuple) for part in content)
    kinds = {str(part.get("type")) if isinstance(part, Mapping) else type(part).__name__ for part in parts}
    return sorted(kinds - PICTURE_PARTS - _TEXT_PARTS.keys() - {"str"})


def _text_of(part: Any) -> str | None:
    if isinstance(part, str):
        return part
    if not isinstance(part, Mapping):
        return None
    text = part.get(_TEXT_PARTS.get(str(part.get("type")), ""))
    return text if isinstance(text, str) else None


def _functions(message: Message) -> Iterator[dict[str, str] | None]:
    """Yield name and arguments of every call in a message; None for a call of another shape."""
    calls, legacy = message.get("tool_calls") or (), message.get("function_call")
    functions = [_field(call, "function") for call in calls] if isinstance(calls, list | tuple) else [None]
    for function in [*functions, *([legacy] if legacy else ())]:
        name, arguments = _field(function, "name"), _field(function, "arguments")
        if isinstance(name, str):
            yield {"name": name, "arguments": arguments if isinstance(arguments, str) else json_text(arguments or {})}
        else:
            yield None


def _field(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)


def _rest(message: Message) -> Span:
    """Count what a message has beside its content: reasoning of an earlier answer, say, which vendors may ignore."""
    rest = {name: value for name, value in message.items() if name not in _COUNTED | _SILENT and value}
    if not rest:
        return NOTHING
    return up_to(None if "audio" in rest else 2 * _size(json_text(rest)) + _FRAME)


def _size(text: str) -> int:
    return len(sendable(text).encode())


def _larger(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else max(one, other)
