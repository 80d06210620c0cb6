"""Another gateway that speaks OpenAI's API: litellm_lite's own, LiteLLM's, or any other. Also `litellm_proxy/`.

Everything after the first slash is the name the gateway knows, so `llama_proxy/meta_llama/X` asks it for
`meta_llama/X`. The gateway maps parameters for the vendor behind it; here every one goes through.
"""

from __future__ import annotations

from litellm_lite.params import ENDPOINT_PARAMS, OPENAI_PARAMS, sent
from litellm_lite.transformer import OpenAICompatible, Provider

PROVIDER = OpenAICompatible(
    Provider(
        name="llama_proxy",
        title="LLM gateway",
        base_env=("LLAMA_PROXY_API_BASE", "LITELLM_PROXY_API_BASE"),
        key_env=("LLAMA_PROXY_API_KEY", "LITELLM_PROXY_API_KEY"),
        rules=sent(*OPENAI_PARAMS),
        endpoints={
            "completions": sent(*ENDPOINT_PARAMS["completions"]),
            "responses": sent(*ENDPOINT_PARAMS["responses"]),
            "embeddings": sent(*ENDPOINT_PARAMS["embeddings"]),
            "moderations": sent(*ENDPOINT_PARAMS["moderations"]),
        },
        asks_usage=True,
        source="LiteLLM's proxy takes every OpenAI parameter and maps it itself, read 2026-11-21",
    )
)
