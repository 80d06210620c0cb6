"""What is told of a call before it is made: values, and how they read. Holds no key: what comes in is redacted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from decimal import Decimal
from typing import Any, Literal

import orjson

from litellm_lite.call import Timeouts
from litellm_lite.context import Fit
from litellm_lite.cost.budget import CostEstimate
from litellm_lite.tokens.count import TokenCount

Disposition = Literal[
    "sent", "passed on", "added", "replaced", "neutral", "dropped", "refused", "option", "not given"
]  # fmt: skip

_SAID: Mapping[Disposition, str] = {
    "sent": "sent",
    "passed on": "passed on as it is; it is no parameter that is known here",
    "added": "added by the library",
    "replaced": "replaced by what extra_body has under this name",
    "neutral": "not sent; it asks for what happens anyway",
    "dropped": "dropped",
    "refused": "refused",
    "option": "an option of the library's own; not sent as a parameter",
    "not given": "not given, for None is nothing",
}
_ENGINES = {
    "auto": "pyreqwest, or httpx or aiohttp where pyreqwest cannot serve",
    "client": "the httpx client of the call",
}
_LONGEST_TEXT = 400  # of a text inside the body, in the report; the body itself is never cut
_UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class Parameter:
    """What becomes of one parameter; `wire_name` is its name in the body, None where it is not in there.

    `given_by` is "the deployment" or "the fallback" where the value is not the caller's.
    """

    name: str
    disposition: Disposition
    wire_name: str | None = None
    why: str = ""
    given_by: str = ""

    def __str__(self) -> str:
        renamed = f" as {self.wire_name}" if self.wire_name and self.wire_name != self.name else ""
        giver = f", given by {self.given_by}" if self.given_by else ""
        return f"{_SAID[self.disposition]}{renamed}{giver}{f': {self.why}' if self.why else ''}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An exception that a call would raise before anything is sent: the name of its class, and its message.

    `param` is what it is about. `lifted` says that the request could be shown all the same: without that parameter,
    that check, or with `[missing]` for the key.
    """

    type: str
    message: str
    param: str | None = None
    lifted: bool = False

    def __str__(self) -> str:
        return f"{self.type}: {self.message}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One deployment, and what a call to it would send, cost and run into.

    `model` is the vendor's id. `url`, `method`, `headers`, `body` (as JSON) and `body_text` (as it would be sent) are
    None or empty where there is no request: nothing is sent, or none can be made. Of a refused call they show what it
    would be with every refusal lifted. `refusals` are in the order in which they would be raised.
    `engine` is auto, pyreqwest, httpx, aiohttp, or client for the caller's own; `verify` as `ssl_verify=`.
    """

    provider: str
    model: str
    refusals: tuple[Refusal, ...] = ()
    mocked: bool = False
    """Whether the answer comes from `mock_response`, and nothing leaves the process."""
    method: str | None = None
    url: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Any = field(default=None, repr=False)
    body_text: str = field(default="", repr=False)
    parameters: tuple[Parameter, ...] = ()
    retries: int | None = None
    timeouts: Timeouts | None = None
    engine: str | None = None
    verify: bool | str = True
    prompt: TokenCount | None = None
    fit: Fit | None = None
    cost: CostEstimate | None = None
    unknown: str | None = None
    """Why there is no `prompt` or no `cost`."""
    retired: str | None = None
    why: str = ""
    """Why it stands at this place among the candidates."""
    deployment: str = ""
    """Its id in a Router."""
    group: str = ""
    verdict: str | None = None
    """Why a Router would not try it at all: what it cannot do, in words that follow its name."""
    waiting: str | None = None
    """Why a Router would not try it now."""

    @property
    def tried(self) -> bool:
        """Whether its turn would come, as things stand."""
        return self.verdict is None and self.waiting is None

    @property
    def refused(self) -> str | None:
        """The class and the message of what the call would raise before anything is sent; None where it is made."""
        return str(self.refusals[0]) if self.refusals else None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The candidates for a call: those that would be tried, in their order, and then those that would not."""

    candidates: tuple[Candidate, ...]

    @property
    def refused(self) -> bool:
        """Whether no candidate would take the call, now or later."""
        return all(candidate.refusals or candidate.verdict is not None for candidate in self.candidates)

    def text(self) -> str:
        """Return a report to be read; long texts inside the body are cut."""
        return "\n\n".join(
            "\n".join(_report(place, candidate)) for place, candidate in enumerate(self.candidates, start=1)
        )

    __str__ = text

    def as_dict(self, money: Callable[[Decimal], Any] | None = None) -> dict[str, Any]:
        """Return everything as JSON has it. `money` says what becomes of a Decimal, by default a text of its digits."""
        candidates = [
            {**_jsonable(each, money or _digits), "refused": each.refused, "tried": each.tried}
            for each in self.candidates
        ]
        return {"refused": self.refused, "candidates": candidates}


def _jsonable(value: Any, money: Callable[[Decimal], Any]) -> Any:
    if isinstance(value, Decimal):
        return money(value)
    if is_dataclass(value):
        return {each.name: _jsonable(getattr(value, each.name), money) for each in fields(value)}
    if isinstance(value, Mapping):
        return {name: _jsonable(part, money) for name, part in value.items()}
    return [_jsonable(part, money) for part in value] if isinstance(value, list | tuple) else value


