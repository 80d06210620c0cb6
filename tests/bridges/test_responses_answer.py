"""What a chat completion says, as a Response with everything that was asked in it."""

from __future__ import annotations

from typing import Any

import pytest

from litellm_lite.bridges.responses import answer, conversation, to_chat
from litellm_lite.errors import APIResponseValidationError
from tests.bridges.speaking import JSON, USAGE, called, chat, read_response, several, token

ASKED: JSON = {"model": "m", "input": "Hi"}


def answered(said: JSON, **asked: Any) -> JSON:
    body = answer(said, {**ASKED, **asked}, id="resp_1", created=7, completed=9)
    read_response(body)
    return body


def text(words: str, **fields: Any) -> JSON:
    return {"type": "output_text", "text": words, "annotations": [], "logprobs": [], **fields}


def message(*parts: JSON, status: str = "completed") -> JSON:
    return {"id": "msg_1", "type": "message", "role": "assistant", "status": status, "content": list(parts)}


def test_a_text_is_a_message() -> None:
    made = answered(chat("Hi."))
    assert made["output"] == [message(text("Hi."))]
    assert (made["id"], made["created_at"], made["completed_at"], made["status"]) == ("resp_1", 7, 9, "completed")
    assert read_response(made).output_text == "Hi."


def test_reasoning_text_and_calls_come_in_this_order() -> None:
    calls = [called("c1", "f", "{}"), called("", "g", "")]
    said = chat("Hi.", "tool_calls", reasoning_content="Hm", refusal="But no.", tool_calls=calls)
    reasoning = {"type": "reasoning_text", "text": "Hm"}
    function = {"type": "function_call", "status": "completed"}
    assert answered(said)["output"] == [
        {"id": "rs_1", "type": "reasoning", "summary": [], "content": [reasoning], "status": "completed"},
        message(text("Hi."), {"type": "refusal", "refusal": "But no."}),
        {"id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}", **function},
        {"id": "fc_1_1", "call_id": "call_1_1", "name": "g", "arguments": "", **function},
    ]


def test_arguments_that_came_as_an_object_are_written_as_text() -> None:
    said = chat(None, "tool_calls", tool_calls=[{"id": "c", "function": {"name": "f", "arguments": {"a": 1}}}])
    (item,) = answered(said)["output"]
    assert item["arguments"] == '{"a":1}'


@pytest.mark.parametrize("content", ["", None])
def test_an_empty_answer_is_an_empty_text(content: str | None) -> None:
    assert answered(chat(content))["output"] == [message(text(""))]


def test_a_model_that_only_thought_said_nothing() -> None:
    (item,) = answered(chat(None, "length", reasoning="Hm"))["output"]
    assert (item["type"], item["status"]) == ("reasoning", "incomplete")


@pytest.mark.parametrize(("finish", "reason"), [("length", "max_output_tokens"), ("content_filter", "content_filter")])
def test_an_answer_that_was_cut_short_says_why(finish: str, reason: str) -> None:
    made = answered(chat("Hi", finish))
    assert (made["status"], made["incomplete_details"]) == ("incomplete", {"reason": reason})
    assert made["completed_at"] is None
    assert made["output"] == [message(text("Hi"), status="incomplete")]


@pytest.mark.parametrize("finish", ["recitation", None])
def test_a_reason_openai_has_no_word_for_is_no_success(finish: str | None) -> None:
    made = answered(chat("Hi", finish))
    assert (made["status"], made["incomplete_details"]) == ("incomplete", {"reason": None, "finish_reason": finish})


def test_an_answer_without_a_choice_is_none() -> None:
    with pytest.raises(APIResponseValidationError, match="no choice"):
        answer(several(), ASKED, id="resp_1", created=7)


def test_annotations_lose_a_level() -> None:
    cited = {"start_index": 0, "end_index": 2, "title": "t", "url": "https://x"}
    made = answered(chat("Hi", annotations=[{"type": "url_citation", "url_citation": cited}]))
    assert made["output"][0]["content"][0]["annotations"] == [{"type": "url_citation", **cited}]
    path = {"type": "file_path", "file_id": "f", "index": 0}
    assert answered(chat("Hi", annotations=[path]))["output"][0]["content"][0]["annotations"] == [path]


