"""`completion(fallbacks=…)`: other models for one call, and nobody's key at anybody else's."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import litellm_lite
from litellm_lite import (
    AuthenticationError,
    BadRequestError,
    CompletionStream,
    ContentPolicyViolationError,
    ContextWindowExceededError,
    InternalServerError,
    RoutedStream,
    explain,
)
from litellm_lite.api import _ROUTED
from litellm_lite.router.once import ASKS
from tests.calls import MESSAGES, MODES, call, collect
from tests.router.routing import Wires, served, tried
from tests.wire import Wire, completion, problem, reply

both = pytest.mark.parametrize("mode", MODES)
META = "meta_llama/Llama-3.3-70B-Instruct"
FIRST, SECOND, HEADER = "sk-canary-first-1f4d9a", "sk-canary-second-b0c9e1", "canary-header-77c2"
TOO_LONG = {"error": {"message": "This model's maximum context length is 9 tokens", "code": "context_length_exceeded"}}


def down(new_wire: Wires) -> Wire:
    wire = new_wire()
    wire.answers(problem(503, "Down"))
    return wire


def everything_sent(wire: Wire) -> str:
    return repr([(request.path, request.headers, request.body) for request in wire.requests])


def test_what_makes_it_a_routers_call_is_said_alike_in_both_places() -> None:
    assert set(_ROUTED) == ASKS


@both
@pytest.mark.parametrize("nothing", [None, [], (), {}])
def test_no_fallbacks_are_a_call_as_ever(mode: str, nothing: Any, wire: Wire) -> None:
    answer = call(mode, wire, fallbacks=nothing, context_window_fallback_dict=nothing)
    assert "attempts" not in answer.hidden_params
    assert set(wire.last.json) == {"model", "messages"}


@both
def test_a_fallback_of_the_same_vendor_is_asked_at_the_same_place_with_the_same_key(mode: str, wire: Wire) -> None:
    wire.answers(problem(503, "Down"), completion("From the second."))
    answer = call(mode, wire, "openai/one", fallbacks=["openai/two"], temperature=0.5, organization="org-1")
    assert answer.choices[0].message.content == "From the second."
    first, second = wire.requests
    assert (first.json["model"], second.json["model"]) == ("one", "two")
    assert first.headers["authorization"] == second.headers["authorization"] == "Bearer sk-wire"
    assert second.headers["openai-organization"] == "org-1"
    assert second.json["temperature"] == 0.5
    assert tried(answer) == [("first", "openai/one", "failed"), ("fallback", "openai/two", "answered")]
    assert served(answer) == "openai/two"


@both
def test_what_a_fallback_says_wins_there_and_only_there(mode: str, wire: Wire) -> None:
    wire.answers(problem(503, "Down"), problem(503, "Down"), completion())
    fallbacks = [{"model": "openai/two", "temperature": 0.1, "seed": None}, {"model": "openai/three", "top_p": 0.2}]
    call(mode, wire, fallbacks=fallbacks, temperature=0.9)
    assert [request.json.get("temperature") for request in wire.requests] == [0.9, 0.1, 0.9]
    assert [request.json.get("top_p") for request in wire.requests] == [None, None, 0.2]


@both
def test_the_same_model_may_be_asked_again_with_another_key(mode: str, wire: Wire) -> None:
    wire.answers(problem(401, "No such key"), completion())
    answer = call(mode, wire, "openai/m", api_key=FIRST, fallbacks=[{"model": "openai/m", "api_key": SECOND}])
    assert [request.headers["authorization"] for request in wire.requests] == [f"Bearer {FIRST}", f"Bearer {SECOND}"]
    assert served(answer) == "openai/m (fallbacks[0])"


@both
def test_a_dictionary_without_a_model_is_the_same_model_elsewhere(mode: str, new_wire: Wires) -> None:
    first, second = down(new_wire), new_wire()
    elsewhere = {"api_base": second.target["api_base"], "api_key": SECOND}
    call(mode, first, "openai/m", api_key=FIRST, fallbacks=[elsewhere])
    assert second.last.json["model"] == "m"
    assert FIRST not in everything_sent(second)


@both
def test_no_key_header_or_place_of_one_vendor_reaches_another(
    mode: str, new_wire: Wires, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, other = down(new_wire), new_wire()
    monkeypatch.setenv("LLAMA_API_KEY", SECOND)
    monkeypatch.setenv("LLAMA_API_BASE", other.target["api_base"])
    secrets: dict[str, Any] = {
        "api_key": FIRST,
        "organization": "org-canary",
        "extra_headers": {"X-Auth": f"Basic {HEADER}", "X-Gateway-Token": HEADER},
        "headers": {"Cookie": f"id={HEADER}"},
    }
    call(mode, first, "openai/m", **secrets, fallbacks=[META])
    assert other.last.headers["authorization"] == f"Bearer {SECOND}"
    for canary in (FIRST, HEADER, "org-canary"):
        assert canary in everything_sent(first)
        assert canary not in everything_sent(other)
    assert SECOND not in everything_sent(first)


@both
def test_a_fallback_that_names_another_place_gets_no_key_it_was_not_given(mode: str, new_wire: Wires) -> None:
    first, other = down(new_wire), new_wire()
    with pytest.raises(AuthenticationError, match=r"^fallbacks\[0\].api_key: openai: no API key") as caught:
        call(mode, first, api_key=FIRST, fallbacks=[{"model": "openai/m", "api_base": other.target["api_base"]}])
    assert (first.requests, other.requests) == ([], [])
    assert FIRST not in str(caught.value)


@both
def test_headers_without_a_secret_go_along(mode: str, wire: Wire) -> None:
    wire.answers(problem(503, "Down"), completion())
    second = {"model": META, **wire.target}
    call(mode, wire, "openai/m", fallbacks=[second], extra_headers={"X-Trace": "7"}, num_retries=0)
    assert [request.headers["x-trace"] for request in wire.requests] == ["7", "7"]


@pytest.mark.parametrize(
    ("fallbacks", "says"),
    [
        ("openai/m", "fallbacks must be a list of model names, or of dictionaries of arguments, not str"),
        ([7], r"fallbacks\[0\] must be a model name or a dictionary"),
        (["openai/n", {"model": 7}], r"fallbacks\[1\].model must be the name of a model, not 7"),
        (["nobody/m"], r"fallbacks\[0\].model: no provider in 'nobody/m'"),
        (["openai/n", {"model": "meta_llama/m"}], r"fallbacks\[1\].api_key: meta_llama: no API key"),
        ([{"model": "openai/n", "timeout": 3}], r"fallbacks\[0\].timeout is shared"),
        (["openai/n", {"model": "openai/o", "stream": True}], r"fallbacks\[1\].stream is the caller's own"),
        (["openai/n", {"model": "openai/o", "num_retries": 1}], r"fallbacks\[1\].num_retries counts for the call"),
        ([{"model": "openai/n", "cache": True}], r"fallbacks\[0\]: cache "),
    ],
)
def test_what_is_wrong_with_a_fallback_is_said_of_the_place_where_it_stands(
    fallbacks: Any, says: str, wire: Wire
) -> None:
    with pytest.raises(BadRequestError if "api_key" not in says else AuthenticationError, match=says) as caught:
        call("sync", wire, fallbacks=fallbacks)
    assert "model_list" not in str(caught.value)
    assert wire.requests == []


def test_what_is_wrong_with_the_call_itself_is_said_as_without_fallbacks(wire: Wire) -> None:
    with pytest.raises(BadRequestError, match="openai: temperature must be a finite number") as caught:
        call("sync", wire, temperature=float("nan"), fallbacks=["openai/n"])
    assert {each.outcome for each in caught.value.attempts} == {"refused"}
    assert ("model_list" in str(caught.value), wire.requests) == (False, [])
    with pytest.raises(AuthenticationError, match=r"^api_key: openai: no API key; set OPENAI_API_KEY"):
        litellm_lite.completion("openai/m", MESSAGES, fallbacks=["openai/n"])


@both
def test_a_prompt_that_is_too_long_goes_to_the_larger_model(mode: str, wire: Wire) -> None:
    wire.answers(reply(TOO_LONG, 400), completion("All of it."))
    answer = call(mode, wire, "openai/small", context_window_fallback_dict={"openai/small": "openai/large"})
    assert [request.json["model"] for request in wire.requests] == ["small", "large"]
    assert tried(answer) == [("first", "openai/small", "failed"), ("fallback", "openai/large", "answered")]


@both
def test_the_larger_model_may_be_a_fallback_too_and_is_asked_once(mode: str, wire: Wire) -> None:
    wire.answers(reply(TOO_LONG, 400))
    with pytest.raises(ContextWindowExceededError) as caught:
        call(
            mode,
            wire,
            "openai/small",
            fallbacks=["openai/large"],
            context_window_fallback_dict={"openai/small": "openai/large", "openai/other": "openai/never"},
        )
    assert [request.json["model"] for request in wire.requests] == ["small", "large"]
    assert len(caught.value.attempts) == 2


@pytest.mark.parametrize(
    ("given", "says"), [(["x"], "must be a dictionary of model names"), ({"openai/m": 7}, r"\['openai/m'\] must be")]
)
def test_what_is_no_dictionary_of_larger_models_is_refused(given: Any, says: str, wire: Wire) -> None:
    with pytest.raises(BadRequestError, match=f"context_window_fallback_dict.*{says}"):
        call("sync", wire, context_window_fallback_dict=given)


def test_a_larger_model_that_cannot_be_called_is_named_where_it_stands(wire: Wire) -> None:
    with pytest.raises(BadRequestError, match=r"^context_window_fallback_dict\['openai/m'\].model: no provider"):
        call("sync", wire, fallbacks=["openai/n"], context_window_fallback_dict={"openai/m": "nobody/m"})


@both
def test_content_that_was_refused_is_asked_of_nobody_else(mode: str, wire: Wire) -> None:
    wire.answers(reply({"error": {"message": "No.", "code": "content_policy_violation"}}, 400))
    with pytest.raises(ContentPolicyViolationError):
        call(mode, wire, fallbacks=["openai/n"])
    assert len(wire.requests) == 1


@both
def test_when_all_fail_one_error_tells_every_attempt(mode: str, wire: Wire) -> None:
    wire.answers(problem(500, "Boom"), problem(429, "Slow"))
    with pytest.raises(InternalServerError) as caught:
        call(mode, wire, "openai/one", fallbacks=["openai/two"])
    assert [type(each.error).__name__ for each in caught.value.attempts] == ["InternalServerError", "RateLimitError"]
    assert all(said in str(caught.value) for said in ("openai/one", "Boom", "openai/two", "Slow"))


@both
def test_a_stream_comes_from_a_fallback_too(mode: str, new_wire: Wires) -> None:
    first, second = down(new_wire), new_wire()
    streamed = collect(mode, first, fallbacks=[{"model": "openai/two", **second.target}])
    assert streamed.text == "Hello."
    assert streamed.stream.hidden_params["model_id"] == "openai/two"
    assert second.last.json["stream"] is True


def test_its_stream_offers_what_any_stream_does() -> None:
    told = {"close", "usage", "cost", "response_cost", "hidden_params", "dropped_params", "malformed_events"}
    for kind in (CompletionStream, RoutedStream):
        assert told | {"__iter__", "__next__", "__enter__", "__exit__"} <= set(dir(kind))


@both
def test_a_mock_is_for_the_model_it_was_given_for(mode: str, wire: Wire) -> None:
    answer = call(mode, wire, mock_response=InternalServerError("mocked"), fallbacks=["openai/two"])
    assert answer.choices[0].message.content == "Hello."
    assert [request.json["model"] for request in wire.requests] == ["two"]


@both
def test_the_price_is_that_of_who_served(mode: str, wire: Wire) -> None:
    wire.answers(problem(503, "Down"), completion())
    cheap = {"model": "openai/two", "input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6}
    prices = {"input_cost_per_token": 1, "output_cost_per_token": 1}
    assert call(mode, wire, fallbacks=[cheap], **prices).hidden_params["response_cost"] == pytest.approx(5e-6)
    wire.answers(problem(503, "Down"), completion())
    assert call(mode, wire, fallbacks=["openai/two"], **prices).hidden_params["response_cost"] is None


def test_explain_tells_the_same_requests(wire: Wire) -> None:
    wire.answers(problem(503, "Down"))
    given: dict[str, Any] = {
        "fallbacks": [
            "openai/two",
            {"model": META, **wire.target, "temperature": 0.2},
            {"seed": 7, "model": "openai/m"},
        ],
        "temperature": 0.7,
        "user": "me",
    }
    told = explain("openai/m", MESSAGES, **{**wire.target, **given})
    with pytest.raises(litellm_lite.APIError):
        call("sync", wire, **given)
    assert [each.body for each in told.candidates] == [request.json for request in wire.requests]
    assert told.candidates[0].why == "the model that is asked for"


def test_explain_knows_the_larger_model() -> None:
    larger, base = {"openai/m": "openai/large"}, "http://127.0.0.1:9/v1"
    told = explain("openai/m", MESSAGES, context_window_fallback_dict=larger, api_key=FIRST, api_base=base)
    assert [(each.model, each.why, each.refused) for each in told.candidates] == [
        ("m", "the model that is asked for", None),
        ("large", "if the prompt is too long", None),
    ]


def test_many_calls_with_fallbacks_go_on_at_once(wire: Wire) -> None:
    given: dict[str, Any] = {**wire.target, "fallbacks": ["openai/n"]}

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*(litellm_lite.acompletion("openai/m", MESSAGES, **given) for _ in range(20)))

    assert {answer.choices[0].message.content for answer in asyncio.run(all_of_them())} == {"Hello."}
