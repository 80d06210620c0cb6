"""Where a call would go, in which order, and why; told without making it. Starts nothing and throws no dice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from litellm_lite.explaining import Place

if TYPE_CHECKING:
    from litellm_lite.router.fleet import Stop
    from litellm_lite.router.route import Route
    from litellm_lite.router.standing import Standing


def places(route: Route, params: Mapping[str, Any], chance: Callable[[], float]) -> list[Place]:
    """Return every deployment a call may come to: first those that would be tried, as `chance` has it, then the others.

    A fallback stands behind the group it helps out; where several kinds of failure lead to one, it stands there once.
    """
    found: list[Place] = []
    for stop, why in route.itinerary.all():
        found += _of_group(route, stop, why, params, chance)
    return found


def _of_group(
    route: Route, stop: Stop, why: str, params: Mapping[str, Any], chance: Callable[[], float]
) -> Iterator[Place]:
    group, ask, fleet = stop.group, route.ask, route.fleet
    name, now = fleet.settings.routing_strategy, fleet.clock.now()
    ask.trust(trusting=stop.trusting)
    tried: set[Standing] = set()
    while (standing := group.pick(ask, now, chance)) is not None:
        place = f"{why}chosen by {name}" if not tried else f"{why}if those before it fail"
        tried.add(standing)
        ask.excluded.add(standing)
        yield _place(standing, stop, params, why=place)
    for standing in group.standings:
        if standing in tried or (stop.only is not None and standing is not stop.only):
            continue
        reason = ask.reason(standing.shelf)
        waiting = None if reason is not None else _waiting(standing, now, ask.tokens)
        yield _place(standing, stop, params, why=why, reason=reason, waiting=waiting)


def _waiting(standing: Standing, now: float, tokens: int) -> str:
    if not standing.health.closed and standing.health.ready_at(now) > now:
        return standing.health.why(now)
    return standing.pace.why(now, tokens)


def _place(standing: Standing, stop: Stop, params: Mapping[str, Any], **told: Any) -> Place:
    deployment = standing.deployment
    passed = {**deployment.params, **params, **(stop.overrides or {})}
    return Place(deployment, passed, stop.model or deployment.model, group=stop.group.name, **told)
