"""What becomes of each parameter of a call, told from its plan. Pure; decides nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from litellm_lite.explanation import Parameter
from litellm_lite.json_body import Unwritable, written
from litellm_lite.params import OPENAI_PARAMS
from litellm_lite.prepare import Plan

_OPTIONS = {
    "extra_body": "its parts stand in the body",
    "headers": "sent as headers",
    "extra_headers": "sent as headers",
}
_LABEL = "it stays on the answer"
_ADDED = {"stream_options": "asks for the usage, so that the cost is known"}
_ALWAYS = ("model", "messages", "stream")
_CHANGED = "not as it was given; see the body"


def dispositions(
    plan: Plan, given: Mapping[str, Any], asked: Mapping[str, Any], refused: Mapping[str, str]
) -> tuple[Parameter, ...]:
    """Return what becomes of every parameter in `given`, of each part of `extra_body`, and what the library adds.

    `asked` are those for the vendor, `refused` those that the plan had to do without, each with the reason.
    """
    outcome = _Outcome(plan, asked, refused, orjson.loads(plan.request.body))
    rows = (outcome.of(name, value) for name, value in given.items())
    return (*rows, *outcome.extras(), *outcome.added())


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A plan, beside what was asked, what was refused, and the body that came of it."""

    plan: Plan
    asked: Mapping[str, Any]
    refused: Mapping[str, str]
    body: Mapping[str, Any]

    def of(self, name: str, value: Any) -> Parameter:
        plan = self.plan
        if value is None:
            return Parameter(name, "not given")
        if name in self.refused:
            return Parameter(name, "refused", why=self.refused[name])
        if name in plan.dropped:
            return Parameter(name, "dropped", why=plan.dropped[name])
        if name in plan.options.own:
            return Parameter(name, "option", why=_LABEL if name in plan.options.labels else _OPTIONS.get(name, ""))
        return self._vendors(name, value) if name in self.asked else Parameter(name, "neutral")

    def extras(self) -> Iterator[Parameter]:
        return (Parameter(f"extra_body.{name}", "sent", name) for name in self.plan.call.extra_body)

    def added(self) -> Iterator[Parameter]:
        known = {*_ALWAYS, *self.plan.call.params, *self.plan.call.extra_body}
        return (Parameter(name, "added", name, _ADDED.get(name, "")) for name in self.body if name not in known)

    def _vendors(self, name: str, value: Any) -> Parameter:
        call = self.plan.call
        rule = self.plan.provider.contract(call.variant).rules.get(name)
        wire_name = (rule.wire_name if rule else "") or name
        if wire_name not in call.params:
            return Parameter(name, "neutral", why=rule.note if rule and not rule.sends else "")
        if wire_name in call.extra_body:
            return Parameter(name, "replaced", wire_name)
        if rule is None and name not in OPENAI_PARAMS:
            return Parameter(name, "passed on", wire_name)
        return Parameter(name, "sent", wire_name, _CHANGED if _is_changed(value, self.body.get(wire_name)) else "")


def _is_changed(value: Any, on_the_wire: Any) -> bool:
    try:
        as_given = orjson.loads(written({"value": value}))["value"]
    except Unwritable:  # a class, as response_format
        return True
    return bool(as_given != on_the_wire)
