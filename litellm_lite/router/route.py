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
_ANSWERS = (Answered, Spoke)  # a tuple: a union would be made anew at every look
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
        self.barred: set[Standing] = set()
        """Those of the first group that the call did not ask for: it named one by its id."""
        if start.only is not None:
            self.barred.update(standing for standing in start.group.standings if standing is not start.only)
            ask.excluded |= self.barred
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
            if self.fleet.dropped:
                self.fleet.sweep()
            return self._steps.send(event)

    def close(self) -> None:
        """Give up: whatever is under way is let go, and its place is free for others."""
        with self.fleet.lock:
            self._steps.close()

    def drop(self) -> None:
        """Give up from a finalizer, which may run anywhere: also in a thread that holds the lock, or beside one."""
        fleet = self.fleet
        fleet.dropped.append(self._steps)
        if fleet.lock.acquire(blocking=False):
            try:
                fleet.sweep()
            finally:
                fleet.lock.release()

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
            ended = yield from self._visited(stop, kind)
            if isinstance(ended, _ANSWERS):
                return ended.attempt
            error = self.line.error if ended is None else ended.error
            self._note(error, called=ended is not None)
            refused = isinstance(ended, Failed) and policy.is_final(ended.error)  # by a vendor, not for this one by us
            self.itinerary.plan(stop, error, final=refused)
            kind = "fallback"
        raise self._failure()

    def _visited(self, stop: Stop, kind: Kind) -> Generator[Step, Event, Ended | None]:
        """Try the deployments of one group. Returns the answer, or the last failure; None where there was no seat."""
        ended: Ended | None = None
        standing = yield from self._seat(stop)
        self._allowed, self._made = self.retries(standing), 0
        while standing is not None:
            attempt = self.underway.start(standing, kind, stop, self.limit(stop, standing))
            ended = yield from self._ended(attempt, stop)
            if isinstance(ended, _ANSWERS):
                return ended
            standing, kind = yield from self._after(stop, ended, kind)
        return ended

    def _ended(self, attempt: Attempt, stop: Stop) -> Generator[Step, Event, Ended]:
        """Make an attempt, and others beside it while it is silent. Returns the answer, or the last failure.

        Once one vendor has refused the request itself, that is the failure, and nobody else is asked.
        """
        refusal: Failed | None = None
        event = yield attempt
        while True:
            if isinstance(event, _ANSWERS):
                self.underway.let_go(but=event.attempt)
                self._note_answer(event)
                return event
            if isinstance(event, Failed | Refused):
                self._note_failure(stop, event)
                if isinstance(event, Failed) and policy.is_final(event.error):
                    refusal = event
                if not self.underway:
                    return refusal or event
                event = yield (None if refusal else self._instead(stop)) or Listen(self.left_s())
            elif isinstance(event, Silent):
                self.underway.silent(event.attempt)
                event = yield (None if refusal else self._beside(stop)) or Listen(self.left_s())
            elif self.left_s() > 0:  # a timer was early
                event = yield Listen(self.left_s())
            else:
                lapsed = self._lapsed(stop)
                return refusal or lapsed

    def _beside(self, stop: Stop) -> Attempt | None:
        """Start another attempt beside those that are silent; None where nobody is free, or the time is up."""
        if self.left_s() <= 0:
            return None
        for place in (stop, *self.itinerary.fallbacks(stop)):
            standing = self.line.now(place.group)
            if standing is not None:
                return self.underway.start(standing, "hedge", place, self.limit(place, standing))
        return None

    def _instead(self, stop: Stop) -> Attempt | None:
        """Start another one in the place of one that failed beside those that are silent; it counts as a retry."""
        if self._made >= self._allowed or not self.underway.all_silent:
            return None
        attempt = self._beside(stop)
        if attempt is not None:
            self._made += 1
            self.trace.retries += 1
        return attempt

    def _after(
        self, stop: Stop, ended: Failed | Refused, kind: Kind
    ) -> Generator[Step, Event, tuple[Standing | None, Kind]]:
        """Decide what follows a failure in its group, and find the seat for it."""
        if isinstance(ended, Refused):
            return (yield from self._seat(stop)), kind
        if policy.is_context(ended.error):  # a larger window of the same group is not a retry
            return self.line.now(stop.group), "failover"
        deployment = ended.attempt.deployment  # of a fallback, if the last to fail was started beside
        standing = self.fleet.standings.get(deployment.id) if deployment.group == stop.group.name else None
        sequel = self._sequel(stop, standing, ended.error)
        if sequel.where not in ("same", "other"):
            return None, kind
        self._made += 1
        self.trace.retries += 1
        if sequel.where == "same" and standing is not None:
            self.trace.waited_s += sequel.pause_s
            yield Pause(sequel.pause_s, sequel.why)
            if self.left_s() > 0 and self.line.again(stop.group, standing):
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
        standing = yield from self.line.seat(stop.group, self.deadline, fallback=fallback)
        if standing is not None and self.left_s() <= 0:  # it was called in the last moment, and woke up after it
            self.fleet.vacate(stop.group, standing, self.ask.tokens)
            self.line.error = refusals.deadline(self.trace.group, self.order.timeout_s)
            return None
        return standing

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
            chance=self.fleet.jitter(),
        )
        return policy.after(error, chances, insisted=insisted is not None)

    def limit(self, stop: Stop, standing: Standing) -> Limit:
        """Return how long an attempt may take: all that is left, or a share of it while others could be asked."""
        now, deployment, settings = self.fleet.clock.now(), standing.deployment, self.fleet.settings
        left_s = self.deadline - now
        others = stop.group.others(self.ask, now) or self._fallback_free(stop)
        share_s = left_s * _A_SHARE if others else left_s
        if not self.order.stream:
            return Limit(share_s if deployment.timeout_s is None else min(share_s, deployment.timeout_s))
        own_s = deployment.stream_timeout_s if deployment.stream_timeout_s is not None else deployment.timeout_s
        whole_s = left_s if own_s is None else min(left_s, own_s)
        silent_s = min(settings.first_token_s, share_s) if others else None
        return Limit(whole_s, silent_s, settings.idle_s if others else None)

    def retries(self, standing: Standing | None) -> int:
        """Return how often a group may be tried again: as the call says, the deployment called first, or the Router."""
        if self.order.retries is not None:
            return self.order.retries
        own = standing.deployment.num_retries if standing is not None else None
        return self.fleet.settings.num_retries if own is None else own

    def _fallback_free(self, stop: Stop) -> bool:
        """Whether somebody outside the group could be asked now."""
        return any(place.group.others(self.ask, self.fleet.clock.now()) for place in self.itinerary.fallbacks(stop))

    def lone(self, stop: Stop) -> bool:
        """Whether nobody else could serve at all."""
        alone = len(stop.group.standings) == 1 or stop.only is not None
        return alone and next(self.itinerary.fallbacks(stop), None) is None

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
            self.ask.raise_floor(policy.window_named(event.error, running.attempt.deployment))

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
        unsent = self._unsent or [refusals.gone(self.trace.group)]
        return refusals.exhausted(self.trace, self._principal or unsent[0], self._unsent)
