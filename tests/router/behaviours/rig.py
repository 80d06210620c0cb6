"""A Router before emulated upstreams, and a call in each of four ways: what the caller got, what the upstreams saw.

All seconds are of a clock that runs `SPEED` times as fast as the machine's.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from litellm_lite.emulator import Emulator, Fault, Settings, Spell
from litellm_lite.emulator.record import Seen
from litellm_lite.errors import APIError
from litellm_lite.router.clock import Clock
from litellm_lite.router.router import Router
from litellm_lite.router.trace import AttemptRecord

SPEED = 10.0
MESSAGES = [{"role": "user", "content": "Say it."}]
WAYS = ("plain sync", "plain async", "streamed sync", "streamed async")
STREAMED = WAYS[2:]

_PATIENCE_S = 5.0  # real ones; reaching them is a failure
_numbers = itertools.count()


def running() -> Emulator:
    """An emulator whose every answer is the same sixty words."""
    return Emulator(Settings(any_upstream=True, answer_tokens=60, speed=SPEED))


@dataclass
class Outcome:
    """What a caller got: the text of choice 0, the chunks of a stream, how long it took, an error if there was one."""

    text: str = ""
    model: str | None = None
    finish: str | None = None
    elapsed_s: float = 0.0
    error: APIError | None = None
    answer: Any = None
    chunks: list[Any] = field(default_factory=list)

    @property
    def hidden(self) -> dict[str, Any]:
        hidden: dict[str, Any] = self.answer.hidden_params
        return hidden

    @property
    def attempts(self) -> tuple[AttemptRecord, ...]:
        found: tuple[AttemptRecord, ...] = self.error.attempts if self.error is not None else self.hidden["attempts"]
        return found

    @property
    def billed(self) -> list[AttemptRecord]:
        return [record for record in self.attempts if record.billed]

    @property
    def told(self) -> list[str]:
        return [f"{record.kind} {record.outcome}" for record in self.attempts]

    @property
    def failure(self) -> APIError:
        assert self.error is not None, f"the call was answered: {self.text!r}"
        return self.error


class Rig:
    """`primary` and `spare` in front of a Router: its settings are those of the behaviours, and nothing is tuned."""

    def __init__(self, emulator: Emulator, way: str = "plain sync", **settings: Any) -> None:
        self.emulator, self.way = emulator, way
        self.streamed = way.startswith("streamed")
        self._number, self._ahead_s = next(_numbers), 0.0
        self.settings = {"fallbacks": [{"main": ["backup"]}], "num_retries": 2, "timeout": 30, **settings}
        self.entries = [self.entry("primary"), self.entry("spare", "backup")]
        self._router: Router | None = None

    def entry(self, name: str, group: str = "main", *, info: dict[str, Any] | None = None, **params: Any) -> Any:
        """An entry of the model list, whose upstream no other test has."""
        base = self.emulator.base_url(self._upstream(name))
        place = {"model": f"openai/of-{name}", "api_base": base, "api_key": f"sk-key-of-{name}"}
        prices = {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}
        return {
            "model_name": group,
            "litellm_params": {**place, **prices, **params},
            "model_info": {"id": name, **(info or {})},
        }

    @property
    def router(self) -> Router:
        if self._router is None:
            self._router = Router(self.entries, clock=Clock(SPEED, self._tick), **self.settings)
        return self._router

    def has(self, name: str, *faults: Fault | str | Spell) -> None:
        """Let an upstream be ill."""
        self.emulator.afflict(self._upstream(name), *faults)

    def is_well(self, name: str) -> None:
        self.emulator.relieve(self._upstream(name))

    def seen(self, name: str) -> list[Seen]:
        """What came to an upstream, once all of it has ended."""
        return self.emulator.seen(self._upstream(name), within_s=_PATIENCE_S)

    def jumps(self, seconds: float) -> None:
        """Move the Router's clock ahead; the upstreams' own stays."""
        self._ahead_s += seconds / SPEED

    def call(self, model: str = "main", **params: Any) -> Outcome:
        """Make a call in the way of this rig, to its end."""
        if self.way.endswith("async"):
            return asyncio.run(self.acall(model, **params))
        return self._timed(lambda: self._call(model, params))

    async def acall(self, model: str = "main", **params: Any) -> Outcome:
        """Make a call as a coroutine."""
        began, outcome = time.monotonic(), Outcome()
        try:
            await self._acall(model, params, outcome)
        except APIError as error:
            outcome.error = error
        outcome.elapsed_s = (time.monotonic() - began) * SPEED
        return outcome

    @property
    def in_flight(self) -> int:
        return sum(report["in_flight"] for report in self.router.get_deployments())

    def _timed(self, call: Callable[[], Outcome]) -> Outcome:
        began = time.monotonic()
        outcome = call()
        outcome.elapsed_s = (time.monotonic() - began) * SPEED
        return outcome

    def _call(self, model: str, params: dict[str, Any]) -> Outcome:
        outcome = Outcome()
        arguments = {"messages": MESSAGES, **params}
        try:
            outcome.answer = self.router.completion(model, stream=self.streamed, **arguments)
            for chunk in outcome.answer if self.streamed else ():
                _note(outcome, chunk)
        except APIError as error:
            outcome.error = error
        _conclude(outcome, streamed=self.streamed)
        return outcome

    async def _acall(self, model: str, params: dict[str, Any], outcome: Outcome) -> None:
        arguments = {"messages": MESSAGES, **params}
        try:
            outcome.answer = await self.router.acompletion(model, stream=self.streamed, **arguments)
            if self.streamed:
                async for chunk in outcome.answer:
                    _note(outcome, chunk)
        finally:
            _conclude(outcome, streamed=self.streamed)

    def _upstream(self, name: str) -> str:
        return f"{self._number}-{name}"

    def _tick(self) -> float:
        return time.monotonic() + self._ahead_s


def _note(outcome: Outcome, chunk: Any) -> None:
    outcome.chunks.append(chunk)
    outcome.model = chunk.model
    for choice in chunk.choices:
        outcome.text += choice.delta.content or ""
        outcome.finish = choice.finish_reason or outcome.finish


def _conclude(outcome: Outcome, *, streamed: bool) -> None:
    if streamed or outcome.answer is None:
        return
    (choice,) = outcome.answer.choices
    outcome.text, outcome.finish, outcome.model = choice.message.content, choice.finish_reason, outcome.answer.model
