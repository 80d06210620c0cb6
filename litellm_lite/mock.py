"""`mock_response=`: an answer without a vendor, with LiteLLM's rules. It takes the same way out as a real one.

A text is the content, an exception is raised, a dictionary or ModelResponse is the answer itself, and a few
magic texts raise. Usage is fixed at 10 and 20 tokens; streams come in pieces of three characters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from itertools import islice
from typing import TYPE_CHECKING, Any

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
}
_REFUSED_CONTENT = "Exception: content_filter_policy"
_MID_STREAM = "Exception: mock_streaming_error"


def mock_completion(plan: Plan) -> JSON:
    """Return the mocked chat completion. Raises what the mock says to raise."""
    if plan.call.endpoint != "chat":
        return _native_answer(plan)
    said = plan.options.own.get("mock_response")
    if isinstance(said, Exception):
        raise _exception(plan, said)
    if said is None or isinstance(said, str):
        if (kind := _raising(said or "")) is not None:
            target = plan.call.target
            raise kind(f"{target.provider}: mocked {kind.__name__}", target.provider, target.model)
        return _completion(plan, said)
    body = said.model_dump() if hasattr(said, "model_dump") else said
    if not _is_completion(body):
        msg = "mock_response must be a text, an exception, a ModelResponse or a dictionary shaped like one"
        raise errors.BadRequestError(msg, param="mock_response")
    answer: JSON = deepcopy(dict(body))
    return answer


def _native_answer(plan: Plan) -> JSON:
    """Return the mocked answer of another endpoint: a dictionary in its shape, or the numbers of an embedding."""
    said, endpoint = plan.options.own.get("mock_response"), plan.call.endpoint
    if isinstance(said, Exception):
        raise _exception(plan, said)
    if isinstance(said, str) and (kind := _raising(said)) is not None:
        target = plan.call.target
        raise kind(f"{target.provider}: mocked {kind.__name__}", target.provider, target.model)
    body: Any = said.model_dump() if said is not None and hasattr(said, "model_dump") else said
    if endpoint == "embeddings" and isinstance(said, list):
        body = _embeddings(plan, said)
    try:
        if isinstance(body, Mapping):
            return plan.provider.parse_response(plan.call, Reply(200, {}, orjson.dumps(body)))
    except errors.APIResponseValidationError:
        pass  # it is the caller who has not the shape, and no vendor
    msg = f"mock_response must be an exception, or a dictionary in the shape of what /{endpoint} answers"
    raise errors.BadRequestError(msg, param="mock_response")


def _embeddings(plan: Plan, numbers: list[Any]) -> JSON:
    """Return the same numbers for each text."""
    given = plan.call.params.get("input")
    count = len(given) if isinstance(given, list | tuple) and not any(isinstance(each, int) for each in given) else 1
    data = [{"object": "embedding", "index": index, "embedding": numbers} for index in range(count)]
    usage = {"prompt_tokens": _USAGE["prompt_tokens"], "total_tokens": _USAGE["prompt_tokens"]}
    return {"object": "list", "data": data, "model": plan.call.target.model, "usage": usage}


def _raising(said: str) -> type[errors.APIError] | None:
    return errors.ContentPolicyViolationError if said.startswith(_REFUSED_CONTENT) else _RAISING.get(said)


def _exception(plan: Plan, said: Exception) -> Exception:
    """Return an exception of ours, or anybody's with a status, as it is told; others as MockException."""
    target = plan.call.target
    if isinstance(said, errors.APIError):
        return plan.locate(said)
    status = getattr(said, "status_code", 500)
    made = errors.MockException(str(said), target.provider, target.model, status_code=status, retryable=False)
    made.__cause__ = said
    return made


def _is_completion(body: Any) -> bool:
    choices = body.get("choices") if isinstance(body, Mapping) else None
    if not isinstance(choices, list) or not choices:
        return False
    return all(isinstance(choice, dict) and isinstance(choice.get("message"), dict) for choice in choices)


def _completion(plan: Plan, content: str | None) -> JSON:
    message: JSON = {"role": "assistant", "content": content}
    calls = plan.options.own.get("mock_tool_calls")
    if calls:
        message["tool_calls"] = [call.model_dump() if hasattr(call, "model_dump") else dict(call) for call in calls]
    reason = "tool_calls" if calls else "stop"
    asked = plan.call.params.get("n")
    count = asked if isinstance(asked, int) else 1
    choices = [{"index": index, "message": dict(message), "finish_reason": reason} for index in range(count)]
    return {"choices": choices, "usage": dict(_USAGE), "model": plan.call.target.model}


def answer_as_events(plan: Plan, body: JSON, piece: int = _PIECE) -> Iterator[bytes]:
    """Return a whole answer as the events of a stream. Raises APIError for one that cannot have been a stream."""
    endpoint = plan.call.endpoint
    if endpoint == "responses":
        msg = "a whole response came where a stream was asked for; leave out stream=True"
        raise errors.APIResponseValidationError(msg)
    if endpoint == "completions":  # chunks of it travel as those of a chat
        body = {**body, "choices": [_spoken(choice) for choice in body["choices"]]}
    return completion_as_events(body, piece)


def _spoken(choice: JSON) -> JSON:
    return {**{name: value for name, value in choice.items() if name != "text"}, "message": {"content": choice["text"]}}


def completion_as_events(body: JSON, piece: int = _PIECE) -> Iterator[bytes]:
    """Yield a whole completion as the events of a stream; `piece` characters of content each, 0 for all at once."""
    head = {key: value for key, value in body.items() if key not in ("choices", "usage", "object")}
    for choice in body["choices"]:
        others = {key: value for key, value in choice.items() if key not in ("message", "finish_reason")}
        message = {key: value for key, value in choice["message"].items() if value is not None}
        content = message.pop("content", "")
        if message.get("tool_calls"):
            message["tool_calls"] = [{"index": at, **call} for at, call in enumerate(message["tool_calls"])]
        yield _event(head, {**others, "delta": message, "finish_reason": None})
        for text in _cut(content, piece):
            yield _event(head, {"index": choice.get("index", 0), "delta": {"content": text}, "finish_reason": None})
        reason = choice.get("finish_reason") or "stop"
        yield _event(head, {"index": choice.get("index", 0), "delta": {}, "finish_reason": reason})
    yield _event(head, None, usage=body.get("usage"))
    yield b"data: [DONE]\n\n"


def _cut(content: Any, piece: int) -> list[Any]:
    return [content[at : at + piece] for at in range(0, len(content), piece)] if piece else [content] if content else []


def _event(head: JSON, choice: JSON | None, **fields: Any) -> bytes:
    chunk = {**head, "object": "chat.completion.chunk", "choices": [choice] if choice else [], **fields}
    return b"data: " + orjson.dumps(chunk) + b"\n\n"


def mock_events(plan: Plan) -> Iterator[bytes]:
    """Yield the mocked answer as the events of a stream; one magic text breaks it off with a 529."""
    said = plan.options.own.get("mock_response")
    if isinstance(said, str) and said.startswith(_MID_STREAM):
        yield from islice(completion_as_events(_completion(plan, "mocked"), 0), 2)
        error = {"message": "mocked failure in the middle of a stream", "code": 529}
        yield b"data: " + orjson.dumps({"error": error}) + b"\n\n"
    else:
        yield from answer_as_events(plan, mock_completion(plan))


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
