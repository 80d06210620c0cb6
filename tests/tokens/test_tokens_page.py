"""The examples of docs/tokens.md, done: what a comment says is what comes out."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from litellm_lite.tokens.vocabularies import KNOWN_FILES
from tests.tokens.samples import needs_llama

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "tokens.md").read_text("utf-8")


@needs_llama
def test_every_example_gives_what_it_says() -> None:
    names: dict[str, Any] = {}
    checked = 0
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        for node in ast.parse(block).body:
            if not isinstance(node, ast.Expr):
                exec(compile(ast.Module([node], []), "docs/tokens.md", "exec"), names)
                continue
            _, said = block.splitlines()[node.lineno - 1].split("  # ")
            assert str(eval(compile(ast.Expression(node.value), "docs/tokens.md", "eval"), names)) == said
            checked += 1
    assert checked > 15


def test_the_page_names_the_files_that_are_looked_for() -> None:
    for name in ("cl100k_base", "o200k_base"):
        assert f"| `{name}` | `{KNOWN_FILES[name].file}` |" in PAGE
