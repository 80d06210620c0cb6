"""Which vocabulary a model has, by all the names its hosts give it."""

from __future__ import annotations

import pytest

from litellm_lite.tokens.families import chat_format, family_of
from litellm_lite.tokens.llama import REFERENCE_FORMAT

LLAMA_3 = """
    Llama-3.3-70B-Instruct Llama-3.3-8B-Instruct llama-3.3-70b llama3.3 llama3 llama3:8b llama3.1:8b llama3.1-8b
    meta.llama3-3-70b-instruct-v1:0 us.meta.llama3-3-70b-instruct-v1:0 meta.llama3-1-8b-instruct-v1:0
    meta.llama3-8b-instruct-v1:0 eu.meta.llama3-2-3b-instruct-v1:0 snowflake-llama-3.3-70b llama-3.1-8b-instant
    meta-llama/Llama-3.3-70B-Instruct meta-llama/Meta-Llama-3.1-8B-Instruct
    meta-llama/Llama-3.3-70B-Instruct:fastest meta-llama/Llama-3.3-70B-Instruct-Turbo
    meta-llama/llama-3.1-8b-instruct:free llama-3.3-70b-versatile accounts/fireworks/models/llama-v3p3-70b-instruct
    accounts/fireworks/models/llama-v3p1-8b-instruct accounts/fireworks/models/llama-v3-70b-instruct
    meta/llama-3.3-70b-instruct meta/llama-3.3-70b-instruct-maas @cf/meta/llama-3.3-70b-instruct-fp8-fast
    Meta-Llama-3.3-70B-Instruct llama-guard-3-8b llama-guard3:8b meta-llama/Llama-Guard-3-8B
    accounts/fireworks/models/llama-guard-3-8b llama3-70b-8192
""".split()
LLAMA_4 = """
    Llama-4-Maverick-17B-128E-Instruct-FP8 Cerebras-Llama-4-Scout-17B-16E-Instruct
    Groq-Llama-4-Maverick-17B-128E-Instruct meta.llama4-scout-17b-instruct-v1:0
    us.meta.llama4-maverick-17b-instruct-v1:0 llama4:scout llama4 llama4-maverick
    accounts/fireworks/models/llama4-maverick-instruct-basic meta/llama-4-maverick-17b-128e-instruct-maas
    meta-llama/llama-4-scout-17b-16e-instruct meta-llama/Llama-Guard-4-12B meta/llama-guard-4-12b llama-4-scout
""".split()
O200K = """
    gpt-4o gpt-4o-mini gpt-4o-2024-08-06 gpt-4o-audio-preview chatgpt-4o-latest gpt-4.1 gpt-4.1-nano gpt-4.5-preview
    o1 o1-mini o1-pro o3 o3-mini o4-mini o4-mini-2025-04-16 gpt-5 gpt-5-mini gpt-5.4-mini gpt-5-chat-latest
    openai/gpt-oss-120b gpt-oss:20b ft:gpt-4o-mini-2024-07-18:org::id openai/gpt-4o
""".split()
CL100K = """
    gpt-4 gpt-4-0613 gpt-4-32k gpt-4-turbo gpt-4-turbo-2024-04-09 gpt-4-1106-preview gpt-3.5-turbo
    gpt-3.5-turbo-0125 gpt-35-turbo gpt-3.5-turbo-instruct text-embedding-3-small text-embedding-3-large
    text-embedding-ada-002 ft:gpt-3.5-turbo-0125:org::id davinci-002
""".split()
NONE = """
    llama-2-70b-chat meta-llama/Llama-2-7b-hf llama2 llama2:13b codellama CodeLlama-34b-Instruct code-llama-34b
    tinyllama meta-llama/LlamaGuard-7b Llama-Prompt-Guard-2-86M llama-4.5 llama-5 llama-30b llama-40b llama
    claude-opus-4 gemini-2.5-pro mistral-large deepseek-chat grok-4 gpt-4-x-alpaca gpt-6-sol marco-o1 o11 qwen3-32b
    text-embedding-004 text-davinci-003 ft:something ft: openai/
""".split()


@pytest.mark.parametrize(
    ("model", "vocabulary"),
    [
        *((name, "llama3") for name in LLAMA_3),
        *((name, "llama4") for name in LLAMA_4),
        *((name, "o200k_base") for name in O200K),
        *((name, "cl100k_base") for name in CL100K),
        *((name, None) for name in [*NONE, ""]),
    ],
)
def test_the_name_tells_the_vocabulary(model: str, vocabulary: str | None) -> None:
    assert family_of(model).vocabulary == vocabulary
    assert family_of(model.upper()).vocabulary == vocabulary


def test_only_the_llama_api_is_known_to_follow_the_reference() -> None:
    family = family_of("Llama-3.3-70B-Instruct")
    assert chat_format("meta_llama", family) is REFERENCE_FORMAT
    assert chat_format("bedrock", family) is not REFERENCE_FORMAT


@pytest.mark.parametrize(
    ("model", "block"), [("Llama-3.3-70B-Instruct", 20), ("llama-v3p1-8b", 20), ("llama3-8b", 0), ("llama-4-scout", 0)]
)
def test_published_templates_since_llama_3_1_write_dates(model: str, block: int) -> None:
    assert chat_format("huggingface", family_of(model)).date_block == block
    assert chat_format("bedrock", family_of(model)).date_block == 0


@pytest.mark.parametrize("model", ["gpt-4", "gpt-4-0613", "gpt-3.5-turbo", "gpt-4o", "gpt-4o-mini", "gpt-4.1-nano"])
def test_openais_formula_is_exact_where_openai_published_it(model: str) -> None:
    once = chat_format("openai", family_of(model)).once
    assert once.least == once.most == 3
    assert chat_format("openrouter", family_of(model)).once.most == 67


@pytest.mark.parametrize(
    "model", ["gpt-3.5-turbo-0301", "gpt-4-turbo", "o3", "gpt-5", "gpt-oss-20b", "gpt-4o-audio-preview"]
)
def test_elsewhere_openais_formula_is_an_estimate(model: str) -> None:
    once = chat_format("openai", family_of(model)).once
    assert once.least < (once.most or 0)


def test_a_host_known_for_a_prompt_of_its_own_may_count_more() -> None:
    grok = family_of("grok-4")
    assert (chat_format("xai", grok).once.most or 0) > 1000
    assert (chat_format("mistral", grok).once.most or 0) < 100
