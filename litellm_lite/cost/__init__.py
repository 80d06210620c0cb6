"""Cost: the tokens of an answer times the rates of its model, in US dollars.

Pure and in `Decimal`. Every token is in exactly one bucket and every bucket has a rate of its own; where a rate is not
known there is no cost, which is not the same as a cost of 0. Tools that the vendor bills by the call are not in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

from litellm_lite.cost.buckets import completion_buckets, prompt_buckets, totals
from litellm_lite.cost.rates import Rates, rate_book, served
from litellm_lite.registry import ModelInfo

# Wide enough to be exact whatever precision the caller's own decimal context has.
EXACT = Context(prec=60)

# Anthropic bills a faster answer, and one from a region, by a factor, and says so in the usage.
_AT_LIST_PRICE = {"speed": (None, "standard"), "inference_geo": (None, "global", "not_available")}
_TELLS_OF_LIST_PRICE = frozenset(_AT_LIST_PRICE)

_NONE_PAID = Decimal(0)


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


def price(
    usage: Mapping[str, Any], info: ModelInfo | None, *, service_tier: str | None = None, at: float | None = None
) -> Cost | None:
    """Price a usage of OpenAI's shape; None when a bucket holds tokens whose rate is not known.

    Cached, written, audio and image tokens are part of `prompt_tokens`, reasoning tokens of `completion_tokens`: each
    bucket is taken out before the rest is priced. The rates are those of the prompt's size and of the service tier,
    which the usage may tell itself. `at` is when the answer came, in epoch seconds; without it the price of a model
    that is cheaper at some hours is not known. Nor is that of a usage without its counts.
    Raises ValueError, naming both numbers, when a count is negative or counts contradict each other.
    """
    found = price_or_reason(usage, info, service_tier=service_tier, at=at)
    return None if isinstance(found, str) else found


def price_or_reason(
    usage: Mapping[str, Any], info: ModelInfo | None, *, service_tier: str | None = None, at: float | None = None
) -> Cost | str:
    """Price a usage as `price` does, or say in a few words what is not known."""
    if info is None:
        return "the model is not in the registry"
    counts = totals(usage)
    if counts is None:
        return "the usage does not tell both prompt_tokens and completion_tokens"
    if not _TELLS_OF_LIST_PRICE.isdisjoint(usage) and (reason := _off_list(usage)):
        return reason
    prompt, completion = counts
    tier = served(service_tier, usage.get("service_tier"))
    book = rate_book(info.row)
    rates = book.rates(prompt, tier, at)
    if rates is None or rates["prompt"] is None:
        return book.unknown("prompt", prompt, tier, at)
    breakdown: dict[str, Decimal] = {}
    paid_in = _pay(breakdown, prompt_buckets(usage, prompt), rates)
    paid_out = _pay(breakdown, completion_buckets(usage, completion), rates)
    if isinstance(paid_in, str):
        return book.unknown(paid_in, prompt, tier, at)
    if isinstance(paid_out, str):
        return book.unknown(paid_out, prompt, tier, at)
    return Cost(paid_in, paid_out, EXACT.add(paid_in, paid_out), breakdown, info.source, info.verified)


def added(costs: Sequence[Cost | None]) -> Cost | None:
    """Return what several answers cost together; None where that of one is not known, or there is none."""
    known = [cost for cost in costs if cost is not None]
    if not known or len(known) < len(costs):
        return None
    buckets = sorted({name for cost in known for name in cost.breakdown})
    breakdown = {name: _sum([cost.breakdown.get(name, _NONE_PAID) for cost in known]) for name in buckets}
    paid_in, paid_out = _sum([cost.input for cost in known]), _sum([cost.output for cost in known])
    return Cost(paid_in, paid_out, EXACT.add(paid_in, paid_out), breakdown, known[0].price_source, known[0].price_date)


def _sum(amounts: Sequence[Decimal]) -> Decimal:
    total = _NONE_PAID
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


def _off_list(usage: Mapping[str, Any]) -> str | None:
    for name, listed in _AT_LIST_PRICE.items():
        if (told := usage.get(name)) not in listed:
            return f"the usage has {name} {told!r}, which is not billed at list prices"
    return None


def _pay(breakdown: dict[str, Decimal], buckets: Mapping[str, int], rates: Rates) -> Decimal | str:
    """Price the buckets into the breakdown and return their sum; or the name of one that has no rate."""
    total = None
    for bucket, count in buckets.items():
        if count:
            rate = rates[bucket]
            if rate is None:
                return bucket
            breakdown[bucket] = paid = EXACT.multiply(rate, count)
            total = paid if total is None else EXACT.add(total, paid)
    return total or _NONE_PAID
