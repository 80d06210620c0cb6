"""Tables: what a pipe gets can be cut, whatever is in the cells; numbers keep their digits."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from litellm_lite.cli.columns import Cell, Sheet, show_facts, show_sheet
from litellm_lite.cli.prices import rates
from litellm_lite.cli.show import plain
from litellm_lite.cost.rates import FIELDS, rate_book
from litellm_lite.registry.info import ModelInfo

CELLS = st.one_of(st.none(), st.integers(), st.decimals(allow_nan=False, allow_infinity=False, places=9), st.text())
PRICES = st.decimals(min_value=0, max_value=1000, places=12)
SUFFIXES = ("", "_above_128k_tokens", "_above_272k_tokens")
TIERS = {"": None, "_flex": "flex", "_priority": "priority", "_batches": "batch"}
FIELD = st.tuples(st.sampled_from(list(FIELDS.values())), st.sampled_from(SUFFIXES), st.sampled_from(list(TIERS)))


def piped(sheet: Sheet) -> list[str]:
    file = io.StringIO()
    show_sheet(Console(file=file), sheet)
    return file.getvalue().split("\n")[:-1]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_terminal(sheet: Sheet, width: int, colors: Literal["standard"] | None = None) -> str:
    file = Terminal()
    show_sheet(Console(file=file, width=width, force_terminal=True, color_system=colors), sheet)
    return file.getvalue()


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=5))
def test_every_line_of_a_pipe_has_as_many_cells(rows: list[tuple[Cell, ...]]) -> None:
    lines = piped(Sheet(("a", "b", "c"), rows))
    assert len(lines) == 1 + len(rows)
    assert all(line.count("\t") == 2 for line in lines)


@given(st.lists(st.tuples(st.text(min_size=1), CELLS), min_size=1, max_size=5))
def test_every_fact_is_one_line(facts: list[tuple[str, Cell]]) -> None:
    file = io.StringIO()
    show_facts(Console(file=file), "title", facts)
    assert file.getvalue().count("\n") == 1 + len(facts)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=5), st.integers(20, 120))
def test_a_terminal_folds_and_loses_nothing(rows: list[tuple[Cell, ...]], width: int) -> None:
    sheet = Sheet(("a", "b", "c"), rows, most={"b": 20})
    narrow, wide = on_terminal(sheet, width), on_terminal(sheet, 10**6)
    assert sorted(narrow.replace(" ", "").replace("\n", "")) == sorted(wide.replace(" ", "").replace("\n", ""))
    assert wide.count("\n") == 1 + len(rows)
    assert all(len(line) <= max(width, 3 * 12 + 4) for line in narrow.splitlines())


def test_loud_rows_stand_out() -> None:
    shown = on_terminal(Sheet(("a",), [("same",), ("other",)], loud=frozenset({1})), 40, "standard")
    assert "\x1b[2msame" in shown
    assert "\x1b[1mother" in shown


def test_no_facts_have_no_heading() -> None:
    file = io.StringIO()
    show_facts(Console(file=file), "title", [])
    assert file.getvalue() == ""


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20))
def test_a_number_is_written_with_all_its_digits_and_no_exponent(number: Decimal) -> None:
    text = plain(number)
    assert Decimal(text) == number
    assert "E" not in text.upper()


@given(st.dictionaries(FIELD, PRICES, min_size=1, max_size=8))
def test_the_prices_that_are_shown_are_those_that_are_billed(row: dict[tuple[str, str, str], Decimal]) -> None:
    fields = {"".join(parts): price for parts, price in row.items()}
    shown = {(rate.kind, rate.size, rate.when): rate.per_million for rate in rates(ModelInfo("a/b", "a", "b", fields))}
    assert len(shown) == len(fields)
    for (kind, size, when), per_million in shown.items():
        billed = rate_book(fields).rates(size + 1, TIERS[f"_{when}" if when else ""])
        assert billed is not None
        assert billed[kind] == per_million / 1_000_000
