"""The body of a request as JSON bytes; what JSON cannot carry is named by its path. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

_DEEPEST_NAMED = 50


class Unwritable(ValueError):  # noqa: N818 - a statement of fact, turned into an APIError by the transformer
    """A part of the body is no JSON; `path` leads to it, as in `tools[0].function.parameters`."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path} {why}")
        self.path = path


def written(body: Mapping[str, Any]) -> bytes:
    """Return the body as JSON. Messages and tool calls of an earlier answer may be in it as they came.

    Raises Unwritable for what JSON does not know: other objects, NaN, lone surrogates, huge integers.
    """
    try:
        text = orjson.dumps(body, default=_plain)
    except orjson.JSONEncodeError as error:
        raise Unwritable(_innermost(body), f"cannot be written as JSON: {error}") from error
    if b"null" in text and (path := _non_finite(body, "")):  # orjson writes NaN as null, and that would be a lie
        raise Unwritable(path, "is not a finite number, which JSON cannot carry")
    return text


def _plain(value: Any) -> Any:
    """Return as a dictionary what orjson does not take for one: mappings and pydantic objects."""
    if isinstance(value, Mapping):
        return dict(value)
    if _is_model(value):
        return value.model_dump(mode="json", exclude_none=True)
    raise TypeError


def _is_model(value: Any) -> bool:
    return hasattr(value, "model_dump") and not isinstance(value, type)


def _innermost(value: Any) -> str:
    """Return the path of the innermost part that cannot be written."""
    path = ""
    for _ in range(_DEEPEST_NAMED):
        found = next(((step, part) for step, part in _parts(value) if not _is_writable(part)), None)
        if found is None:
            break
        path, value = path + found[0], found[1]
    return path.lstrip(".") or "the request"


def _is_writable(value: Any) -> bool:
    try:
        orjson.dumps(value, default=_plain)
    except orjson.JSONEncodeError:
        return False
    return True


def _non_finite(value: Any, path: str) -> str:
    """Return the path of the first NaN or infinity inside a value that can be written, or an empty text."""
    if isinstance(value, float):
        return "" if math.isfinite(value) else path.lstrip(".")
    return next((found for step, part in _parts(value) if (found := _non_finite(part, path + step))), "")


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what is inside a JSON value, each with its step of a path: `.name` or `[0]`."""
    if isinstance(value, list | tuple):
        yield from ((f"[{index}]", part) for index, part in enumerate(value))
    elif isinstance(value, Mapping) or _is_model(value):
        yield from ((f".{name}", part) for name, part in _plain(value).items())
