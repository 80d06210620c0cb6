"""The groups a call goes through: the one it names, then fallbacks, chosen by why the one before did not answer."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from litellm_lite.router import policy

if TYPE_CHECKING:
    from litellm_lite.errors import APIError
    from litellm_lite.router.fleet import Fleet, Stop
    from litellm_lite.router.settings import Target

Targets = tuple["Target", ...]


class Order(NamedTuple):
    """How a call wants to be routed, where it differs from the Router's settings.

    Fallbacks are the caller's own in the place of the configured ones; empty for none.
    """

    stream: bool
    timeout_s: float
    retries: int | None = None
    fallbacks: Targets | None = None
    context_fallbacks: Targets | None = None
    policy_fallbacks: Targets | None = None


class Itinerary:
    """Where a call is going. A group is visited once."""

    __slots__ = ("_fleet", "_order", "_seen", "_stops", "start")

    def __init__(self, fleet: Fleet, start: Stop, order: Order) -> None:
        self._fleet, self.start, self._order = fleet, start, order
        self._stops = deque([start])
        self._seen = {start.group.name}

    def next(self) -> Stop | None:
        """Return the group to visit now; None after the last one."""
        return self._stops.popleft() if self._stops else None

    def plan(self, stop: Stop, error: APIError | None, *, final: bool) -> None:
        """Choose the groups to visit after one that did not answer; `final`: its vendor refused the request itself."""
        name = stop.group.name
        if error is not None and policy.is_content(error):
            self._stops.clear()
            self._add(self._policy(name))
        elif error is not None and policy.is_context(error):
            planned, self._stops = self._stops, deque()
            self._add(self._context(name), trusting=True)
            self._stops += planned
            self._add(self._generic(name))
        elif final:
            self._stops.clear()
        else:
            self._add(self._generic(name))

    def fallbacks(self, stop: Stop) -> Iterator[Stop]:
        """Return where any failure of a group may lead; what is planned comes first."""
        targets = self._generic(stop.group.name)
        return self._places(targets) if targets or self._stops else iter(())

    def _places(self, targets: Targets) -> Iterator[Stop]:
        yield from self._stops
        unseen = (target for target in targets if target.group not in self._seen)
        for target in islice(unseen, self._room):
            if (place := self._fleet.target(target)) is not None:
                yield place

    def all(self) -> Iterator[tuple[Stop, str]]:
        """Yield every group the call may come to from its first, with what leads there in words."""
        yield self.start, ""
        name, seen = self.start.group.name, {self.start.group.name}
        for why, targets, trusting in (
            ("after any failure: ", self._generic(name), False),
            ("if the prompt is too long: ", self._context(name), True),
            ("if the content is refused: ", self._policy(name), False),
        ):
            for target in targets:
                stop = self._fleet.target(target, trusting=trusting)
                if stop is not None and target.group not in seen:
                    seen.add(target.group)
                    yield stop, why

    @property
    def _room(self) -> int:
        """How many more groups the call may come to."""
        return max(0, self._fleet.settings.max_fallbacks + 1 - len(self._seen))

    def _generic(self, group: str) -> Targets:
        own = self._order.fallbacks
        return self._fleet.settings.fallbacks_of(group) if own is None else own

    def _context(self, group: str) -> Targets:
        own = self._order.context_fallbacks
        return self._fleet.settings.context_fallbacks_of(group) if own is None else own

    def _policy(self, group: str) -> Targets:
        own = self._order.policy_fallbacks
        return self._fleet.settings.policy_fallbacks_of(group) if own is None else own

    def _add(self, targets: Targets, *, trusting: bool = False) -> None:
        for target in targets:
            if target.group in self._seen or not self._room:
                continue
            if (stop := self._fleet.target(target, trusting=trusting)) is not None:
                self._seen.add(target.group)
                self._stops.append(stop)
