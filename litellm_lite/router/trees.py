"""Two trees over numbered places: one draws a place in proportion to its weight, the other knows who ranks first.

Both lie in a list: node i has the children 2i and 2i + 1, the places are the last half. A node is made of its children
alone, so nothing is left of what stood in a place before.
"""

from __future__ import annotations

from typing import Any

Key = tuple[Any, int, int]
"""A rank, and two numbers that decide between equal ones; the last is the place."""


class WeightTree:
    """Weights of numbered places, all 0 at first. Setting one and drawing by them take log2(places) steps.

    A Fenwick tree would take half the memory, but it adds differences: after 1e15 has gone, a sum of small weights is
    off for ever, and zero is no longer exactly zero.
    """

    __slots__ = ("_leaves", "_nodes")

    def __init__(self, places: int) -> None:
        self._leaves = _power_of_two(places)
        self._nodes = [0.0] * (2 * self._leaves)

    @property
    def total(self) -> float:
        """The sum of all weights."""
        return self._nodes[1]

    def set(self, place: int, weight: float) -> None:
        """Give a place its weight: 0 or more."""
        nodes, node = self._nodes, place + self._leaves
        nodes[node] = weight
        while node > 1:
            node >>= 1
            total = nodes[node + node] + nodes[node + node + 1]
            if nodes[node] == total:
                return
            nodes[node] = total

    def find(self, point: float) -> int:
        """Return the place that a point from 0 to `total` falls on, were the weights laid side by side.

        Never one of weight 0, as long as there is another: where rounding leads to such a one, its neighbour is taken.
        """
        nodes, leaves, node = self._nodes, self._leaves, 1
        while node < leaves:
            node += node
            if not point < nodes[node] and nodes[node + 1]:  # a NaN goes right, too
                point -= nodes[node]
                node += 1
        return node - leaves


class RankTree:
    """Keys of numbered places, None at first; the least of all is at the top. Setting one takes log2(places) steps."""

    __slots__ = ("_leaves", "_nodes")

    def __init__(self, places: int) -> None:
        self._leaves = _power_of_two(places)
        self._nodes: list[Key | None] = [None] * (2 * self._leaves)

    @property
    def least(self) -> Key | None:
        """The least key; None where no place has one."""
        return self._nodes[1]

    def set(self, place: int, key: Key | None) -> None:
        """Give a place its key, or none."""
        nodes, node = self._nodes, place + self._leaves
        nodes[node] = key
        while node > 1:
            node >>= 1
            left, right = nodes[node + node], nodes[node + node + 1]
            least = right if left is None or (right is not None and right < left) else left
            if nodes[node] is least:
                return
            nodes[node] = least


def _power_of_two(places: int) -> int:
    """Return the least power of two that is no less: only then all places lie equally deep."""
    return 1 << max(0, places - 1).bit_length()
