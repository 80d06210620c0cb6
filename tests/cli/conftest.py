"""The command line, run in this process, against an emulator that the environment points to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from litellm_lite.cli.app import app
from litellm_lite.emulator import Emulator

Run = Callable[..., Any]


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    with Emulator() as running:
        monkeypatch.setenv("LLAMA_API_BASE", running.compat_url)
        monkeypatch.setenv("LLAMA_API_KEY", running.api_key)
        yield running


@pytest.fixture
def run() -> Run:
    return lambda *words, **options: CliRunner().invoke(app, list(words), **options)
