"""What a request beside chat needs of a model, and how much it is charged with before it is counted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.router.needs import needs_at_endpoint

IMAGE = {"type": "input_image", "image_url": "data:image/png;base64,AAAA"}


@pytest.mark.parametrize(
    ("params", "size"),
    [
        ({}, 0),
        ({"input": "abcd"}, 4),
        ({"input": "é"}, 4),
        ({"input": ["ab", "cd"]}, 4),
        ({"input": [1, 2, 3]}, 12),
        ({"prompt": [[1], [2, 3]], "suffix": "ab"}, 14),
        ({"input": "ab", "instructions": "cd"}, 4),
        ({"input": [{"role": "user", "content": "abcd"}]}, 8),
        ({"input": None}, 0),
        ({"input": 1.5}, 0),
        ({"input": "ab", "extra_body": {"input": "abcd"}}, 4),
    ],
)
def test_texts_and_tokens_add_up(params: dict[str, Any], size: int) -> None:
    assert needs_at_endpoint(params).size_bytes == size


def test_an_image_is_wanted_where_there_is_one() -> None:
    needs = needs_at_endpoint({"input": [{"role": "user", "content": [IMAGE]}]})
    assert needs.wants == ["images"]
    assert needs.inline == [IMAGE["image_url"]]


@pytest.mark.parametrize(
    ("params", "wants"),
    [
        ({"tools": [{"type": "function", "name": "f"}]}, ["tools"]),
        ({"tools": [{"type": "web_search"}]}, []),
        ({"tools": 5}, []),
        ({"text": {"format": {"type": "json_schema"}}}, ["json_schema"]),
        ({"text": {"format": {"type": "text"}}}, []),
        ({"text": "json_schema"}, []),
    ],
)
def test_what_is_asked_of_a_response_is_wanted_of_its_model(params: dict[str, Any], wants: list[str]) -> None:
    assert needs_at_endpoint({"input": "a", **params}).wants == wants


@pytest.mark.parametrize(
    ("params", "longest"),
    [({"max_output_tokens": 5}, 5), ({"max_tokens": 6}, 6), ({"max_tokens": True}, None), ({}, None)],
)
def test_the_longest_answer_is_under_either_name(params: dict[str, Any], longest: int | None) -> None:
    assert needs_at_endpoint(params).max_tokens == longest


def test_regions_are_read() -> None:
    assert needs_at_endpoint({"allowed_model_region": "EU"}).regions == ("eu",)
    assert needs_at_endpoint({"litellm_metadata": {"allowed_model_region": "eu"}}).regions == ("eu",)


def test_the_prompt_is_not_held_against_a_window() -> None:
    counts = needs_at_endpoint({"input": "a" * 1000}).counts
    assert counts is not None
    assert counts.prompt("openai", "gpt-4o", 5) is None


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(("input", "prompt", "tools", "text", "extra_body", "instructions")), json))
def test_what_is_malformed_needs_nothing_and_raises_nothing(params: dict[str, Any]) -> None:
    assert needs_at_endpoint(params).size_bytes >= 0
