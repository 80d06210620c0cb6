"""The sixteen behaviours: what goes wrong, who is struck by it, what is asked meanwhile, and who judges. A table."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from litellm_lite.doctor import answers, failing, refusals
from litellm_lite.doctor.observed import Mode, Observation, Verdict

Strike = Literal["first", "group", "small"]
"""The deployment that is asked first; the whole group as one where it has a fallback; or those with small windows."""

BOTH: tuple[Mode, ...] = ("plain", "stream")


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """One of them. Its calls come one after the other, so many seconds apart; or every so many, ended or not."""

    number: int
    name: str
    fault: str
    judge: Callable[[Observation], Verdict]
    modes: tuple[Mode, ...] = BOTH
    strike: Strike = "first"
    others: tuple[str, ...] = ()
    """What those have that are not struck."""
    calls: int = 1
    lone_calls: int | None = None
    """Where nobody else could serve, if it differs."""
    apart_s: float = 0.0
    every_s: float = 0.0
    tools: bool = False
    """Whether a tool is called too, of a stream."""
    most_speed: float = math.inf
    """Where tenths of seconds count."""
    outlasts: bool = False
    """Whether it may last as long as the timeout."""


BEHAVIOURS = (
    Behaviour(
        number=1,
        name="honours Retry-After",
        fault=f"retry-after; seconds={failing.RETRY_AFTER_S:g}",
        judge=failing.honours_retry_after,
        calls=4,
        apart_s=2.0,
    ),
    Behaviour(
        number=2,
        name="backs off from a 429 without a time",
        fault="rate-limited",
        judge=failing.backs_off,
        most_speed=2.0,
    ),
    Behaviour(number=3, name="tries again once after one 500", fault="single-500", judge=failing.retries_once),
    Behaviour(
        number=4,
        name="fails over from a persistent 503",
        fault="unavailable",
        judge=failing.leaves_the_unavailable,
        calls=10,
        lone_calls=2,
    ),
    Behaviour(number=5, name="survives a TCP reset", fault="reset", judge=failing.survives_a_reset),
    Behaviour(
        number=6,
        name="leaves a provider that never answers",
        fault="silent",
        judge=failing.leaves_the_silent,
        calls=2,
        outlasts=True,
    ),
    Behaviour(
        number=7,
        name="limits the wait for the first token",
        fault=f"slow-first-token; seconds={failing.SLOW_S:g}",
        judge=failing.limits_the_first_token,
    ),
    Behaviour(
        number=8,
        name="never shows a cut answer as finished",
        fault="cut; after=40",
        judge=answers.mends_a_cut,
        tools=True,
    ),
    Behaviour(
        number=9,
        name="notices a stall",
        fault="stall; after=40",
        judge=answers.notices_a_stall,
        calls=2,
        outlasts=True,
    ),
    Behaviour(
        number=10,
        name="skips a malformed event",
        fault="malformed-event",
        judge=answers.skips_a_malformed_event,
        modes=("stream",),
    ),
    Behaviour(
        number=11,
        name="finishes without [DONE]",
        fault="missing-done; end=600",
        judge=answers.ends_without_done,
        modes=("stream",),
        most_speed=1.0,  # the limits at the end of a stream are not of the Router's clock
    ),
    Behaviour(
        number=12,
        name="sends long prompts only to larger windows",
        fault="context-length",
        judge=refusals.sends_long_prompts_to_larger_windows,
        strike="small",
    ),
    Behaviour(
        number=13,
        name="keeps what a content filter refused",
        fault="content-filter",
        judge=refusals.keeps_what_the_filter_refused,
    ),
    Behaviour(
        number=14,
        name="continues only where that is supported",
        fault="cut; after=40",
        judge=answers.prefills_only_where_declared,
        modes=("stream",),
        others=("no-prefill",),
    ),
    Behaviour(
        number=15,
        name="rides out an outage, and comes back",
        fault=f"flapping; down={failing.DOWN_S:g}",
        judge=failing.rides_out_an_outage,
        strike="group",
        calls=25,
        every_s=4.0,
    ),
    Behaviour(
        number=16,
        name="tells who served, bills no failed attempt",
        fault="unavailable",
        judge=answers.tells_who_served,
    ),
)
