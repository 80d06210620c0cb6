"""Who is chosen: by order, by weight, by each strategy's name, by a class of one's own; seeded, at scripted servers."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from litellm_lite import BadRequestError, Router, ServiceUnavailableError, Strategy
from litellm_lite.router.standing import Standing
from litellm_lite.router.strategies import STRATEGIES
from tests.calls import MESSAGES, MODES
from tests.router.routing import Wires, ask, listen, place, served
from tests.wire import Pause, Wire, completion, completion_body, problem, reply

both = pytest.mark.parametrize("mode", MODES)


def choices(mode: str, router: Router, count: int = 30, **params: Any) -> list[str]:
    return [served(ask(mode, router, **params)) for _ in range(count)]


def used(tokens: int) -> Any:
    usage = {"prompt_tokens": tokens, "completion_tokens": 0, "total_tokens": tokens}
    return reply(completion_body(usage=usage))


# Order, weights, seed


@both
def test_the_same_seed_makes_the_same_choices(mode: str, wire: Wire) -> None:
    def made(seed: int) -> list[str]:
        return choices(mode, Router([place(wire, id) for id in "abcd"], seed=seed))

    assert made(7) == made(7)
    assert made(7) != made(8)
    assert set(made(7)) == set("abcd")


def test_both_colours_choose_alike(wire: Wire) -> None:
    entries = [place(wire, id, "chat", weight=ord(id)) for id in "abcd"]
    assert choices("sync", Router(entries, seed=3)) == choices("async", Router(entries, seed=3))


@both
@pytest.mark.parametrize("by", ["weight", "rpm", "tpm"])
def test_who_has_more_of_it_is_chosen_as_much_more_often(mode: str, by: str, wire: Wire) -> None:
    entries = [place(wire, "a", **{by: 9_000_000}), place(wire, "b", **{by: 1_000_000})]
    counted = Counter(choices(mode, Router(entries, seed=1), 100))
    assert 80 <= counted["a"] <= 97


@both
def test_a_higher_order_is_asked_only_where_no_lower_one_is_free(mode: str, new_wire: Wires) -> None:
    first, second = new_wire(), new_wire()
    entries = [place(second, "c"), place(second, "b", order=2), place(first, "a", order=1)]
    router = Router(entries, seed=1)
    assert set(choices(mode, router, 10)) == {"a"}
    first.answers(problem(401, "No"))
    assert [served(ask(mode, router)) for _ in range(3)] == ["b"] * 3


# By name


def test_these_are_the_names() -> None:
    for name in STRATEGIES:
        Router([place()], routing_strategy=name)
    with pytest.raises(BadRequestError, match="must be one of 'simple-shuffle', 'least-busy'"):
        Router([place()], routing_strategy="round-robin")
    with pytest.raises(BadRequestError, match="routing_strategy_args has 'ttl', and 'least-busy' takes none"):
        Router([place()], routing_strategy="least-busy", routing_strategy_args={"ttl": 1})


def test_least_busy_is_whoever_has_the_fewest_calls_under_way(new_wire: Wires) -> None:
    one, two, gate = new_wire(), new_wire(), threading.Event()
    one.answers([Pause(gate), *completion()])
    router = Router([place(one, order=1), place(two, "b", order=1)], routing_strategy="least-busy")
    thread = threading.Thread(target=ask, args=("sync", router, "a"))
    thread.start()
    one.wait_for_requests(1)
    assert choices("sync", router, 5) == ["b"] * 5
    gate.set()
    thread.join(5)
    assert set(choices("sync", router, 4)) == {"a", "b"}


@both
@pytest.mark.parametrize("stream", [False, True])
def test_latency_based_is_whoever_was_fastest_lately(mode: str, stream: bool, new_wire: Wires) -> None:
    slow, fast = new_wire(), new_wire()
    slow.answers([Pause(0.05), *completion()])
    if stream:
        slow.answers(lambda request: [Pause(0.05), *fast._answers[0](request)])  # type: ignore[operator] # it is one
    router = Router([place(slow), place(fast, "b")], routing_strategy="latency-based-routing")
    chosen = [(listen(mode, router).stream if stream else ask(mode, router)).hidden_params["model_id"] for _ in "12345"]
    assert sorted(chosen[:2]) == ["a", "b"]
    assert chosen[2:] == ["b"] * 3


@both
@pytest.mark.parametrize("name", ["usage-based-routing", "usage-based-routing-v2"])
def test_usage_based_is_whoever_has_used_the_least_of_what_it_may(mode: str, name: str, new_wire: Wires) -> None:
    small, large = new_wire(), new_wire()
    small.answers(used(100))
    large.answers(used(100))
    entries = [place(small, tpm=10_000), place(large, "b", tpm=30_000)]
    counted = Counter(choices(mode, Router(entries, routing_strategy=name), 40))
    assert 27 <= counted["b"] <= 33


@both
def test_cost_based_is_the_cheapest_and_unknown_prices_come_last(mode: str, new_wire: Wires) -> None:
    wires = {id: new_wire() for id in "abc"}
    prices = {"a": {}, "b": {"input_cost_per_token": 2e-6}, "c": {"input_cost_per_token": 1e-6}}
    entries = [
        place(wires[id], id, **own, **({"output_cost_per_token": 1e-6} if own else {})) for id, own in prices.items()
    ]
    router = Router(entries, routing_strategy="cost-based-routing")
    assert choices(mode, router, 3) == ["c"] * 3
    wires["c"].answers(problem(401, "No"))
    assert choices(mode, router, 2) == ["b"] * 2
    wires["b"].answers(problem(401, "No"))
    assert choices(mode, router, 2) == ["a"] * 2


# A class of one's own


class Nearest(Strategy):
    """One small class: the lowest rank is called first."""

    def rank(self, standing: Standing, now: float) -> int:
        return {"near": 1, "far": 9000}[standing.deployment.info["place"]]


class OfTheTeam(Strategy):
    """Another: any choice among those that are free."""

    def choose(self, standings: Sequence[Standing], ask: Any) -> Standing | None:
        team = (ask.params.get("metadata") or {}).get("team")
        return next((each for each in standings if each.deployment.info.get("team") == team), None)


@both
def test_a_class_that_ranks(mode: str, new_wire: Wires) -> None:
    near, far = new_wire(), new_wire()
    entries = [place(far, "far", info={"place": "far"}), place(near, "near", info={"place": "near"})]
    router = Router(entries, routing_strategy=Nearest())
    assert choices(mode, router, 3) == ["near"] * 3
    near.answers(problem(401, "No"))
    assert choices(mode, router, 2) == ["far"] * 2
    told = router.explain("chat", MESSAGES)
    assert (told.candidates[0].deployment, told.candidates[0].why) == ("far", "chosen by Nearest")


@both
def test_a_class_that_chooses(mode: str, wire: Wire) -> None:
    entries = [place(wire, id, "chat", info={"team": id}) for id in "abc"]
    router = Router(entries, routing_strategy=OfTheTeam())
    assert choices(mode, router, 3, metadata={"team": "b"}) == ["b"] * 3
    assert sorted(choices(mode, router, 3)) == ["a", "b", "c"]  # None leaves it to who was used longest ago


@both
def test_a_choice_of_nobody_is_an_error_and_not_a_guess(mode: str, wire: Wire) -> None:
    class Stranger(Strategy):
        def choose(self, standings: Sequence[Standing], ask: Any) -> Any:
            return "somebody"

    router = Router([place(wire)], routing_strategy=Stranger())
    with pytest.raises(BadRequestError, match=r"Stranger\.choose returned 'somebody'"):
        ask(mode, router)
    assert wire.requests == []


@both
def test_what_a_strategy_of_ones_own_raises_comes_through_and_holds_nothing_up(mode: str, wire: Wire) -> None:
    class Broken(Strategy):
        broken = True

        def choose(self, standings: Sequence[Standing], ask: Any) -> Standing:
            if self.broken:
                raise ZeroDivisionError
            return standings[0]

    strategy = Broken()
    router = Router([place(wire)], routing_strategy=strategy)
    with pytest.raises(ZeroDivisionError):
        ask(mode, router)
    strategy.broken = False
    assert served(ask(mode, router)) == "a"
    assert router.get_deployments()[0]["in_flight"] == 0


# What LiteLLM's set_custom_routing_strategy takes


class Theirs:
    """Has the two methods of LiteLLM's CustomRoutingStrategyBase, and chooses as its documentation shows."""

    def __init__(self, router: Router | None = None, team: str = "b") -> None:
        self.router, self.team, self.asked = router, team, list[Mapping[str, Any]]()

    async def async_get_available_deployment(self, model: str, **given: Any) -> Any:
        raise NotImplementedError

    def get_available_deployment(
        self,
        model: str,
        messages: list[dict[str, str]] | None = None,
        input: str | list[Any] | None = None,
        specific_deployment: bool | None = False,
        request_kwargs: dict[str, Any] | None = None,
    ) -> Any:
        self.asked.append({"model": model, "messages": messages, "request_kwargs": request_kwargs})
        if self.router is None:
            return None
        entries = self.router.model_list
        return next((entry for entry in entries if entry["model_info"].get("team") == self.team), None)


