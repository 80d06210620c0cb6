"""The hands of the Router: both colours perform the same steps, and whatever interrupts them leaves no place taken."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from litellm_lite import Router
from litellm_lite.errors import APIResponseValidationError, RateLimitError, ServiceUnavailableError, Timeout
from litellm_lite.router.clock import Clock
from litellm_lite.router.steps import Wait
from litellm_lite.router.waiting import Ticket
from litellm_lite.router.waits import apause, pause
from tests.calls import MESSAGES, MODES
from tests.router.routing import Wires, ask, listen, place, served, tried
from tests.wire import DONE, HoldOpen, Pause, Wire, chunk, completion, completion_body, event, problem, reply, stream

SPEED = 50.0
DOWN = problem(503, "down")
HELD = [HoldOpen()]

both = pytest.mark.parametrize("mode", MODES)


def in_flight(router: Router) -> int:
    return sum(report["in_flight"] for report in router.get_deployments())


def waiting(router: Router) -> int:
    return sum(len(group.queue) for group in router._fleet.groups.values())


@both
def test_a_pause_is_waited_out(mode: str, wire: Wire) -> None:
    wire.answers(problem(429, "slow down", {"retry-after": "2"}), completion())
    answer = ask(mode, Router([place(wire)], clock=Clock(SPEED)))
    assert tried(answer) == [("first", "a", "failed"), ("retry", "a", "answered")]
    assert answer.hidden_params["waited_s"] == 2
    first, second = answer.hidden_params["attempts"]
    assert second.started_s - first.started_s >= 2


@both
def test_a_pause_before_a_stream_is_waited_out_too(mode: str, wire: Wire) -> None:
    wire.answers(DOWN, stream([event(chunk("Hi")), event(chunk(finish="stop")), DONE]))
    heard = listen(mode, Router([place(wire)], clock=Clock(SPEED)))
    assert heard.text == "Hi"
    assert tried(heard.stream) == [("first", "a", "failed"), ("retry", "a", "answered")]


@both
@pytest.mark.parametrize("streamed", [False, True])
def test_what_cannot_be_planned_is_refused(mode: str, streamed: bool, wire: Wire, new_wire: Wires) -> None:
    spare = new_wire()
    llama = place(wire, "a", model="meta_llama/Llama-3.3-70B-Instruct", order=1)
    router = Router([llama, place(spare, "b", order=2)])
    answer = listen(mode, router, seed=1).stream if streamed else ask(mode, router, seed=1)
    assert tried(answer) == [("first", "a", "refused"), ("first", "b", "answered")]
    assert wire.requests == []


@both
@pytest.mark.parametrize("streamed", [False, True])
def test_an_error_of_all_holds_every_attempt(mode: str, streamed: bool, wire: Wire) -> None:
    wire.answers(DOWN)
    router = Router([place(wire)], clock=Clock(SPEED))
    with pytest.raises(ServiceUnavailableError) as raised:
        _call(mode, router, stream=streamed)
    assert [outcome for _, _, outcome in tried(raised.value)] == ["failed"] * 3
    assert isinstance(raised.value.__cause__, ServiceUnavailableError)
    assert in_flight(router) == 0


@both
def test_an_answer_whose_fields_are_not_what_they_should_be_tells_its_attempts(mode: str, wire: Wire) -> None:
    wire.answers(reply({**completion_body(), "usage": {"prompt_tokens": "many"}}))
    router = Router([place(wire)])
    with pytest.raises(APIResponseValidationError) as raised:
        ask(mode, router)
    assert tried(raised.value)
    assert in_flight(router) == 0


@both
def test_callers_in_line_are_served_one_after_the_other(mode: str, wire: Wire) -> None:
    router = Router([place(wire, max_parallel_requests=1)])
    if mode == "sync":
        answers: list[Any] = []
        threads = [threading.Thread(target=lambda: answers.append(ask("sync", router))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    else:

        async def main() -> list[Any]:
            return await asyncio.gather(*(router.acompletion("chat", MESSAGES) for _ in range(8)))

        answers = asyncio.run(main())
    assert [served(answer) for answer in answers] == ["a"] * 8
    assert (in_flight(router), waiting(router)) == (0, 0)


@both
def test_a_wait_in_line_ends_at_the_deadline(mode: str, wire: Wire) -> None:
    router = Router([place(wire, max_parallel_requests=1)], clock=Clock(SPEED), timeout=5)
    standing = router._fleet.standings["a"]
    router._fleet.groups["chat"].start(standing, router._fleet.clock.now(), 0)
    with pytest.raises(RateLimitError, match="no deployment was free within"):
        ask(mode, router)
    assert waiting(router) == 0


@both
def test_threads_and_loops_share_a_line(mode: str, wire: Wire) -> None:
    """A place that a thread gives up wakes a coroutine of another thread's loop, and the other way round."""
    arrived, gate = threading.Event(), threading.Event()

    def held(_: Any) -> Any:
        arrived.set()
        return [Pause(gate), *completion()]

    wire.answers(held, completion())
    router = Router([place(wire, max_parallel_requests=1)])
    other = "async" if mode == "sync" else "sync"
    answers: list[Any] = []
    first = threading.Thread(target=lambda: answers.append(ask(mode, router)))
    first.start()
    assert arrived.wait(10)
    second = threading.Thread(target=lambda: answers.append(ask(other, router)))
    second.start()
    while not waiting(router):
        second.join(0.001)
    gate.set()
    first.join()
    second.join()
    assert len(answers) == 2
    assert (in_flight(router), waiting(router)) == (0, 0)


