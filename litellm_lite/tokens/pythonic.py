"""Tool calls as Llama writes them and as its usage counts them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson


def pythonic_calls(calls: Iterable[Mapping[str, Any]]) -> str:
    """Write tool calls as Python: `[get_weather(location="Menlo Park")]`."""
    return f"[{', '.join(_pythonic(call['function']) for call in calls)}]"


def _pythonic(function: Mapping[str, Any]) -> str:
    try:
        arguments = orjson.loads(function["arguments"])
    except orjson.JSONDecodeError:
        return f"{function['name']}({function['arguments']})"
    if not isinstance(arguments, dict):
        return f"{function['name']}({_literal(arguments)})"
    return f"{function['name']}({', '.join(f'{name}={_literal(value)}' for name, value in arguments.items())})"


def _literal(value: Any) -> str:
    """Write a JSON value as Python source, strings in double quotes."""
    if isinstance(value, str):
        return orjson.dumps(value).decode()
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_literal(name)}: {_literal(item)}' for name, item in value.items())}}}"
    return repr(value)
