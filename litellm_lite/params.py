"""The parameter contract: what a caller passes is sent, refused, or dropped and reported. Never lost.

A provider declares one `Rule` for each OpenAI parameter it can take. What it does not declare is refused
with `UnsupportedParamsError`, or, when the caller said `drop_params=True`, left out and named on the
response. Parameters nobody declares are the vendor's own and go through as they are.
"""

from __future__ import annotations

import math
import re
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

WITHOUT_STREAMS = frozenset({"embeddings", "moderations"})
"""Endpoints that answer all at once."""

# The same of the other endpoints, besides model and stream (openai 3.52 types, read 2026-11-27).
ENDPOINT_PARAMS: Mapping[str, tuple[str, ...]] = {
    "completions": (
        "best_of", "echo", "frequency_penalty", "logit_bias", "logprobs", "max_tokens", "n", "presence_penalty",
        "prompt", "seed", "stop", "stream_options", "suffix", "temperature", "top_p", "user",
    ),
    "responses": (
        "access_programs", "background", "context_management", "conversation", "image", "include", "input",
        "instructions", "max_output_tokens", "max_tool_calls", "metadata", "moderation", "parallel_tool_calls",
        "previous_response_id", "prompt", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention",
        "reasoning", "safety_identifier", "service_tier", "store", "stream_options", "temperature", "text",
        "tool_choice", "tools", "top_logprobs", "top_p", "truncation", "user",
    ),
    "embeddings": ("dimensions", "encoding_format", "input", "user"),
    "moderations": ("input",),
}  # fmt: skip

