"""Where a call goes and with which key: names, base URLs, the environment, and what may never travel."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from litellm_lite import AuthenticationError, BadRequestError, LiteLLMUnknownProvider, providers, resolve
from litellm_lite.resolve import (
    split_model,
)
from tests.calls import MODES, call
from tests.wire import Wire

both = pytest.mark.parametrize("mode", MODES)
META = "https://api.llama.com/compat/v1"
CANARY = "sk-canary-5f2c"


def target(model: str, **given: Any) -> Any:
    return resolve.resolve(model, **{"api_key": "k", **given})[1]


def base(given: str) -> str:
    found: str = target("openai/m", api_base=given).api_base
    return found


@pytest.mark.parametrize(
    ("model", "provider", "rest"),
    [
        ("meta_llama/Llama-3.3-70B-Instruct", "meta_llama", "Llama-3.3-70B-Instruct"),
        ("openai/org/model/with/slashes", "openai", "org/model/with/slashes"),
        ("llama_proxy/meta_llama/X", "llama_proxy", "meta_llama/X"),
        ("litellm_proxy/meta_llama/X", "llama_proxy", "meta_llama/X"),
        ("gpt-4o-mini", "openai", "gpt-4o-mini"),
        ("openai/openai/x", "openai", "openai/x"),
    ],
)
def test_the_first_segment_names_the_provider(model: str, provider: str, rest: str) -> None:
    assert split_model(model) == (provider, rest)


@pytest.mark.parametrize(
    ("model", "custom", "split"),
    [
        ("my-model", "openai", ("openai", "my-model")),
        ("openai/my-model", "openai", ("openai", "my-model")),
        ("meta_llama/X", "llama_proxy", ("llama_proxy", "meta_llama/X")),
        ("meta_llama/X", "litellm_proxy", ("llama_proxy", "meta_llama/X")),
        ("litellm_proxy/a/b", "llama_proxy", ("llama_proxy", "a/b")),
    ],
)
def test_a_provider_named_beside_the_model_wins(model: str, custom: str, split: tuple[str, str]) -> None:
    assert split_model(model, custom) == split


@pytest.mark.parametrize("api_base", [META, "https://api.llama.com/v1/", "https://API.LLAMA.COM./compat/v1"])
def test_a_known_host_explains_a_bare_name(api_base: str) -> None:
    """LiteLLM's matcher finds no provider for exactly this."""
    assert split_model("Llama-3.3-70B-Instruct", api_base=api_base) == ("meta_llama", "Llama-3.3-70B-Instruct")


def test_short_and_lower_case_names_become_the_vendors_own() -> None:
    assert target("meta_llama/llama-3.3-70b-instruct").model == "Llama-3.3-70B-Instruct"
    assert target("meta_llama/some-new-model").model == "some-new-model"


@pytest.mark.parametrize("model", ["claude-opus-5", "anthropic/claude-opus-5"])
def test_a_known_model_whose_provider_is_not_here_is_not_told_its_own_name(model: str) -> None:
    with pytest.raises(LiteLLMUnknownProvider, match="there is no provider 'anthropic' here, only") as caught:
        split_model(model)
    assert f"{model!r} is anthropic's" in str(caught.value)
    assert "did you mean" not in str(caught.value)
    assert "openai/model" in str(caught.value)


@pytest.mark.parametrize(
    ("model", "hints"),
    [
        ("nobody/x", ("meta_llama", "openai", "llama_proxy", "api_base=")),
        ("meta-llama/Llama-3.3-70B-Instruct", ("'meta_llama/…'", "'meta_llama/Llama-3.3-70B-Instruct'")),
        ("OpenAI/gpt-4o", ("'openai/…'",)),
        ("Llama-3.3-70B-Instruct", ("'meta_llama/Llama-3.3-70B-Instruct'",)),
        ("openai/", ("write 'provider/model'",)),
        ("/x", ("write 'provider/model'",)),
        ("_meta_native/x", ("write 'provider/model'",)),
        ("../openai/x", ("write 'provider/model'",)),
        ("os.path/x", ("write 'provider/model'",)),
    ],
)
def test_an_unknown_provider_is_told_what_there_is(model: str, hints: tuple[str, ...]) -> None:
    with pytest.raises(LiteLLMUnknownProvider) as caught:
        split_model(model)
    assert all(hint in str(caught.value) for hint in (repr(model), *hints)), str(caught.value)
    assert (caught.value.model, caught.value.param, caught.value.status) == (model, "model", 400)


@pytest.mark.parametrize("custom", ["nobody", "../openai", 5, ["openai"]])
def test_an_unknown_provider_beside_the_model_too(custom: Any) -> None:
    with pytest.raises(LiteLLMUnknownProvider, match="there are llama_proxy, meta_llama, openai") as caught:
        split_model("m", custom)
    assert caught.value.param == "custom_llm_provider"


@both
@pytest.mark.parametrize("model", ["", None, 5, b"openai/m", ["openai/m"]])
def test_a_model_must_be_a_name(model: Any, mode: str, wire: Wire) -> None:
    with pytest.raises(BadRequestError, match="model must be a name such as 'meta_llama/"):
        call(mode, wire, model)
    assert wire.connections == 0


