"""One subject in a process of its own: reads jobs as lines of JSON, answers each with what it cost.

Started as `python -m benchmarks.worker SUBJECT ORIGIN [CORE]` in the environment of its subject.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks import machine, mock_server, routing, subjects

SETTLE_S = 0.05  # background threads finish in it what a call left to them; it is not part of the wall time


def main(name: str, origin: str, core: str = "") -> None:
    machine.pin(int(core) if core else None)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints must not mix with the answers
    subject = subjects.subject(name, origin)
    with asyncio.Runner() as runner:
        for line in sys.stdin:
            print(json.dumps(_cost(subject, runner, json.loads(line))), file=answers, flush=True)


def _cost(subject: subjects.Subject, runner: asyncio.Runner, job: dict[str, Any]) -> dict[str, float]:
    match job:
        case {"kind": "beside", **what}:
            assert isinstance(subject, subjects.Library)
            return _beside(subject, runner, what)
        case {"kind": "picking", "strategy": strategy, "deployments": deployments}:
            assert isinstance(subject, subjects.Library)
            return {"cpu_s": routing.picking(subject.name, strategy, deployments)}
        case {"kind": "waiting", "count": count, "paced": paced}:
            assert isinstance(subject, subjects.Library)
            return runner.run(routing.waiting(subject.origin, count, paced=paced))
    return _measured(_job(subject, runner, **job))


def _beside(direct: subjects.Library, runner: asyncio.Runner, job: dict[str, Any]) -> dict[str, float]:
    """Do a job directly and through a Router, in turns; return the least CPU time that either took for one call.

    Whatever else happens on the machine can only add to it.
    """
    routed, rounds, what = direct.routed(), job.pop("rounds"), job.pop("of")
    least: dict[str, float] = {}
    for _ in range(rounds):
        for name, subject in (("direct_s", direct), ("routed_s", routed)):
            if what == "first":
                taken = _first(subject, runner, job["colour"], job["count"])
            else:
                taken = _measured(_job(subject, runner, kind=what, **job))["cpu_s"]
            least[name] = min(least.get(name, taken), taken)
    return {name: taken / job["count"] for name, taken in least.items()}


def _first(subject: subjects.Library, runner: asyncio.Runner, colour: str, count: int) -> float:
    async def firsts() -> float:
        return sum([await subject.afirst(subjects.PATH) for _ in range(count)])

    return runner.run(firsts()) if colour == "async" else sum(subject.first(subjects.PATH) for _ in range(count))


def _job(subject: subjects.Subject, runner: asyncio.Runner, **job: Any) -> Callable[[], None]:
    kind, colour, path = job["kind"], job["colour"], job.get("path", subjects.PATH)
    count, tasks = job["count"], job.get("tasks", 1)
    size = len(mock_server.ANSWER_TEXT) if kind == "call" else mock_server.STREAM_TEXT_SIZE

    def one() -> str:
        return subject.call() if kind == "call" else subject.stream(path)

    async def aone() -> str:
        return await (subject.acall() if kind == "call" else subject.astream(path))

    def run() -> None:
        for _ in range(count):
            _check(one(), size)

    async def one_task() -> None:
        for _ in range(count // tasks):
            _check(await aone(), size)

    async def arun() -> None:
        await asyncio.gather(*(one_task() for _ in range(tasks)))

    return run if colour == "sync" else lambda: runner.run(arun())


def _check(text: str, size: int) -> None:
    if len(text) != size:
        msg = f"the answer has {len(text)} characters and must have {size}"
        raise RuntimeError(msg)


def _measured(run: Callable[[], None]) -> dict[str, float]:
    gc.collect()
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    run()
    wall_s = time.perf_counter() - wall_s
    time.sleep(SETTLE_S)
    cpu_s = time.process_time() - cpu_s
    gc.collect()
    return {"cpu_s": cpu_s, "wall_s": wall_s, "resident_mb": machine.resident_mb()}


if __name__ == "__main__":
    main(*sys.argv[1:])
