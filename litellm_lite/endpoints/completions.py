"""`/completions`: text that goes on where a prompt ends, whole or in pieces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from litellm_lite.call import Call, Reply
from litellm_lite.endpoints.native import ASK_ITS_CHAT, NativeEndpoint
from litellm_lite.transformer import FINISH_REASONS, JSON, OpenAIStream, StreamParser, unreadable


class Completions(NativeEndpoint):
    """The older way to ask: a prompt, or several, and no roles."""

    asked = "prompt"
    answers = "choices"
    otherwise = ASK_ITS_CHAT

    def parse_response(self, call: Call, reply: Reply) -> JSON:
        body = super().parse_response(call, reply)
        for index, choice in enumerate(body["choices"]):
            if not isinstance(choice.get("text"), str):
                raise unreadable(call, reply, f"no text in choice {index}")
            choice.setdefault("index", index)
            reason = choice.get("finish_reason") or "stop"  # vendors leave it out at times
            if not isinstance(reason, str):
                raise unreadable(call, reply, f"the finish_reason of choice {index} is no text")
            choice["finish_reason"] = FINISH_REASONS.get(reason, reason)
        return body

    def open_stream(self, call: Call, reply: Reply) -> StreamParser:
        return CompletionsStream(call, reply)


class CompletionsStream(OpenAIStream):
    """Reads `data: {chunk}` events in which a piece of text stands beside the choice's other fields."""

    __slots__ = ()

    def _tidied(self, body: JSON) -> bool:
        choices = body.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict) and "text" in choice:
                choice["delta"] = {"content": choice.pop("text")}
        return super()._tidied(body)


def prompts_of(prompt: Any) -> int:
    """Return how many prompts there are: each is answered by as many choices as were asked for."""
    if isinstance(prompt, str) or not isinstance(prompt, Sequence):
        return 1
    if any(isinstance(each, int) for each in prompt):  # the tokens of one prompt
        return 1
    return max(len(prompt), 1)


def as_text_chunk(chunk: Mapping[str, Any]) -> JSON:
    """Return a chunk as it came from the vendor: its text beside the fields of the choice, not in a delta."""
    choices = [_as_text(choice) for choice in chunk.get("choices") or ()]
    return {**chunk, "object": "text_completion", "choices": choices}


def _as_text(choice: JSON) -> JSON:
    delta = choice["delta"]
    rest = {name: value for name, value in choice.items() if name != "delta"}
    others = {name: value for name, value in delta.items() if name not in ("content", "role")}
    return {"text": delta.get("content") or "", **others, **rest}
