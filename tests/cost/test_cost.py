"""Cost: every token is priced once, at its own rate, and a rate nobody knows makes no price."""

import decimal
import sys
import timeit
from dataclasses import FrozenInstanceError
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from litellm_lite.cost import Cost, price, price_or_reason
from litellm_lite.cost.rates import FIELDS, rate_book
from litellm_lite.registry import ModelInfo, registry


def model(**row):
    return ModelInfo("vendor/model", "vendor", "model", {"source": "https://vendor.example/", **row})


PLAIN = model(input_cost_per_token=Decimal("0.000002"), output_cost_per_token=Decimal("0.000008"))
RICH = model(
    input_cost_per_token=Decimal("0.000002"),
    output_cost_per_token=Decimal("0.000008"),
    cache_read_input_token_cost=Decimal("0.0000005"),
    cache_creation_input_token_cost=Decimal("0.0000025"),
    input_cost_per_audio_token=Decimal("0.000032"),
    output_cost_per_audio_token=Decimal("0.000064"),
    output_cost_per_reasoning_token=Decimal("0.000012"),
    input_cost_per_image_token=Decimal("0.000003"),
    output_cost_per_image_token=Decimal("0.00004"),
    verified="2026-11-21",
)
PROMPT_PARTS = ("cached_tokens", "cache_write_tokens", "audio_tokens", "image_tokens")
COMPLETION_PARTS = ("reasoning_tokens", "audio_tokens", "image_tokens")


def usage(prompt, completion, prompt_details=None, completion_details=None):
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": prompt_details,
        "completion_tokens_details": completion_details,
    }


def total(counts, info):
    cost = price(counts, info)
    assert cost is not None
    return cost.total


counts = st.integers(min_value=0, max_value=10**9)


@st.composite
def usages(draw):
    """A usage whose parts fit into its wholes."""
    prompt = {name: draw(counts) for name in PROMPT_PARTS}
    completion = {name: draw(counts) for name in COMPLETION_PARTS}
    rests = draw(counts), draw(counts)
    return usage(sum(prompt.values(), rests[0]), sum(completion.values(), rests[1]), prompt, completion)


def added(one, other):
    """Both usages as one."""
    if isinstance(one, int):
        return one + other
    return {name: added(one[name], other[name]) for name in one}


def test_prompt_and_completion_are_priced_per_token_to_the_last_decimal():
    assert price(usage(1000, 500), PLAIN) == Cost(
        input=Decimal("0.002"),
        output=Decimal("0.004"),
        total=Decimal("0.006"),
        breakdown={"prompt": Decimal("0.002"), "completion": Decimal("0.004")},
        price_source="https://vendor.example/",
        price_date="",
    )


def test_a_bundled_model_is_priced_with_the_page_and_the_day_of_its_rates():
    cost = price(usage(1_000_000, 1_000_000, {"cached_tokens": 400_000}), registry().find("openai", "gpt-4o"))
    assert cost is not None
    assert (cost.input, cost.output, cost.total) == (Decimal(2), Decimal(10), Decimal(12))
    assert (cost.price_source, cost.price_date) == ("https://developers.openai.com/api/docs/pricing", "2026-11-21")


def test_every_bucket_is_taken_out_and_priced_at_its_own_rate():
    prompt = {
        "cached_tokens": 100,
        "cache_write_tokens": 200,
        "audio_tokens": 300,
        "image_tokens": 50,
        "text_tokens": 9,
    }
    completion = {"reasoning_tokens": 40, "audio_tokens": 50, "image_tokens": 5, "text_tokens": 9}
    cost = price(usage(1000, 100, prompt, completion), RICH)
    assert cost is not None
    assert cost.breakdown == {
        "prompt": 350 * Decimal("0.000002"),
        "cached": 100 * Decimal("0.0000005"),
        "cache_write": 200 * Decimal("0.0000025"),
        "audio_input": 300 * Decimal("0.000032"),
        "image_input": 50 * Decimal("0.000003"),
        "completion": 5 * Decimal("0.000008"),
        "reasoning": 40 * Decimal("0.000012"),
        "audio_output": 50 * Decimal("0.000064"),
        "image_output": 5 * Decimal("0.00004"),
    }
    assert cost.price_date == "2026-11-21"


