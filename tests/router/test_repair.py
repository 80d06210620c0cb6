"""What is done about a stream that broke off: who is asked to go on, in which way, how often, and for how long."""

from __future__ import annotations

import pytest

from litellm_lite.errors import BadRequestError, ContentPolicyViolationError, ServiceUnavailableError
from litellm_lite.router.mending import Diverged, Shown
from litellm_lite.router.steps import Attempt, Broke, Keep
from tests.router.by_hand import SPARE, Bench, entry, rate_limited, reset

PREFILL = {"supports_assistant_prefill": True}
TEXT = "the old fox"


def spoken(bench, **params):
    call = bench.call(stream=True, **params)
    call.speaks()
    return call


def ways(call):
    """Fail every attempt at mending, and return what each was."""
    made = []
    while isinstance(call.step, Attempt):
        made.append(call.asks)
        call.fails(reset())
    return made


def test_first_all_who_may_go_on_then_all_who_may_begin_again():
    bench = Bench(
        entry("a", info=PREFILL, order=1),
        entry("b", info=PREFILL, order=2),
        entry("spare", "backup"),
        fallbacks=SPARE,
    )
    call = spoken(bench)
    call.breaks(TEXT)
    assert ways(call) == ["continuation b", "restart b", "restart a", "restart spare"]


def test_a_broken_stream_costs_no_more_than_four_further_attempts():
    bench = Bench(*(entry(f"d{n}", order=n) for n in range(1, 9)))
    call = spoken(bench)
    call.breaks(TEXT)
    assert len(ways(call)) == 4
    again = spoken(Bench(*(entry(f"d{n}", order=n) for n in range(1, 9))))
    again.breaks(TEXT)
    again.speaks()
    again.breaks(TEXT + " and")
    assert len(ways(again)) == 3


def test_reasoning_cannot_be_gone_on_with_and_begins_again():
    bench = Bench(entry("a"), entry("spare", "backup", info=PREFILL), fallbacks=SPARE)
    call = spoken(bench)
    call.breaks(TEXT, reasoning="hm")
    assert ways(call) == ["restart a", "restart spare"]


@pytest.mark.parametrize("shown", ["", " \n"])
def test_of_nothing_there_is_nothing_to_go_on_with(shown):
    bench = Bench(entry("a"), entry("spare", "backup", info=PREFILL), fallbacks=SPARE)
    call = spoken(bench)
    call.breaks(shown)
    assert ways(call) == ["restart a", "restart spare"]


def test_what_may_not_be_spliced_ends_in_its_error():
    bench = Bench.with_a_fallback()
    call = spoken(bench)
    call.breaks(TEXT, flaw="it calls tools")
    assert call.told == ["first primary cut"]
    assert "reset" in str(call.failure)
    assert [record.outcome for record in call.failure.attempts] == ["cut"]


def test_mending_can_be_turned_off():
    call = spoken(Bench.with_a_fallback(stream_mending=False))
    call.breaks(TEXT)
    assert call.told == ["first primary cut"]


def test_without_anybody_else_a_break_is_an_error():
    bench = Bench(entry("a"))
    call = spoken(bench)
    call.breaks(TEXT)
    assert call.told == ["first a cut"]
    assert bench.in_flight == {}


def test_refused_content_in_the_middle_of_a_stream_is_not_gone_on_with():
    bench = Bench.with_a_fallback()
    call = spoken(bench)
    call.tells(Broke(call.attempt(), ContentPolicyViolationError("refused"), Shown(TEXT, "", None)))
    assert isinstance(call.failure, ContentPolicyViolationError)
    assert call.told == ["first primary cut"]


def test_a_deployment_asked_for_by_its_id_is_not_mended_by_its_like():
    bench = Bench(entry("a"), entry("b"))
    call = bench.call("a", stream=True)
    call.speaks()
    call.breaks(TEXT)
    assert call.told == ["first a cut"]


def test_it_may_be_mended_by_a_fallback_and_by_itself_though():
    bench = Bench(entry("a"), entry("b"), entry("spare", "backup"), fallbacks=SPARE)
    call = bench.call("a", stream=True)
    call.speaks()
    call.breaks(TEXT)
    assert ways(call) == ["restart a", "restart spare"]


