"""Picking, held against a model that looks at every deployment each time: whatever came before, they agree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from litellm_lite.router.cooldown import Health
from litellm_lite.router.groups import End, Group
from litellm_lite.router.learning import Limits
from litellm_lite.router.pacing import Pace
from litellm_lite.router.standing import Standing
from litellm_lite.router.strategies import STRATEGIES, Strategy, by_name
from tests.router.picking import COOLDOWN_S, Request, deployment, group

MODELS = ("openai/small", "openai/large")
LIMITS: list[dict[str, Any]] = [{}, {}, {"rpm": 2}, {"tpm": 100}, {"tpm": 90, "rpm": 3}, {"max_parallel_requests": 1}]
TOKENS = st.sampled_from([0, 1, 30, 60, 100, 200])
NUMBERS = st.integers(0, 99)
PRICES: list[dict[str, Any]] = [{}, {"input_cost_per_token": 1, "output_cost_per_token": 2}]
DESCRIBED = st.builds(
    lambda limits, weight, **described: {**limits, **weight, **described},
    limits=st.sampled_from(LIMITS),
    weight=st.sampled_from([{}, {"weight": 0.1}, {"weight": 7.0}]),
    model=st.sampled_from(MODELS),
    order=st.sampled_from([0, 0, 1]),
    params=st.sampled_from(PRICES),
)
ENDS = st.builds(
    End,
    ok=st.sampled_from([True, True, False, None]),
    tokens=st.just(0),
    used=st.none() | TOKENS,
    failure=st.sampled_from(["transient", "unusable", "rate_limited"]),
    lone=st.booleans(),
    latency_s=st.sampled_from([0.1, 0.5, 0.52, 9.0]),
    told=st.sampled_from([None, None, Limits(remaining_requests=1, reset_requests_s=20.0), Limits(retry_after=3.0)]),
    streamed=st.booleans(),
)


REQUESTS = st.tuples(
    st.sets(st.integers(0, 9), max_size=4),
    TOKENS,
    st.booleans(),
    st.sampled_from([None, None, *MODELS]),
)


def allowed(group: Group, request: Request, now: float) -> list[Standing]:
    """Return all that may be picked, found without a tree."""
    free = [
        each
        for each in group.standings
        if request.accepts(each) and each.health.ready_at(now) <= now and each.pace.ready_at(now, request.tokens) <= now
    ]
    lowest = min((each.deployment.order for each in free), default=0)
    free = [each for each in free if each.deployment.order == lowest]
    strategy = group.strategy
    if not strategy.ranked:
        return free
    lane = strategy.lane(request)
    ranks = [(strategy.ranks(each, now)[lane], each.turn) for each in free]
    return [each for each, rank in zip(free, ranks, strict=True) if rank == min(ranks)]


class Picking(RuleBasedStateMachine):
    strategy: Strategy
    running = Bundle("running")

    @initialize(described=st.lists(DESCRIBED, max_size=9))
    def begin(self, described: list[dict[str, Any]]) -> None:
        self.now, self.made = 0.0, 0
        self.group = group(strategy=self.strategy)
        for each in described:
            self.add(each)

    @rule(described=DESCRIBED)
    def add(self, described: dict[str, Any]) -> None:
        made = deployment(f"{self.made}", **described)
        self.made += 1
        pace = Pace(rpm=made.rpm, tpm=made.tpm, max_parallel=made.max_parallel_requests)
        self.group.add(Standing(made, Health(cooldown_s=COOLDOWN_S, allowed_fails=0), pace))

    @rule(number=NUMBERS)
    def remove(self, number: int) -> None:
        assume(self.group.standings)
        self.group.remove(self.group.standings[number % len(self.group.standings)].deployment.id)

    @rule(seconds=st.sampled_from([0.1, 1.0, 5.0, 10.0, 30.0, 60.0, 400.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(target=running, asked=REQUESTS, chance=st.floats(0, 1, exclude_max=True))
    def pick(self, asked: tuple[set[int], int, bool, str | None], chance: float) -> tuple[Standing, int] | None:
        numbers, tokens, stream, refused = asked
        excluded = [each for place, each in enumerate(self.group.standings) if place in numbers]
        request = Request(*excluded, tokens=tokens, stream=stream, refuses=lambda sample: sample.model == refused)
        others = self.group.others(request, self.now)
        expected = allowed(self.group, request, self.now)
        assert others is bool(expected)
        picked = self.group.pick(request, self.now, lambda: chance)
        if picked is None:
            assert not expected
            return None
        assert picked in expected
        self.group.start(picked, self.now, request.tokens)
        return picked, request.tokens

    @rule(target=running, number=NUMBERS, tokens=TOKENS)
    def start_unpicked(self, number: int, tokens: int) -> tuple[Standing, int]:
        """As a retry at the same deployment does."""
        assume(self.group.standings)
        standing = self.group.standings[number % len(self.group.standings)]
        self.group.start(standing, self.now, tokens)
        return standing, tokens

    @rule(started=consumes(running), end=ENDS, until_s=st.none() | st.just(40.0))
    def end(self, started: tuple[Standing, int] | None, end: End, until_s: float | None) -> None:
        if started is not None:
            until = None if until_s is None else self.now + until_s
            assert self.group.end(started[0], self.now, end._replace(tokens=started[1], until=until)) is None

    @rule()
    def reset(self) -> None:
        for each in self.group.standings:
            each.health.reset()
            self.group.refresh(each, self.now)

    @invariant()
    def nothing_piles_up(self) -> None:
        assert len(self.group._wakes) <= 2 * len(self.group.standings) + 17


@pytest.mark.parametrize("name", [name for name in STRATEGIES if name != "usage-based-routing-v2"])
def test_whoever_is_picked_is_whom_a_look_at_all_would_allow(name: str) -> None:
    args = {"lowest_latency_buffer": 0.1, "ttl": 100} if name == "latency-based-routing" else {}

    class Machine(Picking):
        strategy = by_name(name, args)

    run_state_machine_as_test(Machine, settings=settings(max_examples=25, stateful_step_count=40, deadline=None))
