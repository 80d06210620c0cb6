"""A chat's answer as a Message, which Anthropic's SDK takes for one."""

from __future__ import annotations

from typing import Any

import pytest

from litellm_lite import APIResponseValidationError
from litellm_lite.bridges.messages import answer
from tests.bridges.messages.shapes import BODY, ID, JSON, USAGE, call, completion, is_message


def told(message: JSON, finish: str | None = "stop", usage: Any = USAGE, **choice: Any) -> JSON:
    return is_message(answer(completion(message, finish, usage, **choice), BODY, id=ID))


def counted(usage: Any) -> JSON:
    made: JSON = answer(completion({"content": "Hi"}, usage=usage), BODY, id=ID)["usage"]
    return made


def test_a_text_is_a_block_of_text() -> None:
    assert told({"content": "Hello."}) == {
        "id": ID,
        "type": "message",
        "role": "assistant",
        "model": "served",
        "content": [{"type": "text", "text": "Hello."}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 9,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 4,
        },
    }


def test_a_model_that_is_not_named_is_the_one_that_was_asked() -> None:
    assert answer({**completion({"content": "Hi"}), "model": None}, BODY, id=ID)["model"] == "m"


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_reasoning_is_thinking_and_comes_first(name: str) -> None:
    content = told({"content": "Hi", name: "hm"})["content"]
    assert content == [{"type": "thinking", "thinking": "hm", "signature": ""}, {"type": "text", "text": "Hi"}]


def test_thinking_that_nobody_wants_to_read_is_not_shown() -> None:
    body = {**BODY, "thinking": {"type": "adaptive", "display": "omitted"}}
    made = answer(completion({"content": "Hi", "reasoning_content": "hm"}), body, id=ID)
    assert [block["type"] for block in made["content"]] == ["text"]


def test_a_call_is_a_use_of_a_tool_with_its_input_read() -> None:
    made = told({"content": "I look.", "tool_calls": [call("weather", '{"city": "Rome"}')]}, "tool_calls")
    assert made["content"][1] == {"type": "tool_use", "id": "call_a", "name": "weather", "input": {"city": "Rome"}}
    assert made["stop_reason"] == "tool_use"


@pytest.mark.parametrize("arguments", ["", "{}", None, {}, " "])
def test_a_call_without_arguments_has_an_empty_input(arguments: Any) -> None:
    assert told({"tool_calls": [call("now", arguments)]}, "tool_calls")["content"][0]["input"] == {}


def test_arguments_that_come_as_an_object_are_taken() -> None:
    assert told({"tool_calls": [call("now", {"a": 1})]}, "tool_calls")["content"][0]["input"] == {"a": 1}


def test_a_call_without_an_id_is_given_one() -> None:
    made = told({"tool_calls": [call("now", "", id=None), call("now", "", id=None)]}, "tool_calls")
    assert [block["id"] for block in made["content"]] == ["toolu_msg_1_0", "toolu_msg_1_1"]


@pytest.mark.parametrize("arguments", ['{"city": "Ro', "[1]", '"Rome"', "null", "Rome"])
def test_arguments_that_are_no_object_are_an_error_that_names_the_tool(arguments: str) -> None:
    with pytest.raises(APIResponseValidationError, match="arguments of the call of tool 'weather'") as caught:
        told({"tool_calls": [call("weather", arguments)]}, "tool_calls")
    assert "Rome" not in str(caught.value)


def test_arguments_that_the_limit_cut_are_given_as_far_as_they_came() -> None:
    made = told({"tool_calls": [call("weather", '{"city": "Rome", "day": "Mon')]}, "length")
    assert made["content"][0]["input"] == {"city": "Rome"}
    assert made["stop_reason"] == "max_tokens"


@pytest.mark.parametrize("arguments", ["[1, ", "Rome"])
def test_a_cut_excuses_only_what_is_missing(arguments: str) -> None:
    with pytest.raises(APIResponseValidationError):
        told({"tool_calls": [call("weather", arguments)]}, "length")


def test_a_call_without_a_name_is_an_error() -> None:
    with pytest.raises(APIResponseValidationError, match="no name"):
        told({"tool_calls": [{"id": "a", "type": "function"}]}, "tool_calls")


