"""OpenAI's client at /v1/responses: over the chat of Meta's API, in its own words at llama.cpp."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import openai
import pytest
from openai import OpenAI

from tests.proxy.clients.backends import QUESTION, TOOLS, WEATHER, Backend
from tests.proxy.clients.test_openai import Report

# The events of a text, in the order in which OpenAI sends them; deltas are as many as they are.
EVENTS = [
    "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added",
    "response.output_text.delta", "response.output_text.done", "response.content_part.done",
    "response.output_item.done", "response.completed",
]  # fmt: skip
TOOL: Any = {"type": "function", "strict": True, **TOOLS[0]["function"]}


@pytest.fixture
def client(backend: Backend) -> Iterator[OpenAI]:
    with OpenAI(base_url=backend.base_url, api_key=backend.key, max_retries=0) as made:
        yield made


@pytest.fixture
def emulated_client(emulated: Backend) -> Iterator[OpenAI]:
    with OpenAI(base_url=emulated.base_url, api_key=emulated.key, max_retries=0) as made:
        yield made


def asked(backend: Backend, input: Any = "Say 20 words.", **params: Any) -> dict[str, Any]:
    limits = {"max_output_tokens" if name == "max_tokens" else name: value for name, value in backend.greedy.items()}
    return {"model": backend.model, "input": input, **limits, **params}


def test_an_input_is_answered(client: OpenAI, backend: Backend) -> None:
    answer = client.responses.create(**asked(backend))
    assert answer.object == "response"
    assert answer.output_text
    assert answer.status in {"completed", "incomplete"}
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens > 0


def test_events_come_in_their_order_and_say_what_the_whole_answer_says(
    emulated_client: OpenAI, emulated: Backend
) -> None:
    whole = emulated_client.responses.create(**asked(emulated))
    with emulated_client.responses.create(stream=True, **asked(emulated)) as stream:
        events = list(stream)
    kinds = [event.type for event in events]
    assert list(dict.fromkeys(kinds)) == EVENTS
    assert [event.sequence_number for event in events] == list(range(len(events)))
    said = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    last = events[-1]
    assert last.type == "response.completed"
    assert said == last.response.output_text == whole.output_text
    assert last.response.usage == whole.usage


def test_a_streams_last_event_has_the_whole_answer(client: OpenAI, backend: Backend) -> None:
    with client.responses.create(stream=True, **asked(backend)) as stream:
        events = list(stream)
    last = events[-1]
    assert last.type in {"response.completed", "response.incomplete"}
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert len(deltas) > 3
    assert last.response.output_text == "".join(deltas)
    assert last.response.usage is not None


def test_the_clients_own_way_to_read_a_stream_works(emulated_client: OpenAI, emulated: Backend) -> None:
    """Not at llama.cpp, which leaves out the places of its events: there it fails without a gateway too."""
    with emulated_client.responses.stream(text_format=Report, **asked(emulated, "How is it?")) as stream:
        stream.until_done()
        assert isinstance(stream.get_final_response().output_parsed, Report)


def test_a_tool_is_called_and_its_result_goes_back(emulated_client: OpenAI, emulated: Backend) -> None:
    first = emulated_client.responses.create(**asked(emulated, QUESTION, tools=[TOOL], tool_choice="required"))
    (call,) = first.output
    assert call.type == "function_call"
    jsonschema.validate(json.loads(call.arguments), WEATHER)
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "Sunny."}
    turns = [{"role": "user", "content": QUESTION}, call, result]
    assert "Sunny." in emulated_client.responses.create(**asked(emulated, turns, tools=[TOOL])).output_text


def test_a_tool_call_is_streamed(emulated_client: OpenAI, emulated: Backend) -> None:
    request = asked(emulated, QUESTION, tools=[TOOL], tool_choice="required")
    with emulated_client.responses.create(stream=True, **request) as stream:
        events = list(stream)
    arguments = "".join(event.delta for event in events if event.type == "response.function_call_arguments.delta")
    jsonschema.validate(json.loads(arguments), WEATHER)
    (done,) = [event for event in events if event.type == "response.function_call_arguments.done"]
    assert done.arguments == arguments


def test_an_answer_is_parsed_into_a_class(emulated_client: OpenAI, emulated: Backend) -> None:
    answer = emulated_client.responses.parse(text_format=Report, **asked(emulated, "How is it?"))
    assert isinstance(answer.output_parsed, Report)


def test_a_response_is_kept_continued_and_deleted(emulated_client: OpenAI, emulated: Backend) -> None:
    first = emulated_client.responses.create(**asked(emulated, "My name is Canary.", instructions="Be brief."))
    assert emulated_client.responses.retrieve(first.id).output_text == first.output_text
    after = emulated_client.responses.create(**asked(emulated, "And now?", previous_response_id=first.id))
    assert after.previous_response_id == first.id
    assert after.usage is not None
    assert first.usage is not None
    assert after.usage.input_tokens > first.usage.input_tokens + first.usage.output_tokens
    emulated_client.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError):
        emulated_client.responses.retrieve(first.id)


def test_one_that_shall_not_be_stored_is_not(emulated_client: OpenAI, emulated: Backend) -> None:
    answer = emulated_client.responses.create(store=False, **asked(emulated))
    with pytest.raises(openai.NotFoundError):
        emulated_client.responses.retrieve(answer.id)


def test_what_a_chat_cannot_do_is_refused_by_name(emulated_client: OpenAI, emulated: Backend) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        emulated_client.responses.create(tools=[{"type": "web_search"}], **asked(emulated))
    assert str(caught.value.param).startswith("tools")


def test_a_stream_that_is_cut_fails_and_never_completes(emulated_client: OpenAI) -> None:
    events: list[Any] = []
    try:
        with emulated_client.responses.create(model="chat-only/cut", input="Say 60 words.", stream=True) as stream:
            events.extend(stream)
    except openai.APIError as error:
        events.append(error)
    kinds = [getattr(event, "type", "exception") for event in events]
    assert "response.completed" not in kinds
    assert {"response.failed", "error", "exception"} & set(kinds)
    assert len("".join(event.delta for event in events if event.type == "response.output_text.delta").split()) == 5
