"""The first source: a price file in LiteLLM's format. Reads it, chooses its rows and says each model once."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from scripts.registry import rules as tables
from scripts.registry.fields import Row, Rows
from scripts.registry.rules import Rules

# In a file of LiteLLM's format, but no models: a description of the format, and rules for names.
RESERVED_KEYS = frozenset({"sample_spec", "fallback_generalizations"})
# The page to name when the file names none.
PAGE = "https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json"

# Consoles that only an account can see are no source for others.
_PRIVATE = ("https://console.", "https://management.", "https://us-east-1.console.", "https://aistudio.")
# Groq's documentation, which everybody can read, stands beside its console.
_PUBLIC = "https://console.groq.com/docs/"

# Facts of which one at least must be known of a model.
_WORTH_HAVING = ("max_input_tokens", "input_cost_per_token", "output_cost_per_token", "input_cost_per_query")
_KEPT_AFTER_RETIREMENT = timedelta(days=365)


def read(path: Path) -> Rows:
    """Read the file, numbers as Decimal. Raises ValueError, naming file and row, when it has another format."""
    try:
        rows = json.loads(path.read_bytes(), parse_float=Decimal)
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(rows, dict):
        raise ValueError(f"{path} must hold one object with a row for each model")  # noqa: TRY004 - wrong in a file
    for key, row in rows.items():
        if not isinstance(row, dict):
            raise ValueError(f"{path}: the row {key!r} must be an object of fields, not {row!r}")  # noqa: TRY004
    return {key: row for key, row in rows.items() if key not in RESERVED_KEYS}


def choose(rows: Rows, rules: Rules, today: date, left_out: Counter[str]) -> Rows:
    """Return the rows that the registry has, with our name of their provider; count the others by reason."""
    chosen: Rows = {}
    for key, row in rows.items():
        provider = rules.providers.get(str(row.get("litellm_provider")))
        reason = _why_not(key, row, provider, rules, today)
        if reason:
            left_out[reason] += 1
        else:
            chosen[key] = {**row, "litellm_provider": provider}
    return chosen


def said_once(rows: Rows, dubious: list[str]) -> Rows:
    """Make one row of `model` and `provider/model`, and of Fireworks' short spelling an alias of the long one."""
    by_model: dict[tuple[str, str], list[str]] = defaultdict(list)
    for key, row in rows.items():
        by_model[row["litellm_provider"], _model(key, row)].append(key)
    merged = {min(keys, key=len): _merged(keys, rows, dubious) for keys in by_model.values()}
    for key in [key for key in merged if key.startswith("fireworks_ai/accounts/fireworks/")]:
        short = key.rpartition("/")[2]
        if short_row := merged.pop(f"fireworks_ai/{short}", None):
            _note_differences(key, merged[key], f"fireworks_ai/{short}", short_row, dubious)
            merged[key] = {**short_row, **merged[key], "aliases": [short.lower()]}
    return {key: merged[key] for key in sorted(merged)}


def page(row: Row) -> str:
    """Return the vendor's page that a row names, or else the file's own."""
    named = str(row.get("source", ""))
    public = named.startswith(_PUBLIC) or (named.startswith("https://") and not named.startswith(_PRIVATE))
    return named if public else PAGE


def _why_not(key: str, row: Row, provider: str | None, rules: Rules, today: date) -> str:
    if provider is None:
        return "another provider"
    if row.get("mode") not in rules.modes:
        return "another mode than chat, responses or embedding"
    if provider in rules.llama_only and "llama" not in key.lower():
        return "no Llama model, of a host that is here for Llama only"
    retired = row.get("deprecation_date")
    if retired and date.fromisoformat(retired) < today - _KEPT_AFTER_RETIREMENT:
        return "retired for more than a year"
    kept = tables.first(rules.keep, key)
    if kept is None and (rule := tables.first(rules.skip, key)):
        return rule.reason
    if provider == "fireworks_ai" and not row.get("source") and kept is None:
        return "Fireworks' library of models to rent machines for; LiteLLM names no page for them"
    if not any(row.get(name) for name in _WORTH_HAVING):
        return "no fact worth having"
    return ""


def _model(key: str, row: Row) -> str:
    return key.removeprefix(f"{row['litellm_provider']}/")


def _merged(keys: list[str], rows: Rows, dubious: list[str]) -> Row:
    shortest, *others = sorted(keys, key=len)
    whole: Row = dict(rows[shortest])
    for other in others:
        _note_differences(shortest, whole, other, rows[other], dubious)
        whole = {**rows[other], **whole}
    return whole


def _note_differences(key: str, row: Row, other: str, other_row: Row, dubious: list[str]) -> None:
    told = (row.keys() & other_row.keys()) - {"source", "rpm", "tpm"}
    differing = [name for name in told if row[name] != other_row[name]]
    dubious += [f"{key}: {name} is {row[name]}, and {other_row[name]} in {other}" for name in sorted(differing)]
