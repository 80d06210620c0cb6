"""`text_completion`: a prompt, and the text that goes on where it ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from litellm_lite.asking import Asking, Opened, Told, asking_for
from litellm_lite.embeddings import Texts
from litellm_lite.native_answers import AsyncTextCompletionStream, TextChunks, TextCompletionStream, native_answer
from litellm_lite.over_chat import MOST_AT_A_TIME, AsyncInTurn, InTurn, text_over_chat
from litellm_lite.workers import Batch, arun, run

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

    `prompt` is a text, a list of them, or the same as tokens; each has `n` choices, in the order of the prompts. Where
    the provider has no completions, or with `use_chat_completions_api=True`, its chat is asked in their place, once for
    each prompt; what a chat cannot carry is refused, by name.
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
    answer: TextCompletionResponse
    if asking.serves("completions", model, asked):
        answer = native_answer(asking.whole("completions", model, (), asked), "completions")
        return answer
    bridge = text_over_chat(asked)
    if len(bridge.chats) == 1:
        answer = bridge.answered([asking.whole("chat", model, *bridge.chats[0])])
        return answer
    batch = Batch(((model, chat) for chat in bridge.chats), MOST_AT_A_TIME)
    answer = bridge.answered(_all(run(batch, lambda model, chat: asking.whole("chat", model, *chat)).outcomes))
    return answer


async def acompleted(asking: Asking, model: str, prompt: Any, params: Mapping[str, Any]) -> TextCompletionResponse:
    """The async twin of `completed`."""
    asked = {**params, "prompt": prompt}
    answer: TextCompletionResponse
    if asking.serves("completions", model, asked):
        answer = native_answer(await asking.awhole("completions", model, (), asked), "completions")
        return answer
    bridge = text_over_chat(asked)
    if len(bridge.chats) == 1:
        answer = bridge.answered([await asking.awhole("chat", model, *bridge.chats[0])])
        return answer
    batch = Batch(((model, chat) for chat in bridge.chats), MOST_AT_A_TIME)
    done = await arun(batch, lambda model, chat: asking.awhole("chat", model, *chat))
    answer = bridge.answered(_all(done.outcomes))
    return answer


def _all(outcomes: Sequence[Told | Exception]) -> list[Told]:
    """Return the answers to all prompts. Raises what the first of them that failed says: part of a text is none."""
    told = []
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
        told.append(outcome)
    return told


def streamed(asking: Asking, model: str, prompt: Any, params: Mapping[str, Any]) -> TextCompletionStream:
    """Return a text completion as it comes."""
    asked = {**params, "prompt": prompt}
    if asking.serves("completions", model, asked):
        opened = asking.stream("completions", model, (), asked)
        return TextCompletionStream(opened, TextChunks(opened.plan))
    bridge = text_over_chat(asked)
    first, chunks = asking.stream("chat", model, *bridge.chats[0]), bridge.chunks()
    if len(bridge.chats) > 1:
        following = InTurn(first, lambda place: asking.stream("chat", model, *bridge.chats[place]), bridge, chunks)
        first = Opened(following, first.plan)
    return TextCompletionStream(first, chunks, bridge.left_out)


async def astreamed(asking: Asking, model: str, prompt: Any, params: Mapping[str, Any]) -> AsyncTextCompletionStream:
    """The async twin of `streamed`."""
    asked = {**params, "prompt": prompt}
    if asking.serves("completions", model, asked):
        opened = await asking.astream("completions", model, (), asked)
        return AsyncTextCompletionStream(opened, TextChunks(opened.plan))
    bridge = text_over_chat(asked)
    first, chunks = await asking.astream("chat", model, *bridge.chats[0]), bridge.chunks()
    if len(bridge.chats) > 1:
        opening = lambda place: asking.astream("chat", model, *bridge.chats[place])  # noqa: E731
        first = Opened(AsyncInTurn(first, opening, bridge, chunks), first.plan)
    return AsyncTextCompletionStream(first, chunks, bridge.left_out)
