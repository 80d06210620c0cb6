"""What the emulator says to a request. Pure: the same request gets the same words; only ids come from outside.

Where the last message is the assistant's, the answer goes on with it: it is the rest of what would have come without.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any, Literal

import orjson

from litellm_lite.emulator.ask import Ask, Tool
from litellm_lite.emulator.messages import Message, Picture, parts_of, text_of
from litellm_lite.emulator.refusal import Refusal
from litellm_lite.emulator.sampler import sample
from litellm_lite.emulator.schema import SchemaError
from litellm_lite.emulator.suggestions import suggest_from, tool_arguments, words_of
from litellm_lite.emulator.vocabulary import is_exact, pieces, prompt_tokens, words
from litellm_lite.tokens.pythonic import pythonic_calls

Finish = Literal["stop", "tool_calls", "length"]

_MOST_QUOTED = 300
_WORDS_WANTED = re.compile(r"\bsay (\d{1,4}) words\b", re.IGNORECASE)
_WORDS_GONE_ON_WITH = 20
_FORMAT_NAMES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/x-icon": "ICO"}

# Words that say nothing about which tool is meant.
_COMMON = frozenset(
    "about also asks from get gets give given have into make name please return returns such tell that the them then "
    "there these they this tool use used user uses using value want what when where which will with would you your "
    "current currently find for and are can could does did how show set run call fetch list now".split()
)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a declared tool; `arguments` is JSON text, cut short when the answer was."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One choice: its text as one piece a token, its calls, and what it cost in tokens."""

    pieces: list[str]
    calls: list[ToolCall]
    finish: Finish
    tokens: int

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.pieces)


@dataclass(frozen=True, slots=True)
class Completion:
    """All choices of an answer, and the tokens of the prompt; `exact` says whose tokens they are."""

    answers: list[Answer]
    prompt_tokens: int
    exact: bool

    @property
    def completion_tokens(self) -> int:
        """The tokens of all choices together."""
        return sum(answer.tokens for answer in self.answers)


def complete(ask: Ask, new_id: Callable[[], str], answer_tokens: int | None = None) -> Completion:
    """Answer a request. A text is of so many tokens if told so, or if the user asks to "say 60 words".

    Raises Refusal (400) when the prompt and the tokens asked for do not fit the model's window, or when a
    schema is beyond the emulator.
    """
    prompt = prompt_tokens(ask)
    needed = prompt + (ask.max_tokens or 0)
    if needed > ask.model.context:
        asked = f" and {ask.max_tokens} for the answer" if ask.max_tokens else ""
        raise Refusal(
            400,
            f"the maximum context length of {ask.model.id} is {ask.model.context} tokens, "
            f"but the request needs {needed}: {prompt} for the prompt{asked}",
        )
    wanted = _WORDS_WANTED.search(_question(ask))
    length = int(wanted[1]) if wanted else answer_tokens
    answers = [_answer(ask, new_id, length) for _ in range(ask.n)]
    return Completion(answers, prompt, ask.model.listed and is_exact(ask.model.family))


def _answer(ask: Ask, new_id: Callable[[], str], length: int | None) -> Answer:
    try:
        if ask.prefilled:
            return _said(ask, _rest(ask, length))
        calls = list(_calls(ask, new_id))
        return _called(ask, calls) if calls else _said(ask, _text(ask, length))
    except SchemaError as error:
        raise Refusal(400, str(error)) from error


def _rest(ask: Ask, length: int | None) -> str:
    """Return what follows the assistant's last message: the rest of the answer it begins, or some words."""
    *before, last = ask.messages
    begun = text_of(last)
    whole = _text(replace(ask, messages=before), length) if before else ""
    return whole.removeprefix(begun) if whole.startswith(begun) else f" {words(length or _WORDS_GONE_ON_WITH)}"


def _text(ask: Ask, length: int | None) -> str:
    if ask.schema is not None:
        return orjson.dumps(sample(ask.schema, suggest_from(_question(ask)))).decode()
    return " ".join(_sentences(ask)) if length is None else words(length)


def _calls(ask: Ask, new_id: Callable[[], str]) -> Iterator[ToolCall]:
    tool = _wanted(ask)
    if tool is not None:
        for arguments in tool_arguments(tool.parameters, _question(ask), parallel=ask.parallel):
            yield ToolCall(new_id(), tool.name, orjson.dumps(arguments).decode())


