"""The attempts of one call that are under way, and what their end says about the deployments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from litellm_lite.errors import APIError
from litellm_lite.router import policy
from litellm_lite.router.groups import End
from litellm_lite.router.learning import Limits, limits_of
from litellm_lite.router.steps import Attempt, Kind
from litellm_lite.router.trace import AttemptRecord, Outcome, Trace

if TYPE_CHECKING:
    from litellm_lite.router.ask import Ask
    from litellm_lite.router.fleet import Fleet, Stop
    from litellm_lite.router.mending import Shown
    from litellm_lite.router.standing import Standing


class Limit(NamedTuple):
    """How long an attempt may take, in seconds; see `Attempt`."""

    timeout_s: float
    silent_s: float | None = None
    idle_s: float | None = None


class Running(NamedTuple):
    """An attempt, and where its end is to be told."""

    attempt: Attempt
    record: AttemptRecord
    standing: Standing
    stop: Stop


class Underway:
    """Starts attempts in the seats they were given, and ends them."""

    __slots__ = ("_ask", "_fleet", "_running", "_silent", "trace")

    def __init__(self, fleet: Fleet, ask: Ask, trace: Trace) -> None:
        self._fleet, self._ask, self.trace = fleet, ask, trace
        self._running: dict[int, Running] = {}
        self._silent: set[int] = set()

    def __bool__(self) -> bool:
        return bool(self._running)

    def stop(self, attempt: Attempt) -> Stop:
        """Return the group that an attempt under way belongs to."""
        return self._running[attempt.number].stop

    @property
    def attempts(self) -> list[Attempt]:
        """Return those under way, in the order in which they were started."""
        return [running.attempt for running in self._running.values()]

    def start(self, standing: Standing, kind: Kind, stop: Stop, limit: Limit, *, shown: Shown | None = None) -> Attempt:
        """Return the attempt to make; its seat has been taken."""
        deployment = standing.deployment
        record = self.trace.begin(kind, deployment, self._fleet.clock.now())
        attempt = Attempt(record.number, deployment, kind, *limit, shown, stop.model, stop.overrides)
        self._running[record.number] = Running(attempt, record, standing, stop)
        self._ask.tries[standing] = self._ask.tries.get(standing, 0) + 1
        return attempt

    def spoke(self, attempt: Attempt) -> None:
        """Note the first token of a stream."""
        running, now = self._running[attempt.number], self._fleet.clock.now()
        self._silent.discard(attempt.number)
        self.trace.served = running.record
        running.record.first_token_s = now - self.trace.began_at - running.record.started_s
        self._fleet.spoke(running.stop.group, running.standing, now)

    def silent(self, attempt: Attempt) -> None:
        """Note that an attempt has not spoken in time."""
        self._silent.add(attempt.number)

    @property
    def all_silent(self) -> bool:
        """Whether none of those under way has spoken in time."""
        return self._running.keys() <= self._silent

    def succeed(self, attempt: Attempt, headers: Any, usage: Mapping[str, Any] | None) -> None:
        """End an attempt whose answer came whole."""
        running = self._running.pop(attempt.number)
        self.trace.served = running.record
        clock, told = self._fleet.clock, None
        if running.standing.pace.curious(clock.now()):
            told = limits_of(headers, clock.epoch_s())
        self._end(running, "answered", ok=True, usage=usage, told=told)

    def fail(self, attempt: Attempt, error: APIError, *, lone: bool, outcome: Outcome = "failed") -> Running:
        """End an attempt that failed."""
        running = self._running.pop(attempt.number)
        running.record.error = error
        self._end(running, outcome, ok=False, error=error, lone=lone)
        return running

    def refuse(self, attempt: Attempt, error: APIError) -> Running:
        """End an attempt for which nothing was sent."""
        running = self._running.pop(attempt.number)
        running.record.error = error
        self._end(running, "refused", ok=None)
        return running

    def let_go(self, but: Attempt | None = None) -> None:
        """End all attempts but one without a verdict; one that was silent has earned one."""
        for number in list(self._running):
            if but is None or number != but.number:
                running = self._running.pop(number)
                self._end(running, "let go", ok=False if number in self._silent else None)

    def _end(
        self,
        running: Running,
        outcome: Outcome,
        *,
        ok: bool | None,
        error: APIError | None = None,
        usage: Mapping[str, Any] | None = None,
        told: Limits | None = None,
        lone: bool = False,
    ) -> None:
        now, record = self._fleet.clock.now(), running.record
        record.outcome = outcome
        record.elapsed_s = now - self.trace.began_at - record.started_s
        record.usage = dict(usage) if usage else None
        until, allowed = None, None
        if error is not None:
            allowed = self._fleet.settings.allowed_fails_for(error)
            if error.retry_after is not None:
                until = now + error.retry_after
                told = Limits(retry_after=error.retry_after)
        verdict = _verdict(running, error) if ok is False else None
        used = 0 if outcome == "refused" else _total(usage)
        end = End(
            ok=ok if ok is not False or verdict is not None else None,
            tokens=self._ask.tokens,
            used=used,
            failure=verdict,
            until=until,
            lone=lone,
            latency_s=record.first_token_s if record.first_token_s is not None else record.elapsed_s,
            told=told,
            streamed=record.first_token_s is not None,
            allowed_fails=allowed,
            began=self.trace.began_at + record.started_s,
        )
        self._fleet.end(running.stop.group, running.standing, now, end)


def _verdict(running: Running, error: APIError | None) -> policy.Verdict | None:
    """Return what the end of an attempt says about its deployment."""
    if error is None:
        return "silent"
    attempt, alone = running.attempt, len(running.stop.group.standings) == 1
    given = attempt.timeout_s == attempt.deployment.timeout_s  # that time is its own, not a hurried caller's
    return policy.verdict(error, alone=alone, had_s=None if given else attempt.timeout_s)


def _total(usage: Mapping[str, Any] | None) -> int | None:
    total = usage.get("total_tokens") if usage else None
    return total if isinstance(total, int) else None
