"""What a Router would find wrong, asked again and again."""

from __future__ import annotations

from litellm_lite.errors import BadRequestError
from litellm_lite.proxy.trial import told, tried

GOOD = {"model_name": "a", "litellm_params": {"model": "openai/gpt-4o", "api_key": "k"}}


def test_what_is_broken_already_is_not_shown_to_the_router() -> None:
    entry = {**GOOD, "rpm": 0, "tpm": 0}
    assert [path for path, _ in tried([entry], {}, [("model_list", 0, "rpm")])] == [("model_list", 0, "tpm")]


def test_a_path_is_that_of_the_whole_whatever_was_taken_out() -> None:
    fallbacks = [{"a": ["x", "y"]}, {"z": ["a"]}, {"a": ["a"]}]
    assert [path for path, _ in tried([GOOD], {"fallbacks": fallbacks})] == [
        ("fallbacks", 0, "a", 0),
        ("fallbacks", 0, "a", 1),
        ("fallbacks", 1, "z"),
        ("fallbacks", 2, "a"),
    ]


def test_what_names_no_place_is_told_all_the_same() -> None:
    assert told(BadRequestError("the moon is full", param="moon"), {"a": 1}) == ((), (), "the moon is full")