def test_a_provider_whose_file_is_broken_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken.py").write_text("import no_such_module", encoding="utf-8")
    monkeypatch.setattr(providers, "__path__", [*providers.__path__, str(tmp_path)])
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        split_model("broken/m")


def test_a_prompt_in_the_place_of_the_model_is_not_repeated_at_length() -> None:
    with pytest.raises(LiteLLMUnknownProvider) as caught:
        split_model("Tell me about " + "private things " * 99)
    assert str(caught.value).count("private things") < 9


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("http://localhost:4000", "http://localhost:4000"),
        ("http://localhost:4000/", "http://localhost:4000"),
        (" http://localhost:4000/v1// ", "http://localhost:4000/v1"),
        ("http://localhost:4000/v1/chat/completions", "http://localhost:4000/v1"),
        ("http://localhost:4000/v1/chat/completions/", "http://localhost:4000/v1"),
        ("https://my_host.example.com:8443/a-b/~c/v1", "https://my_host.example.com:8443/a-b/~c/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("HTTPS://api.openai.com/v1", "HTTPS://api.openai.com/v1"),
    ],
)
def test_a_base_url_is_tidied(given: str, clean: str) -> None:
    assert base(given) == clean


@both
@pytest.mark.parametrize(
    "given",
    [
        f"localhost:4000/{CANARY}",
        f"user:{CANARY}@localhost/v1",
        f"https://user:{CANARY}@localhost/v1",
        f"https://user:pa/{CANARY}@localhost/v1",
        f"https://{CANARY}@localhost/v1",
        f"https://localhost/v1?key={CANARY}",
        f"https://localhost/v1#{CANARY}",
        f"//localhost/{CANARY}",
        f"ftp://localhost/{CANARY}",
        f"javascript:{CANARY}",
        CANARY,
        f"https://localhost/v1 {CANARY}",
        f"https://localhost\r\n{CANARY}/v1",
        f"https:///{CANARY}",
        "https://",
        f"https://localhost:99999/{CANARY}",
        f"https://localhost:port/{CANARY}",
        f"https://[::1/{CANARY}",
        f"https://evil.example\\.api.llama.com/{CANARY}",
        f"https://api.llama.com\\@evil.example/{CANARY}",
        f"https://\uff45vil.example/{CANARY}",
        f"https://localhost/\x00{CANARY}",
    ],
)
def test_a_base_url_that_is_none_is_refused_and_not_repeated(given: str, mode: str, wire: Wire) -> None:
    with pytest.raises(BadRequestError, match=r"^openai: api_base must look like https://host/v1") as caught:
        call(mode, wire, api_base=given)
    assert CANARY not in str(caught.value)
    assert (caught.value.provider, caught.value.model, caught.value.param) == ("openai", "m", "api_base")


def test_a_base_url_of_another_type_is_refused() -> None:
    with pytest.raises(BadRequestError, match="api_base must be text, not int"):
        target("openai/m", api_base=5)


def test_a_bad_base_url_of_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLAMA_API_BASE", f"https://user:{CANARY}@host/v1")
    with pytest.raises(BadRequestError, match=r"^meta_llama: LLAMA_API_BASE must look like") as caught:
        target("meta_llama/X")
    assert CANARY not in str(caught.value)


def test_a_vendors_key_does_not_travel_in_the_clear() -> None:
    with pytest.raises(BadRequestError, match="api_base must begin with https://, or the key could be read"):
        target("openai/m", api_base="http://api.openai.com/v1")