@pytest.mark.parametrize(
    ("prompt", "completion"),
    [
        ({"cached_tokens": 1000}, None),
        ({"image_tokens": 10}, None),
        (None, {"reasoning_tokens": 500}),
        (None, {"accepted_prediction_tokens": 20, "rejected_prediction_tokens": 30}),
        ({"text_tokens": 1000}, {"text_tokens": 500}),
    ],
)
def test_a_part_without_a_rate_of_its_own_that_is_billed_like_the_rest_costs_the_full_rate(prompt, completion):
    assert total(usage(1000, 500, prompt, completion), PLAIN) == Decimal("0.006")


@pytest.mark.parametrize(
    ("prompt", "completion"),
    [
        ({"cache_write_tokens": 1}, None),
        ({"audio_tokens": 1}, None),
        ({"video_tokens": 1}, None),
        (None, {"audio_tokens": 1}),
        (None, {"image_tokens": 1}),
        (None, {"smell_tokens": 1}),
    ],
)
def test_a_part_whose_rate_nobody_knows_makes_no_price(prompt, completion):
    assert price(usage(1000, 500, prompt, completion), PLAIN) is None


@pytest.mark.parametrize(
    "details",
    [
        {},
        None,
        {"cached_tokens": 0, "audio_tokens": None, "video_tokens": 0},
        {"web_search_requests": 2, "source": "x"},
    ],
)
def test_empty_parts_and_what_counts_no_tokens_change_nothing(details):
    assert total(usage(1000, 500, details, details), PLAIN) == Decimal("0.006")


def test_details_may_be_left_out():
    assert total({"prompt_tokens": 1000, "completion_tokens": 500}, PLAIN) == Decimal("0.006")


@pytest.mark.parametrize(
    "info",
    [
        None,
        model(),
        model(output_cost_per_token=Decimal(1)),
        model(input_cost_per_token=Decimal(1)),
        model(input_cost_per_token=None, output_cost_per_token=Decimal(1)),
        registry().find("meta_llama", "Llama-3.3-70B-Instruct"),
    ],
)
def test_an_unknown_price_is_no_price_and_never_zero(info):
    assert price(usage(1000, 500), info) is None


def test_no_tokens_at_an_unknown_price_have_no_price_either():
    assert price(usage(0, 0), model()) is None


def test_a_price_of_zero_that_someone_stated_is_zero():
    free = model(input_cost_per_token=Decimal(0), output_cost_per_token=Decimal(0))
    assert total(usage(1000, 500), free) == 0


def test_no_tokens_cost_nothing_and_have_no_breakdown():
    assert price(usage(0, 0), PLAIN) == Cost(Decimal(0), Decimal(0), Decimal(0), {}, "https://vendor.example/", "")


@pytest.mark.parametrize(
    "counts",
    [
        {},
        {"prompt_tokens": None, "completion_tokens": None, "total_tokens": None},
        {"prompt_tokens": 1000},
        {"completion_tokens": 500},
        {"prompt_tokens": 1000, "total_tokens": 1500},
    ],
)
def test_a_usage_without_its_counts_has_no_price(counts):
    assert price(counts, PLAIN) is None


def test_the_usage_of_an_embedding_is_all_prompt():
    info = model(input_cost_per_token=Decimal("0.000002"))
    assert total({"prompt_tokens": 1000, "total_tokens": 1000}, info) == Decimal("0.002")


def test_whole_numbers_may_be_written_with_a_point():
    counts = usage(10.0, 5.0, {"cached_tokens": 4.0, "audio_tokens": 0.0}, {"reasoning_tokens": 1.0})
    assert price(counts, RICH) == price(usage(10, 5, {"cached_tokens": 4}, {"reasoning_tokens": 1}), RICH)
    assert price(counts | {"total_tokens": 15.0}, RICH) == price(counts, RICH)


