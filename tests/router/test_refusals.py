"""The errors of a Router: each names the thing and the remedy, and the last one holds everything."""

from __future__ import annotations

import pytest

from litellm_lite.errors import (
    AuthenticationError,
    BadRequestError,
    ContextWindowExceededError,
    Partial,
    RateLimitError,
    ServiceUnavailableError,
    Timeout,
)
from litellm_lite.router.request import planned
from tests.router.by_hand import MESSAGES, ONE_FALLBACK, SPARE, Bench, ByHand, entry, rate_limited, silence

IMAGE = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.invalid/a.png"}}]}]
BLIND = {"supports_vision": False}


def test_one_failure_is_raised_as_it_is():
    call = Bench(entry("only")).call()
    error = AuthenticationError("openai: the key is not valid")
    call.fails(error)
    assert call.error is error
    assert [record.error for record in error.attempts] == [error]
    assert error.__cause__ is None


def test_several_failures_are_one_error_of_the_first_groups_class_with_all_of_them():
    call = Bench(*ONE_FALLBACK, fallbacks=SPARE).call()
    first = AuthenticationError("the key is not valid", "openai", "of-primary", request_id="r-1", body={"why": "so"})
    call.fails(first)
    call.fails(ServiceUnavailableError("down"))
    call.waits()
    call.fails(ServiceUnavailableError("down"))
    call.waits()
    call.fails(ServiceUnavailableError("still down"))
    error = call.failure
    assert isinstance(error, AuthenticationError)
    assert error.__cause__ is first
    assert (error.provider, error.model, error.status, error.request_id) == ("openai", "of-primary", 401, "r-1")
    assert error.body == {"why": "so"}
    assert [type(record.error).__name__ for record in error.attempts] == [
        "AuthenticationError",
        *["ServiceUnavailableError"] * 3,
    ]
    assert str(error).startswith("'main': 4 attempts failed: 1. openai/of-primary (primary): AuthenticationError: ")
    assert "4. openai/of-spare (spare): ServiceUnavailableError: still down" in str(error)


def test_the_class_is_that_of_the_groups_last_failure():
    call = Bench(entry("a", order=1), entry("b", order=2)).call()
    call.fails(AuthenticationError("no"))
    assert call.asks == "failover b"
    call.fails(BadRequestError("temperature must be below 2"))
    assert isinstance(call.failure, BadRequestError)


def test_a_partial_goes_along_to_the_error_of_all():
    call = Bench(*ONE_FALLBACK, fallbacks=SPARE).call()
    call.fails(Timeout("too late", partial=Partial("the old", {0: "the old"}, None)))
    call.fails(silence())
    assert call.failure.partial is not None
    assert call.failure.partial.text == "the old"


def test_retry_after_is_the_least_that_any_named_where_all_named_one():
    call = Bench(entry("a", order=1), entry("b", order=2), timeout=5).call()
    call.fails(rate_limited(7))
    call.fails(rate_limited(6))
    assert call.failure.retry_after == 6


def test_retry_after_is_the_first_groups_where_not_all_named_one():
    call = Bench(entry("a", order=1), entry("b", order=2), timeout=5, num_retries=1).call()
    call.fails(rate_limited(7))
    call.fails(ServiceUnavailableError("down"))
    assert call.failure.retry_after is None


def test_all_cooling_is_told_with_when_and_why():
    bench = Bench(entry("a"), entry("b"))
    call = bench.call()
    call.fails(AuthenticationError("no"))
    call.fails(AuthenticationError("no"))
    error = bench.call().failure
    assert isinstance(error, ServiceUnavailableError)
    assert error.retry_after == pytest.approx(5)
    assert error.attempts == ()
    assert "no deployment can be called now, try again in 5.0 s: a (openai/of-a): cooling for 5.0 s" in str(error)


