"""Thousands of calls over vendors that fail at random, in simulated time: what must hold does, whatever happens.

The invariants stand in invariants.py and invariants_of_calls.py; each has a name, and says what broke it. The state
machine shrinks to a short story, the storms are large: `Storm(seed, 2000, tell=print).run()` tells one in full.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from litellm_lite.router.deployment import Deployment
from tests.router.simulated_callers import Request
from tests.router.simulated_storms import Storm
from tests.router.simulated_vendors import FAULTS, Behaviour
from tests.router.simulator import World, deployed

_RETURN_S = 32.0
"""Half a minute is what a deployment may take to be back; a call more, to be seen there."""
_LAYOUTS: dict[str, Callable[[], list[Deployment]]] = {
    "one and a spare": lambda: [deployed("a"), deployed("b", "spare")],
    "one alone": lambda: [deployed("a", max_parallel_requests=1)],
    "two alike": lambda: [deployed("a", prefill=True), deployed("b", prefill=True)],
    "narrow": lambda: [
        deployed("a", max_parallel_requests=1),
        deployed("b", max_parallel_requests=1),
        deployed("c", "spare", max_parallel_requests=1),
    ],
    "limited": lambda: [deployed("a", rpm=2), deployed("b", tpm=80), deployed("c", "spare", rpm=3)],
    "in order": lambda: [deployed("a", order=1), deployed("b", order=2), deployed("c", "spare", prefill=True)],
    "windows": lambda: [deployed("a", window=4000), deployed("b", window=8000), deployed("c", "spare", window=100_000)],
    "tagged": lambda: [
        deployed("a", tags=frozenset({"fast"}), max_parallel_requests=1),
        deployed("b", region="eu", max_parallel_requests=1),
        deployed("c", "spare", region="eu-west-1"),
    ],
    "in a chain": lambda: [
        deployed("a"),
        *(deployed(f"b{number}", "spare", max_parallel_requests=1) for number in range(2)),
        *(deployed(f"c{number}", f"spare {number}") for number in range(3)),
    ],
    "quick to give up": lambda: [
        deployed("a", stream_timeout_s=2.0, timeout_s=1.0),
        deployed("b"),
        deployed("c", "spare", stream_timeout_s=2.0),
    ],
}
_SOMEBODY = st.integers(0, 9)
"""Whoever stands at that place in the list, from the end."""


class Faults(RuleBasedStateMachine):
    """Calls come and go, vendors fail and recover, time passes."""

    world: World

    @initialize(layout=st.sampled_from(sorted(_LAYOUTS)), hold=st.booleans())
    def begin(self, layout: str, hold: bool) -> None:
        deployments = _LAYOUTS[layout]()
        groups = list(dict.fromkeys(each.group for each in deployments))
        fallbacks: dict[str, Any] = {"fallbacks": [{groups[0]: groups[1:]}]} if groups[1:] else {}
        self.world = World(
            deployments, tell=note, stream_hold="full" if hold else "none", max_queue=5, max_fallbacks=2, **fallbacks
        )
        self.added = 0

    @rule(
        stream=st.booleans(),
        size=st.sampled_from([40, 400]),
        timeout_s=st.sampled_from([30.0, 2.0, 120.0]),
        tag=st.sampled_from([None, None, "fast"]),
        region=st.sampled_from([None, None, "eu"]),
        calls=st.sampled_from([1, 1, 3]),
    )
    def arrive(self, calls: int, **asked: Any) -> None:
        for _ in range(calls):
            self.world.arrive(Request(**asked))

    @rule(seconds=st.sampled_from([0.01, 0.5, 2.0, 6.0, 12.0, 61.0]))
    def let_time_pass(self, seconds: float) -> None:
        self.world.run(seconds)

    @rule(who=_SOMEBODY, behaviour=st.sampled_from(FAULTS))
    def fail(self, who: int, behaviour: Behaviour) -> None:
        self.world.set(self._id(who), behaviour)

    @rule(who=_SOMEBODY, latency_s=st.sampled_from([0.4, 3.0, 12.0]))
    def recover(self, who: int, latency_s: float) -> None:
        self.world.set(self._id(who), "well")
        self.world.vendor(self._id(who)).latency_s = latency_s

    @rule(who=_SOMEBODY)
    def differ(self, who: int) -> None:
        vendor = self.world.vendor(self._id(who))
        vendor.other_words, vendor.prefill = True, "starts over"

    @precondition(lambda self: self.world.callers)
    @rule(who=_SOMEBODY, gone=st.booleans())
    def cancel(self, who: int, gone: bool) -> None:
        caller = self.world.callers[-1 - who % len(self.world.callers)]
        caller.lose_loop() if gone else caller.hang_up()

    @rule(group=st.sampled_from(["main", "spare"]))
    def add(self, group: str) -> None:
        if group in self.world.fleet.groups:
            self.added += 1
            self.world.add(deployed(f"{group}-{self.added}", group))

    @rule(who=_SOMEBODY, exchange=st.booleans())
    def remove(self, who: int, exchange: bool) -> None:
        id = self._id(who)
        group = self.world.fleet.groups[self.world.fleet.standings[id].deployment.group]
        if len(group.standings) > 1:
            (self.world.exchange if exchange else self.world.remove)(id)

    @rule(seconds=st.sampled_from([1.0, 30.0]))
    def jump_back(self, seconds: float) -> None:
        self.world.jump(-seconds)

    @rule()
    def drain(self) -> None:
        self.world.tell("nothing more happens until all calls have ended")
        self.world.drain()

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.drain()
            all_return(self.world)

    def _id(self, who: int) -> str:
        ids = list(self.world.fleet.standings)
        return ids[-1 - who % len(ids)]


@pytest.mark.parametrize(
    ("seed", "keywords"),
    [
        (1, {}),
        (2, {"routing_strategy": "latency-based-routing", "cooldown_time": 1.0}),
        (3, {"routing_strategy": "least-busy", "stream_hold": "full", "max_fallbacks": 1}),
        (4, {"routing_strategy": "usage-based-routing", "num_retries": 4, "first_token_timeout": 1.0}),
        (5, {"routing_strategy": "cost-based-routing", "allowed_fails": 2, "stream_idle_timeout": 2.0}),
    ],
)
def test_two_thousand_calls_in_a_storm_break_no_rule(seed: int, keywords: dict[str, Any]) -> None:
    world = Storm(seed, 2000, **keywords).run()
    ended = Counter("answered" if caller.answers else "failed" for caller in world.callers if not caller.hung_up)
    assert ended["answered"] > 400
    assert ended["failed"] > 20


def all_return(world: World) -> None:
    """Let all be well, and look whether everybody is called again within half a minute, where there is traffic."""
    world.heal()
    named = max((load.not_before for load in world.watch.places.loads.values()), default=0.0)
    world.run(max(0.0, named - world.clock.now()) + 0.1)
    world.tell("a call comes to every group each half second")
    world.mute()
    began = {vendor: vendor.calls for vendor in world.vendors.values()}
    for _ in range(int(_RETURN_S / 0.5)):
        for name in world.fleet.groups:
            world.arrive(Request(name))
        world.run(0.5)
    world.drain()
    for group in world.fleet.groups.values():
        first = min(standing.deployment.order for standing in group.standings)
        for deployment in (standing.deployment for standing in group.standings):
            vendor = world.vendors[deployment]
            limited = deployment.rpm or deployment.tpm or vendor.quota
            assert vendor.calls > began[vendor] or deployment.order > first or limited, (
                f"{deployment.id} never came back"
            )


TestFaults = Faults.TestCase
TestFaults.settings = settings(max_examples=150, stateful_step_count=25, deadline=None, derandomize=True)
