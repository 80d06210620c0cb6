"""A seat at a deployment: taken at once where one is free, waited for in line where one soon will be."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import TYPE_CHECKING

from litellm_lite.errors import APIError
from litellm_lite.router import refusals
from litellm_lite.router.policy import PATIENCE_S
from litellm_lite.router.steps import Event, Step, Wait

if TYPE_CHECKING:
    from litellm_lite.router.ask import Ask
    from litellm_lite.router.fleet import Fleet
    from litellm_lite.router.groups import Group
    from litellm_lite.router.standing import Standing
    from litellm_lite.router.trace import Trace
    from litellm_lite.router.waiting import Ticket

_LOOK_AGAIN_S = 5.0
"""How often one looks for itself whether time alone has freed a deployment for it; cooldowns end untold, too."""


class Line:
    """Where one call waits. A seat that was given is taken: its deployment counts the call as under way."""

    __slots__ = ("_ask", "_fleet", "_group", "_ticket", "_trace", "error")

    def __init__(self, fleet: Fleet, ask: Ask, trace: Trace) -> None:
        self._fleet, self._ask, self._trace = fleet, ask, trace
        self._ticket: Ticket | None = None
        self._group: Group | None = None
        self.error: APIError | None = None
        """Why there was no seat."""

    def now(self, group: Group) -> Standing | None:
        """Return a seat that is free, unless somebody has waited for it; who has gets it."""
        fleet, ask, now = self._fleet, self._ask, self._fleet.clock.now()
        kept: list[Standing] = []
        try:
            while (standing := group.pick(ask, now, fleet.chance)) is not None:
                ticket = group.queue.next_for(standing)
                if ticket is None or ticket is self._ticket:
                    group.start(standing, now, ask.tokens)
                    ask.excluded.add(standing)
                    return standing
                if not fleet.hand_over(group, ticket, standing, now):  # it is kept for one who needs more room
                    kept.append(standing)
                    ask.excluded.add(standing)
            return None
        finally:
            ask.excluded.difference_update(kept)

    def again(self, group: Group, standing: Standing) -> bool:
        """Take a seat at that very deployment, where it is free."""
        now = self._fleet.clock.now()
        free = standing.health.ready_at(now) <= now and standing.pace.ready_at(now, self._ask.tokens) <= now
        if free:
            group.start(standing, now, self._ask.tokens)
        return free

    def seat(self, group: Group, deadline: float, *, fallback: bool) -> Generator[Step, Event, Standing | None]:
        """Return a seat after a wait in line, as `now` found none. None where there is none: `error` says why."""
        now = self._fleet.clock.now()
        self.error = None
        ready = group.waits(self._ask, now, patient=not fallback)
        if ready is None:
            self.error = refusals.nobody(group, self._ask, now)
            return None
        until = min(deadline, now + self._fleet.settings.queue_timeout_s)
        if fallback:
            until = min(until, now + PATIENCE_S)
        if until < ready < math.inf:
            self.error = refusals.too_late(group, ready - now, until - now)
            return None
        return (yield from self._wait(group, now, until))

    def leave(self) -> None:
        """Give up the place in line, and a seat that came too late."""
        ticket, group = self._ticket, self._group
        self._ticket = self._group = None
        if ticket is None or group is None:
            return
        group.queue.leave(ticket)
        if (standing := ticket.standing) is not None:
            self._fleet.vacate(group, standing, self._ask.tokens)

    def _wait(self, group: Group, since: float, until: float) -> Generator[Step, Event, Standing | None]:
        ticket = group.queue.join(self._ask.accepts, self._ask.tokens)
        if ticket is None:
            self.error = refusals.full(group)
            return None
        self._ticket, self._group, now = ticket, group, since
        standing: Standing | None = None
        while standing is None and now < until and group.standings:
            ready = group.waits(self._ask, now, patient=True) if group.queue.first(ticket) else None
            ticket.granted = False
            yield Wait(ticket, min(until, now + _LOOK_AGAIN_S, math.inf if ready is None else ready) - now)
            now = self._fleet.clock.now()
            standing = ticket.claim() or self.now(group)
        self._trace.waited_s += now - since
        self.leave()
        self._fleet.wake_first(group)
        if standing is None:
            self.error = refusals.waited(group, now - since) if group.standings else refusals.gone(group.name)
        else:
            self._ask.excluded.add(standing)
        return standing
