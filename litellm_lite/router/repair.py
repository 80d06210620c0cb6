"""What is done about a stream that broke off after its first token: somebody goes on with it, or it ends in an error.

First those that are declared to continue a text, then a restart that must repeat what was shown; see `mending`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Literal, cast

from litellm_lite.router import policy
from litellm_lite.router.steps import Attempt, Broke, Event, Failed, Refused, Spoke, Step
from litellm_lite.router.trace import Seam
from litellm_lite.router.underway import Limit

if TYPE_CHECKING:
    from litellm_lite.errors import APIError
    from litellm_lite.router.fleet import Stop
    from litellm_lite.router.route import Route
    from litellm_lite.router.standing import Standing

_MOST_TRIES = 4
"""For one stream, however often it breaks: every restart costs a whole answer."""

Way = Literal["continuation", "restart"]


class Repair:
    """One break of a stream, and who might mend it."""

    def __init__(self, route: Route, broke: Broke) -> None:
        self._route, self._broke = route, broke
        lone = route.lone(route.underway.stop(broke.attempt))
        self._ended = route.underway.fail(broke.attempt, broke.error, lone=lone, outcome="cut")
        self._ended.record.shown_characters = len(broke.shown.text)
        self._again = False

    def made(self) -> Generator[Step, Event, Attempt]:
        """Return the attempt that goes on with the stream. Raises the error it broke off with where none does."""
        route, broke = self._route, self._broke
        route.deadline = route.fleet.clock.now() + route.remaining_s - broke.silence_s
        if self._worth_it():
            for way in self._ways():
                attempt = yield from self._tried(way)
                if attempt is not None:
                    self._note_seam(way, attempt)
                    return attempt
        raise self._failure()

    def _worth_it(self) -> bool:
        """Whether it may be mended, and somebody else is there who might, or nothing was shown yet."""
        route, ended, shown = self._route, self._ended, self._broke.shown
        if shown.flaw is not None or not route.fleet.settings.stream_mending or policy.is_final(self._broke.error):
            return False
        alone = ended.stop.group is route.itinerary.start.group and route.lone(ended.stop)
        return not alone or not (shown.text or shown.reasoning)

    def _ways(self) -> Iterator[Way]:
        shown = self._broke.shown
        if shown.text.strip() and not shown.reasoning:
            yield "continuation"
        yield "restart"

    def _tried(self, way: Way) -> Generator[Step, Event, Attempt | None]:
        """Try everybody who could mend it in that way, one after the other."""
        route, ask = self._route, self._route.ask
        ask.only_prefill = way == "continuation"
        ask.excluded = {self._ended.standing, *route.barred}
        try:
            while route.mends < _MOST_TRIES and (found := self._seat(way)) is not None:
                route.mends += 1
                standing, stop = found
                attempt = route.underway.start(standing, way, stop, self._limit(), shown=self._broke.shown)
                event = yield attempt
                if isinstance(event, Spoke):
                    route.underway.spoke(attempt)
                    route.remaining_s = route.left_s()
                    return attempt
                if isinstance(event, Failed):
                    route.underway.fail(attempt, event.error, lone=route.lone(stop))
                else:
                    route.underway.refuse(attempt, cast("Refused", event).error)
        finally:
            ask.only_prefill = False
        return None

    def _seat(self, way: Way) -> tuple[Standing, Stop] | None:
        """Return a seat: with its like, for a restart with itself unless it had fallen silent, else with a fallback.

        Of these the first is the likeliest to say the same again. A fallback is helped out by whom it stood in for.
        """
        route, own = self._route, self._ended.stop
        if route.left_s() <= 0:
            return None
        if (standing := route.line.now(own.group)) is not None:
            return standing, own
        if way == "restart" and not self._again and not self._broke.silence_s:
            self._again = True
            if route.line.again(own.group, self._ended.standing):
                return self._ended.standing, own
        for stop in (*route.itinerary.fallbacks(own), route.itinerary.start):
            if (standing := route.line.now(stop.group)) is not None:
                return standing, stop
        return None

    def _limit(self) -> Limit:
        settings = self._route.fleet.settings
        return Limit(min(self._route.left_s(), settings.first_token_s), None, settings.idle_s)

    def _note_seam(self, way: Way, attempt: Attempt) -> None:
        trace = self._route.trace
        trace.seams.append(
            Seam(len(self._broke.shown.text), way, self._ended.record, trace.attempts[attempt.number - 1])
        )

    def _failure(self) -> APIError:
        error = self._broke.error
        error.attempts = tuple(self._route.trace)
        return error
