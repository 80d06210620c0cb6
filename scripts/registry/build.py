"""Puts model_prices.json together: sources, rules, comparison. Pure but for the reading of its inputs."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from scripts.registry import compare, litellm_file, normalise, openrouter, oracle, rules
from scripts.registry.checks import doubts
from scripts.registry.fields import Row, Rows, ordered
from scripts.registry.rules import Rules

HAND_KEPT = Path(__file__).with_name("hand_kept.json")


@dataclass(slots=True)
class Built:
    """The rows, and what is to be said about how they came to be."""

    rows: Rows = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    unknown_fields: Counter[str] = field(default_factory=Counter)
    dubious: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)
    compared: int = 0


def build(prices: Path, source: str, today: date, tables: Rules | None = None, hand_kept: Path = HAND_KEPT) -> Built:
    """Build the registry from a LiteLLM-format file; `source` is what conflicts call it, such as `LiteLLM 1.109.1`.

    Raises ValueError when an input is malformed.
    """
    known, built, noon = tables or rules.read(), Built(), oracle.noon(today)
    chosen = litellm_file.choose(litellm_file.read(prices), known, today, built.left_out)
    for key, raw in litellm_file.said_once(chosen, built.dubious).items():
        built.rows[key] = normalise.normalised(key, raw, known, source, built.unknown_fields)
    _override(built.rows, known, source)
    for key, row in built.rows.items():
        both = compare.compare(key, row, known, noon, source=source, unexplained=built.unexplained)
        row["via"] = f"{source}; compared with {oracle.source()}" if both else source
        built.compared += both
    others = openrouter.rows(known, noon)
    _override(others, known, oracle.source())
    for row in others.values():
        row["via"] = oracle.source()
    built.rows |= others | json.loads(hand_kept.read_text("utf-8"), parse_float=Decimal)
    _finish(built, known, today)
    built.rows = dict(sorted(built.rows.items(), key=lambda item: (item[1]["litellm_provider"], item[0])))
    return built


def text(rows: Rows) -> str:
    """Write the rows as the file has them: a field a line, a conflict a line, numbers as plain decimals."""
    whole = ",\n".join(f" {json.dumps(key)}: {_row_text(row)}" for key, row in rows.items())
    return f"{{\n{whole}\n}}\n"


def _override(rows: Rows, known: Rules, source: str) -> None:
    for key, row in rows.items():
        normalise.copy_rates(key, row, rows, known, source)
    for key, row in rows.items():
        normalise.override(key, row, known, source)


def _finish(built: Built, known: Rules, today: date) -> None:
    _add_claims(built, known)
    for key, row in built.rows.items():
        row["source"] = litellm_file.page(row)
        row.setdefault("verified", today.isoformat())
        if not row.get("conflicts"):
            row.pop("conflicts", None)
        built.rows[key] = ordered(row)
        built.dubious += [f"{key}: {doubt}" for doubt in doubts(row)]


def _add_claims(built: Built, known: Rules) -> None:
    """Note what other public sources say and we do not."""
    for claim in known.claim:
        conflict = {name: claim[name] for name in ("field", "value", "source", "reason")}
        for key in claim["keys"]:
            if key in built.rows:
                built.rows[key].setdefault("conflicts", []).append(conflict)
            else:
                built.dubious.append(f"{key}: {claim['source']} claims something, and there is no such row")


def _row_text(row: Row) -> str:
    return "{\n" + ",\n".join(f"  {json.dumps(name)}: {_value_text(value)}" for name, value in row.items()) + "\n }"


def _value_text(value: Any) -> str:
    if isinstance(value, list) and value and all(isinstance(item, dict) and "reason" in item for item in value):
        return "[\n" + ",\n".join(f"   {_plain(item)}" for item in value) + "\n  ]"
    return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        plain = f"{value.normalize():f}"
        # A number that readers with floats would get wrong (only ever another source's) is written as text.
        return plain if Decimal(repr(float(value))) == value else f'"{plain}"'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)}: {_plain(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_plain(inner) for inner in value) + "]"
    return json.dumps(value, ensure_ascii=False)
