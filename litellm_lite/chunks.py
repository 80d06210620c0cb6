"""Chunks, put together: the whole message out of its pieces, and whether it is whole. Pure.

Works on OpenAI-shaped dictionaries. `Ledger` follows a stream as it runs, `join` rebuilds a completion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from litellm_lite.errors import Partial

JSON = dict[str, Any]
_JOINED_TEXTS = ("content", "reasoning_content", "reasoning", "refusal")


class Ledger:
    """Keeps book of a stream: the text so far, the usage, and which choices have finished.

    A stream is complete when every choice that appeared, and at least `expected` of them, has a finish reason.
    """

    __slots__ = ("_expected", "_open", "_pieces", "chunks", "finished", "usage")

    def __init__(self, expected: int = 1) -> None:
        self._expected = expected
        self._open: set[int] = set()
        self._pieces: dict[int, list[str]] = {}
        self.finished: dict[int, str] = {}
        self.usage: JSON | None = None
        self.chunks = 0

    def note(self, chunk: JSON) -> None:
        """Enter one chunk."""
        self.chunks += 1
        if usage := chunk.get("usage"):
            self.usage = usage
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

    Texts and the arguments of tool calls are joined, each tool call by its index; usage is the last one seen.
    A choice without a finish reason keeps None there.
    """
    answer: JSON | None = None
    messages: dict[int, _Message] = {}
    for chunk in chunks:
        if answer is None:
            answer = {key: chunk.get(key) for key in ("id", "created", "model", "system_fingerprint")}
            answer |= {"object": "chat.completion", "usage": None}
        answer["usage"] = chunk.get("usage") or answer["usage"]
        for choice in chunk.get("choices") or ():
            messages.setdefault(choice.get("index", 0), _Message()).add(choice)
    if answer is not None:
        answer["choices"] = [messages[index].choice(index) for index in sorted(messages)]
    return answer


class _Message:
    """One choice in the making."""

    __slots__ = ("calls", "finish_reason", "function_call", "logprobs", "others", "role", "texts")

    def __init__(self) -> None:
        self.role = "assistant"
        self.finish_reason: str | None = None
        self.texts: dict[str, list[str]] = {}
        self.calls: dict[int, JSON] = {}
        self.function_call: JSON | None = None
        self.logprobs: list[Any] = []
        self.others: JSON = {}

    def add(self, choice: JSON) -> None:
        delta = choice.get("delta") or {}
        self.role = delta.get("role") or self.role
        self.finish_reason = choice.get("finish_reason") or self.finish_reason
        self.logprobs += (choice.get("logprobs") or {}).get("content") or []
        for key, value in delta.items():
            if key in _JOINED_TEXTS:
                if value:
                    self.texts.setdefault(key, []).append(value)
            elif key == "tool_calls":
                for piece in value or ():
                    self._add_call(piece)
            elif key == "function_call":
                self.function_call = _joined_function(self.function_call, value)
            elif key != "role" and value is not None:
                self.others[key] = _joined_other(self.others.get(key), value)

    def _add_call(self, piece: JSON) -> None:
        index = piece.get("index")
        known = self.calls.setdefault(len(self.calls) if index is None else index, {"type": "function"})
        if piece.get("id"):
            known["id"] = piece["id"]
        known["type"] = piece.get("type") or known["type"]
        known["function"] = _joined_function(known.get("function"), piece.get("function"))

    def choice(self, index: int) -> JSON:
        joined = {key: "".join(pieces) for key, pieces in self.texts.items()}
        message: JSON = {"role": self.role, "content": joined.pop("content", None), **joined, **self.others}
        if self.calls:
            message["tool_calls"] = [self.calls[key] for key in sorted(self.calls)]
        if self.function_call is not None:
            message["function_call"] = self.function_call
        made: JSON = {"index": index, "message": message, "finish_reason": self.finish_reason}
        return {**made, "logprobs": {"content": self.logprobs}} if self.logprobs else made


def _joined_function(known: JSON | None, piece: JSON | None) -> JSON | None:
    """Add a piece of a function call: its name comes once, its arguments bit by bit."""
    if not piece:
        return known
    name = (known or {}).get("name") or piece.get("name")
    return {"name": name, "arguments": (known or {}).get("arguments", "") + (piece.get("arguments") or "")}


def _joined_other(known: Any, value: Any) -> Any:
    """Join what vendors add: lists grow, everything else is replaced."""
    return known + value if isinstance(known, list) and isinstance(value, list) else value
