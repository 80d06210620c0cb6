"""Behaviours 1 to 7 and 15: what the judges say of gateways made up by hand, good and bad."""

from __future__ import annotations

import pytest

from litellm_lite.doctor.failing import (
    backs_off,
    honours_retry_after,
    leaves_the_silent,
    leaves_the_unavailable,
    limits_the_first_token,
    retries_once,
    rides_out_an_outage,
    survives_a_reset,
)
from litellm_lite.doctor.observed import Call, Request
from litellm_lite.errors import (
    APIConnectionError,
    InternalServerError,
    RateLimitError,
    ServiceUnavailableError,
    Timeout,
)
from tests.doctor.made_up import LONE, PAIR, RETRYLESS, answer, asked, failed, failure, passed, place, seen, setup

DOWN = ServiceUnavailableError("it is down")


def test_retry_after_is_honoured_by_serving_from_elsewhere_or_by_waiting() -> None:
    passed(honours_retry_after(seen(answer(), asked("a", 0, 429), asked("b", 0.1, 200))), "served by shop/b", "5 s")
    waited = seen(answer("a", ended_s=5.2), asked("a", 0, 429), asked("a", 5.05, 200), of=LONE)
    passed(honours_retry_after(waited), "served by shop/a after 5.2 s")


def test_who_is_asked_before_its_retry_after_is_over_was_not_honoured() -> None:
    early = seen(answer(), asked("a", 0, 429), asked("a", 1.2, 429), asked("b", 1.3, 200))
    failed(honours_retry_after(early), "asked again after 1.2 s")


def test_a_retry_after_that_reaches_the_caller_tells_why() -> None:
    call = failure(RateLimitError("come back in 5 s"))
    failed(
        honours_retry_after(seen(call, asked("a", 0, 429), of=RETRYLESS)), "RateLimitError", "no retry is configured"
    )
    failed(honours_retry_after(seen(call, asked("a", 0, 429))), "not answered")


def test_a_timeout_that_is_shorter_than_the_retry_after_asks_for_a_clear_error_only() -> None:
    hasty = setup(settings={"timeout_s": 3.0})
    passed(
        honours_retry_after(seen(failure(RateLimitError("wait")), asked("a", 0, 429), of=hasty)),
        "a clear RateLimitError",
    )


def tries(*times: float, served: bool = True) -> list[Request]:
    return [*(asked("a", at, 429) for at in times), *([asked("b", times[-1] + 0.1, 200)] if served else [])]


def test_growing_pauses_up_to_the_retries_are_backing_off() -> None:
    passed(backs_off(seen(answer(), *tries(0, 0.4, 1.3))), "asked 3 times", "pauses of 0.4 and 0.9 s")
    passed(backs_off(seen(answer(), *tries(0))), "asked once")
    call = failure(RateLimitError("too many"))
    passed(backs_off(seen(call, *tries(0, 0.4, 1.3, served=False), of=LONE)), "nobody else could serve")


def test_pauses_need_not_grow_beyond_reason() -> None:
    patient = setup(place("b"), settings={"num_retries": 4})
    passed(backs_off(seen(answer(ended_s=20), *tries(0, 4, 10, 15.5, 21), of=patient)))


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ((0, 0.4, 1.3, 3.0), "asked 4 times, 3 would do"),
        ((0, 0.05, 0.1), "asked again after 0.05 s"),
        ((0, 0.5, 1.0), "pauses do not grow: 0.50 s, then 0.50 s"),
    ],
)
def test_hammering_is_not_backing_off(times: tuple[float, ...], words: str) -> None:
    failed(backs_off(seen(answer(), *tries(*times))), words)


def test_pauses_may_be_off_by_as_much_as_the_machine_is_late() -> None:
    passed(backs_off(seen(answer(), *tries(0, 0.8, 1.6), late_s=0.1)))


def test_more_tries_are_right_where_a_retry_policy_says_so() -> None:
    allowed = setup(place("b", group="h"), group=[place("a", num_retries=3)])
    passed(backs_off(seen(answer(), *tries(0, 0.4, 1.3, 3.0), of=allowed)))


def test_a_backing_off_that_nobody_answers_is_not_enough() -> None:
    failed(backs_off(seen(failure(RateLimitError("too many")), *tries(0, served=False))), "not answered")


def test_one_500_is_tried_again_once_at_the_same_place() -> None:
    passed(retries_once(seen(answer("a"), asked("a", 0, 500), asked("a", 0.5, 200))), "twice, and nobody else")


