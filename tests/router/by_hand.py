"""A Router driven by hand: a test takes each step of a call, makes up what came of it, and moves the clock.

    bench = Bench(*ONE_FALLBACK, fallbacks=SPARE)
    call = bench.call()
    call.fails(InternalServerError("down"))
    assert call.waits() == pytest.approx(0.375)
    call.answers()
    assert call.asked == ["primary", "primary"]

No sockets, no event loop, and no time passes but what the test says. Steps and events: litellm_lite/router/steps.py.
"""

from __future__ import annotations

from typing import Any

from litellm_lite.errors import APIConnectionError, APIError, RateLimitError, Timeout
from litellm_lite.router.clock import Clock
from litellm_lite.router.mending import Shown
from litellm_lite.router.request import planned
from litellm_lite.router.route import Route
from litellm_lite.router.router import Router
from litellm_lite.router.steps import (
    Answered,
    Attempt,
    Broke,
    Event,
    Failed,
    Finished,
    Keep,
    Listen,
    Pause,
    Refused,
    Silent,
    Spoke,
    Step,
    Wait,
)
from litellm_lite.router.trace import AttemptRecord, Trace
from litellm_lite.router.waiting import Ticket

MESSAGES = [{"role": "user", "content": "Hi"}]
USAGE = {"prompt_tokens": 9, "completion_tokens": 60, "total_tokens": 69}


def entry(id: str, group: str = "main", *, info: dict[str, Any] | None = None, **params: Any) -> dict[str, Any]:
    """An entry of a model list; nobody is behind its address."""
    place = {"model": f"openai/of-{id}", "api_base": f"http://{id}.invalid/v1", "api_key": f"key-of-{id}"}
    return {"model_name": group, "litellm_params": {**place, **params}, "model_info": {"id": id, **(info or {})}}


ONE_FALLBACK = (entry("primary"), entry("spare", "backup"))
SPARE = [{"main": ["backup"]}]


def rate_limited(seconds: float | None = None) -> RateLimitError:
    return RateLimitError("too many requests", retry_after=seconds)


def reset() -> APIConnectionError:
    return APIConnectionError("the connection was reset", retryable=True)


def silence() -> Timeout:
    return Timeout("no answer came in time")


class Bench:
    """A Router whose clock stands still until a test moves it, and whose dice always show the lowest number."""

    def __init__(self, *entries: dict[str, Any], **settings: Any) -> None:
        self._now = 1000.0
        self.router = Router(entries, clock=Clock(tick=lambda: self._now), **settings)
        self.fleet = self.router._fleet
        self.fleet.chance = self.fleet.jitter = lambda: 0.0

    @classmethod
    def with_a_fallback(cls, **settings: Any) -> Bench:
        """As in the sixteen behaviours: a deployment, one fallback, 30 s, and nothing tuned."""
        return cls(*ONE_FALLBACK, **{"fallbacks": SPARE, "num_retries": 2, "timeout": 30, **settings})

    def call(self, model: str = "main", *, stream: bool = False, **params: Any) -> ByHand:
        return ByHand(self, planned(self.fleet, model, params.pop("messages", MESSAGES), params, stream=stream).route)

    def passes(self, seconds: float) -> None:
        self._now += seconds

    def waiting(self, group: str = "main") -> int:
        return len(self.fleet.groups[group].queue)

    @property
    def now(self) -> float:
        return self._now

    @property
    def in_flight(self) -> dict[str, int]:
        """How many attempts each deployment that has any thinks are under way."""
        return {id: each.in_flight for id, each in self.fleet.standings.items() if each.in_flight}

    @property
    def cooling(self) -> list[str]:
        return [id for id, each in self.fleet.standings.items() if not each.health.closed]


