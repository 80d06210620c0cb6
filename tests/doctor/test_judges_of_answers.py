"""Behaviours 8 to 11, 14 and 16: what the judges say of gateways made up by hand, good and bad."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.doctor.answers import (
    ends_without_done,
    mends_a_cut,
    notices_a_stall,
    prefills_only_where_declared,
    skips_a_malformed_event,
    tells_who_served,
)
from litellm_lite.doctor.observed import Call, Told
from litellm_lite.errors import APIConnectionError, BadRequestError, Partial, ServiceUnavailableError, Timeout
from litellm_lite.router.deployment import Prefill
from tests.doctor.made_up import (
    LONE,
    PAIR,
    WANTED,
    again,
    answer,
    asked,
    attempt,
    failed,
    failure,
    passed,
    place,
    seen,
    setup,
)

CUT = asked("a", 0, 200), asked("b", 0.5, 200)
SHOWN = WANTED[:12]
TOOL = 'get_weather({"city": "Paris"})'


def test_a_cut_stream_is_mended_or_ends_in_an_error_that_holds_the_part() -> None:
    mended = answer(attempts=[attempt(PAIR, "a", "cut", shown=12), attempt(PAIR, "b", "answered", "restart")])
    passed(mends_a_cut(seen(mended, *CUT, mode="stream")), "after 12 characters and mended by a restart")
    passed(mends_a_cut(seen(failure(APIConnectionError("cut"), SHOWN), *CUT, mode="stream")), "holding 3 of 9 words")


@given(st.integers(0, len(WANTED) - 1))
def test_whatever_part_is_shown_as_finished_is_found_out(length: int) -> None:
    failed(mends_a_cut(seen(answer(text=WANTED[:length]), *CUT, mode="stream")), "shown as a finished answer")


@given(st.integers(1, len(WANTED)), st.integers(0, len(WANTED) - 1))
def test_whatever_is_said_twice_is_found_out(shown: int, begun: int) -> None:
    text = WANTED[:shown] + WANTED[min(begun, shown - 1) :]
    failed(mends_a_cut(seen(answer(text=text), *CUT, mode="stream")), "not what the model said")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (answer(text=SHOWN, finish=None), "neither a finish reason nor an error"),
        (failure(KeyError("x"), SHOWN), "is no clear error"),
        (failure(APIConnectionError("cut", partial=Partial("", {}, None)), SHOWN), "does not hold the 3 of 9 words"),
        (failure(APIConnectionError("cut"), SHOWN + SHOWN), "some of them wrong or twice"),
        (failure(APIConnectionError("cut"), SHOWN, ended_s=50), "it took 50.0 s"),
    ],
)
def test_a_cut_stream_has_no_other_end(call, words) -> None:
    failed(mends_a_cut(seen(call, *CUT, mode="stream")), words)


def test_a_cut_answer_that_was_not_streamed_is_had_from_elsewhere() -> None:
    passed(mends_a_cut(seen(answer(), *CUT)), "served by shop/b")
    failed(mends_a_cut(seen(failure(APIConnectionError("cut")), *CUT)), "not answered")


def tool_call(first_token_s: float | None = None) -> Call:
    times = {"began_s": 2.0, "ended_s": 3.0, "first_token_s": first_token_s}
    return again(answer(), tools=True, wanted=TOOL, text=TOOL, **times)


def test_a_tool_call_is_whole_or_ends_in_an_error() -> None:
    for call in (
        tool_call(),
        failure(APIConnectionError("cut"), TOOL[:20], began_s=2.0, ended_s=3.0, tools=True, wanted=TOOL),
    ):
        verdict = mends_a_cut(seen([answer(), call], *CUT, asked("a", 2.1, 200), mode="stream"))
        passed(verdict, "the tool call: ")


def test_a_tool_call_of_two_answers_is_spliced_though_it_is_whole() -> None:
    requests = [*CUT, asked("a", 2.1, 200), asked("b", 2.5, 200)]
    spliced = seen([answer(), tool_call(first_token_s=0.2)], *requests, mode="stream")
    failed(mends_a_cut(spliced), "the tool call: a tool call was put together from two answers")
    held = seen([answer(), tool_call(first_token_s=0.6)], *requests, mode="stream")
    passed(mends_a_cut(held))


def test_a_stall_is_noticed_and_the_next_call_is_fine() -> None:
    first = answer(ended_s=15.3, first_token_s=0.1)
    then = answer(began_s=15.3, ended_s=15.4)
    requests = asked("a", 0, 200), asked("b", 15.2, 200)
    passed(
        notices_a_stall(seen([first, then], *requests, mode="stream")), "the next call: served by shop/b after 0.1 s"
    )
    failed(
        notices_a_stall(seen([first, failure(Timeout("30 s"))], *requests, mode="stream")),
        "the next call: not answered",
    )


def test_a_stall_is_not_waited_out() -> None:
    call = answer(ended_s=28, first_token_s=0.1)
    late = seen(call, asked("a", 0, 200), asked("b", 27.5, 200), mode="stream")
    failed(notices_a_stall(late), "the silence lasted 27.4 s, and the idle limit is 15 s")
    never = seen(failure(Timeout("idle"), SHOWN, ended_s=28, first_token_s=0.1), asked("a", 0, 200), mode="stream")
    failed(notices_a_stall(never), "the silence lasted 27.9 s")
    passed(notices_a_stall(seen(answer(ended_s=28), asked("a", 0, 200), asked("b", 27.5, 200))))


def test_one_stall_does_not_take_a_lone_deployment_out_of_use() -> None:
    stalled = failure(Timeout("idle"), SHOWN, ended_s=30)
    then = again(stalled, began_s=30.0, ended_s=60.0)
    passed(notices_a_stall(seen([stalled, then], asked("a"), asked("a", 30.1), of=LONE, mode="stream")))
    refused = failure(ServiceUnavailableError("cooling"), began_s=30.0, ended_s=30.0)
    verdict = notices_a_stall(seen([stalled, refused], asked("a"), of=LONE, mode="stream"))
    failed(verdict, "the next call: not sent, though nobody else could serve")


def test_an_event_that_cannot_be_read_costs_nothing() -> None:
    passed(skips_a_malformed_event(seen(answer("a"), asked("a", 0, 200), mode="stream")), "whole")
    failed(skips_a_malformed_event(seen(answer("a", text=WANTED[4:]), asked("a", 0, 200), mode="stream")))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (answer(ended_s=9.0, last_token_s=1.0), "it ended 8.0 s after its last event"),
        (answer(last_token_s=0.9, usage=None), "its usage is lost"),
        (failure(TimeoutError(), WANTED, ended_s=40), "not answered"),
    ],
)
def test_a_stream_without_done_neither_hangs_nor_loses_its_usage(call, words) -> None:
    passed(ends_without_done(seen(answer(last_token_s=0.7))), "0.3 s after its last event", "19 tokens")
    failed(ends_without_done(seen(call, mode="stream")), words)


def test_only_who_is_declared_for_it_is_asked_to_continue() -> None:
    continued = asked("a", 0, 200), asked("b", 0.5, 200, prefilled=True)
    able = setup(place("b", prefill=Prefill()))
    passed(prefills_only_where_declared(seen(answer(), *continued, of=able, mode="stream")))
    failed(prefills_only_where_declared(seen(answer(), *continued, mode="stream")), "shop/b was asked to continue")


def test_nobody_is_shown_that_prefill_is_not_supported() -> None:
    error = BadRequestError("Prefill is not supported by this model")
    failed(
        prefills_only_where_declared(seen(failure(error, SHOWN), *CUT, mode="stream")), "was shown the vendor's refusal"
    )
    passed(prefills_only_where_declared(seen(failure(APIConnectionError("cut"), SHOWN), *CUT, mode="stream")))
    failed(prefills_only_where_declared(seen(answer(text=SHOWN), *CUT, mode="stream")), "3 of 9 words")


ATTEMPTS = [attempt(PAIR, "a", "failed"), attempt(PAIR, "b", "answered", "fallback")]
SERVED = asked("a"), asked("b", 0.5, 200, model="b")
PAID = answer(cost=Decimal("0.000028"), attempts=ATTEMPTS)


def test_the_answer_tells_who_served_and_what_that_cost() -> None:
    passed(tells_who_served(seen(PAID, *SERVED)), "named 'b'", "$0.000028, one of 2 attempts billed")
    passed(tells_who_served(seen(again(PAID, model="shop/b"), *SERVED)))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"model_id": "a"}, "served by shop/b, and said to be by shop/a"),
        ({"model_id": None}, "an unknown deployment None"),
        ({"model": "a"}, "'b' was asked, and the answer says 'a'"),
        ({"attempts": [*ATTEMPTS, attempt(PAIR, "a", "answered")]}, "2 attempts are billed"),
        ({"attempts": []}, "0 attempts are billed"),
        ({"attempts": [attempt(PAIR, "a", "answered")]}, "the attempt at shop/a is billed, which did not answer"),
        ({"cost": Decimal("0.000056")}, "billed $0.000056, where the price of its tokens is $0.000028"),
    ],
)
def test_a_wrong_name_or_a_wrong_bill_is_found_out(fields, words) -> None:
    failed(tells_who_served(seen(again(PAID, **fields), *SERVED)), words)


def test_an_answer_must_come_from_somewhere() -> None:
    failed(tells_who_served(seen(PAID, asked("a"))), "no upstream gave")
    failed(tells_who_served(seen(failure(APIConnectionError("down")), asked("a"))), "not answered")


def test_a_call_that_failed_is_not_billed() -> None:
    call = failure(APIConnectionError("down"), attempts=[attempt(LONE, "a", "failed")])
    passed(tells_who_served(seen(call, asked("a"), of=LONE)), "nothing is billed")
    call = failure(APIConnectionError("down"), attempts=[attempt(LONE, "a", "answered")])
    failed(tells_who_served(seen(call, asked("a"), of=LONE)), "a call that failed is billed")


TOLD = Told(200, {"x-litellm-attempted-retries": "1", "x-litellm-attempted-fallbacks": "0"})
THROUGH_HTTP = answer(cost=Decimal("0.000028"), told=TOLD)


def test_headers_tell_who_served_and_what_the_answer_costs() -> None:
    passed(tells_who_served(seen(THROUGH_HTTP, *SERVED)), "named 'b'", "$0.000028, the price of its answer alone")
    passed(tells_who_served(seen(again(THROUGH_HTTP, cost=Decimal("0.0000280000000001")), *SERVED)))
    passed(tells_who_served(seen(again(THROUGH_HTTP, cost=None), *SERVED)), "its cost is not told")
    streamed = seen(again(THROUGH_HTTP, cost=None), *SERVED, mode="stream")
    passed(tells_who_served(streamed), "no header can tell what a stream will cost")
    passed(tells_who_served(seen(again(THROUGH_HTTP, told=Told(200, {})), *SERVED)))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"model_id": "a"}, "served by shop/b, and said to be by shop/a"),
        ({"model_id": "strange"}, "an unknown deployment 'strange'"),
        ({"cost": Decimal("0.000056")}, "said to be $0.000056, where the price of its tokens is $0.000028"),
        ({"told": Told(200, {"x-litellm-attempted-retries": "0"})}, "no further attempt, and there was 1 more"),
    ],
)
def test_a_header_that_does_not_tell_the_truth_is_found_out(fields, words) -> None:
    failed(tells_who_served(seen(again(THROUGH_HTTP, **fields), *SERVED)), words)


def test_who_served_is_not_shown_where_no_header_tells_it() -> None:
    found = tells_who_served(seen(again(THROUGH_HTTP, model_id=None), *SERVED))
    assert (found.passed, found.shown) == (True, False)
    unanswered = tells_who_served(seen(failure(APIConnectionError("down"), told=Told(502, {})), asked("a")))
    assert (unanswered.passed, unanswered.shown) == (False, True)


def test_an_error_with_a_cost_in_its_headers_is_billed() -> None:
    call = failure(APIConnectionError("down"), told=Told(502, {}), cost=Decimal("0.1"))
    failed(tells_who_served(seen(call, asked("a"), of=LONE)), "a call that failed is billed")
    passed(tells_who_served(seen(again(call, cost=Decimal(0)), asked("a"), of=LONE)), "nothing is billed")


def test_where_no_price_is_known_none_is_expected() -> None:
    unknown = setup(place("b", window=None))
    call = answer(attempts=[attempt(unknown, "b", "answered")])
    passed(tells_who_served(seen(call, *SERVED, of=unknown)), "price unknown")
