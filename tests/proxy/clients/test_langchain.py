"""LangChain's ChatOpenAI: invoked, streamed, with tools and with an answer in a class."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import Any

import openai
import pytest
from langchain_core.messages import AIMessageChunk, HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from tests.proxy.clients.backends import QUESTION, TOOLS, Backend
from tests.proxy.clients.test_openai import Report


@pytest.fixture
def new_chat(backend: Backend) -> Iterator[Any]:
    """Makes chats. The client is given to them, for what they make themselves they leave open."""
    with openai.OpenAI(base_url=backend.base_url, api_key=backend.key, max_retries=0) as client:
        yield partial(chat, backend, root_client=client, client=client.chat.completions)


def chat(backend: Backend, **params: Any) -> ChatOpenAI:
    asked = {**backend.greedy, **params}
    place: dict[str, Any] = {"base_url": backend.base_url, "api_key": SecretStr(backend.key)}
    return ChatOpenAI(model=backend.model, max_retries=0, **place, **asked)


def test_a_question_is_answered(new_chat: Any) -> None:
    answer = new_chat().invoke("Hello, how are you?")
    assert answer.content
    assert answer.usage_metadata["total_tokens"] > 0
    assert answer.response_metadata["finish_reason"] in {"stop", "length"}


def test_a_stream_says_the_same_with_its_usage_at_the_end(new_chat: Any) -> None:
    asking = new_chat()
    whole = asking.invoke("Hello, how are you?")
    built: AIMessageChunk | None = None
    for chunk in asking.stream("Hello, how are you?", stream_usage=True):
        built = chunk if built is None else built + chunk
    assert built is not None
    assert built.content == whole.content
    assert built.usage_metadata == whole.usage_metadata


def test_it_streams_as_a_coroutine(new_chat: Any, backend: Backend) -> None:
    async def read() -> str:
        async with openai.AsyncOpenAI(base_url=backend.base_url, api_key=backend.key, max_retries=0) as client:
            asking = chat(backend, root_async_client=client, async_client=client.chat.completions)
            return "".join([str(chunk.content) async for chunk in asking.astream("Hello, how are you?")])

    assert asyncio.run(read()) == new_chat().invoke("Hello, how are you?").content


def test_a_tool_is_called_and_its_result_goes_back(new_chat: Any, backend: Backend) -> None:
    asked = dict(backend.calling)
    known = {name: asked.pop(name) for name in ("temperature", "max_tokens") if name in asked}
    question = HumanMessage(QUESTION)
    answer = new_chat(**known).bind_tools(TOOLS, **asked).invoke([question])
    (call,) = answer.tool_calls
    assert call["name"] == "get_weather"
    assert set(call["args"]) == {"city", "days"}
    reply = new_chat().bind_tools(TOOLS).invoke([question, answer, ToolMessage("Sunny.", tool_call_id=call["id"])])
    assert reply.response_metadata["finish_reason"] in {"stop", "length"}


def test_an_answer_is_read_into_a_class(new_chat: Any) -> None:
    asking = new_chat(max_tokens=100).with_structured_output(Report, method="json_schema")
    assert isinstance(asking.invoke("How is it?"), Report)


def test_a_wrong_model_is_openais_exception(new_chat: Any) -> None:
    asking = new_chat()
    asking.model_name = "nobody-knows-it"
    with pytest.raises(openai.NotFoundError):
        asking.invoke("Hello")
