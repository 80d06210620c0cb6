"""Which group a name leads to: exact names, aliases, wildcards, models, and what is said of a name that is none."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.errors import BadRequestError
from litellm_lite.router.deployment import Deployment
from litellm_lite.router.names import Found, Names, Wildcard, Wildcards


def names(*pairs: tuple[str, str], **aliases: str) -> Names:
    """Return the names of deployments, each given as its group and its model."""
    made = [Deployment(id=str(at), group=group, model=model, provider="") for at, (group, model) in enumerate(pairs)]
    return Names(made, aliases)


def test_a_group_is_found_by_its_own_name() -> None:
    assert names(("chat", "openai/m"), ("chat", "openai/n")).find("chat") == Found("chat")


def test_an_alias_leads_to_its_group_even_where_a_group_has_its_name() -> None:
    found = names(("chat", "openai/m"), ("fast", "openai/n"), ("gpt", "openai/o"), fast="chat", gpt="chat")
    assert found.find("fast") == found.find("gpt") == Found("chat")


def test_an_alias_may_lead_to_a_model_of_a_wildcard() -> None:
    assert names(("openai/*", "openai/*"), fast="openai/m").find("fast") == Found("openai/*", "openai/m")


@pytest.mark.parametrize(
    ("group", "model", "asked", "called"),
    [
        ("openai/*", "openai/*", "openai/gpt-4o", "openai/gpt-4o"),
        ("gpt-*", "openai/gpt-*", "gpt-4o", "openai/gpt-4o"),
        ("*", "*", "openai/gpt-4o", "openai/gpt-4o"),
        ("*", "openai/*", "gpt-4o", "openai/gpt-4o"),
        ("meta_llama/Llama-*", "llama_proxy/L-*", "meta_llama/Llama-4/x", "llama_proxy/L-4/x"),
        ("a/*/b/*", "openai/*-*", "a/1/b/2", "openai/1-2"),
        ("*-mini", "openai/fixed", "o3-mini", None),
    ],
)
def test_a_wildcard_says_what_its_model_becomes(group: str, model: str, asked: str, called: str | None) -> None:
    assert names((group, model)).find(asked) == Found(group, called)


def test_the_most_specific_wildcard_wins() -> None:
    found = names(*[(group, "*") for group in ("*", "openai/*", "openai/gpt-*")], ("openai/gpt-*-*", "openai/*-*"))
    assert found.find("openai/gpt-4o").group == "openai/gpt-*"
    assert found.find("openai/gpt-4o-mini").group == "openai/gpt-*-*"
    assert found.find("openai/o3").group == "openai/*"
    assert found.find("meta_llama/x").group == "*"


def test_what_several_groups_match_does_not_depend_on_their_order() -> None:
    pairs = [("a*", "*"), ("a*b*", "x/*/*"), ("*", "*"), ("a*c", "*")]
    assert names(*pairs).find("abc").group == names(*pairs[::-1]).find("abc").group == "a*c"


def test_the_model_of_a_group_leads_to_it_after_wildcards_and_before_the_last_one() -> None:
    pairs = [("chat", "openai/m"), ("*", "*")]
    assert names(*pairs).find("openai/m") == Found("chat")
    assert names(*pairs, ("openai/*", "openai/*")).find("openai/m") == Found("openai/*", "openai/m")


def test_a_group_of_several_models_is_not_found_by_one_of_them() -> None:
    with pytest.raises(BadRequestError, match="no model group 'openai/m'; it is one of several models of 'chat'"):
        names(("chat", "openai/m"), ("chat", "openai/n")).find("openai/m")


def test_the_deployments_of_a_wildcard_must_have_one_model() -> None:
    assert names(("x*", "openai/*"), ("x*", "openai/*")).find("xy") == Found("x*", "openai/y")
    assert names(("x*", "openai/m"), ("x*", "openai/n")).find("xy") == Found("x*")
    with pytest.raises(BadRequestError, match=r"'x\*' have the models 'openai/\*' and 'openai/m'"):
        names(("x*", "openai/*"), ("x*", "openai/m"))


def test_an_unknown_name_is_told_the_groups_that_read_like_it() -> None:
    with pytest.raises(BadRequestError, match="no model group 'gpt-5'; did you mean 'gpt-4'") as caught:
        names(("gpt-4", "a"), ("llama", "b")).find("gpt-5")
    assert caught.value.param == "model"
    assert "there are 'gpt-4', 'llama'" in str(caught.value)


def test_of_many_groups_ten_are_told() -> None:
    with pytest.raises(BadRequestError, match="and 90 more") as caught:
        names(*[(f"group-{at}", "m") for at in range(100)]).find("nothing like it")
    assert str(caught.value).count("'group-") == 10


def test_a_name_too_long_to_be_one_is_cut() -> None:
    with pytest.raises(BadRequestError) as caught:
        names(("chat", "m")).find("x" * 10_000)
    assert len(str(caught.value)) < 300


def test_without_deployments_there_is_nothing_to_find() -> None:
    with pytest.raises(BadRequestError, match="model_list is empty"):
        names().find("chat")


@pytest.mark.parametrize("name", [None, 3, ["chat"], {"a": 1}])
def test_what_is_no_text_is_no_name(name: Any) -> None:
    with pytest.raises(BadRequestError, match="must be the name of a model group"):
        names(("chat", "m")).find(name)


def test_an_alias_whose_group_was_taken_out_leads_nowhere() -> None:
    with pytest.raises(BadRequestError):
        names(("chat", "m"), fast="gone").find("fast")


_few = st.text("ab*", max_size=8)


@given(_few, st.text("ab", max_size=12))
def test_asterisks_stand_for_what_a_regular_expression_says(pattern: str, name: str) -> None:
    matched = re.fullmatch(re.escape(pattern).replace(r"\*", "(.*)"), name)
    if "*" in pattern:
        assert Wildcard(pattern).parts(name) == (list(matched.groups()) if matched else None)


@given(_few.filter(lambda pattern: "*" in pattern), st.lists(st.text("abc/", max_size=4), min_size=8, max_size=8))
def test_what_was_put_in_the_place_of_the_asterisks_comes_out_in_the_model(pattern: str, parts: list[str]) -> None:
    asked = pattern
    for part in parts[: pattern.count("*")]:
        asked = asked.replace("*", part, 1)
    assert Wildcards({pattern: pattern}).find(asked) == Found(pattern, asked)


def test_many_asterisks_take_no_more_time_than_the_name_is_long() -> None:
    """A regular expression would still be at it."""
    assert Wildcard("*a" * 30 + "*b").parts("a" * 20_000) is None
