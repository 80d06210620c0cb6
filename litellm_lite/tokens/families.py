"""Which vocabulary and which chat format a model has: a table, read from the model's name and its host.

Names are matched in lower case, after the last slash: `meta.llama3-3-70b-instruct-v1:0`, `llama-v3p3-70b-instruct`,
`Llama-3.3-8B-Instruct`, `gpt-4o-mini-2024-07-18`. A model that no row matches has no public vocabulary here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from litellm_lite.tokens.chats import ChatFormat
from litellm_lite.tokens.count import Span, exactly
from litellm_lite.tokens.llama import PICTURES, REFERENCE_FORMAT
from litellm_lite.tokens.pictures import OpenAIPatches, OpenAITiles, PictureRule, UnknownPictures
from litellm_lite.tokens.tools import AsJSON, AsTypes, ToolRule
from litellm_lite.tokens.vocabularies import VocabularyName

_USUAL_IMAGE = 1000

# Hosts that run the published templates count a little more than the reference: some add a block, some a default system
# message, all trim. Nobody publishes which.
_HOSTED = ChatFormat(once=Span(5, 4, 69), message=Span(5, 5, 7), tool_message=Span(6, 5, 8))
# Since 3.1 the published template opens with two dates: 20 tokens, in the system message or in one of its own.
_DATED = ChatFormat(once=Span(5, 4, 69), message=Span(5, 5, 7), tool_message=Span(6, 5, 8), date_block=20)
# Guard's template wraps the chat into its instructions and categories.
_GUARD = ChatFormat(once=Span(400, 4, 1024), message=Span(5, 2, 9), tool_message=Span(6, 2, 9))

# OpenAI's cookbook: 3 for each message and one for its role, 3 for the answer's beginning. Results of tools are not in
# it, and may name the tool.
_COOKBOOK = ChatFormat(once=exactly(3), message=exactly(4), tool_message=Span(4, 2, 88), name=1, trims=False)
# Newer models differ by a token or so (gpt-5 was seen to count one less), and may get instructions nobody sees.
_NEAR_COOKBOOK = ChatFormat(
    once=Span(3, 0, 67), message=Span(4, 3, 8), tool_message=Span(4, 2, 92), name=1, trims=False
)
# gpt-oss has a system message of its own, about 60 tokens long.
_HARMONY = ChatFormat(once=Span(63, 3, 259), message=Span(4, 3, 8), tool_message=Span(4, 2, 92))

_UNKNOWN = ChatFormat(once=Span(3, 0, 67), message=Span(4, 0, 20), tool_message=Span(4, 0, 104), name=1)
# One greeting to grok-4 was billed as 686 tokens.
_HIDDEN_PROMPT = ChatFormat(once=Span(3, 0, 1091), message=Span(4, 0, 20), tool_message=Span(4, 0, 104), name=1)

# Known to run the published templates; elsewhere the block of dates is only allowed for.
_WRITES_DATES = frozenset(
    "cerebras deepinfra fireworks_ai groq huggingface nvidia_nim openrouter sambanova together_ai".split()
)
_HIDDEN = {"xai": _HIDDEN_PROMPT}

_LLAMA_TOOLS = AsJSON(509)  # the published prompt of Llama 4; the live API was within a tenth of it
_ANY_TOOLS = AsJSON(64)
_ANY_PICTURES = UnknownPictures(_USUAL_IMAGE)


@dataclass(frozen=True, slots=True)
class Family:
    """How the models of one family count. `exact_at` names the hosts at which `chat` is known to be right."""

    vocabulary: VocabularyName | None
    chat: ChatFormat
    elsewhere: ChatFormat
    exact_at: frozenset[str]
    pictures: PictureRule
    tools: ToolRule
    dated: bool = False

    def chat_at(self, provider: str) -> ChatFormat:
        if provider in self.exact_at:
            return self.chat
        return _DATED if self.dated and provider in _WRITES_DATES else self.elsewhere


_META = frozenset({"meta_llama"})
_OPENAI = frozenset({"openai"})  # at Azure the name is that of a deployment, which may be any model


def _llama3(*, dated: bool = False) -> Family:
    return Family("llama3", REFERENCE_FORMAT, _HOSTED, _META, PICTURES["llama3"], _LLAMA_TOOLS, dated)


def _llama4() -> Family:
    return Family("llama4", REFERENCE_FORMAT, _HOSTED, _META, PICTURES["llama4"], _LLAMA_TOOLS)


def _guard(vocabulary: VocabularyName, pictures: PictureRule) -> Family:
    return Family(vocabulary, _GUARD, _GUARD, frozenset(), pictures, _LLAMA_TOOLS)


def _gpt(
    vocabulary: VocabularyName, pictures: PictureRule = _ANY_PICTURES, chat: ChatFormat = _NEAR_COOKBOOK
) -> Family:
    tools = AsTypes(10 if vocabulary == "cl100k_base" else 7)
    return Family(vocabulary, chat, _NEAR_COOKBOOK if chat is _COOKBOOK else chat, _OPENAI, pictures, tools)


_ANY_LLAMA = r"(?:(?:us|eu|apac|global)\.)?(?:meta\.)?(?:(?:meta|cerebras|groq|snowflake)-)?llama-?"
_DAY = r"(?:-\d{4}-\d\d-\d\d)?$"

# The first row that matches the beginning of a name counts.
_FAMILIES: tuple[tuple[str, Family], ...] = (
    (_ANY_LLAMA + r"guard-?3(?!\d)", _guard("llama3", PICTURES["llama3"])),
    (_ANY_LLAMA + r"guard-?4(?!\d)", _guard("llama4", PICTURES["llama4"])),
    (_ANY_LLAMA + r"v?4(?![\d.])", _llama4()),
    (_ANY_LLAMA + r"v?3(?:[.p][123]|-[123](?=-\d+b))(?!\d)", _llama3(dated=True)),
    (_ANY_LLAMA + r"v?3(?![\d.p])", _llama3()),
    (r"gpt-4o" + _DAY, _gpt("o200k_base", OpenAITiles(85, 170), _COOKBOOK)),
    (r"gpt-4o-mini" + _DAY, _gpt("o200k_base", OpenAITiles(2833, 5667), _COOKBOOK)),
    (r"gpt-4\.1" + _DAY, _gpt("o200k_base", OpenAITiles(85, 170), _COOKBOOK)),
    (r"gpt-4\.1-mini" + _DAY, _gpt("o200k_base", OpenAIPatches(Fraction("1.62")), _COOKBOOK)),
    (r"gpt-4\.1-nano" + _DAY, _gpt("o200k_base", OpenAIPatches(Fraction("2.46")), _COOKBOOK)),
    (r"(?:chatgpt-4o|gpt-4\.5)(?:-|$)", _gpt("o200k_base", OpenAITiles(85, 170))),
    (r"o4-mini" + _DAY, _gpt("o200k_base", OpenAIPatches(Fraction("1.72")))),
    (r"(?:o1|o1-pro|o3)" + _DAY, _gpt("o200k_base", OpenAITiles(75, 150))),
    (r"gpt-5(?:-chat-latest)?" + _DAY, _gpt("o200k_base", OpenAITiles(70, 140))),
    (r"gpt-5-mini" + _DAY, _gpt("o200k_base", OpenAIPatches(Fraction("1.62")))),
    (r"gpt-5-nano" + _DAY, _gpt("o200k_base", OpenAIPatches(Fraction("2.46")))),
    (r"gpt-oss(?:-|:|$)", _gpt("o200k_base", chat=_HARMONY)),
    (r"(?:gpt-4o|gpt-4\.1|gpt-5|o[134])(?:[-.]|$)", _gpt("o200k_base")),
    (r"gpt-(?:3\.5|35)-turbo(?:-16k)?(?:-0125|-0613|-1106)?$", _gpt("cl100k_base", chat=_COOKBOOK)),
    (r"gpt-4(?:-32k)?(?:-0314|-0613)?$", _gpt("cl100k_base", chat=_COOKBOOK)),
    (r"gpt-4-(?:turbo|vision|1106|0125)(?:-|$)", _gpt("cl100k_base", OpenAITiles(85, 170))),
    (r"(?:gpt-(?:3\.5|35)(?:-|$)|text-embedding-(?:3-|ada-002)|(?:davinci|babbage)-002)", _gpt("cl100k_base")),
)
_NO_FAMILY = Family(None, _UNKNOWN, _UNKNOWN, frozenset(), _ANY_PICTURES, _ANY_TOOLS)


@lru_cache(maxsize=1024)
def family_of(model: str) -> Family:
    """Return the family of a model by its name; one without a vocabulary where no row matches."""
    name = model.lower().rpartition("/")[2]
    if name.startswith("ft:"):
        name = name.split(":")[1]
    return next((family for pattern, family in _FAMILIES if re.match(pattern, name)), _NO_FAMILY)


def chat_format(provider: str, family: Family) -> ChatFormat:
    """Return the chat format of a family at a host."""
    if family.vocabulary is None:
        return _HIDDEN.get(provider, family.chat)
    return family.chat_at(provider)
