"""Cost: every token is priced once, at its own rate, and a rate nobody knows makes no price."""

import decimal
import timeit
from dataclasses import FrozenInstanceError
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.cost import Cost, price
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
        ({"prompt_tokens": "10", "completion_tokens": 5}, "prompt_tokens must be a whole number from 0, not '10'"),
        (usage(10, 5, None, {"reasoning_tokens": 1.5}), "reasoning_tokens must be a whole number from 0, not 1.5"),
        (usage(10, 5, [1]), "prompt_tokens_details must be an object, not \\[1\\]"),
        (usage(True, 5), "prompt_tokens must be a whole number from 0, not True"),
    ],
)
def test_counts_that_cannot_be_are_refused_with_both_numbers(counts, message):
    with pytest.raises(ValueError, match=message):
        price(counts, RICH)


@pytest.mark.parametrize(("prompt", "known"), [(272_000, True), (272_001, False)])
def test_a_prompt_beyond_the_first_tier_has_no_price_at_base_rates(prompt, known):
    cost = price(usage(prompt, 1), registry().find("openai", "gpt-6-sol"))
    assert (cost is not None) is known


@pytest.mark.parametrize("tier", [None, "", "auto", "default", "standard"])
def test_the_list_price_is_for_the_standard_tier(tier):
    assert price(usage(10, 5), PLAIN, service_tier=tier) == price(usage(10, 5), PLAIN)


@pytest.mark.parametrize("tier", ["flex", "priority", "batch", "scale"])
def test_another_service_tier_has_no_list_price(tier):
    assert price(usage(10, 5), PLAIN, service_tier=tier) is None


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


@pytest.mark.parametrize("key", registry().models)
def test_every_bundled_model_has_a_price_or_is_known_to_have_none(key):
    info = registry().models[key]
    cost = price(usage(1000, 1000), info)
    if info.provider == "meta_llama":
        assert cost is None
    else:
        assert cost is not None
        assert cost.total == 1000 * (info.row["input_cost_per_token"] + info.row["output_cost_per_token"])


def test_a_price_takes_microseconds():
    """The measured 6 µs, with room for a busy machine."""
    counts = usage(1000, 500, {"cached_tokens": 100, "audio_tokens": 0}, {"reasoning_tokens": 100, "audio_tokens": 0})
    seconds = min(timeit.repeat(lambda: price(counts, RICH), number=1000, repeat=20)) / 1000
    assert seconds < 50e-6
