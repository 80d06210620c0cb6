"""Values that fit a JSON Schema, made up or taken from suggestions. Pure and deterministic.

It searches: a schema is unfolded into alternatives without combinators, each gives a few values, and what is
returned has been held against the whole schema. The search is bounded, so it can fail where an answer exists;
then it says so instead of returning something that does not fit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, count, islice
from typing import Any

from litellm_lite.emulator.schema import Schema, SchemaError, check_keywords, equal, fits, resolve, type_names

Suggest = Callable[[str, Mapping[str, Any]], Iterable[Any]]
"""Given a property's name (empty at the top) and its schema, return values to try first, best first."""

# Levels that may be opened: enough for most, then less for schemas that grow too wide, then more.
_BUDGETS = (8, 4, 16)
_MOST_STEPS = 20_000
_MOST_ITEMS = 1_000
_MOST_LETTERS = 100_000

_COMBINATORS = frozenset({"$ref", "allOf", "anyOf", "oneOf"})
_BY_KEYWORD = {
    "object": ("properties", "required", "additionalProperties", "minProperties", "maxProperties"),
    "array": ("items", "prefixItems", "minItems", "maxItems", "uniqueItems"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}
_ALL_TYPES = ("string", "object", "array", "number", "boolean", "null")

_FORMATS = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:30:00Z",
    "time": "12:30:00Z",
    "duration": "PT1H",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uri-reference": "/path",
    "url": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
# For patterns: tried as they are, one of them often matches.
_SHAPES = (
    "a", "A", "1", "ab", "AB", "12", "abc", "Abc", "ABC", "123", "1234", "12345", "123456", "a1", "A1", "a-b", "a_b",
    "AB12", "1.0.0", "#aabbcc", "12:30", "94025-1234", "555-0100", "+15550100000", "123-45-6789", "$1.00", "true",
)  # fmt: skip


def nothing(_name: str, _schema: Mapping[str, Any]) -> Iterable[Any]:
    """Suggest no value."""
    return ()


def sample(schema: Schema, suggest: Suggest = nothing, name: str = "") -> Any:
    """Return a value that fits the schema, suggestions first.

    Raises SchemaError when the schema holds something not understood, or no value was found.
    """
    for budget in _BUDGETS:
        for value in _Search(schema, suggest).values(schema, name, budget):
            return value
    raise SchemaError("the emulator found no value that fits the schema")


def merge(left: Mapping[str, Any], right: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return one schema for both, as near as it can be said; None when their types exclude each other."""
    merged = {**left, **right}
    for keyword in left.keys() & right.keys():
        join = _JOINS.get(keyword)
        if join is not None:
            merged[keyword] = join(left[keyword], right[keyword])
    return None if merged.get("type") == [] else merged


class _Search:
    """One bounded search; `root` is where references lead."""

    __slots__ = ("root", "steps", "suggest")

    def __init__(self, root: Schema, suggest: Suggest) -> None:
        self.root, self.suggest, self.steps = root, suggest, 0

    def values(self, schema: Schema, name: str, budget: int) -> Iterator[Any]:
        """Yield values that fit, best first. `budget` is how many levels may still be opened."""
        for flat in self._alternatives(schema, budget):
            for value in self._flat_values(flat, name, budget):
                if fits(value, schema, self.root):
                    yield value

    def _alternatives(self, schema: Schema, budget: int) -> Iterator[dict[str, Any]]:
        self.steps += 1
        if self.steps > _MOST_STEPS or budget < 0 or schema is False:
            return
        parts: Mapping[str, Any] = {} if isinstance(schema, bool) else schema
        check_keywords(parts)
        groups = [[part] for part in parts.get("allOf", ())]
        groups += [parts[keyword] for keyword in ("anyOf", "oneOf") if keyword in parts]
        if "$ref" in parts:
            groups.append([resolve(parts["$ref"], self.root)])
        own = {keyword: value for keyword, value in parts.items() if keyword not in _COMBINATORS}
        yield from self._join(own, groups, budget - bool(groups))

    def _join(self, flat: dict[str, Any], groups: list[list[Schema]], budget: int) -> Iterator[dict[str, Any]]:
        if groups:
            for alternative in chain.from_iterable(self._alternatives(member, budget) for member in groups[0]):
                merged = merge(flat, alternative)
                if merged is not None:
                    yield from self._join(merged, groups[1:], budget)
        else:
            yield flat

    def _flat_values(self, flat: dict[str, Any], name: str, budget: int) -> Iterator[Any]:
        if "const" in flat:
            yield flat["const"]
        elif "enum" in flat:
            options = flat["enum"]
            suggested = [value for value in self.suggest(name, flat) if any(equal(value, option) for option in options)]
            yield from chain(suggested, options)
        else:
            suggested = list(self.suggest(name, flat))
            for kind in _types(flat):
                yield from (value for value in suggested if fits(value, {"type": kind}, True))
                yield from self._of_type(kind, flat, name, budget)

    def _of_type(self, kind: str, flat: dict[str, Any], name: str, budget: int) -> Iterator[Any]:
        if kind == "object":
            return self._objects(flat, budget - 1)
        if kind == "array":
            return self._arrays(flat, name, budget - 1)
        return iter(_SCALARS[kind](flat))

    def _objects(self, flat: dict[str, Any], budget: int) -> Iterator[dict[str, Any]]:
        """Yield the object with all its properties, then the one with the required ones only."""
        properties, required = flat.get("properties", {}), flat.get("required", [])
        extra = flat.get("additionalProperties", True)
        made_up = (f"property_{number}" for number in count(1))
        least, most = flat.get("minProperties", 0), flat.get("maxProperties", math.inf)
        for optional in (properties, ()):
            names = dict.fromkeys([*required, *optional])
            while len(names) < least:
                names[next(made_up)] = None
            value: dict[str, Any] = {}
            for name in names:
                found = list(islice(self.values(properties.get(name, extra), name, budget), 1))
                if found and (len(value) < most or name in required):
                    value[name] = found[0]
            yield value

    def _arrays(self, flat: dict[str, Any], name: str, budget: int) -> Iterator[list[Any]]:
        """Yield an array with one item where that is allowed, then the shortest."""
        prefix, least = flat.get("prefixItems", []), flat.get("minItems", 0)
        for length in dict.fromkeys((min(max(least, len(prefix), 1), flat.get("maxItems", math.inf)), least)):
            if length > _MOST_ITEMS:
                raise SchemaError(f"the emulator makes at most {_MOST_ITEMS} items, not {length}")
            items: list[Any] = []
            for place in range(int(length)):
                part = prefix[place] if place < len(prefix) else flat.get("items", True)
                for item in self.values(part, name, budget):
                    if not flat.get("uniqueItems") or not any(equal(item, other) for other in items):
                        items.append(item)
                        break
            yield items


def _types(flat: Mapping[str, Any]) -> list[str]:
    """Return the types to try: the declared ones, null last; else those its keywords speak of, then all."""
    if "type" in flat:
        return sorted(type_names(flat["type"]), key=lambda kind: kind == "null")
    spoken = [kind for kind, keywords in _BY_KEYWORD.items() if any(keyword in flat for keyword in keywords)]
    return list(dict.fromkeys([*spoken, *_ALL_TYPES]))


def _strings(flat: Mapping[str, Any]) -> Iterator[str]:
    least, most = int(flat.get("minLength", 0)), flat.get("maxLength", math.inf)
    if least > _MOST_LETTERS:
        raise SchemaError(f"the emulator makes strings of at most {_MOST_LETTERS} characters, not {least}")
    words = [_FORMATS[flat["format"]]] if flat.get("format") in _FORMATS else []
    words += ["emulated", "emulated answer", "another", *(f"emulated {number}" for number in range(2, 30))]
    if "pattern" in flat:
        words += [*_SHAPES, *_FORMATS.values(), "a" * least, "1" * least]
    for word in words:
        fitted = word.ljust(least, ".")
        yield fitted if len(fitted) <= most else fitted[: int(most)]
    yield from (chr(letter) * max(least, 1) for letter in range(ord("a"), ord("z") + 1))


def _numbers(flat: Mapping[str, Any]) -> Iterator[int | float]:
    yield from _integers(flat)
    low, high = _bounds(flat)
    for share in (0.5, 0.25, 0.75, 0.125, 0.4973):
        yield low + (high - low) * share


def _integers(flat: Mapping[str, Any]) -> Iterator[int | float]:
    low, high = _bounds(flat)
    step = flat.get("multipleOf", 1)
    if not (math.isfinite(low / step) and math.isfinite(high / step)):
        raise SchemaError("the emulator makes no numbers that large")
    first = math.ceil(low / step)
    for times in (1, 0, 2, 3, *range(first, first + 40), math.floor(high / step)):
        value = times * step
        yield int(value) if value == value // 1 else value
    # A float loses the last digits of a large bound; a whole number does not.
    yield from range(math.ceil(low), math.ceil(low) + 100)


def _bounds(flat: Mapping[str, Any]) -> tuple[float, float]:
    """Return a finite range to look in, near zero where a side is open."""
    lows = [flat[keyword] for keyword in ("minimum", "exclusiveMinimum") if keyword in flat]
    highs = [flat[keyword] for keyword in ("maximum", "exclusiveMaximum") if keyword in flat]
    low = max(lows) if lows else min(highs, default=0) - 100
    high = min(highs) if highs else low + 200
    return low, high


_SCALARS: dict[str, Callable[[Mapping[str, Any]], Iterable[Any]]] = {
    "string": _strings,
    "number": _numbers,
    "integer": _integers,
    "boolean": lambda _flat: (True, False),
    "null": lambda _flat: (None,),
}


def _both_types(left: Any, right: Any) -> list[Any]:
    mine, theirs = type_names(left), type_names(right)
    both = [kind for kind in mine if kind in theirs]
    if "integer" in mine + theirs and "number" in mine + theirs and "integer" not in both:
        both.append("integer")
    return both


def _both_properties(left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    shared = {name: {"allOf": [left[name], right[name]]} for name in left.keys() & right.keys()}
    return {**left, **right, **shared}


_JOINS: dict[str, Callable[[Any, Any], Any]] = {
    "type": _both_types,
    "properties": _both_properties,
    "required": lambda left, right: [*left, *right],
    "enum": lambda left, right: [option for option in left if any(equal(option, other) for other in right)],
    "items": lambda left, right: {"allOf": [left, right]},
    "additionalProperties": lambda left, right: {"allOf": [left, right]},
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), min),
}
