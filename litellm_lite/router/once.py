"""`completion(fallbacks=…)`: a Router for one call, of the model and its fallbacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from litellm_lite import resolve
from litellm_lite.errors import APIError, BadRequestError
from litellm_lite.params import shown
from litellm_lite.router.credentials import HEADERS, secret_header

if TYPE_CHECKING:
    from litellm_lite.router.router import Router

ASKS = frozenset({"fallbacks", "context_window_fallback_dict"})
"""The parameters of `completion` that make it a Router's call."""

_LARGER = "context_window_fallback_dict"
_WHERE = frozenset({"api", "api_base", "base_url", "client", "custom_llm_provider"})
# What belongs to the vendor it was given for: a key for one is never sent to another.
_OF_THE_VENDOR = frozenset({*_WHERE, *HEADERS, "api_key", "organization", "ssl_verify"})
# What belongs to one model.
_OF_THE_MODEL = frozenset({
    "base_model", "mock_response", "mock_tool_calls", "input_cost_per_token", "output_cost_per_token",
    "cache_read_input_token_cost", "cache_creation_input_token_cost",
})  # fmt: skip
_NEVER_PASSED_ON = frozenset({"mock_response", "mock_tool_calls"})


class Stage(NamedTuple):
    """One model of such a call: what `own` it alone is called with, and what `differs` there from the call."""

    model: Any
    why: str
    own: Mapping[str, Any]
    differs: Mapping[str, Any]


def stages(model: str, params: Mapping[str, Any]) -> tuple[dict[str, Any], list[Stage]]:
    """Return what all models of a call are called with, and the models: its own, the fallbacks, the larger one.

    A fallback is a model name, or a dictionary of what differs from the call there. Of what the call says for its
    vendor it has what it does not say itself, if it is that vendor's and names no place of its own. Prices are passed
    on to the same model only. Raises BadRequestError for a fallback that is none.
    """
    shared, own = _parted(params)
    found = [Stage(model, "the model that is asked for", own, {})]
    fallbacks = _listed(params.get("fallbacks"))
    for place, given in enumerate(fallbacks):
        changed = {"model": given} if isinstance(given, str) else given
        if not isinstance(changed, Mapping):
            msg = f"fallbacks[{place}] must be a model name or a dictionary of arguments, not {shown(given)}"
            raise BadRequestError(msg, param="fallbacks")
        found.append(_stage(f"fallback {place + 1} of {len(fallbacks)}", model, own, changed))
    if (larger := _larger(params.get(_LARGER), model)) is not None:
        found.append(_stage("if the prompt is too long", model, own, {"model": larger}))
    return shared, found


def router_for(model: str, params: Mapping[str, Any]) -> tuple[Router, dict[str, Any]]:
    """Return a Router for one call, and the parameters to call it with. Raises APIError as `stages` and `Router` do."""
    from litellm_lite.router.router import Router

    shared, (first, *others) = stages(model, params)
    count = len(_listed(params.get("fallbacks")))
    entries, targets = [_entry(model, first)], []
    for place, stage in enumerate(others[:count]):
        if not isinstance(stage.model, str):
            msg = f"fallbacks[{place}].model must be the name of a model, not {shown(stage.model)}"
            raise BadRequestError(msg, param="fallbacks")
        taken = any(stage.model == entry["model_name"] for entry in entries)
        entries.append(_entry(f"{stage.model} (fallbacks[{place}])" if taken else stage.model, stage))
        targets.append({**stage.differs, "model": entries[-1]["model_name"]})
    larger = [stage.model for stage in others[count:]]
    entries += [_entry(stage.model, stage) for stage in others[count:] if stage.model not in _groups(entries)]
    try:
        router = Router(
            entries,
            fallbacks=[{model: targets}] if targets else [],
            context_window_fallbacks=[{model: larger}] if larger else [],
            max_fallbacks=len(entries),
        )
    except APIError as error:
        error.message = _in_the_callers_words(error.message, model, count)
        raise
    return router, shared


def _stage(why: str, model: str, own: Mapping[str, Any], changed: Mapping[str, Any]) -> Stage:
    name = changed.get("model", model)
    differs, its_own = _parted({each: value for each, value in changed.items() if each != "model"})
    passed: frozenset[str] = frozenset()
    if _WHERE.isdisjoint(its_own) and _vendor(name, its_own) in ("", _vendor(model, own)):
        passed = _OF_THE_VENDOR
    if name == model:
        passed |= _OF_THE_MODEL - _NEVER_PASSED_ON
    kept = sorted(own.keys() - passed - its_own.keys())
    inherited = {each: own[each] for each in own.keys() & passed}
    return Stage(name, f"{why}, without the caller's {', '.join(kept)}" if kept else why, inherited | its_own, differs)


def _vendor(model: Any, params: Mapping[str, Any]) -> str:
    """Return whose a model is; nothing where its name does not tell."""
    try:
        return resolve.split_model(model, params.get("custom_llm_provider"), params.get("api_base"))[0]
    except APIError:
        return ""


def _listed(given: Any) -> Sequence[Any]:
    if given is not None and not isinstance(given, list | tuple):
        msg = f"fallbacks must be a list of model names, or of dictionaries of arguments, not {shown(given)}"
        raise BadRequestError(msg, param="fallbacks")
    return given or ()


def _parted(params: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what any model may be called with, and what is for one vendor or model only."""
    shared = {name: value for name, value in params.items() if name not in ASKS and value is not None}
    own = {name: shared.pop(name) for name in _own_names(shared)}
    return shared, own


def _own_names(params: Mapping[str, Any]) -> list[str]:
    names: Iterator[str] = (name for name in params if name in _OF_THE_VENDOR or name in _OF_THE_MODEL)
    return [name for name in names if name not in HEADERS or secret_header(params[name]) is not None]


def _larger(given: Any, model: str) -> str | None:
    """Return the model to ask with a prompt that is too long, out of LiteLLM's dictionary of them."""
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise BadRequestError(f"{_LARGER} must be a dictionary of model names, not {shown(given)}", param=_LARGER)
    found = given.get(model)
    if found is not None and not isinstance(found, str):
        raise BadRequestError(f"{_LARGER}[{model!r}] must be a model name, not {shown(found)}", param=_LARGER)
    return found


def _groups(entries: Sequence[Mapping[str, Any]]) -> set[str]:
    return {entry["model_name"] for entry in entries}


def _entry(group: str, stage: Stage) -> dict[str, Any]:
    return {
        "model_name": group,
        "litellm_params": {**stage.own, "model": stage.model},
        "model_info": {"id": group},
    }


def _in_the_callers_words(message: str, model: str, count: int) -> str:
    """Put the paths to what the caller said in the place of those into the Router's model list."""
    places = {f"model_list[{place + 1}]": f"fallbacks[{place}]" for place in range(count)}
    places |= {f"fallbacks[0][{model!r}][{place}]": f"fallbacks[{place}]" for place in range(count)}
    places[f"model_list[{count + 1}]"] = f"{_LARGER}[{model!r}]"
    message = message.replace("model_list[0].litellm_params.", "")
    for there, here in places.items():
        message = message.replace(f"{there}.litellm_params", here).replace(there, here)
    return message
