"""`responses`, whole and in events, the stored ones by their id, and their twins, over a real socket."""

from __future__ import annotations

from typing import Any

import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import BaseModel, TypeAdapter

from litellm_lite import APIConnectionError, APIResponseValidationError, RateLimitError
from litellm_lite.errors import APIError, BadRequestError
from tests.endpoints.asking import ask, at, listen
from tests.endpoints.test_library import PRICES, each_mode
from tests.endpoints.values import MESSAGE, RESPONSE, response_events, typed, wired
from tests.wire import Wire, reply, stream


@each_mode
def test_a_response_is_what_the_vendor_said(mode: str, wire: Wire) -> None:
    wire.answers(reply(RESPONSE))
    answer = ask(mode, "responses", "Hi", "openai/gpt-4o-mini", metadata={"a": "b"}, **at(wire, **PRICES))
    assert wire.last.json == {"model": "gpt-4o-mini", "input": "Hi", "metadata": {"a": "b"}}
    assert answer.output_text == "Hello."
    assert answer.usage.input_tokens_details.cached_tokens == 4
    assert answer["status"] == "completed"
    sent = {**RESPONSE, "parallel_tool_calls": True, "tool_choice": "auto", "tools": []}
    assert Response.model_validate({**sent, **answer.model_dump(exclude_unset=True)}).output_text == "Hello."


def test_the_cost_of_a_response_is_told_by_its_own_usage(wire: Wire) -> None:
    wire.answers(reply({**RESPONSE, "usage": {"input_tokens": 9, "output_tokens": 5, "total_tokens": 14}}))
    answer = ask("sync", "responses", "Hi", "openai/m", **at(wire, **PRICES))
    assert answer.hidden_params["response_cost"] == 9 * 0.5 + 5 * 2.0


@each_mode
def test_items_of_an_answer_may_be_put_into_the_next_question(mode: str, wire: Wire) -> None:
    call = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": "{}"}
    wire.answers(reply({**RESPONSE, "output": [call, MESSAGE]}), reply(RESPONSE))
    first = ask(mode, "responses", "Hi", "openai/m", **at(wire))
    result = {"type": "function_call_output", "call_id": "call_1", "output": "5"}
    ask(mode, "responses", [*first.output, result], "openai/m", **at(wire))
    assert wire.last.json["input"] == [call, MESSAGE, result]


class Review(BaseModel):
    rating: int


def test_a_pydantic_class_is_the_format_of_the_text(wire: Wire) -> None:
    wire.answers(reply(RESPONSE))
    ask("sync", "responses", "Hi", "openai/m", text_format=Review, text={"verbosity": "low"}, **at(wire))
    text = wire.last.json["text"]
    assert text["verbosity"] == "low"
    assert (text["format"]["type"], text["format"]["name"], text["format"]["strict"]) == ("json_schema", "Review", True)
    assert text["format"]["schema"]["required"] == ["rating"]


@each_mode
def test_events_of_a_response_are_the_vendors(mode: str, wire: Wire) -> None:
    sent = response_events("Hel", "lo.")
    wire.answers(stream(map(wired, sent)))
    heard = listen(mode, "responses", "Hi", "openai/m", **at(wire, **PRICES))
    assert heard.error is None
    assert [item.model_dump(exclude_unset=True) for item in heard.items] == sent
    assert "".join(item.delta for item in heard.items if item.type == "response.output_text.delta") == "Hello."
    assert heard.items[-1].response.output_text == "Hello."
    assert heard.stream.usage["prompt_tokens"] == 9
    adapter: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
    assert adapter.validate_python(heard.items[4].model_dump(exclude_unset=True)).type == "response.output_text.delta"


@each_mode
def test_a_response_that_is_cut_never_ends_well(mode: str, wire: Wire) -> None:
    wire.answers(stream(map(wired, response_events("Hel", "lo.")[:6])))
    heard = listen(mode, "responses", "Hi", "openai/m", **at(wire))
    assert isinstance(heard.error, APIConnectionError)
    assert heard.error.partial is not None
    assert heard.error.partial.text == "Hello."
    assert heard.items[-1].type == "response.output_text.delta"


@each_mode
def test_a_response_that_fails_midway_raises_with_the_vendors_reason(mode: str, wire: Wire) -> None:
    failed = {**RESPONSE, "status": "failed", "error": {"code": "rate_limit_exceeded", "message": "Slow down"}}
    wire.answers(stream(map(wired, [*response_events("Hi")[:5], typed("response.failed", response=failed)])))
    heard = listen(mode, "responses", "Hi", "openai/m", **at(wire))
    assert isinstance(heard.error, RateLimitError)
    assert "response.failed" not in [item.type for item in heard.items]


@each_mode
def test_a_response_cut_short_by_its_limit_ends_well(mode: str, wire: Wire) -> None:
    last = {**RESPONSE, "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    events = [*response_events("Hi")[:-1], typed("response.incomplete", response=last)]
    wire.answers(stream(map(wired, events)))
    heard = listen(mode, "responses", "Hi", "openai/m", **at(wire))
    assert heard.error is None
    assert heard.items[-1].response.status == "incomplete"


@each_mode
def test_a_whole_response_in_the_place_of_a_stream_is_an_error(mode: str, wire: Wire) -> None:
    wire.answers(reply(RESPONSE))
    heard = listen(mode, "responses", "Hi", "openai/m", **at(wire))
    assert isinstance(heard.error, APIResponseValidationError)
    assert "leave out stream=True" in heard.error.message


@each_mode
def test_an_event_of_another_shape_ends_the_stream_with_an_error(mode: str, wire: Wire) -> None:
    wire.answers(stream([wired(typed("response.created", response={"id": 5})), wired(response_events("Hi")[4])]))
    heard = listen(mode, "responses", "Hi", "openai/m", **at(wire))
    assert isinstance(heard.error, APIResponseValidationError)
    assert "does not have the shape of a response" in heard.error.message


@each_mode
def test_a_stored_response_is_read_by_its_id(mode: str, wire: Wire) -> None:
    wire.answers(reply(RESPONSE))
    answer = ask(mode, "get_responses", "resp_1", **at(wire))
    assert (wire.last.method, wire.last.path, wire.last.body) == ("GET", "/v1/responses/resp_1", b"")
    assert answer.output_text == "Hello."
    assert answer.hidden_params["response_cost"] is None


@each_mode
def test_a_stored_response_is_deleted_by_its_id(mode: str, wire: Wire) -> None:
    wire.answers(reply({"id": "resp_1", "object": "response", "deleted": True}))
    answer = ask(mode, "delete_responses", "resp_1", **at(wire))
    assert (wire.last.method, wire.last.path) == ("DELETE", "/v1/responses/resp_1")
    assert answer.deleted


@pytest.mark.parametrize("name", ["get_responses", "delete_responses"])
@pytest.mark.parametrize("response_id", ["", "../models", "a/b", "resp_1?x", None, 5])
def test_what_is_no_id_of_a_response_is_refused(name: str, response_id: Any, wire: Wire) -> None:
    with pytest.raises(BadRequestError, match="response_id must be the id of a response") as caught:
        ask("sync", name, response_id, **at(wire))
    assert caught.value.param == "response_id"


def test_a_stored_response_that_is_not_there_is_told_by_its_id(wire: Wire) -> None:
    wire.answers(reply({"error": {"message": "Response not found", "type": "invalid_request_error"}}, 404))
    with pytest.raises(APIError, match=r"Response not found.*'resp_9'"):
        ask("sync", "get_responses", "resp_9", **at(wire))
