"""One file for each vendor; its name is the part of a model's name before the first slash.

A file here says what is true of one vendor and nothing else: `PROVIDER`, a transformer made from a row of
facts, and where the vendor's shape is its own, the pure methods that translate it. It does no I/O, reads no
clock and no environment, and knows nothing of the transport. A leading underscore marks a part of a neighbour.

The folder stands at the root and is imported as `litellm_lite.providers`, here and when installed.
"""

ALIASES = {"litellm_proxy": "llama_proxy"}
"""Other names of providers: LiteLLM's, where ours differs."""

VENDOR_HOSTS = {
    "api.llama.com": "meta_llama",
    "api.openai.com": "openai",
    "api.meta.ai": "meta",
    "api.anthropic.com": "anthropic",
    "generativelanguage.googleapis.com": "gemini",
    "amazonaws.com": "bedrock",
    "openai.azure.com": "azure",
    "services.ai.azure.com": "azure_ai",
    "snowflakecomputing.com": "snowflake",
    "huggingface.co": "huggingface",
    "together.ai": "together_ai",
    "together.xyz": "together_ai",
    "openrouter.ai": "openrouter",
    "api.groq.com": "groq",
    "api.cerebras.ai": "cerebras",
    "api.fireworks.ai": "fireworks_ai",
    "api.deepinfra.com": "deepinfra",
    "api.sambanova.ai": "sambanova",
    "integrate.api.nvidia.com": "nvidia_nim",
    "api.mistral.ai": "mistral",
    "api.deepseek.com": "deepseek",
    "api.x.ai": "xai",
}
"""Whose a host is, subdomains included: a key from the environment goes to its own vendor only."""
