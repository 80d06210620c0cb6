"""The stream of a Response, made of the chunks of a chat completion. Pure.

Reasoning and messages come one after the other, and each is done before the next begins. Calls stay open to the end,
for vendors may send pieces of several in turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from litellm_lite.bridges.carrying import JSON
from litellm_lite.bridges.responses import response as made
from litellm_lite.bridges.responses.open_items import OpenCall, OpenItem, OpenMessage, OpenReasoning
from litellm_lite.errors import APIConnectionError, APIError


class ResponseEvents:
    """Turns chunks into events. What the first chunk makes begins with `response.created`."""

    __slots__ = (
        "_asked", "_begun", "_calls", "_counts", "_created", "_current", "_id", "_number", "_output", "_over",
        "_reason", "_shared", "_told", "response",
    )  # fmt: skip

    def __init__(self, asked: Mapping[str, Any], *, id: str, created: int) -> None:
        self._asked, self._id, self._created = asked, id, created
        self._shared = made.stem(id)
        self._begun: JSON | None = None
        self._number = 0
        self._output: list[OpenItem] = []
        self._current: OpenMessage | OpenReasoning | None = None
        self._calls: list[OpenCall] = []
        self._counts = {"rs": 0, "msg": 0, "fc": 0}
        self._reason: str | None = None
        self._told: JSON = {"usage": None, "service_tier": None}
        self._over = False
        self.response: JSON | None = None
        """The Response as it ended, once it has."""

    def feed(self, chunk: JSON) -> list[JSON]:
        """Return the events a chunk makes."""
        if self._over:
            return []
        events: list[JSON] = [] if self._begun is not None else self._begin(chunk)
        for name in self._told:
            if told := chunk.get(name):
                self._told[name] = told
        for choice in chunk.get("choices") or ():
            if choice.get("index", 0) == 0:  # nobody could ask for more than one
                self._take(choice, events)
        return events

    def end(self, completed: int | None = None) -> list[JSON]:
        """Return what ends the stream: `response.completed`, or `response.incomplete` with the reason.

        `completed` is the time, in seconds since the epoch. A stream without a finish reason was cut, and fails.
        """
        if self._over:
            return []
        if self._begun is None or self._reason is None:
            return self.fail(APIConnectionError("the stream ended before it was complete: it has no finish reason"))
        events: list[JSON] = []
        if not self._output:  # an empty answer is an empty text
            self._message(events).begin_text(events)
        self._close_all(events)
        self._over = True
        output = [item.made() for item in self._output]
        self.response = made.ended(self._begun, output, self._reason, self._told, completed)
        events.append({"type": f"response.{self.response['status']}", "response": self.response})
        return self._numbered(events)

    def fail(self, error: APIError) -> list[JSON]:
        """Return what tells of a failure: `response.failed` with what had come, `error` where nothing had begun."""
        if self._over:
            return []
        self._over = True
        if self._begun is None:
            told = {"code": error.code, "message": str(error), "param": error.param}
            return self._numbered([{"type": "error", **told}])
        output = [item.made() for item in self._output if item.begun]
        self.response = made.failed(self._begun, output, error, self._told)
        return self._numbered([{"type": "response.failed", "response": self.response}])

    def _begin(self, chunk: JSON) -> list[JSON]:
        begun = made.head(self._asked, id=self._id, created=self._created, model=chunk.get("model"))
        self._begun = begun
        return self._numbered([{"type": f"response.{name}", "response": begun} for name in ("created", "in_progress")])

    def _numbered(self, events: list[JSON], first: int = 0) -> list[JSON]:
        for event in events[first:] if first else events:
            event["sequence_number"] = self._number
            self._number += 1
        return events

    def _take(self, choice: JSON, events: list[JSON]) -> None:
        first = len(events)
        delta = choice.get("delta") or {}
        if thought := made.reasoning_in(delta):
            self._reasoning(events).add(thought, events)
        text, logprobs = delta.get("content"), choice.get("logprobs")
        tokens = logprobs.get("content") if logprobs else None
        if text or (tokens and text is not None):
            self._message(events).say(text, tokens or (), events)
        if len(delta) > 1 or not text:
            self._take_rest(delta, events)
        self._reason = choice.get("finish_reason") or self._reason
        self._numbered(events, first)

    def _take_rest(self, delta: JSON, events: list[JSON]) -> None:
        """Take what comes seldom."""
        for each in delta.get("annotations") or ():
            self._message(events).annotate(made.annotation(each), events)
        if refusal := delta.get("refusal"):
            self._message(events).refuse(refusal, events)
        for piece in delta.get("tool_calls") or ():
            self._call_of(piece, events).add(piece.get("function") or {}, events)

    def _message(self, events: list[JSON]) -> OpenMessage:
        """Return the message that is open, a new one if need be."""
        if isinstance(self._current, OpenMessage):
            return self._current
        self._close_current(events)
        message = OpenMessage(len(self._output), self._new_id("msg"), events)
        self._current = message
        self._output.append(message)
        return message

    def _reasoning(self, events: list[JSON]) -> OpenReasoning:
        if isinstance(self._current, OpenReasoning):
            return self._current
        self._close_current(events)
        reasoning = OpenReasoning(len(self._output), self._new_id("rs"), events)
        self._current = reasoning
        self._output.append(reasoning)
        return reasoning

    def _call_of(self, piece: JSON, events: list[JSON]) -> OpenCall:
        """Return the call a piece belongs to, by the same rules as `chunks.join`, a new one if need be."""
        key = piece.get("index")
        known = [call for call in self._calls if key is None or call.key == key]
        if known and not _begins(piece, known[-1]):
            return known[-1]
        self._close_current(events)
        nth = self._counts["fc"]
        told_id = piece.get("id")
        call_id = told_id or made.item_id("call", self._shared, nth)
        call = OpenCall(len(self._output), self._new_id("fc"), call_id, nth if key is None else key, bool(told_id))
        self._calls.append(call)
        self._output.append(call)
        return call

    def _new_id(self, kind: str) -> str:
        nth = self._counts[kind]
        self._counts[kind] += 1
        return made.item_id(kind, self._shared, nth)

    def _close_current(self, events: list[JSON]) -> None:
        if self._current is not None:
            self._current.close("completed", events)
            self._current = None

    def _close_all(self, events: list[JSON]) -> None:
        """Close what is open, in the order it began; where the model could not say all, the last one is not whole."""
        whole = made.is_complete(self._reason)
        for item in self._output:
            if item.open:
                item.close("completed" if whole or item is not self._output[-1] else "incomplete", events)


def _begins(piece: JSON, last: OpenCall) -> bool:
    if piece.get("id") and last.told_id:
        return bool(piece["id"] != last.call_id)
    return piece.get("index") is None and bool((piece.get("function") or {}).get("name"))


def to_bytes(events: Iterable[JSON]) -> bytes:
    """Return events as they stand in the stream."""
    return b"".join(b"event: %b\ndata: %b\n\n" % (event["type"].encode(), orjson.dumps(event)) for event in events)
