"""The circuit breaker: what takes a deployment out of use, for how long, and how it is found again. No clock runs."""

from __future__ import annotations

import math
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.router.cooldown import WINDOW_S, Failure, Health

KINDS: tuple[Failure, ...] = get_args(Failure)
AT_ONCE: tuple[Failure, ...] = ("rate_limited", "silent", "unusable")
HOUR_S = 3600.0

kinds = st.sampled_from(KINDS)


def breaker(cooldown_s: float = 5.0, allowed_fails: int | None = None, **more: Any) -> Health:
    return Health(cooldown_s=cooldown_s, allowed_fails=allowed_fails, **more)


def opened(now: float = 100.0, **settings: Any) -> Health:
    """One that has been cooling since then."""
    health = breaker(**settings)
    assert health.failure(now, "silent", lone=False)
    return health


def probed(health: Health) -> float:
    """Start the probe as soon as it may go; return when."""
    now = health.ready_at(0.0)
    assert health.start(now)
    return now


def test_a_new_deployment_is_healthy() -> None:
    health = breaker()
    assert health.closed
    assert health.ready_at(7.0) == 7.0
    assert not health.start(7.0)
    assert health.why(7.0) == "healthy"


def test_three_failures_in_passing_in_a_row_cool_it() -> None:
    health = breaker()
    assert [health.failure(now, "transient", lone=False) for now in (1.0, 2.0, 3.0)] == [False, False, True]
    assert not health.closed
    assert health.ready_at(3.0) == health.blocked_until == 8.0


def test_a_success_breaks_the_row() -> None:
    health = breaker()
    for now in (0.0, 10.0, 20.0):
        health.success(now)
        assert not health.failure(now + 1, "transient", lone=False)
    assert health.closed


def test_failures_a_minute_apart_are_no_row() -> None:
    health = breaker()
    assert not any(health.failure(now, "transient", lone=False) for now in (0.0, 30.0, 60.0, 90.0, 120.0))
    assert health.closed


def test_more_than_half_of_five_calls_in_a_minute_cool_it() -> None:
    health = breaker()
    for now in (0.0, 2.0):
        assert not health.failure(now, "transient", lone=False)
        health.success(now + 1)
    assert health.failure(4.0, "transient", lone=False)
    assert health.why(4.0).startswith(
        "cooling for 5.0 s after 3 failures of 5 calls in a minute, the last: a server error"
    )


def test_half_of_the_calls_is_not_more_than_half() -> None:
    health = breaker()
    for now in range(20):
        health.success(now)
        assert not health.failure(now, "transient", lone=False)


@pytest.mark.parametrize("allowed", [0, 1, 5])
def test_so_many_failures_a_minute_are_allowed_and_one_more_cools(allowed: int) -> None:
    health = breaker(allowed_fails=allowed)
    for now in range(allowed):
        assert not health.failure(now, "transient", lone=False)
        health.success(now)
    assert health.failure(59.0, "transient", lone=False)
    assert f"more than {allowed} failures in a minute" in health.why(59.0)


def test_allowed_failures_are_forgotten_after_a_minute() -> None:
    health = breaker(allowed_fails=1)
    assert not any(health.failure(now, "transient", lone=False) for now in (0.0, 60.0, 120.0, 180.0))


def test_any_number_of_failures_may_be_allowed() -> None:
    health = breaker(allowed_fails=10**30)
    assert not any(health.failure(now, "transient", lone=False) for now in range(50))


@pytest.mark.parametrize("kind", AT_ONCE)
def test_what_does_not_pass_by_itself_cools_at_once(kind: Failure) -> None:
    health = breaker(allowed_fails=1000)
    assert health.failure(1.0, kind, lone=False)
    assert health.blocked_until == 6.0


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_cools_a_lone_deployment(kind: Failure) -> None:
    health = breaker(allowed_fails=0)
    assert not any(health.failure(now, kind, lone=True) for now in range(20))
    assert health.closed


