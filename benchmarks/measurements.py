"""The measurements. In each, the subjects take turns, round after round, so that a drift of the machine hits all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from benchmarks import environments
from benchmarks.bench import Bench, Turn, take_turns
from benchmarks.gateway_figures import measure_gateway
from benchmarks.mock_server import CHUNKS
from benchmarks.processes import SubjectFailed, Worker, fresh
from benchmarks.report import STRATEGIES
from benchmarks.subjects import KEY, MODEL, PACED_PATH, PATH

TASKS = 50
UNCOUNTED_CALLS = 1000  # before memory is watched
UNCOUNTED_STREAMS = 40

Cost = dict[str, float]


def measure_import(bench: Bench) -> None:
    """Fresh interpreters: the import alone, and a program that imports and makes one call."""

    def turn(subject: str, figure: str, code: str) -> dict[str, float]:
        cost = fresh(bench.pythons[subject], code, bench.core)
        return {f"{figure}_ms": cost["wall_s"] * 1e3, f"{figure}_mb": cost["resident_mb"]}

    call = (
        f'completion(model="openai/{MODEL}", messages=[{{"role": "user", "content": "Hi"}}], '
        f'api_base="{bench.origin}{PATH}", api_key="{KEY}")'
    )
    libraries = [name for name in ("litellm_lite", "litellm") if name in bench.pythons]
    imports: dict[str, Turn] = {name: partial(turn, name, "import", f"import {name}") for name in libraries}
    imports["interpreter"] = lambda: {"import_mb": fresh(bench.pythons["interpreter"], "", bench.core)["resident_mb"]}
    answers: dict[str, Turn] = {
        name: partial(turn, name, "first", f"from {name} import completion\n{call}") for name in libraries
    }
    take_turns(bench, answers, bench.sized(7, 1))
    take_turns(bench, imports, bench.sized(11, 7), uncounted=0)


@contextmanager
def _workers(bench: Bench, subjects: Iterable[str]) -> Iterator[dict[str, Worker]]:
    """Start a worker for each subject there is an interpreter for."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(bench.worker(name)) for name in subjects if name in bench.pythons}


def _turns(
    workers: dict[str, Worker], counts: dict[str, int], read: Callable[[Cost, int], dict[str, float]], **job: Any
) -> dict[str, Turn]:
    """Return turns that give the same job to every worker, `counts` times a round."""

    def turn(worker: Worker, count: int) -> dict[str, float]:
        return read(worker(count=count, **job), count)

    return {name: partial(turn, worker, counts[name]) for name, worker in workers.items()}


def measure_sync(bench: Bench) -> None:
    """One call after another."""

    def read(cost: Cost, count: int) -> dict[str, float]:
        return {"sync_cpu_us": cost["cpu_s"] / count * 1e6, "sync_wall_us": cost["wall_s"] / count * 1e6}

    counts = {"litellm_lite": 1000, "pyreqwest": 1000, "litellm": bench.sized(150, 60)}
    with _workers(bench, counts) as workers:
        take_turns(bench, _turns(workers, counts, read, kind="call", colour="sync"), bench.sized(15, 3))


def measure_async(bench: Bench) -> None:
    """Tasks of one event loop, each making one call after another."""

    def read(cost: Cost, count: int) -> dict[str, float]:
        return {"async_rate": count / cost["wall_s"], "async_cpu_us": cost["cpu_s"] / count * 1e6}

    counts = {"litellm_lite": 3000, "pyreqwest": 3000, "litellm": bench.sized(300, 100)}
    with _workers(bench, counts) as workers:
        turns = _turns(workers, counts, read, kind="call", colour="async", tasks=TASKS)
        take_turns(bench, turns, bench.sized(11, 3))


def measure_stream(bench: Bench) -> None:
    """One stream after another: chunks as fast as they can be read, and chunks that trickle in."""
    subjects = ("litellm_lite", "pyreqwest", "httpx", "litellm")
    with _workers(bench, subjects) as workers:
        for colour in ("sync", "async"):
            _measure_chunks(bench, workers, "stream", colour=colour, path=PATH)
            _measure_chunks(bench, workers, "paced", colour=colour, path=PACED_PATH)


def _measure_chunks(bench: Bench, workers: dict[str, Worker], figure: str, *, colour: str, path: str) -> None:
    def read(cost: Cost, count: int) -> dict[str, float]:
        return {f"{figure}_{colour}_us": cost["cpu_s"] / count / CHUNKS * 1e6}

    paced = path == PACED_PATH
    counts = dict.fromkeys(workers, bench.sized(3, 1) if paced else 15)
    if "litellm" in counts:
        counts["litellm"] = 1 if paced else 3
    turns = _turns(workers, counts, read, kind="stream", colour=colour, path=path)
    rounds, uncounted = (bench.sized(7, 1), bench.sized(1, 0)) if paced else (bench.sized(9, 3), 1)
    take_turns(bench, turns, rounds, uncounted=uncounted)


