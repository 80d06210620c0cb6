"""Turns a row of a source into a row of the registry: fields it has, facts that agree with each other, no unknown as 0.

What is changed against the source is kept in the row's `conflicts`, with the reason.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from scripts.registry import rules as tables
from scripts.registry.fields import TIER, Row, is_field, is_list_price, is_price, tiers
from scripts.registry.rules import Rule, Rules

# What a token costs when it has no rate of its own: the rate it falls back to.
FALLBACK = {
    "output_cost_per_reasoning_token": "output_cost_per_token",
    "input_cost_per_image_token": "input_cost_per_token",
    "input_cost_per_video_token": "input_cost_per_token",
}

_NO_ZERO = "A price of 0 stands there for a price that nobody knows."
_UNREACHED = "The window ends at this tier, so no prompt reaches it."
_NO_ROOM = "An answer cannot be longer than the window."

_OUTPUT = "supported_output_modalities"
# The flag that says a modality in words of its own.
_FLAGS = {
    "supports_vision": ("supported_modalities", "image"),
    "supports_audio_input": ("supported_modalities", "audio"),
    "supports_video_input": ("supported_modalities", "video"),
    "supports_audio_output": (_OUTPUT, "audio"),
}
_MODALITIES = ("text", "image", "audio", "video")
_WHOLE_NUMBERS = {"max_input_tokens", "max_output_tokens", "output_vector_size", "prompt_cache_min_tokens"}
# What a vendor allows differs from account to account; the file has those of one, and contradicts itself.
_OF_AN_ACCOUNT = {"rpm", "tpm"}
# Vendors whose chat models answer in text, unless their row says more.
_ANSWER_IN_TEXT = {"anthropic", "azure", "cerebras", "deepseek", "groq", "openai"}


def normalised(key: str, raw: Row, rules: Rules, source: str, unknown: Counter[str]) -> Row:
    """Build the registry's row of a source's row; fields that the registry has not are counted in `unknown`."""
    row = {name: value for name, value in raw.items() if is_field(name)}
    row["conflicts"] = list(raw.get("conflicts", []))
    for name in _WHOLE_NUMBERS & row.keys():
        row[name] = int(row[name])
    for name in _OF_AN_ACCOUNT & row.keys():
        del row[name]
    _drop_redundant(row, raw)
    _settle_zeros(key, row, rules, source)
    _drop_unreached_tiers(row, source)
    _spell_windows(row)
    if row["litellm_provider"] == "xai" and tiers(row):
        row["tier_includes_threshold"] = True  # xAI's table reads "< 200k" and ">= 200k" prompt tokens
    unknown.update(name for name in raw if not is_field(name))
    return {name: value for name, value in row.items() if value is not None}


def override(key: str, row: Row, rules: Rules, source: str) -> None:
    """Apply the hand-kept overrides, keep what the source said as conflicts, and make the facts agree."""
    for rule in rules.override:
        if rule.about(key):
            for name in rule.unset:
                change(row, name, None, source, rule)
            for name, value in rule.set.items():
                change(row, name, value, source, rule)
    _fit_output(row, source)
    _agree_on_modalities(row)
    _price_media(row)


def copy_rates(key: str, row: Row, rows: dict[str, Row], rules: Rules, source: str) -> None:
    """Give a row the prices of the row that a rule names, where both have a price."""
    for rule in rules.override:
        if rule.rates_of and rule.about(key) and (other := rows.get(rule.rates_of + key)):
            prices = {name for name in (*row, *other) if is_price(name)}
            for name in sorted(prices, key=lambda name: (len(name), name)):
                said = len(row["conflicts"])
                change(row, name, other.get(name), source, rule)
                # One conflict for each rate of the list says enough; those of its service tiers differ alike.
                if not is_list_price(name):
                    del row["conflicts"][said:]


def change(row: Row, name: str, value: Any, source: str, rule: Rule) -> None:
    """Put a value in the place of a source's; None takes the field away. Only what differs is a conflict."""
    before = row.get(name)
    if before == value:
        return
    row["conflicts"].append({"field": name, "value": before, "source": source, "reason": rule.reason})
    if value is None:
        del row[name]
    else:
        row[name] = list(value) if isinstance(value, tuple) else value


