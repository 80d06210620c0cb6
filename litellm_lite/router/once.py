"""`completion(fallbacks=…)`: a Router for one call, of the model and its fallbacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from litellm_lite.errors import APIError, BadRequestError
from litellm_lite.params import shown
from litellm_lite.vendor_errors import SECRET_HEADERS

if TYPE_CHECKING:
    from litellm_lite.router.router import Router

ASKS = frozenset({"fallbacks", "context_window_fallback_dict"})
"""The parameters of `completion` that make it a Router's call."""

# What belongs to the model it was given for: a key for one vendor is never sent to another.
_ITS_OWN = frozenset({
    "api", "api_base", "base_url", "api_key", "organization", "custom_llm_provider", "client", "ssl_verify",
    "base_model", "mock_response", "mock_tool_calls", "input_cost_per_token", "output_cost_per_token",
    "cache_read_input_token_cost", "cache_creation_input_token_cost",
})  # fmt: skip
_HEADERS = ("headers", "extra_headers")


def router_for(model: str, params: Mapping[str, Any]) -> tuple[Router, dict[str, Any]]:
    """Return a Router for one call, and the parameters to call it with.

    A fallback is a model name, or a dictionary with `model` and what differs from the call there. What names a place
    or holds a secret stays with the model it was given for. Raises BadRequestError for a fallback that is none.
    """
    from litellm_lite.router.router import Router

    shared, own = _parted(params)
    entries, targets, names = [_entry(model, model, own)], [], {model}
    for place, given in enumerate(_listed(params, "fallbacks")):
        name, changed = _fallback(given, f"fallbacks[{place}]")
        differs, its_own = _parted(changed)
        group = name if name not in names else f"{name} (fallbacks[{place}])"
        names.add(group)
        entries.append(_entry(group, name, its_own))
        targets.append({**differs, "model": group})
    larger = _larger(params.get("context_window_fallback_dict"), model)
    entries += [_entry(name, name, {}) for name in larger if name not in names]
    try:
        router = Router(
            entries,
            fallbacks=[{model: targets}] if targets else [],
            context_window_fallbacks=[{model: larger}] if larger else [],
            max_fallbacks=len(entries),
        )
    except APIError as error:
        for place in range(len(targets)):
            error.message = error.message.replace(f"model_list[{place + 1}].litellm_params", f"fallbacks[{place}]")
        error.message = error.message.replace("model_list[0].litellm_params.", "")
        raise
    return router, shared


def _listed(params: Mapping[str, Any], name: str) -> Sequence[Any]:
    given = params.get(name) or ()
    if not isinstance(given, list | tuple):
        raise BadRequestError(f"{name} must be a list of model names or dictionaries, not {shown(given)}", param=name)
    return given


def _parted(params: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what every model is called with, and what only the first one is."""
    own = {name: value for name, value in params.items() if name in _ITS_OWN and value is not None}
    shared = {name: value for name, value in params.items() if name not in _ITS_OWN and name not in ASKS}
    for name in _HEADERS:
        headers = shared.get(name)
        if isinstance(headers, Mapping) and any(SECRET_HEADERS.search(str(header)) for header in headers):
            own[name] = shared.pop(name)
    return shared, own


def _fallback(given: Any, path: str) -> tuple[str, dict[str, Any]]:
    if isinstance(given, str):
        return given, {}
    if isinstance(given, Mapping) and isinstance(given.get("model"), str):
        return given["model"], {name: value for name, value in given.items() if name != "model"}
    msg = f"{path} must be a model name or a dictionary with 'model', not {shown(given)}"
    raise BadRequestError(msg, param="fallbacks")


def _larger(given: Any, model: str) -> list[str]:
    """Return the model to ask with a prompt that is too long, out of LiteLLM's dictionary of them."""
    if given is None:
        return []
    if not isinstance(given, Mapping):
        msg = f"context_window_fallback_dict must be a dictionary of model names, not {shown(given)}"
        raise BadRequestError(msg, param="context_window_fallback_dict")
    found = given.get(model)
    return [found] if isinstance(found, str) else []


def _entry(group: str, model: str, params: Mapping[str, Any]) -> dict[str, Any]:
    return {"model_name": group, "litellm_params": {**params, "model": model}}