def measure_router(bench: Bench) -> None:
    """Calls and streams through a Router beside direct ones; picking alone; a long line of callers."""
    with _workers(bench, ("litellm_lite", "litellm")) as workers:
        for colour in ("sync", "async"):
            _measure_beside(bench, workers, "call", colour=colour, rounds=bench.sized(12, 6))
            _measure_beside(bench, workers, "stream", colour=colour, rounds=bench.sized(9, 2))
            _measure_beside(bench, workers, "first", colour=colour, rounds=bench.sized(9, 2))
        for strategy in STRATEGIES[:2] if bench.quick else STRATEGIES:
            _measure_picking(bench, workers, "litellm_lite", strategy, (10, 100, 10_000))
        if not bench.quick:
            _measure_picking(bench, workers, "litellm", STRATEGIES[0], (10, 100, 1000))
    _measure_waiting(bench)


def _measure_beside(bench: Bench, workers: dict[str, Worker], what: str, *, colour: str, rounds: int) -> None:
    """What a call costs through a Router of 100 deployments, above and as a multiple of a direct one."""
    counts = {
        "call": {"litellm_lite": 8 * TASKS, "litellm": TASKS},
        "stream": {"litellm_lite": 10, "litellm": 1},
        "first": {"litellm_lite": 20, "litellm": 2},
    }[what]
    tasks = TASKS if what == "call" else 1

    def turn(worker: Worker, count: int) -> dict[str, float]:
        cost = worker(kind="beside", of=what, colour=colour, count=count, rounds=rounds, tasks=tasks)
        direct, routed = cost["direct_s"], cost["routed_s"]
        unit = CHUNKS if what == "stream" else 1
        figure = f"routed_{what}_{colour}"
        return {f"{figure}_us": (routed - direct) / unit * 1e6, f"{figure}_share": routed / direct}

    turns: dict[str, Turn] = {name: partial(turn, worker, counts[name]) for name, worker in workers.items()}
    take_turns(bench, turns, bench.sized(3, 1), uncounted=0)


def _measure_picking(
    bench: Bench, workers: dict[str, Worker], library: str, strategy: str, sizes: tuple[int, ...]
) -> None:
    """Picking a deployment of few and of many; the sizes take turns."""
    if library not in workers:
        return
    figure = f"pick_{strategy}_us" if library == "litellm_lite" else f"pick_{library}_us"

    def turn(deployments: int) -> dict[str, float]:
        cost = workers[library](kind="picking", strategy=strategy, deployments=deployments)
        return {figure: cost["cpu_s"] * 1e6}

    turns: dict[str, Turn] = {f"{size:,} deployments": partial(turn, size) for size in sizes}
    take_turns(bench, turns, bench.sized(3, 1), uncounted=0)


def _measure_waiting(bench: Bench) -> None:
    """Memory for callers that all wait at the same time, and whether they are served in the order of their asking."""
    for figure, paced in (("waiting", False), ("waiting_paced", True)):
        with bench.worker("litellm_lite") as worker:
            try:
                cost = worker(kind="waiting", count=bench.counts["callers"], paced=paced)
            except SubjectFailed as error:
                bench.notes.append(f"litellm_lite failed: {error}")
            else:
                bench.enter("litellm_lite", {f"{figure}_mb": cost["above_mb"], f"{figure}_order": cost["overtaken"]})


def measure_memory(bench: Bench) -> None:
    """Resident memory after many calls, less what it was after the first of them. The bare engine is the control."""
    calls = bench.counts["calls"]
    jobs: dict[str, tuple[dict[str, Any], int, int]] = {
        "growth_sync_mb": ({"kind": "call", "colour": "sync"}, UNCOUNTED_CALLS, calls),
        "growth_async_mb": ({"kind": "call", "colour": "async", "tasks": TASKS}, UNCOUNTED_CALLS, calls),
        "growth_streams_mb": ({"kind": "stream", "colour": "sync"}, UNCOUNTED_STREAMS, 200),
        "growth_astreams_mb": ({"kind": "stream", "colour": "async"}, UNCOUNTED_STREAMS, 200),
    }
    for figure, (job, before, count) in jobs.items():
        for subject in ("litellm_lite",) if bench.quick else ("litellm_lite", "pyreqwest"):
            with bench.worker(subject) as worker:
                try:
                    start = worker(count=before, **job)["resident_mb"]
                    end = worker(count=count, **job)["resident_mb"]
                    bench.enter(subject, {figure: end - start})
                except SubjectFailed as error:
                    bench.notes.append(f"{subject} failed: {error}")


def measure_install(bench: Bench) -> None:
    """What an installation brings into an empty environment, that environment included."""
    folders = {"litellm": environments.litellm(upgrade=False)} if "litellm" in bench.pythons else {}
    try:
        folders["litellm_lite"] = environments.core()
    except environments.NotInstalled as error:
        bench.notes.append(f"the core could not be installed: {error}")
    for subject, folder in folders.items():
        sizes = {
            "install_mb": environments.size_mb(folder, compiled=True),
            "install_bare_mb": environments.size_mb(folder, compiled=False),
            "install_count": environments.distributions(folder),
        }
        bench.enter(subject, sizes)


MEASUREMENTS: dict[str, Callable[[Bench], None]] = {
    "import": measure_import,
    "sync": measure_sync,
    "async": measure_async,
    "stream": measure_stream,
    "router": measure_router,
    "gateway": measure_gateway,
    "memory": measure_memory,
    "install": measure_install,
}
LONG = ("gateway", "memory", "install")
"""Left out of a quick run that does not name them."""
