"""`mock_response=` in all its forms. No key, no network, and the same way out as a real answer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

import litellm_lite
from litellm_lite import (
    APIError,
    BadRequestError,
    ChatCompletionMessageToolCall,
    ContentPolicyViolationError,
    ContextWindowExceededError,
    Function,
    InternalServerError,
    MockException,
    ModelResponse,
    RateLimitError,
    ServiceUnavailableError,
    UnsupportedParamsError,
)
from tests import calls
from tests.calls import MODES

NOWHERE: Any = SimpleNamespace(target={})  # neither a base URL nor a key
both = pytest.mark.parametrize("mode", MODES)
LLAMA = "meta_llama/Llama-3.3-70B-Instruct"
USAGE = {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
BODY = {
    "id": "x",
    "created": 5,
    "model": "mine",
    "choices": [{"index": 0, "finish_reason": "length", "message": {"role": "assistant", "content": "Hi there."}}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}


def call(mode: str, model: str = LLAMA, **params: Any) -> Any:
    return calls.call(mode, NOWHERE, model, **{"num_retries": None, **params})


def collect(mode: str, model: str = LLAMA, **params: Any) -> calls.Streamed:
    return calls.collect(mode, NOWHERE, model, **params)


@both
@pytest.mark.parametrize("model", [LLAMA, "openai/gpt-4o-mini", "llama_proxy/any"])
def test_a_text_is_the_content_and_needs_no_key(model: str, mode: str) -> None:
    answer = call(mode, model, mock_response="Hello.")
    assert answer.choices[0].message.content == "Hello."
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.model_dump(exclude_none=True) == USAGE
    assert answer.model == model.partition("/")[2]
    assert answer.created > 0
    assert answer._hidden_params["custom_llm_provider"] == model.partition("/")[0]


@both
def test_a_mock_costs_what_the_model_would(mode: str) -> None:
    assert call(mode, "openai/gpt-4o-mini", mock_response="x")._hidden_params["response_cost"] == 13.5e-6
    assert call(mode, LLAMA, mock_response="x")._hidden_params["response_cost"] is None


@both
def test_a_mock_is_held_to_the_contract_like_a_call(mode: str) -> None:
    with pytest.raises(UnsupportedParamsError):
        call(mode, mock_response="x", seed=1)
    assert call(mode, mock_response="x", seed=1, drop_params=True).dropped_params == {"seed": "is not supported"}


@both
def test_n_copies_the_choice(mode: str) -> None:
    answer = call(mode, "openai/m", mock_response="Hello.", n=3)
    assert [(choice.index, choice.message.content) for choice in answer.choices] == [(at, "Hello.") for at in range(3)]


@both
def test_a_dictionary_is_the_answer(mode: str) -> None:
    before = repr(BODY)
    answer = call(mode, mock_response=BODY)
    assert (answer.id, answer.created, answer.model) == ("x", 5, "mine")
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.total_tokens == 3
    assert repr(BODY) == before


@both
def test_a_model_response_is_the_answer(mode: str) -> None:
    given = ModelResponse.model_validate(BODY)
    assert call(mode, mock_response=given) == given
    assert given._hidden_params == {}


@both
@pytest.mark.parametrize(
    "said", [5, ["x"], {"text": "x"}, {"choices": []}, {"choices": [{"text": "x"}]}, RateLimitError]
)
def test_what_is_no_mock_is_refused(said: Any, mode: str) -> None:
    with pytest.raises(
        BadRequestError, match="mock_response must be a text, an exception, a ModelResponse or"
    ) as caught:
        call(mode, mock_response=said)
    assert (caught.value.provider, caught.value.param) == ("meta_llama", "mock_response")


@both
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("said", "kind", "status"),
    [
        ("litellm.RateLimitError", RateLimitError, 429),
        ("litellm.ContextWindowExceededError", ContextWindowExceededError, 400),
        ("litellm.InternalServerError", InternalServerError, 500),
        ("Exception: content_filter_policy", ContentPolicyViolationError, 400),
        (RateLimitError("slow down", retry_after=99), RateLimitError, 429),
        (ValueError("broken"), MockException, 500),
        (OSError("gone"), MockException, 500),
    ],
)
def test_a_mock_may_raise(said: Any, kind: type[APIError], status: int, streamed: bool, mode: str) -> None:
    """And is not tried again: nothing would change, and 99 s is long."""
    with pytest.raises(kind) as caught:
        call(mode, mock_response=said, stream=streamed)
    assert type(caught.value) is kind
    assert (caught.value.status, caught.value.provider) == (status, "meta_llama")
    assert caught.value.model == "Llama-3.3-70B-Instruct"


@both
def test_an_exceptions_own_status_is_kept(mode: str) -> None:
    said = ValueError("too much")
    said.status_code = 413  # type: ignore[attr-defined] # as the exceptions of other libraries have it
    with pytest.raises(MockException, match="too much") as caught:
        call(mode, mock_response=said)
    assert caught.value.status == 413
    assert caught.value.__cause__ is said


@both
def test_a_mock_is_tried_again_on_request(mode: str) -> None:
    said = RateLimitError("slow down", retry_after=0)
    with pytest.raises(RateLimitError):
        call(mode, mock_response=said, num_retries=2)


@both
@pytest.mark.parametrize(
    "made", [[CALL], [ChatCompletionMessageToolCall(id="c1", function=Function.model_validate(CALL["function"]))]]
)
def test_tool_calls_can_be_mocked(made: Any, mode: str) -> None:
    answer = call(mode, mock_tool_calls=made)
    assert answer.choices[0].finish_reason == "tool_calls"
    assert answer.choices[0].message.content is None
    assert answer.choices[0].message.tool_calls[0].model_dump() == CALL


@both
def test_a_mocked_stream_comes_in_pieces_of_three(mode: str) -> None:
    streamed = collect(mode, mock_response="Hello you.")
    pieces = [each.choices[0].delta.content for each in streamed.chunks]
    assert [piece for piece in pieces if piece] == ["Hel", "lo ", "you", "."]
    assert streamed.chunks[0].choices[0].delta.role == "assistant"
    assert streamed.chunks[-1].choices[0].finish_reason == "stop"
    assert streamed.stream.usage == USAGE
    assert len({each.id for each in streamed.chunks}) == 1


FORMS: dict[str, dict[str, Any]] = {
    "text": {"mock_response": "Hello."},
    "choices": {"mock_response": "Hello.", "n": 2},
    "calls": {"mock_tool_calls": [CALL, {**CALL, "id": "c2"}]},
    "dict": {"mock_response": BODY},
    "model": {"mock_response": ModelResponse.model_validate(BODY)},
}


@both
@pytest.mark.parametrize("form", FORMS)
def test_a_mocked_stream_makes_the_mocked_answer(form: str, mode: str) -> None:
    params = {"model": "openai/m", **FORMS[form], "stream_options": {"include_usage": True}}
    built = litellm_lite.stream_chunk_builder(collect(mode, **params).chunks)
    whole = call(mode, **params)
    assert built is not None
    drop = {"id", "created"}
    assert built.model_dump(exclude=drop) == whole.model_dump(exclude=drop)


@both
def test_a_mocked_stream_can_break(mode: str) -> None:
    streamed = collect(mode, mock_response="Exception: mock_streaming_error")
    assert isinstance(streamed.failure, ServiceUnavailableError)
    assert streamed.failure.status == 529
    assert streamed.text == "mocked"
    assert streamed.failure.partial is not None
    assert streamed.failure.partial.text == "mocked"


@both
def test_a_falsy_mock_is_none(mode: str) -> None:
    with pytest.raises(litellm_lite.AuthenticationError):
        call(mode, mock_response="", mock_tool_calls=[])


def test_a_key_of_the_environment_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLAMA_API_KEY", "not a key")
    assert call("sync", mock_response="x").choices[0].message.content == "x"