@both
def test_a_caller_who_was_called_before_he_looked_does_not_wait(mode: str) -> None:
    ticket = Ticket(lambda _: True)
    ticket.call()
    if mode == "sync":
        pause(Wait(ticket, 3600), Clock())
    else:
        asyncio.run(apause(Wait(ticket, 3600), Clock()))


def _call(mode: str, router: Router, *, stream: bool) -> Any:
    """Make a call to the end of its first chunk."""
    if mode == "sync":
        return router.completion("chat", MESSAGES, stream=stream)
    return asyncio.run(_acall(router, stream=stream))


async def _acall(router: Router, *, stream: bool) -> Any:
    return await router.acompletion("chat", MESSAGES, stream=stream)


class Scene:
    """A Router whose next call is held in one of its waits, and how to tell that it is there."""

    def __init__(self, at: str, wire: Wire, spare: Wire) -> None:
        self.stream = at in ("first token", "hedge")
        settings: dict[str, Any] = {"timeout": 600, "clock": Clock(SPEED if at == "hedge" else 1.0)}
        entry = place(wire, max_parallel_requests=1 if at == "line" else None)
        if at == "hedge":
            settings["fallbacks"] = [{"chat": ["backup"]}]
        self.router = Router([entry, place(spare, "b", "backup")], **settings)
        self._at, self._wire, self._spare = at, wire, spare
        wire.answers(problem(429, "slow down", {"retry-after": "30"}) if at == "pause" else HELD)
        spare.answers(HELD)
        if at == "line":
            fleet = self.router._fleet
            fleet.groups["chat"].start(fleet.standings["a"], fleet.clock.now(), 0)

    def reached(self) -> bool:
        if self._at == "line":
            return waiting(self.router) == 1
        if self._at == "pause":
            return len(self._wire.requests) == 1 and in_flight(self.router) == 0
        return bool((self._spare if self._at == "hedge" else self._wire).requests)

    def left_clean(self) -> None:
        assert waiting(self.router) == 0
        assert in_flight(self.router) == (1 if self._at == "line" else 0)  # the one that held the seat
        standing = self.router._fleet.standings["a"]
        assert not standing.health.probing


