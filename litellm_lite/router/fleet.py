"""What the calls of one Router share: its deployments in their groups, its settings, its clock and its dice."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from litellm_lite.errors import BadRequestError
from litellm_lite.params import shown
from litellm_lite.router.cooldown import Health
from litellm_lite.router.groups import End, Group
from litellm_lite.router.names import Names
from litellm_lite.router.pacing import Pace
from litellm_lite.router.places import Places
from litellm_lite.router.standing import Standing
from litellm_lite.router.waiting import Queue, Ticket

if TYPE_CHECKING:
    from litellm_lite.router.clock import Clock
    from litellm_lite.router.deployment import Deployment
    from litellm_lite.router.settings import Settings, Target
    from litellm_lite.router.strategies import Strategy


class Stop(NamedTuple):
    """A group on a call's way: how it was named, and what is said in the place of the caller's parameters there."""

    group: Group
    model: str | None = None
    overrides: Mapping[str, Any] | None = None
    trusting: bool = False
    """Whether it was named for prompts that are too long, so that a window nobody knows counts as larger."""
    only: Standing | None = None
    """The one deployment that was asked for by its id."""


class Fleet:
    """The deployments of a Router, and what has become of them.

    `lock` is held while a decision is made, never while something is waited for.
    """

    def __init__(
        self,
        deployments: Iterable[Deployment],
        settings: Settings,
        *,
        strategy: Strategy,
        clock: Clock,
        chance: Callable[[], float],
        jitter: Callable[[], float] | None = None,
    ) -> None:
        """`chance` picks; `jitter` spreads pauses, by dice of its own, so that these do not change who is picked."""
        self.settings, self.strategy, self.clock = settings, strategy, clock
        self.chance, self.jitter = chance, jitter or chance
        self.lock = threading.Lock()
        self.places = Places()
        self.dropped: deque[Generator[Any, Any, None]] = deque()
        """Calls that were given up where the lock could not be waited for; whoever has it next ends them."""
        self.groups: dict[str, Group] = {}
        self.standings: dict[str, Standing] = {}
        self.names = Names((), settings.aliases)
        for deployment in deployments:
            self._add(deployment)
        self._name()

    def add(self, deployment: Deployment, *, replace: bool = False) -> None:
        """Take in one more, or with `replace` put it in the place of the one with its id.

        Raises BadRequestError where its id is taken, and where its group is a wildcard for another model.
        """
        with self.lock:
            known = self.standings.get(deployment.id) if replace else None
            others = [each.deployment for each in self.standings.values() if each is not known]
            names = Names([*others, deployment], self.settings.aliases)
            self._add(deployment, known)
            self.names = names
            self.wake_first(self.groups[deployment.group])

    def remove(self, deployment_id: str) -> Deployment | None:
        """Take one out, and return it; None where there is none of that id. Calls under way end as they would have."""
        with self.lock:
            standing = self.standings.pop(deployment_id, None)
            if standing is None:
                return None
            self._name()
            self._leave(standing)
            return standing.deployment

    def of(self, name: str | None) -> list[Standing]:
        """Return the deployments of a group or of an alias of one, or all of them."""
        standings = list(self.standings.values())  # in one go: another thread may be adding one
        group = self.settings.aliases.get(name, name) if name is not None else None
        return [each for each in standings if group in (None, each.deployment.group)]

    def find(self, model: str) -> Stop:
        """Return where a model name leads. Raises BadRequestError for one that leads nowhere."""
        if not isinstance(model, str):
            raise BadRequestError(f"model must be the name of a model group, not {shown(model)}", param="model")
        try:
            return self._find(model)
        except KeyError:  # its group was taken out between two looks
            with self.lock:
                return self._find(model)

    def _find(self, model: str) -> Stop:
        group = self.groups.get(model)
        if group is not None and model not in self.settings.aliases:
            return Stop(group)
        if (standing := self.standings.get(model)) is not None:
            return Stop(self.groups[standing.deployment.group], only=standing)
        found = self.names.find(model)
        return Stop(self.groups[found.group], found.model)

    def target(self, target: Target, *, trusting: bool = False) -> Stop | None:
        """Return where a fallback leads; None where its group has been taken out meanwhile."""
        group = self.groups.get(target.group)
        return None if group is None else Stop(group, None, target.overrides, trusting)

    def _add(self, deployment: Deployment, known: Standing | None = None) -> None:
        """Take in a deployment, in the place of one that is known."""
        if known is None and deployment.id in self.standings:
            msg = f"there is a deployment {deployment.id!r} already; give this one another model_info.id"
            raise BadRequestError(msg, param="model_info.id")
        group = self.groups.get(deployment.group)
        if group is None:
            group = self.groups[deployment.group] = self._group(deployment.group)
        standing = self._standing(deployment)
        self.standings[deployment.id] = standing
        group.add(standing)
        if known is not None:
            self._leave(known)

    def _leave(self, standing: Standing) -> None:
        """Take one out of its group, and its group out with the last one."""
        group = self.groups[standing.deployment.group]
        group.remove(standing.deployment.id)
        if not group.standings:
            del self.groups[group.name]
            self.wake_first(group)  # nobody will serve those in line; each tells the next

    def _group(self, name: str) -> Group:
        return Group(name, self.strategy, Queue(self.settings.max_queue))

    def _standing(self, deployment: Deployment) -> Standing:
        settings = self.settings
        cooldown_s = settings.cooldown_s if deployment.cooldown_s is None else deployment.cooldown_s
        allowed = settings.allowed_fails if deployment.allowed_fails is None else deployment.allowed_fails
        parallel = deployment.max_parallel_requests or settings.max_parallel_requests
        health = Health(cooldown_s=0.0 if settings.disable_cooldowns else cooldown_s, allowed_fails=allowed)
        return Standing(deployment, health, Pace(rpm=deployment.rpm, tpm=deployment.tpm, max_parallel=parallel))

    def _name(self) -> None:
        deployments = [standing.deployment for standing in self.standings.values()]
        self.names = Names(deployments, self.settings.aliases)

    def sweep(self) -> None:
        """End the calls that were dropped."""
        while self.dropped:
            self.dropped.popleft().close()

    def spoke(self, group: Group, standing: Standing, now: float) -> None:
        """Note that a stream has begun: its deployment is well, so a probe need not last as long as the stream."""
        if not standing.health.closed:
            standing.health.success(now)
            group.refresh(standing, now)

    def end(self, group: Group, standing: Standing, now: float, end: End) -> None:
        """End an attempt, and hand its place to whoever has waited for it the longest."""
        if (ticket := group.end(standing, now, end)) is not None:
            self.hand_over(group, ticket, standing, now)

    def hand_over(self, group: Group, ticket: Ticket, standing: Standing, now: float) -> bool:
        """Take a place on behalf of one who waits, and call him; if he is gone, for the next.

        False where the first in line asks for more tokens than may be spent now: then nobody gets the place before him.
        """
        following: Ticket | None = ticket
        while following is not None:
            if standing.pace.ready_at(now, following.tokens) > now:
                return False
            group.queue.leave(following)
            group.start(standing, now, following.tokens)
            following.standing = standing
            if following.call():
                return True
            following.standing = None  # his event loop was closed around him
            following = group.end(standing, now, End(ok=None, tokens=following.tokens, used=0))
        return True

    def vacate(self, group: Group, standing: Standing, tokens: int) -> None:
        """Give back a place that was not made use of."""
        self.end(group, standing, self.clock.now(), End(ok=None, tokens=tokens, used=0))

    def wake_first(self, group: Group) -> None:
        """Call the first in line to look for itself: what time alone frees, nobody else tells it."""
        if (ticket := group.queue.head) is not None:
            ticket.call()
