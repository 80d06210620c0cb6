"""How faults disturb an answer, before any socket is involved."""

from __future__ import annotations

import pytest

from litellm_lite.emulator.sending import Halt, Step, disturb, disturb_body
from litellm_lite.emulator.settings import Fault

CHUNKS = [b"1", b"2", b"3"]


@pytest.mark.parametrize(
    ("fault", "steps"),
    [
        (Fault(), [b"1", b"2", b"3"]),
        (Fault(cut_after_chunks=0), [Halt.CUT]),
        (Fault(cut_after_chunks=2), [b"1", b"2", Halt.CUT]),
        (Fault(cut_after_chunks=9), [b"1", b"2", b"3"]),
        (Fault(stall_after_chunks=1), [b"1", Halt.STALL]),
        (Fault(end_after_chunks=2), [b"1", b"2"]),
        (Fault(error_mid_stream=True), [b"1", b"error"]),
        (Fault(malformed_event=True), [b"1", b"bad", b"2", b"3"]),
    ],
)
def test_a_stream_is_left_as_its_fault_says(fault: Fault, steps: list[Step]) -> None:
    assert list(disturb(CHUNKS, fault, error=b"error", malformed=b"bad")) == steps


@pytest.mark.parametrize(
    ("fault", "length", "steps"),
    [
        (Fault(), 4, [b"body"]),
        (Fault(cut_after_chunks=1), 4, [b"bo", Halt.CUT]),
        (Fault(cut_after_chunks=0), 4, [Halt.CUT]),
        (Fault(stall_after_chunks=1), 4, [b"bo", Halt.STALL]),
        (Fault(stall_after_chunks=0), 4, [Halt.STALL]),
        (Fault(end_after_chunks=1), 2, [b"bo"]),
    ],
)
def test_a_whole_answer_is_broken_in_its_middle(fault: Fault, length: int, steps: list[Step]) -> None:
    assert disturb_body(b"body", fault) == (length, steps)
