"""What is known of one model, and what `get_model_info` and `model_cost` say of it.

Knows no file, no other model and no clock: the day is an argument.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from operator import call
from typing import Any, TypedDict

from litellm_lite.registry.rows import Row, in_floats, tier_threshold

# `get_model_info` answers each of these for every model, with None where the registry does not know.
ALWAYS_ANSWERED = """
    litellm_provider mode max_tokens max_input_tokens max_output_tokens rpm tpm deprecation_date source verified
    input_cost_per_token output_cost_per_token output_cost_per_reasoning_token
    cache_read_input_token_cost cache_creation_input_token_cost
    input_cost_per_audio_token output_cost_per_audio_token input_cost_per_token_batches output_cost_per_token_batches
    input_cost_per_image output_cost_per_image input_cost_per_second output_cost_per_second
    supported_modalities supported_output_modalities supported_endpoints
    supports_function_calling supports_parallel_function_calling supports_tool_choice supports_tool_search
    supports_response_schema supports_system_messages supports_assistant_prefill supports_native_streaming
    supports_prompt_caching supports_reasoning supports_web_search supports_url_context supports_computer_use
    supports_vision supports_pdf_input supports_audio_input supports_audio_output supports_video_input
    supports_embedding_image_input
""".split()


class ImageRules(TypedDict):
    """What a provider takes as images of one request. Formats are media subtypes: `jpeg`, `png`, `x-icon`."""

    formats: list[str]
    max_bytes: int
    max_images: int


_Copier = Callable[[], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One model at one provider. `model` is the vendor's own id; `row` holds every known field under LiteLLM's name.

    Above `tier_threshold` prompt tokens the base rates no longer hold; None means they always do.
    """

    key: str
    provider: str
    model: str
    row: Row = field(repr=False)
    tier_threshold: int | None = field(init=False, repr=False, default=None)
    _describe: _Copier | None = field(init=False, repr=False, compare=False, default=None)
    _plain_row: _Copier | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tier_threshold", tier_threshold(self.row))

    @property
    def max_input_tokens(self) -> int | None:
        """The window the provider serves, which may be smaller than the one the weights allow."""
        return self.limit("max_input_tokens")

    @property
    def max_output_tokens(self) -> int | None:
        return self.limit("max_output_tokens")

    @property
    def max_tokens(self) -> int | None:
        """LiteLLM's one number for both: what was registered as such, else the longest answer, else the window."""
        return self.limit("max_tokens") or self.max_output_tokens or self.max_input_tokens

    @property
    def input_modalities(self) -> tuple[str, ...]:
        """What the model takes: `text`, `image`, `audio`; empty when not known."""
        return tuple(self.row.get("supported_modalities") or ())

    @property
    def output_modalities(self) -> tuple[str, ...]:
        return tuple(self.row.get("supported_output_modalities") or ())

    @property
    def image_rules(self) -> ImageRules | None:
        rules: ImageRules | None = self.row.get("image_rules")
        return rules

    @property
    def input_cost_per_token(self) -> Decimal | None:
        return self.rate("input_cost_per_token")

    @property
    def output_cost_per_token(self) -> Decimal | None:
        return self.rate("output_cost_per_token")

    @property
    def cache_read_input_token_cost(self) -> Decimal | None:
        return self.rate("cache_read_input_token_cost")

    @property
    def source(self) -> str:
        """Where the row's prices are from: a URL, or the file or function that registered them."""
        return self.row.get("source") or ""

    @property
    def verified(self) -> str:
        """The day the source was read, as an ISO date; empty when nobody said."""
        return self.row.get("verified") or ""

    @property
    def deprecation_date(self) -> str | None:
        """The ISO date on which the vendor switches the model off; None when none is known."""
        found: str | None = self.row.get("deprecation_date")
        return found

    def retired(self, today: date) -> str | None:
        """Say since when the model is switched off, in a sentence; None while it is not, or when nobody knows.

        A date that is none counts as not known.
        """
        try:
            last = date.fromisoformat(self.deprecation_date or "")
        except (TypeError, ValueError):
            return None
        says = f", says {self.source}" if self.source else ""
        return f"{self.key} was switched off on {last}{says}" if today >= last else None

    def rate(self, name: str) -> Decimal | None:
        """Look up a price by its LiteLLM field name."""
        found: Decimal | None = self.row.get(name)
        return found

    def limit(self, name: str) -> int | None:
        """Look up a whole number such as `"rpm"` by its LiteLLM field name."""
        found: int | None = self.row.get(name)
        return found

    def supports(self, flag: str) -> bool | None:
        """Look up a capability such as `"supports_vision"`; None when not known."""
        found: bool | None = self.row.get(flag)
        return found

    def describe(self) -> dict[str, Any]:
        """Build `get_model_info`'s answer, a dict of the caller's own; the work is done once."""
        copier = self._describe or self._keep("_describe", self._described())
        return copier()

    def plain_row(self) -> dict[str, Any]:
        """Build `model_cost`'s row, a dict of the caller's own with LiteLLM's types; the work is done once."""
        copier = self._plain_row or self._keep("_plain_row", in_floats(self.row))
        return copier()

    def _described(self) -> dict[str, Any]:
        whole = {"key": self.key, **dict.fromkeys(ALWAYS_ANSWERED), **in_floats(self.row)}
        whole["max_tokens"] = self.max_tokens
        return whole

    def _keep(self, name: str, original: dict[str, Any]) -> _Copier:
        copier = _copier(original)
        object.__setattr__(self, name, copier)
        return copier


def _copier(value: Any) -> Callable[[], Any]:
    """Return what makes copies of a dict or a list, and of all that is in it, in the least time."""
    flat: Callable[[], Any] = value.copy
    places = value.items() if isinstance(value, dict) else enumerate(value)
    nested = [(place, _copier(inner)) for place, inner in places if isinstance(inner, list | dict)]
    if not nested:
        return flat
    if isinstance(value, list) and len(nested) == len(value):
        copiers = [copier for _, copier in nested]
        return lambda: [*map(call, copiers)]

    def copy() -> Any:
        mine = flat()
        for place, copy_inner in nested:
            mine[place] = copy_inner()
        return mine

    return copy
