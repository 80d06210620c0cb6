"""What a request may say, and how it is refused: the Llama API's rules, told from the body alone."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litellm_lite.emulator.ask import Shape, read_ask
from litellm_lite.emulator.refusal import Refusal
from tests.emulator.bodies import LLAMA_33, SCOUT, WEATHER, ask, chat, image_part, png, text_part, user

CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def refusal(body: dict[str, Any] | bytes, shape: Shape = "compat") -> Refusal:
    with pytest.raises(Refusal) as refused:
        read_ask(body if isinstance(body, bytes) else orjson.dumps(body), shape)
    return refused.value


def test_a_plain_request_is_read() -> None:
    asked = ask(max_tokens=5, stop="x", n=2, stream=True, stream_options={"include_usage": True})
    assert (asked.model.id, asked.max_tokens, asked.stop, asked.n) == (LLAMA_33, 5, ["x"], 2)
    assert asked.stream
    assert asked.include_usage
    assert asked.choice == "none"


def test_the_smaller_of_two_limits_counts() -> None:
    assert ask(max_tokens=5, max_completion_tokens=4).max_tokens == 4


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b'{"a": NaN}', b"\xff", b'{"a": "\\ud800"}'])
def test_a_body_that_is_no_json_object_is_refused(body: bytes) -> None:
    assert refusal(body).status == 400


@pytest.mark.parametrize("model", ["gpt-4o", "llama-3.3-70b-instruct", ""])
def test_an_unknown_model_is_not_found(model: str) -> None:
    refused = refusal(chat(model=model))
    assert (refused.status, repr(model) in refused.detail) == (404, True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", 3),
        ("messages", None),
        ("messages", []),
        ("messages", "hi"),
        ("messages", ["hi"]),
        ("messages", [{"role": "developer", "content": "hi"}]),
        ("messages", [{"role": ["user"], "content": "hi"}]),
        ("messages", [{"role": "user"}]),
        ("messages", [{"role": "system", "content": None}]),
        ("messages", [user([{"type": "audio"}])]),
        ("messages", [user([{"type": ["text"]}])]),
        ("messages", [user([{"type": "text", "text": 3}])]),
        ("messages", [user([{"type": "image_url", "image_url": "x"}])]),
        ("messages", [{"role": "system", "content": [image_part()]}]),
        ("messages", [{"role": "assistant"}]),
        ("messages", [{"role": "assistant", "tool_calls": "f"}]),
        ("messages", [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}]),
        ("messages", [{"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": {}}}]}]),
        ("messages", [{"role": "tool", "content": "4"}]),
        ("temperature", -0.1),
        ("temperature", 1.01),
        ("temperature", True),
        ("temperature", "hot"),
        ("top_p", 2),
        ("repetition_penalty", 0.5),
        ("max_tokens", 0),
        ("max_completion_tokens", 1.5),
        ("n", 17),
        ("stream", "yes"),
        ("stream_options", True),
        ("stop", [3]),
        ("stop", 3),
        ("stop", ""),
        ("response_format", None),
        ("response_format", "json"),
        ("response_format", {"type": "json_object"}),
        ("response_format", {"type": "json_schema"}),
        ("response_format", {"type": "json_schema", "json_schema": {"name": "a"}}),
        ("response_format", {"type": "json_schema", "json_schema": {"schema": {}}}),
        ("tools", {}),
        ("tools", ["f"]),
        ("tools", [{"type": "web_search"}]),
        ("tools", [{"type": "function", "function": {"name": "get weather"}}]),
        ("tools", [{"type": "function", "function": {"name": "f" * 65}}]),
        ("tools", [{"type": "function", "function": {"name": "f", "parameters": {"type": "array"}}}]),
        ("tool_choice", "required"),
        ("tool_choice", "any"),
        ("tool_choice", {"type": "function", "function": {"name": "f"}}),
        ("tool_choice", {"type": "function", "function": {"name": ["f"]}}),
    ],
)
def test_what_the_api_does_not_take_is_refused_and_named(field: str, value: Any) -> None:
    refused = refusal(chat(**{field: value}))
    assert (refused.status, field in refused.detail) == (400, True)


@pytest.mark.parametrize("field", ["max_tokens", "stop", "n", "seed", "stream_options", "frequency_penalty"])
def test_metas_own_shape_knows_only_its_own_parameters(field: str) -> None:
    assert repr(field) in refusal(chat(**{field: 1}), "native").detail


def test_the_compatible_shape_lets_other_parameters_pass() -> None:
    assert ask(seed=1, frequency_penalty=0.5, max_completion_tokens=3).max_tokens == 3


def test_null_is_as_good_as_absent_except_for_response_format() -> None:
    asked = ask(temperature=None, max_tokens=None, stop=None, tools=None, tool_choice=None, stream=None)
    assert (asked.max_tokens, asked.stop, asked.tools, asked.stream) == (None, [], [], False)


def test_plain_text_may_be_asked_for() -> None:
    assert ask(response_format={"type": "text"}).schema is None


def test_tools_make_the_choice_automatic() -> None:
    asked = ask(tools=[WEATHER])
    assert (asked.choice, asked.tools[0].name) == ("auto", "get_current_weather")


def test_a_named_function_must_be_called() -> None:
    named = {"type": "function", "function": {"name": "get_current_weather"}}
    assert ask(tools=[WEATHER], tool_choice=named).forced == "get_current_weather"


def test_a_tool_may_have_no_parameters() -> None:
    assert ask(tools=[{"type": "function", "function": {"name": "now"}}]).tools[0].parameters == {}


@pytest.mark.parametrize("shape", ["compat", "native"])
@pytest.mark.parametrize("content", ["It is 4.", {"type": "text", "text": "It is 4."}, [text_part("It is 4.")], None])
@pytest.mark.parametrize("call", [CALL, {key: CALL[key] for key in ("id", "function")}])
def test_a_history_with_calls_is_read_in_every_spelling(shape: Shape, content: Any, call: Any) -> None:
    history = [
        {"role": "system", "content": [text_part("Be brief.")]},
        user("What is 2 + 2?"),
        {"role": "assistant", "content": content, "tool_calls": [call], "stop_reason": "tool_calls"},
        {"role": "tool", "tool_call_id": "c1", "content": [text_part("4")]},
    ]
    messages = read_ask(orjson.dumps({"model": LLAMA_33, "messages": history}), shape).messages
    assert messages[2]["tool_calls"] == [CALL]
    assert messages[2]["content"] in ("", "It is 4.", [text_part("It is 4.")])


def test_an_empty_list_of_calls_is_no_call() -> None:
    said = {"role": "assistant", "content": "Hi", "tool_calls": []}
    assert "tool_calls" not in ask(messages=[said]).messages[0]


def test_images_are_recognised_by_their_bytes() -> None:
    asked = ask([text_part("What is this?"), image_part(png(30, 20), "image/jpeg")], model=SCOUT)
    assert asked.pictures[0].image is not None
    assert (asked.pictures[0].image.media_type, asked.pictures[0].image.width) == ("image/png", 30)


def test_an_image_behind_a_url_is_taken_unseen() -> None:
    part = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    assert ask([part], model=SCOUT).pictures[0].image is None


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([image_part()] * 10, "at most 9"),
        ([image_part(b"GIF89a")], "no image"),
        ([image_part(b"%PDF-1.7")], "no image"),
        ([image_part(png() + bytes(25 * 1024 * 1024))], "at most 26214400"),
        ([image_part(b"RIFF\x11\0\0\0WEBPVP8L\x05\0\0\0\x2f" + bytes(4))], "image/webp"),
        ([{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}], "not a data URL"),
    ],
)
def test_images_beyond_the_rules_are_refused(parts: list[Any], words: str) -> None:
    assert words in refusal(chat(parts, model=SCOUT)).detail


@pytest.mark.parametrize("model", [LLAMA_33, "Groq-Llama-4-Maverick-17B-128E-Instruct"])
def test_a_text_model_takes_no_images(model: str) -> None:
    assert "text only" in refusal(chat([image_part()], model=model)).detail


def values() -> st.SearchStrategy[Any]:
    leaves = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.floats(0, 2), st.sampled_from(WORDS))
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
        max_leaves=10,
    )


WORDS = (
    "user assistant tool system role content type text image_url url function name arguments id tool_calls "
    "tool_call_id parameters object json_schema schema required auto"
).split()


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from("messages tools tool_choice response_format stop stream_options n temperature".split()),
        values(),
        max_size=4,
    ),
    st.sampled_from(["compat", "native"]),
)
def test_no_json_is_answered_by_anything_but_a_refusal(fields: dict[str, Any], shape: Shape) -> None:
    with suppress(Refusal):
        read_ask(orjson.dumps(chat(**fields)), shape)
