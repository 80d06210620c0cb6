"""The request's bytes: what JSON can carry is written, and what it cannot is named by its path."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from litellm_lite.json_body import Unwritable, written
from litellm_lite.types.response import Message

finite = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | finite | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=20,
)


class Point(BaseModel):
    x: float
    label: str | None = None


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), json_values))
def test_json_comes_out_as_it_went_in(body: dict[str, Any]) -> None:
    assert json.loads(written(body)) == body


def test_a_message_of_an_earlier_answer_is_written_without_what_it_lacks() -> None:
    calls = [{"id": "c", "function": {"name": "f", "arguments": "{}"}}]
    made = Message.model_validate({"content": None, "tool_calls": calls})
    assert orjson.loads(written({"messages": [made]}))["messages"] == [
        {
            "role": "assistant",
            "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        }
    ]


def test_a_mapping_that_is_no_dictionary_is_written_as_one() -> None:
    assert written({"a": MappingProxyType({"b": (1, 2)})}) == b'{"a":{"b":[1,2]}}'


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize(
    ("path", "wrap"),
    [
        ("temperature", lambda value: {"temperature": value}),
        ("tools[0].function.x", lambda value: {"tools": [{"function": {"a": None, "x": value}}]}),
        ("extra.a[2][0]", lambda value: {"extra": {"a": [1, None, (value,)]}}),
        ("point.x", lambda value: {"point": Point(x=value)}),
        ("a.b", lambda value: {"a": MappingProxyType({"b": value})}),
    ],
)
def test_a_number_that_is_none_is_named_wherever_it_hides(number: float, path: str, wrap: Any) -> None:
    with pytest.raises(Unwritable, match="is not a finite number, which JSON cannot carry") as caught:
        written(wrap(number))
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({1, 2}, "Type is not JSON serializable: set"),
        (b"bytes", "Type is not JSON serializable: bytes"),
        (object(), "Type is not JSON serializable: object"),
        (Point, "Type is not JSON serializable"),
        ("\ud800", "surrogates not allowed"),
        (2**64, "Integer exceeds 64-bit range"),
        ({5: "five"}, "Dict key must be str"),
        (1 + 2j, "Type is not JSON serializable: complex"),
    ],
)
def test_what_is_no_json_is_named_with_its_path_and_the_reason(value: Any, why: str) -> None:
    with pytest.raises(Unwritable, match=f"cannot be written as JSON: .*{why}") as caught:
        written({"model": "m", "messages": [{"role": "user"}, {"content": [{"text": value}]}]})
    assert caught.value.path == "messages[1].content[0].text"
    assert str(caught.value).startswith("messages[1].content[0].text ")


def test_the_value_itself_is_not_shown() -> None:
    with pytest.raises(Unwritable) as caught:
        written({"messages": [{"content": "my private question \ud83d"}]})
    assert "private" not in str(caught.value)


def test_what_contains_itself_is_refused() -> None:
    loop: dict[str, Any] = {}
    loop["a"] = loop
    with pytest.raises(Unwritable, match="Recursion limit"):
        written({"x": loop})


def test_a_key_at_the_root_is_the_request_itself() -> None:
    with pytest.raises(Unwritable, match=r"^the request cannot be written as JSON: Dict key must be str"):
        written({5: "five"})  # type: ignore[dict-item]
