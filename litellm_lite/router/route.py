"""The way of one call: a generator that yields what to do next, and is sent what came of it.

It neither sends nor waits; `drivers` do. It changes the standing of deployments as it goes, under the fleet's lock.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from litellm_lite.errors import APIError
from litellm_lite.router import policy, refusals
from litellm_lite.router.itinerary import Itinerary, Order
from litellm_lite.router.line import Line
from litellm_lite.router.repair import Repair
from litellm_lite.router.steps import (
    Answered,
    Attempt,
    Broke,
    Event,
    Failed,
    Finished,
    Keep,
    Kind,
    Listen,
    Pause,
    Refused,
    Silent,
    Spoke,
    Step,
)
from litellm_lite.router.trace import Trace
from litellm_lite.router.underway import Limit, Underway

if TYPE_CHECKING:
    from litellm_lite.router.ask import Ask
    from litellm_lite.router.fleet import Fleet, Stop
    from litellm_lite.router.standing import Standing

Ended = Answered | Spoke | Failed | Refused
_A_SHARE = 0.5
"""Of the time that is left, while somebody else could still be asked."""


class Route:
    """One call on its way. `advance` returns the next step, until StopIteration."""

    def __init__(self, fleet: Fleet, ask: Ask, start: Stop, order: Order) -> None:
        self.fleet, self.ask, self.order = fleet, ask, order
        now = fleet.clock.now()
        self.deadline = now + order.timeout_s
        self.trace = Trace(start.group.name, now)
        self.underway = Underway(fleet, ask, self.trace)
        self.line = Line(fleet, ask, self.trace)
        self.itinerary = Itinerary(fleet, start, order)
        if start.only is not None:
            ask.excluded.update(standing for standing in start.group.standings if standing is not start.only)
        self._allowed = self._made = 0
        self._principal: APIError | None = None
        self._unsent: list[APIError] = []
        self.remaining_s = order.timeout_s
        """What was left of the time for waiting when the first token came; a break goes on from there."""
        self.mends = 0
        self._steps = self._run()

    def advance(self, event: Event = None) -> Step:
        """Return what to do next. Raises APIError when the call has failed, StopIteration when it is over."""
        with self.fleet.lock:
            return self._steps.send(event)

    def close(self) -> None:
        """Give up: whatever is under way is let go, and its place is free for others."""
        with self.fleet.lock:
            self._steps.close()

    def left_s(self) -> float:
        """Return how many seconds the call may still take."""
        return self.deadline - self.fleet.clock.now()

    def _run(self) -> Generator[Step, Event, None]:
        try:
            event = yield Keep((yield from self._found()))
            while isinstance(event, Broke):
                event = yield Keep((yield from Repair(self, event).made()))
            if isinstance(event, Finished) and event.whole:
                self.underway.succeed(event.attempt, event.headers, event.usage)
        finally:
            self.line.leave()
            self.underway.let_go()

    def _found(self) -> Generator[Step, Event, Attempt]:
        """Go from group to group until one answers. Raises the error that holds every attempt."""
        kind: Kind = "first"
        while (stop := self.itinerary.next()) is not None:
            self.ask.trust(trusting=stop.trusting)
            before = len(self.trace)
            ended, error = yield from self._visited(stop, kind)
            if kind == "fallback" and len(self.trace) > before:
                self.trace.fallbacks += 1
            if ended is not None:
                return ended
            self._note(error, called=len(self.trace) > before)
            self.itinerary.plan(stop, error)
            kind = "fallback"
        raise self._failure()

    def _visited(self, stop: Stop, kind: Kind) -> Generator[Step, Event, tuple[Attempt | None, APIError | None]]:
        """Try the deployments of one group. Returns the attempt that answered, or why none did."""
        error: APIError | None = None
        standing = yield from self._seat(stop)
        self._allowed, self._made = self._retries(standing), 0
        while standing is not None:
            attempt = self.underway.start(standing, kind, stop, self._limit(stop, standing))
            ended = yield from self._ended(attempt, stop)
            if isinstance(ended, Answered | Spoke):
                return ended.attempt, None
            error = ended.error
            standing, kind = yield from self._after(stop, ended, kind)
        return None, error or self.line.error

    def _ended(self, attempt: Attempt, stop: Stop) -> Generator[Step, Event, Ended]:
        """Make an attempt, and others beside it while it is silent. Returns the answer, or the last failure."""
        event = yield attempt
        while True:
            if isinstance(event, Answered | Spoke):
                self.underway.let_go(but=event.attempt)
                self._note_answer(event)
                return event
            if isinstance(event, Failed | Refused):
                self._note_failure(stop, event)
                if not self.underway:
                    return event
                event = yield Listen(self.left_s())
            elif isinstance(event, Silent):
                self.underway.silent(event.attempt)
                event = yield self._beside(stop) or Listen(self.left_s())
            else:  # nothing came before the deadline
                return self._lapsed(stop)

    def _beside(self, stop: Stop) -> Attempt | None:
        """Start another attempt beside those that are silent; None where nobody is free."""
        for place in (stop, *self.itinerary.fallbacks(stop)):
            standing = self.line.now(place.group)
            if standing is not None:
                return self.underway.start(standing, "hedge", place, self._limit(place, standing))
        return None

    def _after(
        self, stop: Stop, ended: Failed | Refused, kind: Kind
    ) -> Generator[Step, Event, tuple[Standing | None, Kind]]:
        """Decide what follows a failure in its group, and find the seat for it."""
        if isinstance(ended, Refused):
            return (yield from self._seat(stop)), kind
        if policy.is_context(ended.error):  # a larger window of the same group is not a retry
            return self.line.now(stop.group), "failover"
        standing = self.fleet.standings.get(ended.attempt.deployment.id)
        sequel = self._sequel(stop, standing, ended.error)
        if sequel.where not in ("same", "other"):
            return None, kind
        self._made += 1
        self.trace.retries += 1
        if sequel.where == "same" and standing is not None:
            self.trace.waited_s += sequel.pause_s
            yield Pause(sequel.pause_s, sequel.why)
            if self.line.again(stop.group, standing):
                return standing, "retry"
        return (yield from self._seat(stop)), "failover"

    def _seat(self, stop: Stop) -> Generator[Step, Event, Standing | None]:
        if self.left_s() <= 0:
            self.line.error = refusals.deadline(self.trace.group, self.order.timeout_s)
            return None
        standing = self.line.now(stop.group)
        if standing is not None:
            return standing
        fallback = self._fallback_free(stop)
        return (yield from self.line.seat(stop.group, self.deadline, fallback=fallback))

    def _sequel(self, stop: Stop, standing: Standing | None, error: APIError) -> policy.Sequel:
        """Ask the policy what follows."""
        now, settings = self.fleet.clock.now(), self.fleet.settings
        insisted = settings.insisted_retries(stop.group.name, error)
        allowed = settings.retries_for(stop.group.name, error, self._allowed)
        chances = policy.Chances(
            retries=allowed - self._made,
            others=stop.group.others(self.ask, now),
            fallback=self._fallback_free(stop),
            left_s=self.left_s(),
            tries_here=self.ask.tries.get(standing, 1) if standing is not None else 1,
            closed=standing is not None and standing.health.closed,
            least_wait_s=settings.retry_after_s,
            chance=self.fleet.chance(),
        )
        return policy.after(error, chances, insisted=insisted is not None)

    def _limit(self, stop: Stop, standing: Standing) -> Limit:
        """Return how long an attempt may take: all that is left, or a share of it while others could be asked."""
        left_s, deployment, settings = self.left_s(), standing.deployment, self.fleet.settings
        others = stop.group.others(self.ask, self.fleet.clock.now()) or self._fallback_free(stop)
        share_s = left_s * _A_SHARE if others else left_s
        if not self.order.stream:
            return Limit(share_s if deployment.timeout_s is None else min(share_s, deployment.timeout_s))
        own_s = deployment.stream_timeout_s if deployment.stream_timeout_s is not None else deployment.timeout_s
        whole_s = left_s if own_s is None else min(left_s, own_s)
        silent_s = min(settings.first_token_s, share_s) if others else None
        return Limit(whole_s, silent_s, settings.idle_s if others else None)

    def _retries(self, standing: Standing | None) -> int:
        """Return how often a group may be tried again: as the call says, the deployment called first, or the Router."""
        if self.order.retries is not None:
            return self.order.retries
        own = standing.deployment.num_retries if standing is not None else None
        return self.fleet.settings.num_retries if own is None else own

    def _fallback_free(self, stop: Stop) -> bool:
        """Whether somebody outside the group could be asked now."""
        now = self.fleet.clock.now()
        return any(place.group.others(self.ask, now) for place in self.itinerary.fallbacks(stop))

    def lone(self, stop: Stop) -> bool:
        """Whether nobody else could serve at all."""
        return len(stop.group.standings) == 1 and next(self.itinerary.fallbacks(stop), None) is None

    def _note_answer(self, event: Answered | Spoke) -> None:
        if isinstance(event, Spoke):
            self.underway.spoke(event.attempt)
            self.remaining_s = self.left_s()
        else:
            self.underway.succeed(event.attempt, event.headers, event.usage)

    def _note_failure(self, stop: Stop, event: Failed | Refused) -> None:
        if isinstance(event, Failed):
            running = self.underway.fail(event.attempt, event.error, lone=self.lone(stop))
        else:
            running = self.underway.refuse(event.attempt, event.error)
            self.ask.refuse(running.standing, event.error)
        if policy.is_context(event.error):
            row = running.attempt.deployment.row
            self.ask.raise_floor(row.max_input_tokens if row is not None else None)

    def _lapsed(self, stop: Stop) -> Failed:
        """Fail whatever is still under way: the time is up."""
        error = refusals.deadline(self.trace.group, self.order.timeout_s)
        last = [self.underway.fail(attempt, error, lone=self.lone(stop)) for attempt in self.underway.attempts][-1]
        return Failed(last.attempt, error)

    def _note(self, error: APIError | None, *, called: bool) -> None:
        """Keep why a group did not answer."""
        if error is None:
            return
        if called:
            self._principal = self._principal or error
        else:
            self._unsent.append(error)

    def _failure(self) -> APIError:
        """Return the one error of the call."""
        principal = self._principal or self._unsent[0]
        return refusals.exhausted(self.trace, principal, self._unsent)
