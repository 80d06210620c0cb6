"""A registered fact joins what is known of its model, and no number of the old row poses as one of the new."""

from decimal import Decimal
from typing import Any

import pytest

from litellm_lite.cost import price
from litellm_lite.registry import Registry

PAGE = "https://vendor.example/pricing"
Row = dict[str, Any]
READ = {"source": PAGE, "verified": "2026-11-01", "via": "the page itself"}
TIERED: Row = {
    **READ,
    "litellm_provider": "p",
    "max_input_tokens": 1000000,
    "input_cost_per_token": 2e-06,
    "input_cost_per_token_above_200k_tokens": 4e-06,
    "input_cost_per_token_flex": 1e-06,
    "input_cost_per_token_above_200k_tokens_priority": 8e-06,
    "output_cost_per_token": 1e-05,
    "output_cost_per_token_above_200k_tokens": 1.5e-05,
    "cache_read_input_token_cost": 2e-07,
    "cache_creation_input_token_cost": 2.5e-06,
    "cache_creation_input_token_cost_above_1hr": 4e-06,
    "conflicts": [
        {"field": "input_cost_per_token", "value": 3e-06, "source": "a rumour", "reason": "the page says 2"},
        {"field": "max_input_tokens", "value": 200000, "source": "a rumour", "reason": "the page says more"},
    ],
}
RANGES = {
    **READ,
    "litellm_provider": "p",
    "tiered_pricing": [
        {"range": [0, 1000], "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06},
        {"range": [1000, 9000], "input_cost_per_token": 3e-06, "output_cost_per_token": 4e-06},
    ],
}
HOURS: Row = {
    **READ,
    "litellm_provider": "p",
    "input_cost_per_token": 2e-06,
    "output_cost_per_token": 4e-06,
    "off_peak_pricing": {
        "input_cost_per_token": 1e-06,
        "output_cost_per_token": 2e-06,
        "windows": [{"hours_utc": "16:30-00:30"}],
    },
}


def after(known, *registrations, source="register_model"):
    """The model p/m, known by one row, after others were registered."""
    own = Registry(lambda: {"p/m": known})
    for row in registrations:
        own.register({"p/m": row}, source)
    return own.models["p/m"]


def test_a_new_price_leaves_other_facts_and_other_prices_as_they_were():
    info = after(TIERED, {"input_cost_per_token": 1e-06})
    assert info.input_cost_per_token == Decimal("0.000001")
    assert info.max_input_tokens == 1000000
    kept = ("output_cost_per_token", "output_cost_per_token_above_200k_tokens", "cache_read_input_token_cost")
    assert [info.rate(name) for name in kept] == [Decimal("1e-5"), Decimal("1.5e-5"), Decimal("2e-7")]


def test_what_the_old_price_was_under_a_condition_is_unknown_once_the_price_is_another():
    info = after(TIERED, {"input_cost_per_token": 1e-06, "cache_creation_input_token_cost": 1e-06})
    assert {name for name, value in info.row.items() if value is None} == {
        "input_cost_per_token_above_200k_tokens",
        "input_cost_per_token_flex",
        "input_cost_per_token_above_200k_tokens_priority",
        "cache_creation_input_token_cost_above_1hr",
    }


def test_a_long_prompt_has_no_cost_then_rather_than_one_of_two_price_lists():
    small, large = ({"prompt_tokens": tokens, "completion_tokens": 0} for tokens in (200_000, 200_001))
    info = after(TIERED, {"input_cost_per_token": 1e-06})
    known = price(small, info)
    assert known is not None
    assert (known.total, known.price_source, known.price_date) == (Decimal("0.2"), "register_model", "")
    assert price(large, info) is None
    info = after(TIERED, {"input_cost_per_token": 1e-06, "input_cost_per_token_above_200k_tokens": 2e-06})
    known = price(large, info)
    assert known is not None
    assert known.total == Decimal("0.400002")


@pytest.mark.parametrize("row", [{"input_cost_per_token": 2e-06}, {"rpm": 5}, {"input_cost_per_token_flex": 9e-07}])
def test_a_price_that_did_not_change_keeps_its_conditions(row):
    info = after(TIERED, row)
    assert info.rate("input_cost_per_token_above_200k_tokens") == Decimal("4e-6")
    assert None not in info.row.values()


def test_a_price_in_ranges_is_the_one_of_small_prompts_and_unknown_above():
    first, second = after(RANGES, {"input_cost_per_token": 5e-07}).row["tiered_pricing"]
    assert (first["input_cost_per_token"], first["output_cost_per_token"]) == (Decimal("5e-7"), Decimal("2e-6"))
    assert (second["input_cost_per_token"], second["output_cost_per_token"]) == (None, Decimal("4e-6"))


def test_a_registered_table_replaces_the_old_one_whole():
    table = [{"range": [0, None], "input_cost_per_token": 1, "output_cost_per_token": 2}]
    info = after(RANGES, {"input_cost_per_token": 5e-07, "tiered_pricing": table})
    assert info.row["tiered_pricing"] == table


def test_what_a_changed_price_was_off_peak_is_unknown():
    hours = after(HOURS, {"input_cost_per_token": 5e-07}).row["off_peak_pricing"]
    assert (hours["input_cost_per_token"], hours["output_cost_per_token"]) == (None, Decimal("2e-6"))
    assert hours["windows"] == HOURS["off_peak_pricing"]["windows"]
    assert after(HOURS, {"rpm": 3}).row["off_peak_pricing"] == after(HOURS).row["off_peak_pricing"]


def test_a_changed_price_changes_the_source_and_says_where_the_rest_is_from():
    info = after(TIERED, {"input_cost_per_token": 1e-06}, source="prices.json")
    assert (info.source, info.verified) == ("prices.json", "")
    assert info.row["via"] == f"the rest of the row is from {PAGE}, read 2026-11-01"


def test_the_first_source_is_still_named_after_a_second_registration():
    info = after(TIERED, {"input_cost_per_token": 1e-06}, {"output_cost_per_token": 2e-06, "source": "https://other"})
    assert (info.source, info.row["via"]) == ("https://other", f"the rest of the row is from {PAGE}, read 2026-11-01")


def test_a_source_of_the_rows_own_is_taken_with_its_date():
    info = after(TIERED, {"rpm": 5, "source": "https://other.example", "verified": "2026-11-20", "via": "a letter"})
    assert (info.source, info.verified, info.row["via"]) == ("https://other.example", "2026-11-20", "a letter")


def test_prices_keep_their_source_when_only_other_facts_change():
    info = after(TIERED, {"max_input_tokens": 500000})
    assert (info.source, info.verified, info.row["via"]) == (PAGE, "2026-11-01", "the page itself")
    assert info.row["conflicts"][-1]["reason"] == "replaced by register_model"


def test_a_row_keeps_what_was_replaced_and_drops_quarrels_about_it():
    conflicts = after(TIERED, {"input_cost_per_token": 1e-06}).describe()["conflicts"]
    assert conflicts[:2] == [
        TIERED["conflicts"][1],
        {
            "field": "input_cost_per_token_above_200k_tokens",
            "value": 4e-06,
            "source": PAGE,
            "reason": "belongs to a price that register_model replaced",
        },
    ]
    assert conflicts[-1] == {
        "field": "input_cost_per_token",
        "value": 2e-06,
        "source": PAGE,
        "reason": "replaced by register_model",
    }
    assert len(conflicts) == 5


def test_the_record_of_replaced_facts_does_not_grow():
    info = after({"litellm_provider": "p"}, *({"rpm": rpm} for rpm in range(50)))
    assert info.row["conflicts"] == [
        {"field": "rpm", "value": 48, "source": "an earlier row", "reason": "replaced by register_model"}
    ]


def test_nothing_changes_when_nothing_new_is_said():
    assert after(TIERED, {"rpm": None, "max_input_tokens": 1000000.0}).describe() == {
        **after(TIERED).describe(),
        "rpm": None,
    }


def test_two_rows_about_one_model_in_one_registration_leave_a_trace_of_the_first():
    own = Registry(dict)
    own.register({"m": {"litellm_provider": "p", "rpm": 1}, "p/m": {"rpm": 2}}, "prices.json")
    assert list(own.models) == ["m"]
    assert own.models["m"].limit("rpm") == 2
    assert own.models["m"].row["conflicts"] == [
        {"field": "rpm", "value": 1, "source": "prices.json", "reason": "replaced by prices.json"}
    ]


def test_a_capability_that_followed_from_old_modalities_goes_with_them():
    known = {"litellm_provider": "p", "supported_modalities": ["text", "image"]}
    assert after(known).supports("supports_vision") is True
    assert after(known, {"supported_modalities": ["text"]}).supports("supports_vision") is None
