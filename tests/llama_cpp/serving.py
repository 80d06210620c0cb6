"""One llama.cpp server for the whole session, whoever asks for it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.llama_cpp.server import LlamaServer, ServerSettings

ALIAS = "Llama-3.3-8B-Instruct"
SLOTS = 4


@pytest.fixture(scope="session")
def llama_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    from tests.llama_cpp import tiny_llama

    folder = tmp_path_factory.mktemp("llama_cpp")
    model = folder / "tiny-llama.gguf"
    tiny_llama.build(vocabulary_or_skip(tiny_llama.find_vocabulary()), model)
    settings = ServerSettings(str(model), ALIAS, "sk-llama-cpp-canary", tiny_llama.CONTEXT_TOKENS, SLOTS)
    with LlamaServer(settings, folder) as running:
        yield running


def vocabulary_or_skip(vocabulary: Path | None) -> Path:
    """Return the tokenizer file. Where a package has no build for the platform there is nothing to test."""
    missing = ["llama-models"] if vocabulary is None else []
    missing += ["xllamacpp"] if importlib.util.find_spec("xllamacpp") is None else []
    if vocabulary is not None and not missing:
        return vocabulary
    reason = f"{' and '.join(missing)} not installed on {sys.platform}: no llama.cpp server to talk to"
    if sys.platform == "linux":
        pytest.fail(f"{reason}; pip install 'litellm-lite[llama,dev]'")
    pytest.skip(reason)