def test_who_fell_silent_is_not_asked_again():
    call = spoken(Bench.with_a_fallback())
    call.stalls(TEXT)
    assert ways(call) == ["restart spare"]


def test_who_is_resting_is_not_asked_to_begin_again():
    bench = Bench.with_a_fallback(allowed_fails=0)
    call = spoken(bench)
    call.breaks(TEXT)
    assert bench.cooling == ["primary"]
    assert ways(call) == ["restart spare"]


def test_several_breaks_are_several_seams():
    bench = Bench(*(entry(name, order=n) for n, name in enumerate("abc", 1)))
    call = spoken(bench)
    call.breaks(TEXT)
    call.speaks()
    call.breaks(TEXT + " and her")
    call.speaks()
    call.finishes()
    assert [(seam.at, seam.before.number, seam.after.number) for seam in call.trace.seams] == [(11, 1, 2), (19, 2, 3)]
    assert len(call.billed) == 1
    assert bench.in_flight == {}


def test_what_says_something_else_has_not_failed_as_a_deployment():
    bench = Bench.with_a_fallback()
    call = spoken(bench)
    call.breaks(TEXT)
    call.fails(reset())
    call.fails(Diverged("the restart differs at character 1"))
    assert bench.fleet.standings["spare"].failed == 0
    assert [record.outcome for record in call.failure.attempts] == ["cut", "failed", "failed"]


def test_what_cannot_be_sent_is_passed_over():
    bench = Bench.with_a_fallback()
    call = spoken(bench)
    call.breaks(TEXT)
    call.refuses(BadRequestError("no"))
    assert call.asks == "restart spare"
    call.speaks()
    assert isinstance(call.step, Keep)
    assert call.told == ["first primary cut", "restart primary refused", "restart spare under way"]


def test_the_time_for_waiting_goes_on_from_where_it_stood_at_the_first_token():
    bench = Bench.with_a_fallback(timeout=12)
    call = bench.call(stream=True)
    call.speaks(after=4)
    call.breaks(TEXT, after=100)
    assert call.attempt().timeout_s == pytest.approx(8)


def test_the_time_that_mending_took_is_gone_at_the_next_break():
    bench = Bench(*(entry(name, order=n) for n, name in enumerate("abc", 1)), timeout=12)
    call = bench.call(stream=True)
    call.speaks(after=4)
    call.breaks(TEXT, after=100)
    call.speaks(after=5)
    call.breaks(TEXT + " and", after=100)
    assert call.attempt().timeout_s == pytest.approx(3)


def test_a_silence_comes_off_the_time_for_waiting():
    bench = Bench.with_a_fallback(timeout=30)
    call = bench.call(stream=True)
    call.speaks(after=9)
    call.stalls(TEXT)
    assert call.attempt().timeout_s == pytest.approx(6)


def test_when_the_time_is_up_a_break_is_an_error():
    bench = Bench.with_a_fallback(timeout=12)
    call = spoken(bench)
    call.stalls(TEXT)
    assert call.told == ["first primary cut"]
    assert bench.in_flight == {}


def test_a_leg_that_takes_over_has_the_first_token_limit():
    call = spoken(Bench.with_a_fallback(first_token_timeout=2, stream_idle_timeout=7))
    call.breaks(TEXT)
    attempt = call.attempt()
    assert (attempt.timeout_s, attempt.silent_s, attempt.idle_s) == (2, None, 7)


def test_the_others_are_free_again_after_a_repair_that_failed():
    bench = Bench.with_a_fallback()
    call = spoken(bench)
    call.breaks(TEXT)
    call.fails(ServiceUnavailableError("down"))
    call.fails(ServiceUnavailableError("down"))
    assert bench.in_flight == {}
    assert call.route.ask.only_prefill is False


def test_a_fallback_that_breaks_off_is_helped_out_by_itself_and_by_whom_it_stood_in_for():
    bench = Bench.with_a_fallback()
    call = bench.call(stream=True)
    call.fails(rate_limited(20))
    call.speaks(who="spare")
    call.breaks(TEXT, after=30)
    assert ways(call) == ["restart spare", "restart primary"]
