"""What a stream that was cut has probably cost: its vendor did not tell, so prompt and text are counted. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litellm_lite.cost import price
from litellm_lite.errors import APIError
from litellm_lite.prepare import asked_tier
from litellm_lite.tokens.counting import count_prompt, counter_for

if TYPE_CHECKING:
    from litellm_lite.cost import Cost
    from litellm_lite.prepare import Plan

_IN_THE_PROMPT = ("tools", "tool_choice", "response_format")


def estimated_cost(plan: Plan, said: str, at: float) -> Cost | None:
    """Return the cost of a prompt and of the text that came, by the list; None where that is not known.

    What the vendor wrote and nobody received is not in there. `at` is epoch seconds: some prices change by the hour.
    """
    call, target = plan.call, plan.call.target
    if call.endpoint != "chat":  # what its prompt comes to, only its vendor knows
        return None
    given = {name: call.params.get(name) for name in _IN_THE_PROMPT}
    try:
        prompt = count_prompt(target.provider, target.model, call.messages, **given)
        answer = counter_for(target.provider, target.model).text(said)
        usage = {"prompt_tokens": prompt.tokens, "completion_tokens": answer.tokens}
        return price(usage, plan.price_info, service_tier=asked_tier(call), at=at)
    except (APIError, ValueError):  # an estimate that cannot be made is none
        return None
