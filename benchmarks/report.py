"""From samples to the table: medians, ratios of medians, and each target beside the figure it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

Samples = dict[str, dict[str, list[float]]]

OURS = "litellm_lite"
STRATEGIES = (
    "simple-shuffle", "least-busy", "latency-based-routing", "usage-based-routing", "cost-based-routing",
)  # fmt: skip
_LABELS = {
    "pyreqwest": "pyreqwest, bare",
    "httpx": "httpx, bare",
    "interpreter": "Python alone",
    "bare": "Granian + pyreqwest",
    "mock": "the mock, directly",
}
_FEW, _MANY = "10 deployments", "10,000 deployments"
_SIZES = (_FEW, "100 deployments", "1,000 deployments", _MANY)
_ORDER = (OURS, "pyreqwest", "httpx", "bare", "litellm", "interpreter", "mock", *_SIZES)


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that is measured; `digits` after the point, `compared` as a ratio to the subject `base`."""

    title: str
    unit: str
    digits: int = 1
    compared: bool = True
    base: str = OURS


FIGURES = {
    "import_ms": Figure("import", "ms", 2),
    "import_mb": Figure("import, resident memory after it", "MB"),
    "first_ms": Figure("from the import to the first answer", "ms"),
    "first_mb": Figure("resident memory after the first answer", "MB"),
    "sync_cpu_us": Figure("sync call, CPU", "µs"),
    "sync_wall_us": Figure("sync call, wall", "µs"),
    "async_rate": Figure("async, 50 tasks on one core", "calls/s", 0),
    "async_cpu_us": Figure("async call of 50 tasks, CPU", "µs"),
    "stream_sync_us": Figure("sync stream, CPU per chunk", "µs"),
    "stream_async_us": Figure("async stream, CPU per chunk", "µs"),
    "paced_sync_us": Figure("sync stream at one chunk per ms, CPU per chunk", "µs"),
    "paced_async_us": Figure("async stream at one chunk per ms, CPU per chunk", "µs"),
    **{
        f"routed_{what}_{colour}_{part}": Figure(f"{title.format(colour)}, {says}", unit, digits, compared=part == "us")
        for what, title in (
            ("call", "{} call through a Router of 100 deployments"),
            ("stream", "{} stream through the Router, per chunk"),
            ("first", "{} stream through the Router, up to its first chunk"),
        )
        for colour in ("sync", "async")
        for part, says, unit, digits in (
            ("us", "CPU above a direct one", "µs", 1),
            ("share", "CPU as a multiple of a direct one", "", 2),
        )
    },
    **{
        f"pick_{name}_us": Figure(f"picking with start and end: {name}, CPU", "µs", 2, base=_FEW) for name in STRATEGIES
    },
    "pick_litellm_us": Figure("litellm: picking alone, simple-shuffle, CPU", "µs", base=_FEW),
    **{
        f"{figure}_{part}": Figure(f"{{callers:,}} callers waiting for {what}, {says}", unit, digits, compared=False)
        for figure, what in (("waiting", "one seat"), ("waiting_paced", "one seat and half of their requests a minute"))
        for part, says, unit, digits in (
            ("mb", "memory above the idle process", "MB", 1),
            ("order", "served before one who asked earlier", "", 0),
        )
    },
    "gateway_rate": Figure("gateway, 64 connections on one core", "requests/s", 0),
    "gateway_cpu_us": Figure("gateway, CPU of the worker per request", "µs", 0),
    "gateway_call_ms": Figure("gateway, one connection, median of a request", "ms", 3),
    "gateway_call_added_ms": Figure("gateway, one connection, median above that at the mock", "ms", 3),
    "gateway_burst_cpu_ms": Figure("gateway, stream of 50 chunks in a burst, CPU of the worker", "ms", 2),
    "gateway_first_ms": Figure("gateway, one stream at one chunk per ms, median up to its first event", "ms", 3),
    "gateway_first_added_ms": Figure("gateway, up to the first event, median above that at the mock", "ms", 3),
    "gateway_text_ms": Figure("gateway, that stream, median up to its first text", "ms", 3),
    "gateway_text_added_ms": Figure("gateway, up to the first text, median above that at the mock", "ms", 3),
    "gateway_crowd_wrong": Figure("gateway, 500 paced streams at the same time: not whole", "", 0, compared=False),
    "gateway_crowd_s": Figure("gateway, 500 paced streams at the same time: until all have ended", "s", 2),
    "gateway_start_s": Figure("gateway, from the start of its process to healthy", "s", 2),
    "gateway_idle_mb": Figure("gateway, resident memory of the idle worker", "MB"),
    "gateway_idle_all_mb": Figure("gateway, memory of all its idle processes (PSS)", "MB"),
    "gateway_growth_mb": Figure(
        "gateway, memory growth over {requests:,} requests after a tenth of them", "MB", 2, compared=False
    ),
    "growth_sync_mb": Figure("memory growth, {calls:,} sync calls after the first 1,000", "MB", 2, compared=False),
    "growth_async_mb": Figure("memory growth, {calls:,} async calls after the first 1,000", "MB", 2, compared=False),
    "growth_streams_mb": Figure("memory growth, 200 sync streams after the first 40", "MB", 2, compared=False),
    "growth_astreams_mb": Figure("memory growth, 200 async streams after the first 40", "MB", 2, compared=False),
    "install_mb": Figure("environment with the core only", "MB"),
    "install_bare_mb": Figure("environment with the core only, without .pyc files", "MB"),
    "install_count": Figure("distributions in it", "", 0),
}


