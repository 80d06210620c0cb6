"""The circuit breaker of a deployment: when failures take it out of use, and how it comes back.

    closed ── failures ──▶ open ── blocked_until passes ──▶ half-open, for one probe ── it works ──▶ closed
                            ▲                                        │
                            └───── it fails: twice as long ──────────┘

Times are of the Router's clock. What a failure's kind is, and whether anyone else could serve, is decided elsewhere.
"""

from __future__ import annotations

import math
import sys
from collections import deque
from typing import Literal

Failure = Literal["transient", "rate_limited", "silent", "unusable"]
"""A 5xx or a broken connection; a 429; not a byte in time; a refusal that every request would meet."""

WINDOW_S = 60.0
_IN_A_ROW = 3
_ENOUGH = 5  # calls, before a share of them says anything
_REMEMBERED = 50  # outcomes: a busier deployment is judged by its last ones
_LONGEST_NAMED_S = 3600.0  # a vendor that names more is not believed

_WORDS: dict[Failure, str] = {
    "transient": "a server error or a broken connection",
    "rate_limited": "a rate limit",
    "silent": "no answer in time",
    "unusable": "a refusal of the key, the account or the model",
}


class Health:
    """Whether a deployment may be called, by how its last calls ended.

    While a probe is under way, the next success counts as the probe's, whoever brings it: it is news from after the
    cooldown. A failure, or an end without a verdict, is the probe's only if its attempt began no earlier. A verdict
    that comes to an open breaker without a probe is of an attempt that began before: its success does not close, and
    its failure does not lengthen, but for a time the vendor named.
    """

    __slots__ = (
        "_allowed_fails", "_cause", "_cooldown_s", "_length_s", "_longest_s", "_outcomes", "_probed_at",
        "blocked_until", "cooled", "limited", "probing",
    )  # fmt: skip

    def __init__(self, *, cooldown_s: float, allowed_fails: int | None, longest_s: float = 20.0) -> None:
        """`allowed_fails` a minute do not cool it. Without a `cooldown_s` nothing does, but a time the vendor names."""
        self._cooldown_s = self._length_s = cooldown_s
        self._longest_s = max(longest_s, cooldown_s)
        self._allowed_fails = allowed_fails
        self._cause = ""
        # Where a number is allowed only failures are kept, and one more than that number is all there is to know.
        remembered = _REMEMBERED if allowed_fails is None else min(max(allowed_fails + 1, _REMEMBERED), sys.maxsize)
        self._outcomes: deque[tuple[float, bool]] = deque(maxlen=remembered)
        self.blocked_until = 0.0
        """0.0 when closed, else when a probe may go."""
        self.probing = False
        """Whether a probe is under way."""
        self._probed_at = 0.0
        self.cooled = 0
        """How many times it was taken out of use."""
        self.limited = False
        """Whether it only rests from a rate limit: then it is worth a wait where nobody else could serve."""

    @property
    def closed(self) -> bool:
        """Whether it may be called like any other."""
        return self.blocked_until == 0.0

    def ready_at(self, now: float) -> float:
        """Return `now` where an attempt may start, else when; inf while only the end of the probe can tell."""
        if not self.blocked_until:
            return now
        return math.inf if self.probing else max(now, self.blocked_until)

    def start(self, now: float) -> bool:
        """Note that an attempt starts. True if it is the probe; who is started before the time is one no less."""
        if not self.blocked_until or self.probing:
            return False
        self.probing, self._probed_at = True, now
        return True

    def success(self, now: float) -> None:
        """Note that an attempt was answered; as soon as a stream has spoken, rather than when it ends."""
        if not self.blocked_until:
            if self._allowed_fails is None:
                self._outcomes.append((now, False))
        elif self.probing:
            self.reset()

    def failure(
        self,
        now: float,
        kind: Failure,
        *,
        lone: bool,
        until: float | None = None,
        allowed_fails: int | None = None,
        began: float = math.inf,
    ) -> bool:
        """Note that an attempt failed. True if the deployment is cooling now.

        `allowed_fails`: so many a minute are allowed where the last is of this kind, whatever else is said.
        `until` is the time the vendor named; one that is past says nothing. `lone`: nobody else could serve, so only
        `until` cools, and without it a failed probe closes the breaker.
        """
        self._outcomes.append((now, True))
        probed = self.probing and began >= self._probed_at
        self.probing = self.probing and not probed
        named = 0.0 if until is None else min(until, now + _LONGEST_NAMED_S)
        cause = ""
        if self._cooldown_s > 0 and not lone and (probed or not self.blocked_until):
            cause = self._verdict(now, kind, allowed_fails, probed=probed)
        own = now + self._length_s if cause and not (kind == "rate_limited" and named > now) else now
        if (end := max(own, named)) > now:
            self._cause = cause or _WORDS[kind]
            self.limited = kind == "rate_limited"
            self.cooled += self.blocked_until <= now
            self.blocked_until = max(self.blocked_until, end)
        elif probed:
            self._close()
        return self.blocked_until > now

    def release(self, now: float, began: float = math.inf) -> None:  # noqa: ARG002 - all ends are told alike
        """Note that an attempt ended without a verdict: if it was the probe, its place is free again."""
        if began >= self._probed_at:
            self.probing = False

    def reset(self) -> None:
        """Close it, and forget all failures."""
        self._close()
        self._outcomes.clear()

    def why(self, now: float) -> str:
        """Say in words how it stands."""
        if not self.blocked_until:
            return "healthy"
        if self.probing:
            return f"being probed after {self._cause}"
        if (left_s := self.blocked_until - now) > 0:
            return f"cooling for {left_s:.1f} s after {self._cause}"
        return f"to be probed after {self._cause}"

    def _close(self) -> None:
        self.blocked_until, self.probing = 0.0, False
        self._length_s, self._cause, self.limited = self._cooldown_s, "", False

    def _verdict(self, now: float, kind: Failure, allowed: int | None, *, probed: bool) -> str:
        """Return why a failure cools, and set for how long; an empty text where it does not."""
        if probed:
            self._length_s = min(2 * self._length_s, self._longest_s)
            return f"a failed probe: {_WORDS[kind]}"
        if kind != "transient" and allowed is None:
            return _WORDS[kind]
        pattern = self._pattern(now, self._allowed_fails if allowed is None else allowed)
        return pattern and f"{pattern}, the last: {_WORDS[kind]}"

    def _pattern(self, now: float, allowed: int | None) -> str:
        """Return what is wrong with the failures of this minute; an empty text where nothing is."""
        outcomes = self._outcomes
        while outcomes[0][0] <= now - WINDOW_S:  # the failure that is judged stands at the end
            outcomes.popleft()
        calls, failed = len(outcomes), [failed for _, failed in outcomes]
        if allowed is not None:
            return f"more than {allowed} failures in a minute" if sum(failed) > allowed else ""
        if calls >= _IN_A_ROW and all(failed[-_IN_A_ROW:]):
            return f"{_IN_A_ROW} failures in a row"
        if calls >= _ENOUGH and 2 * sum(failed) > calls:
            return f"{sum(failed)} failures of {calls} calls in a minute"
        return ""
