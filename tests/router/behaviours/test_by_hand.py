"""The sixteen behaviours as decisions: default settings (2 retries, 30 s, one fallback), and made-up events."""

from __future__ import annotations

import pytest

from litellm_lite.errors import (
    BadRequestError,
    ContentPolicyViolationError,
    ContextWindowExceededError,
    InternalServerError,
    ServiceUnavailableError,
)
from litellm_lite.router.steps import Attempt, Pause
from tests.router.by_hand import ONE_FALLBACK, SPARE, USAGE, Bench, entry, rate_limited, reset, silence

BOTH = pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])


def ends_well(call, *, stream):
    """Let the attempt at hand answer."""
    if stream:
        call.speaks()
        call.finishes()
    else:
        call.answers()
    assert len(call.billed) == 1


@BOTH
def test_1_a_short_retry_after_is_waited_for_and_nothing_is_sent_before(stream):
    bench = Bench.with_a_fallback()
    call = bench.call(stream=stream)
    assert isinstance(call.fails(rate_limited(2)), Pause)
    assert call.waits() == 2
    assert call.asks == "retry primary"
    ends_well(call, stream=stream)
    assert call.asked == ["primary", "primary"]


@BOTH
def test_1_a_long_retry_after_goes_to_the_fallback_and_leaves_the_deployment_alone_that_long(stream):
    bench = Bench.with_a_fallback()
    call = bench.call(stream=stream)
    call.fails(rate_limited(12))
    assert call.asks == "fallback spare"
    ends_well(call, stream=stream)
    assert call.took_s == 0
    bench.passes(11.9)
    assert bench.call(stream=stream).asks == "fallback spare"
    bench.passes(0.1)
    assert bench.call(stream=stream).asks == "first primary"


@BOTH
def test_2_a_persistent_429_is_backed_off_from_with_growing_jittered_pauses_then_failed_over(stream):
    bench = Bench.with_a_fallback()
    call = bench.call(stream=stream)
    call.fails(rate_limited())
    first = call.waits()
    call.fails(rate_limited())
    second = call.waits()
    call.fails(rate_limited())
    assert (first, second) == (0.375, 0.75)
    assert call.asks == "fallback spare"
    ends_well(call, stream=stream)
    assert call.asked == ["primary"] * 3 + ["spare"]


def test_2_the_pauses_differ_from_call_to_call():
    bench = Bench.with_a_fallback()
    bench.fleet.jitter = iter([0.1, 0.9] * 10).__next__
    call = bench.call()
    call.fails(rate_limited())
    first = call.waits() / 0.5
    call.fails(rate_limited())
    assert first != call.waits()


@BOTH
def test_3_a_single_500_is_tried_once_more_at_the_same_provider(stream):
    bench = Bench.with_a_fallback()
    call = bench.call(stream=stream)
    call.fails(InternalServerError("oops"))
    assert call.waits() < 1
    ends_well(call, stream=stream)
    assert call.told == ["first primary failed", "retry primary answered"]


@BOTH
def test_4_a_persistent_503_fails_over_well_inside_the_deadline(stream):
    bench = Bench.with_a_fallback()
    call = bench.call(stream=stream)
    while call.asks.endswith("primary"):
        if isinstance(call.fails(ServiceUnavailableError("down")), Pause):
            call.waits()
    assert call.asks == "fallback spare"
    ends_well(call, stream=stream)
    assert call.asked.count("primary") <= 3
    assert call.took_s < 3


@BOTH
def test_5_a_reset_before_the_headers_is_tried_again_then_failed_over(stream):
    bench = Bench.with_a_fallback()
    call = bench.call(stream=stream)
    call.fails(reset())
    call.waits()
    assert call.asks == "retry primary"
    call.fails(reset())
    call.waits()
    call.fails(reset())
    assert call.asks == "fallback spare"
    ends_well(call, stream=stream)
    assert call.took_s < 3


def test_6_who_never_answers_gets_half_of_the_time_and_is_not_asked_again():
    bench = Bench.with_a_fallback()
    call = bench.call()
    assert call.attempt().timeout_s == 15
    call.fails(silence(), after=15)
    assert call.asks == "fallback spare"
    assert call.attempt().timeout_s == 15
    call.answers()
    assert bench.cooling == ["primary"]
    assert bench.call().asks == "fallback spare"


