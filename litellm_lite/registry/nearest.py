"""Which of many names reads most like one that is unknown. Pure."""

from __future__ import annotations

from collections.abc import Iterable

# Names that share fewer letters and pairs are not compared letter by letter, which takes a hundred times longer.
_COMPARED = 60
_LONGEST = 120


def nearest(name: str, spellings: Iterable[str], most: int) -> list[str]:
    """Return up to `most` spellings that read like the name, closest first, after a glance at all of them."""
    from difflib import get_close_matches

    name = name[:_LONGEST]
    letters_and_pairs = {*name, *map(str.__add__, name, name[1:])}

    def alike(spelling: str) -> float:
        return sum(map(spelling.__contains__, letters_and_pairs)) / (len(name) + len(spelling))

    return get_close_matches(name, sorted(spellings, key=alike, reverse=True)[:_COMPARED], n=most)