class ByHand:
    """One call. `step` is what is to be done now; None when it is over, and then `error` says whether it failed."""

    def __init__(self, bench: Bench, route: Route) -> None:
        self.bench, self.route = bench, route
        self.began = bench.now
        self.step: Step | None = None
        self.error: APIError | None = None
        self.tells(None)

    def tells(self, event: Event) -> Step | None:
        """Say what happened, and return what is to be done next."""
        try:
            self.step = self.route.advance(event)
        except StopIteration:
            self.step = None
        except APIError as error:
            self.step, self.error = None, error
        return self.step

    def fails(self, error: APIError, *, after: float = 0.0, who: str = "") -> Step | None:
        """The attempt fails after so many seconds: the latest, or that of the deployment named."""
        self.bench.passes(after)
        return self.tells(Failed(self.attempt(who), error))

    def refuses(self, error: APIError) -> Step | None:
        """No request can be made for the deployment."""
        return self.tells(Refused(self.attempt(), error))

    def answers(self, *, after: float = 0.0, headers: dict[str, str] | None = None, usage: Any = USAGE) -> None:
        """A whole answer comes, and is the caller's."""
        self.bench.passes(after)
        attempt = self.attempt()
        assert isinstance(self.tells(Answered(attempt, headers or {}, usage)), Keep)
        self.route.close()

    def speaks(self, *, after: float = 0.0, who: str = "") -> None:
        """A stream's first token comes, and the stream is kept."""
        self.bench.passes(after)
        attempt = self.attempt(who)
        assert self.tells(Spoke(attempt, {})) == Keep(attempt)

    def is_silent(self, who: str = "") -> Step | None:
        """A stream has not spoken within its limit."""
        attempt = self.attempt(who)
        assert attempt.silent_s is not None
        self.bench.passes(attempt.silent_s)
        return self.tells(Silent(attempt))

    def breaks(self, shown: str, *, after: float = 0.0, flaw: str | None = None, reasoning: str = "") -> Step | None:
        """The stream that was kept breaks off when so much of it was shown."""
        self.bench.passes(after)
        return self.tells(Broke(self.attempt(), reset(), Shown(shown, reasoning, flaw)))

    def stalls(self, shown: str) -> Step | None:
        """The stream that was kept falls silent for as long as it may."""
        attempt = self.attempt()
        assert attempt.idle_s is not None
        self.bench.passes(attempt.idle_s)
        return self.tells(Broke(attempt, silence(), Shown(shown, "", None), attempt.idle_s))

    def finishes(self, usage: Any = USAGE) -> None:
        """The stream that was kept comes to its end."""
        assert self.tells(Finished(self.attempt(), {}, usage)) is None
        assert self.error is None

    def waits(self, seconds: float | None = None) -> float:
        """Do what the step says, where it is a wait of any kind, and return for how long; or only so long."""
        assert isinstance(self.step, Pause | Wait | Listen)
        assert self.step.seconds is not None
        waited = self.step.seconds if seconds is None else seconds
        self.bench.passes(waited)
        self.tells(None)
        return waited

    def closes(self) -> None:
        """The caller lets go of it, whatever is under way."""
        self.route.close()

    def attempt(self, who: str = "") -> Attempt:
        """The attempt to be made now or made last, or the last one at that deployment."""
        if isinstance(self.step, Attempt) and not who:
            return self.step
        if isinstance(self.step, Keep) and not who:
            return self.step.attempt
        under_way = [each for each in self.route.underway.attempts if who in ("", each.deployment.id)]
        return under_way[-1]

    @property
    def ticket(self) -> Ticket:
        """That of a caller in line."""
        assert isinstance(self.step, Wait)
        return self.step.ticket

    @property
    def asks(self) -> str:
        """Who is to be called now, and as what: `first primary`; empty when nobody is."""
        return f"{self.step.kind} {self.step.deployment.id}" if isinstance(self.step, Attempt) else ""

    @property
    def trace(self) -> Trace:
        return self.route.trace

    @property
    def asked(self) -> list[str]:
        """Who was called, in that order."""
        return [record.deployment.id for record in self.trace]

    @property
    def told(self) -> list[str]:
        """Each attempt: as what, at whom, and what came of it."""
        return [f"{record.kind} {record.deployment.id} {record.outcome}" for record in self.trace]

    @property
    def billed(self) -> list[AttemptRecord]:
        return [record for record in self.trace if record.billed]

    @property
    def took_s(self) -> float:
        return self.bench.now - self.began

    @property
    def failure(self) -> APIError:
        assert self.error is not None, f"the call did not fail: {self.told}"
        return self.error
