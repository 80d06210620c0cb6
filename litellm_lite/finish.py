"""From the vendor's JSON to the answer the caller holds: the models, the cost, and what is known of the call."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from litellm_lite.cost import Cost, price
from litellm_lite.errors import APIResponseValidationError
from litellm_lite.streams import StreamEnd

if TYPE_CHECKING:
    from litellm_lite.call import Reply
    from litellm_lite.prepare import Plan
    from litellm_lite.transformer import JSON
    from litellm_lite.types.response import ModelResponse, ModelResponseStream

logger = logging.getLogger(__name__)

_RATE_LIMIT_HEADERS = tuple(
    f"x-ratelimit-{what}-{unit}" for what in ("limit", "remaining", "reset") for unit in ("requests", "tokens")
)
_NOT_REPEATED = frozenset({"set-cookie"})  # a session of the vendor's, no business of a log


def model_response(plan: Plan, body: JSON, reply: Reply) -> ModelResponse:
    """Return the answer to a call. Raises APIResponseValidationError when its fields are not what they should be."""
    from litellm_lite.types.response import ModelResponse

    answer: ModelResponse = _validated(ModelResponse, plan, _identified(plan, body, int(reply.received_at)))
    hidden = hidden_params(plan, reply.headers)
    _add_cost(plan, hidden, body.get("usage"))
    hidden["_response_ms"] = answer._response_ms = reply.elapsed_ms  # noqa: SLF001 - LiteLLM's names, our class
    hidden["provider_response_model"] = body.get("model")
    answer._hidden_params = hidden  # noqa: SLF001
    answer._response_headers = hidden["additional_headers"]  # noqa: SLF001
    return answer


def _identified(plan: Plan, body: JSON, created: int) -> JSON:
    """Fill in what some vendors leave out: id, time and model."""
    if not body.get("id"):
        from litellm_lite.types.response import new_id

        body["id"] = new_id()
    body["created"] = body.get("created") or created
    body["model"] = body.get("model") or plan.call.target.model
    return body


def _validated(kind: Any, plan: Plan, body: JSON) -> Any:
    from pydantic import ValidationError

    try:
        return kind.model_validate(body)
    except ValidationError as error:
        where = "; ".join(f"{'.'.join(map(str, flaw['loc']))}: {flaw['msg']}" for flaw in error.errors()[:3])
        target = plan.call.target
        msg = f"{target.provider}: the answer does not have the shape of a chat completion: {where}"
        raise APIResponseValidationError(msg, target.provider, target.model) from None


def hidden_params(plan: Plan, headers: Mapping[str, str]) -> dict[str, Any]:
    """Return what is known of a call beside its answer, under LiteLLM's names, `dropped_params` and `cost` added."""
    target = plan.call.target
    return {
        "custom_llm_provider": target.provider,
        "litellm_model_name": target.model,
        "litellm_call_id": plan.call_id,
        "api_base": target.api_base,
        "model_id": None,
        "response_cost": None,
        "cost": None,
        "dropped_params": dict(plan.dropped),
        "additional_headers": additional_headers(headers),
        **plan.options.labels,
    }


def additional_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the vendor's headers, prefixed so that none can pass for ours, and the rate limits plain too."""
    named = {f"llm_provider-{name}": value for name, value in headers.items() if name not in _NOT_REPEATED}
    for name in _RATE_LIMIT_HEADERS:
        if name in headers:
            named[name] = headers[name]
    return named


def _add_cost(plan: Plan, hidden: dict[str, Any], usage: JSON | None) -> None:
    """Enter the cost, or leave it None where usage or prices are not known."""
    cost: Cost | None = None
    if usage and plan.price_info is not None:
        try:
            cost = price(usage, plan.price_info, service_tier=plan.call.params.get("service_tier"))
        except ValueError as error:  # a usage that contradicts itself has no price; the answer stands
            logger.warning("%s: no cost for %r: %s", plan.call.target.provider, plan.call.target.model, error)
    if cost is not None:
        hidden["cost"] = cost
        hidden["response_cost"] = float(cost.total)


def stream_end(plan: Plan, headers: Mapping[str, str], opened_at: int) -> StreamEnd:
    """Return what a stream needs of its call; `opened_at` is in epoch seconds."""
    hidden = hidden_params(plan, headers)
    return StreamEnd(
        _Delivery(plan, hidden, opened_at).deliver, plan.locate, lambda usage: _add_cost(plan, hidden, usage), hidden
    )


class _Delivery:
    """Makes a stream's chunks: one id and one time for all of them, usage alone only to those who asked."""

    __slots__ = ("_asked_usage", "_hidden", "_kind", "_shared", "_usage", "plan")

    def __init__(self, plan: Plan, hidden: dict[str, Any], opened_at: int) -> None:
        from litellm_lite.types.response import ModelResponseStream, Usage, new_id

        self._kind, self._usage = ModelResponseStream, Usage
        self.plan, self._hidden = plan, hidden
        self._asked_usage = plan.asked_usage
        self._shared = {"id": new_id(), "created": opened_at, "model": plan.call.target.model}

    def deliver(self, chunk: JSON) -> ModelResponseStream | None:
        if not chunk.get("choices"):
            if not (self._asked_usage and chunk.get("usage")):
                return None
            chunk["choices"] = []
        for name, value in self._shared.items():
            if chunk.get(name):
                self._shared[name] = chunk[name]
            else:
                chunk[name] = value
        usage = chunk.pop("usage", None)
        made: ModelResponseStream = _validated(self._kind, self.plan, chunk)
        if usage:
            made.usage = _validated(self._usage, self.plan, usage)
        made._hidden_params = self._hidden  # noqa: SLF001 - LiteLLM's name, our class
        return made
