"""Usage: the tokens of an answer under the names that chat has for them, whichever endpoint counted them. Pure."""

from __future__ import annotations

from typing import Any

# How /responses and Anthropic's shape spell them (openai 3.52, ResponseUsage).
_SPELT = {
    "input_tokens": "prompt_tokens",
    "output_tokens": "completion_tokens",
    "input_tokens_details": "prompt_tokens_details",
    "output_tokens_details": "completion_tokens_details",
}


def chat_usage(usage: Any) -> Any:
    """Return a usage of /responses under the names of a chat's; any other as it is."""
    if not isinstance(usage, dict) or _SPELT.keys().isdisjoint(usage):
        return usage
    return {_SPELT.get(name, name): count for name, count in usage.items()}
