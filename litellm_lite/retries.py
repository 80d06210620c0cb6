"""One retry policy for both colours: what is tried again, and how long before.

Tried again: 408, 409, 429, 5xx and broken connections, unless the error says that it is final (quota, content,
context). The wait is the one the vendor asked for, capped at 60 s; else exponential with jitter, as in Meta's
and OpenAI's SDKs: min(0.5 · 2ⁿ, 8) s times 0.75 to 1.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from litellm_lite.errors import APIError

if TYPE_CHECKING:
    from tenacity import RetryCallState

T = TypeVar("T")
logger = logging.getLogger(__name__)

DEFAULT_RETRIES = 2
LONGEST_WAIT_S = 60.0
_FIRST_WAIT_S = 0.5
_LONGEST_BACKOFF_S = 8.0


def wait_s(error: APIError | None, attempt: int, chance: float) -> float:
    """Return the seconds to wait after a failed attempt, counted from 1; `chance` lies in 0..1."""
    if error is not None and error.retry_after is not None:
        return min(error.retry_after, LONGEST_WAIT_S)
    backoff = min(_FIRST_WAIT_S * 2 ** min(attempt - 1, 10), _LONGEST_BACKOFF_S)
    return float(backoff * (0.75 + 0.25 * chance))


def retrying(attempt: Callable[[], T], retries: int, sleep: Callable[[float], None] = time.sleep) -> T:
    """Return what `attempt` returns, trying again as the policy says. Raises the last error."""
    try:
        return attempt()  # the policy is only built once it is needed: a call that works pays nothing for it
    except APIError as error:
        if not error.retryable or retries < 1:
            raise
        failed: APIError | None = error
    from tenacity import Retrying

    def again() -> T:
        nonlocal failed
        if (error := failed) is not None:
            failed = None
            raise error
        return attempt()

    return Retrying(sleep=sleep, **_policy(retries))(again)


async def aretrying(
    attempt: Callable[[], Awaitable[T]], retries: int, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> T:
    """The async twin of `retrying`."""
    try:
        return await attempt()
    except APIError as error:
        if not error.retryable or retries < 1:
            raise
        failed: APIError | None = error
    from tenacity import AsyncRetrying

    async def again() -> T:
        nonlocal failed
        if (error := failed) is not None:
            failed = None
            raise error
        return await attempt()

    return await AsyncRetrying(sleep=sleep, **_policy(retries))(again)


def _policy(retries: int) -> dict[str, Any]:
    """Return tenacity's settings for one call; the first failed attempt counts as attempt 1."""
    from tenacity import retry_if_exception, stop_after_attempt

    return {
        "stop": stop_after_attempt(retries + 1),
        "retry": retry_if_exception(lambda error: isinstance(error, APIError) and error.retryable),
        "wait": _wait,
        "before_sleep": _log_retry,
        "reraise": True,
    }


def _failure(state: RetryCallState) -> APIError | None:
    error = state.outcome.exception() if state.outcome is not None else None
    return error if isinstance(error, APIError) else None


def _wait(state: RetryCallState) -> float:
    return wait_s(_failure(state), state.attempt_number, random.random())


def _log_retry(state: RetryCallState) -> None:
    wait = state.next_action.sleep if state.next_action is not None else 0.0
    logger.debug("attempt %s failed (%r), next in %.2f s", state.attempt_number, type(_failure(state)).__name__, wait)
