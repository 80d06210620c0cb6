"""The hand-kept tables: scripts/registry/rules.toml says what is chosen and what is known better, each with a reason.

Prices stand there in US dollars per million tokens, as vendors print them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("rules.toml")

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Rule:
    """Something known about the models whose keys match one of `keys`, where `*` stands for anything.

    `set` puts fields in the place of a source's, `unset` takes them away, `rates_of` copies all prices of another row:
    the key of the row with this in front. `theirs` is for comparing with the second source: true takes its rates,
    false keeps ours. `fields` narrows that to fields that match.
    """

    keys: tuple[str, ...]
    reason: str
    set: Mapping[str, Any] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    rates_of: str = ""
    theirs: bool | None = None
    fields: tuple[str, ...] = ("*",)
    source: str = ""

    def about(self, key: str, name: str | None = None) -> bool:
        return _matches(key, self.keys) and (name is None or _matches(name, self.fields))


@dataclass(frozen=True, slots=True)
class Rules:
    """All tables of the file; see its comments."""

    providers: Mapping[str, str]
    llama_only: frozenset[str]
    modes: frozenset[str]
    skip: tuple[Rule, ...]
    keep: tuple[Rule, ...]
    free: tuple[Rule, ...]
    override: tuple[Rule, ...]
    compare: tuple[Rule, ...]
    claim: tuple[Mapping[str, Any], ...]


def read(path: Path = FILE) -> Rules:
    """Read the tables. Raises ValueError for a rule without a reason or with a field that rules do not have."""
    tables = tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)
    chosen = tables["selection"]
    return Rules(
        providers=chosen["providers"],
        llama_only=frozenset(chosen["llama_only"]),
        modes=frozenset(chosen["modes"]),
        skip=_rules(tables, "skip"),
        keep=_rules(tables, "keep"),
        free=_rules(tables, "free"),
        override=_rules(tables, "override"),
        compare=_rules(tables, "compare"),
        claim=tuple(tables.get("claim", ())),
    )


def first(rules: Iterable[Rule], key: str, name: str | None = None) -> Rule | None:
    return next((rule for rule in rules if rule.about(key, name)), None)


def _rules(tables: Mapping[str, Any], name: str) -> tuple[Rule, ...]:
    return tuple(_rule(name, table) for table in tables.get(name, ()))


def _rule(name: str, table: Mapping[str, Any]) -> Rule:
    keys = table.get("keys")
    unknown = set(table) - {*Rule.__dataclass_fields__, "per_million"}
    if not keys or not table.get("reason") or unknown:
        raise ValueError(f"[[{name}]] needs keys and a reason, and knows no {sorted(unknown)}: {dict(table)}")
    prices = {rate: Decimal(dollars) / _MILLION for rate, dollars in table.get("per_million", {}).items()}
    known: dict[str, Any] = {part: tuple(value) if isinstance(value, list) else value for part, value in table.items()}
    known.pop("per_million", None)
    known["set"] = {**table.get("set", {}), **prices}
    return Rule(**known)


def _matches(text: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)
