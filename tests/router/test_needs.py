"""What a request needs is read from it once, and nothing in it is too odd to be read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from litellm_lite import ModelResponse
from litellm_lite.router.needs import Needs, needs_of
from litellm_lite.tokens.counting import count_prompt, counter_for
from litellm_lite.tokens.estimate import estimate

PNG = "data:image/png;base64,iVBORw0KGgo="
TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}


class City(BaseModel):
    name: str


def saying(*parts: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": list(parts)}]


def wants(messages: Any = (), **params: Any) -> list[str]:
    return list(needs_of(messages, params).wants)


def test_a_plain_chat_wants_nothing_and_has_the_size_of_its_texts() -> None:
    needs = needs_of([{"role": "user", "content": "x" * 100}, {"role": "user", "content": "é" * 100}], {"seed": 1})
    assert (needs.wants, needs.images, needs.max_tokens, needs.regions, needs.floor) == ([], 0, None, (), None)
    assert 100 + 200 <= needs.size_bytes <= 600


@pytest.mark.parametrize(
    ("part", "want"),
    [
        ({"type": "text", "text": "Hi"}, []),
        ({"type": "image_url", "image_url": {"url": PNG}}, ["images"]),
        ({"type": "input_image", "image_url": "https://a.example/b.png"}, ["images"]),
        ({"type": "input_audio", "input_audio": {"data": ""}}, ["audio"]),
        ({"type": "video_url", "video_url": {"url": "https://a.example/b.mp4"}}, ["video"]),
        ({"type": "file", "file": {"filename": "A.PDF"}}, ["pdf"]),
        ({"type": "file", "file": {"file_data": "data:application/pdf;base64,AA=="}}, ["pdf"]),
        ({"type": "input_file", "filename": "b.pdf"}, ["pdf"]),
        ({"type": "file", "file": {"file_data": "data:text/plain;base64,AA=="}}, []),
        ({"type": "file", "file": {"file_id": "file-1"}}, []),
        ({"type": "thought", "text": "Hm"}, []),
    ],
)
def test_parts_want_what_they_are(part: dict[str, Any], want: list[str]) -> None:
    assert wants(saying(part, part)) == want


def test_images_are_counted_and_those_inside_are_kept_by_reference() -> None:
    url = {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}
    needs = needs_of(saying({"type": "image_url", "image_url": PNG}, url) * 2, {})
    assert needs.images == 4
    assert needs.inline == [PNG, PNG]
    assert needs.inline[0] is PNG


@pytest.mark.parametrize(
    ("params", "want"),
    [
        ({"tools": [TOOL]}, ["tools"]),
        ({"functions": [TOOL["function"]]}, ["tools"]),
        ({"tools": [TOOL], "tool_choice": "auto"}, ["tools"]),
        ({"tools": [TOOL], "tool_choice": "required"}, ["tools", "tool_choice"]),
        ({"tools": [TOOL], "tool_choice": {"type": "function"}}, ["tools", "tool_choice"]),
        ({"tool_choice": "required"}, []),
        ({"tools": []}, []),
        ({"tools": None, "response_format": None}, []),
        ({"response_format": City}, ["json_schema"]),
        ({"response_format": {"type": "json_schema", "json_schema": {}}}, ["json_schema"]),
        ({"response_format": {"type": "json_object"}}, []),
        ({"extra_body": {"tools": [TOOL]}}, ["tools"]),
        ({"tools": [TOOL], "extra_body": {"tools": []}}, []),
        ({"tools": [TOOL], "extra_body": {"model": "another"}}, []),
    ],
)
def test_parameters_want_what_they_ask_for(params: dict[str, Any], want: list[str]) -> None:
    assert wants(**params) == want


@pytest.mark.parametrize(
    ("params", "longest"),
    [
        ({"max_tokens": 5}, 5),
        ({"max_completion_tokens": 6, "max_tokens": 5}, 6),
        ({"max_completion_tokens": None, "max_tokens": 5}, 5),
        ({"max_tokens": True}, None),
        ({"max_tokens": "many"}, None),
        ({"max_tokens": 5, "extra_body": {"max_tokens": 9}}, 9),
    ],
)
def test_the_longest_answer_is_what_is_asked_for(params: dict[str, Any], longest: int | None) -> None:
    assert needs_of([], params).max_tokens == longest


@pytest.mark.parametrize(
    ("params", "regions"),
    [
        ({"allowed_model_region": "EU"}, ("eu",)),
        ({"metadata": {"allowed_model_region": ["eu", "us"]}}, ("eu", "us")),
        ({"allowed_model_region": "us", "metadata": {"allowed_model_region": "eu"}}, ("us",)),
        ({"allowed_model_region": 7}, ("7",)),  # it is nobody's region, and is not forgotten
        ({"metadata": "eu"}, ()),
        ({"metadata": {"a": 1}}, ()),
        ({"allowed_model_region": "eu", "extra_body": {"messages": []}}, ("eu",)),
    ],
)
def test_the_allowed_regions_are_read_in_both_places(params: dict[str, Any], regions: tuple[str, ...]) -> None:
    assert needs_of([], params).regions == regions


def test_messages_of_earlier_answers_are_read_as_they_came() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "x" * 50}}
    message = {"role": "assistant", "content": "y" * 70, "tool_calls": [call]}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    answer = ModelResponse.model_validate({"id": "1", "created": 1, "model": "m", "choices": [choice]})
    assert needs_of([answer.choices[0].message], {}).size_bytes >= 120
    assert needs_of([message], {}).size_bytes >= 120


def test_who_replaces_the_messages_needs_what_nobody_knows() -> None:
    needs = needs_of(saying({"type": "image_url", "image_url": PNG}), {"extra_body": {"messages": []}})
    assert (needs.wants, needs.size_bytes) == ([], 0)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.just(SimpleNamespace(content=5, type=[])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(
            st.sampled_from(["role", "content", "type", "text", "image_url", "url", "file", "tool_calls", "function"]),
            inner | st.sampled_from(["text", "image_url", "file", "input_audio", "refusal", PNG]),
        )
    ),
    max_leaves=12,
)


@given(messages=JUNK, params=st.dictionaries(st.sampled_from(["tools", "metadata", "extra_body", "max_tokens"]), JUNK))
def test_nothing_is_too_malformed_to_be_read(messages: Any, params: dict[str, Any]) -> None:
    assert isinstance(needs_of(messages, params), Needs)


CALLS = st.builds(lambda name, text: {"function": {"name": name, "arguments": text}}, st.text(), st.text())
PARTS = st.builds(lambda text: {"type": "text", "text": text}, st.text()) | st.just(
    {"type": "image_url", "image_url": {"url": PNG}}
)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["system", "user", "assistant", "tool"]), "content": st.text() | st.lists(PARTS)},
        optional={"name": st.text(), "tool_calls": st.lists(CALLS, max_size=2)},
    ),
    min_size=1,
    max_size=4,
)


@given(MESSAGES)
@settings(deadline=None)  # the first one reads a vocabulary
def test_no_certain_count_is_above_the_size(messages: list[dict[str, Any]]) -> None:
    """So a window of that many tokens needs no counting."""
    size = needs_of(messages, {}).size_bytes
    for provider, model in (("meta_llama", "Llama-4-Scout-17B"), ("openai", "gpt-4o"), ("xai", "grok-4")):
        assert count_prompt(provider, model, messages).least <= size
        assert counter_for(provider, model, estimate).prompt(messages).least <= size
