"""The file that is written, the report, and what the command line says."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.registry import build, command, fields, report
from tests.registry.generator.source import CHAT, NOBODYS, ROOT, SOURCE, TODAY


def test_fields_stand_in_the_schemas_order_and_prices_after_the_limits() -> None:
    mixed = dict.fromkeys(
        (
            "via",
            "cache_read_input_token_cost",
            "mode",
            "input_cost_per_token_batches",
            "input_cost_per_token",
            "tpm",
            "litellm_provider",
        )
    )
    assert list(fields.ordered(mixed)) == [
        "litellm_provider",
        "mode",
        "tpm",
        "input_cost_per_token",
        "input_cost_per_token_batches",
        "cache_read_input_token_cost",
        "via",
    ]


@given(st.decimals(min_value="0.0000000001", max_value=100, places=12), st.text())
def test_what_is_written_is_read_back_alike(rate: Decimal, said: str) -> None:
    rows = {
        "a/b": {"notes": said, "input_cost_per_token": rate, "conflicts": [{"value": rate, "reason": said}], "n": 7}
    }
    back = json.loads(build.text(rows), parse_float=Decimal)
    assert back["a/b"]["notes"] == said
    assert Decimal(back["a/b"]["input_cost_per_token"]) == rate
    assert Decimal(back["a/b"]["conflicts"][0]["value"]) == rate


def test_building_twice_writes_the_same_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prices, target = tmp_path / "prices.json", tmp_path / "model_prices.json"
    prices.write_text(json.dumps({NOBODYS: CHAT}), "utf-8")
    asked = [str(prices), "--source", SOURCE, "--today", "2026-11-21"]
    assert command.main(asked, target) == 0
    first = target.read_bytes()
    assert "wrote model_prices.json" in capsys.readouterr().out
    assert command.main(asked, target) == 0
    assert (target.read_bytes(), capsys.readouterr().out) == (first, "")


def test_a_file_that_its_sources_do_not_make_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prices, target = tmp_path / "prices.json", tmp_path / "model_prices.json"
    prices.write_text(json.dumps({NOBODYS: CHAT}), "utf-8")
    assert command.main([str(prices), "--today", "2026-11-20"], target) == 0
    assert command.main([str(prices), "--check"], target) == 0
    changed = target.read_text("utf-8").replace('"input_cost_per_token": 0.000002', '"input_cost_per_token": 0.000003')
    target.write_text(changed, "utf-8")
    assert command.main([str(prices), "--check"], target) == 1
    assert "run scripts/build_registry.py" in capsys.readouterr().err
    assert target.read_text("utf-8") == changed


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("no json", "is not JSON"),
        ("[]", "must hold one object with a row for each model"),
        ('{"gpt": 7}', "the row 'gpt' must be an object of fields, not 7"),
    ],
)
def test_a_malformed_price_file_is_a_clear_error(
    content: str, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prices = tmp_path / "prices.json"
    prices.write_text(content, "utf-8")
    assert command.main([str(prices)], tmp_path / "none") == 1
    told = capsys.readouterr().err
    assert complaint in told
    assert "prices.json" in told


def test_a_missing_file_and_no_file_at_all_are_clear_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([str(tmp_path / "gone.json")]) == 1
    assert "gone.json" in capsys.readouterr().err
    assert command.main([]) == 1
    assert "name a price file" in capsys.readouterr().err


def test_an_unexplained_difference_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prices, target = tmp_path / "prices.json", tmp_path / "model_prices.json"
    prices.write_text(json.dumps({"gpt-4o": {**CHAT, "litellm_provider": "openai"}}), "utf-8")
    assert command.main([str(prices)], target) == 1
    assert "gpt-4o: input_cost_per_token is 0.000002" in capsys.readouterr().err
    assert not target.exists()


def test_the_report_tells_counts_conflicts_doubts_and_what_has_no_price(made: Any) -> None:
    priceless = {**CHAT, "input_cost_per_token": 0, "output_cost_per_token": 0}
    gone = {**CHAT, "deprecation_date": "2026-01-01"}
    built = made({NOBODYS: priceless, "mistral/gone": gone, "x": {"litellm_provider": "nobody"}})
    told = report.report(built, TODAY)
    assert f"Rows: {len(built.rows)}\n" in told
    assert "    2 mistral\n" in told
    assert "    1 another provider\n" in told
    assert f"{SOURCE}, 2 times: A price of 0 stands there" in told
    assert f"    {NOBODYS}: input_cost_per_token is unknown, not 0\n" in told
    assert f"Without a price: 1\n  {NOBODYS}\n" in told
    assert "Retired in the last year: 1\n  mistral/gone on 2026-01-01\n" in told


def test_pins_are_written_from_the_file_as_it_is(tmp_path: Path) -> None:
    pinned = tmp_path / "rates.tsv"
    assert command.main(["--pin"], pinned=pinned) == 0
    assert pinned.read_bytes() == command.PINS.read_bytes()


def test_the_script_runs_by_its_path() -> None:
    script = ROOT / "scripts" / "build_registry.py"
    done = subprocess.run([sys.executable, script, "--help"], capture_output=True, text=True, check=True)
    assert "LiteLLM's format" in done.stdout
