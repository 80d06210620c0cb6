"""The mutable side of a deployment: how it does, how it is used, and where its group keeps it.

Times are of the Router's clock. Whoever ranks deployments reads here; only the group writes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from litellm_lite.router.cooldown import Health
    from litellm_lite.router.deployment import Deployment
    from litellm_lite.router.groups import End, Shelf
    from litellm_lite.router.pacing import Pace

_MEMORY_S = 60.0
"""What is older by this counts an e-th as much."""


class Measure:
    """How long a deployment takes: a mean in which new samples count more, both by their number and by their age."""

    __slots__ = ("_weight", "at", "seconds", "tried_at")

    def __init__(self) -> None:
        self._weight = 0.0
        self.seconds: float | None = None
        self.at = self.tried_at = -math.inf
        """When it was last measured, and when a call was last started that may be measured."""

    def add(self, seconds: float, now: float, most: int) -> None:
        """Take in a sample; it weighs at least as much as one of `most`."""
        self._weight = min(self._weight * math.exp((self.at - now) / _MEMORY_S), most - 1) + 1
        before = self.seconds or 0.0
        self.seconds, self.at = before + (seconds - before) / self._weight, now


class Recent:
    """A sum that fades: what was added a minute ago counts an e-th. At a steady rate it is the rate a minute."""

    __slots__ = ("_at", "_sum")

    def __init__(self) -> None:
        self._sum = self._at = 0.0

    def add(self, amount: float, now: float) -> None:
        """Add an amount; a negative one corrects, and takes nothing below zero."""
        self._sum = max(0.0, self._sum * math.exp((self._at - now) / _MEMORY_S) + amount)
        self._at = now

    def total(self, now: float) -> float:
        """Return what the sum has become."""
        return self._sum * math.exp((self._at - now) / _MEMORY_S)

    @property
    def level(self) -> float:
        """The logarithm of the sum, as of time 0. All fade alike, so of two sums the higher level is always the higher.

        Nobody has to be compared anew because time has passed.
        """
        return math.log(self._sum) + self._at / _MEMORY_S if self._sum > 0 else -math.inf


class Standing:
    """What has become of one deployment.

    `served` and `failed` count the attempts that had a verdict. `failed_at` is when it failed last, if nothing has been
    answered since. `weight` is what the strategy gave it. `turn` grows with each start in its group: the lowest was
    used longest ago.
    """

    __slots__ = (
        "deployment", "due", "failed", "failed_at", "health", "lane", "last_used", "listed", "measures", "number",
        "pace", "place", "requests", "served", "shelf", "tokens", "turn", "weight",
    )  # fmt: skip

    shelf: Shelf
    """With its like; set when it joins a group."""

    def __init__(self, deployment: Deployment, health: Health, pace: Pace) -> None:
        self.deployment, self.health, self.pace = deployment, health, pace
        self.served = self.failed = self.turn = self.number = 0
        self.last_used = self.failed_at = -math.inf
        self.weight = 1.0
        self.measures = Measure(), Measure()
        """Of plain calls, from start to end; and of streams, to the first token."""
        self.lane = 0
        """Which of these two the call is of that it was last picked for."""
        self.tokens, self.requests = Recent(), Recent()
        self.place = -1
        """Its number in its shelf; -1 while it has none."""
        self.listed = False
        """Whether it stands in the trees of its shelf: it may be picked."""
        self.due = math.inf
        """When the group is to look at it again."""

    def __repr__(self) -> str:
        return f"Standing({self.deployment.id!r})"

    @property
    def in_flight(self) -> int:
        """How many attempts are under way."""
        return self.pace.in_flight

    @property
    def latency_s(self) -> float | None:
        """How long plain calls take of late; None before the first was answered."""
        return self.measures[0].seconds

    @property
    def first_token_s(self) -> float | None:
        """How long streams take to their first token of late; None before the first spoke."""
        return self.measures[1].seconds

    def ready_at(self, now: float, tokens: int) -> float:
        """Return `now` where a call of so many tokens may start, else when; inf where only the end of one can tell."""
        when = self.pace.ready_at(now, tokens)
        return when if not self.health.blocked_until else max(when, self.health.ready_at(now))

    def begin(self, now: float, tokens: int, turn: int) -> None:
        """Note that an attempt starts."""
        self.last_used, self.turn = now, turn
        self.measures[self.lane].tried_at = now
        self.tokens.add(tokens, now)
        self.requests.add(1, now)

    def note(self, now: float, end: End, memory: int) -> None:
        """Note how an attempt ended. `memory`: how many times the means remember, about."""
        if end.ok:
            self.served += 1
            self.failed_at = -math.inf
            if end.latency_s is not None:
                self.measures[end.streamed].add(end.latency_s, now, memory)
        elif end.ok is not None:
            self.failed += 1
            self.failed_at = now
        if end.used is not None:
            self.tokens.add(end.used - end.tokens, now)