def test_details_may_be_any_mapping_and_hold_anything_beside_counts():
    details = MappingProxyType({"cached_tokens": 4, 7: "seven", "note": "x"})
    assert price(usage(10, 5, details), RICH) == price(usage(10, 5, {"cached_tokens": 4}), RICH)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (usage(10, 5, {"cached_tokens": 11}), "prompt_tokens_details hold 11 tokens, prompt_tokens is 10"),
        (usage(10, 5, {"cached_tokens": 6, "audio_tokens": 5}), "prompt_tokens_details hold 11 tokens"),
        (usage(10, 5, None, {"reasoning_tokens": 6}), "hold 6 tokens, completion_tokens is 5"),
        (usage(10, 5) | {"total_tokens": 18}, "10 \\+ 5 tokens, but total_tokens is 18"),
        (usage(-1, 5), "prompt_tokens must be a whole number from 0, not -1"),
        (usage(1, -5), "completion_tokens must be a whole number from 0, not -5"),
        (usage(10, 5, {"cached_tokens": -1}), "cached_tokens must be a whole number from 0, not -1"),
        ({"prompt_tokens": "10", "completion_tokens": 5}, "prompt_tokens must be a whole number from 0, not str"),
        (usage(10, 5, None, {"reasoning_tokens": 1.5}), "reasoning_tokens must be a whole number from 0, not 1.5"),
        (usage(10, 5, [1]), "prompt_tokens_details must be an object, not list"),
        (usage(10**16, 5), "prompt_tokens must be a whole number from 0"),
        (usage(10, 5) | {"total_tokens": "15"}, "total_tokens must be a whole number from 0, not str"),
        (usage(True, 5), "prompt_tokens must be a whole number from 0, not True"),
    ],
)
def test_counts_that_cannot_be_are_refused_with_both_numbers(counts, message):
    with pytest.raises(ValueError, match=message):
        price(counts, RICH)


@pytest.mark.parametrize(
    ("prompt", "paid"), [(272_000, Decimal("0.544010")), (272_001, Decimal("1.088004") + Decimal("0.000015"))]
)
def test_a_prompt_beyond_the_threshold_is_billed_as_a_whole_at_the_higher_rates(prompt, paid):
    assert total(usage(prompt, 1), registry().find("openai", "gpt-6-sol")) == paid


@pytest.mark.parametrize("tier", [None, "", "auto", "default", "standard"])
def test_the_list_price_is_for_the_standard_tier(tier):
    assert price(usage(10, 5), PLAIN, service_tier=tier) == price(usage(10, 5), PLAIN)


@pytest.mark.parametrize("tier", ["flex", "priority", "batch", "scale"])
def test_another_service_tier_has_no_list_price(tier):
    assert price(usage(10, 5), PLAIN, service_tier=tier) is None


def test_a_service_tier_is_billed_at_its_own_rates():
    own = {"input_cost_per_token_flex": Decimal("0.000001"), "output_cost_per_token_flex": Decimal("0.000004")}
    flexible = model(**PLAIN.row, **own)
    cost = price(usage(1000, 500), flexible, service_tier="flex")
    assert cost is not None
    assert cost.total == Decimal("0.003")


@pytest.mark.parametrize(("told", "tier"), [("default", None), ("flex", "flex"), (None, "priority")])
def test_the_service_tier_in_a_usage_is_the_one_that_served(told, tier):
    own = {f"input_cost_per_token_{name}": Decimal(cost) for cost, name in enumerate(("flex", "priority"), 5)}
    info = model(input_cost_per_token=Decimal(1), **own)
    counts = {"prompt_tokens": 10, "total_tokens": 10, "service_tier": told}
    assert price(counts, info, service_tier="priority") == price({**counts, "service_tier": tier}, info)


