"""From the vendor's JSON to the answer the caller holds: the models, the cost, and what is known of the call."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from litellm_lite.cost import Cost, price
from litellm_lite.errors import APIResponseValidationError
from litellm_lite.prepare import asked_tier
from litellm_lite.streams import StreamEnd
from litellm_lite.transformer import ANSWERS
from litellm_lite.types.response import ModelResponse, ModelResponseStream, Usage, attach, new_id
from litellm_lite.vendor_errors import redact

if TYPE_CHECKING:
    from litellm_lite.attempts import Answer
    from litellm_lite.call import Reply
    from litellm_lite.chunks import Ledger
    from litellm_lite.prepare import Plan
    from litellm_lite.transformer import JSON

logger = logging.getLogger(__name__)

RATE_LIMIT_HEADERS = tuple(
    f"x-ratelimit-{what}-{unit}" for what in ("limit", "remaining", "reset") for unit in ("requests", "tokens")
)
_PARTS_OF_A_TOTAL = ("prompt_tokens", "completion_tokens")
_NOT_REPEATED = frozenset({"set-cookie"})  # a session of the vendor's, no business of a log


def model_response(plan: Plan, body: JSON, reply: Reply) -> ModelResponse:
    """Return the answer to a call; `body` becomes part of it.

    Raises APIResponseValidationError when the fields of the answer are not what they should be.
    """
    facts = Facts(plan, reply.headers, body, reply.received_at, reply.elapsed_ms)
    _complete(plan, body, int(reply.received_at))
    answer: ModelResponse = validated(ModelResponse, plan, body)
    attach(answer, facts)
    return answer


def facts_of(answer: Answer) -> Facts:
    """Return what is known of a whole answer, of whichever endpoint, before anything was made of it."""
    plan, body, reply = answer
    told = {"model": body.get("model"), "service_tier": body.get("service_tier"), "usage": answer.usage}
    return Facts(plan, reply.headers, told, reply.received_at, reply.elapsed_ms)


def completed(plan: Plan, body: JSON, reply: Reply) -> JSON:
    """Return a chat completion for those who read JSON: with what some vendors leave out, and else as it came."""
    _fill_in(plan, body, int(reply.received_at))
    body["object"] = "chat.completion"
    body["id"] = body.get("id") or new_id()
    for choice in body["choices"]:
        _name_reasoning(choice["message"])
    return body


def _fill_in(plan: Plan, body: JSON, received_at: int) -> None:
    created = body.get("created")
    body["created"] = int(created) if created and isinstance(created, int | float) else received_at
    body["model"] = body.get("model") or plan.call.target.model
    body["usage"] = _counted(body.get("usage"))


def _complete(plan: Plan, body: JSON, received_at: int) -> None:
    """Fill in what some vendors leave out, and take out the nulls that others send in the place of nothing."""
    if not body.get("id"):
        body.pop("id", None)
    _fill_in(plan, body, received_at)
    for choice in body["choices"]:
        _tidy(choice["message"])
        if not choice.get("logprobs", True):
            del choice["logprobs"]


def _tidy(message: JSON) -> None:
    """Take out nulls and empty lists of calls, so that `hasattr` is meaningful; name reasoning as LiteLLM does."""
    if None in message.values():
        for name in [name for name, value in message.items() if value is None]:
            del message[name]
    if not message.get("tool_calls", True):
        del message["tool_calls"]
    _name_reasoning(message)


def _name_reasoning(message: JSON) -> None:
    if "reasoning" in message:
        message.setdefault("reasoning_content", message.pop("reasoning"))


def _counted(usage: Any) -> Any:
    """Return a usage without nulls and with its total, where that is known; None for an empty one."""
    if not isinstance(usage, dict) or (None not in usage.values() and "total_tokens" in usage):
        return usage or None
    known = {name: count for name, count in usage.items() if count is not None}
    parts = [known[name] for name in _PARTS_OF_A_TOTAL if isinstance(known.get(name), int | float)]
    if len(parts) == len(_PARTS_OF_A_TOTAL):  # of one alone the total is not known
        known.setdefault("total_tokens", sum(parts))
    return known or None


def validated(kind: Any, plan: Plan, body: JSON) -> Any:
    """Return a body as a model. Raises APIResponseValidationError that names the fields in its way."""
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        where = "; ".join(f"{'.'.join(map(str, flaw['loc']))}: {flaw['msg']}" for flaw in error.errors()[:3])
        target = plan.call.target
        what = ANSWERS[plan.call.endpoint]
        msg = f"{target.provider}: the answer does not have the shape of a {what}: {where}"
        raise APIResponseValidationError(msg, target.provider, target.model) from None


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


def additional_headers(headers: Mapping[str, str], key: str | None = None) -> dict[str, str]:
    """Return the vendor's headers, prefixed so that none can pass for ours, and the rate limits plain too."""
    secrets = [key] if key else []
    clean = {name: redact(value, secrets) for name, value in headers.items() if name not in _NOT_REPEATED}
    plain = {name: clean[name] for name in RATE_LIMIT_HEADERS if name in clean}
    return {**{f"llm_provider-{name}": value for name, value in clean.items()}, **plain}


