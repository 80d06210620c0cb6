"""What a Responses request asks, as a chat completion; what chat cannot carry is named."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.responses import ResponseOutputMessage, ResponseOutputText

from litellm_lite.bridges.responses import to_chat
from litellm_lite.errors import BadRequestError, UnsupportedParamsError
from tests.bridges.speaking import JSON

USER = {"role": "user", "content": "Hi"}
CALL = {"type": "function_call", "id": "fc_9", "call_id": "c1", "name": "f", "arguments": "{}", "status": "completed"}
MADE = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
RESULT = {"type": "function_call_output", "call_id": "c1", "output": "4"}


def messages(*items: Any, **asked: Any) -> list[JSON]:
    return to_chat({"model": "m", "input": list(items), **asked})[0]


def params(**asked: Any) -> JSON:
    return to_chat({"model": "m", "input": "Hi", **asked})[1]


def part(**fields: Any) -> JSON:
    return {"role": "user", "content": [fields]}


def said(*parts: JSON) -> JSON:
    return {"type": "message", "id": "msg_9", "role": "assistant", "status": "completed", "content": list(parts)}


def text(words: str) -> JSON:
    return {"type": "output_text", "text": words, "annotations": []}


def test_a_text_is_a_message_of_the_user_behind_the_instructions() -> None:
    assert to_chat({"model": "m", "input": "Hi", "instructions": "Be brief."}) == (
        [{"role": "system", "content": "Be brief."}, USER],
        {},
    )


def test_the_earlier_conversation_stands_between_instructions_and_input() -> None:
    earlier = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    body = {"input": "Hi", "instructions": "New.", "previous_response_id": "resp_0"}
    assert to_chat(body, earlier)[0] == [{"role": "system", "content": "New."}, *earlier, USER]
    assert to_chat({**body, "input": [RESULT]}, [{"role": "assistant", "content": None, "tool_calls": [MADE]}])


@pytest.mark.parametrize(
    ("role", "known"), [("user", "user"), ("system", "system"), ("developer", "system"), ("assistant", "assistant")]
)
def test_every_role_is_told_in_the_word_all_vendors_know(role: str, known: str) -> None:
    assert messages({"role": role, "content": "Hi"}) == [{"role": known, "content": "Hi"}]


@pytest.mark.parametrize(
    ("given_part", "carried"),
    [
        (
            {"type": "input_image", "image_url": "https://x/y.png", "detail": "low", "file_id": None},
            {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "low"}},
        ),
        (
            {"type": "input_image", "image_url": "data:image/png;base64,AA"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}},
        ),
        (
            {"type": "input_file", "file_data": "data:a", "filename": "a.pdf", "detail": "auto"},
            {"type": "file", "file": {"file_data": "data:a", "filename": "a.pdf"}},
        ),
        ({"type": "input_file", "file_id": "file-1"}, {"type": "file", "file": {"file_id": "file-1"}}),
        (
            {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
            {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
        ),
        (
            {"type": "input_text", "text": "Hi", "prompt_cache_breakpoint": {"mode": "explicit"}},
            {"type": "text", "text": "Hi", "prompt_cache_breakpoint": {"mode": "explicit"}},
        ),
    ],
)
def test_parts_are_carried_as_chats_parts(given_part: JSON, carried: JSON) -> None:
    assert messages(part(**given_part)) == [{"role": "user", "content": [carried]}]


def test_a_single_text_stands_for_itself_and_several_stay_apart() -> None:
    one, two = {"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}
    assert messages({"role": "user", "content": [one]}) == [{"role": "user", "content": "a"}]
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert messages({"role": "user", "content": [one, two]}) == [{"role": "user", "content": parts}]


def test_what_the_model_said_in_one_turn_is_one_message_before_the_results() -> None:
    second = CALL | {"call_id": "c2", "arguments": "[]"}
    made = MADE | {"id": "c2", "function": {"name": "f", "arguments": "[]"}}
    result = {"type": "function_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "5"}]}
    assert messages(USER, said(text("Let me "), text("see.")), CALL, second, RESULT, result) == [
        USER,
        {"role": "assistant", "content": "Let me see.", "tool_calls": [MADE, made]},
        {"role": "tool", "tool_call_id": "c1", "content": "4"},
        {"role": "tool", "tool_call_id": "c2", "content": "5"},
    ]


def test_text_after_a_call_belongs_to_its_turn() -> None:
    turn = {"role": "assistant", "content": "a\nb", "tool_calls": [MADE]}
    assert messages(said(text("a")), CALL, said(text("b")), RESULT)[0] == turn
    assert messages(CALL, said(text("b")), RESULT)[0] == turn | {"content": "b"}


def test_two_messages_of_the_model_stay_two() -> None:
    assert [each["content"] for each in messages(said(text("a")), said(text("b")))] == ["a", "b"]


def test_a_refusal_is_carried_as_one() -> None:
    refusal = {"type": "refusal", "refusal": "No."}
    assert messages(said(refusal), USER)[0] == {"role": "assistant", "content": None, "refusal": "No."}
    assert messages(said(text("a"), refusal), USER)[0]["content"] == "a"


def test_items_of_an_earlier_answer_are_taken_as_they_came() -> None:
    told = ResponseOutputText(type="output_text", text="b", annotations=[])
    item = ResponseOutputMessage(id="m", type="message", role="assistant", status="completed", content=[told])
    assert messages(USER, item) == [USER, {"role": "assistant", "content": "b"}]


def test_reasoning_of_earlier_turns_and_unknown_fields_are_left_out_and_told() -> None:
    left_out: dict[str, str] = {}
    reasoning = {"type": "reasoning", "id": "rs_1", "summary": []}
    items = [USER, reasoning, said(text("a") | {"logprobs": []}) | {"phase": "final_answer"}, USER]
    assert to_chat({"input": items}, left_out=left_out)[0] == [USER, {"role": "assistant", "content": "a"}, USER]
    assert list(left_out) == ["input[1]", "input[2].phase"]


@pytest.mark.parametrize(
    ("item", "param", "what"),
    [
        ({"type": "item_reference", "id": "x"}, "input[0]", "send the item itself"),
        ({"id": "x"}, "input[0]", "send the item itself"),
        ({"type": "web_search_call", "id": "x"}, "input[0]", "'web_search_call'"),
        (part(type="input_image", file_id="f"), "input[0].content[0].file_id", "pass image_url"),
        (part(type="input_file", file_url="f"), "input[0].content[0].file_url", "pass file_data and filename"),
        (part(type="input_file", file_id="f", detail="high"), "input[0].content[0].detail", "drop_params"),
    ],
)
def test_items_chat_has_no_place_for_are_refused_with_a_remedy(item: JSON, param: str, what: str) -> None:
    with pytest.raises(UnsupportedParamsError, match=what) as caught:
        messages(item)
    assert caught.value.param == param


def test_the_result_of_a_tool_is_text() -> None:
    picture = {"type": "input_image", "image_url": "https://x"}
    with pytest.raises(UnsupportedParamsError, match="into a message of the user") as caught:
        messages(CALL, RESULT | {"output": [picture]})
    assert caught.value.param == "input[1].output"


@pytest.mark.parametrize(
    ("items", "param", "what"),
    [
        (None, "input", "not NoneType"),
        (5, "input", "not 5"),
        ([], "input", "at least one item"),
        (["Hi"], "input[0]", "must be an object"),
        ([{"role": "tool", "content": ""}], "input[0].role", "'tool'"),
        ([{"role": "user"}], "input[0].content", "a list of parts"),
        ([{"role": "assistant"}], "input[0].content", "a list of parts"),
        ([{"role": "user", "content": ["Hi"]}], "input[0].content[0]", "part of type input_text"),
        ([part(type="input_text", text=1)], "input[0].content[0].text", "must be a text"),
        ([part(type="input_image", image_url=None)], "input[0].content[0].image_url", "data: URL"),
        ([part(type="input_file", filename="a")], "input[0].content[0]", "without file_data"),
        ([part(type="input_audio", input_audio="AA")], "input[0].content[0].input_audio", "'wav'"),
        ([said({"type": "input_image"})], "input[0].content[0]", "says nothing else"),
        ([CALL | {"arguments": {}}], "input[0].arguments", "must be a text"),
        ([RESULT], "input[0].call_id", "no function_call"),
    ],
)
def test_what_is_wrong_with_the_input_is_named_by_its_place(items: Any, param: str, what: str) -> None:
    with pytest.raises(BadRequestError, match=what) as caught:
        to_chat({"input": items})
    assert caught.value.param == param


def test_text_formats_get_the_level_chat_has() -> None:
    schema = {"name": "n", "schema": {"type": "object"}, "strict": True, "description": "d"}
    wanted = params(text={"format": {"type": "json_schema", **schema}, "verbosity": "low"})
    assert wanted == {"response_format": {"type": "json_schema", "json_schema": schema}, "verbosity": "low"}
    assert params(text={"format": {"type": "json_object"}}) == {"response_format": {"type": "json_object"}}
    assert params(text={"format": {"type": "text"}}) == params(text={}) == {}


@pytest.mark.parametrize(
    ("text_config", "param", "what"),
    [
        ("json", "text", "an object"),
        ({"format": "json"}, "text.format", "json_schema"),
        ({"format": {"type": "grammar"}}, "text.format", "'grammar'"),
        ({"format": {"type": "json_schema", "name": "n"}}, "text.format", "name and a schema$"),
        ({"format": {"type": "json_schema", "json_schema": {}}}, "text.format", "without a level"),
        ({"speed": 1}, "text.speed", "no place"),
    ],
)
def test_what_is_wrong_with_the_format_is_named(text_config: Any, param: str, what: str) -> None:
    with pytest.raises(BadRequestError, match=what) as caught:
        params(text=text_config)
    assert caught.value.param == param


def test_the_rest_is_carried_under_chats_names() -> None:
    kept = {
        "temperature": 0.5, "top_p": 0.9, "parallel_tool_calls": False, "user": "u", "metadata": {"a": "b"},
        "service_tier": "flex", "safety_identifier": "s", "prompt_cache_key": "k", "top_k": 4, "timeout": 3,
    }  # fmt: skip
    moved = {"max_output_tokens": 9, "reasoning": {"effort": "low"}, "top_logprobs": 2}
    nothing = {"store": True, "truncation": "disabled", "background": False, "max_tool_calls": 3, "n": None}
    made = {"max_tokens": 9, "reasoning_effort": "low", "logprobs": True, "top_logprobs": 2}
    assert params(**kept, **moved, **nothing) == {**kept, **made}


def test_logprobs_are_asked_for_by_include() -> None:
    assert params(include=["message.output_text.logprobs"], top_logprobs=0) == {"logprobs": True}


def test_a_stream_is_asked_for_its_usage() -> None:
    made = params(stream=True, stream_options={"include_obfuscation": False})
    assert made == {"stream_options": {"include_usage": True}}


def test_what_changes_no_answer_is_left_out_and_told() -> None:
    left_out: dict[str, str] = {}
    include = ["reasoning.encrypted_content", "web_search_call.results"]
    asked = {"input": "Hi", "include": include, "reasoning": {"summary": "auto", "mode": "standard"}}
    assert to_chat(asked, left_out=left_out) == ([USER], {})
    assert list(left_out) == ["reasoning.summary", "include[0]", "include[1]"]


@pytest.mark.parametrize(
    ("name", "value", "param"),
    [
        ("background", True, "background"),
        ("truncation", "auto", "truncation"),
        ("context_management", [{"type": "compaction"}], "context_management"),
        ("access_programs", {"cyber": "standard"}, "access_programs"),
        ("image", {"context_compression": "auto"}, "image"),
        ("moderation", {"model": "m"}, "moderation"),
        ("reasoning", {"summary": "detailed"}, "reasoning.summary"),
        ("reasoning", {"mode": "pro"}, "reasoning.mode"),
        ("stream_options", {"include_obfuscation": True}, "stream_options.include_obfuscation"),
    ],
)
def test_what_one_may_go_without_is_refused_or_left_out_and_told(name: str, value: Any, param: str) -> None:
    with pytest.raises(UnsupportedParamsError, match=r"drop_params=True.*/responses itself") as caught:
        params(**{name: value})
    assert caught.value.param == param
    left_out: dict[str, str] = {}
    assert to_chat({"input": "Hi", name: value}, drop_params=True, left_out=left_out) == ([USER], {})
    assert list(left_out) == [param]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("conversation", "conv_1"),
        ("prompt", {"id": "p"}),
        ("previous_response_id", "resp_0"),
        ("messages", [USER]),
        ("functions", []),
        ("n", 2),
    ],
)
def test_what_nobody_can_go_without_is_refused_even_by_who_would_drop_it(name: str, value: Any) -> None:
    with pytest.raises(UnsupportedParamsError) as caught:
        to_chat({"input": "Hi", name: value}, drop_params=True)
    assert caught.value.param == name


@pytest.mark.parametrize(
    ("name", "value", "param"),
    [
        ("instructions", ["Be brief."], "instructions"),
        ("max_output_tokens", 0, "max_output_tokens"),
        ("reasoning", "low", "reasoning"),
        ("include", "x", "include"),
        ("include", ["x"], "include[0]"),
        ("top_logprobs", -1, "top_logprobs"),
        ("stream_options", True, "stream_options"),
        ("max_tool_calls", "x", "max_tool_calls"),
        ("n", "x", "n"),
        ("metadata", "x", "metadata"),
    ],
)
def test_what_is_wrong_is_named(name: str, value: Any, param: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        params(**{name: value})
    assert caught.value.param == param
    assert not isinstance(caught.value, UnsupportedParamsError)


words = st.sampled_from([
    "type", "role", "content", "text", "input_text", "input_image", "image_url", "user", "assistant", "function",
    "function_call", "function_call_output", "call_id", "name", "arguments", "output", "tools", "mode", "allowed_tools",
    "format", "json_schema", "schema", "effort", "summary", "refusal", "message", "auto", "file_id", "input_file", "c",
])  # fmt: skip
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=5),
    max_leaves=20,
)
names = st.sampled_from([
    "input", "instructions", "tools", "tool_choice", "text", "reasoning", "include", "max_output_tokens", "stream",
    "stream_options", "top_logprobs", "n", "metadata", "truncation", "background", "conversation", "max_tool_calls",
])  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(names, json), st.booleans())
def test_whatever_comes_is_carried_or_refused(body: JSON, drop_params: bool) -> None:
    flaw, made = "", list[JSON]()
    try:
        made, _ = to_chat({"input": "Hi", **body}, drop_params=drop_params, left_out={})
    except BadRequestError as error:
        flaw = str(error).removeprefix(error.param or "nothing")
    assert flaw.startswith(" ") or made
    assert all(isinstance(message["role"], str) for message in made)