# Asking for the default is asking for nothing: where these are not supported they need not be refused.
NEUTRAL: Mapping[str, tuple[Any, ...]] = {
    "n": (1,),
    "frequency_penalty": (0, 0.0),
    "presence_penalty": (0, 0.0),
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

OMIT = object()
"""What a check returns for a value that asks for what happens anyway: nothing is sent, and nothing is lost."""

_WORD = re.compile(r"[A-Za-z_]{1,24}")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A value a rule will not take, and why: the reason completes "`name` …", or "`name`[…]" when it begins so.

    A `final` one is wrong whoever serves it: it raises BadRequestError, and is neither dropped nor sent on request.
    """

    reason: str
    final: bool = False


Check = Callable[[Any], Any]
"""Takes the caller's value, returns the wire value, OMIT, or a Refusal."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How a provider takes one parameter: under which name, after which check, and a note for the docs.

    A rule that never `sends` stands for something the vendor does anyway.
    """

    wire_name: str = ""
    check: Check | None = None
    note: str = ""
    sends: bool = True


@dataclass(frozen=True, slots=True)
class Contract:
    """What one provider takes, for one of its API shapes or at one of its endpoints.

    `known` are the parameters that are OpenAI's there; every other name is the vendor's own.
    """

    provider: str
    rules: Mapping[str, Rule]
    known: frozenset[str] = _OPENAI_NAMES
    place: str = ""
    """How an error names the endpoint; empty for chat."""
    streams: bool = True

    @property
    def supported(self) -> list[str]:
        """Return the OpenAI parameters that reach the wire, in alphabetical order, `stream` where there is one."""
        sent = [name for name, rule in self.rules.items() if rule.sends and name in self.known]
        return sorted(["stream", *sent] if self.streams else sent)


def contract_at(endpoint: str, provider: str, rules: Mapping[str, Rule]) -> Contract:
    """Return what a provider takes at an endpoint beside chat. What only chat knows is refused there, not passed on."""
    known = _OPENAI_NAMES.union(ENDPOINT_PARAMS[endpoint])
    return Contract(provider, rules, known, f" at /{endpoint}", endpoint not in WITHOUT_STREAMS)


@dataclass(frozen=True, slots=True)
class Choice:
    """What the caller said about parameters a provider may not take."""

    drop_params: bool = False
    additional_drop_params: Collection[str] = ()
    allowed_openai_params: Collection[str] = ()

    def __post_init__(self) -> None:
        for name in ("additional_drop_params", "allowed_openai_params"):
            names = getattr(self, name)
            if isinstance(names, str) or not isinstance(names, Collection):  # "n" is in the text "functions"
                msg = f"{name} must be a list of parameter names, not {shown(names)}"
                raise BadRequestError(msg, param=name)


@dataclass(slots=True)
class Mapped:
    """The outcome. Every parameter that was asked is in exactly one of the three.

    `params` is sent, under wire names; `dropped` was not, with the reason; `neutral` asked for what happens anyway.
    """

    params: dict[str, Any] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)
    neutral: dict[str, Any] = field(default_factory=dict)


NO_CHOICE = Choice()


def between(low: float, high: float) -> Check:
    """Return a check that a number lies in a closed range."""

    def check(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return Refusal(f"must be a number, not {shown(value)}", final=True)
        return value if low <= value <= high else Refusal(f"must lie between {low:g} and {high:g}, not {shown(value)}")

    return check


def positive(value: Any) -> Any:
    """Check that a value is a whole number from 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        return Refusal(f"must be a whole number from 1, not {shown(value)}", final=True)
    return value


def an_object(value: Any) -> Any:
    """Check that a value is a dictionary."""
    if not isinstance(value, Mapping):
        return Refusal(f"must be a dictionary, not {shown(value)}", final=True)
    return dict(value)


# What the core itself reads from a request: how many choices to wait for, and whether usage was asked for.
_RELIED_ON = {"n": Rule(check=positive), "stream_options": Rule(check=an_object)}


def sent(*names: str) -> dict[str, Rule]:
    """Return rules for parameters that are sent as they are."""
    return {name: _RELIED_ON.get(name, Rule()) for name in names}


def shown(value: Any) -> str:
    """Describe a value in an error message: a number or a word as it is, else its type, for it may be a secret."""
    if isinstance(value, str) and _WORD.fullmatch(value):
        return repr(value)
    if isinstance(value, float) or (isinstance(value, int) and value.bit_length() <= 64):
        return repr(value)
    return type(value).__name__


def map_params(contract: Contract, asked: Mapping[str, Any], choice: Choice = NO_CHOICE, *, model: str = "") -> Mapped:
    """Hold the caller's parameters against a contract.

    `asked` holds OpenAI's and the vendor's own parameters; None counts as not asked. Raises
    UnsupportedParamsError for what the provider does not take, BadRequestError for what nobody would.
    """
    mapped = Mapped()
    for name, value in asked.items():
        if value is None:
            continue
        if name in choice.additional_drop_params:
            mapped.dropped[name] = "named in additional_drop_params"
            continue
        rule = contract.rules.get(name)
        wire = _on_the_wire(rule, contract, name, value)
        if name in choice.allowed_openai_params and _may_be_overruled(wire):
            wire = value
        if not isinstance(wire, Refusal) and wire is not OMIT:
            wire = _entered(mapped.params, (rule and rule.wire_name) or name, wire)
        if wire is OMIT:
            mapped.neutral[name] = value
        elif isinstance(wire, Refusal):
            if wire.final or not choice.drop_params:
                raise _refused(contract.provider, model, name, wire)
            mapped.dropped[name] = wire.reason
    return mapped


def _on_the_wire(rule: Rule | None, contract: Contract, name: str, value: Any) -> Any:
    """Return what is sent for a value, OMIT, or a Refusal."""
    if isinstance(value, float) and not math.isfinite(value):
        return Refusal(f"must be a finite number, not {value!r}", final=True)
    if rule is not None:
        return value if rule.check is None else rule.check(value)
    if name not in contract.known:
        return value
    return OMIT if _is_neutral(name, value) else Refusal(f"is not supported{contract.place}")


def _is_neutral(name: str, value: Any) -> bool:
    return any(type(value) is type(neutral) and value == neutral for neutral in NEUTRAL.get(name, ()))


def _may_be_overruled(wire: Any) -> bool:
    return wire is OMIT or (isinstance(wire, Refusal) and not wire.final)


def _entered(params: dict[str, Any], wire_name: str, wire: Any) -> Any:
    """Enter a value under its wire name and return it, or a Refusal when another one is there already."""
    there = params.setdefault(wire_name, wire)
    if there is wire or there == wire:
        return wire
    return Refusal(f"sets {wire_name}, which has another value already; pass one of the two", final=True)


def _refused(provider: str, model: str, name: str, refusal: Refusal) -> BadRequestError:
    what = f"{provider}: {name}{'' if refusal.reason.startswith('[') else ' '}{refusal.reason}"
    if refusal.final:
        return BadRequestError(what, provider, model, param=name)
    remedy = f"drop_params=True leaves it out, allowed_openai_params=[{name!r}] sends it anyway"
    return UnsupportedParamsError(f"{what}; {remedy}", provider, model, param=name)
