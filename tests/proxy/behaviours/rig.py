"""The rig of the Router's behaviours with the gateway in front: an OpenAI client calls, over HTTP.

The gateway runs in this process, for it shall have the Router whose clock runs `SPEED` times as fast as the machine's.
"""

from __future__ import annotations

import asyncio
import queue
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import openai

from litellm_lite.emulator import Emulator
from litellm_lite.proxy.app import Gateway
from litellm_lite.proxy.auth import Keys
from litellm_lite.proxy.serving import Serving
from litellm_lite.proxy.stored import Store
from litellm_lite.proxy.telling import Record
from litellm_lite.router.trace import AttemptRecord
from tests.proxy.running import inside
from tests.router.behaviours.rig import MESSAGES, SPEED, Rig

KEY = "sk-key-of-the-gateway"
_PATIENCE_S = 10.0


class Served:
    """A gateway that takes the configuration of each test in turn; `records` are its requests that are over."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.records: queue.Queue[Record] = queue.Queue()
        self.gateway: Gateway | None = None
        self.url = ""

    @contextmanager
    def running(self) -> Iterator[None]:
        with inside(self._answer) as self.url:
            yield

    def serve(self, rig: Rig) -> None:
        """Let the requests to come be answered by the Router of a rig."""
        serving = Serving(router=rig.router, keys=Keys(KEY), store=self.store)
        self.gateway = Gateway(serving, self.records.put, _nothing_else)

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        assert self.gateway is not None
        await self.gateway(scope, receive, send)


async def _nothing_else(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError(f"nobody asks for {scope['path']}")


@dataclass
class Outcome:
    """What the client got, and what the gateway noted of it."""

    record: Record
    text: str = ""
    model: str | None = None
    finish: str | None = None
    usage: Any = None
    elapsed_s: float = 0.0
    error: openai.APIError | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def attempts(self) -> list[AttemptRecord]:
        assert self.record.trace is not None
        return list(self.record.trace)

    @property
    def told(self) -> list[str]:
        return [f"{record.kind} {record.outcome}" for record in self.attempts]

    @property
    def by(self) -> str | None:
        """Who served, as the gateway noted it at the end."""
        trace = self.record.trace
        return None if trace is None or trace.served is None else trace.served.deployment.id

    @property
    def failure(self) -> openai.APIError:
        assert self.error is not None, f"the call was answered: {self.text!r}"
        return self.error


class ClientRig(Rig):
    """The Router's rig, called by `openai.AsyncOpenAI` that tries nothing twice."""

    def __init__(self, emulator: Emulator, served: Served, *, streamed: bool) -> None:
        super().__init__(emulator, "streamed async" if streamed else "plain async")
        self.served = served

    def ask(self, **params: Any) -> Outcome:
        """Make a call to its end."""
        self.served.serve(self)
        return asyncio.run(self._ask(params))

    async def _ask(self, params: dict[str, Any]) -> Outcome:
        got: dict[str, Any] = {}
        async with openai.AsyncOpenAI(base_url=self.served.url, api_key=KEY, max_retries=0) as client:
            began = time.monotonic()
            try:
                await self._exchange(client, params, got)
            except openai.APIError as error:
                got["error"] = error
                if isinstance(error, openai.APIStatusError):
                    got["headers"] = dict(error.response.headers)
            got["elapsed_s"] = (time.monotonic() - began) * SPEED
        return Outcome(self.served.records.get(timeout=_PATIENCE_S), **got)

    async def _exchange(self, client: openai.AsyncOpenAI, params: dict[str, Any], got: dict[str, Any]) -> None:
        asked: dict[str, Any] = {"model": "main", "messages": MESSAGES, **params}
        if not self.streamed:
            raw = await client.chat.completions.with_raw_response.create(**asked)
            answer = raw.parse()
            got |= {"headers": dict(raw.headers), "model": answer.model, "usage": answer.usage}
            got |= {"text": answer.choices[0].message.content, "finish": answer.choices[0].finish_reason}
            return
        asked |= {"stream": True, "stream_options": {"include_usage": True}}
        opened = await client.chat.completions.with_raw_response.create(**asked)
        got |= {"headers": dict(opened.headers), "text": ""}
        async for chunk in opened.parse():
            got |= {"model": chunk.model, "usage": chunk.usage}
            for choice in chunk.choices:
                got["text"] += choice.delta.content or ""
                got["finish"] = choice.finish_reason or got.get("finish")
