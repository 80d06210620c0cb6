"""One Router, many callers: threads, tasks, event loops side by side, and never more at the server than allowed."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from litellm_lite import Router
from tests.calls import MESSAGES
from tests.router.routing import ahear, hear, place, served
from tests.wire import Pause, Request, Steps, Wire, completion, hello_events, problem, stream

THREADS, CALLS, MOST = 16, 50, 4
either = pytest.mark.parametrize("streamed", [False, True])


class Crowd:
    """A server that takes a moment for each request, and notes how many it had at a time."""

    def __init__(self, wire: Wire) -> None:
        self._lock, self._moment = threading.Lock(), threading.Event()
        self.now = self.most = 0
        wire.answers(self._serve)

    def _serve(self, request: Request) -> Steps:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self._moment.wait(0.001)
        with self._lock:
            self.now -= 1
        return stream(hello_events()) if request.json.get("stream") else completion()


def limited(wire: Wire) -> Router:
    return Router([place(wire, max_parallel_requests=MOST)], num_retries=0, timeout=60)


def in_flight(router: Router) -> list[int]:
    return [each["in_flight"] for each in router.get_deployments()]


@either
def test_threads_share_the_places_of_a_deployment(streamed: bool, wire: Wire) -> None:
    crowd, router = Crowd(wire), limited(wire)

    def several(_: int) -> list[str]:
        if streamed:
            return [hear(lambda: router.completion("chat", MESSAGES, stream=True)).text for _ in range(CALLS)]
        return [_said(router) for _ in range(CALLS)]

    with ThreadPoolExecutor(THREADS) as threads:
        said = [text for texts in threads.map(several, range(THREADS)) for text in texts]
    assert said == ["Hello."] * THREADS * CALLS
    assert 1 < crowd.most <= MOST
    assert (in_flight(router), len(wire.requests)) == ([0], THREADS * CALLS)


@either
def test_tasks_share_the_places_of_a_deployment(streamed: bool, wire: Wire) -> None:
    crowd, router = Crowd(wire), limited(wire)
    assert asyncio.run(_tasks(router, THREADS * CALLS, streamed=streamed)) == {"Hello."}
    assert 1 < crowd.most <= MOST
    assert (in_flight(router), len(wire.requests)) == ([0], THREADS * CALLS)


def test_two_event_loops_and_threads_at_once(wire: Wire) -> None:
    crowd, router = Crowd(wire), limited(wire)
    with ThreadPoolExecutor(4) as threads:
        jobs = [threads.submit(lambda: asyncio.run(_tasks(router, 100))) for _ in range(2)]
        jobs += [threads.submit(lambda: {_said(router) for _ in range(50)}) for _ in range(2)]
        assert {text for job in jobs for text in job.result(60)} == {"Hello."}
    assert 1 < crowd.most <= MOST
    assert in_flight(router) == [0]


def test_an_event_loop_that_is_closed_around_its_waiting_callers_holds_nobody_up(wire: Wire) -> None:
    gate = threading.Event()
    wire.answers([Pause(gate), *completion()])
    router = Router([place(wire, max_parallel_requests=1)], timeout=60)

    async def gone() -> None:
        calls = [asyncio.create_task(router.acompletion("chat", MESSAGES)) for _ in range(5)]
        await asyncio.to_thread(wire.wait_for_requests, 1)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    asyncio.run(gone())
    gate.set()
    assert served(router.completion("chat", MESSAGES)) == "a"
    assert in_flight(router) == [0]


def test_failures_and_cooldowns_under_threads_leave_nothing_behind(wire: Wire) -> None:
    turn = iter(range(10**9))
    wire.answers(lambda _: problem(500, "Now and then") if next(turn) % 3 == 0 else completion())
    entries = [place(wire, id, max_parallel_requests=MOST, cooldown_time=0.01) for id in "abc"]
    router = Router(entries, num_retries=5, timeout=60)

    def several(_: int) -> list[str]:
        return [served(router.completion("chat", MESSAGES)) for _ in range(10)]

    with ThreadPoolExecutor(8) as threads:
        who = {id for ids in threads.map(several, range(8)) for id in ids}
    assert who == set("abc")
    assert in_flight(router) == [0, 0, 0]
    assert not router._fleet.groups["chat"].queue


def test_streams_that_are_left_alone_give_their_places_back(wire: Wire) -> None:
    router = limited(wire)
    for _ in range(3 * MOST):
        next(iter(router.completion("chat", MESSAGES, stream=True)))
    assert in_flight(router) == [0]

    async def left() -> None:
        for _ in range(3 * MOST):
            async with await router.acompletion("chat", MESSAGES, stream=True) as opened:
                await anext(opened)

    asyncio.run(left())
    assert in_flight(router) == [0]


def _said(router: Router) -> str:
    return router.completion("chat", MESSAGES).choices[0].message.content or ""


async def _tasks(router: Router, count: int, *, streamed: bool = False) -> set[str]:
    async def one() -> str:
        if streamed:
            return (await ahear(lambda: router.acompletion("chat", MESSAGES, stream=True))).text
        return (await router.acompletion("chat", MESSAGES)).choices[0].message.content or ""

    return set(await asyncio.gather(*(one() for _ in range(count))))
