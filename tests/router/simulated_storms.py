"""Big worlds in which everything goes wrong at random: from one seed, always the same."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from litellm_lite.router.deployment import Deployment
from tests.router.simulated_callers import Request
from tests.router.simulated_vendors import FAULTS, Behaviour, Quota, Vendor
from tests.router.simulator import World, deployed

_GROUPS = ("main", "spare", "large", "polite")
_RATES = (3.0, 8.0, 20.0)
"""Requests a second: from what all can serve to what makes them wait in line."""
_TROUBLES: tuple[Behaviour, ...] = (
    *FAULTS,
    "says nothing",
    "is slow",
    "cuts streams",
    "cuts streams",
    "stalls",
    "stalls",
)
_FALLBACKS: dict[str, Any] = {
    "fallbacks": [{"main": ["spare", "large"]}, {"spare": ["large"]}],
    "context_window_fallbacks": [{"main": ["large"]}],
    "content_policy_fallbacks": [{"main": ["polite"]}],
}


class Storm:
    """Requests come at random, and meanwhile vendors fail and recover, callers leave, deployments come and go."""

    def __init__(
        self, seed: int, requests: int, *, tell: Callable[[str], object] | None = None, **keywords: Any
    ) -> None:
        self.dice = random.Random(seed)
        self._left, self._made = requests, 0
        self._rate = self.dice.choice(_RATES)
        sizes = {"main": self.dice.randint(1, 6)}
        groups = [group for group in _GROUPS for _ in range(sizes.get(group) or self.dice.randint(1, 3))]
        deployments = [self._deployment(group) for group in groups]
        told = {} if tell is None else {"tell": tell}
        self.world = World(deployments, seed=seed, max_queue=200, **told, **{**_FALLBACKS, **keywords})
        self.world.watch.look_every = 25
        for vendor in self.world.vendors.values():
            self._furnish(vendor)

    def run(self) -> World:
        """Let it rage until all requests have come, and all have ended."""
        self.world.after(0.0, self._arrive)
        for happening, every_s in ((self._trouble, 2.0), (self._change, 8.0), (self._jump, 20.0)):
            self.world.after(self.dice.expovariate(1 / every_s), self._happen, happening, every_s)
        return self.world.drain()

    def _happen(self, happening: Callable[[], None], every_s: float) -> None:
        if self._left:
            happening()
            self.world.after(self.dice.expovariate(1 / every_s), self._happen, happening, every_s)

    def _arrive(self) -> None:
        dice, world = self.dice, self.world
        leaves_s = dice.expovariate(1 / 5) if dice.random() < 0.05 else None
        caller = world.arrive(self._request(), leaves_after_s=leaves_s)
        if caller is not None and dice.random() < 0.01:
            world.after(dice.expovariate(1 / 3), caller.lose_loop)
        self._left -= 1
        if self._left:
            world.after(dice.expovariate(self._rate), self._arrive)

    def _request(self) -> Request:
        dice = self.dice
        return Request(
            dice.choices(_GROUPS, (8, 2, 1, 1))[0],
            stream=dice.random() < 0.6,
            size=dice.choice((40, 40, 40, 40, 400, 2000)),
            tag="fast" if dice.random() < 0.08 else None,
            region="eu" if dice.random() < 0.05 else None,
            tools=dice.random() < 0.1,
            timeout_s=dice.choice((5.0, 30.0, 30.0, 120.0)),
        )

    def _deployment(self, group: str) -> Deployment:
        dice = self.dice
        self._made += 1
        given: dict[str, Any] = {
            "max_parallel_requests": dice.choice((None, None, 1, 4, 20)),
            "rpm": dice.choice((None, None, None, None, 30, 300)),
            "tpm": dice.choice((None, None, None, None, None, 2000, 20_000)),
            "weight": dice.choice((None, 1.0, 3.0)),
            "tags": frozenset(dice.choice(((), (), (), ("fast",), ("fast", "default")))),
            "region": dice.choice((None, "eu", "eu-west-1", "us")),
            "timeout_s": dice.choice((None, None, None, 3.0)),
            "stream_timeout_s": dice.choice((None, None, None, 2.0)),
            "order": dice.choice((0, 0, 0, 1)),
            "window": dice.choice((None, 1000, 8000) if group != "large" else (None, 100_000)),
            "tools": dice.choice((None, True, False)),
            "prefill": dice.random() < 0.4,
        }
        return deployed(f"{group}-{self._made}", group, **given)

    def _furnish(self, vendor: Vendor) -> None:
        dice = self.dice
        vendor.latency_s = dice.choice((0.2, 0.5, 1.5))
        vendor.gap_s = dice.choice((0.02, 0.05))
        vendor.retry_after_s = dice.choice((0.5, 3.0, 20.0, 90.0))
        vendor.other_words = dice.random() < 0.2
        vendor.prefill = dice.choice(("goes on", "goes on", "starts over", "refuses"))
        vendor.quota = dice.choice((None, None, None, Quota(50, resets=True), Quota(300, resets=False)))
        vendor.flaps = dice.choice((None, None, None, None, None, (60.0, 20.0)))

    def _trouble(self) -> None:
        dice, world = self.dice, self.world
        id = dice.choice(list(world.fleet.standings))
        world.set(id, dice.choice(_TROUBLES))
        world.after(dice.expovariate(1 / 6), self._recover, id)

    def _recover(self, id: str) -> None:
        self.world.set(id, "well")

    def _change(self) -> None:
        """Add a deployment, take one out, or put another in its place."""
        dice, world = self.dice, self.world
        kind, group = dice.choice(("add", "remove", "exchange")), dice.choice(_GROUPS)
        ids = [each.deployment.id for each in world.fleet.groups[group].standings]
        if kind == "add" or len(ids) == 1:
            made = self._deployment(group)
            world.add(made)
            self._furnish(world.vendors[made])
        elif kind == "remove":
            world.remove(dice.choice(ids))
        else:
            world.exchange(dice.choice(ids))

    def _jump(self) -> None:
        self.world.jump(-self.dice.expovariate(1 / 3))
