"""What looks wrong in a row: for people to decide by a rule. Knows no source."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from scripts.registry.fields import TIER, Row, is_price, tiers

_PAIRS = (
    ("cache_read_input_token_cost", "input_cost_per_token"),
    ("cache_read_input_audio_token_cost", "input_cost_per_audio_token"),
    ("cache_read_input_image_token_cost", "input_cost_per_image_token"),
)
# Dollars per token that no model costs: a slip by a factor of a thousand.
_ABSURD = Decimal("0.001")


def doubts(row: Row) -> Iterator[str]:
    """Yield one sentence for each oddity of a row that its own conflicts and notes do not speak of."""
    spoken = {conflict["field"] for conflict in row.get("conflicts", ())}
    for name, sentence in _oddities(row):
        if name not in spoken:
            yield sentence


def _oddities(row: Row) -> Iterator[tuple[str, str]]:
    for name, value in row.items():
        if is_price(name) and value > _ABSURD and "token" in name:
            yield name, f"{name} is {value}, more than a thousand dollars per million"
    for cached, fresh in _PAIRS:
        for suffix in {name.removeprefix(cached) for name in row if name.startswith(cached)}:
            if fresh + suffix in row and row[cached + suffix] > row[fresh + suffix]:
                yield cached + suffix, f"{cached + suffix} is above {fresh + suffix}"
    written, fresh_rate = row.get("cache_creation_input_token_cost"), row.get("input_cost_per_token")
    if written is not None and fresh_rate is not None and written < fresh_rate:
        yield "cache_creation_input_token_cost", "cache_creation_input_token_cost is below input_cost_per_token"
    yield from _tier_oddities(row)
    if row.get("max_output_tokens", 0) > row.get("max_input_tokens", float("inf")):
        yield "max_output_tokens", "max_output_tokens is above max_input_tokens"


def _tier_oddities(row: Row) -> Iterator[tuple[str, str]]:
    sizes = tiers(row)
    for name in [name for name in row if is_price(name) and not TIER.search(name)]:
        head, service = _split(name)
        below, said = row[name], False
        for size in sizes:
            tier = f"{head}_above_{size // 1000}k_tokens{service}"
            if tier in row:
                if row[tier] < below:
                    yield tier, f"{tier} is below the tier before it"
                below, said = row[tier], True
            elif said or (not service and "token" in name):
                yield tier, f"{tier} is missing where the row has that tier"


def _split(name: str) -> tuple[str, str]:
    """Split a name where a tier would stand: before the service."""
    for service in ("_batches", "_flex", "_priority", "_ultrafast"):
        if name.endswith(service):
            return name.removesuffix(service), service
    return name, ""
