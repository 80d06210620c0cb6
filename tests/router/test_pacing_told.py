"""What a vendor's answers teach about pace: believed for as long as they hold, and never for ever. No clock runs."""

from __future__ import annotations

import math
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.router.learning import Limits
from litellm_lite.router.pacing import Pace

HOUR_S = 3600.0


def pace() -> Pace:
    return Pace(rpm=None, tpm=None, max_parallel=None)


def told(paced: Pace, now: float, limits: Limits, tokens: int = 1, used: int | None = None) -> None:
    """Make a call that is answered at once, with these limits."""
    paced.start(now, tokens)
    paced.finish(now, tokens, used, limits)


def remaining(requests: int | None = None, *, tokens: int | None = None, reset_s: float | None = None) -> Limits:
    return Limits(
        remaining_requests=requests, reset_requests_s=reset_s, remaining_tokens=tokens, reset_tokens_s=reset_s
    )


def test_what_remains_counts_down_with_each_start_until_the_reset() -> None:
    paced = pace()
    told(paced, 0.0, remaining(2, reset_s=30.0))
    assert paced.ready_at(1.0, 1) == 1.0
    paced.start(1.0, 1)
    assert paced.ready_at(2.0, 1) == 2.0
    paced.start(2.0, 1)
    assert paced.ready_at(3.0, 1) == 30.0
    assert paced.why(3.0) == "free in 27.0 s: the vendor said that no more requests remain"
    assert paced.ready_at(30.0, 1) == 30.0


def test_after_the_reset_nothing_is_believed_and_soon_nothing_kept() -> None:
    paced = pace()
    told(paced, 0.0, remaining(0, tokens=0, reset_s=30.0))
    paced.start(29.0, 100)
    assert paced.ready_at(30.0, 10**9) == 30.0
    paced.start(30.0, 1)
    paced.finish(31.0, 100, 5, None)
    paced.finish(89.0, 1, None, None)
    assert paced.ready_at(89.0, 10**9) == 89.0
    assert (paced.in_flight, len(paced._calls), paced._tokens, paced._open) == (0, 0, 0, {})


def test_each_answer_corrects_the_one_before() -> None:
    paced = pace()
    told(paced, 0.0, remaining(0, reset_s=30.0))
    told(paced, 1.0, remaining(5, reset_s=29.0))
    assert paced.ready_at(2.0, 1) == 2.0


def test_without_a_reset_a_call_may_start_for_each_that_becomes_a_minute_old() -> None:
    paced = pace()
    told(paced, 0.0, remaining(2))
    told(paced, 10.0, remaining(1))
    told(paced, 20.0, remaining(0))
    assert paced.ready_at(21.0, 1) == 70.0  # the first call was before anything was counted
    paced.start(70.0, 1)
    assert paced.ready_at(70.0, 1) == 80.0


def test_without_a_reset_it_is_forgotten_after_a_minute() -> None:
    paced = pace()
    told(paced, 0.0, remaining(0, tokens=0))
    assert paced.ready_at(1.0, 1) == 60.0
    assert paced.ready_at(60.0, 1) == 60.0
    assert not paced._limited


def test_a_vendor_that_counts_the_last_minute_is_never_asked_too_much() -> None:
    """The Llama API's four headers, before a vendor that allows 5 requests in any minute."""
    paced, asked, now = pace(), deque[float](), 0.0
    starts = []
    for _ in range(60):
        now = paced.ready_at(now, 1)
        while asked and asked[0] <= now - 60.0:
            asked.popleft()
        asked.append(now)
        assert len(asked) <= 5
        starts.append(now)
        told(paced, now, Limits(limit_requests=5, remaining_requests=5 - len(asked)))
        now += 1.0
    assert starts[-1] < 60 / 5 * 60.0 + 60.0  # and next to nothing of the allowance is left unused


def test_tokens_that_do_not_suffice_wait_for_the_reset() -> None:
    paced = pace()
    told(paced, 0.0, remaining(tokens=100, reset_s=12.0), tokens=50)
    assert paced.ready_at(1.0, 100) == 1.0
    assert paced.ready_at(1.0, 101) == 12.0
    paced.start(1.0, 60)
    assert paced.ready_at(2.0, 40) == 2.0
    assert paced.ready_at(2.0, 41) == 12.0
    assert paced.why(2.0, 41) == "free in 10.0 s: the vendor said that too few tokens remain"


def test_without_a_reset_tokens_come_free_as_calls_become_a_minute_old() -> None:
    paced = pace()
    told(paced, 0.0, remaining(tokens=100), tokens=10)
    told(paced, 5.0, remaining(tokens=50), tokens=80, used=50)
    told(paced, 9.0, remaining(tokens=0), tokens=50)
    assert paced.ready_at(10.0, 50) == 65.0
    assert paced.ready_at(10.0, 100) == 69.0
    assert paced.ready_at(10.0, 10**9) == 69.0  # there will never be room for it, and it is forgotten then


