"""Whatever a client writes: a chat that can be sent, or a refusal that names a part of the body. Nothing else."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite import BadRequestError
from litellm_lite.bridges.messages import to_chat
from tests.bridges.messages.shapes import BODY, HELLO, JSON, WEATHER, assistant, text, user

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats(allow_nan=False) | st.sampled_from(["", "text", "auto"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["type", "text", "content", "source", "name"]), inner, max_size=3)
    ),
    max_leaves=6,
)
PNG = {"type": "base64", "media_type": "image/png", "data": "aGk="}
PDF = {"type": "base64", "media_type": "application/pdf", "data": "aGk="}
USE: JSON = {"type": "tool_use", "id": "t", "name": "weather", "input": {}, "caller": {"type": "direct"}}
FOUND = {"type": "search_result", "title": "T", "source": "s", "content": [text("x")]}
WHOLE: JSON = {
    **BODY,
    "system": [text("Be brief.", cache_control={"type": "ephemeral"})],
    "messages": [
        user(text("Look:"), {"type": "image", "source": PNG}, {"type": "document", "source": PDF, "title": "T"}, FOUND),
        assistant({"type": "thinking", "thinking": "hm", "signature": "s"}, text("I look."), USE),
        user({"type": "tool_result", "tool_use_id": "t", "content": [text("sunny")], "is_error": False}),
        assistant(text("Sunny.")),
        HELLO,
    ],
    "tools": [{**WEATHER, "strict": True}],
    "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
    "thinking": {"type": "enabled", "budget_tokens": 2000, "display": "omitted"},
    "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {}}},
    "context_management": {"edits": [{"type": "clear_thinking_20251015"}]},
    "metadata": {"user_id": "u"},
    "stop_sequences": ["END"],
    "service_tier": "auto",
    "stream": True,
    "temperature": 0.5,
}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path to every part of a value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, part in inside for found in places(part, (*path, key)))]


PLACES = places(WHOLE)


def test_the_body_that_is_changed_is_a_good_one() -> None:
    assert len(to_chat(WHOLE).messages) == 6


@given(st.sampled_from(PLACES), VALUES)
def test_a_part_that_is_changed_is_carried_or_refused(place: tuple[Any, ...], value: Any) -> None:
    body = orjson.loads(orjson.dumps(WHOLE))
    if place:
        within = body
        for step in place[:-1]:
            within = within[step]
        within[place[-1]] = value
    else:
        body = value
    try:
        chat = to_chat(body)
    except BadRequestError as error:
        assert error.param  # noqa: PT017 - both endings are good ones
        assert str(error).startswith(error.param)  # noqa: PT017 - as above
    else:
        orjson.dumps(chat._asdict())


@given(VALUES)
def test_anything_at_all_is_carried_or_refused(body: Any) -> None:
    try:
        to_chat(body)
    except BadRequestError as error:
        assert error.param  # noqa: PT017 - a body without a model is never a good one
    else:
        raise AssertionError(body)
