"""What the Llama API takes as tools and as `response_format`, checked before it travels. Pure.

Facts: llama-api-client 0.6.0 (completion_create_params), read 2026-11-21, unless a line names another source.
"""

from __future__ import annotations

import re
from typing import Any

from litellm_lite.params import OMIT, Refusal, shown
from litellm_lite.transformer import JSON

_TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TOOL_CHOICES = ("none", "auto", "required")


def json_schema_only(value: Any) -> Any:
    """Check a `response_format`; text is the default, and LiteLLM and Haystack found no other name for it to work."""
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "text":
        return OMIT
    if kind != "json_schema":
        return Refusal(f"must be of type json_schema, the only kind this API has, not {shown(kind)}")
    schema = value.get("json_schema")
    if not isinstance(schema, dict) or not schema.get("name") or not isinstance(schema.get("schema"), dict):
        return Refusal("needs json_schema={'name': …, 'schema': {…}}", final=True)
    return value


def tool_choice(value: Any) -> Any:
    """Check a `tool_choice`: one of three words, or the function to call."""
    if isinstance(value, str):
        return value if value in _TOOL_CHOICES else Refusal(f"must be {', '.join(_TOOL_CHOICES)} or a function")
    function = value.get("function") if isinstance(value, dict) and value.get("type") == "function" else None
    if isinstance(function, dict) and function.get("name"):
        return value
    return Refusal("must be a word or {'type': 'function', 'function': {'name': …}}")


def tools(value: Any) -> Any:
    """Check a list of tools, and give each `oneOf` property the type that the API wants beside it."""
    if not isinstance(value, list | tuple):
        return Refusal(f"must be a list of tools, not {shown(value)}", final=True)
    if not value:
        return OMIT
    for index, tool in enumerate(value):
        if (flaw := _flaw(tool)) is not None:
            return Refusal(f"[{index}] {flaw}", final=True)
    return [_with_union_types(tool) for tool in value]


def _flaw(tool: Any) -> str | None:
    function = tool.get("function") if isinstance(tool, dict) else None
    if not isinstance(function, dict) or tool.get("type") != "function":
        return "must be {'type': 'function', 'function': {…}}"
    if not isinstance(name := function.get("name"), str) or not _TOOL_NAME.fullmatch(name):
        return f"has the name {name!r:.70}; 1 to 64 letters, digits, _ or - are allowed"
    return _schema_flaw(function["parameters"]) if "parameters" in function else None


def _schema_flaw(schema: Any) -> str | None:
    if not isinstance(schema, dict):
        return "has parameters that are no JSON schema; leave them out for a tool without any"
    if schema.get("type", "object") != "object":
        return f"has parameters of type {shown(schema['type'])}; they must be an object"
    properties = schema.get("properties", {})
    if not isinstance(properties, dict) or not all(isinstance(each, dict | bool) for each in properties.values()):
        return "has parameters whose properties are no JSON schemas"
    required = schema.get("required", [])
    if not isinstance(required, list | tuple) or not all(isinstance(name, str) for name in required):
        return "has parameters whose required is no list of names"
    return None


def _with_union_types(tool: JSON) -> JSON:
    """Return the tool with typed unions; the API refuses others (found by any-llm, providers/llama/utils.py)."""
    function = tool["function"]
    properties = function.get("parameters", {}).get("properties", {})
    typed = {name: _typed(schema) for name, schema in properties.items() if _is_untyped_union(schema)}
    if not typed:
        return tool
    parameters = {**function["parameters"], "properties": {**properties, **typed}}
    return {**tool, "function": {**function, "parameters": parameters}}


def _is_untyped_union(schema: Any) -> bool:
    return isinstance(schema, dict) and "oneOf" in schema and "type" not in schema


def _typed(schema: JSON) -> JSON:
    """Return the schema with the one type its alternatives share, else string."""
    options = schema["oneOf"] if isinstance(schema["oneOf"], list) else []
    kinds = [option.get("type") if isinstance(option, dict) else None for option in options]
    shared = kinds[0] if kinds and isinstance(kinds[0], str) and kinds.count(kinds[0]) == len(kinds) else "string"
    return {**schema, "type": shared}
