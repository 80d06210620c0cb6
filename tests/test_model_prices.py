"""model_prices.json: every row is whole, sourced and dated, and every rate stands here a second time."""

import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).resolve().parents[1] / "model_prices.json"
ROWS: dict[str, dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"), parse_float=Decimal)

REQUIRED = {
    **dict.fromkeys(("litellm_provider", "mode", "source", "verified", "via"), str),
    **dict.fromkeys(("max_input_tokens", "max_output_tokens"), int),
    **dict.fromkeys(("supported_modalities", "supported_output_modalities"), list),
}
OPTIONAL = {
    **dict.fromkeys(("deprecation_date", "notes"), str),
    **dict.fromkeys(("rpm", "tpm"), int),
    **dict.fromkeys(("aliases", "conflicts", "supported_endpoints"), list),
    "image_rules": dict,
    **dict.fromkeys(
        (
            "supports_audio_input",
            "supports_audio_output",
            "supports_function_calling",
            "supports_native_streaming",
            "supports_parallel_function_calling",
            "supports_pdf_input",
            "supports_prompt_caching",
            "supports_reasoning",
            "supports_response_schema",
            "supports_system_messages",
            "supports_tool_choice",
            "supports_vision",
            "supports_web_search",
        ),
        bool,
    ),
}
PRICE = re.compile(
    r"(input_cost_per_token|output_cost_per_token|cache_read_input_token_cost|cache_creation_input_token_cost"
    r"|input_cost_per_audio_token|output_cost_per_audio_token)(_above_\d+k_tokens)?"
)
FIELDS = {**REQUIRED, **OPTIONAL}
MODALITIES = {"text", "image", "audio"}
FORMATS = {"jpeg", "png", "gif", "webp", "x-icon"}

# US dollars per million tokens: prompt, completion, read from the cache.
RATES = {
    "gpt-4o": ("2.5", "10", "1.25"),
    "gpt-4o-2024-11-20": ("2.5", "10", "1.25"),
    "gpt-4o-2024-08-06": ("2.5", "10", "1.25"),
    "gpt-4o-2024-05-13": ("5", "15", None),
    "gpt-4o-mini": ("0.15", "0.6", "0.075"),
    "gpt-4o-mini-2024-07-18": ("0.15", "0.6", "0.075"),
    "gpt-4.1": ("2", "8", "0.5"),
    "gpt-4.1-2025-04-14": ("2", "8", "0.5"),
    "gpt-4.1-mini": ("0.4", "1.6", "0.1"),
    "gpt-4.1-mini-2025-04-14": ("0.4", "1.6", "0.1"),
    "gpt-4.1-nano": ("0.1", "0.4", "0.025"),
    "gpt-4.1-nano-2025-04-14": ("0.1", "0.4", "0.025"),
    "o3": ("2", "8", "0.5"),
    "o3-2025-04-16": ("2", "8", "0.5"),
    "o4-mini": ("1.1", "4.4", "0.275"),
    "o4-mini-2025-04-16": ("1.1", "4.4", "0.275"),
    "gpt-5": ("1.25", "10", "0.125"),
    "gpt-5-2025-08-07": ("1.25", "10", "0.125"),
    "gpt-5-mini": ("0.25", "2", "0.025"),
    "gpt-5-mini-2025-08-07": ("0.25", "2", "0.025"),
    "gpt-5-nano": ("0.05", "0.4", "0.005"),
    "gpt-5-nano-2025-08-07": ("0.05", "0.4", "0.005"),
    "gpt-5.4-mini": ("0.75", "4.5", "0.075"),
    "gpt-5.4-mini-2026-03-17": ("0.75", "4.5", "0.075"),
    "gpt-6-astra": ("10", "50", "1"),
    "gpt-6-sol": ("2", "10", "0.2"),
    "gpt-6-luna": ("0.1", "0.5", "0.01"),
    "gpt-6.1-sol": ("2", "10", "0.1"),
    "gpt-audio-1.5": ("2.5", "10", None),
}
# The same beyond 272,000 prompt tokens; then what is written to the cache, below and beyond.
LONG_PROMPT_RATES = {
    "gpt-6-astra": ("20", "75", "2", "12.5", "25"),
    "gpt-6-sol": ("4", "15", "0.4", "2.5", "5"),
    "gpt-6-luna": ("0.2", "0.75", "0.02", "0.125", "0.25"),
    "gpt-6.1-sol": ("4", "15", "0.2", "2.5", "5"),
}
# Audio in, audio out.
AUDIO_RATES = {"gpt-audio-1.5": ("32", "64")}

BASE = ("input_cost_per_token", "output_cost_per_token", "cache_read_input_token_cost")
LONG = "_above_272k_tokens"
WRITE = "cache_creation_input_token_cost"

every_row = pytest.mark.parametrize(("key", "row"), ROWS.items(), ids=ROWS)
llama_rows = pytest.mark.parametrize("key", [key for key in ROWS if key.startswith("meta_llama/")])


def flaws(row: dict[str, Any]) -> list[str]:
    """What is wrong with a row, field by field."""
    found = [f"{name} is missing" for name in REQUIRED if name not in row]
    for name, value in row.items():
        if PRICE.fullmatch(name):
            if not isinstance(value, Decimal):
                found.append(f"{name} must be a decimal number above 0")
        elif name not in FIELDS:
            found.append(f"{name} is no field of the registry")
        elif type(value) is not FIELDS[name]:
            found.append(f"{name} must be of type {FIELDS[name].__name__}")
    return found


def pinned() -> dict[str, dict[str, Decimal]]:
    """Every rate of the tables above, by row and field, per token."""
    tables: list[tuple[dict[str, Any], tuple[str, ...]]] = [
        (RATES, BASE),
        (LONG_PROMPT_RATES, (*(name + LONG for name in BASE), WRITE, WRITE + LONG)),
        (AUDIO_RATES, ("input_cost_per_audio_token", "output_cost_per_audio_token")),
    ]
    found: dict[str, dict[str, Decimal]] = {}
    for table, names in tables:
        for key, rates in table.items():
            known = {name: Decimal(rate) / 1_000_000 for name, rate in zip(names, rates, strict=True) if rate}
            found.setdefault(key, {}).update(known)
    return found


@every_row
def test_a_row_has_every_required_field_and_no_unknown_one(key, row):
    assert flaws(row) == []


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        ({"input_cost_per_tokens": Decimal("0.1")}, "input_cost_per_tokens is no field of the registry"),
        ({"supports_visions": True}, "supports_visions is no field of the registry"),
        ({"input_cost_per_token": 0}, "input_cost_per_token must be a decimal number above 0"),
        ({"output_cost_per_token": "0.1"}, "output_cost_per_token must be a decimal number above 0"),
        ({"max_input_tokens": "128000"}, "max_input_tokens must be of type int"),
        ({"max_input_tokens": True}, "max_input_tokens must be of type int"),
        ({"aliases": "gpt"}, "aliases must be of type list"),
    ],
)
def test_a_flawed_row_is_found_out(change, flaw):
    assert flaws({**ROWS["gpt-4o"], **change}) == [flaw]


