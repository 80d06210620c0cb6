"""Cost: every token is priced once, at its own rate, and a rate nobody knows makes no price."""

import decimal
from dataclasses import FrozenInstanceError
from decimal import Decimal
from types import MappingProxyType

import pytest

from litellm_lite.cost import Cost, price, price_or_reason
from litellm_lite.registry import registry
from tests.cost.samples import PLAIN, RICH, model, total, usage


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
