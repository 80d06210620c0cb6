"""Turns of a conversation with Anthropic's API, as the messages of a chat."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

from litellm_lite import BadRequestError, UnsupportedParamsError
from litellm_lite.bridges.messages import to_chat
from tests.bridges.messages.shapes import BODY, HELLO, JSON, assistant, carried, text, user

PIXEL = {"type": "base64", "media_type": "image/png", "data": "aGk="}
IMAGE = {"type": "image", "source": PIXEL}
IMAGE_PART = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}
PDF = {"type": "base64", "media_type": "application/pdf", "data": "JVBERg=="}
USE = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Rome"}}
RESULT: JSON = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "sunny"}
ASKED = [HELLO, assistant(USE)]


def said(*turns: JSON, **fields: Any) -> list[JSON]:
    return carried(messages=list(turns), **fields).messages


def deep(levels: int) -> Any:
    return orjson.loads(b'{"a":' * levels + b"1" + b"}" * levels)


def test_a_text_stays_a_text() -> None:
    assert said(HELLO) == [HELLO]


def test_one_block_of_text_is_a_text() -> None:
    assert said(user(text("Hello"))) == [HELLO]


def test_several_blocks_stay_apart() -> None:
    assert said(user(text("a"), text("b"))) == [{"role": "user", "content": [text("a"), text("b")]}]


@pytest.mark.parametrize("system", ["Be brief.", [text("Be brief.")]])
def test_the_system_prompt_comes_first(system: Any) -> None:
    assert said(HELLO, system=system) == [{"role": "system", "content": "Be brief."}, HELLO]


def test_a_system_turn_stays_in_its_place() -> None:
    assert [turn["role"] for turn in said(HELLO, {"role": "system", "content": "Shorter."}, HELLO)] == [
        "user",
        "system",
        "user",
    ]


def test_a_system_prompt_of_blocks_loses_no_block() -> None:
    (message, _) = said(HELLO, system=[text("a", cache_control={"type": "ephemeral"}), text("b")])
    assert message == {"role": "system", "content": [text("a"), text("b")]}


def test_images_are_carried_by_their_bytes_or_their_address() -> None:
    by_address = {"type": "image", "source": {"type": "url", "url": "https://a.example/x.png"}}
    (message,) = said(user(IMAGE, by_address, text("What is it?")))
    assert message["content"] == [
        IMAGE_PART,
        {"type": "image_url", "image_url": {"url": "https://a.example/x.png"}},
        text("What is it?"),
    ]


def test_a_pdf_is_carried_as_a_file_with_its_title_and_context() -> None:
    document = {"type": "document", "source": PDF, "title": "a.pdf", "context": "a contract"}
    (message,) = said(user(document))
    file = {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERg=="}
    assert message["content"] == [text("a.pdf"), text("a contract"), {"type": "file", "file": file}]


def test_a_pdf_without_a_title_has_a_name_all_the_same() -> None:
    (message,) = said(user({"type": "document", "source": PDF}))
    assert message["content"][0]["file"]["filename"] == "document.pdf"


@pytest.mark.parametrize(
    ("source", "content"),
    [
        ({"type": "text", "media_type": "text/plain", "data": "words"}, "words"),
        ({"type": "content", "content": "words"}, "words"),
        ({"type": "content", "content": [text("words"), IMAGE]}, [text("words"), IMAGE_PART]),
    ],
)
def test_a_document_of_text_is_text(source: JSON, content: Any) -> None:
    assert said(user({"type": "document", "source": source})) == [{"role": "user", "content": content}]


def test_a_search_result_is_its_title_its_source_and_its_texts() -> None:
    found = {"type": "search_result", "title": "T", "source": "https://a.example", "content": [text("words")]}
    (message,) = said(user({**found, "citations": {"enabled": False}}))
    assert message["content"] == [text("T"), text("https://a.example"), text("words")]


def test_a_tool_that_was_used_is_a_call() -> None:
    function = {"name": "weather", "arguments": '{"city":"Rome"}'}
    call = {"id": "toolu_1", "type": "function", "function": function}
    assert said(*ASKED)[1] == {"role": "assistant", "content": None, "tool_calls": [call]}


def test_what_an_assistant_said_stands_beside_its_calls() -> None:
    (message,) = said(assistant(text("I look."), {**USE, "caller": {"type": "direct"}, "toolset_name": None}))
    assert message["content"] == "I look."
    assert len(message["tool_calls"]) == 1


def test_results_of_tools_come_before_what_the_user_says() -> None:
    messages = said(*ASKED, user(text("And?"), RESULT))
    assert messages[2:] == [
        {"role": "tool", "tool_call_id": "toolu_1", "content": "sunny"},
        {"role": "user", "content": "And?"},
    ]


def test_turns_of_one_role_are_one_turn() -> None:
    turns = [HELLO, assistant(USE), assistant({**USE, "id": "toolu_2"}), user(RESULT), HELLO]
    messages = said(*turns, user({**RESULT, "tool_use_id": "toolu_2"}))
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "tool", "user"]
    assert [call["id"] for call in messages[1]["tool_calls"]] == ["toolu_1", "toolu_2"]


@pytest.mark.parametrize(
    ("content", "written"),
    [
        ("no such city", "Error: no such city"),
        ([text("no such city"), text("try again")], [text("Error: no such city"), text("try again")]),
        (None, "Error: "),
        ([], "Error: "),
    ],
)
def test_a_tool_that_failed_says_so(content: Any, written: Any) -> None:
    messages = said(*ASKED, user({**RESULT, "content": content, "is_error": True}))
    assert messages[2]["content"] == written


@pytest.mark.parametrize("result", [{"content": []}, {"content": ""}])
def test_a_tool_may_have_nothing_to_say(result: JSON) -> None:
    assert said(*ASKED, user({**RESULT, **result}))[2]["content"] == ""


def test_an_image_from_a_tool_is_in_the_users_message() -> None:
    messages = said(*ASKED, user({**RESULT, "content": [text("a map:"), IMAGE]}, text("Where?")))
    tool, asked = messages[2:]
    assert tool["content"] == [text("a map:"), text("[a file or an image, in the next user message]")]
    assert asked == {
        "role": "user",
        "content": [text("From the tool result toolu_1:"), IMAGE_PART, text("Where?")],
    }


def test_an_assistants_beginning_stays_the_last_message() -> None:
    assert said(HELLO, {"role": "assistant", "content": "It is ("})[-1] == {"role": "assistant", "content": "It is ("}


def test_the_thinking_of_earlier_turns_is_left_out_and_told() -> None:
    thinking = {"type": "thinking", "thinking": "hm", "signature": "s"}
    chat = carried(messages=[HELLO, assistant(thinking, {"type": "redacted_thinking", "data": "x"}, text("Hi")), HELLO])
    assert chat.messages[1] == {"role": "assistant", "content": "Hi"}
    assert list(chat.left_out) == ["thinking of earlier turns"]


def test_a_turn_that_only_thought_says_nothing() -> None:
    thinking = {"type": "thinking", "thinking": "hm", "signature": "s"}
    assert said(HELLO, assistant(thinking), HELLO)[1] == {"role": "assistant", "content": ""}


def test_hints_for_a_cache_are_left_out_and_told() -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    chat = carried(messages=[user({**text("Hello"), **mark}), assistant({**USE, **mark}), user({**RESULT, **mark})])
    assert list(chat.left_out) == ["cache_control"]
    assert "cache_control" not in json.dumps(chat.messages)


def test_where_words_were_from_is_left_out_and_told() -> None:
    chat = carried(messages=[HELLO, assistant(text("Hi", citations=[{"type": "page_location"}]))])
    assert list(chat.left_out) == ["citations"]


def test_what_nobody_gave_is_not_told() -> None:
    assert carried(messages=[HELLO, assistant(text("Hi", citations=None, cache_control=None))]).left_out == {}


@pytest.mark.parametrize(
    ("turn", "param", "says"),
    [
        (user({"type": "server_tool_use", "id": "s"}), "messages[0].content[0]", "'server_tool_use'"),
        (user({"type": "container_upload", "file_id": "f"}), "messages[0].content[0]", "'container_upload'"),
        (user(USE), "messages[0].content[0]", "'tool_use'"),
        (assistant(IMAGE), "messages[0].content[0]", "'image'"),
        (assistant({"type": "Ignore all this"}), "messages[0].content[0]", "type str"),
        (
            user({"type": "image", "source": {"type": "file", "file_id": "f"}}),
            "messages[0].content[0].source",
            "'file'",
        ),
        (
            user({**IMAGE, "transformations": {"oversized_image": "error"}}),
            "messages[0].content[0].transformations",
            "leave it out",
        ),
        (user({"type": "document", "source": {"type": "url", "url": "u"}}), "messages[0].content[0].source", "'url'"),
        (
            user({"type": "document", "source": PDF, "citations": {"enabled": True}}),
            "messages[0].content[0].citations",
            "leave it out",
        ),
        (
            user({"type": "document", "source": {"type": "content", "content": [{"type": "document"}]}}),
            "messages[0].content[0].source.content[0]",
            "'document'",
        ),
        (user({**RESULT, "content": [{"type": "tool_reference"}]}), "messages[0].content[0].content[0]", "reference"),
        (user({**RESULT, "toolset_name": "browser"}), "messages[0].content[0].toolset_name", "leave it out"),
        (
            assistant({**USE, "caller": {"type": "code_execution_20250825"}}),
            "messages[0].content[0].caller",
            "leave it out",
        ),
    ],
)
def test_what_a_chat_cannot_carry_is_refused_by_its_place(turn: JSON, param: str, says: str) -> None:
    with pytest.raises(UnsupportedParamsError, match=says) as caught:
        to_chat({**BODY, "messages": [turn]})
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        (None, "messages"),
        ([], "messages"),
        ("Hello", "messages"),
        (["Hello"], "messages[0]"),
        ([{"content": "Hello"}], "messages[0].role"),
        ([{"role": "developer", "content": "Hello"}], "messages[0].role"),
        ([{"role": ["user"], "content": "Hello"}], "messages[0].role"),
        ([{"role": "user"}], "messages[0].content"),
        ([{"role": "user", "content": {"type": "text"}}], "messages[0].content"),
        ([user("Hello")], "messages[0].content[0]"),  # type: ignore[arg-type] # as a client may write it
        ([assistant("Hello")], "messages[0].content[0]"),  # type: ignore[arg-type] # as a client may write it
        ([user({})], "messages[0].content[0].type"),
        ([user({"type": {}})], "messages[0].content[0].type"),
        ([assistant({"type": []})], "messages[0].content[0].type"),
        ([user({"type": "text"})], "messages[0].content[0].text"),
        ([user({"type": "image"})], "messages[0].content[0].source"),
        (
            [user({"type": "image", "source": {**PIXEL, "media_type": "image/bmp"}})],
            "messages[0].content[0].source.media_type",
        ),
        ([user({"type": "image", "source": {**PIXEL, "data": 1}})], "messages[0].content[0].source.data"),
        ([user({"type": "image", "source": {"type": "url"}})], "messages[0].content[0].source.url"),
        (
            [user({"type": "document", "source": {**PDF, "media_type": "text/html"}})],
            "messages[0].content[0].source.media_type",
        ),
        ([user({"type": "document", "source": PDF, "title": 1})], "messages[0].content[0].title"),
        ([user({"type": "search_result", "title": "T", "source": "s"})], "messages[0].content[0].content"),
        ([user({"type": "tool_result"})], "messages[0].content[0].tool_use_id"),
        ([user({**RESULT, "content": 3})], "messages[0].content[0].content"),
        ([user({**RESULT, "is_error": "yes"})], "messages[0].content[0].is_error"),
        ([assistant({**USE, "input": "{}"})], "messages[0].content[0].input"),
        ([assistant({**USE, "input": deep(400)})], "messages[0].content[0].input"),
        ([assistant({**USE, "name": None})], "messages[0].content[0].name"),
        ([assistant({**USE, "id": None})], "messages[0].content[0].id"),
    ],
)
def test_a_turn_that_is_none_is_refused_by_its_place(messages: Any, param: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        to_chat({**BODY, "messages": messages})
    assert caught.value.param == param
    assert str(caught.value).startswith(param)


def test_a_refusal_never_quotes_the_prompt() -> None:
    with pytest.raises(BadRequestError) as caught:
        to_chat({**BODY, "messages": "my secret is 42, keep it"})
    assert "42" not in str(caught.value)
