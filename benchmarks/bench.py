"""One run: what it is given, what it has measured so far, and how the subjects take turns in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.processes import SubjectFailed, Worker

Turn = Callable[[], dict[str, float]]
"""Does one round of one subject; returns its figures."""


@dataclass
class Bench:
    """One run: the subjects' interpreters, where the mock listens, and what was measured so far."""

    pythons: dict[str, str]
    origin: str
    core: int | None
    client_core: int | None
    quick: bool
    samples: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def worker(self, subject: str) -> Worker:
        return Worker(subject, self.pythons[subject], self.origin, self.core)

    def enter(self, subject: str, figures: dict[str, float]) -> None:
        for figure, value in figures.items():
            self.samples.setdefault(figure, {}).setdefault(subject, []).append(value)

    @property
    def counts(self) -> dict[str, int]:
        """How many calls and requests memory is watched over, and how many callers wait at the same time."""
        return {
            "calls": self.sized(20_000, 5_000),
            "requests": self.sized(100_000, 5_000),
            "callers": self.sized(10_000, 2_000),
        }

    def sized(self, full: int, quick: int) -> int:
        return quick if self.quick else full


def take_turns(bench: Bench, turns: dict[str, Turn], rounds: int, *, uncounted: int = 1) -> None:
    """Give every subject its turn in every round, the first of them uncounted; one that fails is out, and noted."""
    for index in range(uncounted + rounds):
        for subject in list(turns):
            try:
                figures = turns[subject]()
            except SubjectFailed as error:
                bench.notes.append(f"{subject} failed: {error}")
                del turns[subject]
            else:
                if index >= uncounted:
                    bench.enter(subject, figures)
