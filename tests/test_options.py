"""LiteLLM's own keyword arguments: read, refused with a remedy, or left out and told. Never ignored."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

import httpx
import pytest

from litellm_lite import APIError, BadRequestError, BudgetExceededError, Timeouts, UnsupportedParamsError
from litellm_lite.options import _ELSEWHERE, _ELSEWHERE_PREFIXES, _OWN, take_options
from litellm_lite.params import OPENAI_PARAMS
from litellm_lite.prepare import prepare
from tests.calls import MESSAGES, MODES, call
from tests.wire import Wire

both = pytest.mark.parametrize("mode", MODES)

# LiteLLM 1.109's keyword arguments that this library has no use for: none may reach a vendor.
LITELLMS = (
    "fallbacks model_list context_window_fallback_dict retry_policy retry_strategy cooldown_time weight order caching "
    "cache ttl cache_key roles initial_prompt_value final_prompt_value bos_token eos_token supports_system_message "
    "ensure_alternating_roles user_continue_message assistant_continue_message prompt_id prompt_variables "
    "complete_response merge_reasoning_content_in_choices input_cost_per_second output_cost_per_second cost_per_second "
    "max_budget model_info mock_timeout mock_delay api_version deployment_id shared_session logger_fn verbose no-log "
    "enable_json_schema_validation extra_query include_server_side_tool_invocations success_callback use_litellm_proxy "
    "litellm_logging_obj mock_testing_fallbacks aws_secret_access_key azure_ad_token vertex_credentials"
).split()


def timeouts(stream: bool = False, **params: Any) -> Timeouts:
    return take_options(params, stream=stream)[0].timeouts


def test_every_word_of_litellms_is_known() -> None:
    others = "prompt_label prompt_version api_type callbacks input_callback failure_callback"
    of_the_router = "context_window_fallbacks content_policy_fallbacks"
    assert set(_ELSEWHERE) <= {*LITELLMS, *others.split(), *of_the_router.split()}
    assert all(name in _ELSEWHERE or name.startswith(tuple(_ELSEWHERE_PREFIXES)) for name in LITELLMS)


@pytest.mark.parametrize("name", LITELLMS)
def test_it_is_refused_with_a_remedy(name: str) -> None:
    with pytest.raises(UnsupportedParamsError, match=rf"^{name} .+; drop_params=True leaves it out$") as caught:
        take_options({name: "canary"}, stream=False)
    assert caught.value.param == name
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("name", LITELLMS)
def test_it_is_left_out_and_told_with_drop_params(name: str) -> None:
    options, asked = take_options({name: "x", "drop_params": True}, stream=False)
    assert name in options.dropped
    assert asked == {}


@pytest.mark.parametrize("value", [None, False, [], {}, "", 0])
def test_asking_for_nothing_is_no_offence(value: Any) -> None:
    options, asked = take_options({"fallbacks": value, "caching": value}, stream=False)
    assert (options.dropped, asked) == ({}, {})


@both
def test_an_error_before_the_call_names_provider_and_model(mode: str, wire: Wire) -> None:
    with pytest.raises(UnsupportedParamsError) as caught:
        call(mode, wire, "llama_proxy/x/y", cooldown_time=5)
    assert (caught.value.provider, caught.value.model, caught.value.status) == ("llama_proxy", "x/y", 400)
    with pytest.raises(BadRequestError) as caught_too:
        call(mode, wire, "nobody/m", timeout="soon")
    assert (caught_too.value.provider, caught_too.value.model) == ("", "nobody/m")
    assert wire.connections == 0


@both
def test_what_nobody_knows_is_the_vendors_to_judge(mode: str, wire: Wire) -> None:
    call(mode, wire, min_p=0.1, chat_template_kwargs={"enable_thinking": False})
    assert wire.last.json["min_p"] == 0.1
    assert wire.last.json["chat_template_kwargs"] == {"enable_thinking": False}


@pytest.mark.parametrize("names", ["temperature", 5, [5], ["response_format.json_schema.strict"], ["tools[0].strict"]])
def test_what_additional_drop_params_cannot_mean_is_refused(names: Any) -> None:
    with pytest.raises(BadRequestError, match="additional_drop_params"):
        take_options({"additional_drop_params": names}, stream=False)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (30, Timeouts(10, 30, 30)),
        (2.5, Timeouts(2.5, 2.5, 2.5)),
        ("2.5", Timeouts(2.5, 2.5, 2.5)),
        (math.inf, Timeouts(10, None, None)),
        (1e300, Timeouts(10, None, None)),
        (httpx.Timeout(20), Timeouts(20, 20, 20)),
        (httpx.Timeout(20, connect=3), Timeouts(3, 20, 20)),
        (httpx.Timeout(None), Timeouts(None, None, None)),
        (Timeouts(1, 2, 3, 4), Timeouts(1, 2, 3, 4)),
        (Timeouts(total=1e300), Timeouts(total=None)),
        (None, Timeouts()),
    ],
)
def test_a_timeout_is_read_in_every_spelling(given: Any, read: Timeouts) -> None:
    assert timeouts(timeout=given) == read


@pytest.mark.parametrize("given", [0, -1, "soon", "", True, math.nan, [1], httpx.Timeout(-1), Timeouts(first_byte=0)])
@pytest.mark.parametrize("name", ["timeout", "request_timeout", "stream_timeout"])
def test_a_timeout_that_is_none_is_refused(name: str, given: Any) -> None:
    with pytest.raises(BadRequestError, match=f"{name} must be a number of seconds above 0") as caught:
        timeouts(stream=True, **{name: given})
    assert caught.value.param == name


def test_a_stream_has_a_timeout_of_its_own() -> None:
    assert timeouts(stream=True, timeout=5, stream_timeout=7).idle == 7
    assert timeouts(stream=False, timeout=5, stream_timeout=7).idle == 5
    assert timeouts(stream=True, timeout=5).idle == 5
    assert timeouts(request_timeout=6).first_byte == 6
    assert timeouts(timeout=5, request_timeout=6).first_byte == 5


@both
@pytest.mark.parametrize("retries", [-1, True, 1.5, "2", math.nan])
@pytest.mark.parametrize("name", ["num_retries", "max_retries"])
def test_a_number_of_retries_that_is_none_is_refused(name: str, retries: Any, mode: str, wire: Wire) -> None:
    with pytest.raises(BadRequestError, match=f"{name} must be a whole number from 0, not"):
        call(mode, wire, **{"num_retries": None, name: retries})
    assert wire.connections == 0


def test_a_call_is_tried_again_twice_unless_told() -> None:
    assert take_options({}, stream=False)[0].retries == 2
    assert take_options({"num_retries": 5, "max_retries": 3}, stream=False)[0].retries == 5


@pytest.mark.parametrize("name", ["headers", "extra_headers"])
@pytest.mark.parametrize(
    "headers",
    [
        ["a"],
        "a: b",
        {"x-a": "ü"},
        {"x-a": "a\x00b"},
        {"x-a": "a\r\nx-evil: 1"},
        {"x-a": 5},
        {"x-a": None},
        {"x a": "b"},
        {"x-a\n": "b"},
        {"": "b"},
        {"ü": "b"},
        {5: "b"},
        {"x-a: sk-canary": ""},
    ],
)
def test_a_header_http_does_not_allow_is_refused(headers: Any, name: str) -> None:
    with pytest.raises(BadRequestError, match=f"^{name}") as caught:
        take_options({name: headers}, stream=False)
    assert caught.value.param == name
    assert "canary" not in str(caught.value)
    assert "evil" not in str(caught.value)


@pytest.mark.parametrize("organization", ["org\n", "ü", 5])
def test_an_organization_no_header_can_carry_is_refused(organization: Any, wire: Wire) -> None:
    with pytest.raises(BadRequestError, match="organization"):
        call("sync", wire, organization=organization)
    assert wire.connections == 0


@pytest.mark.parametrize("extra", ["x", ["x"], 5])
def test_an_extra_body_must_be_a_dictionary(extra: Any, wire: Wire) -> None:
    with pytest.raises(BadRequestError, match="extra_body must be a dictionary"):
        call("sync", wire, extra_body=extra)
    assert wire.connections == 0


def test_options_do_not_show_what_was_passed() -> None:
    options, _ = take_options({"api_key": "sk-canary", "extra_headers": {"authorization": "canary"}}, stream=False)
    assert "canary" not in repr(options)


ODD: tuple[Any, ...] = (
    0,
    -1,
    5,
    True,
    2.5,
    math.nan,
    "",
    "x",
    b"x",
    [],
    [5],
    ["x"],
    {},
    {"x": 5},
    {5: "x"},
    object(),
    type,
    len,
)


@pytest.mark.parametrize("model", ["openai/gpt-4o-mini", "meta_llama/Llama-3.3-70B-Instruct", "llama_proxy/m"])
@pytest.mark.parametrize("name", sorted({*_OWN, *_ELSEWHERE, *OPENAI_PARAMS, "model", "messages"}))
def test_an_odd_value_is_taken_or_refused_but_never_crashes(name: str, model: str) -> None:
    for value in ODD:
        given = {"api_key": "k", "api_base": "http://localhost/v1", "drop_params": False, name: value}
        asked, messages = given.pop("model", model), given.pop("messages", MESSAGES)
        with suppress(APIError, BudgetExceededError):
            prepare(asked, messages, given, stream=False)
