"""What an examination found, as JSON has it: the verdicts, what was tested, and what was seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from litellm_lite.doctor.behaviours import Behaviour
from litellm_lite.doctor.observed import Call, Mode, Observation, Request, Told, Verdict
from litellm_lite.doctor.patient import Patient


class Finding(NamedTuple):
    """The verdict on a behaviour in one mode."""

    behaviour: Behaviour
    mode: Mode
    seen: Observation
    verdict: Verdict


class Line(NamedTuple):
    """A behaviour's line of the scorecard: what was found in each of its modes."""

    behaviour: Behaviour
    findings: dict[Mode, Finding]

    @property
    def passed(self) -> bool:
        """Whether it was right in all modes."""
        return all(finding.verdict.passed for finding in self.findings.values())

    @property
    def shown(self) -> bool:
        """Whether it could be shown in any."""
        return any(finding.verdict.shown for finding in self.findings.values())

    @property
    def reason(self) -> str:
        """Return what was wrong, in which modes; where nothing was, what was seen in the mode that tells most."""
        failed = {found.verdict.reason: mode for mode, found in self.findings.items() if not found.verdict.passed}
        if failed:
            return "; ".join(reason if len(failed) == 1 else f"{mode}: {reason}" for reason, mode in failed.items())
        found = list(self.findings.values())
        if self.behaviour.outlasts:  # there the time is what matters
            found.sort(key=lambda finding: finding.seen.call.elapsed_s)
        return found[-1].verdict.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All findings on a patient. It took so many real seconds, and the machine was so late at most."""

    patient: Patient
    findings: Sequence[Finding]
    speed: float
    took_s: float
    late_s: float = 0.0
    url: str | None = None
    """Of the gateway that was examined; None where it was a Router of this process."""

    @property
    def lines(self) -> list[Line]:
        """Return a line a behaviour, in their order."""
        lines: dict[int, Line] = {}
        for finding in self.findings:
            line = lines.setdefault(finding.behaviour.number, Line(finding.behaviour, {}))
            line.findings[finding.mode] = finding
        return list(lines.values())

    @property
    def passed(self) -> int:
        """Return how many behaviours were right."""
        return sum(line.passed and line.shown for line in self.lines)

    @property
    def not_shown(self) -> list[int]:
        """Return the numbers of those that could not be shown."""
        return [line.behaviour.number for line in self.lines if not line.shown]

    @property
    def ok(self) -> bool:
        """Whether none was wrong."""
        return all(line.passed for line in self.lines)

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as JSON has it."""
        lines = self.lines
        return {
            "passed": self.passed,
            "of": len(lines),
            "not_shown": self.not_shown,
            "ok": self.ok,
            "behaviours": [_line(line) for line in lines],
            "gateway": self.url,
            "tested": tested(self.patient),
            "speed": self.speed,
            "took_s": round(self.took_s, 2),
            "late_s": round(self.late_s, 3),
        }


def tested(patient: Patient) -> dict[str, Any]:
    """Return what was tested: the group, who may serve its calls, and the settings that matter."""
    setup, settings = patient.setup, patient.setup.settings
    return {
        "model": patient.model,
        "group": patient.group,
        "deployments": [_place(patient, id) for id in setup.places if id in setup.group],
        "fallbacks": [_place(patient, id) for id in setup.places if id not in setup.group],
        "num_retries": settings.num_retries,
        "timeout_s": _limit(settings.timeout_s),
        "stream_timeout_s": _limit(settings.stream_timeout_s),
        "first_token_s": _limit(settings.first_token_s),
        "idle_s": _limit(settings.idle_s),
        "cooldown_s": settings.cooldown_s,
        "left_out": [{"path": path, "reason": reason} for path, reason in patient.left_out],
        "variables_not_set": list(patient.absent),
        "cannot_be_tested": untestable(patient),
    }


def untestable(patient: Patient) -> list[str]:
    """Say what this configuration leaves nothing to test of, and what is looked for instead."""
    setup = patient.setup
    if setup.fallbacks:
        return []
    instead = "what is left to test is that errors are clear, come in time, and hammer nobody"
    if len(setup.group) == 1:
        return [f"{patient.group!r} has one deployment and no fallback: nobody can serve when it fails, so {instead}"]
    return [f"{patient.group!r} has no fallback: whether calls come back to one that is well again is left to chance"]


def _limit(seconds: float | None) -> float | None:
    return None if seconds is None or seconds == math.inf else seconds


def _place(patient: Patient, id: str) -> dict[str, Any]:
    deployment = patient.setup.places[id]
    return {"id": id, "model_name": deployment.group, "model": deployment.model}


def _line(line: Line) -> dict[str, Any]:
    behaviour = line.behaviour
    return {
        "number": behaviour.number,
        "name": behaviour.name,
        "fault": behaviour.fault,
        "passed": line.passed,
        "shown": line.shown,
        "reason": line.reason,
        "modes": {mode: {**found.verdict._asdict(), **_seen(found.seen)} for mode, found in line.findings.items()},
    }


def _seen(seen: Observation) -> dict[str, Any]:
    calls, requests = [_call(call) for call in seen.calls], [_request(request) for request in seen.requests]
    return {"struck": seen.struck, "calls": calls, "requests": requests}


def _call(call: Call) -> dict[str, Any]:
    error = call.error
    return {
        "began_s": round(call.began_s, 3),
        "elapsed_s": round(call.elapsed_s, 3),
        "first_token_s": None if call.first_token_s is None else round(call.first_token_s, 3),
        "whole": error is None and call.finish is not None and call.text == call.wanted,
        "model": call.model,
        "model_id": call.model_id,
        "cost": None if call.cost is None else str(call.cost),
        "usage": None if call.usage is None else dict(call.usage),
        "error": None if error is None else {"type": type(error).__name__, "message": str(error)},
        "attempts": [attempt.as_dict() for attempt in call.attempts],
        "http": None if call.told is None else _told(call.told),
    }


def _told(told: Told) -> dict[str, Any]:
    first_byte_s = None if told.first_byte_s is None else round(told.first_byte_s, 3)
    return {**told._asdict(), "headers": dict(told.headers), "first_byte_s": first_byte_s}


def _request(request: Request) -> dict[str, Any]:
    return {
        "deployment": request.place,
        "at_s": round(request.at, 3),
        "status": request.status,
        "prefilled": request.prefilled,
    }
