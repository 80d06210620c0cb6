"""What the headers of an answer say about its vendor's limits. Pure: the time of arrival is an argument.

Vendors count requests and tokens, under many names; where one counts the same thing twice (by day and by minute, what
goes in and what comes out), the tightest count is taken. A value that cannot be read says nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from litellm_lite.retry_after import seconds_until, seconds_until_retry


class Limits(NamedTuple):
    """What an answer said of its vendor's limits; None is nothing. Seconds count from its arrival."""

    limit_requests: int | None = None
    remaining_requests: int | None = None
    reset_requests_s: float | None = None
    limit_tokens: int | None = None
    remaining_tokens: int | None = None
    reset_tokens_s: float | None = None
    retry_after: float | None = None


_REQUESTS = (
    "x-ratelimit-{}-requests",  # OpenAI, the Llama API, Azure, Groq, Fireworks
    "x-ratelimit-{}-requests-day",  # Cerebras
    "x-ratelimit-{}",  # OpenRouter, Together
    "ratelimit-{}",  # draft-ietf-httpapi-ratelimit-headers, to version 7
    "anthropic-ratelimit-requests-{}",
)
_TOKENS = (
    "x-ratelimit-{}-tokens",
    "x-ratelimit-{}-tokens-minute",  # Cerebras
    "x-ratelimit-{}-tokens-prompt",  # Fireworks
    "x-ratelimit-{}-tokens-generated",
    "x-tokenlimit-{}",  # Together
    "anthropic-ratelimit-tokens-{}",
    "anthropic-ratelimit-input-tokens-{}",
    "anthropic-ratelimit-output-tokens-{}",
)
_PARTS = ("limit", "remaining", "reset")
_RETRY = ("retry-after-ms", "retry-after")

# Name → what is counted (0 requests, 1 tokens), under which family of names, and which part of it this is.
_PLACES = {
    family.format(part): (counted, family, place)
    for counted, families in enumerate((_REQUESTS, _TOKENS))
    for family in families
    for place, part in enumerate(_PARTS)
}
_NAMES = frozenset(_PLACES) | frozenset(_RETRY)

_LONGEST_COUNT = 64  # characters; what is longer is no count, and costs time

_Texts = Sequence[str | None]
_Count = tuple[int | None, int | None, float | None]
_NOTHING = Limits()


def limits_of(headers: Mapping[str, str], epoch_s: float) -> Limits | None:
    """Return what the headers say; None where they say nothing, which is found out quickly.

    `headers` has lower-case names; `epoch_s` is when they came, for vendors that name a date.
    """
    told = {name: text for name, text in headers.items() if name in _NAMES}
    if not told:
        return None
    texts: tuple[dict[str, list[str | None]], dict[str, list[str | None]]] = ({}, {})
    for name, text in told.items():
        if (place := _PLACES.get(name)) is not None:
            counted, family, part = place
            if (count := texts[counted].get(family)) is None:
                count = texts[counted][family] = [None, None, None]
            count[part] = text
    requests, tokens = _tightest(texts[0], epoch_s), _tightest(texts[1], epoch_s)
    limits = Limits(*requests, *tokens, _retry_after(told, epoch_s))
    return None if limits == _NOTHING else limits


def _tightest(families: Mapping[str, _Texts], epoch_s: float) -> _Count:
    """Return the count of which least remains, of two such the one that resets later."""
    if len(families) == 1:
        (only,) = families.values()
        return _read(only, epoch_s)
    return min((_read(texts, epoch_s) for texts in families.values()), key=_looseness, default=(None, None, None))


def _looseness(count: _Count) -> tuple[float, float]:
    _, remaining, reset_s = count
    return (math.inf if remaining is None else remaining), -(reset_s or 0.0)


def _read(texts: _Texts, epoch_s: float) -> _Count:
    limit, remaining, reset = texts
    return _number(limit), _number(remaining), None if reset is None else seconds_until(reset, epoch_s)


def _number(text: str | None) -> int | None:
    """Read a count; where it is followed by others (`100, 100;w=60`), the first."""
    if text is None or len(text) > _LONGEST_COUNT:
        return None
    try:
        return int(text)
    except ValueError:
        first = text.partition(",")[0].partition(";")[0]
    try:
        number = float(first)
    except ValueError:
        return None
    return int(number) if math.isfinite(number) else None


def _retry_after(told: Mapping[str, str], epoch_s: float) -> float | None:
    if "retry-after" not in told and "retry-after-ms" not in told:
        return None
    return seconds_until_retry({name: told[name] for name in _RETRY if name in told}, epoch_s)