def _wanted(ask: Ask) -> Tool | None:
    """Choose the tool to call: the forced one; else the one most spoken of, if a user spoke last."""
    if ask.choice == "none" or not ask.tools:
        return None
    if ask.forced is not None:
        return next(tool for tool in ask.tools if tool.name == ask.forced)
    question = _question(ask)
    best = max(ask.tools, key=lambda tool: _mentions(tool, question))
    if ask.choice == "required":
        return best
    return best if ask.messages[-1]["role"] == "user" and _mentions(best, question) else None


def _mentions(tool: Tool, text: str) -> int:
    """Score how much a text speaks of a tool: its name, words of its name, words of its description."""
    if tool.name.lower() in text.lower():
        return 1_000
    spoken = _stems(text)
    return 10 * len(spoken & _stems(tool.name)) + len(spoken & _stems(tool.description))


def _stems(text: str) -> set[str]:
    return {word.rstrip("s") for word in words_of(text) if len(word) > 2 and word not in _COMMON and word.isalpha()}


def _question(ask: Ask) -> str:
    """Return what the user wrote last."""
    return next((text_of(message) for message in reversed(ask.messages) if message["role"] == "user"), "")


def _sentences(ask: Ask) -> Iterator[str]:
    yield f"This is the litellm-lite emulator in the place of {ask.model.id}; no language model is running."
    results = _results(ask.messages)
    if results:
        yield from results
    else:
        last = ask.messages[-1]
        yield from _seen(ask.pictures, last)
        yield f'You wrote: "{_shortened(text_of(last))}"'
    if not is_exact(ask.model.family):
        yield "Its token counts are estimates; pip install 'litellm-lite[llama]' makes them exact."


def _results(messages: list[Message]) -> list[str]:
    """Return a sentence for each tool result at the end of the conversation."""
    names = {call["id"]: call["function"]["name"] for message in messages for call in message.get("tool_calls", ())}
    results = list(takewhile(lambda message: message["role"] == "tool", reversed(messages)))
    return [
        f"{f'The {name} tool' if name else 'A tool'} answered: {_shortened(text_of(message))}"
        for message in reversed(results)
        for name in (names.get(message["tool_call_id"]),)
    ]


def _seen(pictures: list[Picture], message: Message) -> Iterator[str]:
    """Describe the images of the last message, which are the last of all."""
    shown = sum(part["type"] == "image_url" for part in parts_of(message))
    for number, picture in enumerate(pictures[len(pictures) - shown :], 1):
        image = picture.image
        if image is None:
            yield f"Image {number} is at a URL; the emulator does not fetch it."
        else:
            sides = f"{image.width or '?'} x {image.height or '?'} pixels"
            yield f"Image {number} is a {_FORMAT_NAMES[image.media_type]} of {sides}, {image.size} bytes."


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_QUOTED else text[:_MOST_QUOTED] + "…"


def _said(ask: Ask, text: str) -> Answer:
    """Cut a text at the first stop sequence, then at the allowed number of tokens.

    A whole answer costs one token more than its text, the end of turn (measured on the live API).
    """
    for stop in ask.stop:
        text = text.partition(stop)[0]
    said = pieces(text, ask.model.family)
    if ask.max_tokens is not None and len(said) + 1 > ask.max_tokens:
        return Answer(said[: ask.max_tokens], [], "length", ask.max_tokens)
    return Answer(said, [], "stop", len(said) + 1)


def _called(ask: Ask, calls: list[ToolCall]) -> Answer:
    """Count calls as Llama writes them; those past the allowed tokens are dropped and the last one is cut."""
    if ask.max_tokens is None or _call_tokens(ask, calls) <= ask.max_tokens:
        return Answer([], calls, "tool_calls", _call_tokens(ask, calls))
    kept = [call for place, call in enumerate(calls) if not place or _call_tokens(ask, calls[:place]) < ask.max_tokens]
    last = kept.pop()
    cut = ToolCall(last.id, last.name, last.arguments[: len(last.arguments) // 2])
    return Answer([], [*kept, cut], "length", ask.max_tokens)


def _call_tokens(ask: Ask, calls: list[ToolCall]) -> int:
    written: list[dict[str, Any]] = [{"function": {"name": call.name, "arguments": call.arguments}} for call in calls]
    return len(pieces(pythonic_calls(written), ask.model.family)) + 1
