"""What the gateway is told: by a file, by the environment, by one model; and where it may listen with its key."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from litellm_lite.errors import BadRequestError
from litellm_lite.proxy.config import (
    GatewayConfig,
    Variables,
    from_environment,
    from_model,
    load,
)
from litellm_lite.proxy.flaws import ConfigError
from litellm_lite.proxy.master_key import Listening, is_loopback, listening, weakness

CANARY = "sk-canary-4f1d9a"
GOOD = "model_list:\n  - model_name: a\n    litellm_params: {model: openai/gpt-4o, api_key: k}\n"
# From LiteLLM's page on meta_llama.
USERS_OWN = """
model_list:
  - model_name: meta_llama/Llama-3.3-70B-Instruct
    litellm_params:
      model: meta_llama/Llama-3.3-70B-Instruct
      api_key: os.environ/LLAMA_API_KEY

  - model_name: meta_llama/Llama-3.3-8B-Instruct
    litellm_params:
      model: meta_llama/Llama-3.3-8B-Instruct
      api_key: os.environ/LLAMA_API_KEY
"""
_VARIABLES = (
    "LLAMA_API_KEY", "LLAMA_API_BASE", "OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE", "LLAMA_PROXY_API_KEY",
    "LLAMA_PROXY_API_BASE", "LITELLM_PROXY_API_KEY", "LITELLM_PROXY_API_BASE", "LITELLM_MASTER_KEY",
    "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY",
)  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that is the current one, in an environment without keys."""
    monkeypatch.chdir(tmp_path)
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def config(text: str, **environment: str) -> GatewayConfig:
    Path("c.yaml").write_text(text, "utf-8")
    return load("c.yaml", environment)


def test_the_users_own_file_makes_a_router() -> None:
    read = config(USERS_OWN, LLAMA_API_KEY=CANARY)
    assert read.router().get_model_names() == ["meta_llama/Llama-3.3-70B-Instruct", "meta_llama/Llama-3.3-8B-Instruct"]
    assert [entry["litellm_params"]["api_key"] for entry in read.model_list] == [CANARY, CANARY]
    assert (read.source, list(read.files), read.master_key) == ("c.yaml", ["c.yaml"], None)
    assert CANARY not in repr(read)


def test_what_is_not_said_has_a_default() -> None:
    read = config(GOOD)
    assert (read.max_request_bytes, read.drain_s, read.keep_alive_s) == (50 * 1024 * 1024, 30.0, 15.0)
    assert not read.weak_key_permitted


def test_what_is_said_of_serving_is_kept() -> None:
    settings = "{master_key: os.environ/KEY, max_request_size_mb: 0.5, drain_timeout: '5', keep_alive_interval: 2}"
    read = config(f"{GOOD}general_settings: {settings}", KEY=CANARY)
    assert (read.master_key, read.max_request_bytes, read.drain_s, read.keep_alive_s) == (CANARY, 524288, 5.0, 2.0)


def test_what_is_said_of_routing_reaches_the_router() -> None:
    read = config(GOOD + "litellm_settings: {drop_params: true, request_timeout: 7}\nrouter_settings: {num_retries: 4}")
    assert read.router_arguments == {
        "timeout": 7,
        "num_retries": 4,
        "default_litellm_params": {"drop_params": True},
    }


def test_a_setting_that_asks_for_nothing_does_not_reach_the_router() -> None:
    assert config(GOOD + "router_settings: {redis_host: }\nlitellm_settings: {cache: false}").router_arguments == {}


@pytest.mark.parametrize(
    ("said", "environment", "key"),
    [
        ("", "from-outside-1", "from-outside-1"),
        ("general_settings: {master_key: from-the-file}", "from-outside-1", "from-the-file"),
        ("general_settings: {master_key: }", " from-outside-1\n", "from-outside-1"),
        ("environment_variables: {LITELLM_MASTER_KEY: from-the-section}", "from-outside-1", "from-the-section"),
        ("", " ", None),
    ],
)
def test_the_master_key_of_the_environment_counts_where_the_file_has_none(
    said: str, environment: str, key: str | None
) -> None:
    assert config(GOOD + said, LITELLM_MASTER_KEY=environment).master_key == key


def test_a_master_key_of_the_environment_that_nobody_can_send_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"general_settings\.master_key: must be printable ASCII") as caught:
        config(GOOD, LITELLM_MASTER_KEY=f"two {CANARY}")
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "environment", "permitted"),
    [
        ("general_settings: {dangerously_permit_weak_or_unset_master_key: true}", "", True),
        ("", "true", True),
        ("general_settings: {dangerously_permit_weak_or_unset_master_key: false}", "no", False),
    ],
)
def test_a_weak_key_may_be_permitted(said: str, environment: str, permitted: bool) -> None:
    read = config(GOOD + said, LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY=environment)
    assert read.weak_key_permitted is permitted


def test_each_provider_with_a_key_is_served_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLAMA_API_KEY", CANARY)
    read = from_environment()
    assert read.router().get_model_names() == ["meta_llama/*"]
    assert (read.source, read.files, read.notices) == ("the environment", {}, ())
    assert CANARY not in repr(read)
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    assert from_environment().router().get_model_names() == ["meta_llama/*", "openai/*"]


