"""A group: who is free, who may be picked, who waits; and that what changes in that is noticed."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest

from litellm_lite.registry import ModelInfo
from litellm_lite.router.deployment import Prefill
from litellm_lite.router.groups import End
from litellm_lite.router.learning import Limits
from litellm_lite.router.shelves import likeness
from litellm_lite.router.strategies import LeastBusy
from tests.router.picking import FAILED, SERVED, Request, deployment, dice, group, picked, standing


def test_an_empty_group_has_nobody() -> None:
    empty, request = group(), Request()
    assert empty.pick(request, 1.0, dice()) is None
    assert not empty.others(request, 1.0)
    assert empty.waits(request, 1.0) is None


def test_picking_starts_nothing() -> None:
    alone = standing(max_parallel_requests=1)
    llamas = group(alone)
    assert [picked(llamas), picked(llamas)] == ["a", "a"]
    assert alone.in_flight == 0


def test_the_lowest_order_that_has_somebody_free_is_picked_from() -> None:
    first, second = standing("first", order=1, max_parallel_requests=1), standing("second", order=2)
    llamas = group(second, first)
    assert picked(llamas) == "first"
    llamas.start(first, 0.0, 1)
    assert picked(llamas) == "second"
    llamas.end(first, 0.0, SERVED)
    assert picked(llamas) == "first"


def test_whom_the_request_excludes_is_not_picked_and_stays_free_for_others() -> None:
    one, other = standing("one"), standing("other")
    llamas = group(one, other)
    assert {picked(llamas, Request(one), seed=seed) for seed in range(20)} == {"other"}
    assert picked(llamas, Request(one, other)) is None
    assert not llamas.others(Request(one, other), 0.0)
    assert {picked(llamas, seed=seed) for seed in range(20)} == {"one", "other"}


def test_a_verdict_is_asked_once_a_shelf_and_not_of_deployments() -> None:
    llamas = group(*(standing(f"{number}", params={"api_key": f"{number}"}) for number in range(50)))
    request = Request()
    assert picked(llamas, request) is not None
    assert len(request.asked) == 1


def test_shelves_that_are_refused_are_passed_over() -> None:
    llamas = group(standing("small", model="openai/small"), standing("large", model="openai/large"))
    request = Request(refuses=lambda sample: sample.model == "openai/small")
    assert {picked(llamas, request, seed=seed) for seed in range(20)} == {"large"}
    nobody = Request(refuses=lambda _: True)
    assert picked(llamas, nobody) is None
    assert llamas.waits(nobody, 0.0) is None


def test_one_that_fails_cools_and_then_gets_one_probe() -> None:
    alone = standing()
    llamas, request = group(alone), Request()
    assert llamas.start(alone, 1.0, 1) is False
    llamas.end(alone, 1.0, FAILED)
    assert picked(llamas, now=2.0) is None
    assert llamas.waits(request, 2.0) is None
    assert picked(llamas, now=6.0) == "a"
    assert llamas.start(alone, 6.0, 1) is True
    assert picked(llamas, now=7.0) is None
    llamas.end(alone, 8.0, SERVED)
    assert picked(llamas, now=8.0) == "a"


def test_an_attempt_without_a_verdict_gives_the_place_of_the_probe_back() -> None:
    alone = standing()
    llamas = group(alone)
    llamas.start(alone, 1.0, 1)
    llamas.end(alone, 1.0, FAILED)
    llamas.start(alone, 6.0, 1)
    llamas.end(alone, 7.0, End(ok=None, tokens=1))
    assert picked(llamas, now=7.0) == "a"
    assert (alone.served, alone.failed) == (0, 1)


def test_the_failures_that_an_error_is_allowed_reach_the_breaker() -> None:
    alone = standing()
    llamas = group(alone)
    llamas.start(alone, 1.0, 1)
    llamas.end(alone, 1.0, FAILED._replace(allowed_fails=1))
    assert picked(llamas, now=1.0) == "a"


def test_a_limit_per_minute_holds_and_is_over_when_the_minute_is() -> None:
    alone = standing(rpm=1)
    llamas, request = group(alone), Request()
    llamas.start(alone, 1.0, 1)
    llamas.end(alone, 2.0, SERVED)
    assert picked(llamas, now=60.9) is None
    assert llamas.waits(request, 2.0) == 61.0
    assert picked(llamas, now=61.0) == "a"


def test_where_only_the_end_of_a_call_can_tell_nobody_names_a_time() -> None:
    alone = standing(max_parallel_requests=1)
    llamas, request = group(alone), Request()
    llamas.start(alone, 1.0, 1)
    assert llamas.waits(request, 2.0) == math.inf
    llamas.end(alone, 3.0, SERVED)
    assert llamas.waits(request, 3.0) == 3.0


def test_who_has_no_room_for_a_large_call_still_takes_small_ones() -> None:
    narrow, wide = standing("narrow", tpm=100), standing("wide", tpm=1000, order=1)
    llamas = group(narrow, wide)
    llamas.start(narrow, 1.0, 60)
    assert picked(llamas, Request(tokens=50), now=1.0) == "wide"
    assert picked(llamas, Request(tokens=50), now=1.0) == "wide"
    assert picked(llamas, Request(tokens=40), now=1.0) == "narrow"
    assert picked(llamas, Request(tokens=40), now=1.0) == "narrow"
    assert picked(llamas, Request(tokens=50), now=61.0) == "narrow"


def test_each_has_room_for_calls_of_its_own_size() -> None:
    half, nearly = standing("half full", tpm=100), standing("nearly full", tpm=100)
    llamas = group(half, nearly)
    llamas.start(half, 1.0, 50)
    llamas.start(nearly, 1.0, 90)
    sizes = [picked(llamas, Request(tokens=tokens), now=1.0) for tokens in (20, 60, 40, 60, 50)]
    assert sizes == ["half full", None, "half full", None, "half full"]
    assert picked(llamas, Request(half, tokens=10), now=1.0) == "nearly full"


def test_the_crowded_are_not_looked_at_again_for_every_request() -> None:
    crowded = [standing(f"{number}", tpm=100) for number in range(64)]
    llamas = group(*crowded)
    for each in crowded:
        llamas.start(each, 1.0, 60)
    assert picked(llamas, Request(tokens=50), now=1.0) is None
    looked = Request(tokens=50)
    assert picked(llamas, looked, now=1.0) is None
    assert not looked.asked


def test_a_call_without_tokens_passes_who_has_none_left() -> None:
    alone = standing(tpm=10, max_parallel_requests=1)
    llamas = group(alone)
    assert picked(llamas, Request(tokens=5)) == "a"
    alone.pace.start(0.0, 10)  # beside the group, which finds out when it draws
    assert picked(llamas, Request(tokens=5)) is None
    assert picked(llamas, Request(tokens=0)) is None
    alone.pace.finish(0.0, 10, None, None)
    llamas.refresh(alone, 0.0)
    assert picked(llamas, Request(tokens=0)) == "a"


def test_what_a_vendor_says_remains_paces() -> None:
    alone = standing()
    llamas = group(alone)
    llamas.start(alone, 1.0, 1)
    llamas.end(alone, 2.0, SERVED._replace(told=Limits(remaining_requests=0, reset_requests_s=7.0)))
    assert picked(llamas, now=8.9) is None
    assert picked(llamas, now=9.0) == "a"


def test_weights_hold_across_shelves() -> None:
    weights = {"a": 4.0, "b": 1.0, "c": 5.0}
    llamas = group(*(standing(id, weight=weight, region="eu" if id == "a" else None) for id, weight in weights.items()))
    chance = dice(3)
    drawn = Counter(llamas.pick(Request(), 0.0, chance) for _ in range(2000))
    shares = {each.deployment.id: count / 200 for each, count in drawn.items() if each is not None}
    assert shares == {id: pytest.approx(weight, abs=0.5) for id, weight in weights.items()}
    assert llamas.pick(Request(), 0.0, lambda: 1.0) is not None  # which no dice return


def test_ranks_hold_across_shelves() -> None:
    busy, idle = standing("busy"), standing("idle", model="openai/b")
    llamas = group(busy, idle, strategy=LeastBusy())
    llamas.start(busy, 0.0, 1)
    assert picked(llamas) == "idle"


def test_the_same_dice_and_times_pick_the_same() -> None:
    def run() -> list[str]:
        llamas = group(*(standing(f"{number}", weight=number + 1.0) for number in range(9)))
        chance, ids = dice(5), []
        for moment in range(50):
            found = llamas.pick(Request(), moment, chance)
            if found is not None:
                llamas.start(found, moment, 1)
                llamas.end(found, moment, FAILED if moment % 3 else SERVED)
                ids.append(found.deployment.id)
        return ids

    assert run() == run()


def test_who_is_added_is_picked_and_who_is_removed_is_not() -> None:
    old, new = standing("old", tags=frozenset({"x"})), standing("new", order=-1)
    llamas = group(old)
    assert picked(llamas) == "old"
    llamas.add(new)
    assert picked(llamas) == "new"
    assert llamas.tags == {frozenset(), frozenset({"x"})}
    llamas.remove("new")
    assert picked(llamas) == "old"
    llamas.remove("old")
    llamas.remove("never there")
    assert picked(llamas) is None
    assert (llamas.standings, llamas.tags) == ([], set())


def test_a_cooldown_ends_though_the_group_has_changed_meanwhile() -> None:
    alone, request = standing("cooling"), Request(refuses=lambda sample: sample.order == 1)
    llamas = group(alone)
    picked(llamas)
    llamas.start(alone, 0.0, 1)
    llamas.end(alone, 0.0, FAILED)
    llamas.add(standing("new", order=1))
    assert picked(llamas, request, now=1.0) is None
    assert picked(llamas, request, now=5.0) == "cooling"


def test_an_appointment_that_was_moved_forward_is_not_kept_twice() -> None:
    alone = standing()
    llamas = group(alone)
    picked(llamas)
    llamas.start(alone, 0.0, 1)
    llamas.end(alone, 0.0, FAILED._replace(until=3000.0))
    alone.health.reset()
    llamas.start(alone, 0.0, 1)
    llamas.end(alone, 0.0, FAILED)
    assert [picked(llamas, now=now) for now in (4.0, 5.0, 3000.0)] == [None, "a", "a"]
    assert not llamas._wakes


def test_an_attempt_on_a_removed_deployment_ends_well() -> None:
    gone, left = standing("gone"), standing("left", max_parallel_requests=1)
    llamas = group(gone, left)
    picked(llamas)
    llamas.start(gone, 0.0, 1)
    llamas.start(left, 0.0, 1)
    llamas.remove("gone")
    ticket = llamas.queue.join(lambda _: True, 1)
    assert llamas.end(gone, 1.0, SERVED) is None
    assert gone.in_flight == 0
    assert picked(llamas, now=1.0) is None
    assert llamas.end(left, 2.0, SERVED) is ticket


def test_a_shelf_stays_the_same_while_it_has_members() -> None:
    one, other = standing("one"), standing("other")
    llamas = group(one)
    picked(llamas)
    shelf = one.shelf
    llamas.add(other)
    llamas.remove("one")
    assert picked(llamas) == "other"
    assert other.shelf is shelf
    assert shelf.sample is other.deployment


def test_the_end_of_a_call_serves_the_first_in_line_whom_it_suits() -> None:
    alone = standing(max_parallel_requests=1)
    llamas = group(alone)
    picked(llamas)
    llamas.start(alone, 0.0, 1)
    llamas.queue.join(lambda _: False, 1)
    second, third = llamas.queue.join(lambda _: True, 1), llamas.queue.join(lambda _: True, 1)
    assert second is not None
    assert llamas.end(alone, 1.0, SERVED) is second
    llamas.queue.leave(second)
    llamas.start(alone, 1.0, 1)
    assert llamas.end(alone, 2.0, SERVED) is third


def test_one_that_is_not_free_serves_nobody_in_line() -> None:
    alone = standing()
    llamas = group(alone)
    picked(llamas)
    llamas.start(alone, 0.0, 1)
    llamas.queue.join(lambda _: True, 1)
    assert llamas.end(alone, 1.0, FAILED) is None
    assert len(llamas.queue) == 1


def test_what_is_noted_for_later_does_not_pile_up() -> None:
    alone = standing()
    llamas = group(alone)
    for moment in range(2000):
        now = moment * 10.0
        llamas.start(alone, now, 1)
        llamas.end(alone, now, FAILED._replace(failure="rate_limited", until=now + 3600.0))
        alone.health.reset()
        llamas.start(alone, now, 1)
        llamas.end(alone, now, FAILED)
        picked(llamas, now=now + 9.0)
        alone.health.reset()
        llamas.refresh(alone, now + 9.0)
    assert len(llamas._wakes) < 50


ROW = {"max_input_tokens": 8, "supports_vision": True, "input_cost_per_token": 1}


@pytest.mark.parametrize(
    "described",
    [
        {"params": {"api_key": "other", "api_base": "https://b", "timeout": 3, "mock_response": "b"}},
        {"params": {"input_cost_per_token": 3, "extra_headers": {"x": ["y"]}}},
        {"weight": 3.0, "rpm": 9, "tpm": 9, "max_parallel_requests": 2, "info": {"id": "other"}},
        {"row": ModelInfo("k", "openai", "llama", {**ROW, "input_cost_per_token": 2})},
    ],
)
def test_what_does_not_decide_who_may_serve_keeps_them_on_one_shelf(described: dict[str, Any]) -> None:
    plain = deployment(row=ModelInfo("k", "openai", "llama", dict(ROW)))
    assert likeness(deployment("b", **{"row": plain.row, **described})) == likeness(plain)


@pytest.mark.parametrize(
    "described",
    [
        {"order": 1},
        {"tags": frozenset({"paid"})},
        {"region": "eu"},
        {"model": "openai/other"},
        {"provider": "meta_llama"},
        {"prefill": Prefill({"prefix": True})},
        {"row": ModelInfo("k", "openai", "llama", {"max_input_tokens": 9})},
        {"row": ModelInfo("k", "openai", "llama", {"image_rules": {"formats": ["png"]}})},
        {"info": {"supports_vision": False}},
        {"params": {"extra_body": {"a": [1]}}},
        {"params": {"additional_drop_params": {"tools"}}},
    ],
)
def test_what_decides_who_may_serve_parts_them(described: dict[str, Any]) -> None:
    assert likeness(deployment("b", **described)) != likeness(deployment())
    assert likeness(deployment("b", **described)) == likeness(deployment("c", **described))


def test_what_cannot_be_compared_is_only_like_itself() -> None:
    class Odd:
        __hash__ = None  # type: ignore[assignment]

    odd = Odd()
    assert likeness(deployment(params={"x": odd})) == likeness(deployment(params={"x": odd}))
    assert likeness(deployment(params={"x": odd})) != likeness(deployment(params={"x": Odd()}))
