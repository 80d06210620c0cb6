"""An answer as JSON as its caller gets it: with what some vendors leave out, each thing under one name. No models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litellm_lite.types.ids import new_id

if TYPE_CHECKING:
    from litellm_lite.call import Reply
    from litellm_lite.prepare import Plan
    from litellm_lite.transformer import JSON

_PARTS_OF_A_TOTAL = ("prompt_tokens", "completion_tokens")


def completed(plan: Plan, body: JSON, reply: Reply) -> JSON:
    """Return a chat completion for those who read JSON: with what some vendors leave out, and else as it came."""
    fill_in(plan, body, int(reply.received_at))
    body["object"] = "chat.completion"
    body["id"] = body.get("id") or new_id()
    for choice in body["choices"]:
        name_reasoning(choice["message"])
    return body


def fill_in(plan: Plan, body: JSON, received_at: int) -> None:
    """Put in when it was made, by which model, and the whole usage, where the vendor left them out."""
    created = body.get("created")
    body["created"] = int(created) if created and isinstance(created, int | float) else received_at
    body["model"] = body.get("model") or plan.call.target.model
    body["usage"] = counted(body.get("usage"))


def name_reasoning(message: JSON) -> None:
    """Call reasoning as LiteLLM does."""
    if "reasoning" in message:
        message.setdefault("reasoning_content", message.pop("reasoning"))


def counted(usage: Any) -> Any:
    """Return a usage without nulls and with its total, where that is known; None for an empty one."""
    if not isinstance(usage, dict) or (None not in usage.values() and "total_tokens" in usage):
        return usage or None
    known = {name: count for name, count in usage.items() if count is not None}
    parts = [known[name] for name in _PARTS_OF_A_TOTAL if isinstance(known.get(name), int | float)]
    if len(parts) == len(_PARTS_OF_A_TOTAL):  # of one alone the total is not known
        known.setdefault("total_tokens", sum(parts))
    return known or None


class PlainDelivery:
    """Makes a stream's chunks: one id and one time for all of them, usage alone only to those who asked."""

    __slots__ = ("_asked_usage", "_shared")

    def __init__(self, plan: Plan, opened_at: int) -> None:
        """`opened_at`: when the stream was, in epoch seconds."""
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
