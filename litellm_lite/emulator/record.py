"""What came to an upstream, and what became of it. Written by the server's thread, read by any."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import orjson

_MOST_SEEN = 10_000


@dataclass(slots=True)
class Seen:
    """A chat request: when it came, what it was as far as it can be read, and how it ended.

    Times are seconds of the emulator's clock: the machine's monotonic one times `Settings.speed`.
    """

    at: float
    model: str | None = None
    """As it was asked for."""
    stream: bool = False
    prefilled: bool = False
    """Whether the last message was the assistant's."""
    prompt_chars: int = 0
    """How long the texts of all messages are together."""
    status: int | None = None
    """None while no headers were sent."""
    hung_up: bool = False
    """Whether the client closed the connection before the answer had ended."""
    ended_at: float | None = None
    """None while it goes on."""

    @classmethod
    def of(cls, body: bytes, at: float) -> Self:
        """Read what a request's body says of itself, valid or not."""
        try:
            fields = orjson.loads(body)
        except orjson.JSONDecodeError:
            return cls(at)
        if not isinstance(fields, dict):
            return cls(at)
        model, messages = fields.get("model"), fields.get("messages")
        told = [message for message in messages if isinstance(message, dict)] if isinstance(messages, list) else []
        return cls(
            at,
            model if isinstance(model, str) else None,
            fields.get("stream") is True,
            bool(told) and told[-1].get("role") == "assistant",
            sum(len(text) for message in told for text in _texts(message.get("content"))),
        )


class Record:
    """The latest requests of one upstream."""

    def __init__(self) -> None:
        self._seen: deque[Seen] = deque(maxlen=_MOST_SEEN)
        self._under_way = 0
        self._changed = threading.Condition()

    def begin(self, seen: Seen) -> None:
        """Add a request."""
        with self._changed:
            self._seen.append(seen)
            self._under_way += 1

    def end(self, seen: Seen, at: float, *, hung_up: bool) -> None:
        """Note that nothing more is done for a request."""
        with self._changed:
            seen.ended_at, seen.hung_up = at, hung_up
            self._under_way -= 1
            self._changed.notify_all()

    def so_far(self, within_s: float) -> list[Seen]:
        """Return copies in order of arrival, once none is under way or so many real seconds have passed."""
        with self._changed:
            self._changed.wait_for(lambda: not self._under_way, within_s)
            return [replace(seen) for seen in self._seen]


def _texts(content: Any) -> Iterator[str]:
    """Yield the texts of a message, whichever way it is written."""
    for part in content if isinstance(content, list) else [content]:
        text = part.get("text") if isinstance(part, dict) else part
        if isinstance(text, str):
            yield text
