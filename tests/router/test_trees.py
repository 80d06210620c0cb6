"""The trees, held against lists that are searched from end to end."""

from __future__ import annotations

import math
from itertools import accumulate

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from litellm_lite.router.trees import RankTree, WeightTree

PLACES = st.integers(1, 70)
WEIGHTS = st.one_of(st.just(0.0), st.floats(1e-9, 1e15), st.sampled_from([1e-300, 0.1, 1.0, 1e300]))


def test_a_point_falls_on_the_place_whose_weight_covers_it() -> None:
    tree = WeightTree(3)
    for place, weight in enumerate((1.0, 0.0, 2.0)):
        tree.set(place, weight)
    assert tree.total == 3.0
    assert [tree.find(point) for point in (0.0, 0.99, 1.0, 2.99)] == [0, 0, 2, 2]


def test_a_tree_without_places_weighs_nothing() -> None:
    assert WeightTree(0).total == 0.0
    assert RankTree(0).least is None


def test_what_is_taken_out_leaves_no_rounding_behind() -> None:
    tree = WeightTree(2)
    tree.set(0, 0.1)
    tree.set(1, 1e17)
    tree.set(1, 0.0)
    assert tree.total == 0.1


@given(PLACES, st.data())
def test_whole_weights_are_found_exactly(places: int, data: st.DataObject) -> None:
    tree, weights = WeightTree(places), [0] * places
    for place, weight in data.draw(st.lists(st.tuples(st.integers(0, places - 1), st.integers(0, 9)), min_size=1)):
        tree.set(place, float(weight))
        weights[place] = weight
        assert tree.total == sum(weights)
    sums = list(accumulate(weights))
    for point in range(sums[-1]):
        assert tree.find(float(point)) == next(place for place, end in enumerate(sums) if point < end)


@given(st.lists(WEIGHTS, min_size=1, max_size=70), st.floats(0, 1, exclude_max=True))
@example([0.1] * 10 + [0.0], math.nextafter(1.0, 0.0))
@example([1e300, 1e-300, 0.0], math.nextafter(1.0, 0.0))
def test_no_place_without_weight_is_ever_found(weights: list[float], chance: float) -> None:
    tree = WeightTree(len(weights))
    for place, weight in enumerate(weights):
        tree.set(place, weight)
    assert tree.total == pytest.approx(sum(weights))
    for point in (chance * tree.total, tree.total, 2 * tree.total, math.inf, math.nan):
        if tree.total:
            assert weights[tree.find(point)] > 0


@given(PLACES, st.data())
def test_the_least_key_is_at_the_top(places: int, data: st.DataObject) -> None:
    tree, keys = RankTree(places), {}
    ranks = st.none() | st.integers(0, 5)
    for place, rank in data.draw(st.lists(st.tuples(st.integers(0, places - 1), ranks))):
        keys[place] = None if rank is None else (rank, -place, place)
        tree.set(place, keys[place])
        assert tree.least == min((key for key in keys.values() if key is not None), default=None)
