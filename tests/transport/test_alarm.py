"""The timer of an async exchange, on a loop whose clock the test moves by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from litellm_lite.transport.alarm import Alarm


class HandWound(asyncio.SelectorEventLoop):
    """A loop on which time passes when told."""

    now = 1000.0

    def time(self) -> float:
        return self.now

    async def pass_s(self, seconds: float) -> None:
        self.now += seconds
        for _ in range(5):
            await asyncio.sleep(0)


class Waiting:
    """An alarm, and a wait under it that nothing ends."""

    def __init__(self, loop: HandWound) -> None:
        self.loop = loop
        self.alarm = Alarm()

    async def begin(self, seconds: float | None) -> asyncio.Task[Any]:
        task = self.loop.create_task(self.alarm.wait(self.loop.create_future(), seconds))
        await self.loop.pass_s(0)
        return task

    async def at_once(self, seconds: float) -> int:
        return await self.alarm.wait(asyncio.sleep(0, 7), seconds)

    @property
    def timers(self) -> int:
        return sum(not timer.cancelled() for timer in self.loop._scheduled)  # type: ignore[attr-defined]


def on_a_hand_wound_loop(main: Any) -> None:
    def run(coroutine: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=HandWound) as runner:
            runner.run(coroutine)

    async def begin() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, HandWound)
        await main(Waiting(loop))

    run(begin())


def test_a_wait_in_time_returns_what_came() -> None:
    async def main(waiting: Waiting) -> None:
        assert await waiting.at_once(5) == 7

    on_a_hand_wound_loop(main)


def test_a_wait_that_takes_too_long_ends() -> None:
    async def main(waiting: Waiting) -> None:
        task = await waiting.begin(5)
        await waiting.loop.pass_s(4.9)
        assert not task.done()
        await waiting.loop.pass_s(0.2)
        assert isinstance(task.exception(), TimeoutError)

    on_a_hand_wound_loop(main)


def test_many_waits_share_one_timer_and_each_has_its_full_time() -> None:
    async def main(waiting: Waiting) -> None:
        for _ in range(20):
            await waiting.at_once(5)
            await waiting.loop.pass_s(4)
            assert waiting.timers <= 1
        task = await waiting.begin(5)
        await waiting.loop.pass_s(4.9)
        assert not task.done()
        await waiting.loop.pass_s(0.2)
        assert isinstance(task.exception(), TimeoutError)

    on_a_hand_wound_loop(main)


def test_a_shorter_limit_rings_sooner() -> None:
    async def main(waiting: Waiting) -> None:
        await waiting.at_once(500)
        task = await waiting.begin(2)
        await waiting.loop.pass_s(2.1)
        assert isinstance(task.exception(), TimeoutError)
        assert await waiting.at_once(2) == 7

    on_a_hand_wound_loop(main)


def test_no_limit_is_no_timer() -> None:
    async def main(waiting: Waiting) -> None:
        task = await waiting.begin(None)
        await waiting.loop.pass_s(1e6)
        assert not task.done()
        assert waiting.timers == 0
        task.cancel()

    on_a_hand_wound_loop(main)


def test_it_does_not_hide_a_cancellation() -> None:
    async def main(waiting: Waiting) -> None:
        task = await waiting.begin(5)
        await waiting.loop.pass_s(1)
        task.cancel()
        await waiting.loop.pass_s(0)
        assert task.cancelled()

    on_a_hand_wound_loop(main)


def test_it_yields_to_a_cancellation_at_the_same_moment() -> None:
    async def main(waiting: Waiting) -> None:
        task = await waiting.begin(5)
        waiting.loop.now += 6  # it rings in the coming turn of the loop, and the task is cancelled before that
        task.cancel()
        await waiting.loop.pass_s(0)
        assert task.cancelled()

    on_a_hand_wound_loop(main)


def test_when_closed_it_leaves_no_timer() -> None:
    async def main(waiting: Waiting) -> None:
        await waiting.at_once(5)
        waiting.alarm.close()
        waiting.alarm.close()
        assert waiting.timers == 0

    on_a_hand_wound_loop(main)


def test_it_may_ring_while_nobody_waits() -> None:
    async def main(waiting: Waiting) -> None:
        await waiting.at_once(5)
        await waiting.loop.pass_s(6)
        assert waiting.timers == 0
        assert await waiting.at_once(5) == 7

    on_a_hand_wound_loop(main)


@pytest.mark.parametrize("fails", [ValueError, OSError])
def test_a_failure_passes_through(fails: type[Exception]) -> None:
    async def main(waiting: Waiting) -> None:
        future = waiting.loop.create_future()
        future.set_exception(fails("as it is"))
        with pytest.raises(fails, match="as it is"):
            await waiting.alarm.wait(future, 5)

    on_a_hand_wound_loop(main)
