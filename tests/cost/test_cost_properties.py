"""What holds for every usage and every price, those of the registry included."""

import sys
import timeit
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from litellm_lite.cost import price
from litellm_lite.cost.rates import FIELDS, rate_book
from litellm_lite.registry import registry
from tests.cost.samples import PLAIN, RICH, added, counts, model, total, usage, usages


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
