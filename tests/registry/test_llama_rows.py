"""The Llama rows of model_prices.json: the Llama API's seven models, and the same weights at the partners."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).resolve().parents[2] / "model_prices.json"
ROWS: dict[str, dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))

llama_rows = pytest.mark.parametrize("key", [key for key in ROWS if key.startswith("meta_llama/")])


def test_the_seven_models_of_the_llama_api_are_here() -> None:
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
def test_a_llama_api_model_has_no_price_and_says_that_zero_was_claimed(key: str) -> None:
    assert [name for name in ROWS[key] if "cost" in name] == []
    assert any(c["field"] == "input_cost_per_token" and c["value"] == 0 for c in ROWS[key]["conflicts"])


@llama_rows
def test_a_llama_api_model_has_the_window_that_is_served_not_the_one_of_the_weights(key: str) -> None:
    assert ROWS[key]["max_input_tokens"] == (32000 if "/Cerebras-" in key else 128000)
    assert ROWS[key]["max_output_tokens"] == 4096


@llama_rows
def test_only_metas_own_llama_4_models_see_images(key: str) -> None:
    sees = key.endswith("-FP8")
    assert ROWS[key]["supports_vision"] is sees
    assert ("image_rules" in ROWS[key]) is sees


@llama_rows
def test_llama_api_models_call_tools_and_metas_own_keep_to_a_schema(key: str) -> None:
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
def test_llama_api_rate_limits_are_those_of_promptfoos_page(model: str, rpm: int, tpm: int) -> None:
    assert (ROWS[f"meta_llama/{model}"]["rpm"], ROWS[f"meta_llama/{model}"]["tpm"]) == (rpm, tpm)


@pytest.mark.parametrize(
    ("key", "field", "claimed"),
    [
        ("meta_llama/Llama-4-Maverick-17B-128E-Instruct-FP8", "max_input_tokens", 1_000_000),
        ("meta_llama/Llama-4-Scout-17B-16E-Instruct-FP8", "max_input_tokens", 10_000_000),
        ("meta_llama/Llama-3.3-70B-Instruct", "max_output_tokens", 4028),
        ("meta.llama4-scout-17b-instruct-v1:0", "max_input_tokens", 10_000_000),
        ("azure_ai/Llama-4-Scout-17B-16E-Instruct", "max_input_tokens", 10_000_000),
        ("vertex_ai/meta/llama-4-scout-17b-16e-instruct-maas", "max_input_tokens", 10_000_000),
        ("vertex_ai/meta/llama-4-maverick-17b-128e-instruct-maas", "max_input_tokens", 1_000_000),
    ],
)
def test_what_litellm_claims_otherwise_is_kept_as_a_conflict(key: str, field: str, claimed: int) -> None:
    assert (field, claimed) in [(conflict["field"], conflict["value"]) for conflict in ROWS[key]["conflicts"]]
    assert ROWS[key].get(field) != claimed


def test_no_host_serves_the_ten_million_tokens_of_the_weights() -> None:
    assert [key for key, row in ROWS.items() if row.get("max_input_tokens", 0) >= 4_000_000] == []


@pytest.mark.parametrize(
    "key",
    [
        "us.meta.llama4-maverick-17b-instruct-v1:0",
        "azure_ai/Llama-3.3-70B-Instruct",
        "snowflake/llama4-maverick",
        "huggingface/meta-llama/Llama-3.3-70B-Instruct",
        "huggingface/meta-llama/Llama-4-Scout-17B-16E-Instruct:groq",
        "together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo",
        "openrouter/meta-llama/llama-4-scout",
        "openrouter/meta-llama/llama-3.3-70b-instruct:free",
        "groq/llama-3.3-70b-versatile",
        "cerebras/llama3.1-8b",
        "fireworks_ai/accounts/fireworks/models/llama4-maverick-instruct-basic",
        "deepinfra/meta-llama/Llama-4-Scout-17B-16E-Instruct",
        "sambanova/Meta-Llama-3.3-70B-Instruct",
        "nvidia_nim/meta/llama-3.3-70b-instruct",
        "vertex_ai/meta/llama-3.3-70b-instruct-maas",
        # The two models that are elsewhere than at the Llama API: 3.1 8B, and Llama Guard.
        "meta.llama3-1-8b-instruct-v1:0",
        "deepinfra/meta-llama/Llama-Guard-3-8B",
        "fireworks_ai/accounts/fireworks/models/llama-guard-3-8b",
        "openrouter/meta-llama/llama-guard-4-12b",
    ],
)
def test_llama_models_of_the_partners_are_here(key: str) -> None:
    assert key in ROWS


def test_metas_models_before_llama_4_say_whether_they_take_images() -> None:
    names = r"(meta\.|meta-llama/(Meta-)?|/models/|/(snowflake-|Meta-)?)llama-?v?[23]"
    known = {key: row for key, row in ROWS.items() if re.search(names, key, re.IGNORECASE) and "/nvidia/" not in key}
    assert len(known) > 90
    seeing = {key for key, row in known.items() if row["supports_vision"]}
    assert seeing == {key for key in known if re.search(r"-(11|90)b-", key, re.IGNORECASE)}
    assert all(
        known[key]["supported_modalities"] == (["text", "image"] if key in seeing else ["text"]) for key in known
    )


def test_llama_4_takes_images_wherever_meta_does_not_say_otherwise() -> None:
    llama_4 = [key for key in ROWS if re.search(r"llama-?4", key, re.IGNORECASE) and not key.startswith("meta_llama/")]
    assert len(llama_4) > 15
    assert [key for key in llama_4 if not ROWS[key].get("supports_vision")] == []
