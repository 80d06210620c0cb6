"""What the calls of one Router share: its deployments in their groups, its settings, its clock and its dice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from litellm_lite.errors import BadRequestError
from litellm_lite.params import shown
from litellm_lite.router.cooldown import Health
from litellm_lite.router.groups import End, Group
from litellm_lite.router.names import Names
from litellm_lite.router.pacing import Pace
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
    ) -> None:
        self.settings, self.strategy, self.clock, self.chance = settings, strategy, clock, chance
        self.lock = threading.Lock()
        self.groups: dict[str, Group] = {}
        self.standings: dict[str, Standing] = {}
        self.names = Names((), settings.aliases)
        for deployment in deployments:
            self._add(deployment)
        self._name()

    def add(self, deployment: Deployment) -> None:
        """Take in one more. Raises BadRequestError where its id is taken."""
        with self.lock:
            self._add(deployment)
            self._name()

    def remove(self, deployment_id: str) -> Deployment | None:
        """Take one out, and return it; None where there is none of that id. Calls under way end as they would have."""
        with self.lock:
            standing = self.standings.pop(deployment_id, None)
            if standing is None:
                return None
            group = self.groups[standing.deployment.group]
            group.remove(deployment_id)
            if not group.standings:
                del self.groups[group.name]
            self._name()
            return standing.deployment

    def find(self, model: str) -> Stop:
        """Return where a model name leads. Raises BadRequestError for one that leads nowhere."""
        if not isinstance(model, str):
            raise BadRequestError(f"model must be the name of a model group, not {shown(model)}", param="model")
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

    def _add(self, deployment: Deployment) -> None:
        if deployment.id in self.standings:
            msg = f"there is a deployment {deployment.id!r} already; give this one another model_info.id"
            raise BadRequestError(msg, param="model_info.id")
        group = self.groups.get(deployment.group)
        if group is None:
            group = self.groups[deployment.group] = self._group(deployment.group)
        standing = self._standing(deployment)
        self.standings[deployment.id] = standing
        group.add(standing)

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
                group.queue.put_back(following)
                return False
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
