"""The faults that have a name, and how they are asked for: "stall; after=10". Pure: time is in the Occasion.

A name stands for a function of the occasion and its parameters; what it returns says what happens to one answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

from litellm_lite.emulator.settings import Fault

Value = float | int | str

MARK = "+"
"""Stands between a model's name and the fault it is asked to show."""

_KEY = "run"


class Occasion(NamedTuple):
    """A request that meets a fault: how many have met it before, how long ago the first one did, and how it ends."""

    number: int
    seconds: float
    prefilled: bool = False
    """Whether its last message is the assistant's."""


@dataclass(frozen=True, slots=True)
class NamedFault:
    """What a fault is in one line, what it does, and what can be said about it; the defaults are the types."""

    text: str
    play: Callable[..., Fault]
    parameters: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Spec:
    """A named fault with all its parameters. Those with another `run` are told apart, whatever they do."""

    name: str
    parameters: tuple[tuple[str, Value], ...] = ()
    run: str = ""

    def fault(self, occasion: Occasion) -> Fault:
        """Return what happens to the answer on this occasion."""
        return FAULTS[self.name].play(occasion, **dict(self.parameters))

    def __str__(self) -> str:
        named = [*self.parameters, *([(_KEY, self.run)] if self.run else [])]
        return "; ".join([self.name, *(f"{name}={_written(value)}" for name, value in named)])


def table() -> list[tuple[str, str, str]]:
    """Return the name, the line and the parameters with their defaults of every fault."""
    return [(name, fault.text, _parameters(fault)) for name, fault in FAULTS.items()]


def parse(text: str) -> Spec:
    """Read "name; parameter=value; …". Every fault also takes `run`, any word, whose requests it counts apart.

    Raises ValueError, which lists what there is, for an unknown name or parameter and for a value out of range.
    """
    name, *parts = (part.strip() for part in text.split(";"))
    if name not in FAULTS:
        raise ValueError(f"unknown fault {name!r}; there are: {', '.join(FAULTS)}")
    known: dict[str, Value] = {**FAULTS[name].parameters, _KEY: ""}
    given: dict[str, Value] = {}
    for part in filter(None, parts):
        key, value = (side.strip() for side in part.partition("=")[::2])
        if key not in known or key in given:
            why = "is given twice" if key in given else f"is not one of: {', '.join(known)}"
            raise ValueError(f"fault {name!r}: parameter {key!r} {why}")
        given[key] = _value(f"fault {name!r}: {key!r}", key, known[key], value)
    whole = known | given
    run = str(whole.pop(_KEY))
    return Spec(name, tuple(whole.items()), run)


def split_model(model: str) -> tuple[str, str]:
    """Return a model's name and the fault written after it: "Llama-3.3-70B-Instruct+stall;after=10"."""
    name, _, fault = model.partition(MARK)
    return name, fault


def _value(where: str, key: str, default: Value, text: str) -> Value:
    if isinstance(default, str):
        if not text:
            raise ValueError(f"{where} must not be empty")
        return text
    try:
        value = type(default)(text)
    except ValueError:
        kind = "a whole number" if isinstance(default, int) else "a number"
        raise ValueError(f"{where} must be {kind}, not {text!r}") from None
    if key == "status" and not 400 <= value <= 599:
        raise ValueError(f"{where} must be from 400 to 599, not {text!r}")
    if not 0 <= value < math.inf and value != default:  # what never ends may be said where it is the default
        raise ValueError(f"{where} must be 0 or more, and finite, not {text!r}")
    return value


def _parameters(fault: NamedFault) -> str:
    return "; ".join(f"{name}={_written(value)}" for name, value in fault.parameters.items())


def _written(value: Value) -> str:
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _error(
    status: int, message: str, kind: str, code: str | None = None, headers: tuple[tuple[str, str], ...] = ()
) -> Fault:
    """Return an error in OpenAI's shape."""
    error = {"message": message, "type": kind, "param": None, "code": code}
    return Fault(status=status, body=orjson.dumps({"error": error}), content_type="application/json", headers=headers)


