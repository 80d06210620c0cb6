"""A configuration of the Router put to the test: sixteen ways in which providers fail, on your own model list.

The upstreams are replaced by the emulator, their keys by a stand-in, and time runs faster. `examine` runs it, and the
`Report` tells what was seen. Needs the extra `proxy`; importing this does not.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from litellm_lite.doctor.behaviours import BEHAVIOURS
    from litellm_lite.doctor.examination import examine
    from litellm_lite.doctor.observed import Verdict
    from litellm_lite.doctor.patient import Patient, read_patient
    from litellm_lite.doctor.report import Report

__all__ = ["BEHAVIOURS", "Patient", "Report", "Verdict", "examine", "read_patient"]

_HOME = {
    "BEHAVIOURS": "behaviours",
    "Patient": "patient",
    "Report": "report",
    "Verdict": "observed",
    "examine": "examination",
    "read_patient": "patient",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