def test_logprobs_have_their_bytes() -> None:
    said = chat("é")
    said["choices"][0]["logprobs"] = {"content": [token("é", e=-2.0) | {"bytes": None}]}
    (logprob,) = answered(said)["output"][0]["content"][0]["logprobs"]
    top = {"token": "e", "logprob": -2.0, "bytes": [101]}
    assert logprob == {"token": "é", "logprob": -0.5, "bytes": [195, 169], "top_logprobs": [top]}


def test_tokens_are_counted_in_the_words_of_responses() -> None:
    usage = USAGE | {
        "prompt_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 1},
        "completion_tokens_details": {"reasoning_tokens": 1},
    }
    assert answered(several({"content": "Hi"}, usage=usage))["usage"] == {
        "input_tokens": 3,
        "input_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 1},
        "output_tokens": 2,
        "output_tokens_details": {"reasoning_tokens": 1},
        "total_tokens": 5,
    }


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": 3}])
def test_tokens_nobody_told_are_not_known(usage: JSON | None) -> None:
    assert answered(several({"content": "Hi"}, usage=usage))["usage"] is None


def test_a_total_nobody_told_is_the_sum() -> None:
    told = several({"content": "Hi"}, usage={"prompt_tokens": 3, "completion_tokens": 2})
    assert answered(told)["usage"]["total_tokens"] == 5


def test_what_was_asked_is_repeated() -> None:
    asked: JSON = {
        "instructions": "Be brief.", "max_output_tokens": 9, "max_tool_calls": 2, "metadata": {"a": "b"},
        "parallel_tool_calls": False, "previous_response_id": "resp_0", "temperature": 0.5, "top_p": 0.9,
        "tool_choice": {"type": "function", "name": "f"}, "top_logprobs": 3, "truncation": "disabled", "user": "u",
        "tools": [{"type": "function", "name": "f", "parameters": {}, "strict": True}], "store": True,
        "text": {"format": {"type": "json_object"}, "verbosity": "low"}, "prompt_cache_key": "k",
        "safety_identifier": "s", "prompt_cache_retention": "24h",
    }  # fmt: skip
    made = answered(chat(), **asked, reasoning={"effort": "low"}, service_tier="flex")
    assert {name: made[name] for name in asked} == asked
    assert (made["reasoning"], made["service_tier"]) == ({"effort": "low", "summary": None}, "flex")


def test_what_nobody_asked_has_openais_default_and_a_vendors_own_is_not_known() -> None:
    made = answered(chat())
    assert (made["parallel_tool_calls"], made["tool_choice"], made["tools"], made["metadata"]) == (True, "auto", [], {})
    assert (made["text"], made["truncation"], made["temperature"]) == ({"format": {"type": "text"}}, "disabled", None)
    assert made["model"] == "llama"


def test_what_was_left_out_is_not_repeated() -> None:
    asked = {"tools": [{"type": "web_search"}], "tool_choice": {"type": "web_search"}, "background": True}
    made = answered(chat(), **asked, truncation="auto", reasoning={"summary": "auto"})
    assert (made["tools"], made["tool_choice"], made["background"]) == ([], "auto", False)
    assert (made["truncation"], made["reasoning"]["summary"]) == ("disabled", None)


def test_the_tier_that_served_is_told() -> None:
    assert answered(chat() | {"service_tier": "default"}, service_tier="auto")["service_tier"] == "default"


def test_a_tool_without_a_schema_says_so() -> None:
    (tool,) = answered(chat(), tools=[{"type": "function", "name": "f"}])["tools"]
    assert tool == {"type": "function", "name": "f", "parameters": None, "strict": None}


def test_a_conversation_goes_on_without_the_instructions() -> None:
    asked = {"input": "Hi", "instructions": "Be brief."}
    messages, _ = to_chat(asked)
    calls = [called("c1", "f", "{}")]
    response = answer(chat("a", "tool_calls", reasoning_content="Hm", tool_calls=calls), asked, id="r", created=1)
    history = conversation(asked, messages, response)
    turn = {"role": "assistant", "content": "a", "tool_calls": calls}
    assert history == [{"role": "user", "content": "Hi"}, turn]
    result = {"type": "function_call_output", "call_id": "c1", "output": "4"}
    after, _ = to_chat({"input": [result], "previous_response_id": "r"}, history)
    assert after == [*history, {"role": "tool", "tool_call_id": "c1", "content": "4"}]
    again = conversation({"input": "x"}, after, answer(chat("b"), {}, id="r2", created=2))
    assert again == [*after, {"role": "assistant", "content": "b"}]
