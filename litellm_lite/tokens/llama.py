"""Llama's own counts, by its reference tokenizer and chat format: what the emulator answers with, and tests hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from litellm_lite.tokens.chats import ChatCounter, ChatFormat
from litellm_lite.tokens.count import exactly
from litellm_lite.tokens.pictures import Llama4Pictures, PictureRule, UnknownPictures
from litellm_lite.tokens.vocabularies import required_vocabulary, vocabulary

if TYPE_CHECKING:
    import tiktoken

LlamaFamily = Literal["llama3", "llama4"]

# Begin of text, and the header of the answer; a message is header start, role, header end, a blank line, its text, end
# of turn; the role `tool` is written `ipython`, which is two tokens. Source: ChatFormat of llama-models 0.3.0, verified
# against usage the live API reported (Maverick).
REFERENCE_FORMAT = ChatFormat(
    once=exactly(5), message=exactly(5), tool_message=exactly(6), pythonic=True, joins=False, trims=False
)

PICTURES: Mapping[LlamaFamily, PictureRule] = {"llama3": UnknownPictures(), "llama4": Llama4Pictures()}


@cache
def llama_encoding(family: LlamaFamily) -> tiktoken.Encoding | None:
    """Return the family's encoding, or None where the package `llama-models` is not installed.

    Llama 3, 3.1, 3.2, 3.3 and Guard 3 share `llama3`; Llama 4 and Guard 4 share `llama4`.
    """
    found = vocabulary(family)
    return found.encoding if found else None


def encode_llama_text(text: str, family: LlamaFamily) -> list[int]:
    """Return the tokens of plain text, as the reference tokenizer makes them.

    Raises TokenizerError where the vocabulary is not installed.
    """
    return required_vocabulary(family).encode(text)


def count_llama_chat(messages: Sequence[Mapping[str, Any]], family: LlamaFamily) -> int:
    """Count the prompt tokens of OpenAI-shaped messages as the reference does, answer header included.

    Exact for text, tool calls and, in Llama 4, for images in data URLs; an image elsewhere is taken for one in full HD.
    What a host adds of its own (a block of dates, instructions about tools) is not counted.
    Raises TokenizerError where the vocabulary is not installed.
    """
    measure = required_vocabulary(family).measure
    return ChatCounter(REFERENCE_FORMAT, measure, PICTURES[family]).chat(messages).tokens
