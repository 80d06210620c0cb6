"""What a gateway is given to be examined: for each trial a copy of the deployments and their fallbacks. Pure.

The copies have names and ids of their own and the emulator's upstreams for places, so that no trial disturbs another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from litellm_lite.doctor.patient import ALIASES, DEFAULTS, GROUP_POLICIES, LISTS, STAND_IN, Patient, admit
from litellm_lite.doctor.trials import Trial
from litellm_lite.router.fallbacks import Target
from litellm_lite.router.names import ANY

LONGEST_TIMEOUT_S = 30.0
"""No call to a gateway is given more time than that, whatever its own settings say: this is real time."""

_PREFIX = "doctor"
_CHEAP = {"api_key": STAND_IN, "input_cost_per_token": 1.5e-07, "output_cost_per_token": 6e-07}
_DEAR = {"api_key": STAND_IN, "input_cost_per_token": 4e-07, "output_cost_per_token": 1.6e-06}
# With prices of its own, so that a gateway whose list of prices is another one is not held against ours.
_MODEL_LIST = (
    ("fast", {"model": "openai/gpt-4o-mini", **_CHEAP}, "first"),
    ("fast", {"model": "openai/gpt-4o-mini", **_CHEAP}, "second"),
    ("spare", {"model": "openai/gpt-4.1-mini", **_DEAR}, "spare"),
)
_SETTINGS = {"num_retries": 2, "timeout": LONGEST_TIMEOUT_S, "fallbacks": [{"fast": ["spare"]}]}


def usual_patient() -> Patient:
    """Return one with two deployments and a fallback, as most gateways have them."""
    entries = [
        {"model_name": group, "litellm_params": params, "model_info": {"id": id}} for group, params, id in _MODEL_LIST
    ]
    return admit(entries, _SETTINGS)


def in_real_time(patient: Patient) -> Patient:
    """Return it with calls that take no longer than there is time, and without what its calls do not reach."""
    setup, keywords = patient.setup, dict(patient.keywords)
    settings = replace(setup.settings, timeout_s=min(setup.settings.timeout_s, LONGEST_TIMEOUT_S))
    keywords["timeout"] = settings.timeout_s
    if settings.stream_timeout_s is not None:
        settings = replace(settings, stream_timeout_s=min(settings.stream_timeout_s, LONGEST_TIMEOUT_S))
        keywords["stream_timeout"] = settings.stream_timeout_s
    entries = [entry for entry in patient.entries if entry["model_info"]["id"] in setup.places]
    return replace(patient, setup=replace(setup, settings=settings), keywords=keywords, entries=entries)


def asked_as(patient: Patient, trial: Trial) -> str:
    """Return the name under which the gateway serves a patient's copy for a trial."""
    return _renamed(patient.model if ANY in patient.group else patient.group, trial)


def id_prefix(trial: Trial) -> str:
    """Return what the ids of deployments begin with in a trial."""
    return f"{trial.name}/"


def prescribed(patient: Patient, trials: Iterable[Trial], base: Callable[[str], str]) -> dict[str, Any]:
    """Return the configuration: `base` says where an upstream is. The patient must be `in_real_time`."""
    trials = list(trials)
    entries = [entry for trial in trials for entry in _entries(patient, trial, base)]
    return {"model_list": entries, "router_settings": _settings(patient, trials)}


def _entries(patient: Patient, trial: Trial, base: Callable[[str], str]) -> Iterable[dict[str, Any]]:
    for entry in patient.entries_at(lambda place: base(trial.upstreams[place])):
        info = {**entry["model_info"], "id": id_prefix(trial) + entry["model_info"]["id"]}
        yield {**entry, "model_name": _renamed(entry["model_name"], trial), "model_info": info}


def _settings(patient: Patient, trials: Iterable[Trial]) -> dict[str, Any]:
    """Return the Router's keywords, with what they say of groups said of each copy."""
    settings, trials = patient.setup.settings, list(trials)
    named = {*LISTS, ALIASES, DEFAULTS, GROUP_POLICIES, "default_fallbacks"}
    written = {name: value for name, value in patient.keywords.items() if name not in named and value is not None}
    if patient.keywords.get(DEFAULTS):
        written[DEFAULTS] = patient.keywords[DEFAULTS]
    targets_of = (settings.fallbacks_of, settings.context_fallbacks_of, settings.policy_fallbacks_of)
    for name, targets in zip(LISTS, targets_of, strict=True):
        if lists := [each for trial in trials for each in _lists(patient, trial, targets)]:
            written[name] = lists
    if policies := patient.keywords.get(GROUP_POLICIES):
        written[GROUP_POLICIES] = {
            _renamed(group, trial): policy
            for trial in trials
            for given, policy in policies.items()
            if (group := settings.aliases.get(given, given)) in _groups(patient)
        }
    return written


def _lists(
    patient: Patient, trial: Trial, targets_of: Callable[[str], tuple[Target, ...]]
) -> Iterable[Mapping[str, list[str]]]:
    groups = _groups(patient)
    for group in groups:
        if targets := [target.group for target in targets_of(group) if target.group in groups]:
            yield {_renamed(group, trial): [_renamed(target, trial) for target in targets]}


def _groups(patient: Patient) -> list[str]:
    return list(dict.fromkeys(place.group for place in patient.setup.places.values()))


def _renamed(name: str, trial: Trial) -> str:
    return f"{_PREFIX}-{trial.name}/{name}"