WAITS = ("answer", "first token", "hedge", "pause", "line")


@pytest.mark.parametrize("at", WAITS)
def test_cancellation_in_any_wait_leaves_no_place_taken(at: str, wire: Wire, new_wire: Wires) -> None:
    scene = Scene(at, wire, new_wire())

    async def main() -> None:
        call = asyncio.ensure_future(_acall(scene.router, stream=scene.stream))
        while not scene.reached():  # noqa: ASYNC110 - who knows is another thread
            await asyncio.sleep(0.001)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        scene.left_clean()
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())


@pytest.mark.parametrize("at", ["answer", "hedge", "line"])
def test_a_timeout_around_a_call_is_a_cancellation_like_any(at: str, wire: Wire, new_wire: Wires) -> None:
    scene = Scene(at, wire, new_wire())

    async def main() -> None:
        async with asyncio.timeout(None) as limit:
            call = asyncio.ensure_future(_acall(scene.router, stream=scene.stream))
            while not scene.reached():  # noqa: ASYNC110 - who knows is another thread
                await asyncio.sleep(0.001)
            limit.reschedule(0)
            await call

    with pytest.raises(TimeoutError):
        asyncio.run(main())
    scene.left_clean()


@pytest.fixture
def ctrl_c() -> Iterator[Callable[[Callable[[], bool]], None]]:
    """Press Ctrl-C once a condition holds, as a user does: again, if nothing happens."""
    heard, presses = threading.Event(), []

    def interrupt(*_: object) -> None:
        if not heard.is_set():
            heard.set()
            raise KeyboardInterrupt

    def press(reached: Callable[[], bool]) -> None:
        while not reached():
            heard.wait(0.002)
        while not heard.wait(0.05):
            os.kill(os.getpid(), signal.SIGINT)

    def begin(reached: Callable[[], bool]) -> None:
        presses.append(threading.Thread(target=press, args=(reached,)))
        presses[-1].start()

    before = signal.signal(signal.SIGINT, interrupt)
    yield begin
    heard.set()
    for thread in presses:
        thread.join()
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("at", WAITS)
def test_ctrl_c_in_any_wait_leaves_no_place_taken(
    at: str, wire: Wire, new_wire: Wires, ctrl_c: Callable[[Callable[[], bool]], None]
) -> None:
    scene = Scene(at, wire, new_wire())
    ctrl_c(scene.reached)
    with pytest.raises(KeyboardInterrupt):
        scene.router.completion("chat", MESSAGES, stream=scene.stream)
    scene.left_clean()


def test_ctrl_c_while_a_stream_is_read_does_not_let_it_pass_for_whole(
    wire: Wire, ctrl_c: Callable[[Callable[[], bool]], None]
) -> None:
    wire.answers(stream([event(chunk("one "))], None, HoldOpen()))
    router = Router([place(wire)])
    heard: Any = router.completion("chat", MESSAGES, stream=True)
    assert next(heard).choices[0].delta.content == "one "
    ctrl_c(lambda: True)
    with pytest.raises(KeyboardInterrupt):
        next(heard)
    assert in_flight(router) == 0
    with pytest.raises(Exception, match="interrupted"):
        next(heard)
    assert list(heard) == []


@both
def test_a_deployments_own_limit_for_streams_fails_over_and_names_itself(
    mode: str, wire: Wire, new_wire: Wires
) -> None:
    wire.answers(HELD)
    spare = new_wire()
    entries = [place(wire, stream_timeout=3), place(spare, "b", "backup")]
    router = Router(entries, fallbacks=[{"chat": ["backup"]}], timeout=60, clock=Clock(SPEED))
    heard = listen(mode, router)
    assert heard.text == "Hello."
    first, last = heard.stream.hidden_params["attempts"]
    assert isinstance(first.error, Timeout)
    assert "deadline" not in str(first.error)
    assert last.kind == "fallback"