@pytest.mark.parametrize(
    ("extra", "known"),
    [
        ({"speed": "standard", "inference_geo": "global"}, True),
        ({"speed": None, "inference_geo": "not_available"}, True),
        ({"speed": "fast"}, False),
        ({"inference_geo": "us"}, False),
    ],
)
def test_a_usage_that_says_it_was_billed_above_list_has_no_list_price(extra, known):
    assert (price({**usage(10, 5), **extra}, PLAIN) is not None) is known


def test_a_model_that_is_cheaper_at_some_hours_has_a_price_once_the_hour_is_known():
    block = {"hours_utc": "16:00-20:00", "input_cost_per_token": Decimal("0.000001")}
    info = model(**PLAIN.row, off_peak_pricing=block)
    embedded = {"prompt_tokens": 1000, "total_tokens": 1000}
    prices = [price(embedded, info, at=hour * 3600) for hour in (15, 16, 19, 20)]
    assert [cost and cost.total * 1000 for cost in prices] == [2, 1, 1, 2]
    assert price(embedded, info) is None


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


def test_other_fields_of_a_usage_change_nothing():
    """Groq's times, OpenRouter's own cost, xAI's sources."""
    others = {"queue_time": 0.1, "cost": 5.0, "cost_details": {"upstream_inference_cost": 1}, "num_sources_used": 3}
    assert price({**usage(10, 5), **others}, PLAIN) == price(usage(10, 5), PLAIN)


@pytest.mark.parametrize(
    ("counts", "info", "reason"),
    [
        (usage(10, 5), None, "the model is not in the registry"),
        ({"prompt_tokens": 10}, PLAIN, "the usage does not tell both prompt_tokens and completion_tokens"),
        (usage(10, 5), model(), "there is no input_cost_per_token"),
        (usage(10, 5), model(input_cost_per_token=Decimal(1)), "there is no output_cost_per_token"),
        (usage(10, 5, {"audio_tokens": 1}), PLAIN, "there is no input_cost_per_audio_token"),
        (usage(10, 5, {"smell_tokens": 1}), PLAIN, "there is no price for smell_tokens"),
        (usage(10, 5) | {"speed": "fast"}, PLAIN, "the usage has speed 'fast', which is not billed at list prices"),
    ],
)
def test_the_reason_for_no_price_is_told(counts, info, reason):
    assert price_or_reason(counts, info) == reason


def test_a_cost_cannot_be_changed():
    cost = price(usage(10, 5), PLAIN)
    with pytest.raises(FrozenInstanceError):
        # The point of the test.
        cost.total = Decimal(0)  # type: ignore[misc, union-attr]


def test_the_callers_own_decimal_precision_does_not_round_the_price():
    counts = usage(123_456_789, 987_654_321, {"cached_tokens": 98_765_432})
    exact = total(counts, RICH)
    with decimal.localcontext() as context:
        context.prec = 3
        context.traps[decimal.Inexact] = True
        assert total(counts, RICH) == exact


@given(usages())
def test_the_total_is_the_sum_of_the_breakdown_and_of_both_sides(counts):
    cost = price(counts, RICH)
    assert cost is not None
    assert cost.total == cost.input + cost.output == sum(cost.breakdown.values())


@given(usages())
def test_no_part_of_a_cost_is_negative(counts):
    cost = price(counts, RICH)
    assert cost is not None
    assert min(cost.input, cost.output, *cost.breakdown.values(), Decimal(0)) == 0


@given(usages())
def test_the_buckets_hold_every_token_once(counts):
    flat = model(**{name: Decimal(1) for name in RICH.row if "cost" in name})
    assert total(counts, flat) == counts["total_tokens"]


@given(usages(), usages())
def test_more_tokens_never_cost_less(one, other):
    assert total(added(one, other), RICH) >= max(total(one, RICH), total(other, RICH))


