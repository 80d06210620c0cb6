"""The answer to `POST /v1/messages/count_tokens`: our own count of the chat that a body becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litellm_lite.bridges.messages.reading import JSON
from litellm_lite.bridges.messages.request import to_chat

if TYPE_CHECKING:
    from litellm_lite.tokens.count import TokenCount


def count_tokens(body: Any, model: str | None = None) -> tuple[JSON, TokenCount]:
    """Return the answer and the count it rests on, which says whether it is exact.

    `model` is the one to count for, where the body's is the name of a group. Raises what `to_chat` raises, and
    TokenizerError for a damaged vocabulary.
    """
    from litellm_lite.counting import count_tokens as count

    chat = to_chat(body, limited=False)
    beside = {name: chat.params.get(name) for name in ("tools", "tool_choice", "response_format")}
    counted = count(model or body["model"], chat.messages, **beside)
    return {"input_tokens": counted.tokens}, counted
