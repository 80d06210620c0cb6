"""model_prices.json: every row keeps to the schema, is sourced and dated, and every rate stands in a second file."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from scripts.registry.fields import schema
from scripts.registry.pins import pin

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "model_prices.json"
PINS = ROOT / "tests" / "fixtures" / "registry" / "rates.tsv"
TEXT = FILE.read_text(encoding="utf-8")
ROWS: dict[str, dict[str, Any]] = json.loads(TEXT, parse_float=Decimal)

ROW_SCHEMA = Draft202012Validator({**schema()["$defs"]["row"], "$defs": schema()["$defs"]})
TIER = re.compile(r"_above_(\d+)k_tokens")
SERVICE = ("_batches", "_flex", "_priority", "_ultrafast")


def flaws(row: dict[str, Any]) -> list[str]:
    """What the schema has against a row: where, and what."""
    return [
        f"{'.'.join(map(str, error.absolute_path))}: {error.message}"
        for error in sorted(ROW_SCHEMA.iter_errors(row), key=lambda error: list(map(str, error.absolute_path)))
    ]


def prices(row: dict[str, Any]) -> dict[str, Decimal]:
    return {name: value for name, value in row.items() if "cost" in name and not isinstance(value, dict)}


def broken(holds: Any) -> list[str]:
    """The keys of all rows for which something does not hold."""
    return [key for key, row in ROWS.items() if not holds(row)]


# The schema, and what it refuses


def test_every_row_keeps_to_the_schema() -> None:
    assert {key: found for key, row in ROWS.items() if (found := flaws(row))} == {}


@pytest.mark.parametrize(
    "change",
    [
        {"input_cost_per_tokens": Decimal("0.1")},
        {"supports_visions": True},
        {"input_cost_per_token": Decimal("-0.000001")},
        {"cache_read_input_token_cost": 0},
        {"output_cost_per_token": "0.1"},
        {"output_cost_per_token": Decimal("0.1")},
        {"input_cost_per_token": None},
        {"max_input_tokens": "128000"},
        {"max_input_tokens": 0},
        {"max_output_tokens": True},
        {"aliases": "gpt"},
        {"aliases": ["GPT"]},
        {"mode": "chats"},
        {"litellm_provider": "bedrock_converse"},
        {"supported_modalities": ["sound"]},
        {"deprecation_date": "next year"},
        {"source": "LiteLLM's file"},
        {"image_rules": {"formats": ["png"]}},
        {"conflicts": [{"field": "max_input_tokens", "value": 1, "source": "somebody"}]},
        {"conflicts": [{"field": "max_input_tokens", "value": 1, "source": "somebody", "reason": "no"}]},
        {"off_peak_pricing": {"input_cost_per_token": Decimal("0.000001")}},
        {"tier_includes_threshold": False},
    ],
    ids=str,
)
def test_a_flawed_row_is_refused(change: dict[str, Any]) -> None:
    assert flaws({**ROWS["gpt-4o"], **change}) != []


@pytest.mark.parametrize("name", ["litellm_provider", "mode", "source", "verified", "via"])
def test_a_row_without_a_required_field_is_refused(name: str) -> None:
    row = {field: value for field, value in ROWS["gpt-4o"].items() if field != name}
    assert flaws(row) == [f": {name!r} is a required property"]


def test_a_row_that_costs_nothing_is_refused_unless_it_says_that_it_is_free() -> None:
    nothing = {**ROWS["gpt-4o"], "input_cost_per_token": 0, "output_cost_per_token": 0}
    assert flaws(nothing) != []
    assert flaws({**nothing, "notes": "The price is not known."}) != []
    assert flaws({**nothing, "notes": "Free: nobody pays for it."}) == []


@pytest.mark.parametrize("name", ["input_cost_per_token", "output_cost_per_token"])
def test_a_row_that_costs_nothing_on_one_side_is_refused(name: str) -> None:
    assert flaws({**ROWS["gpt-4o"], name: 0, "notes": "Free: nobody pays for it."}) != []


# Every row


def test_a_row_was_read_on_a_day_of_this_project() -> None:
    assert broken(lambda row: date(2026, 1, 1) <= date.fromisoformat(row["verified"]) <= date(2100, 1, 1)) == []
    dated = [row["deprecation_date"] for row in ROWS.values() if "deprecation_date" in row]
    assert [day for day in dated if date.fromisoformat(day).isoformat() != day] == []


def test_a_cached_token_costs_no_more_than_a_fresh_one() -> None:
    def holds(row: dict[str, Any]) -> bool:
        pairs = [(name, name.replace("cache_read_input_token_cost", "input_cost_per_token")) for name in prices(row)]
        return all(row[cached] <= row[fresh] for cached, fresh in pairs if cached != fresh and fresh in row)

    assert broken(holds) == []


def test_a_larger_prompt_never_has_a_lower_rate() -> None:
    def holds(row: dict[str, Any]) -> bool:
        kinds: dict[str, list[tuple[int, Decimal]]] = {}
        for name, value in prices(row).items():
            size = TIER.search(name)
            kinds.setdefault(TIER.sub("", name), []).append((int(size[1]) if size else 0, value))
        return all([rate for _, rate in sorted(rates)] == sorted(rate for _, rate in rates) for rates in kinds.values())

    assert broken(holds) == []


def test_a_row_with_a_tier_has_every_list_price_in_it() -> None:
    def holds(row: dict[str, Any]) -> bool:
        listed = [name for name in prices(row) if "token" in name and not name.endswith(SERVICE)]
        sizes = {found[0] for name in listed if (found := TIER.search(name))}
        return all(f"{TIER.sub('', name)}{size}" in row for name in listed for size in sizes)

    assert broken(holds) == []


def test_a_tier_begins_inside_the_window() -> None:
    def holds(row: dict[str, Any]) -> bool:
        sizes = [int(found[1]) * 1000 for name in row if (found := TIER.search(name))]
        return all(size < row.get("max_input_tokens", 10**9) for size in sizes)

    assert broken(holds) == []


def test_only_xais_tiers_begin_at_their_threshold() -> None:
    tiered = {key for key, row in ROWS.items() if any(map(TIER.search, row))}
    inclusive = {key for key, row in ROWS.items() if row.get("tier_includes_threshold")}
    assert inclusive == {key for key in tiered if ROWS[key]["litellm_provider"] == "xai"}


def test_an_answer_fits_into_the_window() -> None:
    assert broken(lambda row: row.get("max_output_tokens", 0) <= row.get("max_input_tokens", 10**9)) == []


@pytest.mark.parametrize(
    ("flag", "listed", "kind"),
    [
        ("supports_vision", "supported_modalities", "image"),
        ("supports_audio_input", "supported_modalities", "audio"),
        ("supports_video_input", "supported_modalities", "video"),
        ("supports_audio_output", "supported_output_modalities", "audio"),
    ],
)
def test_modalities_and_flags_tell_the_same(flag: str, listed: str, kind: str) -> None:
    assert broken(lambda row: listed not in row or (kind in row[listed]) is row.get(flag, False)) == []


def test_image_rules_stand_only_where_images_are_taken() -> None:
    assert broken(lambda row: "image_rules" not in row or row["supports_vision"]) == []


def test_a_conflict_is_about_a_field_of_the_registry_and_not_what_the_row_says() -> None:
    known = schema()["$defs"]["row"]
    fields = re.compile("|".join([*(f"^{name}$" for name in known["properties"]), *known["patternProperties"]]))
    for key, row in ROWS.items():
        for conflict in row.get("conflicts", []):
            assert fields.match(conflict["field"]), (key, conflict)
            assert conflict["value"] != row.get(conflict["field"]), (key, conflict)


def test_a_source_says_one_thing_of_a_field() -> None:
    for key, row in ROWS.items():
        said = Counter((conflict["field"], conflict["source"]) for conflict in row.get("conflicts", []))
        assert [claim for claim, times in said.items() if times > 1] == [], key


def test_what_is_free_is_named() -> None:
    free = {key for key, row in ROWS.items() if row.get("input_cost_per_token") == 0}
    assert all(key.endswith(":free") for key in free if key.startswith("openrouter/"))
    assert {key for key in free if not key.startswith("openrouter/")} == {
        "gemini/gemma-3-27b-it",
        "gemini/gemma-4-26b-a4b-it",
        "gemini/gemma-4-31b-it",
        "mistral/labs-leanstral-1-5",
        "mistral/labs-leanstral-1-5-1",
    }


# Keys and names


def test_a_model_of_a_provider_has_one_row() -> None:
    names = Counter((row["litellm_provider"], _model(key)) for key, row in ROWS.items())
    assert [name for name, times in names.items() if times > 1] == []


def test_only_ids_that_no_other_host_has_stand_without_a_provider() -> None:
    bare = {row["litellm_provider"] for key, row in ROWS.items() if not key.startswith(f"{row['litellm_provider']}/")}
    assert bare == {"anthropic", "bedrock", "deepseek", "gemini", "openai"}


def test_an_alias_is_no_other_models_name_at_its_provider() -> None:
    aliases = Counter((row["litellm_provider"], alias) for row in ROWS.values() for alias in row.get("aliases", []))
    assert [alias for alias, times in aliases.items() if times > 1] == []
    ids = {(row["litellm_provider"], _model(key)) for key, row in ROWS.items()}
    assert aliases.keys() & ids == set()


def test_a_dated_snapshot_is_a_row_of_its_own_because_an_alias_goes_out_under_another_id() -> None:
    aliases = [alias for row in ROWS.values() for alias in row.get("aliases", [])]
    assert [alias for alias in aliases if re.search(r"\d{4}-\d\d-\d\d", alias)] == []


def test_a_key_stands_once_in_the_file_and_rows_stand_by_provider() -> None:
    pairs: list[tuple[str, Any]] = json.loads(TEXT, object_pairs_hook=list)
    keys = [key for key, _ in pairs]
    assert keys == sorted(ROWS, key=lambda key: (ROWS[key]["litellm_provider"], key))


def test_the_registry_has_every_provider_it_promises() -> None:
    told = schema()["$defs"]["row"]["properties"]["litellm_provider"]["enum"]
    assert {row["litellm_provider"] for row in ROWS.values()} == set(told)


# The file


def test_prices_are_plain_decimals_that_floats_can_hold() -> None:
    assert not re.search(r": -?[\d.]+[eE]", TEXT)
    assert [
        number for number in re.findall(r": (\d+\.\d+)", TEXT) if Decimal(repr(float(number))) != Decimal(number)
    ] == []


def test_the_file_is_small_and_read_in_a_moment() -> None:
    assert len(TEXT) < 2_000_000
    assert orjson.loads(TEXT).keys() == ROWS.keys()


def test_litellms_file_is_the_source_of_no_row_that_it_does_not_have() -> None:
    own = "https://github.com/BerriAI/litellm/"
    assert [key for key, row in ROWS.items() if row["source"].startswith(own) and "LiteLLM" not in row["via"]] == []


def test_every_field_has_a_line_of_its_own() -> None:
    lines = TEXT.splitlines()
    assert sum(len(row) for row in ROWS.values()) == len(re.findall(r'^  "', TEXT, re.MULTILINE))
    assert max(map(len, lines)) < 700


def test_every_rate_is_pinned() -> None:
    """A changed number changes tests/fixtures/registry/rates.tsv too: a price is not changed by the way."""
    pinned = PINS.read_text(encoding="utf-8").splitlines()[1:]
    rows = json.loads(TEXT, parse_float=Decimal, parse_int=Decimal)
    fresh = [pin(key, row) for key, row in rows.items()]
    changed = [f"- {line}" for line in pinned if line not in set(fresh)] + [
        f"+ {line}" for line in fresh if line not in set(pinned)
    ]
    assert changed == [], "look at these rates, then renew the pins with: python scripts/build_registry.py --pin"
    assert pinned == fresh


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("gpt-4o", "2.5\t10\t1.25\t-"),
        ("gpt-5-mini", "0.25\t2\t0.025\t-"),
        ("gpt-6-astra", "10\t50\t1\t12.5"),
        ("gpt-audio-1.5", "2.5\t10\t-\t-"),
        ("claude-opus-5-5", "4\t20\t0.2\t5"),
        ("gemini/gemini-2.5-pro", "1.25\t10\t0.125\t-"),
        ("openrouter/meta-llama/llama-4-maverick", "0.35\t1\t0.17\t-"),
    ],
)
def test_a_pin_has_the_rates_in_dollars_per_million(key: str, line: str) -> None:
    assert pin(key, ROWS[key]).startswith(f"{key}\t{line}\t")


@pytest.mark.parametrize(
    "change",
    [
        {"input_cost_per_token_batches": Decimal("0.000002")},
        {"input_cost_per_token_above_128k_tokens": Decimal("0.000004")},
        {"tier_includes_threshold": True},
        {"search_context_cost_per_query": {"search_context_size_low": Decimal("0.02")}},
        {"regional_processing_uplift_multiplier_eu": Decimal("1.2")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_any_other_price_changes_the_pin_too(change: dict[str, Any]) -> None:
    row = ROWS["gpt-4o"]
    assert pin("gpt-4o", {**row, **change}) != pin("gpt-4o", row)
    assert pin("gpt-4o", {**row, "max_input_tokens": 1}) == pin("gpt-4o", row)


def _model(key: str) -> str:
    return key.removeprefix(f"{ROWS[key]['litellm_provider']}/")
