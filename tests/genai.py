"""The package genai-prices as an oracle for costs: which models both know, and its list prices under our names."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from litellm_lite.registry import registry
from scripts.registry import oracle

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo

PROVIDERS = oracle.PROVIDERS
SOURCE = oracle.source()


def at() -> datetime:
    """The moment at which the registry's rows were compared; the oracle must be asked for the same."""
    return oracle.noon(oracle.compared_on(info.verified for info in registry().models.values()))


def known_to_both() -> list[tuple[str, str, ModelInfo]]:
    """Every key of the registry that the oracle has a model for, with its name of the provider and its model."""
    found = []
    for key, info in registry().models.items():
        model = oracle.find(info.provider, info.model)
        if model is not None:
            found.append((key, PROVIDERS[info.provider], model))
    return found


def oracle_prices(model: ModelInfo) -> dict[str, Decimal]:
    """Its list prices under LiteLLM's field names, in US dollars per token."""
    return oracle.list_prices(model, at())
