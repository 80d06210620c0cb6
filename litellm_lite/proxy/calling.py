"""A call through the Router for a client of the gateway: whole, or as a stream. Holds dictionaries only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import dropwhile
from typing import TYPE_CHECKING, Any, Protocol

from litellm_lite.cost import Cost, price
from litellm_lite.errors import APIError
from litellm_lite.prepare import asked_tier
from litellm_lite.proxy.event_stream import EventStream
from litellm_lite.proxy.refusing import JSON_HEADER, as_api_error
from litellm_lite.router.drivers import afirst_leg, awhole
from litellm_lite.router.mending import speaks
from litellm_lite.router.stream import AsyncRoutedStream
from litellm_lite.tidying import PlainDelivery
from litellm_lite.transport import exchange as http

if TYPE_CHECKING:
    from litellm_lite.attempts import Answer
    from litellm_lite.prepare import Plan
    from litellm_lite.proxy.exchange import Exchange
    from litellm_lite.proxy.telling import Record
    from litellm_lite.router.legs import AsyncLeg, Leg
    from litellm_lite.router.request import Way

JSON = dict[str, Any]


class Voice(Protocol):
    """Tells a stream in the words of one API. After `fail` nothing is said any more."""

    def say(self, chunk: JSON, place: int) -> bytes:
        """Return what to send for a chunk of the call at that place; it may be nothing.

        Raises APIError for one that cannot be told.
        """

    def end(self) -> bytes:
        """Return what to send at the end of an answer that is whole."""

    def fail(self, error: APIError) -> bytes:
        """Return what to send where the answer broke off."""


async def answer_whole(exchange: Exchange, record: Record, way: Way, write: Callable[[Answer], bytes]) -> None:
    """Make a call and answer with the whole. Raises APIError."""
    record.trace = way.route.trace
    answer = await awhole(way.route, way.calls)
    _charge(record, answer)
    body = write(answer)
    await exchange.answer(200, [JSON_HEADER, *record.headers(answer.reply.headers)], body)


async def answer_wholes(
    exchange: Exchange, record: Record, ways: Sequence[Way], write: Callable[[Sequence[Answer]], bytes]
) -> None:
    """Make several calls at a time and answer with one whole; the first that fails ends them all. Raises APIError."""
    record.trace = ways[0].route.trace
    calls = [asyncio.ensure_future(awhole(way.route, way.calls)) for way in ways]
    try:
        answers = await asyncio.gather(*calls)
    finally:
        for call in calls:
            call.cancel()
    for answer in answers:
        _charge(record, answer)
    body = write(answers)
    await exchange.answer(200, [JSON_HEADER, *record.headers(answers[0].reply.headers)], body)


async def answer_stream(
    exchange: Exchange, record: Record, ways: Sequence[Way], voice: Voice, silence_s: float
) -> None:
    """Make calls, one after the other, and answer as it comes. Raises APIError for a failure before the first byte."""
    record.stream = True
    vendors: dict[str, str] = {}
    events = EventStream(exchange, lambda: record.headers(vendors), silence_s)
    try:
        for place, way in enumerate(ways):
            record.trace = way.route.trace
            opening = Opening(events, record, vendors, voice, place)
            leg = await afirst_leg(way.route, way.calls, opening.glimpse)
            if record.first_ms is None:
                record.first_ms = exchange.elapsed_ms
                record.served(leg.plan, record.first_ms)
                vendors.update(leg.stream.headers)
            stream = AsyncRoutedStream(way.route, way.calls, leg, way.mender(), opening.delivered)
            try:
                await _pass_on(events, stream, voice, place, opening)
            finally:
                await stream.aclose()
                record.charge(stream.usage, stream.cost)
        await events.end(voice.end())
    except (Exception, asyncio.CancelledError) as error:
        await _break_off(exchange, record, events, voice, error)
    finally:
        events.close()


async def _break_off(
    exchange: Exchange, record: Record, events: EventStream, voice: Voice, error: Exception | asyncio.CancelledError
) -> None:
    """Tell of a failure inside the stream, where it has begun. Raises the error where there is more to do about it."""
    told = as_api_error(error) if isinstance(error, Exception) else exchange.verdict()
    if told is None:  # the client is gone, or everything ends
        raise error
    if not events.begun:
        raise error if isinstance(error, Exception) else told
    record.error = told
    await events.end(voice.fail(told))
    if isinstance(error, Exception) and told is not error:
        raise error


class Opening:
    """What a stream says before its first token: it is passed on at once, though others may still serve in its place.

    Then nothing more of that kind is passed on: a role is told once.
    """

    __slots__ = ("_delivery", "_events", "_place", "_plan", "_record", "_vendors", "_voice", "shown")

    def __init__(self, events: EventStream, record: Record, vendors: dict[str, str], voice: Voice, place: int) -> None:
        self._events, self._record, self._vendors, self._voice, self._place = events, record, vendors, voice, place
        self._plan: Plan | None = None
        self._delivery: PlainDelivery | None = None
        self.shown: JSON | None = None
        """The chunk that was passed on."""

    def glimpse(self, leg: Leg | AsyncLeg, chunk: JSON) -> None:
        """Pass the first chunk on."""
        if self.shown is not None or self._place:
            return
        self._plan, self._delivery = leg.plan, PlainDelivery(leg.plan, http.epoch_s())
        if self._delivery.plain(chunk) is not None and (said := self._voice.say(chunk, self._place)):
            self.shown = chunk
            self._record.opened(leg.plan, leg.attempt.deployment)
            self._vendors.update(leg.stream.headers)
            self._events.post(said)

    def rest(self, chunks: Sequence[JSON]) -> list[JSON]:
        """Return what the first chunks of a stream say beyond what was shown."""
        return list(chunks) if self.shown is None else list(dropwhile(lambda chunk: not speaks(chunk), chunks))

    def delivered(self, plan: Plan, hidden: dict[str, Any]) -> Callable[[JSON], Any]:  # noqa: ARG002 - a Delivery
        """Return what completes the chunks of a stream: they bear one id, from the first chunk on."""
        if self._delivery is not None and plan is self._plan:
            return self._delivery.plain
        return PlainDelivery(plan, http.epoch_s()).plain


async def _pass_on(events: EventStream, stream: AsyncRoutedStream, voice: Voice, place: int, opening: Opening) -> None:
    chunks = opening.rest(await stream.batch())
    while chunks:
        said = bytearray()
        try:
            for chunk in chunks:
                said += voice.say(chunk, place)
        except APIError:  # what came before a chunk that cannot be told is not lost
            if said:
                await events.write(bytes(said))
            raise
        if said:
            await events.write(bytes(said))
        chunks = await stream.batch()


def _charge(record: Record, answer: Answer) -> None:
    record.charge(answer.usage, _cost(answer))
    record.served(answer.plan, answer.reply.elapsed_ms)


def _cost(answer: Answer) -> Cost | None:
    """Return what an answer cost; None where that is not known."""
    usage, plan = answer.usage, answer.plan
    if plan.price_info is None or not isinstance(usage, dict):
        return None
    tier = answer.body.get("service_tier") or asked_tier(plan.call)
    try:
        return price(usage, plan.price_info, service_tier=tier, at=answer.reply.received_at)
    except ValueError:  # a usage that contradicts itself has no price
        return None
