"""Price files: the one of the package, and those a user hands in. Reads them and knows nothing of what a row means."""

from __future__ import annotations

import os
import pkgutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NoReturn

Row = Mapping[str, Any]

LARGEST_FILE = 32 * 2**20
"""The most bytes a user's file may have; LiteLLM's has 3 MB."""


def bundled() -> Mapping[str, Row]:
    """Read the model_prices.json of the package. Numbers with a point are floats whose shortest text is the file's."""
    import orjson

    content = pkgutil.get_data("litellm_lite", "model_prices.json")
    assert content is not None  # noqa: S101 - every loader of packages that this file can come from reads data
    rows: Mapping[str, Row] = orjson.loads(content)
    return rows


def from_file(path: str) -> Mapping[str, Row]:
    """Read a file of LiteLLM's format, numbers exactly as written. Raises ValueError, naming the file, when it is none.

    A name that stands twice in one object is a flaw: one of the two would be dropped in silence.
    """
    if "://" in path:
        raise ValueError(f"register_model: {path!r} is a URL, and nothing is downloaded; pass a file or a dict")
    try:
        return _parsed(_content(path))
    except OSError as error:
        raise ValueError(f"register_model: {path!r} cannot be read: {error.strerror or error}") from error
    except RecursionError as error:
        raise ValueError(f"register_model: {path!r} is nested too deep for a price file") from error
    except _FlawError as error:
        raise ValueError(f"register_model: {path!r} {error}") from None
    except ValueError as error:
        raise ValueError(f"register_model: {path!r} is not JSON in UTF-8: {error}") from error


class _FlawError(ValueError):
    """What is wrong with a file that can be read."""


@dataclass(frozen=True, slots=True)
class _Twice:
    """Stands for an object in which a name stands twice, or something in it does: the names that lead there."""

    names: tuple[str, ...]


def _content(path: str) -> bytes:
    """Read a file, but not a huge one; a device that says it is empty is cut off as well."""
    with Path(path).open("rb") as file:
        said = os.fstat(file.fileno()).st_size
        content = file.read(LARGEST_FILE + 1) if said <= LARGEST_FILE else b""
        if max(said, len(content)) > LARGEST_FILE:
            raise _FlawError(f"is larger than {LARGEST_FILE >> 20} MB, too large for a price file")
    return content


def _parsed(content: bytes) -> Mapping[str, Row]:
    import json

    rows = json.loads(
        content.decode("utf-8-sig"), parse_float=_as_written, parse_constant=_refuse_constant, object_pairs_hook=_once
    )
    if isinstance(rows, _Twice):
        raise _FlawError(f"holds {' > '.join(map(repr, rows.names))} twice")
    if not isinstance(rows, dict):
        raise _FlawError("must hold one object with a row for each model")
    return rows


def _as_written(number: str) -> Decimal:
    try:
        return Decimal(number)
    except InvalidOperation as error:
        raise _FlawError(f"holds {number[:40]}, which no number here can be") from error


def _refuse_constant(name: str) -> NoReturn:
    raise _FlawError(f"holds {name}, which is no number of JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Twice:
    """Make an object of its names and values, if no name stands there twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        return _Twice((Counter(name for name, _ in pairs).most_common(1)[0][0],))
    for name, value in pairs:
        if isinstance(value, _Twice):
            return _Twice((name, *value.names))
    return found
