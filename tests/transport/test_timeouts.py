"""Connect, first byte, idle, total: four limits, each by itself, and what a synchronous pyreqwest has instead."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from litellm_lite.call import Timeouts
from litellm_lite.errors import Timeout
from litellm_lite.transport.seam import Deadlines
from tests.transport.sending import NO_LIMITS, Sender
from tests.wire import LAST_FRAME, HoldOpen, Pause, Send, Step, Wire, chunk_frame, completion, stream_head

SHORT_S, LONG_S = 0.15, 30.0
PROMPT_S = 5.0  # an upper bound for "at once" on a busy machine, far below LONG_S
MUTE: list[Step] = [HoldOpen()]
HEAD_ONLY: list[Step] = [*stream_head(), HoldOpen()]
ONE_PIECE: list[Step] = [*stream_head(), Send(chunk_frame(b"one")), HoldOpen()]


def dripping(pause_s: float, pieces: int) -> list[Step]:
    """Return an answer whose pieces come one after another."""
    drops = [step for _ in range(pieces) for step in (Send(chunk_frame(b"x")), Pause(pause_s))]
    return [*stream_head(), *drops, Send(LAST_FRAME)]


@pytest.fixture
def full_house() -> Iterator[str]:
    """The address of a server whose queue is full: it never answers a new connection."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"


def test_connecting_has_a_limit(sender: Sender, full_house: str) -> None:
    started = time.monotonic()

    with pytest.raises(Timeout, match=r"could not connect to http://127.0.0.1:\d+ within 0.15 s") as caught:
        sender.send(full_house, Timeouts(connect=SHORT_S, first_byte=LONG_S, idle=LONG_S))

    assert caught.value.retryable
    assert time.monotonic() - started < PROMPT_S


def test_connecting_is_part_of_the_wait_for_the_first_byte(sender: Sender, full_house: str) -> None:
    with pytest.raises(Timeout):
        sender.send(full_house, Timeouts(connect=LONG_S, first_byte=SHORT_S, idle=SHORT_S))


@pytest.mark.parametrize("steps", [MUTE, HEAD_ONLY], ids=["no head", "no body"])
def test_the_first_byte_has_a_limit(sender: Sender, wire: Wire, steps: list[Step]) -> None:
    wire.answers(steps, completion())

    with pytest.raises(Timeout, match="no answer came within") as caught:
        sender.send(wire, Timeouts(first_byte=SHORT_S, idle=SHORT_S))

    assert caught.value.retryable
    wire.wait_for_hang_up()
    assert sender.send(wire).status == 200


def test_an_idle_answer_has_a_limit(sender: Sender, wire: Wire) -> None:
    wire.answers(ONE_PIECE, completion())
    opened = sender.open(wire, Timeouts(first_byte=SHORT_S, idle=SHORT_S))

    assert opened.read() == b"one"
    with pytest.raises(Timeout, match=r"the answer stalled: no bytes for 0\.15 s"):
        opened.read()

    opened.close()
    wire.wait_for_hang_up()
    assert sender.send(wire).status == 200


def test_a_steady_answer_may_take_longer_than_its_first_byte(sender: Sender, wire: Wire) -> None:
    wire.answers(dripping(0.1, 6))

    assert sender.send(wire, Timeouts(first_byte=0.4, idle=0.4)).body == b"xxxxxx"


def test_the_total_has_a_limit(sender: Sender, wire: Wire) -> None:
    wire.answers(dripping(0.05, 60), completion())
    started = time.monotonic()

    with pytest.raises(Timeout, match=r"no complete answer within 0\.3 s"):
        sender.send(wire, Timeouts(first_byte=LONG_S, idle=LONG_S, total=0.3))

    assert time.monotonic() - started < PROMPT_S
    assert sender.send(wire).status == 200


def test_the_total_of_a_stream_has_a_limit(sender: Sender, wire: Wire) -> None:
    wire.answers(dripping(0.05, 60))
    opened = sender.open(wire, Timeouts(first_byte=LONG_S, idle=LONG_S, total=0.3))

    with pytest.raises(Timeout, match=r"no complete answer within 0\.3 s"):
        opened.rest()

    opened.close()