@pytest.mark.parametrize("lone", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_a_time_the_vendor_named_always_holds(kind: Failure, lone: bool) -> None:
    health = breaker()
    assert health.failure(1.0, kind, lone=lone, until=31.0)
    assert health.ready_at(30.9) == 31.0
    assert health.ready_at(31.0) == 31.0
    assert health.start(31.0)


def test_a_rate_limit_cools_no_longer_than_the_vendor_asked() -> None:
    health = breaker()
    assert health.failure(1.0, "rate_limited", lone=False, until=1.5)
    assert health.blocked_until == 1.5


def test_another_failure_cools_as_long_as_it_would_have_at_least() -> None:
    health = breaker()
    assert health.failure(1.0, "unusable", lone=False, until=1.5)
    assert health.blocked_until == 6.0


@pytest.mark.parametrize("until", [0.0, 1.0, -math.inf, math.nan])
def test_a_time_that_is_past_says_nothing(until: float) -> None:
    assert not breaker().failure(1.0, "transient", lone=False, until=until)
    health = breaker()
    assert health.failure(1.0, "rate_limited", lone=False, until=until)
    assert health.blocked_until == 6.0


@pytest.mark.parametrize("until", [1e300, math.inf])
def test_a_vendor_that_names_years_is_believed_for_an_hour(until: float) -> None:
    health = breaker()
    health.failure(1.0, "rate_limited", lone=True, until=until)
    assert health.blocked_until == 1.0 + HOUR_S


def test_a_cooled_deployment_gets_one_probe() -> None:
    health = opened(100.0)
    assert health.ready_at(104.9) == 105.0
    assert health.start(105.0)
    assert health.probing
    assert health.ready_at(106.0) == math.inf
    assert not health.start(106.0)


def test_whoever_starts_before_the_time_is_the_probe() -> None:
    health = opened(100.0)
    assert health.start(101.0)
    health.success(102.0)
    assert health.closed


def test_a_probe_that_works_closes_it_and_failures_are_forgotten() -> None:
    health = opened()
    health.success(probed(health))
    assert health.closed
    assert health.ready_at(105.0) == 105.0
    assert not health.failure(105.0, "transient", lone=False)
    assert not health.failure(105.0, "transient", lone=False)


def test_each_failed_probe_doubles_the_cooldown_up_to_the_longest() -> None:
    health = opened(100.0)
    lengths = []
    for _ in range(5):
        now = probed(health)
        assert health.failure(now, "transient", lone=False)
        assert not health.probing
        lengths.append(health.blocked_until - now)
    assert lengths == [10.0, 20.0, 20.0, 20.0, 20.0]


def test_a_probe_that_works_makes_the_next_cooldown_a_short_one() -> None:
    health = opened()
    health.failure(probed(health), "transient", lone=False)
    health.success(probed(health))
    health.failure(200.0, "silent", lone=False)
    assert health.blocked_until == 205.0


def test_a_longer_cooldown_of_the_user_stays_as_it_is() -> None:
    health = opened(100.0, cooldown_s=90.0)
    assert health.blocked_until == 190.0
    health.failure(probed(health), "transient", lone=False)
    assert health.blocked_until == 280.0


def test_the_longest_cooldown_may_be_another() -> None:
    health = opened(100.0, cooldown_s=5.0, longest_s=7.0)
    now = probed(health)
    health.failure(now, "transient", lone=False)
    assert health.blocked_until == now + 7.0


def test_a_probe_without_a_verdict_leaves_its_place_to_another() -> None:
    health = opened()
    now = probed(health)
    health.release(now)
    assert not health.closed
    assert health.ready_at(now) == now
    assert health.start(now)


def test_a_failed_probe_of_a_lone_deployment_closes_it() -> None:
    health = breaker()
    health.failure(1.0, "rate_limited", lone=True, until=3.0)
    assert health.start(3.0)
    assert not health.failure(4.0, "transient", lone=True)
    assert health.closed


def test_without_a_cooldown_only_a_time_the_vendor_named_cools() -> None:
    health = breaker(cooldown_s=0.0)
    assert not any(health.failure(1.0, kind, lone=False) for kind in KINDS * 5)
    assert health.failure(1.0, "rate_limited", lone=False, until=4.0)
    assert health.start(4.0)
    assert not health.failure(4.0, "transient", lone=False)
    assert health.closed


@pytest.mark.parametrize("now", [101.0, 105.0, 150.0])
def test_a_success_that_began_before_does_not_close_it(now: float) -> None:
    health = opened(100.0)
    health.success(now)
    assert not health.closed
    assert health.start(now)


def test_a_failure_that_began_before_does_not_lengthen_it() -> None:
    health = opened(100.0)
    assert health.failure(102.0, "silent", lone=False)
    assert health.blocked_until == 105.0
    assert not health.failure(106.0, "silent", lone=False)
    assert health.blocked_until == 105.0


def test_a_time_named_to_one_that_began_before_holds_all_the_same() -> None:
    health = opened(100.0)
    assert health.failure(102.0, "rate_limited", lone=False, until=130.0)
    assert health.blocked_until == 130.0
    assert health.failure(103.0, "rate_limited", lone=False, until=110.0)
    assert health.blocked_until == 130.0


def test_while_a_probe_is_under_way_the_next_verdict_counts_as_its_own() -> None:
    health = opened(100.0)
    assert health.start(105.0)
    health.success(106.0)  # of a call that began at 99
    assert health.closed
    assert not health.failure(107.0, "transient", lone=False)  # the probe itself: one failure of many
    assert health.closed


def test_a_reset_closes_it_and_forgets_all() -> None:
    health = opened()
    probed(health)
    health.reset()
    assert (health.closed, health.probing, health.blocked_until) == (True, False, 0.0)
    assert not health.failure(200.0, "transient", lone=False)


def test_it_says_in_words_how_it_stands() -> None:
    health = breaker()
    for _ in range(3):
        health.failure(100.0, "transient", lone=False)
    why = "after 3 failures in a row, the last: a server error or a broken connection"
    assert health.why(101.75) == f"cooling for 3.2 s {why}"
    assert health.why(105.0) == f"to be probed {why}"
    health.start(105.0)
    assert health.why(105.0) == f"being probed {why}"
    health.failure(106.0, "silent", lone=False)
    assert health.why(106.0) == "cooling for 10.0 s after a failed probe: no answer in time"


@pytest.mark.parametrize(
    ("kind", "words"),
    [("rate_limited", "a rate limit"), ("unusable", "a refusal of the key, the account or the model")],
)
@pytest.mark.parametrize("until", [None, 6.0])
def test_the_kind_of_a_failure_is_told_in_words(kind: Failure, words: str, until: float | None) -> None:
    health = breaker()
    health.failure(1.0, kind, lone=False, until=until)
    assert health.why(1.0) == f"cooling for 5.0 s after {words}"


@pytest.mark.parametrize("down_s", [60.0, 61.0, 75.0, 123.0])
@pytest.mark.parametrize("offset_s", [0.0, 1.0, 3.9])
def test_a_deployment_that_came_back_is_found_within_30_seconds_and_probed_sparingly(
    down_s: float, offset_s: float
) -> None:
    health, calls, back = breaker(), 0, None
    for now in (offset_s + 4.0 * n for n in range(100)):
        if health.ready_at(now) > now:
            continue
        health.start(now)
        calls += 1
        if now >= down_s:
            back = now
            break
        health.failure(now, "transient", lone=False)
    assert back is not None
    assert back - down_s <= 30.0
    assert calls <= 3 + 2 + math.ceil(down_s / 20.0)


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0, 20.0, 61.0]), st.booleans()), max_size=40))
def test_it_cools_when_the_calls_of_this_minute_say_so_and_not_before(calls: list[tuple[float, bool]]) -> None:
    health, past, now = breaker(), list[tuple[float, bool]](), 0.0
    for pause, failed in calls:
        now += pause
        past.append((now, failed))
        if not failed:
            health.success(now)
            continue
        minute = [failed for at, failed in past if at > now - WINDOW_S]
        cools = minute[-3:] == [True] * 3 or (len(minute) >= 5 and sum(minute) > len(minute) / 2)
        assert health.failure(now, "transient", lone=False) is cools
        if cools:
            return


