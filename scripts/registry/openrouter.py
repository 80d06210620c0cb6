"""OpenRouter's models, which LiteLLM's file has not: taken from the second source, as far as they are sold today."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from scripts.registry import oracle
from scripts.registry import rules as tables
from scripts.registry.compare import whole
from scripts.registry.fields import Row, Rows
from scripts.registry.rules import Rules

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo

_FREE = "Free: OpenRouter's :free variant costs nothing, within limits of requests a day."
_FRESH = timedelta(days=365)


def rows(rules: Rules, at: datetime) -> Rows:
    """Build a row for each model that has a price and is current: with a window, or a price of the last year."""
    return {
        key: row
        for model in oracle.models("openrouter")
        if tables.first(rules.skip, key := f"openrouter/{model.id}") is None and (row := _row(model, at))
    }


def _row(model: ModelInfo, at: datetime) -> Row | None:
    prices = whole(oracle.list_prices(model, at))
    free = model.id.endswith(":free") and not prices
    if model.deprecated or not (model.context_window or _priced_lately(model, at.date())):
        return None
    if free:
        prices = {"input_cost_per_token": Decimal(0), "output_cost_per_token": Decimal(0)}
    if not {"input_cost_per_token", "output_cost_per_token"} <= prices.keys():
        return None
    row: Row = {
        "litellm_provider": "openrouter",
        "mode": "chat",
        "max_input_tokens": model.context_window,
        **prices,
        "source": f"https://openrouter.ai/{model.id.removesuffix(':free')}",
        "conflicts": [],
        "notes": _FREE if free else None,
    }
    return {name: value for name, value in row.items() if value is not None}


def _priced_lately(model: ModelInfo, today: date) -> bool:
    """Tell whether a price of the last year is known; names that nobody sells any more have none."""
    if not isinstance(model.prices, list):
        return False
    starts = [getattr(price.constraint, "start_date", None) for price in model.prices]
    return any(start and today - _FRESH <= start <= today for start in starts)
