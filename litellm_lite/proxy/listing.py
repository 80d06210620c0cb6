"""GET /models, /models/{model} and /model/info: what can be called, and what is known of it. Never a key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from litellm_lite.errors import LiteLLMUnknownProvider, NotFoundError
from litellm_lite.proxy.visit import Told, Visit, told_json
from litellm_lite.registry import registry
from litellm_lite.resolve import find_provider, split_model, validate_environment
from litellm_lite.router.names import ANY, Wildcard

if TYPE_CHECKING:
    from datetime import date

    from litellm_lite.proxy.serving import Serving
    from litellm_lite.registry import ModelInfo
    from litellm_lite.router.deployment import Deployment

JSON = dict[str, Any]

_CREATED = 1677610602  # LiteLLM's for every model: nobody says when one was made
_NOBODY = "system"
_SERVED = frozenset({"chat", "completion", "embedding", "moderation", "responses"})
# A server behind `openai/` that the configuration names may be anybody's: what OpenAI has, it need not have.
_OF_ANY_SERVER = frozenset({"openai", ""})


class Known(NamedTuple):
    """A model behind a wildcard: as the deployment would name it, and what each asterisk stands for there."""

    model: str
    info: ModelInfo
    parts: list[str]


async def models(visit: Visit) -> Told:
    """Answer with all that can be called by a name of its own."""
    serving, today = visit.serving, visit.now.today()
    return told_json({"object": "list", "data": [_entry(serving, name) for name in callable_names(serving, today)]})


async def model(visit: Visit) -> Told:
    """Answer with one that can be called, also where it is in no list. Raises NotFoundError naming the nearest."""
    return told_json(_entry(visit.serving, visit.part))


async def model_info(visit: Visit) -> Told:
    """Answer with all deployments, as LiteLLM does; with `litellm_model_id`, with one."""
    deployments = visit.serving.deployments()
    if (id := visit.asked("litellm_model_id")) is not None:
        deployments = [each for each in deployments if each.id == id]
        if not deployments:
            raise NotFoundError("there is no deployment of that id; GET /model/info lists them", param=id[:100])
    return told_json({"data": [_described(each) for each in deployments]})


def callable_names(serving: Serving, today: date) -> list[str]:
    """Return the names that can be called. In the place of a wildcard stands what the registry knows behind it."""
    names: dict[str, None] = {}
    for name in serving.router.get_model_names():
        if ANY not in name:
            names[name] = None
    for deployment in serving.deployments():
        if ANY in deployment.group:
            names |= dict.fromkeys(behind(serving, deployment, today))
    return list(names)


def behind(serving: Serving, deployment: Deployment, today: date) -> Iterator[str]:
    """Yield the names that lead through a wildcard to a model that is known and not switched off."""
    first, *rest = deployment.group.split(ANY)
    for known in known_behind(deployment, today):
        name = first + "".join(part + text for part, text in zip(known.parts, rest, strict=True))
        if _leads(serving, name, deployment.group, known.model):
            yield name


def known_behind(deployment: Deployment, today: date) -> Iterator[Known]:
    """Yield the models that fit a deployment's wildcard, as it would name them; none where nobody knows."""
    if ANY not in deployment.model or _anybodys(deployment):
        return
    pattern = Wildcard(deployment.model)
    for info in _known(deployment, today):
        for model in (f"{info.provider}/{info.model}", info.model):
            if (parts := pattern.parts(model)) is not None:
                yield Known(model, info, parts)
                break


def _leads(serving: Serving, name: str, group: str, model: str) -> bool:
    """Tell whether a name leads to a model through a group: a more specific one, or an alias, may stand before it."""
    deployments, led = serving.led_to(name)
    return deployments[0].group == group and led == model


def _anybodys(deployment: Deployment) -> bool:
    """Tell whether the configuration names a server of which nobody knows what models it has."""
    base = deployment.params.get("api_base") or deployment.params.get("base_url")
    if base is None or deployment.provider not in _OF_ANY_SERVER:
        return False
    try:
        return split_model("?", api_base=base)[0] != deployment.provider
    except LiteLLMUnknownProvider:
        return True


def _known(deployment: Deployment, today: date) -> Iterable[ModelInfo]:
    """Yield the models a deployment could serve; one for every vendor, those that the environment has a key for."""
    callable_: dict[str, bool] = {deployment.provider: True} if deployment.provider else {}
    for info in registry().models.values():
        if deployment.provider and info.provider != deployment.provider:
            continue
        if info.provider not in callable_:
            callable_[info.provider] = (
                find_provider(info.provider) is not None
                and (validate_environment(f"{info.provider}/{info.model}")["keys_in_environment"])
            )
        if callable_[info.provider] and info.row.get("mode") in _SERVED and info.retired(today) is None:
            yield info


def _entry(serving: Serving, name: str) -> JSON:
    """Return what OpenAI's API says of a model, and LiteLLM. Raises NotFoundError for a name that leads nowhere.

    Where several deployments share it, what holds for all: the same mode, and the smallest of the limits.
    """
    deployments, model = serving.led_to(name)
    rows = [each.row if model is None else registry().lookup(model) for each in deployments]
    owners = {_owner(each, model or each.model) for each in deployments}
    entry: JSON = {
        "id": name,
        "object": "model",
        "created": _CREATED,
        "owned_by": owners.pop() if len(owners) == 1 else _NOBODY,
    }
    modes = {info.row.get("mode") if info is not None else None for info in rows}
    if len(modes) == 1 and (mode := modes.pop()) is not None:
        entry["mode"] = mode
    for limit in ("max_input_tokens", "max_output_tokens"):
        limits = [info.limit(limit) if info is not None else None for info in rows]
        if limits and all(each is not None for each in limits):
            entry[limit] = min(each for each in limits if each is not None)
    return entry


def _described(deployment: Deployment) -> JSON:
    entry = deployment.entry()
    known = deployment.row.describe() if deployment.row is not None and ANY not in deployment.model else {}
    return {**entry, "model_info": {**known, **entry["model_info"]}}


def _owner(deployment: Deployment, model: str) -> str:
    """Return whose a model is; of one that goes to whomever its name says, by its name."""
    return deployment.provider or model.partition("/")[0]
