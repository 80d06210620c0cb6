"""What the emulator says: text, tool calls, structured answers and counts, decided without a socket."""

from __future__ import annotations

import sys
from itertools import count
from typing import Any

import jsonschema
import orjson
import pytest

from litellm_lite.emulator import vocabulary
from litellm_lite.emulator.answers import Answer, Completion, complete
from litellm_lite.emulator.ask import Ask
from litellm_lite.emulator.refusal import Refusal
from litellm_lite.tokens.llama import llama_encoding
from litellm_lite.tokens.vocabularies import package_folders
from tests.emulator.bodies import LLAMA_33, SCOUT, WEATHER, ask, function, image_part, png, text_part, user

needs_vocabulary = pytest.mark.skipif(llama_encoding("llama3") is None, reason="llama-models is not installed")


def completed(asked: Ask) -> Completion:
    numbers = count(1)
    return complete(asked, lambda: f"call-{next(numbers)}")


def answer(text: Any = "Hello, how are you?", **fields: Any) -> Answer:
    return completed(ask(text, **fields)).answers[0]


def arguments(text: str, *tools: dict[str, Any], **fields: Any) -> list[Any]:
    return [orjson.loads(call.arguments) for call in answer(text, tools=list(tools), **fields).calls]


def schema_format(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}


def test_every_text_says_that_no_model_is_running() -> None:
    said = answer("Hello, how are you?")
    assert f"emulator in the place of {LLAMA_33}; no language model is running" in said.text
    assert '"Hello, how are you?"' in said.text
    assert said.finish == "stop"


def test_a_long_question_is_quoted_in_part() -> None:
    assert "…" in answer("x" * 1000).text


@needs_vocabulary
def test_usage_is_llamas_own() -> None:
    done = completed(ask())
    assert (done.prompt_tokens, done.exact) == (16, True)
    assert done.completion_tokens == len(done.answers[0].pieces) + 1


@needs_vocabulary
def test_an_image_adds_its_tiles_to_the_prompt() -> None:
    alone = completed(ask("What is this?", model=SCOUT)).prompt_tokens
    seen = completed(ask([text_part("What is this?"), image_part(png(1920, 1080))], model=SCOUT)).prompt_tokens
    assert seen - alone == 2322


def test_tools_add_to_the_prompt() -> None:
    assert completed(ask(tools=[WEATHER])).prompt_tokens > completed(ask()).prompt_tokens


def test_an_answer_is_cut_at_the_tokens_allowed() -> None:
    said = answer(max_tokens=5)
    assert (said.finish, said.tokens, len(said.pieces)) == ("length", 5, 5)


def test_an_answer_that_just_fits_ends_by_itself() -> None:
    whole = answer()
    assert answer(max_tokens=whole.tokens).finish == "stop"
    assert answer(max_tokens=whole.tokens - 1).finish == "length"


def test_an_answer_ends_before_a_stop_sequence() -> None:
    assert answer(stop=["emulator"]).text == "This is the litellm-lite "


def test_several_choices_are_counted_together() -> None:
    done = completed(ask(n=3))
    assert len(done.answers) == 3
    assert done.completion_tokens == 3 * done.answers[0].tokens


def test_a_prompt_beyond_the_window_is_refused_with_the_numbers() -> None:
    with pytest.raises(Refusal, match=r"maximum context length of Llama-3\.3-70B-Instruct is 128000 tokens"):
        completed(ask("many words " * 70_000))


def test_the_tokens_asked_for_belong_to_the_window() -> None:
    with pytest.raises(Refusal, match="and 128000 for the answer"):
        completed(ask(max_tokens=128_000))


def test_images_are_described() -> None:
    url = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    said = answer([text_part("And?"), image_part(png(30, 20)), url], model=SCOUT).text
    assert "Image 1 is a PNG of 30 x 20 pixels, 33 bytes." in said
    assert "Image 2 is at a URL; the emulator does not fetch it." in said


def test_only_the_images_of_the_last_message_are_described() -> None:
    history = [user([image_part()]), {"role": "assistant", "content": "Nice."}, user([image_part(png(1, 2))])]
    said = answer(messages=history, model=SCOUT).text
    assert "1 x 2" in said
    assert "640" not in said


@pytest.mark.parametrize(
    "question",
    ["Call get_current_weather please", "What's the weather like in Paris?", "Which LOCATION do you know?"],
)
def test_a_tool_is_called_when_the_user_speaks_of_it(question: str) -> None:
    said = answer(question, tools=[WEATHER])
    assert (said.finish, said.calls[0].name, said.text) == ("tool_calls", "get_current_weather", "")


def test_a_tool_is_left_alone_when_nobody_speaks_of_it() -> None:
    assert answer("Tell me a joke.", tools=[WEATHER]).calls == []


