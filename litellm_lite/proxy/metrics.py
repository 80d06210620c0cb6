"""What is counted: LiteLLM's Prometheus metrics. Counting is a few additions; the text is made when it is asked for.

`Metrics` belongs to one process. Several workers exchange snapshots, which add up (`sharing`).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from litellm_lite.proxy.telling import Record
    from litellm_lite.router.trace import AttemptRecord

# LiteLLM's eighteen.
BOUNDS = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0,
)  # fmt: skip
LABELS = (
    "route", "requested_model", "model_group", "model", "model_id", "api_base", "api_provider", "status_code",
    "exception_class",
)  # fmt: skip
COUNTS = ("requests", "prompt_tokens", "completion_tokens", "spend", "unpriced")
HISTOGRAMS = ("total", "api", "first_token", "overhead", "per_token")
OUTCOMES = ("total", "success", "failure", "fallback_success", "fallback_failure", "cooldowns")
LEFT = ("remaining_requests", "remaining_tokens")
_MOST_SERIES = 5000
"""A client may ask a wildcard for any name; what is beyond so many is counted together."""
_OTHER = "(other)"

Key = tuple[str, ...]


class Series:
    """What is counted for one set of labels."""

    __slots__ = ("counts", "histograms")

    def __init__(self) -> None:
        self.counts = dict.fromkeys(COUNTS, 0.0)
        self.histograms: dict[str, list[float]] = {}

    def observe(self, name: str, seconds: float) -> None:
        """Enter a duration: the last two places of a histogram are those beyond all bounds, and the sum."""
        found = self.histograms.get(name)
        if found is None:
            found = self.histograms[name] = [0.0] * (len(BOUNDS) + 2)
        found[bisect_left(BOUNDS, seconds)] += 1
        found[-1] += seconds


class Metrics:
    """Counts requests. Not to be shared by threads."""

    def __init__(self) -> None:
        self.series: dict[Key, Series] = {}
        self.deployments: dict[Key, dict[str, float]] = {}
        self.remaining: dict[str, dict[Key, tuple[float, float]]] = {name: {} for name in LEFT}
        """What vendors said is left, and until when that holds, by the time of day."""
        self.in_flight = self.changes = 0
        self._cooled: dict[str, int] = {}

    def note(self, record: Record) -> None:
        """Count a request that is over."""
        self.changes += 1
        exchange, trace = record.exchange, record.trace
        series = self._series(_key(record))
        counts = series.counts
        counts["requests"] += 1
        seconds = exchange.elapsed_ms / 1000
        series.observe("total", seconds)
        if record.plan is not None:
            upstream_s = record.upstream_ms / 1000
            series.observe("api", seconds if record.stream else upstream_s)
            if not record.stream:  # who is slow, the vendor or the client, a stream does not tell
                series.observe("overhead", max(0.0, seconds - upstream_s))
        if record.first_ms is not None:
            series.observe("first_token", record.first_ms / 1000)
        if record.charged:
            _count_usage(series, record, seconds)
        if trace is not None:
            for attempt in trace:
                self._note_attempt(attempt)

    def _series(self, key: Key) -> Series:
        found = self.series.get(key)
        if found is None:
            if len(self.series) >= _MOST_SERIES:
                key = (key[0], _OTHER, *key[2:])
            found = self.series.setdefault(key, Series())
        return found

    def _note_attempt(self, attempt: AttemptRecord) -> None:
        deployment = attempt.deployment
        counts = self._counts((deployment.group, deployment.model, deployment.id, deployment.provider))
        if attempt.outcome == "refused":
            return
        counts["total"] += 1
        answered = attempt.outcome == "answered"
        if answered or attempt.outcome in ("failed", "cut"):
            counts["success" if answered else "failure"] += 1
            if attempt.kind == "fallback":
                counts["fallback_success" if answered else "fallback_failure"] += 1

    def _counts(self, key: Key) -> dict[str, float]:
        counts = self.deployments.get(key)
        if counts is None:
            counts = self.deployments[key] = dict.fromkeys(OUTCOMES, 0.0)
        return counts

    def part(self) -> None:
        """Forget how far a Router had counted: what comes next is another's count."""
        self._cooled.clear()

    def look_at(self, reports: Iterable[Mapping[str, Any]], epoch_s: float) -> None:
        """Take over what a Router tells of its deployments."""
        self.remaining = {name: {} for name in LEFT}
        for report in reports:
            key, cooled = key_of(report), report["cooldowns"]
            before = self._cooled.get(report["id"], 0)
            if cooled > before:
                self._counts(key)["cooldowns"] += cooled - before
            self._cooled[report["id"]] = cooled
            for name in LEFT:
                if (left := report[name]) is not None:
                    count, seconds = left
                    self.remaining[name][key] = count, epoch_s + seconds

    def snapshot(self) -> dict[str, Any]:
        """Return everything, as JSON can hold it."""
        return {
            "series": [[key, each.counts, each.histograms] for key, each in self.series.items()],
            "deployments": [[key, counts] for key, counts in self.deployments.items()],
            "remaining": {name: list(left.items()) for name, left in self.remaining.items()},
            "in_flight": self.in_flight,
        }


def merged(snapshots: Iterable[Mapping[str, Any]], epoch_s: float) -> Metrics:
    """Return the sum of snapshots; of what is left with a vendor the least that anybody was told, while it holds."""
    whole = Metrics()
    for snapshot in snapshots:
        whole.in_flight += snapshot["in_flight"]
        for key, counts, histograms in snapshot["series"]:
            series = whole.series.setdefault(tuple(key), Series())
            _add(series.counts, counts)
            for name, values in histograms.items():
                there = series.histograms.setdefault(name, [0.0] * len(values))
                series.histograms[name] = [mine + theirs for mine, theirs in zip(there, values, strict=True)]
        for key, counts in snapshot["deployments"]:
            _add(whole.deployments.setdefault(tuple(key), {}), counts)
        for name in LEFT:
            left = whole.remaining[name]
            for key, (count, until) in snapshot["remaining"][name]:
                if until > epoch_s:
                    left[tuple(key)] = min(left.get(tuple(key), (math.inf, until)), (count, until))
    return whole


def key_of(report: Mapping[str, Any]) -> Key:
    """Return the labels of a deployment, of which a Router reports."""
    return report["model_name"], report["model"], report["id"], report["provider"]


def _add(there: dict[str, float], counts: Mapping[str, float]) -> None:
    for name, count in counts.items():
        there[name] = there.get(name, 0.0) + count


def _key(record: Record) -> Key:
    """Return the labels of a request. A name that leads nowhere is a client's to invent, and is left out."""
    plan, trace, error = record.plan, record.trace, record.error
    attempts = trace.attempts if trace is not None else ()
    last = attempts[-1].deployment if attempts else None
    return (
        record.route,
        record.asked or "" if trace is not None else "",
        trace.group if trace is not None else "",
        last.model if last is not None else "",
        last.id if last is not None else "",
        plan.call.target.api_base if plan is not None else "",
        last.provider if last is not None else "",
        str(record.exchange.status),
        type(error).__name__ if error is not None else "",
    )


def _count_usage(series: Series, record: Record, seconds: float) -> None:
    counts, completion = series.counts, record.completion_tokens or 0
    counts["prompt_tokens"] += record.prompt_tokens or 0
    counts["completion_tokens"] += completion
    if record.dollars is None:
        counts["unpriced"] += 1
    else:
        counts["spend"] += float(record.dollars)
    if completion:
        series.observe("per_token", seconds / completion)
