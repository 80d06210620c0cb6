"""Which price holds for a request: by the size of its prompt, the service tier that served it, and the hour."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.cost.rates import FIELDS, SERVICE_TIERS, RateBook, rate_book, served

ROW = {
    "input_cost_per_token": Decimal(1),
    "output_cost_per_token": Decimal(2),
    "input_cost_per_token_above_200k_tokens": Decimal(3),
    "output_cost_per_token_above_200k_tokens": Decimal(4),
    "input_cost_per_token_flex": Decimal(5),
    "output_cost_per_token_flex": Decimal(6),
    "input_cost_per_token_above_200k_tokens_flex": Decimal(7),
    "output_cost_per_token_above_200k_tokens_flex": Decimal(8),
}
TIERED = {
    "tiered_pricing": [
        {"range": [32_000, 128_000], "input_cost_per_token": Decimal(3), "cache_read_input_token_cost": Decimal(1)},
        {"range": [0, 32_000], "input_cost_per_token": Decimal(2), "cache_read_input_token_cost": Decimal(1)},
    ]
}
OFF_PEAK = {
    "input_cost_per_token": Decimal(4),
    "output_cost_per_token": Decimal(8),
    "input_cost_per_token_flex": Decimal(3),
    "output_cost_per_reasoning_token": Decimal(9),
    "off_peak_pricing": {
        "input_cost_per_token": Decimal(2),
        "output_cost_per_token": Decimal(5),
        "windows": [
            {"hours_utc": ["00:00-01:00", "10:00-00:00"], "weekdays": [1, 2, 3, 4, 5]},
            {"hours_utc": "00:00-00:00", "weekdays": [6, 7]},
        ],
    },
}


def rate(row, kind="prompt", prompt_tokens=10, service_tier=None, at=None):
    rates = RateBook(row).rates(prompt_tokens, service_tier, at)
    return None if rates is None else rates[kind]


def at(day, hour, minute=0):
    """A time in November 2026; the 16th is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(("tokens", "price"), [(0, 1), (199_999, 1), (200_000, 1), (200_001, 3), (10**9, 3)])
def test_a_prompt_larger_than_the_threshold_is_billed_at_the_higher_rate(tokens, price):
    assert rate(ROW, prompt_tokens=tokens) == price


@pytest.mark.parametrize(("tokens", "price"), [(199_999, 1), (200_000, 3), (200_001, 3)])
def test_some_vendors_begin_the_higher_rate_at_the_threshold(tokens, price):
    assert rate({**ROW, "tier_includes_threshold": True}, prompt_tokens=tokens) == price


@pytest.mark.parametrize(
    ("tokens", "price"), [(32_000, 1), (32_001, 2), (128_000, 2), (128_001, 3), (512_000, 3), (512_001, 4)]
)
def test_the_highest_threshold_that_was_passed_counts(tokens, price):
    sizes = {f"input_cost_per_token_above_{size}k_tokens": Decimal(i) for i, size in enumerate((32, 128, 512), 2)}
    assert rate({"input_cost_per_token": Decimal(1), **sizes}, prompt_tokens=tokens) == price


def test_a_threshold_at_which_nobody_knows_this_price_makes_it_unknown():
    row = {**ROW, "output_cost_per_audio_token": Decimal(9)}
    assert rate(row, "audio_output", 200_000) == 9
    assert rate(row, "audio_output", 200_001) is None


def test_a_threshold_of_prices_that_are_not_per_token_changes_nothing():
    assert rate({**ROW, "input_cost_per_character_above_128k_tokens": Decimal(9)}, prompt_tokens=130_000) == 1


def test_a_price_for_large_prompts_that_became_unknown_leaves_its_threshold():
    assert rate({**ROW, "input_cost_per_token_above_200k_tokens": None}, prompt_tokens=200_001) is None


@pytest.mark.parametrize(("tokens", "price"), [(0, 2), (32_000, 2), (32_001, 3), (128_000, 3), (128_001, None)])
def test_a_list_of_ranges_is_read_with_what_is_beyond_them_unknown(tokens, price):
    assert rate(TIERED, prompt_tokens=tokens) == price


