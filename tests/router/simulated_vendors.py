"""What stands behind the deployments of the simulator: vendors that answer, fail, fall silent, and count.

A vendor knows nothing of the Router. It counts for itself what reaches it, so that limits can be checked against it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from litellm_lite.errors import (
    APIConnectionError,
    APIError,
    AuthenticationError,
    BadRequestError,
    ContentPolicyViolationError,
    ContextWindowExceededError,
    InternalServerError,
    RateLimitError,
    ServiceUnavailableError,
)

if TYPE_CHECKING:
    from litellm_lite.router.deployment import Deployment
    from litellm_lite.router.steps import Attempt

Behaviour = Literal[
    "well", "answers 500", "answers 503", "resets", "says nothing", "is slow", "cuts streams", "stalls", "answers 429",
    "answers 429 with Retry-After", "finds the prompt too long", "refuses the content", "refuses the key",
    "cannot be asked", "finds the request bad",
]  # fmt: skip
Prefill = Literal["goes on", "starts over", "refuses"]

FAULTS: tuple[Behaviour, ...] = (
    "answers 500", "answers 503", "resets", "says nothing", "is slow", "cuts streams", "stalls", "answers 429",
    "answers 429 with Retry-After", "finds the prompt too long", "refuses the content", "refuses the key",
    "cannot be asked", "finds the request bad",
)  # fmt: skip

SLOW_S = 20.0
PIECE = 6
WINDOW_S = 60.0


_ERRORS: Mapping[Behaviour, Callable[[str], APIError]] = {
    "answers 500": InternalServerError,
    "answers 503": ServiceUnavailableError,
    "resets": partial(APIConnectionError, retryable=True),
    "answers 429": RateLimitError,
    "finds the prompt too long": ContextWindowExceededError,
    "refuses the content": ContentPolicyViolationError,
    "refuses the key": AuthenticationError,
    "finds the request bad": BadRequestError,
}


class Reply(NamedTuple):
    """What comes of one attempt: an error, or an answer of so many pieces, each `gap_s` after the one before."""

    after_s: float
    """Until the error, the answer, or of a stream the first token; infinite where nothing comes."""
    error: APIError | None = None
    sent: bool = True
    """Whether a request could be made at all."""
    headers: Mapping[str, str] = {}
    tokens: int = 0
    pieces: tuple[str, ...] = ()
    gap_s: float = 0.1
    end: Literal["whole", "cut", "stall"] = "whole"


class Quota:
    """A limit of a vendor's own, of so many requests in any 60 s. Its headers are true.

    `resets`: they say when the window will be empty, if no more come. Until then what remains is all there is for sure.
    """

    def __init__(self, requests: int, *, resets: bool) -> None:
        self.requests, self._resets = requests, resets
        self._calls: deque[float] = deque()
        self.refused = self.admitted = 0

    def admit(self, at: float) -> bool:
        self._slide(at)
        if len(self._calls) >= self.requests:
            self.refused += 1
            return False
        self._calls.append(at)
        self.admitted += 1
        return True

    def headers(self, at: float) -> dict[str, str]:
        self._slide(at)
        told = {
            "x-ratelimit-limit-requests": str(self.requests),
            "x-ratelimit-remaining-requests": str(self.requests - len(self._calls)),
        }
        if self._resets and self._calls:
            told["x-ratelimit-reset-requests"] = f"{self._calls[-1] + WINDOW_S - at:.3f}s"
        return told

    def next_in_s(self, at: float) -> float:
        """Return when one more call is within the limit."""
        return self._calls[0] + WINDOW_S - at

    def _slide(self, at: float) -> None:
        while self._calls and self._calls[0] + WINDOW_S <= at:
            self._calls.popleft()


@dataclass(slots=True, eq=False)
class Vendor:
    """Who answers for one deployment. `flaps`: every so many seconds it is down for so many, whatever else it does."""

    deployment: Deployment
    behaviour: Behaviour = "well"
    latency_s: float = 0.4
    gap_s: float = 0.1
    retry_after_s: float = 3.0
    other_words: bool = False
    """Whether it says something else than the others do."""
    prefill: Prefill = "goes on"
    quota: Quota | None = None
    flaps: tuple[float, float] | None = None
    under_way: int = 0
    most_under_way: int = 0
    calls: int = 0
    answered_at: list[float] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.deployment.id

    def ask(self, attempt: Attempt, truth: str, at: float, tokens: int) -> Reply:
        """Return what comes of an attempt that begins now."""
        behaviour = self._behaviour(at)
        if behaviour == "cannot be asked":
            return Reply(0.0, BadRequestError(f"{self.name} has no such parameter"), sent=False)
        self.calls += 1
        if self.quota is not None and not self.quota.admit(at):
            return Reply(0.05, RateLimitError("the quota is used up", retry_after=self.quota.next_in_s(at)))
        if (error := self._error(behaviour)) is not None:
            return Reply(self.latency_s / 4, error)
        if behaviour == "says nothing":
            return Reply(math.inf)
        if attempt.kind == "continuation" and self.prefill == "refuses":
            return Reply(self.latency_s / 4, BadRequestError("prefill is not supported"))
        said = self._said(attempt, truth)
        return Reply(
            SLOW_S if behaviour == "is slow" else self.latency_s,
            headers={} if self.quota is None else self.quota.headers(at),
            tokens=used_tokens(tokens),
            pieces=tuple(said[at : at + PIECE] for at in range(0, len(said), PIECE)),
            gap_s=self.gap_s,
            end={"cuts streams": "cut", "stalls": "stall"}.get(behaviour, "whole"),  # type: ignore[arg-type]
        )

    def _behaviour(self, at: float) -> Behaviour:
        if self.flaps is not None and at % self.flaps[0] < self.flaps[1]:
            return "answers 503"
        return self.behaviour

    def _error(self, behaviour: Behaviour) -> APIError | None:
        if behaviour == "answers 429 with Retry-After":
            return RateLimitError("too many requests", retry_after=self.retry_after_s)
        make = _ERRORS.get(behaviour)
        return None if make is None else make(f"{self.name} {behaviour}")

    def _said(self, attempt: Attempt, truth: str) -> str:
        own = other_words(truth) if self.other_words else truth
        if attempt.kind != "continuation" or attempt.shown is None or self.prefill != "goes on":
            return own
        shown = attempt.shown.text
        whole = own if own.startswith(shown) else truth if truth.startswith(shown) else other_words(truth)
        return whole[len(shown.rstrip()) :]


def truth_of(number: int) -> str:
    """Return what the answer to a request is; no two are alike."""
    return f"Answer {number} is that the seven wizards of the north box quietly, and {number} is all there is to say."


def other_words(truth: str) -> str:
    """Return the same, as another model would say it."""
    return truth.replace("wizards", "sorcerers")


def used_tokens(reserved: int) -> int:
    """Return what a vendor counts where so many tokens were reserved."""
    return max(1, reserved * 3 // 5)


def chunk(text: str, *, finish: bool = False) -> dict[str, Any]:
    """Return a piece of a stream as `sse` hands it on."""
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": "stop" if finish else None}]}
