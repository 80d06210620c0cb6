"""Anthropic's tools and `tool_choice` → a chat's. Pure."""

from __future__ import annotations

from typing import Any

from litellm_lite.bridges.messages.reading import (
    JSON,
    LeftOut,
    a_flag,
    a_list,
    a_text,
    an_object,
    check_fields,
    kind_shown,
    misfit,
    refusal,
)
from litellm_lite.params import shown

_CUSTOM = (None, "custom")
_FIELDS = ("type", "name", "description", "input_schema", "strict")
_CHOICES = {"auto": "auto", "any": "required", "none": "none"}
_NAMED = "tool"


def tools(value: Any, left_out: LeftOut) -> JSON:
    """Return the `tools` of a chat. Raises UnsupportedParamsError for tools that Anthropic runs or defines."""
    found = [_tool(tool, f"tools[{index}]", left_out) for index, tool in enumerate(a_list(value, "tools"))]
    return {"tools": found} if found else {}


def tool_choice(value: Any, left_out: LeftOut) -> JSON:
    """Return `tool_choice`, and `parallel_tool_calls` where one call at a time is wanted."""
    choice = an_object(value, "tool_choice")
    check_fields(choice, "tool_choice", ("type", "name", "disable_parallel_tool_use"), left_out)
    single = choice.get("disable_parallel_tool_use") or False
    beside = {"parallel_tool_calls": False} if a_flag(single, "tool_choice.disable_parallel_tool_use") else {}
    kind = choice.get("type")
    if kind == _NAMED:
        name = a_text(choice.get("name"), "tool_choice.name")
        return {"tool_choice": {"type": "function", "function": {"name": name}}, **beside}
    if not isinstance(kind, str) or kind not in _CHOICES:
        raise misfit("tool_choice.type", f"must be one of {', '.join((*_CHOICES, _NAMED))}, not {shown(kind)}")
    return {"tool_choice": _CHOICES[kind], **beside}


def _tool(value: Any, path: str, left_out: LeftOut) -> JSON:
    tool = an_object(value, path)
    if (kind := tool.get("type")) not in _CUSTOM:
        remedy = "describe a tool of your own with name, description and input_schema"
        raise refusal(path, f"has the type {kind_shown(kind)}, a tool that only Anthropic's own models know; {remedy}")
    check_fields(tool, path, _FIELDS, left_out)
    function: JSON = {"name": a_text(tool.get("name"), f"{path}.name")}
    if tool.get("description") is not None:
        function["description"] = a_text(tool["description"], f"{path}.description")
    function["parameters"] = an_object(tool.get("input_schema"), f"{path}.input_schema")
    if tool.get("strict") is not None:
        function["strict"] = a_flag(tool["strict"], f"{path}.strict")
    return {"type": "function", "function": function}
