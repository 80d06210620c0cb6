"""LiteLLM's model_list: what each entry becomes, each fault with its path, and no secret told."""

from __future__ import annotations

import logging
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.errors import APIError, AuthenticationError, BadRequestError, LiteLLMUnknownProvider
from litellm_lite.registry import registry
from litellm_lite.router.deployment import UNORDERED, Deployment, Prefill
from litellm_lite.router.entry import _NOT_HERE
from litellm_lite.router.model_list import read

CANARY = "sk-canary-4f1d9a"
PLACE = {"model": "openai/gpt-4o-mini", "api_key": CANARY}
LLAMA = "meta_llama/Llama-3.3-70B-Instruct"


def entry(params: dict[str, Any] | None = None, /, **beside: Any) -> dict[str, Any]:
    return {"model_name": "chat", "litellm_params": {**PLACE, **(params or {})}, **beside}


def one(params: dict[str, Any] | None = None, /, **beside: Any) -> Deployment:
    (found,) = read([entry(params, **beside)])
    return found


def refused(params: dict[str, Any] | None = None, /, **beside: Any) -> str:
    with pytest.raises(APIError) as caught:
        read([entry(params, **beside)])
    assert CANARY not in str(caught.value)
    return str(caught.value)


def test_what_is_the_routers_is_taken_out_and_the_rest_is_what_a_call_passes() -> None:
    limits = {"rpm": 10, "tpm": "5000", "weight": 0.5, "order": 2, "max_parallel_requests": 3, "cooldown_time": 0}
    times = {"timeout": "30", "stream_timeout": 5, "num_retries": 0}
    found = one({**limits, **times, "tags": ["eu"], "region_name": "eu-west-1", "temperature": 0, "stop": None})
    assert found.params == {"api_key": CANARY, "temperature": 0}
    assert (found.group, found.model, found.provider) == ("chat", "openai/gpt-4o-mini", "openai")
    assert (found.rpm, found.tpm, found.weight, found.order, found.max_parallel_requests) == (10, 5000, 0.5, 2, 3)
    assert (found.timeout_s, found.stream_timeout_s, found.num_retries, found.cooldown_s) == (30.0, 5.0, 0, 0.0)
    assert (sorted(found.tags), found.region) == (["eu"], "eu-west-1")
    assert CANARY not in repr(found)


def test_an_entry_that_says_nothing_has_no_limits_and_comes_last() -> None:
    found = one()
    assert (found.weight, found.rpm, found.tpm, found.timeout_s, found.num_retries, found.prefill) == (None,) * 6
    assert (found.order, found.region) == (UNORDERED, None)
    assert found.tags == frozenset()
    assert found.row is registry().find("openai", "gpt-4o-mini")


def test_limits_beside_litellm_params_win_and_those_in_model_info_come_last() -> None:
    info = {"rpm": 1, "tpm": 2, "allowed_fails": 3, "region": "us"}
    found = one({"rpm": 4}, rpm=5, weight=6, order=0, tags=["x"], model_info=info)
    assert (found.rpm, found.tpm, found.weight, found.order) == (5, 2, 6.0, 0)
    assert (found.allowed_fails, found.region, sorted(found.tags)) == (3, "us", ["x"])
    assert found.info == info


def test_other_names_of_a_limit_count_where_the_usual_one_is_not_said() -> None:
    assert one({"request_timeout": 7, "max_retries": 1}).timeout_s == 7.0
    found = one({"timeout": 3, "force_timeout": 7, "max_retries": 1, "num_retries": 2})
    assert (found.timeout_s, found.num_retries, found.params) == (3.0, 2, {"api_key": CANARY})


