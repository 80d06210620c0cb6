"""`Router.explain`: what the next call would do, with nothing sent, and then the call does it."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from litellm_lite import APIError, BadRequestError, Explanation, Router
from litellm_lite.registry import register_model, registry
from litellm_lite.router.clock import Clock
from litellm_lite.router.strategies import STRATEGIES
from tests.calls import MESSAGES, MODES
from tests.router.routing import Wires, ask, listen, place, served
from tests.wire import Pause, Wire, completion, problem

both = pytest.mark.parametrize("mode", MODES)
KEYS = ("sk-canary-first-1f4d9a", "sk-canary-second-b0c9e1")
TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}


def order(told: Explanation) -> list[str]:
    return [each.deployment for each in told.candidates if each.tried]


def way(mode: str, router: Router, model: str = "chat", **params: Any) -> list[str]:
    """The deployments that a call really went to, each once."""
    try:
        attempts = ask(mode, router, model, **params).hidden_params["attempts"]
    except APIError as error:
        attempts = error.attempts
    return list(dict.fromkeys(attempt.deployment.id for attempt in attempts))


@both
def test_the_first_is_whom_the_next_call_goes_to(mode: str, wire: Wire) -> None:
    router = Router([place(wire, id, weight=ord(id)) for id in "abcdef"], seed=5)
    for _ in range(30):
        told = router.explain("chat", MESSAGES)
        assert order(told)[0] == served(ask(mode, router))
    assert len(wire.requests) == 30


@both
@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_the_order_is_that_in_which_the_next_call_goes_on_when_all_fail(mode: str, status: int, wire: Wire) -> None:
    wire.answers(problem(status, "Trouble"))
    for seed in range(4):
        entries = [place(wire, id, weight=1 + ord(id) % 3) for id in "abcdef"] + [place(wire, "z", "spare")]
        router = Router(
            entries, seed=seed, num_retries=20, fallbacks=[{"chat": ["spare"]}], clock=Clock(speed=1000), timeout=10_000
        )
        expected = order(router.explain("chat", MESSAGES))
        assert sorted(expected) == list("abcdefz")
        assert way(mode, router) == expected, seed


@both
@pytest.mark.parametrize("name", STRATEGIES)
def test_so_it_is_with_every_strategy(mode: str, name: str, new_wire: Wires) -> None:
    wires = {id: new_wire() for id in "abcd"}
    prices = {"input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6}
    entries = [place(wires[id], id, rpm=1000 * ord(id), **(prices if id != "b" else {})) for id in "abcd"]
    router = Router(entries, routing_strategy=name, seed=2, num_retries=9, clock=Clock(speed=1000), timeout=10_000)
    for _ in range(6):
        ask(mode, router)
    for wire in wires.values():
        wire.answers(problem(503, "Down"))
    expected = order(router.explain("chat", MESSAGES))
    assert (sorted(expected), way(mode, router)) == (list("abcd"), expected)


@both
def test_asking_twice_changes_nothing(mode: str, wire: Wire) -> None:
    router = Router([place(wire, id) for id in "abcd"], seed=5)
    twin = Router([place(wire, id) for id in "abcd"], seed=5)
    for _ in range(5):
        router.explain("chat", MESSAGES)
        router.explain("chat", MESSAGES, stream=True)
    assert [served(ask(mode, router)) for _ in range(10)] == [served(ask(mode, twin)) for _ in range(10)]


@both
@pytest.mark.parametrize("stream", [False, True])
def test_the_request_is_the_one_that_is_sent(mode: str, stream: bool, wire: Wire) -> None:
    router = Router(
        [place(wire, temperature=0.5, extra_headers={"X-Own": "7"})], default_litellm_params={"top_p": 0.25}
    )
    params: dict[str, Any] = {"seed": 3, "user": "me", "max_tokens": 9}
    told = router.explain("chat", MESSAGES, stream=stream, **params).candidates[0]
    assert wire.connections == 0
    (listen if stream else ask)(mode, router, **params)
    assert told.body == wire.last.json
    assert told.body_text.encode() == wire.last.body
    assert (told.method, told.url) == ("POST", f"{wire.url}/v1/chat/completions")
    sent = {name.lower(): value for name, value in told.headers.items()}
    assert sent["x-own"] == wire.last.headers["x-own"]
    assert sent["authorization"] == "Bearer [redacted]"
    assert {each.name: each.given_by for each in told.parameters}["temperature"] == "the deployment"


def test_the_larger_one_and_those_for_content_stand_behind_with_what_leads_there(wire: Wire) -> None:
    entries = [place(wire, group, group) for group in ("chat", "spare", "larger", "milder", "last")]
    router = Router(
        entries,
        fallbacks=[{"chat": ["spare", {"model": "last", "temperature": 0.1}]}],
        context_window_fallbacks=[{"chat": ["larger", "spare"]}],
        content_policy_fallbacks=[{"chat": ["milder"]}],
    )
    told = router.explain("chat", MESSAGES, temperature=0.9)
    assert [(each.group, each.why) for each in told.candidates] == [
        ("chat", "chosen by simple-shuffle"),
        ("spare", "after any failure: chosen by simple-shuffle"),
        ("last", "after any failure: chosen by simple-shuffle"),
        ("larger", "if the prompt is too long: chosen by simple-shuffle"),
        ("milder", "if the content is refused: chosen by simple-shuffle"),
    ]
    assert [each.body["temperature"] for each in told.candidates[:3]] == [0.9, 0.9, 0.1]
    own = router.explain("chat", MESSAGES, fallbacks=["larger"])
    assert [each.group for each in own.candidates][:2] == ["chat", "larger"]
    assert [each.group for each in router.explain("chat", MESSAGES, disable_fallbacks=True).candidates] == ["chat"]
    assert wire.connections == 0


def test_each_says_why_it_would_not_be_asked(new_wire: Wires) -> None:
    registry().reset()
    register_model({"openai/blunt": {"litellm_provider": "openai", "supports_function_calling": False}})
    well, refusing, busy, gate = new_wire(), new_wire(), new_wire(), threading.Event()
    refusing.answers(problem(401, "No"))
    router = Router(
        [
            place(well),
            place(refusing, "cooling"),
            place(busy, "busy", max_parallel_requests=1),
            place(well, "blunt", model="openai/blunt"),
        ]
    )
    while not refusing.requests:
        ask("sync", router)
    busy.answers([Pause(gate), *completion()])
    count = len(busy.requests)
    thread = threading.Thread(target=ask, args=("sync", router, "busy"))
    thread.start()
    busy.wait_for_requests(count + 1)
    told = {each.deployment: each for each in router.explain("chat", MESSAGES, tools=[TOOL]).candidates}
    gate.set()
    thread.join(5)
    registry().reset()
    assert list(told) == ["a", "cooling", "busy", "blunt"]
    assert told["a"].tried
    assert (told["blunt"].verdict, told["blunt"].waiting) == ("calls no tools", None)
    assert (told["cooling"].waiting or "").startswith("cooling for ")
    assert told["busy"].waiting == "1 under way, 1 at a time allowed"
    text = router.explain("chat", MESSAGES).text()
    assert "Would not be tried now: cooling for" in text


def test_an_id_is_told_alone_and_a_name_that_leads_nowhere_is_refused(wire: Wire) -> None:
    router = Router([place(wire, id) for id in "abc"])
    assert [each.deployment for each in router.explain("b", MESSAGES).candidates] == ["b"]
    with pytest.raises(BadRequestError, match="no model group 'nobody'"):
        router.explain("nobody", MESSAGES)
    with pytest.raises(BadRequestError, match="api_key belongs to one deployment"):
        router.explain("chat", MESSAGES, api_key="sk-canary")


def test_a_wildcard_is_told_with_the_model_that_is_meant(wire: Wire) -> None:
    [told] = Router([place(wire, "w", "openai/*", model="openai/*")]).explain("openai/gpt-9", MESSAGES).candidates
    assert (told.model, told.body["model"], told.group) == ("gpt-9", "gpt-9", "openai/*")


def test_what_the_vendors_cannot_be_sent_is_told_of_each() -> None:
    told = Router([place(), place(None, "b")]).explain("chat", MESSAGES, temperature=float("nan"))
    assert told.refused
    assert all("temperature must be a finite number" in (each.refused or "") for each in told.candidates)


@pytest.mark.parametrize("messages", [[], "Hi", [{"content": "Hi"}], [7]])
def test_messages_that_are_none_are_told_and_not_raised(messages: Any) -> None:
    assert Router([place()]).explain("chat", messages).refused


def test_no_secret_of_one_deployment_is_shown_anywhere() -> None:
    entries = [
        place(None, "a", api_key=KEYS[0], extra_headers={"X-Auth": KEYS[1]}, extra_body={"again": KEYS[0]}),
        place(None, "b", "spare", api_key=KEYS[1]),
    ]
    router = Router(entries, fallbacks=[{"chat": ["spare"]}])
    told = router.explain("chat", [{"role": "user", "content": f"My keys: {' '.join(KEYS)}"}], user=KEYS[1])
    for text in (str(told), repr(told), json.dumps(told.as_dict())):
        assert not [key for key in KEYS if key in text]
    assert [each.refused for each in told.candidates] == [None, None]


def test_prices_and_the_size_of_the_prompt_are_told_of_each() -> None:
    entries = [
        place(None, "a", input_cost_per_token=1e-6, output_cost_per_token=1e-6, order=1),
        place(None, "b", order=2),
    ]
    known, unknown = Router(entries).explain("chat", MESSAGES, max_tokens=10).candidates
    assert known.cost is not None
    assert known.cost.most is not None
    assert 0 < known.cost.least < known.cost.most
    assert (unknown.cost, "not known" in (unknown.unknown or "")) == (None, True)


def test_tags_decide_as_they_would() -> None:
    entries = [place(None, "a", tags=["free"]), place(None, "b", tags=["paid"])]
    told = Router(entries, enable_tag_filtering=True).explain("chat", MESSAGES, tags=["paid"])
    assert [(each.deployment, each.tried) for each in told.candidates] == [("b", True), ("a", False)]
    assert told.candidates[1].verdict == "its tags are 'free', and the request asks for 'paid'"
