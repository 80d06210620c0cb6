"""The deployments of one name: who is free, whom to pick, and what the start and the end of an attempt change in that.

A pick costs as many steps as there are shelves, and log2 of the deployments. Only those that are free stand in the
trees of their shelf. What time changes is looked at when it is due; what a call changes, when it starts and ends.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator
from heapq import heapify, heappop, heappush
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, Protocol

from litellm_lite.errors import BadRequestError
from litellm_lite.router.shelves import Shelf, ShuffledShelf, likeness
from litellm_lite.router.strategies import Strategy

if TYPE_CHECKING:
    from litellm_lite.router.cooldown import Failure
    from litellm_lite.router.deployment import Deployment
    from litellm_lite.router.learning import Limits
    from litellm_lite.router.standing import Standing
    from litellm_lite.router.waiting import Queue, Ticket

__all__ = ["Asking", "End", "Group", "Shelf"]

_GLANCE = 2
"""At how many deployments to look before the trees are asked whether any is free."""


class Asking(Protocol):
    """What is asked of a request while somebody is picked for it."""

    @property
    def tokens(self) -> int:
        """How many tokens a limit per minute is charged with."""

    @property
    def excluded(self) -> set[Standing]:
        """The deployments that will not do, whatever shelf they are on."""

    def verdict(self, shelf: Shelf, /) -> bool:
        """Whether the deployments of a shelf will do."""


class End(NamedTuple):
    """How an attempt ended. `tokens` as at its start; `used` is what the vendor counted."""

    ok: bool | None
    """None: nothing was learned of the deployment."""
    tokens: int
    used: int | None = None
    failure: Failure | None = None
    until: float | None = None
    lone: bool = False
    latency_s: float | None = None
    told: Limits | None = None
    allowed_fails: int | None = None
    streamed: bool = False
    """Whether `latency_s` is that of a first token."""
    began: float = math.inf
    """When it began; one from before a probe says nothing of the probe."""


class Group:
    """The deployments of one name, and the line of those who wait for one."""

    def __init__(self, name: str, strategy: Strategy, queue: Queue) -> None:
        self.name, self.strategy, self.queue = name, strategy, queue
        self.standings: list[Standing] = []
        self.tags: set[frozenset[str]] = set()
        """The tags of each deployment."""
        self._chooses = type(strategy).choose is not Strategy.choose
        self._kind = Shelf if strategy.ranked else ShuffledShelf
        self._shelves: dict[Hashable, Shelf] = {}
        """By what its deployments have in common; the lowest `order` first."""
        self._laid_out = True
        self._wakes: list[tuple[float, int, Standing]] = []
        """A heap of when to look at whom again; an entry holds while it is what that one is `due`."""
        self._short: dict[Standing, int] = {}
        """Who has no room for a call of so many tokens, though it may have for a smaller one. Not in the trees."""
        self._most_short = 0
        self._turns = self._numbers = 0

    @property
    def samples(self) -> list[Deployment]:
        """One deployment of each kind that there is."""
        return [shelf.sample for shelf in list(self._shelves.values())]

    def add(self, standing: Standing) -> None:
        """Take in a deployment."""
        key = likeness(standing.deployment)
        if (shelf := self._shelves.get(key)) is None:
            shelf = self._shelves[key] = self._kind(self, standing.deployment)
        self._numbers += 1
        standing.shelf, standing.number = shelf, self._numbers
        self.standings.append(standing)
        self.tags.add(standing.deployment.tags)
        self._laid_out = False

    def remove(self, id: str) -> None:
        """Take out a deployment; its attempts under way end as they would have."""
        for standing in self.standings:
            if standing.deployment.id == id:
                self.standings.remove(standing)
                standing.place, standing.listed = -1, False
                self.tags = {each.deployment.tags for each in self.standings}
                self._laid_out = False
                return

    def pick(self, ask: Asking, now: float, chance: Callable[[], float]) -> Standing | None:
        """Return one that is free now and may serve; None where there is none. It is not started.

        `chance` returns a number from 0, and less than 1. Only the lowest `order` that has a free one is picked from.
        """
        if self._chooses and (chosen := self._chosen(ask, now)) is not None:
            return chosen
        if not ask.excluded:
            return self._found(ask, now, chance)
        self._catch_up(now, ask.tokens)
        # One throw picks one, as if those that are excluded were not there: they may be gone as well, for they cool.
        hidden = [each for each in ask.excluded if each.listed and each.shelf.group is self]
        for each in hidden:
            each.shelf.take(each)
        found = self._found(ask, now, chance)
        for each in hidden:
            each.shelf.put(each, now)
        return found

    def in_turn(self, ask: Asking, now: float, chance: Callable[[], float]) -> Iterator[Standing]:
        """Yield those that `pick` would find if each of them failed, one after the other; none is started."""
        failed = []
        while (standing := self.pick(ask, now, chance)) is not None:
            failed.append(standing)
            standing.shelf.take(standing)
            if self._chooses:
                ask.excluded.add(standing)
            yield standing
        for standing in failed:
            self.refresh(standing, now)

    def others(self, ask: Asking, now: float) -> bool:
        """Tell whether `pick` would find one."""
        tokens, excluded = ask.tokens, ask.excluded
        self._catch_up(now, tokens)
        for standing in self.standings[:_GLANCE]:
            if standing not in excluded and ask.verdict(standing.shelf) and standing.ready_at(now, tokens) <= now:
                return True
        return len(self.standings) > _GLANCE and self._found(ask, now, _no_chance) is not None

    def waits(self, ask: Asking, now: float, *, patient: bool = False) -> float | None:
        """Return when one that is well may have room: `now`, a time, or inf where only the end of a call can tell.

        `patient`: one that rests from a rate limit counts too. None where nobody is worth a wait: they are cooling.
        """
        rests = (each for each in self._serving(ask, now) if patient and each.health.limited)
        well = (each for each in self._serving(ask, now) if each.health.ready_at(now) <= now)
        return min((each.ready_at(now, ask.tokens) for each in chain(well, rests)), default=None)

    def start(self, standing: Standing, now: float, tokens: int) -> bool:
        """Note that an attempt starts. True if it is a probe."""
        probe = standing.health.start(now)
        standing.pace.start(now, tokens)
        self._turns += 1
        standing.begin(now, tokens, self._turns)
        self.refresh(standing, now)
        return probe

    def end(self, standing: Standing, now: float, end: End) -> Ticket | None:
        """Note the end of an attempt. Returns the ticket of whoever may go in its place; it is still in line."""
        health = standing.health
        if end.ok:
            health.success(now)
        elif end.ok is None:
            health.release(now, end.began)
        else:
            kind = end.failure or "transient"
            health.failure(now, kind, lone=end.lone, until=end.until, allowed_fails=end.allowed_fails, began=end.began)
        standing.pace.finish(now, end.tokens, end.used, end.told)
        standing.note(now, end, self.strategy.memory)
        self.refresh(standing, now)
        if standing.place < 0 or not self.queue or standing.ready_at(now, 0) > now:
            return None
        return self.queue.next_for(standing)

    def refresh(self, standing: Standing, now: float, tokens: int = 0) -> None:
        """Put it into the trees where a call of so many tokens may start; else take it out until that may change.

        To be called whenever its health or its pace was changed by other means than `start` and `end`.
        """
        if standing.place < 0:
            return
        self._short.pop(standing, None)
        when = standing.ready_at(now, tokens)
        if when <= now:
            standing.shelf.put(standing, now)
            when = self.strategy.holds_until(standing, now)
        else:
            standing.shelf.take(standing)
            if tokens:
                self._short[standing] = tokens
                self._most_short = max(self._most_short, tokens)
        if when < standing.due:
            self._wake_at(standing, when)

    def _serving(self, ask: Asking, now: float) -> Iterator[Standing]:
        """Yield all that may serve a request at some time, the lowest order first."""
        if not self._laid_out:
            self._lay_out(now)
        excluded = ask.excluded
        for shelf in self._shelves.values():
            if ask.verdict(shelf):
                yield from (each for each in shelf.members if each not in excluded)

    def _chosen(self, ask: Asking, now: float) -> Standing | None:
        """Return the strategy's own choice, if it makes one."""
        free = self._free(ask, now)
        chosen = self.strategy.choose(free, ask) if free else None
        if chosen is not None and chosen not in free:
            name = type(self.strategy).__name__
            msg = f"{name}.choose returned {chosen!r}, which is none of those it was given; return one of them, or None"
            raise BadRequestError(msg, param="routing_strategy")
        return chosen

    def _free(self, ask: Asking, now: float) -> list[Standing]:
        """Return all of the lowest order that could be picked."""
        free: list[Standing] = []
        for each in self._serving(ask, now):
            if free and each.deployment.order != free[0].deployment.order:
                break
            if each.ready_at(now, ask.tokens) <= now:
                free.append(each)
        return free

    def _found(self, ask: Asking, now: float, chance: Callable[[], float]) -> Standing | None:
        """Draw until one will do. Who is excluded is taken out for the while, who has no room until he may have."""
        tokens, excluded = ask.tokens, ask.excluded
        self._catch_up(now, tokens)
        found: Standing | None = None
        hidden: list[Standing] = []
        while shelves := self._open(ask):
            drawn = self._kind.draw(shelves, ask, chance)
            if drawn in excluded:
                hidden.append(drawn)
                drawn.shelf.take(drawn)
            elif drawn.ready_at(now, tokens) <= now:
                found = drawn
                break
            else:
                self.refresh(drawn, now, tokens)
        for standing in hidden:
            standing.shelf.put(standing, now)
        return found

    def _open(self, ask: Asking) -> list[Shelf]:
        """Return the shelves to pick from: those of the lowest order that have somebody free who may serve."""
        found: list[Shelf] = []
        for shelf in self._shelves.values():
            if found and shelf.sample.order != found[0].sample.order:
                break
            if shelf.free and ask.verdict(shelf):
                found.append(shelf)
        return found

    def _catch_up(self, now: float, tokens: int) -> None:
        """Look at whoever time may have changed, and at those whose room may do for so many tokens."""
        if not self._laid_out:
            self._lay_out(now)
        wakes, due = self._wakes, []
        while wakes and wakes[0][0] <= now:
            due.append(heappop(wakes))
        for when, _, standing in due:
            if standing.due == when:
                standing.due = math.inf
                self.refresh(standing, now)
        if self._most_short > tokens:
            for standing, short in list(self._short.items()):
                if short > tokens:
                    self.refresh(standing, now, tokens)
            self._most_short = max(self._short.values(), default=0)

    def _wake_at(self, standing: Standing, when: float) -> None:
        wakes = self._wakes
        standing.due = when
        heappush(wakes, (when, standing.number, standing))
        if len(wakes) > 2 * len(self.standings) + 16:  # most are of no use any more
            wakes[:] = [(each.due, each.number, each) for each in self.standings if each.due < math.inf]
            heapify(wakes)

    def _lay_out(self, now: float) -> None:
        """Build everything anew: deployments have been added or taken out."""
        self._laid_out = True
        self._wakes.clear()
        self._short.clear()
        standings = self.standings
        weights = self.strategy.weights([standing.deployment for standing in standings])
        members: dict[Shelf, list[Standing]] = {}
        for standing, weight in zip(standings, weights, strict=True):
            standing.weight, standing.due = weight, math.inf
            members.setdefault(standing.shelf, []).append(standing)
        for shelf, its in members.items():
            shelf.lay_out(its)
        used = ((key, shelf) for key, shelf in self._shelves.items() if shelf in members)
        self._shelves = dict(sorted(used, key=lambda pair: pair[1].sample.order))
        for standing in standings:
            self.refresh(standing, now)


def _no_chance() -> float:
    return 0.0
