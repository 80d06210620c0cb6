"""What of a configuration is examined, and with what in the place of keys and places."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.doctor.patient import STAND_IN, Patient, admit, read_patient
from litellm_lite.doctor.report import untestable
from litellm_lite.errors import BadRequestError

GPT = "openai/gpt-4o"


def entry(group: str, model: str = GPT, info: dict[str, Any] | None = None, **params: Any) -> dict[str, Any]:
    made = {"model_name": group, "litellm_params": {"model": model, "api_key": "sk-secret", **params}}
    return made if info is None else {**made, "model_info": info}


def patient(*entries: Any, model: str | None = None, **keywords: Any) -> Patient:
    return admit(entries, keywords, model)


def written(folder, text: str) -> str:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_first_group_that_somebody_could_help_is_examined() -> None:
    alone, pair = entry("alone"), [entry("pair"), entry("pair")]
    assert patient(alone, *pair).group == "pair"
    assert patient(alone, entry("helped"), fallbacks=[{"helped": ["alone"]}]).group == "helped"
    assert patient(alone, entry("other")).group == "alone"


def test_a_group_can_be_chosen_by_its_name_or_an_alias() -> None:
    entries = [entry("a"), entry("b")]
    assert patient(*entries, model="b").group == "b"
    chosen = patient(*entries, model="best", model_group_alias={"best": "b"})
    assert (chosen.model, chosen.group) == ("best", "b")
    with pytest.raises(BadRequestError, match="there is no model group 'c'"):
        patient(*entries, model="c")


def test_a_wildcard_is_called_by_some_name() -> None:
    assert patient(entry("openai/*", "openai/*")).model == "openai/some-model"
    anything = patient(entry("*", "*", api_base="http://127.0.0.1:1/v1"))
    assert anything.entries_at(lambda _: "http://x/v1")[0]["litellm_params"]["custom_llm_provider"] == "openai"


def test_keys_places_and_what_changes_answers_are_taken_out() -> None:
    secrets: dict[str, Any] = {
        "api_base": "https://mine.example/v1",
        "extra_headers": {"x-token": "secret"},
        "organization": "secret",
    }
    (made,) = patient(
        entry("g", weight=3, max_tokens=5, mock_response="hello", **secrets),
        default_litellm_params={"temperature": 0.5},
    ).entries_at(lambda place: f"http://127.0.0.1/{place}")
    assert made["litellm_params"] == {
        "model": GPT,
        "weight": 3,
        "api_key": STAND_IN,
        "api_base": "http://127.0.0.1/model_list[0]",
    }


def test_a_patient_is_shown_without_what_it_was_made_of() -> None:
    assert "sk-secret" not in repr(patient(entry("g")))


def test_ids_are_the_users_own_or_tell_the_place() -> None:
    made = patient(entry("g"), entry("g", info={"id": "mine"}), entry("g", info={"id": 7}))
    assert sorted(made.setup.group) == ["7", "mine", "model_list[0]"]


def test_an_entry_whose_provider_is_not_here_is_left_out_with_all_that_names_it() -> None:
    made = patient(
        entry("claude", "anthropic/claude-sonnet-4-5"),
        entry("gpt"),
        entry("llama", "meta_llama/Llama-3.3-70B-Instruct"),
        fallbacks=[{"gpt": ["claude", {"model": "llama", "max_tokens": 3}]}, {"claude": ["gpt"]}],
        context_window_fallbacks={"gpt": ["claude"]},
        default_fallbacks=["claude"],
        model_group_alias={"best": "claude", "good": {"model": "gpt"}},
        model_group_retry_policy={"claude": {"TimeoutErrorRetries": 1}},
    )
    assert [path for path, _ in made.left_out] == ["model_list[0]"]
    assert "there is no provider 'anthropic' here" in made.left_out[0][1]
    assert made.setup.fallbacks == {"model_list[2]"}
    assert made.keywords["fallbacks"] == [{"gpt": ["llama"]}, {}]
    assert made.keywords["context_window_fallbacks"] == {}
    assert made.keywords["default_fallbacks"] == []
    assert made.keywords["model_group_alias"] == {"good": {"model": "gpt"}}
    assert made.keywords["model_group_retry_policy"] == {}


def test_a_group_stays_that_has_another_deployment() -> None:
    made = patient(entry("g", "azure/gpt-4o"), entry("g"), entry("h"), fallbacks=[{"h": ["g"]}])
    assert (made.group, *made.setup.fallbacks) == ("h", "model_list[1]")


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([], "model_list is empty"),
        ([entry("g", "anthropic/claude-sonnet-4-5")], r"no provider of this model_list is here; model_list\[0\]"),
        ([entry("c", "anthropic/claude-sonnet-4-5"), entry("g", weight=-1)], r"model_list\[1\].litellm_params.weight"),
        ([entry("g", model="")], "must be a text"),
        ([entry("g", info={"id": "x"}), entry("g", info={"id": "x"})], "give each its own"),
        (["g"], "must be a dictionary"),
        ([{"model_name": "g"}], "litellm_params"),
        ([{**entry("g"), "model_info": "x"}], "model_info"),
        ([entry("g", guardrails=["x"])], "guardrails"),
    ],
)
def test_what_the_router_would_refuse_is_refused(entries, words) -> None:
    with pytest.raises(BadRequestError, match=words):
        admit(entries, {})


def test_keywords_that_are_wrong_are_refused() -> None:
    for keywords in ({"fallbacks": [{"g": ["nobody"]}]}, {"fallbacks": "g"}, {"fallbacks": [{"g": "h"}]}):
        with pytest.raises(BadRequestError, match="fallbacks"):
            admit([entry("g"), entry("h")], keywords)


def test_invalid_entries_are_ignored_where_the_router_is_told_to() -> None:
    made = admit([entry("g", weight=-1), entry("g")], {"ignore_invalid_deployments": True})
    assert set(made.setup.places) == {"model_list[1]"}
    assert len(made.entries) == 1


def test_fallbacks_are_followed_as_far_as_calls_go() -> None:
    lists = [{"a": ["b"]}, {"b": ["c"]}]
    entries = [entry(name) for name in "abcdef"]
    made = patient(
        *entries, fallbacks=lists, context_window_fallbacks=[{"b": ["d"]}], content_policy_fallbacks=[{"a": ["e"]}]
    )
    told = made.setup
    assert told.fallbacks == {"model_list[1]", "model_list[2]"}
    assert (*told.context, *told.content) == ("model_list[3]", "model_list[4]")
    assert "model_list[5]" not in told.places
    assert not patient(*entries, fallbacks=lists, max_fallbacks=0).setup.fallbacks


def test_what_cannot_be_tested_is_told() -> None:
    assert "has one deployment and no fallback" in untestable(patient(entry("g")))[0]
    assert "left to chance" in untestable(patient(entry("g"), entry("g")))[0]
    assert untestable(patient(entry("g"), entry("h"), fallbacks=[{"g": ["h"]}])) == []


@given(st.lists(st.sampled_from(["anthropic/claude-sonnet-4-5", GPT]), min_size=1, max_size=5))
def test_whoever_is_left_out_the_rest_is_examined(models: list[str]) -> None:
    names = [f"g{place}" for place in range(len(models))]
    lists = [{name: [other]} for name, other in pairwise(names)]
    if GPT not in models:
        return
    made = admit([entry(name, model) for name, model in zip(names, models, strict=True)], {"fallbacks": lists})
    assert len(made.entries) == models.count(GPT)
    assert len(made.left_out) == len(models) - models.count(GPT)


CONFIG = """
model_list:
  - model_name: g
    litellm_params: {model: openai/gpt-4o, api_key: os.environ/DOCTOR_KEY, rpm: os.environ/DOCTOR_RPM}
  - model_name: h
    litellm_params: {model: llama_proxy/any}
