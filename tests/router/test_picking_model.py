"""Picking, held against a model that looks at every deployment each time: whatever came before, they agree."""

from __future__ import annotations

import math
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


@st.composite
def requests(draw: st.DrawFn, standings: list[Standing]) -> Request:
    excluded = [each for each in standings if draw(st.integers(0, 4)) == 0]
    refused = draw(st.sampled_from([None, None, *MODELS]))
    return Request(
        *excluded, tokens=draw(TOKENS), stream=draw(st.booleans()), refuses=lambda sample: sample.model == refused
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

    @initialize(count=st.integers(0, 9), data=st.data())
    def begin(self, count: int, data: st.DataObject) -> None:
        self.now, self.made = 0.0, 0
        self.group = group(strategy=self.strategy)
        for _ in range(count):
            self.add(data)

    @rule(data=st.data())
    def add(self, data: st.DataObject) -> None:
        described = (
            data.draw(st.sampled_from(LIMITS)),
            data.draw(st.sampled_from([{}, {"weight": 0.1}, {"weight": 7.0}])),
        )
        made = deployment(
            f"{self.made}",
            model=data.draw(st.sampled_from(MODELS)),
            order=data.draw(st.sampled_from([0, 0, 1])),
            **described[0],
            **described[1],
        )
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

    @rule(target=running, data=st.data(), chance=st.floats(0, 1, exclude_max=True))
    def pick(self, data: st.DataObject, chance: float) -> tuple[Standing, int] | None:
        request = data.draw(requests(self.group.standings))
        expected = allowed(self.group, request, self.now)
        assert self.group.others(request, self.now) is bool(expected)
        assert (self.group.ready_at(request, self.now) == self.now) is bool(expected)
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

    @rule(started=consumes(running), data=st.data())
    def end(self, started: tuple[Standing, int] | None, data: st.DataObject) -> None:
        assume(started is not None)
        assert started is not None
        told = Limits(remaining_requests=data.draw(st.integers(0, 2)), reset_requests_s=20.0)
        end = End(
            ok=data.draw(st.sampled_from([True, True, False, None])),
            tokens=started[1],
            used=data.draw(st.none() | TOKENS),
            failure=data.draw(st.sampled_from(["transient", "unusable", "rate_limited"])),
            until=data.draw(st.none() | st.just(self.now + 40.0)),
            lone=data.draw(st.booleans()),
            latency_s=data.draw(st.sampled_from([0.1, 0.5, 0.52, 9.0])),
            told=data.draw(st.sampled_from([None, None, None, told])),
            streamed=data.draw(st.booleans()),
        )
        assert self.group.end(started[0], self.now, end) is None

    @rule()
    def reset(self) -> None:
        for each in self.group.standings:
            each.health.reset()
            self.group.refresh(each, self.now)

    @invariant()
    def nothing_piles_up(self) -> None:
        assert len(self.group._wakes) <= 2 * len(self.group.standings) + 17
        assert all(each.due > -math.inf for each in self.group.standings)


@pytest.mark.parametrize("name", [name for name in STRATEGIES if name != "usage-based-routing-v2"])
def test_whoever_is_picked_is_whom_a_look_at_all_would_allow(name: str) -> None:
    args = {"lowest_latency_buffer": 0.1, "ttl": 100} if name == "latency-based-routing" else {}

    class Machine(Picking):
        strategy = by_name(name, args)

    run_state_machine_as_test(Machine, settings=settings(max_examples=60, stateful_step_count=40, deadline=None))
