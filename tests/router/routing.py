"""Calls of a Router in either colour, at scripted servers: one test, both twins.

@pytest.mark.parametrize("mode", MODES)
def test_it_answers(mode, wire):
    assert ask(mode, Router([place(wire)])).choices[0].message.content == "Hello."
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from litellm_lite import APIError, Router
from tests.calls import MESSAGES, Streamed
from tests.wire import Wire

Wires = Callable[..., Wire]


def place(wire: Wire | None = None, id: str = "a", group: str = "chat", /, **params: Any) -> dict[str, Any]:
    """An entry of a model list: `openai/m` at a wire, or where nobody is. `info` is its model_info."""
    info = {"id": id, **params.pop("info", {})}
    where = {"api_base": "http://127.0.0.1:9/v1", "api_key": "sk-nobody"} if wire is None else wire.target
    return {"model_name": group, "litellm_params": {"model": "openai/m", **where, **params}, "model_info": info}


def ask(mode: str, router: Router, model: str = "chat", messages: Any = MESSAGES, /, **params: Any) -> Any:
    """The answer to a call."""
    if mode == "sync":
        return router.completion(model, messages, **params)
    return asyncio.run(_as_coroutine(lambda: router.acompletion(model, messages, **params)))


def listen(mode: str, router: Router, model: str = "chat", messages: Any = MESSAGES, /, **params: Any) -> Streamed:
    """What a streamed call delivers: its chunks, its error if it raised one, and the stream itself."""
    if mode == "sync":
        return hear(lambda: router.completion(model, messages, stream=True, **params))
    return asyncio.run(ahear(lambda: router.acompletion(model, messages, stream=True, **params)))


def hear(opening: Callable[[], Any]) -> Streamed:
    heard = Streamed()
    try:
        heard.stream = opening()
        for chunk in heard.stream:
            heard.chunks.append(chunk)
    except APIError as error:
        heard.error = error
    return heard


async def ahear(opening: Callable[[], Awaitable[Any]]) -> Streamed:
    heard = Streamed()
    try:
        heard.stream = await opening()
        async for chunk in heard.stream:
            heard.chunks.append(chunk)
    except APIError as error:
        heard.error = error
    return heard


def hidden(mode: str, router: Router, *, stream: bool, **params: Any) -> dict[str, Any]:
    """What is told of a call that went well, beside its answer."""
    told = listen(mode, router, **params).stream if stream else ask(mode, router, **params)
    known: dict[str, Any] = told.hidden_params
    return known


def served(answer: Any) -> str:
    """The id of the deployment that answered."""
    id: str = answer.hidden_params["model_id"]
    return id


def tried(answer: Any) -> list[tuple[str, str, str]]:
    """The attempts of an answer, or of an error: of which kind, where, and what became of them."""
    attempts: Sequence[Any] = answer.attempts if isinstance(answer, APIError) else answer.hidden_params["attempts"]
    return [(each.kind, each.deployment.id, each.outcome) for each in attempts]


async def _as_coroutine(opening: Callable[[], Awaitable[Any]]) -> Any:
    return await opening()
