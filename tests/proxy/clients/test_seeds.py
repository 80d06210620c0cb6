"""LiteLLM's page about the gateway, word for word: its config.yaml, its snippets and its two curl calls."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from litellm_lite.emulator import Emulator
from tests.proxy.running import ROOT, Gateway

SEEDS = ROOT / "tests" / "fixtures" / "seeds"
PLACE = "http://localhost:4000"
POEM = 'You wrote: "Write a short poem about AI."'


def text_of(name: str) -> str:
    return (SEEDS / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module", params=["no key", "the key of the page"])
def gateway(request: pytest.FixtureRequest, emulator: Emulator) -> Iterator[Gateway]:
    """The page's config; the page says no master key, and its clients send one."""
    environment = {"LLAMA_API_KEY": emulator.api_key, "LLAMA_API_BASE": emulator.compat_url}
    if request.param != "no key":
        environment["LITELLM_MASTER_KEY"] = "your-proxy-api-key"
    with Gateway(text_of("000_config.yaml"), environment=environment) as running:
        yield running


@pytest.fixture(scope="module")
def shell() -> str:
    missing = [name for name in ("bash", "curl") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed")
    return str(shutil.which("bash"))


def curl(shell: str, name: str, gateway: Gateway) -> str:
    assert PLACE in text_of(name)
    command = text_of(name).replace(PLACE, gateway.url)
    done = subprocess.run([shell, "-c", command], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def run(name: str, gateway: Gateway) -> dict[str, Any]:
    """Run a snippet with this gateway's place and this package's name; return its names."""
    text = text_of(name).replace("litellm.", "litellm_lite.").replace("import litellm\n", "import litellm_lite\n")
    assert PLACE in text
    names: dict[str, Any] = {}
    exec(compile(text.replace(PLACE, gateway.url), name, "exec"), names)
    return names


def test_curl_gets_an_answer(shell: str, gateway: Gateway) -> None:
    answer = json.loads(curl(shell, "000_curl.sh.txt", gateway))
    assert answer["object"] == "chat.completion"
    assert POEM in answer["choices"][0]["message"]["content"]


def test_curl_gets_a_stream(shell: str, gateway: Gateway) -> None:
    events = curl(shell, "000_curl_stream.sh.txt", gateway).split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    chunks = [json.loads(event.removeprefix("data: ")) for event in events[:-2]]
    assert POEM in "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize(
    "name", ["000_openai.py.txt", "000_openai_stream.py.txt", "000_proxy.py.txt", "000_proxy_stream.py.txt"]
)
def test_a_snippet_prints_the_answer(name: str, gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    names = run(name, gateway)
    assert POEM in capsys.readouterr().out
    if "client" in names:
        names["client"].close()
