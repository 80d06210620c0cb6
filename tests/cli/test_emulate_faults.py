"""The emulator as a command, told to fail."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from litellm_lite.cli import emulate
from litellm_lite.emulator.faults import FAULTS
from tests.cli.conftest import Run
from tests.emulator.bodies import chat


def served(capsys: pytest.CaptureFixture[str], key: str | None = "k", **options: Any) -> tuple[str, httpx.Response]:
    """Run it for one request, and return what it said and what it answered."""
    replies: list[httpx.Response] = []
    told: list[str] = []

    def ask() -> None:
        told.append(capsys.readouterr().out)
        base = next(line.split()[-1] for line in told[0].splitlines() if "OpenAI" in line)
        headers = {"authorization": "Bearer k"}
        replies.append(httpx.post(f"{base}/chat/completions", json=chat(), headers=headers))

    assert emulate.run(host="127.0.0.1", port=0, key=key, latency_s=0.0, pace_s=0.0, wait=ask, **options) == 0
    return told[0], replies[0]


def test_every_request_meets_the_fault_it_was_started_with(capsys: pytest.CaptureFixture[str]) -> None:
    told, reply = served(capsys, fault="unavailable; status=529")
    assert "Every request meets the fault: unavailable; status=529\n" in told
    assert reply.status_code == 529


def test_it_can_answer_at_a_length_to_anyone(capsys: pytest.CaptureFixture[str]) -> None:
    _, reply = served(capsys, key=None, answer_tokens=5, any_upstream=True, speed=10.0)
    assert reply.json()["usage"]["completion_tokens"] == 6


@pytest.mark.parametrize(("options", "why"), [({"fault": "stal"}, "there are: healthy"), ({"speed": 0.0}, "above 0")])
def test_what_it_cannot_do_is_told_in_a_line(
    capsys: pytest.CaptureFixture[str], options: dict[str, Any], why: str
) -> None:
    code = emulate.run(host="127.0.0.1", port=0, key=None, latency_s=0.0, pace_s=0.0, **options)
    shown = capsys.readouterr()
    assert (code, shown.out, shown.err.count("\n")) == (2, "", 1)
    assert why in shown.err


def test_the_faults_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert emulate.list_faults() == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["fault", "parameters", "what", "happens"]
    assert [row.split()[0] for row in rows] == list(FAULTS)
    assert any("after=40" in row for row in rows)


def test_the_command_lists_them_and_refuses_what_is_none(run: Run) -> None:
    assert "slow-first-token" in run("emulate", "--faults").stdout
    told = run("emulate", "--port", "0", "--fault", "stal", "--answer-tokens", "5", "--any", "--speed", "2")
    assert told.exit_code == 2
    assert "unknown fault 'stal'" in told.stderr
