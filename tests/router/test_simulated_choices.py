"""Where thousands of calls go when all is well: each strategy is seen by what it does, not asked what it would do."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from litellm_lite.router.deployment import Deployment
from litellm_lite.router.strategies import Strategy
from tests.router.simulated_callers import Request
from tests.router.simulated_vendors import Quota
from tests.router.simulator import World, deployed

CALLS = 1000


def calm(deployments: list[Deployment], *, a_second: float = 10.0, stream: bool = False, **keywords: Any) -> World:
    """Return a world in which so many calls a second have come, and nothing has gone wrong."""
    world = World(deployments, seed=7, **keywords)
    for number, each in enumerate(deployments):
        world.vendors[each].latency_s = 0.2 * (1 + number)
    for _ in range(CALLS):
        world.arrive(Request(stream=stream))
        world.run(world.dice.expovariate(a_second))
    return world.drain()


def shares(world: World) -> dict[str, float]:
    calls = Counter(record.deployment.id for caller in world.callers for record in caller.route.trace)
    return {each.id: calls[each.id] / CALLS for each in world.deployments}


@pytest.mark.parametrize("limit", ["weight", "rpm", "tpm"])
def test_the_shuffle_spreads_calls_by_weights_or_limits(limit: str) -> None:
    given: dict[str, Any] = {"weight": 1, "rpm": 10_000, "tpm": 1_000_000}
    world = calm([deployed(name, **{limit: given[limit] * times}) for name, times in (("a", 1), ("b", 3), ("c", 6))])
    for name, expected in (("a", 0.1), ("b", 0.3), ("c", 0.6)):
        deviation = (expected * (1 - expected) / CALLS) ** 0.5
        assert shares(world)[name] == pytest.approx(expected, abs=4 * deviation)


def test_the_shuffle_spreads_calls_alike_where_nothing_is_said() -> None:
    found = shares(calm([deployed(str(number)) for number in range(10)]))
    assert all(share == pytest.approx(0.1, abs=0.04) for share in found.values())


def test_least_busy_keeps_all_equally_busy() -> None:
    """So the share of each is in proportion to how quickly it is done."""
    found = shares(calm([deployed("a"), deployed("b"), deployed("c")], routing_strategy="least-busy", a_second=100.0))
    assert found["a"] / found["b"] == pytest.approx(2, rel=0.2)
    assert found["a"] / found["c"] == pytest.approx(3, rel=0.2)


@pytest.mark.parametrize("stream", [False, True])
def test_latency_based_routing_finds_the_fastest_and_stays_there(stream: bool) -> None:
    found = shares(calm([deployed(name) for name in "abcd"], routing_strategy="latency-based-routing", stream=stream))
    assert found["a"] > 0.95
    assert all(found[name] > 0 for name in "bcd")


def test_usage_based_routing_fills_all_to_the_same_part_of_their_limits() -> None:
    deployments = [deployed(name, tpm=100_000 * times) for name, times in (("a", 1), ("b", 4))]
    found = shares(calm(deployments, routing_strategy="usage-based-routing"))
    assert found["b"] / found["a"] == pytest.approx(4, rel=0.05)


def test_cost_based_routing_goes_to_the_cheapest_until_it_is_full() -> None:
    prices = {"a": 3e-6, "b": 1e-6, "c": 2e-6}
    deployments = [
        deployed(name, params={"input_cost_per_token": price, "output_cost_per_token": price}, max_parallel_requests=2)
        for name, price in prices.items()
    ]
    found = shares(calm(deployments, routing_strategy="cost-based-routing", a_second=5.0))
    assert found["b"] > found["c"] > found["a"] > 0
    assert found["b"] > 0.6


def test_a_strategy_of_ones_own_is_followed() -> None:
    class Last(Strategy):
        def rank(self, standing: Any, now: float) -> int:
            return -ord(standing.deployment.id)

    assert shares(calm([deployed(name) for name in "abc"], routing_strategy=Last())) == {"a": 0.0, "b": 0.0, "c": 1.0}


def test_the_lowest_order_serves_all_that_it_has_room_for() -> None:
    found = shares(calm([deployed("a", order=1, max_parallel_requests=2), deployed("b", order=2)], a_second=5.0))
    assert 0.7 < found["a"] < 0.99


@pytest.mark.parametrize("resets", [False, True])
def test_what_a_vendor_says_of_its_limit_is_kept_rather_than_run_into(resets: bool) -> None:
    """Only those that are under way when an answer teaches it may be too many."""
    world = World([deployed("a"), deployed("b", "spare")], fallbacks=[{"main": ["spare"]}])
    vendor = world.vendor("a")
    vendor.quota = quota = Quota(40, resets=resets)
    for _ in range(CALLS):
        world.arrive(Request())
        world.run(world.dice.expovariate(4.0))
    world.drain()
    assert quota.refused <= 0.02 * quota.admitted
    assert quota.admitted >= 0.8 * 40 * (world.at - 1000) / 60
    assert all(caller.answers for caller in world.callers)


def test_a_dead_deployment_is_asked_sparingly() -> None:
    world = World([deployed("a"), deployed("b")])
    world.set("a", "answers 503")
    for _ in range(600):
        world.arrive(Request())
        world.run(0.1)
    world.drain()
    assert world.vendor("a").calls <= 12
    assert all(caller.answers for caller in world.callers)


def test_a_flapping_deployment_is_back_within_half_a_minute() -> None:
    """Down for a minute, one call every four seconds, and nobody else but a fallback."""
    world = World([deployed("a"), deployed("b", "spare")], fallbacks=[{"main": ["spare"]}])
    world.set("a", "answers 503")
    served = []
    for second in range(0, 240, 4):
        if second == 60:
            world.set("a", "well")
        caller = world.arrive(Request())
        world.run(4.0)
        assert caller is not None
        assert caller.answers == 1
        served.append((second, caller.route.trace.attempts[-1].deployment.id))
    assert next(second for second, id in served if id == "a") < 60 + 30
    assert {id for second, id in served if second >= 90} == {"a"}
    world.drain()
