"""Rows of the registry: how they are read from a file, checked, and turned into LiteLLM's plain types.

Pure but for `from_file` and `bundled`; knows no model and no provider.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from copy import deepcopy
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]

LIMITS = frozenset({"max_tokens", "max_input_tokens", "max_output_tokens", "rpm", "tpm"})

_TIER = re.compile(r"_above_(\d+)k_tokens")


def bundled() -> Mapping[str, Row]:
    """Read the model_prices.json of the package."""
    text = (files("litellm_lite") / "model_prices.json").read_text(encoding="utf-8")
    rows: Mapping[str, Row] = json.loads(text, parse_float=Decimal)
    return rows


def from_file(path: str) -> Mapping[str, Row]:
    """Read a file of LiteLLM's format. Raises ValueError when it is none."""
    if "://" in path:
        raise ValueError(f"register_model: {path!r} is a URL, and nothing is downloaded; pass a file or a dict")
    try:
        rows = json.loads(Path(path).read_bytes(), parse_float=Decimal)
    except ValueError as error:
        raise ValueError(f"register_model: {path!r} is not JSON: {error}") from error
    if isinstance(rows, dict):
        return rows
    raise ValueError(f"register_model: {path!r} must hold one object with a row for each model")


def checked(key: str, row: object) -> dict[str, Any]:
    """Copy a row that a user hands in, prices as Decimal.

    Raises ValueError naming the field when a price is not a number of dollars, or a limit no whole number.
    """
    if not isinstance(row, Mapping) or not isinstance(row.get("aliases", []), list):
        what = f"register_model: {key!r} must be an object of fields, and its aliases a list"
        raise ValueError(what)  # noqa: TRY004 - what is wrong is in a file more often than in a call
    return {name: _checked_field(key, name, value) for name, value in row.items()}


def tier_threshold(row: Row) -> int | None:
    """Find the prompt size above which other rates than the base ones apply; None when they never do.

    That is the smallest N of fields such as `input_cost_per_token_above_272k_tokens`, or 0 where all rates are tiered.
    """
    if "tiered_pricing" in row:
        return 0
    return min((int(size) * 1000 for name in row if "_above_" in name for size in _TIER.findall(name)), default=None)


def in_floats(value: Any) -> Any:
    """Copy a row, or a part of one, with LiteLLM's types: dicts, lists and floats."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return {name: in_floats(inner) for name, inner in value.items()}
    return [in_floats(inner) for inner in value] if isinstance(value, list | tuple) else value


def _checked_field(key: str, name: str, value: object) -> object:
    if "cost" in name:
        return _price(key, name, value)
    if name not in LIMITS or value is None:
        return deepcopy(value) if isinstance(value, list | dict) else value
    # LiteLLM's file spells some limits 4000000.0.
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or value < 0 or value % 1 != 0:
        raise ValueError(f"register_model: {key!r}: {name} must be a whole number from 0, not {value!r}")
    return int(value)


def _price(key: str, name: str, value: object) -> object:
    """Turn a price into a Decimal; a table of prices (by search size, say) stays a table."""
    if isinstance(value, Mapping):
        return {part: _price(key, f"{name}.{part}", price) for part, price in value.items()}
    if value is None:
        return None
    price = Decimal(str(value)) if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else None
    if price is None or not price.is_finite() or price < 0:
        raise ValueError(f"register_model: {key!r}: {name} must be US dollars, a number from 0, not {value!r}")
    return price