untils = st.none() | st.floats()
steps = st.one_of(
    st.tuples(st.just("wait"), st.floats(0, 100)),
    st.just(("start", None)),
    st.just(("success", None)),
    st.just(("release", None)),
    st.tuples(st.just("failure"), st.tuples(kinds, st.booleans(), untils)),
)


@given(st.lists(steps, max_size=60), st.sampled_from([0.0, 5.0, 60.0]), st.sampled_from([None, 0, 3]))
def test_whatever_happens_there_is_one_probe_at_a_time_and_an_end_to_every_cooldown(
    steps: list[tuple[str, Any]], cooldown_s: float, allowed_fails: int | None
) -> None:
    health, now, probing = breaker(cooldown_s, allowed_fails), 1.0, False
    for name, more in steps:
        if name == "wait":
            now += more
        elif name == "start" and health.ready_at(now) <= now:
            closed, probe = health.closed, health.start(now)
            assert probe is not closed
            assert not (probe and probing)
            probing |= probe
        elif name == "failure":
            kind, lone, until = more
            assert health.failure(now, kind, lone=lone, until=until) is (health.blocked_until > now)
            probing = False
        elif name != "start":
            getattr(health, name)(now)
            probing = False
        assert health.probing is probing
        assert health.closed is (health.blocked_until == 0.0)
        assert health.blocked_until <= now + HOUR_S
        assert (health.ready_at(now) == math.inf) is probing
        assert health.why(now)


def test_each_time_that_it_is_taken_out_of_use_is_counted_once() -> None:
    health = Health(cooldown_s=5.0, allowed_fails=None)
    assert health.cooled == 0
    health.failure(0.0, "rate_limited", lone=False)
    health.failure(1.0, "rate_limited", lone=False, until=20.0, began=0.0)
    assert health.cooled == 1
    assert health.start(20.0)
    health.failure(21.0, "transient", lone=False, began=20.0)
    assert health.cooled == 2
    health.reset()
    assert health.cooled == 2
