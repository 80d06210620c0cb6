"""Waiting for a seat: in the order of coming, in a bounded line, no longer than it is worth, and no wake-up is lost."""

from __future__ import annotations

import pytest

from litellm_lite.errors import AuthenticationError, RateLimitError
from litellm_lite.router.steps import Attempt, Wait
from tests.router.by_hand import SPARE, Bench, entry, rate_limited

ONE_SEAT = entry("a", max_parallel_requests=1)
PATIENCE_S = 5
LOOK_AGAIN_S = 5


def wakes(call):
    """Let a caller who was called look: it must have been called."""
    assert call.ticket.granted
    call.tells(None)


def test_a_caller_waits_for_a_seat_and_gets_it_when_it_is_free():
    bench = Bench(ONE_SEAT)
    first, second = bench.call(), bench.call()
    assert isinstance(second.step, Wait)
    first.answers(after=2)
    wakes(second)
    assert second.asks == "first a"
    assert second.trace.waited_s == pytest.approx(2)
    second.answers()
    assert bench.in_flight == {}


def test_callers_are_served_in_the_order_of_coming():
    bench = Bench(ONE_SEAT)
    first = bench.call()
    waiting = [bench.call() for _ in range(20)]
    assert bench.waiting() == 20
    served = first
    for call in waiting:
        served.answers()
        others = [other for other in waiting if other is not call and isinstance(other.step, Wait)]
        assert not any(other.ticket.standing for other in others)
        wakes(call)
        served = call
    served.answers()
    assert bench.waiting() == 0
    assert bench.in_flight == {}


def test_a_newcomer_does_not_get_the_seat_of_one_who_waits():
    bench = Bench(entry("a", rpm=1))
    bench.call().answers()
    waiting = bench.call(timeout=100)
    bench.passes(60)
    newcomer = bench.call(timeout=100)
    assert isinstance(newcomer.step, Wait)
    wakes(waiting)
    assert waiting.asks == "first a"


def test_a_full_line_takes_no_more_and_says_so():
    bench = Bench(ONE_SEAT, max_queue=2)
    calls = [bench.call() for _ in range(4)]
    error = calls[-1].failure
    assert isinstance(error, RateLimitError)
    assert error.status == 429
    assert error.retryable
    assert "2 calls wait already; try again later, raise max_queue, or add deployments" in str(error)
    assert error.attempts == ()


def test_a_wait_ends_at_the_deadline():
    bench = Bench(ONE_SEAT)
    first, call = bench.call(), bench.call(timeout=12)
    waited = [call.waits(), call.waits(), call.waits()]
    assert waited == [LOOK_AGAIN_S, LOOK_AGAIN_S, 2]
    assert isinstance(call.failure, RateLimitError)
    assert "no deployment was free within 12.0 s of waiting in line; raise timeout=" in str(call.failure)
    assert call.trace.waited_s == 12
    assert bench.waiting() == 0
    first.answers()


def test_a_wait_ends_when_the_queue_timeout_says():
    bench = Bench(ONE_SEAT, queue_timeout=3)
    _first, call = bench.call(), bench.call()
    assert call.waits() == 3
    assert isinstance(call.failure, RateLimitError)


def test_where_a_fallback_is_free_the_patience_is_short():
    bench = Bench(ONE_SEAT, entry("spare", "backup"), fallbacks=SPARE)
    first, call = bench.call(), bench.call()
    assert call.waits() == PATIENCE_S
    assert call.asks == "fallback spare"
    call.answers()
    assert call.trace.waited_s == PATIENCE_S
    first.answers()


def test_where_the_fallback_is_at_its_limit_too_the_wait_is_as_long_as_the_call():
    spare = entry("spare", "backup", max_parallel_requests=1)
    bench = Bench(ONE_SEAT, spare, fallbacks=SPARE)
    _held = bench.call(), bench.call("backup")
    call = bench.call(timeout=30)
    call.waits()
    assert isinstance(call.step, Wait)


def test_a_limit_that_ends_too_late_is_not_waited_for():
    bench = Bench(entry("a", rpm=1))
    bench.call().answers()
    call = bench.call(timeout=30)
    assert isinstance(call.failure, RateLimitError)
    assert call.failure.retry_after == pytest.approx(60)
    assert "at its limit for another 60.0 s, and 30.0 s are left; raise timeout= or the limits" in str(call.failure)


def test_requests_per_minute_are_waited_for():
    bench = Bench(entry("a", rpm=2))
    bench.call().answers()
    bench.passes(50)
    bench.call().answers()
    call = bench.call(timeout=30)
    while isinstance(call.step, Wait):
        call.waits()
    assert call.asks == "first a"
    assert call.took_s == pytest.approx(10)


def test_whoever_is_served_wakes_the_next_to_look_for_itself():
    """Time frees two places at once, and nobody but the first in line knows when."""
    bench = Bench(entry("a", rpm=2))
    for _ in range(2):
        bench.call().answers()
    first, second = bench.call(timeout=100), bench.call(timeout=100)
    bench.passes(60)
    first.tells(None)
    wakes(second)
    assert (first.asks, second.asks) == ("first a", "first a")


