"""`mock_response=`: an answer without a vendor, with LiteLLM's rules. It takes the same way out as a real one.

A text is the content, an exception is raised, a dictionary or ModelResponse is the answer itself, and a few
magic texts raise. Usage is fixed at 10 and 20 tokens; streams come in pieces of three characters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import orjson

from litellm_lite import errors
from litellm_lite.call import Reply

if TYPE_CHECKING:
    from litellm_lite.prepare import Plan
    from litellm_lite.transformer import JSON

_USAGE = {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30}
_PIECE = 3
_RAISING = {
    "litellm.RateLimitError": errors.RateLimitError,
    "litellm.ContextWindowExceededError": errors.ContextWindowExceededError,
    "litellm.InternalServerError": errors.InternalServerError,
    "Exception: content_filter_policy": errors.ContentPolicyViolationError,
}
_MID_STREAM = "Exception: mock_streaming_error"


def mock_completion(plan: Plan) -> JSON:
    """Return the mocked chat completion. Raises what the mock says to raise."""
    said = plan.options.own.get("mock_response")
    if isinstance(said, Exception):
        raise _exception(plan, said)
    if isinstance(said, str) and (kind := _raising(said)) is not None:
        target = plan.call.target
        raise kind(f"{target.provider}: mocked {kind.__name__}", target.provider, target.model, retryable=False)
    if said is not None and hasattr(said, "model_dump"):
        dumped: JSON = said.model_dump()
        return dumped
    if isinstance(said, Mapping):
        return dict(said)
    return _completion(plan, said if isinstance(said, str) else None)


def _raising(said: str) -> type[errors.APIError] | None:
    return next((kind for start, kind in _RAISING.items() if said.startswith(start)), None)


def _exception(plan: Plan, said: Exception) -> Exception:
    """Return an exception of ours, or anybody's with a status, as it is told; others as MockException."""
    target = plan.call.target
    if isinstance(said, errors.APIError):
        return plan.locate(said)
    status = getattr(said, "status_code", 500)
    made = errors.MockException(str(said), target.provider, target.model, status_code=status, retryable=False)
    made.__cause__ = said
    return made


def _completion(plan: Plan, content: str | None) -> JSON:
    message: JSON = {"role": "assistant", "content": content}
    calls = plan.options.own.get("mock_tool_calls")
    if calls:
        message["tool_calls"] = [dict(call) for call in calls]
    reason = "tool_calls" if calls else "stop"
    choices = [{"index": index, "message": message, "finish_reason": reason} for index in range(_count(plan))]
    return {"choices": choices, "usage": dict(_USAGE), "model": plan.call.target.model}


def _count(plan: Plan) -> int:
    count: int = plan.call.params.get("n", 1)
    return count


def mock_reply(body: JSON, received_at: int) -> Reply:
    """Return the reply that a mocked answer pretends to come from."""
    return Reply(200, {}, orjson.dumps(body), "mock:", received_at=received_at)


def completion_as_events(body: JSON, piece: int = _PIECE) -> Iterator[bytes]:
    """Yield a whole completion as the events of a stream; `piece` characters of content each, 0 for all at once."""
    head = {key: body.get(key) for key in ("id", "created", "model") if body.get(key)}
    for choice in body["choices"]:
        index, message = choice.get("index", 0), dict(choice["message"])
        content = message.pop("content", None) or ""
        pieces = [content[at : at + piece] for at in range(0, len(content), piece)] if piece else [content]
        if message.get("tool_calls"):
            message["tool_calls"] = [{"index": at, **call} for at, call in enumerate(message["tool_calls"])]
        yield _event(head, index, {key: value for key, value in message.items() if value is not None})
        for text in pieces:
            yield _event(head, index, {"content": text})
        yield _event(head, index, {}, choice.get("finish_reason") or "stop")
    yield b"data: " + orjson.dumps({**head, "choices": [], "usage": body.get("usage")}) + b"\n\n"
    yield b"data: [DONE]\n\n"


def _event(head: JSON, index: int, delta: JSON, reason: str | None = None) -> bytes:
    choice = {"index": index, "delta": delta, "finish_reason": reason}
    return b"data: " + orjson.dumps({**head, "object": "chat.completion.chunk", "choices": [choice]}) + b"\n\n"


def mock_events(plan: Plan) -> Iterator[bytes]:
    """Yield the mocked answer as the events of a stream; one magic text breaks it off with a 529."""
    said = plan.options.own.get("mock_response")
    if isinstance(said, str) and said.startswith(_MID_STREAM):
        first, *_ = completion_as_events(_completion(plan, "mocked"), 0)
        yield first
        error = {"message": "mocked failure in the middle of a stream", "code": 529}
        yield b"data: " + orjson.dumps({"error": error}) + b"\n\n"
        return
    yield from completion_as_events(mock_completion(plan))


class Replay:
    """Bytes at hand, read like a stream from the network."""

    timed = True

    def __init__(self, events: Iterator[bytes], headers: Mapping[str, str] | None = None) -> None:
        self._events = events
        self.status = 200
        self.headers: Mapping[str, str] = headers or {}

    def read(self, limit_s: float | None = None) -> bytes:  # noqa: ARG002 - nothing to wait for
        return next(self._events, b"")

    def close(self) -> None:
        self._events = iter(())


class AsyncReplay:
    """The async twin of `Replay`."""

    timed = True

    def __init__(self, events: Iterator[bytes], headers: Mapping[str, str] | None = None) -> None:
        self._replay = Replay(events, headers)
        self.status = 200
        self.headers = self._replay.headers

    async def read(self, limit_s: float | None = None) -> bytes:
        return self._replay.read(limit_s)

    async def close(self) -> None:
        self._replay.close()
