"""`responses`: OpenAI's newer way to ask. Items go in and come out, and the vendor may keep them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from litellm_lite.asking import Asking, asking_for
from litellm_lite.native_answers import AsyncResponsesStream, Events, ResponsesStream, native_answer
from litellm_lite.over_chat import response_over_chat
from litellm_lite.response_format import schema_format

if TYPE_CHECKING:
    from litellm_lite.types.endpoints import ResponsesAPIResponse
    from litellm_lite.types.params import ResponsesParams

Items = str | Sequence[Mapping[str, Any] | Any]
"""A text, or a list of items: messages, calls of tools and what they returned. Items of an answer may be among them."""


@overload
def responses(
    input: Items, model: str, *, stream: Literal[False] | None = None, **params: Unpack[ResponsesParams]
) -> ResponsesAPIResponse: ...
@overload
def responses(
    input: Items, model: str, *, stream: Literal[True], **params: Unpack[ResponsesParams]
) -> ResponsesStream: ...
@overload
def responses(
    input: Items, model: str, *, stream: bool | None, **params: Unpack[ResponsesParams]
) -> ResponsesAPIResponse | ResponsesStream: ...
def responses(input: Any, model: str, *, stream: bool | None = None, **params: Any) -> Any:
    """Return the model's response to the input, or with `stream=True` an iterator of its events.

    Where the provider has no responses, or with `use_chat_completions_api=True`, its chat is asked in their place; what
    a chat cannot carry is refused, by name. `metadata` is sent where the vendor serves responses itself, and repeated
    in the answer elsewhere; `litellm_metadata` is the caller's own label.
    """
    asking, given = asking_for(model, params)
    if stream:
        return streamed(asking, model, input, given)
    return responded(asking, model, input, given)


@overload
async def aresponses(
    input: Items, model: str, *, stream: Literal[False] | None = None, **params: Unpack[ResponsesParams]
) -> ResponsesAPIResponse: ...
@overload
async def aresponses(
    input: Items, model: str, *, stream: Literal[True], **params: Unpack[ResponsesParams]
) -> AsyncResponsesStream: ...
@overload
async def aresponses(
    input: Items, model: str, *, stream: bool | None, **params: Unpack[ResponsesParams]
) -> ResponsesAPIResponse | AsyncResponsesStream: ...
async def aresponses(input: Any, model: str, *, stream: bool | None = None, **params: Any) -> Any:
    """The async twin of `responses`; a stream is an async iterator."""
    asking, given = asking_for(model, params)
    if stream:
        return await astreamed(asking, model, input, given)
    return await aresponded(asking, model, input, given)


def responded(asking: Asking, model: str, input: Any, params: Mapping[str, Any]) -> ResponsesAPIResponse:
    """Return a whole response."""
    asked = _asked(input, params)
    answer: ResponsesAPIResponse
    if asking.serves("responses", model, asked):
        answer = native_answer(asking.whole("responses", model, (), asked), "responses")
        return answer
    bridge = response_over_chat(asked, stream=False)
    answer = bridge.answered([asking.whole("chat", model, *bridge.chats[0])])
    return answer


async def aresponded(asking: Asking, model: str, input: Any, params: Mapping[str, Any]) -> ResponsesAPIResponse:
    """The async twin of `responded`."""
    asked = _asked(input, params)
    answer: ResponsesAPIResponse
    if asking.serves("responses", model, asked):
        answer = native_answer(await asking.awhole("responses", model, (), asked), "responses")
        return answer
    bridge = response_over_chat(asked, stream=False)
    answer = bridge.answered([await asking.awhole("chat", model, *bridge.chats[0])])
    return answer


def streamed(asking: Asking, model: str, input: Any, params: Mapping[str, Any]) -> ResponsesStream:
    """Return the events of a response."""
    asked = _asked(input, params)
    if asking.serves("responses", model, asked):
        return ResponsesStream(asking.stream("responses", model, (), asked), Events())
    bridge = response_over_chat(asked, stream=True)
    return ResponsesStream(asking.stream("chat", model, *bridge.chats[0]), bridge.events(), bridge.left_out)


async def astreamed(asking: Asking, model: str, input: Any, params: Mapping[str, Any]) -> AsyncResponsesStream:
    """The async twin of `streamed`."""
    asked = _asked(input, params)
    if asking.serves("responses", model, asked):
        return AsyncResponsesStream(await asking.astream("responses", model, (), asked), Events())
    bridge = response_over_chat(asked, stream=True)
    return AsyncResponsesStream(await asking.astream("chat", model, *bridge.chats[0]), bridge.events(), bridge.left_out)


def _asked(input: Any, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request: a pydantic class in `text_format` becomes the format of its text."""
    asked = {**params, "input": input}
    if (kind := asked.pop("text_format", None)) is not None:
        shape = schema_format(kind)["json_schema"]
        asked["text"] = {**(asked.get("text") or {}), "format": {"type": "json_schema", **shape}}
    return asked
