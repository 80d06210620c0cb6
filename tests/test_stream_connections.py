"""A stream and its connection: chunks come when they are sent, and whoever leaves early lets go of it."""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import Any

import pytest

import litellm_lite
from tests.calls import MESSAGES, MODES, call
from tests.shapes import OPENAI
from tests.wire import (
    LAST_FRAME,
    Close,
    HoldOpen,
    Pause,
    Send,
    Wire,
    chunk,
    chunk_frame,
    completion,
    event,
    stream,
    stream_head,
)

pytestmark = pytest.mark.parametrize("mode", MODES)


def test_the_connection_of_a_finished_stream_serves_the_next_call(mode: str, wire: Wire) -> None:
    arguments: dict[str, Any] = {"messages": MESSAGES, **wire.target, "stream": True}

    async def twice() -> None:
        for _ in range(2):
            async for _ in await litellm_lite.acompletion("openai/m", **arguments):
                pass

    if mode == "sync":
        for _ in range(2):
            list(litellm_lite.completion("openai/m", **arguments))
    else:
        asyncio.run(twice())
    assert wire.connections == 1


def leave_early(mode: str, wire: Wire, how: str) -> None:
    """Open a stream, read one chunk and leave: by `break`, by the end of a `with`, or by `close`."""
    arguments: dict[str, Any] = {"messages": MESSAGES, **wire.target, "stream": True}

    def leave() -> None:
        opened = litellm_lite.completion("openai/m", **arguments)
        if how == "with":
            with opened as inside:
                next(inside)
            return
        for _ in opened:
            break
        if how == "close":
            opened.close()
            opened.close()
            assert list(opened) == []

    async def aleave() -> None:
        opened = await litellm_lite.acompletion("openai/m", **arguments)
        if how == "with":
            async with opened as inside:
                await anext(inside)
        else:
            async for _ in opened:
                break
        if how == "close":
            await opened.aclose()
            await opened.aclose()
            assert [each async for each in opened] == []
        del opened
        gc.collect()
        await asyncio.to_thread(wire.wait_for_hang_up)

    if mode == "sync":
        leave()
        gc.collect()
    else:
        asyncio.run(aleave())


@pytest.mark.parametrize("engine", ["auto", "pyreqwest", "httpx", "aiohttp"])
@pytest.mark.parametrize("how", ["break", "with", "close"])
def test_a_stream_left_early_lets_go_of_its_connection(
    mode: str, wire: Wire, how: str, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITELLM_LITE_ENGINE", engine)
    wire.answers(stream([event(chunk("Hel"))], None, HoldOpen()))

    leave_early(mode, wire, how)

    wire.wait_for_hang_up()
    wire.answers(completion())
    assert call(mode, wire).choices[0].message.content == "Hello."


@pytest.mark.parametrize("engine", ["pyreqwest", "httpx", "aiohttp"])
def test_all_engines_stream_alike(mode: str, wire: Wire, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITELLM_LITE_ENGINE", engine)

    streamed = OPENAI.collect(mode, wire, stream_options={"include_usage": True})

    assert (streamed.text, (streamed.stream.usage or {})["total_tokens"]) == ("Hello.", 5)
    wire.answers(stream([event(chunk("Hel"))], None, Close()))
    assert OPENAI.collect(mode, wire).partial.text == "Hel"


def test_chunks_arrive_when_they_are_sent(mode: str, wire: Wire) -> None:
    gate = threading.Event()
    events = [Send(chunk_frame(each)) for each in OPENAI.hello()]
    wire.answers([*stream_head(), events[0], Pause(gate), *events[1:], Send(LAST_FRAME)])
    arguments: dict[str, Any] = {"messages": MESSAGES, **wire.target, "stream": True}

    def text(made: Any) -> str:
        content: str = made.choices[0].delta.content or ""
        return content

    async def aread() -> str:
        opened = await litellm_lite.acompletion("openai/m", **arguments)
        first = text(await anext(opened))
        gate.set()
        return first + "".join([text(each) async for each in opened])

    if mode == "sync":
        opened = litellm_lite.completion("openai/m", **arguments)
        first = text(next(opened))
        gate.set()
        assert first + "".join(map(text, opened)) == "Hello."
    else:
        assert asyncio.run(aread()) == "Hello."