def test_one_500_is_neither_the_end_nor_a_reason_to_go_elsewhere() -> None:
    failed(retries_once(seen(failure(InternalServerError("oops")), asked("a", 0, 500))), "not tried again")
    elsewhere = seen(answer("b"), asked("a", 0, 500), asked("b", 0.5, 200))
    failed(retries_once(elsewhere), "one 500 was not tried again; served by shop/b")
    both = seen(answer("b"), asked("a", 0, 500), asked("a", 0.5, 200), asked("b", 0.6, 200))
    failed(retries_once(both), "asked twice; so was shop/b")
    thrice = seen(answer("a"), asked("a", 0, 500), asked("a", 0.5, 200), asked("a", 0.6, 200))
    failed(retries_once(thrice), "asked 3 times", "once more would do")
    still = seen(failure(InternalServerError("oops")), asked("a", 0, 500), asked("a", 0.5, 200))
    failed(retries_once(still), "not answered: InternalServerError")


def test_calls_leave_the_unavailable_soon() -> None:
    calls = [answer(began_s=at, ended_s=at + 0.1) for at in range(3)]
    requests = [asked("a", at / 10) for at in range(3)] + [asked("b", at, 200) for at in range(1, 4)]
    passed(leaves_the_unavailable(seen(calls, *requests)), "in 3 calls shop/a was asked 3 times")
    failed(leaves_the_unavailable(seen(calls, *(asked("a", at / 10) for at in range(9)))), "asked 9 times, 5 would do")


def test_a_call_that_is_not_served_though_somebody_could_is_told_by_its_number() -> None:
    calls = [answer(), failure(DOWN)]
    failed(leaves_the_unavailable(seen(calls, asked("a"))), "call 2", "ServiceUnavailableError")
    failed(leaves_the_unavailable(seen(calls[::-1], asked("a"))), "not answered: ServiceUnavailableError")


def test_a_lone_deployment_may_fail_clearly_in_time_and_without_hammering() -> None:
    calls = [failure(DOWN), failure(DOWN)]
    passed(leaves_the_unavailable(seen(calls, *[asked("a")] * 6, of=LONE)), "nobody else could serve")
    failed(leaves_the_unavailable(seen(calls, *[asked("a")] * 7, of=LONE)), "6 would do")
    failed(leaves_the_unavailable(seen([failure(DOWN, ended_s=40)], asked("a"), of=LONE)), "took 40.0 s", "30 s")
    failed(leaves_the_unavailable(seen([failure(KeyError("choices"))], asked("a"), of=LONE)), "is no clear error")
    failed(leaves_the_unavailable(seen([failure(ServiceUnavailableError(""))], asked("a"), of=LONE)), "does not say")
    failed(
        leaves_the_unavailable(seen([failure(TimeoutError())], asked("a"), of=LONE)), "neither an answer nor an error"
    )


def test_a_reset_is_survived() -> None:
    passed(survives_a_reset(seen(answer(), asked("a", 0, None), asked("b", 1, 200))), "asked once")
    failed(survives_a_reset(seen(answer(), *[asked("a", 0, None)] * 5)), "asked 5 times, 3 would do")
    failed(survives_a_reset(seen(failure(APIConnectionError("reset")), asked("a", 0, None))), "not answered")


def test_the_silent_is_asked_once_in_two_calls() -> None:
    calls = [answer(ended_s=15), answer(began_s=15, ended_s=15.1)]
    passed(leaves_the_silent(seen(calls, asked("a", 0, None), asked("b", 15, 200))), "in 2 calls shop/a was asked once")
    failed(leaves_the_silent(seen(calls, asked("a", 0, None), asked("a", 15, None))), "asked twice, 1 would do")
    failed(leaves_the_silent(seen([answer(ended_s=35)], asked("a", 0, None))), "it took 35.0 s")
    alone = [failure(Timeout("30 s"), ended_s=30), failure(Timeout("30 s"), ended_s=30)]
    passed(leaves_the_silent(seen(alone, asked("a", 0, None), asked("a", 30, None), of=LONE)), "a clear Timeout")


