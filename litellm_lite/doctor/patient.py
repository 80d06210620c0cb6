"""The configuration that is examined: read as the gateway reads it, with stand-ins for keys and places.

What names a place or holds a secret is taken out, and so is what changes answers rather than their way. Entries whose
provider is not here are left out, and told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from litellm_lite import resolve
from litellm_lite.doctor.observed import Setup
from litellm_lite.errors import APIError, BadRequestError, LiteLLMUnknownProvider
from litellm_lite.proxy.config import read_config, router_arguments
from litellm_lite.router import model_list, settings
from litellm_lite.router.deployment import Deployment
from litellm_lite.router.names import ANY, Names
from litellm_lite.router.settings import Settings

STAND_IN = "doctor-stand-in"
"""Is in the place of keys, and of environment variables that are not set."""

_NOWHERE = "http://127.0.0.1:9/v1"
_SOME_MODEL = "some-model"
_ROUTED = frozenset({
    "model", "custom_llm_provider", "api", "base_model", "region_name", "tags", "weight", "order", "rpm", "tpm",
    "max_parallel_requests", "timeout", "request_timeout", "force_timeout", "stream_timeout", "num_retries",
    "max_retries", "cooldown_time", "allowed_fails", "input_cost_per_token", "output_cost_per_token",
    "cache_read_input_token_cost", "cache_creation_input_token_cost",
})  # fmt: skip
LISTS = ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks")
GROUP_POLICIES = "model_group_retry_policy"
ALIASES = "model_group_alias"
DEFAULTS = "default_litellm_params"
_PLACE = re.compile(r"model_list\[(\d+)\]")


@dataclass(frozen=True, kw_only=True)
class Patient:
    """What is examined: calls for `model`, which lead to `group`. `absent` are the variables that are not set."""

    model: str
    group: str
    setup: Setup
    keywords: Mapping[str, Any] = field(repr=False)
    entries: Sequence[Mapping[str, Any]] = field(repr=False)
    left_out: tuple[tuple[str, str], ...] = ()
    absent: tuple[str, ...] = ()

    def entries_at(self, base: Callable[[str], str]) -> list[dict[str, Any]]:
        """Return the model list with each deployment at the base URL that `base` says for its id."""
        return [
            {**entry, "litellm_params": {**entry["litellm_params"], "api_base": base(entry["model_info"]["id"])}}
            for entry in self.entries
        ]


def read_patient(path: str, model: str | None = None) -> Patient:
    """Read a configuration for the calls to one model, or to the group that has most to show.

    Raises APIError for what the Router would refuse, except for keys that are missing.
    """
    environment = _StandIns()
    config = read_config(path, environment)
    return admit(config.model_list, router_arguments(config), model, environment.absent)


def admit(
    entries: Sequence[Any], keywords: Mapping[str, Any], model: str | None = None, absent: Collection[str] = ()
) -> Patient:
    """Return the patient that a model list and the keywords of a Router make. Raises APIError."""
    asked, whole = dict(_known(keywords)), [_known(entry) for entry in entries]
    defaults = asked.get(DEFAULTS) or {}
    left_out = {place: why for place, entry in enumerate(whole) if (why := _stranger(entry, defaults))}
    missing = set(absent)
    ready = [
        _ready(entry, place, missing, keyed="api_key" in _params(entries[place]))
        for place, entry in enumerate(whole)
        if place not in left_out
    ]
    if not ready:
        raise BadRequestError(_nobody(left_out), param="model_list")
    deployments = _deployments(ready, asked, [place for place in range(len(whole)) if place not in left_out])
    groups = {deployment.group for deployment in deployments}
    gone = [name for place in left_out if (name := whole[place].get("model_name")) not in groups]
    asked = _without_groups(asked, gone)
    read = settings.read(asked, groups)
    name, group = _chosen(model, deployments, read)
    ids = {deployment.id for deployment in deployments}
    return Patient(
        model=name,
        group=group,
        setup=_setup(group, deployments, read),
        keywords={**asked, DEFAULTS: _routed(defaults)},
        entries=[_treated(entry) for entry in ready if entry["model_info"]["id"] in ids],
        left_out=tuple((f"model_list[{place}]", why) for place, why in left_out.items()),
        absent=tuple(sorted(missing)),
    )


class _StandIns(Mapping[str, str]):
    """The environment, with a stand-in for each variable that is not set; `absent` are those that were asked for."""

    def __init__(self) -> None:
        self.absent: set[str] = set()

    def __getitem__(self, name: str) -> str:
        value = resolve.environment_value(name)
        if value is None:
            self.absent.add(name)
        return STAND_IN if value is None else value

    def __iter__(self) -> Iterator[str]:  # pragma: no cover - a mapping has it; nobody asks for all variables
        return iter(())

    def __len__(self) -> int:  # pragma: no cover - the same
        return 0


def _known(value: Any) -> Any:
    """Return a copy without what only a stand-in is known of: it counts as not given."""
    if isinstance(value, Mapping):
        return {name: _known(inner) for name, inner in value.items() if inner != STAND_IN}
    return [_known(inner) for inner in value] if isinstance(value, list | tuple) else value


def _stranger(entry: Any, defaults: Mapping[str, Any]) -> str:
    """Return why an entry's provider is not here; an empty text where it is, or the entry is wrong in another way."""
    params = {**defaults, **_params(entry)}
    model, base = params.get("model"), params.get("api_base") or params.get("base_url")
    if not isinstance(model, str) or model.startswith(ANY):
        return ""
    try:
        resolve.split_model(model, params.get("custom_llm_provider"), base)
    except LiteLLMUnknownProvider as error:
        return error.message
    except APIError:
        return ""
    return ""