def test_no_tool_is_called_when_the_choice_is_none() -> None:
    assert answer("What's the weather?", tools=[WEATHER], tool_choice="none").calls == []


def test_some_tool_is_called_when_one_is_required() -> None:
    assert len(answer("Tell me a joke.", tools=[WEATHER], tool_choice="required").calls) == 1


def test_the_named_tool_is_called() -> None:
    tools = [WEATHER, function("tell_joke")]
    named = {"type": "function", "function": {"name": "tell_joke"}}
    assert answer("What's the weather?", tools=tools, tool_choice=named).calls[0].name == "tell_joke"


def test_the_tool_most_spoken_of_is_called() -> None:
    tools = [function("get_forecast", "Weather of the coming days"), WEATHER]
    assert answer("current weather in Rome", tools=tools).calls[0].name == "get_current_weather"


def test_arguments_come_from_the_question() -> None:
    assert arguments("What's the weather in Boston in fahrenheit?", WEATHER) == [
        {"location": "Boston", "unit": "fahrenheit"}
    ]


def test_each_place_gets_a_call_of_its_own() -> None:
    asked = "What's the weather like in San Francisco, Tokyo, and Paris?"
    assert [call["location"] for call in arguments(asked, WEATHER)] == ["San Francisco", "Tokyo", "Paris"]


def test_calls_have_different_ids() -> None:
    calls = answer("weather in Rome and Oslo", tools=[WEATHER]).calls
    assert [call.id for call in calls] == ["call-1", "call-2"]


def test_parallel_calls_can_be_forbidden() -> None:
    assert len(arguments("weather in Rome and Oslo", WEATHER, parallel_tool_calls=False)) == 1


@needs_vocabulary
def test_a_call_is_counted_as_llama_writes_it() -> None:
    tool = function("get_weather", type="object", properties={"location": {"type": "string"}}, required=["location"])
    # 8 tokens for [get_weather(location="Menlo Park")] and the end of turn, as the live API counted.
    assert answer("Weather in Menlo Park?", model=SCOUT, tools=[tool]).tokens == 9


def test_a_call_beyond_the_tokens_allowed_is_cut_and_says_so() -> None:
    said = answer("weather in Rome and Oslo", tools=[WEATHER], max_tokens=12)
    assert (said.finish, said.tokens) == ("length", 12)
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(said.calls[-1].arguments)


def test_a_tool_result_is_answered_in_words() -> None:
    history = [
        user("What's the weather in Paris?"),
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": "c1", "function": {"name": "get_current_weather", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "18 degrees"},
        {"role": "tool", "tool_call_id": "c2", "content": "rain"},
    ]
    said = answer(messages=history, tools=[WEATHER])
    assert said.finish == "stop"
    assert "The get_current_weather tool answered: 18 degrees A tool answered: rain" in said.text


def test_a_tool_beyond_the_emulator_is_refused() -> None:
    tool = function("f", type="object", properties={"a": {"type": "string", "contains": 1}}, required=["a"])
    with pytest.raises(Refusal, match="'contains'"):
        answer("f", tools=[tool])


def test_a_structured_answer_validates_and_takes_from_the_question() -> None:
    schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "date": {"type": "string"},
            "participants": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["name", "date", "participants"],
        "additionalProperties": False,
    }
    said = answer("Alice goes to a science fair on 2026-05-01.", response_format=schema_format(schema))
    value = orjson.loads(said.text)
    jsonschema.validate(value, schema)
    assert value["date"] == "2026-05-01"


def test_a_schema_without_a_value_is_refused() -> None:
    with pytest.raises(Refusal, match="no value that fits"):
        answer(response_format=schema_format({"type": "integer", "minimum": 2, "maximum": 1}))


def test_pieces_of_broken_characters_join_to_the_text() -> None:
    text = "naïve 👩‍👩‍👧 中文"
    assert "".join(vocabulary.pieces(text, "llama3")) == text


def test_without_the_vocabulary_counts_are_estimates_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llama_models", None)
    llama_encoding.cache_clear()
    package_folders.cache_clear()
    try:
        called = {"id": "c1", "function": {"name": "f", "arguments": "{}"}}
        history = [user([image_part(png(336, 336))]), {"role": "assistant", "tool_calls": [called]}, user("x" * 40)]
        done = completed(ask(messages=history, model=SCOUT))
    finally:
        llama_encoding.cache_clear()
    assert not done.exact
    # Five around each message, five around all, an image of one tile, five characters of call, forty of text.
    assert done.prompt_tokens == 3 * 5 + 5 + 147 + 2 + 10
    assert "Its token counts are estimates" in done.answers[0].text
