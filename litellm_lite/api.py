"""The entry points: `completion`, its async twin, and what answers questions about them before a call."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from litellm_lite import resolve
from litellm_lite.call import Reply
from litellm_lite.chunks import join
from litellm_lite.errors import APIError, LiteLLMUnknownProvider, RetiredModelWarning
from litellm_lite.finish import model_response, stream_end
from litellm_lite.mock import AsyncReplay, Replay, completion_as_events, mock_completion, mock_events
from litellm_lite.prepare import Plan, prepare
from litellm_lite.retries import aretrying, retrying
from litellm_lite.streams import AsyncCompletionStream, CompletionStream, StreamCore
from litellm_lite.transformer import OpenAIStream
from litellm_lite.transport import exchange

if TYPE_CHECKING:
    from litellm_lite.transport.seam import AsyncByteStream, ByteStream
    from litellm_lite.types.params import CompletionParams, Messages
    from litellm_lite.types.response import ModelResponse, ModelResponseStream

logger = logging.getLogger("litellm_lite")

_FIRST_FAILURE = 300
_GONE = frozenset({400, 403, 404, 410})  # how vendors answer for a model they have switched off


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
    vendor. Raises `APIError` and its subclasses; see `errors`.
    """
    plan = prepare(model, messages, params, stream=bool(stream))
    _warn_of_retirement(plan)
    if stream:
        return retrying(lambda: _open(plan), plan.options.retries)
    return retrying(lambda: _complete(plan), plan.options.retries)


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
    plan = prepare(model, messages, params, stream=bool(stream))
    _warn_of_retirement(plan)
    if stream:
        return await aretrying(lambda: _aopen(plan), plan.options.retries)
    return await aretrying(lambda: _acomplete(plan), plan.options.retries)


def _complete(plan: Plan) -> ModelResponse:
    """Make one attempt at a whole answer."""
    try:
        if plan.options.mocked:
            return _mocked(plan)
        reply = exchange.send(plan.request, plan.options.timeouts, plan.settings, plan.options.own.get("client"))
        return _answer(plan, reply)
    except APIError as error:
        _note_failure(plan, error)
        raise


async def _acomplete(plan: Plan) -> ModelResponse:
    """The async twin of `_complete`."""
    try:
        if plan.options.mocked:
            return _mocked(plan)
        reply = await exchange.asend(plan.request, plan.options.timeouts, plan.settings, plan.options.own.get("client"))
        return _answer(plan, reply)
    except APIError as error:
        _note_failure(plan, error)
        raise


def _mocked(plan: Plan) -> ModelResponse:
    return model_response(plan, mock_completion(plan), Reply(200, {}, b"", received_at=exchange.epoch_s()))


def _answer(plan: Plan, reply: Reply) -> ModelResponse:
    _log(plan, reply)
    if reply.status >= _FIRST_FAILURE:
        raise plan.provider.parse_error(plan.call, reply)
    return model_response(plan, plan.provider.parse_response(plan.call, reply), reply)


def _open(plan: Plan) -> CompletionStream:
    """Make one attempt at a stream, up to its first chunk."""
    try:
        source = _source(plan)
        end = stream_end(plan, source.headers, exchange.epoch_s)
        return CompletionStream(source, _core(plan, source), end).prime()
    except APIError as error:
        _note_failure(plan, error)
        raise


async def _aopen(plan: Plan) -> AsyncCompletionStream:
    """The async twin of `_open`."""
    try:
        source = await _asource(plan)
        end = stream_end(plan, source.headers, exchange.epoch_s)
        return await AsyncCompletionStream(source, _core(plan, source), end).prime()
    except APIError as error:
        _note_failure(plan, error)
        raise


def _source(plan: Plan) -> ByteStream:
    """Return the bytes of a stream: from the network, or replayed from a mock or from an answer that came whole."""
    if plan.options.mocked:
        return Replay(mock_events(plan))
    client = plan.options.own.get("client")
    source = exchange.open_stream(plan.request, plan.options.timeouts, plan.settings, client)
    if _is_stream(source.status, source.headers):
        return source
    return Replay(_whole(plan, exchange.read_rest(source, plan.request.url, plan.settings)), source.headers)


async def _asource(plan: Plan) -> AsyncByteStream:
    """The async twin of `_source`."""
    if plan.options.mocked:
        return AsyncReplay(mock_events(plan))
    client = plan.options.own.get("client")
    source = await exchange.aopen_stream(plan.request, plan.options.timeouts, plan.settings, client)
    if _is_stream(source.status, source.headers):
        return source
    return AsyncReplay(_whole(plan, await exchange.aread_rest(source, plan.request.url, plan.settings)), source.headers)


def _is_stream(status: int, headers: Mapping[str, str]) -> bool:
    """Tell a stream from an error, from a page, and from a server that ignores `stream`."""
    kind = headers.get("content-type", "")
    return status < _FIRST_FAILURE and "json" not in kind and "html" not in kind


def _whole(plan: Plan, reply: Reply) -> Iterator[bytes]:
    """Return a whole answer as the events it would have been. Raises what the vendor reports."""
    _log(plan, reply)
    if reply.status >= _FIRST_FAILURE:
        raise plan.provider.parse_error(plan.call, reply)
    return completion_as_events(plan.provider.parse_response(plan.call, reply), 0)


def _core(plan: Plan, source: ByteStream | AsyncByteStream) -> StreamCore:
    head = Reply(source.status, source.headers, b"")
    limit = plan.settings.max_response_bytes
    if isinstance(source, Replay | AsyncReplay):  # it came whole, and with as many choices as it has
        return StreamCore(OpenAIStream(plan.call, head), max_bytes=limit)
    logger.info("%s %s status %s, streaming", plan.call.target.provider, plan.call.target.model, source.status)
    parser = plan.provider.open_stream(plan.call, head)
    expected = {**plan.call.params, **plan.call.extra_body}.get("n")
    expected = expected if isinstance(expected, int) else 1
    return StreamCore(parser, expected=expected, wants_usage=plan.wants_usage, max_bytes=limit)


def _warn_of_retirement(plan: Plan) -> None:
    """Warn the caller of a model that is switched off, by the date in the registry; the call is made all the same."""
    if (retired := _retired(plan)) is not None:
        warnings.warn(f"{plan.call.target.provider}: {retired}", RetiredModelWarning, stacklevel=3)


def _retired(plan: Plan) -> str | None:
    info = plan.call.info
    if info is None or info.deprecation_date is None:
        return None
    return info.retired(datetime.fromtimestamp(exchange.epoch_s(), UTC).date())


def _note_failure(plan: Plan, error: APIError) -> None:
    """Name the place on the error, and log it."""
    plan.locate(error)
    if error.status in _GONE and (retired := _retired(plan)) is not None:
        error.message = f"{error.message}; {retired}"
    logger.info("%s %s failed: %s %s", error.provider, error.model, type(error).__name__, error.status)


def _log(plan: Plan, reply: Reply) -> None:
    target = plan.call.target
    logger.info("%s %s status %s in %.0f ms", target.provider, target.model, reply.status, reply.elapsed_ms)


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

    `api` names one of a provider's own API shapes. Only chat completions exist: any other `request_type` has none.
    """
    if request_type != "chat_completion":
        return None
    try:
        name, _ = resolve.split_model(model, custom_llm_provider)
    except LiteLLMUnknownProvider:
        return None
    provider = resolve.find_provider(name)
    return provider.contract(api).supported if provider is not None else None
