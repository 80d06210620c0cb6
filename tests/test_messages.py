"""Messages as callers write them: dictionaries, objects of earlier answers, mixtures; and what is none."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from litellm_lite import BadRequestError, Message
from litellm_lite.prepare import plain_messages
from tests.calls import MODES, call
from tests.wire import Wire

both = pytest.mark.parametrize("mode", MODES)
CALL = {"id": "c1", "type": "function", "function": {"arguments": "{}", "name": "f"}}


def test_messages_of_every_kind_become_dictionaries() -> None:
    asked = (
        {"role": "user", "content": "Hi"},
        MappingProxyType({"role": "user", "content": [{"type": "text", "text": "Hi"}]}),
        Message(content="Hello."),
    )
    assert plain_messages(asked) == [
        {"role": "user", "content": "Hi"},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
        {"role": "assistant", "content": "Hello."},
    ]


def test_a_message_of_another_library_is_read() -> None:
    from openai.types.chat import ChatCompletionMessage

    said = ChatCompletionMessage.model_validate({"role": "assistant", "content": None, "tool_calls": [CALL]})
    assert plain_messages([said]) == [{"role": "assistant", "content": None, "tool_calls": [CALL]}]


@pytest.mark.parametrize("calls", [None, []])
def test_nulls_and_empty_lists_of_an_answers_dump_are_not_sent_back(calls: Any) -> None:
    dumped = {"role": "assistant", "content": "Hi", "tool_calls": calls, "function_call": None, "refusal": None}
    assert plain_messages([dumped]) == [{"role": "assistant", "content": "Hi"}]


def test_calls_taken_from_an_answer_are_written_out() -> None:
    said = Message.model_validate({"content": None, "tool_calls": [CALL]})
    mixed = {"role": "assistant", "content": None, "tool_calls": [*(said.tool_calls or ()), {"index": 1, **CALL}]}
    assert plain_messages([mixed]) == [{"role": "assistant", "content": None, "tool_calls": [CALL, CALL]}]


def test_a_message_that_is_right_already_is_sent_as_it_is() -> None:
    said = {"role": "assistant", "content": "Hi"}
    assert plain_messages([said])[0] is said


def test_a_null_content_stands() -> None:
    assert plain_messages([{"role": "user", "content": None}]) == [{"role": "user", "content": None}]


@both
@pytest.mark.parametrize(
    ("messages", "got"),
    [
        ([], "an empty list"),
        ((), "an empty list"),
        ("Hi", "str"),
        (None, "NoneType"),
        ({"role": "user"}, "dict"),
        (5, "int"),
    ],
)
def test_no_messages_are_refused(messages: Any, got: str, mode: str, wire: Wire) -> None:
    with pytest.raises(
        BadRequestError, match=f"messages must be a list of at least one message .* not {got}"
    ) as caught:
        call(mode, wire, messages=messages)
    assert (caught.value.provider, caught.value.model, caught.value.param) == ("openai", "m", "messages")
    assert wire.connections == 0


@both
@pytest.mark.parametrize(
    ("message", "flaw"),
    [
        ({"content": "Hi"}, "has no role"),
        ({"role": None, "content": "Hi"}, "has no role"),
        ("Hi", "has no role"),
        (None, "has no role"),
        (
            {"role": "user", "content": {"text": "Hi"}},
            "has a content of type dict; it must be text or a list of parts$",
        ),
        (
            {"role": "tool", "content": {"a": 1}},
            r"has a content .+ a list of parts; write a tool's result as text, json\.dumps\(result\)",
        ),
        ({"role": "user", "content": b"Hi"}, "has a content of type bytes"),
    ],
)
def test_a_message_that_is_none_is_named_by_its_place(message: Any, flaw: str, mode: str, wire: Wire) -> None:
    with pytest.raises(BadRequestError, match=rf"messages\[1\] {flaw}"):
        call(mode, wire, messages=[{"role": "user", "content": "Hi"}, message])
    assert wire.connections == 0
