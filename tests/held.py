"""A stream that is stepped by hand, in either colour, for tests that look between two chunks.

with Held(mode, wire) as held:
    assert held.next_text() == "Hel"
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Self

import litellm_lite
from tests.calls import MESSAGES

if TYPE_CHECKING:
    from tests.wire import Wire


class Held:
    """An open stream; it is closed with the block."""

    def __init__(self, mode: str, wire: Wire, model: str = "openai/m", /, **params: Any) -> None:
        arguments: dict[str, Any] = {"messages": MESSAGES, "num_retries": 0, **wire.target, **params, "stream": True}
        self._runner = asyncio.Runner() if mode == "async" else None
        opening: Any = litellm_lite.completion if mode == "sync" else litellm_lite.acompletion
        self.stream = self._run(lambda: opening(model, **arguments))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        if self._runner is not None:
            self._runner.close()

    def next(self, within_s: float | None = None) -> Any:
        """Return the next chunk, or None at the end; a limit of the caller's own ends the wait in asyncio."""
        if self._runner is None:
            return next(self.stream, None)

        async def awaited() -> Any:
            async with asyncio.timeout(within_s):
                return await anext(self.stream, None)

        return self._runner.run(awaited())

    def next_text(self) -> str | None:
        made = self.next()
        content: str | None = made and made.choices[0].delta.content
        return content

    def rest(self) -> tuple[list[str | None], litellm_lite.APIError | None]:
        """Return the texts that are still to come, and the error that ends them, if one does."""
        texts: list[str | None] = []
        try:
            while (made := self.next()) is not None:
                texts.append(made.choices[0].delta.content)
        except litellm_lite.APIError as error:
            return texts, error
        return texts, None

    def close(self) -> None:
        self._run(self.stream.close if self._runner is None else self.stream.aclose)

    def _run(self, made: Callable[[], Any]) -> Any:
        return made() if self._runner is None else self._runner.run(_as_coroutine(made))


async def _as_coroutine(made: Callable[[], Awaitable[Any]]) -> Any:
    return await made()