@pytest.mark.parametrize(
    ("params", "beside", "told"),
    [
        ({"weight": -1}, {}, "model_list[0].litellm_params.weight must be a number above 0, not -1"),
        ({"weight": 0}, {}, "model_list[0].litellm_params.weight must be a number above 0, not 0"),
        ({"rpm": 0}, {}, "model_list[0].litellm_params.rpm must be a whole number from 1, not 0"),
        ({"rpm": True}, {}, "model_list[0].litellm_params.rpm must be a whole number from 1, not True"),
        ({}, {"tpm": 1.5}, "model_list[0].tpm must be a whole number from 1, not 1.5"),
        ({"max_parallel_requests": -2}, {}, "model_list[0].litellm_params.max_parallel_requests must be a whole"),
        ({"order": -1}, {}, "model_list[0].litellm_params.order must be a whole number from 0, not -1"),
        ({"timeout": "nan"}, {}, "model_list[0].litellm_params.timeout must be a number of seconds above 0, not 'nan'"),
        ({"tags": "eu"}, {}, "model_list[0].litellm_params.tags must be a list of texts, not 'eu'"),
        ({"tags": [3]}, {}, "model_list[0].litellm_params.tags[0] must be a text, not 3"),
        ({"region_name": 3}, {}, "model_list[0].litellm_params.region_name must be a text, not 3"),
        ({"model": None}, {}, "model_list[0].litellm_params.model is missing"),
        ({"model": 3}, {}, "model_list[0].litellm_params.model must be a text, not 3"),
        ({"model": "nobody/x"}, {}, "model_list[0].litellm_params.model: no provider in 'nobody/x'"),
        ({"model": "openai/*"}, {}, "model_list[0].litellm_params.model has 1 asterisks, and model_name 'chat' has 0"),
        ({"api_base": f"ftp://u:{CANARY}@h"}, {}, "model_list[0].litellm_params.api_base: openai: api_base must look"),
        ({"api_key": f"{CANARY} x"}, {}, "model_list[0].litellm_params.api_key: openai: the API key holds a space"),
        ({"extra_headers": {"a": 3}}, {}, "model_list[0].litellm_params.extra_headers['a'] must be text"),
        ({"fallbacks": ["x"]}, {}, "model_list[0].litellm_params.fallbacks is a keyword of Router"),
        ({"aws_secret_access_key": CANARY}, {}, "model_list[0].litellm_params.aws_secret_access_key belongs to"),
        ({"model": LLAMA, "n": 3}, {}, "model_list[0].litellm_params.n: meta_llama: n is not supported"),
        ({"budget": "1e-12"}, {}, "model_list[0].litellm_params.budget is too low for any call: "),
        ({"input_cost_per_token": "x"}, {}, "model_list[0].litellm_params.input_cost_per_token must be US dollars"),
        ({"base_model": 3}, {}, "model_list[0].litellm_params.base_model must be a text, not 3"),
        ({}, {"model_name": None}, "model_list[0].model_name is missing"),
        ({}, {"litellm_params": None}, "model_list[0].litellm_params is missing"),
        ({}, {"litellm_params": [CANARY]}, "model_list[0].litellm_params must be a dictionary, not list"),
        ({}, {"litellm_params": {1: 2}}, "model_list[0].litellm_params must have texts as names, not 1"),
        ({}, {"model_info": CANARY}, "model_list[0].model_info must be a dictionary, not str"),
        ({}, {"model_info": {"id": ""}}, "model_list[0].model_info.id must be a text, not an empty one"),
        ({}, {"model_info": {"supports_vision": "x"}}, "model_list[0].model_info.supports_vision must be True or"),
        ({}, {"model_info": {"max_input_tokens": 0}}, "model_list[0].model_info.max_input_tokens must be a whole"),
        ({}, {"model_info": {"output_cost_per_token": "x"}}, "model_list[0].model_info.output_cost_per_token must be"),
        ({}, {"model_info": {"output_cost_per_second": 1}}, "model_list[0].model_info.output_cost_per_second is not"),
        ({}, {"model_info": {"assistant_prefill": {"x": 1}}}, "model_list[0].model_info.assistant_prefill has 'mess"),
        ({}, {"model_info": {"assistant_prefill": True}}, "model_list[0].model_info.assistant_prefill must be a dict"),
        ({}, {"wieght": 3}, "model_list[0].wieght is not known; did you mean 'weight'? "),
        ({}, {"xyzzy": 3}, "model_list[0].xyzzy is not known; What a call passes stands in litellm_params"),
    ],
)
def test_a_fault_is_told_with_its_path(params: dict[str, Any], beside: dict[str, Any], told: str) -> None:
    assert refused(params, **beside).startswith(told)


