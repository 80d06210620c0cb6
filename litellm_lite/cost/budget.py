"""What a call will cost at least and at most, before it is made, and whether a budget allows it.

Pure: the count of the prompt, the model and the limits of the answer are arguments. Tools that the vendor bills by the
call are not in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from litellm_lite.cost import EXACT
from litellm_lite.cost.rates import Possible, RateBook, Rates, rate_book, served
from litellm_lite.errors import BadRequestError, BudgetExceededError, PriceUnknown
from litellm_lite.params import shown
from litellm_lite.registry import ModelInfo
from litellm_lite.tokens.count import TokenCount

# What the tokens of any prompt may be billed as. A price that is not known here says that the vendor has no such thing.
TEXT = frozenset({"prompt", "cached", "cache_write", "cache_write_12h"})

# The parts of a message that hold more than text -> the kinds of tokens they may be billed as.
_PICTURE = frozenset({"image_input", "cached_image"})
_SOUND = frozenset({"audio_input", "cached_audio"})
_MEDIA = {
    **dict.fromkeys("image image_url input_image file input_file document".split(), _PICTURE),
    **dict.fromkeys("audio audio_url input_audio".split(), _SOUND),
    **dict.fromkeys("video video_url input_video".split(), frozenset({"video_input"})),
}
# These must be known, others only where the list has a price for them. No cached token costs more than a fresh one.
_NEEDED = frozenset({"prompt", "image_input", "audio_input", "video_input", "completion"})
_CACHED = frozenset({"cached", "cached_audio", "cached_image"})
_ANSWER = frozenset({"completion", "reasoning", "audio_output", "image_output", "video_output"})

_MOST_DOLLARS = 10**15  # more is a slip, and arithmetic with it may take for ever

# A vendor that is short of priority capacity serves, and bills, the call at list.
_MAY_SERVE = {"priority": (None,)}


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """What a call will cost, in US dollars, before it is made.

    `least` is for the fewest prompt tokens at their cheapest rate, cached where there is a price for that, and no
    answer; `most` for the most of them at their dearest, and `n` answers of `max_tokens`, None where nothing bounds it.
    `prompt` is the count that both rest on, `max_tokens` the longest answer as asked, else the model's own limit.
    """

    model: str
    least: Decimal
    most: Decimal | None
    prompt: TokenCount
    max_tokens: int | None
    n: int
    service_tier: str | None
    price_source: str
    price_date: str


def estimate(
    prompt: TokenCount,
    info: ModelInfo,
    max_tokens: int | None = None,
    *,
    n: int = 1,
    service_tier: str | None = None,
    kinds: frozenset[str] = TEXT,
) -> CostEstimate:
    """Estimate what a call costs; `kinds` are what the tokens of its prompt may be billed as, see `prompt_kinds`.

    Raises PriceUnknown where nothing is known of its price, BadRequestError for an answer of no possible length.
    """
    if max_tokens is not None:
        _check_number("max_tokens", max_tokens, 0)
    _check_number("n", n, 1)
    book, answer = rate_book(info.row), _longest_answer(info) if max_tokens is None else max_tokens
    spans = _spans(book, prompt, info, served(service_tier), kinds)
    mosts = [_most(span, book, kinds, None if answer is None else n * answer) for span in spans]
    return CostEstimate(
        info.key or info.model,
        min(least for span in spans if (least := _least(span, kinds)) is not None),
        None if None in mosts else max(most for most in mosts if most is not None),
        prompt,
        answer,
        n,
        service_tier,
        info.source,
        info.verified,
    )


def prompt_kinds(messages: Iterable[Mapping[str, Any]], tools: Iterable[Any] | None = None) -> frozenset[str]:
    """Return what the tokens of a prompt may be billed as, by the media in it and the caching it asks for."""
    kinds = set(TEXT)
    for part in _parts(messages, tools):
        kinds |= _MEDIA.get(str(part.get("type")), frozenset())
        control = part.get("cache_control")
        if isinstance(control, Mapping) and control.get("ttl") == "1h":
            kinds.add("cache_write_1h")
    return frozenset(kinds)


def check_budget(estimate: CostEstimate, budget: float | Decimal | str) -> None:
    """Raise BudgetExceededError when the call would cost more than the budget, in US dollars, at the very least."""
    allowed = dollars("budget", budget)
    if estimate.least > allowed:
        least, most = _plain(estimate.least), _plain(allowed)
        raise BudgetExceededError(
            float(estimate.least),
            float(allowed),
            f"{estimate.model or 'the model'}: the call would cost at least ${least}, and its budget is ${most}; "
            "shorten the prompt, choose a cheaper model, or raise budget=",
        )


def dollars(name: str, value: object) -> Decimal:
    """Return an amount of US dollars as it is written. Raises BadRequestError for what is none, or beyond all money."""
    try:
        amount = Decimal(value if isinstance(value, int) else str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if isinstance(value, bool) or not amount.is_finite() or not 0 <= amount <= _MOST_DOLLARS:
        raise BadRequestError(f"{name} must be US dollars, a number from 0, not {shown(value)}", param=name)
    return amount


def _spans(
    book: RateBook, prompt: TokenCount, info: ModelInfo, service_tier: str | None, kinds: frozenset[str]
) -> list[Possible]:
    """Find all rates that may hold. Raises PriceUnknown when none of those at the tier that was asked for is known."""
    largest = _largest(prompt, info)
    spans = list(book.possible(prompt.least, largest, service_tier))
    if all(_least(span, kinds) is None for span in spans):
        needed = next((kind for span in spans for kind in _NEEDED & kinds if span.rates[kind] is None), "prompt")
        raise price_unknown(info, book.missing(needed, prompt.least, service_tier))
    for other in _MAY_SERVE.get(service_tier or "", ()):
        spans += book.possible(prompt.least, largest, other)
    return spans


def price_unknown(info: ModelInfo, reason: str) -> PriceUnknown:
    """Return the error for a cost that was asked for; `reason` says what is not known."""
    name = info.key or info.model or "the model"
    return PriceUnknown(
        f"{name}: the cost is not known: {reason}; pass the prices, or add them with register_model()",
        info.provider,
        info.model,
    )


def _largest(prompt: TokenCount, info: ModelInfo) -> int | None:
    """Return the most tokens the prompt can have: a vendor refuses what does not fit the model's window."""
    if prompt.most is not None or info.max_input_tokens is None:
        return prompt.most
    return max(info.max_input_tokens, prompt.least)


