"""Which rows of a price file become rows of the registry, and what each says of where it is from."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scripts.registry import fields, litellm_file
from tests.registry.generator.source import CHAT, NOBODYS, SOURCE, row_of, ruled

# What is taken


def test_a_row_says_its_page_the_day_and_what_was_read(made: Any) -> None:
    row = row_of(made({NOBODYS: CHAT}))
    assert (row["source"], row["verified"], row["via"]) == ("https://example.com/prices", "2026-11-21", SOURCE)
    assert row["input_cost_per_token"] == Decimal("0.000002")
    assert "conflicts" not in row


@pytest.mark.parametrize(
    "page", [None, "ask them", "https://management.azure.com/subscriptions/1", "https://console.x.com"]
)
def test_a_row_without_a_public_page_names_the_file_itself(page: str | None, made: Any) -> None:
    assert row_of(made({NOBODYS: {**CHAT, "source": page}}))["source"] == litellm_file.PAGE


def test_groqs_documentation_is_public_although_it_stands_beside_the_console(made: Any) -> None:
    page = "https://console.groq.com/docs/models"
    assert row_of(made({NOBODYS: {**CHAT, "source": page}}))["source"] == page


def test_litellms_internals_and_its_max_tokens_are_left_out_and_counted(made: Any) -> None:
    built = made({NOBODYS: {**CHAT, "max_tokens": 9, "supports_xhigh_reasoning_effort": True, "rpm": 7}})
    assert row_of(built).keys() <= fields.schema()["$defs"]["row"]["properties"].keys() | {
        "input_cost_per_token",
        "output_cost_per_token",
    }
    assert "rpm" not in row_of(built)
    assert built.unknown_fields == Counter(max_tokens=1, supports_xhigh_reasoning_effort=1)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"litellm_provider": "nobody"}, "another provider"),
        ({"mode": "image_generation"}, "another mode than chat, responses or embedding"),
        ({"litellm_provider": "deepinfra"}, "no Llama model, of a host that is here for Llama only"),
        ({"deprecation_date": "2025-11-20"}, "retired for more than a year"),
        (dict.fromkeys(("max_input_tokens", "input_cost_per_token", "output_cost_per_token")), "no fact worth having"),
    ],
)
def test_a_row_that_is_not_for_the_registry_is_left_out_with_a_reason(change: Any, why: str, made: Any) -> None:
    built = made({NOBODYS: {**CHAT, **change}})
    assert NOBODYS not in built.rows
    assert built.left_out == Counter({why: 1})


def test_a_model_retired_in_the_last_year_stays_with_its_day(made: Any) -> None:
    assert row_of(made({NOBODYS: {**CHAT, "deprecation_date": "2025-11-21"}}))["deprecation_date"] == "2025-11-21"


def test_a_skipped_row_is_kept_when_another_rule_says_so(tmp_path: Path, made: Any) -> None:
    skip = '[[skip]]\nkeys = ["mistral/*"]\nreason = "not today"\n'
    keep = f'[[keep]]\nkeys = ["{NOBODYS}"]\nreason = "but this one"\n'
    assert made({NOBODYS: CHAT}, ruled(tmp_path, skip)).left_out == Counter({"not today": 1})
    assert NOBODYS in made({NOBODYS: CHAT}, ruled(tmp_path, skip + keep)).rows


def test_reserved_keys_are_no_models(made: Any) -> None:
    built = made({"sample_spec": CHAT, "fallback_generalizations": {"rules": []}, NOBODYS: CHAT})
    assert list(built.rows) == [NOBODYS]


def test_litellms_variants_of_a_provider_have_one_name(made: Any) -> None:
    built = made({"some.model-v1:0": {**CHAT, "litellm_provider": "bedrock_converse"}})
    assert row_of(built, "some.model-v1:0")["litellm_provider"] == "bedrock"


# One row for one model


def test_a_bare_and_a_prefixed_key_are_one_row_with_the_facts_of_both(made: Any) -> None:
    bare = {**CHAT, "litellm_provider": "deepseek", "supports_vision": True}
    prefixed = {**CHAT, "litellm_provider": "deepseek", "supports_reasoning": True}
    built = made({"deepseek/new-one": prefixed, "new-one": bare})
    assert "deepseek/new-one" not in built.rows
    row = row_of(built, "new-one")
    assert (row["supports_vision"], row["supports_reasoning"]) == (True, True)
    assert built.dubious == []


def test_where_the_two_rows_of_a_model_differ_the_bare_one_is_taken_and_the_report_tells(made: Any) -> None:
    bare = {**CHAT, "litellm_provider": "deepseek"}
    built = made({"new-one": bare, "deepseek/new-one": {**bare, "max_input_tokens": 2000}})
    assert row_of(built, "new-one")["max_input_tokens"] == 1000
    assert built.dubious == ["new-one: max_input_tokens is 1000, and 2000 in deepseek/new-one"]


def test_a_short_name_of_fireworks_is_an_alias_of_the_long_one(made: Any) -> None:
    row = {**CHAT, "litellm_provider": "fireworks_ai"}
    long = "fireworks_ai/accounts/fireworks/models/new-1"
    built = made({"fireworks_ai/new-1": {**row, "supports_vision": True}, long: row})
    assert "fireworks_ai/new-1" not in built.rows
    assert (row_of(built, long)["aliases"], row_of(built, long)["supports_vision"]) == (["new-1"], True)
