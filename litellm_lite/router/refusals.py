"""The errors of a Router: nobody can serve, nobody is free, everybody failed. Each names what was in the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from litellm_lite.errors import APIError, RateLimitError, ServiceUnavailableError, Timeout
from litellm_lite.router.preflight import no_candidate

if TYPE_CHECKING:
    from litellm_lite.router.ask import Ask
    from litellm_lite.router.groups import Group
    from litellm_lite.router.trace import Trace

_MOST_NAMED = 10


def nobody(group: Group, ask: Ask, now: float) -> APIError | None:
    """Return why no deployment of a group is worth waiting for; None where all that could be called were."""
    cooling = [standing for standing in group.standings if ask.accepts(standing)]
    if cooling:
        return _all_cooling(group, cooling, now)
    if not group.standings:
        return ServiceUnavailableError(f"{group.name!r}: its deployments were taken out meanwhile", retryable=True)
    reasons = ask.reasons(group)
    return no_candidate(reasons, group.name) if reasons else None


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
    msg = f"{group.name!r}: every deployment is at its limit for another {wait_s:.1f} s, and {left_s:.1f} s are left"
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
    told = (
        [f"{len(attempts)} attempt{'s' * (len(attempts) > 1)} failed: {trace.text()}"] if attempts else [str(principal)]
    )
    waits = [record.error.retry_after for record in attempts if record.error is not None]
    known = [wait for wait in waits if wait is not None]
    error = type(principal)(
        f"{trace.group!r}: {'; '.join([*told, *others])}",
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
    error.__cause__ = principal
    return error


def _all_cooling(group: Group, cooling: Sequence[object], now: float) -> APIError:
    ready = min(standing.health.ready_at(now) for standing in group.standings if standing in cooling)
    wait_s = max(0.0, ready - now)
    told = [
        f"{standing.deployment.id} ({standing.deployment.model}): {standing.health.why(now)}"
        for standing in group.standings[:_MOST_NAMED]
        if standing in cooling
    ]
    after = f", try again in {wait_s:.1f} s" if wait_s < float("inf") else ""
    msg = f"{group.name!r}: no deployment can be called now{after}: {'; '.join(told)}"
    return ServiceUnavailableError(msg, retry_after=wait_s if wait_s < float("inf") else None, retryable=True)
