"""Mending a stream that broke off: what of another leg's chunks the caller still has to see. Pure.

A leg is one stream of one deployment. The first is shown as it comes. A leg that takes over either goes on from the
text shown (a continuation) or answers again (a restart), and passes a gate that lets through only what goes beyond
what was shown, so that the caller holds one answer: nothing twice, nothing lost, nothing of a leg that differs.

Works on OpenAI-shaped dictionaries, which are never changed, and compares by code point.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from litellm_lite.errors import BadGatewayError
from litellm_lite.router.pieces import REASONING, content_of, cut, reasoning_of

if TYPE_CHECKING:
    from litellm_lite.router.deployment import Deployment, Prefill

JSON = dict[str, Any]

_NEVER_SPLICED = {
    "tool_calls": "it calls tools",
    "function_call": "it calls a function",
    "refusal": "it is a refusal",
    "audio": "it holds sound",
    "images": "it holds images",
}
_TOKENS = ("content", *REASONING, *_NEVER_SPLICED)

# So much of the answer's beginning, said again, tells that a leg starts over where it should go on. Of one or two
# characters over and over (a rule of dashes, "ha ha") neither could be told from the other.
_TELLING_LENGTH = 16
_TELLING_VARIETY = 4


class Diverged(BadGatewayError):  # noqa: N818 - a verdict more than a failure
    """A leg that took over does not repeat what was shown; nothing of it was shown."""

    may_retry = False


@dataclass(frozen=True, slots=True)
class Shown:
    """What the caller has seen of a stream: content and reasoning of choice 0.

    `flaw` says why no other leg may be spliced to it; None where one may, and while nothing was shown.
    """

    text: str
    reasoning: str
    flaw: str | None

    def continues(self, deployment: Deployment) -> bool:
        """Whether that deployment can be asked to go on from the text shown."""
        return deployment.prefill is not None and bool(self.text.strip()) and not (self.reasoning or self.flaw)


def continuation(messages: list[JSON], shown: Shown, prefill: Prefill) -> tuple[list[JSON], JSON]:
    """Return the messages that ask to go on from the text shown, and what belongs in the body beside them.

    The text goes without the space at its end: Anthropic answers 400 to that, and the chat templates of Llama strip
    it. What a continuation then repeats of it, `Mender` takes out. An assistant message that the caller ended with
    himself is the beginning of the same answer, so the text is added to that one.
    """
    before, said = messages, {"role": "assistant", "content": shown.text.rstrip()}
    last = messages[-1] if messages else {}
    if last.get("role") == "assistant" and isinstance(last.get("content"), str) and not last.get("tool_calls"):
        before, said = messages[:-1], {**last, "content": last["content"] + said["content"]}
    return [*before, {**said, **prefill.message}], dict(prefill.body)


def speaks(chunk: JSON) -> bool:
    """Whether a chunk holds something that counts as a token."""
    choices = chunk.get("choices") or ()
    return any(choice.get("finish_reason") or any(map(choice["delta"].get, _TOKENS)) for choice in choices)


class Mender:
    """Follows the legs of one answer and decides what of each chunk the caller sees.

    `spliceable`: whether another leg may take over once something was shown, else `why_not`. `hold` shows nothing
    before the answer is whole. Usage is shown of the leg that finishes, never of one that broke off.
    """

    __slots__ = ("_began", "_flaw", "_gate", "_hold", "_kind", "_late", "_reasoning", "_text")

    def __init__(self, *, spliceable: bool = True, why_not: str = "", hold: bool = False) -> None:
        self._flaw = None if spliceable else why_not or "the request does not allow it"
        self._hold = hold
        self._kind: Literal["continuation", "restart"] = "restart"
        self._began = False
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._late: list[JSON] = []
        self._gate: _Opening | None = _Opening(hold)

    def feed(self, chunk: JSON) -> list[JSON]:
        """Return what to show now: nothing, the chunk, or what was held and the chunk.

        Raises Diverged; then only `splice` or `drop` may follow.
        """
        gate = self._gate
        return self._show(chunk) if gate is None else self._pass(gate, gate.take(chunk))

    def end(self) -> list[JSON]:
        """Return what was held of the leg, which ended whole. Raises Diverged if it did not repeat what was shown."""
        passed = [] if self._gate is None else self._pass(self._gate, self._gate.end())
        late, self._late = self._late, []
        return passed + late

    @property
    def spoke(self) -> bool:
        """Whether the current leg has said something that counts as a token and that was not shown before."""
        return self._gate is None or self._gate.spoke

    @property
    def open(self) -> bool:
        """Whether the current leg's chunks are shown as they come, and none is refused."""
        return self._gate is None

    def shown(self) -> Shown:
        """Return what the caller has seen."""
        self._text, self._reasoning = ["".join(self._text)], ["".join(self._reasoning)]
        return Shown(self._text[0], self._reasoning[0], self._flaw if self._began else None)

    def splice(self, kind: Literal["continuation", "restart"]) -> None:
        """Take chunks from another leg from now on. Raises ValueError where nothing may be spliced.

        While nothing was shown it is a first leg, whatever its kind.
        """
        shown = self.shown()
        if shown.flaw is not None:
            raise ValueError(f"no other leg may be spliced to this stream: {shown.flaw}")
        self._kind, self._late = kind, []
        later = _Continuing if kind == "continuation" else _Repeating
        self._gate = later(shown) if self._began else _Opening(self._hold)

    def drop(self) -> None:
        """Forget what was held of the current leg; the next one is of the same kind unless `splice` says other."""
        self.splice(self._kind)

    def _pass(self, gate: _Opening, passed: list[JSON]) -> list[JSON]:
        while gate.done and gate.then is not None:
            gate = gate.then
        self._gate = None if gate.done else gate
        self._began = self._began or bool(passed)
        return [each for chunk in passed for each in self._show(chunk)]

    def _show(self, chunk: JSON) -> list[JSON]:
        """Enter a chunk that the caller may see. Usage before the finish waits: the leg may still break off."""
        choices = chunk.get("choices")
        if not choices and self._flaw is None and chunk.get("usage"):
            self._late.append(chunk)
            return []
        for choice in choices or ():
            self._flaw = self._flaw or _flaw_of(choice)
            self._text.append(content_of(choice))
            self._reasoning.append(reasoning_of(choice))
        if self._late and self._flaw is not None:
            late, self._late = self._late, []
            return [*late, chunk]
        return [chunk]


