"""The command line, run in this process, against an emulator that the environment points to."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from litellm_lite.cli.app import app
from litellm_lite.emulator import Emulator
from litellm_lite.registry import register_model, registry

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


SHOP: dict[str, dict[str, Any]] = {
    "shop/cheap": {
        "mode": "chat",
        "max_input_tokens": 8_000,
        "max_output_tokens": 1_000,
        "input_cost_per_token": 1e-07,
        "output_cost_per_token": 4e-07,
        "supported_modalities": ["text"],
        "supported_output_modalities": ["text"],
        "supports_function_calling": True,
        "supports_vision": False,
        "source": "https://shop.example/prices",
        "verified": "2026-01-02",
        "aliases": ["bargain"],
    },
    "shop/dear": {
        "mode": "chat",
        "max_input_tokens": 1_000_000,
        "max_output_tokens": 64_000,
        "input_cost_per_token": 2.5e-06,
        "input_cost_per_token_above_200k_tokens": 5e-06,
        "output_cost_per_token": 1e-05,
        "cache_read_input_token_cost": 2.5e-07,
        "input_cost_per_token_flex": 1.25e-06,
        "search_context_cost_per_query": {"search_context_size_low": 0.01},
        "supported_modalities": ["text", "image"],
        "supported_output_modalities": ["text"],
        "supports_function_calling": True,
        "supports_reasoning": True,
        "conflicts": [
            {"field": "max_input_tokens", "value": 10_000_000, "source": "a rumour", "reason": "Nobody served it."},
            {"field": "rpm", "value": None, "source": "another", "reason": "It lists none."},
            {"field": "input_cost_per_token", "value": 3e-06, "source": "a third", "reason": "It rounds."},
        ],
        "image_rules": {"formats": ["png"], "max_bytes": 1000, "max_images": 2},
        "notes": "Sold on Tuesdays.",
    },
    "shop/secret": {"mode": "chat", "supported_modalities": ["text", "audio"], "supports_audio_input": True},
    "shop/vectors": {"mode": "embedding", "input_cost_per_token": 2e-08, "max_input_tokens": 8_192},
    "shop/old": {
        "mode": "chat",
        "deprecation_date": "2000-01-01",
        "input_cost_per_token": 0,
        "output_cost_per_token": 0,
    },
}


@pytest.fixture
def shop() -> Iterator[None]:
    """A provider of our own, whose prices nobody changes."""
    registry().reset()
    register_model(SHOP)
    yield
    registry().reset()


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Do something at a terminal of so many columns, and return what it shows, without its colours."""

    def shown(columns: int, command: Callable[[], int]) -> str:
        monkeypatch.setenv("COLUMNS", str(columns))
        terminal = _Terminal()
        with contextlib.redirect_stdout(terminal):
            command()
        return re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue())

    return shown