@dataclass(frozen=True, slots=True)
class Target:
    """A promise about the medians of one figure; `against` names the subject that the figure's `base` is compared with.

    `kind` is what is held against `limit`: our own `value`, what it is `above` the other's, our `share` of the
    other's, or the other's `multiple` of ours. `full_only`: a quick run measures too little to judge it. Without
    a limit it is only shown.
    """

    figure: str
    kind: str
    against: str
    limit: float | None
    says: str
    most: bool = True
    full_only: bool = False


TARGETS = (
    Target("import_ms", "multiple", "litellm", 40, "at least 40 times faster than litellm", most=False),
    Target("import_mb", "value", OURS, 25, "at most 25 MB"),
    Target("first_ms", "multiple", "litellm", None, "times faster than litellm"),
    Target("sync_cpu_us", "share", "pyreqwest", 2, "at most 2 times the bare engine"),
    Target("sync_cpu_us", "multiple", "litellm", 20, "at least 20 times less than litellm", most=False),
    Target("async_rate", "value", OURS, 5000, "at least 5,000 calls/s", most=False),
    Target("async_rate", "share", "pyreqwest", 5000 / 13900, "at least 0.36 of the bare engine", most=False),
    Target("async_rate", "share", "litellm", None, "times litellm's"),
    Target("async_cpu_us", "share", "pyreqwest", None, "times the bare engine"),
    Target("stream_sync_us", "value", OURS, 15, "at most 15 µs"),
    Target("stream_async_us", "value", OURS, 15, "at most 15 µs"),
    *(
        Target(f"{pace}_{colour}_us", kind, other, None, says)
        for pace in ("stream", "paced")
        for colour, engine in (("sync", "httpx"), ("async", "pyreqwest"))  # what litellm_lite streams with
        for kind, other, says in (
            ("above", engine, f"µs more than bare {engine}, its engine here"),
            ("multiple", "litellm", "times less than litellm"),
        )
    ),
    *(
        Target(f"routed_call_{colour}_us", kind, other, limit, says)
        for colour in ("sync", "async")
        for kind, other, limit, says in (
            ("value", OURS, 30, "at most 30 µs"),
            ("multiple", "litellm", None, "times less than litellm"),
        )
    ),
    *(Target(f"pick_{name}_us", "multiple", _MANY, 4, "10,000 at most 4 times 10: log n") for name in STRATEGIES),
    *(
        target
        for figure in ("waiting", "waiting_paced")
        for target in (
            Target(f"{figure}_mb", "value", OURS, 200, "less than 200 MB", full_only=True),
            Target(f"{figure}_order", "value", OURS, 0, "nobody is overtaken"),
        )
    ),
    Target("gateway_rate", "value", OURS, 4000, "at least 4,000 requests/s", most=False),
    Target("gateway_rate", "share", "bare", None, "of the bare forwarder"),
    Target("gateway_rate", "share", "litellm", None, "times litellm's"),
    Target("gateway_cpu_us", "above", "bare", None, "µs more than the bare forwarder"),
    Target("gateway_cpu_us", "multiple", "litellm", None, "times less than litellm"),
    Target("gateway_call_added_ms", "value", OURS, 0.6, "at most 0.6 ms"),
    Target("gateway_call_added_ms", "multiple", "litellm", None, "times less than litellm"),
    Target("gateway_burst_cpu_ms", "value", OURS, 1, "at most 1 ms"),
    Target("gateway_burst_cpu_ms", "multiple", "litellm", None, "times less than litellm"),
    Target("gateway_first_added_ms", "value", OURS, 1, "at most 1 ms"),
    Target("gateway_first_added_ms", "multiple", "litellm", None, "times less than litellm"),
    Target("gateway_text_added_ms", "value", OURS, 1, "at most 1 ms"),
    Target("gateway_crowd_wrong", "value", OURS, 0, "none"),
    Target("gateway_start_s", "value", OURS, 0.8, "at most 0.8 s"),
    Target("gateway_start_s", "multiple", "litellm", None, "times faster than litellm"),
    Target("gateway_idle_mb", "value", OURS, 60, "at most 60 MB"),
    Target("gateway_idle_mb", "multiple", "litellm", None, "times less than litellm"),
    # 22 bytes for each of the 90,000 requests: the smallest object takes 24, with the reference to it.
    Target("gateway_growth_mb", "value", OURS, 2, "at most 2 MB", full_only=True),
    *(
        Target(f"growth_{what}_mb", "value", OURS, 1, "less than 1 MB", full_only=True)
        for what in ("sync", "async", "streams", "astreams")
    ),
    Target("install_mb", "value", OURS, 30, "under 30 MB"),
    Target("install_bare_mb", "value", OURS, 30, "under 30 MB"),
    Target("install_count", "value", OURS, 20, "at most 20"),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A target, the value that was held against it, and whether that reached it; None where nothing was judged."""

    target: Target
    value: float
    reached: bool | None

    def __str__(self) -> str:
        word = {True: "reached", False: "MISSED", None: "not judged"}[self.reached]
        shown = f"{self.value:.3g}" if abs(self.value) < 1000 else f"{self.value:,.0f}"
        if self.target.limit is None:
            return f"{shown} {self.target.says}"
        return f"{self.target.says}: {shown}, {word}"


def verdicts(samples: Samples, *, quick: bool) -> list[Verdict]:
    """Hold the medians against the targets; a target whose figure or subject was not measured is left out."""
    kinds: dict[str, Callable[[float, float], float]] = {
        "value": lambda ours, _: ours,
        "above": lambda ours, other: ours - other,
        "share": lambda ours, other: ours / other,
        "multiple": lambda ours, other: other / ours,
    }
    found = []
    for target in TARGETS:
        by = samples.get(target.figure, {})
        base = FIGURES[target.figure].base
        if base not in by or target.against not in by:
            continue
        value = kinds[target.kind](median(by[base]), median(by[target.against]))
        judged = target.limit is not None and not (quick and target.full_only)
        reached = (value <= (target.limit or 0)) if target.most else (value >= (target.limit or 0))
        found.append(Verdict(target, value, reached if judged else None))
    return found


def title(name: str, counts: Mapping[str, int]) -> str:
    """Return what a figure is called; `counts` says how many calls and callers there were."""
    return FIGURES[name].title.format(**counts)


def table(samples: Samples, *, quick: bool, counts: Mapping[str, int]) -> str:
    """Return the table: a block for each figure, a line for each subject, the targets beside ours."""
    judged = verdicts(samples, quick=quick)
    lines = [f"{'':22}{'median':>10}{'min':>10}{'max':>10}{'of ours':>9}   target: figure"]
    for name, figure in FIGURES.items():
        if name in samples:
            unit = f", {figure.unit}" if figure.unit else ""
            lines += ["", title(name, counts) + unit]
            lines += _block(
                samples[name], figure, [str(verdict) for verdict in judged if verdict.target.figure == name]
            )
    return "\n".join(lines)


def _block(by: dict[str, list[float]], figure: Figure, remarks: list[str]) -> list[str]:
    subjects = [name for name in _ORDER if name in by]
    lines = []
    for index in range(max(len(subjects), len(remarks))):
        row = _row(subjects[index], by, figure) if index < len(subjects) else " " * 61
        remark = f"   {remarks[index]}" if index < len(remarks) else ""
        lines.append((row + remark).rstrip())
    return lines


def _row(subject: str, by: dict[str, list[float]], figure: Figure) -> str:
    values = by[subject]
    numbers = (median(values), min(values), max(values)) if len(values) > 1 else (values[0],)
    shown = "".join(f"{number:>10,.{figure.digits}f}" for number in numbers)
    ratio = f"{numbers[0] / median(by[figure.base]):.3g}" if figure.compared and figure.base in by else ""
    return f"  {_LABELS.get(subject, subject):20}{shown:30}{ratio:>9}"
