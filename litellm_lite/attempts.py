"""One attempt at a plan: a whole answer, or a stream, in both colours. What follows a failure is decided elsewhere."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from litellm_lite.call import Reply
from litellm_lite.errors import APIError, RetiredModelWarning
from litellm_lite.mock import AsyncReplay, Replay, answer_as_events, mock_completion, mock_events
from litellm_lite.streams import AsyncCompletionStream, CompletionStream, StreamCore, StreamEnd
from litellm_lite.transformer import JSON, OpenAIStream
from litellm_lite.transport import exchange
from litellm_lite.usage import chat_usage

if TYPE_CHECKING:
    from litellm_lite.prepare import Plan
    from litellm_lite.transport.seam import AsyncByteStream, ByteStream

logger = logging.getLogger("litellm_lite")

_FIRST_FAILURE = 300
_GONE = frozenset({400, 403, 404, 410})  # how vendors answer for a model they have switched off

Ending = Callable[["Plan", Mapping[str, str], Callable[[], int]], StreamEnd]
"""Makes what a stream needs at its end, of the plan, the headers of the answer, and the time of day."""

Patience = Callable[[], float | None]


class Answer(NamedTuple):
    """A whole answer: OpenAI-shaped JSON, and the reply it came in."""

    plan: Plan
    body: JSON
    reply: Reply

    @property
    def usage(self) -> JSON | None:
        """The vendor's count of the tokens, under the names of a chat's; None where it gave none."""
        told: JSON | None = self.body.get("usage")
        return told if self.plan.call.endpoint != "responses" else chat_usage(told)


def fetch(plan: Plan) -> Answer:
    """Make one attempt at a whole answer. Raises APIError."""
    try:
        if plan.options.mocked:
            return _mocked(plan)
        return _read(plan, exchange.send(plan.request, plan.options.timeouts, plan.settings, plan.client))
    except APIError as error:
        _note_failure(plan, error)
        raise


async def afetch(plan: Plan) -> Answer:
    """The async twin of `fetch`."""
    try:
        if plan.options.mocked:
            return _mocked(plan)
        return _read(plan, await exchange.asend(plan.request, plan.options.timeouts, plan.settings, plan.client))
    except APIError as error:
        _note_failure(plan, error)
        raise


def open_stream(plan: Plan, ending: Ending, patience: Patience | None = None) -> CompletionStream:
    """Make one attempt at a stream, up to its first chunk. Raises APIError.

    `patience` tells how many seconds the next packet may take, whatever else the timeouts allow.
    """
    try:
        source = _source(plan)
        end = ending(plan, source.headers, exchange.epoch_s)
        return CompletionStream(source, _core(plan, source, patience), end).prime()
    except APIError as error:
        _note_failure(plan, error)
        raise


async def aopen_stream(plan: Plan, ending: Ending, patience: Patience | None = None) -> AsyncCompletionStream:
    """The async twin of `open_stream`."""
    try:
        source = await _asource(plan)
        end = ending(plan, source.headers, exchange.epoch_s)
        return await AsyncCompletionStream(source, _core(plan, source, patience), end).prime()
    except APIError as error:
        _note_failure(plan, error)
        raise


def warn_of_retirement(plan: Plan, depth: int = 3) -> None:
    """Warn who called the entry point of a model that is switched off, by the date in the registry.

    `depth`: how many calls up who called it is, this one included.
    """
    if (gone := retired(plan)) is not None:
        warnings.warn(f"{plan.call.target.provider}: {gone}", RetiredModelWarning, stacklevel=depth)


def retired(plan: Plan) -> str | None:
    """Say since when the model is switched off, by the date in the registry; None where it is not, or nobody knows."""
    info = plan.call.info
    if info is None or info.deprecation_date is None:
        return None
    return info.retired(datetime.fromtimestamp(exchange.epoch_s(), UTC).date())


def _mocked(plan: Plan) -> Answer:
    return Answer(plan, mock_completion(plan), Reply(200, {}, b"", received_at=exchange.epoch_s()))


def _read(plan: Plan, reply: Reply) -> Answer:
    _log(plan, reply)
    if reply.status >= _FIRST_FAILURE:
        raise plan.provider.parse_error(plan.call, reply)
    return Answer(plan, plan.provider.parse_response(plan.call, reply), reply)


def _source(plan: Plan) -> ByteStream:
    """Return the bytes of a stream: from the network, or replayed from a mock or from an answer that came whole."""
    if plan.options.mocked:
        return Replay(mock_events(plan))
    source = exchange.open_stream(plan.request, plan.options.timeouts, plan.settings, plan.client)
    if _is_stream(source.status, source.headers):
        return source
    return Replay(_whole(plan, exchange.read_rest(source, plan.request.url, plan.settings)), source.headers)


async def _asource(plan: Plan) -> AsyncByteStream:
    """The async twin of `_source`."""
    if plan.options.mocked:
        return AsyncReplay(mock_events(plan))
    source = await exchange.aopen_stream(plan.request, plan.options.timeouts, plan.settings, plan.client)
    if _is_stream(source.status, source.headers):
        return source
    return AsyncReplay(_whole(plan, await exchange.aread_rest(source, plan.request.url, plan.settings)), source.headers)


def _is_stream(status: int, headers: Mapping[str, str]) -> bool:
    """Tell a stream from an error, from a page, and from a server that ignores `stream`."""
    kind = headers.get("content-type", "")
    return status < _FIRST_FAILURE and "json" not in kind and "html" not in kind


def _whole(plan: Plan, reply: Reply) -> Iterator[bytes]:
    """Return a whole answer as the events it would have been. Raises what the vendor reports."""
    return answer_as_events(plan, _read(plan, reply).body, 0)


def _core(plan: Plan, source: ByteStream | AsyncByteStream, patience: Patience | None) -> StreamCore:
    head = Reply(source.status, source.headers, b"")
    limit = plan.settings.max_response_bytes
    if isinstance(source, Replay | AsyncReplay):  # it came whole, and with as many choices as it has
        return StreamCore(OpenAIStream(plan.call, head), max_bytes=limit)
    logger.info("%s %s status %s, streaming", plan.call.target.provider, plan.call.target.model, source.status)
    parser = plan.provider.open_stream(plan.call, head)
    core = StreamCore(parser, expected=plan.expected, wants_usage=plan.wants_usage, max_bytes=limit)
    core.patience = patience
    return core


def _note_failure(plan: Plan, error: APIError) -> None:
    """Name the place on the error, and log it."""
    plan.locate(error)
    if error.status in _GONE and (gone := retired(plan)) is not None:
        error.message = f"{error.message}; {gone}"
    logger.info("%s %s failed: %s %s", error.provider, error.model, type(error).__name__, error.status)


def _log(plan: Plan, reply: Reply) -> None:
    target = plan.call.target
    logger.info("%s %s status %s in %.0f ms", target.provider, target.model, reply.status, reply.elapsed_ms)
