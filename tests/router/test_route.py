"""The way of one call: retries, deadlines, hedges, and that whatever becomes of it no place is lost."""

from __future__ import annotations

import pytest

from litellm_lite.errors import (
    AuthenticationError,
    BadRequestError,
    ContentPolicyViolationError,
    ContextWindowExceededError,
    InternalServerError,
    ServiceUnavailableError,
    Timeout,
    UnsupportedParamsError,
)
from litellm_lite.router.steps import Finished, Keep, Listen, Pause
from tests.router.by_hand import ONE_FALLBACK, SPARE, USAGE, Bench, entry, rate_limited, reset, silence

DOWN = ServiceUnavailableError("down")


def run(call, error, *, most=50):
    """Let every attempt fail in that way, to the end of the call."""
    for _ in range(most):
        if call.step is None:
            return call
        if isinstance(call.step, Pause):
            call.waits()
        else:
            call.fails(error)
    raise AssertionError(f"it goes on and on: {call.told}")


@pytest.mark.parametrize(("retries", "asked"), [(0, "a"), (1, "ab"), (2, "aab"), (3, "aabc")])
def test_a_group_is_tried_again_so_often_and_the_last_retry_is_kept_for_another_one(retries, asked):
    bench = Bench(*(entry(name, order=n) for n, name in enumerate("abc", 1)), num_retries=retries)
    assert run(bench.call(), DOWN).asked == list(asked)
    assert bench.in_flight == {}


def test_each_group_has_retries_of_its_own():
    call = run(Bench.with_a_fallback().call(), reset())
    assert call.asked == ["primary"] * 3 + ["spare"] * 3
    assert call.trace.headers()["x-litellm-attempted-retries"] == "4"
    assert call.trace.headers()["x-litellm-attempted-fallbacks"] == "1"


def test_the_call_says_how_often_over_the_deployment_and_that_over_the_router():
    assert run(Bench(entry("a"), num_retries=1).call(), DOWN).asked == ["a"] * 2
    assert run(Bench(entry("a", num_retries=0), num_retries=1).call(), DOWN).asked == ["a"]
    assert run(Bench(entry("a", num_retries=0)).call(num_retries=2), DOWN).asked == ["a"] * 3


def test_a_retry_policy_counts_by_the_kind_of_error():
    bench = Bench(entry("a"), retry_policy={"InternalServerErrorRetries": 4, "TimeoutErrorRetries": 1})
    assert run(bench.call(), InternalServerError("oops")).asked == ["a"] * 5
    assert run(Bench(entry("a"), num_retries=0).call(), InternalServerError("oops")).asked == ["a"]
    only = Bench(entry("a"), retry_policy={"BadRequestErrorRetries": 1})
    assert run(only.call(), BadRequestError("no")).asked == ["a", "a"]


def test_a_silent_deployment_is_asked_again_only_where_a_policy_insists_and_it_does_not_rest():
    policy = {"TimeoutErrorRetries": 1}
    assert run(Bench(entry("a"), retry_policy=policy).call(timeout=30), silence()).asked == ["a", "a"]
    assert run(Bench(entry("a")).call(timeout=30), silence()).asked == ["a"]


def test_the_retry_policy_of_a_group_comes_first():
    bench = Bench(
        entry("a"),
        retry_policy={"InternalServerErrorRetries": 4},
        model_group_retry_policy={"main": {"InternalServerErrorRetries": 0}},
    )
    assert run(bench.call(), InternalServerError("oops")).asked == ["a"]


def test_who_has_failed_too_often_is_not_tried_again():
    bench = Bench(entry("a"), entry("spare", "backup"), fallbacks=SPARE, allowed_fails=0)
    assert run(bench.call(), DOWN).asked[:2] == ["a", "spare"]


def test_an_allowance_counts_by_the_kind_of_error():
    entries = entry("a"), entry("spare", "backup")
    bench = Bench(*entries, fallbacks=SPARE, allowed_fails_policy={"InternalServerErrorAllowedFails": 0})
    call = bench.call()
    call.fails(InternalServerError("oops"))
    assert call.asks == "fallback spare"
    assert bench.cooling == ["a"]
    other = Bench(*entries, fallbacks=SPARE, allowed_fails_policy={"InternalServerErrorAllowedFails": 0})
    call = other.call()
    call.fails(DOWN)
    assert other.cooling == []


def test_retry_after_of_the_settings_is_waited_at_least():
    call = Bench(entry("a"), retry_after=3).call()
    call.fails(DOWN)
    assert call.waits() == 3
    assert call.trace.waited_s == 3


def test_a_retry_after_longer_than_a_minute_is_waited_for_whole():
    call = Bench(entry("a")).call(timeout=600)
    call.fails(rate_limited(90))
    assert call.waits() == 90
    assert call.asks == "retry a"


def test_who_is_not_free_after_the_pause_gives_way_to_another_one():
    bench = Bench(entry("a", rpm=1, order=1), entry("b", order=2), num_retries=2)
    call = bench.call()
    call.fails(DOWN)
    call.waits()
    assert call.asks == "failover b"


