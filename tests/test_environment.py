"""What the environment decides, told before a call: keys, addresses, engines, folders."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

import litellm_lite
from litellm_lite import BadRequestError, LiteLLMUnknownProvider
from litellm_lite.resolve import (
    get_llm_provider,
    tokenizer_folders,
    transport_settings,
    validate_environment,
)
from tests.calls import MODES, call
from tests.wire import Wire

both = pytest.mark.parametrize("mode", MODES)
META = "https://api.llama.com/compat/v1"
CANARY = "sk-canary-5f2c"


def test_get_llm_provider_tells_what_a_call_would_use(monkeypatch: pytest.MonkeyPatch) -> None:
    assert get_llm_provider("meta_llama/X") == ("X", "meta_llama", None, META)
    monkeypatch.setenv("LLAMA_API_KEY", "k")
    monkeypatch.setenv("LLAMA_API_BASE", "http://env/v1")
    assert get_llm_provider("meta_llama/X") == ("X", "meta_llama", "k", "http://env/v1")
    assert get_llm_provider("X", "meta_llama", "http://call/v1", "own") == ("X", "meta_llama", "own", "http://call/v1")
    assert get_llm_provider("litellm_proxy/a/b") == ("a/b", "llama_proxy", None, None)
    assert get_llm_provider("Llama-3.3-8B-Instruct", api_base=META)[1] == "meta_llama"
    assert get_llm_provider("openai/m", api_base="https://[::1")[3] == "https://[::1"  # it is the call that refuses it
    with pytest.raises(LiteLLMUnknownProvider):
        get_llm_provider("nobody/x")


def test_get_llm_provider_does_not_pair_a_key_with_a_stranger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    assert get_llm_provider("openai/m", api_base=META)[2] is None


def test_validate_environment_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """LiteLLM has no branch for meta_llama and says that all is well."""
    assert validate_environment("meta_llama/X") == {"keys_in_environment": False, "missing_keys": ["LLAMA_API_KEY"]}
    assert validate_environment("llama_proxy/X")["missing_keys"] == ["LLAMA_PROXY_API_KEY", "LLAMA_PROXY_API_BASE"]
    fine = {"keys_in_environment": True, "missing_keys": []}
    assert validate_environment("meta_llama/X", api_key="k") == fine
    assert validate_environment("llama_proxy/X", api_key="k", api_base="http://gateway") == fine
    monkeypatch.setenv("LLAMA_API_KEY", "k")
    assert validate_environment("meta_llama/X") == fine
    for unknown in (None, "", "nobody/x"):
        assert validate_environment(unknown) == {"keys_in_environment": False, "missing_keys": []}


def test_the_engine_and_the_authorities_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (transport_settings().engine, transport_settings().verify) == ("auto", True)
    monkeypatch.setenv("LITELLM_LITE_ENGINE", "httpx")
    monkeypatch.setenv("SSL_CERT_FILE", __file__)
    assert (transport_settings().engine, transport_settings().verify) == ("httpx", __file__)
    assert transport_settings(ssl_verify=False).verify is False
    assert transport_settings(ssl_verify=True).verify is True
    monkeypatch.setenv("LITELLM_LITE_ENGINE", "curl")
    with pytest.raises(
        BadRequestError, match="LITELLM_LITE_ENGINE must be auto, pyreqwest, httpx or aiohttp, not 'curl'"
    ):
        transport_settings()


@both
@pytest.mark.parametrize(
    ("verify", "flaw"), [("/no/such.pem", "no CA file '/no/such.pem'"), (5, "not int"), ([], "not list")]
)
def test_authorities_that_are_none_are_refused(verify: Any, flaw: str, mode: str, wire: Wire) -> None:
    with pytest.raises(BadRequestError, match=flaw) as caught:
        call(mode, wire, ssl_verify=verify)
    assert caught.value.param == "ssl_verify"
    assert wire.connections == 0


def test_supported_params_are_told_before_a_call() -> None:
    supported = litellm_lite.get_supported_openai_params
    assert {"temperature", "tools", "stream"} <= set(supported("meta_llama/X") or ())
    assert "seed" not in (supported("meta_llama/X") or ())
    assert supported("X", "meta_llama") == supported("meta_llama/X")
    assert "max_tokens" in (supported("meta_llama/X", api="native") or ())
    assert supported("nobody/x") is None
    assert supported("openai/x", request_type="embeddings") == ["dimensions", "encoding_format", "input", "user"]
    assert "stream" in (supported("openai/x", request_type="text_completion") or ())
    assert supported("meta_llama/x", request_type="responses") is None
    assert supported("openai/x", request_type="transcription") is None


@pytest.mark.parametrize(
    ("environment", "folders"),
    [
        ({"TIKTOKEN_CACHE_DIR": "one", "DATA_GYM_CACHE_DIR": "two"}, ["one"]),
        ({"DATA_GYM_CACHE_DIR": "two"}, ["two"]),
        ({"TIKTOKEN_CACHE_DIR": "", "DATA_GYM_CACHE_DIR": "two"}, []),
        ({}, ["temporary/data-gym-cache"]),
    ],
)
def test_tokenizer_files_are_where_tiktoken_keeps_them(
    environment: dict[str, str], folders: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(tempfile, "tempdir", "temporary")
    assert tokenizer_folders() == tuple(Path(folder) for folder in folders)