class _Opening:
    """The gate of a first leg: holds what comes before the first token, which opens it; with `hold`, the end does.

    A gate that is `done` lets everything through, or hands over to the one it names in `then`.
    """

    __slots__ = ("_hold", "done", "held", "spoke", "then")

    def __init__(self, hold: bool = False) -> None:
        self._hold, self.spoke, self.done = hold, False, False
        self.held: list[JSON] = []
        self.then: _Opening | None = None

    def take(self, chunk: JSON) -> list[JSON]:
        """Return what passes now."""
        self.held.append(chunk)
        self.spoke = self.spoke or speaks(chunk)
        return self.end() if self.spoke and not self._hold else []

    def end(self) -> list[JSON]:
        """Return what passes because the leg ended whole."""
        self.spoke = self.done = True
        held, self.held = self.held, []
        return held


class _Repeating(_Opening):
    """The gate of a restart: drops what was shown already, cuts the chunk that goes beyond, and opens there.

    More reasoning than was shown is held until the text is repeated too. Text, a tool call or a finish that comes
    before everything shown was repeated is a difference.
    """

    __slots__ = ("_content", "_reasoning")

    def __init__(self, shown: Shown) -> None:
        super().__init__()
        self._reasoning = _Repeated("reasoning", shown.reasoning)
        self._content = _Repeated("text", shown.text)

    def take(self, chunk: JSON) -> list[JSON]:
        beyond = self._beyond(chunk) if self._missing else chunk
        if beyond is None or not self._missing:
            return [] if beyond is None else super().take(beyond)
        self.held.append(beyond)
        return []

    def end(self) -> list[JSON]:
        self._demand_all()
        return super().end()

    @property
    def _missing(self) -> _Repeated | None:
        """The text that has not been repeated to its end, if there is one."""
        return self._reasoning if self._reasoning.left else self._content if self._content.left else None

    def _demand_all(self) -> None:
        if (missing := self._missing) is not None:
            raise missing.diverged()

    def _beyond(self, chunk: JSON) -> JSON | None:
        """Return what of a chunk was not shown before, None if there is nothing."""
        if not chunk.get("choices"):
            return chunk if chunk.get("usage") else None
        choices = [more for choice in chunk["choices"] if (more := self._beyond_in(choice)) is not None]
        return {**chunk, "choices": choices} if choices else None

    def _beyond_in(self, choice: JSON) -> JSON | None:
        flaw = _flaw_of(choice)
        if choice.get("index"):
            self._demand_all()
            return choice
        reasoning = self._reasoning.beyond(reasoning_of(choice))
        content = self._content.beyond(content_of(choice))
        if content or flaw:
            self._demand_all()
        return cut(choice, reasoning, content) if reasoning or content or flaw else None


