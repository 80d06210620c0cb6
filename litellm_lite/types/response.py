"""The answers, with LiteLLM's names: pydantic models that also read like dictionaries.

Vendors add fields; all of them are kept. What a vendor left out is absent, so `hasattr` is meaningful,
except for the few fields that OpenAI's clients read without looking (declared with a default here).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr


class OpenAIObject(BaseModel):
    """A model that keeps unknown fields and can be read with `[...]`, `.get(...)` and `in`."""

    model_config = ConfigDict(extra="allow", protected_namespaces=(), defer_build=False)

    def __getitem__(self, key: str) -> Any:
        try:
            return getattr(self, key)
        except AttributeError:
            raise KeyError(key) from None

    def __setitem__(self, key: str, value: Any) -> None:
        setattr(self, key, value)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and (key in self.__dict__ or key in (self.__pydantic_extra__ or ()))

    def get(self, key: str, default: Any = None) -> Any:
        """Return a field, or `default` where there is none."""
        return getattr(self, key, default)

    def keys(self) -> Iterator[str]:
        """Yield the names of the fields that are there."""
        yield from self.__dict__
        yield from self.__pydantic_extra__ or ()

    # pydantic's deprecated `json` returned text; LiteLLM's callers expect a dictionary
    def json(self, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]
        """Return the object as a dictionary."""
        return self.model_dump(**kwargs)


class Function(OpenAIObject):
    """The function of a tool call; `arguments` is JSON text, as the model wrote it."""

    arguments: str = ""
    name: str | None = None


class ChatCompletionMessageToolCall(OpenAIObject):
    """One call of a tool that the model asks for."""

    function: Function
    id: str = Field(default_factory=lambda: f"call_{uuid.uuid4()}")
    type: str = "function"


class Message(OpenAIObject):
    """What the model said."""

    content: str | None = None
    role: str = "assistant"
    tool_calls: list[ChatCompletionMessageToolCall] | None = None
    function_call: Any = None

    if TYPE_CHECKING:  # only there when the vendor sent them
        refusal: str | None
        reasoning_content: str | None
        annotations: list[Any] | None
        audio: Any


class Choices(OpenAIObject):
    """One of the answers."""

    finish_reason: str | None = "stop"
    index: int = 0
    message: Message

    if TYPE_CHECKING:
        logprobs: Any


class PromptTokensDetails(OpenAIObject):
    """What the prompt's tokens are made of."""

    cached_tokens: int | None = None
    audio_tokens: int | None = None


class CompletionTokensDetails(OpenAIObject):
    """What the answer's tokens are made of."""

    reasoning_tokens: int | None = None
    audio_tokens: int | None = None


class Usage(OpenAIObject):
    """Tokens, as the vendor counted them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    prompt_tokens_details: PromptTokensDetails | None = None
    completion_tokens_details: CompletionTokensDetails | None = None


class _Answer(OpenAIObject):
    """What answers and chunks share: where they came from, beside the payload."""

    _hidden_params: dict[str, Any] = PrivateAttr(default_factory=dict)

    @property
    def hidden_params(self) -> dict[str, Any]:
        """Return what is known of the call: cost, headers, the base URL, what was dropped."""
        return self._hidden_params

    @property
    def dropped_params(self) -> dict[str, str]:
        """Return the parameters that were not sent, each with the reason."""
        dropped: dict[str, str] = self._hidden_params.get("dropped_params", {})
        return dropped


class ModelResponse(_Answer):
    """A chat completion."""

    id: str
    created: int
    model: str | None = None
    object: str = "chat.completion"
    system_fingerprint: str | None = None
    choices: list[Choices]
    usage: Usage | None = None

    _response_headers: dict[str, str] | None = PrivateAttr(default=None)
    _response_ms: float | None = PrivateAttr(default=None)


class ChatCompletionDeltaToolCall(OpenAIObject):
    """A piece of a tool call; pieces of one call share their `index`."""

    function: Function
    id: str | None = None
    type: str | None = None
    index: int = 0


class Delta(OpenAIObject):
    """What one chunk adds to a message."""

    content: str | None = None
    role: str | None = None
    function_call: Any = None
    tool_calls: list[ChatCompletionDeltaToolCall] | None = None
    audio: Any = None

    if TYPE_CHECKING:
        refusal: str | None
        reasoning_content: str | None


class StreamingChoices(OpenAIObject):
    """What one chunk adds to one choice."""

    finish_reason: str | None = None
    index: int = 0
    delta: Delta
    logprobs: Any = None


class ModelResponseStream(_Answer):
    """One chunk of a streamed chat completion; the last may carry `usage` and no choices."""

    id: str
    created: int
    model: str | None = None
    object: str = "chat.completion.chunk"
    system_fingerprint: str | None = None
    choices: list[StreamingChoices]

    if TYPE_CHECKING:
        usage: Usage | None


def new_id() -> str:
    """Return an id for an answer whose vendor gave none."""
    return f"chatcmpl-{uuid.uuid4()}"
