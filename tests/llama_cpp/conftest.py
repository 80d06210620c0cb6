"""Callers of the llama.cpp server, in both colours and under every provider's name."""

from __future__ import annotations

import pytest

from tests.llama_cpp.caller import Caller, Mode
from tests.llama_cpp.server import LlamaServer


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
