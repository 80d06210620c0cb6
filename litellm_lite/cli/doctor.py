"""`litellm-lite doctor`: sixteen ways in which providers fail, played on your own configuration or to a gateway."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console

from litellm_lite.cli.columns import Cell, Sheet, on_terminal, show_facts, show_sheet
from litellm_lite.cli.meeting import Meeting
from litellm_lite.cli.show import UNKNOWN_EXIT, UnusableError, answering, consoles, say, show_json
from litellm_lite.doctor.examination import DEFAULT_SPEED, examine
from litellm_lite.doctor.observed import Mode
from litellm_lite.doctor.patient import read_patient
from litellm_lite.doctor.prescription import usual_patient
from litellm_lite.doctor.report import Line, Report, untestable
from litellm_lite.errors import RetiredModelWarning

_NOT_APPLICABLE = "–"


@dataclass(frozen=True, slots=True)
class Wish:
    """The file, and of it the group; which behaviours, and how fast. Or the gateway, and how it is to be met."""

    config: str | None = None
    model: str | None = None
    only: str | None = None
    speed: float | None = None
    as_json: bool = False
    meeting: Meeting = field(default_factory=Meeting)


@answering
def run(wish: Wish) -> int:
    """Show the scorecard and return the exit code: 0 when all is right, 1 when a behaviour is not."""
    only = _numbers(wish.only)
    if wish.meeting.url is not None or wish.meeting.write_config is not None:
        return _meet(wish, only)
    if wish.config is None:
        raise UnusableError("what is to be examined? --config FILE, or --url of a gateway that is running")
    if given := wish.meeting.given:
        raise UnusableError(f"{given} is for a gateway that is running; add --url")
    speed = DEFAULT_SPEED if wish.speed is None else wish.speed
    if not 0 < speed < math.inf:
        raise UnusableError(f"--speed must be a number above 0, not {speed:g}")
    patient = read_patient(wish.config, wish.model)
    err = consoles()[1]
    if not wish.as_json and on_terminal(err):
        say(err, "examining on the loopback interface; this takes about ten seconds")
    try:
        with _quiet():
            report = examine(patient, only=only, speed=speed)
    except ValueError as error:
        raise UnusableError(str(error)) from error
    return _shown(report, as_json=wish.as_json)


def _meet(wish: Wish, only: Sequence[int]) -> int:
    """Examine a gateway that is running, or only write what one must be configured with."""
    if wish.speed is not None:
        raise UnusableError("--speed is not for a gateway: nobody can hurry its clock")
    if wish.model is not None and wish.config is None:
        raise UnusableError("--model is a group of --config; give both")
    patient = usual_patient() if wish.config is None else read_patient(wish.config, wish.model)
    with _quiet():
        report = wish.meeting.held(patient, only)
    return 0 if report is None else _shown(report, as_json=wish.as_json)


def _shown(report: Report, *, as_json: bool) -> int:
    out = consoles()[0]
    if as_json:
        show_json(out, report.as_dict())
    else:
        _show(out, report)
    return 0 if report.ok else UNKNOWN_EXIT


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the warnings of the library off the terminal: what they tell of is made on purpose."""
    logger, handler = logging.getLogger("litellm_lite"), logging.NullHandler()
    logger.addHandler(handler)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RetiredModelWarning)
            yield
    finally:
        logger.removeHandler(handler)


def _numbers(text: str | None) -> list[int]:
    """Read "4,8". Raises UnusableError."""
    try:
        return [int(part) for part in (text or "").split(",") if part.strip()]
    except ValueError:
        raise UnusableError(f"--only takes numbers of behaviours, such as 4,8, not {text!r}") from None


def _show(out: Console, report: Report) -> None:
    rows = [_row(line) for line in report.lines]
    head = ("", "behaviour", "plain", "stream", "why")
    failed = frozenset(place for place, line in enumerate(report.lines) if not line.passed)
    show_sheet(out, Sheet(head, rows, numbers=frozenset({""}), labels=frozenset({"plain", "stream"}), loud=failed))
    rest = f"; {len(report.not_shown)} cannot be shown" if report.not_shown else ""
    say(out, f"\n{report.passed} of {len(rows)}{rest}\n")
    _show_tested(out, report)


def _row(line: Line) -> tuple[Cell, ...]:
    return line.behaviour.number, line.behaviour.name, _word(line, "plain"), _word(line, "stream"), line.reason


def _word(line: Line, mode: Mode) -> str:
    found = line.findings.get(mode)
    if found is None:
        return _NOT_APPLICABLE
    return "n/a" if not found.verdict.shown else "pass" if found.verdict.passed else "FAIL"


def _show_tested(out: Console, report: Report) -> None:
    patient, settings = report.patient, report.patient.setup.settings
    setup = patient.setup
    own = (setup.label(id) for id in setup.places if id in setup.group)
    others = [f"{setup.label(id)} of {each.group}" for id, each in setup.places.items() if id not in setup.group]
    gateway: list[tuple[str, Cell]] = [] if report.url is None else [("gateway", report.url)]
    speed = "in real time" if report.url is not None else f"at {report.speed:g} times its speed"
    facts: list[tuple[str, Cell]] = [
        *gateway,
        ("calls for", patient.model),
        ("deployments", ", ".join(own)),
        ("fallbacks", ", ".join(others) or "none"),
        ("retries", settings.num_retries),
        ("timeout", _seconds(settings.timeout_s)),
        ("first-token limit", _seconds(settings.first_token_s)),
        ("idle limit", _seconds(settings.idle_s)),
        ("cooldown", _seconds(settings.cooldown_s)),
        ("time", f"{report.took_s:.1f} s, {speed}; up to {report.late_s:.2f} s late"),
    ]
    facts += [("not to be tested", why) for why in untestable(patient)]
    facts += [("left out", f"{path}: {why}") for path, why in patient.left_out]
    facts += [("not set", f"{name}; a stand-in was used") for name in patient.absent]
    show_facts(out, "What was tested", facts)


def _seconds(seconds: float) -> str:
    return "none" if seconds == math.inf else f"{seconds:g} s"