def tier_fallback(name: str) -> str:
    """Name the rate that applies where a tier has none of its own: the base rate of the same kind."""
    return TIER.sub("", name)


def _drop_redundant(row: Row, raw: Row) -> None:
    """Leave out rates that say what the fallback says, and an embedding's price of tokens that it never returns."""
    for name in list(row):
        base = tier_fallback(name)
        if base in FALLBACK and row[name] == raw.get(name.replace(base, FALLBACK[base])):
            del row[name]
    if row["mode"] == "embedding":
        for name in [name for name in row if name.startswith("output_cost_per_token")]:
            del row[name]


def _settle_zeros(key: str, row: Row, rules: Rules, source: str) -> None:
    """Keep 0 only for models that a rule calls free; writing to a cache at 0 only says that it has no price."""
    zeros = [name for name, value in row.items() if is_price(name) and value == 0]
    rule = tables.first(rules.free, key)
    for name in zeros:
        if rule and name in {"input_cost_per_token", "output_cost_per_token"}:
            row[name] = Decimal(0)
            row["notes"] = f"Free: {rule.reason}"
            continue
        del row[name]
        if rule is None and name in {"input_cost_per_token", "output_cost_per_token"}:
            row["conflicts"].append({"field": name, "value": 0, "source": source, "reason": _NO_ZERO})


def _drop_unreached_tiers(row: Row, source: str) -> None:
    window = row.get("max_input_tokens")
    for threshold in tiers(row):
        if window is not None and threshold >= window:
            for name in [name for name in row if f"_above_{threshold // 1000}k_tokens" in name]:
                conflict = {"field": name, "value": row.pop(name), "source": source, "reason": _UNREACHED}
                if name.startswith(("input_cost_per_token", "output_cost_per_token")) and name.endswith("_tokens"):
                    row["conflicts"].append(conflict)


def _fit_output(row: Row, source: str) -> None:
    window, output = row.get("max_input_tokens"), row.get("max_output_tokens")
    if window is not None and output is not None and output > window:
        row["conflicts"].append(
            {"field": "max_output_tokens", "value": output, "source": source, "reason": _NO_ROOM},
        )
        row["max_output_tokens"] = window


def _agree_on_modalities(row: Row) -> None:
    """Let flags and lists tell the same. Where they contradict each other, the one that names the ability is right."""
    for name in {"supported_modalities", _OUTPUT} & row.keys():
        row[name] = [kind for kind in _MODALITIES if kind in row[name]]  # "code" is text
    for flag, name in (("supports_vision", "supported_modalities"), ("supports_audio_output", _OUTPUT)):
        if name not in row and row.get(flag) is not None and row["mode"] != "embedding":
            row[name] = ["text"]
    if row["litellm_provider"] in _ANSWER_IN_TEXT and row["mode"] != "embedding":
        row.setdefault(_OUTPUT, ["text"])
    for flag, (name, kind) in _FLAGS.items():
        if name in row and (row.get(flag) or kind in row[name]):
            row[flag] = True
            row[name] = [other for other in _MODALITIES if other in {*row[name], kind}]


def _price_media(row: Row) -> None:
    """Say for Gemini that audio and video cost what text costs, where Google's list has one price for all of them."""
    if row["litellm_provider"] != "gemini" or row["mode"] == "embedding":
        return
    text = row.get("input_cost_per_token")
    for kind in {"audio", "video"}.intersection(row.get("supported_modalities", ())):
        if row.get(f"input_cost_per_{kind}_token", text) == text:
            twins = {_twin(name, kind): price for name, price in row.items() if _twin(name, kind) != name}
            row.update({name: price for name, price in twins.items() if name not in row and is_field(name)})


def _twin(name: str, kind: str) -> str:
    """Name the price for a kind of input that the name has for text."""
    return name.replace("input_cost_per_token", f"input_cost_per_{kind}_token", 1).replace(
        "cache_read_input_token_cost", f"cache_read_input_{kind}_token_cost", 1
    )


def _spell_windows(row: Row) -> None:
    """Write the hours of an off-peak window as a list, also when there is one."""
    if pricing := row.get("off_peak_pricing"):
        windows = [
            {**window, "hours_utc": [hours] if isinstance(hours := window["hours_utc"], str) else hours}
            for window in pricing["windows"]
        ]
        row["off_peak_pricing"] = {**pricing, "windows": windows}
