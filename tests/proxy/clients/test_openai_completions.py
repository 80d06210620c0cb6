"""OpenAI's client at /v1/completions: over the chat of Meta's API, in its own words at llama.cpp."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI

from tests.proxy.clients.backends import Backend


@pytest.fixture
def client(backend: Backend) -> Iterator[OpenAI]:
    with OpenAI(base_url=backend.base_url, api_key=backend.key, max_retries=0) as made:
        yield made


def limits(backend: Backend) -> dict[str, Any]:
    return {"max_tokens": 256, **backend.greedy}


def test_a_prompt_is_completed(client: OpenAI, backend: Backend) -> None:
    answer = client.completions.create(model=backend.model, prompt="Say 20 words.", **limits(backend))
    assert answer.object == "text_completion"
    (choice,) = answer.choices
    assert choice.text
    assert choice.finish_reason in {"stop", "length"}
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0


def test_a_stream_says_what_the_whole_answer_says(client: OpenAI, backend: Backend) -> None:
    asked: dict[str, Any] = {"model": backend.model, "prompt": "Say 20 words.", **limits(backend)}
    whole = client.completions.create(**asked)
    with client.completions.create(stream=True, stream_options={"include_usage": True}, **asked) as stream:
        chunks = list(stream)
    pieces = [choice for chunk in chunks for choice in chunk.choices]
    assert "".join(piece.text for piece in pieces) == whole.choices[0].text
    assert [piece.finish_reason for piece in pieces if piece.finish_reason] == [whole.choices[0].finish_reason]
    assert {chunk.object for chunk in chunks} == {"text_completion"}
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[-1].usage == whole.usage
    assert len(chunks) > 3


def test_several_prompts_get_an_answer_each(client: OpenAI, backend: Backend) -> None:
    answer = client.completions.create(model=backend.model, prompt=["Say 5 words.", "Say 7 words."], **limits(backend))
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert all(choice.text for choice in answer.choices)


def test_what_a_chat_cannot_do_is_refused_by_name(emulated: Backend) -> None:
    with (
        OpenAI(base_url=emulated.base_url, api_key=emulated.key, max_retries=0) as client,
        pytest.raises(openai.BadRequestError) as caught,
    ):
        client.completions.create(model=emulated.model, prompt="Once", suffix="the end")
    assert caught.value.param == "suffix"


@pytest.mark.parametrize("stream", [False, True])
def test_a_vendor_that_is_down_is_told(emulated: Backend, stream: bool) -> None:
    with (
        OpenAI(base_url=emulated.base_url, api_key=emulated.key, max_retries=0) as client,
        pytest.raises(openai.APIStatusError) as caught,
    ):
        client.completions.create(model="chat-only/down", prompt="Once", stream=stream)
    assert caught.value.status_code == 503


def test_a_stream_that_is_cut_ends_in_an_exception(emulated: Backend) -> None:
    said: list[str] = []
    with (
        OpenAI(base_url=emulated.base_url, api_key=emulated.key, max_retries=0) as client,
        client.completions.create(model="chat-only/cut", prompt="Say 60 words.", stream=True) as stream,
        pytest.raises(openai.APIError, match=r"ended|cut"),
    ):
        said.extend(chunk.choices[0].text for chunk in stream)
    assert len("".join(said).split()) == 5