def test_at_no_token_left_even_a_call_of_none_waits() -> None:
    paced = pace()
    told(paced, 0.0, remaining(tokens=0, reset_s=5.0))
    assert paced.ready_at(0.0, 0) == 5.0


def test_a_call_larger_than_the_vendors_limit_waits_for_no_more_than_that() -> None:
    paced = pace()
    told(paced, 0.0, Limits(limit_tokens=100, remaining_tokens=100, reset_tokens_s=30.0))
    assert paced.ready_at(1.0, 5000) == 1.0
    paced.start(1.0, 1)
    assert paced.ready_at(1.0, 5000) == 30.0


@pytest.mark.parametrize("reset_s", [None, 8 * HOUR_S])
def test_a_limit_alone_never_paces_for_it_may_be_of_a_day(reset_s: float | None) -> None:
    paced = pace()
    for now in range(50):
        told(paced, now, Limits(limit_requests=3, limit_tokens=3, reset_requests_s=reset_s))
    assert paced.ready_at(50.0, 1000) == 50.0
    assert not paced._limited


def test_a_reset_in_the_past_does_not_block_whatever_remains() -> None:
    paced = pace()
    for now in range(100):
        told(paced, now, remaining(0, tokens=0, reset_s=0.0))
        assert paced.ready_at(now, 100) == now


def test_a_pause_the_vendor_asked_for_blocks_until_then() -> None:
    paced = pace()
    told(paced, 0.0, Limits(retry_after=7.5))
    assert paced.ready_at(1.0, 1) == 7.5
    assert paced.why(1.0) == "free in 6.5 s: the vendor named that time"
    told(paced, 2.0, Limits(retry_after=1.0))
    assert paced.ready_at(2.0, 1) == 7.5
    assert paced.ready_at(7.5, 1) == 7.5
    assert not paced._limited


def test_a_pause_and_what_remains_hold_both() -> None:
    paced = pace()
    told(paced, 0.0, Limits(remaining_requests=0, reset_requests_s=20.0, retry_after=7.5))
    assert paced.ready_at(1.0, 1) == 20.0
    told(paced, 2.0, Limits(remaining_requests=9, reset_requests_s=20.0, retry_after=30.0))
    assert paced.ready_at(2.0, 1) == 32.0


def test_an_answer_without_headers_changes_nothing() -> None:
    paced = pace()
    told(paced, 0.0, remaining(1, tokens=50, reset_s=30.0))
    paced.start(1.0, 5)
    paced.finish(2.0, 5, 5, None)
    assert paced.ready_at(2.0, 1) == 30.0


def test_an_answer_about_tokens_leaves_what_is_known_of_requests() -> None:
    paced = pace()
    told(paced, 0.0, remaining(1, reset_s=30.0))
    told(paced, 1.0, remaining(tokens=1000, reset_s=9.0))
    assert paced.ready_at(2.0, 1) == 30.0
    assert paced.ready_at(9.0, 1) == 30.0


@pytest.mark.parametrize("reset_s", [None, 30.0])
def test_what_began_after_the_call_that_was_answered_is_taken_off(reset_s: float | None) -> None:
    paced = pace()
    told(paced, 0.0, remaining(9, tokens=900, reset_s=reset_s))
    for tokens in (100, 101, 102):
        paced.start(1.0, tokens)
    paced.finish(2.0, 100, None, remaining(3, tokens=300, reset_s=reset_s))
    assert paced.ready_at(2.0, 97) == 2.0  # 300 remained, and of 203 the vendor had perhaps not heard
    assert paced.ready_at(2.0, 98) > 2.0
    paced.start(2.0, 1)  # the third of 3
    assert paced.ready_at(2.0, 1) > 2.0


def test_calls_that_began_before_anything_was_told_are_taken_off_too() -> None:
    paced = pace()
    for _ in range(4):
        paced.start(0.0, 10)
    paced.finish(1.0, 10, None, remaining(3, tokens=40, reset_s=20.0))
    assert paced.ready_at(1.0, 1) == 21.0
    paced.finish(2.0, 10, None, remaining(3, tokens=40, reset_s=20.0))
    assert paced.ready_at(2.0, 20) == 2.0
    assert paced.ready_at(2.0, 21) == 22.0


def test_a_long_stream_does_not_take_back_what_a_later_call_has_taught() -> None:
    paced = pace()
    told(paced, 0.0, remaining(10))
    for tokens in range(1, 11):
        paced.start(1.0, tokens)
    for tokens in range(10, 0, -1):  # each with headers of its start
        paced.finish(20.0, tokens, None, remaining(10 - tokens))
    assert paced.ready_at(20.0, 1) == 61.0


def test_headers_older_than_the_window_say_nothing_of_it() -> None:
    paced = pace()
    told(paced, 0.0, remaining(9, tokens=9))
    paced.start(1.0, 1)
    paced.finish(62.0, 1, None, remaining(0, tokens=0))
    assert paced.ready_at(62.0, 1) == 62.0


