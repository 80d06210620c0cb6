"""Tool calls as Llama writes them and as its usage counts them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson


def pythonic_calls(calls: Iterable[Mapping[str, Any]]) -> str:
    """Write tool calls as Python: `[get_weather(location="Menlo Park")]`.

    Arguments that do not read as JSON stand as they are.
    """
    return f"[{', '.join(_call(call['function']) for call in calls)}]"


def reads_as_python(arguments: str) -> bool:
    """Tell whether arguments can be written as Python; how Llama is shown others, nobody says."""
    try:
        _arguments(arguments)
    except (ValueError, RecursionError):
        return False
    return True


def _call(function: Mapping[str, Any]) -> str:
    arguments = function["arguments"]
    return f"{function['name']}({_arguments(arguments) if reads_as_python(arguments) else arguments})"


def _arguments(text: str) -> str:
    arguments = orjson.loads(text)
    if not isinstance(arguments, dict):
        return _literal(arguments)
    return ", ".join(f"{name}={_literal(value)}" for name, value in arguments.items())


def _literal(value: Any) -> str:
    """Write a JSON value as Python source, strings in double quotes."""
    if isinstance(value, str):
        return orjson.dumps(value).decode()
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_literal(name)}: {_literal(item)}' for name, item in value.items())}}}"
    return repr(value)