def test_the_silent_may_be_asked_again_after_a_rest() -> None:
    calls = [answer(ended_s=15), answer(began_s=21, ended_s=21.1)]
    passed(leaves_the_silent(seen(calls, asked("a", 0, None), asked("a", 21, None))), "asked twice")
    spoke = [answer(ended_s=15, first_token_s=9.0), answer(began_s=15, ended_s=15.1)]
    passed(leaves_the_silent(seen(spoke, asked("a", 0, None), asked("a", 15, None), mode="stream")))


def test_the_first_token_comes_from_elsewhere_well_before_the_slow_one_has_it() -> None:
    def verdict_at(first_s: float, by: str = "b", late_s: float = 0.0) -> tuple[bool, str]:
        call = answer(by, ended_s=first_s + 0.1, first_token_s=first_s)
        requests = asked("a", 0, 200), asked("b", 10, 200)
        return limits_the_first_token(seen(call, *requests, mode="stream", late_s=late_s))[:2]

    assert verdict_at(10.2) == (True, "served by shop/b after 10.3 s; first token after 10.2 s")
    assert not verdict_at(18.5)[0]
    assert verdict_at(18.5, late_s=1.0)[0]
    assert not verdict_at(18.5, "a", late_s=1.0)[0]
    assert verdict_at(20.1, "a") == (False, "the first token came after 20.1 s; the first-token limit is 10 s")


def test_alone_or_not_streamed_the_slow_one_may_be_waited_for() -> None:
    slow = answer("a", ended_s=20.2, first_token_s=20.1)
    passed(limits_the_first_token(seen(slow, asked("a", 0, 200), of=LONE, mode="stream")))
    passed(limits_the_first_token(seen(answer("a", ended_s=20.2), asked("a", 0, 200))))


def outage(*broken: float, back: float | None = 65.0, error_at: int | None = None) -> tuple[list[Call], list[Request]]:
    calls = [answer(began_s=at, ended_s=at + 0.1) for at in range(0, 100, 4)]
    if error_at is not None:
        calls[error_at] = failure(DOWN, began_s=error_at * 4.0, ended_s=error_at * 4.0 + 0.1)
    returned = [asked("a", back, 200)] if back is not None else []
    return calls, [*(asked("a", at) for at in broken), *returned]


def test_an_outage_is_ridden_out() -> None:
    calls, requests = outage(0, 0.5, 1.5, 8, 20, 40)
    passed(
        rides_out_an_outage(seen(calls, *requests)),
        "25 of 25 calls answered",
        "6 requests met the outage",
        "back after 5.0 s",
    )


@pytest.mark.parametrize(
    ("broken", "back", "error_at", "words"),
    [
        (range(0, 60, 4), 64, None, "asked 15 times while it was down, 9 would do"),
        ((0, 8), 95, None, "well again for 30 s"),
        ((0, 8), None, None, "well again for 30 s"),
        ((0, 8), 64, 3, "the call at 12 s: not answered"),
    ],
)
def test_an_outage_is_not_ridden_out_by_hammering_staying_away_or_failing(broken, back, error_at, words) -> None:
    calls, requests = outage(*broken, back=back, error_at=error_at)
    failed(rides_out_an_outage(seen(calls, *requests)), words)


def test_any_of_a_group_that_was_down_may_be_asked_first_afterwards() -> None:
    both = setup(place("c", group="h"), group=[place("a"), place("b")])
    requests = [asked("a"), asked("b", 1), asked("b", 62, 200)]
    passed(rides_out_an_outage(seen([answer("c")], *requests, of=both)), "back after 2.0 s")


def test_without_a_fallback_chance_decides_who_of_a_group_is_asked() -> None:
    both = setup(group=[place("a"), place("b")])
    passed(rides_out_an_outage(seen([answer("b")], asked("a"), asked("b", 62, 200), of=both)), "matter of chance")


def test_a_lone_deployment_is_asked_by_every_call_and_serves_again() -> None:
    calls = [failure(DOWN), answer("a", began_s=64, ended_s=64.1)]
    passed(rides_out_an_outage(seen(calls, asked("a"), asked("a", 64, 200), of=LONE)), "1 of 2 calls answered")
    late = [*calls, failure(DOWN, began_s=96, ended_s=96.1)]
    failed(rides_out_an_outage(seen(late, asked("a"), asked("a", 64, 200), of=LONE)), "though it was well again")


def test_without_an_outage_there_was_nothing_to_ride_out() -> None:
    passed(rides_out_an_outage(seen([answer("a")], asked("a", 0, 200), of=PAIR)), "0 requests met the outage")
