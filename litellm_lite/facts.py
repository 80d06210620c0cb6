"""What is known of a call beside its answer: the cost, the vendor's headers, what was left out. Makes no models."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from litellm_lite.cost import Cost, price
from litellm_lite.prepare import asked_tier
from litellm_lite.streams import StreamEnd
from litellm_lite.vendor_errors import redact

if TYPE_CHECKING:
    from litellm_lite.attempts import Answer
    from litellm_lite.chunks import Ledger
    from litellm_lite.prepare import Plan
    from litellm_lite.transformer import JSON

logger = logging.getLogger(__name__)

RATE_LIMIT_HEADERS = tuple(
    f"x-ratelimit-{what}-{unit}" for what in ("limit", "remaining", "reset") for unit in ("requests", "tokens")
)
_NOT_REPEATED = frozenset({"set-cookie"})  # a session of the vendor's, no business of a log


class Facts:
    """What is known of a call beside its answer. Most callers never ask, so it is worked out when one does.

    Keeps no messages, for an answer may live long, and the key only to take it out of headers that quote it; a
    copy or a pickle has neither.
    """

    __slots__ = (
        "_dropped", "_elapsed_ms", "_headers", "_info", "_key", "_labels", "_received_at", "_target", "_tier",
        "_told_model", "_usage", "_worked_out",
    )  # fmt: skip

    def __init__(
        self, plan: Plan, headers: Mapping[str, str], body: JSON, received_at: float, elapsed_ms: float | None = None
    ) -> None:
        target = plan.call.target
        self._target = (target.provider, target.model, target.api_base)
        self._labels, self._info = plan.options.labels, plan.price_info
        self._key = target.api_key
        self._tier = body.get("service_tier") or asked_tier(plan.call)  # what was served is billed
        self._headers, self._received_at, self._elapsed_ms = headers, received_at, elapsed_ms
        self._told_model, self._usage = body.get("model"), body.get("usage")
        self._dropped = plan.dropped
        self._worked_out: dict[str, Any] | None = None

    def __call__(self) -> dict[str, Any]:
        """Return LiteLLM's `_hidden_params`, with `dropped_params` and `cost` added; the same to all who ask."""
        if self._worked_out is None:
            self._worked_out = self._work_out()
        return self._worked_out

    def _work_out(self) -> dict[str, Any]:
        provider, model, api_base = self._target
        cost = self.cost(self._usage)
        return {
            "custom_llm_provider": provider,
            "litellm_model_name": model,
            "provider_response_model": self._told_model,
            "litellm_call_id": str(uuid.uuid4()),
            "api_base": api_base,
            "model_id": None,
            "response_cost": None if cost is None else float(cost.total),
            "cost": cost,
            "dropped_params": dict(self._dropped),
            "additional_headers": additional_headers(self._headers, self._key),
            "_response_ms": self._elapsed_ms,
            **self._labels,
        }

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (self(),)  # a copy of an answer, pickled or deep, has the result

    def cost(self, usage: Any, service_tier: str | None = None, at: float | None = None) -> Cost | None:
        """Return what that usage costs at the tier that served, or None where usage or prices are not known."""
        at = self._received_at if at is None else at
        if self._info is None or not isinstance(usage, dict):
            return None
        try:
            return price(usage, self._info, service_tier=service_tier or self._tier, at=at)
        except ValueError as error:  # a usage that contradicts itself has no price; the answer stands
            logger.warning("%s: no cost for %r: %s", *self._target[:2], error)
            return None


def facts_of(answer: Answer) -> Facts:
    """Return what is known of a whole answer, of whichever endpoint, before anything was made of it."""
    plan, body, reply = answer
    told = {"model": body.get("model"), "service_tier": body.get("service_tier"), "usage": answer.usage}
    return Facts(plan, reply.headers, told, reply.received_at, reply.elapsed_ms)


def additional_headers(headers: Mapping[str, str], key: str | None = None) -> dict[str, str]:
    """Return the vendor's headers, prefixed so that none can pass for ours, and the rate limits plain too."""
    secrets = [key] if key else []
    clean = {name: redact(value, secrets) for name, value in headers.items() if name not in _NOT_REPEATED}
    plain = {name: clean[name] for name in RATE_LIMIT_HEADERS if name in clean}
    return {**{f"llm_provider-{name}": value for name, value in clean.items()}, **plain}


def plain_end(plan: Plan, headers: Mapping[str, str], now: Callable[[], int]) -> StreamEnd:
    """Return the same for a stream whose chunks stay dictionaries."""
    return ended(plan, headers, now(), now)


def ended(plan: Plan, headers: Mapping[str, str], opened_at: int, now: Callable[[], int]) -> StreamEnd:
    """Return what a stream needs that was opened at that time, in epoch seconds, as `now` tells them."""
    facts = Facts(plan, headers, {}, opened_at)
    hidden = facts()

    def settle(ledger: Ledger) -> None:
        hidden["cost"] = cost = facts.cost(ledger.usage, ledger.service_tier, now())
        hidden["response_cost"] = None if cost is None else float(cost.total)

    return StreamEnd(lambda chunk: chunk, plan.locate, settle, hidden)
