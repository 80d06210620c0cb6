"""One llama.cpp server for the whole session, and callers in both colours under every provider's name."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.llama_cpp.caller import Caller, Mode
from tests.llama_cpp.server import LlamaServer, ServerSettings
from tests.llama_cpp.tiny_llama import CONTEXT_TOKENS, build, find_vocabulary

ALIAS = "Llama-3.3-8B-Instruct"
SLOTS = 4


@pytest.fixture(scope="session")
def llama_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    folder = tmp_path_factory.mktemp("llama_cpp")
    model = folder / "tiny-llama.gguf"
    build(vocabulary_or_skip(), model)
    settings = ServerSettings(str(model), ALIAS, "sk-llama-cpp-canary", CONTEXT_TOKENS, SLOTS)
    with LlamaServer(settings, folder) as running:
        yield running


@pytest.fixture(params=["sync", "async"])
def mode(request: pytest.FixtureRequest) -> Mode:
    chosen: Mode = request.param
    return chosen


@pytest.fixture(params=["openai", "meta_llama", "llama_proxy"])
def provider(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.fixture
def llama(llama_server: LlamaServer, provider: str, mode: Mode) -> Caller:
    return Caller(llama_server, provider, mode)


def vocabulary_or_skip() -> Path:
    """Return the tokenizer file. Where a package has no build for the platform there is nothing to test."""
    vocabulary = find_vocabulary()
    missing = ["llama-models"] if vocabulary is None else []
    missing += ["xllamacpp"] if importlib.util.find_spec("xllamacpp") is None else []
    if vocabulary is not None and not missing:
        return vocabulary
    reason = f"{' and '.join(missing)} not installed on {sys.platform}: no llama.cpp server to talk to"
    if sys.platform == "linux":
        pytest.fail(f"{reason}; pip install 'litellm-lite[llama,dev]'")
    pytest.skip(reason)