@both
def test_a_strategy_of_litellms_kind_chooses_an_entry_of_the_model_list(mode: str, new_wire: Wires) -> None:
    one, two = new_wire(), new_wire()
    theirs = Theirs()
    router = Router([place(one, info={"team": "a"}), place(two, "b", info={"team": "b"})], routing_strategy=theirs)
    theirs.router = router
    assert choices(mode, router, 4, temperature=0.5) == ["b"] * 4
    assert theirs.asked[0] == {"model": "chat", "messages": MESSAGES, "request_kwargs": {"temperature": 0.5}}
    two.answers(problem(401, "No"))
    assert choices(mode, router, 2) == ["a"] * 2  # it still says b, which is cooling


@both
def test_where_it_chooses_nobody_the_one_used_longest_ago_is_called(mode: str, wire: Wire) -> None:
    router = Router([place(wire, id) for id in "abc"], routing_strategy=Theirs())
    assert sorted(choices(mode, router, 3)) == ["a", "b", "c"]


@both
@pytest.mark.parametrize(
    "chosen", ["a", {"litellm_params": {"api_key": "sk-canary"}}, {"model_info": None}, 7], ids=repr
)
def test_what_is_no_entry_of_the_model_list_is_refused(mode: str, chosen: Any, wire: Wire) -> None:
    class Confused:
        def get_available_deployment(self, **_: Any) -> Any:
            return chosen

    with pytest.raises(
        BadRequestError, match=r"Confused\.get_available_deployment returned .*get_model_list"
    ) as caught:
        ask(mode, Router([place(wire)], routing_strategy=Confused()))
    assert (wire.requests, "sk-canary" in str(caught.value)) == ([], False)


