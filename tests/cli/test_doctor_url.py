"""`litellm-lite doctor --url`: how it meets a gateway, what it writes for it, and what it cannot use."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import orjson
import pytest
import yaml

from litellm_lite.cli.meeting import gateway_at
from litellm_lite.cli.show import UnusableError
from tests.cli.conftest import Run
from tests.proxy.running import Gateway
from tests.wire import Wire, reply

CONFIG = """
model_list:
  - {model_name: mine, litellm_params: {model: openai/gpt-4o-mini, api_key: sk-canary}}
  - {model_name: spare, litellm_params: {model: openai/gpt-4.1-mini, api_key: sk-canary}}
router_settings: {timeout: 20, fallbacks: [{mine: [spare]}]}
"""


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LITELLM_LITE_KEY", raising=False)


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_a_gateway_started_with_what_was_written_is_examined(run: Run, tmp_path: Path, free_port: int) -> None:
    own, there = tmp_path / "config.yaml", tmp_path / "doctor.yaml"
    own.write_text(CONFIG)
    words = ("doctor", "--config", str(own), "--listen", f"127.0.0.1:{free_port}", "--only", "3,13")
    written = run(*words, "--write-config", str(there))
    assert written.exit_code == 0, written.output
    assert written.stdout.startswith(f"{there} is written; the emulator has to be at http://127.0.0.1:{free_port}")
    assert "sk-canary" not in there.read_text()
    with Gateway(there.read_text()) as gateway:
        told = run(*words, "--url", gateway.url, "--json")
        assert told.exit_code == 0, told.output
        assert told.stderr == ""
        shown = run(*words, "--url", gateway.url)
    report = orjson.loads(told.stdout)
    assert (report["passed"], report["of"], report["gateway"]) == (2, 2, f"{gateway.url}/v1")
    assert report["tested"]["timeout_s"] == 20
    assert "2 of 2\n" in shown.stdout
    assert re.search(r"gateway +http://127", shown.stdout)
    assert "in real time" in shown.stdout


def test_what_the_gateway_lacks_is_told_with_the_configuration_to_paste(run: Run, wire: Wire) -> None:
    wire.answers(reply({"data": []}))
    told = run("doctor", "--url", wire.url, "--only", "13", "--wait", "0", "--key", "sk-canary")
    assert told.exit_code == 2
    assert wire.last.headers["authorization"] == "Bearer sk-canary"
    assert "sk-canary" not in told.output
    said = told.stderr[told.stderr.index("model_list:") : told.stderr.index("Waiting for it")]
    pasted = yaml.safe_load(said)
    assert len(pasted["model_list"]) == 9
    assert pasted["router_settings"]["timeout"] == 30
    assert {"doctor-13-plain/fast": ["doctor-13-plain/spare"]} in pasted["router_settings"]["fallbacks"]


def test_it_is_written_to_a_file_for_a_gateway_that_waits(run: Run, wire: Wire, tmp_path: Path) -> None:
    wire.answers(reply({"data": []}))
    there = tmp_path / "doctor.yaml"
    words = ("doctor", "--url", wire.url, "--only", "13", "--wait", "0", "--write-config", str(there))
    there.write_text("# What `litellm-lite doctor` examines a gateway on; it may be written anew.\nold: 1\n")
    told = run(*words, "--listen", "0.0.0.0:0", "--reached-at", "http://host.docker.internal:8081/")
    assert f"Start it with {there}:\n  litellm-lite --config {there}\nWaiting for it." in told.stderr
    first = yaml.safe_load(there.read_text())["model_list"][0]["litellm_params"]
    assert first["api_base"] == "http://host.docker.internal:8081/at/rehearsal-0/compat/v1"


def test_a_file_of_somebody_elses_is_not_written_over(run: Run, tmp_path: Path) -> None:
    there = tmp_path / "config.yaml"
    there.write_text(CONFIG)
    told = run("doctor", "--listen", "127.0.0.1:8081", "--write-config", str(there))
    assert told.exit_code == 2
    assert "is a file of somebody else's" in told.stderr
    assert there.read_text() == CONFIG


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "what is to be examined? --config FILE, or --url of a gateway that is running"),
        (["--config", "c.yaml", "--key", "sk-canary"], "--key is for a gateway that is running; add --url"),
        (["--config", "c.yaml", "--wait", "1"], "--wait is for a gateway that is running; add --url"),
        (["--config", "c.yaml", "--listen", "127.0.0.1:1"], "--listen is for a gateway that is running; add --url"),
        (["--url", "http://h", "--speed", "2"], "--speed is not for a gateway: nobody can hurry its clock"),
        (["--url", "http://h", "--model", "m"], "--model is a group of --config; give both"),
        (["--url", "http://h", "--only", "17"], "there is no behaviour 17"),
        (["--url", "http://h", "--listen", "here"], "--listen takes HOST:PORT, such as 127.0.0.1:8081, not 'here'"),
        (["--url", "http://h", "--listen", "h:70000"], "--listen takes HOST:PORT"),
        (["--url", "http://h", "--listen", "0.0.0.0:1"], "where does the gateway find that? add --reached-at"),
        (["--url", "http://h", "--listen", "192.0.2.1:1"], "--listen 192.0.2.1:1: cannot listen there"),
        (["--url", "http://h", "--reached-at", "x"], "--reached-at must look like https://host/v1"),
        (["--url", "ftp://u:sk-canary@h/"], "--url must look like https://host/v1, without a query, a user"),
        (["--url", "http://h", "--key", "sk canary"], "the API key holds a space"),
        (["--write-config", "f"], "say with --listen HOST:PORT where the gateway will find the emulator"),
        (["--write-config", "f", "--listen", "h:1", "--key", "sk-canary"], "--key is for a gateway; add --url"),
        (["--write-config", "f", "--listen", "h:1", "--wait", "1"], "--wait is for a gateway; add --url"),
        (["--write-config", "/", "--listen", "h:1"], "--write-config: cannot write /"),
    ],
)
def test_what_cannot_be_used_is_an_exit_code_of_2(run: Run, words: list[str], said: str) -> None:
    told = run("doctor", *words)
    assert told.exit_code == 2, told.output
    assert said in told.stderr
    assert "canary" not in told.output


def test_the_key_is_ours_or_openais_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert gateway_at("http://h", None).key is None
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
    assert gateway_at("http://h", None).key == "sk-openai"
    monkeypatch.setenv("LITELLM_LITE_KEY", "sk-ours")
    assert gateway_at("http://h", None).key == "sk-ours"
    assert gateway_at("http://h", "sk-given").key == "sk-given"


def test_openais_key_of_the_environment_is_not_sent_to_another_vendor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    with pytest.raises(UnusableError, match=r"is not sent to api\.llama\.com") as caught:
        gateway_at("https://api.llama.com/v1", None)
    assert "sk-canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://127.0.0.1:4000", "http://127.0.0.1:4000/v1"),
        ("http://127.0.0.1:4000/", "http://127.0.0.1:4000/v1"),
        ("http://h/v1", "http://h/v1"),
        ("https://h/llm/v1/", "https://h/llm/v1"),
    ],
)
def test_the_url_may_leave_out_v1(url: str, base: str) -> None:
    assert gateway_at(url, None).base == base
