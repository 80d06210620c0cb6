"""Cost: the tokens of an answer times the rates of its model, in US dollars.

Pure and in `Decimal`. Every token is in exactly one bucket and every bucket has a rate of its own; where a rate is not
known there is no cost, which is not the same as a cost of 0. Tools that the vendor bills by the call are not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any, NamedTuple

from litellm_lite.registry import ModelInfo

# The vendor's names for what its list prices are for; other service tiers have other rates.
LIST_PRICE_TIERS = frozenset({None, "", "auto", "default", "standard"})

# Wide enough to be exact whatever precision the caller's own decimal context has.
_EXACT = Context(prec=60)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one answer cost, in US dollars. `breakdown` has the buckets that hold tokens and adds up to `total`.

    `price_source` is where the rates are from, `price_date` the ISO date they were read; empty when nobody said.
    """

    input: Decimal
    output: Decimal
    total: Decimal
    breakdown: Mapping[str, Decimal]
    price_source: str
    price_date: str


class _Bucket(NamedTuple):
    """Tokens with a rate of their own: a name for the breakdown, the rate's LiteLLM field, one to fall back to."""

    name: str
    rate: str
    otherwise: str = ""


class _Side(NamedTuple):
    """Half of a usage: the count of all its tokens, and the buckets that its details take out of them."""

    whole: str
    rest: _Bucket
    details: str
    parts: Mapping[str, _Bucket | None]  # None: no rate of their own, they stay with the rest


_PROMPT = _Side(
    "prompt_tokens",
    _Bucket("prompt", "input_cost_per_token"),
    "prompt_tokens_details",
    {
        "text_tokens": None,
        "cached_tokens": _Bucket("cached", "cache_read_input_token_cost", "input_cost_per_token"),
        "cache_write_tokens": _Bucket("cache_write", "cache_creation_input_token_cost"),
        "audio_tokens": _Bucket("audio_input", "input_cost_per_audio_token"),
        # Vision models bill an image as prompt tokens, unless its row prices them apart.
        "image_tokens": _Bucket("image_input", "input_cost_per_image_token", "input_cost_per_token"),
    },
)
_COMPLETION = _Side(
    "completion_tokens",
    _Bucket("completion", "output_cost_per_token"),
    "completion_tokens_details",
    {
        "text_tokens": None,
        # Rejected predictions are billed like any other token of the answer (openai 3.52, CompletionTokensDetails).
        "accepted_prediction_tokens": None,
        "rejected_prediction_tokens": None,
        "reasoning_tokens": _Bucket("reasoning", "output_cost_per_reasoning_token", "output_cost_per_token"),
        "audio_tokens": _Bucket("audio_output", "output_cost_per_audio_token"),
        "image_tokens": _Bucket("image_output", "output_cost_per_image_token"),
    },
)
# A part of the prompt or of the answer that this module has not heard of.
_UNHEARD_OF = _Bucket("other", "")


def price(usage: Mapping[str, Any], info: ModelInfo | None, *, service_tier: str | None = None) -> Cost | None:
    """Price a usage of OpenAI's shape; None when a bucket holds tokens whose rate is not known.

    Cached, written, audio and image tokens are part of `prompt_tokens`, reasoning tokens of `completion_tokens`: each
    bucket is taken out before the rest is priced. Cached and reasoning tokens fall back to the full rate. Not known
    either: a usage without its counts, a prompt larger than the base rates are for, another service tier's rates.
    Raises ValueError, naming both numbers, when a count is negative or counts contradict each other.
    """
    if info is None or info.input_cost_per_token is None or service_tier not in LIST_PRICE_TIERS:
        return None
    counts = _counts(usage)
    if counts is None or (info.tier_threshold is not None and counts[0] > info.tier_threshold):
        return None
    breakdown: dict[str, Decimal] = {}
    paid_in = _add_up(breakdown, _split(usage, _PROMPT, counts[0]), info.row)
    paid_out = _add_up(breakdown, _split(usage, _COMPLETION, counts[1]), info.row)
    if paid_in is None or paid_out is None:
        return None
    return Cost(paid_in, paid_out, _EXACT.add(paid_in, paid_out), breakdown, info.source, info.verified)


def _counts(usage: Mapping[str, Any]) -> tuple[int, int] | None:
    """Read the tokens of prompt and completion; an embedding's usage has no completion, and a total that says so."""
    prompt, completion, total = usage.get("prompt_tokens"), usage.get("completion_tokens"), usage.get("total_tokens")
    if completion is None and prompt == total:
        completion = 0
    if prompt is None or completion is None:
        return None
    _check("prompt_tokens", prompt)
    _check("completion_tokens", completion)
    if total is not None and total != prompt + completion:
        raise ValueError(f"usage contradicts itself: {prompt} + {completion} tokens, but total_tokens is {total!r}")
    return prompt, completion


def _split(usage: Mapping[str, Any], side: _Side, whole: int) -> list[tuple[_Bucket, int]]:
    """Divide all tokens of a side into disjoint buckets; only those that hold any."""
    buckets, rest = [], whole
    details = usage.get(side.details) or {}
    if not isinstance(details, dict):
        raise ValueError(f"usage contradicts itself: {side.details} must be an object, not {details!r}")  # noqa: TRY004
    for name, count in details.items():
        if count and name.endswith("_tokens"):
            _check(name, count)
            bucket = side.parts.get(name, _UNHEARD_OF)
            if bucket is not None:
                buckets.append((bucket, count))
                rest -= count
    if rest < 0:
        raise ValueError(
            f"usage contradicts itself: {side.details} hold {whole - rest} tokens, {side.whole} is {whole}"
        )
    return [(side.rest, rest), *buckets] if rest else buckets


def _add_up(
    breakdown: dict[str, Decimal], buckets: list[tuple[_Bucket, int]], row: Mapping[str, Any]
) -> Decimal | None:
    """Price the buckets into the breakdown and return their sum; None when a rate is missing."""
    total = Decimal(0)
    for bucket, count in buckets:
        rate = row.get(bucket.rate)
        if rate is None:
            rate = row.get(bucket.otherwise)
        if rate is None:
            return None
        breakdown[bucket.name] = _EXACT.multiply(rate, count)
        total = _EXACT.add(total, breakdown[bucket.name])
    return total


def _check(name: str, count: object) -> None:
    if type(count) is not int or count < 0:
        raise ValueError(f"usage contradicts itself: {name} must be a whole number from 0, not {count!r}")
