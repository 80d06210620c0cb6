"""A configuration of the Router put to the test: sixteen ways in which providers fail, on your own model list.

The upstreams are replaced by the emulator, their keys by a stand-in, and time runs faster. `examine` runs it, and the
`Report` tells what was seen. `visit` does the same to a gateway that is running. Needs the extra `proxy`; importing
this does not.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from litellm_lite.doctor.behaviours import BEHAVIOURS
    from litellm_lite.doctor.client import Gateway
    from litellm_lite.doctor.examination import examine
    from litellm_lite.doctor.observed import Verdict
    from litellm_lite.doctor.patient import Patient, read_patient
    from litellm_lite.doctor.prescription import usual_patient
    from litellm_lite.doctor.report import Report
    from litellm_lite.doctor.visiting import NotServedError, Visit, visit

__all__ = [
    "BEHAVIOURS", "Gateway", "NotServedError", "Patient", "Report", "Verdict", "Visit", "examine", "read_patient",
    "usual_patient", "visit",
]  # fmt: skip

_HOME = {
    "BEHAVIOURS": "behaviours",
    "Gateway": "client",
    "NotServedError": "visiting",
    "Patient": "patient",
    "Report": "report",
    "Verdict": "observed",
    "Visit": "visiting",
    "examine": "examination",
    "read_patient": "patient",
    "usual_patient": "prescription",
    "visit": "visiting",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
