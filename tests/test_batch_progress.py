"""How a batch goes on and ends: laziness, progress, threads, Ctrl-C and cancelling."""

from __future__ import annotations

import asyncio
import io
import itertools
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from typing import Any

import httpx
import pytest

from litellm_lite import batches
from litellm_lite.workers import Batch
from tests.batch_calls import MOCK, asked, batch, chat, echo, said, wait_for_workers, workers
from tests.calls import MESSAGES, MODES
from tests.wire import HoldOpen, Pause, Wire, completion, problem

COLOURS = pytest.mark.parametrize("mode", MODES)


@COLOURS
def test_the_next_chat_is_taken_when_there_is_room_for_it(mode, wire: Wire) -> None:
    taken = itertools.count()
    ahead: list[int] = []
    last = -1

    def chats() -> Iterator[Any]:
        nonlocal last
        for _ in range(20):
            last = next(taken)
            yield MESSAGES

    batch(mode, wire, chats(), max_workers=3, progress=lambda done, *_: ahead.append(last + 1 - done))
    assert len(ahead) == 20
    assert max(ahead) <= 2  # one of the three has just been settled


@COLOURS
def test_a_chat_is_sent_before_the_next_one_is_taken(mode, wire: Wire) -> None:
    def chats() -> Iterator[Any]:
        for count in range(1, 4):
            yield MESSAGES
            wire.wait_for_requests(count)

    assert said(batch(mode, wire, chats())) == ["Hello."] * 3


def test_a_slow_iterable_does_not_hold_up_the_news() -> None:
    told: list[int] = []

    def chats() -> Iterator[Any]:
        yield MESSAGES
        yield from itertools.takewhile(lambda _: not told, itertools.repeat(MESSAGES, 1000))  # stops after a few

    batches.batch_completion("openai/m", [MESSAGES], **MOCK)  # what is loaded on first use is loaded
    answers = batches.batch_completion(
        "openai/m", chats(), max_workers=2000, progress=lambda *_: told.append(0), **MOCK
    )
    assert len(answers) < 1000


@COLOURS
def test_an_error_of_the_iterable_ends_the_batch(mode, wire: Wire) -> None:
    def chats() -> Iterator[Any]:
        yield MESSAGES
        msg = "the file is damaged"
        raise OSError(msg)

    with pytest.raises(OSError, match="the file is damaged"):
        batch(mode, wire, chats(), max_workers=1)
    wait_for_workers()


@COLOURS
def test_an_error_of_progress_ends_even_an_endless_batch(mode, wire: Wire) -> None:
    class Enough(Exception):  # noqa: N818
        pass

    def stop(done: int, *_: object) -> None:
        if done == 5:
            raise Enough

    with pytest.raises(Enough):
        batch(mode, wire, itertools.repeat(MESSAGES), max_workers=2, progress=stop)
    wait_for_workers()
    assert len(wire.requests) <= 6


@COLOURS
def test_progress_is_told_of_each_answer_and_of_failures(mode, wire: Wire) -> None:
    calls: list[tuple[int, int, int | None]] = []
    wire.answers(lambda request: problem(400, "No") if asked(request) == "1" else echo(request))
    batch(mode, wire, list(map(chat, range(3))), max_workers=1, progress=lambda *told: calls.append(told))
    assert calls == [(1, 0, 3), (2, 1, 3), (3, 1, 3)]


@COLOURS
def test_the_total_of_what_has_no_length_is_unknown(mode, wire: Wire) -> None:
    calls: list[tuple[int, int, int | None]] = []
    batch(mode, wire, iter([MESSAGES]), progress=lambda *told: calls.append(told))
    assert calls == [(1, 0, None)]


@COLOURS
def test_progress_is_told_in_the_callers_thread(mode, wire: Wire) -> None:
    threads: set[int] = set()
    batch(mode, wire, [MESSAGES] * 5, progress=lambda *_: threads.add(threading.get_ident()))
    assert threads == {threading.get_ident()}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@COLOURS
@pytest.mark.parametrize(
    ("messages", "drawn"),
    [
        ([MESSAGES, [], MESSAGES], "\r1 of 3 done\r2 of 3 done, 1 failed\r3 of 3 done, 1 failed\n"),
        (iter([MESSAGES, []]), "\r1 done\r2 done, 1 failed\n"),
        ([], ""),
    ],
    ids=["list", "iterator", "nothing"],
)
def test_progress_true_draws_one_line_on_a_terminal(mode, wire: Wire, messages, drawn) -> None:
    chats = [MESSAGES, []] if isinstance(messages, Iterator) else messages
    with redirect_stderr(Terminal()) as terminal:
        batch(mode, wire, iter(chats) if isinstance(messages, Iterator) else chats, max_workers=1, progress=True)
    assert terminal.getvalue() == drawn


@COLOURS
def test_the_line_is_ended_when_the_batch_breaks_off(mode, wire: Wire) -> None:
    def chats() -> Iterator[Any]:
        yield MESSAGES
        yield MESSAGES  # taken once the first is settled, for there is one worker
        raise OSError

    with redirect_stderr(Terminal()) as terminal, pytest.raises(OSError):  # noqa: PT011 - it says nothing
        batch(mode, wire, chats(), max_workers=1, progress=True)
    assert terminal.getvalue() == "\r1 done\r2 done\n"


