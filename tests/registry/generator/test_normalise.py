"""What is made of a source's row: no unknown is 0, and its facts agree with each other."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scripts.registry import checks, normalise, rules
from tests.registry.generator.source import CHAT, NOBODYS, SOURCE, conflicts, row_of, ruled


def test_a_price_of_zero_is_dropped_because_it_is_unknown(made: Any) -> None:
    row = row_of(made({NOBODYS: {**CHAT, "input_cost_per_token": 0, "output_cost_per_token": 0.0}}))
    assert "input_cost_per_token" not in row
    assert "output_cost_per_token" not in row
    assert conflicts(row) == {"input_cost_per_token": 0, "output_cost_per_token": 0}


def test_a_model_that_a_rule_calls_free_costs_zero_and_says_so(tmp_path: Path, made: Any) -> None:
    free = f'[[free]]\nkeys = ["{NOBODYS}"]\nreason = "They give it away."\n'
    nothing = {**CHAT, "input_cost_per_token": 0, "output_cost_per_token": 0, "input_cost_per_image": 0}
    row = row_of(made({NOBODYS: nothing}, ruled(tmp_path, free)))
    assert (row["input_cost_per_token"], row["output_cost_per_token"]) == (0, 0)
    assert row["notes"] == "Free: They give it away."
    assert "input_cost_per_image" not in row


def test_writing_to_a_cache_at_zero_is_no_price_of_its_own(made: Any) -> None:
    row = row_of(made({NOBODYS: {**CHAT, "cache_creation_input_token_cost": 0.0}}))
    assert "cache_creation_input_token_cost" not in row
    assert "conflicts" not in row


def test_an_embedding_has_no_price_for_an_answer(made: Any) -> None:
    row = row_of(
        made({NOBODYS: {**CHAT, "mode": "embedding", "output_cost_per_token": 0.0, "output_vector_size": 8.0}})
    )
    assert [name for name in row if name.startswith("output_cost")] == []
    assert "conflicts" not in row
    assert type(row["output_vector_size"]) is int


def test_a_rate_that_repeats_the_one_it_falls_back_to_is_left_out(made: Any) -> None:
    rates = {"output_cost_per_reasoning_token": 4e-06, "input_cost_per_image_token": 3e-06}
    row = row_of(made({NOBODYS: {**CHAT, **rates}}))
    assert "output_cost_per_reasoning_token" not in row
    assert row["input_cost_per_image_token"] == Decimal("0.000003")


def test_a_tier_that_no_prompt_reaches_is_dropped_with_all_its_rates(made: Any) -> None:
    tier = {"input_cost_per_token_above_1k_tokens": 5e-06, "cache_read_input_token_cost_above_1k_tokens_flex": 1e-06}
    row = row_of(made({NOBODYS: {**CHAT, **tier}}))
    assert [name for name in row if "_above_" in name] == []
    assert conflicts(row) == {"input_cost_per_token_above_1k_tokens": Decimal("0.000005")}


def test_a_tier_inside_the_window_stays(made: Any) -> None:
    row = row_of(made({NOBODYS: {**CHAT, "max_input_tokens": 1001, "input_cost_per_token_above_1k_tokens": 5e-06}}))
    assert row["input_cost_per_token_above_1k_tokens"] == Decimal("0.000005")


def test_an_answer_longer_than_the_window_is_cut_to_it(made: Any) -> None:
    row = row_of(made({NOBODYS: {**CHAT, "max_output_tokens": 1001}}))
    assert (row["max_output_tokens"], conflicts(row)) == (1000, {"max_output_tokens": 1001})


@pytest.mark.parametrize(
    ("told", "modalities", "vision"),
    [
        ({}, None, None),
        ({"supports_vision": True}, ["text", "image"], True),
        ({"supports_vision": False}, ["text"], False),
        ({"supported_modalities": ["image", "text"]}, ["text", "image"], True),
        ({"supported_modalities": ["text", "image"], "supports_vision": False}, ["text", "image"], True),
        ({"supported_modalities": ["text"], "supports_vision": True}, ["text", "image"], True),
        ({"supported_modalities": ["text", "code"]}, ["text"], None),
    ],
)
def test_modalities_and_flags_are_brought_together(told: Any, modalities: Any, vision: Any, made: Any) -> None:
    row = row_of(made({NOBODYS: {**CHAT, **told}}))
    assert (row.get("supported_modalities"), row.get("supports_vision")) == (modalities, vision)


def test_audio_and_video_cost_what_text_costs_where_gemini_lists_one_price(made: Any) -> None:
    whole = {**CHAT, "litellm_provider": "gemini", "supported_modalities": ["text", "audio", "video"]}
    own = {**whole, "input_cost_per_audio_token": 9e-06}
    built = made({"gemini/one": {**whole, "input_cost_per_token_flex": 1e-06}, "gemini/two": own})
    one, two = row_of(built, "gemini/one"), row_of(built, "gemini/two")
    assert (one["input_cost_per_audio_token"], one["input_cost_per_video_token"]) == (Decimal("0.000002"),) * 2
    assert one["input_cost_per_audio_token_flex"] == Decimal("0.000001")
    assert (two["input_cost_per_audio_token"], "input_cost_per_audio_token_flex" in two) == (Decimal("0.000009"), False)


def test_xais_tiers_begin_at_their_threshold(made: Any) -> None:
    tiered = {
        **CHAT,
        "litellm_provider": "xai",
        "max_input_tokens": 5000,
        "input_cost_per_token_above_1k_tokens": 3e-06,
    }
    built = made({"xai/new": tiered, "xai/flat": {**CHAT, "litellm_provider": "xai"}})
    assert row_of(built, "xai/new")["tier_includes_threshold"] is True
    assert "tier_includes_threshold" not in row_of(built, "xai/flat")


def test_hours_of_an_off_peak_window_are_a_list(made: Any) -> None:
    cheap = {"input_cost_per_token": 1e-06, "windows": [{"hours_utc": "00:00-06:00", "weekdays": [1]}]}
    row = row_of(made({NOBODYS: {**CHAT, "off_peak_pricing": cheap}}))
    assert row["off_peak_pricing"]["windows"] == [{"hours_utc": ["00:00-06:00"], "weekdays": [1]}]


def test_normalising_leaves_the_source_alone() -> None:
    raw = {**CHAT, "supported_modalities": ["text"], "supports_vision": True}
    before = json.dumps(raw)
    normalise.normalised(NOBODYS, raw, rules.read(), SOURCE, Counter())
    assert json.dumps(raw) == before


# What looks wrong


@pytest.mark.parametrize(
    ("change", "doubt"),
    [
        ({"cache_read_input_token_cost": Decimal(3)}, "cache_read_input_token_cost is above input_cost_per_token"),
        (
            {"cache_creation_input_token_cost": Decimal("0.1")},
            "cache_creation_input_token_cost is below input_cost_per_token",
        ),
        (
            {"input_cost_per_token_above_9k_tokens": Decimal("0.1")},
            "input_cost_per_token_above_9k_tokens is below the tier before it",
        ),
        (
            {"output_cost_per_token_above_9k_tokens": Decimal(2)},
            "input_cost_per_token_above_9k_tokens is missing where the row has that tier",
        ),
        ({"max_input_tokens": 5, "max_output_tokens": 6}, "max_output_tokens is above max_input_tokens"),
    ],
)
def test_an_odd_row_is_doubted(change: Any, doubt: str) -> None:
    scale = Decimal("0.0001")
    odd = {"input_cost_per_token": Decimal(1), "output_cost_per_token": Decimal(1), **change}
    row = {name: value * scale if isinstance(value, Decimal) else value for name, value in odd.items()}
    assert doubt in list(checks.doubts(row))
    assert doubt not in list(checks.doubts({**row, "conflicts": [{"field": doubt.split(maxsplit=1)[0]}]}))


def test_a_price_for_a_thousand_tokens_is_doubted() -> None:
    assert list(checks.doubts({"input_cost_per_token": Decimal("0.0032")})) == [
        "input_cost_per_token is 0.0032, more than a thousand dollars per million"
    ]
