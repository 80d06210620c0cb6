"""The entry points: `completion`, its async twin, and what answers questions about them before a call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from litellm_lite import resolve
from litellm_lite.attempts import Answer, afetch, aopen_stream, fetch, open_stream, warn_of_retirement
from litellm_lite.chunks import join
from litellm_lite.errors import APIError, LiteLLMUnknownProvider
from litellm_lite.finish import model_response, stream_end
from litellm_lite.prepare import prepare
from litellm_lite.retries import aretrying, retrying
from litellm_lite.transport import exchange

if TYPE_CHECKING:
    from litellm_lite.call import Endpoint
    from litellm_lite.router import Router
    from litellm_lite.streams import AsyncCompletionStream, CompletionStream
    from litellm_lite.types.params import CompletionParams, Messages
    from litellm_lite.types.response import ModelResponse, ModelResponseStream

_ROUTED = ("fallbacks", "context_window_fallback_dict")
_REQUEST_TYPES: Mapping[str, Endpoint] = {
    "chat_completion": "chat",
    "text_completion": "completions",
    "responses": "responses",
    "embeddings": "embeddings",
    "moderations": "moderations",
}


@overload
def completion(
    model: str, messages: Messages, *, stream: Literal[False] | None = None, **params: Unpack[CompletionParams]
) -> ModelResponse: ...
@overload
def completion(
    model: str, messages: Messages, *, stream: Literal[True], **params: Unpack[CompletionParams]
) -> CompletionStream: ...
@overload
def completion(
    model: str, messages: Messages, *, stream: bool | None, **params: Unpack[CompletionParams]
) -> ModelResponse | CompletionStream: ...
def completion(model: str, messages: Any = (), *, stream: bool | None = None, **params: Any) -> Any:
    """Return the model's answer to the messages, or with `stream=True` an iterator of its chunks.

    `model` is "provider/model". Parameters have OpenAI's and LiteLLM's names; what no one knows goes to the
    vendor. With `fallbacks`, model names or dictionaries with `model` and what differs there, it is a `Router`'s call.
    Raises `APIError` and its subclasses; see `errors`.
    """
    if any(map(params.get, _ROUTED)):
        router, shared = _router(model, params)
        return router.completion(model, messages, stream=stream, **shared)
    plan = prepare(model, messages, params, stream=bool(stream))
    warn_of_retirement(plan)
    if stream:
        return retrying(lambda: open_stream(plan, stream_end), plan.options.retries)
    return _whole(retrying(lambda: fetch(plan), plan.options.retries))


@overload
async def acompletion(
    model: str, messages: Messages, *, stream: Literal[False] | None = None, **params: Unpack[CompletionParams]
) -> ModelResponse: ...
@overload
async def acompletion(
    model: str, messages: Messages, *, stream: Literal[True], **params: Unpack[CompletionParams]
) -> AsyncCompletionStream: ...
@overload
async def acompletion(
    model: str, messages: Messages, *, stream: bool | None, **params: Unpack[CompletionParams]
) -> ModelResponse | AsyncCompletionStream: ...
async def acompletion(model: str, messages: Any = (), *, stream: bool | None = None, **params: Any) -> Any:
    """The async twin of `completion`; a stream is an async iterator."""
    if any(map(params.get, _ROUTED)):
        router, shared = _router(model, params)
        return await router.acompletion(model, messages, stream=stream, **shared)
    plan = prepare(model, messages, params, stream=bool(stream))
    warn_of_retirement(plan)
    if stream:
        return await aretrying(lambda: aopen_stream(plan, stream_end), plan.options.retries)
    return _whole(await aretrying(lambda: afetch(plan), plan.options.retries))


def _router(model: str, params: Mapping[str, Any]) -> tuple[Router, dict[str, Any]]:
    from litellm_lite.router.once import router_for  # few calls need it

    return router_for(model, params)


def _whole(answer: Answer) -> ModelResponse:
    return model_response(answer.plan, answer.body, answer.reply)


def stream_chunk_builder(
    chunks: Iterable[ModelResponseStream | Mapping[str, Any]] | None,
    messages: object = None,  # noqa: ARG001 - LiteLLM counts a missing usage from it; here it stays unknown
    **_: object,
) -> ModelResponse | None:
    """Return the answer that a stream's chunks are pieces of, tool calls included; None for no chunks at all.

    Usage is the one the stream carried, else None.
    """
    from litellm_lite.types.response import ModelResponse

    if chunks is None:
        msg = "stream_chunk_builder: chunks is None; pass the list of chunks"
        raise APIError(msg)
    known = list(chunks)
    answer = join(chunk if isinstance(chunk, Mapping) else chunk.model_dump() for chunk in known)
    if answer is None:
        return None
    answer["created"] = answer["created"] or exchange.epoch_s()
    built = ModelResponse.model_validate({key: value for key, value in answer.items() if value is not None})
    built._hidden_params = dict(getattr(known[-1], "_hidden_params", {}))  # noqa: SLF001 - LiteLLM's name, our class
    return built


def get_supported_openai_params(
    model: str, custom_llm_provider: str | None = None, request_type: str = "chat_completion", *, api: str = ""
) -> list[str] | None:
    """Return the OpenAI parameters a call to the model may carry; None for a provider there is not.

    `api` names one of a provider's own API shapes. `request_type` is `chat_completion`, `text_completion`,
    `responses`, `embeddings` or `moderations`; None for one that the provider does not serve itself, and for any other.
    """
    endpoint = _REQUEST_TYPES.get(request_type)
    if endpoint is None:
        return None
    try:
        name, _ = resolve.split_model(model, custom_llm_provider)
    except LiteLLMUnknownProvider:
        return None
    provider = resolve.find_provider(name)
    speaker = None if provider is None else provider.endpoint(endpoint)
    return None if speaker is None else speaker.contract(api).supported
