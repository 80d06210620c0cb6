"""What picking costs, in steps: they grow as the logarithm of the deployments does.

A step is a call of any function, or a look at a weight or a rank in a tree; there are no loops without either.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any, Self

import pytest

from litellm_lite.router.groups import End, Group
from litellm_lite.router.standing import Standing
from litellm_lite.router.strategies import LatencyBased, LeastBusy, Strategy, WeightedShuffle
from tests.router.picking import Request, dice, group, standing

SIZES = (10, 100, 10_000)
SERVED = End(ok=True, tokens=10, used=12, latency_s=0.5)


class Steps:
    """Counts while it is entered."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, *_: object) -> None:
        self.count += 1

    def __enter__(self) -> Self:
        self._before = sys.getprofile()
        sys.setprofile(self)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(self._before)


class Weight(float):
    """One that calls something whenever it is looked at."""

    def __add__(self, other: float) -> Weight:
        return Weight(float(self) + other)

    def __gt__(self, other: object) -> bool:
        return float(self) > float(other)  # type: ignore[arg-type]

    __radd__ = __add__


class Rank:
    """The same, for ranks."""

    def __init__(self, rank: Any) -> None:
        self._rank = rank

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rank) and self._rank == other._rank

    def __lt__(self, other: Rank) -> bool:
        return bool(self._rank < other._rank)

    __hash__ = None  # type: ignore[assignment]


class Watched(Strategy):
    """Ranks as another strategy does."""

    def __init__(self, of: Strategy) -> None:
        self._of = of
        self.lanes = of.lanes  # type: ignore[misc]
        self.weights, self.lane, self.holds_until = of.weights, of.lane, of.holds_until  # type: ignore[method-assign]

    def ranks(self, standing: Standing, now: float) -> tuple[Any, ...]:
        return tuple(map(Rank, self._of.ranks(standing, now)))


def crowd(count: int, strategy: Strategy, **described: Any) -> Group:
    made = (standing(f"{number}", weight=Weight(1 + number % 7), **described) for number in range(count))
    return group(*made, strategy=strategy)


def of_each_size(steps: Callable[[int], int]) -> list[int]:
    """Return the steps for 10, 100 and 10,000 deployments, after a check that each place of depth costs as much."""
    counted = [steps(count) for count in SIZES]
    deeper = [math.ceil(math.log2(count)) for count in SIZES]
    a_level = (counted[1] - counted[0]) / (deeper[1] - deeper[0])
    assert counted[2] <= counted[0] + 2 * max(a_level, 10) * (deeper[2] - deeper[0]), counted
    assert counted[2] < 10 * counted[0], counted
    return counted


def call(llamas: Group, request: Request, chance: Callable[[], float], now: float) -> None:
    found = llamas.pick(request, now, chance)
    assert found is not None
    llamas.start(found, now, request.tokens)
    llamas.end(found, now, SERVED)


def a_call(strategy: Strategy, **described: Any) -> Callable[[int], int]:
    def steps(count: int) -> int:
        llamas, request, chance = crowd(count, strategy, **described), Request(tokens=10), dice()
        call(llamas, request, chance, 0.0)
        with Steps() as counted:
            for moment in range(20):
                call(llamas, request, chance, moment + 1.0)
        return counted.count

    return steps


LIMITS = {"rpm": 10_000, "tpm": 10**6, "max_parallel_requests": 5}


@pytest.mark.parametrize(
    ("strategy", "limits"),
    [(WeightedShuffle(), LIMITS), (Watched(LeastBusy()), LIMITS), (Watched(LatencyBased()), {})],
    ids=["by weight", "by rank", "by ranks that change with time"],
)
def test_the_steps_of_a_call_grow_as_the_logarithm(strategy: Strategy, limits: dict[str, Any]) -> None:
    of_each_size(a_call(strategy, **limits))


def test_without_limits_a_shuffled_call_changes_no_tree() -> None:
    llamas, request = crowd(100, WeightedShuffle()), Request()
    found = llamas.pick(request, 0.0, dice())
    assert found is not None
    before = list(found.shelf.weights._nodes)  # type: ignore[attr-defined]
    with Steps() as counted:
        llamas.start(found, 0.0, 10)
        llamas.end(found, 0.0, SERVED)
    assert found.shelf.weights._nodes == before  # type: ignore[attr-defined]
    assert counted.count < 100


def test_taking_the_excluded_out_and_putting_them_back_takes_logarithmic_steps() -> None:
    def steps(count: int) -> int:
        llamas = crowd(count, WeightedShuffle())
        request = Request(*llamas.standings[:3])
        llamas.others(request, 0.0)
        with Steps() as counted:
            assert llamas.others(request, 0.0)
            assert llamas.pick(request, 0.0, lambda: 0.0) is llamas.standings[3]
        return counted.count

    of_each_size(steps)


def test_one_that_cools_among_many_costs_the_others_nothing() -> None:
    def steps(count: int) -> int:
        llamas, request, chance = crowd(count, WeightedShuffle()), Request(), dice()
        llamas.others(request, 0.0)
        failed = End(ok=False, tokens=1, failure="unusable")
        with Steps() as counted:
            for moment in range(20):  # some of them come back meanwhile
                found = llamas.pick(request, moment, chance)
                if found is not None:
                    llamas.start(found, moment, 1)
                    llamas.end(found, moment, failed)
        return counted.count

    of_each_size(steps)


def test_where_all_are_crowded_a_refusal_takes_as_few_steps_as_ever() -> None:
    def steps(count: int) -> int:
        llamas = crowd(count, WeightedShuffle(), tpm=100)
        large, small = Request(tokens=50), Request(tokens=10)
        for each in llamas.standings:
            llamas.start(each, 0.0, 60)
        assert llamas.pick(large, 0.0, dice()) is None
        with Steps() as refused:
            assert not llamas.others(large, 0.0)
            assert llamas.pick(large, 0.0, dice()) is None
        assert llamas.others(small, 0.0)
        with Steps() as counted:
            assert llamas.pick(small, 0.0, dice()) is not None
        return refused.count + counted.count

    of_each_size(steps)
