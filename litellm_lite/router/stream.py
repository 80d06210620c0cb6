"""A stream of the Router's: the chunks of one deployment, or of several where one went on for another.

`StreamState` is what both colours share: what the caller sees, and what is told of the call.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Self, cast

from litellm_lite.errors import APIConnectionError, APIError, Partial, Timeout
from litellm_lite.router.estimates import estimated_cost
from litellm_lite.router.legs import AsyncLeg, Leg, aopen_leg, open_leg
from litellm_lite.router.mending import Mender
from litellm_lite.router.steps import Attempt, Broke, Event, Failed, Finished, Keep, Refused, Spoke
from litellm_lite.streams import CustomStreamWrapper
from litellm_lite.transformer import JSON
from litellm_lite.transport import exchange

if TYPE_CHECKING:
    from types import TracebackType

    from litellm_lite.prepare import Plan
    from litellm_lite.router.calls import Calls
    from litellm_lite.router.route import Route
    from litellm_lite.types.response import ModelResponseStream

Delivery = Callable[["Plan", dict[str, Any]], Callable[[JSON], Any]]
"""Makes of a plan, and of what is known of the call, what turns a chunk into what the caller gets; None is left out."""


class StreamState(CustomStreamWrapper):
    """What the caller has seen of a stream, and has still to see."""

    def __init__(self, route: Route, calls: Calls, leg: Leg | AsyncLeg, mender: Mender, delivery: Delivery) -> None:
        super().__init__(leg.stream.hidden_params)
        self._route, self._calls, self._mender, self._delivery = route, calls, mender, delivery
        self._deliver = delivery(leg.plan, self._hidden_params)
        self._ready: deque[JSON] = deque()
        self._malformed = 0
        self._same: JSON = {}
        self._current: Leg | AsyncLeg = leg
        self._over = self._spliced = False
        self._error: APIError | None = None
        """What one who reads on is told after an interruption."""
        self._tell()

    @property
    def usage(self) -> JSON | None:
        """Return the tokens of the answer that came to its end, as its vendor counted them; None while unknown."""
        return self._current.stream.usage

    @property
    def malformed_events(self) -> int:
        """Return how many events could not be read and were skipped."""
        return self._malformed + self._current.stream.malformed_events

    def _show(self, chunks: list[JSON]) -> None:
        """Queue chunks for the caller; behind a seam they bear the id and the time of those before it."""
        for chunk in chunks:
            if not self._same:
                self._same = {name: chunk.get(name) for name in ("id", "created")}
            elif self._spliced:
                chunk.update(self._same)
        self._ready.extend(chunks)

    def _next_ready(self) -> ModelResponseStream | None:
        while self._ready:
            delivered: ModelResponseStream | None = self._deliver(self._ready.popleft())
            if delivered is not None:
                return delivered
        return None

    def _at_hand(self) -> list[Any]:
        """Return what the caller need not wait for."""
        if self._mender.open and not self._over:
            for chunk in self._current.at_hand():
                self._show(self._mender.feed(chunk))
        ready = []
        while (next_one := self._next_ready()) is not None:
            ready.append(next_one)
        return ready

    def _take_over(self, leg: Leg | AsyncLeg) -> None:
        """Go on with another leg."""
        self._malformed += self._current.stream.malformed_events
        self._current = leg
        self._hidden_params.update(leg.stream.hidden_params)
        self._tell()

    def _tell(self) -> None:
        """Say on the stream what happened so far."""
        trace, hidden = self._route.trace, self._hidden_params
        hidden.update(trace.hidden())
        hidden["additional_headers"] = {**(hidden.get("additional_headers") or {}), **trace.headers()}

    def _finish(self, *, whole: bool) -> None:
        """Tell the route how it ended, and the caller what it cost."""
        if self._over:
            return
        self._over = True
        leg = self._current
        self._hidden_params.update({name: leg.stream.hidden_params.get(name) for name in ("cost", "response_cost")})
        self._route.trace.attempts[leg.attempt.number - 1].cost = leg.stream.cost
        if whole:
            finished(self._route, Finished(leg.attempt, leg.stream.headers, leg.stream.usage))
        else:
            self._route.close()
        self._tell()

    def _broke(self, error: APIError) -> Broke:
        shown, leg = self._mender.shown(), self._current
        self._route.trace.attempts[leg.attempt.number - 1].estimate(
            partial(estimated_cost, leg.plan, shown.text, exchange.epoch_s())
        )
        silence_s = (leg.attempt.idle_s or 0.0) if isinstance(error, Timeout) else 0.0
        return Broke(leg.attempt, error, shown, silence_s)

    def _fall(self, error: BaseException) -> None:
        """Note what ends the stream before its time: it must not pass for whole when somebody reads on."""
        if isinstance(error, APIError):
            error.attempts = error.attempts or tuple(self._route.trace)
        else:
            self._error = APIConnectionError("the wait for the next chunk was interrupted", retryable=False)
            self._error.attempts = tuple(self._route.trace)

    def _stop(self, stop: Exception) -> Exception:
        """Return what to raise where nothing more comes."""
        error, self._error = self._error, None
        return error or stop

    def _failed(self, error: APIError) -> APIError:
        """Return the error the stream ends with; its partial is what the caller has seen."""
        self._over = True
        if self._route.trace.seams:
            shown = self._mender.shown()
            error.partial = Partial(shown.text, {0: shown.text}, None)
        self._tell()
        return error


class RoutedStream(StreamState):
    """A chat completion as it comes. Iterate it, or use it as a context manager to let go of it early."""

    _current: Leg

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> ModelResponseStream:
        try:
            while (chunk := self._next_ready()) is None and not self._over:
                self._advance()
        except BaseException as error:
            self._fall(error)
            self.close()
            raise
        if chunk is None:
            raise self._stop(StopIteration())
        return chunk

    def batch(self) -> list[Any]:
        """Return the next chunk and all that came with it, so that they can be passed on together; [] at the end."""
        try:
            return [self.__next__(), *self._at_hand()]
        except StopIteration:
            return []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if not sys.is_finalizing():  # as with any stream: a loop that was left must not keep its place
            self._route.drop()

    def close(self) -> None:
        """Let go of the connection; what was not read is lost."""
        self._ready.clear()
        self._current.stream.close()
        self._finish(whole=False)

    def _advance(self) -> None:
        """Read one chunk, from another deployment where this one broke off."""
        try:
            chunk = self._current.read()
        except APIError as error:
            self._mend(error)
            return
        if chunk is not None:
            self._show(self._mender.feed(chunk))
            return
        self._show(self._mender.end())
        self._finish(whole=True)

    def _mend(self, error: APIError) -> None:
        """Do what the route says until somebody has gone on with the stream. Raises APIError when nobody did."""
        event: Event = self._broke(error)
        try:
            while not isinstance(step := self._route.advance(event), Keep):
                event = self._made(cast("Attempt", step))  # a repair takes no other steps
        except APIError as final:
            raise self._failed(final) from final.__cause__
        self._tell()

    def _made(self, attempt: Attempt) -> Event:
        """Let another deployment go on, up to the first thing that is new."""
        try:
            plan = self._calls.plan(attempt)
        except APIError as error:
            return Refused(attempt, error)
        self._mender.splice("continuation" if attempt.kind == "continuation" else "restart")
        self._spliced = True
        leg = None
        try:
            leg = open_leg(attempt, plan, self._route.fleet.clock)
            while not self._mender.spoke and (chunk := leg.read()) is not None:
                self._show(self._mender.feed(chunk))
        except APIError as error:
            self._mender.drop()
            if leg is not None:
                leg.stream.close()
            return Failed(attempt, error)
        self._take_over(leg)
        return Spoke(attempt, leg.stream.headers)


class AsyncRoutedStream(StreamState):
    """The async twin of `RoutedStream`."""

    _current: AsyncLeg

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ModelResponseStream:
        try:
            while (chunk := self._next_ready()) is None and not self._over:
                await self._advance()
        except BaseException as error:
            self._fall(error)
            await self.aclose()
            raise
        if chunk is None:
            raise self._stop(StopAsyncIteration())
        return chunk

    async def batch(self) -> list[Any]:
        try:
            return [await self.__anext__(), *self._at_hand()]
        except StopAsyncIteration:
            return []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        if not sys.is_finalizing():  # the connection goes with its stream; the place at the deployment is ours to free
            self._route.drop()

    async def aclose(self) -> None:
        """Let go of the connection; what was not read is lost."""
        self._ready.clear()
        self._finish(whole=False)
        await self._current.stream.aclose()

    async def _advance(self) -> None:
        try:
            chunk = await self._current.read()
        except APIError as error:
            await self._mend(error)
            return
        if chunk is not None:
            self._show(self._mender.feed(chunk))
            return
        self._show(self._mender.end())
        self._finish(whole=True)

    async def _mend(self, error: APIError) -> None:
        event: Event = self._broke(error)
        try:
            while not isinstance(step := self._route.advance(event), Keep):
                event = await self._made(cast("Attempt", step))
        except APIError as final:
            raise self._failed(final) from final.__cause__
        self._tell()

    async def _made(self, attempt: Attempt) -> Event:
        try:
            plan = self._calls.plan(attempt)
        except APIError as error:
            return Refused(attempt, error)
        self._mender.splice("continuation" if attempt.kind == "continuation" else "restart")
        self._spliced = True
        leg = None
        try:
            leg = await aopen_leg(attempt, plan, self._route.fleet.clock)
            while not self._mender.spoke and (chunk := await leg.read()) is not None:
                self._show(self._mender.feed(chunk))
        except APIError as error:
            self._mender.drop()
            if leg is not None:
                await leg.stream.aclose()
            return Failed(attempt, error)
        self._take_over(leg)
        return Spoke(attempt, leg.stream.headers)


def finished(route: Route, event: Finished) -> None:
    """Tell a route its last event."""
    with suppress(StopIteration):
        route.advance(event)