router_settings:
  timeout: 30
litellm_settings:
  num_retries: 1
  fallbacks: [{g: [h]}]
"""
VARIABLES = ("DOCTOR_KEY", "DOCTOR_RPM", "LLAMA_PROXY_API_BASE", "LITELLM_PROXY_API_BASE", "LLAMA_PROXY_API_KEY")


@pytest.fixture
def no_variables(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in (*VARIABLES, "LITELLM_PROXY_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_variables_that_are_not_set_are_stood_in_for_and_told(tmp_path, no_variables) -> None:
    made = read_patient(written(tmp_path, CONFIG))
    assert made.absent == ("DOCTOR_KEY", "DOCTOR_RPM", "LLAMA_PROXY_API_BASE", "LLAMA_PROXY_API_KEY")
    assert made.setup.places["model_list[0]"].rpm is None
    assert (made.setup.settings.num_retries, made.setup.settings.timeout_s) == (1, 30.0)
    assert made.setup.fallbacks == {"model_list[1]"}


def test_variables_that_are_set_count(tmp_path, no_variables) -> None:
    no_variables.setenv("DOCTOR_RPM", "60")
    no_variables.setenv("DOCTOR_KEY", "sk-secret")
    made = read_patient(written(tmp_path, CONFIG))
    assert made.setup.places["model_list[0]"].rpm == 60
    assert "DOCTOR_KEY" not in made.absent
    assert "sk-secret" not in str(made.entries)
