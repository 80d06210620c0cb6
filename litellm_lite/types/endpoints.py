"""The answers of the endpoints beside chat, with LiteLLM's names. They read like those of a chat; see `response`."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from pydantic import Field

from litellm_lite.types.response import Answered, OpenAIObject, Usage


class Embedding(OpenAIObject):
    """A vector; a text where it was asked for as base64."""

    embedding: list[float] | str
    index: int = 0
    object: str = "embedding"


class EmbeddingResponse(Answered):
    """A vector for each input, in their order."""

    model: str | None = None
    data: list[Embedding]
    object: str = "list"
    usage: Usage | None = None


class ModerationResult(OpenAIObject):
    """The verdict on one input. The categories are read by attribute or by name: `categories["self-harm/intent"]`."""

    flagged: bool
    categories: OpenAIObject | None = None
    category_scores: OpenAIObject | None = None
    category_applied_input_types: OpenAIObject | None = None


class ModerationResponse(Answered):
    """A verdict for each input, in their order."""

    id: str = Field(default_factory=lambda: f"modr-{uuid.uuid4()}")
    model: str | None = None
    results: list[ModerationResult]


class TextChoices(OpenAIObject):
    """One of the texts, or in a stream what is added to it."""

    text: str = ""
    index: int = 0
    finish_reason: str | None = None
    logprobs: Any = None


class TextCompletionResponse(Answered):
    """Texts that go on where the prompts end; in a stream, pieces of them. `created` is in epoch seconds."""

    id: str = Field(default_factory=lambda: f"cmpl-{uuid.uuid4()}")
    created: int = 0
    model: str | None = None
    object: str = "text_completion"
    choices: list[TextChoices]
    usage: Usage | None = None


class ResponseContent(OpenAIObject):
    """A part of what a message says: `output_text` or `refusal`."""

    type: str

    if TYPE_CHECKING:  # of what kind it is decides which are there
        text: str
        refusal: str
        annotations: list[Any]


class ResponseItem(OpenAIObject):
    """One item of a response: a message, a call, reasoning, or what a tool of the vendor's did.

    It may be put into the `input` of the next call as it is.
    """

    type: str
    id: str | None = None
    content: list[ResponseContent] | None = None

    if TYPE_CHECKING:
        role: str
        status: str
        call_id: str
        name: str
        arguments: str
        summary: list[Any]


class ResponseAPIUsage(OpenAIObject):
    """Tokens, as the vendor counted them, in the words of this endpoint."""

    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = Field(default_factory=lambda told: told["input_tokens"] + told["output_tokens"])
    input_tokens_details: OpenAIObject | None = None
    output_tokens_details: OpenAIObject | None = None


class ResponsesAPIResponse(Answered):
    """A response: its items, and what was asked. `status` is `completed`, `incomplete`, or that it is not ready yet."""

    id: str
    created_at: float = 0
    status: str | None = None
    model: str | None = None
    object: str = "response"
    output: list[ResponseItem] = Field(default_factory=list)
    usage: ResponseAPIUsage | None = None
    error: Any = None
    incomplete_details: OpenAIObject | None = None

    if TYPE_CHECKING:
        previous_response_id: str | None
        instructions: Any
        metadata: Any
        tools: list[Any]
        tool_choice: Any
        text: Any
        reasoning: Any

    @property
    def output_text(self) -> str:
        """Return all the text of its messages."""
        parts = (part for item in self.output if item.type == "message" for part in item.content or ())
        return "".join(part.text for part in parts if part.type == "output_text")


class ResponsesEvent(Answered):
    """One event of a streamed response. `type` decides what else is there: `delta`, `item`, `response`."""

    type: str
    sequence_number: int | None = None
    response: ResponsesAPIResponse | None = None
    item: ResponseItem | None = None
    part: ResponseContent | None = None

    if TYPE_CHECKING:
        delta: str
        text: str
        item_id: str
        output_index: int
        content_index: int
        arguments: str


class DeleteResponseResult(Answered):
    """What came of deleting a stored response."""

    id: str
    object: str = "response"
    deleted: bool
