"""What is wrong with a configuration: everything at once, each with its file, line, path and remedy, and no value."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from litellm_lite.proxy.absent import ABSENT, ANYWAY
from litellm_lite.proxy.config import check, load
from litellm_lite.proxy.flaws import ConfigError
from litellm_lite.proxy.schema import ConfigFile, GeneralSettings, LiteLLMSettings
from litellm_lite.router.settings import RouterParams

CANARY = "sk-canary-4f1d9a"
GOOD = "model_list:\n  - model_name: a\n    litellm_params: {model: openai/gpt-4o, api_key: k}\n"
STAND_IN = "openai/gpt-4o, api_key: k"
MODELS = ("openai/*", "openai/o3")


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that is the current one, so that messages name files as the caller does."""
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "LLAMA_API_KEY", "LLAMA_PROXY_API_BASE", "LITELLM_PROXY_API_BASE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def flaws(text: str, environment: Mapping[str, str] | None = None, **others: str) -> list[str]:
    """Return what is told of a file of that content; `others` stand beside it, each as a file of that name."""
    for name, content in {"c": text, **others}.items():
        Path(f"{name}.yaml").write_text(content, "utf-8")
    return [str(flaw) for flaw in check("c.yaml", environment or {})]


def entry(text: str) -> str:
    """Return a file with one entry, whose litellm_params begin in line 4."""
    return f"model_list:\n- model_name: a\n  litellm_params:\n    {text}\n"


def test_a_good_file_has_none() -> None:
    assert flaws(GOOD) == []


EVERYTHING = f"""
model_list:
  - model_name: a
    litelm_params: {{}}
  - model_name: b
    litellm_params:
      model: meta_llama/x
      api_key: os.environ/NOT_SET
      temperature: 99
      rpm: zero
      tpm: zero
    model_info: {{id: one}}
  - model_name: c
    litellm_params: {{model: acme/x, api_key: {CANARY}}}
    model_info: {{id: one}}
router_settings:
  fallbacks: [{{a: [x, b, y]}}, {{b: [a]}}]
  timeout: {CANARY}
  seed: {CANARY}
litellm_settings:
  callbacks: [{CANARY}]
  drop_params: {CANARY}
general_settings:
  database_url: {CANARY}
"""


def test_all_flaws_are_told_at_once() -> None:
    places = [flaw.split(": ")[:2] for flaw in flaws(EVERYTHING)]
    assert places == [
        ["c.yaml:3", "model_list[0].litellm_params"],
        ["c.yaml:4", "model_list[0].litelm_params"],
        ["c.yaml:8", "model_list[1].litellm_params.api_key"],
        ["c.yaml:9", "model_list[1].litellm_params.temperature"],
        ["c.yaml:10", "model_list[1].litellm_params.rpm"],
        ["c.yaml:11", "model_list[1].litellm_params.tpm"],
        ["c.yaml:14", "model_list[2].litellm_params.model"],
        ["c.yaml:15", "model_list[2].model_info.id"],
        ["c.yaml:17", "router_settings.fallbacks[0].a[0]"],
        ["c.yaml:17", "router_settings.fallbacks[0].a[2]"],
        ["c.yaml:17", "router_settings.fallbacks[1].b[0]"],
        ["c.yaml:18", "router_settings.timeout"],
        ["c.yaml:19", "router_settings.seed"],
        ["c.yaml:21", "litellm_settings.callbacks"],
        ["c.yaml:22", "litellm_settings.drop_params"],
        ["c.yaml:24", "general_settings.database_url"],
    ]
    assert CANARY not in str(flaws(EVERYTHING))


def test_load_raises_what_check_returns() -> None:
    told = flaws(EVERYTHING)
    with pytest.raises(ConfigError) as caught:
        load("c.yaml", {})
    assert str(caught.value).split("\n") == told
    assert [*caught.value.files] == ["c.yaml"]


def test_a_missing_key_does_not_hide_what_else_is_wrong() -> None:
    text = entry("model: meta_llama/x\n    temperature: 99\n    rpm: 0")
    assert [flaw.split(": ")[1].rpartition(".")[2] for flaw in flaws(text)] == ["api_key", "temperature", "rpm"]


