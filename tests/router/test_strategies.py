"""Whom each strategy picks, and how one is named, configured, or written by the user."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.errors import BadRequestError
from litellm_lite.registry import ModelInfo
from litellm_lite.router import strategies
from litellm_lite.router.groups import End
from litellm_lite.router.standing import Recent, Standing
from litellm_lite.router.strategies import (
    Adapted,
    CostBased,
    LatencyBased,
    LeastBusy,
    Strategy,
    UsageBased,
    WeightedShuffle,
)
from tests.router.picking import SERVED, Request, deployment, dice, group, picked, served, standing


def shares(*described: dict[str, Any], strategy: Strategy | None = None) -> list[float]:
    weighed = (strategy or WeightedShuffle()).weights([deployment(**each) for each in described])
    return [round(weight / sum(weighed), 3) for weight in weighed]


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        ([{"weight": 3.0}, {"weight": 1.0}], [0.75, 0.25]),
        ([{"weight": 3.0}, {"rpm": 900}], [0.75, 0.25]),  # who has none counts 1
        ([{"rpm": 30}, {"rpm": 10, "tpm": 900}], [0.75, 0.25]),
        ([{"rpm": 30}, {"rpm": 10}, {}], [0.5, 0.167, 0.333]),  # who has none is an average one
        ([{"tpm": 30}, {"tpm": 10}], [0.75, 0.25]),
        ([{}, {}], [0.5, 0.5]),
    ],
)
def test_the_shuffle_goes_by_weight_else_rpm_else_tpm(described: list[dict[str, Any]], expected: list[float]) -> None:
    assert shares(*described) == expected


def test_the_shuffle_fits_the_weights() -> None:
    """By chi-square with 4 degrees of freedom: one run in ten thousand would exceed 23.5."""
    weights = {"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0, "e": 10.0}
    llamas = group(*(standing(id, weight=weight) for id, weight in weights.items()))
    chance, drawn = dice(11), Counter[str]()
    for _ in range(20_000):
        found = llamas.pick(Request(), 0.0, chance)
        assert found is not None
        drawn[found.deployment.id] += 1
    expected = {id: weight * 1000 for id, weight in weights.items()}
    assert sum((drawn[id] - count) ** 2 / count for id, count in expected.items()) < 23.5


def test_weights_are_taken_anew_when_the_group_changes() -> None:
    llamas = group(standing("a", rpm=10), standing("b", rpm=10**9))
    assert {picked(llamas, seed=seed) for seed in range(50)} == {"b"}
    llamas.add(standing("c", weight=1.0))
    assert {picked(llamas, seed=seed) for seed in range(50)} == {"a", "b", "c"}


def test_a_weight_of_zero_is_picked_where_nobody_else_is() -> None:
    none, some = standing("none", weight=0.0), standing("some", weight=0.5)
    llamas = group(none, some)
    assert {picked(llamas, seed=seed) for seed in range(50)} == {"some"}
    assert picked(llamas, Request(some)) == "none"


def test_least_busy_takes_the_idlest_and_of_equals_the_one_used_longest_ago() -> None:
    a, b, c = standing("a"), standing("b"), standing("c")
    llamas = group(a, b, c, strategy=LeastBusy())
    for each in (c, b, a, b):
        llamas.start(each, 0.0, 1)
    assert picked(llamas) == "c"
    llamas.end(b, 1.0, SERVED)
    llamas.end(b, 1.0, SERVED)
    assert picked(llamas) == "b"
    llamas.start(b, 1.0, 1)
    assert picked(llamas) == "c"


def test_latency_tries_everyone_before_it_compares() -> None:
    llamas = group(*map(standing, "abc"), strategy=LatencyBased())
    assert {served(llamas, moment, latency_s=1.0 + moment) for moment in (0.0, 0.1, 0.2)} == {"a", "b", "c"}
    assert picked(llamas, now=1.0) == "a"


def test_an_unmeasured_deployment_is_tried_by_one_call_at_a_time() -> None:
    new, known = standing("new"), standing("known")
    llamas = group(known, strategy=LatencyBased())
    served(llamas, 0.0, latency_s=1.0)
    llamas.add(new)
    assert picked(llamas, now=1.0) == "new"
    llamas.start(new, 1.0, 1)
    assert picked(llamas, now=2.0) == "known"
    assert picked(llamas, now=11.0) == "new"  # the first one says nothing: another try
    llamas.end(new, 11.5, End(ok=True, tokens=1, latency_s=10.5))
    assert picked(llamas, now=12.0) == "known"


def test_streams_and_plain_calls_are_measured_apart() -> None:
    chatty, terse = standing("chatty"), standing("terse")
    llamas = group(chatty, terse, strategy=LatencyBased())
    for each, whole_s, first_s in ((chatty, 9.0, 0.1), (terse, 1.0, 0.5)):
        for latency_s, streamed in ((whole_s, False), (first_s, True)):
            llamas.start(each, 0.0, 1)
            llamas.end(each, 0.0, End(ok=True, tokens=1, latency_s=latency_s, streamed=streamed))
    assert (chatty.latency_s, chatty.first_token_s) == (9.0, 0.1)
    assert picked(llamas, Request(stream=True), now=20.0) == "chatty"
    assert picked(llamas, Request(stream=False), now=20.0) == "terse"


def test_one_trial_of_a_stream_leaves_plain_calls_to_be_tried() -> None:
    new, known = standing("new"), standing("known")
    llamas = group(known, strategy=LatencyBased())
    served(llamas, 0.0, latency_s=1.0)
    served(llamas, 0.0, Request(stream=True), latency_s=1.0)
    llamas.add(new)
    assert picked(llamas, Request(stream=True), now=1.0) == "new"
    llamas.start(new, 1.0, 1)
    assert picked(llamas, Request(stream=True), now=2.0) == "known"
    assert picked(llamas, Request(stream=False), now=2.0) == "new"


def test_a_failure_counts_as_slow_for_a_minute_or_until_there_is_an_answer() -> None:
    fast, slow = standing("fast"), standing("slow")
    llamas = group(fast, slow, strategy=LatencyBased())
    for each, latency_s in ((fast, 0.1), (slow, 9.0)):
        llamas.start(each, 0.0, 1)
        llamas.end(each, 0.0, End(ok=True, tokens=1, latency_s=latency_s))
    failed = End(ok=False, tokens=1, failure="transient", lone=True)
    llamas.start(fast, 1.0, 1)
    llamas.end(fast, 1.0, failed)
    assert picked(llamas, now=60.9) == "slow"
    assert picked(llamas, now=61.0) == "fast"
    llamas.end(fast, 62.0, failed)
    assert picked(llamas, now=63.0) == "slow"
    llamas.end(fast, 64.0, End(ok=True, tokens=1, latency_s=0.1))
    assert picked(llamas, now=64.0) == "fast"


def test_a_slow_one_gets_another_chance_when_its_measure_is_forgotten() -> None:
    fast, slow = standing("fast"), standing("slow")
    llamas = group(fast, slow, strategy=LatencyBased(ttl=100))
    for each, latency_s in ((slow, 9.0), (fast, 0.1)):
        llamas.start(each, 0.0, 1)
        llamas.end(each, 0.0, End(ok=True, tokens=1, latency_s=latency_s))
    served(llamas, 50.0, latency_s=0.1)
    assert picked(llamas, now=99.0) == "fast"
    assert picked(llamas, now=100.0) == "slow"


def test_within_the_buffer_deployments_take_turns() -> None:
    llamas = group(*map(standing, "abc"), strategy=LatencyBased(lowest_latency_buffer=0.5))
    for latency_s in (1.01, 1.02, 9.0):
        served(llamas, 0.0, latency_s=latency_s)
    assert "".join(served(llamas, 1.0) for _ in range(6)) in ("ababab", "bababa")


@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=9), st.floats(0.01, 3))
def test_nobody_is_picked_who_is_slower_than_the_buffer_allows(latencies: list[float], buffer: float) -> None:
    known = {f"{number}": latency_s for number, latency_s in enumerate(latencies)}
    llamas = group(*map(standing, known), strategy=LatencyBased(lowest_latency_buffer=buffer))
    for each in llamas.standings:
        llamas.start(each, 0.0, 1)
        llamas.end(each, 0.0, End(ok=True, tokens=1, latency_s=known[each.deployment.id]))
    assert known[picked(llamas) or ""] <= max(min(latencies), 1e-6) * (1 + buffer) * (1 + 1e-9)


def test_latencies_are_a_mean_in_which_old_times_fade() -> None:
    alone = standing()
    for now, latency_s in ((0.0, 4.0), (0.0, 2.0)):
        alone.note(now, End(ok=True, tokens=1, latency_s=latency_s), memory=10)
    assert alone.latency_s == 3.0
    alone.note(3600.0, End(ok=True, tokens=1, latency_s=0.5), memory=10)
    assert alone.latency_s == pytest.approx(0.5)
    alone.note(3600.0, End(ok=True, tokens=1, latency_s=8.0), memory=1)
    assert alone.latency_s == 8.0
    alone.note(3600.0, End(ok=True, tokens=1), memory=10)
    assert (alone.latency_s, alone.served) == (8.0, 5)


def test_usage_takes_who_has_used_the_least_of_its_limit() -> None:
    small, large = standing("small", tpm=1000), standing("large", tpm=10_000)
    llamas = group(small, large, strategy=UsageBased())
    llamas.start(small, 0.0, 100)
    llamas.start(large, 0.0, 900)
    assert picked(llamas) == "large"
    llamas.end(large, 0.0, End(ok=True, tokens=900, used=2000))  # more than was thought
    assert picked(llamas) == "small"


def test_usage_goes_by_requests_where_tokens_are_even() -> None:
    llamas = group(standing("a", rpm=10), standing("b", rpm=30), strategy=UsageBased())
    request = Request(tokens=0)
    assert Counter(served(llamas, 0.0, request) for _ in range(40)) == {"a": 10, "b": 30}


def test_usage_fades_and_those_without_limits_are_average() -> None:
    llamas = group(standing("early"), standing("late"), strategy=UsageBased())
    early, late = llamas.standings
    llamas.start(early, 0.0, 100)
    llamas.start(late, 120.0, 20)
    assert picked(llamas, now=120.0) == "early"
    assert shares({"tpm": 30, "rpm": 5}, {"tpm": 10}, {}, strategy=UsageBased()) == [0.5, 0.167, 0.333]


@given(st.lists(st.tuples(st.floats(0, 300), st.integers(-50, 50)), min_size=1), st.floats(0, 100))
def test_levels_compare_as_the_sums_do_at_any_later_time(added: list[tuple[float, int]], later: float) -> None:
    sums, now = (Recent(), Recent()), 0.0
    for number, (pause, amount) in enumerate(added):
        now += pause
        sums[number % 2].add(amount, now)
    one, other = (each.total(now + later) for each in sums)
    if one > other * (1 + 1e-6):
        assert sums[0].level > sums[1].level


def priced(id: str, row: dict[str, Any] | None = None, **params: Any) -> Standing:
    info = None if row is None else ModelInfo("k", "openai", "llama", row)
    return standing(id, row=info, params=params)


CHEAP = {"input_cost_per_token": Decimal("0.1"), "output_cost_per_token": Decimal("0.2")}


def test_cost_takes_the_cheapest_and_an_unknown_price_last() -> None:
    unknown, cheap = priced("unknown"), priced("cheap", CHEAP)
    own = priced("own", CHEAP, input_cost_per_token=0.01)
    half, odd = (
        priced("half", {"input_cost_per_token": Decimal("0.001")}),
        priced("odd", CHEAP, input_cost_per_token="?"),
    )
    llamas = group(unknown, half, odd, cheap, own, strategy=CostBased())
    assert picked(llamas) == "own"
    assert picked(llamas, Request(own)) == "cheap"
    assert picked(llamas, Request(own, cheap)) in {"unknown", "half", "odd"}
    nan = priced("nan", input_cost_per_token="NaN", output_cost_per_token=1)
    assert CostBased().weights([nan.deployment]) == [float("inf")]


def test_a_free_model_is_cheaper_than_any() -> None:
    free = priced("free", input_cost_per_token=0, output_cost_per_token=0)
    assert picked(group(priced("cheap", CHEAP), free, strategy=CostBased())) == "free"


def test_equal_prices_take_turns() -> None:
    llamas = group(*(priced(id, CHEAP) for id in "abc"), strategy=CostBased())
    assert sorted(served(llamas, 0.0) for _ in range(3)) == ["a", "b", "c"]


def test_the_base_of_all_strategies_takes_who_was_used_longest_ago() -> None:
    assert Strategy().choose([standing()], Request()) is None
    llamas = group(*map(standing, "abc"), strategy=Strategy())
    assert "".join(served(llamas, 0.0) for _ in range(6)) == "abcabc"


class Alphabetical(Strategy):
    def rank(self, standing: Standing, now: float) -> str:
        return standing.deployment.id


class Last(Strategy):
    def choose(self, standings: Sequence[Standing], ask: Any) -> Standing | None:
        return standings[-1] if ask.tokens else None


def test_a_strategy_of_ones_own_ranks() -> None:
    llamas = group(*map(standing, "cab"), strategy=Alphabetical())
    assert [served(llamas, 0.0), served(llamas, 0.0)] == ["a", "a"]


def test_a_strategy_of_ones_own_chooses_among_those_that_are_free() -> None:
    a, b, c, d = standing("a"), standing("b"), standing("c", max_parallel_requests=1), standing("d", order=1)
    llamas = group(a, b, c, d, strategy=Last())
    llamas.start(c, 0.0, 1)
    assert picked(llamas) == "b"
    assert picked(llamas, Request(b)) == "a"
    assert picked(llamas, Request(a, b)) == "d"
    assert picked(llamas, Request(a, b, d)) is None


def test_a_choice_that_is_none_leaves_it_to_who_was_used_longest_ago() -> None:
    llamas = group(*map(standing, "ab"), strategy=Last())
    request = Request(tokens=0)
    assert [served(llamas, 0.0, request) for _ in range(4)] == ["a", "b", "a", "b"]


def test_a_choice_that_was_not_offered_is_an_error_that_names_the_strategy() -> None:
    class Stubborn(Strategy):
        def choose(self, standings: Sequence[Standing], ask: Any) -> Standing:
            return standing("elsewhere")

    with pytest.raises(BadRequestError, match=r"Stubborn.choose returned Standing\('elsewhere'\)") as caught:
        picked(group(standing(), strategy=Stubborn()))
    assert caught.value.param == "routing_strategy"


class Theirs:
    """What LiteLLM's `set_custom_routing_strategy` takes."""

    def __init__(self, answer: Mapping[str, Any] | None) -> None:
        self.answer, self.given = answer, dict[str, Any]()

    def get_available_deployment(self, **given: Any) -> Mapping[str, Any] | None:
        self.given = given
        return self.answer


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"model_info": {"id": "c"}}, "c"),
        ({"model_info": {"id": "gone"}}, "a"),
        (None, "a"),
    ],
)
def test_a_strategy_of_litellm_s_kind_is_adapted(answer: dict[str, Any] | None, expected: str) -> None:
    theirs = Theirs(answer)
    assert picked(group(*map(standing, "abc"), strategy=Adapted(theirs))) == expected
    assert theirs.given == {
        "model": "llama",
        "messages": [],
        "input": None,
        "specific_deployment": False,
        "request_kwargs": {},
    }


