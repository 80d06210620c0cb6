"""From the vendor's JSON to the models that the caller of the library holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from litellm_lite.facts import Facts, ended
from litellm_lite.tidying import PlainDelivery, counted, fill_in, name_reasoning
from litellm_lite.types.response import ModelResponse, ModelResponseStream, Usage, attach
from litellm_lite.validation import validated

if TYPE_CHECKING:
    from litellm_lite.call import Reply
    from litellm_lite.prepare import Plan
    from litellm_lite.streams import StreamEnd
    from litellm_lite.transformer import JSON


def model_response(plan: Plan, body: JSON, reply: Reply) -> ModelResponse:
    """Return the answer to a call; `body` becomes part of it.

    Raises APIResponseValidationError when the fields of the answer are not what they should be.
    """
    facts = Facts(plan, reply.headers, body, reply.received_at, reply.elapsed_ms)
    _complete(plan, body, int(reply.received_at))
    answer: ModelResponse = validated(ModelResponse, plan, body)
    attach(answer, facts)
    return answer


def _complete(plan: Plan, body: JSON, received_at: int) -> None:
    """Fill in what some vendors leave out, and take out the nulls that others send in the place of nothing."""
    if not body.get("id"):
        body.pop("id", None)
    fill_in(plan, body, received_at)
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
    name_reasoning(message)


def stream_end(plan: Plan, headers: Mapping[str, str], now: Callable[[], int]) -> StreamEnd:
    """Return what a stream needs of its call; `now` tells epoch seconds, at its opening and at its end."""
    opened_at = now()
    end = ended(plan, headers, opened_at, now)
    end.deliver = Delivery(plan, end.hidden_params, opened_at).deliver
    return end


class Delivery(PlainDelivery):
    """Makes a stream's chunks models, each with what is known of the call."""

    __slots__ = ("_hidden", "_plan")

    def __init__(self, plan: Plan, hidden: dict[str, Any], opened_at: int) -> None:
        super().__init__(plan, opened_at)
        self._plan, self._hidden = plan, hidden

    def deliver(self, chunk: JSON) -> ModelResponseStream | None:
        """Return a chunk as its model, which it becomes part of; None where the caller has no use for it."""
        if self.plain(chunk) is None:
            return None
        for choice in chunk["choices"]:
            _tidy(choice["delta"])
        usage = counted(chunk.pop("usage", None))
        made: ModelResponseStream = validated(ModelResponseStream, self._plan, chunk)
        if usage:
            made.usage = validated(Usage, self._plan, usage)
        attach(made, self._hidden)
        return made
