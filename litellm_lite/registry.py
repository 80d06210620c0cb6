"""The registry: what is known about each model, read from model_prices.json when first asked.

It knows no wire format, no network and no clock. Prices are US dollars per token, `Decimal` inside; the functions that
LiteLLM has too answer in floats, as LiteLLM does. A field that is missing is unknown: None, never 0.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from threading import Lock
from types import MappingProxyType
from typing import Any, Protocol, TypedDict

from litellm_lite.errors import NotFoundError
from litellm_lite.model_rows import Row, bundled, checked, from_file, in_floats, tier_threshold

# In a file of LiteLLM's format, but no models: a description of the format, and rules for names.
RESERVED_KEYS = frozenset({"sample_spec", "fallback_generalizations"})

# `get_model_info` answers each of these for every model, with None where the registry does not know.
ALWAYS_ANSWERED = """
    litellm_provider mode max_tokens max_input_tokens max_output_tokens rpm tpm deprecation_date source verified
    input_cost_per_token output_cost_per_token output_cost_per_reasoning_token
    cache_read_input_token_cost cache_creation_input_token_cost
    input_cost_per_audio_token output_cost_per_audio_token input_cost_per_token_batches output_cost_per_token_batches
    input_cost_per_image output_cost_per_image input_cost_per_second output_cost_per_second
    supported_modalities supported_output_modalities supported_endpoints
    supports_function_calling supports_parallel_function_calling supports_tool_choice supports_response_schema
    supports_system_messages supports_native_streaming supports_prompt_caching supports_reasoning supports_web_search
    supports_vision supports_pdf_input supports_audio_input supports_audio_output
""".split()


class ImageRules(TypedDict):
    """What a provider takes as images of one request. Formats are media subtypes: `jpeg`, `png`, `x-icon`."""

    formats: list[str]
    max_bytes: int
    max_images: int


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
    _answer: tuple[dict[str, Any], list[str]] | None = field(init=False, repr=False, compare=False, default=None)

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
        """Where the row is from: a URL, or the file or function that registered it."""
        return self.row.get("source") or ""

    @property
    def verified(self) -> str:
        """The day the source was read, as an ISO date; empty when nobody said."""
        return self.row.get("verified") or ""

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
        whole, nested = self._answer or self._answered()
        return {**whole, **{name: whole[name].copy() for name in nested}}

    def _answered(self) -> tuple[dict[str, Any], list[str]]:
        whole = {"key": self.key, **dict.fromkeys(ALWAYS_ANSWERED), **in_floats(self.row)}
        whole["max_tokens"] = whole["max_output_tokens"] or whole["max_input_tokens"]
        answer = whole, [name for name, value in whole.items() if isinstance(value, list | dict)]
        object.__setattr__(self, "_answer", answer)
        return answer


class Registry:
    """Models by provider and name. Threads may share it: a change builds a new index and swaps it in whole."""

    def __init__(self, read: Callable[[], Mapping[str, Row]]) -> None:
        self._read = read
        self._lock = Lock()
        self._index: _Index | None = None

    @property
    def models(self) -> Mapping[str, ModelInfo]:
        """Every model under its key."""
        return MappingProxyType(self._loaded().infos)

    def find(self, provider: str, model: str) -> ModelInfo | None:
        """Find a model by the vendor's exact id, or by an alias in any case."""
        return (self._index or self._loaded()).find(provider, model)

    def lookup(self, name: str, provider: str | None = None) -> ModelInfo | None:
        """Find a model as a caller names it: `"provider/model"`, or bare with or without a provider beside it."""
        if provider:
            return self.find(provider, name.removeprefix(f"{provider}/"))
        head, _, tail = name.partition("/")
        return self.find("", name) or self.find(head, tail)

    def provider_of(self, model: str) -> str | None:
        """Tell whose a bare model name is (`gpt-4o` is OpenAI's); None for names that several hosts serve."""
        found = self.find("", model)
        return found.provider if found else None

    def suggest(self, name: str) -> list[str]:
        """List up to three registry keys that read like the name, closest first."""
        keys: dict[str, str] = {}
        for info in self.models.values():
            for spelling in (info.key, f"{info.provider}/{info.model}", info.model, *(info.row.get("aliases") or ())):
                keys.setdefault(spelling.lower(), info.key)
        close = difflib.get_close_matches(name.lower(), keys, n=9)
        return list(dict.fromkeys(keys[spelling] for spelling in close))[:3]

    def register(self, rows: Mapping[str, Row], source: str) -> None:
        """Add rows, or merge them into the rows they name; all of them or, on ValueError, none."""
        with self._lock:
            index = (self._index or _Index.of(self._read())).copy()
            for key, row in rows.items():
                if key not in RESERVED_KEYS:
                    new = checked(key, row)
                    home, full = _placed(index, key, new)
                    index.add(home, {**full, "source": new.get("source") or source, "verified": new.get("verified")})
            self._index = index

    def reset(self) -> None:
        """Forget what was registered; the file is read again when next asked."""
        with self._lock:
            self._index = None

    def _loaded(self) -> _Index:
        if (index := self._index) is None:
            with self._lock:
                index = self._index = self._index or _Index.of(self._read())
        return index


class ModelCost(Mapping[str, dict[str, Any]]):
    """LiteLLM's `model_cost`: the rows by key or by any other name, read-only; prices are floats, as there."""

    def __getitem__(self, key: str) -> dict[str, Any]:
        info = registry().lookup(key)
        if info is None:
            raise KeyError(key)
        row: dict[str, Any] = in_floats(info.row)
        return row

    def __iter__(self) -> Iterator[str]:
        return iter(registry().models)

    def __len__(self) -> int:
        return len(registry().models)