def test_all_attempts_and_pauses_share_the_deadline():
    bench = Bench(entry("a"), num_retries=20)
    call = bench.call(timeout=10)
    while call.step is not None:
        if isinstance(call.step, Pause):
            call.waits()
        else:
            assert call.attempt().timeout_s == pytest.approx(10 - call.took_s)
            call.fails(DOWN, after=min(1, call.attempt().timeout_s or 1))
    assert call.took_s <= 10


def test_a_pause_that_would_outlast_the_deadline_is_not_begun():
    call = Bench(entry("a")).call(timeout=10)
    call.fails(rate_limited(3), after=8)
    assert call.step is None
    assert call.took_s == 8


def test_one_attempt_gets_half_of_the_time_while_another_could_be_asked():
    bench = Bench(*(entry(name, order=n) for n, name in enumerate("abc", 1)), timeout=40)
    call = bench.call()
    limits = []
    while call.step is not None:
        limits.append(call.attempt().timeout_s or 0)
        call.fails(silence(), after=limits[-1])
    assert limits == [20, 10, 10]
    assert call.took_s == 40


def test_the_limit_of_a_deployment_is_the_most_an_attempt_may_take_there():
    bench = Bench(entry("a", timeout=7, stream_timeout=3))
    assert bench.call().attempt().timeout_s == 7
    assert bench.call(stream=True).attempt().timeout_s == 3
    assert Bench(entry("a", timeout=7)).call(stream=True).attempt().timeout_s == 7
    assert Bench(entry("a", timeout=7)).call(timeout=5).attempt().timeout_s == 5


def test_a_lone_stream_is_not_told_to_speak_early_or_to_keep_talking():
    attempt = Bench(entry("a")).call(stream=True, timeout=30).attempt()
    assert (attempt.timeout_s, attempt.silent_s, attempt.idle_s) == (30, None, None)


def test_what_cannot_be_sent_to_one_is_sent_to_another_and_is_no_retry():
    bench = Bench(entry("a", order=1), entry("b", order=2))
    call = bench.call(num_retries=0)
    call.refuses(UnsupportedParamsError("no such parameter there"))
    assert call.asks == "first b"
    call.answers()
    assert call.told == ["first a refused", "first b answered"]
    assert bench.cooling == []
    assert bench.in_flight == {}


def test_what_cannot_be_sent_anywhere_is_told_as_it_is():
    call = Bench(entry("a"), entry("b")).call()
    call.refuses(BadRequestError("messages must not be empty"))
    call.refuses(BadRequestError("messages must not be empty"))
    assert isinstance(call.failure, BadRequestError)
    assert call.told == ["first a refused", "first b refused"]


def test_a_missing_key_is_one_deployments_own_fault():
    bench = Bench(entry("a"), entry("b"))
    call = bench.call()
    call.refuses(AuthenticationError("no API key"))
    assert call.asks == "first b"


def test_a_prompt_too_long_for_one_may_go_to_a_larger_window_of_the_group_though_no_retry_is_left():
    bench = Bench(
        entry("small", order=1, info={"max_input_tokens": 100}), entry("large", order=2, info={"max_input_tokens": 900})
    )
    call = bench.call(num_retries=0)
    call.fails(ContextWindowExceededError("too long"))
    assert call.asks == "failover large"


def test_whoever_speaks_first_is_kept_and_the_other_let_go():
    bench = Bench.with_a_fallback()
    call = bench.call(stream=True)
    call.is_silent()
    assert bench.in_flight == {"primary": 1, "spare": 1}
    call.speaks(after=1, who="primary")
    assert bench.in_flight == {"primary": 1}
    call.finishes()
    assert call.told == ["first primary answered", "hedge spare let go"]
    assert bench.cooling == []
    assert bench.in_flight == {}


def test_who_was_silent_but_spoke_first_has_not_failed_though_its_stream_is_closed_early():
    bench = Bench.with_a_fallback()
    call = bench.call(stream=True)
    call.is_silent()
    call.speaks(who="primary")
    call.closes()
    assert bench.cooling == []
    assert call.told == ["first primary let go", "hedge spare let go"]


def test_where_both_are_silent_the_call_ends_at_its_deadline():
    bench = Bench.with_a_fallback()
    call = bench.call(stream=True)
    call.is_silent()
    assert call.attempt().silent_s is None  # there is nobody else to be started beside it
    call.tells(None)
    assert call.step == Listen(20)
    call.waits()
    assert isinstance(call.failure, Timeout)
    assert call.took_s == 30
    assert call.told == ["first primary failed", "hedge spare failed"]
    assert bench.in_flight == {}


def test_a_hedge_that_fails_leaves_the_first_one_going():
    bench = Bench.with_a_fallback()
    call = bench.call(stream=True)
    call.is_silent()
    call.fails(DOWN, who="spare")
    assert call.step == Listen(20)
    call.speaks(after=2, who="primary")
    call.finishes()
    assert call.told == ["first primary answered", "hedge spare failed"]


