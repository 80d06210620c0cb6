"""What must hold of the places at deployments: who may be given one, and how many there are. Each is a named check.

`Places` counts for itself, in the Router's time. Of the Router it reads only when a deployment may be called again.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.router.simulated_vendors import WINDOW_S, used_tokens

if TYPE_CHECKING:
    from litellm_lite.router.deployment import Deployment
    from litellm_lite.router.standing import Standing
    from tests.router.simulated_callers import Caller

    Hold = Callable[[bool, str, str, Caller | None], None]

_SLACK_S = 1e-6
_LONGEST_NAMED_S = 3600.0


class Seat:
    """A place at a deployment that a call has, from the moment it was given."""

    __slots__ = ("at", "caller", "standing", "tokens")

    def __init__(self, caller: Caller, standing: Standing, at: float) -> None:
        self.caller, self.standing, self.at = caller, standing, at
        self.tokens = caller.route.ask.tokens

    def __str__(self) -> str:
        return f"{self.caller} is given a place at {self.standing.deployment.id}"


class Load:
    """What was asked of one deployment."""

    def __init__(self) -> None:
        self.seats: set[Seat] = set()
        self.not_before = -math.inf
        """The time that its vendor named."""
        self.recent: deque[Seat] = deque()
        """Those that were given within the last 60 s."""

    def slide(self, now: float) -> None:
        while self.recent and self.recent[0].at + WINDOW_S <= now:
            self.recent.popleft()


class Places:
    """All places that were given, and those that have been freed."""

    def __init__(self, hold: Hold) -> None:
        self.loads: defaultdict[Deployment, Load] = defaultdict(Load)
        self._hold = hold
        self._taken: list[Seat] = []
        """Since the last look. Only when all is said and done it is known who of those that were there has left."""
        self._freed: list[Standing] = []
        self._probes: set[Seat] = set()
        """Of those whose deployment has been half open ever since."""

    def named(self, deployment: Deployment, now: float, seconds: float) -> None:
        """A vendor says when it may be called again."""
        load = self.loads[deployment]
        load.not_before = max(load.not_before, now + min(seconds, _LONGEST_NAMED_S))

    def take(self, caller: Caller, standing: Standing, now: float) -> Seat:
        """Give a place."""
        health, load, seat = standing.health, self.loads[standing.deployment], Seat(caller, standing, now)
        until = f"{seat}, which is {health.why(now)} until {health.blocked_until:.3f}"
        self._hold(health.blocked_until <= now, "a cooled deployment is left alone", until, caller)
        early = f"{seat} {load.not_before - now:.3f} s before the time its vendor named"
        self._hold(now >= load.not_before - _SLACK_S, "Retry-After is honoured", early, caller)
        if not health.closed:
            self._probes.add(seat)
        load.slide(now)
        load.seats.add(seat)
        load.recent.append(seat)
        self._taken.append(seat)
        return seat

    def leave(self, seat: Seat, *, sent: bool) -> None:
        """End the attempt of a seat; where nothing was sent it has used no tokens."""
        seat.tokens = used_tokens(seat.tokens) if sent else 0
        self.loads[seat.standing.deployment].seats.discard(seat)
        self._freed.append(seat.standing)

    def vacate(self, seat: Seat) -> None:
        """Forget a seat of which no use was made."""
        load = self.loads[seat.standing.deployment]
        load.seats.discard(seat)
        if seat in load.recent:
            load.recent.remove(seat)

    def look(self) -> list[Standing]:
        """Check what has been given since the last look. Returns where places were freed, and not given again."""
        for seat in self._taken:
            load = self.loads[seat.standing.deployment]
            if seat in load.seats:
                self._check_concurrency(seat, load)
            if seat in load.recent:
                self._check_limits(seat, load)
        given = {seat.standing for seat in self._taken}
        left = [standing for standing in self._freed if standing not in given]
        self._taken.clear()
        self._freed.clear()
        if self._probes:
            self._probes = {seat for seat in self._probes if not seat.standing.health.closed}
        return left

    def _check_concurrency(self, seat: Seat, load: Load) -> None:
        most, there = seat.standing.deployment.max_parallel_requests, len(load.seats)
        fits = most is None or there <= most
        self._hold(fits, "no more at a time than allowed", f"{seat}, the {there}. of {most}", seat.caller)
        if seat in self._probes:
            probes = [str(other.caller) for other in load.seats & self._probes if other is not seat]
            beside = f"{seat} as a probe, beside {', '.join(probes)}"
            self._hold(not probes, "one probe at a time", beside, seat.caller)

    def _check_limits(self, seat: Seat, load: Load) -> None:
        deployment, place = seat.standing.deployment, load.recent.index(seat)
        rpm, tpm = deployment.rpm, deployment.tpm
        fits = rpm is None or place < rpm
        self._hold(fits, "no more requests than allowed", f"{seat}, the {place + 1}. of {rpm} in 60 s", seat.caller)
        if tpm is not None:
            spent, more = sum(load.recent[each].tokens for each in range(place)), min(seat.tokens, tpm)
            what = f"{seat} for {more} tokens, with {spent} of {tpm} spent in 60 s"
            self._hold(spent + more <= tpm, "no more tokens than allowed", what, seat.caller)