class Supports(Protocol):
    """A question about a model, given as `"provider/model"` or bare."""

    def __call__(self, model: str, custom_llm_provider: str | None = None) -> bool: ...


def registry() -> Registry:
    """Return the process's registry. Nothing is read before the first question to it."""
    return _REGISTRY


def get_model_info(
    model: str,
    custom_llm_provider: str | None = None,
    api_base: str | None = None,  # noqa: ARG001 - LiteLLM's; no server is asked
    api_key: str | None = None,  # noqa: ARG001 - the same
) -> dict[str, Any]:
    """Describe a model under LiteLLM's field names; a price or limit that is not known is None.

    Raises NotFoundError for a model that is not in the registry.
    """
    return _known(model, custom_llm_provider).describe()


def get_max_tokens(model: str) -> int | None:
    """Return the most tokens an answer may have, or the window where only that is known."""
    info = _known(model, None)
    return info.max_output_tokens or info.max_input_tokens


def register_model(model_cost: Mapping[str, Row] | str | os.PathLike[str]) -> Mapping[str, dict[str, Any]]:
    """Add models, or facts about known ones, from a dict or a JSON file of LiteLLM's format; return `model_cost`.

    Raises ValueError, and registers nothing, when a price is not a number of at least 0 or a row names no provider.
    """
    if isinstance(model_cost, Mapping):
        registry().register(model_cost, "register_model")
    else:
        registry().register(from_file(os.fspath(model_cost)), os.fspath(model_cost))
    return ModelCost()


def _flag(name: str, what: str) -> Supports:
    def supports(model: str, custom_llm_provider: str | None = None) -> bool:
        info = registry().lookup(model, custom_llm_provider)
        return info is not None and info.row.get(name) is True

    supports.__name__ = supports.__qualname__ = name
    supports.__doc__ = f"Tell whether the model {what}; False when the model or the fact is not known."
    return supports


supports_vision = _flag("supports_vision", "takes images")
supports_response_schema = _flag("supports_response_schema", "can be held to a JSON schema")
supports_function_calling = _flag("supports_function_calling", "calls tools")
supports_tool_choice = _flag("supports_tool_choice", "can be told which tool to call")
supports_parallel_function_calling = _flag("supports_parallel_function_calling", "calls several tools in one answer")
supports_system_messages = _flag("supports_system_messages", "takes system messages")
supports_reasoning = _flag("supports_reasoning", "reasons before it answers")
supports_prompt_caching = _flag("supports_prompt_caching", "caches prompts")
supports_audio_input = _flag("supports_audio_input", "takes audio")
supports_audio_output = _flag("supports_audio_output", "answers in audio")
supports_pdf_input = _flag("supports_pdf_input", "takes PDF files")
supports_web_search = _flag("supports_web_search", "searches the web")

model_cost = ModelCost()

_REGISTRY = Registry(bundled)


def _known(name: str, provider: str | None) -> ModelInfo:
    found = registry().lookup(name, provider)
    if found is None:
        close = " or ".join(map(repr, registry().suggest(name)))
        hint = f"did you mean {close}, or is it one to add with register_model()?" if close else "see register_model()"
        raise NotFoundError(f"This model isn't mapped yet: {name!r}; {hint}", provider or "", name)
    return found


@dataclass(frozen=True, slots=True)
class _Index:
    """The rows under every name they have. A row whose key has no provider prefix is also found without a provider."""

    infos: dict[str, ModelInfo] = field(default_factory=dict)
    models: dict[tuple[str, str], ModelInfo] = field(default_factory=dict)
    aliases: dict[tuple[str, str], ModelInfo] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Mapping[str, Row]) -> _Index:
        index = cls()
        for key, row in rows.items():
            index.add(key, row)
        return index

    def copy(self) -> _Index:
        return _Index(self.infos.copy(), self.models.copy(), self.aliases.copy())

    def add(self, key: str, row: Row) -> None:
        """Put a row under all its names, in the place of an older one with this key."""
        provider = row["litellm_provider"]
        replaced = self.infos.get(key)
        info = ModelInfo(key, provider, key.removeprefix(f"{provider}/"), MappingProxyType(dict(row)))
        for name in _aliases(replaced) if replaced else ():
            self.aliases.pop(name, None)
        self.infos[key] = info
        self.models.update(dict.fromkeys([(owner, info.model) for owner in _owners(info)], info))
        self.aliases.update(dict.fromkeys(_aliases(info), info))

    def find(self, provider: str, model: str) -> ModelInfo | None:
        return self.models.get((provider, model)) or self.aliases.get((provider, model.lower()))


def _owners(info: ModelInfo) -> tuple[str, ...]:
    """Tell under which providers a model is found; `""` is a caller that names none."""
    return (info.provider, "") if info.model == info.key else (info.provider,)


def _aliases(info: ModelInfo) -> list[tuple[str, str]]:
    return [(owner, alias.lower()) for owner in _owners(info) for alias in info.row.get("aliases") or ()]


def _placed(index: _Index, key: str, row: Row) -> tuple[str, Row]:
    """Find the key a registered row belongs under, and complete it with what is known there."""
    namesake = index.infos.get(key) or index.find("", key)
    prefix = key.partition("/")[0] if "/" in key else ""
    provider = row.get("litellm_provider") or (namesake.provider if namesake else prefix)
    if not provider:
        raise ValueError(f"register_model: {key!r} names no provider; give a litellm_provider or a 'provider/' prefix")
    known = index.find(provider, key.removeprefix(f"{provider}/"))
    if known is not None:
        return known.key, {**known.row, **row, "litellm_provider": provider}
    return f"{provider}/{key}" if namesake else key, {**row, "litellm_provider": provider}
