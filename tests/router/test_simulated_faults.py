"""Stories that the simulator found, told by hand: short, with everything in them that it took."""

from __future__ import annotations

from litellm_lite.errors import APIConnectionError, ContentPolicyViolationError, RateLimitError, Timeout
from tests.router.simulated_callers import Caller, Request
from tests.router.simulator import World, deployed


def came(world: World, request: Request) -> Caller:
    caller = world.arrive(request)
    assert caller is not None
    return caller


def ids(caller: Caller) -> list[str]:
    return [record.deployment.id for record in caller.route.trace]


def test_a_deployment_that_was_taken_out_is_not_picked_again() -> None:
    """It stood in the trees when it went, and those who had tried it took it out of the new ones once more."""
    world = World([deployed("a"), deployed("b")], routing_strategy="least-busy")
    world.set("a", "cuts streams")
    world.set("b", "cuts streams")
    caller = came(world, Request(stream=True))
    world.run(0.5)
    world.exchange("a")
    world.exchange("b")
    world.drain()
    assert isinstance(caller.error, APIConnectionError) or caller.answers
    assert all(standing.shelf.free >= 0 for standing in world.standings)


def test_nobody_is_called_for_one_who_wakes_up_after_his_deadline() -> None:
    world = World([deployed("a", max_parallel_requests=1)])
    world.vendor("a").latency_s = 5.0
    came(world, Request())
    world.run(0.1)
    late = came(world, Request(timeout_s=4.9))
    world.drain()
    assert isinstance(late.error, RateLimitError | Timeout)
    assert ids(late) == []
    assert world.vendor("a").calls == 1


def test_who_leaves_as_he_is_called_gives_his_place_to_the_next() -> None:
    world = World([deployed("a", max_parallel_requests=1)])
    came(world, Request())
    world.run(0.1)
    called, following = came(world, Request()), came(world, Request())
    world.run(0.1)
    ticket = called.route.line._ticket
    assert ticket is not None
    while ticket.standing is None:
        world.run(0.0005)
    called.hang_up()
    world.run(0.02)
    assert ids(following) == ["a"]
    world.drain()


def test_a_small_call_goes_where_there_is_room_though_a_large_one_waits_elsewhere() -> None:
    """The first has room for a small one only, and is kept for the large one; the second is free."""
    first = deployed("a", order=1, tpm=600, tags=frozenset({"slow", "fast"}))
    world = World([first, deployed("b", order=2, tags=frozenset({"fast"}))])
    for _ in range(4):
        large = came(world, Request(size=1000, timeout_s=120.0, tag="slow"))
        world.run(1.0)
    assert not large.over
    small = came(world, Request(size=40, tag="fast"))
    world.run(1.0)
    assert ids(small) == ["b"]
    world.drain()


def test_a_call_from_before_a_cooldown_does_not_free_the_place_of_the_probe() -> None:
    world = World([deployed("a"), deployed("b", "spare")], fallbacks=[{"main": ["spare"]}])
    world.vendor("a").latency_s = 60.0
    old = came(world, Request(timeout_s=120.0))
    world.run(1.0)
    world.set("a", "refuses the key")
    world.vendor("a").latency_s = 0.1
    came(world, Request())
    world.run(6.0)
    world.set("a", "well")
    world.vendor("a").latency_s = 10.0
    probe, calls = came(world, Request()), world.vendor("a").calls
    world.run(1.0)
    old.hang_up()
    world.run(1.0)
    other = came(world, Request())
    world.drain()
    assert (ids(probe), ids(other)) == (["a"], ["b"])
    assert world.vendor("a").calls == calls + 1


def test_content_that_one_has_refused_is_not_shown_to_others_while_a_second_is_silent() -> None:
    world = World(
        [deployed("a"), *(deployed(f"b{number}", "spare") for number in range(3))],
        fallbacks=[{"main": ["spare"]}],
        first_token_timeout=1.0,
    )
    world.set("a", "refuses the content")
    world.vendor("a").latency_s = 4 * 1.5  # refused after the second was started beside it
    for number in range(3):
        world.set(f"b{number}", "says nothing")
    caller = came(world, Request(stream=True))
    world.drain()
    assert isinstance(caller.error, ContentPolicyViolationError)
    assert len(ids(caller)) == 2


def test_a_group_whose_only_deployment_is_exchanged_keeps_its_line() -> None:
    world = World([deployed("a", max_parallel_requests=1)])
    world.vendor("a").latency_s = 10.0
    came(world, Request())
    world.run(1.0)
    waiting = came(world, Request())
    world.run(1.0)
    world.exchange("a")
    world.run(5.1)
    assert ids(waiting) == ["a"]
    world.drain()


def test_who_waits_is_told_when_the_last_deployment_is_taken_out() -> None:
    world = World([deployed("a", max_parallel_requests=1), deployed("b", "other")])
    world.vendor("a").latency_s = 60.0
    came(world, Request(timeout_s=100.0))
    world.run(1.0)
    waiting = came(world, Request(timeout_s=600.0))
    world.run(1.0)
    world.remove("a")
    world.run(6.0)
    assert waiting.over
    world.drain()


def test_the_impatient_do_not_take_a_deployment_from_all_others() -> None:
    world = World([deployed("a"), deployed("b")])
    for _ in range(2):
        came(world, Request(timeout_s=0.2))
        world.run(1.0)
    patient = came(world, Request())
    world.drain()
    assert patient.answers == 1
