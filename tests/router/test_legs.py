"""Streams up to their first token: one alone, or several beside each other. In both colours, at scripted servers."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import httpx
import pytest

from litellm_lite import APIError, Router
from litellm_lite.errors import BadRequestError, ServiceUnavailableError, Timeout
from litellm_lite.router.clock import Clock
from litellm_lite.router.legs import AsyncRace, Race
from litellm_lite.router.request import planned
from litellm_lite.router.steps import Attempt, Failed, Refused, Silent, Spoke
from tests.calls import MESSAGES, MODES
from tests.router.by_hand import Bench, entry
from tests.router.routing import Wires, listen, place, tried
from tests.wire import (
    HoldOpen,
    Pause,
    Send,
    Wire,
    chunk,
    chunk_frame,
    event,
    hello_events,
    problem,
    stream,
    stream_head,
)

SPEED = 100.0
HELLO = stream(hello_events())
SILENT = [*stream_head(), HoldOpen()]

both = pytest.mark.parametrize("mode", MODES)


def routed(*entries: Any, **settings: Any) -> Router:
    given = {"fallbacks": [{"chat": ["backup"]}], "timeout": 60, "clock": Clock(SPEED), **settings}
    return Router(list(entries), **given)


def in_flight(router: Router) -> int:
    return sum(report["in_flight"] for report in router.get_deployments())


@both
def test_one_that_speaks_in_time_is_alone(mode: str, wire: Wire, new_wire: Wires) -> None:
    wire.answers(HELLO)
    spare = new_wire()
    heard = listen(mode, routed(place(wire), place(spare, "b", "backup"), first_token_timeout=50))
    assert heard.text == "Hello."
    assert spare.requests == []


@both
def test_beside_one_that_is_silent_another_is_started_and_kept(mode: str, wire: Wire, new_wire: Wires) -> None:
    wire.answers(SILENT)
    spare = new_wire()
    spare.answers(HELLO)
    router = routed(place(wire), place(spare, "b", "backup"))
    heard = listen(mode, router)
    assert heard.text == "Hello."
    assert tried(heard.stream) == [("first", "a", "let go"), ("hedge", "b", "answered")]
    assert in_flight(router) == 0
    if mode == "async":  # a thread cannot be stopped: it ends when its time is up
        wire.wait_for_hang_up()


@both
def test_one_that_speaks_after_all_is_kept_and_the_other_hung_up_on(mode: str, wire: Wire, new_wire: Wires) -> None:
    asked, spare = threading.Event(), new_wire()
    wire.answers([*stream_head(), Pause(asked), *HELLO[1:]])

    def beside(_: Any) -> Any:
        asked.set()
        return SILENT

    spare.answers(beside)
    router = routed(place(wire), place(spare, "b", "backup"))
    heard = listen(mode, router)
    assert heard.text == "Hello."
    assert tried(heard.stream) == [("first", "a", "answered"), ("hedge", "b", "let go")]
    assert in_flight(router) == 0


def test_a_thread_whose_stream_speaks_too_late_closes_it(wire: Wire, new_wire: Wires) -> None:
    late, spare = threading.Event(), new_wire()
    wire.answers([*stream_head(), Pause(late), *stream([event(chunk("Too late"))], None, HoldOpen())[1:]])
    spare.answers(HELLO)
    heard = listen("sync", routed(place(wire), place(spare, "b", "backup")))
    assert heard.text == "Hello."
    late.set()
    wire.wait_for_hang_up()


@both
def test_one_that_fails_beside_the_other_is_told_and_the_other_kept(mode: str, wire: Wire, new_wire: Wires) -> None:
    failed, spare = threading.Event(), new_wire()
    wire.answers([*stream_head(), Pause(failed), *HELLO[1:]])
    spare.answers(problem(503, "down"))
    router = routed(place(wire), place(spare, "b", "backup"))

    def watch() -> None:
        while not spare.requests or in_flight(router) > 1:
            failed.wait(0.002)
        failed.set()

    watching = threading.Thread(target=watch)
    watching.start()
    heard = listen(mode, router)
    watching.join()
    assert heard.text == "Hello."
    assert tried(heard.stream) == [("first", "a", "answered"), ("hedge", "b", "failed")]


@both
def test_where_all_are_silent_the_deadline_ends_them(mode: str, wire: Wire, new_wire: Wires) -> None:
    wire.answers(SILENT)
    spare = new_wire()
    spare.answers(SILENT)
    router = routed(place(wire), place(spare, "b", "backup"), timeout=30)
    error = listen(mode, router).failure
    assert isinstance(error, Timeout)
    assert [(kind, outcome) for kind, _, outcome in tried(error)] == [("first", "failed"), ("hedge", "failed")]
    assert in_flight(router) == 0


@both
def test_a_request_that_cannot_be_made_is_refused_before_anything_is_sent(
    mode: str, wire: Wire, new_wire: Wires
) -> None:
    wire.answers(SILENT)
    spare, third = new_wire(), new_wire()
    third.answers(HELLO)
    entries = [
        place(wire, "a", order=1),
        place(spare, "b", order=2, model="meta_llama/Llama-3.3-70B-Instruct"),
        place(third, "c", order=3),
    ]
    router = routed(*entries, fallbacks=[])
    heard = listen(mode, router, seed=1)
    assert heard.text == "Hello."
    assert tried(heard.stream)[1] == ("hedge", "b", "refused")
    assert spare.requests == []


class _Broken(httpx.MockTransport):
    """A client that fails with what is no error of a call's."""

    def __init__(self) -> None:
        super().__init__(self._fail)

    def _fail(self, _: httpx.Request) -> httpx.Response:
        raise ZeroDivisionError("a mistake of the client's")


