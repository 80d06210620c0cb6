"""The second source: what the package genai-prices knows, under LiteLLM's field names.

Tests ask this module too (tests/genai.py), so that both compare the same models with the same rates.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, Provider

# Ours -> theirs.
PROVIDERS = {
    "anthropic": "anthropic",
    "azure": "azure",
    "bedrock": "aws",
    "cerebras": "cerebras",
    "deepseek": "deepseek",
    "fireworks_ai": "fireworks",
    "gemini": "google",
    "groq": "groq",
    "mistral": "mistral",
    "openai": "openai",
    "openrouter": "openrouter",
    "together_ai": "together",
    "xai": "x-ai",
}

# Their name for a rate -> LiteLLM's. Prices by the call, the page or the second are in neither comparison.
RATES = {
    "input_mtok": "input_cost_per_token",
    "output_mtok": "output_cost_per_token",
    "cache_read_mtok": "cache_read_input_token_cost",
    "cache_write_mtok": "cache_creation_input_token_cost",
    "cache_write_1h_mtok": "cache_creation_input_token_cost_above_1hr",
    "input_audio_mtok": "input_cost_per_audio_token",
    "output_audio_mtok": "output_cost_per_audio_token",
    "cache_audio_read_mtok": "cache_read_input_audio_token_cost",
    "input_image_mtok": "input_cost_per_image_token",
    "output_image_mtok": "output_cost_per_image_token",
    "cache_image_read_mtok": "cache_read_input_image_token_cost",
    "input_video_mtok": "input_cost_per_video_token",
    "output_video_mtok": "output_cost_per_video_token",
    "output_reasoning_mtok": "output_cost_per_reasoning_token",
}

_MILLION = 1_000_000

# They find a model by parts of its name, and these names are not the models they were found under.
_OTHERS = {
    "azure": r"(eu|us|global)/",  # a data zone has its own price list
    "bedrock": r"us-gov[.-]|.*/",  # GovCloud and single regions have their own price lists
    "deepseek": r".*-vision-exp",
    "gemini": r"gemma-.*|.*-customtools|.*-tts",
    "mistral": r"mistral-medium-3$|mistral-medium$",
    "openai": r"ft:|gpt-audio-1\.5|.*-search-preview.*|computer-use",
}


def source() -> str:
    """Name the package with its version, as conflicts do."""
    return f"genai-prices {version('genai-prices')}"


def find(provider: str, model: str) -> ModelInfo | None:
    """Find their model for our provider and vendor's id; None when they have none, or only one that looks alike."""
    theirs = _providers().get(PROVIDERS.get(provider, ""))
    if theirs is None or (provider in _OTHERS and re.match(_OTHERS[provider], model)):
        return None
    return theirs.find_model(model)


def models(provider: str) -> list[ModelInfo]:
    return _providers()[PROVIDERS[provider]].models


def noon(day: date) -> datetime:
    """The moment at which prices are compared: some change with the date, some with the hour."""
    return datetime.combine(day, time(12), UTC)


def compared_on(verified: Iterable[str]) -> date:
    """Tell from the days of all rows when the file was built: hand-kept rows may have days of their own."""
    return date.fromisoformat(Counter(verified).most_common(1)[0][0])


def list_prices(model: ModelInfo, at: datetime) -> dict[str, Decimal]:
    """Write their list prices of that moment as LiteLLM would: US dollars per token, tiers as fields of their own."""
    found: dict[str, Decimal] = {}
    for name, price in vars(model.get_prices(at)).items():
        field = RATES.get(name)
        if field is None or price is None:
            continue
        tiers = [] if isinstance(price, Decimal) else price.tiers
        found[field] = (price if isinstance(price, Decimal) else price.base) / _MILLION
        for tier in tiers:
            found[f"{field}_above_{_thousands(tier.start)}k_tokens"] = tier.price / _MILLION
    return found


def _thousands(tokens: int) -> int:
    """Name a threshold in thousands. 199999 is 200k too: the tier of such a vendor begins at its threshold.

    Raises ValueError for a threshold that LiteLLM's field names cannot tell.
    """
    thousands, rest = divmod(tokens, 1000)
    if rest not in {0, 999}:
        raise ValueError(f"genai-prices has a tier from {tokens} tokens, and LiteLLM's names know only whole thousands")
    return thousands + (rest == 999)


@cache
def _providers() -> Mapping[str, Provider]:
    from genai_prices.data import providers

    return {provider.id: provider for provider in providers}
