"""The Router as its user sees it: what it is told when it is made, and what a call may say."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from litellm_lite import (
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    RateLimitError,
    Router,
    Timeout,
    Timeouts,
    UnsupportedParamsError,
)
from litellm_lite.router.clock import Clock
from litellm_lite.router.settings import RouterParams
from tests.calls import MODES
from tests.router.routing import Wires, ask, listen, place, served, tried
from tests.wire import HoldOpen, Wire, completion, problem, reply

both = pytest.mark.parametrize("mode", MODES)
LITELLMS = """
    model_list assistants_config search_tools guardrail_list redis_url redis_host redis_port redis_password redis_db
    cache_responses cache_kwargs caching_groups client_ttl polling_interval default_priority num_retries max_fallbacks
    timeout stream_timeout default_litellm_params default_max_parallel_requests set_verbose debug_level
    default_fallbacks fallbacks context_window_fallbacks content_policy_fallbacks model_group_alias
    enable_pre_call_checks enable_tag_filtering tag_filtering_match_any tag_routing_prefix plugins retry_after
    retry_policy model_group_retry_policy allowed_fails allowed_fails_policy cooldown_time disable_cooldowns
    routing_strategy optional_pre_call_checks routing_strategy_args provider_budget_config alerting_config
    router_general_settings ignore_invalid_deployments