@pytest.mark.parametrize("entries", [None, "chat", {"model_name": "chat"}, 3])
def test_what_is_no_list_is_refused(entries: Any) -> None:
    with pytest.raises(BadRequestError, match=r"^model_list must be a list of deployments"):
        read(entries)


def test_an_entry_must_be_a_dictionary() -> None:
    with pytest.raises(BadRequestError, match=r"^model_list\[1\] must be a dictionary, not str"):
        read([entry(), CANARY])


@pytest.mark.parametrize("name", sorted(_NOT_HERE))
def test_what_no_deployment_can_have_is_refused_unless_it_asks_for_nothing(name: str) -> None:
    assert refused({name: CANARY}).startswith(f"model_list[0].litellm_params.{name} ")
    assert one({name: False}).params == {"api_key": CANARY}


def test_a_missing_key_is_told_with_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AuthenticationError, match=r"^model_list\[0\].+api_key: meta_llama: no API key; set LLAMA_API_"):
        read([entry({"model": LLAMA, "api_key": None})])
    monkeypatch.setenv("LLAMA_API_KEY", CANARY)
    assert one({"model": LLAMA, "api_key": None}).params == {}


def test_a_mock_needs_no_key() -> None:
    assert one({"api_key": None, "mock_response": "Hi"}).params == {"mock_response": "Hi"}


def test_a_reference_to_the_environment_is_resolved_wherever_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_VALUE", "7")
    headers = MappingProxyType({"x": "os.environ/A_VALUE"})
    found = one({"api_key": "os.environ/A_VALUE", "rpm": "os.environ/A_VALUE", "extra_headers": headers})
    assert (found.rpm, found.params) == (7, {"api_key": "7", "extra_headers": {"x": "7"}})


