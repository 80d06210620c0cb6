"""OpenAI, and with `api_base=` anything that speaks its API: vLLM, llama.cpp, LM Studio."""

from __future__ import annotations

from litellm_lite.params import ENDPOINT_PARAMS, OPENAI_PARAMS, sent
from litellm_lite.transformer import OpenAICompatible, Provider

PROVIDER = OpenAICompatible(
    Provider(
        name="openai",
        title="OpenAI",
        api_base="https://api.openai.com/v1",
        base_env=("OPENAI_BASE_URL", "OPENAI_API_BASE"),
        key_env=("OPENAI_API_KEY",),
        env_headers={"OPENAI_ORG_ID": "OpenAI-Organization", "OPENAI_PROJECT_ID": "OpenAI-Project"},
        # No limits are checked here: OpenAI tells its own, and what stands behind another api_base has others.
        rules=sent(*(name for name in OPENAI_PARAMS if name != "thinking")),
        endpoints={
            "completions": sent(*ENDPOINT_PARAMS["completions"]),
            "responses": sent(*ENDPOINT_PARAMS["responses"]),
            "embeddings": sent(*ENDPOINT_PARAMS["embeddings"]),
            "moderations": sent(*ENDPOINT_PARAMS["moderations"]),
        },
        asks_usage=True,
        source="openai 3.52 types of all these endpoints, read 2026-11-27",
    )
)
