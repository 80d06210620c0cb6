"""Whether a JSON value fits a JSON Schema, for the part of the language that structured answers use. Pure.

Draft 2020-12 as far as it goes; a keyword that would constrain a value and is not understood raises
SchemaError rather than being passed over. `format` is an annotation, as the draft has it by default.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Schema = Mapping[str, Any] | bool

_UNSUPPORTED = frozenset(
    "$anchor $dynamicAnchor $dynamicRef $recursiveRef additionalItems contains contentSchema dependencies "
    "dependentRequired dependentSchemas else if maxContains minContains patternProperties propertyNames then "
    "unevaluatedItems unevaluatedProperties".split()
)
_DEEPEST = 200


class SchemaError(ValueError):
    """The schema holds something the emulator does not understand; the message names it."""


def fits(value: Any, schema: Schema, root: Schema, depth: int = 0) -> bool:
    """Tell whether the value fits. Raises SchemaError for a keyword or a reference that is not understood."""
    if isinstance(schema, bool):
        return schema
    if depth > _DEEPEST:
        raise SchemaError("the schema refers to itself without end")
    check_keywords(schema)

    def inner(item: Any, part: Schema) -> bool:
        return fits(item, part, root, depth + 1)

    if "$ref" in schema and not inner(value, resolve(schema["$ref"], root)):
        return False
    return all(check(value, schema[keyword], schema, inner) for keyword, check in _CHECKS.items() if keyword in schema)


def check_keywords(schema: Mapping[str, Any]) -> None:
    """Raise SchemaError for a keyword that is not understood, or whose own value makes no sense."""
    for keyword in sorted(schema.keys() & _UNSUPPORTED):
        raise SchemaError(f"the emulator does not understand {keyword!r} in a JSON Schema")
    for keyword, value in schema.items():
        is_sound = _SOUND.get(keyword)
        if is_sound is not None and not is_sound(value):
            raise SchemaError(f"the JSON Schema gives {keyword!r} a value it cannot have")


def resolve(reference: Any, root: Schema) -> Schema:
    """Return what a `#/...` reference points to. Raises SchemaError for other references and for dead ends."""
    if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
        raise SchemaError(f"the emulator resolves references inside the schema only, not {reference!r}")
    found: Any = root
    for step in reference[2:].split("/") if reference != "#" else ():
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, list) and key.isdecimal() and int(key) < len(found):
            found = found[int(key)]
        elif isinstance(found, Mapping) and key in found:
            found = found[key]
        else:
            raise SchemaError(f"{reference!r} points to nothing in the schema")
    if not isinstance(found, dict | bool):
        raise SchemaError(f"{reference!r} points to something that is no schema")
    return found


def equal(left: Any, right: Any) -> bool:
    """Compare as JSON does: true is not 1, and 1.0 is 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right)


def is_type(value: Any, name: str) -> bool:
    """Tell whether a value is of a JSON Schema type."""
    return _TYPES[name](value)


def type_names(declared: str | list[str]) -> list[str]:
    """Return a `type` keyword's value as a list, whichever way it was written."""
    return declared if isinstance(declared, list) else [declared]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: Any) -> bool:
    return _is_number(value) and bool(value == value // 1)


_TYPES: dict[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": _is_integer,
    "number": _is_number,
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def _is_schema(value: Any) -> bool:
    return isinstance(value, dict | bool)


def _is_size(value: Any) -> bool:
    return _is_integer(value) and value >= 0


def _are_schemas(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_schema, value))


def _are_types(value: Any) -> bool:
    names: list[Any] = value if isinstance(value, list) else [value]
    return bool(names) and all(isinstance(name, str) and name in _TYPES for name in names)


_SOUND: dict[str, Callable[[Any], bool]] = {
    "type": _are_types,
    "enum": lambda value: isinstance(value, list) and bool(value),
    "properties": lambda value: isinstance(value, dict) and all(map(_is_schema, value.values())),
    "required": lambda value: isinstance(value, list) and all(isinstance(name, str) for name in value),
    "multipleOf": lambda value: _is_number(value) and value > 0,
    **dict.fromkeys(("pattern", "format"), _TYPES["string"]),
    **dict.fromkeys(("items", "additionalProperties", "not"), _is_schema),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), _are_schemas),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _is_number),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _is_size),
}

