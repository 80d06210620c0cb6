"""The nearest of many names is found, though few of them are compared letter by letter."""

from difflib import SequenceMatcher

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litellm_lite.registry.nearest import nearest

HOSTS = ("openrouter", "together_ai", "groq", "bedrock", "fireworks_ai")
MODELS = [
    f"{family}-{size}{kind}"
    for family in (
        "llama-3.3",
        "llama-4",
        "qwen-2.5",
        "qwen3",
        "mistral",
        "gpt-5",
        "claude-4",
        "gemini-3",
        "deepseek-v4",
    )
    for size in ("8b", "17b", "70b", "405b", "mini", "large")
    for kind in ("", "-instruct", "-preview", "-turbo")
]
NAMES = [f"{host}/{model}" for host in HOSTS for model in MODELS] + MODELS


def likeness(name, spelling):
    return SequenceMatcher(None, spelling, name).ratio()


@st.composite
def slips(draw):
    """A name with one or two slips in it, and the name that was meant."""
    meant = draw(st.sampled_from(NAMES))
    name = meant
    for _ in range(draw(st.integers(1, 2))):
        at = draw(st.integers(0, len(name) - 1))
        kept = draw(st.integers(0, 1))
        name = name[:at] + draw(st.sampled_from(["", "x", "3", "-"])) + name[at + kept :]
    return name, meant


@settings(deadline=None, max_examples=60)
@given(slips())
def test_a_slip_leads_to_the_name_that_was_meant_or_one_as_near(slip):
    name, meant = slip
    first = nearest(name, NAMES, 3)[0]
    assert likeness(name, first) >= likeness(name, meant)


@pytest.mark.parametrize(("name", "first"), [("lama-4-17b", "llama-4-17b"), ("msstarl-8b", "mistral-8b")])
def test_the_nearest_comes_first(name, first):
    assert nearest(name, NAMES, 3)[0] == first


@pytest.mark.parametrize("name", ["", "§§", "x" * 10_000_000])
def test_a_name_like_no_other_has_no_nearest(name):
    assert nearest(name, NAMES, 3) == []


def test_no_more_are_named_than_asked_for():
    assert len(nearest("llama-4-17b", NAMES, 2)) == 2
    assert nearest("llama-4-17b", [], 2) == []