@pytest.mark.parametrize("name", REQUIRED)
def test_a_row_without_a_required_field_is_found_out(name):
    assert flaws({field: value for field, value in ROWS["gpt-4o"].items() if field != name}) == [f"{name} is missing"]


@every_row
def test_a_row_names_a_page_and_the_day_it_was_read(key, row):
    assert re.fullmatch(r"https://[\w.-]+/\S*", row["source"])
    assert date(2026, 1, 1) <= date.fromisoformat(row["verified"])
    assert row["via"]


@every_row
def test_a_price_is_above_zero_because_unknown_is_not_zero(key, row):
    assert [name for name, value in row.items() if PRICE.fullmatch(name) and not value > 0] == []


@every_row
def test_a_cached_token_costs_no_more_than_a_fresh_one(key, row):
    for suffix in ("", LONG):
        if BASE[2] + suffix in row:
            assert row[BASE[2] + suffix] <= row[BASE[0] + suffix]


@every_row
def test_limits_are_positive_and_modalities_known(key, row):
    limits = [row[name] for name in ("max_input_tokens", "max_output_tokens", "rpm", "tpm") if name in row]
    assert all(limit > 0 for limit in limits)
    assert "text" in row["supported_modalities"]
    assert {*row["supported_modalities"], *row["supported_output_modalities"]} <= MODALITIES


@every_row
def test_modalities_and_flags_tell_the_same(key, row):
    assert ("image" in row["supported_modalities"]) is row.get("supports_vision", False)
    assert ("audio" in row["supported_modalities"]) is row.get("supports_audio_input", False)
    assert ("audio" in row["supported_output_modalities"]) is row.get("supports_audio_output", False)


@every_row
def test_image_rules_are_whole_and_only_where_images_are_taken(key, row):
    rules = row.get("image_rules")
    if rules is not None:
        assert row["supports_vision"] is True
        assert set(rules) == {"formats", "max_bytes", "max_images"}
        assert FORMATS.issuperset(rules["formats"])
        assert min(rules["max_bytes"], rules["max_images"]) > 0


@every_row
def test_a_conflict_says_who_claims_what_and_why_not(key, row):
    for conflict in row.get("conflicts", []):
        assert set(conflict) == {"field", "value", "source", "reason"}
        assert conflict["field"] in FIELDS or PRICE.fullmatch(conflict["field"])
        assert conflict["value"] != row.get(conflict["field"])
        assert conflict["source"]
        assert conflict["reason"]


@every_row
def test_a_retirement_is_an_iso_date(key, row):
    if "deprecation_date" in row:
        assert date.fromisoformat(row["deprecation_date"]).isoformat() == row["deprecation_date"]