def _rate_limited(_: Occasion, status: int) -> Fault:
    return _error(status, "Too many requests; slow down.", "requests", "rate_limit_exceeded")


def _retry_after(at: Occasion, seconds: float, status: int) -> Fault:
    left = math.ceil(seconds - at.seconds)
    if left <= 0:
        return Fault()
    message = f"Too many requests; try again in {left} s."
    return _error(status, message, "requests", "rate_limit_exceeded", (("retry-after", str(left)),))


def _unavailable(_: Occasion, status: int) -> Fault:
    return _error(status, "The server cannot answer at present.", "server_error")


def _first_fails(at: Occasion, times: int, status: int) -> Fault:
    return _unavailable(at, status) if at.number < times else Fault()


def _flapping(at: Occasion, down: float, up: float, status: int) -> Fault:
    is_down = down > 0 and at.seconds % (down + up) < down
    return _unavailable(at, status) if is_down else Fault()


def _context_length(_: Occasion, window: int) -> Fault:
    message = (
        f"This model's maximum context length is {window} tokens. However, your messages resulted in {window + 1} "
        "tokens. Please reduce the length of the messages."
    )
    return _error(400, message, "invalid_request_error", "context_length_exceeded")


def _content_filter(_: Occasion) -> Fault:
    return _error(400, "The prompt was refused by the content filter.", "invalid_request_error", "content_filter")


def _no_prefill(at: Occasion) -> Fault:
    message = "Prefill is not supported by this model: the last message must be the user's."
    return _error(400, message, "invalid_request_error") if at.prefilled else Fault()


FAULTS: dict[str, NamedFault] = {
    "healthy": NamedFault("no fault, also where a schedule has one", lambda _: Fault()),
    "retry-after": NamedFault(
        "429 with Retry-After, until that time has passed", _retry_after, {"seconds": 5.0, "status": 429}
    ),
    "rate-limited": NamedFault("429 without Retry-After, always", _rate_limited, {"status": 429}),
    "single-500": NamedFault("500 for the first request only", _first_fails, {"times": 1, "status": 500}),
    "unavailable": NamedFault("503, always", _unavailable, {"status": 503}),
    "flapping": NamedFault(
        "503 for a minute from the first request on, then healthy",
        _flapping,
        {"down": 60.0, "up": math.inf, "status": 503},
    ),
    "reset": NamedFault("a TCP reset before the headers", lambda _: Fault(reset=True)),
    "silent": NamedFault("takes the request and never answers", lambda _: Fault(stall_after_chunks=0)),
    "slow-first-token": NamedFault(
        "the headers come after `head` seconds, the first token or the whole answer after `seconds`",
        lambda _, seconds, head: Fault(first_token_after_s=seconds, head_after_s=head),
        {"seconds": 20.0, "head": 0.0},
    ),
    "cut": NamedFault(
        "the connection is closed after so many tokens", lambda _, after: Fault(cut_after_tokens=after), {"after": 40}
    ),
    "stall": NamedFault(
        "the connection goes silent after so many tokens, and stays open",
        lambda _, after: Fault(stall_after_tokens=after),
        {"after": 40},
    ),
    "malformed-event": NamedFault("one event of a stream cannot be parsed", lambda _: Fault(malformed_event=True)),
    "missing-done": NamedFault(
        "a stream without [DONE]; its body ends `end` seconds after its last event",
        lambda _, end: Fault(without_done=True, end_after_s=end),
        {"end": 0.0},
    ),
    "context-length": NamedFault("400, the prompt is too long", _context_length, {"window": 8192}),
    "content-filter": NamedFault("400, the prompt is not allowed", _content_filter),
    "no-prefill": NamedFault("400 when the last message is the assistant's", _no_prefill),
    "wrong-model": NamedFault(
        "the answer says that another model made it", lambda _, model: Fault(model=model), {"model": "another-model"}
    ),
}
