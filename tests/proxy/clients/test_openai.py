"""OpenAI's own client for Python: what a user of it does, through the gateway."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any, Literal

import jsonschema
import pytest
from openai import AsyncOpenAI, OpenAI, pydantic_function_tool
from pydantic import BaseModel, ConfigDict

from tests.proxy.clients.backends import QUESTION, TOOLS, WEATHER, Backend, says


class Report(BaseModel):
    model_config = ConfigDict(extra="forbid")

    mood: Literal["calm", "stormy"]
    certain: bool


class GetWeather(BaseModel):
    """Get the weather of a city"""

    model_config = ConfigDict(extra="forbid")

    city: Literal["Oslo", "Zürich"]


@pytest.fixture
def client(backend: Backend) -> Iterator[OpenAI]:
    with OpenAI(base_url=backend.base_url, api_key=backend.key, max_retries=0) as made:
        yield made


def streamed(client: OpenAI, backend: Backend, **params: Any) -> list[Any]:
    with client.chat.completions.create(model=backend.model, stream=True, **params) as stream:
        return list(stream)


def test_a_question_is_answered(client: OpenAI, backend: Backend) -> None:
    answer = client.chat.completions.create(model=backend.model, messages=says(), **backend.greedy)
    assert answer.object == "chat.completion"
    assert answer.id
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason in {"stop", "length"}
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0


def test_a_stream_says_what_the_whole_answer_says(client: OpenAI, backend: Backend) -> None:
    whole = client.chat.completions.create(model=backend.model, messages=says(), **backend.greedy).choices[0]
    chunks = streamed(client, backend, messages=says(), **backend.greedy)
    pieces = [chunk.choices[0] for chunk in chunks]
    assert "".join(piece.delta.content or "" for piece in pieces) == whole.message.content
    assert [piece.finish_reason for piece in pieces if piece.finish_reason] == [whole.finish_reason]
    assert pieces[-1].finish_reason == whole.finish_reason
    assert len({chunk.id for chunk in chunks}) == len({chunk.model for chunk in chunks}) == 1
    assert len(chunks) > 3


def test_usage_comes_last_in_a_stream_and_only_when_asked_for(client: OpenAI, backend: Backend) -> None:
    asked = streamed(client, backend, messages=says(), stream_options={"include_usage": True}, **backend.greedy)
    assert asked[-1].choices == []
    assert asked[-1].usage.completion_tokens > 0
    assert [chunk.usage for chunk in asked[:-1]] == [None] * (len(asked) - 1)
    unasked = streamed(client, backend, messages=says(), **backend.greedy)
    assert {chunk.usage for chunk in unasked} == {None}


def test_an_answer_is_parsed_into_a_class(client: OpenAI, backend: Backend) -> None:
    asked = {**backend.greedy, "max_tokens": 100}
    answer = client.chat.completions.parse(
        model=backend.model, messages=says("How is it?"), response_format=Report, **asked
    )
    assert isinstance(answer.choices[0].message.parsed, Report)


def test_a_stream_is_parsed_into_a_class(client: OpenAI, backend: Backend) -> None:
    asked = {**backend.greedy, "max_tokens": 100}
    with client.chat.completions.stream(
        model=backend.model, messages=says("How is it?"), response_format=Report, **asked
    ) as stream:
        kinds = [event.type for event in stream]
        answer = stream.get_final_completion()
    assert isinstance(answer.choices[0].message.parsed, Report)
    assert kinds[0] == "chunk"
    assert "content.delta" in kinds
    assert kinds[-1] == "content.done"


def test_a_tool_is_called_and_its_result_goes_back(client: OpenAI, backend: Backend) -> None:
    messages = says(QUESTION)
    first = client.chat.completions.create(
        model=backend.model, messages=messages, tools=TOOLS, **backend.calling
    ).choices[0]
    assert first.finish_reason == "tool_calls"
    assert first.message.tool_calls
    (call,) = first.message.tool_calls
    assert call.type == "function"
    assert call.function.name == "get_weather"
    jsonschema.validate(json.loads(call.function.arguments), WEATHER)
    turns = [*messages, first.message, {"role": "tool", "tool_call_id": call.id, "content": "Sunny."}]
    reply = client.chat.completions.create(model=backend.model, messages=turns, tools=TOOLS, **backend.greedy)
    assert reply.choices[0].finish_reason in {"stop", "length"}


def test_a_streamed_tool_call_is_whole(client: OpenAI, backend: Backend) -> None:
    chunks = streamed(client, backend, messages=says(QUESTION), tools=TOOLS, **backend.calling)
    pieces = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or ()]
    assert {piece.index for piece in pieces} == {0}
    assert [piece.id for piece in pieces if piece.id] == [pieces[0].id]
    assert [piece.function.name for piece in pieces if piece.function.name] == ["get_weather"]
    jsonschema.validate(json.loads("".join(piece.function.arguments or "" for piece in pieces)), WEATHER)
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


def test_a_tool_is_parsed_into_a_class(client: OpenAI, backend: Backend) -> None:
    tools = [pydantic_function_tool(GetWeather, name="get_weather")]
    answer = client.chat.completions.parse(model=backend.model, messages=says(QUESTION), tools=tools, **backend.calling)
    assert answer.choices[0].message.tool_calls
    (call,) = answer.choices[0].message.tool_calls
    assert isinstance(call.function.parsed_arguments, GetWeather)


def test_several_answers_come_apart(client: OpenAI, backend: Backend) -> None:
    answer = client.chat.completions.create(
        model="priced" if backend.name == "emulator" else backend.model, messages=says(), n=2, **backend.greedy
    )
    assert [choice.index for choice in answer.choices] == [0, 1]


def test_a_raw_answer_has_the_gateways_headers(client: OpenAI, backend: Backend) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model=backend.model, messages=says(), extra_headers={"x-litellm-call-id": "call-of-mine.1"}, **backend.greedy
    )
    assert raw.parse().choices[0].message.content
    assert raw.headers["x-litellm-call-id"] == "call-of-mine.1"
    assert raw.headers["x-litellm-model-group"] == backend.model
    assert raw.headers["x-litellm-attempted-retries"] == raw.headers["x-litellm-attempted-fallbacks"] == "0"
    assert (
        0 < float(raw.headers["x-litellm-overhead-duration-ms"]) < float(raw.headers["x-litellm-response-duration-ms"])
    )
    assert "x-litellm-response-cost" not in raw.headers  # nobody knows what it costs
    assert raw.headers["llm_provider-content-type"].startswith("application/json")


def test_a_raw_stream_is_server_sent_events_to_the_end(client: OpenAI, backend: Backend) -> None:
    with client.chat.completions.with_streaming_response.create(
        model=backend.model, messages=says(), stream=True, **backend.greedy
    ) as raw:
        assert raw.headers["content-type"].startswith("text/event-stream")
        assert raw.headers["x-litellm-model-group"] == backend.model
        lines = [line for line in raw.iter_lines() if line]
    assert all(line.startswith("data: ") for line in lines)
    assert lines[-1] == "data: [DONE]"
    assert all(json.loads(line.removeprefix("data: "))["object"] == "chat.completion.chunk" for line in lines[:-1])


def test_many_at_once_keep_their_answers_apart(backend: Backend) -> None:
    async def whole(client: AsyncOpenAI, length: int) -> int:
        messages = says("word" + " word" * length)
        answer = await client.chat.completions.create(model=backend.model, messages=messages, **backend.greedy)
        assert answer.usage is not None
        return int(answer.usage.prompt_tokens)

    async def stream(client: AsyncOpenAI, length: int) -> int:
        chunks = await client.chat.completions.create(
            model=backend.model,
            messages=says("word" + " word" * length),
            stream=True,
            stream_options={"include_usage": True},
            **backend.greedy,
        )
        usages = [chunk.usage async for chunk in chunks if chunk.usage]
        return int(usages[-1].prompt_tokens)

    async def all_at_once() -> tuple[list[int], list[int]]:
        async with AsyncOpenAI(base_url=backend.base_url, api_key=backend.key, max_retries=0) as client:
            wholes = [whole(client, length) for length in range(8)]
            counts = await asyncio.gather(*wholes, *(stream(client, length) for length in range(8)))
        return counts[:8], counts[8:]

    wholes, streams = asyncio.run(all_at_once())
    assert wholes == streams == list(range(wholes[0], wholes[0] + 8))
