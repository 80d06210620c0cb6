"""A shelf: deployments that may serve the same requests, and the trees from which one of them is drawn."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from litellm_lite.router.trees import RankTree, WeightTree

if TYPE_CHECKING:
    from litellm_lite.router.deployment import Deployment
    from litellm_lite.router.groups import Group
    from litellm_lite.router.standing import Standing

# Parameters in which deployments that are otherwise alike may differ: they do not decide who may serve a request.
_ITS_OWN = frozenset(
    """
    api_base api_key api_version base_url client cooldown_time extra_headers headers max_retries num_retries
    organization request_timeout retry_policy ssl_verify stream_timeout timeout
""".split()
)

# What preflight reads of a model begins with one of these.
_ABILITIES = ("image_rules", "max_", "supported_", "supports_")

_LEAST_WEIGHT = 1e-9
"""Whoever weighs nothing is picked where nobody else is."""


class Shelf:
    """Deployments of a group that are alike for every request: who may be called at all is asked once a shelf."""

    __slots__ = ("free", "group", "lanes", "members", "sample")
    lanes: tuple[RankTree, ...]

    def __init__(self, group: Group, sample: Deployment) -> None:
        self.group = group
        self.sample = sample
        """One of the deployments."""
        self.members: list[Standing] = []
        self.free = 0
        """How many of them may be picked: they stand in the trees."""

    def lay_out(self, members: list[Standing]) -> None:
        """Take these and no others; none of them may be picked yet."""
        self.members, self.free, self.sample = members, 0, members[0].deployment
        for place, standing in enumerate(members):
            standing.place, standing.listed = place, False
        self._plant(len(members))

    def put(self, standing: Standing, now: float) -> None:
        """Let one be picked, by its rank as it is now."""
        if not standing.listed:
            standing.listed = True
            self.free += 1
        place, turn = standing.place, standing.turn
        for tree, rank in zip(self.lanes, self.group.strategy.ranks(standing, now), strict=True):
            tree.set(place, (rank, turn, place))

    def take(self, standing: Standing) -> None:
        """Let one not be picked."""
        if standing.listed:
            standing.listed = False
            self.free -= 1
            for tree in self.lanes:
                tree.set(standing.place, None)

    @staticmethod
    def draw(shelves: Sequence[Any], ask: Any, chance: Callable[[], float]) -> Standing:  # noqa: ARG004 - ranks decide
        """Return one of those that are free on these shelves."""
        lane = shelves[0].group.strategy.lane(ask)
        best = min(shelves, key=lambda shelf: shelf.lanes[lane].least)
        drawn: Standing = best.members[best.lanes[lane].least[-1]]
        drawn.lane = lane
        return drawn

    def _plant(self, places: int) -> None:
        self.lanes = tuple(RankTree(places) for _ in range(self.group.strategy.lanes))


class ShuffledShelf(Shelf):
    """One from which chance picks."""

    __slots__ = ("weights",)
    weights: WeightTree

    def put(self, standing: Standing, now: float) -> None:  # noqa: ARG002 - weights stand
        if not standing.listed:
            standing.listed = True
            self.free += 1
            self.weights.set(standing.place, max(_LEAST_WEIGHT, standing.weight))

    def take(self, standing: Standing) -> None:
        if standing.listed:
            standing.listed = False
            self.free -= 1
            self.weights.set(standing.place, 0.0)

    @staticmethod
    def draw(shelves: Sequence[Any], ask: Any, chance: Callable[[], float]) -> Standing:  # noqa: ARG004 - it is chance
        shelf, point = shelves[0], chance()
        if len(shelves) == 1:
            point *= shelf.weights.total
        else:
            point *= sum([shelf.weights.total for shelf in shelves])
            for shelf in shelves:
                if point < shelf.weights.total:
                    break
                point -= shelf.weights.total
        drawn: Standing = shelf.members[shelf.weights.find(point)]
        return drawn

    def _plant(self, places: int) -> None:
        self.weights = WeightTree(places)


def likeness(deployment: Deployment) -> Hashable:
    """Return what decides which requests a deployment may serve; those for which it is equal stand on one shelf."""
    row, prefill = deployment.row, deployment.prefill
    given = {name: value for name, value in deployment.params.items() if not _tells_nothing(name)}
    return (
        deployment.order,
        deployment.tags,
        deployment.region,
        deployment.model,
        deployment.provider,
        None if prefill is None else _hashable([prefill.message, prefill.body]),
        None if row is None else (row.key, _hashable(_abilities(row.row))),
        _hashable(_abilities(deployment.info)),
        _hashable(given),
    )


def _tells_nothing(param: str) -> bool:
    return param in _ITS_OWN or "_cost" in param or param.startswith("mock_")


def _abilities(described: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in described.items() if name.startswith(_ABILITIES)}


def _hashable(value: Any) -> Hashable:
    """Return a stand-in that is equal for equal JSON; anything else that has no hash is only like itself."""
    if isinstance(value, Mapping):
        return frozenset((name, _hashable(inner)) for name, inner in value.items())
    if isinstance(value, list | tuple | set):
        return tuple(map(_hashable, value))
    return value if isinstance(value, Hashable) else id(value)
