"""`litellm-lite explain --config`: which deployments a call would go to, by the file the gateway will read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from litellm_lite import Router
from litellm_lite.cli.explain import router_of
from tests.calls import MESSAGES
from tests.wire import Wire

pytest.importorskip("yaml")

KEYS = ("sk-canary-config-4f1d9a", "sk-canary-variable-b0c9e1")
CONFIG = """
environment_variables:
  OWN_KEY: {own}
model_list:
  - model_name: llama
    litellm_params: {{model: openai/first, api_base: "{base}", api_key: {key}, temperature: 0.25, order: 1}}
    model_info: {{id: first}}
  - model_name: llama
    litellm_params: {{model: openai/second, api_base: "{base}", api_key: os.environ/OWN_KEY, order: 2}}
    model_info: {{id: second, supports_function_calling: false}}
  - model_name: small
    litellm_params: {{model: openai/third, api_base: "{base}", api_key: {key}}}
    model_info: {{id: third}}
router_settings:
  model_group_alias: {{gpt-4: llama}}
  enable_tag_filtering: true
litellm_settings:
  fallbacks: [{{llama: [small]}}]
  num_retries: 1
  drop_params: true
"""


@pytest.fixture
def config(tmp_path: Path, wire: Wire) -> str:
    file = tmp_path / "config.yaml"
    file.write_text(CONFIG.format(base=wire.target["api_base"], key=KEYS[0], own=KEYS[1]), "utf-8")
    return str(file)


def candidates(run: Any, config: str, *words: str, exit_code: int = 0) -> list[dict[str, Any]]:
    result = run("explain", "--config", config, *words, "--json")
    assert result.exit_code == exit_code, result.output
    found: list[dict[str, Any]] = orjson.loads(result.stdout)["candidates"]
    return found


def test_the_deployments_stand_in_the_order_of_the_call(run, config: str, wire: Wire) -> None:
    told = candidates(run, config, "llama", "Hello")
    assert [(each["deployment"], each["group"], each["model"]) for each in told] == [
        ("first", "llama", "first"),
        ("second", "llama", "second"),
        ("third", "small", "third"),
    ]
    assert [each["why"] for each in told] == [
        "chosen by simple-shuffle",
        "if those before it fail",
        "after any failure: chosen by simple-shuffle",
    ]
    assert told[0]["body"] == {
        "model": "first",
        "messages": [{"role": "user", "content": "Hello"}],
        "temperature": 0.25,
    }
    assert told[0]["retries"] == 1
    assert wire.connections == 0


def test_the_first_is_the_one_that_is_called(run, config: str, wire: Wire) -> None:
    told = candidates(run, config, "llama", "Hi", "--param", "top_p=0.5")
    router: Router = router_of(config)
    answer = router.completion("llama", MESSAGES, top_p=0.5)
    assert answer.hidden_params["model_id"] == told[0]["deployment"]
    assert wire.last.json == told[0]["body"]


def test_aliases_and_ids_are_names_too(run, config: str) -> None:
    assert [each["deployment"] for each in candidates(run, config, "gpt-4", "Hi")] == ["first", "second", "third"]
    assert [each["deployment"] for each in candidates(run, config, "second", "Hi")] == ["second", "third"]


def test_who_cannot_comes_last_with_the_reason(run, config: str) -> None:
    tool = orjson.dumps([{"type": "function", "function": {"name": "f", "parameters": {}}}]).decode()
    told = candidates(run, config, "llama", "Hi", "--param", f"tools={tool}")
    assert [(each["deployment"], each["verdict"]) for each in told] == [
        ("first", None),
        ("third", None),
        ("second", "calls no tools"),
    ]
    text = run("explain", "--config", config, "llama", "Hi", "--param", f"tools={tool}").stdout
    assert "Would not be tried: it calls no tools." in text
    assert "1. openai/first ('first' of 'llama'; chosen by simple-shuffle)" in text


def test_no_secret_of_the_file_is_shown(run, config: str) -> None:
    for words in (["--json"], []):
        output = run("explain", "--config", config, "llama", f"Mine are {KEYS[0]} and {KEYS[1]}", *words).output
        assert not [key for key in KEYS if key in output]
        assert "[redacted]" in output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nobody", "Hi"], "there is no model group 'nobody'"),
        (["llama", "Hi", "--api-base", "http://127.0.0.1:1/v1"], "api_base belongs to one deployment"),
        (["llama", "Hi", "--param", 'api_key="sk-x"'], "api_key belongs to one deployment"),
        (["llama", "Hi", "--param", 'fallbacks=["nobody"]'], "there is no group 'nobody'"),
        (["llama"], "say what to ask"),
    ],
)
def test_what_cannot_be_explained_is_told_in_one_line(run, config: str, words: list[str], told: str) -> None:
    result = run("explain", "--config", config, *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot read"),
        ("model_list: [", "config.yaml:2: "),
        ("model_list: 7", "model_list: must be a list"),
        ("model_lists: []", "did you mean 'model_list'"),
        ("", "model_list is empty"),
        (
            "model_list: [{model_name: a, litellm_params: {model: openai/m, weight: -1}}]",
            "model_list[0].litellm_params",
        ),
        ("model_list: []\nrouter_settings: {num_retry: 1}", "no keyword 'num_retry'"),
        (
            f"model_list: [{{model_name: a, litellm_params: {{api_key: {KEYS[0]}}}}}]",
            "model_list[0].litellm_params.model",
        ),
    ],
)
def test_a_file_that_is_wrong_is_told_with_the_place(run, tmp_path: Path, content: str | None, told: str) -> None:
    file = tmp_path / "config.yaml"
    if content is not None:
        file.write_text(content, "utf-8")
    result = run("explain", "--config", str(file), "a", "Hi")
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr
    assert KEYS[0] not in result.output


def test_a_call_that_nobody_would_take_exits_with_1(run, config: str) -> None:
    told = candidates(run, config, "llama", "Hi", "--param", 'tags=["vip"]', exit_code=1)
    assert {each["tried"] for each in told} == {False}
    assert {each["verdict"] for each in told} == {"its tags are none, and the request asks for 'vip'"}
