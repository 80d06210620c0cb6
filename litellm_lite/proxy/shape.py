"""The sections held against the schema: names, kinds and bounds. Says all that is wrong, and never what stands there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from litellm_lite.errors import APIError
from litellm_lite.options import take_options
from litellm_lite.proxy.flaws import Path
from litellm_lite.proxy.schema import ABSENT, ANYWAY, ConfigFile, Deployment, GeneralSettings, LiteLLMSettings
from litellm_lite.resolve import find_provider, provider_names
from litellm_lite.router.checks import named
from litellm_lite.types.params import RoutedParams

Finding = tuple[Path, str]
"""A path, and what is wrong there."""

_NOTHING: tuple[Any, ...] = (None, False, [], {}, "")
_SECTIONS: Mapping[str, type[BaseModel]] = {
    "": ConfigFile,
    "general_settings": GeneralSettings,
    "litellm_settings": LiteLLMSettings,
}
_MISSPELT = 0.85
# The words of a deployment that no call has.
_OF_A_DEPLOYMENT = (
    "model", "api_key", "api_base", "weight", "order", "rpm", "tpm", "max_parallel_requests", "cooldown_time",
    "allowed_fails", "region_name", "stream_timeout", "request_timeout", "tags",
)  # fmt: skip
_TEXT = "must be a text; what YAML reads as something else stands in quotes"
_LIST, _DICT, _FLAG = "must be a list", "must be a dictionary", "must be true or false"
_SAID: Mapping[str, str] = {
    "missing": "is missing",
    "string_type": _TEXT,
    "list_type": _LIST,
    "dict_type": _DICT,
    "model_type": _DICT,
    "invalid_key": "must be a text, as every name is",
    "bool_type": _FLAG,
    "bool_parsing": _FLAG,
    "value_error": _FLAG,
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
}
_BOUNDS: Mapping[str, str] = {"greater_than": "above", "greater_than_equal": "from", "less_than_equal": "up to"}


def stripped(sections: Mapping[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
    """Return the sections without what LiteLLM has and is not here, and what of that asks for something."""
    found: list[Finding] = []
    kept = dict(_kept("", sections, found))
    for name in _SECTIONS:
        if isinstance(section := kept.get(name), dict):
            kept[name] = dict(_kept(name, section, found))
    return kept, found


def held(sections: Mapping[str, Any]) -> tuple[ConfigFile | None, list[Finding]]:
    """Return the sections as the schema has them, or None and all that is wrong with them."""
    found = list(_misspelt(sections.get("model_list")))
    try:
        return ConfigFile.model_validate(sections), found
    except ValidationError as error:
        for each in error.errors(include_url=False, include_context=True, include_input=False):
            path = _as_written(each["loc"])
            found.append((path, _said(path, each["type"], each.get("ctx") or {})))
    return None, list(dict.fromkeys(found))


def _kept(name: str, section: Mapping[Any, Any], found: list[Finding]) -> Iterator[tuple[Any, Any]]:
    for key, value in section.items():
        if (remedy := ABSENT[name].get(key)) is not None:
            if value not in _NOTHING:
                found.append(((name, key) if name else (key,), f"is not there: {remedy}"))
        elif not (isinstance(value, bool) and key in ANYWAY.get(name, ())):
            yield key, value


def _as_written(loc: tuple[str | int, ...]) -> Path:
    """Return a place of pydantic's without the names of the kinds that it tried there."""
    depth = 3 if loc[0] in ("litellm_settings", "general_settings") and len(loc) > 2 else len(loc)
    return tuple(
        step
        for step in loc[:depth]
        if not (isinstance(step, str) and step.startswith(("list[", "str", "bool", "function-")))
    )


def _said(path: Path, kind: str, context: Mapping[str, Any]) -> str:
    if kind == "extra_forbidden":
        return f"is not known{did_you_mean(str(path[-1]), _names(path[:-1]))}"
    for bound, word in _BOUNDS.items():
        if kind == bound:
            return f"must be a number {word} {next(iter(context.values())):g}"
    return _SAID[kind]


def _names(path: Path) -> Collection[str]:
    """Return the names that there may be at a place."""
    model = Deployment if path[:1] == ("model_list",) else _SECTIONS.get(str(path[0]) if path else "", ConfigFile)
    return model.model_fields


def did_you_mean(name: str, names: Collection[str], cutoff: float = 0.6) -> str:
    close = get_close_matches(name, names, 1, cutoff)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(names)}"


def _misspelt(model_list: Any) -> Iterator[Finding]:
    """Yield what would be sent to a vendor as a parameter of its own, and is more likely a slip."""
    known = {*RoutedParams.__annotations__, *_OF_A_DEPLOYMENT}
    known.update(name for each in provider_names() if (found := find_provider(each)) for name in found.row.rules)
    for place, entry in enumerate(model_list if isinstance(model_list, list) else ()):
        params = entry.get("litellm_params") if isinstance(entry, dict) else None
        for name in params if isinstance(params, dict) else ():
            if (
                isinstance(name, str)
                and name not in known
                and _goes_out(name)
                and (close := get_close_matches(name, known, 1, _MISSPELT))
            ):
                what = f"is not known; did you mean {close[0]!r}? What only the vendor knows stands in extra_body"
                yield ("model_list", place, "litellm_params", name), what


def _goes_out(name: str) -> bool:
    """Tell whether a parameter would be sent to a vendor; what is LiteLLM's own is refused with its remedy."""
    try:
        return name in take_options({name: "set"}, stream=False)[1]
    except APIError:
        return False