def test_an_id_that_is_there_twice_is_told_with_the_first() -> None:
    one = f"{{model_name: a, litellm_params: {{model: {STAND_IN}}}, model_info: {{id: 7}}}}"
    told = "c.yaml:3: model_list[1].model_info.id: is that of model_list[0] too; give each its own"
    assert flaws(f"model_list:\n- {one}\n- {one}") == [told]


def test_deployments_of_a_wildcard_must_agree() -> None:
    entries = [f"{{model_name: '*', litellm_params: {{model: {model}, api_key: k}}}}" for model in MODELS]
    (told,) = flaws(f"model_list: [{', '.join(entries)}]")
    assert told.startswith("c.yaml:1: model_list: the deployments of '*' have the models 'openai/*' and 'openai/o3'; ")


def test_a_flaw_in_an_included_file_names_that_file() -> None:
    two = "model_list:\n- model_name: b\n  litellm_params: {model: openai/gpt-4o, api_key: k, rpm: 0}\n"
    two += "router_settings:\n\n  fallbacks: [{z: [a]}]\n"
    assert [flaw.split(": ")[:2] for flaw in flaws(GOOD + "include: two.yaml", two=two)] == [
        ["two.yaml:3", "model_list[0].litellm_params.rpm"],
        ["two.yaml:6", "router_settings.fallbacks[0].z"],
    ]


def test_a_flaw_in_a_list_of_two_files_names_the_place_in_its_own() -> None:
    text = GOOD + "router_settings:\n  fallbacks: [{a: [b]}]\ninclude: two.yaml"
    two = "router_settings:\n  fallbacks:\n  - b: [x]\n"
    two += "model_list: [{model_name: b, litellm_params: {model: openai/gpt-4o, api_key: k}}]"
    assert [flaw.split(": ")[:2] for flaw in flaws(text, two=two)] == [
        ["two.yaml:3", "router_settings.fallbacks[0].b[0]"]
    ]


@pytest.mark.parametrize("two", ["model_list: [", None])
def test_where_a_file_is_missing_nothing_is_said_of_what_it_may_hold(two: str | None) -> None:
    text = "include: two.yaml\nrouter_settings: {fallbacks: [{a: [b]}]}"
    told = flaws(text) if two is None else flaws(text, two=two)
    assert len(told) == 1
    assert "two.yaml" in told[0]


def test_a_file_may_be_included_twice() -> None:
    two = "litellm_settings: {drop_params: true}"
    assert flaws(GOOD + "include: [two.yaml, three.yaml]", two=two, three="include: two.yaml") == []


def test_aliases_and_merged_keys_are_found_where_they_are_written() -> None:
    text = """
model_list:
- &one
  model_name: a
  litellm_params: &params {model: openai/gpt-4o, api_key: k}
- <<: *one
  litellm_params:
    <<: *params
    rpm: 0
"""
    assert flaws(text) == ["c.yaml:9: model_list[1].litellm_params.rpm: must be a whole number from 1, not 0"]


def test_names_that_are_no_identifiers_stand_in_brackets() -> None:
    text = entry("model: openai/gpt-4o\n    api_key: k\n    extra_headers: {x-a.b: os.environ/NOT_SET}")
    assert flaws(text)[0].startswith("c.yaml:6: model_list[0].litellm_params.extra_headers['x-a.b']: refers")


def test_what_asks_for_nothing_may_stay() -> None:
    off = {section: dict.fromkeys(names, False) for section, names in ABSENT.items()}
    on = {section: dict.fromkeys(names, True) for section, names in ANYWAY.items()}
    whole: dict[str, Any] = {**off.pop(""), **{name: {**off[name], **on.get(name, {})} for name in off}}
    assert flaws(GOOD + yaml.safe_dump(whole)) == []


def test_no_name_is_both_there_and_absent() -> None:
    for section, model in (
        ("", ConfigFile),
        ("general_settings", GeneralSettings),
        ("litellm_settings", LiteLLMSettings),
    ):
        assert not model.model_fields.keys() & (ABSENT[section].keys() | ANYWAY.get(section, frozenset()))


def test_every_keyword_of_the_router_is_taken() -> None:
    assert flaws(GOOD + yaml.safe_dump({"router_settings": dict.fromkeys(RouterParams.__annotations__)})) == []


