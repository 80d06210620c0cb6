"""From what an endpoint beside chat answered to what the caller of the library holds: the models, and their streams.

A stream of these is a stream of chunks underneath, whoever makes it, and a translator that puts the shape of the
endpoint back: one that unwraps what a vendor said in its own words, or a bridge.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar

from litellm_lite.call import Endpoint
from litellm_lite.endpoints.completions import as_text_chunk
from litellm_lite.errors import APIError
from litellm_lite.streams import CustomStreamWrapper
from litellm_lite.types.endpoints import (
    EmbeddingResponse,
    ModerationResponse,
    ResponsesAPIResponse,
    ResponsesEvent,
    TextCompletionResponse,
)
from litellm_lite.types.response import attach
from litellm_lite.validation import validated

if TYPE_CHECKING:
    from types import TracebackType

    from litellm_lite.asking import Opened, Told
    from litellm_lite.chunks import JSON
    from litellm_lite.prepare import Plan

T = TypeVar("T")

_KINDS: Mapping[Endpoint, Any] = {
    "completions": TextCompletionResponse,
    "responses": ResponsesAPIResponse,
    "embeddings": EmbeddingResponse,
    "moderations": ModerationResponse,
}


def native_answer(told: Told, endpoint: Endpoint, body: JSON | None = None) -> Any:
    """Return an answer as its model; `body` stands in the place of the vendor's where a bridge made one of it.

    Raises APIResponseValidationError when its fields are not what they should be.
    """
    plan, said, reply = told.answer
    said = said if body is None else body
    if endpoint in ("completions", "embeddings"):
        said["model"] = said.get("model") or plan.call.target.model
    if endpoint == "completions":
        said["created"] = int(said.get("created") or reply.received_at)
    known = {name: value for name, value in said.items() if value is not None or name not in ("id", "model", "object")}
    made = validated(_KINDS[endpoint], plan, known)
    attach(made, told.facts)
    return made


class Translator(Protocol):
    """Makes of a stream's chunks what the endpoint sends."""

    def feed(self, chunk: JSON) -> list[JSON]:
        """Return what a chunk becomes. Raises APIError for one that is not what was asked for."""

    def end(self) -> list[JSON]:
        """Return what follows the last chunk, which ended well."""


class TextChunks:
    """Unwraps the chunks of completions. Usage alone is for those who asked."""

    def __init__(self, plan: Plan) -> None:
        self._asked_usage = plan.asked_usage

    def feed(self, chunk: JSON) -> list[JSON]:
        wanted = chunk.get("choices") or (self._asked_usage and chunk.get("usage"))
        return [as_text_chunk(chunk)] if wanted else []

    def end(self) -> list[JSON]:
        return []


class Events:
    """Unwraps the events of a response."""

    def feed(self, chunk: JSON) -> list[JSON]:
        return [chunk["event"]]

    def end(self) -> list[JSON]:
        return []


class _Translated(CustomStreamWrapper, Generic[T]):
    """What both colours share of a stream in an endpoint's own shape."""

    def __init__(
        self, opened: Opened, translator: Translator, kind: type[T], left_out: Mapping[str, str] | None
    ) -> None:
        """`left_out`: what a bridge could not carry, and why."""
        super().__init__(opened.chunks.hidden_params)
        self._chunks, self._plan = opened
        self._left_out = left_out
        self._translator, self._kind = translator, kind
        self._ready: deque[JSON] = deque()
        self._over = False

    @property
    def hidden_params(self) -> dict[str, Any]:
        """Return what is known of the call: headers, the base URL, what was dropped, at the end the cost."""
        known = self._hidden_params
        return {**known, "dropped_params": self.dropped_params} if self._left_out else known

    @property
    def dropped_params(self) -> dict[str, str]:
        """Return the parameters that were not sent, each with the reason."""
        return {**super().dropped_params, **(self._left_out or {})}

    @property
    def usage(self) -> JSON | None:
        """Return the tokens as the vendor counted them, under the names of a chat's; None while it has not told."""
        usage: JSON | None = self._chunks.usage
        return usage

    @property
    def malformed_events(self) -> int:
        """Return how many events could not be read and were skipped."""
        count: int = self._chunks.malformed_events
        return count

    def _take(self, chunk: JSON | None) -> None:
        """Translate a chunk; None is the end."""
        translator = self._translator
        self._over = chunk is None
        self._ready.extend(translator.end() if chunk is None else translator.feed(chunk))

    def _next_ready(self) -> T:
        made: T = validated(self._kind, self._plan, self._ready.popleft())
        attach(made, self.hidden_params)  # type: ignore[arg-type]  # all kinds are answers
        return made

    def _forget(self) -> None:
        self._over = True
        self._ready.clear()

    def _located(self, error: APIError) -> APIError:
        return self._plan.locate(error)


class _TranslatedStream(_Translated[T]):
    """Iterate it, or use it as a context manager to let go of it early."""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        try:
            while not self._ready and not self._over:
                self._take(next(self._chunks, None))
            if self._ready:
                return self._next_ready()
        except APIError as error:
            self.close()
            raise self._located(error) from error.__cause__
        raise StopIteration

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection; what was not read is lost."""
        self._forget()
        self._chunks.close()


class _AsyncTranslatedStream(_Translated[T]):
    """The async twin of `_TranslatedStream`."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        try:
            while not self._ready and not self._over:
                self._take(await anext(self._chunks, None))
            if self._ready:
                return self._next_ready()
        except APIError as error:
            await self.aclose()
            raise self._located(error) from error.__cause__
        raise StopAsyncIteration

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Let go of the connection; what was not read is lost."""
        self._forget()
        await self._chunks.aclose()


class TextCompletionStream(_TranslatedStream[TextCompletionResponse]):
    """A text completion as it comes."""

    def __init__(self, opened: Opened, translator: Translator, left_out: Mapping[str, str] | None = None) -> None:
        super().__init__(opened, translator, TextCompletionResponse, left_out)


class AsyncTextCompletionStream(_AsyncTranslatedStream[TextCompletionResponse]):
    """The async twin of `TextCompletionStream`."""

    def __init__(self, opened: Opened, translator: Translator, left_out: Mapping[str, str] | None = None) -> None:
        super().__init__(opened, translator, TextCompletionResponse, left_out)


class ResponsesStream(_TranslatedStream[ResponsesEvent]):
    """The events of a response. It ends well only with `response.completed` or `response.incomplete`."""

    def __init__(self, opened: Opened, translator: Translator, left_out: Mapping[str, str] | None = None) -> None:
        super().__init__(opened, translator, ResponsesEvent, left_out)


class AsyncResponsesStream(_AsyncTranslatedStream[ResponsesEvent]):
    """The async twin of `ResponsesStream`."""

    def __init__(self, opened: Opened, translator: Translator, left_out: Mapping[str, str] | None = None) -> None:
        super().__init__(opened, translator, ResponsesEvent, left_out)
