"""What LiteLLM's price file calls providers, in the words of callers. A table; knows no provider."""

from __future__ import annotations

from litellm_lite.providers import ALIASES

_OURS = {
    **ALIASES,
    "azure_text": "azure",
    "bedrock_converse": "bedrock",
    "cohere_chat": "cohere",
    "fireworks_ai-embedding-models": "fireworks_ai",
    "text-completion-openai": "openai",
}
# vertex_ai-language-models, vertex_ai-llama_models and a dozen more.
_FAMILY = "vertex_ai-"


def canonical(provider: str) -> str:
    """Return the name a caller writes before the slash for what LiteLLM's rows or callers may call otherwise."""
    return "vertex_ai" if provider.startswith(_FAMILY) else _OURS.get(provider, provider)