@pytest.mark.parametrize(
    ("model", "default"),
    [("meta_llama/X", META), ("openai/X", "https://api.openai.com/v1")],
)
def test_a_base_url_comes_from_the_call_then_the_environment_then_the_row(
    model: str, default: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert target(model).api_base == default
    for name in ("LLAMA_API_BASE", "OPENAI_BASE_URL"):
        monkeypatch.setenv(name, "http://env/v1")
    assert target(model).api_base == "http://env/v1"
    assert target(model, api_base="http://call/v1").api_base == "http://call/v1"
    assert target(model, api_base="").api_base == "http://env/v1"


def test_openais_older_name_for_the_base_url_is_read_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_BASE", "http://older/v1")
    assert target("openai/m").api_base == "http://older/v1"
    monkeypatch.setenv("OPENAI_BASE_URL", "http://newer/v1")
    assert target("openai/m").api_base == "http://newer/v1"


def test_our_gateway_comes_before_litellms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITELLM_PROXY_API_BASE", "http://theirs")
    monkeypatch.setenv("LITELLM_PROXY_API_KEY", "theirs")
    found = target("litellm_proxy/m", api_key=None)
    assert (found.api_base, found.api_key) == ("http://theirs", "theirs")
    monkeypatch.setenv("LLAMA_PROXY_API_BASE", "http://ours")
    monkeypatch.setenv("LLAMA_PROXY_API_KEY", "ours")
    found = target("litellm_proxy/m", api_key=None)
    assert (found.api_base, found.api_key) == ("http://ours", "ours")


def test_a_gateway_without_an_address_says_what_to_set() -> None:
    with pytest.raises(BadRequestError, match="llama_proxy: no base URL; set LLAMA_PROXY_API_BASE or pass api_base="):
        target("llama_proxy/m")


@both
@pytest.mark.parametrize(
    ("model", "variable"),
    [("meta_llama/X", "LLAMA_API_KEY"), ("openai/X", "OPENAI_API_KEY"), ("llama_proxy/X", "LLAMA_PROXY_API_KEY")],
)
def test_a_missing_key_fails_before_anything_is_sent(
    model: str, variable: str, mode: str, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the key of another vendor is no substitute: LiteLLM falls back to OPENAI_API_KEY for Meta's host."""
    for other in {"LLAMA_API_KEY", "OPENAI_API_KEY", "LLAMA_PROXY_API_KEY"} - {variable}:
        monkeypatch.setenv(other, CANARY)
    with pytest.raises(AuthenticationError, match=f"no API key; set {variable} or pass api_key=") as caught:
        call(mode, wire, model, api_key=None)
    assert caught.value.status == 401
    with pytest.raises(AuthenticationError):
        call(mode, wire, model, api_key=None, stream=True)
    assert wire.connections == 0


@both
@pytest.mark.parametrize(
    "key", [f"{CANARY}\n", f"{CANARY} ", f"{CANARY}\r\nx-evil: 1", f"ü{CANARY}", f"{CANARY}\x00", 5, True]
)
def test_a_key_no_header_can_carry_is_refused_and_not_repeated(key: Any, mode: str, wire: Wire) -> None:
    with pytest.raises(AuthenticationError, match="check api_key=") as caught:
        call(mode, wire, api_key=key)
    assert CANARY not in str(caught.value)
    assert wire.connections == 0


def test_a_key_of_the_environment_may_end_in_a_line_break(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1\n")
    assert target("openai/m", api_key=None).api_key == "sk-1"
    monkeypatch.setenv("OPENAI_API_KEY", "sk 1")
    with pytest.raises(AuthenticationError, match="check OPENAI_API_KEY"):
        target("openai/m", api_key=None)
    monkeypatch.setenv("OPENAI_API_KEY", " ")
    with pytest.raises(AuthenticationError, match="set OPENAI_API_KEY"):
        target("openai/m", api_key=None)


STRANGERS = [
    ("openai/m", META),
    ("openai/m", "https://API.Llama.com./compat/v1"),
    ("openai/m", "https://eu.api.anthropic.com/v1"),
    ("meta_llama/m", "https://api.openai.com/v1"),
    ("meta_llama/m", "https://api.meta.ai/v1"),
    ("llama_proxy/m", "https://api.openai.com/v1"),
]


@both
@pytest.mark.parametrize(("model", "api_base"), STRANGERS)
def test_a_key_of_the_environment_never_goes_to_another_vendor(
    model: str, api_base: str, mode: str, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "LLAMA_API_KEY", "LLAMA_PROXY_API_KEY"):
        monkeypatch.setenv(name, CANARY)
    with pytest.raises(AuthenticationError, match=r"is not sent to .* which belongs to .*; pass api_key=") as caught:
        call(mode, wire, model, api_base=api_base, api_key=None)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(("model", "api_base"), STRANGERS)
def test_a_key_given_with_the_call_may_go_anywhere(model: str, api_base: str) -> None:
    assert target(model, api_base=api_base, api_key="k").api_key == "k"


def test_a_base_url_of_the_environment_does_not_lure_a_key_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    monkeypatch.setenv("OPENAI_BASE_URL", META)
    with pytest.raises(AuthenticationError, match="belongs to meta_llama"):
        target("openai/m", api_key=None)


def test_a_key_of_the_environment_goes_to_its_vendor_and_to_hosts_of_the_callers_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    hosts = (None, "https://eu.api.openai.com/v1", "http://localhost:8000/v1", "https://notapi.llama.com.example/v1")
    assert [target("openai/m", api_base=host, api_key=None).api_key for host in hosts] == ["sk-1"] * 4


def test_an_account_of_the_environment_is_not_told_to_another_vendor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    row = resolve._existing("openai").row
    assert resolve.account_headers(row, "https://api.openai.com/v1") == {"OpenAI-Organization": "org-1"}
    assert resolve.account_headers(row, "http://localhost/v1") == {"OpenAI-Organization": "org-1"}
    assert resolve.account_headers(row, META) == {}
    assert resolve.account_headers(row, META, "org-2") == {"OpenAI-Organization": "org-2"}


def test_a_provider_may_need_no_key() -> None:
    row = replace(resolve._existing("openai").row, needs_key=False)
    assert resolve._key(row, "m", "http://localhost/v1", None) is None
    assert resolve._key(row, "m", "http://localhost/v1", "k") == "k"


def test_a_target_does_not_show_its_key() -> None:
    assert CANARY not in repr(target("openai/m", api_key=CANARY))
