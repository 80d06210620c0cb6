"""How fast a deployment may be called: its limits of concurrency, requests and tokens, and what its answers taught.

A limit per minute holds for every stretch of 60 s (start included, end not), not for the minutes of a clock. Times are
of the Router's clock, which never runs backwards.
"""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

from litellm_lite.router.learning import Limits

WINDOW_S = 60.0
_FRESH_S = 1.0  # a lesson is counted down by every start, and one that leaves plenty need not be taught anew each time
_PLENTY = Limits(remaining_requests=100, remaining_tokens=100_000)
_LONGEST_S = 3600.0  # a vendor that names more is not believed; asking once an hour costs little


class Pace:
    """When a call may start, and how many are under way.

    A vendor that says what remains is believed until the reset it names. Where it names none, what remains is taken for
    the room left in the last 60 s, until an answer says otherwise or 60 s have passed. A limit alone teaches nothing,
    for some are per day. `tokens` are reserved when a call starts, and become what the vendor counted when it ends.

    Calls carry no id: a call that ends is taken for the one that began first of those with as many tokens reserved.
    Two alike that end in the other order change places in the window, which moves tokens, and never loses any.
    """

    __slots__ = (
        "_asked_at", "_begun", "_begun_tokens", "_calls", "_counts", "_held_until", "_limited", "_max_parallel",
        "_open", "_over_at", "_rolls", "_rpm", "_taught_by", "_tokens", "_told_requests", "_told_tokens", "_tpm",
        "in_flight",
    )  # fmt: skip

    def __init__(self, *, rpm: int | None, tpm: int | None, max_parallel: int | None) -> None:
        self._rpm, self._tpm, self._max_parallel = rpm, tpm, max_parallel
        self.in_flight = 0
        self._calls: deque[_Call] = deque()
        """Those of the last 60 s, the oldest first; `_tokens` is their sum. Kept where a limit looks at them."""
        self._tokens = 0
        self._open: dict[int, deque[_Call]] = {}
        """Those under way, by the tokens they reserved."""
        self._begun = self._begun_tokens = 0
        """How many calls and tokens were ever counted at a start."""
        self._held_until = 0.0
        self._over_at = math.inf
        """When the first of the things that were learned is over."""
        self._told_requests: _Lesson | None = None
        self._told_tokens: _Lesson | None = None
        self._taught_by = 0
        self._asked_at = 0.0
        """When the next lesson is due."""
        self._counts = self._limited = self._rolls = False
        self._settle()

    def ready_at(self, now: float, tokens: int) -> float:
        """Return `now` where a call of so many tokens may start, else when; inf where only the end of one can tell.

        A call with more tokens than `tpm` may start when no token is left in the window.
        """
        if not self._limited:
            return now
        if self._max_parallel is not None and self.in_flight >= self._max_parallel:
            return math.inf
        if self._over_at <= now or (self._calls and self._calls[0].leaves_at <= now):
            self._slide(now)
        when = max(now, self._held_until)
        if self._rpm is not None:
            when = max(when, self._rpm_at())
        if self._tpm is not None:
            when = max(when, self._tpm_at(tokens))
        if (lesson := self._told_requests) is not None and (lesson.rolling or self._begun >= lesson.most):
            when = max(when, self._told_requests_at())
        if (lesson := self._told_tokens) is not None and (
            lesson.rolling or self._begun_tokens + (tokens or 1) > lesson.most
        ):
            when = max(when, self._told_tokens_at(tokens))
        return when

    def start(self, now: float, tokens: int) -> None:
        """Note that a call starts, whether or not it was the time for it."""
        self.in_flight += 1
        if not self._counts:
            return
        self._begun += 1
        self._begun_tokens += tokens
        call = _Call(now, tokens, self._begun, self._begun_tokens, kept=self._rolls)
        if self._rolls:  # a busy minute is long, and a vendor that says when it resets needs none of it
            self._calls.append(call)
            self._tokens += tokens
        if (alike := self._open.get(tokens)) is None:
            self._open[tokens] = deque((call,))
        else:
            alike.append(call)

    def finish(self, now: float, tokens: int, used: int | None, told: Limits | None) -> None:
        """Note that a call ended. `tokens` as at its start; `used` is what the vendor counted, None if unknown."""
        self.in_flight -= 1
        call = self._ended(tokens) if self._open else None
        if self._limited or self._calls:
            self._slide(now)
        if call is not None and used is not None:
            self._correct(now, call, max(0, used))
        if told is not None:
            self._asked_at = now + (_FRESH_S if _is_plenty(told) else 0.0)
            self._learn(now, told, call, tokens)
        elif self.curious(now):  # one that told nothing is not asked each time either
            self._asked_at = now + _FRESH_S

    def curious(self, now: float) -> bool:
        """Tell whether an answer's headers are worth reading: not while a fresh lesson says that plenty is left."""
        return now >= self._asked_at

    def remaining(self, now: float) -> tuple[Remaining | None, Remaining | None]:
        """Return what the vendor said is left of requests and of tokens; None where it said nothing."""
        if self._limited:
            self._slide(now)
        requests, tokens = self._told_requests, self._told_tokens
        return (
            None if requests is None else requests.left(len(self._calls) if requests.rolling else self._begun),
            None if tokens is None else tokens.left(self._tokens if tokens.rolling else self._begun_tokens),
        )

    def why(self, now: float, tokens: int = 1) -> str:
        """Say in words what a call waits for."""
        if self.ready_at(now, tokens) <= now:
            return "free"
        if self._max_parallel is not None and self.in_flight >= self._max_parallel:
            return f"{self.in_flight} under way, {self._max_parallel} at a time allowed"
        when, what = max(
            (self._held_until, "the vendor named that time"),
            (self._rpm_at(), f"{len(self._calls)} requests in a minute, {self._rpm} allowed"),
            (self._tpm_at(tokens), f"{self._tokens} tokens in a minute, {self._tpm} allowed"),
            (self._told_requests_at(), "the vendor said that no more requests remain"),
            (self._told_tokens_at(tokens), "the vendor said that too few tokens remain"),
        )
        return f"free in {when - now:.1f} s: {what}"

    def _settle(self) -> None:
        """Find out what has to be looked at from now on."""
        ends = [lesson.until for lesson in (self._told_requests, self._told_tokens) if lesson is not None]
        told = bool(ends)
        if self._held_until > 0.0:
            ends.append(self._held_until)
        self._over_at = min(ends, default=math.inf)
        limited = self._rpm is not None or self._tpm is not None
        self._rolls = limited or any(
            lesson is not None and lesson.rolling for lesson in (self._told_requests, self._told_tokens)
        )
        self._counts = told or limited
        self._limited = self._counts or self._max_parallel is not None or self._held_until > 0.0
        if not told:
            self._taught_by = 0

    def _slide(self, now: float) -> None:
        """Let go of what is 60 s old, and of what was learned for a time that is over."""
        calls = self._calls
        while calls and calls[0].leaves_at <= now:
            self._tokens -= calls.popleft().tokens
        requests, tokens = self._told_requests, self._told_tokens
        over = 0.0 < self._held_until <= now
        if over:
            self._held_until = 0.0
        if requests is not None and requests.until <= now:
            self._told_requests, over = None, True
        if tokens is not None and tokens.until <= now:
            self._told_tokens, over = None, True
        if over:
            self._settle()

    def _rpm_at(self) -> float:
        return 0.0 if self._rpm is None else self._room_at(self._rpm)

    def _tpm_at(self, tokens: int) -> float:
        return 0.0 if self._tpm is None else self._room_for_tokens_at(self._tpm, min(tokens, self._tpm))

    def _told_requests_at(self) -> float:
        if (lesson := self._told_requests) is None:
            return 0.0
        if lesson.rolling:
            return min(lesson.until, self._room_at(lesson.most))
        return lesson.until if self._begun >= lesson.most else 0.0

    def _told_tokens_at(self, tokens: int) -> float:
        if (lesson := self._told_tokens) is None:
            return 0.0
        needed = max(1, tokens if lesson.limit is None else min(tokens, lesson.limit))
        if lesson.rolling:
            return min(lesson.until, self._room_for_tokens_at(lesson.most, needed))
        return lesson.until if self._begun_tokens + needed > lesson.most else 0.0

    def _room_at(self, most: int) -> float:
        """Return when one more call is within `most`: the time the last of those leaves that are too many."""
        too_many = len(self._calls) + 1 - most
        if too_many <= 0:
            return 0.0
        return self._calls[too_many - 1].leaves_at if too_many <= len(self._calls) else math.inf

    def _room_for_tokens_at(self, most: int, needed: int) -> float:
        """Return when so many more tokens are within `most`. Looks at no more calls than these will displace."""
        too_many = self._tokens + needed - most
        if too_many <= 0:
            return 0.0
        for call in self._calls:
            too_many -= call.tokens
            if too_many <= 0:
                return call.leaves_at
        return math.inf

    def _ended(self, tokens: int) -> _Call | None:
        alike = self._open.get(tokens)
        if alike is None:  # it started before anything was counted
            return None
        call = alike.popleft()
        if not alike:
            del self._open[tokens]
        return call

    def _correct(self, now: float, call: _Call, used: int) -> None:
        if call.kept and call.leaves_at > now:
            self._tokens += used - call.tokens
        call.tokens = used

    def _learn(self, now: float, told: Limits, call: _Call | None, tokens: int) -> None:
        """Believe an answer, unless one to a call that began later has spoken: a stream's headers are as old as it is.

        What began after the call may not be in its count, and is taken off. Of a call older than the window it is not
        known what of its count is left in it.
        """
        if told.retry_after is not None:
            self._held_until = max(self._held_until, now + _bounded(told.retry_after))
        number, since, since_tokens, recent = 0, self.in_flight, self.in_flight * tokens, True
        if call is not None:
            number, recent = call.number, call.leaves_at > now
            since, since_tokens = self._begun - number, self._begun_tokens - call.through
        if number >= self._taught_by:
            if told.remaining_requests is not None and (recent or told.reset_requests_s is not None):
                self._told_requests = self._about_requests(now, told, since)
                self._taught_by = number
            if told.remaining_tokens is not None and (recent or told.reset_tokens_s is not None):
                self._told_tokens = self._about_tokens(now, told, since_tokens)
                self._taught_by = number
        self._settle()

    def _about_requests(self, now: float, told: Limits, since: int) -> _Lesson:
        left, reset_s = max(0, told.remaining_requests or 0) - since, told.reset_requests_s
        if reset_s is not None:
            return _Lesson(self._begun + left, now + _bounded(reset_s), rolling=False)
        return _Lesson(_most(len(self._calls) + left, told.limit_requests), now + WINDOW_S, rolling=True)

    def _about_tokens(self, now: float, told: Limits, since: int) -> _Lesson:
        left, reset_s, limit = max(0, told.remaining_tokens or 0) - since, told.reset_tokens_s, told.limit_tokens
        if reset_s is not None:
            return _Lesson(self._begun_tokens + left, now + _bounded(reset_s), rolling=False, limit=limit)
        return _Lesson(_most(self._tokens + left, limit), now + WINDOW_S, rolling=True, limit=limit)


