"""The sections held against the schema: names, kinds and bounds. All that is wrong is said, and no value shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from litellm_lite.errors import APIError
from litellm_lite.options import take_options
from litellm_lite.proxy.absent import ABSENT, ANYWAY
from litellm_lite.proxy.flaws import Path
from litellm_lite.proxy.schema import ConfigFile, Deployment, GeneralSettings, LiteLLMSettings
from litellm_lite.resolve import find_provider, provider_names
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
    "string_pattern_mismatch": "must be printable ASCII without a space, and not empty, or no client could send it",
    "too_short": "is empty; add an entry with model_name and litellm_params.model",
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
# Beneath these, what pydantic tells is which of several kinds it tried.
_DEEPEST = {"litellm_settings": 2, "general_settings": 2}
_BOUNDS: Mapping[str, str] = {"greater_than": "above", "greater_than_equal": "from", "less_than_equal": "up to"}


def stripped(sections: Mapping[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
    """Return the sections without what LiteLLM has and is not here, and what of that asks for something."""
    found: list[Finding] = []
    kept = dict(_kept("", sections, found))
    for name in ABSENT:
        if isinstance(section := kept.get(name), dict):
            kept[name] = dict(_kept(name, section, found))
    return kept, found


def held(sections: Mapping[str, Any]) -> tuple[ConfigFile | None, list[Finding]]:
    """Return the sections as the schema has them, or None and all that is wrong with them."""
    entries = sections.get("model_list")
    found = [*_misspelt(entries), *_same_ids(entries)]
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
    path = loc[: _DEEPEST.get(str(loc[0]), len(loc))]
    return path[:-1] if path[-1] == "[key]" else path


def _said(path: Path, kind: str, context: Mapping[str, Any]) -> str:
    if kind == "extra_forbidden":
        return _unknown(str(path[-1]), path[:-1])
    for bound, word in _BOUNDS.items():
        if kind == bound:
            return f"must be a number {word} {next(iter(context.values())):,.10g}"
    return _SAID[kind]


def _unknown(name: str, where: Path) -> str:
    """Say which name may have been meant, of those that are there or those that are LiteLLM's only."""
    section = str(where[0]) if where else ""
    known = (Deployment if section == "model_list" else _SECTIONS[section]).model_fields
    absent = ABSENT.get(section, {})
    if close := get_close_matches(name, known, 1) or get_close_matches(name, absent, 1, _MISSPELT):
        remedy = f" It is not there: {absent[close[0]]}" if close[0] in absent else ""
        return f"is not known; did you mean {close[0]!r}?{remedy}"
    return f"is not known; there are {', '.join(known)}"


def _parts(model_list: Any, name: str) -> Iterator[tuple[int, dict[Any, Any]]]:
    """Yield one part of each entry, with its place."""
    for place, entry in enumerate(model_list if isinstance(model_list, list) else ()):
        part = entry.get(name) if isinstance(entry, dict) else None
        if isinstance(part, dict):
            yield place, part


def _same_ids(model_list: Any) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for place, info in _parts(model_list, "model_info"):
        id = info.get("id")
        if isinstance(id, str | int) and first.setdefault(str(id), place) != place:
            what = f"is that of model_list[{first[str(id)]}] too; give each its own"
            yield ("model_list", place, "model_info", "id"), what


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
