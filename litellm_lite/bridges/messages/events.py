"""Chat chunks → the events of a Message, one block after the other. Pure.

A Message is told block by block, and a chat may tell several tool calls at once. The block at the front of the line is
told as it comes; the others wait until it is whole: a text once something else follows it, a call once every bracket
of its arguments is closed.
"""

from __future__ import annotations

import re
from collections import deque

import orjson

from litellm_lite.bridges.messages.failure import error_body
from litellm_lite.bridges.messages.reading import JSON
from litellm_lite.bridges.messages.reply import (
    CUT,
    broken,
    made_id,
    matched,
    message_head,
    read_arguments,
    shows_thinking,
    stop_of,
    thinking_of,
    usage_of,
)
from litellm_lite.chunks import begins_call
from litellm_lite.errors import APIConnectionError

PING: JSON = {"type": "ping"}
"""May be sent at any time after the first event."""

_EMPTY: dict[str, JSON] = {
    "text": {"type": "text", "text": ""},
    "thinking": {"type": "thinking", "thinking": "", "signature": ""},
}
# Of each kind of block: the type of its deltas, and the field that carries them.
_DELTAS = {
    "text": ("text_delta", "text"),
    "thinking": ("thinking_delta", "thinking"),
    "tool_use": ("input_json_delta", "partial_json"),
}
_STEPS = {"{": 1, "[": 1, "}": -1, "]": -1}
_MARKS = re.compile(r'["{}\[\]]|\\.', re.DOTALL)


def to_bytes(event: JSON) -> bytes:
    """Return an event as it travels."""
    return b"event: %b\ndata: %b\n\n" % (event["type"].encode(), orjson.dumps(event))


class _Block:
    """A text or a thinking, and what of it waits to be told."""

    __slots__ = ("kind", "opened", "waiting")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.waiting: list[str] = []
        self.opened = False

    def head(self, *, ending: bool) -> JSON | None:  # noqa: ARG002 - for calls
        """Return what the block begins with, None while that is not known."""
        return dict(_EMPTY[self.kind])

    def whole(self) -> bool:
        """Tell whether nothing of it is missing, now that something follows it."""
        return True

    def check(self, *, cut: bool) -> None:
        """Raise APIResponseValidationError for a block that is none."""


class _Call(_Block):
    """A tool call; its id and its name may come after its first piece."""

    __slots__ = ("_brackets", "_looked_at", "_made", "_pieces", "closed", "id", "name")

    def __init__(self, made: str) -> None:
        super().__init__("tool_use")
        self._made = made
        self._pieces: list[str] = []
        self._looked_at = 0  # how many of the pieces
        self._brackets = _Brackets()
        self.id = self.name = ""
        self.closed = False

    def add(self, arguments: str) -> None:
        self._pieces.append(arguments)

    def head(self, *, ending: bool) -> JSON | None:
        if ending and not self.name:
            raise broken("a tool call has no name")
        if not self.name or not (self.id or ending):
            return None
        return {"type": "tool_use", "id": self.id or self._made, "name": self.name, "input": {}}

    def whole(self) -> bool:
        new = "".join(self._pieces[self._looked_at :])
        self._looked_at = len(self._pieces)
        return self._brackets.close_in(new)

    def check(self, *, cut: bool) -> None:
        read_arguments(self.name, "".join(self._pieces), cut=cut)
        self.closed = True


class _Brackets:
    """Follows the brackets of a JSON text that comes in pieces, so that no piece is read twice."""

    __slots__ = ("_depth", "_escape", "_quoted")

    def __init__(self) -> None:
        self._depth, self._quoted = 0, False
        self._escape = ""  # a backslash at the end of a piece, which belongs to the next

    def close_in(self, text: str) -> bool:
        """Tell whether the outermost bracket closes in the next piece."""
        text, at = self._escape + text, 0
        for mark in _MARKS.finditer(text):
            at = mark.end()
            if mark[0] == '"':
                self._quoted = not self._quoted
            elif not self._quoted and mark[0] in _STEPS:
                self._depth += _STEPS[mark[0]]
                if self._depth == 0:
                    return True
        self._escape = "\\" if text.endswith("\\") and at < len(text) else ""
        return False


