"""Holds the rates of a row against those of the second source. Every difference gets a reason from the rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from scripts.registry import oracle
from scripts.registry import rules as tables
from scripts.registry.fields import TIER, Row, tiers
from scripts.registry.rules import Rule, Rules

Rates = Mapping[str, Decimal]
Difference = tuple[str, Decimal | int | None, str]

# What the second source bills tokens as that have no rate of their own.
_BILLED_AS = {
    "cache_read_input_token_cost": "input_cost_per_token",
    "cache_creation_input_token_cost": "input_cost_per_token",
    "cache_creation_input_token_cost_above_1hr": "cache_creation_input_token_cost",
    "input_cost_per_audio_token": "input_cost_per_token",
    "input_cost_per_image_token": "input_cost_per_token",
    "input_cost_per_video_token": "input_cost_per_token",
    "cache_read_input_audio_token_cost": "cache_read_input_token_cost",
    "cache_read_input_image_token_cost": "cache_read_input_token_cost",
    "output_cost_per_audio_token": "output_cost_per_token",
    "output_cost_per_image_token": "output_cost_per_token",
    "output_cost_per_video_token": "output_cost_per_token",
    "output_cost_per_reasoning_token": "output_cost_per_token",
}
# What we do, for the few kinds where that is sure; of the others we do not know the price.
_WE_BILL_AS = {
    "cache_read_input_token_cost": "input_cost_per_token",
    "input_cost_per_image_token": "input_cost_per_token",
    "output_cost_per_reasoning_token": "output_cost_per_token",
}
_COMPARED = frozenset(oracle.RATES.values())
_IN_AND_OUT = "Counts prompt and answer together: {} + {}."
_ROUNDED = "The same window, as a round figure."


def compare(key: str, row: Row, rules: Rules, at: datetime, *, source: str, unexplained: list[str]) -> bool:
    """Compare a row of `source` with the second source's model of that name, and keep differences as conflicts.

    Returns whether the second source knows the model. A difference that no rule explains goes to `unexplained`.
    """
    model = oracle.find(row["litellm_provider"], key.removeprefix(f"{row['litellm_provider']}/"))
    if model is None:
        return False
    differences = [
        *_differences(at_moment(row, at), oracle.list_prices(model, at)),
        *_windows(row, model.context_window),
    ]
    for name, value, plain in differences:
        rule = tables.first(rules.compare, key, name)
        if rule and rule.theirs:
            _take(row, name, value, source, rule)
        elif why := plain or (rule.reason if rule and rule.theirs is False else ""):
            row["conflicts"].append({"field": name, "value": value, "source": oracle.source(), "reason": why})
        else:
            unexplained.append(f"{key}: {name} is {row.get(name)}, {oracle.source()} says {value}")
    return True


def at_moment(row: Row, at: datetime) -> Row:
    """Return the row with the rates that hold at that moment, for vendors that are cheaper off peak."""
    pricing = row.get("off_peak_pricing")
    if pricing and any(_holds(window, at) for window in pricing["windows"]):
        return {**row, **{name: price for name, price in pricing.items() if name != "windows"}}
    return row


def whole(rates: Rates) -> dict[str, Decimal]:
    """Say every rate for every tier: in the second source, a rate without a tier of its own holds there too."""
    kinds = {TIER.sub("", name) for name in rates}
    said = {_name(kind, size): _theirs(kind, size, rates) for kind in kinds for size in (0, *tiers(rates))}
    return {name: rate for name, rate in said.items() if rate is not None}


def _windows(row: Row, theirs: int | None) -> Iterator[Difference]:
    """Yield their window if it is another; why, where that is plain."""
    ours, answer = row.get("max_input_tokens"), row.get("max_output_tokens", 0)
    if theirs is None or ours is None or theirs == ours:
        return
    why = _ROUNDED if abs(theirs - ours) < ours // 20 else ""
    yield "max_input_tokens", theirs, _IN_AND_OUT.format(ours, answer) if theirs == ours + answer else why


def _differences(row: Row, theirs: Rates) -> Iterator[Difference]:
    """Yield every field by which a token would cost something else, with what the second source has there.

    None says that the second source has no such rate, and bills the tokens as others.
    """
    ours = {name: value for name, value in row.items() if TIER.sub("", name) in _COMPARED}
    kinds = sorted({TIER.sub("", name) for name in (*ours, *theirs)})
    for size in sorted({0, *tiers(ours), *tiers(theirs)}):
        for kind in kinds:
            billed = _theirs(kind, size, theirs)
            if _ours(kind, size, ours) != (Decimal(0) if not theirs else billed):
                yield _name(kind, size), billed if kind in theirs else None, ""


def _ours(kind: str, size: int, rates: Mapping[str, Any]) -> Decimal | None:
    """Find our rate for prompts above a size: that of our largest tier that such prompts are in, or none at all."""
    tier = max((ours for ours in tiers(rates) if ours <= size), default=0)
    rate: Decimal | None = rates.get(_name(kind, tier))
    if rate is None and kind in _WE_BILL_AS and not any(TIER.sub("", name) == kind for name in rates):
        return _ours(_WE_BILL_AS[kind], size, rates)
    return rate


def _theirs(kind: str, size: int, rates: Rates) -> Decimal | None:
    """Find theirs: each rate has tiers of its own, and a kind without a rate is billed as another."""
    own = [tier for tier in (0, *tiers(rates)) if tier <= size and _name(kind, tier) in rates]
    if own:
        return rates[_name(kind, own[-1])]
    return _theirs(_BILLED_AS[kind], size, rates) if kind in _BILLED_AS else None


def _name(kind: str, size: int) -> str:
    return f"{kind}_above_{size // 1000}k_tokens" if size else kind


def _take(row: Row, name: str, value: Decimal | int | None, source: str, rule: Rule) -> None:
    """Take the second source's rate, and keep the first one's as the conflict."""
    row["conflicts"].append({"field": name, "value": row.pop(name, None), "source": source, "reason": rule.reason})
    if value is not None:
        row[name] = value


def _holds(window: Mapping[str, Any], at: datetime) -> bool:
    now = f"{at:%H:%M}"
    spans = [span.split("-") for span in window["hours_utc"]]
    inside = any(start <= now < end or (end <= start and (start <= now or now < end)) for start, end in spans)
    return at.isoweekday() in window["weekdays"] and inside
