"""One pool for many users: threads, event loops, forks, and users who leave early."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from litellm_lite.call import Timeouts
from litellm_lite.transport import exchange
from litellm_lite.transport.interruptible import Understudy
from litellm_lite.transport.pools import pools
from litellm_lite.transport.seam import Settings
from tests.transport.sending import Opened, Sender, request_to
from tests.wire import (
    HoldOpen,
    Pause,
    Send,
    Step,
    Wire,
    chunk_frame,
    completion,
    hello_events,
    stream,
    stream_head,
)

THREADS, CALLS = 20, 20
STALLED: list[Step] = [*stream_head(), Send(chunk_frame(b"data: 1\n\n")), HoldOpen()]
ENGINES = pytest.mark.parametrize("engine", ["pyreqwest", "httpx"])
ASYNC_ENGINES = pytest.mark.parametrize("engine", ["pyreqwest", "httpx", "aiohttp"])


@ENGINES
def test_threads_share_one_pool(engine, wire: Wire) -> None:
    settings = Settings(engine)

    def calls(_: int) -> list[int]:
        return [exchange.send(request_to(wire), Timeouts(), settings).status for _ in range(CALLS)]

    with ThreadPoolExecutor(THREADS) as threads:
        statuses = [status for each in threads.map(calls, range(THREADS)) for status in each]

    assert statuses == [200] * THREADS * CALLS
    assert wire.connections < THREADS * CALLS / 4


@ASYNC_ENGINES
def test_tasks_share_one_pool(engine, wire: Wire) -> None:
    settings = Settings(engine)

    async def calls() -> list[int]:
        return [(await exchange.asend(request_to(wire), Timeouts(), settings)).status for _ in range(CALLS)]

    async def main() -> list[list[int]]:
        return await asyncio.gather(*(calls() for _ in range(THREADS)))

    assert [status for each in asyncio.run(main()) for status in each] == [200] * THREADS * CALLS
    assert wire.connections < THREADS * CALLS / 4


@ASYNC_ENGINES
def test_event_loops_come_and_go(engine, wire: Wire) -> None:
    seen: list[weakref.ref[asyncio.AbstractEventLoop]] = []

    async def main() -> int:
        seen.append(weakref.ref(asyncio.get_running_loop()))
        await exchange.asend(request_to(wire), Timeouts(), Settings(engine))
        return (await exchange.asend(request_to(wire), Timeouts(), Settings(engine))).status

    assert [asyncio.run(main()) for _ in range(6)] == [200] * 6
    assert wire.connections == 6
    wire.wait_for_hang_up()
    gc.collect()
    assert sum(loop() is not None for loop in seen) <= 1, "the pools hold on to loops that are over"


@ASYNC_ENGINES
def test_loops_in_several_threads_do_not_meet(engine, wire: Wire) -> None:
    async def main() -> list[int]:
        return [(await exchange.asend(request_to(wire), Timeouts(), Settings(engine))).status for _ in range(CALLS)]

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda _: asyncio.run(main()), range(8))) == [[200] * CALLS] * 8
    assert wire.connections == 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
@pytest.mark.parametrize("engine", ["auto", "pyreqwest", "httpx", "aiohttp"])
def test_both_sides_of_a_fork_can_call(engine, wire: Wire) -> None:
    settings = Settings(engine)

    def calls() -> list[int]:
        async def main() -> list[int]:
            return [(await exchange.asend(request_to(wire), Timeouts(), settings)).status for _ in range(2)]

        opened = exchange.open_stream(request_to(wire), Timeouts(), settings)
        opened.close()
        whole = [exchange.send(request_to(wire), Timeouts(), settings).status for _ in range(2)]
        return [*whole, *asyncio.run(main())]

    assert calls() == [200] * 4
    kept_open = Opened(exchange.open_stream(request_to(wire), Timeouts(), settings), Sender(engine, "sync"))
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if calls() == [200] * 4 else 2
        finally:
            pools().close()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert b"choices" in kept_open.rest()
    kept_open.close()
    assert calls() == [200] * 4


def test_a_stream_closed_early_lets_go_of_its_connection(sender: Sender, wire: Wire) -> None:
    wire.answers(STALLED, completion())
    opened = sender.open(wire)
    assert opened.read() == b"data: 1\n\n"

    opened.close()

    wire.wait_for_hang_up()
    assert sender.send(wire).status == 200


def test_a_stream_read_to_its_end_gives_its_connection_back(sender: Sender, wire: Wire) -> None:
    wire.answers(stream(hello_events()), completion())
    opened = sender.open(wire)
    assert opened.rest().endswith(b"[DONE]\n\n")
    opened.close()

    assert sender.send(wire).status == 200
    assert wire.connections == 1


def test_closing_twice_does_no_harm(sender: Sender, wire: Wire) -> None:
    opened = sender.open(wire)
    opened.close()
    opened.close()

    assert sender.send(wire).status == 200


def test_a_stream_nobody_holds_lets_go_of_its_connection(sender: Sender, wire: Wire) -> None:
    wire.answers(STALLED, completion())

    async def look_in_and_leave() -> None:
        opened = await exchange.aopen_stream(request_to(wire), Timeouts(), sender.settings)
        assert await opened.read() == b"data: 1\n\n"

    async def let_the_loop_run() -> None:
        gc.collect()
        await asyncio.to_thread(wire.wait_for_hang_up)

    if sender.mode == "sync":
        opened = sender.open(wire)
        opened.read()
        del opened
        gc.collect()
    else:
        sender.run(look_in_and_leave())
        sender.run(let_the_loop_run())
    wire.wait_for_hang_up()
    assert sender.send(wire).status == 200


@ASYNC_ENGINES
@pytest.mark.parametrize("steps", [[HoldOpen()], [*stream_head(), HoldOpen()]], ids=["no head", "no body"])
def test_a_cancelled_call_leaves_the_pool_healthy(engine, wire: Wire, steps: list[Step]) -> None:
    wire.answers(completion(), steps, completion())
    settings, timeouts = Settings(engine), Timeouts(first_byte=1, idle=1)

    async def main() -> None:
        await exchange.asend(request_to(wire), timeouts, settings)
        calling = asyncio.create_task(exchange.asend(request_to(wire), timeouts, settings))
        await asyncio.to_thread(wire.wait_for_requests, 2)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        assert (await exchange.asend(request_to(wire), timeouts, settings)).status == 200
        # httpx and aiohttp hang up at once; pyreqwest 0.15.1 when its own limit on reading has passed
        await asyncio.to_thread(wire.wait_for_hang_up, 0)

    asyncio.run(main())


@ASYNC_ENGINES
def test_a_cancelled_read_leaves_the_pool_healthy(engine, wire: Wire) -> None:
    wire.answers(STALLED, completion())

    async def main() -> None:
        opened = await exchange.aopen_stream(request_to(wire), Timeouts(), Settings(engine))
        assert await opened.read() == b"data: 1\n\n"
        reading = asyncio.create_task(opened.read())
        await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await opened.close()
        await asyncio.to_thread(wire.wait_for_hang_up)
        assert (await exchange.asend(request_to(wire), Timeouts(), Settings(engine))).status == 200

    asyncio.run(main())


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


@pytest.mark.parametrize("engine", ["auto", "pyreqwest", "httpx"])
@pytest.mark.parametrize("steps", [[HoldOpen()], [*stream_head(), HoldOpen()]], ids=["no head", "no body"])
def test_ctrl_c_ends_a_call_at_once(engine, wire: Wire, ctrl_c: Callable[[int], None], steps: list[Step]) -> None:
    wire.answers(completion(), steps, completion())
    settings = Settings(engine)
    assert exchange.send(request_to(wire), Timeouts(), settings).status == 200
    ctrl_c(2)

    with pytest.raises(KeyboardInterrupt):
        exchange.send(request_to(wire), Timeouts(), settings)

    assert exchange.send(request_to(wire), Timeouts(), settings).status == 200


@pytest.mark.parametrize("engine", ["auto", "httpx"])
def test_ctrl_c_ends_the_read_of_a_stream_at_once(engine, wire: Wire, ctrl_c: Callable[[int], None]) -> None:
    wire.answers(STALLED, completion())
    opened = exchange.open_stream(request_to(wire), Timeouts(), Settings(engine))
    assert opened.read() == b"data: 1\n\n"
    ctrl_c(1)

    with pytest.raises(KeyboardInterrupt):
        opened.read()

    opened.close()
    wire.wait_for_hang_up()
    assert exchange.send(request_to(wire), Timeouts(), Settings(engine)).status == 200


def test_only_the_main_thread_has_an_understudy() -> None:
    understudy = Understudy()
    assert understudy.run(threading.get_ident) != threading.get_ident()

    with ThreadPoolExecutor(1) as threads:
        ran_in, caller = threads.submit(lambda: (understudy.run(threading.get_ident), threading.get_ident())).result()

    assert ran_in == caller
    understudy.close()


def test_an_understudy_serves_many_calls_with_one_thread() -> None:
    understudy = Understudy()

    assert len({understudy.run(threading.get_ident) for _ in range(10)}) == 1

    understudy.close()
    assert understudy.run(lambda: "after closing it begins anew") == "after closing it begins anew"
    understudy.close()


def test_where_there_are_no_more_threads_the_main_thread_waits_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        msg = "can't create new thread at interpreter shutdown"
        raise RuntimeError(msg)

    monkeypatch.setattr(threading.Thread, "start", refuse)

    assert Understudy().run(threading.get_ident) == threading.get_ident()


def test_an_understudy_raises_what_the_call_raises_and_keeps_no_trace() -> None:
    class Marked(Exception):  # noqa: N818
        pass

    def fail() -> None:
        raise Marked

    understudy = Understudy()
    try:
        understudy.run(fail)
    except Marked as error:
        seen = weakref.ref(error)
    gc.disable()
    try:
        assert seen() is None, "the exception waits for the garbage collector"
    finally:
        gc.enable()
    understudy.close()


def test_an_interrupted_call_does_not_hold_up_the_next(wire: Wire, ctrl_c: Callable[[int], None]) -> None:
    gate = threading.Event()
    wire.answers([Pause(gate), *completion()], completion())
    ctrl_c(1)

    with pytest.raises(KeyboardInterrupt):
        exchange.send(request_to(wire), Timeouts(), Settings("pyreqwest"))
    assert exchange.send(request_to(wire), Timeouts(), Settings("pyreqwest")).status == 200

    gate.set()