class MessageEvents:
    """The events of one Message; `feed` and `end` return those that are due. After `fail` nothing follows.

    Both may raise APIResponseValidationError for an answer that is no Message; that error then belongs into `fail`.
    """

    __slots__ = (
        "_blocks", "_body", "_calls", "_id", "_index", "_last", "_made", "_over", "_reason", "_refused", "_sequence",
        "_shows_thinking", "_started", "_usage",
    )  # fmt: skip

    def __init__(self, body: JSON, *, id: str) -> None:
        self._body, self._id = body, id
        self._shows_thinking = shows_thinking(body)
        self._blocks: deque[_Block] = deque()
        self._index = 0  # of the block at the front
        self._calls: dict[int, _Call] = {}
        self._last: _Call | None = None
        self._made = 0  # how many calls have begun
        self._started = self._over = self._refused = False
        self._reason: str | None = None
        self._sequence: str | None = None
        self._usage: JSON | None = None

    def feed(self, chunk: JSON) -> list[JSON]:
        """Return the events that a chunk makes."""
        if self._over:
            return []
        if usage := chunk.get("usage"):
            self._usage = usage
        events: list[JSON] = []
        if not self._started:
            self._started = True
            events.append(self._start(chunk))
        for choice in chunk.get("choices") or ():
            if not choice.get("index"):
                try:
                    self._take(choice, events)
                except (AttributeError, TypeError) as error:
                    raise broken("a chunk of it has another shape") from error
        return events

    def end(self) -> list[JSON]:
        """Return the last events: why the Message ended and what it took, and that it is whole."""
        if self._over:
            return []
        if self._reason is None:
            return self.fail(APIConnectionError("the stream ended before it was complete: nothing says why it ended"))
        events: list[JSON] = []
        self._tell(events, ending=True)
        self._over = True
        stop = stop_of(self._reason, self._sequence, calls=self._made > 0, refused=self._refused)
        events.append({"type": "message_delta", "delta": stop, "usage": usage_of(self._usage)})
        events.append({"type": "message_stop"})
        return events

    def fail(self, error: Exception, request_id: str | None = None) -> list[JSON]:
        """Return the last event of a stream that broke; none where the Message is whole already."""
        if self._over:
            return []
        self._over = True
        return [error_body(error, request_id)[1]]

    def _start(self, chunk: JSON) -> JSON:
        told = usage_of(self._usage)
        # What is counted so far; the last event has the whole.
        usage = {**told, "input_tokens": told["input_tokens"] or 0, "output_tokens": told["output_tokens"] or 0}
        head = message_head(self._id, chunk, self._body)
        blank: JSON = {"content": [], "stop_reason": None, "stop_sequence": None}
        return {"type": "message_start", "message": {**head, **blank, "usage": usage}}

    def _take(self, choice: JSON, events: list[JSON]) -> None:
        delta = choice.get("delta") or {}
        if self._shows_thinking and (thought := thinking_of(delta)):
            self._prose("thinking", thought, events)
        if text := delta.get("content"):
            self._prose("text", text, events)
        if refused := delta.get("refusal"):
            self._refused = True
            self._prose("text", refused, events)
        for piece in delta.get("tool_calls") or ():
            self._call(piece, events)
        if reason := choice.get("finish_reason"):
            self._reason, self._sequence = reason, matched(choice, self._body)
            self._tell(events, ending=True)

    def _prose(self, kind: str, text: str, events: list[JSON]) -> None:
        blocks = self._blocks
        if not blocks or blocks[-1].kind != kind:
            blocks.append(_Block(kind))
        self._add(blocks[-1], text, events)

    def _call(self, piece: JSON, events: list[JSON]) -> None:
        call = self._call_of(piece)
        function = piece.get("function") or {}
        call.id = call.id or piece.get("id") or ""
        call.name = call.name or function.get("name") or ""
        arguments = function.get("arguments") or ""
        text = arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()
        if call.closed:
            if text.strip():
                raise broken(f"the arguments of the call of tool {call.name!r} go on after their end")
            return
        if text:
            call.add(text)
        self._add(call, text, events)

    def _call_of(self, piece: JSON) -> _Call:
        """Return the call a piece belongs to, a new one if need be; as `chunks.join` does."""
        index = piece.get("index")
        known = self._last if index is None else self._calls.get(index)
        if known is not None and not begins_call(piece, {"id": known.id}):
            return known
        call = _Call(made_id(self._id, self._made))
        self._calls[self._made if index is None else index] = self._last = call
        self._made += 1
        self._blocks.append(call)
        return call

    def _add(self, block: _Block, text: str, events: list[JSON]) -> None:
        """Add to a block, and tell what can be told."""
        if block.opened and len(self._blocks) == 1:  # nearly always
            if text:
                events.append(self._delta(block.kind, text))
            return
        if text:
            block.waiting.append(text)
        self._tell(events, ending=False)

    def _tell(self, events: list[JSON], *, ending: bool) -> None:
        """Tell the block at the front, and those behind it as far as each is whole."""
        blocks = self._blocks
        while blocks:
            block = blocks[0]
            if not block.opened:
                head = block.head(ending=ending)
                if head is None:
                    return
                block.opened = True
                events.append({"type": "content_block_start", "index": self._index, "content_block": head})
            if block.waiting:
                events.append(self._delta(block.kind, "".join(block.waiting)))
                block.waiting.clear()
            if not ending and (len(blocks) == 1 or not block.whole()):
                return
            block.check(cut=self._reason == CUT)
            events.append({"type": "content_block_stop", "index": self._index})
            self._index += 1
            blocks.popleft()

    def _delta(self, kind: str, text: str) -> JSON:
        type, field = _DELTAS[kind]
        return {"type": "content_block_delta", "index": self._index, "delta": {"type": type, field: text}}
