"""One model in full: its limits, abilities and prices, and what other sources say instead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import orjson
import pytest

from litellm_lite import get_model_info
from litellm_lite.cli import info
from litellm_lite.registry import register_model

pytestmark = pytest.mark.usefixtures("shop")


def fact(shown: str, name: str) -> str:
    """Return what stands behind a name at the start of a line."""
    return next(line.strip().removeprefix(name).strip() for line in shown.splitlines() if line.strip().startswith(name))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("provider", "shop"),
        ("kind", "chat"),
        ("takes", "text, image"),
        ("context (tokens)", "1,000,000"),
        ("output (tokens)", "64,000"),
        ("images a request", "2"),
        ("image formats", "png"),
        ("yes", "function calling, reasoning, vision"),
        ("$ per million tokens", "input  output  cache read"),
        ("standard", "2.5      10        0.25"),
        ("above 200k", "5       -           -"),
        ("flex", "1.25       -           -"),
        ("search_context_cost_per_query.search_context_size_low", "$0.01"),
        ("source", "register_model"),
        ("read", "?"),
        ("notes", "Sold on Tuesdays."),
        ("max_input_tokens", "a rumour says 10,000,000. Nobody served it."),
        ("rpm", "another says nothing. It lists none."),
        ("input_cost_per_token", "a third says $3 per million. It rounds."),
    ],
)
def test_a_fact_has_a_line(run, name: str, value: str) -> None:
    result = run("info", "shop/dear")
    assert result.exit_code == 0
    assert fact(result.stdout, name) == value


def test_what_is_denied_is_told_apart_from_what_is_not_known(run) -> None:
    shown = run("info", "shop/cheap").stdout
    assert fact(shown, "no ") == "vision"
    assert "reasoning" in fact(shown, "not known")


def test_an_unknown_price_is_said_to_be_unknown(run) -> None:
    shown = run("info", "shop/secret").stdout
    assert "The price is not known." in shown
    assert fact(shown, "context (tokens)") == "?"


def test_a_model_that_is_not_sold_by_the_token_has_its_prices(run) -> None:
    register_model({"shop/painter": {"output_cost_per_image": 0.04}})
    shown = run("info", "shop/painter").stdout
    assert fact(shown, "output_cost_per_image") == "$0.04"
    assert "not known." not in shown


def test_every_way_to_vary_a_price_is_a_line(run) -> None:
    rates = {"input_cost_per_token": 2e-06, "output_cost_per_token": 4e-06}
    half = {"input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06}
    register_model(
        {
            "shop/night": {
                **rates,
                "input_cost_per_token_above_128k_tokens": 3e-06,
                "input_cost_per_token_above_128k_tokens_priority": 9e-06,
                "tier_includes_threshold": True,
                "off_peak_pricing": {**half, "windows": [{"hours_utc": "00:00-06:00"}]},
            },
            "shop/ranges": {"tiered_pricing": [{**half, "range": [0, 1000]}, {**rates, "range": [1000, 2000.0]}]},
        }
    )
    night, ranges = run("info", "shop/night").stdout, run("info", "shop/ranges").stdout
    assert fact(night, "from 128k").split() == ["3", "-"]
    assert fact(night, "priority, from 128k").split() == ["9", "-"]
    assert fact(night, "off peak").split() == ["1", "2"]
    assert fact(ranges, "0 to 1,000").split() == ["1", "2"]
    assert fact(ranges, "1,000 to 2,000").split() == ["2", "4"]


@pytest.mark.parametrize(("day", "ends"), [("1999-12-31", "2000-01-01"), ("2000-01-01", "2000-01-01, retired")])
def test_a_retired_model_is_called_so(capsys: pytest.CaptureFixture[str], day: str, ends: str) -> None:
    assert info.run("shop/old", date.fromisoformat(day), as_json=False) == 0
    assert fact(capsys.readouterr().out, "ends") == ends


@pytest.mark.parametrize("name", ["llama-4-scout", "Llama-4-Scout"])
def test_a_model_is_found_by_every_name_it_has(run, name: str) -> None:
    shown = run("info", f"meta_llama/{name}").stdout
    assert shown.startswith("meta_llama/Llama-4-Scout-17B-16E-Instruct-FP8\n")
    assert fact(shown, "context (tokens)") == "128,000"


def test_json_is_get_model_info_with_the_conflicts_and_the_price_of_a_million(run) -> None:
    shown = orjson.loads(run("info", "shop/dear", "--json").stdout)
    million = shown.pop("per_million_tokens")
    assert shown == get_model_info("shop/dear")
    assert shown["conflicts"][0]["reason"] == "Nobody served it."
    assert million["cache_read_input_token_cost"] == 0.25


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_an_unknown_model_is_bad_input_and_names_the_nearest(run, words: list[str]) -> None:
    result = run("info", "shop/chaep", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("unknown model 'shop/chaep'; did you mean 'shop/cheap'")
    assert result.stderr.count("\n") == 1


def test_a_name_like_no_other_is_told_where_the_names_are(run) -> None:
    result = run("info", "?" * 30)
    assert result.stderr.endswith("`litellm-lite models` lists those there are\n")


def test_a_terminal_wraps_a_long_reason_below_itself(on_terminal: Callable[..., str]) -> None:
    shown = on_terminal(80, lambda: info.run("meta_llama/llama-4-scout", date(2026, 1, 1), as_json=False))
    assert "Other sources say otherwise" in shown
    assert all(len(line) <= 80 for line in shown.splitlines())
