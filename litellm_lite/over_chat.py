"""Text completions and responses by way of chat, where nobody serves them: what `bridges` says, asked for real.

The bridges are pure; ids and times come from here. What they leave out is told with the answer, as `dropped_params`.
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from litellm_lite.asking import Opened, Told
from litellm_lite.bridges import completions, responses
from litellm_lite.chunks import JSON
from litellm_lite.cost import added
from litellm_lite.errors import APIError, Partial, UnsupportedParamsError
from litellm_lite.native_answers import native_answer
from litellm_lite.transport import exchange

if TYPE_CHECKING:
    from litellm_lite.call import Endpoint

MOST_AT_A_TIME = 16
"""How many of a text completion's prompts are asked side by side."""


class OverChat(ABC):
    """One request that goes over a bridge: `chats` are what is asked, messages and parameters of each."""

    endpoint: Endpoint

    def __init__(
        self, asked: JSON, chats: Sequence[tuple[list[JSON], JSON]], left_out: dict[str, str], id: str
    ) -> None:
        self.asked, self.chats, self.left_out, self.id = asked, chats, left_out, id

    def answered(self, told: Sequence[Told]) -> Any:
        """Return the model of an answer that was made of those of the chats, in their order."""
        first = told[0]
        body = self._body([each.answer.body for each in told], int(first.answer.reply.received_at))
        facts = Together([each.facts for each in told], self.left_out)
        return native_answer(Told(first.answer, facts), self.endpoint, body)

    @abstractmethod
    def _body(self, chats: list[JSON], created: int) -> JSON:
        """Return the answer in the endpoint's shape."""


class TextOverChat(OverChat):
    """A text completion: a chat for each prompt."""

    endpoint = "completions"

    def _body(self, chats: list[JSON], created: int) -> JSON:
        return completions.answer(chats, self.asked, id=self.id, created=created)

    def chunks(self) -> TextChunksOverChat:
        """Return what makes the chunks of a stream."""
        return TextChunksOverChat(completions.CompletionChunks(self.asked, id=self.id, created=exchange.epoch_s()))


class ResponseOverChat(OverChat):
    """A response: one chat."""

    endpoint = "responses"

    def _body(self, chats: list[JSON], created: int) -> JSON:
        return responses.answer(chats[0], self.asked, id=self.id, created=created, completed=exchange.epoch_s())

    def events(self) -> EventsOverChat:
        """Return what makes the events of a stream."""
        return EventsOverChat(responses.ResponseEvents(self.asked, id=self.id, created=exchange.epoch_s()))


def text_over_chat(asked: Mapping[str, Any]) -> TextOverChat:
    """Return the chats of a text completion. Raises UnsupportedParamsError for what a chat cannot carry."""
    kept, left_out = _kept(asked)
    chats = completions.to_chat(kept, drop_params=bool(asked.get("drop_params")), left_out=left_out)
    return TextOverChat(kept, chats, left_out, f"cmpl-{uuid.uuid4()}")


def response_over_chat(asked: Mapping[str, Any], *, stream: bool) -> ResponseOverChat:
    """Return the chat of a response. Raises UnsupportedParamsError for what a chat cannot carry."""
    kept, left_out = _kept(asked)
    if kept.pop("store", None):
        _go_without(asked, "store", "cannot be had: nothing is kept here", left_out)
    chat = responses.to_chat({**kept, "stream": stream}, drop_params=bool(asked.get("drop_params")), left_out=left_out)
    return ResponseOverChat(kept, [chat], left_out, f"resp_{uuid.uuid4().hex}")


def _kept(asked: Mapping[str, Any]) -> tuple[JSON, dict[str, str]]:
    """Return what is asked without what `additional_drop_params` names, which the bridge need not carry."""
    names = asked.get("additional_drop_params") or ()
    names = (
        names if isinstance(names, list | tuple | set | frozenset) else ()
    )  # what is none of these, the chat refuses
    left_out = {name: "named in additional_drop_params" for name in names if asked.get(name) is not None}
    return {name: value for name, value in asked.items() if value is not None and name not in left_out}, left_out


def _go_without(asked: Mapping[str, Any], name: str, why: str, left_out: dict[str, str]) -> None:
    if not asked.get("drop_params"):
        raise UnsupportedParamsError(f"{name} {why}; drop_params=True leaves it out", param=name)
    left_out[name] = why


