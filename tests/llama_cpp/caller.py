"""Calls a real server through the library: in one colour, by one provider's name. Arranges; asserts nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

from litellm_lite import AsyncCompletionStream, CompletionStream, ModelResponse, acompletion, completion
from litellm_lite.types.response import ModelResponseStream
from tests.llama_cpp.server import LlamaServer

Mode = Literal["sync", "async"]
Prompt = str | list[Any]
"""What a user says, or messages: dictionaries, or those of earlier answers as they came."""

GREETING = "Hello, how are you?"

# Meta's API has none of these and the library refuses them there; llama.cpp behind the same name has them all.
_BEYOND_META = ("logit_bias", "logprobs", "n", "seed", "stop", "top_logprobs")


@dataclass(frozen=True, slots=True)
class Streamed:
    """A stream that was read to its end."""

    chunks: list[ModelResponseStream]
    usage: dict[str, Any] | None
    cost: float | None

    def texts(self, choice: int = 0) -> list[str]:
        """Return the pieces of one choice's text."""
        return [piece.delta.content for piece in self._pieces(choice) if piece.delta.content]

    def finish_reasons(self, choice: int = 0) -> list[str]:
        """Return every finish reason that came for a choice."""
        return [piece.finish_reason for piece in self._pieces(choice) if piece.finish_reason]

    def _pieces(self, choice: int) -> list[Any]:
        return [piece for chunk in self.chunks for piece in chunk.choices if piece.index == choice]


class Caller:
    """Asks the server; the parameters of every method are those of `completion`, and they win."""

    def __init__(self, server: LlamaServer, provider: str, mode: Mode) -> None:
        self.server, self.provider, self.mode = server, provider, mode

    @property
    def model(self) -> str:
        """The model's name, as a caller of the library writes it."""
        return f"{self.provider}/{self.server.settings.alias}"

    def ask(self, prompt: Prompt = GREETING, **params: Any) -> ModelResponse:
        """Return a whole answer."""
        return self.ask_all([prompt], **params)[0]

    def ask_all(self, prompts: Sequence[Prompt], **params: Any) -> list[ModelResponse]:
        """Return the answers to several prompts asked at once, in the order of the prompts."""
        requests = [self._request(prompt, params) for prompt in prompts]
        if self.mode == "async":
            return asyncio.run(_gather(requests))
        with ThreadPoolExecutor(len(requests)) as threads:
            return list(threads.map(lambda request: completion(**request), requests))

    def stream(self, prompt: Prompt = GREETING, **params: Any) -> Streamed:
        """Return a stream with all that came."""
        request = self._request(prompt, params)
        if self.mode == "async":
            return asyncio.run(_aread(request))
        stream: CompletionStream = completion(stream=True, **request)
        return Streamed(list(stream), stream.usage, stream.response_cost)

    def ask_after_leaving(self, streams: int, leave: dict[str, Any], **params: Any) -> ModelResponse:
        """Begin as many streams, close each after its first chunk while it still runs, and then ask."""
        left, asked = self._request(GREETING, leave), self._request(GREETING, params)
        if self.mode == "async":
            return asyncio.run(_aleave_and_ask(streams, left, asked))
        opened: list[CompletionStream] = [completion(stream=True, **left) for _ in range(streams)]
        for stream in opened:
            next(stream)
        for stream in opened:
            stream.close()
        answer: ModelResponse = completion(**asked)
        return answer

    def _request(self, prompt: Prompt, params: dict[str, Any]) -> dict[str, Any]:
        return {
            "model": self.model,
            "messages": [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt,
            "api_base": self.server.api_base,
            "api_key": self.server.settings.api_key,
            "allowed_openai_params": _BEYOND_META if self.provider == "meta_llama" else (),
            "timeout": 30,
            **params,
        }


async def _gather(requests: list[dict[str, Any]]) -> list[ModelResponse]:
    return await asyncio.gather(*(acompletion(**request) for request in requests))


async def _aread(request: dict[str, Any]) -> Streamed:
    stream: AsyncCompletionStream = await acompletion(stream=True, **request)
    return Streamed([chunk async for chunk in stream], stream.usage, stream.response_cost)


async def _aleave_and_ask(streams: int, left: dict[str, Any], asked: dict[str, Any]) -> ModelResponse:
    opened: list[AsyncCompletionStream] = [await acompletion(stream=True, **left) for _ in range(streams)]
    for stream in opened:
        await anext(stream)
    for stream in opened:
        await stream.aclose()
    answer: ModelResponse = await acompletion(**asked)
    return answer
