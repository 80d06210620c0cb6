"""A call through the Router for a client of the gateway: whole, or as a stream. Holds dictionaries only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from litellm_lite.cost import Cost, price
from litellm_lite.errors import APIError
from litellm_lite.prepare import asked_tier
from litellm_lite.proxy.event_stream import EventStream
from litellm_lite.proxy.refusing import JSON_HEADER, as_api_error
from litellm_lite.router.drivers import afirst_leg, awhole
from litellm_lite.router.stream import AsyncRoutedStream
from litellm_lite.tidying import PlainDelivery
from litellm_lite.transport import exchange as http

if TYPE_CHECKING:
    from litellm_lite.attempts import Answer
    from litellm_lite.prepare import Plan
    from litellm_lite.proxy.exchange import Exchange
    from litellm_lite.proxy.telling import Record
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
            leg = await afirst_leg(way.route, way.calls)
            if record.first_ms is None:
                record.first_ms = exchange.elapsed_ms
                record.served(leg.plan, record.first_ms)
                vendors.update(leg.stream.headers)
            stream = AsyncRoutedStream(way.route, way.calls, leg, way.mender(), _delivered)
            try:
                await _pass_on(events, stream, voice, place)
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
    if not exchange.begun:
        raise error if isinstance(error, Exception) else told
    record.error = told
    await events.end(voice.fail(told))
    if isinstance(error, Exception) and told is not error:
        raise error


async def _pass_on(events: EventStream, stream: AsyncRoutedStream, voice: Voice, place: int) -> None:
    while chunks := await stream.batch():
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


def _charge(record: Record, answer: Answer) -> None:
    record.charge(answer.usage, _cost(answer))
    record.served(answer.plan, answer.reply.elapsed_ms)


def _delivered(plan: Plan, hidden: dict[str, Any]) -> Callable[[JSON], Any]:  # noqa: ARG001 - a Delivery
    return PlainDelivery(plan, http.epoch_s()).plain


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
