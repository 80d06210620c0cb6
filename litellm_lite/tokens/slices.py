"""Long texts cut into slices before they are encoded: a run without a break takes the encoder too long, or kills it.

tiktoken 0.14 gives up on a million spaces (its pattern matcher runs out of stack), and takes more than its share of
time for a million letters. Up to 25,000 characters of a kind are safe.
"""

from __future__ import annotations

import re

# Llama's reference tokenizer cuts so, and counts so; llama-models 0.3.0.
_SLICE_CHARS = 400_000
_RUN_CHARS = 25_000

_RUNS = re.compile(r"\s+|\S+")
_OTHER_KIND = re.compile(r"\s"), re.compile(r"\S")

# After a letter or a number neither cl100k nor o200k goes on with one of these in the same token, nor after a digit
# with a letter: a cut between them changes nothing. The apostrophe is not among them: "don't" may be a token.
_CERTAIN_CUT = re.compile(
    r"[^\W_](?=[-.,;:!?()\[\]{}<>\"=+*/\\|&^%$#@~`\u3001\u3002\u300a-\u300d\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f])"
    r"|[0-9](?=[A-Za-z])"
)


def reference_slices(text: str) -> tuple[list[str], bool]:
    """Cut a text as Llama's reference tokenizer does; what is counted then is what it counts."""
    slices = []
    for start in range(0, len(text), _SLICE_CHARS):
        piece = text[start : start + _SLICE_CHARS]
        slices += _broken(piece) if _has_long_run(piece) else [piece]
    return slices, True


def certain_slices(text: str) -> tuple[list[str], bool]:
    """Cut a text only where it must be; the second value says whether no cut can have changed the tokens."""
    if not _has_long_run(text):
        return [text], True
    slices, begin, certain = [], 0, True
    for run in _RUNS.finditer(text):
        at = run.start()
        while run.end() - at > _RUN_CHARS:
            cut = _last_certain_cut(text, at, at + _RUN_CHARS)
            certain = certain and cut is not None
            at = cut or at + _RUN_CHARS
            slices.append(text[begin:at])
            begin = at
    return [*slices, text[begin:]], certain


def _broken(text: str) -> list[str]:
    slices, begin = [], 0
    for run in _RUNS.finditer(text):
        for cut in range(run.start() + _RUN_CHARS, run.end(), _RUN_CHARS):
            slices.append(text[begin:cut])
            begin = cut
    return [*slices, text[begin:]]


def _has_long_run(text: str) -> bool:
    """Tell whether more than 25,000 characters may stand in a row that are all white space, or all not.

    Such a run holds one of the samples looked at, whole; a look ends at the first character of the other kind.
    """
    half = _RUN_CHARS // 2
    for start in range(0, len(text) - half, half):
        if _OTHER_KIND[text[start].isspace()].search(text, start, start + half) is None:
            return True
    return False


def _last_certain_cut(text: str, start: int, end: int) -> int | None:
    """Return the last place in a run where a cut changes nothing, if there is one."""
    cut = None
    for found in _CERTAIN_CUT.finditer(text, start, end):
        cut = found.end()
    return cut
