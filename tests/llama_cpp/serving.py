"""A llama.cpp server for the whole session, whoever asks for it, and one that embeds."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.llama_cpp.server import LlamaServer, ServerSettings

ALIAS = "Llama-3.3-8B-Instruct"
SLOTS = 4


@pytest.fixture(scope="session")
def tiny_llama_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.llama_cpp import tiny_llama

    model = tmp_path_factory.mktemp("tiny_llama") / "tiny-llama.gguf"
    tiny_llama.build(_vocabulary_or_skip(tiny_llama.find_vocabulary()), model)
    return model


@pytest.fixture(scope="session")
def llama_server(tiny_llama_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    with LlamaServer(_settings(tiny_llama_file), tmp_path_factory.mktemp("llama_cpp")) as running:
        yield running


@pytest.fixture(scope="session")
def embedder(tiny_llama_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    settings = replace(_settings(tiny_llama_file), embeds=True)
    with LlamaServer(settings, tmp_path_factory.mktemp("embedder")) as running:
        yield running


def _settings(model: Path) -> ServerSettings:
    from tests.llama_cpp.tiny_llama import CONTEXT_TOKENS

    return ServerSettings(str(model), ALIAS, "sk-llama-cpp-canary", CONTEXT_TOKENS, SLOTS)


def _vocabulary_or_skip(vocabulary: Path | None) -> Path:
    """Return the tokenizer file. Where a package has no build for the platform there is nothing to test."""
    missing = ["llama-models"] if vocabulary is None else []
    missing += ["xllamacpp"] if importlib.util.find_spec("xllamacpp") is None else []
    if vocabulary is not None and not missing:
        return vocabulary
    reason = f"{' and '.join(missing)} not installed on {sys.platform}: no llama.cpp server to talk to"
    if sys.platform == "linux":
        pytest.fail(f"{reason}; pip install 'litellm-lite[llama,dev]'")
    pytest.skip(reason)