def test_entries_that_may_be_left_out_do_not_stop_the_start() -> None:
    text = GOOD + "  - {model_name: b, litellm_params: {model: acme/x}}\n"
    assert len(flaws(text)) == 1
    assert flaws(text + "router_settings: {ignore_invalid_deployments: true}") == []


def test_a_flawed_default_is_told_once() -> None:
    text = (GOOD + GOOD.partition("\n")[2]).replace(
        "openai", "meta_llama"
    ) + "router_settings:\n  default_litellm_params:\n    stop: 99\n"
    (told,) = flaws(text)
    assert told.startswith("c.yaml:8: router_settings.default_litellm_params.stop: ")


def test_variables_of_the_file_are_there_while_it_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    text = entry("model: openai/gpt-4o") + "environment_variables: {OPENAI_API_KEY: k}"
    assert flaws(text) == []
    monkeypatch.setenv("OPENAI_API_KEY", "two words")
    assert flaws(text) == []
    assert "holds a space" in flaws(entry("model: openai/gpt-4o"))[0]


def test_what_came_from_the_environment_is_never_shown() -> None:
    text = GOOD + "router_settings: {default_fallbacks: [os.environ/SECRET]}"
    (told,) = flaws(text, {"SECRET": CANARY})
    assert "there is no group '…'" in told
    (told,) = flaws(text, {"SECRET": "b"})  # what is that short is no secret, and part of many words
    assert "there is no group 'b'" in told


def test_a_very_long_list_of_flaws_ends() -> None:
    fallbacks = [{"a": [f"x{place}" for place in range(200)]}]
    assert len(flaws(GOOD + yaml.safe_dump({"router_settings": {"fallbacks": fallbacks}}))) == 50


_names = st.sampled_from([
    "model_list", "model_name", "litellm_params", "model", "api_key", "router_settings", "litellm_settings",
    "general_settings", "master_key", "environment_variables", "include", "default_litellm_params", "model_info", "id",
    "a", "b-c", "rpm", "tags", "headers", "extra_headers", "drop_params", "num_retries", "cache", "routing_strategy",
    "model_group_alias", "retry_policy", "max_request_size_mb", "api_base", "weight", "budget", "ssl_verify",
    "fallbacks",
])  # fmt: skip
_texts = ["a", "openai/gpt-4o", "openai/*", "*", "os.environ/SECRET", "os.environ/NOT_SET", "c.yaml"]
_scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 10**20), st.floats(allow_nan=False), st.dates(), st.binary(max_size=4),
    st.sampled_from(_texts), st.text(max_size=6),
)  # fmt: skip
_trees = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names | _scalars, inner, max_size=4),
    max_leaves=12,
)
_some = st.dictionaries(_names, _trees, max_size=4)
_entries = st.fixed_dictionaries(
    {"model_name": _trees, "litellm_params": st.fixed_dictionaries({"api_key": st.just(CANARY)}, optional={}) | _trees},
    optional={"model_info": _trees, "tags": _trees},
)
_secretive = st.builds(lambda some, name: {**some, name: CANARY}, _some, st.sampled_from(["master_key", "api_key"]))
_files = _some | st.fixed_dictionaries(
    {"model_list": st.lists(_entries | st.builds(lambda some: {"litellm_params": some}, _secretive), max_size=3)},
    optional={"router_settings": _some, "litellm_settings": _some | _secretive, "general_settings": _secretive},
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_files)
@example({"model_list": [{"model_name": "os.environ/SECRET", "litellm_params": {"model": "os.environ/SECRET"}}]})
@example({"router_settings": {"default_litellm_params": {None: 1}}, "model_list": []})
@example({"environment_variables": {True: "a", "B": "\ud800"}})
def test_any_document_is_taken_or_refused_without_its_secrets(whole: dict[str, Any]) -> None:
    Path("c.yaml").write_text(yaml.safe_dump(whole), "utf-8")
    told: tuple[str, ...] = ()
    try:
        load("c.yaml", {"SECRET": "sk-from-outside-77"})
    except ConfigError as error:
        told = tuple(map(str, error.flaws)) or ("nothing",)
    assert all(each.startswith("c.yaml") for each in told)
    assert not [each for each in told if CANARY in each or "sk-from-outside-77" in each]