@every_row
def test_a_key_is_bare_for_openai_and_prefixed_for_everybody_else(key, row):
    prefixed = key.startswith(f"{row['litellm_provider']}/")
    assert prefixed is (row["litellm_provider"] != "openai")


def test_an_alias_is_lower_case_and_belongs_to_one_model():
    aliases = [alias for row in ROWS.values() for alias in row.get("aliases", [])]
    assert len(aliases) == len(set(aliases))
    assert [alias for alias in aliases if alias != alias.lower()] == []
    assert not set(aliases) & {name for key in ROWS for name in (key, key.rpartition("/")[2])}


def test_a_dated_snapshot_is_a_row_of_its_own_because_an_alias_goes_out_under_another_id():
    aliases = [alias for row in ROWS.values() for alias in row.get("aliases", [])]
    assert [alias for alias in aliases if re.search(r"\d{4}-\d\d-\d\d", alias)] == []


def test_a_key_stands_once_in_the_file():
    keys: list[str] = []

    def note(pairs):
        keys.extend(name for name, value in pairs if isinstance(value, dict) and name != "image_rules")
        return dict(pairs)

    json.loads(FILE.read_text(encoding="utf-8"), object_pairs_hook=note)
    assert sorted(keys) == sorted(ROWS)


def test_prices_are_written_as_plain_decimals():
    assert not re.search(r": -?[\d.]+[eE]", FILE.read_text(encoding="utf-8"))


def test_every_rate_of_the_file_is_pinned_here_and_every_pin_is_in_the_file():
    in_file = {key: {name: row[name] for name in row if PRICE.fullmatch(name)} for key, row in ROWS.items()}
    assert {key: rates for key, rates in in_file.items() if rates} == pinned()


def test_the_seven_models_of_the_llama_api_are_here():
    assert {key.removeprefix("meta_llama/") for key in ROWS if key.startswith("meta_llama/")} == {
        "Llama-4-Maverick-17B-128E-Instruct-FP8",
        "Llama-4-Scout-17B-16E-Instruct-FP8",
        "Llama-3.3-70B-Instruct",
        "Llama-3.3-8B-Instruct",
        "Cerebras-Llama-4-Maverick-17B-128E-Instruct",
        "Cerebras-Llama-4-Scout-17B-16E-Instruct",
        "Groq-Llama-4-Maverick-17B-128E-Instruct",
    }


@llama_rows
def test_a_llama_api_model_has_no_price_and_says_that_zero_was_claimed(key):
    assert [name for name in ROWS[key] if "cost" in name] == []
    assert any(c["field"] == "input_cost_per_token" and c["value"] == 0 for c in ROWS[key]["conflicts"])


@llama_rows
def test_a_llama_api_model_has_the_window_that_is_served_not_the_one_of_the_weights(key):
    assert ROWS[key]["max_input_tokens"] == (32000 if "/Cerebras-" in key else 128000)
    assert ROWS[key]["max_output_tokens"] == 4096


@llama_rows
def test_only_metas_own_llama_4_models_see_images(key):
    sees = key.endswith("-FP8")
    assert ROWS[key]["supports_vision"] is sees
    assert ("image_rules" in ROWS[key]) is sees


@llama_rows
def test_llama_api_models_call_tools_and_metas_own_keep_to_a_schema(key):
    assert ROWS[key]["supports_function_calling"] is True
    accelerated = key.startswith(("meta_llama/Cerebras-", "meta_llama/Groq-"))
    assert ROWS[key].get("supports_response_schema") is (None if accelerated else True)


@pytest.mark.parametrize(
    ("model", "rpm", "tpm"),
    [
        ("Llama-4-Maverick-17B-128E-Instruct-FP8", 3000, 1_000_000),
        ("Llama-3.3-8B-Instruct", 3000, 1_000_000),
        ("Cerebras-Llama-4-Maverick-17B-128E-Instruct", 900, 300_000),
        ("Cerebras-Llama-4-Scout-17B-16E-Instruct", 600, 200_000),
        ("Groq-Llama-4-Maverick-17B-128E-Instruct", 1000, 600_000),
    ],
)
def test_llama_api_rate_limits_are_those_of_promptfoos_page(model, rpm, tpm):
    assert (ROWS[f"meta_llama/{model}"]["rpm"], ROWS[f"meta_llama/{model}"]["tpm"]) == (rpm, tpm)


@pytest.mark.parametrize(
    ("model", "field", "claimed"),
    [
        ("Llama-4-Maverick-17B-128E-Instruct-FP8", "max_input_tokens", 1_000_000),
        ("Llama-4-Scout-17B-16E-Instruct-FP8", "max_input_tokens", 10_000_000),
        ("Llama-3.3-70B-Instruct", "max_output_tokens", 4028),
    ],
)
def test_what_litellm_claims_otherwise_is_kept_as_a_conflict(model, field, claimed):
    conflicts = ROWS[f"meta_llama/{model}"]["conflicts"]
    assert (field, claimed) in [(conflict["field"], conflict["value"]) for conflict in conflicts]
