"""The line before a group: fair, bounded, cheap when it is long, and no call is lost on its way to who waits."""

from __future__ import annotations

import asyncio
import threading
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.router.waiting import Queue, Ticket


def anyone(standing: object) -> bool:
    return True


def nobody(standing: object) -> bool:
    return False


def accepting(need: str) -> Callable[[object], bool]:
    return lambda standing: need in (standing, "both")


def joined(queue: Queue, accepts: Any = anyone) -> Ticket:
    ticket = queue.join(accepts)
    assert ticket is not None
    return ticket


def serve(queue: Queue, standing: object) -> Ticket | None:
    ticket = queue.next_for(standing)
    if ticket is not None:
        queue.leave(ticket)
    return ticket


def test_who_came_first_is_served_first() -> None:
    queue = Queue(10)
    tickets = [joined(queue) for _ in range(3)]
    assert [serve(queue, "a") for _ in range(4)] == [*tickets, None]
    assert len(queue) == 0


def test_a_full_line_takes_nobody_in_until_one_leaves() -> None:
    queue = Queue(2)
    first = joined(queue)
    joined(queue)
    assert queue.join(anyone) is None
    queue.leave(first)
    assert queue.join(anyone) is not None


def test_a_line_of_none_takes_nobody_in() -> None:
    assert Queue(0).join(anyone) is None


def test_who_cannot_use_a_place_is_passed_over_and_stays_first() -> None:
    queue = Queue(10)
    picky, easy = joined(queue, lambda standing: standing == "large"), joined(queue)
    assert serve(queue, "small") is easy
    assert queue.first(picky)
    assert serve(queue, "large") is picky


def test_a_place_that_nobody_accepts_serves_nobody() -> None:
    queue = Queue(10)
    joined(queue, nobody)
    assert serve(queue, "a") is None
    assert len(queue) == 1


def test_one_can_leave_from_anywhere_and_does_so_once() -> None:
    queue = Queue(10)
    first, middle, last = (joined(queue) for _ in range(3))
    assert queue.leave(middle)
    assert not queue.leave(middle)
    assert serve(queue, "a") is first
    assert serve(queue, "a") is last


def test_who_was_served_and_then_leaves_is_told_that_a_call_was_spent_on_it() -> None:
    queue = Queue(10)
    ticket = joined(queue)
    serve(queue, "a")
    assert not queue.leave(ticket)


def test_the_first_is_the_one_with_nobody_before_it() -> None:
    queue = Queue(10)
    first, second = joined(queue), joined(queue)
    assert (queue.first(first), queue.first(second)) == (True, False)
    assert queue.head is first
    queue.leave(first)
    assert queue.first(second)
    queue.leave(second)
    assert queue.head is None


def test_a_ticket_carries_what_its_caller_needs() -> None:
    queue = Queue(1)
    ticket = queue.join(anyone, 40)
    assert ticket is not None
    assert (ticket.tokens, ticket.standing, ticket.granted) == (40, None, False)


def test_a_call_before_the_caller_waits_is_not_lost() -> None:
    ticket = Ticket(anyone)
    assert ticket.call()
    assert ticket.granted


def test_a_call_wakes_who_waits() -> None:
    ticket, woken = Ticket(anyone), list[bool]()
    ticket.wake = lambda: woken.append(ticket.granted)
    assert ticket.call()
    assert woken == [True]


def test_a_call_from_another_thread_reaches_one_that_waits_in_a_loop() -> None:
    async def wait() -> bool:
        ticket, loop = Ticket(anyone), asyncio.get_running_loop()
        called = asyncio.Event()
        ticket.wake = lambda: loop.call_soon_threadsafe(called.set)
        threading.Thread(target=ticket.call).start()
        await asyncio.wait_for(called.wait(), 10)
        return ticket.granted

    assert asyncio.run(wait())


def test_a_caller_whose_loop_is_closed_does_not_harm_who_calls_it() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    ticket = Ticket(anyone)
    ticket.wake = lambda: loop.call_soon_threadsafe(print)
    assert not ticket.call()


def test_another_error_of_a_waker_is_not_hidden() -> None:
    ticket = Ticket(anyone)
    ticket.wake = lambda: 1 // 0
    with pytest.raises(ZeroDivisionError):
        ticket.call()


NEEDS = ("small", "large", "both")
moves = st.one_of(
    st.tuples(st.just("join"), st.sampled_from(NEEDS)),
    st.tuples(st.just("leave"), st.integers(0, 30)),
    st.tuples(st.just("serve"), st.sampled_from(NEEDS[:2])),
)


@given(st.lists(moves, max_size=80), st.integers(0, 12))
def test_of_those_with_the_same_needs_none_is_served_before_one_that_came_earlier(
    moves: list[tuple[str, Any]], most: int
) -> None:
    queue, line, needs = Queue(most), list[Ticket](), dict[Ticket, str]()
    for move, about in moves:
        if move == "join":
            ticket = queue.join(accepting(about))
            assert (ticket is None) is (len(line) >= most)
            if ticket is not None:
                needs[ticket] = about
                line.append(ticket)
        elif move == "leave":
            if about < len(line):
                assert queue.leave(line.pop(about))
        else:
            suited = [ticket for ticket in line if needs[ticket] in (about, "both")]
            assert serve(queue, about) is (suited[0] if suited else None)
            if suited:
                line.remove(suited[0])
        assert len(queue) == len(line)
        assert [ticket for ticket in line if queue.first(ticket)] == line[:1]


def test_ten_thousand_who_wait_take_less_than_three_megabytes() -> None:
    queue = Queue(10_000)
    tracemalloc.start()
    try:
        for _ in range(10_000):
            queue.join(anyone, 1000)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(queue) == 10_000
    assert taken < 3_000_000