def stream_end(plan: Plan, headers: Mapping[str, str], now: Callable[[], int]) -> StreamEnd:
    """Return what a stream needs of its call; `now` tells epoch seconds, at its opening and at its end."""
    opened_at = now()
    end = _end(plan, headers, opened_at, now)
    end.deliver = Delivery(plan, end.hidden_params, opened_at).deliver
    return end


def plain_end(plan: Plan, headers: Mapping[str, str], now: Callable[[], int]) -> StreamEnd:
    """Return the same for a stream whose chunks stay dictionaries."""
    return _end(plan, headers, now(), now)


def _end(plan: Plan, headers: Mapping[str, str], opened_at: int, now: Callable[[], int]) -> StreamEnd:
    facts = Facts(plan, headers, {}, opened_at)
    hidden = facts()

    def settle(ledger: Ledger) -> None:
        hidden["cost"] = cost = facts.cost(ledger.usage, ledger.service_tier, now())
        hidden["response_cost"] = None if cost is None else float(cost.total)

    return StreamEnd(lambda chunk: chunk, plan.locate, settle, hidden)


class Delivery:
    """Makes a stream's chunks: one id and one time for all of them, usage alone only to those who asked."""

    __slots__ = ("_asked_usage", "_hidden", "_plan", "_shared")

    def __init__(self, plan: Plan, hidden: dict[str, Any], opened_at: int) -> None:
        self._plan, self._hidden = plan, hidden
        self._asked_usage = plan.asked_usage
        self._shared = {"id": new_id(), "created": opened_at, "model": plan.call.target.model}

    def plain(self, chunk: JSON) -> JSON | None:
        """Return a chunk with what its vendor left out; None where the caller has no use for it."""
        if not chunk.get("choices"):
            if not (self._asked_usage and chunk.get("usage")):
                return None
            chunk["choices"] = []
        for name, value in self._shared.items():
            if chunk.get(name):
                self._shared[name] = chunk[name]
            else:
                chunk[name] = value
        if isinstance(chunk["created"], float):
            chunk["created"] = int(chunk["created"])
        return chunk

    def deliver(self, chunk: JSON) -> ModelResponseStream | None:
        """Return a chunk as its model, which it becomes part of; None where the caller has no use for it."""
        if self.plain(chunk) is None:
            return None
        for choice in chunk["choices"]:
            _tidy(choice["delta"])
        usage = _counted(chunk.pop("usage", None))
        made: ModelResponseStream = validated(ModelResponseStream, self._plan, chunk)
        if usage:
            made.usage = validated(Usage, self._plan, usage)
        attach(made, self._hidden)
        return made