def test_the_last_range_may_have_no_end():
    first, last = {"range": [0, 10], "input_cost_per_token": 1}, {"range": [10, None], "input_cost_per_token": 2}
    assert rate({"tiered_pricing": [first, last]}, prompt_tokens=10**12) == 2
    spans = RateBook({"tiered_pricing": [first, last]}).possible(5, None, None)
    assert [(span.fewest, span.most) for span in spans] == [(5, 10), (11, None)]


def test_a_gap_between_ranges_has_no_price():
    row = {"tiered_pricing": [{"range": [10, 20], "input_cost_per_token": Decimal(1)}]}
    assert [rate(row, prompt_tokens=tokens) for tokens in (10, 11, 20, 21)] == [None, 1, 1, None]


@pytest.mark.parametrize(
    "row",
    [
        {"tiered_pricing": [{"range": [0, 20]}, {"range": [10, 30]}]},
        {"tiered_pricing": [{"range": [0, None]}, {"range": [10, 30]}]},
        {"tiered_pricing": [{"max_results_range": [0, 20]}]},
        {"tiered_pricing": "cheap"},
        {"off_peak_pricing": {"windows": [{"hours_utc": "noon"}]}},
        {"off_peak_pricing": {"windows": [{"hours_utc": "1:00-2:00", "weekdays": ["someday"]}]}},
        {"off_peak_pricing": {"hours_utc": "1:00-2:00", "weekday_timezone": "Moon/Crater"}},
        {"off_peak_pricing": []},
    ],
)
def test_conditions_that_cannot_be_read_leave_no_price_known(row):
    book = RateBook({"input_cost_per_token": Decimal(1), **row})
    rates = book.rates(10, None, at(16, 12))
    assert rates is not None
    assert rates["prompt"] is None
    assert "cannot be read" in book.unknown("prompt", 10, None, at(16, 12))


@pytest.mark.parametrize(
    ("tier", "price"),
    [
        (None, 1),
        ("", 1),
        ("auto", 1),
        ("default", 1),
        ("standard", 1),
        ("on_demand", 1),
        ("standard_only", 1),
        ("flex", 5),
        ("on_demand_flex", 5),
        ("priority", None),
        ("batch", None),
        ("batches", None),
        ("ultrafast", None),
        ("scale", None),
        ("flexible", None),
    ],
)
def test_a_service_tier_has_prices_of_its_own_or_none(tier, price):
    assert rate(ROW, service_tier=tier) == price


@pytest.mark.parametrize("suffix", sorted({*SERVICE_TIERS.values()} - {""}))
def test_every_suffix_of_litellm_is_read(suffix):
    names = [name for name, own in SERVICE_TIERS.items() if own == suffix]
    row = {f"{FIELDS['prompt']}{suffix}": Decimal(7)}
    assert [rate(row, service_tier=name) for name in names] == [7] * len(names)


def test_a_service_tier_and_a_size_are_both_in_the_name():
    assert rate(ROW, prompt_tokens=200_001, service_tier="flex") == 7
    assert rate(ROW, "completion", 200_001, "flex") == 8


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("cache_write_1h", "cache_creation_input_token_cost_above_1hr"),
        ("cache_write_12h", "cache_creation_input_token_cost_above_12hr"),
    ],
)
def test_how_long_a_cache_is_kept_comes_before_the_size_in_a_name(kind, field):
    row = {**ROW, field: Decimal(9), f"{field}_above_200k_tokens_flex": Decimal(11)}
    assert rate(row, kind) == 9
    assert rate(row, kind, 200_001, "flex") == 11
    assert rate(row, kind, 200_001) is None


@pytest.mark.parametrize("tier", [None, "flex"])
def test_without_any_price_for_cached_tokens_they_cost_what_fresh_ones_do(tier):
    assert rate(ROW, "cached", service_tier=tier) == rate(ROW, service_tier=tier)


def test_a_price_for_cached_tokens_at_list_is_none_at_another_tier_and_no_reason_for_the_full_price():
    row = {**ROW, "cache_read_input_token_cost": Decimal("0.1")}
    assert rate(row, "cached") == Decimal("0.1")
    assert rate(row, "cached", service_tier="flex") is None
    assert rate(row, "cached", 200_001) is None


