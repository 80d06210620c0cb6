"""Every vendor has names of its own for the same tokens: each token is counted once, whatever it is called."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.cost import price
from tests.cost.samples import PLAIN, RICH, model, usage


@pytest.mark.parametrize(
    "beside",
    [
        {"prompt_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 40}},
        {"prompt_tokens_details": {"cached_tokens": 100, "cache_creation_tokens": 40}},
        {"cache_read_input_tokens": 100, "cache_creation_input_tokens": 40},
        {
            "prompt_tokens_details": {"cached_tokens": 100, "cache_creation_tokens": 40, "cache_write_tokens": 40},
            "cache_read_input_tokens": 100,
            "cache_creation_input_tokens": 40,
        },
        {"prompt_cache_hit_tokens": 100, "prompt_tokens_details": {"cache_write_tokens": 40, "cached_tokens": None}},
        {"prompt_cache_miss_tokens": 900, "cache_creation_input_tokens": 40},
        {"prompt_cache_miss_tokens": 900, "prompt_cache_hit_tokens": 100, "cache_creation_input_tokens": 40},
        {
            "cache_read_input_tokens": 100,
            "prompt_tokens_details": {"cache_creation_token_details": {"ephemeral_5m_input_tokens": 40}},
        },
        {
            "cache_read_input_tokens": 100,
            "cache_creation_input_tokens": 40,
            "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_30m_input_tokens": 30},
        },
        {
            "prompt_tokens_details": {
                "cached_tokens_details": {"text_tokens": 100, "audio_tokens": 0, "image_tokens": None},
                "cache_creation_tokens": 40,
            }
        },
    ],
)
def test_a_token_is_counted_once_under_however_many_names_it_comes(beside):
    cost = price({"prompt_tokens": 1000, "completion_tokens": 0, **beside}, RICH)
    assert cost is not None
    assert cost.breakdown == {
        "prompt": 860 * Decimal("0.000002"),
        "cached": 100 * Decimal("0.0000005"),
        "cache_write": 40 * Decimal("0.0000025"),
    }


@pytest.mark.parametrize(
    ("beside", "message"),
    [
        (
            {"prompt_tokens_details": {"cached_tokens": 5}, "cache_read_input_tokens": 6},
            "cached_tokens is 5, but cache_read_input_tokens is 6",
        ),
        (
            {"prompt_tokens_details": {"cached_tokens": 0}, "prompt_cache_hit_tokens": 6},
            "cached_tokens is 0, but prompt_cache_hit_tokens is 6",
        ),
        (
            {"prompt_tokens_details": {"cache_write_tokens": 5, "cache_creation_tokens": 6}},
            "cache_write_tokens is 5, but cache_creation_tokens is 6",
        ),
        (
            {"prompt_cache_hit_tokens": 5, "prompt_cache_miss_tokens": 6},
            "cached_tokens is 5, but prompt_tokens 10 - prompt_cache_miss_tokens 6 is 4",
        ),
        ({"prompt_cache_miss_tokens": 11}, "must be a whole number from 0, not -1"),
        ({"cache_read_input_tokens": 11}, "hold 11 tokens, prompt_tokens is 10"),
        ({"cache_read_input_tokens": "5"}, "cache_read_input_tokens must be a whole number from 0, not str"),
        ({"cache_read_input_tokens": 6, "cache_creation_input_tokens": 5}, "hold 11 tokens, prompt_tokens is 10"),
        (
            {"cache_creation_input_tokens": 5, "cache_creation": {"ephemeral_1h_input_tokens": 6}},
            "cache_write_tokens is 5, but the sum of ephemeral_1h_input_tokens is 6",
        ),
        ({"cache_creation": [5]}, "cache_creation must be an object, not list"),
        (
            {"prompt_tokens_details": {"cached_tokens": 5, "cached_tokens_details": {"audio_tokens": 6}}},
            "cached_tokens_details hold 6 tokens, cached_tokens is 5",
        ),
        (
            {"prompt_tokens_details": {"audio_tokens": 5, "cached_tokens_details": {"audio_tokens": 6}}},
            "6 audio_tokens are cached, but audio_tokens is 5",
        ),
    ],
)
def test_names_that_disagree_are_refused_with_both_numbers(beside, message):
    with pytest.raises(ValueError, match=message):
        price({"prompt_tokens": 10, "completion_tokens": 0, **beside}, RICH)


def test_reasoning_that_only_the_total_counts_is_part_of_the_answer():
    """xAI's usage; no other sum of its counts is the total."""
    counts = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 22}
    cost = price({**counts, "completion_tokens_details": {"reasoning_tokens": 7}}, PLAIN)
    assert cost is not None
    assert cost.breakdown == {
        "prompt": 10 * Decimal("0.000002"),
        "completion": 5 * Decimal("0.000008"),
        "reasoning": 7 * Decimal("0.000008"),
    }
    with pytest.raises(ValueError, match="10 \\+ 11 tokens, but total_tokens is 22"):
        price({**counts, "completion_tokens_details": {"reasoning_tokens": 6}}, PLAIN)