_Inner = Callable[[Any, Schema], bool]
_Check = Callable[[Any, Any, Mapping[str, Any], _Inner], bool]


def _for(applies: Callable[[Any], bool], test: Callable[[Any, Any], bool]) -> _Check:
    """Make a check that says yes to every value the keyword is not about."""
    return lambda value, limit, _schema, _inner: not applies(value) or test(value, limit)


def _properties(value: Any, properties: Any, _: Any, inner: _Inner) -> bool:
    return not isinstance(value, dict) or all(
        inner(value[name], part) for name, part in properties.items() if name in value
    )


def _additional(value: Any, part: Any, schema: Mapping[str, Any], inner: _Inner) -> bool:
    if not isinstance(value, dict):
        return True
    return all(inner(item, part) for name, item in value.items() if name not in schema.get("properties", {}))


def _items(value: Any, part: Any, schema: Mapping[str, Any], inner: _Inner) -> bool:
    return not isinstance(value, list) or all(inner(item, part) for item in value[len(schema.get("prefixItems", ())) :])


def _prefix(value: Any, parts: Any, _: Any, inner: _Inner) -> bool:
    return not isinstance(value, list) or all(inner(item, part) for item, part in zip(value, parts, strict=False))


def _distinct(items: Iterable[Any]) -> bool:
    seen: list[Any] = []
    for item in items:
        if any(equal(item, other) for other in seen):
            return False
        seen.append(item)
    return True


def _is_multiple(value: Any, step: Any) -> bool:
    quotient = value / step
    return bool(quotient == quotient // 1)


def _matches(value: str, pattern: str) -> bool:
    try:
        return re.search(pattern, value) is not None
    except re.error:
        raise SchemaError(f"the emulator cannot read the pattern {pattern!r}") from None


_CHECKS: dict[str, _Check] = {
    "type": lambda value, names, _s, _i: any(is_type(value, name) for name in type_names(names)),
    "enum": lambda value, options, _s, _i: any(equal(value, option) for option in options),
    "const": lambda value, constant, _s, _i: equal(value, constant),
    "minimum": _for(_is_number, lambda value, limit: value >= limit),
    "maximum": _for(_is_number, lambda value, limit: value <= limit),
    "exclusiveMinimum": _for(_is_number, lambda value, limit: value > limit),
    "exclusiveMaximum": _for(_is_number, lambda value, limit: value < limit),
    "multipleOf": _for(_is_number, _is_multiple),
    "minLength": _for(_TYPES["string"], lambda value, limit: len(value) >= limit),
    "maxLength": _for(_TYPES["string"], lambda value, limit: len(value) <= limit),
    "pattern": _for(_TYPES["string"], _matches),
    "minItems": _for(_TYPES["array"], lambda value, limit: len(value) >= limit),
    "maxItems": _for(_TYPES["array"], lambda value, limit: len(value) <= limit),
    "uniqueItems": _for(_TYPES["array"], lambda value, unique: not unique or _distinct(value)),
    "minProperties": _for(_TYPES["object"], lambda value, limit: len(value) >= limit),
    "maxProperties": _for(_TYPES["object"], lambda value, limit: len(value) <= limit),
    "required": _for(_TYPES["object"], lambda value, names: all(name in value for name in names)),
    "prefixItems": _prefix,
    "items": _items,
    "properties": _properties,
    "additionalProperties": _additional,
    "allOf": lambda value, parts, _s, inner: all(inner(value, part) for part in parts),
    "anyOf": lambda value, parts, _s, inner: any(inner(value, part) for part in parts),
    "oneOf": lambda value, parts, _s, inner: sum(inner(value, part) for part in parts) == 1,
    "not": lambda value, part, _s, inner: not inner(value, part),
}
