"""The parameters of a completion, for type checkers and editors. At run time they are plain keyword arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    import httpx
    from pydantic import BaseModel

    from litellm_lite.call import Timeouts
    from litellm_lite.types.response import ModelResponse

Messages = Sequence[Mapping[str, Any] | Any]


class OptionParams(TypedDict, total=False):
    """How a call is made, in LiteLLM's words. What is None counts as not given."""

    api: str | None
    api_base: str | None
    base_url: str | None
    api_key: str | None
    organization: str | None
    custom_llm_provider: str | None
    extra_headers: Mapping[str, str] | None
    headers: Mapping[str, str] | None
    extra_body: Mapping[str, Any] | None
    timeout: float | str | httpx.Timeout | Timeouts | None
    stream_timeout: float | None
    request_timeout: float | None
    num_retries: int | None
    max_retries: int | None
    client: httpx.Client | httpx.AsyncClient | None
    ssl_verify: bool | str | None
    drop_params: bool | None
    additional_drop_params: Sequence[str] | None
    allowed_openai_params: Sequence[str] | None
    mock_response: str | Exception | Mapping[str, Any] | ModelResponse | Sequence[float] | None
    mock_tool_calls: Sequence[Mapping[str, Any]] | None
    input_cost_per_token: float | None
    output_cost_per_token: float | None
    cache_read_input_token_cost: float | None
    cache_creation_input_token_cost: float | None
    base_model: str | None
    budget: float | Decimal | str | None
    check_context: bool | None
    metadata: Mapping[str, Any] | None
    litellm_metadata: Mapping[str, Any] | None
    litellm_call_id: str | None
    litellm_trace_id: str | None
    litellm_session_id: str | None
    tags: Sequence[str] | None
    id: str | None
    use_chat_completions_api: bool | None
    fallbacks: Sequence[str | Mapping[str, Any]] | None
    context_window_fallback_dict: Mapping[str, str] | None


class CompletionParams(OptionParams, total=False):
    """OpenAI's parameters, then those of LiteLLM's that only a completion takes.

    A vendor's own parameters are taken at run time; for a type checker, pass them in `extra_body`.
    """

    temperature: float | None
    top_p: float | None
    n: int | None
    stream_options: Mapping[str, Any] | None
    stop: str | Sequence[str] | None
    max_completion_tokens: int | None
    max_tokens: int | None
    presence_penalty: float | None
    frequency_penalty: float | None
    logit_bias: Mapping[str, float] | None
    seed: int | None
    logprobs: bool | None
    top_logprobs: int | None
    modalities: Sequence[str] | None
    prediction: Mapping[str, Any] | None
    audio: Mapping[str, Any] | None
    tools: Sequence[Mapping[str, Any]] | None
    tool_choice: str | Mapping[str, Any] | None
    parallel_tool_calls: bool | None
    functions: Sequence[Mapping[str, Any]] | None
    function_call: str | Mapping[str, Any] | None
    response_format: Mapping[str, Any] | type[BaseModel] | None
    reasoning_effort: str | None
    verbosity: str | None
    thinking: Mapping[str, Any] | None
    web_search_options: Mapping[str, Any] | None
    user: str | None
    safety_identifier: str | None
    service_tier: str | None
    store: bool | None
    prompt_cache_key: str | None
    prompt_cache_retention: str | None
    prompt_cache_options: Mapping[str, Any] | None
    moderation: Mapping[str, Any] | None
    top_k: int | None
    repetition_penalty: float | None


class RoutingParams(TypedDict, total=False):
    """What a call of a Router may say of its way."""

    context_window_fallbacks: Sequence[str | Mapping[str, Any]] | None
    content_policy_fallbacks: Sequence[str | Mapping[str, Any]] | None
    disable_fallbacks: bool | None
    allowed_model_region: str | Sequence[str] | None


class RoutedParams(CompletionParams, RoutingParams, total=False):
    """The parameters of a completion for a call of a Router."""


class EmbeddingParams(OptionParams, total=False):
    """What an embedding takes beside its input."""

    dimensions: int | None
    encoding_format: str | None
    user: str | None


class TextCompletionParams(OptionParams, total=False):
    """What a text completion takes beside its prompt."""

    best_of: int | None
    echo: bool | None
    frequency_penalty: float | None
    logit_bias: Mapping[str, float] | None
    logprobs: int | None
    max_tokens: int | None
    n: int | None
    presence_penalty: float | None
    seed: int | None
    stop: str | Sequence[str] | None
    stream_options: Mapping[str, Any] | None
    suffix: str | None
    temperature: float | None
    top_p: float | None
    user: str | None


class ResponsesParams(OptionParams, total=False):
    """What a response takes beside its input. `text_format` is a pydantic class that the answer shall fit."""

    access_programs: Any
    background: bool | None
    context_management: Sequence[Mapping[str, Any]] | None
    conversation: str | Mapping[str, Any] | None
    image: Mapping[str, Any] | None
    include: Sequence[str] | None
    instructions: str | None
    max_output_tokens: int | None
    max_tool_calls: int | None
    moderation: Mapping[str, Any] | None
    parallel_tool_calls: bool | None
    previous_response_id: str | None
    prompt: Mapping[str, Any] | None
    prompt_cache_key: str | None
    prompt_cache_options: Mapping[str, Any] | None
    prompt_cache_retention: str | None
    reasoning: Mapping[str, Any] | None
    safety_identifier: str | None
    service_tier: str | None
    store: bool | None
    stream_options: Mapping[str, Any] | None
    temperature: float | None
    text: Mapping[str, Any] | None
    text_format: type[BaseModel] | None
    tool_choice: str | Mapping[str, Any] | None
    tools: Sequence[Mapping[str, Any]] | None
    top_logprobs: int | None
    top_p: float | None
    truncation: str | None
    user: str | None


class RoutedOptionParams(OptionParams, RoutingParams, total=False):
    """How a call of a Router is made."""


class RoutedEmbeddingParams(EmbeddingParams, RoutingParams, total=False):
    """What an embedding takes beside its input, of a Router."""


class RoutedTextCompletionParams(TextCompletionParams, RoutingParams, total=False):
    """What a text completion takes beside its prompt, of a Router."""


class RoutedResponsesParams(ResponsesParams, RoutingParams, total=False):
    """What a response takes beside its input, of a Router."""
