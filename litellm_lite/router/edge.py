"""The Router's edge: the models that its caller gets. A gateway, which has no use for them, does not load this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litellm_lite.attempts import Answer
from litellm_lite.errors import APIError
from litellm_lite.finish import Delivery, model_response
from litellm_lite.router.facts import RoutedFacts
from litellm_lite.transport import exchange
from litellm_lite.types.response import attach, known_of

if TYPE_CHECKING:
    from litellm_lite.prepare import Plan
    from litellm_lite.router.trace import Trace
    from litellm_lite.types.response import ModelResponse


def response(answer: Answer, trace: Trace) -> ModelResponse:
    """Return the answer as the caller of the library holds it."""
    try:
        made = model_response(answer.plan, answer.body, answer.reply)
    except APIError as error:  # its fields are not what they should be
        error.attempts = tuple(trace)
        raise
    attach(made, RoutedFacts(known_of(made), trace))
    return made


def delivered(plan: Plan, hidden: dict[str, Any]) -> Any:
    """Deliver chunks as models."""
    return Delivery(plan, hidden, exchange.epoch_s()).deliver
