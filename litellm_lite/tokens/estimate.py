r"""Texts for which there is no vocabulary: an estimate of their tokens, and bounds that hold for every usual tokenizer.

Why the bounds hold. Most: tokenizers fall back to bytes, so a token is at least one byte of the text, or of its
compatibility form, where a tokenizer normalises first (Claude 2 did). Least: no token holds letters of two words,
where white space or the punctuation of Chinese stands between; none is longer than 1024 bytes. Both were held
against every token of six vocabularies: Llama 3, Llama 4, cl100k, o200k, Claude 2, DeepSeek V3. A word without a
letter or a number does not count: o200k and Llama 4 have tokens such as `;\n//`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from math import ceil

from litellm_lite.tokens.count import Span

METHOD = "estimate: 4 bytes a token"

_BYTES_A_TOKEN = 4
_LONGEST_TOKEN = 1024  # Claude 2: that many spaces
_MARK = 1  # SentencePiece may put a mark before a text
# Normalising may make one character of up to four bytes, and so a longer part of the text, into one byte.
_LONGEST_TOKEN_CHARS = 4 * _LONGEST_TOKEN

# The punctuation is that of Chinese: full stop, commas, exclamation and question mark, semicolon, colon.
_WORDS = re.compile(r"[^\W_][^\s\u3002\uff0c\u3001\uff01\uff1f\uff1b\uff1a]*")

# White space in a row is one token up to some length; sixteen is what indented code has.
_LONG_BLANKS = re.compile(r"\s{17,}")
_BLANK = " " * 16

# Hangul syllables: their decomposed form is longer, but is never what is counted.
_SYLLABLES = range(0xAC00, 0xD7A4)


def sendable(text: str) -> str:
    """Return the text as UTF-8 can carry it: each lone surrogate becomes the replacement character.

    A request with one is refused before it is sent; what is counted is what a caller sends who replaces them.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def estimate(text: str) -> Span:
    """Estimate the tokens of a text. Four bytes of UTF-8 a token are about right for most languages and for code."""
    text = sendable(text)
    least, most = bounds(text)
    size = len(_LONG_BLANKS.sub(_BLANK, text).encode())
    return Span(max(least, min(most, round(size / _BYTES_A_TOKEN))), least, most)


def bounds(text: str) -> tuple[int, int]:
    """Return the fewest and the most tokens a usual tokenizer can make of a text without lone surrogates."""
    if not text:
        return 0, 0
    words = len(_WORDS.findall(text))
    if text.isascii():
        return max(words, ceil(len(text) / _LONGEST_TOKEN)), len(text) + _MARK
    return max(words, ceil(len(text) / _LONGEST_TOKEN_CHARS)), len(text.encode()) + _grown(text) + _MARK


def _grown(text: str) -> int:
    """Return how many bytes a text may grow by when it is normalised (NFC, NFKC), at most."""
    return sum(count * _growth(char) for char, count in Counter(text).items() if char > "\x7f")


def _growth(char: str) -> int:
    if ord(char) in _SYLLABLES:
        return 0
    return max(0, len(unicodedata.normalize("NFKD", char).encode()) - len(char.encode()))
