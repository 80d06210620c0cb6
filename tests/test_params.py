"""The parameter contract, for a provider made up here; `tests/providers` holds every real one to it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat.completion_create_params import CompletionCreateParamsBase

from litellm_lite.errors import APIError, BadRequestError, UnsupportedParamsError
from litellm_lite.params import (
    NEUTRAL,
    OMIT,
    OPENAI_PARAMS,
    Choice,
    Contract,
    Mapped,
    Refusal,
    Rule,
    an_object,
    between,
    map_params,
    positive,
    sent,
    shown,
)
from tests.providers.values import SAMPLES, SHAPES, provider

CONTRACT = Contract(
    "acme",
    {
        **sent("top_p", "n", "stream_options"),
        "temperature": Rule(check=between(0, 1), note="0 to 1"),
        "max_tokens": Rule(wire_name="limit", check=positive),
        "max_completion_tokens": Rule(wire_name="limit", check=positive),
        "user": Rule(check=lambda _: OMIT, sends=False),
        "seed": Rule(check=lambda value: Refusal("[3] is odd", final=True) if value % 2 else value),
        "magic": Rule(wire_name="Magic"),
    },
)


class Numbers:
    """Something like an array: comparing it gives no truth."""

    def __eq__(self, other: object) -> Any:
        raise ValueError("ambiguous")

    __hash__ = None  # type: ignore[assignment]


def test_the_parameters_are_openais() -> None:
    known = set(get_type_hints(CompletionCreateParamsBase)) - {"messages", "model"}
    assert known - {"metadata"} == set(OPENAI_PARAMS) - {"thinking"}


def test_each_neutral_value_belongs_to_a_parameter() -> None:
    assert set(NEUTRAL) <= set(OPENAI_PARAMS)


def test_what_is_supported_is_told_in_order_and_without_what_is_never_sent() -> None:
    assert CONTRACT.supported == [
        "max_completion_tokens", "max_tokens", "n", "seed", "stream", "stream_options", "temperature", "top_p",
    ]  # fmt: skip


def test_what_is_declared_is_sent_under_its_wire_name() -> None:
    assert map_params(CONTRACT, {"top_p": 0.5, "max_tokens": 5, "magic": [1]}).params == {
        "top_p": 0.5, "limit": 5, "Magic": [1],
    }  # fmt: skip


def test_what_nobody_declares_goes_through() -> None:
    assert map_params(CONTRACT, {"mirostat": 2}).params == {"mirostat": 2}


def test_what_openai_has_and_the_vendor_has_not_is_refused() -> None:
    with pytest.raises(UnsupportedParamsError) as caught:
        map_params(CONTRACT, {"logprobs": True}, model="m")
    assert str(caught.value) == (
        "acme: logprobs is not supported; drop_params=True leaves it out, "
        "allowed_openai_params=['logprobs'] sends it anyway"
    )
    assert (caught.value.provider, caught.value.model, caught.value.param) == ("acme", "m", "logprobs")
    assert caught.value.status == 400


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in NEUTRAL.items() for value in values])
def test_a_default_is_neutral_where_it_is_not_supported(name: str, value: Any) -> None:
    outcome = map_params(Contract("acme", {}), {name: value})
    assert (outcome.params, outcome.dropped, outcome.neutral) == ({}, {}, {name: value})


def test_a_default_is_sent_where_it_is_supported_or_insisted_on() -> None:
    assert map_params(CONTRACT, {"n": 1}).params == {"n": 1}
    assert map_params(CONTRACT, {"store": False}, Choice(allowed_openai_params=["store"])).params == {"store": False}
    assert map_params(CONTRACT, {"user": "u"}, Choice(allowed_openai_params=("user",))).params == {"user": "u"}


@pytest.mark.parametrize("value", [True, 1.0, "1", [1]])
def test_only_the_default_itself_is_neutral(value: Any) -> None:
    with pytest.raises(UnsupportedParamsError):
        map_params(Contract("acme", {}), {"n": value})


def test_a_value_that_cannot_be_compared_is_no_default() -> None:
    with pytest.raises(UnsupportedParamsError):
        map_params(Contract("acme", {}), {"stop": Numbers()})


def test_what_is_kept_back_is_not_even_looked_at() -> None:
    outcome = map_params(CONTRACT, {"temperature": float("nan")}, Choice(additional_drop_params={"temperature"}))
    assert outcome.dropped == {"temperature": "named in additional_drop_params"}


def test_two_names_for_one_thing_must_agree() -> None:
    assert map_params(CONTRACT, {"max_tokens": 5, "max_completion_tokens": 5}).params == {"limit": 5}
    with pytest.raises(BadRequestError, match="acme: max_tokens sets limit, which has another value already") as caught:
        map_params(CONTRACT, {"limit": 4, "max_tokens": 5}, Choice(drop_params=True))
    assert caught.value.param == "max_tokens"


def test_a_final_refusal_is_neither_dropped_nor_overruled() -> None:
    with pytest.raises(BadRequestError, match=r"^acme: seed\[3\] is odd$") as caught:
        map_params(CONTRACT, {"seed": 3}, Choice(drop_params=True, allowed_openai_params=["seed"]))
    assert not isinstance(caught.value, UnsupportedParamsError)


@pytest.mark.parametrize("names", ["temperature", 5, {"temperature": 1}.items().__iter__()])
@pytest.mark.parametrize("which", ["additional_drop_params", "allowed_openai_params"])
def test_a_choice_takes_lists_of_names(which: str, names: Any) -> None:
    with pytest.raises(BadRequestError, match=f"{which} must be a list of parameter names") as caught:
        Choice(**{which: names})
    assert caught.value.param == which


@pytest.mark.parametrize("value", [True, "1", None, [1], Decimal(1), 1j])
def test_a_range_takes_numbers_only(value: Any) -> None:
    refusal = between(0, 1)(value)
    assert isinstance(refusal, Refusal)
    assert refusal.final


@pytest.mark.parametrize("value", [True, 1.0, "1", 0, -1, 10**30 * -1])
def test_a_count_is_a_whole_number_from_1(value: Any) -> None:
    assert isinstance(positive(value), Refusal)
    assert positive(10**30) == 10**30


def test_an_object_is_copied() -> None:
    asked = {"include_usage": True}
    assert an_object(asked) == asked
    assert an_object(asked) is not asked
    assert an_object([("a", 1)]) == Refusal("must be a dictionary, not list", final=True)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("json_object", "'json_object'"),
        ("sk-1234", "str"),
        ("Hello there", "str"),
        ("", "str"),
        (0.5, "0.5"),
        (True, "True"),
        (7, "7"),
        (10**30, "int"),
        (None, "NoneType"),
        (["private"], "list"),
        ({"private": 1}, "dict"),
    ],
)
def test_messages_show_words_and_numbers_and_of_the_rest_the_type(value: Any, words: str) -> None:
    assert shown(value) == words


odd_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=50),
    st.binary(max_size=3),
    st.sampled_from([10**5000, Numbers(), Decimal("NaN"), ()]),
    st.sampled_from(list(SAMPLES.values())),
    st.lists(st.integers() | st.text(), max_size=3),
    st.lists(st.sampled_from(SAMPLES["tools"]) | st.dictionaries(st.sampled_from(["type", "function"]), st.text())),
    st.dictionaries(st.text(max_size=5), st.integers() | st.text(), max_size=3),
    st.fixed_dictionaries({"type": st.sampled_from(["text", "json_schema", "json_object", "function"])}),
)
names = st.sampled_from([*OPENAI_PARAMS, "top_k", "repetition_penalty", "min_p"])
questions = st.dictionaries(names, odd_values, max_size=8)
places = st.sampled_from(SHAPES)
choices = st.builds(
    Choice,
    drop_params=st.booleans(),
    additional_drop_params=st.lists(names, max_size=3),
    allowed_openai_params=st.lists(names, max_size=3),
)


def wire_name(contract: Contract, name: str) -> str:
    return getattr(contract.rules.get(name), "wire_name", "") or name


def tried(contract: Contract, asked: dict[str, Any], choice: Choice) -> Mapped | APIError:
    try:
        return map_params(contract, asked, choice)
    except APIError as error:
        return error


@given(places, questions, choices)
def test_no_parameter_is_ever_lost(place: tuple[str, str], asked: dict[str, Any], choice: Choice) -> None:
    contract = provider(place[0]).contract(place[1])
    outcome = tried(contract, asked, choice)
    passed = {name: value for name, value in asked.items() if value is not None}
    if isinstance(outcome, APIError):
        assert outcome.param in passed
        assert not (isinstance(outcome, UnsupportedParamsError) and choice.drop_params)
        return
    assert set(outcome.params) <= {wire_name(contract, name) for name in passed}
    assert outcome.dropped.keys() | outcome.neutral.keys() <= passed.keys()
    for name in passed:
        ends = (wire_name(contract, name) in outcome.params, name in outcome.dropped, name in outcome.neutral)
        shared = wire_name(contract, name) in passed.keys() - {name}  # another parameter may have put it there
        assert ends.count(True) == 1 or (shared and ends.count(True) == 2), (name, outcome)


@given(places, questions)
def test_mapping_leaves_what_was_passed_as_it_was(place: tuple[str, str], asked: dict[str, Any]) -> None:
    before = dict(asked)
    tried(provider(place[0]).contract(place[1]), asked, Choice(drop_params=True))
    assert asked.keys() == before.keys()
    assert all(asked[name] is before[name] for name in before)