class Remaining(NamedTuple):
    """How much a vendor said is left, less what was begun since; and until when that holds."""

    amount: int
    until: float


class _Call:
    """One call. `number` counts the starts, `through` their tokens, both with this one; `kept`: it is in the window."""

    __slots__ = ("kept", "leaves_at", "number", "through", "tokens")

    def __init__(self, now: float, tokens: int, number: int, through: int, *, kept: bool) -> None:
        self.leaves_at, self.kept = now + WINDOW_S, kept
        self.tokens, self.number, self.through = tokens, number, through


class _Lesson(NamedTuple):
    """How far calls may go until then: to `most` in the window where it rolls, else to `most` ever begun."""

    most: int
    until: float
    rolling: bool
    limit: int | None = None
    """What the vendor allows at all: a call that needs more waits for no more than that."""

    def left(self, counted: int) -> Remaining:
        return Remaining(max(0, self.most - counted), self.until)


def _most(counted: int, limit: int | None) -> int:
    """Return how much the window may hold: no more than the limit, for a vendor may count minutes of its own."""
    return min(counted, limit) if limit is not None and limit > 0 else counted


def _bounded(seconds: float) -> float:
    """Return a wait that is none of the absurd: at least 0 (for a NaN too), at most an hour."""
    return min(_LONGEST_S, max(0.0, seconds))


def _is_plenty(told: Limits) -> bool:
    pairs = (told.remaining_requests, _PLENTY.remaining_requests), (told.remaining_tokens, _PLENTY.remaining_tokens)
    return told.retry_after is None and all(
        left is None or left >= plenty for left, plenty in pairs if plenty is not None
    )
