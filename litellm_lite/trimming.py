"""Messages cut to a budget of tokens: what a model was told and what was said last stay, the middle goes.

LiteLLM's `trim_messages`, with three differences: a tool call is never parted from its results, the input is never
returned unchanged where it does not fit, and a window that is not known is an error and no reason to do nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, overload

from litellm_lite.counting import chat, is_count, meant
from litellm_lite.errors import BadRequestError, ContextWindowExceededError, NotFoundError
from litellm_lite.params import shown
from litellm_lite.registry import ModelInfo
from litellm_lite.tokens.counting import PromptCounter, counter_for

Message = dict[str, Any]
Group = list[int]
"""Places of messages that stay or go together."""

_GAP = ".."
_FEWEST_CHARS = 16  # less of a text is not worth keeping
_SYSTEM = frozenset({"system", "developer"})
_RESULTS = frozenset({"tool", "function"})


@overload
def trim_messages(
    messages: Sequence[Any],
    model: str | None = None,
    trim_ratio: float = 0.75,
    return_response_tokens: Literal[False] = False,
    max_tokens: int | None = None,
) -> list[Any]: ...
@overload
def trim_messages(
    messages: Sequence[Any],
    model: str | None = None,
    trim_ratio: float = 0.75,
    *,
    return_response_tokens: Literal[True],
    max_tokens: int | None = None,
) -> tuple[list[Any], int]: ...
@overload
def trim_messages(
    messages: Sequence[Any],
    model: str | None = None,
    trim_ratio: float = 0.75,
    return_response_tokens: bool = False,
    max_tokens: int | None = None,
) -> list[Any] | tuple[list[Any], int]: ...
def trim_messages(
    messages: Sequence[Any],
    model: str | None = None,
    trim_ratio: float = 0.75,
    return_response_tokens: bool = False,
    max_tokens: int | None = None,
) -> list[Any] | tuple[list[Any], int]:
    """Return the messages that fit into `max_tokens`, or into that part of the model's window.

    System messages stay, then the last message, a tool's results with the call they answer; then as many before it as
    fit, newest first. The first that does not fit is shortened in its middle, if it is plain text. The messages
    returned are the caller's own, and none is changed. With `return_response_tokens` comes what is left of the budget.
    The count is `count_tokens`'s; where that is an estimate, `trim_ratio` leaves room for its error.

    Raises ContextWindowExceededError where what must stay does not fit, NotFoundError where no window is known.
    """
    provider, name, info = meant(model or "")
    budget = _budget(max_tokens, trim_ratio, info, model)
    plain = chat(messages)
    kept, left = _Trim(plain, counter_for(provider, name), budget).run()
    trimmed = [messages[place] if text is None else {**plain[place], "content": text} for place, text in kept]
    return (trimmed, left) if return_response_tokens else trimmed


def _budget(max_tokens: Any, trim_ratio: Any, info: ModelInfo | None, model: str | None) -> int:
    if max_tokens is not None:
        if not is_count(max_tokens):
            raise BadRequestError(f"max_tokens must be a whole number from 0, not {shown(max_tokens)}")
        return int(max_tokens)
    if not isinstance(trim_ratio, int | float) or not 0 < trim_ratio <= 1:
        raise BadRequestError(f"trim_ratio must be a number above 0 and up to 1, not {shown(trim_ratio)}")
    window = info.max_input_tokens if info else None
    if window is None:
        raise NotFoundError(
            f"trim_messages: the window of {model!r} is not known; pass max_tokens=, or call register_model()",
            model=model or "",
        )
    return int(window * trim_ratio)


@dataclass(slots=True)
class _Trim:
    """One trimming: `left` is what remains of the budget. Places stand for messages; a text beside one replaces its."""

    messages: list[Message]
    counter: PromptCounter
    left: int

    def run(self) -> tuple[list[tuple[int, str | None]], int]:
        costs = [self.counter.chat.message(message).tokens for message in self.messages]
        budget = self.left
        self.left -= self.counter.chat.once(self.messages).tokens
        system = [place for place, message in enumerate(self.messages) if message["role"] in _SYSTEM]
        self.left -= sum(costs[place] for place in system)
        kept: list[tuple[int, str | None]] = [(place, None) for place in system]
        groups = _groups(self.messages)
        for group in reversed(groups):
            cost = sum(costs[place] for place in group)
            if cost <= self.left:
                self.left -= cost
                kept += [(place, None) for place in group]
                continue
            if (text := self._shortened(group, cost)) is not None:
                kept.append((group[0], text))
            elif group is groups[-1]:
                raise _too_much(budget - self.left + cost, budget)
            break
        if self.left < 0:
            raise _too_much(budget - self.left, budget)
        return sorted(kept, key=lambda entry: entry[0]), self.left

    def _shortened(self, group: Group, cost: int) -> str | None:
        """Return the text of a message with as much of its middle left out as must be; None where that cannot be."""
        message = self.messages[group[0]]
        text = message.get("content")
        if len(group) > 1 or not isinstance(text, str) or message["role"] in _RESULTS or message.get("tool_calls"):
            return None
        size = len(text)
        while self.left > 0:
            size = min(size * self.left // cost, size * 49 // 50)
            if size < _FEWEST_CHARS:
                break
            shorter = text[: size - size // 2] + _GAP + text[len(text) - size // 2 :]
            cost = self.counter.chat.message({**message, "content": shorter}).tokens
            if cost <= self.left:
                self.left -= cost
                return shorter
        return None


def _groups(messages: Sequence[Message]) -> list[Group]:
    """Put each call of tools together with its results; every other message but the system's stands alone."""
    groups: list[Group] = []
    for place, message in enumerate(messages):
        if message["role"] in _SYSTEM:
            continue
        if message["role"] in _RESULTS and groups and _takes_results(messages[groups[-1][0]]):
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups


def _takes_results(first: Message) -> bool:
    return first["role"] in _RESULTS or bool(first.get("tool_calls") or first.get("function_call"))


def _too_much(tokens: int, budget: int) -> ContextWindowExceededError:
    return ContextWindowExceededError(
        f"trim_messages: the system messages and the last message have {tokens:,} tokens, more than the budget of "
        f"{budget:,}; raise max_tokens or shorten them",
        param="messages",
    )
