"""The Llama API's parameters, messages, names and bases; tools and images have tests of their own."""

from __future__ import annotations

from typing import Any

import pytest

from litellm_lite.api import get_supported_openai_params
from litellm_lite.errors import BadRequestError, UnsupportedParamsError
from litellm_lite.params import Choice
from litellm_lite.prepare import prepare
from tests.providers.values import KEY, body, call, mapped, provider

SCOUT = "Llama-4-Scout-17B-16E-Instruct-FP8"
LLAMA_33 = "Llama-3.3-70B-Instruct"
both_shapes = pytest.mark.parametrize("shape", ["", "compat", "native"])


@both_shapes
@pytest.mark.parametrize("value", [0, 0.0, 0.6, 1])
def test_temperature_from_0_to_1_is_sent(shape: str, value: float) -> None:
    assert body(call("meta_llama", shape, temperature=value))["temperature"] == value


@both_shapes
@pytest.mark.parametrize("value", [1.01, -0.1, 2, 10**400])
def test_a_temperature_outside_0_to_1_is_refused(shape: str, value: float) -> None:
    with pytest.raises(UnsupportedParamsError, match="temperature must lie between 0 and 1, not") as caught:
        mapped("meta_llama", shape, temperature=value)
    assert caught.value.param == "temperature"


def test_a_temperature_outside_is_dropped_and_reported_when_asked() -> None:
    outcome = mapped("meta_llama", "", Choice(drop_params=True), temperature=1.5, top_p=0.5)
    assert outcome.params == {"top_p": 0.5}
    assert outcome.dropped == {"temperature": "must lie between 0 and 1, not 1.5"}


def test_a_temperature_outside_is_sent_when_the_caller_insists() -> None:
    assert mapped("meta_llama", "", Choice(allowed_openai_params=["temperature"]), temperature=1.5).params == {
        "temperature": 1.5
    }


@pytest.mark.parametrize("value", ["hot", True, [1], {"a": 1}])
def test_a_temperature_that_is_no_number_is_wrong_for_everybody(value: Any) -> None:
    with pytest.raises(BadRequestError, match="temperature must be a number") as caught:
        mapped("meta_llama", "", Choice(drop_params=True, allowed_openai_params=["temperature"]), temperature=value)
    assert not isinstance(caught.value, UnsupportedParamsError)


@both_shapes
def test_metas_own_parameters_are_sent_and_checked(shape: str) -> None:
    sent = body(call("meta_llama", shape, top_k=40, repetition_penalty=1.2))
    assert (sent["top_k"], sent["repetition_penalty"]) == (40, 1.2)
    with pytest.raises(UnsupportedParamsError, match=r"repetition_penalty must lie between 1 and 2, not 0\.5"):
        mapped("meta_llama", shape, repetition_penalty=0.5)