def test_6_a_stream_that_never_speaks_is_not_asked_again():
    bench = Bench.with_a_fallback()
    call = bench.call(stream=True)
    call.is_silent()
    assert call.asks == "hedge spare"
    call.speaks(who="spare")
    call.finishes()
    assert call.told == ["first primary let go", "hedge spare answered"]
    assert bench.cooling == ["primary"]
    assert bench.call(stream=True).asks == "fallback spare"


def test_7_after_ten_seconds_without_a_token_another_one_is_started_beside_it():
    bench = Bench.with_a_fallback()
    call = bench.call(stream=True)
    assert call.attempt().silent_s == 10
    call.is_silent()
    assert (call.asks, call.took_s) == ("hedge spare", 10)
    call.speaks(after=0.5, who="spare")
    call.finishes()
    assert bench.in_flight == {}
    assert call.trace.served is not None
    assert call.trace.served.first_token_s == 0.5


def test_7_an_answer_that_is_not_streamed_is_waited_for_half_of_the_time():
    call = Bench.with_a_fallback().call()
    call.fails(silence(), after=15)
    call.answers(after=1)
    assert call.asked == ["primary", "spare"]
    assert call.took_s == 16


def test_8_a_stream_that_is_cut_begins_again_with_its_like_and_then_the_fallback():
    bench = Bench.with_a_fallback()
    call = bench.call(stream=True)
    call.speaks(after=1)
    call.breaks("the old fox", after=2)
    assert call.asks == "restart primary"
    call.fails(reset())
    assert call.asks == "restart spare"
    shown = call.attempt().shown
    assert shown is not None
    assert shown.text == "the old fox"
    call.speaks(who="spare")
    call.finishes()
    assert call.told == ["first primary cut", "restart primary failed", "restart spare answered"]
    (seam,) = call.trace.seams
    assert (seam.at, seam.kind, seam.before.number, seam.after.number) == (11, "restart", 1, 3)
    assert repr(seam) == "<seam at 11: openai/of-primary → openai/of-spare, restart>"
    assert bench.in_flight == {}


def test_8_a_stream_that_nobody_can_go_on_with_ends_in_the_error_it_broke_with():
    bench = Bench.with_a_fallback()
    call = bench.call(stream=True)
    call.speaks()
    call.breaks("the old fox")
    call.fails(reset())
    call.fails(reset())
    assert "reset" in str(call.failure)
    assert len(call.failure.attempts) == 3
    assert call.billed == []
    assert bench.in_flight == {}


def test_9_a_stalled_stream_is_left_for_the_fallback_and_not_begun_again_where_it_stalled():
    bench = Bench.with_a_fallback()
    call = bench.call(stream=True)
    assert call.attempt().idle_s == 15
    call.speaks(after=1)
    call.stalls("the old fox")
    assert call.asks == "restart spare"
    call.speaks(who="spare")
    call.finishes()
    assert bench.cooling == ["primary"]
    bench.passes(5)
    later = bench.call(stream=True)
    assert later.asks == "first primary"
    later.speaks()
    assert bench.cooling == []


def test_10_and_11_what_the_transport_forgives_is_one_attempt():
    bench = Bench.with_a_fallback()
    call = bench.call(stream=True)
    call.speaks()
    call.finishes(usage=USAGE)
    assert call.told == ["first primary answered"]
    assert call.billed[0].usage == USAGE


@BOTH
def test_12_a_prompt_that_is_too_long_goes_only_where_the_window_is_known_to_be_larger(stream):
    windows = [
        entry("primary", info={"max_input_tokens": 8192}),
        entry("twin", info={"max_input_tokens": 8192}),
        entry("unknown"),
        entry("large", info={"max_input_tokens": 131072}),
    ]
    bench = Bench(*windows, num_retries=2, timeout=30)
    call = bench.call(stream=stream)
    call.fails(ContextWindowExceededError("too long"))
    assert call.asks == "failover large"
    ends_well(call, stream=stream)


@BOTH
def test_12_where_no_window_is_larger_the_prompt_is_not_sent_again(stream):
    same = {"max_input_tokens": 8192}
    bench = Bench(entry("primary", info=same), entry("spare", "backup", info=same), fallbacks=SPARE, timeout=30)
    call = bench.call(stream=stream)
    call.fails(ContextWindowExceededError("too long"))
    assert isinstance(call.failure, ContextWindowExceededError)
    assert call.asked == ["primary"]
    assert "8,192" in str(call.failure)


