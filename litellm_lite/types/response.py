"""The answers, with LiteLLM's names: pydantic models that also read like dictionaries.

Vendors add fields; all of them are kept. What a vendor left out is absent, so `hasattr` is meaningful,
except for the few fields that OpenAI's clients read without looking (declared with a default here).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, field_validator

from litellm_lite.types.ids import new_id

_HIDDEN = "_hidden_params"

Hidden = dict[str, Any] | Callable[[], dict[str, Any]]
"""What is known of a call beside its answer, or the way to work it out."""


class OpenAIObject(BaseModel):
    """A model that keeps unknown fields and can be read with `[...]`, `.get(...)` and `in`."""

    model_config = ConfigDict(extra="allow", protected_namespaces=(), defer_build=False)

    def __getitem__(self, key: str) -> Any:
        if key in self:
            return getattr(self, key)
        raise KeyError(key)

    def __setitem__(self, key: str, value: Any) -> None:
        setattr(self, key, value)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and (key in self.__dict__ or key in (self.__pydantic_extra__ or ()))

    def __str__(self) -> str:
        return repr(self)

    def get(self, key: str, default: Any = None) -> Any:
        """Return a field, or `default` where there is none."""
        return getattr(self, key) if key in self else default

    def keys(self) -> Iterator[str]:
        """Yield the names of the fields that are there."""
        yield from (key for key in self.__dict__ if key != _HIDDEN)
        yield from self.__pydantic_extra__ or ()

    # pydantic's deprecated `json` returned text; LiteLLM's callers expect a dictionary
    def json(self, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]
        """Return the object as a dictionary."""
        return self.model_dump(**kwargs)


class Function(OpenAIObject):
    """The function of a tool call; `arguments` is JSON text, as the model wrote it."""

    arguments: str = ""
    name: str | None = None

    @field_validator("arguments", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> str:
        """Take an object too: some vendors decode what the model wrote."""
        return value if isinstance(value, str) else "" if value is None else orjson.dumps(value).decode()


class ChatCompletionMessageToolCall(OpenAIObject):
    """One call of a tool that the model asks for."""

    function: Function
    id: str = Field(default="", validate_default=True)
    type: str = "function"

    @field_validator("id", mode="before")
    @classmethod
    def _never_empty(cls, value: Any) -> Any:
        """Give a call an id where the vendor did not: its result has to name it."""
        return value or f"call_{uuid.uuid4()}"


class Message(OpenAIObject):
    """What the model said."""

    content: str | None = None
    role: str = "assistant"
    tool_calls: list[ChatCompletionMessageToolCall] | None = None
    function_call: Any = None

    if TYPE_CHECKING:  # only there when the vendor sent them
        refusal: str | None = None
        reasoning_content: str | None = None
        annotations: list[Any] | None = None
        audio: Any = None


class Choices(OpenAIObject):
    """One of the answers."""

    finish_reason: str | None = "stop"
    index: int = 0
    message: Message

    if TYPE_CHECKING:
        logprobs: Any = None


class PromptTokensDetails(OpenAIObject):
    """What the prompt's tokens are made of."""

    cached_tokens: int | None = None
    audio_tokens: int | None = None


class CompletionTokensDetails(OpenAIObject):
    """What the answer's tokens are made of."""

    reasoning_tokens: int | None = None
    audio_tokens: int | None = None


class Usage(OpenAIObject):
    """Tokens, as the vendor counted them; a count it did not give is 0, and then there is no cost either."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = Field(default_factory=lambda told: told["prompt_tokens"] + told["completion_tokens"])
    prompt_tokens_details: PromptTokensDetails | None = None
    completion_tokens_details: CompletionTokensDetails | None = None


class Answered(OpenAIObject):
    """What answers and chunks share: where they came from, beside the payload and no part of it."""

    @property
    def _hidden_params(self) -> dict[str, Any]:
        # In the instance's dictionary, as a cached property would be: pydantic copies and pickles it along, and
        # compares and dumps without it. A private attribute would cost each chunk 1 to 2 µs.
        known: Hidden = self.__dict__.setdefault(_HIDDEN, {})
        if callable(known):
            known = self.__dict__[_HIDDEN] = known()
        return known

    @_hidden_params.setter
    def _hidden_params(self, known: dict[str, Any]) -> None:
        self.__dict__[_HIDDEN] = known

    @property
    def hidden_params(self) -> dict[str, Any]:
        """Return what is known of the call: cost, headers, the base URL, what was dropped."""
        return self._hidden_params

    @property
    def dropped_params(self) -> dict[str, str]:
        """Return the parameters that were not sent, each with the reason."""
        dropped: dict[str, str] = self._hidden_params.get("dropped_params", {})
        return dropped


def known_of(answer: Answered) -> Hidden:
    """Return what was attached to an answer, worked out or not."""
    known: Hidden = answer.__dict__[_HIDDEN]
    return known


def attach(answer: Answered, known: Hidden) -> None:
    """Put on an answer what is known of its call; it is worked out when somebody asks."""
    answer.__dict__[_HIDDEN] = known


class ModelResponse(Answered):
    """A chat completion. `created` is in epoch seconds; 0 in one that was made by hand."""

    id: str = Field(default_factory=new_id)
    created: int = 0
    model: str | None = None
    object: str = "chat.completion"
    system_fingerprint: str | None = None
    choices: list[Choices]
    usage: Usage | None = None

    @property
    def _response_headers(self) -> dict[str, str] | None:
        return self._hidden_params.get("additional_headers")

    @property
    def _response_ms(self) -> float | None:
        return self._hidden_params.get("_response_ms")


class ChatCompletionDeltaToolCall(OpenAIObject):
    """A piece of a tool call; pieces of one call share their `index`."""

    function: Function = Field(default_factory=Function)
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
        refusal: str | None = None
        reasoning_content: str | None = None


class StreamingChoices(OpenAIObject):
    """What one chunk adds to one choice."""

    finish_reason: str | None = None
    index: int = 0
    delta: Delta
    logprobs: Any = None


class ModelResponseStream(Answered):
    """One chunk of a streamed chat completion; the last may carry `usage` and no choices."""

    id: str
    created: int
    model: str | None = None
    object: str = "chat.completion.chunk"
    system_fingerprint: str | None = None
    choices: list[StreamingChoices]

    if TYPE_CHECKING:
        usage: Usage | None = None