def _digits(amount: Decimal) -> str:
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _report(place: int, candidate: Candidate) -> Iterator[str]:
    """Yield the lines about one candidate."""
    yield f"{f'{place}.' if candidate.tried else '–'} {_title(candidate)}"
    yield f"   {_fate(candidate)}"
    yield from _section("Refused", map(str, candidate.refusals))
    mended = " if that were mended" if candidate.refusals or candidate.verdict is not None else ""
    yield from _section(f"Request{mended}", _request(candidate))
    yield from _section(f"Body{mended}, {len(candidate.body_text.encode()):,} bytes", _body(candidate))
    instead = " without the mock" if candidate.mocked else mended
    yield from _section(f"Parameters{instead}", _columns([(each.name, str(each)) for each in candidate.parameters]))
    yield from _section("Before it is sent", _columns(list(_known(candidate))))
    yield from _section("How it is sent", _columns(list(_manner(candidate))))


def _title(candidate: Candidate) -> str:
    name = "/".join(filter(None, (candidate.provider, candidate.model)))
    where = f"{candidate.deployment!r} of {candidate.group!r}" if candidate.deployment else ""
    beside = "; ".join(filter(None, (where, candidate.why)))
    return f"{name} ({beside})" if beside else name


def _fate(candidate: Candidate) -> str:
    """Say in a sentence what would become of the call there."""
    if candidate.verdict is not None:
        return f"Would not be tried: it {candidate.verdict}."
    if candidate.waiting is not None:
        return f"Would not be tried now: {candidate.waiting}."
    if candidate.refusals:
        return "Nothing would be sent: the call is refused."
    if candidate.mocked:
        return "Nothing leaves the process: mock_response or mock_tool_calls is the answer."
    return "The call would be made."


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    """Yield a title and its lines; no lines, no title."""
    for place, line in enumerate(lines):
        if place == 0:
            yield f"\n{title}"
        yield f"  {line}"


def _request(candidate: Candidate) -> Iterator[str]:
    if candidate.url is not None:
        yield f"{candidate.method} {candidate.url}"
        yield from (f"{name}: {value}" for name, value in candidate.headers.items())


def _body(candidate: Candidate) -> Iterator[str]:
    if candidate.url is not None:
        yield from orjson.dumps(_cut(candidate.body), option=orjson.OPT_INDENT_2).decode().split("\n")


def _cut(value: Any) -> Any:
    """Return a JSON value with its long texts cut: a picture is a megabyte of base64."""
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_TEXT else f"{value[:_LONGEST_TEXT]}… ({len(value):,} characters)"
    if isinstance(value, dict):
        return {name: _cut(part) for name, part in value.items()}
    return [_cut(part) for part in value] if isinstance(value, list) else value


def _columns(rows: list[tuple[str, str]]) -> Iterator[str]:
    width = max((len(name) for name, _ in rows), default=0)
    return (f"{name:{width}}  {value}" for name, value in rows)


def _known(candidate: Candidate) -> Iterator[tuple[str, str]]:
    """Yield what is known of the call: its size, its cost, the end of its model."""
    if candidate.prompt is not None:
        yield "prompt", _counted(candidate.prompt)
    if candidate.fit is not None:
        why = candidate.fit.why.removeprefix(f"{candidate.provider}/{candidate.model}: ")
        yield "window", f"{candidate.fit.verdict}: {why}"
    if (cost := candidate.cost) is not None:
        yield "least", f"${_digits(cost.least)}"
        yield "most", "nothing bounds it" if cost.most is None else f"${_digits(cost.most)}"
        yield "prices from", f"{cost.price_source or _UNKNOWN}, read {cost.price_date or _UNKNOWN}"
    if candidate.unknown:
        yield "unknown", candidate.unknown
    if candidate.retired:
        yield "retired", candidate.retired


def _counted(count: TokenCount) -> str:
    if count.exact:
        return f"{count.tokens:,} tokens, exact ({count.method})"
    most = "no upper bound" if count.most is None else f"at most {count.most:,}"
    return f"about {count.tokens:,} tokens, at least {count.least:,}, {most} ({count.method})"


def _manner(candidate: Candidate) -> Iterator[tuple[str, str]]:
    if candidate.retries is not None:
        yield "retries", str(candidate.retries)
    if candidate.mocked:
        return
    if (limits := candidate.timeouts) is not None:
        yield (
            "time limits",
            ", ".join(
                f"{each.name.replace('_', ' ')} {_seconds(getattr(limits, each.name))}" for each in fields(limits)
            ),
        )
    if candidate.engine is not None:
        yield "engine", _ENGINES.get(candidate.engine, candidate.engine)
        if candidate.engine != "client" and candidate.verify is not True:
            yield "certificates", f"checked by {candidate.verify}" if candidate.verify else "not checked"


def _seconds(limit: float | None) -> str:
    return "without" if limit is None else f"{limit:g} s"
