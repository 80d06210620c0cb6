"""Where two sources differ: rules say whose value is taken, and the other one stays as a conflict."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scripts.registry import compare, oracle, rules
from tests.genai import known_to_both
from tests.registry.generator.source import CHAT, NOBODYS, ROOT, SOURCE, TODAY, conflicts, row_of, ruled

# Overrides


def test_the_weights_ten_million_tokens_are_corrected_and_kept_as_a_conflict(made: Any) -> None:
    key = "us.meta.llama4-scout-17b-instruct-v1:0"
    claim = {**CHAT, "litellm_provider": "bedrock_converse", "max_input_tokens": 10_000_000}
    row = row_of(made({key: claim}, rules.read()), key)
    assert row["max_input_tokens"] == 3_500_000
    assert conflicts(row)["max_input_tokens"] == 10_000_000
    assert {conflict["source"] for conflict in row["conflicts"]} >= {SOURCE}


def test_an_override_sets_unsets_and_prices_in_dollars_per_million(tmp_path: Path, made: Any) -> None:
    tables = ruled(
        tmp_path,
        f"""
[[override]]
keys = ["{NOBODYS}"]
set = {{ max_output_tokens = 8 }}
unset = ["output_cost_per_token"]
per_million = {{ input_cost_per_token = 2.5 }}
reason = "Somebody looked it up."
""",
    )
    row = row_of(made({NOBODYS: CHAT}, tables))
    assert (row["max_output_tokens"], row["input_cost_per_token"]) == (8, Decimal("0.0000025"))
    assert "output_cost_per_token" not in row
    assert conflicts(row) == {
        "max_output_tokens": None,
        "output_cost_per_token": Decimal("0.000004"),
        "input_cost_per_token": Decimal("0.000002"),
    }
    assert {conflict["reason"] for conflict in row["conflicts"]} == {"Somebody looked it up."}


def test_an_override_that_changes_nothing_leaves_no_conflict(tmp_path: Path, made: Any) -> None:
    same = f'[[override]]\nkeys = ["{NOBODYS}"]\nset = {{ max_input_tokens = 1000 }}\nreason = "It is so."\n'
    assert "conflicts" not in row_of(made({NOBODYS: CHAT}, ruled(tmp_path, same)))


def test_a_row_can_have_the_rates_of_another(tmp_path: Path, made: Any) -> None:
    tables = ruled(tmp_path, '[[override]]\nkeys = ["a.b"]\nrates_of = "us."\nreason = "Served in the region."\n')
    row = {**CHAT, "litellm_provider": "bedrock", "input_cost_per_token_flex": 1e-06}
    other = {**row, "input_cost_per_token": 2.2e-06, "input_cost_per_token_flex": 1.1e-06, "max_input_tokens": 5}
    built = made({"a.b": row, "us.a.b": other}, tables)
    changed = row_of(built, "a.b")
    assert (changed["input_cost_per_token"], changed["input_cost_per_token_flex"]) == (
        Decimal("0.0000022"),
        Decimal("0.0000011"),
    )
    assert changed["max_input_tokens"] == 1000
    assert conflicts(changed) == {"input_cost_per_token": Decimal("0.000002")}


def test_what_another_source_claims_is_noted_without_a_change(tmp_path: Path, made: Any) -> None:
    claim = (
        f'[[claim]]\nkeys = ["{NOBODYS}"]\nfield = "max_input_tokens"\nvalue = 9\nsource = "him"\nreason = "He errs."\n'
    )
    row = row_of(made({NOBODYS: CHAT}, ruled(tmp_path, claim)))
    assert (row["max_input_tokens"], conflicts(row)) == (1000, {"max_input_tokens": 9})


def test_a_claim_about_a_row_that_is_not_there_is_told(tmp_path: Path, made: Any) -> None:
    claim = '[[claim]]\nkeys = ["gone"]\nfield = "rpm"\nvalue = 9\nsource = "him"\nreason = "He errs."\n'
    assert made({}, ruled(tmp_path, claim)).dubious == ["gone: him claims something, and there is no such row"]


@pytest.mark.parametrize(
    "rule",
    [
        '[[override]]\nkeys = ["x"]\n',
        '[[override]]\nreason = "No keys."\n',
        '[[skip]]\nkeys = ["x"]\nreason = "Because."\nbecause = 1\n',
    ],
)
def test_a_rule_without_keys_or_a_reason_or_with_an_unknown_part_is_refused(rule: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs keys and a reason"):
        ruled(tmp_path, rule)


def test_every_rule_of_the_project_still_applies_to_a_row() -> None:
    tables = rules.read()
    rows = json.loads((ROOT / "model_prices.json").read_text("utf-8"))
    idle = [rule.keys for rule in (*tables.override, *tables.compare, *tables.free) if not any(map(rule.about, rows))]
    assert idle == []


# The second source


def test_a_difference_without_a_rule_is_told_and_nothing_is_taken(made: Any) -> None:
    built = made({"mistral/codestral-latest": {**CHAT, "max_input_tokens": 256_000}})
    assert [line.partition(" is ")[0] for line in built.unexplained] == [
        "mistral/codestral-latest: input_cost_per_token",
        "mistral/codestral-latest: output_cost_per_token",
    ]
    assert "conflicts" not in row_of(built, "mistral/codestral-latest")


@pytest.mark.parametrize(("theirs", "ours"), [("true", "0.0000003"), ("false", "0.000002")])
def test_a_rule_says_whose_rate_is_taken_and_the_other_is_the_conflict(
    theirs: str, ours: str, tmp_path: Path, made: Any
) -> None:
    rule = f'[[compare]]\nkeys = ["mistral/codestral*"]\ntheirs = {theirs}\nreason = "Somebody looked it up."\n'
    built = made({"mistral/codestral-latest": {**CHAT, "max_input_tokens": 256_000}}, ruled(tmp_path, rule))
    row = row_of(built, "mistral/codestral-latest")
    other = next(conflict for conflict in row["conflicts"] if conflict["field"] == "input_cost_per_token")
    assert row["input_cost_per_token"] == Decimal(ours)
    assert {row["input_cost_per_token"], other["value"]} == {Decimal("0.0000003"), Decimal("0.000002")}
    assert other["source"] == (SOURCE if theirs == "true" else oracle.source())
    assert row["via"] == f"{SOURCE}; compared with {oracle.source()}"
    assert built.unexplained == []


def test_equal_rates_are_no_conflict_and_the_row_says_that_they_were_compared(made: Any) -> None:
    same = {**CHAT, "max_input_tokens": 256_000, "input_cost_per_token": 3e-07, "output_cost_per_token": 9e-07}
    row = row_of(made({"mistral/codestral-latest": same}), "mistral/codestral-latest")
    assert "conflicts" not in row
    assert row["via"].endswith(oracle.source())


def test_a_window_that_counts_the_answer_too_is_explained_by_itself(made: Any) -> None:
    same = {**CHAT, "input_cost_per_token": 3e-07, "output_cost_per_token": 9e-07}
    key = "mistral/codestral-latest"
    built = made({key: {**same, "max_input_tokens": 200_000, "max_output_tokens": 56_000}})
    assert conflicts(row_of(built, key)) == {"max_input_tokens": 256_000}
    assert "200000 + 56000" in row_of(built, key)["conflicts"][0]["reason"]
    assert made({key: {**same, "max_input_tokens": 9}}).unexplained != []


def test_the_project_explains_every_difference_that_its_file_shows() -> None:
    rows = json.loads((ROOT / "model_prices.json").read_text("utf-8"), parse_float=Decimal)
    at = oracle.noon(oracle.compared_on(row["verified"] for row in rows.values()))
    for key, _, model in known_to_both():
        said = conflicts({"conflicts": [c for c in rows[key].get("conflicts", ()) if c["source"] == oracle.source()]})
        found = {
            name for name, *_ in compare._differences(compare.at_moment(rows[key], at), oracle.list_prices(model, at))
        }
        assert found <= said.keys(), key


def test_off_peak_rates_hold_in_their_hours_only() -> None:
    windows = [
        {"hours_utc": ["22:00-02:00", "10:00-11:00"], "weekdays": [5]},
        {"hours_utc": ["00:00-00:00"], "weekdays": [6]},
    ]
    row = {"input_cost_per_token": 2, "off_peak_pricing": {"input_cost_per_token": 1, "windows": windows}}

    def rate(day: int, hour: int) -> Any:
        return compare.at_moment(row, datetime(2026, 11, day, hour, tzinfo=UTC))["input_cost_per_token"]

    friday, saturday, sunday = 20, 21, 22
    assert [rate(friday, hour) for hour in (1, 2, 9, 10, 11, 22)] == [1, 2, 2, 1, 2, 1]
    assert (rate(saturday, 0), rate(saturday, 23), rate(sunday, 12)) == (1, 1, 2)


def test_openrouters_models_come_from_the_second_source(tmp_path: Path, made: Any) -> None:
    built = made({}, ruled(tmp_path, "", openrouter=True))
    rows = {key: row for key, row in built.rows.items() if key.startswith("openrouter/")}
    assert len(rows) > 300
    assert {row["via"] for row in rows.values()} == {oracle.source()}
    assert {row["source"].partition("/")[2][:15] for row in rows.values()} == {"/openrouter.ai/"}
    free = {key for key, row in rows.items() if row["input_cost_per_token"] == 0}
    assert free
    assert all(key.endswith(":free") and rows[key]["notes"].startswith("Free: ") for key in free)


def test_the_second_sources_tiers_become_fields_and_name_their_threshold() -> None:
    model = oracle.find("xai", "grok-4.3")
    assert model is not None
    prices = oracle.list_prices(model, oracle.noon(TODAY))
    assert {name for name in prices if "_above_" in name} == {
        "input_cost_per_token_above_200k_tokens",
        "output_cost_per_token_above_200k_tokens",
        "cache_read_input_token_cost_above_200k_tokens",
    }


@pytest.mark.parametrize(("tokens", "thousands"), [(200_000, 200), (199_999, 200), (128_000, 128)])
def test_a_threshold_is_named_in_thousands(tokens: int, thousands: int) -> None:
    assert oracle._thousands(tokens) == thousands


def test_a_threshold_that_litellms_names_cannot_tell_is_refused() -> None:
    with pytest.raises(ValueError, match="a tier from 200500 tokens"):
        oracle._thousands(200_500)


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("deepinfra", "meta-llama/Llama-3.3-70B-Instruct"),
        ("bedrock", "us-gov.nvidia.nemotron-nano-9b-v2"),
        ("azure", "eu/o4-mini"),
        ("openai", "ft:gpt-4-0613"),
        ("openai", "gpt-audio-1.5"),
    ],
)
def test_a_model_that_only_looks_alike_is_not_compared(provider: str, model: str) -> None:
    assert oracle.find(provider, model) is None
