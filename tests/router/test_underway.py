"""What the end of an attempt says: of the deployment, of its limits, and on the record."""

from __future__ import annotations

import pytest

from litellm_lite.errors import BadRequestError, ContentPolicyViolationError, NotFoundError, ServiceUnavailableError
from tests.router.by_hand import SPARE, USAGE, Bench, entry, rate_limited, silence

TWO = (entry("a", order=1), entry("b", order=2))
DOWN = ServiceUnavailableError("down")


def standing(bench, id="a"):
    return bench.fleet.standings[id]


def test_an_answer_is_recorded_with_its_times_and_its_usage():
    bench = Bench(entry("a"))
    call = bench.call()
    call.answers(after=0.7)
    (record,) = call.trace
    assert (record.outcome, record.started_s) == ("answered", 0)
    assert record.elapsed_s == pytest.approx(0.7)
    assert record.usage == USAGE
    assert record.usage is not USAGE
    assert record.billed
    assert call.trace.served is record


def test_a_stream_is_recorded_with_the_time_to_its_first_token():
    bench = Bench(entry("a"))
    call = bench.call(stream=True)
    call.speaks(after=0.3)
    bench.passes(2)
    call.finishes()
    (record,) = call.trace
    assert record.first_token_s == pytest.approx(0.3)
    assert record.elapsed_s == pytest.approx(2.3)
    assert standing(bench).first_token_s == pytest.approx(0.3)
    assert standing(bench).latency_s is None


def test_plain_calls_are_measured_to_their_end():
    bench = Bench(entry("a"))
    bench.call().answers(after=0.7)
    assert standing(bench).latency_s == pytest.approx(0.7)
    assert standing(bench).first_token_s is None


@pytest.mark.parametrize("error", [BadRequestError("no"), ContentPolicyViolationError("no")])
def test_what_is_wrong_with_the_request_says_nothing_about_the_deployment(error):
    bench = Bench(*TWO)
    bench.call().fails(error)
    assert bench.cooling == []
    assert (standing(bench).served, standing(bench).failed) == (0, 0)


@pytest.mark.parametrize("error", [NotFoundError("no such model"), silence()])
def test_what_every_request_would_meet_cools_at_once(error):
    bench = Bench(*TWO)
    bench.call().fails(error)
    assert bench.cooling == ["a"]


def test_one_that_nobody_could_stand_in_for_never_rests():
    bench = Bench(entry("a"))
    for _ in range(10):
        bench.call().fails(NotFoundError("no such model"))
    assert bench.cooling == []


def test_but_for_a_time_that_its_vendor_named():
    bench = Bench(entry("a"))
    bench.call().fails(rate_limited(700))
    assert bench.cooling == ["a"]
    bench.passes(700)
    assert bench.call().asks == "first a"


def test_a_503_with_retry_after_is_left_alone_for_that_time():
    bench = Bench(*TWO)
    bench.call().fails(ServiceUnavailableError("overloaded", retry_after=30))
    bench.passes(29)
    assert bench.call().asks == "first b"
    bench.passes(1)
    assert bench.call().asks == "first a"


def test_what_remains_is_learned_from_the_headers_of_an_answer():
    bench = Bench(*TWO)
    told = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "20s"}
    bench.call().answers(headers=told)
    assert bench.call().asks == "first b"
    bench.passes(20)
    assert bench.call().asks == "first a"


def test_tokens_are_charged_as_estimated_and_corrected_by_the_vendors_count():
    bench = Bench(entry("a", tpm=1000), entry("spare", "backup"), fallbacks=SPARE)
    call = bench.call(max_tokens=900)
    assert bench.call(max_tokens=900).asks == "fallback spare"
    call.answers(usage={"total_tokens": 50})
    assert bench.call(max_tokens=900).asks == "first a"


def test_a_usage_that_is_none_is_taken_for_unknown():
    bench = Bench(entry("a", tpm=1000))
    call = bench.call(max_tokens=100)
    call.answers(usage={"total_tokens": "many"})
    call = bench.call(max_tokens=100)
    call.answers(usage=None)
    assert call.billed[0].usage is None


def test_what_was_not_sent_costs_no_tokens():
    bench = Bench(entry("a", tpm=1000, order=1), entry("b", order=2))
    call = bench.call(max_tokens=900)
    call.refuses(NotFoundError("no key"))
    assert bench.call(max_tokens=900).asks == "first a"


def test_who_was_let_go_without_a_verdict_is_as_before():
    bench = Bench(*TWO)
    call = bench.call(stream=True)
    call.closes()
    assert call.told == ["first a let go"]
    assert (standing(bench).served, standing(bench).failed, bench.cooling) == (0, 0, [])


def test_who_was_let_go_for_its_silence_rests():
    bench = Bench(*TWO)
    call = bench.call(stream=True)
    call.is_silent()
    call.speaks(who="b")
    assert bench.cooling == ["a"]
    assert call.told == ["first a let go", "hedge b under way"]


def test_a_probe_that_is_let_go_gives_its_place_to_the_next():
    bench = Bench(*TWO)
    bench.call().fails(silence())
    bench.passes(5)
    probe = bench.call()
    assert probe.asks == "first a"
    assert bench.call().asks == "first b"
    probe.closes()
    assert bench.call().asks == "first a"


def test_a_stream_that_speaks_closes_the_breaker_before_it_ends():
    bench = Bench(*TWO)
    bench.call().fails(silence())
    bench.passes(5)
    probe = bench.call(stream=True)
    probe.speaks()
    assert bench.cooling == []
    assert bench.call().asks == "first a"


def test_a_failure_counts_among_the_calls_of_its_minute():
    bench = Bench(*TWO, allowed_fails=2)
    for _ in range(3):
        bench.call(num_retries=0).fails(DOWN)
    assert bench.cooling == ["a"]
