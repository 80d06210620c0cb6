"""docs/cost.md says what the code does: its examples are run, and each value and error beside a line is compared."""

from __future__ import annotations

import ast
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from litellm_lite.errors import APIError
from litellm_lite.registry import registry

PAGE = Path(__file__).resolve().parents[2] / "docs" / "cost.md"
ERROR = re.compile(r"([A-Z]\w+): (.*)")


@pytest.fixture(autouse=True)
def _fresh():
    registry().reset()
    yield
    registry().reset()


def test_the_examples_on_the_page_of_costs_are_true() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    known: dict[str, Any] = {}
    compared = sum(run(block, known) for block in blocks)
    assert compared > 20


def run(block: str, known: dict[str, Any]) -> int:
    """Run a block line by line and return how many of its lines were compared with what they say."""
    lines, compared = block.splitlines(), 0
    for node in ast.parse(block).body:
        said = comment(lines, node)
        code = "\n".join(lines[node.lineno - 1 : node.end_lineno])
        if not isinstance(node, ast.Expr) or said is None:
            exec(code, known)
            continue
        compared += 1
        if (error := ERROR.fullmatch(said)) is not None:
            with pytest.raises((ValueError, APIError)) as raised:
                eval(code, known)
            assert (type(raised.value).__name__, str(raised.value)) == error.groups()
        else:
            assert plain(eval(code, known)) == plain(ast.literal_eval(said)), code
    return compared


def comment(lines: list[str], node: ast.stmt) -> str | None:
    """Return what stands behind a line, or in the comment below it."""
    last = node.end_lineno or node.lineno
    behind = lines[last - 1][node.end_col_offset :].strip()
    if behind:
        return behind.removeprefix("#").strip()
    below = []
    for line in lines[last:]:
        if not line.startswith("#"):
            break
        below.append(line.removeprefix("#").strip())
    return " ".join(below) or None


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    return Decimal(str(value)) if isinstance(value, float | Decimal) else value
