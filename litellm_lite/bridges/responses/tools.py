"""Tools and text formats of a Responses request as those of a chat. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litellm_lite.bridges.carrying import JSON, Carrier, wrong
from litellm_lite.params import shown

_CHOICES = ("none", "auto", "required")
_OF_FUNCTIONS = ("name", "description", "parameters", "strict")
# Asking for what happens anyway: only functions are here, and the model calls them itself, at once.
_NEUTRAL: Mapping[str, tuple[Any, ...]] = {
    "type": ("function",),
    "async": (None, False),
    "defer_loading": (None, False),
    "allowed_callers": (None, ["direct"]),
    "output_schema": (None,),
}
_OF_SCHEMAS = ("name", "description", "schema", "strict")


def tools_of(tools: Any, carrier: Carrier) -> list[JSON]:
    """Return chat's form of the functions among the tools. Tools that run at OpenAI are refused, or left out."""
    if not isinstance(tools, list | tuple):
        raise wrong("tools", f"must be a list of tools, not {shown(tools)}")
    made = []
    for index, tool in enumerate(tools):
        where = f"tools[{index}]"
        if not isinstance(tool, Mapping):
            raise wrong(where, f"must be an object, not {shown(tool)}")
        if tool.get("type") == "function":
            made.append(_function(where, tool, carrier))
        else:
            kind = shown(tool.get("type"))
            carrier.go_without(where, f"is of type {kind}, and a chat has only functions, which the caller runs")
    return made


def _function(where: str, tool: Mapping[str, Any], carrier: Carrier) -> JSON:
    if isinstance(tool.get("function"), Mapping) and "name" not in tool:
        raise wrong(where, "is written as for a chat; here name, description and parameters stand beside the type")
    if not isinstance(tool.get("name"), str):
        raise wrong(f"{where}.name", f"must be a text, not {shown(tool.get('name'))}")
    for name, value in tool.items():
        if name not in _OF_FUNCTIONS and value not in _NEUTRAL.get(name, ()):
            carrier.go_without(f"{where}.{name}", "has no place in a chat")
    function = {name: tool[name] for name in _OF_FUNCTIONS if tool.get(name) is not None}
    return {"type": "function", "function": function}


def choose(params: JSON, choice: Any, carrier: Carrier) -> None:
    """Enter a tool choice into chat's parameters. A list of allowed tools leaves the others out of `tools`."""
    kind = choice.get("type") if isinstance(choice, Mapping) else None
    if isinstance(choice, str) and choice in _CHOICES:
        params["tool_choice"] = choice
    elif kind == "function":
        params["tool_choice"] = {"type": "function", "function": {"name": _named(choice)}}
    elif kind == "allowed_tools":
        _allow(params, choice, carrier)
    elif isinstance(kind, str):
        carrier.go_without("tool_choice", f"is of type {shown(kind)}, and a chat has only functions")
    else:
        raise wrong("tool_choice", f"must be {', '.join(_CHOICES)} or {{'type': 'function', 'name': …}}")


def _named(choice: Mapping[str, Any]) -> str:
    if not isinstance(name := choice.get("name"), str):
        raise wrong("tool_choice.name", f"must be the name of a function, not {shown(name)}")
    return name


def _allow(params: JSON, choice: Mapping[str, Any], carrier: Carrier) -> None:
    mode, tools = choice.get("mode", "auto"), choice.get("tools")
    if mode not in ("auto", "required"):
        raise wrong("tool_choice.mode", f"must be auto or required, not {shown(mode)}")
    if not isinstance(tools, list | tuple) or not all(isinstance(tool, Mapping) for tool in tools):
        raise wrong("tool_choice.tools", "must be a list such as [{'type': 'function', 'name': …}]")
    offered = {made["function"]["name"]: made for made in params.get("tools") or ()}
    allowed = []
    for index, tool in enumerate(tools):
        where = f"tool_choice.tools[{index}]"
        if tool.get("type") != "function":
            carrier.go_without(where, f"is of type {shown(tool.get('type'))}, and a chat has only functions")
        elif not isinstance(name := tool.get("name"), str) or name not in offered:
            raise wrong(where, "names no function among the tools")
        else:
            allowed.append(offered[name])
    if not allowed:
        raise wrong("tool_choice.tools", "allows no function; tool_choice='none' says so")
    params["tools"], params["tool_choice"] = allowed, mode


def format_of(text: Mapping[str, Any]) -> JSON | None:
    """Return the `response_format` that `text.format` asks for, None for plain text."""
    asked = text.get("format")
    if asked is None:
        return None
    kind = asked.get("type") if isinstance(asked, Mapping) else None
    if kind == "text":
        return None
    if kind == "json_object":
        return {"type": "json_object"}
    if kind != "json_schema":
        raise wrong("text.format", f"must be of type text, json_object or json_schema, not {shown(kind)}")
    if not isinstance(asked.get("name"), str) or not isinstance(asked.get("schema"), Mapping):
        hint = "; as for a chat, json_schema is written without a level of its own" if "json_schema" in asked else ""
        raise wrong("text.format", f"needs a name and a schema{hint}")
    schema = {name: asked[name] for name in _OF_SCHEMAS if asked.get(name) is not None}
    return {"type": "json_schema", "json_schema": schema}
