"""Limits per minute and of calls at a time, as the user set them. What vendors teach is in test_pacing_told.py."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.router.pacing import WINDOW_S, Pace


def pace(rpm: int | None = None, tpm: int | None = None, max_parallel: int | None = None) -> Pace:
    return Pace(rpm=rpm, tpm=tpm, max_parallel=max_parallel)


def start(paced: Pace, *moments: float, tokens: int = 1) -> None:
    for now in moments:
        paced.start(now, tokens)


def test_without_limits_every_call_may_start_and_nothing_is_kept() -> None:
    free = pace()
    start(free, *range(1000), tokens=10**9)
    assert free.ready_at(5.0, 10**9) == 5.0
    assert free.in_flight == 1000
    assert not free._calls
    assert not free._open
    free.finish(6.0, 10**9, 7, None)
    assert free.in_flight == 999
    assert free.why(6.0) == "free"


def test_only_so_many_calls_are_under_way_at_a_time() -> None:
    paced = pace(max_parallel=2)
    start(paced, 0.0)
    assert paced.ready_at(0.0, 1) == 0.0
    start(paced, 0.0)
    assert paced.ready_at(1000.0, 1) == math.inf
    assert paced.why(1000.0) == "2 under way, 2 at a time allowed"
    paced.finish(1000.0, 1, None, None)
    assert paced.ready_at(1000.0, 1) == 1000.0
    assert not paced._calls


def test_one_more_request_may_start_when_the_oldest_is_a_minute_old() -> None:
    paced = pace(rpm=2)
    start(paced, 10.0, 15.0)
    assert paced.ready_at(20.0, 1) == 70.0
    assert paced.why(20.0) == "free in 50.0 s: 2 requests in a minute, 2 allowed"
    assert paced.ready_at(69.99, 1) == 70.0
    assert paced.ready_at(70.0, 1) == 70.0
    start(paced, 70.0)
    assert paced.ready_at(70.0, 1) == 75.0


def test_the_end_of_a_call_gives_no_request_back() -> None:
    paced = pace(rpm=1)
    start(paced, 0.0)
    paced.finish(1.0, 1, 0, None)
    assert paced.ready_at(1.0, 1) == 60.0


def test_calls_that_started_in_spite_of_the_limit_count_as_well() -> None:
    paced = pace(rpm=2)
    start(paced, 0.0, 1.0, 2.0, 3.0)
    assert paced.ready_at(4.0, 1) == 62.0


def test_tokens_are_waited_for_until_enough_of_them_are_a_minute_old() -> None:
    paced = pace(tpm=100)
    for now, tokens in ((0.0, 30), (1.0, 30), (2.0, 40)):
        start(paced, now, tokens=tokens)
    assert paced.ready_at(5.0, 10) == 60.0
    assert paced.ready_at(5.0, 31) == 61.0
    assert paced.ready_at(5.0, 100) == 62.0
    assert paced.why(5.0, 31) == "free in 56.0 s: 100 tokens in a minute, 100 allowed"
    assert paced.ready_at(60.0, 30) == 60.0


def test_a_call_beyond_the_limit_starts_when_the_window_holds_no_token() -> None:
    paced = pace(tpm=100)
    assert paced.ready_at(0.0, 500) == 0.0
    start(paced, 0.0, tokens=1)
    start(paced, 5.0, tokens=0)
    assert paced.ready_at(5.0, 500) == 60.0
    start(paced, 60.0, tokens=500)
    assert paced.ready_at(61.0, 1) == 120.0


def test_reserved_tokens_become_what_the_vendor_counted() -> None:
    paced = pace(tpm=100)
    start(paced, 0.0, tokens=90)
    assert paced.ready_at(1.0, 20) == 60.0
    paced.finish(1.0, 90, 10, None)
    assert paced.ready_at(1.0, 90) == 1.0
    assert paced.ready_at(1.0, 91) == 60.0


def test_a_call_that_took_more_than_it_reserved_is_charged_for_it_as_of_its_start() -> None:
    paced = pace(tpm=100)
    start(paced, 0.0, tokens=10)
    paced.finish(30.0, 10, 100, None)
    assert paced.ready_at(30.0, 1) == 60.0


def test_an_end_without_a_count_leaves_what_was_reserved() -> None:
    paced = pace(tpm=100)
    start(paced, 0.0, tokens=100)
    paced.finish(1.0, 100, None, None)
    assert paced.ready_at(1.0, 1) == 60.0


def test_each_call_is_corrected_in_its_own_place() -> None:
    paced = pace(tpm=100)
    start(paced, 0.0, tokens=40)
    start(paced, 30.0, tokens=60)
    paced.finish(31.0, 60, 0, None)
    assert paced.ready_at(31.0, 61) == 60.0
    paced.finish(31.0, 40, 0, None)
    assert paced.ready_at(31.0, 100) == 31.0


def test_a_call_longer_than_a_minute_corrects_nothing_that_is_still_counted() -> None:
    paced = pace(tpm=100)
    start(paced, 0.0, tokens=50)
    start(paced, 50.0, tokens=50)
    paced.finish(70.0, 50, 1000, None)  # taken for the older one, which has left
    assert paced.ready_at(70.0, 50) == 70.0
    assert paced.ready_at(70.0, 51) == 110.0


def test_alike_calls_that_end_in_another_order_lose_no_token() -> None:
    paced = pace(tpm=100)
    start(paced, 0.0, 1.0, tokens=50)
    paced.finish(2.0, 50, 10, None)  # whichever it was
    paced.finish(3.0, 50, 20, None)
    assert paced.ready_at(3.0, 70) == 3.0
    assert paced.ready_at(3.0, 71) > 3.0
    assert not paced._open


def test_a_vendor_that_counts_less_than_nothing_has_counted_nothing() -> None:
    paced = pace(tpm=100)
    start(paced, 0.0, tokens=50)
    paced.finish(1.0, 50, -1000, None)
    assert paced.ready_at(1.0, 100) == 1.0
    start(paced, 1.0, tokens=100)
    assert paced.ready_at(2.0, 1) == 61.0


def test_the_tightest_of_several_limits_decides() -> None:
    paced = pace(rpm=2, tpm=100, max_parallel=3)
    start(paced, 0.0, tokens=10)
    start(paced, 20.0, tokens=80)
    assert paced.ready_at(30.0, 1) == 60.0
    assert paced.ready_at(30.0, 50) == 80.0
    start(paced, 60.0, tokens=1)
    assert paced.ready_at(60.0, 1) == math.inf


def test_what_is_a_minute_old_is_not_kept() -> None:
    paced = pace(rpm=10)
    for now in range(0, 100_000, 6):
        assert paced.ready_at(now, 1) == now
        start(paced, now)
        paced.finish(now, 1, 1, None)
    assert len(paced._calls) <= 10
    assert not paced._open


class Wish(NamedTuple):
    """A call that is wished for, after a pause and after the end of another one."""

    pause_s: float
    tokens: int
    ends: int | None
    """Which of those under way."""
    used: float
    """The share of its tokens that the vendor counts."""


# Of whole quarters of seconds, so that no sum is rounded.
wishes = st.builds(
    Wish,
    st.integers(0, 320).map(lambda quarters: quarters / 4),
    st.integers(0, 150),
    st.none() | st.integers(0, 3),
    st.floats(0, 1),
)


@dataclass
class Started:
    at: float
    tokens: int
    ended: bool = False


def window(started: list[Started], until: float) -> list[Started]:
    """Return the calls of the 60 s that end then, the first moment of them left out."""
    return [call for call in started if until - WINDOW_S < call.at <= until]


def breaks(inside: list[Started], rpm: int | None, tpm: int | None) -> bool:
    """Whether these calls of one minute are too many. One beyond the limit is allowed where it came to no token."""
    if rpm is not None and len(inside) > rpm:
        return True
    if tpm is None or sum(call.tokens for call in inside) <= tpm:
        return False
    return [call for call in inside if call.tokens] != inside[-1:] or inside[-1].tokens <= tpm


def end(paced: Pace, started: list[Started], now: float, wish: Wish) -> None:
    """End one of the calls under way; of those alike it is the oldest, for calls carry no id."""
    under_way = [call for call in started if not call.ended]
    if wish.ends is None or wish.ends >= len(under_way):
        return
    tokens = under_way[wish.ends].tokens
    call = next(call for call in under_way if call.tokens == tokens)
    call.tokens, call.ended = round(tokens * wish.used), True
    paced.finish(now, tokens, call.tokens, None)


@given(st.lists(wishes, max_size=40), st.none() | st.integers(1, 5), st.none() | st.integers(1, 100))
def test_no_minute_holds_more_than_is_allowed_and_no_call_waits_longer_than_it_must(
    wished: list[Wish], rpm: int | None, tpm: int | None
) -> None:
    paced, started, now = pace(rpm, tpm), list[Started](), 0.0
    for wish in wished:
        now += wish.pause_s
        end(paced, started, now, wish)
        when = paced.ready_at(now, wish.tokens)
        assert now <= when < math.inf
        if when > now:
            early = math.nextafter(when, 0.0)
            assert breaks(window([*started, Started(early, wish.tokens)], early), rpm, tpm)
            assert paced.ready_at(early, wish.tokens) == when
            now = when
            assert paced.ready_at(now, wish.tokens) == now
        paced.start(now, wish.tokens)
        started.append(Started(now, wish.tokens))
        assert not breaks(window(started, now), rpm, tpm)


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 100), st.booleans()), max_size=40), st.integers(1, 4))
def test_calls_under_way_are_counted_whatever_else_is(calls: list[tuple[float, int, bool]], most: int) -> None:
    paced, now, under_way = pace(tpm=10**6, max_parallel=most), 0.0, list[int]()
    for pause_s, tokens, ends in calls:
        now += pause_s
        if ends and under_way:
            paced.finish(now, under_way.pop(), None, None)
        elif paced.ready_at(now, tokens) == now:
            paced.start(now, tokens)
            under_way.append(tokens)
        assert paced.in_flight == len(under_way) <= most
        assert (paced.ready_at(now, 1) == math.inf) is (len(under_way) == most)
    assert sum(map(len, paced._open.values())) == len(under_way)


@pytest.mark.parametrize("limit", [{"rpm": 0}, {"rpm": -1}])
def test_a_limit_of_nothing_lets_nothing_start(limit: dict[str, int]) -> None:
    assert pace(**limit).ready_at(0.0, 1) == math.inf
