"""What is told of a call beside its answer: LiteLLM's response headers, and what goes to the log and the metrics."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from litellm_lite import __version__
from litellm_lite.facts import RATE_LIMIT_HEADERS
from litellm_lite.proxy.exchange import Exchange, Headers
from litellm_lite.vendor_errors import redact, secrets_of

if TYPE_CHECKING:
    from litellm_lite.cost import Cost
    from litellm_lite.errors import APIError
    from litellm_lite.prepare import Plan
    from litellm_lite.router.deployment import Deployment
    from litellm_lite.router.trace import Trace

_NOTHING: Mapping[str, str] = MappingProxyType({})
_UNSENDABLE = re.compile(r"[^\t\x20-\x7e]")
_VERSION = (b"x-litellm-version", __version__.encode())
_PREFIX = b"llm_provider-"
_LIMITS = frozenset(RATE_LIMIT_HEADERS)
# Of the vendor's connection or session, and of nobody's beyond it.
_KEPT_BACK = frozenset({"connection", "content-length", "keep-alive", "set-cookie", "transfer-encoding"})


class Record:
    """One request as it is told afterwards: to the log, to the metrics, and in the headers of its answer."""

    __slots__ = (
        "asked", "began", "charged", "completion_tokens", "dollars", "error", "exchange", "first_ms", "left_out",
        "plan", "prompt_tokens", "route", "stream", "trace", "upstream_ms",
    )  # fmt: skip

    def __init__(self, exchange: Exchange, route: str) -> None:
        self.exchange, self.route = exchange, route
        self.asked: str | None = None
        """The model's name as the client wrote it."""
        self.stream = False
        self.trace: Trace | None = None
        self.plan: Plan | None = None
        self.began: Deployment | None = None
        self.charged = False
        """Whether there was an answer, or some of one."""
        self.prompt_tokens: int | None = None
        self.completion_tokens: int | None = None
        """As the vendor counted; None where it told nothing, which is not 0."""
        self.dollars: Decimal | None = None
        """What the answer cost; None while, or where, that is not known."""
        self.first_ms: float | None = None
        self.upstream_ms = 0.0
        """How long the vendors took, and the pauses between them."""
        self.error: APIError | None = None
        self.left_out: Mapping[str, str] = _NOTHING
        """What of the request was not carried, and why."""

    def charge(self, usage: Mapping[str, Any] | None, cost: Cost | None) -> None:
        """Add what an answer took; once one of several was not counted, or has no cost, neither has the sum."""
        prompt, completion = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
        dollars = None if cost is None else cost.total
        if self.charged:
            prompt, completion = _sum(self.prompt_tokens, prompt), _sum(self.completion_tokens, completion)
            dollars = None if dollars is None or self.dollars is None else self.dollars + dollars
        self.charged = True
        self.prompt_tokens, self.completion_tokens, self.dollars = prompt, completion, dollars

    def opened(self, plan: Plan, deployment: Deployment) -> None:
        """Note who began a stream. Its head tells of that one, whoever goes on with it."""
        self.plan, self.began = plan, deployment

    def served(self, plan: Plan, upstream_ms: float) -> None:
        """Note who served, and how long that took; of several attempts it is the sum."""
        self.plan = plan
        trace = self.trace
        if trace is not None and (len(trace) > 1 or trace.waited_s):
            upstream_ms = _elapsed_ms(trace)
        self.upstream_ms = upstream_ms

    def headers(self, vendors: Mapping[str, str]) -> Headers:
        """Return the headers of an answer, the vendor's among them under names that cannot pass for ours."""
        exchange, trace, plan = self.exchange, self.trace, self.plan
        elapsed_ms = exchange.elapsed_ms
        headers: Headers = [
            (b"x-litellm-call-id", exchange.call_id.encode()),
            (b"x-litellm-response-duration-ms", b"%.3f" % elapsed_ms),
            _VERSION,
        ]
        if (taken_ms := self._taken_ms()) is not None:
            headers.append((b"x-litellm-overhead-duration-ms", b"%.3f" % max(0.0, elapsed_ms - taken_ms)))
        if self.dollars is not None:
            headers.append((b"x-litellm-response-cost", str(float(self.dollars)).encode()))
        if trace is not None:
            headers += _routing(trace, self.began)
        if plan is not None:
            headers.append((b"x-litellm-model-api-base", _value(plan.call.target.api_base)))
            headers += _vendors(vendors, secrets_of(plan.call))
        if self.left_out or (plan is not None and plan.dropped):
            dropped = {**self.left_out, **(plan.dropped if plan is not None else _NOTHING)}
            headers.append((b"x-litellm-dropped-params", _value(", ".join(dropped))))
        return headers

    def _taken_ms(self) -> float | None:
        """Return how long the vendors took; None while that is not known."""
        if self.plan is not None or self.trace is None:
            return self.upstream_ms
        if self.error is None or any(record.elapsed_s is None for record in self.trace):
            return None
        return _elapsed_ms(self.trace)


def _elapsed_ms(trace: Trace) -> float:
    """Return how long all attempts took, and the pauses between them."""
    return 1000 * (trace.waited_s + sum(record.elapsed_s or 0.0 for record in trace))


def _count(usage: Mapping[str, Any] | None, name: str) -> int | None:
    found = usage.get(name) if usage else None
    return found if type(found) is int and found >= 0 else None


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _routing(trace: Trace, began: Deployment | None) -> Headers:
    told = trace.headers()
    serving = began if trace.served is None else trace.served.deployment
    if serving is not None:
        told |= {"x-litellm-model-group": serving.group, "x-litellm-model-id": serving.id}
    return [(name.encode(), _value(value)) for name, value in told.items()]


def _vendors(vendors: Mapping[str, str], secrets: Sequence[str]) -> Headers:
    """Return the vendor's headers. Of what came not all can go: the engines let more pass than the server."""
    everything = " ".join(vendors.values())
    if any(secret in everything for secret in secrets) or not (everything.isascii() and everything.isprintable()):
        vendors = {name: _UNSENDABLE.sub("?", redact(value, secrets)) for name, value in vendors.items()}
    headers: Headers = []
    for name, value in vendors.items():
        prefixed, plain = _names(name)
        if prefixed is not None:
            written = value.encode()
            headers.append((prefixed, written))
            if plain is not None:
                headers.append((plain, written))
    return headers


@lru_cache(maxsize=512)
def _names(name: str) -> tuple[bytes | None, bytes | None]:
    """Return under which names a vendor's header is passed on: with our prefix, and as it is; None for not at all."""
    if name in _KEPT_BACK:
        return None, None
    return _PREFIX + name.encode(), name.encode() if name in _LIMITS else None


def _value(text: str) -> bytes:
    """Return a text as HTTP can carry it in a header."""
    return text.encode() if text.isascii() and text.isprintable() else ascii(text).encode()
