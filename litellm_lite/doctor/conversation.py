"""What is asked during an examination, and what a caller gets of it, whichever way it comes and ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from litellm_lite.doctor.observed import Call, Told
from litellm_lite.emulator import Emulator
from litellm_lite.emulator.vocabulary import words
from litellm_lite.router import Router
from litellm_lite.router.clock import Clock
from litellm_lite.router.trace import AttemptRecord

GIVEN_UP_S = 40.0
"""Real seconds after which a call is given up."""

JSON = dict[str, Any]

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
_USAGE_TOO = {"include_usage": True}


class Caller(Protocol):
    """Who calls, for one model."""

    @property
    def clock(self) -> Clock:
        """The clock that calls are timed with."""

    async def ask(self, question: JSON, heard: Heard, *, stream: bool) -> None:
        """Ask, and let `heard` take what comes. Raises what the caller sees of a failure."""


@dataclass(frozen=True, slots=True)
class RouterCaller:
    """Calls a Router of this process."""

    router: Router
    model: str
    clock: Clock

    async def ask(self, question: JSON, heard: Heard, *, stream: bool) -> None:
        """Ask, and let `heard` take what comes."""
        if not stream:
            answer = await self.router.acompletion(self.model, **question)
            heard.say(answer.hidden_params)
            heard.answer(answer.model_dump())
            return
        opened = self.router.acompletion(self.model, stream=True, stream_options=_USAGE_TOO, **question)
        async with await opened as chunks:
            try:
                async for chunk in chunks:
                    heard.chunk(chunk.model_dump(), self.clock.now())
                heard.usage = chunks.usage
            finally:
                heard.say(chunks.hidden_params)


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
            await asked.call(RouterCaller(router, model, clock), stream=False, tools=False)
        caller = RouterCaller(router, _ANY, clock)
        return cls(asked.text, (await asked.call(caller, stream=True, tools=True)).text)

    async def call(self, caller: Caller, *, stream: bool, tools: bool) -> Call:
        """Make a call, and return it with times of the caller's clock."""
        asked: JSON = {"messages": [{"role": "user", "content": _TOOL_QUESTION if tools else _QUESTION}]}
        if tools:
            asked |= {"tools": [_TOOL], "tool_choice": _CHOICE}
        heard = Heard(caller.clock.now())
        error: Exception | None = None
        try:
            async with asyncio.timeout(GIVEN_UP_S):
                await caller.ask(asked, heard, stream=stream)
        except Exception as raised:  # whatever comes is what a caller sees
            error = raised
        return heard.as_call(error, caller.clock.now(), self.tool_call if tools else self.text, tools=tools)


@dataclass(slots=True)
class Heard:
    """What came of an answer so far. A call of a tool is told as `name(arguments)`."""

    began: float
    parts: list[str] = field(default_factory=list)
    finish: str | None = None
    first: float | None = None
    last: float | None = None
    model: str | None = None
    model_id: str | None = None
    cost: Decimal | None = None
    usage: Mapping[str, Any] | None = None
    attempts: Sequence[AttemptRecord] = ()
    told: Told | None = None

    @property
    def said(self) -> str:
        """All of it; a call is closed when it is finished."""
        return "".join(self.parts) + ")" * (self.finish == "tool_calls")

    def say(self, hidden: Mapping[str, Any]) -> None:
        """Take what the library tells beside an answer, so far as that is known."""
        cost = hidden.get("cost")
        self.cost = None if cost is None else Decimal(cost.total)
        self.model_id, self.attempts = hidden.get("model_id"), hidden.get("attempts", ())

    def chunk(self, chunk: JSON, now: float) -> None:
        """Take a part of a stream."""
        self.last, self.model = now, chunk.get("model") or self.model
        self.usage = chunk.get("usage") or self.usage
        for choice in chunk.get("choices") or ():
            said = _said(choice.get("delta") or {})
            self.parts += said
            self.first = now if self.first is None and any(said) else self.first
            self.finish = choice.get("finish_reason") or self.finish

    def answer(self, answer: JSON) -> None:
        """Take an answer that came whole."""
        choice, self.model, self.usage = answer["choices"][0], answer.get("model"), answer.get("usage")
        self.parts, self.finish = _said(choice["message"]), choice.get("finish_reason")

    def as_call(self, error: Exception | None, ended: float, wanted: str, *, tools: bool) -> Call:
        """Return it as a call, with the times as the clock has them."""
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
            model_id=self.model_id,
            cost=self.cost,
            error=error,
            attempts=tuple(getattr(error, "attempts", ()) or self.attempts),
            told=self.told,
        )


def _said(message: JSON) -> list[str]:
    """Return the texts of a message, or of a part of one."""
    said = [message.get("content") or ""]
    for call in message.get("tool_calls") or ():
        function = call.get("function") or {}
        name = function.get("name")
        said += [f"{name}(" if name else "", function.get("arguments") or ""]
    return said
