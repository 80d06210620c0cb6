"""One gateway in front of the emulator and one in front of llama.cpp, for the whole session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from litellm_lite.emulator import Emulator
from litellm_lite.tokens.llama import llama_encoding
from tests.endpoints.values import MODERATION
from tests.llama_cpp.server import LlamaServer
from tests.proxy.clients.backends import LLAMA_33, Backend, in_front_of_emulator, in_front_of_llama_cpp
from tests.proxy.running import Gateway
from tests.wire import Wire, reply


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture(scope="session")
def moderator() -> Iterator[Wire]:
    """Says of every text what OpenAI's would say of a bad one: llama.cpp has no such endpoint."""
    with Wire() as wire:
        wire.answers(reply(MODERATION))
        yield wire


@pytest.fixture(scope="session")
def emulated(emulator: Emulator, moderator: Wire) -> Iterator[Backend]:
    with Gateway(in_front_of_emulator(emulator, moderator.url)) as gateway:
        yield Backend("emulator", gateway, LLAMA_33, calling={"tool_choice": "required"})


@pytest.fixture(scope="session")
def real(llama_server: LlamaServer, embedder: LlamaServer) -> Iterator[Backend]:
    encoding = llama_encoding("llama3")
    assert encoding is not None
    # Noise calls a tool only when it is tempted to open a brace.
    tempted = {"logit_bias": {str(encoding.encode_single_token("{")): 100}}
    with Gateway(in_front_of_llama_cpp(llama_server, embedder)) as gateway:
        greedy = {"temperature": 0, "max_tokens": 24}
        calling = {**greedy, "max_tokens": 100, "tool_choice": "required", **tempted}
        yield Backend("llama.cpp", gateway, "tiny", greedy, calling)


@pytest.fixture(params=["emulated", pytest.param("real", marks=pytest.mark.integration)])
def backend(request: pytest.FixtureRequest) -> Backend:
    chosen: Backend = request.getfixturevalue(request.param)
    return chosen
