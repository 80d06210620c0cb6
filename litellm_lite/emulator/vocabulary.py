"""Text cut into tokens and prompts counted, exactly where Llama's vocabulary is installed. Pure but for its file.

Without it a token is four characters: good enough to exercise limits, and every answer says so.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from typing import Any

import orjson

from litellm_lite.emulator.ask import Ask
from litellm_lite.emulator.messages import text_of
from litellm_lite.tokens.llama import LlamaFamily, count_llama_chat, encode_llama_text, llama_encoding
from litellm_lite.tokens.pictures import llama4_image_tokens
from litellm_lite.tokens.pythonic import pythonic_calls

_CHARS_A_TOKEN = 4

# With a space before it, each is one token of Llama 3, of Llama 4, and of four characters. Their number is prime.
_WORDS = (
    "the old fox and her red dog ran out one day for fun but you may ask why any cat who got ham can now eat pie jam "
    "nut egg let our new car bus van jet fly low key tea cup lid pot pan box bag hat cap tie toy boy man son dad mom "
    "pet cow bee ant owl"
).split()


def is_exact(family: LlamaFamily) -> bool:
    """Tell whether counts for this family are Llama's own."""
    return llama_encoding(family) is not None


def pieces(text: str, family: LlamaFamily) -> list[str]:
    """Return one string a token; joined they are the text.

    A token may hold only part of a character: then its piece is empty, and the character comes with a later one.
    """
    encoding = llama_encoding(family)
    if encoding is None:
        return [text[start : start + _CHARS_A_TOKEN] for start in range(0, len(text), _CHARS_A_TOKEN)]
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    tokens = encode_llama_text(text, family)
    return [decoder.decode(encoding.decode_single_token_bytes(token)) for token in tokens]


def words(count: int) -> str:
    """Return so many words, each of them a token in whichever vocabulary; more words begin with the same ones."""
    most = len(_WORDS)
    return " ".join(_WORDS[place * (1 + place // most % (most - 1)) % most] for place in range(count))


def prompt_tokens(ask: Ask) -> int:
    """Count the prompt: the messages as the reference template writes them, and tools and schema as plain JSON.

    The real API wraps tools and schemas into instructions of its own, which nobody has published; there its
    count is some hundred tokens higher.
    """
    return _message_tokens(ask) + sum(len(pieces(text, ask.model.family)) for text in _instructions(ask))


def _instructions(ask: Ask) -> list[str]:
    tools = [{"name": tool.name, "description": tool.description, "parameters": tool.parameters} for tool in ask.tools]
    return [orjson.dumps(part).decode() for part in (tools, ask.schema) if part]


def _message_tokens(ask: Ask) -> int:
    family = ask.model.family
    if is_exact(family):
        return count_llama_chat(ask.messages, family)
    words = sum(5 + len(pieces(_written(message), family)) for message in ask.messages)
    images = (picture.image for picture in ask.pictures)
    return words + 5 + sum(llama4_image_tokens(image.width or 1, image.height or 1) for image in images if image)


def _written(message: Mapping[str, Any]) -> str:
    calls = message.get("tool_calls")
    return text_of(dict(message)) + (pythonic_calls(calls) if calls else "")