""".split()
DEFAULTS = {
    "model_list": [],
    "cache_responses": False,
    "cache_kwargs": {},
    "client_ttl": 3600,
    "set_verbose": False,
    "debug_level": "INFO",
    "fallbacks": [],
    "context_window_fallbacks": [],
    "content_policy_fallbacks": [],
    "model_group_alias": {},
    "enable_pre_call_checks": False,
    "enable_tag_filtering": False,
    "tag_filtering_match_any": True,
    "retry_after": 0,
    "model_group_retry_policy": {},
    "routing_strategy": "simple-shuffle",
    "routing_strategy_args": {},
    "ignore_invalid_deployments": False,
    "max_fallbacks": 5,
}


# The constructor


def test_every_keyword_of_litellms_constructor_is_taken_when_it_asks_for_nothing() -> None:
    Router(**{name: DEFAULTS.get(name) for name in LITELLMS})  # type: ignore[arg-type] # those that ask for nothing


def test_no_keyword_of_litellms_constructor_is_ignored() -> None:
    elsewhere = [name for name in LITELLMS if name not in RouterParams.__annotations__]
    for name in set(elsewhere) - {"model_list", "debug_level"}:
        with pytest.raises(UnsupportedParamsError, match=name) as caught:
            Router([], **{name: "sk-canary"})  # type: ignore[arg-type] # refused by name
        assert caught.value.param == name
        assert "sk-canary" not in str(caught.value)


@both
def test_a_router_without_deployments_says_so(mode: str) -> None:
    with pytest.raises(BadRequestError, match="model_list is empty"):
        ask(mode, Router())


def test_a_misspelt_keyword_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(BadRequestError, match="no keyword 'num_retry'; did you mean 'num_retries'"):
        Router([], num_retry=3)  # type: ignore[call-arg] # that is the mistake


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"model_list": "gpt"}, "model_list must be a list"),
        ({"model_list": [place(), {**place(), "model_name": 7}]}, r"model_list\[1\].model_name"),
        (
            {"model_list": [place(), place()]},
            r"model_list\[1\].model_info.id is 'a', and so is that of model_list\[0\]",
        ),
        ({"model_list": [place(weight=-1)]}, r"model_list\[0\].litellm_params.weight must be a number above 0, not -1"),
        ({"model_list": [place(weight=0)]}, r"model_list\[0\].litellm_params.weight must be a number above 0, not 0"),
        ({"model_list": [place(rpm=0)]}, r"model_list\[0\].litellm_params.rpm"),
        ({"model_list": [place(temprature=1, fallbacks=["b"])]}, r"model_list\[0\].litellm_params.fallbacks"),
        ({"fallbacks": [{"chat": ["nobody"]}]}, r"fallbacks\[0\]\['chat'\]\[0\]: there is no group 'nobody'"),
        ({"fallbacks": [{"chat": ["chat"]}]}, "closes a cycle"),
        ({"routing_strategy": "fastest"}, "routing_strategy must be one of 'simple-shuffle'"),
        ({"timeout": 0}, "timeout must be a number of seconds above 0"),
        ({"default_litellm_params": {"api_key": "sk-canary"}}, "default_litellm_params.api_key would go to every"),
    ],
)
def test_what_is_wrong_is_refused_at_construction_with_the_path_to_it(given: dict[str, Any], path: str) -> None:
    with pytest.raises(BadRequestError, match=path) as caught:
        Router(**{"model_list": [place()], **given})
    assert "sk-" not in str(caught.value)


def test_a_missing_key_is_refused_at_construction_with_the_variable_to_set() -> None:
    entry = {"model_name": "chat", "litellm_params": {"model": "meta_llama/Llama-3.3-70B-Instruct"}}
    with pytest.raises(AuthenticationError, match=r"model_list\[0\].*LLAMA_API_KEY"):
        Router([entry])


# Parameters


@both
def test_the_callers_parameters_win_over_the_deployments(mode: str, wire: Wire) -> None:
    router = Router([place(wire, temperature=0.1, seed=7)], default_litellm_params={"temperature": 0.2, "top_p": 0.5})
    ask(mode, router, temperature=0.9)
    assert (wire.last.json["temperature"], wire.last.json["seed"], wire.last.json["top_p"]) == (0.9, 7, 0.5)
    ask(mode, router)
    assert wire.last.json["temperature"] == 0.1  # and its own over those of all


@both
@pytest.mark.parametrize("by", ["the Router", "the call"])
def test_a_fallbacks_overrides_win_over_the_callers_parameters(mode: str, by: str, new_wire: Wires) -> None:
    first, spare = new_wire(), new_wire()
    first.answers(problem(401, "Go away"))
    entries = [place(first), place(spare, "b", "spare", temperature=0.1, top_p=0.7)]
    target = {"model": "spare", "temperature": 0.3}
    if by == "the Router":
        answer = ask(mode, Router(entries, fallbacks=[{"chat": [target]}]), temperature=0.9, seed=7)
    else:
        answer = ask(mode, Router(entries), temperature=0.9, seed=7, fallbacks=[target])
    sent = spare.last.json
    assert (sent["temperature"], sent["top_p"], sent["seed"]) == (0.3, 0.7, 7)
    assert first.last.json["temperature"] == 0.9
    assert tried(answer) == [("first", "a", "failed"), ("fallback", "b", "answered")]


@both
@pytest.mark.parametrize("name", ["api_key", "api_base", "base_url", "organization", "custom_llm_provider", "client"])
def test_what_belongs_to_one_deployment_is_refused_on_a_call(mode: str, name: str, wire: Wire) -> None:
    with pytest.raises(BadRequestError, match=f"{name} belongs to one deployment.*litellm_params") as caught:
        ask(mode, Router([place(wire)]), **{name: "sk-canary"})
    assert (caught.value.param, wire.requests, "sk-canary" in str(caught.value)) == (name, [], False)


@both
@pytest.mark.parametrize("headers", ["headers", "extra_headers"])
def test_a_credential_in_the_headers_of_a_call_is_refused_for_it_may_go_to_several(
    mode: str, headers: str, wire: Wire
) -> None:
    router = Router([place(wire)])
    with pytest.raises(BadRequestError, match=f"{headers}.*Authorization.*litellm_params") as caught:
        ask(mode, router, **{headers: {"Authorization": "Bearer sk-canary"}})
    assert (wire.requests, "sk-canary" in str(caught.value)) == ([], False)
    ask(mode, router, **{headers: {"X-Trace": "7"}})
    assert wire.last.headers["x-trace"] == "7"


@pytest.mark.parametrize("name", ["api_key", "api_base", "extra_headers"])
def test_a_fallback_of_a_router_names_no_credentials_for_its_group_may_have_several_vendors(name: str) -> None:
    value = {"Authorization": "Bearer sk-canary"} if name == "extra_headers" else "sk-canary"
    with pytest.raises(
        BadRequestError, match=rf"fallbacks\[0\]\['chat'\]\[0\].{name}.* belongs to one.*litellm_params"
    ) as caught:
        Router([place(), place(None, "b", "spare")], fallbacks=[{"chat": [{"model": "spare", name: value}]}])
    assert "sk-canary" not in str(caught.value)


@both
def test_a_request_that_cannot_be_made_is_refused_and_nothing_is_sent(mode: str, wire: Wire) -> None:
    router = Router([place(wire), place(wire, "b")], enable_tag_filtering=True)
    for wrong in (
        {"temperature": float("nan")},
        {"num_retries": -1},
        {"timeout": 0},
        {"tags": 3},
        {"fallbacks": ["x"]},
    ):
        with pytest.raises(BadRequestError):
            ask(mode, router, **wrong)
    for messages in ([], "Hi", [{"content": "Hi"}]):
        with pytest.raises(BadRequestError):
            ask(mode, router, "chat", messages)
    assert wire.requests == []
    assert {each["state"] for each in router.get_deployments()} == {"ready"}


@both
def test_what_litellm_has_and_this_has_not_is_refused_in_litellms_words(mode: str, wire: Wire) -> None:
    router = Router([place(wire)])
    with pytest.raises(UnsupportedParamsError, match="mock_testing_fallbacks"):
        ask(mode, router, mock_testing_fallbacks=True)
    ask(mode, router, mock_testing_fallbacks=False, cache=None, drop_params=True, caching=True)
    assert set(wire.last.json) == {"model", "messages"}


@both
def test_the_callers_labels_stay_on_the_answer_and_are_not_sent(mode: str, wire: Wire) -> None:
    answer = ask(mode, Router([place(wire)]), metadata={"team": "a"}, litellm_call_id="c-1", tags=["x"])
    known = answer.hidden_params
    assert (known["metadata"], known["litellm_call_id"], known["tags"]) == ({"team": "a"}, "c-1", ["x"])
    assert set(wire.last.json) == {"model", "messages"}


@both
def test_a_mocked_answer_needs_nobody(mode: str) -> None:
    answer = ask(mode, Router([place()]), mock_response="mocked")
    assert (answer.choices[0].message.content, served(answer)) == ("mocked", "a")


# Time and retries


@both
def test_a_deployments_own_timeout_is_the_most_an_attempt_there_may_take(mode: str, new_wire: Wires) -> None:
    silent, quick = new_wire(), new_wire()
    silent.answers([HoldOpen()])
    router = Router([place(silent, timeout=0.1, order=1), place(quick, "b", order=2)])
    answer = ask(mode, router)
    assert tried(answer) == [("first", "a", "failed"), ("failover", "b", "answered")]
    assert 0.1 <= answer.hidden_params["attempts"][0].elapsed_s < 5


@both
@pytest.mark.parametrize("limit", [0.2, "0.2", Timeouts(total=0.2), httpx.Timeout(0.2)], ids=repr)
def test_the_timeout_of_a_call_is_for_all_of_it(mode: str, limit: Any, wire: Wire) -> None:
    wire.answers([HoldOpen()])
    with pytest.raises(Timeout) as caught:
        ask(mode, Router([place(wire), place(wire, "b")], timeout=60), timeout=limit)
    assert sum(each.elapsed_s for each in caught.value.attempts) < 5


@both
def test_retries_are_the_calls_then_the_deployments_then_the_routers(mode: str, wire: Wire) -> None:
    wire.answers(problem(500, "Trouble"))
    clock = Clock(speed=1000)
    for given, own, call, attempts in [(1, {}, {}, 2), (1, {"num_retries": 0}, {}, 1), (0, {}, {"num_retries": 2}, 3)]:
        router = Router([place(wire, **own)], num_retries=given, clock=clock, timeout=1e6, disable_cooldowns=True)
        with pytest.raises(InternalServerError) as caught:
            ask(mode, router, **call)
        assert len(caught.value.attempts) == attempts


@both
def test_a_call_may_do_without_fallbacks(mode: str, new_wire: Wires) -> None:
    first, spare = new_wire(), new_wire()
    first.answers(problem(429, "Slow down"))
    router = Router([place(first), place(spare, "b", "spare")], fallbacks=[{"chat": ["spare"]}], num_retries=0)
    with pytest.raises(RateLimitError):
        ask(mode, router, disable_fallbacks=True)
    assert listen(mode, router).text == "Hello."


@both
def test_a_stream_is_a_stream_of_the_librarys(mode: str, wire: Wire) -> None:
    heard = listen(mode, Router([place(wire)]), stream_options={"include_usage": True})
    assert heard.text == "Hello."
    assert (heard.stream.usage["total_tokens"], heard.stream.response_cost) == (5, None)
    assert len({chunk.id for chunk in heard.chunks}) == 1
    assert heard.chunks[-1].usage.total_tokens == 5


def test_a_call_that_is_cancelled_leaves_nothing_under_way(wire: Wire) -> None:
    wire.answers([HoldOpen()])
    router = Router([place(wire)])

    async def cancelled() -> None:
        task = asyncio.create_task(router.acompletion("chat", [{"role": "user", "content": "Hi"}]))
        await asyncio.to_thread(wire.wait_for_requests, 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert router.get_deployments()[0]["in_flight"] == 0


@both
def test_an_answer_that_is_no_completion_is_an_attempt_that_failed(mode: str, wire: Wire) -> None:
    wire.answers(reply({"hello": "world"}), completion("Now."))
    answer = ask(mode, Router([place(wire), place(wire, "b")]))
    assert [outcome for _, _, outcome in tried(answer)] == ["failed", "answered"]
