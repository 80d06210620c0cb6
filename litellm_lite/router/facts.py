"""What is known of a routed call beside its answer. It is worked out when somebody asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from litellm_lite.router.trace import Trace


class RoutedFacts:
    """What is known of a routed call: what is known of the one that was answered, and the way there."""

    __slots__ = ("_facts", "_trace", "_worked_out")

    def __init__(self, facts: Any, trace: Trace) -> None:
        self._facts, self._trace = facts, trace
        self._worked_out: dict[str, Any] | None = None

    def __call__(self) -> dict[str, Any]:
        if self._worked_out is None:
            trace, known = self._trace, self._facts()
            if trace.served is not None:
                trace.served.cost = known.get("cost")
            headers = {**known.get("additional_headers", {}), **trace.headers()}
            self._worked_out = {**known, **trace.hidden(), "additional_headers": headers}
        return self._worked_out

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (self(),)
