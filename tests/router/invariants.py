"""What must hold while calls are under way, whatever happens: each a named check.

`Watch` counts for itself: what it holds against the Router it has seen at the callers and vendors. Of the Router's own
state it reads the health of deployments and the line of a group, and at the end whether anything is left.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from litellm_lite.router.steps import Attempt, Event, Failed, Keep, Listen, Pause, Step, Wait
from tests.router import invariants_of_calls as calls
from tests.router.invariants_of_places import Places, Seat

if TYPE_CHECKING:
    from litellm_lite.router.deployment import Deployment
    from litellm_lite.router.groups import Group
    from litellm_lite.router.standing import Standing
    from litellm_lite.router.waiting import Ticket
    from tests.router.simulated_callers import Caller
    from tests.router.simulator import World

_SLACK_S = 1e-6
_LATE_S = 0.1
"""How much later than its time somebody may do something: threads take time to wake up."""
_LOOKS_S = 5.0
"""How long a place may be free without whoever waits for it taking notice."""


class Waiting(NamedTuple):
    """Somebody in line; `needs` decides who may serve him."""

    ticket: Ticket
    group: str
    needs: tuple[object, ...]


class Watch:
    """Looks on. Raises Broken, which names what should hold and tells the story of the call."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.places = Places(self._hold)
        self.ledger: Counter[Deployment] = Counter()
        """How many tokens were answered by whom."""
        self.look_every = 1
        self.blind = False
        """Something is broken: what follows from that is of no interest."""
        self._seats: dict[tuple[Caller, int], Seat] = {}
        self._given: dict[Caller, Seat] = {}
        self._line: dict[Caller, Waiting] = {}
        self._overlooked: dict[Ticket, float] = {}
        self._deadline: dict[Caller, float] = {}
        self._left_s: dict[Caller, float] = {}
        self._made: defaultdict[Caller, list[Attempt]] = defaultdict(list)
        self._looks = 0

    def came(self, caller: Caller) -> None:
        """A call begins."""
        self._deadline[caller] = self._now() + caller.request.timeout_s

    def heard(self, event: Event) -> None:
        """A caller is about to tell its route what happened."""
        if isinstance(event, Failed) and event.error.retry_after is not None:
            self.places.named(event.attempt.deployment, self._now(), event.error.retry_after)

    def step(self, caller: Caller, step: Step) -> None:
        """A route says what to do next."""
        left_s = self._deadline[caller] - self._now()
        match step:
            case Wait(ticket, seconds):
                self._within(caller, step, seconds, left_s)
                self._queue(caller, ticket)
            case Pause(seconds):
                self._within(caller, step, seconds, left_s)
            case Listen(seconds):
                self._within(caller, step, seconds or 0.0, max(0.0, left_s))
            case Attempt():
                self._within(caller, step, step.timeout_s or 0.0, left_s)
                self._attempt(caller, step)
            case Keep():
                self._left_s[caller] = left_s
        if not isinstance(step, Wait):
            self._line.pop(caller, None)

    def called(self, caller: Caller, ticket: Ticket) -> None:
        """Somebody in line is called; a place may have been taken on his behalf."""
        if not self.blind and ticket.standing is not None and caller not in self._given:
            self._given[caller] = self._take(caller, ticket.standing)

    def ended(self, caller: Caller, attempt: Attempt, *, sent: bool = True) -> None:
        """An attempt is over, as its vendor sees it."""
        self.places.leave(self._seats.pop((caller, attempt.number)), sent=sent)

    def broke(self, caller: Caller, silence_s: float) -> None:
        """A stream broke off: from now on its time runs again."""
        self._deadline[caller] = self._now() + self._left_s[caller] - silence_s

    def shown(self, caller: Caller) -> None:
        """The caller sees more of a stream."""
        calls.check_shown(caller)

    def answered(self, attempt: Attempt, tokens: int) -> None:
        """A call got its whole answer."""
        self.ledger[attempt.deployment] += tokens

    def over(self, caller: Caller) -> None:
        """A call is over, in whatever way."""
        self._line.pop(caller, None)
        if (seat := self._given.pop(caller, None)) is not None:
            self.places.vacate(seat)
        made = self._made.pop(caller, [])
        if not self.blind:
            calls.check_over(caller, made)
        self._deadline.pop(caller, None)
        self._left_s.pop(caller, None)

    def look(self) -> None:
        """Something happened: look around."""
        for standing in self.places.look():
            self._check_handed_over(standing)
        self._looks += 1
        if self._looks % self.look_every == 0:
            for group in self._world.fleet.groups.values():
                self._look_at_line(group)

    def quiet(self) -> None:
        """All calls have ended: nothing may be left of them."""
        world = self._world
        for caller in world.callers:
            self._hold(caller.over, "every request ends", f"{caller} got neither an answer nor an error", caller)
        for standing in world.standings:
            name, health = standing.deployment.id, standing.health
            self._hold(standing.in_flight == 0, "no seat is left", f"{name} counts {standing.in_flight} under way")
            self._hold(not health.probing, "no breaker is stuck", f"{name} is probing, and nobody probes it")
        for vendor in world.vendors.values():
            self._hold(vendor.under_way == 0, "no attempt is left", f"{vendor.name} has {vendor.under_way}")
        for group in world.fleet.groups.values():
            self._hold(not group.queue, "no ticket is left", f"{len(group.queue)} wait for {group.name!r}")
        self._check_ledger()

    def _now(self) -> float:
        return self._world.clock.now()

    def _attempt(self, caller: Caller, attempt: Attempt) -> None:
        running = caller.route.underway._running[attempt.number]
        seat = self._given.pop(caller, None) or self._take(caller, running.standing, attempt)
        same = seat.standing.deployment is attempt.deployment
        self._hold(same, "who is given a place takes it", f"{seat}, and calls {attempt.deployment.id}", caller)
        self._seats[caller, attempt.number] = seat
        self._made[caller].append(attempt)
        calls.check_may_serve(caller, attempt)

    def _take(self, caller: Caller, standing: Standing, attempt: Attempt | None = None) -> Seat:
        """A place is taken: by a call for itself, or on behalf of one in line."""
        self._check_order(caller, standing, attempt)
        return self.places.take(caller, standing, self._now())

    def _queue(self, caller: Caller, ticket: Ticket) -> None:
        """Somebody stands in line; who does already keeps his place."""
        before = self._line.get(caller)
        if before is not None and before.ticket is ticket:
            return
        group = caller.route.line._group
        assert group is not None
        self._line.pop(caller, None)
        self._line[caller] = Waiting(ticket, group.name, _needs(caller))

    def _check_order(self, caller: Caller, standing: Standing, attempt: Attempt | None) -> None:
        """Nobody passes one who came before, and needs the same. Who tries his deployment again was in it before."""
        if attempt is not None and attempt.kind in ("retry", "restart"):
            return
        group, needs = standing.deployment.group, _needs(caller, standing)
        for other, waiting in self._line.items():
            if other is caller:
                return
            passed = (
                waiting.group == group
                and waiting.needs == needs
                and waiting.ticket.accepts(standing)  # by the tags that the group had when it came
                and other not in self._given
                and not other.deaf
            )
            what = f"{caller} is given a place at {standing.deployment.id}, and {other} has waited for it longer"
            self._hold(not passed, "first come, first served", what, caller)

    def _check_handed_over(self, standing: Standing) -> None:
        """A place that was freed, and not given again: nobody waits for it, or who does needs more than is there."""
        group = self._world.fleet.groups.get(standing.deployment.group)
        if group is None or not group.queue or standing not in group.standings:
            return
        first = next((ticket for ticket in group.queue._line if ticket.accepts(standing)), None)
        if first is not None and not (caller := self._caller(first)).deaf:
            free = standing.ready_at(self._now(), first.tokens) <= self._now()
            what = f"{standing.deployment.id} is free, and {caller} waits for it"
            self._hold(not free, "a place is handed over at once", what, caller)

    def _look_at_line(self, group: Group) -> None:
        """A free place must not stay free while somebody waits for it and nobody before him does."""
        if not group.queue:
            return
        now = self._now()
        taken: set[Standing] = set()
        for ticket in group.queue._line:
            its = [standing for standing in group.standings if ticket.accepts(standing) and standing not in taken]
            free = [standing for standing in its if standing.ready_at(now, ticket.tokens) <= now]
            taken.update(its)
            if not free:
                self._overlooked.pop(ticket, None)
                continue
            waited_s = self._world.at - self._overlooked.setdefault(ticket, self._world.at)
            caller = self._caller(ticket)
            what = f"{caller} waits, and for {waited_s:.1f} s {free[0].deployment.id} has been free for it"
            self._hold(waited_s <= _LOOKS_S + _LATE_S, "nobody starves in line", what, caller)

    def _caller(self, ticket: Ticket) -> Caller:
        return next(caller for caller, waiting in self._line.items() if waiting.ticket is ticket)

    def _within(self, caller: Caller, step: Step, seconds: float, left_s: float) -> None:
        name = type(step).__name__
        what = f"{name} may take {seconds:.3f} s, and {left_s:.3f} s are left of {caller.request.timeout_s:g}"
        self._hold(left_s >= 0 and seconds <= left_s + _SLACK_S, "the deadline holds", what, caller)

    def _check_ledger(self) -> None:
        billed: Counter[Deployment] = Counter()
        for caller in self._world.callers:
            for record in caller.route.trace:
                if record.billed:
                    assert record.usage is not None
                    billed[record.deployment] += record.usage["total_tokens"]
        self._hold(billed == self.ledger, "what is billed was answered", f"{billed} is not {self.ledger}")

    def _hold(self, fact: bool, what: str, but: str, caller: Caller | None = None) -> None:
        if not fact and not self.blind:
            calls.broken(what, but, caller)


def _needs(caller: Caller, but: Standing | None = None) -> tuple[object, ...]:
    """Return what decides who may serve a caller now; `but` is who has just been taken."""
    asked, ask = caller.request, caller.route.ask
    return asked.tag, asked.region, asked.tools, ask.tokens, ask.needs.floor, frozenset(ask.excluded - {but})
