"""The parameter contract: what a caller passes is sent, refused, or dropped and reported. Never lost.

A provider declares one `Rule` for each OpenAI parameter it can take. What it does not declare is refused
with `UnsupportedParamsError`, or, when the caller said `drop_params=True`, left out and named on the
response. Parameters nobody declares are the vendor's own and go through as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from litellm_lite.errors import BadRequestError, UnsupportedParamsError

# Chat completion parameters of OpenAI's API (openai 3.52 types), besides model, messages and stream
# and `metadata` (a label of the caller's own here, as in LiteLLM), and LiteLLM's `thinking`.
OPENAI_PARAMS = (
    "audio", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs",
    "max_completion_tokens", "max_tokens", "modalities", "moderation", "n",
    "parallel_tool_calls", "prediction", "presence_penalty", "prompt_cache_key", "prompt_cache_options",
    "prompt_cache_retention", "reasoning_effort", "response_format", "safety_identifier", "seed",
    "service_tier", "stop", "store", "stream_options", "temperature", "thinking", "tool_choice", "tools",
    "top_logprobs", "top_p", "user", "verbosity", "web_search_options",
)  # fmt: skip
_OPENAI_NAMES = frozenset(OPENAI_PARAMS)

# Asking for the default is asking for nothing: where these are not supported they need not be refused.
_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "n": (1,),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "logprobs": (False,),
    "logit_bias": ({},),
    "stop": ([],),
    "store": (False,),
    "tools": ([],),
    "functions": ([],),
    "modalities": (["text"],),
    "service_tier": ("auto", "default"),
    "parallel_tool_calls": (True,),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A value a rule will not take, and why: the sentence completes "`name` …"."""

    reason: str


Check = Callable[[Any], Any]
"""Takes the caller's value, returns the wire value, or a Refusal. OMIT means: equal to sending nothing."""

OMIT = object()


@dataclass(frozen=True, slots=True)
class Rule:
    """How a provider takes one parameter: under which name, after which check, and a note for the docs."""

    wire_name: str = ""
    check: Check | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Contract:
    """What one provider takes, for one of its API shapes."""

    provider: str
    rules: Mapping[str, Rule]

    @property
    def supported(self) -> list[str]:
        """Return the OpenAI parameters that are sent, in OpenAI's order, `stream` among them."""
        return sorted([*(name for name in OPENAI_PARAMS if name in self.rules), "stream"])


@dataclass(frozen=True, slots=True)
class Choice:
    """What the caller said about parameters a provider may not take."""

    drop_params: bool = False
    additional_drop_params: Collection[str] = ()
    allowed_openai_params: Collection[str] = ()


@dataclass(slots=True)
class Mapped:
    """The outcome: what is sent, and what was dropped with the reason."""

    params: dict[str, Any] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)


NO_CHOICE = Choice()


def sent(*names: str) -> dict[str, Rule]:
    """Return rules for parameters that are sent as they are."""
    return {name: Rule() for name in names}


def between(low: float, high: float) -> Check:
    """Return a check that a number lies in a closed range."""

    def check(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            return Refusal(f"must be a number between {low:g} and {high:g}, not {value!r}")
        return value

    return check


def map_params(contract: Contract, asked: Mapping[str, Any], choice: Choice = NO_CHOICE, *, model: str = "") -> Mapped:
    """Hold the caller's parameters against a contract.

    `asked` holds OpenAI's and the vendor's own parameters; None counts as not asked. Raises
    BadRequestError for a number that is not finite, UnsupportedParamsError for what is refused.
    """
    mapper = _Mapper(contract, choice, model)
    for name, value in asked.items():
        if value is not None:
            mapper.take(name, value)
    return mapper.mapped


class _Mapper:
    """Sorts parameters one by one into what is sent and what is dropped."""

    __slots__ = ("choice", "contract", "mapped", "model")

    def __init__(self, contract: Contract, choice: Choice, model: str) -> None:
        self.contract, self.choice, self.model = contract, choice, model
        self.mapped = Mapped()

    def take(self, name: str, value: Any) -> None:
        if isinstance(value, float) and not math.isfinite(value):
            msg = f"{self.contract.provider}: {name} must be a finite number, not {value!r}"
            raise BadRequestError(msg, self.contract.provider, self.model, param=name)
        if name in self.choice.additional_drop_params:
            self.mapped.dropped[name] = "named in additional_drop_params"
        elif (rule := self.contract.rules.get(name)) is not None:
            self._apply(rule, name, value)
        elif name not in _OPENAI_NAMES or name in self.choice.allowed_openai_params:
            self.mapped.params[name] = value
        elif value not in _NEUTRAL.get(name, ()):
            self._refuse(name, "is not supported")

    def _apply(self, rule: Rule, name: str, value: Any) -> None:
        wire_value = value if rule.check is None else rule.check(value)
        if isinstance(wire_value, Refusal):
            if name not in self.choice.allowed_openai_params:
                self._refuse(name, wire_value.reason)
                return
            wire_value = value
        if wire_value is OMIT:
            return
        wire_name = rule.wire_name or name
        if self.mapped.params.setdefault(wire_name, wire_value) != wire_value:
            provider = self.contract.provider
            msg = f"{provider}: {name} is sent as {wire_name}, which was given with another value; pass one of them"
            raise BadRequestError(msg, provider, self.model, param=name)

    def _refuse(self, name: str, reason: str) -> None:
        if self.choice.drop_params:
            self.mapped.dropped[name] = reason
            return
        remedy = f"drop_params=True leaves it out, allowed_openai_params=[{name!r}] sends it anyway"
        msg = f"{self.contract.provider}: {name} {reason}; {remedy}"
        raise UnsupportedParamsError(msg, self.contract.provider, self.model, param=name)
