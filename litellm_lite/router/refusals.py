"""The errors of a Router: nobody can serve, nobody is free, everybody failed. Each names what was in the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from litellm_lite.errors import APIError, RateLimitError, ServiceUnavailableError, Timeout
from litellm_lite.router.preflight import no_candidate

if TYPE_CHECKING:
    from litellm_lite.router.ask import Ask
    from litellm_lite.router.groups import Group
    from litellm_lite.router.standing import Standing
    from litellm_lite.router.trace import AttemptRecord, Trace

_MOST_NAMED = 10


def nobody(group: Group, ask: Ask, now: float) -> APIError | None:
    """Return why no deployment of a group is worth waiting for; None where all that could be called were."""
    cooling = [standing for standing in group.standings if ask.accepts(standing)]
    if cooling:
        return _all_cooling(group, cooling, now)
    if not group.standings:
        return gone(group.name)
    reasons = ask.reasons(group)
    return no_candidate(reasons, group.name) if reasons else None


def gone(group: str) -> ServiceUnavailableError:
    """Return the error for a call whose deployments were taken out on its way."""
    return ServiceUnavailableError(f"{group!r}: its deployments were taken out meanwhile; call again", retryable=True)


def full(group: Group) -> RateLimitError:
    """Return the error for a line that takes no more."""
    msg = (
        f"{group.name!r}: all deployments are at their limits, and {len(group.queue)} calls wait already; "
        "try again later, raise max_queue, or add deployments"
    )
    return RateLimitError(msg, retryable=True)


def waited(group: Group, seconds: float) -> RateLimitError:
    """Return the error for a wait that was in vain."""
    msg = (
        f"{group.name!r}: no deployment was free within {seconds:.1f} s of waiting in line; "
        "raise timeout= or the limits in model_list, or add deployments"
    )
    return RateLimitError(msg, retryable=True)


def too_late(group: Group, wait_s: float, left_s: float) -> RateLimitError:
    """Return the error for a limit that ends after the time for the call does."""
    msg = (
        f"{group.name!r}: every deployment is at its limit for another {wait_s:.1f} s, and {left_s:.1f} s are left; "
        "raise timeout= or the limits in model_list, or add deployments"
    )
    return RateLimitError(msg, retry_after=wait_s, retryable=True)


def deadline(group: str, seconds: float) -> Timeout:
    """Return the error for a call whose time is up."""
    return Timeout(f"{group!r}: the deadline of {seconds:g} s has passed; raise timeout=", retryable=False)


def exhausted(trace: Trace, principal: APIError, unsent: Sequence[APIError]) -> APIError:
    """Return the one error of a call that failed, with all its attempts; `principal` says of what it failed.

    It is of the class of `principal`, which is its cause where there is more to tell than that alone.
    """
    attempts = tuple(trace)
    others = [str(error) for error in unsent if error is not principal]
    if len(attempts) <= 1 and not others:
        principal.attempts = attempts
        return principal
    first = f"{trace.group!r}: {_failed(attempts)}: {trace.text()}" if attempts else str(principal)
    waits = [record.error.retry_after for record in attempts if record.error is not None]
    known = [wait for wait in waits if wait is not None]
    error = type(principal)(
        "; ".join(dict.fromkeys([first, *others])),  # several groups may have been too late
        principal.provider,
        principal.model,
        status_code=principal.status,
        code=principal.code,
        param=principal.param,
        request_id=principal.request_id,
        retry_after=min(known) if known and len(known) == len(attempts) else principal.retry_after,
        retryable=principal.retryable,
        body=principal.body,
        partial=principal.partial,
    )
    error.attempts = attempts
    error.candidates = tuple(candidate for each in unsent for candidate in each.candidates)
    error.__cause__ = principal
    return error


def _failed(attempts: Sequence[AttemptRecord]) -> str:
    sent = sum(record.outcome != "refused" for record in attempts)
    return f"{sent} attempt{'s' * (sent > 1)} failed" if sent else "nobody takes the request, and nothing was sent"


def _all_cooling(group: Group, cooling: Sequence[Standing], now: float) -> APIError:
    ready = min(standing.health.ready_at(now) for standing in cooling)
    wait_s = max(0.0, ready - now)
    told = [
        f"{standing.deployment.id} ({standing.deployment.model}): {standing.health.why(now)}"
        for standing in cooling[:_MOST_NAMED]
    ]
    after = f", try again in {wait_s:.1f} s" if wait_s < float("inf") else ""
    msg = f"{group.name!r}: no deployment can be called now{after}: {'; '.join(told)}"
    limited = all(standing.health.limited for standing in cooling)
    make = RateLimitError if limited else ServiceUnavailableError
    return make(msg, retry_after=wait_s if wait_s < float("inf") else None, retryable=True)
