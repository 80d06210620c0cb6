"""The answers as objects: they read like dictionaries, keep what vendors add, and never offer what is not there."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from litellm_lite import (
    ChatCompletionDeltaToolCall,
    ChatCompletionMessageToolCall,
    Choices,
    Delta,
    Function,
    Message,
    ModelResponse,
    ModelResponseStream,
    StreamingChoices,
    Usage,
)
from litellm_lite.types.response import attach
from tests.answers import OPENAI_ANSWER

CHUNK = {
    "id": "c",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}


@pytest.fixture
def answer() -> ModelResponse:
    return ModelResponse.model_validate(OPENAI_ANSWER)


def test_it_reads_like_a_dictionary(answer: ModelResponse) -> None:
    assert answer["id"] == answer.get("id") == answer.id
    assert "choices" in answer
    assert "service_tier" in answer  # the vendor's own
    assert answer.get("no_such", 5) == 5
    assert dict(answer)["model"] == answer.model
    assert {**answer}.keys() >= {"id", "choices", "usage", "service_tier"}
    assert {**answer.choices[0].message}["content"] == "Hello."


@pytest.mark.parametrize("key", ["no_such", "json", "get", "model_dump", "hidden_params", "__dict__", 5, None])
def test_only_fields_are_items(key: Any, answer: ModelResponse) -> None:
    assert key not in answer
    assert answer.get(key, "default") == "default"
    with pytest.raises(KeyError):
        answer[key]


def test_items_can_be_set(answer: ModelResponse) -> None:
    answer["model"] = "other"
    answer["mine"] = 1
    assert (answer.model, answer.mine, answer["mine"]) == ("other", 1, 1)  # type: ignore[attr-defined] # set just now


def test_json_is_a_dictionary(answer: ModelResponse) -> None:
    assert answer.json() == answer.model_dump()
    assert answer.json()["choices"][0]["message"]["content"] == "Hello."


def test_it_survives_a_round_trip(answer: ModelResponse) -> None:
    assert ModelResponse.model_validate(answer.model_dump()) == answer
    assert ModelResponse.model_validate_json(answer.model_dump_json()) == answer
    assert ModelResponse(**answer.model_dump()) == answer


def test_openais_own_library_can_read_a_dump(answer: ModelResponse) -> None:
    read = ChatCompletion.model_validate(answer.model_dump())
    assert read.choices[0].message.content == "Hello."
    assert ChatCompletionChunk.model_validate(ModelResponseStream.model_validate(CHUNK).model_dump()).id == "c"


def test_what_is_known_of_the_call_is_no_part_of_the_payload(answer: ModelResponse) -> None:
    bare = copy.deepcopy(answer)
    attach(answer, {"response_cost": 0.5})
    assert answer == bare
    assert answer.model_dump() == bare.model_dump()
    assert "response_cost" not in repr(answer)
    assert "_hidden_params" not in {**answer}
    assert answer["_hidden_params"] == answer.hidden_params == {"response_cost": 0.5}
    assert (bare._hidden_params, bare.dropped_params, bare._response_ms, bare._response_headers) == ({}, {}, None, None)


def test_hidden_params_can_be_written_to_and_replaced(answer: ModelResponse) -> None:
    answer._hidden_params["mine"] = 1
    assert answer._hidden_params == {"mine": 1}
    answer._hidden_params = {"other": 2}
    assert answer.hidden_params == {"other": 2}


def test_what_is_known_is_worked_out_once(answer: ModelResponse) -> None:
    asked = iter(range(9))
    attach(answer, lambda: {"times": next(asked)})
    assert answer._hidden_params is answer._hidden_params
    assert (answer._hidden_params, next(asked)) == ({"times": 0}, 1)


def test_it_prints_as_what_it_is(answer: ModelResponse) -> None:
    assert str(answer).startswith("ModelResponse(id='chatcmpl-9', created=1790000000")
    assert str(answer.usage).startswith("Usage(prompt_tokens=2006")


def test_an_answer_can_be_made_by_hand() -> None:
    made = ModelResponse(choices=[Choices(message=Message(content="Hi"))], usage=Usage(prompt_tokens=1))
    assert made.id.startswith("chatcmpl-")
    assert (made.object, made.choices[0].finish_reason, made.choices[0].message.role) == (
        "chat.completion",
        "stop",
        "assistant",
    )


def test_has_attribute_is_meaningful() -> None:
    message, delta, choice = Message(content="Hi"), Delta(), StreamingChoices(delta=Delta())
    assert all(hasattr(message, name) for name in ("content", "role", "tool_calls", "function_call"))
    assert not any(hasattr(message, name) for name in ("refusal", "reasoning_content", "audio", "annotations"))
    assert all(hasattr(delta, name) for name in ("content", "role", "tool_calls", "function_call", "audio"))
    assert not any(hasattr(delta, name) for name in ("refusal", "reasoning_content"))
    assert hasattr(choice, "delta")
    assert not hasattr(Choices(message=message), "logprobs")
    assert not hasattr(ModelResponseStream.model_validate({**CHUNK, "usage": None}).choices[0], "message")


@pytest.mark.parametrize(("arguments", "text"), [("{}", "{}"), ({"a": 1}, '{"a":1}'), ([], "[]"), (None, ""), ("", "")])
def test_arguments_are_text(arguments: Any, text: str) -> None:
    assert Function.model_validate({"name": "f", "arguments": arguments}).arguments == text


def test_a_tool_call_has_an_id() -> None:
    first, second = (ChatCompletionMessageToolCall(function=Function(name="f")) for _ in range(2))
    assert first.id.startswith("call_")
    assert first.id != second.id
    assert ChatCompletionDeltaToolCall().id is None
    assert ChatCompletionDeltaToolCall().index == 0


def test_an_answer_without_choices_is_none() -> None:
    with pytest.raises(ValueError, match="choices"):
        ModelResponse.model_validate({"id": "x"})