@pytest.mark.parametrize("given", [Nearest, Theirs, 7, object(), {"rank": 1}], ids=repr)
def test_a_class_instead_of_an_instance_and_anything_else_is_refused(given: Any) -> None:
    with pytest.raises(BadRequestError, match=r"routing_strategy must be one of .* or a Strategy"):
        Router([place()], routing_strategy=given)


def test_one_strategy_serves_all_groups_and_loops(wire: Wire) -> None:
    router = Router(
        [place(wire, "a", "x"), place(wire, "b", "y")], routing_strategy="least-busy", fallbacks=[{"x": ["y"]}]
    )

    async def several() -> set[str]:
        calls = (router.acompletion(name, MESSAGES) for name in ["x", "y"] * 10)
        return {served(answer) for answer in await asyncio.gather(*calls)}

    assert asyncio.run(several()) == asyncio.run(several()) == {"a", "b"}


@both
def test_nobody_is_chosen_twice_for_one_call_while_others_are_free(mode: str, wire: Wire) -> None:
    wire.answers(problem(429, "Slow"))
    for name in STRATEGIES:
        router = Router([place(wire, id) for id in "abc"], routing_strategy=name, num_retries=2, timeout=1)
        with pytest.raises(Exception, match="3 attempts failed") as caught:
            ask(mode, router)
        assert sorted(each.deployment.id for each in getattr(caught.value, "attempts", ())) == ["a", "b", "c"]


@both
def test_all_of_them_cooling_is_said_with_the_time_to_come_back(mode: str, wire: Wire) -> None:
    wire.answers(problem(401, "No"))
    router = Router([place(wire, id) for id in "ab"], cooldown_time=30)
    with pytest.raises(Exception, match="2 attempts failed"):
        ask(mode, router)
    with pytest.raises(ServiceUnavailableError, match=r"no deployment can be called now, try again in \d") as caught:
        ask(mode, router)
    assert caught.value.retry_after == pytest.approx(30, abs=2)
    assert len(wire.requests) == 2


def test_a_strategy_may_be_set_later_as_in_litellm() -> None:
    class Last(Strategy):
        def rank(self, standing: Standing, now: float) -> int:
            return -int(standing.deployment.id)

    places = [{"model": "openai/m", "mock_response": str(number)} for number in range(5)]
    router = Router(
        [
            {"model_name": "chat", "litellm_params": params, "model_info": {"id": params["mock_response"]}}
            for params in places
        ]
    )
    router.set_custom_routing_strategy(Last())
    assert router.completion("chat", MESSAGES).choices[0].message.content == "4"
