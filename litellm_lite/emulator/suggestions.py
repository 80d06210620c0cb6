"""Values found in what the user wrote, for the arguments of a tool or the fields of a structured answer. Pure.

A guess by names and shapes: cities for a `city`, numbers for a number, a mentioned option for an enum. It only
has to be plausible; the sampler holds every guess against the schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from litellm_lite.emulator.sampler import Suggest, sample
from litellm_lite.emulator.schema import Schema, SchemaError, check_keywords, fits

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_CAPITALISED = r"[A-Z\u00c0-\u00de][\w'\u2019.-]*\w"
_PLACE = re.compile(
    rf"(?:\b(?:in|at|for|from|to|near|of|and|between|versus|vs)\s+|,\s*)"
    rf"({_CAPITALISED}(?:\s+{_CAPITALISED})*(?:,\s*[A-Z]{{2}}\b)?)"
)
_PLAIN_PLACE = re.compile(r"\b(?:in|at|near)\s+([\w' -]+?)(?=\s+(?:today|tomorrow|now|right|and)\b|[^\w' -]|$)")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?")
_QUOTED = re.compile(r"[\"\u201c]([^\"\u201d]+)[\"\u201d]|(?<!\w)'([^']+)'(?!\w)")
_NAME = re.compile(rf"(?<!^)(?<![.!?]\s){_CAPITALISED}(?:\s+{_CAPITALISED})*")

_PLACES = frozenset("city cities location place town country destination origin region where address".split())
_WHOLE_TEXT = frozenset("query question text message prompt input content topic search request q".split())
_NAMES = frozenset("name person who author recipient customer company".split())
_SHAPED = {
    "email": re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w"),
    "url": re.compile(r"https?://[^\s\"'>)]+"),
    "uri": re.compile(r"https?://[^\s\"'>)]+"),
    "link": re.compile(r"https?://[^\s\"'>)]+"),
    "date": re.compile(r"\b\d{4}-\d{2}-\d{2}\b"),
    "time": re.compile(r"\b\d{1,2}:\d{2}\b"),
}


def words_of(name: str) -> list[str]:
    """Return the words in an identifier, lower case: `getUserName` and `get_user_name` give the same."""
    return [word.lower() for word in _WORD.findall(name)]


def places(text: str) -> list[str]:
    """Return what reads like names of places, in order."""
    found = _PLACE.findall(text) or _PLAIN_PLACE.findall(text)
    return list(dict.fromkeys(place.strip() for place in found))


def suggest_from(text: str, place: str | None = None) -> Suggest:
    """Return suggestions drawn from `text`. Of several numbers or places, each field gets the next one.

    `place` is taken instead of the places in the text.
    """
    numbers = [float(number) if "." in number else int(number) for number in _NUMBER.findall(text)]
    where = [place] if place else places(text)
    turns: dict[str, dict[str, int]] = {"numbers": {}, "places": {}}

    def next_first(kind: str, name: str, values: list[Any]) -> list[Any]:
        turn = turns[kind].setdefault(name, len(turns[kind]))
        start = turn % len(values) if values else 0
        return values[start:] + values[:start]

    def suggest(name: str, schema: Mapping[str, Any]) -> Iterable[Any]:
        if "enum" in schema:
            return [option for option in schema["enum"] if str(option).lower() in text.lower()]
        if schema.get("type") in ("integer", "number"):
            return next_first("numbers", name, numbers)
        words = set(words_of(name))
        if words & _PLACES:
            return next_first("places", name, where)
        return _strings(words, schema, text)

    return suggest


def tool_arguments(parameters: Mapping[str, Any], text: str, *, parallel: bool) -> list[Any]:
    """Return the arguments for one or more calls of a tool, one each place named in `text` when `parallel`.

    Optional arguments are left out unless the text suggests a value. Raises SchemaError as `sample` does.
    """
    check_keywords(parameters)
    wants_place = [name for name in parameters.get("properties", {}) if set(words_of(name)) & _PLACES]
    several = places(text) if parallel and len(wants_place) == 1 else []
    if len(several) < 2:
        return [_arguments(parameters, suggest_from(text))]
    return [_arguments(parameters, suggest_from(text, place)) for place in several]


def _arguments(parameters: Mapping[str, Any], suggest: Suggest) -> Any:
    required = parameters.get("required", [])
    kept = {
        name: part
        for name, part in parameters.get("properties", {}).items()
        if name in required or _has_suggestion(name, part, suggest)
    }
    whole = {**parameters, "type": "object"}
    try:
        value = sample({**whole, "properties": kept}, suggest)
        return value if fits(value, whole, whole) else sample(whole, suggest)
    except SchemaError:
        return sample(whole, suggest)


def _has_suggestion(name: str, part: Schema, suggest: Suggest) -> bool:
    if isinstance(part, bool):
        return False
    check_keywords(part)
    return bool(list(suggest(name, part)))


def _strings(words: set[str], schema: Mapping[str, Any], text: str) -> list[str]:
    quoted = [double or single for double, single in _QUOTED.findall(text)]
    for shape in (schema.get("format"), *sorted(words)):
        if shape in _SHAPED:
            return _SHAPED[shape].findall(text)
    if words & _WHOLE_TEXT:
        return [*quoted, text.strip()] if text.strip() else quoted
    if words & _NAMES:
        return quoted + _NAME.findall(text)
    return quoted
