"""What the gateway costs, beside a bare forwarder, litellm's own and the mock asked directly.

The gateways share the subjects' core; the mock, wrk and this process, which asks as well, are on the other.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from statistics import median

from benchmarks import load, machine
from benchmarks.bench import Bench, Turn, take_turns
from benchmarks.gateways import BARE, LITELLM, MOCK, Gateway, door
from benchmarks.load import Caller, Door
from benchmarks.processes import SubjectFailed
from benchmarks.report import OURS

CONNECTIONS = 64
CROWD = 500
ROUNDS = 5
_BURST_CONNECTIONS = 8
_SETTLE_S = 1.0  # what a start or a load leaves to be done is over by then

Gateways = Mapping[str, Gateway]
Ask = Callable[[Caller], tuple[float, ...]]


def measure_gateway(bench: Bench) -> None:
    """Requests and streams through a gateway; its start, and its memory."""
    if not machine.tells_of_others():
        bench.notes.append("the gateway is not measured: only Linux tells the CPU time and memory of other processes")
        return
    if not load.has_wrk():
        bench.notes.append(
            "wrk is missing, and with it requests per second, CPU per request and memory growth of the gateway; "
            "on Debian and Ubuntu: apt install wrk"
        )
    with machine.pinned(bench.client_core):
        _measure_start(bench)
        with _running(bench) as gateways:
            if load.has_wrk():
                _measure_rate(bench, gateways)
            _measure_one_connection(bench, gateways)
            _measure_bursts(bench, gateways)
            _measure_crowd(bench, gateways)
        if load.has_wrk():
            _measure_growth(bench)


def _pythons(bench: Bench) -> dict[str, str]:
    named = {OURS: "litellm_lite", BARE: "pyreqwest", LITELLM: "litellm_proxy"}
    return {name: bench.pythons[key] for name, key in named.items() if key in bench.pythons}


def _start(bench: Bench, name: str) -> Gateway:
    return Gateway(name, _pythons(bench)[name], bench.origin, bench.core)


@contextmanager
def _running(bench: Bench) -> Iterator[Gateways]:
    """Start every gateway; one that does not come to life is noted."""
    with ExitStack() as stack:
        gateways: dict[str, Gateway] = {}
        for name in _pythons(bench):
            try:
                gateways[name] = stack.enter_context(_start(bench, name))
            except SubjectFailed as error:
                bench.notes.append(f"the gateway of {name} failed: {error}")
        yield gateways


def _measure_start(bench: Bench) -> None:
    """From the start of the process until it answers that it is alive; then its memory, before any other request."""

    def turn(name: str) -> dict[str, float]:
        with _start(bench, name) as gateway:
            time.sleep(_SETTLE_S)
            return {
                "gateway_start_s": gateway.start_s,
                "gateway_idle_mb": machine.resident_mb_of(gateway.worker),
                "gateway_idle_all_mb": machine.shared_out_mb(gateway.pids),
            }

    turns: dict[str, Turn] = {name: partial(turn, name) for name in _pythons(bench)}
    slow: dict[str, Turn] = {name: turns.pop(name) for name in (LITELLM,) if name in turns}
    take_turns(bench, turns, bench.sized(ROUNDS, 2))
    take_turns(bench, slow, 1, uncounted=bench.sized(1, 0))


def _measure_rate(bench: Bench, gateways: Gateways) -> None:
    """As many requests as go, over many connections."""

    def turn(name: str, seconds: int) -> dict[str, float]:
        before = _worker_cpu_s(gateways, name)
        done = load.wrk(_door(bench, gateways, name, "plain"), connections=CONNECTIONS, seconds=seconds)
        figures = {"gateway_rate": done.requests / done.took_s}
        if name in gateways:
            figures["gateway_cpu_us"] = (_worker_cpu_s(gateways, name) - before) / done.requests * 1e6
        return figures

    seconds = {**dict.fromkeys((*gateways, MOCK), bench.sized(4, 1)), LITELLM: bench.sized(10, 4)}
    turns: dict[str, Turn] = {name: partial(turn, name, seconds[name]) for name in (*gateways, MOCK)}
    take_turns(bench, turns, bench.sized(ROUNDS, 2))


def _measure_one_connection(bench: Bench, gateways: Gateways) -> None:
    """One request at a time: through the gateway and directly at the mock, by turns."""

    def turn(name: str, group: str, figures: tuple[str, ...], ask: Ask, count: int) -> dict[str, float]:
        with Caller(_door(bench, gateways, name, group)) as through, Caller(_door(bench, {}, MOCK, group)) as direct:
            ask(through)  # opens what connections it needs
            ask(direct)
            taken = [(ask(through), ask(direct)) for _ in range(count)]
        found: dict[str, float] = {}
        for place, figure in enumerate(figures):
            through_s, direct_s = (median(each[place] for each in side) for side in zip(*taken, strict=True))
            found[f"{figure}_ms"] = through_s * 1e3
            if name in gateways:
                found[f"{figure}_added_ms"] = (through_s - direct_s) * 1e3
        return found

    whole = ("plain", ("gateway_call",), Caller.call, bench.sized(1000, 200), bench.sized(50, 20))
    paced = ("paced", ("gateway_first", "gateway_text"), Caller.stream, bench.sized(30, 8), bench.sized(10, 4))
    for group, figures, ask, count, few in (whole, paced):
        counts = {**dict.fromkeys((*gateways, MOCK), count), LITELLM: few}
        turns: dict[str, Turn] = {
            name: partial(turn, name, group, figures, ask, counts[name]) for name in (*gateways, MOCK)
        }
        take_turns(bench, turns, bench.sized(ROUNDS, 2))


def _measure_bursts(bench: Bench, gateways: Gateways) -> None:
    """Streams whose chunks come as fast as they go, over a few connections."""

    def turn(name: str, count: int) -> dict[str, float]:
        before = _worker_cpu_s(gateways, name)
        found = load.crowd(gateways[name].door("plain"), count=count, connections=_BURST_CONNECTIONS)
        if found.wrong:
            raise SubjectFailed(f"{len(found.wrong)} of {count} streams: {found.wrong[0]}")
        return {"gateway_burst_cpu_ms": (_worker_cpu_s(gateways, name) - before) / count * 1e3}

    counts = {**dict.fromkeys(gateways, bench.sized(800, 200)), LITELLM: bench.sized(80, 24)}
    turns: dict[str, Turn] = {name: partial(turn, name, counts[name]) for name in gateways}
    take_turns(bench, turns, bench.sized(ROUNDS, 2))


def _measure_crowd(bench: Bench, gateways: Gateways) -> None:
    """Hundreds of streams at the same time; what counts is that each is whole."""

    def turn(name: str, rounds: int) -> dict[str, float]:
        asked = _door(bench, gateways, name, "crowd")
        found = [load.crowd(asked, count=CROWD, connections=CROWD) for _ in range(rounds)]
        wrong = [reason for each in found for reason in each.wrong]
        if wrong:
            bench.notes.append(f"{name}: {len(wrong)} of {rounds * CROWD} streams at the same time: {wrong[0]}")
        return {"gateway_crowd_wrong": len(wrong), "gateway_crowd_s": min(each.took_s for each in found)}

    rounds = dict.fromkeys((*gateways, MOCK), bench.sized(3, 1))
    if LITELLM in rounds:
        rounds[LITELLM] = 1
        if bench.quick:
            del rounds[LITELLM]  # a minute
    turns: dict[str, Turn] = {name: partial(turn, name, count) for name, count in rounds.items()}
    take_turns(bench, turns, 1, uncounted=0)


def _measure_growth(bench: Bench) -> None:
    """Resident memory after many requests, less what it was after a tenth. The bare forwarder is the control."""
    total = bench.counts["requests"]

    def turn(name: str) -> dict[str, float]:
        with _start(bench, name) as gateway:
            after = [_resident_mb_after(gateway, requests) for requests in (total // 10, total - total // 10)]
            return {"gateway_growth_mb": after[1] - after[0]}

    turns: dict[str, Turn] = {name: partial(turn, name) for name in ((OURS,) if bench.quick else (OURS, BARE))}
    take_turns(bench, turns, 1, uncounted=0)


def _resident_mb_after(gateway: Gateway, requests: int) -> float:
    """Return what the worker holds when at least so many requests more are over."""
    left, seconds = requests, 1
    while left > 0:
        done = load.wrk(gateway.door("plain"), connections=CONNECTIONS, seconds=seconds)
        left -= done.requests
        seconds = max(1, math.ceil(left * done.took_s / done.requests))
    time.sleep(_SETTLE_S)
    return machine.resident_mb_of(gateway.worker)


def _worker_cpu_s(gateways: Gateways, name: str) -> float:
    return machine.cpu_s_of(gateways[name].worker) if name in gateways else 0.0


def _door(bench: Bench, gateways: Gateways, name: str, group: str) -> Door:
    """Return where a group is asked for, of a gateway that runs or of the mock itself."""
    if name in gateways:
        return gateways[name].door(group)
    return door(MOCK, int(bench.origin.rpartition(":")[2]), group)
