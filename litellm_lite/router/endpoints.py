"""The methods of a Router for the endpoints beside chat. They are those of the library, asked by a Router.

Their code is loaded when they are called: with it come the models of all answers, which a gateway never makes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Unpack, cast, overload

if TYPE_CHECKING:
    from litellm_lite.asking import Asking
    from litellm_lite.embeddings import Texts
    from litellm_lite.native_answers import (
        AsyncResponsesStream,
        AsyncTextCompletionStream,
        ResponsesStream,
        TextCompletionStream,
    )
    from litellm_lite.responding import Items
    from litellm_lite.router.router import Router
    from litellm_lite.types.endpoints import (
        EmbeddingResponse,
        ModerationResponse,
        ResponsesAPIResponse,
        TextCompletionResponse,
    )
    from litellm_lite.types.params import (
        RoutedEmbeddingParams,
        RoutedOptionParams,
        RoutedResponsesParams,
        RoutedTextCompletionParams,
    )


class Endpoints:
    """What a Router can be asked beside chat. A group whose deployments all serve an endpoint is asked in its words."""

    def embedding(self, model: str, input: Texts = (), **params: Unpack[RoutedEmbeddingParams]) -> EmbeddingResponse:
        """Return a vector for each input, in their order."""
        from litellm_lite import embeddings

        answer: EmbeddingResponse = embeddings.listed(self._asking(), "embeddings", model, _with(params, input=input))
        return answer

    async def aembedding(
        self, model: str, input: Texts = (), **params: Unpack[RoutedEmbeddingParams]
    ) -> EmbeddingResponse:
        """The async twin of `embedding`."""
        from litellm_lite import embeddings

        given = _with(params, input=input)
        answer: EmbeddingResponse = await embeddings.alisted(self._asking(), "embeddings", model, given)
        return answer

    def moderation(
        self, input: str | Sequence[Any], model: str, **params: Unpack[RoutedOptionParams]
    ) -> ModerationResponse:
        """Return a verdict for each input."""
        from litellm_lite import embeddings

        answer: ModerationResponse = embeddings.listed(self._asking(), "moderations", model, _with(params, input=input))
        return answer

    async def amoderation(
        self, input: str | Sequence[Any], model: str, **params: Unpack[RoutedOptionParams]
    ) -> ModerationResponse:
        """The async twin of `moderation`."""
        from litellm_lite import embeddings

        given = _with(params, input=input)
        answer: ModerationResponse = await embeddings.alisted(self._asking(), "moderations", model, given)
        return answer

    @overload
    def text_completion(
        self,
        model: str,
        prompt: Texts,
        *,
        stream: Literal[False] | None = None,
        **params: Unpack[RoutedTextCompletionParams],
    ) -> TextCompletionResponse: ...
    @overload
    def text_completion(
        self, model: str, prompt: Texts, *, stream: Literal[True], **params: Unpack[RoutedTextCompletionParams]
    ) -> TextCompletionStream: ...
    @overload
    def text_completion(
        self, model: str, prompt: Texts, *, stream: bool | None, **params: Unpack[RoutedTextCompletionParams]
    ) -> TextCompletionResponse | TextCompletionStream: ...
    def text_completion(self, model: str, prompt: Any, *, stream: bool | None = None, **params: Any) -> Any:
        """Return the texts that go on where the prompts end, or with `stream=True` an iterator of their pieces."""
        from litellm_lite import text_completions

        if stream:
            return text_completions.streamed(self._asking(), model, prompt, params)
        return text_completions.completed(self._asking(), model, prompt, params)

    @overload
    async def atext_completion(
        self,
        model: str,
        prompt: Texts,
        *,
        stream: Literal[False] | None = None,
        **params: Unpack[RoutedTextCompletionParams],
    ) -> TextCompletionResponse: ...
    @overload
    async def atext_completion(
        self, model: str, prompt: Texts, *, stream: Literal[True], **params: Unpack[RoutedTextCompletionParams]
    ) -> AsyncTextCompletionStream: ...
    @overload
    async def atext_completion(
        self, model: str, prompt: Texts, *, stream: bool | None, **params: Unpack[RoutedTextCompletionParams]
    ) -> TextCompletionResponse | AsyncTextCompletionStream: ...
    async def atext_completion(self, model: str, prompt: Any, *, stream: bool | None = None, **params: Any) -> Any:
        """The async twin of `text_completion`."""
        from litellm_lite import text_completions

        if stream:
            return await text_completions.astreamed(self._asking(), model, prompt, params)
        return await text_completions.acompleted(self._asking(), model, prompt, params)

    @overload
    def responses(
        self, input: Items, model: str, *, stream: Literal[False] | None = None, **params: Unpack[RoutedResponsesParams]
    ) -> ResponsesAPIResponse: ...
    @overload
    def responses(
        self, input: Items, model: str, *, stream: Literal[True], **params: Unpack[RoutedResponsesParams]
    ) -> ResponsesStream: ...
    @overload
    def responses(
        self, input: Items, model: str, *, stream: bool | None, **params: Unpack[RoutedResponsesParams]
    ) -> ResponsesAPIResponse | ResponsesStream: ...
    def responses(self, input: Any, model: str, *, stream: bool | None = None, **params: Any) -> Any:
        """Return the model's response to the input, or with `stream=True` an iterator of its events."""
        from litellm_lite import responding

        if stream:
            return responding.streamed(self._asking(), model, input, params)
        return responding.responded(self._asking(), model, input, params)

    @overload
    async def aresponses(
        self, input: Items, model: str, *, stream: Literal[False] | None = None, **params: Unpack[RoutedResponsesParams]
    ) -> ResponsesAPIResponse: ...
    @overload
    async def aresponses(
        self, input: Items, model: str, *, stream: Literal[True], **params: Unpack[RoutedResponsesParams]
    ) -> AsyncResponsesStream: ...
    @overload
    async def aresponses(
        self, input: Items, model: str, *, stream: bool | None, **params: Unpack[RoutedResponsesParams]
    ) -> ResponsesAPIResponse | AsyncResponsesStream: ...
    async def aresponses(self, input: Any, model: str, *, stream: bool | None = None, **params: Any) -> Any:
        """The async twin of `responses`."""
        from litellm_lite import responding

        if stream:
            return await responding.astreamed(self._asking(), model, input, params)
        return await responding.aresponded(self._asking(), model, input, params)

    def _asking(self) -> Asking:
        from litellm_lite.router.serving import Routed

        return Routed(cast("Router", self))


def _with(params: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {**params, **more}
