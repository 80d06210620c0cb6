"""The generator, for tests that hand it some rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.registry import build, rules
from tests.registry.generator.source import SOURCE, TODAY, ruled


@pytest.fixture
def made(tmp_path: Path) -> Any:
    """Build the registry from some rows of a LiteLLM-format file, and with no hand-kept ones."""

    def make(rows: dict[str, Any], tables: rules.Rules | None = None) -> build.Built:
        prices, none = tmp_path / "prices.json", tmp_path / "none.json"
        prices.write_text(json.dumps(rows), "utf-8")
        none.write_text("{}", "utf-8")
        return build.build(prices, SOURCE, TODAY, tables or ruled(tmp_path, ""), none)

    return make
