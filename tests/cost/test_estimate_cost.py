"""Cost before the call: at least and at most, and a budget that is held before anything is sent."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from litellm_lite.cost import price
from litellm_lite.cost.budget import TEXT, check_budget, estimate, prompt_kinds
from litellm_lite.errors import BadRequestError, BudgetExceededError, NotFoundError, PriceUnknown
from litellm_lite.pricing import CostEstimate, estimate_call, estimate_cost
from litellm_lite.registry import ModelInfo, registry
from litellm_lite.tokens.count import TokenCount

MESSAGES = [{"role": "user", "content": "Hello"}]


def model(**row):
    return ModelInfo("vendor/model", "vendor", "model", {"source": "https://vendor.example/", **row})


def exactly(tokens):
    return TokenCount(tokens, exact=True, least=tokens, most=tokens, method="counted")


def between(least, most):
    return TokenCount(least, exact=False, least=least, most=most, method="estimated")


PLAIN = model(input_cost_per_token=Decimal(2), output_cost_per_token=Decimal(8), max_output_tokens=100)
CACHED = model(
    **PLAIN.row,
    cache_read_input_token_cost=Decimal(1),
    cache_creation_input_token_cost=Decimal(3),
    cache_creation_input_token_cost_above_1hr=Decimal(4),
    output_cost_per_reasoning_token=Decimal(9),
    verified="2026-11-21",
)
SIZED = model(
    **PLAIN.row,
    input_cost_per_token_above_200k_tokens=Decimal(4),
    output_cost_per_token_above_200k_tokens=Decimal(16),
)


def bounds(*args, **kwargs):
    made = estimate(*args, **kwargs)
    return made.least, made.most


def test_least_is_the_prompt_alone_and_most_has_the_longest_answer():
    assert estimate(exactly(10), PLAIN, 5) == CostEstimate(
        model="vendor/model",
        least=Decimal(20),
        most=Decimal(60),
        prompt=exactly(10),
        max_tokens=5,
        n=1,
        service_tier=None,
        price_source="https://vendor.example/",
        price_date="",
    )


def test_the_model_limits_the_answer_where_the_caller_does_not():
    made = estimate(exactly(10), PLAIN)
    assert (made.max_tokens, made.most) == (100, Decimal(820))


def test_each_of_n_answers_may_be_the_longest():
    assert bounds(exactly(10), PLAIN, 5, n=3) == (20, 140)


def test_cached_tokens_are_the_cheapest_and_written_ones_and_reasoning_the_dearest():
    made = estimate(exactly(10), CACHED, 5)
    assert (made.least, made.most, made.price_date) == (Decimal(10), Decimal(75), "2026-11-21")


def test_the_bounds_of_the_count_are_the_bounds_of_the_cost():
    assert bounds(between(10, 20), PLAIN, 5) == (20, 80)


def test_a_prompt_that_may_pass_a_threshold_may_cost_the_higher_rate():
    assert bounds(between(199_990, 200_010), SIZED, 5) == (199_990 * 2, 200_010 * 4 + 5 * 16)
    assert bounds(between(199_990, 200_000), SIZED, 5) == (199_990 * 2, 200_000 * 2 + 5 * 8)
    assert bounds(between(200_001, 200_010), SIZED, 5) == (200_001 * 4, 200_010 * 4 + 5 * 16)


def test_a_larger_prompt_that_is_cheaper_makes_the_least_cheaper():
    odd = model(**{**SIZED.row, "input_cost_per_token_above_200k_tokens": Decimal("0.1")})
    assert bounds(between(199_990, 200_010), odd, 0)[0] == Decimal("20000.1")


def test_without_bounds_there_is_no_most():
    assert bounds(between(10, None), PLAIN, 5) == (20, None)
    assert bounds(exactly(10), model(input_cost_per_token=Decimal(2), output_cost_per_token=Decimal(8))) == (20, None)


def test_the_window_bounds_a_prompt_that_nothing_else_bounds():
    windowed = model(**PLAIN.row, max_input_tokens=50)
    assert bounds(between(10, None), windowed, 5) == (20, 140)
    assert bounds(between(60, None), windowed, 5) == (120, 160)


def test_what_is_free_is_free_without_bounds_too():
    free = model(input_cost_per_token=Decimal(0), output_cost_per_token=Decimal(0))
    assert bounds(between(10, None), free) == (0, 0)


def test_a_price_that_is_only_unknown_for_the_answer_leaves_a_least():
    half = model(input_cost_per_token=Decimal(2))
    assert bounds(exactly(10), half, 5) == (20, None)
    assert bounds(exactly(10), half, 0) == (20, 20)


def test_an_embedding_has_no_answer():
    assert bounds(exactly(10), model(input_cost_per_token=Decimal(2), mode="embedding")) == (20, 20)


def test_a_price_that_is_only_unknown_for_larger_prompts_leaves_a_least():
    half = model(**{**SIZED.row, "input_cost_per_token_above_200k_tokens": None})
    assert bounds(between(199_990, 200_010), half, 5) == (199_990 * 2, None)


FLEX = {"input_cost_per_token_flex": Decimal(1), "output_cost_per_token_flex": Decimal(4)}


def test_a_service_tier_has_bounds_of_its_own():
    made = estimate(exactly(10), model(**PLAIN.row, **FLEX), 5, service_tier="flex")
    assert (made.least, made.most, made.service_tier) == (Decimal(10), Decimal(30), "flex")


def test_a_discount_of_unknown_size_leaves_nothing_certain_but_that_it_costs_no_less_than_nothing():
    cached = {"cache_read_input_token_cost": Decimal(1)}
    assert bounds(exactly(10), model(**PLAIN.row, **FLEX, **cached), 5, service_tier="flex") == (0, 30)


@pytest.mark.parametrize("name", ["cache_creation_input_token_cost", "output_cost_per_reasoning_token"])
def test_a_surcharge_of_unknown_size_leaves_no_most(name):
    surcharged = model(**PLAIN.row, **FLEX, **{name: Decimal(99)})
    assert bounds(exactly(10), surcharged, 5, service_tier="flex") == (10, None)


def test_a_vendor_short_of_priority_may_serve_and_bill_at_list():
    fast = model(**PLAIN.row, input_cost_per_token_priority=Decimal(4), output_cost_per_token_priority=Decimal(16))
    assert bounds(exactly(10), fast, 5, service_tier="priority") == (20, 120)


def test_cheaper_hours_may_be_when_the_answer_comes():
    block = {"hours_utc": "16:00-20:00", "input_cost_per_token": Decimal(1), "output_cost_per_token": Decimal(4)}
    assert bounds(exactly(10), model(**PLAIN.row, off_peak_pricing=block), 5) == (10, 60)


@pytest.mark.parametrize(
    ("info", "tier", "reason"),
    [
        (model(), None, "there is no input_cost_per_token;"),
        (PLAIN, "flex", "there is no input_cost_per_token_flex;"),
        (PLAIN, "priority", "there is no input_cost_per_token_priority;"),
        (PLAIN, "scale", "there are no prices for the service tier 'scale';"),
    ],
)
def test_without_prices_there_is_no_estimate(info, tier, reason):
    with pytest.raises(PriceUnknown) as raised:
        estimate(exactly(10), info, 5, service_tier=tier)
    assert str(raised.value) == (
        f"vendor/model: the cost is not known: {reason} pass the prices, or add them with register_model()"
    )
    assert (raised.value.provider, raised.value.model) == ("vendor", "model")


@pytest.mark.parametrize(
    ("part", "kinds"),
    [
        ({"type": "text", "text": "x"}, set()),
        ({"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}, set()),
        ({"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}}, {"cache_write_1h"}),
        ({"type": "image_url", "image_url": {"url": "x"}}, {"image_input", "cached_image"}),
        ({"type": "file", "file": {}}, {"image_input", "cached_image"}),
        ({"type": "input_audio", "input_audio": {}}, {"audio_input", "cached_audio"}),
        ({"type": "video_url", "video_url": {}}, {"video_input"}),
        ("text", set()),
    ],
)
def test_what_a_prompt_may_be_billed_as_depends_on_what_is_in_it(part, kinds):
    assert prompt_kinds([{"role": "user", "content": [part]}]) == TEXT | kinds


def test_a_cache_of_an_hour_may_be_asked_for_by_a_message_or_a_tool():
    marked = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
    assert "cache_write_1h" in prompt_kinds([{"role": "user", "content": "x", **marked}])
    assert "cache_write_1h" in prompt_kinds(MESSAGES, [{"type": "function", "function": {}, **marked}])
    assert bounds(exactly(10), CACHED, 0, kinds=TEXT | {"cache_write_1h"}) == (10, 40)


def test_sound_has_no_estimate_without_a_price_for_sound():
    kinds = prompt_kinds([{"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}])
    with pytest.raises(PriceUnknown, match="there is no input_cost_per_audio_token;"):
        estimate(exactly(10), PLAIN, 5, kinds=kinds)
    assert bounds(exactly(10), model(**PLAIN.row, input_cost_per_audio_token=Decimal(7)), 0, kinds=kinds) == (20, 70)


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_tokens", -1), ("max_tokens", 1.5), ("max_tokens", True), ("max_tokens", "9"), ("n", 0), ("n", None)],
)
def test_an_answer_of_no_possible_length_is_refused(name, value):
    with pytest.raises(BadRequestError, match=f"{name} must be a whole number") as raised:
        estimate(exactly(10), PLAIN, **{name: value})
    assert raised.value.param == name


@pytest.mark.parametrize("budget", [Decimal(20), 20, 20.0, "20", "2e1", 21])
def test_a_budget_of_the_least_cost_is_enough(budget):
    check_budget(estimate(exactly(10), PLAIN, 5), budget)


@pytest.mark.parametrize("budget", [Decimal("19.99"), 0, 19.0, "0.5"])
def test_a_call_that_costs_more_than_its_budget_at_the_least_is_refused_with_both(budget):
    with pytest.raises(BudgetExceededError) as raised:
        check_budget(estimate(exactly(10), PLAIN, 5), budget)
    assert (raised.value.current_cost, raised.value.max_budget) == (20.0, float(budget))
    assert str(raised.value) == (
        f"vendor/model: the call would cost at least $20, and its budget is ${Decimal(str(budget)).normalize():f}; "
        "shorten the prompt, choose a cheaper model, or raise budget="
    )


def test_small_amounts_are_written_out():
    small = model(input_cost_per_token=Decimal("1e-9"), output_cost_per_token=Decimal(0))
    with pytest.raises(BudgetExceededError, match=r"at least \$0\.00000001, and its budget is \$0\.000000001;"):
        check_budget(estimate(exactly(10), small, 5), 1e-9)


@pytest.mark.parametrize(
    "budget",
    [
        -1,
        float("nan"),
        float("inf"),
        "much",
        "",
        None,
        True,
        [1],
        "NaN",
        "-Infinity",
        pytest.param(10**5000, id="huge"),
    ],
)
def test_a_budget_that_is_no_amount_is_refused(budget):
    with pytest.raises(BadRequestError, match="budget must be US dollars, a number from 0") as raised:
        check_budget(estimate(exactly(10), PLAIN, 5), budget)
    assert raised.value.param == "budget"


def test_an_estimate_by_name_counts_the_prompt():
    made = estimate_cost("gpt-4o", MESSAGES, 100)
    info = registry().models["gpt-4o"]
    assert made == estimate_call(info, MESSAGES, 100)
    assert made.prompt.least <= made.prompt.tokens
    assert made.least == made.prompt.least * info.row["cache_read_input_token_cost"]
    assert made.most is not None
    assert made.most >= made.least + 100 * info.row["output_cost_per_token"]


def test_tools_and_images_make_an_estimate_larger():
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
    plain, with_tool = estimate_cost("gpt-4o", MESSAGES, 9), estimate_cost("gpt-4o", MESSAGES, 9, tools=[tool])
    assert with_tool.least >= plain.least
    assert with_tool.most is None or (plain.most is not None and with_tool.most > plain.most)


def test_prices_of_the_callers_own_are_taken_for_a_model_nobody_knows():
    made = estimate_cost("acme/best", MESSAGES, 10, input_cost_per_token=1, output_cost_per_token="0.5")
    assert (made.model, made.price_source) == ("acme/best", "the caller")
    assert made.least == made.prompt.least


def test_base_model_names_the_prices_of_a_deployment():
    assert estimate_cost("azure/my-deployment", MESSAGES, 9, base_model="gpt-4o") == estimate_cost(
        "gpt-4o", MESSAGES, 9
    )


def test_an_unknown_model_is_refused_with_the_nearest_name():
    with pytest.raises(NotFoundError, match="'gpt-4oo'; did you mean 'gpt-4o"):
        estimate_cost("gpt-4oo", MESSAGES)


def test_a_model_without_prices_is_refused_as_such():
    with pytest.raises(PriceUnknown, match=r"meta_llama/Llama-3\.3-8B-Instruct: the cost is not known"):
        estimate_cost("meta_llama/Llama-3.3-8B-Instruct", MESSAGES)


rates = st.integers(min_value=0, max_value=9).map(Decimal)
FIELDS = {
    f"{kind}{size}{tier}"
    for kind in (
        "input_cost_per_token",
        "output_cost_per_token",
        "cache_read_input_token_cost",
        "cache_creation_input_token_cost",
        "output_cost_per_reasoning_token",
    )
    for size in ("", "_above_32k_tokens", "_above_128k_tokens")
    for tier in ("", "_flex", "_priority")
}
rows = st.dictionaries(st.sampled_from(sorted(FIELDS)), rates, min_size=8).map(
    lambda row: {"input_cost_per_token": Decimal(2), "output_cost_per_token": Decimal(3), **row}
)
OFF_PEAK = {"hours_utc": "00:00-12:00", "input_cost_per_token": 1, "output_cost_per_token": 1}
hours = st.sampled_from([{}, {"off_peak_pricing": OFF_PEAK}])
generated = st.builds(
    lambda row, block, inclusive: model(**row, **block, tier_includes_threshold=inclusive), rows, hours, st.booleans()
)
real = st.sampled_from([info for info in registry().models.values() if info.input_cost_per_token is not None])


@given(info=generated | real, data=st.data())
def test_no_real_cost_lies_outside_an_estimate(info, data):
    """Whatever the vendor makes of the prompt, whichever tier it serves, and whenever the answer comes."""
    around = data.draw(st.sampled_from([10, 32_000, 128_000, 200_000, 272_000]))
    least = around - data.draw(st.integers(0, 10))
    most = data.draw(st.none() | st.integers(around, around + 10))
    n, max_tokens = data.draw(st.integers(1, 3)), data.draw(st.integers(0, 50))
    asked = data.draw(st.sampled_from([None, "flex", "priority"]))
    try:
        made = estimate(between(least, most), info, max_tokens, n=n, service_tier=asked)
    except PriceUnknown:
        assume(False)
    window = info.max_input_tokens
    tokens = data.draw(st.integers(least, most or (around if window is None else max(least, window))))
    cached = data.draw(st.integers(0, tokens))
    answer = data.draw(st.integers(0, n * max_tokens))
    usage = {
        "prompt_tokens": tokens,
        "completion_tokens": answer,
        "prompt_tokens_details": {
            "cached_tokens": cached,
            "cache_write_tokens": data.draw(st.integers(0, tokens - cached)),
        },
        "completion_tokens_details": {"reasoning_tokens": data.draw(st.integers(0, answer))},
    }
    served = data.draw(st.sampled_from([asked, "default"])) if asked == "priority" else asked
    cost = price(usage, info, service_tier=served, at=data.draw(st.sampled_from([0, 13 * 3600])))
    if cost is not None:
        assert made.least <= cost.total
        assert made.most is None or cost.total <= made.most
