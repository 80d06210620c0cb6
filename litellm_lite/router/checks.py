"""What the Router is told, held against what it must be. A fault names the path to it; a value may be a secret."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from litellm_lite.errors import BadRequestError
from litellm_lite.params import shown

Check = Callable[[str, Any], Any]
"""Takes the path to a value that is not None, and the value; returns it as it is used. Raises BadRequestError."""

_LARGEST = 10**15
_LONGEST_NUMBER = 40
_LONGEST_NAME = 100
_IN_BRACKETS = re.compile(r"\[[^\]]*\]")
_BOOLEANS = {"true": True, "false": False}
_REFERENCE = "os.environ/"


def fault(path: str, what: str, kind: type[BadRequestError] = BadRequestError) -> BadRequestError:
    """Return the error that names a path and says what is wrong there; its `param` is the last name of the path."""
    gap = "" if what.startswith(":") else " "
    in_file = path.rpartition(": ")[2]
    return kind(f"{path}{gap}{what}", param=_IN_BRACKETS.sub("", in_file).rpartition(".")[2])


def whole(least: int) -> Check:
    """Return a check for a whole number."""

    def check(path: str, value: Any) -> int:
        number = _number(value)
        if not least <= number <= _LARGEST or number != int(number):
            raise fault(path, f"must be a whole number from {least}, not {shown(value)}")
        return int(number)

    return check


def above_zero(path: str, value: Any) -> float:
    """Check for a number that may be a share."""
    number = _number(value)
    if not 0 < number <= _LARGEST:
        raise fault(path, f"must be a number above 0, not {shown(value)}")
    return float(number)


def limit_s(path: str, value: Any) -> float:
    """Check for a limit of time; an infinite one is none."""
    number = _number(value)
    if not (0 < number <= _LARGEST or number == math.inf):
        raise fault(path, f"must be a number of seconds above 0, not {shown(value)}")
    return float(number)


def pause_s(path: str, value: Any) -> float:
    """Check for a time that may be none at all."""
    number = _number(value)
    if not 0 <= number <= _LARGEST:
        raise fault(path, f"must be a number of seconds from 0, not {shown(value)}")
    return float(number)


def flag(path: str, value: Any) -> bool:
    """Check for a boolean; the environment spells it as text."""
    found = _BOOLEANS.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise fault(path, f"must be True or False, not {shown(value)}")
    return found


def text(path: str, value: Any) -> str:
    """Check for a text with something in it, that is there."""
    if value is None:
        raise fault(path, "is missing")
    if not isinstance(value, str) or not value.strip():
        raise fault(path, f"must be a text, not {'an empty one' if isinstance(value, str) else shown(value)}")
    return value


def texts(path: str, value: Any) -> tuple[str, ...]:
    """Check for a list of texts."""
    if isinstance(value, str) or not isinstance(value, list | tuple | set | frozenset):
        raise fault(path, f"must be a list of texts, not {shown(value)}")
    return tuple(text(f"{path}[{place}]", each) for place, each in enumerate(value))


def table(path: str, value: Any) -> dict[str, Any]:
    """Check for a dictionary with names as keys, that is there."""
    if value is None:
        raise fault(path, "is missing")
    if not isinstance(value, Mapping):
        raise fault(path, f"must be a dictionary, not {shown(value)}")
    for name in value:
        if not isinstance(name, str):
            raise fault(path, f"must have texts as names, not {shown(name)}")
    return dict(value)


def named(name: str) -> str:
    """Return a name as a message shows it: cut where it is too long to be one."""
    return repr(name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…")


def resolved(path: str, value: Any, read: Callable[[str], str | None]) -> Any:
    """Return a copy of a value where each text `os.environ/NAME`, however deep, is what `read` knows of that variable.

    Raises BadRequestError naming the path and the variable where `read` returns None.
    """
    if isinstance(value, str):
        if not value.startswith(_REFERENCE):
            return value
        name = value.removeprefix(_REFERENCE)
        if (found := read(name) if name else None) is None:
            raise fault(path, f"refers to the environment variable {named(name)}, which is not set; set it")
        return found
    if isinstance(value, Mapping):
        return {name: resolved(f"{path}{_step(path, name)}", inner, read) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [resolved(f"{path}[{place}]", inner, read) for place, inner in enumerate(value)]
    return value


def _step(path: str, name: Any) -> str:
    """Return what leads from a path to what stands under a name there."""
    if not isinstance(name, str | int | float | None):
        raise fault(path, f"must have texts as names, not {shown(name)}")
    return f".{name}" if isinstance(name, str) and name.isidentifier() else f"[{name!r}]"


def _number(value: Any) -> float:
    """Return a number, of a text too, for the environment has nothing else; NaN for what is none."""
    if isinstance(value, str) and len(value) <= _LONGEST_NUMBER:
        try:
            return float(value)
        except ValueError:
            return math.nan
    return value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