@pytest.mark.parametrize(
    ("finish", "message", "stop"),
    [
        ("stop", {"content": "Hi"}, "end_turn"),
        ("length", {"content": "Hi"}, "max_tokens"),
        ("length", {"tool_calls": [call("now", "{}")]}, "max_tokens"),
        ("tool_calls", {"tool_calls": [call("now", "{}")]}, "tool_use"),
        ("stop", {"tool_calls": [call("now", "{}")]}, "tool_use"),
        ("tool_calls", {"content": "Hi"}, "end_turn"),
        ("content_filter", {"content": "Hi"}, "refusal"),
        ("stop", {"refusal": "I cannot"}, "refusal"),
    ],
)
def test_why_it_ended_is_told_in_anthropics_words(finish: str, message: JSON, stop: str) -> None:
    made = told(message, finish)
    assert (made["stop_reason"], made["stop_sequence"]) == (stop, None)


@pytest.mark.parametrize("finish", ["gone_fishing", None])
def test_a_reason_that_is_not_known_stays_as_it_is(finish: str | None) -> None:
    assert answer(completion({"content": "Hi"}, finish), BODY, id=ID)["stop_reason"] == finish


def test_a_refusal_is_a_text() -> None:
    assert told({"refusal": "I cannot"})["content"] == [{"type": "text", "text": "I cannot"}]


def test_a_stop_sequence_that_the_vendor_tells_is_told() -> None:
    body = {**BODY, "stop_sequences": ["END"]}
    made = is_message(answer(completion({"content": "Hi"}, stop_reason="END"), body, id=ID))
    assert (made["stop_reason"], made["stop_sequence"]) == ("stop_sequence", "END")


@pytest.mark.parametrize("told_reason", [None, 128009, "OTHER"])
def test_a_stop_that_was_not_asked_for_is_the_end_of_the_turn(told_reason: Any) -> None:
    body = {**BODY, "stop_sequences": ["END"]}
    made = answer(completion({"content": "Hi"}, stop_reason=told_reason), body, id=ID)
    assert (made["stop_reason"], made["stop_sequence"]) == ("end_turn", None)


def test_an_empty_answer_has_no_blocks() -> None:
    assert told({"content": ""})["content"] == []


def test_a_content_in_parts_is_joined() -> None:
    assert told({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]})["content"] == [
        {"type": "text", "text": "ab"}
    ]


@pytest.mark.parametrize("content", [5, ["a"], [{"type": "image_url"}]])
def test_a_content_that_is_no_text_is_an_error(content: Any) -> None:
    with pytest.raises(APIResponseValidationError, match="no text"):
        told({"content": content})


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_reasoning_that_is_no_text_is_an_error(name: str) -> None:
    with pytest.raises(APIResponseValidationError, match="reasoning is no text"):
        told({"content": "a", name: ["hm"]})


@pytest.mark.parametrize("made", [{}, {"choices": []}, {"choices": [{}]}, completion({"tool_calls": ["weather"]})])
def test_an_answer_of_another_shape_is_an_error(made: JSON) -> None:
    with pytest.raises(APIResponseValidationError, match="another shape"):
        answer(made, BODY, id=ID)


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"prompt_tokens_details": {"cached_tokens": 6}}, (3, 0, 6)),
        ({"prompt_tokens_details": {"cached_tokens": 4, "cache_creation_tokens": 3}}, (2, 3, 4)),
        ({"cache_read_input_tokens": 4, "cache_creation_input_tokens": 5}, (0, 5, 4)),
        ({"prompt_cache_hit_tokens": 1}, (8, 0, 1)),
        ({"prompt_tokens_details": {"audio_tokens": 2}}, (9, 0, 0)),
        ({"prompt_tokens_details": {"cached_tokens": 60}}, (9, None, None)),
        ({"total_tokens": 99}, (9, None, None)),
    ],
)
def test_cached_tokens_are_counted_apart(details: JSON, expected: tuple[int, int | None, int | None]) -> None:
    usage = counted({**USAGE, **details})
    names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    assert tuple(usage[name] for name in names) == expected
    assert usage["output_tokens"] == 4


def test_tokens_of_thinking_are_told_apart() -> None:
    usage = counted({**USAGE, "completion_tokens_details": {"reasoning_tokens": 3}})
    assert usage["output_tokens"] == 4
    assert usage["output_tokens_details"] == {"thinking_tokens": 3}


def test_counts_that_nobody_told_are_none_and_never_0() -> None:
    assert set(counted(None).values()) == {None}
    assert counted({"prompt_tokens": 9}) == {
        "input_tokens": 9,
        "cache_creation_input_tokens": None,
        "cache_read_input_tokens": None,
        "output_tokens": None,
    }
    assert counted({"prompt_tokens": 9, "completion_tokens": "4"})["output_tokens"] is None
    assert counted({"completion_tokens": 4})["input_tokens"] is None
