"""Where a call goes after a group has failed it: each kind of failure has its list, and no group is visited twice."""

from __future__ import annotations

import pytest

from litellm_lite.errors import (
    BadRequestError,
    ContentPolicyViolationError,
    ContextWindowExceededError,
    PaymentRequiredError,
    ServiceUnavailableError,
)
from litellm_lite.router.steps import Attempt, Pause
from tests.router.by_hand import Bench, entry

DOWN = ServiceUnavailableError("down")
GROUPS = tuple(entry(name, name) for name in ("main", "b", "c", "d", "long", "lenient"))


def visited(call, error=DOWN, **errors):
    """Fail every attempt, and return the groups in the order in which they were come to."""
    while call.step is not None:
        if isinstance(call.step, Pause):
            call.waits()
            continue
        assert isinstance(call.step, Attempt)
        call.fails(errors.get(call.step.deployment.id, error))
    return list(dict.fromkeys(call.asked))


def test_a_group_is_followed_by_its_fallbacks_in_their_order():
    assert visited(Bench(*GROUPS, fallbacks=[{"main": ["c", "b"]}]).call()) == ["main", "c", "b"]


def test_a_fallback_that_fails_leads_to_its_own_fallbacks_behind_those_planned():
    bench = Bench(*GROUPS, fallbacks=[{"main": ["b", "c"]}, {"b": ["d"]}])
    assert visited(bench.call()) == ["main", "b", "c", "d"]


def test_a_group_is_visited_once():
    bench = Bench(*GROUPS, fallbacks=[{"main": ["b", "c"]}, {"b": ["c"]}])
    assert visited(bench.call()) == ["main", "b", "c"]


def test_default_fallbacks_are_for_groups_without_their_own():
    bench = Bench(*GROUPS, fallbacks=[{"main": ["b"]}], default_fallbacks=["d"])
    assert visited(bench.call()) == ["main", "b", "d"]
    assert visited(bench.call("c")) == ["c", "d"]


def test_fallbacks_of_any_group_do_not_lead_back():
    assert visited(Bench(*GROUPS, fallbacks=[{"*": ["main", "b"]}]).call()) == ["main", "b"]


@pytest.mark.parametrize(("most", "expected"), [(0, ["main"]), (1, ["main", "b"]), (2, ["main", "b", "c"])])
def test_no_more_groups_are_come_to_than_allowed(most, expected):
    bench = Bench(*GROUPS, fallbacks=[{"main": ["b", "c", "d"]}], max_fallbacks=most)
    assert visited(bench.call()) == expected


def test_a_stream_is_not_hedged_at_a_fallback_that_it_may_not_come_to():
    bench = Bench(*GROUPS, fallbacks=[{"main": ["b"]}], max_fallbacks=0)
    assert bench.call(stream=True).attempt().silent_s is None
    call = bench.call(stream=True)
    call.speaks()
    call.breaks("the old fox")
    assert call.asked == ["main"]


def test_a_prompt_that_is_too_long_goes_to_its_own_fallbacks_before_the_generic_ones():
    info = {"max_input_tokens": 1_000_000}
    groups = [entry("main", "main"), entry("long", "long"), entry("b", "b", info=info)]
    bench = Bench(*groups, fallbacks=[{"main": ["b"]}], context_window_fallbacks=[{"main": ["long"]}])
    too_long = ContextWindowExceededError("too long")
    assert visited(bench.call(), main=too_long, long=DOWN) == ["main", "long", "b"]


def test_one_that_is_too_long_for_a_fallback_goes_to_that_ones_larger_window_first():
    groups = [entry("main", "main"), entry("long", "long"), *(entry(n, n) for n in "bc")]
    bench = Bench(*groups, fallbacks=[{"main": ["b", "c"]}], context_window_fallbacks=[{"b": ["long"]}])
    call = bench.call()
    assert visited(call, b=ContextWindowExceededError("too long")) == ["main", "b", "long"]
    assert "has no known window" in str(call.failure)


def test_refused_content_leaves_all_plans_but_those_for_it():
    bench = Bench(*GROUPS, fallbacks=[{"main": ["b", "c"]}], content_policy_fallbacks=[{"b": ["lenient"]}])
    assert visited(bench.call(), b=ContentPolicyViolationError("refused")) == ["main", "b", "lenient"]


def test_a_request_that_is_wrong_goes_nowhere_else():
    bench = Bench(*GROUPS, fallbacks=[{"main": ["b"]}], default_fallbacks=["c"])
    call = bench.call()
    call.fails(BadRequestError("temperature must be below 2"))
    assert call.asked == ["main"]
    assert isinstance(call.failure, BadRequestError)


def test_the_call_may_name_fallbacks_of_its_own_in_the_place_of_the_configured_ones():
    settings = {"fallbacks": [{"main": ["b"]}]}
    assert visited(Bench(*GROUPS, **settings).call(fallbacks=["c", "d"])) == ["main", "c", "d"]
    assert visited(Bench(*GROUPS, **settings).call(fallbacks=[])) == ["main"]


def test_a_fallback_may_say_what_differs_there():
    bench = Bench(*GROUPS)
    call = bench.call(fallbacks=[{"model": "c", "temperature": 0}])
    assert call.attempt().overrides is None
    call.fails(PaymentRequiredError("no credit left"))
    assert call.asks == "fallback c"
    assert call.attempt().overrides == {"temperature": 0}


def test_disable_fallbacks_disables_them_of_all_kinds():
    bench = Bench(
        *GROUPS,
        fallbacks=[{"main": ["b"]}],
        context_window_fallbacks=[{"main": ["long"]}],
        content_policy_fallbacks=[{"main": ["lenient"]}],
    )
    for error in (DOWN, ContextWindowExceededError("no"), ContentPolicyViolationError("no")):
        assert visited(bench.call(disable_fallbacks=True), error) == ["main"]
        bench.router.reset()


def test_a_fallback_that_was_taken_out_meanwhile_is_passed_over():
    bench = Bench(*GROUPS, fallbacks=[{"main": ["b", "c"]}])
    call = bench.call()
    bench.router.delete_deployment("b")
    assert visited(call) == ["main", "c"]


def test_all_ways_are_told_with_what_leads_there():
    bench = Bench(
        *GROUPS,
        fallbacks=[{"main": ["b"]}],
        context_window_fallbacks=[{"main": ["long", "b"]}],
        content_policy_fallbacks=[{"main": ["lenient"]}],
    )
    told = [(stop.group.name, why) for stop, why in bench.call().route.itinerary.all()]
    assert told == [
        ("main", ""),
        ("b", "after any failure: "),
        ("long", "if the prompt is too long: "),
        ("lenient", "if the content is refused: "),
    ]
