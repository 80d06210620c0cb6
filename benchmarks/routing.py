"""What a Router costs apart from its calls: picking alone, and a long line of callers. Runs inside a worker.

Knows the inside of `litellm_lite`, so this is measured without a peer, but for litellm's own way to pick.
"""

from __future__ import annotations

import asyncio
import importlib
import random
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from benchmarks import machine
from benchmarks.subjects import GROUP, MESSAGES, PARAMS, model_list

PICKS = 3000
SLICES = 9
CALL_S = 2.0  # as long as a call takes of the clock's time while picking is measured
TOKENS = 400
SPEED = 10.0  # seconds of the Router's clock in a real one, where a line is paced by requests a minute
_LOOK_S = 0.02


def picking(library: str, strategy: str, deployments: int) -> float:
    """Return what it costs to pick a deployment, to start a call there and to end it, in seconds of CPU."""
    make = {"litellm_lite": _turn, "litellm": _turn_of_litellm}[library]
    turn, count = make(strategy, deployments), PICKS if library == "litellm_lite" else 2 * SLICES
    for _ in range(count // SLICES):
        turn()
    return min(_timed(turn, count // SLICES) for _ in range(SLICES))


def _timed(turn: Callable[[], None], count: int) -> float:
    started = time.process_time()
    for _ in range(count):
        turn()
    return (time.process_time() - started) / count


def _turn(strategy: str, deployments: int) -> Callable[[], None]:
    """Return one pick with its start, and its end some calls later: as if so many were under way."""
    from litellm_lite.router.ask import Ask
    from litellm_lite.router.cooldown import Health
    from litellm_lite.router.groups import End, Group
    from litellm_lite.router.model_list import read
    from litellm_lite.router.pacing import Pace
    from litellm_lite.router.standing import Standing
    from litellm_lite.router.strategies import by_name
    from litellm_lite.router.waiting import Queue

    group = Group(GROUP, by_name(strategy), Queue(1))
    for deployment in read(model_list("http://127.0.0.1:1", deployments)):
        health = Health(cooldown_s=5.0, allowed_fails=None)
        group.add(Standing(deployment, health, Pace(rpm=None, tpm=None, max_parallel=None)))
    dice, now = random.Random(1), 0.0
    latencies = [dice.uniform(0.5, 5.0) for _ in range(97)]

    def turn() -> None:
        nonlocal now
        now += CALL_S
        ask = Ask(MESSAGES, PARAMS)
        standing = group.pick(ask, now, dice.random)
        assert standing is not None
        group.start(standing, now, ask.tokens)
        latency_s = latencies[standing.number % len(latencies)]
        group.end(standing, now, End(ok=True, tokens=ask.tokens, used=TOKENS, latency_s=latency_s))

    return turn


def _turn_of_litellm(strategy: str, deployments: int) -> Callable[[], None]:
    """Return one pick; of what starts and ends a call litellm makes no step that could be measured apart."""
    router = importlib.import_module("litellm").Router(
        model_list=model_list("http://127.0.0.1:1", deployments), routing_strategy=strategy
    )

    def turn() -> None:
        router.get_available_deployment(model=GROUP, messages=MESSAGES, request_kwargs={})

    return turn


async def waiting(origin: str, callers: int, *, paced: bool) -> dict[str, float]:
    """Let many call at the same time where one may be served at a time; return the memory that takes, and the order.

    `above_mb` is resident memory at its highest above that of the idle process, `overtaken` how many were served before
    one who had asked earlier. `paced`: the deployment takes only half of them a minute, too, of a clock that is faster.
    """
    from litellm_lite.router import Router
    from litellm_lite.router.clock import Clock

    limits = {"max_parallel_requests": 1, **({"rpm": callers // 2 + 1} if paced else {})}
    clock = Clock(SPEED if paced else 1.0)
    router = Router(model_list(origin, 1, **limits), clock=clock, timeout=1e6, max_queue=callers)
    served: list[int] = []
    params: dict[str, Any] = PARAMS

    async def call(number: int) -> None:
        await router.acompletion(GROUP, MESSAGES, **params)
        served.append(number)

    await call(-1)
    served.clear()
    idle_mb = highest_mb = machine.resident_mb()
    everyone = asyncio.gather(*(call(number) for number in range(callers)))
    while not everyone.done():
        await asyncio.sleep(_LOOK_S)
        highest_mb = max(highest_mb, machine.resident_mb())
    await everyone
    overtaken = sum(earlier > later for earlier, later in pairwise(served))
    return {"above_mb": highest_mb - idle_mb, "overtaken": float(overtaken)}
