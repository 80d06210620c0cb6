"""The pins: every rate of the registry a second time, in a form that people can read in a diff.

A line is a key, four rates in US dollars per million tokens (prompt, completion, read from the cache, written to it)
and a digest of all other prices; `-` where there is none. The tests compare it with the registry.
"""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256
from typing import Any

from scripts.registry.fields import Row, Rows, is_price

COLUMNS = (
    "input_cost_per_token",
    "output_cost_per_token",
    "cache_read_input_token_cost",
    "cache_creation_input_token_cost",
)
HEAD = "model\tin\tout\tcache read\tcache write\tothers\n"

_ALSO_MONEY = ("search_context_cost_per_query", "off_peak_pricing", "tier_includes_threshold", "regional_processing_")
_MILLION = 1_000_000


def pins(rows: Rows) -> str:
    """Write the pins of rows; numbers must be Decimal, as they stand in the file."""
    return HEAD + "".join(f"{pin(key, row)}\n" for key, row in rows.items())


def pin(key: str, row: Row) -> str:
    rates = ["-" if (rate := row.get(name)) is None else f"{(rate * _MILLION).normalize():f}" for name in COLUMNS]
    return "\t".join((key, *rates, _digest(row)))


def _digest(row: Row) -> str:
    others = [(name, value) for name, value in row.items() if name not in COLUMNS and _is_money(name)]
    said = "\n".join(f"{name} {_told(value)}" for name, value in sorted(others, key=lambda pair: pair[0]))
    return sha256(said.encode()).hexdigest()[:8] if said else "-"


def _is_money(name: str) -> bool:
    return is_price(name) or name.startswith(_ALSO_MONEY)


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return str({name: _told(inner) for name, inner in sorted(value.items())})
    if isinstance(value, list):
        return str([_told(inner) for inner in value])
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