@given(usages(), usages())
def test_a_usage_split_over_two_calls_costs_the_same(one, other):
    assert total(added(one, other), RICH) == total(one, RICH) + total(other, RICH)


@given(prompt=counts, data=st.data())
@pytest.mark.parametrize("info", [PLAIN, RICH], ids=["no cache rate", "a cache rate"])
def test_a_cached_prompt_never_costs_more_than_a_fresh_one(info, prompt, data):
    cached = data.draw(st.integers(min_value=0, max_value=prompt))
    assert total(usage(prompt, 5, {"cached_tokens": cached}), info) <= total(usage(prompt, 5), info)


@st.composite
def sized(draw):
    """A usage of a size around the thresholds that vendors have, and parts that every model with such prices prices."""
    edge = draw(st.sampled_from([0, 32, 100, 128, 200, 256, 272, 512])) * 1000
    prompt = max(0, edge + draw(st.integers(min_value=-2, max_value=2) | st.integers(0, 100_000)))
    cached = draw(st.integers(min_value=0, max_value=prompt))
    written = draw(st.integers(min_value=0, max_value=prompt - cached))
    completion = draw(st.integers(min_value=0, max_value=200_000))
    reasoning = draw(st.integers(min_value=0, max_value=completion))
    details = {"cached_tokens": cached, "cache_write_tokens": written}
    return usage(prompt, completion, details, {"reasoning_tokens": reasoning})


TIERS = (None, "flex", "priority", "batch", "ultrafast", "balanced")
PRICED = [info for info in registry().models.values() if info.input_cost_per_token is not None]
NOON = 1_795_262_400  # 2026-11-21, a Saturday
real = st.sampled_from(PRICED)
tiers = st.sampled_from(TIERS)


@given(real, sized(), tiers)
def test_every_bundled_price_is_a_sum_of_parts_that_are_not_negative(info, counts, tier):
    cost = price(counts, info, service_tier=tier, at=NOON)
    if cost is not None:
        assert cost.total == cost.input + cost.output == sum(cost.breakdown.values())
        assert min(cost.breakdown.values(), default=0) >= 0


@given(real, sized(), st.integers(0, 1000), st.integers(0, 1000), tiers)
def test_no_bundled_model_charges_less_for_more_tokens(info, counts, prompt, completion, tier):
    more = usage(
        counts["prompt_tokens"] + prompt,
        counts["completion_tokens"] + completion,
        counts["prompt_tokens_details"],
        counts["completion_tokens_details"],
    )
    one, other = (price(each, info, service_tier=tier, at=NOON) for each in (counts, more))
    if one is not None and other is not None:
        assert other.total >= one.total


@given(real, sized(), tiers)
def test_no_bundled_model_charges_more_for_cached_tokens_than_for_fresh_ones(info, counts, tier):
    details = {**counts["prompt_tokens_details"], "cached_tokens": 0}
    cached, fresh = (
        price(each, info, service_tier=tier, at=NOON) for each in (counts, {**counts, "prompt_tokens_details": details})
    )
    if cached is not None and fresh is not None:
        assert cached.total <= fresh.total


@given(real, sized(), st.data())
def test_a_usage_split_over_two_calls_costs_the_same_within_a_size(info, counts, data):
    """A tier begins with the size of one prompt, so only calls of the same tier are compared."""
    parts = {
        side: {name: data.draw(st.integers(0, count)) for name, count in counts[side].items()}
        for side in ("prompt_tokens_details", "completion_tokens_details")
    }
    rests = [
        counts[f"{side}_tokens"] - sum(counts[f"{side}_tokens_details"].values()) for side in ("prompt", "completion")
    ]
    halves = [data.draw(st.integers(0, rest)) for rest in rests]
    one = usage(
        halves[0] + sum(parts["prompt_tokens_details"].values()),
        halves[1] + sum(parts["completion_tokens_details"].values()),
        parts["prompt_tokens_details"],
        parts["completion_tokens_details"],
    )
    other = taken_from(counts, one)
    book = rate_book(info.row)
    assume(len({id(book.rates(each["prompt_tokens"], None, NOON)) for each in (counts, one, other)}) == 1)
    costs = [price(each, info, at=NOON) for each in (counts, one, other)]
    if None not in costs:
        whole, first, second = (cost.total for cost in costs if cost is not None)
        assert whole == first + second