@both_shapes
@pytest.mark.parametrize("param", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("value", [0, -1, 1.5, "16", True])
def test_a_limit_of_tokens_is_a_whole_number_from_1(shape: str, param: str, value: Any) -> None:
    with pytest.raises(BadRequestError, match=f"{param} must be a whole number from 1"):
        mapped("meta_llama", shape, **{param: value})


def test_both_token_limits_travel_to_the_compatible_endpoint_as_they_are() -> None:
    sent = body(call("meta_llama", max_tokens=5, max_completion_tokens=6))
    assert (sent["max_tokens"], sent["max_completion_tokens"]) == (5, 6)


@both_shapes
@pytest.mark.parametrize("param", ["n", "seed", "stop", "logprobs", "frequency_penalty", "parallel_tool_calls"])
def test_what_metas_list_does_not_have_is_refused(shape: str, param: str) -> None:
    value = {"n": 2, "seed": 1, "stop": ["x"], "logprobs": True, "frequency_penalty": 1.0}.get(param, False)
    with pytest.raises(UnsupportedParamsError, match=f"meta_llama: {param} is not supported"):
        mapped("meta_llama", shape, **{param: value})


@both_shapes
def test_asking_for_the_default_is_asking_for_nothing(shape: str) -> None:
    outcome = mapped("meta_llama", shape, n=1, presence_penalty=0.0, stop=[], parallel_tool_calls=True)
    assert (outcome.params, outcome.dropped) == ({}, {})
    assert outcome.neutral == {"n": 1, "presence_penalty": 0.0, "stop": [], "parallel_tool_calls": True}


@pytest.mark.parametrize("value", ["none", "auto", "required", {"type": "function", "function": {"name": "f"}}])
def test_a_tool_choice_of_the_apis_is_sent(value: Any) -> None:
    assert body(call("meta_llama", tool_choice=value))["tool_choice"] == value


@pytest.mark.parametrize("value", ["any", {"type": "allowed_tools"}, {"type": "function", "function": {}}, 5, "x" * 99])
def test_another_tool_choice_is_refused(value: Any) -> None:
    with pytest.raises(UnsupportedParamsError, match="tool_choice must be"):
        mapped("meta_llama", "", tool_choice=value)


def test_developer_is_written_system() -> None:
    asked = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    sent = body(call("meta_llama", messages=asked))["messages"]
    assert [message["role"] for message in sent] == ["system", "user"]
    assert asked[0]["role"] == "developer"


def test_a_tools_result_that_is_no_text_is_refused_with_the_way_to_write_it() -> None:
    asked = [{"role": "tool", "tool_call_id": "c", "content": {"id": 5}}]
    with pytest.raises(BadRequestError, match=r"messages\[0\] has a content of type dict.*json\.dumps\(result\)"):
        prepare("meta_llama/Llama-3.3-8B-Instruct", asked, {"api_key": KEY}, stream=False)


def test_an_empty_text_beside_tool_calls_travels_as_it_is() -> None:
    # recorded: the endpoint takes it (langchain-ai/langchain#32689)
    asked = {"role": "assistant", "content": "", "tool_calls": [{"id": "c", "type": "function", "function": {}}]}
    assert body(call("meta_llama", messages=[asked]))["messages"] == [asked]


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        (LLAMA_33, LLAMA_33),
        ("llama-3.3-70b-instruct", LLAMA_33),
        ("llama-3.3-70b", LLAMA_33),
        ("LLAMA-3.3-8B", "Llama-3.3-8B-Instruct"),
        ("llama-4-scout", SCOUT),
        ("llama-4-maverick", "Llama-4-Maverick-17B-128E-Instruct-FP8"),
        ("groq-llama-4-maverick", "Groq-Llama-4-Maverick-17B-128E-Instruct"),
        ("Llama-5-Unheard-Of", "Llama-5-Unheard-Of"),
    ],
)
def test_a_short_or_lower_case_name_becomes_the_servers_id(written: str, sent: str) -> None:
    plan = prepare(f"meta_llama/{written}", [{"role": "user", "content": "Hi"}], {"api_key": KEY}, stream=False)
    assert plan.call.target.model == sent
    assert f'"model":"{sent}"'.encode() in plan.request.body


@pytest.mark.parametrize(
    ("base", "shape", "used"),
    [
        ("https://api.llama.com/compat/v1", "", "https://api.llama.com/compat/v1"),
        ("https://api.llama.com/compat/v1", "compat", "https://api.llama.com/compat/v1"),
        ("https://api.llama.com/compat/v1", "native", "https://api.llama.com/v1"),
        ("https://api.llama.com/v1", "native", "https://api.llama.com/v1"),
        ("http://127.0.0.1:1/x", "native", "http://127.0.0.1:1/x"),
    ],
)
def test_each_shape_has_its_base(base: str, shape: str, used: str) -> None:
    assert provider("meta_llama").base_for(base, shape) == used


def test_what_is_supported_can_be_asked_before_a_call() -> None:
    compat = get_supported_openai_params("meta_llama/x")
    native = get_supported_openai_params("meta_llama/x", api="native")
    assert compat == [
        "max_completion_tokens", "max_tokens", "response_format", "stream", "stream_options", "temperature",
        "tool_choice", "tools", "top_p", "user",
    ]  # fmt: skip
    assert native == [name for name in compat if name != "stream_options"]
