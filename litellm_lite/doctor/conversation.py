"""What is asked during an examination, and what a caller gets of it, whichever way it comes and ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from litellm_lite.doctor.observed import Call
from litellm_lite.emulator import Emulator
from litellm_lite.emulator.vocabulary import words
from litellm_lite.router import Router
from litellm_lite.router.clock import Clock

GIVEN_UP_S = 40.0
"""Real seconds after which a call is given up."""

_WORDS = 60
_ANY = "any"
_QUESTION = f"Please say {_WORDS} words."
_TOOL_QUESTION = "What is the weather in Paris, in degrees Celsius?"
_TEXT = {"type": "string"}
_TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": _TEXT, "country": _TEXT, "unit": _TEXT, "language": _TEXT, "reason": _TEXT},
            "required": ["city", "country", "unit", "language", "reason"],
        },
    },
}
_CHOICE = {"type": "function", "function": {"name": "get_weather"}}


class Caller(NamedTuple):
    """Who calls: for a model, by a Router, with a clock."""

    router: Router
    model: str
    clock: Clock


@dataclass(frozen=True, slots=True)
class Conversation:
    """The questions, and what the emulator has to say to them: a text, and the call of a tool."""

    text: str
    tool_call: str

    @classmethod
    async def rehearsed(cls, emulator: Emulator, models: Iterable[str]) -> Conversation:
        """Return it once each model was asked, of a healthy upstream: what is made at first use takes its time then."""
        base, key, clock = emulator.base_url("rehearsal"), emulator.api_key, Clock()
        places = {model: {"model": f"openai/{model}", "api_base": base, "api_key": key} for model in (*models, _ANY)}
        router = Router(
            [{"model_name": model, "litellm_params": where} for model, where in places.items()], clock=clock
        )
        asked = cls(words(_WORDS), "")
        for model in places:
            await asked.call(Caller(router, model, clock), stream=False, tools=False)
        caller = Caller(router, _ANY, clock)
        return cls(asked.text, (await asked.call(caller, stream=True, tools=True)).text)

    async def call(self, caller: Caller, *, stream: bool, tools: bool) -> Call:
        """Make a call, and return it with times of the caller's clock."""
        question = _TOOL_QUESTION if tools else _QUESTION
        messages: Any = [{"role": "user", "content": question}]
        params: Any = {"tools": [_TOOL], "tool_choice": _CHOICE} if tools else {}
        heard = _Heard(caller.clock.now())
        error: Exception | None = None
        try:
            async with asyncio.timeout(GIVEN_UP_S):
                if stream:
                    await heard.stream(caller, messages, params)
                else:
                    heard.answer(await caller.router.acompletion(caller.model, messages, **params))
        except Exception as raised:  # whatever comes is what a caller sees
            error = raised
        return heard.as_call(error, caller.clock.now(), self.tool_call if tools else self.text, tools=tools)


@dataclass(slots=True)
class _Heard:
    """What came of an answer so far. A call of a tool is told as `name(arguments)`."""

    began: float
    parts: list[str] = field(default_factory=list)
    finish: str | None = None
    first: float | None = None
    last: float | None = None
    model: str | None = None
    usage: Mapping[str, Any] | None = None
    hidden: Mapping[str, Any] = field(default_factory=dict)

    @property
    def said(self) -> str:
        """All of it; a call is closed when it is finished."""
        return "".join(self.parts) + ")" * (self.finish == "tool_calls")

    async def stream(self, caller: Caller, messages: Any, params: Any) -> None:
        """Ask for a stream, and take all of it."""
        options = {"include_usage": True}
        opened = caller.router.acompletion(caller.model, messages, stream=True, stream_options=options, **params)
        async with await opened as stream:
            self.hidden = stream.hidden_params
            async for chunk in stream:
                self.chunk(chunk, caller.clock.now())
            self.usage = stream.usage

    def chunk(self, chunk: Any, now: float) -> None:
        """Take a part of a stream."""
        self.last, self.model = now, chunk.model or self.model
        for choice in chunk.choices:
            said = [choice.delta.content or ""]
            for call in choice.delta.tool_calls or ():
                said += [f"{call.function.name}(" if call.function.name else "", call.function.arguments or ""]
            self.parts += said
            self.first = now if self.first is None and any(said) else self.first
            self.finish = choice.finish_reason or self.finish

    def answer(self, answer: Any) -> None:
        """Take an answer that came whole."""
        choice, self.model, self.hidden = answer.choices[0], answer.model, answer.hidden_params
        calls = (f"{call.function.name}({call.function.arguments}" for call in choice.message.tool_calls or ())
        self.parts = [choice.message.content or "", *calls]
        self.finish = choice.finish_reason
        self.usage = answer.usage.model_dump() if answer.usage is not None else None

    def as_call(self, error: Exception | None, ended: float, wanted: str, *, tools: bool) -> Call:
        """Return it as a call, with the times as the clock has them."""
        cost = self.hidden.get("cost")
        return Call(
            began_s=self.began,
            ended_s=ended,
            wanted=wanted,
            tools=tools,
            text=self.said,
            finish=self.finish,
            first_token_s=None if self.first is None else self.first - self.began,
            last_token_s=None if self.last is None else self.last - self.began,
            usage=self.usage,
            model=self.model,
            model_id=self.hidden.get("model_id"),
            cost=None if cost is None else Decimal(cost.total),
            error=error,
            attempts=tuple(getattr(error, "attempts", ()) or self.hidden.get("attempts", ())),
        )