@both
def test_what_is_no_error_of_a_calls_reaches_the_caller_and_no_place_is_lost(mode: str, new_wire: Wires) -> None:
    kind = httpx.Client if mode == "sync" else httpx.AsyncClient
    router = routed(place(new_wire(), "a", client=kind(transport=_Broken())), place(new_wire(), "b", "backup"))
    with pytest.raises(ZeroDivisionError):
        listen(mode, router)
    assert in_flight(router) == 0


class _Refusing:
    """Calls for which no request can be made."""

    def plan(self, _: Attempt) -> Any:
        raise BadRequestError("no")


def attempt(**fields: Any) -> Attempt:
    """An attempt at a deployment that answers "Hello." without a network."""
    bench = Bench(entry("a", mock_response="Hello."))
    return bench.call(stream=True).attempt()._replace(**fields)


def mocked() -> Any:
    bench = Bench(entry("a", mock_response="Hello."))
    return planned(bench.fleet, "main", MESSAGES, {}, stream=True).calls


def test_a_race_that_is_over_closes_whoever_comes_late() -> None:
    race = Race(mocked(), Clock())
    race.abandon()
    assert race.make(attempt(), 1.0) is None


def test_all_that_spoke_and_were_not_kept_are_closed() -> None:
    race = Race(mocked(), Clock())
    one, other = attempt(number=1, silent_s=5.0), attempt(number=2, silent_s=5.0)
    assert isinstance(race.make(one, 5.0), Spoke)
    assert isinstance(race.make(other, 5.0), Spoke)
    legs = dict(race._legs)
    assert race.keep(one) is legs[1]
    assert list(legs[2].stream) == []
    race.abandon()


def test_an_abandoned_race_closes_what_spoke() -> None:
    race = Race(mocked(), Clock())
    race.make(attempt(number=1), 5.0)
    leg = race._legs[1]
    race.abandon()
    assert list(leg.stream) == []


def test_nobody_is_silent_before_the_time() -> None:
    """Where a timer was early, nothing has happened."""
    now = [100.0]
    race = Race(mocked(), Clock(tick=lambda: now[0]))
    race._silences.expect(attempt(silent_s=0.05))
    assert race.event(0.01) is None
    now[0] += 0.05
    assert isinstance(race.event(0.01), Silent)
    assert race.event(0.0) is None


def test_both_colours_refuse_what_cannot_be_planned() -> None:
    refusing: Any = _Refusing()
    assert isinstance(Race(refusing, Clock()).make(attempt(), 1.0), Refused)

    async def main() -> Any:
        return await AsyncRace(refusing, Clock()).make(attempt(), 1.0)

    assert isinstance(asyncio.run(main()), Refused)


def test_the_tasks_of_a_race_end_with_it() -> None:
    async def main() -> None:
        race = AsyncRace(mocked(), Clock())
        one, other = attempt(number=1, silent_s=5.0), attempt(number=2, silent_s=5.0)
        assert isinstance(await race.make(one, 5.0), Spoke)
        assert isinstance(await race.make(other, 5.0), Spoke)
        leg, beside = race._legs[1], race._legs[2]
        assert await race.keep(one) is leg
        assert [chunk async for chunk in beside.stream] == []
        assert not race._tasks
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())


def test_a_failure_at_the_opening_is_an_event() -> None:
    bench = Bench(entry("a", mock_response=ServiceUnavailableError("down")))
    calls = planned(bench.fleet, "main", MESSAGES, {}, stream=True).calls
    event = Race(calls, Clock()).make(bench.call(stream=True).attempt(), 1.0)
    assert isinstance(event, Failed)
    assert isinstance(event.error, APIError)


@both
def test_comments_and_a_role_do_not_put_off_the_deadline(mode: str, wire: Wire) -> None:
    still_here = [step for _ in range(60) for step in (Send(chunk_frame(b": still here\n\n")), Pause(0.02))]
    wire.answers([*stream_head(), Send(chunk_frame(event(chunk("")))), *still_here])
    heard = listen(mode, Router([place(wire)], timeout=20, num_retries=0, clock=Clock(SPEED)))
    assert isinstance(heard.failure, Timeout)
    (record,) = heard.failure.attempts
    assert record.elapsed_s is not None
    assert 19 < record.elapsed_s < 100, "the comments go on for 120 s"
