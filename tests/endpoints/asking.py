"""One call of an entry point, or of a Router's method, in either colour."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import litellm_lite
from litellm_lite import APIError
from tests.wire import Wire


def ask(mode: str, name: str, /, *args: Any, of: Any = litellm_lite, **params: Any) -> Any:
    """Return what `of` answers to a call of that name."""
    if mode == "sync":
        return getattr(of, name)(*args, **params)
    return asyncio.run(_awaited(lambda: getattr(of, f"a{name}")(*args, **params)))


class Heard:
    """A stream that has run: what came, the error it ended with if any, and the stream itself."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self.error: APIError | None = None
        self.stream: Any = None


def listen(mode: str, name: str, /, *args: Any, of: Any = litellm_lite, **params: Any) -> Heard:
    """Return what a streamed call delivers."""
    heard = Heard()
    try:
        if mode == "sync":
            heard.stream = getattr(of, name)(*args, stream=True, **params)
            for item in heard.stream:
                heard.items.append(item)
        else:
            asyncio.run(_listen(heard, lambda: getattr(of, f"a{name}")(*args, stream=True, **params)))
    except APIError as error:
        heard.error = error
    return heard


def at(wire: Wire, **params: Any) -> dict[str, Any]:
    """The parameters of a call to a wire that is not tried again."""
    return {**wire.target, "num_retries": 0, **params}


async def _listen(heard: Heard, opening: Callable[[], Any]) -> None:
    heard.stream = await opening()
    async for item in heard.stream:
        heard.items.append(item)


async def _awaited(opening: Callable[[], Any]) -> Any:
    return await opening()
