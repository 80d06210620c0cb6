"""What a gateway is given to be examined: copies that do not know of each other, of what the calls can reach."""

from __future__ import annotations

import math
from typing import Any

from litellm_lite.doctor.behaviours import BEHAVIOURS
from litellm_lite.doctor.patient import Patient, admit
from litellm_lite.doctor.prescription import asked_as, in_real_time, prescribed, usual_patient
from litellm_lite.doctor.trials import Trial, trials_of
from litellm_lite.router import Router


def entry(group: str, id: str, model: str = "openai/gpt-4o-mini", **params: Any) -> dict[str, Any]:
    own = {"model": model, "api_key": "sk-canary", "api_base": "http://vendor/v1", **params}
    return {"model_name": group, "litellm_params": own, "model_info": {"id": id}}


def patient(*groups: str, model: str | None = None, **keywords: Any) -> Patient:
    entries = [entry(group, f"{group}-id") for group in groups]
    return in_real_time(admit(entries, keywords, model))


def written(of: Patient, *names: str) -> dict[str, Any]:
    trials = [Trial.of(name, [each["model_info"]["id"] for each in of.entries]) for name in names]
    return prescribed(of, trials, lambda upstream: f"http://here/{upstream}")


def test_each_trial_has_a_copy_of_every_deployment_with_an_upstream_of_its_own() -> None:
    made = written(patient("a", "b", fallbacks=[{"a": ["b"]}]), "x", "y")
    places = [
        (each["model_name"], each["model_info"]["id"], each["litellm_params"]["api_base"])
        for each in made["model_list"]
    ]
    assert places == [
        ("doctor-x/a", "x/a-id", "http://here/x-0"),
        ("doctor-x/b", "x/b-id", "http://here/x-1"),
        ("doctor-y/a", "y/a-id", "http://here/y-0"),
        ("doctor-y/b", "y/b-id", "http://here/y-1"),
    ]
    assert made["router_settings"]["fallbacks"] == [{"doctor-x/a": ["doctor-x/b"]}, {"doctor-y/a": ["doctor-y/b"]}]


def test_no_key_and_no_place_of_a_vendor_is_written() -> None:
    told = str(written(patient("a"), "x"))
    assert "sk-canary" not in told
    assert "vendor" not in told


def test_what_holds_for_all_groups_is_said_of_each() -> None:
    made = written(
        patient(
            "a",
            "b",
            "c",
            "far",
            model="a",
            default_fallbacks=["b"],
            context_window_fallbacks=[{"*": ["c"]}],
            content_policy_fallbacks=[{"a": ["c"]}],
        ),
        "x",
    )["router_settings"]
    assert made["fallbacks"] == [{"doctor-x/a": ["doctor-x/b"]}, {"doctor-x/c": ["doctor-x/b"]}]
    assert {"doctor-x/a": ["doctor-x/c"]} in made["context_window_fallbacks"]
    assert made["content_policy_fallbacks"] == [{"doctor-x/a": ["doctor-x/c"]}]
    assert "default_fallbacks" not in made


def test_what_is_not_reached_is_not_written() -> None:
    of = patient("a", "b", "far", model="a", fallbacks=[{"a": ["b"]}, {"far": ["b"]}])
    made = written(of, "x")
    assert {each["model_name"] for each in made["model_list"]} == {"doctor-x/a", "doctor-x/b"}
    assert made["router_settings"]["fallbacks"] == [{"doctor-x/a": ["doctor-x/b"]}]


def test_policies_of_groups_and_aliases_are_said_of_the_copies() -> None:
    policy = {"RateLimitErrorRetries": 3}
    of = patient(
        "a",
        "b",
        model="nick",
        model_group_alias={"nick": "a"},
        model_group_retry_policy={"nick": policy, "b": policy},
    )
    made = written(of, "x")["router_settings"]
    assert made["model_group_retry_policy"] == {"doctor-x/a": policy}
    assert "model_group_alias" not in made
    assert asked_as(of, Trial.of("x", [])) == "doctor-x/a"


def test_other_settings_are_written_as_they_are() -> None:
    of = patient("a", num_retries=1, first_token_timeout=3, default_litellm_params={"rpm": 60, "api_base": "http://v/"})
    made = written(of, "x")["router_settings"]
    assert made == {"num_retries": 1, "first_token_timeout": 3, "timeout": 30.0, "default_litellm_params": {"rpm": 60}}


def test_no_call_is_given_more_time_than_there_is() -> None:
    of = patient("a", timeout=math.inf, stream_timeout=600)
    assert (of.setup.settings.timeout_s, of.setup.settings.stream_timeout_s) == (30, 30)
    made = written(of, "x")["router_settings"]
    assert (made["timeout"], made["stream_timeout"]) == (30, 30)
    assert patient("a", timeout=5).setup.settings.timeout_s == 5


def test_a_wildcard_is_asked_for_the_model_that_was_named() -> None:
    of = in_real_time(admit([entry("openai/*", "w", "openai/*")], {}, "openai/gpt-4o"))
    trial = Trial.of("x", ["w"])
    assert asked_as(of, trial) == "doctor-x/openai/gpt-4o"
    made = prescribed(of, [trial], lambda upstream: f"http://127.0.0.1:9/{upstream}")
    router = Router(made["model_list"], **made["router_settings"])
    assert router.model_of("doctor-x/openai/gpt-4o") == "openai/gpt-4o"


def test_the_call_of_a_tool_has_a_trial_of_its_own() -> None:
    eighth = next(behaviour for behaviour in BEHAVIOURS if behaviour.number == 8)
    assert [trial.name for trial in trials_of(eighth, "stream", ["a"])] == ["8-stream", "8-stream-tool"]
    assert [trial.name for trial in trials_of(eighth, "plain", ["a"])] == ["8-plain"]


def test_the_usual_patient_has_two_deployments_and_a_fallback() -> None:
    usual = usual_patient()
    assert (usual.setup.group, usual.setup.fallbacks) == (frozenset({"first", "second"}), frozenset({"spare"}))
    assert usual.absent == ()
