"""`text_completion`: a prompt, and the text that goes on where it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from litellm_lite.asking import Asking, asking_for
from litellm_lite.embeddings import Texts
from litellm_lite.native_answers import AsyncTextCompletionStream, TextChunks, TextCompletionStream, native_answer

if TYPE_CHECKING:
    from litellm_lite.types.endpoints import TextCompletionResponse
    from litellm_lite.types.params import TextCompletionParams


@overload
def text_completion(
    prompt: Texts, model: str, *, stream: Literal[False] | None = None, **params: Unpack[TextCompletionParams]
) -> TextCompletionResponse: ...
@overload
def text_completion(
    prompt: Texts, model: str, *, stream: Literal[True], **params: Unpack[TextCompletionParams]
) -> TextCompletionStream: ...
@overload
def text_completion(
    prompt: Texts, model: str, *, stream: bool | None, **params: Unpack[TextCompletionParams]
) -> TextCompletionResponse | TextCompletionStream: ...
def text_completion(prompt: Any, model: str, *, stream: bool | None = None, **params: Any) -> Any:
    """Return the texts that go on where the prompts end, or with `stream=True` an iterator of their pieces.

    `prompt` is a text, a list of them, or the same as tokens; each has `n` choices, in the order of the prompts.
    """
    asking, given = asking_for(model, params)
    if stream:
        return streamed(asking, model, prompt, given)
    return completed(asking, model, prompt, given)


@overload
async def atext_completion(
    prompt: Texts, model: str, *, stream: Literal[False] | None = None, **params: Unpack[TextCompletionParams]
) -> TextCompletionResponse: ...
@overload
async def atext_completion(
    prompt: Texts, model: str, *, stream: Literal[True], **params: Unpack[TextCompletionParams]
) -> AsyncTextCompletionStream: ...
@overload
async def atext_completion(
    prompt: Texts, model: str, *, stream: bool | None, **params: Unpack[TextCompletionParams]
) -> TextCompletionResponse | AsyncTextCompletionStream: ...
async def atext_completion(prompt: Any, model: str, *, stream: bool | None = None, **params: Any) -> Any:
    """The async twin of `text_completion`; a stream is an async iterator."""
    asking, given = asking_for(model, params)
    if stream:
        return await astreamed(asking, model, prompt, given)
    return await acompleted(asking, model, prompt, given)


def completed(asking: Asking, model: str, prompt: Any, params: Mapping[str, Any]) -> TextCompletionResponse:
    """Return a whole text completion."""
    asked = {**params, "prompt": prompt}
    answer: TextCompletionResponse = native_answer(asking.whole("completions", model, (), asked), "completions")
    return answer


async def acompleted(asking: Asking, model: str, prompt: Any, params: Mapping[str, Any]) -> TextCompletionResponse:
    """The async twin of `completed`."""
    asked = {**params, "prompt": prompt}
    answer: TextCompletionResponse = native_answer(await asking.awhole("completions", model, (), asked), "completions")
    return answer


def streamed(asking: Asking, model: str, prompt: Any, params: Mapping[str, Any]) -> TextCompletionStream:
    """Return a text completion as it comes."""
    asked = {**params, "prompt": prompt}
    opened = asking.stream("completions", model, (), asked)
    return TextCompletionStream(opened, TextChunks(opened.plan))


async def astreamed(asking: Asking, model: str, prompt: Any, params: Mapping[str, Any]) -> AsyncTextCompletionStream:
    """The async twin of `streamed`."""
    asked = {**params, "prompt": prompt}
    opened = await asking.astream("completions", model, (), asked)
    return AsyncTextCompletionStream(opened, TextChunks(opened.plan))
