"""A caller in the simulator: performs what its route says, as the drivers do, but in simulated time.

Whatever it does it tells its `watch` first. It knows no more of the Router than the steps and events.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from litellm_lite.errors import APIConnectionError, APIError, Timeout
from litellm_lite.router.steps import (
    Answered,
    Attempt,
    Broke,
    Event,
    Failed,
    Finished,
    Keep,
    Listen,
    Pause,
    Refused,
    Silent,
    Spoke,
    Step,
    Wait,
)
from tests.router.simulated_vendors import Reply, Vendor, chunk, truth_of, used_tokens

if TYPE_CHECKING:
    from litellm_lite.router.request import Way
    from tests.router.simulator import World

_MOST_STEPS_AT_ONCE = 200
"""More without any time passing is spinning."""


class Request(NamedTuple):
    """What a caller asks for."""

    group: str = "main"
    stream: bool = False
    size: int = 40
    """In characters of the prompt."""
    max_tokens: int = 16
    tag: str | None = None
    region: str | None = None
    tools: bool = False
    timeout_s: float = 30.0

    def params(self) -> dict[str, Any]:
        """Return it as the arguments of `completion`."""
        given: dict[str, Any] = {"max_tokens": self.max_tokens, "timeout": self.timeout_s}
        if self.tag is not None:
            given["metadata"] = {"tags": [self.tag]}
        if self.region is not None:
            given["allowed_model_region"] = self.region
        if self.tools:
            given["tools"] = [{"type": "function", "function": {"name": "look", "parameters": {}}}]
        return given

    def __str__(self) -> str:
        words = [f"{self.group!r}", "a stream" if self.stream else "", f"{self.size} characters"]
        words += [f"tag {self.tag}"] * bool(self.tag) + [f"only in {self.region}"] * bool(self.region)
        return ", ".join(filter(None, [*words, "with tools" if self.tools else "", f"{self.timeout_s:g} s"]))


class Leg:
    """One attempt under way: what its vendor sends, and how far it was read."""

    def __init__(self, attempt: Attempt, vendor: Vendor, reply: Reply, began: float) -> None:
        self.attempt, self.vendor, self.reply, self.began = attempt, vendor, reply, began
        self.read = 0
        self.last = began

    @property
    def usage(self) -> dict[str, Any]:
        return {"total_tokens": self.reply.tokens}

    def next_at(self) -> float:
        """Return when the next piece comes, or the end; infinite where nothing does any more."""
        if self.reply.end == "stall" and self.read >= len(self.reply.pieces) // 2:
            return math.inf
        return self.began + self.reply.after_s + self.read * self.reply.gap_s

    def take(self) -> dict[str, Any] | None:
        """Return the next chunk, None at the end. Raises APIError where the stream is cut."""
        pieces, at = self.reply.pieces, self.read
        self.read += 1
        if self.reply.end == "cut" and at >= len(pieces) // 2:
            raise APIConnectionError("the stream was cut", retryable=True)
        if at > len(pieces):
            return None
        return chunk("", finish=True) if at == len(pieces) else chunk(pieces[at])


class Caller:
    """One call, from its arrival to its end."""

    def __init__(self, world: World, number: int, request: Request, way: Way) -> None:
        self.world, self.number, self.request = world, number, request
        self.route, self.mender = way.route, way.mender()
        self.truth = truth_of(number)
        self.there = {standing.deployment for standing in world.fleet.standings.values()}
        """The deployments there were when it came."""
        self.legs: dict[int, Leg] = {}
        self.kept: Leg | None = None
        self.shown = ""
        self.finish_shown = self.hung_up = False
        self.error: APIError | None = None
        self.answers = 0
        self.over = self.deaf = False
        self._inbox: deque[Event] = deque()
        self._listening = False
        self._turn = 0
        self._steps_at, self._steps = -1.0, 0

    def __str__(self) -> str:
        return f"request {self.number}"

    def begin(self) -> None:
        """Take the first step."""
        if not self.over:
            self._advance(None)

    def hang_up(self) -> None:
        """Let go of the call, wherever it is."""
        if self.over:
            return
        self.hung_up = True
        self.world.tell(f"{self} is cancelled")
        if self.kept is not None and not self._listening:
            self._let_go_of_legs()
            self._finished(whole=False)
        else:
            self._let_go_of_legs()
            self.route.close()
        self._end()

    def lose_loop(self) -> None:
        """Lose the event loop: nothing wakes the call any more, and some time later it is thrown away."""
        if not self.over and not self.deaf:
            self.deaf = True
            self.world.tell(f"the event loop of {self} is closed around it")
            self.world.after(1.0, self.hang_up)

    def _advance(self, event: Event) -> None:
        self._turn += 1
        self._listening = False
        self._mind_spinning()
        self.world.watch.heard(event)
        try:
            step = self.route.advance(event)
        except APIError as error:
            self._failed(error)
            return
        self.world.watch.step(self, step)
        self._perform(step)

    def _perform(self, step: Step) -> None:
        match step:
            case Attempt():
                self._attempt(step)
            case Pause(seconds):
                self.world.after(seconds + self.world.lag(), self._resume, self._turn)
            case Wait():
                self._wait(step)
            case Listen(seconds):
                self._listen(seconds)
            case Keep(attempt):
                self._keep(attempt)

    def _wait(self, step: Wait) -> None:
        turn, ticket = self._turn, step.ticket

        def wake() -> None:
            if self.deaf:
                raise RuntimeError("Event loop is closed")
            self.world.watch.called(self, ticket)
            self.world.after(self.world.lag(), self._resume, turn)

        ticket.wake = wake
        self.world.after(self.world.lag() + (0.0 if ticket.granted else step.seconds), self._resume, turn)

    def _resume(self, turn: int) -> None:
        """Go on with no event, if nothing else has happened since."""
        if turn == self._turn and not self.over and not self.deaf:
            self._advance(None)

    def _attempt(self, attempt: Attempt) -> None:
        world = self.world
        vendor = world.vendors[attempt.deployment]
        reply = vendor.ask(attempt, self.truth, world.at, self.route.ask.tokens)
        if not reply.sent:
            world.watch.ended(self, attempt, sent=False)
            assert reply.error is not None
            self._advance(Refused(attempt, reply.error))
            return
        racing = bool(self.legs) or attempt.silent_s is not None
        leg = self.legs[attempt.number] = Leg(attempt, vendor, reply, world.at)
        vendor.under_way += 1
        vendor.most_under_way = max(vendor.most_under_way, vendor.under_way)
        if self.kept is not None:
            self._mend(leg)
            return
        limit_s = math.inf if attempt.timeout_s is None else attempt.timeout_s
        if reply.after_s <= limit_s:
            world.after(reply.after_s, self._came, leg)
        else:
            world.after(limit_s + world.lag(), self._timed_out, leg)
        if attempt.silent_s is not None:
            world.after(attempt.silent_s, self._fell_silent, leg)
        self._listen(attempt.timeout_s if racing else None)

    def _listen(self, seconds: float | None) -> None:
        if self._inbox:
            self._advance(self._inbox.popleft())
            return
        self._listening = True
        if seconds is not None:
            self.world.after(max(0.0, seconds) + self.world.lag(), self._resume, self._turn)

    def _hear(self, event: Event) -> None:
        if self._listening:
            self._advance(event)
        else:
            self._inbox.append(event)

    def _came(self, leg: Leg) -> None:
        """What comes first of an attempt: an error, a whole answer, or a stream's first token."""
        attempt, reply = leg.attempt, leg.reply
        if self.legs.get(attempt.number) is not leg or self.over:
            return
        if reply.error is not None:
            self._drop(leg)
            self._hear(Failed(attempt, reply.error))
        elif self.request.stream:
            self._hear(Spoke(attempt, reply.headers))
        elif reply.end == "cut":
            self._drop(leg)
            self._hear(Failed(attempt, APIConnectionError("the answer was cut", retryable=True)))
        elif reply.end == "whole":
            self._drop(leg)
            self._hear(Answered(attempt, reply.headers, leg.usage))
        else:  # a plain answer that stalls
            limit_s = (attempt.timeout_s or math.inf) - reply.after_s
            self.world.after(limit_s + self.world.lag(), self._timed_out, leg)

    def _timed_out(self, leg: Leg) -> None:
        if self.legs.get(leg.attempt.number) is leg and leg is not self.kept and not self.over:
            self._drop(leg)
            self._hear(Failed(leg.attempt, Timeout("nothing came in time", retryable=True)))

    def _fell_silent(self, leg: Leg) -> None:
        spoke = any(isinstance(event, Spoke) and event.attempt is leg.attempt for event in self._inbox)
        if self.legs.get(leg.attempt.number) is leg and leg is not self.kept and not self.over and not spoke:
            self._hear(Silent(leg.attempt))

    def _keep(self, attempt: Attempt) -> None:
        if not self.request.stream:
            self.answers += 1
            self.route.close()
            self.world.watch.answered(attempt, used_tokens(self.route.ask.tokens))
            self._end()
            return
        mended, self.kept = self.kept is not None, self.legs[attempt.number]
        for leg in list(self.legs.values()):
            if leg is not self.kept:
                self._drop(leg)
        self._inbox.clear()
        if not mended:
            self.kept.last = self.world.at
        self._read_on()

    def _read_on(self) -> None:
        """Wait for the next piece of the stream that is kept, or for its silence to last too long."""
        leg, world = self.kept, self.world
        assert leg is not None
        idle_s = leg.attempt.idle_s if leg.attempt.idle_s is not None else leg.attempt.timeout_s or math.inf
        at = leg.next_at()
        if at <= leg.last + idle_s:
            world.after(max(0.0, at - world.at), self._piece, leg)
        else:
            world.after(max(0.0, leg.last + idle_s - world.at), self._stalled, leg)

    def _piece(self, leg: Leg) -> None:
        if self.over or leg is not self.kept:
            return
        leg.last = self.world.at
        try:
            said = leg.take()
        except APIError as error:
            self._broke(leg, error, 0.0)
            return
        if said is not None:
            self._show(self.mender.feed(said))
            self._read_on()
            return
        self._show(self.mender.end())
        self._let_go_of_legs()
        self.answers += 1
        self._finished(whole=True)
        self.world.watch.answered(leg.attempt, leg.reply.tokens)
        self._end()

    def _stalled(self, leg: Leg) -> None:
        if not self.over and leg is self.kept:
            self._broke(leg, Timeout("the stream fell silent"), leg.attempt.idle_s or 0.0)

    def _broke(self, leg: Leg, error: APIError, silence_s: float) -> None:
        self.world.tell(f"{self}'s stream from {leg.vendor.name} breaks off after {len(self.shown)} characters")
        self._drop(leg)
        self.world.watch.broke(self, silence_s)
        self._advance(Broke(leg.attempt, error, self.mender.shown(), silence_s))

    def _mend(self, leg: Leg) -> None:
        """Read a leg that takes over, up to the first thing that is new."""
        self._listening = True  # what is heard next is what comes of it
        attempt, reply = leg.attempt, leg.reply
        self.mender.splice("continuation" if attempt.kind == "continuation" else "restart")
        limit_s = math.inf if attempt.timeout_s is None else attempt.timeout_s
        if reply.error is not None and reply.after_s <= limit_s:
            self.world.after(reply.after_s, self._not_mended, leg, reply.error)
        else:
            self._mend_on(leg, limit_s)

    def _mend_on(self, leg: Leg, limit_s: float) -> None:
        at, until = leg.next_at(), min(leg.began + limit_s, leg.last + (leg.attempt.idle_s or math.inf))
        if at <= until:
            self.world.after(max(0.0, at - self.world.at), self._mending_piece, leg, limit_s)
        else:
            error = Timeout("nothing new came in time", retryable=True)
            self.world.after(max(0.0, until - self.world.at), self._not_mended, leg, error)

    def _mending_piece(self, leg: Leg, limit_s: float) -> None:
        if self.over:
            return
        leg.last = self.world.at
        try:
            said = leg.take()
            self._show(self.mender.end() if said is None else self.mender.feed(said))
        except APIError as error:
            self._not_mended(leg, error)
            return
        if self.mender.spoke or said is None:
            self._hear(Spoke(leg.attempt, leg.reply.headers))
        else:
            self._mend_on(leg, limit_s)

    def _not_mended(self, leg: Leg, error: APIError) -> None:
        if self.over:
            return
        self.mender.drop()
        self._drop(leg)
        self._hear(Failed(leg.attempt, error))

    def _show(self, chunks: list[dict[str, Any]]) -> None:
        for each in chunks:
            choice = each["choices"][0]
            self.shown += choice["delta"]["content"]
            self.finish_shown = self.finish_shown or choice["finish_reason"] is not None
        self.world.watch.shown(self)

    def _finished(self, *, whole: bool) -> None:
        assert self.kept is not None
        try:
            self.route.advance(Finished(self.kept.attempt, self.kept.reply.headers, self.kept.usage, whole))
        except StopIteration:
            return
        self.route.close()

    def _failed(self, error: APIError) -> None:
        self.error = error
        self._let_go_of_legs()
        self.route.close()
        self._end()

    def _drop(self, leg: Leg) -> None:
        if self.legs.pop(leg.attempt.number, None) is not None:
            leg.vendor.under_way -= 1
            self.world.watch.ended(self, leg.attempt)

    def _let_go_of_legs(self) -> None:
        for leg in list(self.legs.values()):
            self._drop(leg)

    def _end(self) -> None:
        self.over = True
        self.world.watch.over(self)

    def _mind_spinning(self) -> None:
        now = self.world.at
        self._steps = self._steps + 1 if now == self._steps_at else 1
        self._steps_at = now
        if self._steps > _MOST_STEPS_AT_ONCE:
            raise AssertionError(f"no call spins: {self} took {self._steps} steps at {now:.3f} s")