def test_a_limit_that_is_none_is_none(sender: Sender, wire: Wire) -> None:
    wire.answers(dripping(0.05, 2))

    assert sender.send(wire, NO_LIMITS).body == b"xx"


def test_first_byte_and_idle_are_two_limits(sender: Sender, wire: Wire) -> None:
    wire.answers(ONE_PIECE)
    opened = sender.open(wire, Timeouts(first_byte=SHORT_S if not sender.times_single_reads else LONG_S, idle=SHORT_S))

    assert opened.read() == b"one"
    with pytest.raises(Timeout, match="stalled"):
        opened.read()

    opened.close()


def test_a_patient_idle_does_not_stretch_the_first_byte(sender: Sender, wire: Wire) -> None:
    if not sender.times_single_reads:
        pytest.skip("a synchronous pyreqwest takes the longer of the two for every read; see the next test")
    wire.answers(HEAD_ONLY)
    opened = sender.open(wire, Timeouts(first_byte=SHORT_S, idle=LONG_S))

    with pytest.raises(Timeout, match="no answer came"):
        opened.read()

    opened.close()


@pytest.mark.parametrize(("first_byte", "idle"), [(SHORT_S, 0.5), (0.5, SHORT_S)])
def test_a_synchronous_pyreqwest_stream_takes_the_longer_of_both(wire: Wire, first_byte: float, idle: float) -> None:
    wire.answers(HEAD_ONLY)
    opened = Sender("pyreqwest", "sync").open(wire, Timeouts(first_byte=first_byte, idle=idle))
    started = time.monotonic()

    with pytest.raises(Timeout):
        opened.read()

    assert time.monotonic() - started > 0.4
    opened.close()


def test_a_single_read_can_have_a_limit_of_its_own(sender: Sender, wire: Wire) -> None:
    if not sender.times_single_reads:
        pytest.skip("a synchronous pyreqwest cannot, and its streams say so: timed is False")
    wire.answers(ONE_PIECE)
    opened = sender.open(wire, Timeouts(first_byte=LONG_S, idle=LONG_S))
    started = time.monotonic()

    assert opened.read() == b"one"
    with pytest.raises(Timeout):
        opened.read(SHORT_S)

    assert time.monotonic() - started < PROMPT_S
    opened.close()


def test_streams_say_whether_their_reads_are_timed(sender: Sender, wire: Wire) -> None:
    opened = sender.open(wire)

    assert opened.stream.timed is sender.times_single_reads
    opened.close()


@pytest.mark.parametrize(
    ("timeouts", "began", "limit_s", "left"),
    [
        (Timeouts(first_byte=5, idle=3), False, None, 5),
        (Timeouts(first_byte=5, idle=3), True, None, 3),
        (Timeouts(first_byte=5, idle=3), True, 2, 2),
        (Timeouts(first_byte=5, idle=3), False, 2, 2),
        (Timeouts(first_byte=5, idle=3, total=1), True, None, 1),
        (Timeouts(first_byte=5, idle=3, total=1), False, None, 1),
        (Timeouts(first_byte=5, idle=3, total=9), True, None, 3),
        (Timeouts(first_byte=None, idle=None), True, None, None),
        (Timeouts(first_byte=None, idle=None), False, None, None),
        (Timeouts(first_byte=None, idle=None), False, 2, 2),
        (Timeouts(first_byte=0, idle=0), False, None, 0.001),
        (Timeouts(first_byte=0, idle=0), True, None, 0.001),
        (Timeouts(total=0), True, None, 0.001),
    ],
)
def test_the_shortest_limit_counts(timeouts: Timeouts, began: bool, limit_s: float | None, left: float | None) -> None:
    deadlines = Deadlines(timeouts)
    deadlines.began = began

    remaining = deadlines.remaining(limit_s)

    assert remaining == (None if left is None else pytest.approx(left, abs=0.2))
    assert remaining is None or remaining > 0