def test_a_provider_with_a_key_and_no_place_is_told_and_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLAMA_API_KEY", CANARY)
    monkeypatch.setenv("LITELLM_PROXY_API_KEY", CANARY)
    assert from_environment().notices == ("llama_proxy is not served: LLAMA_PROXY_API_BASE is not set",)
    monkeypatch.setenv("LITELLM_PROXY_API_BASE", "http://127.0.0.1:4000")
    read = from_environment()
    assert (read.router().get_model_names(), read.notices) == (["llama_proxy/*", "meta_llama/*"], ())


def test_without_any_key_the_variables_are_named() -> None:
    with pytest.raises(ConfigError) as caught:
        from_environment({})
    assert str(caught.value) == (
        "the environment: no provider has a key; set LLAMA_PROXY_API_KEY and LLAMA_PROXY_API_BASE, or LLAMA_API_KEY, "
        "or OPENAI_API_KEY; or name a file with --config, or a model with --model"
    )


def test_a_key_that_is_none_is_told_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLAMA_API_KEY", f"two {CANARY}")
    with pytest.raises(
        ConfigError, match=r"^the environment: meta_llama: the API key .*; check LLAMA_API_KEY$"
    ) as caught:
        from_environment()
    assert CANARY not in str(caught.value)


def test_one_model_is_served_by_its_name_and_by_every_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLAMA_API_KEY", CANARY)
    router = from_model("meta_llama/Llama-3.3-8B-Instruct").router()
    assert router.get_model_names() == ["meta_llama/Llama-3.3-8B-Instruct", "*"]
    explained = router.explain("gpt-4o", [{"role": "user", "content": "Hi"}])
    assert explained.candidates[0].model == "Llama-3.3-8B-Instruct"


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("meta_llama/x", "the environment: meta_llama: no API key; set LLAMA_API_KEY or pass api_key="),
        ("x", "the environment: no provider in 'x'"),
        ("", "the environment: must be a text, not an empty one"),
    ],
)
def test_a_model_that_cannot_be_called_is_refused(model: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_model(model)
    assert str(caught.value).startswith(told)


def test_variables_are_set_and_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "outside")
    variables = Variables()
    variables.put({"A_KEY": "own", "B_KEY": "own"})
    assert (os.environ["A_KEY"], os.environ["B_KEY"]) == ("own", "own")
    variables.put({"A_KEY": "other"})
    assert (os.environ["A_KEY"], os.environ.get("B_KEY")) == ("other", None)
    variables.put({})
    assert os.environ["A_KEY"] == "outside"


def test_reading_a_file_leaves_the_environment_as_it_was() -> None:
    before = dict(os.environ)
    read = config(GOOD + "environment_variables: {A_KEY: a, B_KEY: 3}")
    assert (dict(os.environ), read.environment_variables) == (before, {"A_KEY": "a", "B_KEY": "3"})


def served(**said: Any) -> GatewayConfig:
    return GatewayConfig(source="c.yaml", model_list=(), **said)


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (None, "there is no master key"),
        ("sk-1234", "the master key is one that everybody knows"),
        ("Your-Proxy-Api-Key", "the master key is one that everybody knows"),
        ("sk-7f3a", "the master key has fewer than 8 characters"),
        (CANARY, None),
    ],
)
def test_a_key_that_keeps_nobody_out_is_known(key: str | None, why: str | None) -> None:
    assert weakness(key) == why


def test_with_a_good_key_the_gateway_listens_where_it_is_told_or_everywhere() -> None:
    assert listening(served(master_key=CANARY)) == Listening("0.0.0.0")
    assert listening(served(master_key=CANARY), "192.0.2.1") == Listening("192.0.2.1")


@pytest.mark.parametrize("key", [None, "sk-1234"])
def test_without_one_it_listens_on_loopback_and_says_so(key: str | None) -> None:
    host, notice = listening(served(master_key=key))
    assert host == "127.0.0.1"
    assert notice.startswith(f"{weakness(key)}, so only this machine is served; set general_settings.master_key or ")
    assert listening(served(master_key=key), "::1") == Listening("::1")


def test_without_a_key_it_listens_elsewhere_only_when_told_and_says_so() -> None:
    host, notice = listening(served(), "0.0.0.0")
    assert host == "0.0.0.0"
    assert notice.startswith("there is no master key, and anybody who reaches 0.0.0.0 may use your keys; set general_")
    assert listening(served(weak_key_permitted=True)) == (host, notice)


def test_a_key_that_everybody_knows_is_refused_where_others_can_reach() -> None:
    with pytest.raises(BadRequestError) as caught:
        listening(served(master_key="sk-1234"), "0.0.0.0")
    assert str(caught.value) == (
        "the master key is one that everybody knows, and 0.0.0.0 is reached from elsewhere; set "
        "general_settings.master_key or LITELLM_MASTER_KEY to a long random text, or listen on 127.0.0.1"
    )
    assert listening(served(master_key="sk-1234", weak_key_permitted=True), "0.0.0.0").host == "0.0.0.0"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.2", True),
        ("[::1]", True),
        ("::", False),
        ("0.0.0.0", False),
        ("a.example", False),
    ],
)
def test_loopback_is_told_from_elsewhere(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