def test_of_many_that_cool_ten_are_named():
    bench = Bench(*(entry(f"d{n}") for n in range(30)))
    for standing in bench.fleet.standings.values():
        standing.health.failure(bench.now, "unusable", lone=False)
        bench.fleet.groups["main"].refresh(standing, bench.now)
    assert str(bench.call().failure).count("openai/of-d") == 10


def test_while_a_probe_is_under_way_nobody_can_say_when():
    bench = Bench(entry("a"), entry("b"))
    call = bench.call()
    call.fails(AuthenticationError("no"))
    call.fails(AuthenticationError("no"))
    bench.passes(5)
    probes = [bench.call(), bench.call()]
    assert [probe.asks for probe in probes] == ["first a", "first b"]
    error = bench.call().failure
    assert error.retry_after is None
    assert "try again" not in str(error)


def test_who_cannot_serve_is_listed_with_the_reason_and_nothing_is_sent():
    call = Bench(entry("a", info=BLIND), entry("b", info=BLIND)).call(messages=IMAGE)
    assert isinstance(call.failure, BadRequestError)
    assert "nothing was sent" in str(call.failure)
    assert [(id, why) for id, _, why in call.failure.candidates] == [("a", "takes no images"), ("b", "takes no images")]


def test_a_fallback_that_can_serve_is_asked_where_the_group_cannot():
    bench = Bench(entry("primary", info=BLIND), entry("spare", "backup"), fallbacks=SPARE)
    call = bench.call(messages=IMAGE)
    assert call.asks == "fallback spare"
    call.answers()
    assert call.asked == ["spare"]


def test_where_no_fallback_can_either_one_error_lists_all_of_them():
    bench = Bench(entry("primary", info=BLIND), entry("spare", "backup", info=BLIND), fallbacks=SPARE)
    error = bench.call(messages=IMAGE).failure
    assert isinstance(error, BadRequestError)
    assert [id for id, _, _ in error.candidates] == ["primary", "spare"]
    assert str(error).count("'main': ") == 1
    assert "'backup': " in str(error)


def test_a_prompt_for_no_window_is_a_context_error():
    bench = Bench(entry("a", info={"max_input_tokens": 10}))
    call = bench.call(messages=[{"role": "user", "content": "words " * 100}])
    assert isinstance(call.failure, ContextWindowExceededError)


def test_the_deadline_is_told_once_however_many_groups_it_kept_from_being_asked():
    entries = [entry("primary"), *(entry(f"s{n}", f"backup{n}") for n in range(3))]
    bench = Bench(*entries, fallbacks=[{"main": ["backup0", "backup1", "backup2"]}], timeout=30)
    call = bench.call()
    call.fails(silence(), after=30)
    assert isinstance(call.failure, Timeout)
    assert str(call.failure).count("the deadline of 30 s has passed; raise timeout=") == 1
    assert call.asked == ["primary"]


def test_a_group_whose_deployments_were_taken_out_on_the_way_says_so():
    bench = Bench(entry("a"))
    call = bench.call()
    bench.router.delete_deployment("a")
    call.fails(rate_limited())
    assert isinstance(call.failure, RateLimitError)


@pytest.mark.parametrize("asked", ["main", "a"])
def test_a_call_that_comes_too_late_for_a_deployment_says_so(asked):
    bench = Bench(entry("a"), *([entry("b")] if asked == "a" else []))
    route = planned(bench.fleet, asked, MESSAGES, {}, stream=False).route
    bench.router.delete_deployment("a")
    call = ByHand(bench, route)
    assert isinstance(call.failure, ServiceUnavailableError)
    assert "were taken out meanwhile" in str(call.failure)


def test_no_key_is_in_any_of_them():
    bench = Bench(*(entry(name, api_key="CANARY-" + name) for name in ("a", "b")))
    call = bench.call()
    call.fails(AuthenticationError("no"))
    call.fails(AuthenticationError("no"))
    for told in (str(call.failure), repr(call.failure.attempts), str(bench.call().failure)):
        assert "CANARY" not in told
