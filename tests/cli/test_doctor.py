"""`litellm-lite doctor`: the scorecard, the JSON, and what it says to a file or a number it cannot use."""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Callable

import orjson
import pytest

from litellm_lite.cli import doctor
from litellm_lite.cli.doctor import Wish
from tests.cli.conftest import Run

CONFIG = """
model_list:
  - model_name: good
    litellm_params: {model: openai/gpt-4o-mini, api_key: os.environ/DOCTOR_KEY}
  - model_name: spare
    litellm_params: {model: openai/gpt-4.1-mini, api_key: sk-canary}
  - model_name: poor
    litellm_params: {model: openai/gpt-4o, api_key: sk-canary}
  - model_name: elsewhere
    litellm_params: {model: anthropic/claude-sonnet-4-5}
router_settings:
  timeout: .inf
  num_retries: 0
  fallbacks: [{good: [spare]}]
"""


@pytest.fixture
def config(tmp_path, monkeypatch) -> str:
    monkeypatch.delenv("DOCTOR_KEY", raising=False)
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return str(path)


def test_the_scorecard_tells_the_verdicts_and_what_was_tested(run: Run, config: str) -> None:
    told = run("doctor", "--config", config, "--only", "10,13", "--speed", "30")
    assert told.exit_code == 0, told.output
    rows = [line.split("\t") for line in told.stdout.splitlines()[:3]]
    assert rows[0] == ["", "behaviour", "plain", "stream", "why"]
    assert rows[1][:4] == ["10", "skips a malformed event", "–", "pass"]
    assert rows[2][:4] == ["13", "keeps what a content filter refused", "pass", "pass"]
    assert "2 of 2" in told.stdout
    facts = dict(line.strip().split("  ", 1) for line in told.stdout.splitlines() if line.startswith("  "))
    facts = {name: value.strip() for name, value in facts.items()}
    assert facts["deployments"] == "openai/gpt-4o-mini"
    assert facts["fallbacks"] == "openai/gpt-4.1-mini of spare"
    assert (facts["retries"], facts["timeout"], facts["first-token limit"]) == ("0", "none", "10 s")
    assert facts["left out"].startswith("model_list[3]: ")
    assert facts["not set"] == "DOCTOR_KEY; a stand-in was used"
    assert "sk-canary" not in told.output


def test_one_failure_is_an_exit_code_of_1(run: Run, config: str) -> None:
    told = run("doctor", "--config", config, "--model", "poor", "--only", "3", "--speed", "30", "--json")
    assert told.exit_code == 1
    report = orjson.loads(told.stdout)
    assert (report["passed"], report["of"], report["ok"]) == (0, 1, False)
    assert report["tested"]["group"] == "poor"
    assert report["tested"]["timeout_s"] is None
    assert "one 500 was not tried again" in report["behaviours"][0]["reason"]
    assert "sk-canary" not in told.output


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_what_failed_stands_out_on_a_terminal(on_terminal: Callable[..., str], config: str) -> None:
    errors = _Terminal()
    with contextlib.redirect_stderr(errors):
        shown = on_terminal(100, lambda: doctor.run(Wish(config, "poor", "3", 30.0)))
    assert "about ten seconds" in errors.getvalue()
    assert "FAIL" in shown
    assert "not to be tested" in shown


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--only", "4,x"], "--only takes numbers of behaviours, such as 4,8, not '4,x'"),
        (["--only", "17"], "there is no behaviour 17; there are 1 to 16"),
        (["--speed", "0"], "--speed must be a number above 0, not 0"),
        (["--model", "nobody"], "there is no model group 'nobody'"),
    ],
)
def test_what_cannot_be_used_is_an_exit_code_of_2(run: Run, config: str, options: list[str], words: str) -> None:
    told = run("doctor", "--config", config, *options)
    assert told.exit_code == 2
    assert words in told.stderr


def test_a_file_that_is_not_there_is_an_exit_code_of_2(run: Run, tmp_path) -> None:
    told = run("doctor", "--config", str(tmp_path / "none.yaml"))
    assert told.exit_code == 2
    assert "cannot read" in told.stderr


def test_an_infinite_speed_is_none(config: str) -> None:
    assert doctor.run(Wish(config, speed=math.inf)) == 2
