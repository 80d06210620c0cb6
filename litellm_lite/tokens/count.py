"""A count of tokens as a value: how many, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TokenCount:
    """A count of tokens, with bounds that hold for certain.

    `tokens` is the best count there is. `least` never exceeds what the vendor will count; `most` is never below it,
    and None where nothing bounds it. Where `exact`, all three are the same. `method` says in a few words how it was
    counted: "llama4 vocabulary", "o200k_base", "estimate: 4 bytes a token".
    """

    tokens: int
    exact: bool
    least: int
    most: int | None
    method: str

    def __int__(self) -> int:
        return self.tokens
