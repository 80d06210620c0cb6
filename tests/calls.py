"""One call in either colour, so that a test is written once and runs twice.

@pytest.mark.parametrize("mode", MODES)
def test_it_answers(mode, wire):
    assert call(mode, wire).choices[0].message.content == "Hello."
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import litellm_lite
import litellm_lite.errors

if TYPE_CHECKING:
    from tests.wire import Wire

T = TypeVar("T")

MODES = ("sync", "async")
MESSAGES = [{"role": "user", "content": "Hi"}]


def call(mode: str, wire: Wire, model: str = "openai/m", /, **params: Any) -> Any:
    """Return the answer to a call of `completion` or `acompletion`; not tried again unless the test says so."""
    arguments: dict[str, Any] = {"messages": MESSAGES, "num_retries": 0, **wire.target, **params}
    if mode == "sync":
        return litellm_lite.completion(model, **arguments)
    return asyncio.run(_as_coroutine(lambda: litellm_lite.acompletion(model, **arguments)))


def collect(mode: str, wire: Wire, model: str = "openai/m", /, **params: Any) -> Streamed:
    """Return what a streamed call delivers: its chunks, its error if it raised one, and the stream itself."""
    arguments: dict[str, Any] = {"messages": MESSAGES, "num_retries": 0, **wire.target, **params, "stream": True}
    streamed = Streamed()
    if mode == "sync":
        _collect(streamed, lambda: litellm_lite.completion(model, **arguments))
    else:
        asyncio.run(_acollect(streamed, lambda: litellm_lite.acompletion(model, **arguments)))
    return streamed


class Streamed:
    """A stream that has run. `text` is the content of choice 0."""

    def __init__(self) -> None:
        self.chunks: list[Any] = []
        self.error: litellm_lite.APIError | None = None
        self.stream: Any = None

    @property
    def text(self) -> str:
        choices = [choice for chunk in self.chunks for choice in chunk.choices if choice.index == 0]
        return "".join(choice.delta.content or "" for choice in choices)

    @property
    def failure(self) -> litellm_lite.APIError:
        assert self.error is not None, f"the stream ended well: {self.text!r}"
        return self.error

    @property
    def partial(self) -> litellm_lite.errors.Partial:
        """What the failure says had come before it."""
        assert self.failure.partial is not None
        return self.failure.partial


def _collect(streamed: Streamed, opening: Callable[[], Any]) -> None:
    try:
        streamed.stream = opening()
        for chunk in streamed.stream:
            streamed.chunks.append(chunk)
    except litellm_lite.APIError as error:
        streamed.error = error


async def _acollect(streamed: Streamed, opening: Callable[[], Awaitable[Any]]) -> None:
    try:
        streamed.stream = await opening()
        async for chunk in streamed.stream:
            streamed.chunks.append(chunk)
    except litellm_lite.APIError as error:
        streamed.error = error


async def _as_coroutine(opening: Callable[[], Awaitable[T]]) -> T:
    return await opening()