class Together:
    """What is known of several calls that made one answer: of the first, and of all of them what they cost."""

    __slots__ = ("_facts", "_left_out", "_worked_out")

    def __init__(self, facts: Sequence[Callable[[], dict[str, Any]]], left_out: Mapping[str, str]) -> None:
        self._facts, self._left_out = facts, left_out
        self._worked_out: dict[str, Any] | None = None

    def __call__(self) -> dict[str, Any]:
        if self._worked_out is None:
            self._worked_out = joined([facts() for facts in self._facts], self._left_out)
        return self._worked_out

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (self(),)


def joined(known: Sequence[dict[str, Any]], left_out: Mapping[str, str]) -> dict[str, Any]:
    """Return what is known of several calls together. Where one cost is not known, that of all is not."""
    whole = {**known[0], "dropped_params": {**known[0].get("dropped_params", {}), **left_out}}
    if len(known) > 1:
        cost = added([each.get("cost") for each in known])
        whole |= {"cost": cost, "response_cost": None if cost is None else float(cost.total)}
        if "attempts" in known[0]:
            whole["attempts"] = [attempt for each in known for attempt in each["attempts"]]
    return whole


class EventsOverChat:
    """Makes events of a chat's chunks; a Translator."""

    def __init__(self, machine: responses.ResponseEvents) -> None:
        self._machine = machine

    def feed(self, chunk: JSON) -> list[JSON]:
        return self._machine.feed(chunk)

    def end(self) -> list[JSON]:
        return self._machine.end(exchange.epoch_s())


class TextChunksOverChat:
    """Makes chunks of text of those of the chats, which come one after the other; a Translator."""

    def __init__(self, machine: completions.CompletionChunks) -> None:
        self._machine = machine
        self._texts: dict[int, list[str]] = {}
        self.prompt = 0
        """Whose chunks come now."""

    def feed(self, chunk: JSON) -> list[JSON]:
        made = self._machine.feed(chunk, self.prompt)
        for piece in made:
            for choice in piece["choices"]:
                self._texts.setdefault(choice["index"], []).append(choice["text"])
        return made

    def end(self) -> list[JSON]:
        return self._machine.end()

    def partial(self) -> Partial:
        """Return what has come so far, of all prompts."""
        texts = {index: "".join(pieces) for index, pieces in sorted(self._texts.items())}
        return Partial(texts.get(0, ""), texts, None)


class _InTurn:
    """What both colours share of chats that are streamed one after the other."""

    def __init__(
        self, first: Opened, open_next: Callable[[int], Any], bridge: TextOverChat, translator: TextChunksOverChat
    ) -> None:
        """`first` is open; `open_next` opens the chat of that place."""
        self._current, self._open_next = first.chunks, open_next
        self._count, self._translator = len(bridge.chats), translator
        self._done: list[Any] = []
        self.hidden_params: dict[str, Any] = dict(first.chunks.hidden_params)

    @property
    def usage(self) -> JSON | None:
        """The tokens of all of them; None until all have told theirs."""
        usages = [each.usage for each in self._done]
        if len(usages) < self._count or not all(usages):
            return None
        counts = ("prompt_tokens", "completion_tokens", "total_tokens")
        return {name: sum(usage.get(name) or 0 for usage in usages) for name in counts}

    @property
    def malformed_events(self) -> int:
        count: int = sum(each.malformed_events for each in (*self._done, self._current))
        return count

    def _ended(self) -> bool:
        """Note that one has ended; tell whether it was the last."""
        self._done.append(self._current)
        if len(self._done) == self._count:
            self.hidden_params |= joined([each.hidden_params for each in self._done], {})
        self._translator.prompt = min(len(self._done), self._count - 1)
        return len(self._done) == self._count

    def _failed(self, error: APIError) -> APIError:
        """Return the error with what has come of all prompts, each choice by its place in the answer."""
        error.partial = self._translator.partial()
        return error


class InTurn(_InTurn):
    """The streams of several chats, one after the other; each is opened when the one before it has ended."""

    def __next__(self) -> JSON:
        try:
            while (chunk := next(self._current, None)) is None:
                if self._ended():
                    raise StopIteration
                self._current = self._open_next(len(self._done)).chunks
        except APIError as error:
            raise self._failed(error) from error.__cause__
        made: JSON = chunk
        return made

    def close(self) -> None:
        self._current.close()


class AsyncInTurn(_InTurn):
    """The async twin of `InTurn`."""

    async def __anext__(self) -> JSON:
        try:
            while (chunk := await anext(self._current, None)) is None:
                if self._ended():
                    raise StopAsyncIteration
                self._current = (await self._open_next(len(self._done))).chunks
        except APIError as error:
            raise self._failed(error) from error.__cause__
        made: JSON = chunk
        return made

    async def aclose(self) -> None:
        await self._current.aclose()
