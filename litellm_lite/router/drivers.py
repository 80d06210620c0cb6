"""The hands of the Router: they do what a route says, in both colours, and tell it what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from litellm_lite.attempts import Answer, afetch, fetch
from litellm_lite.errors import APIError
from litellm_lite.router.legs import AsyncLeg, AsyncRace, Glimpse, Leg, Race
from litellm_lite.router.steps import Answered, Attempt, Event, Failed, Keep, Listen, Pause, Refused, Wait
from litellm_lite.router.waits import apause, pause

if TYPE_CHECKING:
    from litellm_lite.router.calls import Calls
    from litellm_lite.router.route import Route


def whole(route: Route, calls: Calls) -> Answer:
    """Return the answer that the route leads to. Raises APIError with every attempt on it."""
    answer: Answer | None = None
    event: Event = None
    try:
        while not isinstance(step := route.advance(event), Keep):
            if isinstance(step, Attempt):
                event, answer = _made(step, calls)
                continue
            event = None
            pause(cast("Pause | Wait", step), route.fleet.clock)  # without streams there is nobody to listen to
    finally:
        route.close()
    return cast("Answer", answer)  # a route keeps only what answered


def _made(attempt: Attempt, calls: Calls) -> tuple[Event, Answer | None]:
    try:
        plan = calls.plan(attempt)
    except APIError as error:
        return Refused(attempt, error), None
    try:
        answer = fetch(plan)
    except APIError as error:
        return Failed(attempt, error), None
    return Answered(attempt, answer.reply.headers, answer.usage), answer


async def awhole(route: Route, calls: Calls) -> Answer:
    """The async twin of `whole`."""
    answer: Answer | None = None
    event: Event = None
    try:
        while not isinstance(step := route.advance(event), Keep):
            if isinstance(step, Attempt):
                event, answer = await _amade(step, calls)
                continue
            event = None
            await apause(cast("Pause | Wait", step), route.fleet.clock)  # without streams there is nobody to listen to
    finally:
        route.close()
    return cast("Answer", answer)


async def _amade(attempt: Attempt, calls: Calls) -> tuple[Event, Answer | None]:
    try:
        plan = calls.plan(attempt)
    except APIError as error:
        return Refused(attempt, error), None
    try:
        answer = await afetch(plan)
    except APIError as error:
        return Failed(attempt, error), None
    return Answered(attempt, answer.reply.headers, answer.usage), answer


def first_leg(route: Route, calls: Calls, glimpse: Glimpse | None = None) -> Leg:
    """Return the stream that the route leads to, read up to its first token. Raises APIError as `whole` does."""
    race = Race(calls, route.fleet.clock, glimpse)
    event: Event = None
    try:
        while not isinstance(step := route.advance(event), Keep):
            if isinstance(step, Attempt):
                event = race.make(step, route.left_s())
            elif isinstance(step, Listen):
                event = race.event(step.seconds)
            else:
                pause(step, route.fleet.clock)
                event = None
        return race.keep(step.attempt)
    except BaseException:
        route.close()
        race.abandon()
        raise


async def afirst_leg(route: Route, calls: Calls, glimpse: Glimpse | None = None) -> AsyncLeg:
    """The async twin of `first_leg`."""
    race = AsyncRace(calls, route.fleet.clock, glimpse)
    event: Event = None
    try:
        while not isinstance(step := route.advance(event), Keep):
            if isinstance(step, Attempt):
                event = await race.make(step, route.left_s())
            elif isinstance(step, Listen):
                event = await race.event(step.seconds)
            else:
                await apause(step, route.fleet.clock)
                event = None
        return await race.keep(step.attempt)
    except BaseException:
        route.close()  # before anything that another cancellation may end
        await race.abandon()
        raise
