"""Tokens of a prompt or a text for one model at one host: exact where that is possible, else an estimate with bounds.

Names are taken as they are: who resolves aliases is `litellm_lite.counting`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litellm_lite.tokens.chats import ChatCounter, Message, uncounted_kinds
from litellm_lite.tokens.count import Measure, Span, TokenCount
from litellm_lite.tokens.estimate import METHOD, estimate
from litellm_lite.tokens.families import chat_format, family_of
from litellm_lite.tokens.tools import ToolRule, format_tokens, tool_tokens
from litellm_lite.tokens.vocabularies import vocabulary


@dataclass(frozen=True, slots=True)
class PromptCounter:
    """Counts for one model at one host. `method` says with what."""

    measure: Measure
    method: str
    chat: ChatCounter
    tool_rule: ToolRule

    def text(self, text: str) -> TokenCount:
        return self.measure(text).counted(self.method)

    def prompt(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Any] | None = None,
        tool_choice: Any = None,
        response_format: Any = None,
    ) -> TokenCount:
        beside = tool_tokens(tools, tool_choice, self.tool_rule, self.measure) + format_tokens(
            response_format, self.measure
        )
        return self.counted(self.chat.chat(messages) + beside, messages)

    def counted(self, span: Span, messages: Sequence[Message]) -> TokenCount:
        """Return the count, its method naming what is not in it."""
        kinds = uncounted_kinds(messages) if span.most is None else []
        return span.counted("; ".join([self.method, *(f"{kind} not counted" for kind in kinds)]))


def counter_for(provider: str, model: str, measure: Measure | None = None, method: str = METHOD) -> PromptCounter:
    """Return the counter for a model; `measure` counts in place of its vocabulary.

    Raises TokenizerError for a vocabulary's file that is not the right one.
    """
    family = family_of(model)
    if measure is None:
        known = vocabulary(family.vocabulary) if family.vocabulary else None
        measure, method = (known.measure, known.method) if known else (estimate, METHOD)
    chat = ChatCounter(chat_format(provider, family), measure, family.pictures)
    return PromptCounter(measure, method, chat, family.tools)


def count_prompt(
    provider: str,
    model: str,
    messages: Sequence[Message],
    *,
    tools: Sequence[Any] | None = None,
    tool_choice: Any = None,
    response_format: Any = None,
) -> TokenCount:
    """Count the tokens of a chat request's prompt, the beginning of the answer included."""
    counter = counter_for(provider, model)
    return counter.prompt(messages, tools=tools, tool_choice=tool_choice, response_format=response_format)
