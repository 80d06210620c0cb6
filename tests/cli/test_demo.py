"""The demo: four calls and one through the gateway, shown and repeatable, and an honest exit code."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from contextlib import AbstractContextManager

import orjson
import pytest

from litellm_lite.cli import demo
from litellm_lite.cli.demo_gateway import GatewayFailed, Running, gateway
from litellm_lite.emulator import Emulator, Fault, Settings

MODEL = "meta_llama/Llama-3.3-70B-Instruct"
LINE = "from litellm_lite import completion; "


def failing(monkeypatch: pytest.MonkeyPatch, *faults: Fault) -> None:
    monkeypatch.setattr("litellm_lite.cli.demo.Emulator", lambda: Emulator(Settings(faults=faults)))


def in_front_of(emulator: Emulator) -> AbstractContextManager[Running]:
    return gateway(MODEL, {"api_base": emulator.compat_url, "api_key": emulator.api_key})


def said(text: str | None) -> Fault:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return Fault(status=200, body=orjson.dumps({"choices": [choice]}), content_type="application/json")


def test_it_runs_with_no_key_and_shows_five_calls() -> None:
    ran = subprocess.run([sys.executable, "-m", "litellm_lite.cli", "demo"], capture_output=True, text=True, check=True)
    assert ran.stdout.count(LINE) == 4
    assert ran.stdout.count("no language model is running") == 5
    assert ran.stdout.count("price unknown") == 5
    assert '"route":"/v1/chat/completions","status":200' in ran.stdout
    assert "the model calls get_weather({" in ran.stdout
    assert ran.stderr == ""


def test_its_lines_do_what_it_did(run, emulator: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line for line in run("demo").stdout.splitlines() if line.startswith(LINE)]
    for line in lines:
        exec(line, {})
    printed = capsys.readouterr().out
    assert printed.count("no language model is running") == 3
    assert "name='get_weather'" in printed


def test_its_lines_for_the_gateway_do_what_it_did(run, emulator: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    *_, python, curl = [line for line in run("demo").stdout.splitlines() if "http://localhost:4000" in line]
    with in_front_of(emulator) as running:
        exec(python.replace("http://localhost:4000", running.url), {})
        assert capsys.readouterr().out.count("no language model is running") == 1
        if shutil.which("curl"):
            words = shlex.split(curl.replace("http://localhost:4000", running.url))
            answered = subprocess.run([*words, "--silent", "--noproxy", "*"], capture_output=True, check=True).stdout
            assert "no language model is running" in orjson.loads(answered)["choices"][0]["message"]["content"]
        assert {line["status"] for line in running.stop()} == {200}


@pytest.mark.parametrize("client", ["openai", "none"])
def test_the_gateway_is_asked_with_openais_client_or_without(
    client: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    if client == "none":
        monkeypatch.setitem(sys.modules, "openai", None)
    with in_front_of(emulator) as running:
        answer = running.ask({"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]})
        assert "no language model is running" in answer["choices"][0]["message"]["content"]
        with pytest.raises(GatewayFailed, match="temperature"):
            running.ask({"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], "temperature": 3})


def test_a_gateway_that_does_not_start_says_why_and_fails_the_demo(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("litellm_lite.cli.demo.gateway", lambda model, where: gateway("acme/model", where))
    result = run("demo")
    assert result.exit_code == 1
    assert "failed: the gateway did not start: " in result.stderr
    assert "acme" in result.stderr


def test_a_gateway_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> None:
    monkeypatch.setattr("litellm_lite.cli.demo_gateway._MOST_POLLS", 0)
    with pytest.raises(GatewayFailed, match="did not answer within"), in_front_of(emulator):
        raise AssertionError("it is not there")


def test_a_refused_call_fails_the_demo_and_the_others_go_on(run, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, Fault(status=400))
    result = run("demo")
    assert result.exit_code == 1
    assert "BadRequestError: " in result.stderr
    assert "1 of 5 calls failed" in result.stderr
    assert result.stdout.count(LINE) == 3


@pytest.mark.parametrize(
    ("faults", "reason"),
    [
        ((said(""),), "the answer is empty"),
        ((Fault(), said("One piece.")), "did not come in pieces"),
        ((Fault(), Fault(), said("No tool.")), "no tool was called"),
        ((Fault(), Fault(), Fault(), Fault(), said("A cat.")), "the image was not understood"),
    ],
)
def test_an_answer_that_shows_nothing_fails_the_demo(
    run, monkeypatch: pytest.MonkeyPatch, faults: tuple[Fault, ...], reason: str
) -> None:
    monkeypatch.delitem(demo._STEPS, "Through the gateway, as any OpenAI client asks it")  # it takes a second to start
    failing(monkeypatch, *faults)
    result = run("demo")
    assert (result.exit_code, reason in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("fault", "reason"), [(said(""), "the answer is empty"), (Fault(status=400), "BadRequestError: ")]
)
def test_a_gateway_that_shows_nothing_fails_the_demo(
    run, monkeypatch: pytest.MonkeyPatch, fault: Fault, reason: str
) -> None:
    for title in [title for title in demo._STEPS if "gateway" not in title]:
        monkeypatch.delitem(demo._STEPS, title)
    failing(monkeypatch, fault)
    result = run("demo")
    assert (result.exit_code, reason in result.stderr) == (1, True)
