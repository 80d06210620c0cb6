"""Chunks, put together: the whole message out of its pieces, and whether it is whole. Pure.

Works on OpenAI-shaped dictionaries. `Ledger` follows a stream as it runs, `join` rebuilds a completion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from litellm_lite.errors import Partial

JSON = dict[str, Any]
_JOINED_TEXTS = frozenset({"content", "reasoning_content", "reasoning", "refusal"})
_JOINED_IN_OBJECTS = frozenset({"data", "transcript"})  # of an audio answer
_OF_CHUNKS = frozenset({"object", "choices"})
_OF_PIECES = frozenset({"index", "delta", "finish_reason", "logprobs"})


class Ledger:
    """Keeps book of a stream: the text so far, the usage, and which choices have finished.

    A stream is complete when every choice that appeared, and at least `expected` of them, has a finish reason.
    """

    __slots__ = ("_expected", "_open", "_pieces", "chunks", "finished", "service_tier", "usage")

    def __init__(self, expected: int = 1) -> None:
        self._expected = expected
        self._open: set[int] = set()
        self._pieces: dict[int, list[str]] = {}
        self.finished: dict[int, str] = {}
        self.usage: JSON | None = None
        self.service_tier: str | None = None
        self.chunks = 0

    def note(self, chunk: JSON) -> None:
        """Enter one chunk."""
        self.chunks += 1
        if usage := chunk.get("usage"):
            self.usage = usage
        if tier := chunk.get("service_tier"):
            self.service_tier = tier
        for choice in chunk.get("choices") or ():
            index = choice.get("index", 0)
            if content := choice["delta"].get("content"):
                self._pieces.setdefault(index, []).append(content)
            if reason := choice.get("finish_reason"):
                self.finished[index] = reason
                self._open.discard(index)
            elif index not in self.finished:
                self._open.add(index)

    @property
    def complete(self) -> bool:
        """Whether every choice has said why it ended."""
        return not self._open and len(self.finished) >= self._expected

    def unfinished(self) -> str:
        """Name what is missing, for an error message."""
        missing = sorted(self._open) or [index for index in range(self._expected) if index not in self.finished]
        return "choice " + ", ".join(map(str, missing)) + " has no finish reason"

    def partial(self) -> Partial:
        """Return what has come so far."""
        texts = {index: "".join(pieces) for index, pieces in sorted(self._pieces.items())}
        return Partial(texts.get(0, ""), texts, self.usage)


def join(chunks: Iterable[Mapping[str, Any]]) -> JSON | None:
    """Return the chat completion that the chunks are pieces of, or None when there are none.

    Texts and the arguments of tool calls are joined, each tool call by its index; of other fields the last one said
    stands. A choice without a finish reason keeps None there.
    """
    answer: JSON | None = None
    messages: dict[int, _Message] = {}
    for chunk in chunks:
        answer = answer or dict.fromkeys(("id", "created", "model", "usage")) | {"object": "chat.completion"}
        answer |= {key: value for key, value in chunk.items() if value is not None and key not in _OF_CHUNKS}
        for choice in chunk.get("choices") or ():
            messages.setdefault(choice.get("index", 0), _Message()).add(choice)
    if answer is not None:
        answer["choices"] = [messages[index].choice(index) for index in sorted(messages)]
    return answer


class _Message:
    """One choice in the making."""

    __slots__ = ("calls", "finish_reason", "function_call", "logprobs", "others", "rest", "role", "texts")

    def __init__(self) -> None:
        self.role = "assistant"
        self.finish_reason: str | None = None
        self.texts: dict[str, list[str]] = {}
        self.calls: list[JSON] = []
        self.function_call: JSON | None = None
        self.logprobs: JSON = {}
        self.others: JSON = {}
        self.rest: JSON = {}

    def add(self, choice: JSON) -> None:
        self.finish_reason = choice.get("finish_reason") or self.finish_reason
        for key, tokens in (choice.get("logprobs") or {}).items():
            self.logprobs[key] = (self.logprobs.get(key) or []) + tokens if tokens else self.logprobs.get(key)
        self.rest |= {key: value for key, value in choice.items() if key not in _OF_PIECES and value is not None}
        for key, value in (choice.get("delta") or {}).items():
            self._add_field(key, value)

    def _add_field(self, key: str, value: Any) -> None:
        if value is None:
            return
        if key == "role":
            self.role = value or self.role
        elif key in _JOINED_TEXTS:
            self.texts.setdefault(key, []).append(value)
        elif key == "tool_calls":
            for piece in value:
                self._add_call(piece)
        elif key == "function_call":
            self.function_call = _joined_function(self.function_call, value)
        else:
            self.others[key] = _joined_other(self.others.get(key), value)

    def _add_call(self, piece: JSON) -> None:
        known = self._call_of(piece)
        known |= {key: value for key, value in piece.items() if key not in ("function", "index") and value}
        known["function"] = _joined_function(known.get("function"), piece.get("function"))

    def _call_of(self, piece: JSON) -> JSON:
        """Return the call a piece belongs to, a new one if need be."""
        index = piece.get("index")
        known = [call for call in self.calls if index is None or call["index"] == index]
        if known and not begins_call(piece, known[-1]):
            return known[-1]
        self.calls.append({"index": len(self.calls) if index is None else index, "type": "function"})
        return self.calls[-1]

    def choice(self, index: int) -> JSON:
        joined = {key: "".join(pieces) for key, pieces in self.texts.items()}
        message: JSON = {"role": self.role, "content": joined.pop("content", None), **joined, **self.others}
        if self.calls:
            calls = sorted(self.calls, key=lambda call: call["index"])
            message["content"] = message["content"] or None  # vendors open a message of calls with an empty text
            message["tool_calls"] = [{key: call[key] for key in call if key != "index"} for call in calls]
        if self.function_call is not None:
            message["function_call"] = self.function_call
        made: JSON = {"index": index, "message": message, "finish_reason": self.finish_reason, **self.rest}
        return {**made, "logprobs": self.logprobs} if self.logprobs else made


def begins_call(piece: JSON, last: JSON) -> bool:
    """Tell whether a piece is of another call than the last one of its index.

    Some vendors give every call the same index, or none: then another id begins a call, or a name.
    """
    if piece.get("id") and last.get("id"):
        return bool(piece["id"] != last["id"])
    return piece.get("index") is None and bool((piece.get("function") or {}).get("name"))


def _joined_function(known: JSON | None, piece: JSON | None) -> JSON:
    """Add a piece of a function call: its name comes once, its arguments bit by bit."""
    known, piece = known or {}, piece or {}
    arguments = piece.get("arguments") or ""
    text = arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()
    return {
        **known,
        **piece,
        "name": known.get("name") or piece.get("name"),
        "arguments": known.get("arguments", "") + text,
    }


def _joined_other(known: Any, value: Any) -> Any:
    """Join what vendors add: lists grow, the texts of an object grow, everything else is replaced."""
    if isinstance(known, list) and isinstance(value, list):
        return known + value
    if isinstance(known, dict) and isinstance(value, dict):
        grown = {key: known[key] + value[key] for key in known.keys() & value.keys() & _JOINED_IN_OBJECTS}
        return {**known, **value, **grown}
    return value
