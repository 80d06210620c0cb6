"""`litellm-lite doctor`: sixteen ways in which providers fail, played on your own configuration."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console

from litellm_lite.cli.columns import Cell, Sheet, on_terminal, show_facts, show_sheet
from litellm_lite.cli.show import UNKNOWN_EXIT, UnusableError, answering, consoles, say, show_json
from litellm_lite.doctor.examination import examine
from litellm_lite.doctor.observed import Mode
from litellm_lite.doctor.patient import read_patient
from litellm_lite.doctor.report import Line, Report, untestable
from litellm_lite.errors import RetiredModelWarning

_NOT_APPLICABLE = "–"


@dataclass(frozen=True, slots=True)
class Wish:
    """The file, and of it the group; which behaviours, and how fast."""

    config: str
    model: str | None = None
    only: str | None = None
    speed: float = 10.0
    as_json: bool = False


@answering
def run(wish: Wish) -> int:
    """Show the scorecard and return the exit code: 0 when all is right, 1 when a behaviour is not."""
    if not 0 < wish.speed < math.inf:
        raise UnusableError(f"--speed must be a number above 0, not {wish.speed:g}")
    only = _numbers(wish.only)
    patient = read_patient(wish.config, wish.model)
    out, err = consoles()
    if not wish.as_json and on_terminal(err):
        say(err, "examining on the loopback interface; this takes about ten seconds")
    try:
        with _quiet():
            report = examine(patient, only=only, speed=wish.speed)
    except ValueError as error:
        raise UnusableError(str(error)) from error
    if wish.as_json:
        show_json(out, report.as_dict())
    else:
        _show(out, report)
    return 0 if report.passed == len(report.lines) else UNKNOWN_EXIT


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
    say(out, f"\n{report.passed} of {len(rows)}\n")
    _show_tested(out, report)


def _row(line: Line) -> tuple[Cell, ...]:
    return line.behaviour.number, line.behaviour.name, _word(line, "plain"), _word(line, "stream"), line.reason


def _word(line: Line, mode: Mode) -> str:
    found = line.findings.get(mode)
    return _NOT_APPLICABLE if found is None else "pass" if found.verdict.passed else "FAIL"


def _show_tested(out: Console, report: Report) -> None:
    patient, settings = report.patient, report.patient.setup.settings
    setup = patient.setup
    own = (setup.label(id) for id in setup.places if id in setup.group)
    others = [f"{setup.label(id)} of {each.group}" for id, each in setup.places.items() if id not in setup.group]
    facts: list[tuple[str, Cell]] = [
        ("calls for", patient.model),
        ("deployments", ", ".join(own)),
        ("fallbacks", ", ".join(others) or "none"),
        ("retries", settings.num_retries),
        ("timeout", _seconds(settings.timeout_s)),
        ("first-token limit", _seconds(settings.first_token_s)),
        ("idle limit", _seconds(settings.idle_s)),
        ("cooldown", _seconds(settings.cooldown_s)),
        ("time", f"{report.took_s:.1f} s, at {report.speed:g} times its speed; up to {report.late_s:.2f} s late"),
    ]
    facts += [("not to be tested", why) for why in untestable(patient)]
    facts += [("left out", f"{path}: {why}") for path, why in patient.left_out]
    facts += [("not set", f"{name}; a stand-in was used") for name in patient.absent]
    show_facts(out, "What was tested", facts)


def _seconds(seconds: float) -> str:
    return "none" if seconds == math.inf else f"{seconds:g} s"
