"""What is told of a call before it is made: what it shows is what the wire gets, and no key is among it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

import litellm_lite
from litellm_lite.call import Timeouts
from litellm_lite.explaining import candidate, explain
from litellm_lite.explanation import Candidate, Explanation
from litellm_lite.params import OPENAI_PARAMS
from litellm_lite.registry import register_model, registry
from tests.calls import MESSAGES, MODES, call, collect
from tests.wire import Wire, completion, reply

OPENAI, META, PROXY = "openai/gpt-4o-mini", "meta_llama/Llama-3.3-70B-Instruct", "llama_proxy/some/model"
PRICED, OLD, KEY = "openai/priced", "openai/switched-off", "sk-canary-argument-4f1d9a"
TARGET: dict[str, Any] = {"api_base": "https://vendor.example/v1", "api_key": KEY}
UNION = {"oneOf": [{"type": "integer"}, {"type": "null"}]}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {"x": UNION}}}}
NATIVE = {"completion_message": {"role": "assistant", "content": {"type": "text", "text": "Hello."}}}


class City(BaseModel):
    name: str


@pytest.fixture(autouse=True)
def _models():
    registry().reset()
    register_model(
        {
            PRICED: {
                "litellm_provider": "openai",
                "max_input_tokens": 40,
                "max_output_tokens": 10,
                "input_cost_per_token": 0.01,
                "output_cost_per_token": 0.1,
                "source": "https://vendor.example/prices",
                "verified": "2026-01-02",
            },
            OLD: {"litellm_provider": "openai", "deprecation_date": "2020-02-29"},
        }
    )
    yield
    registry().reset()


def told(model: str = OPENAI, messages: Any = MESSAGES, **params: Any) -> Candidate:
    [only] = explain(model, messages, **{**TARGET, **params}).candidates
    return only


def fates(found: Candidate) -> dict[str, str]:
    return {each.name: each.disposition for each in found.parameters if each.name not in TARGET}


# What it shows is what the wire gets

SENT: list[tuple[str, dict[str, Any]]] = [
    (OPENAI, {}),
    (OPENAI, {"temperature": 0.5, "stop": ("a", "b"), "seed": 1, "their_own": {"x": [1.5, None, "é"]}}),
    (OPENAI, {"response_format": City, "tools": [TOOL], "tool_choice": "auto", "stream_options": {"x": 1}}),
    (OPENAI, {"drop_params": True, "thinking": {"type": "enabled"}, "extra_body": {"n": 2, "guided": True}, "n": 1}),
    (OPENAI, {"extra_headers": {"X-Feature": "beta", "accept": "text/plain"}, "organization": "org-1"}),
    (META, {"max_tokens": 7, "tools": [TOOL], "top_k": 3}),
    (META, {"response_format": City, "drop_params": True, "seed": 1, "extra_body": {"y": 1}}),
    (META, {"api": "native", "max_tokens": 7, "tools": [TOOL], "response_format": City}),
    (META, {"api": "native", "stream_options": {"include_usage": True}, "drop_params": True, "logprobs": True}),
    (PROXY, {"thinking": {"type": "enabled"}, "tools": [TOOL], "metadata": {"a": 1}, "n": 2}),
    (PROXY, {"additional_drop_params": ["x", "seed"], "extra_body": {"x": 1, "y": 2}, "seed": 3}),
    (PROXY, {"allowed_openai_params": ["metadata"], "metadata": {"a": 1}}),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("model", "params"), SENT)
def test_what_it_shows_is_what_the_wire_gets(model: str, params: dict[str, Any], stream: bool, wire: Wire) -> None:
    shown = told(model, stream=stream, **{**params, **wire.target})
    assert wire.connections == 0
    if stream:
        collect("sync", wire, model, **params)
    else:
        wire.answers(reply(NATIVE) if params.get("api") == "native" else completion())
        call("sync", wire, model, **params)
    sent = wire.last
    assert (shown.method, shown.url) == (sent.method, f"{wire.url}{sent.path}")
    assert shown.body_text.encode() == sent.body
    assert shown.body == sent.json
    for name, value in shown.headers.items():
        secret = name == "Authorization"
        assert value == ("Bearer [redacted]" if secret else sent.headers[name.lower()])
    of_the_engine = {"host", "content-length", "user-agent", "accept-encoding", "connection", "accept"}
    assert sent.headers.keys() - {name.lower() for name in shown.headers} <= of_the_engine


@pytest.mark.parametrize(("model", "params"), SENT)
def test_every_part_of_the_body_is_accounted_for_and_nothing_else(model: str, params: dict[str, Any]) -> None:
    shown = told(model, stream=True, **params)
    in_the_body = {each.wire_name for each in shown.parameters if each.wire_name}
    assert in_the_body == shown.body.keys() - {"model", "messages"}
    assert {each.name for each in shown.parameters} >= {"stream", *params, *TARGET}


@pytest.mark.parametrize("mode", MODES)
def test_explaining_opens_no_connection_and_the_call_is_made_as_before(mode: str, wire: Wire) -> None:
    assert told(**wire.target).refused is None
    assert wire.connections == 0
    assert call(mode, wire).choices[0].message.content == "Hello."


# Parameters


def test_each_parameter_has_its_fate() -> None:
    shown = told(
        META,
        temperature=0.5,
        tools=[TOOL],
        seed=1,
        drop_params=True,
        n=1,
        user=None,
        their_own=1,
        caching=False,
        metadata={"a": 1},
        extra_body={"guided": 1},
    )
    assert fates(shown) == {
        "temperature": "sent",
        "tools": "sent",
        "seed": "dropped",
        "drop_params": "option",
        "n": "neutral",
        "user": "not given",
        "their_own": "passed on",
        "caching": "neutral",
        "metadata": "option",
        "extra_body": "option",
        "extra_body.guided": "sent",
    }
    why = {each.name: each.why for each in shown.parameters}
    assert why["seed"] == "is not supported"
    assert why["tools"] == "not as it was given; see the body"
    assert why["metadata"] == "it stays on the answer"


def test_a_renamed_parameter_says_its_name_on_the_wire() -> None:
    shown = told(META, api="native", max_tokens=5, stream_options={"include_usage": True})
    [renamed] = [each for each in shown.parameters if each.name == "max_tokens"]
    assert (renamed.disposition, renamed.wire_name) == ("sent", "max_completion_tokens")
    assert str(renamed) == "sent as max_completion_tokens"
    assert fates(shown)["stream_options"] == "neutral"
    assert "usage always comes" in str(shown.parameters)


def test_what_extra_body_replaces_and_what_is_added_is_told() -> None:
    assert fates(told(n=1, extra_body={"n": 2}, stream=True)) == {
        "stream": "sent",
        "n": "replaced",
        "extra_body": "option",
        "extra_body.n": "sent",
        "stream_options": "added",
    }
    assert fates(told(stream=False)) == {"stream": "neutral"}


@given(st.dictionaries(st.sampled_from(OPENAI_PARAMS), st.none() | st.integers() | st.text() | st.lists(st.integers())))
def test_whatever_is_asked_is_told_and_never_raised(params: dict[str, Any]) -> None:
    for model in (OPENAI, META):
        shown = told(model, **params)
        assert shown.url is not None
        assert fates(shown).keys() >= params.keys()
        assert json.loads(json.dumps(explain(model, MESSAGES, **TARGET, **params).as_dict()))


# How it is sent


def test_retries_time_limits_and_the_engine_are_those_of_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITELLM_LITE_ENGINE", "httpx")
    shown = told(num_retries=5, timeout=3)
    assert (shown.retries, shown.timeouts, shown.engine) == (5, Timeouts(3, 3, 3), "httpx")
    assert "connect 3 s, first byte 3 s, idle 3 s, total without" in str(Explanation((shown,)))


def test_a_client_of_the_callers_own_is_named() -> None:
    with httpx.Client() as client:
        assert told(client=client).engine == "client"


@pytest.mark.parametrize(("verify", "line"), [(False, "not checked"), (__file__, f"checked by {__file__}")])
def test_certificates_are_told_where_they_are_not_as_usual(verify: Any, line: str) -> None:
    assert f"certificates  {line}" in str(explain(OPENAI, MESSAGES, ssl_verify=verify, **TARGET))
    assert "certificates" not in str(explain(OPENAI, MESSAGES, **TARGET))


def test_a_mock_sends_nothing_and_needs_no_key() -> None:
    [shown] = explain(PROXY, MESSAGES, mock_response="Hi").candidates
    assert (shown.mocked, shown.refused, shown.url, shown.body) == (True, None, None, None)
    assert shown.unknown == "nothing is sent, so there is no cost"
    assert "Nothing leaves the process" in str(Explanation((shown,)))


# Tokens, window and cost


def test_tokens_cost_and_fit_are_those_of_the_library() -> None:
    shown = told(PRICED, max_tokens=4, n=2)
    prompt = litellm_lite.count_tokens(PRICED, MESSAGES)
    assert shown.prompt == prompt
    assert shown.cost == litellm_lite.estimate_cost(PRICED, MESSAGES, 4, n=2)
    assert shown.fit == litellm_lite.fits(PRICED, MESSAGES, 4)
    report = str(Explanation((shown,)))
    assert "prices from  https://vendor.example/prices, read 2026-01-02" in report
    assert "\n  least        $0.0" in report
    assert "\n  window       unknown: the count is an estimate" in report


def test_tools_count_and_dropped_ones_do_not() -> None:
    plain, sent = told(), told(tools=[TOOL])
    dropped = told(tools=[TOOL], drop_params=True, additional_drop_params=["tools"])
    assert plain.prompt is not None
    assert sent.prompt is not None
    assert sent.prompt.tokens > plain.prompt.tokens
    assert dropped.prompt == plain.prompt


def test_prices_of_the_callers_own_are_used() -> None:
    shown = told("openai/nobody-knows-it", input_cost_per_token=1, output_cost_per_token=2, max_tokens=1)
    assert shown.cost is not None
    assert shown.cost.prompt.most is not None
    assert shown.cost.most == shown.cost.prompt.most + 2


@pytest.mark.parametrize(
    ("model", "params", "why"),
    [
        ("openai/nobody-knows-it", {}, "the price of 'nobody-knows-it' is not known"),
        (OLD, {}, "the cost is not known"),
        (OPENAI, {"extra_body": {"messages": [], "tools": []}}, "extra_body sets messages, tools"),
        (OPENAI, {"extra_body": {"n": [1]}}, "n must be a whole number"),
        (OPENAI, {"tools": 5}, "tools must be a list of objects"),
    ],
)
def test_what_is_not_known_says_why_and_is_never_zero(model: str, params: dict[str, Any], why: str) -> None:
    shown = told(model, **params)
    assert (shown.cost, shown.refused) == (None, None)
    assert why in (shown.unknown or "")
    assert "\n  unknown" in str(Explanation((shown,)))
    assert "\n  least" not in str(Explanation((shown,)))


def test_an_answer_without_limit_has_no_most() -> None:
    shown = told("openai/endless", input_cost_per_token=1, output_cost_per_token=2)
    assert shown.cost is not None
    assert shown.cost.most is None
    assert "most         nothing bounds it" in str(Explanation((shown,)))


def test_a_retired_model_is_noticed_without_a_warning() -> None:
    shown = told(OLD)
    assert shown.retired == "openai/switched-off was switched off on 2020-02-29, says register_model"
    assert "retired" in str(Explanation((shown,)))


# Refusals


def test_a_missing_key_is_told_and_the_request_is_shown_all_the_same() -> None:
    [shown] = explain(META, MESSAGES).candidates
    assert (shown.refused or "").startswith("AuthenticationError: meta_llama: no API key; set LLAMA_API_KEY")
    assert shown.headers["Authorization"] == "Bearer [missing]"
    assert shown.url == "https://api.llama.com/compat/v1/chat/completions"


@pytest.mark.parametrize(
    ("model", "params"),
    [
        (META, {"seed": 1}),
        (META, {"temperature": "hot"}),
        (OPENAI, {"caching": True}),
        (OPENAI, {"timeout": -1}),
        (OPENAI, {"tool_choice": {1, 2}}),
        (OPENAI, {"extra_headers": {"X-A": "a\n"}}),
        (OPENAI, {"api_key": "with space"}),
        (PRICED, {"budget": 0.001}),
        (OLD, {"budget": 1}),
        (PRICED, {"budget": "cheap"}),
    ],
)
def test_what_completion_would_raise_is_told_and_the_rest_is_shown(model: str, params: dict[str, Any]) -> None:
    arguments = {**TARGET, **params}
    with pytest.raises((litellm_lite.APIError, litellm_lite.BudgetExceededError)) as caught:
        litellm_lite.completion(model, MESSAGES, **arguments)
    shown = told(model, **params)
    [name] = params
    assert shown.refused == f"{type(caught.value).__name__}: {caught.value}"
    assert [each.disposition for each in shown.parameters if each.name == name] == ["refused"]
    assert shown.url == "https://vendor.example/v1/chat/completions"
    assert name not in shown.body


def test_a_prompt_that_cannot_fit_is_told() -> None:
    shown = told(PRICED, [{"role": "user", "content": "word " * 500}])
    assert (shown.refused or "").startswith("ContextWindowExceededError: openai: nothing was sent: the prompt has")
    assert shown.fit is not None
    assert shown.fit.verdict == "does not fit"
    assert shown.url is not None


def test_all_reasons_are_told_in_the_order_in_which_they_would_be_raised() -> None:
    params: dict[str, Any] = {"api_base": TARGET["api_base"], "seed": 1, "timeout": "x", "budget": 0, "foo": 2}
    explained = explain(PRICED, [{"role": "user", "content": "word " * 500}], thinking={}, **params)
    [shown] = explained.candidates
    assert [(each.type, each.param) for each in shown.refusals] == [
        ("BadRequestError", "timeout"),
        ("AuthenticationError", None),
        ("UnsupportedParamsError", "thinking"),
        ("ContextWindowExceededError", None),
        ("BudgetExceededError", "budget"),
    ]
    assert all(each.lifted for each in shown.refusals)
    assert shown.body["foo"] == 2
    assert explained.refused
    assert "Request if that were mended" in str(explained)


@pytest.mark.parametrize(
    ("model", "messages", "params", "kind"),
    [
        ("nobody/model", MESSAGES, {}, "LiteLLMUnknownProvider"),
        (7, MESSAGES, {}, "BadRequestError"),
        (OPENAI, [], {}, "BadRequestError"),
        (OPENAI, [{"content": "no role"}], {}, "BadRequestError"),
        (PROXY, MESSAGES, {"api_base": None}, "BadRequestError"),
        (OPENAI, MESSAGES, {"api_base": f"https://bob:{KEY}@vendor.example"}, "BadRequestError"),
        (META, MESSAGES, {"api": "third"}, "BadRequestError"),
        (OPENAI, MESSAGES, {"check_context": "no", "extra_body": {"a": {1}}}, "BadRequestError"),
    ],
)
def test_where_no_request_can_be_made_only_the_reason_is_told(
    model: Any, messages: Any, params: dict[str, Any], kind: str
) -> None:
    shown = told(model, messages, **params)
    assert (shown.refused or "").startswith(f"{kind}: ")
    assert (shown.url, shown.body_text, shown.parameters) == (None, "", ())
    assert not shown.refusals[-1].lifted
    assert "Nothing would be sent" in str(Explanation((shown,)))


def test_what_the_transport_would_refuse_is_told() -> None:
    shown = told(api_base="https://[::::]/v1")
    with pytest.raises(litellm_lite.BadRequestError) as caught:
        litellm_lite.completion(OPENAI, MESSAGES, api_base="https://[::::]/v1", api_key=KEY)
    assert shown.refused == f"BadRequestError: {caught.value}"
    assert shown.url is None


# Forms


def test_the_report_cuts_long_texts_and_the_body_does_not() -> None:
    picture = "A" * 5000
    explained = explain(OPENAI, [{"role": "user", "content": picture}], **TARGET)
    assert picture in explained.candidates[0].body_text
    assert picture not in str(explained)
    assert "… (5,000 characters)" in str(explained)


def test_as_dict_is_json_and_keeps_every_digit() -> None:
    explained = explain(PRICED, MESSAGES, max_tokens=3, **TARGET)
    made = explained.as_dict()
    [only] = explained.candidates
    assert json.loads(json.dumps(made)) == made
    assert only.cost is not None
    assert Decimal(made["candidates"][0]["cost"]["least"]) == only.cost.least
    assert made["candidates"][0]["timeouts"] == {"connect": 10.0, "first_byte": 600.0, "idle": 600.0, "total": None}
    assert (made["refused"], made["candidates"][0]["refused"]) == (False, None)
    assert explained.as_dict(money=float)["candidates"][0]["cost"]["least"] == float(only.cost.least)


def test_several_candidates_stand_in_their_order_with_their_reasons() -> None:
    both = Explanation(
        (
            candidate(META, MESSAGES, {}, why="the lightest load"),
            candidate(PRICED, MESSAGES, TARGET, why="the fallback"),
        )
    )
    assert not both.refused
    assert "1. meta_llama/Llama-3.3-70B-Instruct (the lightest load)\n   Nothing would be sent" in both.text()
    assert "\n\n2. openai/priced (the fallback)\n   The call would be made." in both.text()
