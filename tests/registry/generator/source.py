"""A model of nobody's in LiteLLM's format, and the project's rules with others in their place."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from scripts.registry import build, rules

ROOT = Path(__file__).resolve().parents[3]
TODAY = date(2026, 11, 21)
SOURCE = "LiteLLM 9.9"

CHAT: dict[str, Any] = {
    "litellm_provider": "mistral",
    "mode": "chat",
    "max_input_tokens": 1000,
    "input_cost_per_token": 2e-06,
    "output_cost_per_token": 4e-06,
    "source": "https://example.com/prices",
}
NOBODYS = "mistral/a-model-of-nobodys"

_WITHOUT_OPENROUTER = '[[skip]]\nkeys = ["openrouter/*"]\nreason = "not asked for"\n'


def ruled(folder: Path, text: str, *, openrouter: bool = False) -> rules.Rules:
    """The project's selection of providers, with other rules."""
    selection = rules.FILE.read_text("utf-8").partition("# Rows of a source that are not kept.")[0]
    file = folder / "rules.toml"
    file.write_text(selection + ("" if openrouter else _WITHOUT_OPENROUTER) + text, "utf-8")
    return rules.read(file)


def row_of(built: build.Built, key: str = NOBODYS) -> dict[str, Any]:
    return built.rows[key]


def conflicts(row: dict[str, Any]) -> dict[str, Any]:
    return {conflict["field"]: conflict["value"] for conflict in row.get("conflicts", ())}
