"""A world for the Router with no sockets, no threads and no sleeping: calls, vendors and faults in simulated time.

`World` holds a Fleet, the vendors behind its deployments, the callers, and a heap of what happens when. Its time only
goes forward; the source of the Router's clock may jump. `Watch` (in invariants.py) looks on, and raises AssertionError
as soon as something is done that must not be. To look for more than the tests do:

    for seed in range(1000): Storm(seed, 500).run()
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from heapq import heappop, heappush
from typing import Any

from litellm_lite.errors import BadRequestError
from litellm_lite.registry.info import ModelInfo
from litellm_lite.router import settings as settled
from litellm_lite.router import strategies
from litellm_lite.router.clock import Clock
from litellm_lite.router.deployment import Deployment, Prefill
from litellm_lite.router.fleet import Fleet
from litellm_lite.router.request import planned
from litellm_lite.router.standing import Standing
from tests.router.invariants import Watch
from tests.router.simulated_callers import Caller, Request
from tests.router.simulated_vendors import Behaviour, Vendor

_WAKING_S = 0.01
"""The longest that a thread takes to go on after it was called."""


def deployed(
    id: str, group: str = "main", *, window: int | None = None, tools: bool | None = None, **given: Any
) -> Deployment:
    """Return a deployment as a model list would make it; `prefill=True` declares that it continues a text."""
    row: dict[str, Any] = {} if window is None else {"max_input_tokens": window}
    if tools is not None:
        row["supports_function_calling"] = tools
    if given.pop("prefill", False):
        given["prefill"] = Prefill()
    known = ModelInfo(group, "openai", group, row) if row else None
    return Deployment(id=id, group=group, model=f"openai/{group}", provider="openai", row=known, **given)


class World:
    """What there is, and what happens next."""

    def __init__(
        self,
        deployments: Iterable[Deployment],
        *,
        seed: int = 0,
        tell: Callable[[str], object] = lambda _: None,
        **keywords: Any,
    ) -> None:
        self.at = 1000.0
        self.skew = 0.0
        self.dice = random.Random(seed)
        self.deployments = list(deployments)
        self.callers: list[Caller] = []
        self.vendors: dict[Deployment, Vendor] = {}
        self.standings: list[Standing] = []
        self._tell = tell
        self._happenings: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._numbers = 0
        keywords.setdefault("enable_tag_filtering", True)
        settings = settled.read(keywords, {each.group for each in self.deployments})
        self.clock = Clock(tick=lambda: self.at + self.skew)
        self.fleet = Fleet(
            self.deployments,
            settings,
            strategy=strategies.by_name(settings.routing_strategy, settings.routing_strategy_args),
            clock=self.clock,
            chance=self.dice.random,
        )
        self.watch = Watch(self)
        for each in self.deployments:
            self._know(each)

    def tell(self, sentence: str) -> None:
        """Tell the story, for whoever wants to hear it."""
        self._tell(f"{self.at - 1000:8.2f} s: {sentence}")

    def mute(self) -> None:
        """Tell no more."""
        self._tell = lambda _: None

    def after(self, seconds: float, happening: Callable[..., None], *args: Any) -> None:
        """Let something happen later. What is never to happen is left out."""
        if seconds < float("inf"):
            self._numbers += 1
            heappush(self._happenings, (self.at + seconds, self._numbers, happening, args))

    def lag(self) -> float:
        """Return how long somebody takes to wake up."""
        return self.dice.uniform(0.0, _WAKING_S)

    def vendor(self, id: str) -> Vendor:
        """Return the vendor behind a deployment."""
        return self.vendors[next(each for each in reversed(self.deployments) if each.id == id)]

    def arrive(self, request: Request, *, leaves_after_s: float | None = None) -> Caller | None:
        """Let a caller come; None where he is refused at the door."""
        messages = [{"role": "user", "content": "x" * request.size}]
        try:
            way = planned(self.fleet, request.group, messages, request.params(), stream=request.stream)
        except BadRequestError as error:
            self.tell(f"a request for {request} is refused: {error}")
            return None
        caller = Caller(self, len(self.callers) + 1, request, way)
        self.callers.append(caller)
        self.watch.came(caller)
        self.tell(f"{caller} comes for {request}")
        self.after(self.lag(), caller.begin)
        if leaves_after_s is not None:
            self.after(leaves_after_s, caller.hang_up)
        return caller

    def set(self, id: str, behaviour: Behaviour) -> None:
        """Let a vendor behave otherwise from now on."""
        self.tell(f"{id} {behaviour} from now on" if behaviour != "well" else f"{id} is well again")
        self.vendor(id).behaviour = behaviour

    def add(self, deployment: Deployment, vendor: Mapping[str, Any] | None = None, *, instead: bool = False) -> None:
        """Add a deployment, `instead` of the one with its id."""
        self.tell(f"{deployment.id} is added to {deployment.group!r}")
        self.fleet.add(deployment, replace=instead)
        self.deployments.append(deployment)
        self._know(deployment, **(vendor or {}))

    def remove(self, id: str) -> None:
        """Take a deployment out; its vendor goes on with what is under way."""
        self.tell(f"{id} is taken out")
        self.fleet.remove(id)

    def exchange(self, id: str) -> None:
        """Put an equal deployment of the same id in the place of one, as `upsert_deployment` does."""
        old = self.vendor(id)
        self.add(replace(old.deployment), {"behaviour": old.behaviour, "latency_s": old.latency_s}, instead=True)

    def jump(self, seconds: float) -> None:
        """Let the source of the Router's clock jump."""
        self.tell(f"the clock jumps by {seconds:+.1f} s")
        self.skew += seconds

    def run(self, seconds: float = float("inf")) -> None:
        """Let so much time pass, or all until nothing is left to happen."""
        until = self.at + seconds
        while self._happenings and self._happenings[0][0] <= until:
            self.at, _, happening, args = heappop(self._happenings)
            try:
                happening(*args)
                self.watch.look()
            except BaseException:
                self.watch.blind = True
                raise
        if until < float("inf"):
            self.at = until

    def drain(self) -> World:
        """Let every call come to its end, and look at what is left."""
        self.run()
        self.watch.quiet()
        return self

    def heal(self) -> None:
        """Let all vendors be well, and a clock that stands still go on."""
        self.tell("all vendors are well from now on")
        for vendor in self.vendors.values():
            vendor.behaviour, vendor.flaps = "well", None
        self.skew += max(0.0, self.clock.now() - self.at - self.skew)

    def _know(self, deployment: Deployment, **vendor: Any) -> None:
        self.vendors[deployment] = Vendor(deployment, **vendor)
        self.standings.append(self.fleet.standings[deployment.id])
