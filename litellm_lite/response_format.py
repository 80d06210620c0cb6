"""`response_format=` given as a pydantic class → the JSON schema that asks for it, strictly. Pure."""

from __future__ import annotations

import re
from typing import Any

from litellm_lite.errors import BadRequestError

JSON = dict[str, Any]

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST_NAME = 64  # OpenAI, read 2026-11-21: structured outputs, name of the format
_DROPPED = frozenset({"default", "discriminator"})  # strict mode knows neither: every property comes, and says its kind
_MAPS = frozenset({"properties", "$defs", "patternProperties"})
_LISTS = frozenset({"anyOf", "allOf", "prefixItems"})
_SCHEMAS = frozenset({"items", "additionalProperties"})


def schema_format(model: type) -> JSON:
    """Return the `response_format` that asks for a pydantic model. Raises BadRequestError for any other class."""
    make = getattr(model, "model_json_schema", None)
    if make is None:
        msg = f"response_format must be a dictionary or a pydantic model class, not {model.__name__}"
        raise BadRequestError(msg, param="response_format")
    try:
        schema = make()
    except Exception as error:  # pydantic's own, which is not imported for this
        msg = f"response_format: {model.__name__} has no JSON schema: {error}"
        raise BadRequestError(msg, param="response_format") from error
    name = _NOT_IN_A_NAME.sub("_", model.__name__)[:_LONGEST_NAME]
    return {
        "type": "json_schema",
        "json_schema": {"name": name, "schema": _strict(_object_at_the_root(schema)), "strict": True},
    }


def _object_at_the_root(schema: JSON) -> JSON:
    """Return the schema of a model that refers to itself with the model itself at the root, as strict mode wants."""
    if "$ref" not in schema:
        return schema
    root = schema["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return {**root, "$defs": schema["$defs"]}


def _strict(schema: Any) -> Any:
    """Return a schema as strict mode wants it: objects closed, every property required, unions as `anyOf`."""
    if not isinstance(schema, dict):  # true and false are schemas too
        return schema
    strict = {key: value for key, value in schema.items() if key not in _DROPPED}
    if "oneOf" in strict:
        strict["anyOf"] = strict.pop("oneOf")
    if "$ref" in strict and len(strict) > 1:  # a reference may have nothing beside it, and often has a description
        strict = {"anyOf": [{"$ref": strict.pop("$ref")}], **strict}
    for key in strict.keys() & _MAPS:
        strict[key] = {name: _strict(value) for name, value in strict[key].items()}
    for key in strict.keys() & _LISTS:
        strict[key] = [_strict(value) for value in strict[key]]
    for key in strict.keys() & _SCHEMAS:
        strict[key] = _strict(strict[key])
    if schema.get("type") == "object":
        strict.setdefault("additionalProperties", False)
        if "properties" in strict:
            strict["required"] = list(strict["properties"])
    return strict