def test_headers_older_than_the_window_may_name_a_reset_that_is_not() -> None:
    paced = pace()
    told(paced, 0.0, remaining(9, tokens=9, reset_s=HOUR_S))
    paced.start(1.0, 1)
    paced.finish(62.0, 1, None, remaining(0, tokens=0, reset_s=500.0))
    assert paced.ready_at(62.0, 1) == 562.0


counts = st.none() | st.integers(-(10**30), 10**30)
seconds = st.none() | st.floats()
answers = st.builds(Limits, counts, counts, seconds, counts, counts, seconds, seconds)


@given(st.lists(st.tuples(st.floats(0, 1000), st.integers(0, 10**6), st.booleans(), answers), max_size=30))
def test_no_answer_blocks_longer_than_an_hour(calls: list[tuple[float, int, bool, Limits]]) -> None:
    paced, now = pace(), 0.0
    for pause_s, tokens, ends, limits in calls:
        now += pause_s
        paced.start(now, tokens)
        if ends:
            paced.finish(now, tokens, tokens // 2, limits)
        when = paced.ready_at(now, tokens)
        assert now <= when <= now + HOUR_S
        assert paced.ready_at(when, tokens) == when
        assert paced.why(now, tokens)
    assert paced.ready_at(now + HOUR_S, 10**9) == now + HOUR_S
    assert not paced._limited


@given(st.integers(1, 8), st.lists(st.integers(0, 80), min_size=1, max_size=60), st.booleans(), st.booleans())
def test_a_vendor_that_tells_its_limit_never_refuses_a_call(
    limit: int, pauses: list[int], resets: bool, rolls: bool
) -> None:
    """So many requests pass in any 60 s, or in each minute of the vendor's own clock."""
    paced, now, passed = pace(), 0.0, list[float]()
    for pause_s in pauses:
        now = paced.ready_at(now + pause_s / 4, 1)
        since = math.nextafter(now - 60.0, math.inf) if rolls else now // 60 * 60
        passed = [*(at for at in passed if at >= since), now]
        assert len(passed) <= limit
        reset_s = (passed[0] + 60.0 if rolls else since + 60.0) - now
        left = limit - len(passed)
        told(paced, now, Limits(limit, left, reset_s if resets and (left == 0 or not rolls) else None))


def test_while_plenty_is_left_headers_are_read_once_a_second() -> None:
    pace = Pace(rpm=None, tpm=None, max_parallel=None)
    assert pace.curious(1000.0)
    pace.start(1000.0, 1)
    pace.finish(1000.0, 1, None, Limits(remaining_requests=100, remaining_tokens=100_000))
    assert not pace.curious(1000.9)
    assert pace.curious(1001.0)


@pytest.mark.parametrize(
    "told", [Limits(remaining_requests=99), Limits(remaining_tokens=99_999), Limits(retry_after=1)]
)
def test_what_is_running_out_is_read_from_every_answer(told: Limits) -> None:
    pace = Pace(rpm=None, tpm=None, max_parallel=None)
    pace.start(1000.0, 1)
    pace.finish(1000.0, 1, None, told)
    assert pace.curious(1000.0)


def test_a_vendor_that_tells_nothing_is_asked_once_a_second_too() -> None:
    pace = Pace(rpm=None, tpm=None, max_parallel=None)
    pace.start(1000.0, 1)
    pace.finish(1000.0, 1, None, None)
    assert not pace.curious(1000.9)


def left(paced: Pace, now: float) -> tuple[tuple[int, float] | None, ...]:
    return paced.remaining(now)


def test_what_remains_can_be_asked_for_while_it_holds() -> None:
    paced = pace()
    assert left(paced, 0.0) == (None, None)
    told(paced, 0.0, remaining(5, tokens=1000, reset_s=30.0))
    assert left(paced, 1.0) == ((5, 30.0), (1000, 30.0))
    paced.start(2.0, 300)
    assert left(paced, 3.0) == ((4, 30.0), (700, 30.0))
    paced.start(3.0, 10_000)
    assert left(paced, 4.0) == ((3, 30.0), (0, 30.0))
    assert left(paced, 30.0) == (None, None)


def test_what_remains_of_a_rolling_minute_grows_as_calls_leave_it() -> None:
    paced = pace()
    told(paced, 0.0, remaining(1), tokens=1)
    paced.start(10.0, 1)
    assert left(paced, 20.0) == ((0, 60.0), None)
    assert left(paced, 60.0) == (None, None)


def test_a_vendor_that_says_when_it_resets_leaves_nothing_behind_of_each_call() -> None:
    paced, limits = pace(), remaining(10_000, tokens=10**6, reset_s=60.0)
    for _ in range(1000):
        told(paced, 1.0, limits, tokens=10, used=12)
    assert not paced._calls
    assert paced.remaining(1.0) == ((10_000, 61.0), (10**6, 61.0))


def test_the_window_is_kept_from_the_first_lesson_that_names_no_reset() -> None:
    paced = pace()
    told(paced, 0.1, remaining(2))
    for at in (1.0, 2.0):
        assert paced.ready_at(at, 1) == at
        paced.start(at, 1)
    assert paced.ready_at(3.0, 1) == 60.1