@BOTH
def test_12_context_window_fallbacks_are_trusted_to_be_larger(stream):
    entries = [entry("primary"), entry("spare", "backup"), entry("long", "long")]
    bench = Bench(*entries, fallbacks=SPARE, context_window_fallbacks=[{"main": ["long"]}])
    call = bench.call(stream=stream)
    call.fails(ContextWindowExceededError("too long"))
    assert call.asks == "fallback long"
    ends_well(call, stream=stream)


@BOTH
def test_13_refused_content_goes_nowhere_else_and_the_reason_is_passed_on(stream):
    bench = Bench.with_a_fallback()
    call = bench.call(stream=stream)
    call.fails(ContentPolicyViolationError("the prompt was refused by the content filter", code="content_filter"))
    assert isinstance(call.failure, ContentPolicyViolationError)
    assert "refused by the content filter" in str(call.failure)
    assert call.asked == ["primary"]
    assert bench.cooling == []


@BOTH
def test_13_only_content_policy_fallbacks_route_around_refused_content(stream):
    entries = [*ONE_FALLBACK, entry("lenient", "lenient")]
    bench = Bench(*entries, fallbacks=SPARE, content_policy_fallbacks=[{"main": ["lenient"]}])
    call = bench.call(stream=stream)
    call.fails(ContentPolicyViolationError("refused"))
    assert call.asks == "fallback lenient"
    ends_well(call, stream=stream)
    assert call.asked == ["primary", "lenient"]


def test_14_a_fallback_that_is_declared_to_continue_is_asked_to_first():
    spare = entry("spare", "backup", info={"supports_assistant_prefill": True})
    bench = Bench(entry("primary"), spare, fallbacks=SPARE, timeout=30)
    call = bench.call(stream=True)
    call.speaks()
    call.breaks("the old fox")
    assert call.asks == "continuation spare"
    call.speaks(who="spare")
    call.finishes()
    assert call.trace.seams[0].kind == "continuation"


def test_14_one_that_is_not_declared_to_is_never_asked_to_continue():
    bench = Bench.with_a_fallback()
    call = bench.call(stream=True)
    call.speaks()
    call.breaks("the old fox")
    kinds = []
    while isinstance(call.step, Attempt):
        kinds.append(call.step.kind)
        call.fails(reset())
    assert kinds == ["restart", "restart"]


def test_14_one_that_refuses_to_continue_all_the_same_begins_again_and_its_400_is_not_shown():
    spare = entry("spare", "backup", info={"supports_assistant_prefill": True})
    bench = Bench(entry("primary"), spare, fallbacks=SPARE, timeout=30)
    call = bench.call(stream=True)
    call.speaks()
    call.breaks("the old fox")
    call.fails(BadRequestError("prefill is not supported"))
    assert call.asks == "restart primary"
    call.fails(reset())
    assert call.asks == "restart spare"
    call.fails(reset())
    assert "prefill" not in str(call.failure)
    assert "spare" not in bench.cooling


@BOTH
def test_15_a_flapping_primary_is_probed_sparingly_and_back_within_thirty_seconds(stream):
    bench = Bench.with_a_fallback()
    served = []
    while bench.now < 1120:
        call, down = bench.call(stream=stream), bench.now < 1060
        while call.asks.endswith("primary") and down:
            if isinstance(call.fails(ServiceUnavailableError("down")), Pause):
                call.waits()
        served.append((bench.now, call.asked))
        ends_well(call, stream=stream)
        bench.passes(4)
    while_down = [asked for at, asked in served if at < 1060]
    assert all(asked[-1] == "spare" for asked in while_down)
    assert sum(asked.count("primary") for asked in while_down) <= 8
    back = next(at for at, asked in served if asked == ["primary"])
    assert back <= 1090
    assert all(asked == ["primary"] for at, asked in served if at >= back)


@BOTH
def test_16_only_the_attempt_that_answered_is_billed_and_all_are_told(stream):
    bench = Bench.with_a_fallback()
    call = bench.call(stream=stream)
    call.fails(ServiceUnavailableError("down"))
    call.waits()
    call.fails(ServiceUnavailableError("down"))
    call.waits()
    call.fails(ServiceUnavailableError("down"))
    ends_well(call, stream=stream)
    assert [record.billed for record in call.trace] == [False, False, False, True]
    assert call.trace.hidden()["model_id"] == "spare"
    assert call.trace.headers() == {
        "x-litellm-model-group": "backup",
        "x-litellm-attempted-retries": "2",
        "x-litellm-attempted-fallbacks": "1",
    }
