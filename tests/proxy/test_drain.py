"""SIGTERM: nothing new is begun, what is under way ends by itself or is told to, and the exit code is 0."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator

import pytest

from tests.proxy.rude import (
    ASK,
    Client,
    Rude,
    alone,
    configuration,
    half_a_stream,
    openai_error,
    request,
    said,
    wait_for,
)
from tests.wire import DONE, LAST_FRAME, HoldOpen, Pause, Send, Wire, chunk, chunk_frame, completion, event

REST = [said("lo."), Send(chunk_frame(event(chunk(finish="stop")))), Send(chunk_frame(DONE)), Send(LAST_FRAME)]
ENDINGS = [signal.SIGTERM, signal.SIGINT]


@pytest.fixture
def patient() -> Iterator[Rude]:
    with alone(drain_timeout=60) as running:
        yield running


@pytest.fixture
def hurried() -> Iterator[Rude]:
    with alone(drain_timeout=0.3) as running:
        yield running


def refuses(gateway: Rude) -> bool:
    try:
        Client(gateway.port).close()
    except OSError:
        return True
    return False


@pytest.mark.parametrize("number", ENDINGS)
def test_a_stream_under_way_comes_to_its_end_while_nothing_new_is_begun(patient: Rude, number: signal.Signals) -> None:
    gate = threading.Event()
    patient.wire.answers(half_a_stream(Pause(gate), *REST))
    client, idle = patient.open_stream(), patient.connect()
    first = client.begin_stream()
    idle.send(request(method="GET", path="/health/liveliness"))
    idle.answer()

    patient.tell(number)
    wait_for(lambda: refuses(patient))
    left = idle.read_to_end()
    gate.set()

    assert (first + b"".join(client.pieces())).endswith(DONE)
    assert left == b""
    assert patient.end() == 0


def test_a_whole_answer_under_way_comes_to_its_end(patient: Rude) -> None:
    gate = threading.Event()
    patient.wire.answers([Pause(gate), *completion("Late.")])
    client = patient.connect()
    client.send(request(ASK))
    patient.wire.wait_for_requests(1)

    patient.tell(signal.SIGTERM)
    wait_for(lambda: refuses(patient))
    gate.set()

    assert client.answer().json["choices"][0]["message"]["content"] == "Late."
    assert patient.end() == 0


def test_beyond_the_limit_a_stream_is_told_that_its_time_is_over(hurried: Rude) -> None:
    hurried.wire.answers(half_a_stream(HoldOpen()))
    client = hurried.open_stream()
    client.begin_stream()

    hurried.tell(signal.SIGTERM)
    (last,) = client.pieces()  # an end of the body as it should be

    assert openai_error(json.loads(last.removeprefix(b"data: ")))["message"].startswith("the gateway is shutting down")
    hurried.wire.wait_for_hang_up()
    assert hurried.end() == 0


@pytest.mark.parametrize("stream", [True, False])
def test_beyond_the_limit_a_request_without_an_answer_is_told_to_come_back(hurried: Rude, stream: bool) -> None:
    hurried.wire.answers([HoldOpen()])
    client = hurried.connect()
    client.send(request({**ASK, "stream": stream}))
    hurried.wire.wait_for_requests(1)

    hurried.tell(signal.SIGTERM)
    answer = client.answer()

    assert answer.status == 503
    assert answer.error["message"].startswith("the gateway is shutting down")
    assert hurried.end() == 0


def test_what_was_cut_is_in_the_log(hurried: Rude) -> None:
    hurried.wire.answers(half_a_stream(HoldOpen()))
    client = hurried.open_stream()
    _, headers = client.head()

    hurried.tell(signal.SIGTERM)
    client.read_to_end()

    assert hurried.end() == 0
    (line,) = hurried.log()
    assert line["call_id"] == headers["x-litellm-call-id"]
    assert line["error"] == "ServiceUnavailableError"


def test_a_client_that_does_not_read_does_not_keep_it_from_ending(hurried: Rude) -> None:
    hurried.wire.answers(half_a_stream(*[said("x" * 60_000)] * 500))
    client = hurried.connect(receive_buffer=4096)
    client.send(request({**ASK, "stream": True}))
    hurried.wire.wait_for_requests(1)

    hurried.tell(signal.SIGTERM)

    assert hurried.end() == 0


def test_a_request_whose_body_is_still_coming_does_not_keep_it_from_ending(hurried: Rude) -> None:
    client = hurried.connect()
    client.send(request(headers={"content-length": "1000"}) + b"{")

    hurried.tell(signal.SIGTERM)

    assert client.read_to_end().startswith((b"HTTP/1.1 503", b""))
    assert hurried.end() == 0


def test_of_two_workers_both_end_well() -> None:
    gate = threading.Event()
    with Wire() as wire, Rude(configuration(wire, drain_timeout=60), wire, "--num_workers", "2") as running:
        wire.answers(half_a_stream(Pause(gate), *REST))
        clients = [running.open_stream() for _ in range(8)]
        firsts = [client.begin_stream() for client in clients]

        running.tell(signal.SIGTERM)
        wait_for(lambda: refuses(running))
        gate.set()

        for first, client in zip(firsts, clients, strict=True):
            assert (first + b"".join(client.pieces())).endswith(DONE)
        assert running.end() == 0


def test_a_worker_that_is_killed_is_replaced() -> None:
    with Wire() as wire, Rude(configuration(wire), wire) as running:
        running.allowed = ("Unexpected exit from worker-1",)
        running.assert_well()
        first = running.worker

        os.kill(first, signal.SIGKILL)

        wait_for(lambda: not refuses(running) and running.worker != first)
        running.assert_well()


def test_a_second_sigterm_hurries_nobody(patient: Rude) -> None:
    gate = threading.Event()
    patient.wire.answers(half_a_stream(Pause(gate), *REST))
    client = patient.open_stream()
    client.begin_stream()

    patient.tell(signal.SIGTERM)
    wait_for(lambda: refuses(patient))
    patient.tell(signal.SIGTERM)
    gate.set()

    assert b"".join(client.pieces()).endswith(DONE)
    assert patient.end() == 0