def taken_from(whole, part):
    """What is left of a usage without another one."""
    if isinstance(whole, int):
        return whole - part
    return {name: taken_from(whole[name], part[name]) for name in whole}


def test_every_bundled_model_has_a_price_or_is_known_to_have_none():
    counts = {"prompt_tokens": 1000, "total_tokens": 1000}
    priced = {key for key, info in registry().models.items() if price(counts, info, at=NOON) is not None}
    prices = ("input_cost_per_token", "tiered_pricing")
    assert priced == {
        key for key, info in registry().models.items() if any(info.row.get(name) is not None for name in prices)
    }


def test_every_bundled_threshold_lies_exactly_where_its_row_says():
    found = 0
    for info in PRICED:
        fields = {"input_cost_per_token": -1, **{name: _threshold(name) for name in info.row if _threshold(name)}}
        steps = sorted(fields.items(), key=lambda field: field[1])
        for (below, _), (above, threshold) in pairwise(steps):
            begins = threshold + (not info.row.get("tier_includes_threshold"))
            for tokens, name in ((begins - 1, below), (begins, above)):
                cost = price({"prompt_tokens": tokens, "total_tokens": tokens}, info, at=NOON)
                assert cost is not None, (info.key, name)
                assert cost.total == tokens * info.row[name], (info.key, name)
                found += 1
    assert found > 0


def _threshold(name):
    size = name.removeprefix("input_cost_per_token_above_").removesuffix("k_tokens")
    return int(size) * 1000 if size.isdigit() else 0


def test_no_bundled_price_breaks_a_rule_of_prices():
    """Of all sizes, tiers and hours: cached costs no more than fresh, written no less, and no large prompt is cheaper.

    A row that breaks one is wrong until its notes say why it is not.
    """
    broken: list[tuple[object, ...]] = []
    for info in PRICED:
        book = rate_book(info.row)
        for tier in TIERS:
            spans = list(book.possible(0, None, tier))
            for span in spans:
                rules = [("cached", "prompt"), ("cached_audio", "audio_input"), ("prompt", "cache_write")]
                broken += [(info.key, tier, *rule) for rule in rules if _dearer(span.rates, *rule)]
            if "off_peak_pricing" not in info.row:
                broken += [
                    (info.key, tier, kind, after.fewest)
                    for before, after in pairwise(spans)
                    for kind in FIELDS
                    if (old := before.rates[kind]) is not None and (new := after.rates[kind]) is not None and new < old
                ]
    assert broken == []


def _dearer(rates, one, other):
    return rates[one] is not None and rates[other] is not None and rates[one] > rates[other]


@pytest.mark.parametrize(
    ("counts", "most_us"),
    [
        pytest.param(usage(1000, 500), 6, id="plain"),
        pytest.param(
            {
                **usage(
                    1000,
                    500,
                    {
                        "cached_tokens": 100,
                        "cache_creation_tokens": 50,
                        "cache_creation_token_details": {"ephemeral_5m_input_tokens": 50},
                    },
                    {"reasoning_tokens": 100, "audio_tokens": 0},
                ),
                "cache_read_input_tokens": 100,
                "cache_creation_input_tokens": 50,
            },
            20,
            id="everything",
        ),
    ],
)
def test_a_price_takes_microseconds(counts, most_us):
    """The measured 6 and 16 µs, with room for a busy machine."""
    if sys.gettrace() is not None:
        pytest.skip("measuring coverage takes longer than what is measured")
    seconds = min(timeit.repeat(lambda: price(counts, RICH), number=1000, repeat=20)) / 1000
    assert seconds < 8 * most_us / 1e6
