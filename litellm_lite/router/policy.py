"""What follows a failure: where to try next, how long to wait first, and what it says about the deployment. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from litellm_lite.errors import (
    QUOTA_CODES,
    APIConnectionError,
    APIError,
    AuthenticationError,
    BadRequestError,
    ContentPolicyViolationError,
    ContextWindowExceededError,
    NotFoundError,
    PaymentRequiredError,
    PermissionDeniedError,
    RateLimitError,
    Timeout,
    UnprocessableEntityError,
)
from litellm_lite.retries import wait_s
from litellm_lite.router.mending import Diverged

if TYPE_CHECKING:
    from litellm_lite.router.deployment import Deployment

Where = Literal["same", "other", "away", "stop"]
"""The same deployment, another one of the group, a fallback, or nowhere."""

Verdict = Literal["transient", "rate_limited", "silent", "unusable"]

# As OpenAI and vLLM write it, llama.cpp ("available context size (4096 tokens)"), Anthropic ("> 200000 maximum").
_WINDOW = re.compile(r"context length is ([\d,]+)|context size \(([\d,]+)|> ([\d,]+) maximum")

_FAIR_S = 5.0
"""The time after which silence tells something of who is silent."""

PATIENCE_S = 5.0
"""The longest wait for a deployment while a fallback could answer."""

_UNUSABLE = (AuthenticationError, NotFoundError, PaymentRequiredError, PermissionDeniedError)
_THE_REQUEST = (BadRequestError, UnprocessableEntityError)


class Chances(NamedTuple):
    """What is left to try: attempts in this group, another free deployment in it, a fallback, and seconds."""

    retries: int
    others: bool
    fallback: bool
    left_s: float
    tries_here: int
    """Attempts made on the deployment that failed, at least 1."""
    closed: bool = True
    """Whether it would be given another attempt: it is not cooling."""
    least_wait_s: float = 0.0
    chance: float = 0.5


class Sequel(NamedTuple):
    """Where to go on, after how many seconds, and why."""

    where: Where
    pause_s: float = 0.0
    why: str = ""


def verdict(error: APIError, *, alone: bool, had_s: float | None = None) -> Verdict | None:
    """Return what a failure says about the deployment; None where it says nothing, for the request is to blame.

    `had_s`: the time the attempt had. Who had little may be well: it is not the deployment's fault if a caller hurries.
    `alone`: it is the only one of its group. Then a 429 that names no time is a failure in passing, worth a few more
    tries with growing pauses, where others would let it rest at once.
    """
    if isinstance(error, RateLimitError):
        if error.code in QUOTA_CODES:
            return "unusable"
        return "transient" if alone and error.retry_after is None else "rate_limited"
    if isinstance(error, _UNUSABLE):
        return "unusable"
    if isinstance(error, _THE_REQUEST):
        return None
    if isinstance(error, Timeout):
        return "transient" if had_s is not None and had_s < _FAIR_S else "silent"
    if isinstance(error, Diverged):
        return None
    if isinstance(error, APIConnectionError) and not error.retryable:  # a certificate, or no TLS at all
        return "unusable"
    return "transient"


def is_context(error: APIError) -> bool:
    """Tell whether a larger window would help."""
    return isinstance(error, ContextWindowExceededError)


def is_content(error: APIError) -> bool:
    """Tell whether the vendor refused the content."""
    return isinstance(error, ContentPolicyViolationError)


def is_final(error: APIError) -> bool:
    """Tell whether the request is at fault, so that nobody else is asked either."""
    return isinstance(error, _THE_REQUEST) and not isinstance(error, PaymentRequiredError | ContextWindowExceededError)


def window_named(error: APIError, deployment: Deployment) -> int | None:
    """Return the window that a prompt was too long for: as the vendor says, else as the registry does."""
    if (said := _WINDOW.search(error.message)) is not None:
        return int(next(filter(None, said.groups())).replace(",", ""))
    return deployment.row.max_input_tokens if deployment.row is not None else None


def after(error: APIError, chances: Chances, *, insisted: bool = False) -> Sequel:
    """Return what follows a failed attempt.

    A deployment is tried again once if it failed in passing, and the last retry is kept for another one. What was
    silent, unusable or short of quota is not tried again. `insisted`: the caller's retry_policy names this error.
    """
    if is_context(error) or (is_content(error) and not insisted):
        return Sequel("away", why="the same request would be refused again")
    if is_final(error) and not insisted:
        return Sequel("stop", why="the request itself was refused")
    if chances.left_s <= 0:
        return Sequel("stop", why="the deadline has passed")
    again = _again(error, chances) or (insisted and chances.closed and not chances.others)
    if chances.retries > 0 and again:
        return _same(error, chances)
    if chances.retries > 0 and chances.others:
        return Sequel("other", why="another deployment is free")
    return Sequel("away", why="no retry is left" if chances.retries <= 0 else "no other deployment is free")


def _again(error: APIError, chances: Chances) -> bool:
    """Whether the same deployment is worth another attempt."""
    named = isinstance(error, RateLimitError) and error.retry_after is not None  # then it is open again after that
    if not error.retryable or isinstance(error, Timeout) or not (chances.closed or named):
        return False
    if chances.others:
        return not isinstance(error, RateLimitError) and chances.tries_here == 1 and chances.retries > 1
    return True


def _same(error: APIError, chances: Chances) -> Sequel:
    asked_s = error.retry_after  # until then it will not be called, however long that is
    own_s = wait_s(error, chances.tries_here, chances.chance) if asked_s is None else asked_s
    pause_s = max(own_s, chances.least_wait_s)
    patience_s = min(PATIENCE_S, chances.left_s / 2) if chances.fallback else chances.left_s
    if pause_s >= patience_s:
        where: Where = "other" if chances.others else "away"
        return Sequel(where, why=f"it wants {pause_s:.1f} s, and {patience_s:.1f} s are worth waiting")
    asked = "as it asked" if asked_s is not None else "before the next retry"
    return Sequel("same", pause_s, f"{pause_s:.2f} s {asked}")