def test_a_price_for_cached_tokens_in_one_range_is_none_in_another():
    first, second = TIERED["tiered_pricing"]
    row = {"tiered_pricing": [second, {**first, "cache_read_input_token_cost": None}]}
    assert rate(row, "cached", 32_001) is None


@pytest.mark.parametrize(("kind", "rest"), [("reasoning", "completion"), ("image_input", "prompt")])
@pytest.mark.parametrize("tier", [None, "flex", "priority"])
def test_reasoning_and_images_are_billed_like_the_rest_where_the_list_does_so(kind, rest, tier):
    same = {**ROW, FIELDS[kind]: ROW[FIELDS[rest]]}
    assert rate(ROW, kind, service_tier=tier) == rate(same, kind, service_tier=tier) == rate(ROW, rest, 10, tier)


@pytest.mark.parametrize(("kind", "rest"), [("reasoning", "completion"), ("image_input", "prompt")])
def test_a_price_apart_at_list_is_no_price_at_another_tier(kind, rest):
    row = {**ROW, FIELDS[kind]: Decimal(99)}
    assert rate(row, kind) == 99
    assert rate(row, kind, service_tier="flex") is None
    assert rate(row, rest, service_tier="flex") == ROW[f"{FIELDS[rest]}_flex"]


@pytest.mark.parametrize("kind", ["cache_write", "cache_write_1h", "audio_input", "video_input", "audio_output"])
def test_what_is_never_billed_like_the_rest_needs_its_own_price(kind):
    assert rate(ROW, kind) is None


@pytest.mark.parametrize(
    ("prices", "kind", "price"),
    [
        ({}, "cached_audio", None),
        ({"audio_input": 7}, "cached_audio", 7),
        ({"audio_input": 7, "cached": 1}, "cached_audio", None),
        ({"audio_input": 7, "cached": 1, "cached_audio": 2}, "cached_audio", 2),
        ({}, "cached_image", 3),
        ({"cached": 1}, "cached_image", 1),
        ({"cached": 1, "image_input": 3}, "cached_image", 1),
        ({"image_input": 7}, "cached_image", 7),
        ({"image_input": 7, "cached": 1}, "cached_image", None),
        ({"image_input": 7, "cached": 1, "cached_image": 2}, "cached_image", 2),
    ],
)
def test_cached_sounds_and_images_have_a_known_discount_or_no_price(prices, kind, price):
    row = {FIELDS[name]: Decimal(value) for name, value in {"prompt": 3, **prices}.items()}
    assert rate(row, kind) == price


@pytest.mark.parametrize(
    ("when", "price"),
    [
        (at(16, 0), 2),
        (at(16, 0, 59), 2),
        (at(16, 1), 4),
        (at(16, 9, 59), 4),
        (at(16, 10), 2),
        (at(16, 23, 59), 2),
        (at(20, 9), 4),
        (at(21, 9), 2),
        (at(22, 0), 2),
        (at(22, 23, 59), 2),
        (at(23, 1), 4),
    ],
)
def test_off_peak_hours_begin_and_end_to_the_minute_on_their_days(when, price):
    assert rate(OFF_PEAK, at=when) == price


def test_without_the_hour_neither_price_is_known():
    assert rate(OFF_PEAK) is None
    assert "depends on the hour" in RateBook(OFF_PEAK).unknown("prompt", 10, None, None)


def test_a_price_that_is_not_stated_for_off_peak_hours_is_not_known_then():
    assert rate(OFF_PEAK, "reasoning", at=at(16, 5)) == 9
    assert rate(OFF_PEAK, "reasoning", at=at(16, 0)) is None
    assert "hours off peak" in RateBook(OFF_PEAK).unknown("reasoning", 10, None, at(16, 0))


def test_whether_a_service_tier_is_cheaper_off_peak_is_not_known():
    assert rate(OFF_PEAK, service_tier="flex", at=at(16, 5)) == 3
    assert rate(OFF_PEAK, service_tier="flex", at=at(16, 0)) is None