@pytest.mark.parametrize("value", ["", " "])
def test_a_variable_that_is_not_set_is_named(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty one would make the call fall back to another key."""
    monkeypatch.setenv("NO_VALUE", value)
    told = refused({"extra_headers": {"x-a": ["os.environ/NO_VALUE"]}})
    assert told.startswith(
        "model_list[0].litellm_params.extra_headers['x-a'][0] refers to the environment variable 'NO"
    )


def test_the_defaults_lie_under_each_entry() -> None:
    given = [entry({"temperature": 1}), entry({"max_tokens": 5})]
    found = read(given, default_params={"temperature": 0, "timeout": 9, "max_tokens": None})
    assert [each.params.get("temperature") for each in found] == [1, 0]
    assert [each.timeout_s for each in found] == [9.0, 9.0]
    assert found[1].params["max_tokens"] == 5


@pytest.mark.parametrize(
    ("defaults", "told"),
    [
        ({"weight": 0}, "default_litellm_params.weight must be a number above 0, not 0"),
        ({"headers": 3}, "default_litellm_params.headers must be a dictionary"),
        ({"api_key": CANARY}, "default_litellm_params.api_key would go to every vendor"),
        ({"user": "os.environ/NOT_SET"}, "default_litellm_params.user refers to the environment variable 'NOT_SET'"),
        ([], "default_litellm_params must be a dictionary, not list"),
    ],
)
def test_a_fault_in_the_defaults_is_told_as_such(defaults: Any, told: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        read([entry()], default_params=defaults)
    assert str(caught.value).startswith(told)


def test_the_id_is_the_given_one_or_the_same_in_every_process() -> None:
    assert one(model_info={"id": 7}).id == "7"
    script = (
        f"import importlib.util as u; s = u.spec_from_file_location('t', {__file__!r}); m = u.module_from_spec(s); "
        "s.loader.exec_module(m); print(m.one({'temperature': 0}).id)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == one({"temperature": 0}).id


def test_everything_counts_for_the_id_and_nothing_can_be_read_back_from_it() -> None:
    others = [one(), one({"api_key": "other"}), one({"rpm": 3}), one(rpm=3), one(model_info={"mode": "chat"})]
    others += [one({"input_cost_per_token": Decimal("0.1")}), one({"input_cost_per_token": Decimal("0.2")})]
    assert len({each.id for each in others}) == len(others)
    assert one({"rpm": 1, "tpm": 2}).id == one({"tpm": 2, "rpm": 1}).id
    assert all(CANARY not in each.id and 16 <= len(each.id) <= 32 for each in others)


def test_entries_that_are_equal_get_ids_of_their_own() -> None:
    found = [each.id for each in read([entry(), entry(), entry()])]
    assert found == [found[0], f"{found[0]}-2", f"{found[0]}-3"]


def test_an_id_that_is_there_twice_is_told_with_both_paths() -> None:
    info = {"id": "x"}
    with pytest.raises(
        BadRequestError, match=r"^model_list\[2\]\.model_info\.id is 'x', and so is that of model_list\[0"
    ):
        read([entry(model_info=info), entry(), entry(model_info=info)])


def test_invalid_entries_are_left_out_on_request_each_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    given = [entry({"weight": 0}), entry({"model": "nobody/x"}), entry(), None]
    with caplog.at_level(logging.WARNING):
        assert len(read(given, ignore_invalid=True)) == 1
    assert len(caplog.messages) == 3
    assert caplog.messages[0].startswith("a deployment is left out: model_list[0].litellm_params.weight must be")
    assert CANARY not in caplog.text


def test_what_contains_itself_is_refused() -> None:
    circle: dict[str, Any] = {}
    circle["x"] = circle
    assert refused({"extra_body": circle}) == "model_list[0] is nested too deeply"


def test_names_that_cannot_be_put_in_order_are_refused() -> None:
    assert refused({"extra_body": {1: 2, "a": 3}}) == "model_list[0] has names in it that are no texts"


def test_an_entry_shares_nothing_with_what_was_given() -> None:
    headers = {"x": "1"}
    found = one({"extra_headers": headers})
    headers["x"] = "2"
    assert found.params["extra_headers"] == {"x": "1"}


def test_a_wildcard_needs_no_model_of_its_own() -> None:
    found = one({"model": "openai/*"}, model_name="openai/*")
    assert (found.model, found.provider, found.row) == ("openai/*", "openai", None)
    assert one({"model": "openai/m"}, model_name="*").model == "openai/m"


def test_where_the_caller_names_the_vendor_a_key_needs_a_base_url() -> None:
    told = refused({"model": "*"}, model_name="*")
    assert told.startswith("model_list[0].litellm_params.api_key would go to whichever vendor the caller names")
    assert one({"model": "*", "api_base": "https://h/v1"}, model_name="*").provider == ""
    assert one({"model": "*", "custom_llm_provider": "openai"}, model_name="*").provider == "openai"
    free = one({"model": "*", "api_key": None}, model_name="*", model_info={"max_input_tokens": 5})
    assert free.row is not None
    assert free.row.max_input_tokens == 5
    assert refused({"model": "*", "weight": None, "cooldown": 1, "caching": True}, model_name="*").startswith(
        "model_list[0].litellm_params.caching needs a response cache"
    )


def test_model_info_is_laid_over_the_registry() -> None:
    known = registry().find("openai", "gpt-4o-mini")
    assert known is not None
    info = {"max_input_tokens": 1000, "supports_vision": False, "note": "x", "mode": None, "cost_center": "7"}
    row = one(model_info=info).row
    assert row is not None
    assert (row.max_input_tokens, row.supports("supports_vision"), row.key) == (1000, False, known.key)
    assert row.max_output_tokens == known.max_output_tokens
    assert "note" not in row.row


def test_a_model_nobody_knows_is_what_model_info_says() -> None:
    row = one({"model": "openai/mine"}, model_info={"supported_modalities": ["text", "image"]}).row
    assert row is not None
    assert (row.provider, row.model, row.supports("supports_vision")) == ("openai", "mine", True)
    assert one({"model": "openai/mine"}).row is None


def test_the_base_model_in_model_info_wins() -> None:
    found = one({"model": "openai/mine", "base_model": "gpt-4o"}, model_info={"base_model": "gpt-4o-mini"})
    assert found.row == registry().find("openai", "gpt-4o-mini")
    assert found.params["base_model"] == "gpt-4o-mini"


def test_prices_are_where_completion_looks_for_them() -> None:
    info = {"input_cost_per_token": 0.5, "output_cost_per_token": 1, "cache_read_input_token_cost": 0}
    found = one({"output_cost_per_token": 2}, model_info=info)
    assert found.params["input_cost_per_token"] == 0.5
    assert found.params["output_cost_per_token"] == 2
    assert found.row is not None
    assert found.row.output_cost_per_token == Decimal(2)
    unknown = one({"model": "openai/mine"}, model_info=info).row
    assert unknown is not None
    assert (unknown.key, unknown.input_cost_per_token) == ("openai/mine", Decimal("0.5"))


def test_deployments_that_are_alike_share_what_is_known_of_them() -> None:
    info = {"max_input_tokens": 1000}
    first, second, other = read(
        [entry(model_info=info), entry({"rpm": 3}, model_info=info), entry(model_info={"id": 1})]
    )
    assert first.row is second.row is not other.row


@pytest.mark.parametrize(
    ("info", "prefill"),
    [
        ({}, None),
        ({"supports_assistant_prefill": True}, Prefill()),
        ({"supports_assistant_prefill": False}, None),
        ({"assistant_prefill": {}}, Prefill()),
        ({"assistant_prefill": {"message": {"prefix": True}}}, Prefill({"prefix": True})),
        (
            {"assistant_prefill": {"extra_body": {"continue_final_message": True, "add_generation_prompt": False}}},
            Prefill({}, {"continue_final_message": True, "add_generation_prompt": False}),
        ),
    ],
)
def test_prefill_is_what_somebody_declared(info: dict[str, Any], prefill: Prefill | None) -> None:
    assert one({"model": "openai/mine"}, model_info=info).prefill == prefill


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from([CANARY, f"x {CANARY}\n", "", "7"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b c", "model"]), inner, max_size=3)
    ),
    max_leaves=5,
)
_PARAMS = (
    "api_key api_base rpm weight order tags timeout temperature headers extra_body budget base_model mock_response "
    "stop caching stream region_name ssl_verify custom_llm_provider input_cost_per_token cooldown_time organization api"
).split()
_INFO = "id mode max_tokens supports_vision assistant_prefill supported_modalities input_cost_per_token region".split()


@given(
    st.dictionaries(st.sampled_from(_PARAMS), _values, max_size=4),
    st.dictionaries(st.sampled_from(_INFO), _values, max_size=2),
)
def test_any_entry_is_read_or_refused_with_its_path_and_without_its_secrets(
    params: dict[str, Any], info: dict[str, Any]
) -> None:
    told = ""
    try:
        one(params, model_info=info)
    except APIError as error:
        told = str(error)
    assert CANARY not in told
    assert told.startswith(("model_list[0].litellm_params", "model_list[0].model_info")) or not told


def test_a_provider_that_is_none_keeps_its_class() -> None:
    with pytest.raises(LiteLLMUnknownProvider) as caught:
        one({"model": "nobody/x"})
    assert caught.value.param == "model"
