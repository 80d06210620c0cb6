"""Anthropic's own client at /v1/messages: its shape in, its shape out, whoever serves the model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anthropic
import jsonschema
import pytest
from anthropic import Anthropic

from tests.proxy.clients.backends import QUESTION, WEATHER, Backend, says

TOOL: Any = {"name": "get_weather", "description": "Get the weather of a city", "input_schema": WEATHER}


@pytest.fixture
def client(backend: Backend) -> Iterator[Anthropic]:
    with Anthropic(base_url=backend.gateway.url, api_key=backend.key, max_retries=0) as made:
        yield made


@pytest.fixture
def emulated_client(emulated: Backend) -> Iterator[Anthropic]:
    with Anthropic(base_url=emulated.gateway.url, api_key=emulated.key, max_retries=0) as made:
        yield made


def asked(backend: Backend, **params: Any) -> dict[str, Any]:
    limits: dict[str, Any] = {"max_tokens": 256, **backend.greedy}
    cold = {"temperature": limits.pop("temperature", None)}  # this client has forgotten that one may say it
    return {"model": backend.model, "messages": says("Say 20 words."), "extra_body": cold, **limits, **params}


def test_a_message_is_answered(client: Anthropic, backend: Backend) -> None:
    answer = client.messages.create(**asked(backend))
    assert (answer.type, answer.role) == ("message", "assistant")
    assert answer.id.startswith("msg_")
    assert answer.content[0].type == "text"
    assert answer.content[0].text
    assert answer.stop_reason in {"end_turn", "max_tokens"}
    assert answer.usage.input_tokens > 0
    assert answer.usage.output_tokens > 0


def test_a_stream_says_what_the_whole_answer_says(client: Anthropic, backend: Backend) -> None:
    whole = client.messages.create(**asked(backend))
    with client.messages.stream(**asked(backend)) as stream:
        said = "".join(stream.text_stream)
        answer = stream.get_final_message()
    assert whole.content[0].type == "text"
    assert said == whole.content[0].text
    assert answer.stop_reason == whole.stop_reason
    assert answer.usage.output_tokens == whole.usage.output_tokens


def test_events_come_in_their_order(emulated_client: Anthropic, emulated: Backend) -> None:
    with emulated_client.messages.create(stream=True, **asked(emulated)) as stream:
        kinds = [event.type for event in stream]
    assert list(dict.fromkeys(kinds)) == [
        "message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta",
        "message_stop",
    ]  # fmt: skip


def test_a_system_prompt_counts(emulated_client: Anthropic, emulated: Backend) -> None:
    without = emulated_client.messages.create(**asked(emulated)).usage.input_tokens
    system: Any = [{"type": "text", "text": "You are very brief."}]
    assert emulated_client.messages.create(**asked(emulated, system=system)).usage.input_tokens > without


def test_a_tool_is_called_and_its_result_goes_back(emulated_client: Anthropic, emulated: Backend) -> None:
    choice = {"type": "any"}
    request = asked(emulated, messages=says(QUESTION), tools=[TOOL], tool_choice=choice)
    first = emulated_client.messages.create(**request)
    assert first.stop_reason == "tool_use"
    call = first.content[-1]
    assert call.type == "tool_use"
    jsonschema.validate(call.input, WEATHER)
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "Sunny."}
    turns = [*says(QUESTION), {"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
    reply = emulated_client.messages.create(**asked(emulated, messages=turns, tools=[TOOL]))
    assert reply.content[0].type == "text"
    assert "Sunny." in reply.content[0].text


def test_a_tool_call_is_streamed(emulated_client: Anthropic, emulated: Backend) -> None:
    request = asked(emulated, messages=says(QUESTION), tools=[TOOL], tool_choice={"type": "any"})
    with emulated_client.messages.stream(**request) as stream:
        answer = stream.get_final_message()
    call = answer.content[-1]
    assert call.type == "tool_use"
    jsonschema.validate(call.input, WEATHER)


def test_tokens_are_counted_beforehand(emulated_client: Anthropic, emulated: Backend) -> None:
    counted = emulated_client.messages.count_tokens(model=emulated.model, messages=says("Say 20 words."))
    assert counted.input_tokens == emulated_client.messages.create(**asked(emulated)).usage.input_tokens


def test_a_raw_answer_has_the_gateways_headers(client: Anthropic, backend: Backend) -> None:
    raw = client.messages.with_raw_response.create(**asked(backend))
    assert raw.headers["x-litellm-model-group"] == backend.model
    assert raw.headers["x-litellm-call-id"]


def test_the_key_may_be_a_bearer_token(emulated: Backend) -> None:
    with Anthropic(base_url=emulated.gateway.url, auth_token=emulated.key, max_retries=0) as client:
        assert client.messages.create(**asked(emulated)).id


def test_a_wrong_key_is_an_authentication_error(emulated: Backend) -> None:
    with (
        Anthropic(base_url=emulated.gateway.url, api_key="sk-wrong", max_retries=0) as client,
        pytest.raises(anthropic.AuthenticationError) as caught,
    ):
        client.messages.create(**asked(emulated))
    body: Any = caught.value.body
    assert (body["type"], body["error"]["type"]) == ("error", "authentication_error")


FAILURES = {
    "nobody-knows-it": (404, "not_found_error"),
    "faulty/busy": (429, "rate_limit_error"),
    "faulty/down": (529, "overloaded_error"),
    "faulty/long": (400, "invalid_request_error"),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", FAILURES)
def test_errors_have_anthropics_shape(emulated_client: Anthropic, emulated: Backend, model: str, stream: bool) -> None:
    with pytest.raises(anthropic.APIStatusError) as caught:
        emulated_client.messages.create(stream=stream, **asked(emulated, model=model))
    body: Any = caught.value.body
    assert (caught.value.status_code, body["error"]["type"]) == FAILURES[model]
    assert body["type"] == "error"
    assert body["error"]["message"]


def test_a_stream_that_is_cut_ends_in_an_exception(emulated_client: Anthropic, emulated: Backend) -> None:
    kinds: list[str] = []
    request = asked(emulated, model="faulty/cut", messages=says("Say 60 words."))
    with (
        emulated_client.messages.create(stream=True, **request) as stream,
        pytest.raises(anthropic.APIError),
    ):
        kinds.extend(event.type for event in stream)
    assert kinds.count("content_block_delta") >= 1
    assert "message_stop" not in kinds
