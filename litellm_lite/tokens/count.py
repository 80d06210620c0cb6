"""A count of tokens as a value: how many, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TokenCount:
    """A count of tokens, with the bounds it lies between.

    `tokens` is the best count there is. `least` never exceeds what the vendor will count; `most` is never below it,
    and None where nothing bounds it; docs/tokens.md says what both rest on. Where `exact`, all three are the same.
    `method` says in a few words how it was counted: "llama4 vocabulary", "estimate: 4 bytes a token".
    """

    tokens: int
    exact: bool
    least: int
    most: int | None
    method: str

    def __int__(self) -> int:
        return self.tokens


@dataclass(frozen=True, slots=True)
class Span:
    """The tokens of one part of a prompt: the best count, and the bounds it lies between. Parts add up."""

    tokens: int
    least: int
    most: int | None

    def __add__(self, other: Span) -> Span:
        most = None if self.most is None or other.most is None else self.most + other.most
        return Span(self.tokens + other.tokens, self.least + other.least, most)

    def counted(self, method: str) -> TokenCount:
        """Return the sum of all parts as a count."""
        return TokenCount(self.tokens, self.least == self.most, self.least, self.most, method)


Measure = Callable[[str], Span]
"""Counts the tokens of a plain text."""

NOTHING = Span(0, 0, 0)


def exactly(tokens: int) -> Span:
    return Span(tokens, tokens, tokens)


def up_to(most: int | None) -> Span:
    """Return a part that may be nothing at all, and is not counted."""
    return Span(0, 0, most)