@COLOURS
@pytest.mark.parametrize("stderr", [io.StringIO(), None], ids=["a file", "no console"])
def test_progress_true_writes_nothing_where_there_is_no_terminal(mode, wire: Wire, stderr) -> None:
    with redirect_stderr(stderr):
        assert said(batch(mode, wire, [MESSAGES], progress=True)) == ["Hello."]
    assert stderr is None or stderr.getvalue() == ""


def test_threads_are_as_many_as_were_needed_and_end_with_the_batch(wire: Wire) -> None:
    seen: list[int] = []
    batch("sync", wire, [MESSAGES] * 3, progress=lambda *_: seen.append(len(workers())))
    assert max(seen) <= 3
    wait_for_workers()


def test_where_the_system_gives_no_more_threads_fewer_do_the_work(wire: Wire) -> None:
    def chats() -> Iterator[Any]:
        yield MESSAGES
        threading.stack_size(1 << 46)  # more than there is, so that the next thread is refused
        yield MESSAGES
        yield MESSAGES

    before = threading.stack_size()
    try:
        answers = batches.batch_completion("openai/m", chats(), **MOCK)
        assert said(answers) == ["Hello."] * 3
        with pytest.raises(RuntimeError, match="can't start new thread"):
            batches.batch_completion("openai/m", [MESSAGES], **MOCK)
    finally:
        threading.stack_size(before)


def test_a_call_that_no_thread_had_room_for_is_not_made_after_the_end(wire: Wire) -> None:
    gate = threading.Event()
    wire.answers([Pause(gate), *completion()])

    def chats() -> Iterator[Any]:
        yield MESSAGES
        wire.wait_for_requests(1)
        threading.stack_size(1 << 46)  # more than there is: the next call has to wait for the first one's thread
        yield MESSAGES
        raise OSError

    before = threading.stack_size()
    try:
        with pytest.raises(OSError):  # noqa: PT011 - it says nothing
            batch("sync", wire, chats())
    finally:
        threading.stack_size(before)
    gate.set()
    wait_for_workers()
    assert len(wire.requests) == 1


@pytest.fixture
def ctrl_c(wire: Wire) -> Iterator[Callable[[int], None]]:
    """Press Ctrl-C once that many requests have come, as a user does: again, if nothing happens."""
    heard, presses = threading.Event(), []

    def interrupt(*_: object) -> None:
        if not heard.is_set():
            heard.set()
            raise KeyboardInterrupt

    def press(requests: int) -> None:
        wire.wait_for_requests(requests)
        while not heard.wait(0.05):
            os.kill(os.getpid(), signal.SIGINT)

    def begin(requests: int) -> None:
        presses.append(threading.Thread(target=press, args=(requests,)))
        presses[-1].start()

    before = signal.signal(signal.SIGINT, interrupt)
    yield begin
    heard.set()
    for thread in presses:
        thread.join()
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_ends_a_batch_of_threads_at_once_and_nothing_more_is_started(
    wire: Wire, ctrl_c: Callable[[int], None]
) -> None:
    gate = threading.Event()
    wire.answers([Pause(gate), *completion()])
    ctrl_c(2)

    with pytest.raises(KeyboardInterrupt):
        batch("sync", wire, [MESSAGES] * 10, max_workers=2)

    assert len(workers()) == 2  # both calls are under way still, and nobody waits for them
    assert all(thread.daemon for thread in workers())
    gate.set()
    wait_for_workers()
    assert len(wire.requests) == 2


@pytest.mark.parametrize("how", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
def test_what_must_end_a_program_is_no_outcome(how) -> None:
    ended = Batch(iter([("m", MESSAGES)]), 1)
    assert ended.take() is not None
    with pytest.raises(how):
        ended.settle(0, how())


@pytest.mark.parametrize("own", [True, False], ids=["httpx", "pyreqwest"])
def test_cancelling_cancels_the_calls_under_way_and_starts_no_more(wire: Wire, own: bool) -> None:
    wire.answers([HoldOpen()])

    async def main() -> None:
        client = httpx.AsyncClient() if own else None
        params: dict[str, Any] = {**wire.target, "client": client}
        running = batches.abatch_completion("openai/m", [MESSAGES] * 10, max_workers=2, **params)
        calling = asyncio.create_task(running)
        await asyncio.to_thread(wire.wait_for_requests, 2)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        assert asyncio.all_tasks() == {asyncio.current_task()}
        if client is not None:  # pyreqwest 0.15.1 hangs up only when its own limit on reading has passed
            await asyncio.to_thread(wire.wait_for_hang_up, 0)
            await asyncio.to_thread(wire.wait_for_hang_up, 1)
            await client.aclose()

    asyncio.run(main())
    assert len(wire.requests) == 2


def test_a_call_that_was_cancelled_by_somebody_else_cancels_the_batch(wire: Wire) -> None:
    wire.answers([HoldOpen()])

    async def main() -> None:
        target: Any = wire.target
        calling = asyncio.create_task(batches.abatch_completion("openai/m", [MESSAGES] * 3, **target))
        await asyncio.to_thread(wire.wait_for_requests, 3)
        call = next(task for task in asyncio.all_tasks() if task not in (calling, asyncio.current_task()))
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