def _params(entry: Any) -> dict[str, Any]:
    params = entry.get("litellm_params") if isinstance(entry, Mapping) else None
    return dict(params) if isinstance(params, Mapping) else {}


def _ready(entry: Any, place: int, missing: set[str], *, keyed: bool) -> Any:
    """Return an entry with an id, and stand-ins for what is not there; `keyed`: it names a key of its own."""
    params = _params(entry)
    if not isinstance(params.get("model"), str) or not isinstance(entry.get("model_info") or {}, Mapping):
        return entry  # the reader of the list says what is wrong with it
    info = dict(entry.get("model_info") or {})
    info["id"] = str(info.get("id") or f"model_list[{place}]")
    return {**entry, "litellm_params": params | _stand_ins(params, missing, keyed=keyed), "model_info": info}


def _stand_ins(params: Mapping[str, Any], missing: set[str], *, keyed: bool) -> dict[str, str]:
    """Return what to put in the place of a key, a base URL and a provider that are not told."""
    model, base = params["model"], params.get("api_base") or params.get("base_url")
    filled = {} if params.get("api_key") else {"api_key": STAND_IN}
    if model.startswith(ANY):
        return filled if params.get("custom_llm_provider") else {**filled, "custom_llm_provider": "openai"}
    if not keyed:
        missing.update(resolve.validate_environment(model, None, base or _NOWHERE)["missing_keys"])
    if needed := resolve.validate_environment(model, STAND_IN, base)["missing_keys"]:
        missing.update(needed)
        filled["api_base"] = _NOWHERE
    return filled


def _nobody(left_out: Mapping[int, str]) -> str:
    if not left_out:
        return "model_list is empty; there is nothing to examine"
    place, why = next(iter(left_out.items()))
    return f"no provider of this model_list is here; model_list[{place}]: {why}"


def _deployments(entries: Sequence[Any], keywords: Mapping[str, Any], places: Sequence[int]) -> list[Deployment]:
    """Read the entries. Raises APIError with the path as it is in the whole list, where they have those places."""
    ignore = bool(keywords.get("ignore_invalid_deployments"))
    try:
        return model_list.read(entries, ignore_invalid=ignore, default_params=keywords.get(DEFAULTS))
    except APIError as error:
        error.message = _PLACE.sub(lambda found: f"model_list[{places[int(found[1])]}]", error.message)
        raise


def _treated(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry with what routes its calls, and a key that is none."""
    params = {**_routed(entry["litellm_params"]), "api_key": STAND_IN}
    return {**entry, "litellm_params": params}


def _routed(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if name in _ROUTED}


def _without_groups(keywords: Mapping[str, Any], gone: Collection[str]) -> dict[str, Any]:
    """Return the keywords without the groups that were left out, and without what fallbacks would change in a call."""
    asked = dict(keywords)
    for name in LISTS:
        if name in asked:
            asked[name] = _lists_without(asked[name], gone)
    if "default_fallbacks" in asked:
        asked["default_fallbacks"] = _targets_without(asked["default_fallbacks"], gone)
    for name in (ALIASES, GROUP_POLICIES):
        if isinstance(asked.get(name), Mapping):
            kept = ((key, value) for key, value in asked[name].items() if key not in gone)
            asked[name] = {key: value for key, value in kept if _group(value) not in gone}
    return asked


def _lists_without(given: Any, gone: Collection[str]) -> Any:
    if isinstance(given, Mapping):
        kept = {group: _targets_without(targets, gone) for group, targets in given.items() if group not in gone}
        return {group: targets for group, targets in kept.items() if targets != []}
    return [_lists_without(each, gone) for each in given] if isinstance(given, list) else given


def _targets_without(given: Any, gone: Collection[str]) -> Any:
    if not isinstance(given, list):
        return given
    return [target for each in given if (target := _group(each)) not in gone]


def _group(target: Any) -> Any:
    """Return the group of a fallback or an alias that is a dictionary; whatever else it is as it is."""
    return target["model"] if isinstance(target, Mapping) and isinstance(target.get("model"), str) else target


def _chosen(model: str | None, deployments: Sequence[Deployment], read: Settings) -> tuple[str, str]:
    """Return the name to call, and its group: as asked for, else the first that has somebody else to serve."""
    if model is not None:
        return model, Names(deployments, read.aliases).find(model).group
    sizes: dict[str, int] = {}
    for deployment in deployments:
        sizes[deployment.group] = sizes.get(deployment.group, 0) + 1
    helped = (group for group, size in sizes.items() if size > 1 or read.fallbacks_of(group))
    group = next(helped, next(iter(sizes)))
    return group.replace(ANY, _SOME_MODEL), group


def _setup(group: str, deployments: Sequence[Deployment], read: Settings) -> Setup:
    """Return which deployments calls to a group may reach, and by which ways."""

    def within(names: Collection[str]) -> frozenset[str]:
        return frozenset(each.id for each in deployments if each.group in names)

    onward = {group: None}
    reached = [group] if read.max_fallbacks else []
    for name in reached:
        more = [target.group for target in read.fallbacks_of(name) if target.group not in onward]
        onward |= dict.fromkeys(more)
        reached += more
    context = {target.group for name in reached for target in read.context_fallbacks_of(name)}
    content = {target.group for name in reached for target in read.policy_fallbacks_of(name)}
    by_id = {each.id: each for each in deployments if each.group in {*onward, *context, *content}}
    own = within({group})
    return Setup(
        places=by_id,
        group=own,
        fallbacks=within(onward.keys()) - own,
        context=within(context),
        content=within(content),
        settings=read,
    )