@pytest.mark.parametrize("name", strategies.STRATEGIES)
def test_every_name_makes_its_strategy(name: str) -> None:
    made = strategies.by_name(name)
    assert type(made) is strategies.STRATEGIES[name]
    assert picked(group(standing("a"), strategy=made)) == "a"


def test_arguments_reach_the_strategy_and_one_of_ones_own_is_taken_as_it_is() -> None:
    args = {"ttl": 60, "lowest_latency_buffer": 0.1, "max_latency_list_size": 3}
    assert strategies.by_name("latency-based-routing", args).memory == 3
    own = Alphabetical()
    assert strategies.by_name(own) is own


@pytest.mark.parametrize(
    ("name", "args", "message"),
    [
        (
            "fastest-first",
            {},
            "routing_strategy must be one of 'simple-shuffle', 'least-busy', 'latency-based-routing'",
        ),
        ("fastest-first", {}, "or a Strategy, not 'fastest-first'"),
        (Alphabetical, {}, "or a Strategy, not "),
        ("least-busy", {"ttl": 3}, "routing_strategy_args has 'ttl', and 'least-busy' takes none"),
        (
            "latency-based-routing",
            {"tll": 3},
            "has 'tll', and 'latency-based-routing' takes ttl, lowest_latency_buffer",
        ),
        ("latency-based-routing", {"ttl": 0}, "routing_strategy_args.ttl must be a number of seconds above 0, not 0"),
        (
            "latency-based-routing",
            {"lowest_latency_buffer": -1},
            "lowest_latency_buffer must be a number from 0, not -1",
        ),
        ("latency-based-routing", {"lowest_latency_buffer": True}, "must be a number from 0, not True"),
        ("latency-based-routing", {"max_latency_list_size": 0}, "max_latency_list_size must be a whole number from 1"),
        (Alphabetical(), {"ttl": 3}, "routing_strategy_args has 'ttl', and Alphabetical takes none"),
    ],
)
def test_what_is_no_strategy_or_no_argument_of_it_is_refused(name: Any, args: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        strategies.by_name(name, args)
    assert message in str(caught.value)