class _Repeated:
    """How far a text that was shown has been repeated."""

    __slots__ = ("_name", "_text", "left")

    def __init__(self, name: str, text: str) -> None:
        self._name, self._text, self.left = name, text, len(text)

    def beyond(self, said: str) -> str:
        """Return what of the next piece goes beyond the text. Raises Diverged at the first difference."""
        at = len(self._text) - self.left
        if self._text.startswith(said, at):
            self.left -= len(said)
            return ""
        same = _in_common(said, self._text[at:])
        self.left -= same
        if self.left:
            raise self.diverged()
        return said[same:]

    def diverged(self) -> Diverged:
        """Return the error for a leg that says something else, or nothing, from here on."""
        size = len(self._text)
        return Diverged(f"the restart differs at character {size - self.left + 1} of the {size} of {self._name} shown")


class _Continuing(_Opening):
    """The gate of a continuation: holds it until it is clear that it does not start the answer again.

    It does if it begins with the first characters of what was shown, 16 of them or all there are: then it must pass
    as a restart. Where those are too plain to tell (fewer than four different ones), what was shown as a whole
    decides, and a leg that says all of it again is refused: it could be either.
    """

    __slots__ = ("_at", "_head", "_shown", "_telling")

    def __init__(self, shown: Shown) -> None:
        super().__init__()
        self._shown, self._at = shown, 0
        self._head, self._telling = _head(shown.text)

    def take(self, chunk: JSON) -> list[JSON]:
        self.held.append(chunk)
        for choice in chunk.get("choices") or ():
            if (gate := self._judge(choice)) is not None:
                return self._hand_over(gate)
        return []

    def end(self) -> list[JSON]:
        gate = _Seam(self._shown.text)
        return self._hand_over(gate) + gate.end()

    def _judge(self, choice: JSON) -> _Opening | None:
        """Return the gate for what the leg turns out to be, None while that is open."""
        head, at, content = self._head, self._at, content_of(choice)
        self._at += len(content)
        if self._at < len(head) and head.startswith(content, at) and not _flaw_of(choice):
            return None
        if not content.startswith(head[at:]):
            return _Seam(self._shown.text)
        if not self._telling:
            raise Diverged(f"the {len(head)} characters shown are too plain to tell a continuation from a restart")
        return _Repeating(self._shown)

    def _hand_over(self, gate: _Opening) -> list[JSON]:
        self.done, self.then = True, gate
        return [passed for chunk in self.held for passed in gate.take(chunk)]


class _Seam(_Opening):
    """The gate of a true continuation: takes out what it repeats of the space that the shown text ends with."""

    __slots__ = ("_space",)

    def __init__(self, text: str) -> None:
        super().__init__()
        self._space = text[len(text.rstrip()) :]

    def take(self, chunk: JSON) -> list[JSON]:
        if self._space and chunk.get("choices"):
            chunk = {**chunk, "choices": [self._closed_up(choice) for choice in chunk["choices"]]}
        passed = super().take(chunk) if self.done or _says_anything(chunk) else []
        self.done = self.spoke and not self._space
        return passed

    def _closed_up(self, choice: JSON) -> JSON:
        content = content_of(choice)
        same = _in_common(content, self._space)
        self._space = self._space[same:] if same == len(content) else ""
        return cut(choice, reasoning_of(choice), content[same:]) if same else choice


def _flaw_of(choice: JSON) -> str | None:
    """Return why nothing can be spliced to what holds that choice, None where it can."""
    if choice.get("finish_reason"):
        return "its finish reason was shown"
    if choice.get("index"):
        return "it has several choices"
    delta = choice["delta"]
    for name in delta:
        if name in _NEVER_SPLICED and delta[name]:
            return _NEVER_SPLICED[name]
    return None


def _says_anything(chunk: JSON) -> bool:
    """Whether a chunk holds more than the role, which only the first leg has to tell."""
    fields = (field for choice in chunk.get("choices") or () for field in choice["delta"].items())
    return bool(chunk.get("usage")) or speaks(chunk) or any(said for name, said in fields if name != "role")


def _in_common(one: str, other: str) -> int:
    """Return how many characters two texts begin with in common."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (this, that) in pairs if this != that), min(len(one), len(other)))


def _head(text: str) -> tuple[str, bool]:
    """Return the beginning that a restart is known by, and whether it is telling."""
    different: set[str] = set()
    for place, character in enumerate(text, 1):
        different.add(character)
        if len(different) >= _TELLING_VARIETY and place >= min(_TELLING_LENGTH, len(text)):
            return text[:place], True
    return text, False