def test_hours_of_every_day_may_pass_midnight():
    row = {"input_cost_per_token": 4, "off_peak_pricing": {"hours_utc": "16:30-00:30", "input_cost_per_token": 2}}
    hours = [(16, 29), (16, 30), (23, 59), (0, 29), (0, 30)]
    assert [rate(row, at=at(16, hour, minute)) for hour, minute in hours] == [4, 2, 2, 2, 4]


def test_days_may_be_named_and_be_those_of_another_place():
    window = {"hours_utc": "00:00-00:00", "weekdays": ["Sat", "sunday"]}
    block = {"windows": [window], "weekday_timezone": "Asia/Shanghai", "input_cost_per_token": 2}
    row = {"input_cost_per_token": 4, "off_peak_pricing": block}
    hours = [(20, 15), (20, 16), (22, 15), (22, 16)]
    assert [rate(row, at=at(day, hour)) for day, hour in hours] == [4, 2, 2, 4]


@pytest.mark.parametrize("when", [float("nan"), float("inf"), 1e30, -1e30])
def test_a_time_that_is_none_is_refused(when):
    with pytest.raises(ValueError, match="at must be a time in epoch seconds"):
        rate(OFF_PEAK, at=when)


@pytest.mark.parametrize(
    ("asked", "told", "billed"),
    [
        (None, None, None),
        ("priority", None, "priority"),
        ("priority", "default", "default"),
        ("auto", "priority", "priority"),
        (None, "STANDARD", "standard"),
        ("batch", "default", "batch"),
        ("batches", "standard", "batches"),
        ("flex", {"type": "flex"}, "flex"),
        ("Flex", None, "flex"),
        ({"type": "flex"}, None, "{'type': 'flex'}"),
    ],
)
def test_the_tier_an_answer_tells_is_billed_but_an_answer_out_of_a_batch_does_not_tell(asked, told, billed):
    assert served(asked, told) == billed


@pytest.mark.parametrize(
    ("kind", "tokens", "tier", "reason"),
    [
        ("cached", 200_001, None, "there is no input_cost_per_token_above_200k_tokens_priority"),
        ("reasoning", 10, "priority", "there is no output_cost_per_token_priority"),
        ("audio_input", 10, None, "there is no input_cost_per_audio_token"),
        ("smell_tokens", 10, None, "there is no price for smell_tokens"),
        ("prompt", 10, "scale", "there are no prices for the service tier 'scale'"),
    ],
)
def test_what_is_missing_is_named_as_it_would_stand_in_the_row(kind, tokens, tier, reason):
    tier = "priority" if "_priority" in reason else tier
    assert RateBook(ROW).unknown(kind, tokens, tier, None) == reason


def test_a_row_is_read_once_and_equal_rows_are_not_taken_for_each_other():
    other = dict(ROW)
    assert rate_book(ROW) is rate_book(ROW)
    assert rate_book(ROW) is not rate_book(other)


def test_a_price_that_is_a_whole_number_in_the_file_is_exact_too():
    assert isinstance(rate({"input_cost_per_token": 0}), Decimal)


sizes = st.integers(min_value=0, max_value=600_000)


@given(fewest=sizes, more=st.none() | sizes, inside=sizes, row=st.sampled_from([ROW, TIERED, {**ROW, **TIERED}]))
@pytest.mark.parametrize("inclusive", [False, True])
def test_what_may_hold_for_some_sizes_is_what_holds_for_each_of_them(inclusive, fewest, more, inside, row):
    book = RateBook({**row, "tier_includes_threshold": inclusive})
    most = None if more is None else fewest + more
    tokens = fewest + inside if most is None else min(fewest + inside, most)
    spans = list(book.possible(fewest, most, None))
    assert spans[0].fewest == fewest
    assert spans[-1].most == most
    assert all(one.most is not None and one.most + 1 == following.fewest for one, following in pairwise(spans))
    (holding,) = (span for span in spans if span.fewest <= tokens and (span.most is None or tokens <= span.most))
    assert holding.rates is book.rates(tokens)
