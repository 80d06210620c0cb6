"""The command line of scripts/build_registry.py."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from scripts.registry import oracle
from scripts.registry.build import build, text
from scripts.registry.fields import Rows
from scripts.registry.pins import pins
from scripts.registry.report import report

ROOT = Path(__file__).resolve().parents[2]
PRICES = ROOT / "model_prices.json"
PINS = ROOT / "tests" / "fixtures" / "registry" / "rates.tsv"


def main(arguments: Sequence[str], prices: Path = PRICES, pinned: Path = PINS) -> int:
    """Build, check or report; 1 when the file is not current, a difference is unexplained or an input is malformed."""
    asked = _parser().parse_args(arguments)
    if asked.pin:
        pinned.write_text(pins(_rows(prices)), "utf-8")
        return 0
    if asked.prices is None:
        return _complain("name a price file of LiteLLM's format, or say --pin")
    try:
        today = asked.today or (_last_read(prices) if asked.check else date.today())  # noqa: DTZ011 - a day, as people say it
        built = build(asked.prices, asked.source, today)
    except (OSError, ValueError) as error:
        return _complain(str(error))
    if asked.report:
        print(report(built, today), end="")
        return 0
    if built.unexplained:
        return _complain("differences that no rule in scripts/registry/rules.toml explains:", *built.unexplained)
    return _settle(text(built.rows), prices, check=asked.check)


def _settle(fresh: str, prices: Path, *, check: bool) -> int:
    current = prices.read_text("utf-8") if prices.exists() else ""
    if check and fresh != current:
        return _complain(f"{prices.name} is not what these sources and rules make: run scripts/build_registry.py")
    if fresh != current:
        prices.write_text(fresh, "utf-8")
        print(f"wrote {prices.name}; look at its diff, then run scripts/build_registry.py --pin and make docs")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Write model_prices.json from its sources; docs/registry.md tells how."
    )
    parser.add_argument("prices", nargs="?", type=Path, help="a price file in LiteLLM's format")
    parser.add_argument("--source", default="LiteLLM's price file", help="what to call it: 'LiteLLM 1.109.1'")
    parser.add_argument("--today", type=date.fromisoformat, help="the day the sources were read, as YYYY-MM-DD")
    parser.add_argument("--check", action="store_true", help="write nothing; tell whether the file is current")
    parser.add_argument("--report", action="store_true", help="write nothing; tell what people should look at")
    parser.add_argument(
        "--pin", action="store_true", help="write the pinned rates of the tests anew, from the file as it is"
    )
    return parser


def _rows(prices: Path) -> Rows:
    rows: Rows = json.loads(prices.read_text("utf-8"), parse_float=Decimal, parse_int=Decimal)
    return rows


def _last_read(prices: Path) -> date:
    return oracle.compared_on(row["verified"] for row in _rows(prices).values())


def _complain(*lines: str) -> int:
    print(*lines, sep="\n", file=sys.stderr)
    return 1