def test_what_is_written_for_an_hour_or_longer_has_its_own_rate():
    long = {
        "cache_creation_input_token_cost_above_1hr": Decimal("0.000004"),
        "cache_creation_input_token_cost_above_12hr": Decimal("0.000005"),
    }
    kept = {"ephemeral_5m_input_tokens": 5, "ephemeral_1h_input_tokens": 6, "ephemeral_12h_input_tokens": 7}
    details = {"cache_creation_tokens": 18, "cache_creation_token_details": kept}
    assert price(usage(100, 0, details), RICH) is None
    cost = price(usage(100, 0, details), model(**RICH.row, **long))
    assert cost is not None
    assert cost.breakdown == {
        "prompt": 82 * Decimal("0.000002"),
        "cache_write": 5 * Decimal("0.0000025"),
        "cache_write_1h": 6 * Decimal("0.000004"),
        "cache_write_12h": 7 * Decimal("0.000005"),
    }


def test_a_time_of_keeping_that_nobody_has_heard_of_makes_no_price():
    kept = {"ephemeral_24h_input_tokens": 5}
    assert price(usage(100, 0, {"cache_creation_token_details": kept}), RICH) is None


def test_cached_audio_is_taken_out_of_the_cached_and_out_of_the_audio():
    own = {
        "cache_read_input_audio_token_cost": Decimal("0.000001"),
        "cache_read_input_image_token_cost": Decimal("0.0000007"),
    }
    split = {"text_tokens": 20, "audio_tokens": 30, "image_tokens": 4}
    details = {"cached_tokens": 64, "audio_tokens": 40, "image_tokens": 4, "cached_tokens_details": split}
    cost = price(usage(100, 0, details), model(**RICH.row, **own))
    assert cost is not None
    assert cost.breakdown == {
        "prompt": 26 * Decimal("0.000002"),
        "cached": 30 * Decimal("0.0000005"),  # 20, and 10 of which nobody says what they are
        "cached_audio": 30 * Decimal("0.000001"),
        "cached_image": 4 * Decimal("0.0000007"),
        "audio_input": 10 * Decimal("0.000032"),
    }


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


few = st.integers(min_value=-1, max_value=9) | json


split = st.dictionaries(
    st.sampled_from(
        "text_tokens audio_tokens image_tokens ephemeral_5m_input_tokens ephemeral_1h_input_tokens odd".split()
    ),
    few,
)


details = st.dictionaries(
    st.sampled_from(
        "cached_tokens cache_write_tokens cache_creation_tokens audio_tokens image_tokens text_tokens odd_tokens "
        "reasoning_tokens cached_tokens_details cache_creation_token_details".split()
    ),
    few | split,
)


any_usage = st.dictionaries(
    st.sampled_from(
        "prompt_tokens completion_tokens total_tokens cache_read_input_tokens cache_creation_input_tokens "
        "prompt_cache_hit_tokens prompt_cache_miss_tokens cache_creation speed inference_geo service_tier "
        "prompt_tokens_details completion_tokens_details".split()
    ),
    few | split | details,
)


@given(any_usage, few, details)
def test_whatever_a_vendor_calls_a_usage_has_a_cost_or_none_or_is_refused(counts, whole, parts):
    for each in (counts, {**counts, "prompt_tokens": 9, "completion_tokens": whole, "prompt_tokens_details": parts}):
        try:
            cost = price(each, RICH)
        except ValueError as error:
            assert "usage contradicts itself" in str(error)  # noqa: PT017 - either is right
        else:
            assert cost is None or cost.total >= 0


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_every_spelling_of_a_cache_costs_the_same(cached, five_minutes, an_hour, rest):
    whole, written = cached + five_minutes + an_hour + rest, five_minutes + an_hour
    kept = {"ephemeral_5m_input_tokens": five_minutes, "ephemeral_1h_input_tokens": an_hour}
    info = model(**RICH.row, cache_creation_input_token_cost_above_1hr=Decimal("0.000004"))
    beside = {"cache_read_input_tokens": cached, "cache_creation_input_tokens": written, "cache_creation": kept}
    inside = {"cached_tokens": cached, "cache_creation_tokens": written, "cache_creation_token_details": kept}
    spellings = [beside, {"prompt_tokens_details": inside}, {**beside, "prompt_tokens_details": inside}]
    costs = [price({"prompt_tokens": whole, "completion_tokens": 0, **spelling}, info) for spelling in spellings]
    assert costs[0] == costs[1] == costs[2]
    assert costs[0] is not None
