"""Whom a group picks among those that are free and may serve.

A strategy of one's own is a class with one method:

    class Nearest(Strategy):
        def rank(self, standing, now):
            return DISTANCE_KM[standing.deployment.region]

`rank` gives an order that holds until the deployment is used again, and costs O(log n); `choose` sees all that are
free, and costs O(n). One strategy serves all groups of a Router.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, ClassVar

from litellm_lite.errors import BadRequestError
from litellm_lite.params import shown
from litellm_lite.router import checks

if TYPE_CHECKING:
    from litellm_lite.router.deployment import Deployment
    from litellm_lite.router.standing import Measure, Standing

_ARGS = "routing_strategy_args"
_FAILURE_S = 60.0
_TRIAL_S = 10.0
_SHORTEST_S = 1e-6
_PRICES = ("input_cost_per_token", "output_cost_per_token")


class Strategy:
    """The base of all. By itself it takes whoever was used longest ago, which is also what decides between equals."""

    ranked: ClassVar[bool] = True
    """Whether `rank` decides; otherwise chance does, by `weights`."""
    lanes: ClassVar[int] = 1
    """How many kinds of requests are ranked apart."""
    args: ClassVar[tuple[str, ...]] = ()
    """What may stand in `routing_strategy_args`."""
    memory: int = 10
    """The least of a deployment's latest times that are remembered in the mean."""

    def rank(self, standing: Standing, now: float) -> Any:  # noqa: ARG002 - those who override it look
        """Return what to compare deployments by: the lowest is picked. Asked whenever a call starts or ends there."""
        return 0

    def choose(self, standings: Sequence[Standing], ask: Any) -> Standing | None:  # noqa: ARG002 - the base does not
        """Choose among those that are free and may serve `ask`; None leaves it to who was used longest ago."""
        return None

    def ranks(self, standing: Standing, now: float) -> tuple[Any, ...]:
        """Return a rank for each lane."""
        return (self.rank(standing, now),)

    def lane(self, ask: Any) -> int:  # noqa: ARG002 - there is only one
        """Return which of the `ranks` a request goes by."""
        return 0

    def holds_until(self, standing: Standing, now: float) -> float:  # noqa: ARG002 - they hold forever
        """Return when the ranks change by time alone: later than `now`, or inf."""
        return math.inf

    def weights(self, deployments: Sequence[Deployment]) -> list[float]:
        """Return the `weight` of each deployment of a group; asked again when one is added or taken out."""
        return [1.0] * len(deployments)


class WeightedShuffle(Strategy):
    """Chance decides, by `weight`, else `rpm`, else `tpm`: the first of these that any deployment of the group has.

    Among weights one that has none counts 1; among limits, an average one: no limit known is not a low one.
    """

    ranked = False

    def weights(self, deployments: Sequence[Deployment]) -> list[float]:
        if any(deployment.weight is not None for deployment in deployments):
            return [1.0 if deployment.weight is None else deployment.weight for deployment in deployments]
        return _shares(deployments, ("rpm", "tpm"))


class LeastBusy(Strategy):
    """The fewest calls under way."""

    def rank(self, standing: Standing, now: float) -> int:  # noqa: ARG002 - it is what counts now
        return standing.in_flight


class UsageBased(Strategy):
    """The fewest tokens of late, then the fewest requests, relative to what the deployment can take.

    That is `tpm`, else `rpm`, the first that any deployment of the group has; one without counts as an average one.
    What was used fades over a minute, so that nothing jumps when one is full.
    """

    def rank(self, standing: Standing, now: float) -> tuple[float, float]:  # noqa: ARG002 - all fade alike
        capacity = math.log(standing.weight)
        return standing.tokens.level - capacity, standing.requests.level - capacity

    def weights(self, deployments: Sequence[Deployment]) -> list[float]:
        return _shares(deployments, ("tpm", "rpm"))


class LatencyBased(Strategy):
    """The shortest time to the first token for streams, to the whole answer for plain calls: the two are kept apart.

    `ttl` seconds after its last measure a deployment counts as not measured. Such a one is tried first, by one call at
    a time, or a next one if that has said nothing for 10 s. A failure counts as slower than any answer, for a minute or
    until there is one. Times are alike, and take turns, where none is longer than another by more than the share
    `lowest_latency_buffer`. `max_latency_list_size`: how many of the latest times are remembered, about.
    """

    lanes = 2
    args = ("ttl", "lowest_latency_buffer", "max_latency_list_size")

    def __init__(
        self, *, ttl: float = 3600.0, lowest_latency_buffer: float = 0.0, max_latency_list_size: int = 10
    ) -> None:
        self._ttl_s = checks.limit_s(f"{_ARGS}.ttl", ttl)
        self._step = math.log1p(_share(f"{_ARGS}.lowest_latency_buffer", lowest_latency_buffer))
        self.memory = checks.whole(1)(f"{_ARGS}.max_latency_list_size", max_latency_list_size)

    def ranks(self, standing: Standing, now: float) -> tuple[tuple[int, float], ...]:
        plain, streamed = standing.measures
        return self._rank(standing, plain, now), self._rank(standing, streamed, now)

    def lane(self, ask: Any) -> int:
        return 1 if ask.stream else 0

    def holds_until(self, standing: Standing, now: float) -> float:
        changes = [standing.failed_at + _FAILURE_S]
        for measure in standing.measures:
            changes += measure.at + self._ttl_s, measure.tried_at + _TRIAL_S
        return min((when for when in changes if when > now), default=math.inf)

    def _rank(self, standing: Standing, measure: Measure, now: float) -> tuple[int, float]:
        if standing.failed_at + _FAILURE_S > now:
            return 3, standing.failed_at
        if measure.seconds is not None and measure.at + self._ttl_s > now:
            return 1, self._alike(measure.seconds)
        return (2, measure.tried_at) if measure.tried_at + _TRIAL_S > now else (0, 0.0)

    def _alike(self, seconds: float) -> float:
        """Return the number of the step a time is on, where steps are as wide as the buffer."""
        return math.floor(math.log(max(seconds, _SHORTEST_S)) / self._step) if self._step else seconds