def test_a_hedge_that_fails_is_replaced_as_long_as_retries_are_left():
    bench = Bench(*(entry(name, order=n) for n, name in enumerate("abcde", 1)), num_retries=2, timeout=30)
    call = bench.call(stream=True)
    call.is_silent()
    call.fails(DOWN, who="b")
    assert call.asks == "hedge c"
    call.fails(DOWN, who="c")
    assert call.asks == "hedge d"
    call.fails(DOWN, who="d")
    assert isinstance(call.step, Listen)


def test_a_hedge_whose_request_is_refused_by_its_vendor_is_not_replaced():
    bench = Bench(*(entry(name, order=n) for n, name in enumerate("abc", 1)), timeout=30)
    call = bench.call(stream=True)
    call.is_silent()
    call.fails(ContentPolicyViolationError("refused"), who="b")
    assert isinstance(call.step, Listen)


def test_a_hedge_that_cannot_be_sent_is_replaced():
    bench = Bench(*(entry(name, order=n) for n, name in enumerate("abc", 1)), timeout=30)
    call = bench.call(stream=True)
    call.is_silent()
    call.refuses(UnsupportedParamsError("no"))
    assert call.asks == "hedge c"


def test_where_the_first_fails_the_one_beside_it_is_waited_for():
    bench = Bench.with_a_fallback()
    call = bench.call(stream=True)
    call.is_silent()
    call.fails(silence(), after=3, who="primary")
    assert call.step == Listen(17)
    call.speaks(who="spare")
    call.finishes()
    assert call.billed[0].kind == "hedge"


def test_a_fallback_that_failed_beside_the_first_is_not_taken_for_one_of_its_group():
    """It would be called without what the fallback says, and its end told to the wrong group."""
    bench = Bench.with_a_fallback()
    call = bench.call(stream=True)
    call.is_silent()
    call.fails(silence(), after=1, who="primary")
    call.fails(InternalServerError("oops"), who="spare")
    assert call.step is None
    assert call.asked == ["primary", "spare"]
    assert bench.in_flight == {}


def test_a_timer_that_was_early_ends_nothing():
    call = Bench.with_a_fallback().call(stream=True)
    call.bench.passes(5)
    call.tells(None)
    assert call.step == Listen(25)


@pytest.mark.parametrize("at", ["attempt", "pause", "hedge", "spoke", "mending"])
def test_a_call_that_is_given_up_leaves_no_place_taken(at):
    bench = Bench.with_a_fallback()
    call = bench.call(stream=True)
    if at == "pause":
        call.fails(DOWN)
    if at == "hedge":
        call.is_silent()
    if at in ("spoke", "mending"):
        call.speaks()
    if at == "mending":
        call.breaks("the old fox")
    call.closes()
    call.closes()
    assert bench.in_flight == {}


def test_a_call_that_is_dropped_while_the_lock_is_held_is_ended_by_whoever_has_it_next():
    """A finalizer runs anywhere, also within a decision of the same thread: it must not wait for its lock."""
    bench = Bench(entry("a"))
    call, other = bench.call(stream=True), bench.call()
    call.speaks()
    with bench.fleet.lock:
        call.route.drop()
        assert bench.in_flight == {"a": 2}
    other.answers()
    assert bench.in_flight == {}
    call.route.drop()
    assert not bench.fleet.dropped


def test_a_call_that_is_dropped_is_ended_at_once_where_the_lock_is_free():
    bench = Bench(entry("a"))
    call = bench.call(stream=True)
    call.speaks()
    call.route.drop()
    assert bench.in_flight == {}


def test_a_stream_that_ends_early_is_not_billed():
    bench = Bench(entry("a"))
    call = bench.call(stream=True)
    call.speaks()
    attempt = call.attempt()
    call.tells(Finished(attempt, {}, USAGE, whole=False))
    assert call.told == ["first a let go"]
    assert call.billed == []


def test_who_serves_a_stream_is_known_from_its_first_token():
    call = Bench(*ONE_FALLBACK, fallbacks=SPARE).call(stream=True)
    call.speaks()
    assert isinstance(call.step, Keep)
    assert call.trace.hidden()["model_id"] == "primary"


def test_a_deployment_asked_for_by_its_id_is_the_only_one_called():
    bench = Bench(entry("a"), entry("b"))
    call = run(bench.call("b"), DOWN)
    assert set(call.asked) == {"b"}


def test_a_deployment_that_is_taken_out_meanwhile_ends_its_call_as_ever():
    bench = Bench(entry("a", order=1), entry("b", order=2))
    call = bench.call()
    bench.router.delete_deployment("a")
    call.fails(DOWN)
    assert call.asks == "failover b"
    gone = bench.call()
    bench.router.delete_deployment("b")
    gone.answers()
    assert gone.told == ["first b answered"]
