"""Where a call would go, in which order, and why; told without making it. Starts nothing and throws no dice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from litellm_lite.explaining import Place

if TYPE_CHECKING:
    from litellm_lite.router.fleet import Stop
    from litellm_lite.router.request import Way
    from litellm_lite.router.standing import Standing


def places(way: Way, chance: Callable[[], float]) -> list[Place]:
    """Return every deployment a call may come to: first those that would be tried, as `chance` has it, then the others.

    A fallback stands behind the group it helps out; where several kinds of failure lead to one, it stands there once.
    """
    found: list[Place] = []
    for stop, why in way.route.itinerary.all():
        found += _of_group(way, stop, why, chance)
    return found


def _of_group(way: Way, stop: Stop, why: str, chance: Callable[[], float]) -> Iterator[Place]:
    group, ask, fleet = stop.group, way.route.ask, way.route.fleet
    strategy, now = fleet.settings.routing_strategy, fleet.clock.now()
    name = strategy if isinstance(strategy, str) else type(strategy).__name__
    ask.trust(trusting=stop.trusting)
    barred = set(ask.excluded)
    tried = list(group.in_turn(ask, now, chance))
    for place, standing in enumerate(tried, start=1):
        turn = "if those before it fail" if place > 1 else f"chosen by {name}"
        ask.excluded = barred | {*(tried if place == len(tried) else (standing,))}  # as it would be in its turn
        yield _place(way, standing, stop, why=f"{why}{turn}")
    ask.excluded, known = barred, {*tried, *barred}
    for standing in group.standings:
        if standing in known:
            continue
        reason = ask.reason(standing.shelf)
        waiting = None if reason is not None else _waiting(standing, now, ask.tokens)
        yield _place(way, standing, stop, why=why, reason=reason, waiting=waiting)


def _waiting(standing: Standing, now: float, tokens: int) -> str:
    if not standing.health.closed and standing.health.ready_at(now) > now:
        return standing.health.why(now)
    return standing.pace.why(now, tokens)


def _place(way: Way, standing: Standing, stop: Stop, **told: Any) -> Place:
    deployment, route = standing.deployment, way.route
    passed = {**deployment.params, **way.params, **(stop.overrides or {})}
    told["timeouts"] = way.calls.timeouts(route.limit(stop, standing))
    told["retries"] = route.retries(standing)
    return Place(deployment, passed, stop.model or deployment.model, group=stop.group.name, **told)
