"""The demo: four calls, shown and repeatable, and an honest exit code."""

from __future__ import annotations

import subprocess
import sys

import orjson
import pytest

from litellm_lite.emulator import Emulator, Fault, Settings

LINE = "from litellm_lite import completion; "


def failing(monkeypatch: pytest.MonkeyPatch, *faults: Fault) -> None:
    monkeypatch.setattr("litellm_lite.cli.demo.Emulator", lambda: Emulator(Settings(faults=faults)))


def said(text: str | None) -> Fault:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return Fault(status=200, body=orjson.dumps({"choices": [choice]}), content_type="application/json")


def test_it_runs_with_no_key_and_shows_four_calls() -> None:
    ran = subprocess.run([sys.executable, "-m", "litellm_lite.cli", "demo"], capture_output=True, text=True, check=True)
    assert ran.stdout.count(LINE) == 4
    assert ran.stdout.count("no language model is running") == 4
    assert ran.stdout.count("price unknown") == 4
    assert "the model calls get_weather({" in ran.stdout
    assert ran.stderr == ""


def test_its_lines_do_what_it_did(run, emulator: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line for line in run("demo").stdout.splitlines() if line.startswith(LINE)]
    for line in lines:
        exec(line, {})
    printed = capsys.readouterr().out
    assert printed.count("no language model is running") == 3
    assert "name='get_weather'" in printed


def test_a_refused_call_fails_the_demo_and_the_others_go_on(run, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, Fault(status=400))
    result = run("demo")
    assert result.exit_code == 1
    assert "BadRequestError: " in result.stderr
    assert "1 of 4 calls failed" in result.stderr
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
    failing(monkeypatch, *faults)
    result = run("demo")
    assert (result.exit_code, reason in result.stderr) == (1, True)
