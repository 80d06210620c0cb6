"""The fields a row may have, and their order, as scripts/registry/schema.json tells them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Rows = dict[str, Row]

SCHEMA = Path(__file__).with_name("schema.json")

TIER = re.compile(r"_above_(\d+)k_tokens")

_PRICES_FIRST = ("input_cost_per_token", "output_cost_per_token", "cache_read_input_token_cost", "cache_creation_")

_SERVICE = re.compile(r"_(batches|flex|priority|ultrafast)$")


@cache
def schema() -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads(SCHEMA.read_text("utf-8"))
    return found


def is_price(name: str) -> bool:
    return any(pattern.match(name) for pattern in _patterns())


def is_field(name: str) -> bool:
    return name in _order() or is_price(name)


def is_list_price(name: str) -> bool:
    """Tell a price that needs no service tier to be asked for."""
    return is_price(name) and not _SERVICE.search(name)


def ordered(row: Row) -> Row:
    """Return the row with its fields in the schema's order, the prices after the limits."""
    return {name: row[name] for name in sorted(row, key=_place)}


def tiers(row: Iterable[str]) -> list[int]:
    """List the prompt sizes above which a row has other rates, smallest first."""
    return sorted({int(found[1]) * 1000 for name in row if (found := TIER.search(name))})


def _place(name: str) -> tuple[int, int, str]:
    order = _order()
    if name in order:
        return order[name], -1, name
    kind = next((place for place, start in enumerate(_PRICES_FIRST) if name.startswith(start)), len(_PRICES_FIRST))
    return order["tpm"], kind, name


@cache
def _order() -> Mapping[str, int]:
    return {name: place for place, name in enumerate(schema()["$defs"]["row"]["properties"])}


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in schema()["$defs"]["row"]["patternProperties"])
