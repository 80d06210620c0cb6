"""A row's prices in words: per million tokens, by the kind of token and by the condition under which a rate holds.

It only reads a row; what a usage costs is computed by `litellm_lite.cost`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from litellm_lite.cli.columns import Facts, Sheet
from litellm_lite.cli.show import plain
from litellm_lite.cost.rates import FIELDS
from litellm_lite.registry.info import ModelInfo
from litellm_lite.registry.rows import is_price

STANDARD = "standard"

_WORDS = {"prompt": "input", "completion": "output", "cached": "cache read"}
# The two that every model has stand first.
_KINDS = tuple(dict.fromkeys(["prompt", "completion", *FIELDS]))
_KIND_OF = {field: kind for kind, field in FIELDS.items()}

_LONGEST_FIRST = "|".join(sorted(_KIND_OF, key=len, reverse=True))
_RATE = re.compile(rf"({_LONGEST_FIRST})(?:_above_(\d+)k_tokens)?(?:_([a-z]+))?")
_TABLES = frozenset({"tiered_pricing", "off_peak_pricing"})


@dataclass(frozen=True, slots=True)
class Rate:
    """One price of a token: its field, the kind of token, dollars per million, and when it holds.

    `when` is a service tier or a time of the day, empty at list price; `size` is the prompt from which it holds.
    """

    field: str
    kind: str
    per_million: Decimal
    when: str = ""
    prompt: str = ""
    size: int = 0

    @property
    def condition(self) -> str:
        return ", ".join(filter(None, (self.when, self.prompt))) or STANDARD


def in_words(kind: str) -> str:
    """Name a kind of token as the command line does; `kind` is what a cost's breakdown calls it."""
    return _WORDS.get(kind) or kind.replace("_", " ")


def per_million(price: Decimal) -> Decimal:
    """Turn the price of a token into that of a million; shifting the point is exact."""
    return price.scaleb(6)


def dollars(amount: Decimal) -> str:
    return f"${plain(amount)}"


def shown_value(field: str, value: object) -> str:
    """Write the value of a field; the price of a token as that of a million, a limit with its thousands apart."""
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        if _RATE.fullmatch(field):
            return f"{dollars(per_million(Decimal(value)))} per million"
        return f"{value:,}" if isinstance(value, int) else plain(value)
    return str(value)


def rates(info: ModelInfo) -> list[Rate]:
    """List the prices of tokens: at list price first, longer prompts after shorter ones, then other tiers and times."""
    found = [*_of_fields(info.row, info.row.get("tier_includes_threshold") is True), *_nested(info.row)]
    return sorted(found, key=lambda rate: (rate.when, rate.size, _KINDS.index(rate.kind)))


def varies(info: ModelInfo) -> bool:
    """Tell whether list prices change with the size of the prompt or the hour."""
    return info.tier_threshold is not None or "off_peak_pricing" in info.row


def by_name(info: ModelInfo) -> dict[str, Decimal]:
    """Give the prices per million tokens under the names of their fields."""
    return {rate.field: rate.per_million for rate in rates(info)}


def price_sheet(info: ModelInfo) -> Sheet | None:
    """Lay the prices out: a row for each condition, a column for each kind of token."""
    found = rates(info)
    if not found:
        return None
    kinds = [kind for kind in _KINDS if any(rate.kind == kind for rate in found)]
    known = {(rate.condition, rate.kind): rate.per_million for rate in found}
    conditions = dict.fromkeys(rate.condition for rate in found)
    rows = [(condition, *(known.get((condition, kind), "-") for kind in kinds)) for condition in conditions]
    words = [in_words(kind) for kind in kinds]
    return Sheet(("$ per million tokens", *words), rows, numbers=frozenset(words))


def other_prices(info: ModelInfo) -> Facts:
    """Yield what is not priced by the token (searches, images, seconds), in dollars under the field's name."""
    for name, value in info.row.items():
        if is_price(name) and name not in _TABLES and not _RATE.fullmatch(name):
            parts = value.items() if isinstance(value, Mapping) else [("", value)]
            for part, price in parts:
                if isinstance(price, Decimal | int):
                    yield f"{name}.{part}".rstrip("."), dollars(Decimal(price))


def _of_fields(row: Mapping[str, Any], from_threshold: bool) -> Iterator[Rate]:
    for name, value in row.items():
        parsed = _RATE.fullmatch(name)
        if parsed and isinstance(value, Decimal | int):
            kind, size, when = _KIND_OF[parsed[1]], int(parsed[2] or 0), parsed[3] or ""
            prompt = f"{'from' if from_threshold else 'above'} {size}k" if size else ""
            yield Rate(name, kind, per_million(Decimal(value)), when, prompt, size * 1000)


def _nested(row: Mapping[str, Any]) -> Iterator[Rate]:
    """Read the two other ways of LiteLLM's file to say that a rate changes: by the hour, and by ranges of sizes."""
    off_peak = row.get("off_peak_pricing")
    if isinstance(off_peak, Mapping):
        for rate in _of_fields(off_peak, from_threshold=False):
            yield replace(rate, field=f"off_peak_pricing.{rate.field}", when="off peak")
    for place, tier in enumerate(row.get("tiered_pricing") or ()):
        if isinstance(tier, Mapping) and "range" in tier:
            first, last = tier["range"]
            prompt = f"above {first:,}" if last is None else f"{first:,} to {last:,}"
            for rate in _of_fields(tier, from_threshold=False):
                field = f"tiered_pricing.{place}.{rate.field}"
                yield replace(rate, field=field, prompt=prompt, size=first)