class CostBased(Strategy):
    """The lowest price of a token in and one out: the deployment's own, else the registry's. An unknown one is last."""

    def rank(self, standing: Standing, now: float) -> float:  # noqa: ARG002 - prices stand
        return standing.weight

    def weights(self, deployments: Sequence[Deployment]) -> list[float]:
        """Return the prices, which are worked out once; inf for an unknown one."""
        return [_price(deployment) for deployment in deployments]


class Adapted(Strategy):
    """A strategy of LiteLLM's kind, as its `set_custom_routing_strategy` takes it; the synchronous method is asked.

    It knows nothing of limits and cooldowns: where its choice is None or not free, who was used longest ago is taken.
    """

    def __init__(self, custom: Any) -> None:
        self._custom = custom

    def choose(self, standings: Sequence[Standing], ask: Any) -> Standing | None:
        chosen = self._custom.get_available_deployment(
            model=standings[0].deployment.group,
            messages=ask.messages,
            input=None,
            specific_deployment=False,
            request_kwargs=dict(ask.params),
        )
        if chosen is None:
            return None
        info = chosen.get("model_info") if isinstance(chosen, Mapping) else None
        if not isinstance(info, Mapping) or "id" not in info:
            name = f"{type(self._custom).__name__}.get_available_deployment"
            msg = f"{name} returned {shown(chosen)}, without a model_info.id; return one of get_model_list(), or None"
            raise BadRequestError(msg, param="routing_strategy")
        return next((each for each in standings if each.deployment.id == info["id"]), None)


STRATEGIES: Mapping[str, type[Strategy]] = {
    "simple-shuffle": WeightedShuffle,
    "least-busy": LeastBusy,
    "latency-based-routing": LatencyBased,
    "usage-based-routing": UsageBased,
    "usage-based-routing-v2": UsageBased,
    "cost-based-routing": CostBased,
}


def by_name(name: Any, args: Mapping[str, Any] | None = None) -> Strategy:
    """Return the strategy of that name, or the one that was given as such, of LiteLLM's kind too.

    Raises BadRequestError for any other, and for arguments it does not take.
    """
    kind = STRATEGIES.get(name) if isinstance(name, str) else None
    if kind is None:
        own = _own(name)
        _check_args(args or {}, (), name)
        return own
    _check_args(args or {}, kind.args, name)
    return kind(**(args or {}))


def _own(strategy: Any) -> Strategy:
    if isinstance(strategy, Strategy):
        return strategy
    if not isinstance(strategy, type) and callable(getattr(strategy, "get_available_deployment", None)):
        return Adapted(strategy)
    names = ", ".join(map(repr, STRATEGIES))
    raise checks.fault("routing_strategy", f"must be one of {names}, or a Strategy, not {_shown(strategy)}")


def _check_args(args: Mapping[str, Any], allowed: tuple[str, ...], name: Any) -> None:
    for given in args:
        if given not in allowed:
            takes = ", ".join(allowed) or "none"
            raise checks.fault(_ARGS, f"has {_shown(given)}, and {_shown(name)} takes {takes}")


def _shown(name: Any) -> str:
    return checks.named(name) if isinstance(name, str) else shown(name)


def _shares(deployments: Sequence[Deployment], limits: tuple[str, ...]) -> list[float]:
    """Return the first of these limits that any deployment has; the mean of the others for one without."""
    for limit in limits:
        values: list[float | None] = [getattr(deployment, limit) for deployment in deployments]
        known = [value for value in values if value]
        if known:
            mean = sum(known) / len(known)
            return [value or mean for value in values]
    return [1.0] * len(deployments)


def _price(deployment: Deployment) -> float:
    row, own = deployment.row, deployment.params
    prices = [own.get(name) for name in _PRICES]
    if row is not None:
        prices = [row.rate(name) if price is None else price for name, price in zip(_PRICES, prices, strict=True)]
    try:
        total = float(sum((Decimal(str(price)) for price in prices), Decimal()))
    except InvalidOperation:  # one is None, or no number
        return math.inf
    return math.inf if math.isnan(total) else total


def _share(path: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise checks.fault(path, f"must be a number from 0, not {shown(value)}")
    return float(value)
