"""The items of a Response while the model is at them: each adds the events of what it is given, and makes itself. Pure.

Events are numbered by who collects them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

from litellm_lite.bridges.carrying import JSON
from litellm_lite.bridges.responses import response as made


class OpenItem(ABC):
    """What all items share: where they stand, and whether they are open."""

    __slots__ = ("begun", "id", "index", "open", "status")

    def __init__(self, index: int, id: str) -> None:
        self.index, self.id = index, id
        self.begun, self.open = False, True
        self.status = "incomplete"  # as long as nobody says otherwise

    def made(self) -> JSON:
        """Return the item as far as it has come."""
        return self._made() | {"status": self.status}

    @abstractmethod
    def _made(self) -> JSON:
        """Return the item without its status."""

    def _begin(self, events: list[JSON]) -> None:
        self.begun = True
        item = self._made() | {"status": "in_progress"}
        events.append({"type": "response.output_item.added", "output_index": self.index, "item": item})

    def _done(self, status: str, events: list[JSON]) -> None:
        self.open, self.status = False, status
        events.append({"type": "response.output_item.done", "output_index": self.index, "item": self.made()})

    @abstractmethod
    def close(self, status: str, events: list[JSON]) -> None:
        """Say that nothing will be added."""

    def _event(self, kind: str, at: int, **fields: Any) -> JSON:
        return {"type": kind, "item_id": self.id, "output_index": self.index, "content_index": at, **fields}


class OpenReasoning(OpenItem):
    """The model's reasoning, as it is."""

    __slots__ = ("_pieces",)

    def __init__(self, index: int, id: str, events: list[JSON]) -> None:
        super().__init__(index, id)
        self._pieces: list[str] = []
        self._begin(events)
        empty = {"type": "reasoning_text", "text": ""}
        events.append(self._event("response.content_part.added", 0, part=empty))

    def add(self, text: str, events: list[JSON]) -> None:
        self._pieces.append(text)
        events.append(self._event("response.reasoning_text.delta", 0, delta=text))

    def close(self, status: str, events: list[JSON]) -> None:
        text = "".join(self._pieces)
        part = {"type": "reasoning_text", "text": text}
        events.append(self._event("response.reasoning_text.done", 0, text=text))
        events.append(self._event("response.content_part.done", 0, part=part))
        self._done(status, events)

    def _made(self) -> JSON:
        item = made.reasoning(self.id, "".join(self._pieces))
        return item if self._pieces else item | {"content": []}


class OpenMessage(OpenItem):
    """What the model says: texts and refusals, each a part of its own. The last part is open."""

    __slots__ = ("_parts", "_pieces")

    def __init__(self, index: int, id: str, events: list[JSON]) -> None:
        super().__init__(index, id)
        self._parts: list[JSON] = []
        self._pieces: list[str] = []
        self._begin(events)

    def begin_text(self, events: list[JSON]) -> None:
        """Make the open part a text."""
        self._turn_to("output_text", events)

    def say(self, text: str, tokens: Iterable[Mapping[str, Any]], events: list[JSON]) -> None:
        part = self._turn_to("output_text", events)
        self._pieces.append(text)
        logprobs = [made.logprob(token) for token in tokens] if tokens else []
        part["logprobs"] += logprobs
        events.append(
            {
                "type": "response.output_text.delta",
                "item_id": self.id,
                "output_index": self.index,
                "content_index": len(self._parts) - 1,
                "delta": text,
                "logprobs": logprobs,
            }
        )

    def annotate(self, annotation: JSON, events: list[JSON]) -> None:
        part = self._turn_to("output_text", events)
        place = {"annotation": annotation, "annotation_index": len(part["annotations"])}
        part["annotations"].append(annotation)
        events.append(self._event("response.output_text.annotation.added", len(self._parts) - 1, **place))

    def refuse(self, text: str, events: list[JSON]) -> None:
        self._turn_to("refusal", events)
        self._pieces.append(text)
        events.append(self._event("response.refusal.delta", len(self._parts) - 1, delta=text))

    def close(self, status: str, events: list[JSON]) -> None:
        self._close_part(events)
        self._done(status, events)

    def _turn_to(self, kind: str, events: list[JSON]) -> JSON:
        """Return the open part, after closing one of another kind."""
        parts = self._parts
        if parts and parts[-1]["type"] == kind:
            return parts[-1]
        self._close_part(events)
        part = made.text_part("") if kind == "output_text" else {"type": "refusal", "refusal": ""}
        empty = made.text_part("") if kind == "output_text" else dict(part)
        parts.append(part)
        events.append(self._event("response.content_part.added", len(parts) - 1, part=empty))
        return part

    def _close_part(self, events: list[JSON]) -> None:
        if not self._parts:
            return
        self._settle()
        part, at = self._parts[-1], len(self._parts) - 1
        if part["type"] == "refusal":
            events.append(self._event("response.refusal.done", at, refusal=part["refusal"]))
        else:
            said = {"text": part["text"], "logprobs": part["logprobs"]}
            events.append(self._event("response.output_text.done", at, **said))
        events.append(self._event("response.content_part.done", at, part=part))

    def _settle(self) -> None:
        """Put what was said into the part that is open."""
        part = self._parts[-1]
        part["refusal" if part["type"] == "refusal" else "text"] += "".join(self._pieces)
        self._pieces.clear()

    def _made(self) -> JSON:
        if self._parts:
            self._settle()
        return made.said(self.id, list(self._parts))


class OpenCall(OpenItem):
    """A call of a function. It begins once its name has come; what came before the name waits."""

    __slots__ = ("_name", "_pieces", "call_id", "key", "told_id")

    def __init__(self, index: int, id: str, call_id: str, key: int, told_id: bool) -> None:
        super().__init__(index, id)
        self.call_id, self.key, self.told_id = call_id, key, told_id
        self._name = ""
        self._pieces: list[str] = []

    def add(self, function: Mapping[str, Any], events: list[JSON]) -> None:
        text = made.as_text(function.get("arguments"))
        if not self.begun:
            self._name = function.get("name") or ""
            if not self._name:
                self._pieces.append(text)
                return
            text = self._start(events) + text
        if text:
            self._pieces.append(text)
            events.append(self._delta(text))

    def close(self, status: str, events: list[JSON]) -> None:
        if not self.begun and (text := self._start(events)):
            self._pieces.append(text)
            events.append(self._delta(text))
        done = {"type": "response.function_call_arguments.done", "item_id": self.id, "output_index": self.index}
        # The name is gone from OpenAI's newer types, and a must in the older ones.
        events.append({**done, "name": self._name, "arguments": "".join(self._pieces)})
        self._done(status, events)

    def _start(self, events: list[JSON]) -> str:
        """Begin, and return the arguments that waited for it."""
        waiting = "".join(self._pieces)
        self._pieces.clear()
        self._begin(events)
        return waiting

    def _delta(self, text: str) -> JSON:
        kind = "response.function_call_arguments.delta"
        return {"type": kind, "item_id": self.id, "output_index": self.index, "delta": text}

    def _made(self) -> JSON:
        return made.call(self.id, self.call_id, self._name, "".join(self._pieces))
