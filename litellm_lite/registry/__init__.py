"""The registry: what is known about each model, read from model_prices.json when first asked.

It knows no wire format, no network and no clock. Prices are US dollars per token, `Decimal` inside; the functions that
LiteLLM has too answer in floats, as LiteLLM does. A field that is missing is unknown: None, never 0.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from threading import Lock
from types import MappingProxyType
from typing import Any, Protocol

from litellm_lite.errors import NotFoundError
from litellm_lite.registry.files import bundled, from_file
from litellm_lite.registry.index import Index, model_of
from litellm_lite.registry.info import ALWAYS_ANSWERED, ImageRules, ModelInfo
from litellm_lite.registry.names import canonical
from litellm_lite.registry.nearest import nearest
from litellm_lite.registry.rows import Row, checked

__all__ = [
    "ALWAYS_ANSWERED",
    "ImageRules",
    "ModelInfo",
    "Registry",
    "get_max_tokens",
    "get_model_info",
    "model_cost",
    "register_model",
    "registry",
    "supports_assistant_prefill",
    "supports_audio_input",
    "supports_audio_output",
    "supports_computer_use",
    "supports_embedding_image_input",
    "supports_function_calling",
    "supports_native_streaming",
    "supports_parallel_function_calling",
    "supports_pdf_input",
    "supports_prompt_caching",
    "supports_reasoning",
    "supports_response_schema",
    "supports_system_messages",
    "supports_tool_choice",
    "supports_tool_search",
    "supports_url_context",
    "supports_video_input",
    "supports_vision",
    "supports_web_search",
]

# In a file of LiteLLM's format, but no models: a description of the format, and rules for names.
RESERVED_KEYS = frozenset({"sample_spec", "fallback_generalizations"})


class Registry:
    """Models by provider and name. Threads may share it: a change builds a new index and swaps it in whole."""

    def __init__(self, read: Callable[[], Mapping[str, Row]]) -> None:
        self._read = read
        self._lock = Lock()
        self._as_read: Index | None = None
        self._index: Index | None = None

    @property
    def models(self) -> Mapping[str, ModelInfo]:
        """Every model under its key, as of now."""
        return MappingProxyType(self._loaded())

    def find(self, provider: str, model: str) -> ModelInfo | None:
        """Find a model by the vendor's exact id, or by an alias in any case."""
        index = self._index
        entry = (self._loaded() if index is None else index).find(provider, model)
        return None if entry is None else entry.info

    def lookup(self, name: str, provider: str | None = None) -> ModelInfo | None:
        """Find a model as a caller names it: `"provider/model"`, or bare with or without a provider beside it."""
        if not name or not isinstance(name, str):
            return None
        if provider:
            own = canonical(provider)
            return self.find(own, model_of(name, own))
        index = self._index
        entry = (self._loaded() if index is None else index).lookup(name)
        return None if entry is None else entry.info

    def provider_of(self, model: str) -> str | None:
        """Tell whose a bare model name is (`gpt-4o` is OpenAI's); None for names that several hosts serve."""
        entry = self._loaded().find("", model)
        return None if entry is None else entry.provider

    def suggest(self, name: str) -> list[str]:
        """List up to three registry keys that read like the name, closest first; of hosts that share a name, two."""
        keys = self._loaded().spellings()
        close = nearest(name.lower(), keys, most=9)
        return list(dict.fromkeys(key for spelling in close for key in keys[spelling][:2]))[:3]

    def register(self, rows: Mapping[str, Row], source: str) -> None:
        """Add rows, or merge them into the rows they name; all of them or, on ValueError, none."""
        # Before the lock: the rows may be a view of this very registry.
        new = {key: checked(key, row) for key, row in rows.items() if key not in RESERVED_KEYS}
        with self._lock:
            index = self._locked().copy()
            for key, row in new.items():
                index.register(key, row, source)
            self._index = index

    def reset(self) -> None:
        """Forget what was registered."""
        with self._lock:
            self._index = self._as_read

    def _loaded(self) -> Index:
        index = self._index
        if index is None:
            with self._lock:
                index = self._locked()
        return index

    def _locked(self) -> Index:
        """Return the index, read when there is none yet; for who holds the lock."""
        if self._index is None:
            self._index = self._as_read = Index.of(self._read())
        return self._index


class ModelCost(Mapping[str, dict[str, Any]]):
    """LiteLLM's `model_cost`: the rows by key or by any other name, read-only; prices are floats, as there."""

    def __getitem__(self, key: str) -> dict[str, Any]:
        info = registry().lookup(key)
        if info is None:
            raise KeyError(key)
        return info.plain_row()

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and registry().lookup(key) is not None

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
    return _known(model, None).max_tokens


def register_model(model_cost: Mapping[str, Row] | str | os.PathLike[str]) -> Mapping[str, dict[str, Any]]:
    """Add models, or facts about known ones, from a dict or a JSON file of LiteLLM's format; return `model_cost`.

    What a row does not say about a known model stays, but for prices under conditions (long prompts, service tiers,
    batches, hours) of a price that it changes: those are unknown then. Raises ValueError, naming row, field and value,
    and registers nothing, when a row is flawed, or the file is no JSON, holds a name twice or is larger than 32 MB.
    """
    if isinstance(model_cost, Mapping):
        registry().register(model_cost, "register_model")
    else:
        path = os.fsdecode(model_cost)
        registry().register(from_file(path), path)
    return ModelCost()


def _flag(name: str, what: str) -> Supports:
    def supports(model: str, custom_llm_provider: str | None = None) -> bool:
        info = registry().lookup(model, custom_llm_provider)
        return info is not None and info.row.get(name) is True

    supports.__name__ = supports.__qualname__ = name
    supports.__doc__ = f"Tell whether the model {what}; False when the model or the fact is not known."
    return supports


supports_vision = _flag("supports_vision", "takes images")
supports_embedding_image_input = _flag("supports_embedding_image_input", "embeds images")
supports_video_input = _flag("supports_video_input", "takes videos")
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
supports_url_context = _flag("supports_url_context", "reads the pages behind URLs")
supports_tool_search = _flag("supports_tool_search", "searches its tools for the ones it needs")
supports_computer_use = _flag("supports_computer_use", "works on a computer's screen")
supports_assistant_prefill = _flag("supports_assistant_prefill", "continues an answer that the caller began")
supports_native_streaming = _flag("supports_native_streaming", "streams its answers")

model_cost = ModelCost()

_REGISTRY = Registry(bundled)


def _known(name: str, provider: str | None) -> ModelInfo:
    found = _REGISTRY.lookup(name, provider)
    if found is None:
        asked = f"{provider}/{model_of(str(name), canonical(provider))}" if provider else name
        close = " or ".join(map(repr, _REGISTRY.suggest(str(name))))
        hint = f"did you mean {close}, or is it one to add with register_model()?" if close else "see register_model()"
        raise NotFoundError(f"This model isn't mapped yet: {asked!r}; {hint}", provider or "", str(name))
    return found
