"""OpenAI, and with `api_base=` anything that speaks its chat completions: vLLM, llama.cpp, LM Studio."""

from __future__ import annotations

from litellm_lite.params import OPENAI_PARAMS, Refusal, Rule, sent
from litellm_lite.transformer import OpenAICompatible, Provider

_MOST_STOPS = 4


def _few_stops(value: object) -> object:
    if isinstance(value, list) and len(value) > _MOST_STOPS:
        return Refusal(f"takes at most {_MOST_STOPS} sequences, not {len(value)}")
    return value


_RULES = {
    **sent(*(name for name in OPENAI_PARAMS if name != "thinking")),
    "stop": Rule(check=_few_stops, note=f"at most {_MOST_STOPS} sequences"),
}

PROVIDER = OpenAICompatible(
    Provider(
        name="openai",
        title="OpenAI",
        api_base="https://api.openai.com/v1",
        base_env=("OPENAI_BASE_URL", "OPENAI_API_BASE"),
        key_env=("OPENAI_API_KEY",),
        env_headers={"OPENAI_ORG_ID": "OpenAI-Organization", "OPENAI_PROJECT_ID": "OpenAI-Project"},
        rules=_RULES,
        asks_usage=True,
        source="openai 3.52 types (chat completions), read 2026-11-21",
    )
)