def test_a_caller_who_gives_up_leaves_the_line():
    bench = Bench(ONE_SEAT)
    first, gone, next_one = bench.call(), bench.call(), bench.call()
    gone.closes()
    assert bench.waiting() == 1
    first.answers()
    wakes(next_one)
    assert next_one.asks == "first a"


def test_a_caller_who_gives_up_with_the_seat_in_hand_passes_it_on():
    bench = Bench(ONE_SEAT)
    first, gone, next_one = bench.call(), bench.call(), bench.call()
    first.answers()
    assert gone.ticket.standing is not None
    gone.closes()
    wakes(next_one)
    assert next_one.asks == "first a"
    next_one.answers()
    assert bench.in_flight == {}


def test_a_seat_that_comes_with_the_deadline_is_given_back():
    bench = Bench(ONE_SEAT)
    first, call, next_one = bench.call(), bench.call(timeout=30), bench.call(timeout=60)
    first.answers(after=29.5)
    bench.passes(0.5)
    wakes(call)
    assert "the deadline of 30 s has passed" in str(call.failure)
    wakes(next_one)
    assert next_one.asks == "first a"


def test_a_caller_whose_loop_is_gone_does_not_keep_the_seat_from_the_next():
    bench = Bench(ONE_SEAT)
    first, gone, next_one = bench.call(), bench.call(), bench.call()

    def closed():
        raise RuntimeError("Event loop is closed")

    gone.ticket.wake = closed
    first.answers()
    wakes(next_one)
    assert next_one.asks == "first a"


def test_who_waits_finds_a_deployment_again_that_rested_meanwhile():
    """The end of a cooldown is told to nobody, so everybody looks for himself from time to time."""
    bench = Bench(entry("a", max_parallel_requests=1), entry("b", max_parallel_requests=1), cooldown_time=5)
    busy = bench.call(), bench.call()
    call = bench.call()
    for each in busy:
        each.fails(AuthenticationError("no"))
    assert bench.in_flight == {}
    assert call.waits() == LOOK_AGAIN_S
    assert isinstance(call.step, Attempt)


def test_a_small_call_does_not_pass_a_large_one_that_stands_first():
    bench = Bench(entry("a", tpm=1000))
    bench.call(max_tokens=600).answers(usage={"total_tokens": 600})
    large = bench.call(max_tokens=900, timeout=100)
    small = bench.call(max_tokens=10, timeout=100)
    assert isinstance(large.step, Wait)
    assert isinstance(small.step, Wait)
    bench.passes(60)
    large.tells(None)
    assert large.asks == "first a"


def test_a_line_is_passed_by_those_whom_another_deployment_suits():
    vision = entry("sees", info={"supports_vision": True}, max_parallel_requests=1)
    blind = entry("reads", info={"supports_vision": False}, max_parallel_requests=1)
    bench = Bench(vision, blind)
    image = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.invalid/a.png"}}]}]
    looking, reading = bench.call(messages=image), bench.call()
    assert (looking.asks, reading.asks) == ("first sees", "first reads")
    first, second = bench.call(messages=image), bench.call()
    reading.answers()
    wakes(second)
    assert second.asks == "first reads"
    assert isinstance(first.step, Wait)


def test_the_wait_in_line_comes_off_the_time_for_the_attempt():
    bench = Bench(ONE_SEAT)
    first, call = bench.call(), bench.call(timeout=30)
    first.answers(after=4)
    wakes(call)
    assert call.attempt().timeout_s == pytest.approx(26)


def test_a_retry_waits_in_line_like_anybody_else():
    bench = Bench(entry("a", order=1), entry("b", order=2, max_parallel_requests=1))
    holder = bench.call(fallbacks=[])
    holder.fails(AuthenticationError("no"))
    assert holder.asks == "failover b"
    call = bench.call()
    assert isinstance(call.step, Wait)
    holder.answers()
    wakes(call)
    assert call.asks == "first b"


def test_behind_a_rate_limit_that_names_a_time_callers_wait_where_nobody_else_could_serve():
    bench = Bench(entry("a"), timeout=30)
    first = bench.call()
    first.fails(rate_limited(4))
    waiting = bench.call()
    assert isinstance(waiting.step, Wait)
    assert waiting.step.seconds == pytest.approx(4)
    bench.passes(4)
    first.tells(None)
    assert first.asks == "retry a"
    waiting.tells(None)
    assert isinstance(waiting.step, Wait), "one of them finds out whether the limit is over"
    first.answers()
    wakes(waiting)
    assert waiting.asks == "first a"


def test_nobody_waits_behind_a_rate_limit_while_a_fallback_could_serve():
    bench = Bench.with_a_fallback()
    bench.call().fails(rate_limited(4))
    assert bench.call().asks == "fallback spare"


def test_a_group_that_only_rests_from_rate_limits_says_429_and_until_when():
    bench = Bench(entry("a"), timeout=30)
    bench.call().fails(rate_limited(40))
    failure = bench.call().failure
    assert isinstance(failure, RateLimitError)
    assert failure.retry_after == pytest.approx(40)