def _longest_answer(info: ModelInfo) -> int | None:
    return 0 if info.row.get("mode") == "embedding" else info.max_output_tokens


def _least(span: Possible, kinds: frozenset[str]) -> Decimal | None:
    if any(span.rates[kind] is None for kind in _NEEDED & kinds):
        return None
    if span.rates["cached"] is None:  # cached tokens are cheaper, and nobody knows by how much
        return Decimal(0)
    return EXACT.multiply(min(_known(span.rates, kinds)), span.fewest)


def _most(span: Possible, book: RateBook, kinds: frozenset[str], answer: int | None) -> Decimal | None:
    billable = (kinds - _CACHED) | (_ANSWER if answer != 0 else set())
    if any(span.rates[kind] is None and (kind in _NEEDED or book.has(kind)) for kind in billable):
        return None
    paid_in = _times(max(_known(span.rates, kinds)), span.most)
    paid_out = _times(max(_known(span.rates, _ANSWER), default=Decimal(0)), answer)
    return None if paid_in is None or paid_out is None else EXACT.add(paid_in, paid_out)


def _times(rate: Decimal, tokens: int | None) -> Decimal | None:
    """Multiply; what is free is free however much of it there is."""
    if tokens is None:
        return None if rate else Decimal(0)
    return EXACT.multiply(rate, tokens)


def _known(rates: Rates, kinds: Iterable[str]) -> Iterator[Decimal]:
    return (rate for kind in kinds if (rate := rates[kind]) is not None)


def _parts(messages: Iterable[Mapping[str, Any]], tools: Iterable[Any] | None) -> Iterator[Mapping[str, Any]]:
    """Yield whatever may have a type or be marked for caching: messages, the parts of their contents, tools."""
    for message in messages:
        yield message
        content = message.get("content")
        if isinstance(content, list | tuple):
            yield from (part for part in content if isinstance(part, Mapping))
    yield from (tool for tool in tools or () if isinstance(tool, Mapping))


def _check_number(name: str, number: object, least: int) -> None:
    if type(number) is not int or number < least:
        raise BadRequestError(f"{name} must be a whole number from {least}, not {shown(number)}", param=name)


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize(EXACT):f}"
