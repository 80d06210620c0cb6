"""Tools and answer formats in a prompt: hosts write them into it in ways that are not public, so this is an estimate.

The fewest tokens are none. The most are a preamble and twice the bytes of the compact JSON, which leaves room for
indentation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from litellm_lite.errors import BadRequestError
from litellm_lite.tokens.chats import json_text
from litellm_lite.tokens.count import NOTHING, Measure, Span

_MOST_PREAMBLE = 1024
_NAMED_CHOICE = 4

_AROUND_SCHEMA = 16
_JSON_MODE = Span(0, 0, 256)


@dataclass(frozen=True, slots=True)
class AsJSON:
    """Tools stand in the prompt as JSON, after instructions of so many tokens."""

    preamble: int

    def tokens(self, tools: Sequence[Any], measure: Measure) -> int:
        return self.preamble + measure(json_text([_definition(tool) for tool in tools])).tokens


@dataclass(frozen=True, slots=True)
class AsTypes:
    """Tools stand in the prompt as types with comments. Source: OpenAI's cookbook on counting tokens with tiktoken."""

    each: int

    def tokens(self, tools: Sequence[Any], measure: Measure) -> int:
        return 12 + sum(self._tool(_definition(tool), measure) for tool in tools)

    def _tool(self, tool: Mapping[str, Any], measure: Measure) -> int:
        described = f"{tool.get('name', '')}:{str(tool.get('description') or '').removesuffix('.')}"
        properties = list(_properties(tool.get("parameters")))
        tokens = self.each + measure(described).tokens + (3 if properties else 0)
        return tokens + sum(self._property(name, schema, measure) for name, schema in properties)

    def _property(self, name: str, schema: Mapping[str, Any], measure: Measure) -> int:
        described = f"{name}:{schema.get('type', '')}:{str(schema.get('description') or '').removesuffix('.')}"
        choices = schema.get("enum")
        choices = choices if isinstance(choices, list | tuple) else ()
        tokens = 3 + measure(described).tokens - (3 if choices else 0)
        return tokens + sum(3 + measure(str(choice)).tokens for choice in choices)


ToolRule = AsJSON | AsTypes


def tool_tokens(tools: Sequence[Any] | None, tool_choice: Any, rule: ToolRule, measure: Measure) -> Span:
    """Count the definitions of tools, and the choice among them."""
    if tools is None:
        return NOTHING
    if not isinstance(tools, list | tuple) or not all(isinstance(tool, Mapping) for tool in tools):
        raise BadRequestError("tools must be a list of objects such as {'type': 'function', ...}", param="tools")
    if not tools:
        return NOTHING
    written = json_text([list(tools), tool_choice])  # before they are looked into, for they may hold themselves
    tokens = rule.tokens(tools, measure)
    if isinstance(tool_choice, Mapping):
        tokens += _NAMED_CHOICE + measure(str(_definition(tool_choice).get("name", ""))).tokens
    return _with_preamble(tokens, written)


def format_tokens(response_format: Any, measure: Measure) -> Span:
    """Count the instructions that hold an answer to a format."""
    if not isinstance(response_format, Mapping) or response_format.get("type") == "text":
        return NOTHING
    if response_format.get("type") == "json_object":
        return _JSON_MODE
    written = json_text(dict(response_format))
    return _with_preamble(_AROUND_SCHEMA + measure(written).tokens, written)


def _with_preamble(tokens: int, written: str) -> Span:
    most = _MOST_PREAMBLE + 2 * len(written.encode("utf-8", "replace"))
    return Span(min(tokens, most), 0, most)


def _definition(tool: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the function a tool describes; tools of other shapes describe themselves."""
    function = tool.get("function")
    return function if isinstance(function, Mapping) else tool


def _properties(schema: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every property of a schema by its name, and those inside it."""
    waiting = [schema]
    while waiting:
        schema = waiting.pop()
        if not isinstance(schema, Mapping):
            continue
        properties = schema.get("properties")
        for name, inner in properties.items() if isinstance(properties, Mapping) else ():
            if isinstance(inner, Mapping):
                yield str(name), inner
                waiting.append(inner)
        waiting.append(schema.get("items"))
