"""Reads a body that a client wrote: each part is what it must be, or is refused by its path. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from litellm_lite.errors import BadRequestError, UnsupportedParamsError
from litellm_lite.params import shown

JSON = dict[str, Any]
LeftOut = dict[str, str]
"""What was left out, by name, with the reason."""

# They change what a call costs or how its answer travels, and not what is answered.
_HINTS: Mapping[str, str] = {
    "cache_control": "marks what Anthropic's prompt cache keeps, which changes the cost alone",
    "eager_input_streaming": "says how Anthropic cuts a tool's input into pieces",
}
# What asks for what happens anyway.
_NEUTRAL: Mapping[str, tuple[Any, ...]] = {
    "allowed_callers": (["direct"],),
    "caller": ({"type": "direct"},),
    "citations": ({}, {"enabled": False}),
    "defer_loading": (False,),
    "transformations": ({}, {"oversized_image": "downsize"}),
}


_KIND = re.compile(r"[a-z0-9_]{1,64}")


def an_object(value: Any, path: str) -> JSON:
    if not isinstance(value, dict):
        raise misfit(path, f"must be an object, not {shown(value)}")
    return value


def a_list(value: Any, path: str) -> list[Any]:
    if not isinstance(value, list):
        raise misfit(path, f"must be a list, not {shown(value)}")
    return value


def a_text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise misfit(path, f"must be a text, not {shown(value)}")
    return value


def a_flag(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise misfit(path, f"must be true or false, not {shown(value)}")
    return value


def a_number(value: Any, path: str) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise misfit(path, f"must be a number, not {shown(value)}")
    return value


def a_count(value: Any, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise misfit(path, f"must be a whole number from 1, not {shown(value)}")
    return value


def check_fields(value: JSON, path: str, known: Collection[str], left_out: LeftOut) -> None:
    """Note what is only a hint, and refuse what nobody here would read."""
    for name, given in value.items():
        if given is None or name in known or given in _NEUTRAL.get(name, ()):
            continue
        if name not in _HINTS:
            raise refusal(f"{path}.{name}", "cannot be carried over a chat completion; leave it out")
        left_out[name] = _HINTS[name]


def kind_shown(kind: Any) -> str:
    """Describe a `type` in an error message; those of Anthropic's tools end in a date."""
    return repr(kind) if isinstance(kind, str) and _KIND.fullmatch(kind) else shown(kind)


def note_hint(name: str, left_out: LeftOut) -> None:
    """Note a hint that was given."""
    left_out[name] = _HINTS[name]


def misfit(path: str, what: str) -> BadRequestError:
    """Return the exception for what is wrong whoever serves it."""
    return BadRequestError(f"{path} {what}", param=path)


def refusal(path: str, what: str) -> UnsupportedParamsError:
    """Return the exception for what only Anthropic's own API can do."""
    return UnsupportedParamsError(f"{path} {what}", param=path)
