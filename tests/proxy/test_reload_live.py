"""A configuration that changes under way: a good one counts for what comes, a bad one for nothing."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.proxy.rude import ASK, MASTER, Rude, configuration, deployment, half_a_stream, request, said, wait_for
from tests.wire import DONE, LAST_FRAME, Pause, Send, Wire, chunk, chunk_frame, completion, event

ANOTHER = "sk-another-canary-7d2e90"

REST = [said("lo."), Send(chunk_frame(event(chunk(finish="stop")))), Send(chunk_frame(DONE)), Send(LAST_FRAME)]


@pytest.fixture
def gateway() -> Iterator[Rude]:
    with Wire() as wire, Rude(configuration(wire), wire) as running:
        running.allowed = ("the changed configuration is not used",)
        yield running


def put(gateway: Rude, config: Mapping[str, Any] | str) -> None:
    """Put a new file in the place of the old one, as editors do."""
    new = gateway.config_file.with_name("new")
    new.write_text(config if isinstance(config, str) else json.dumps(config))
    new.replace(gateway.config_file)


def overwrite(gateway: Rude, config: Mapping[str, Any]) -> None:
    gateway.config_file.write_text(json.dumps(config))


def put_and_tell(gateway: Rude, config: Mapping[str, Any]) -> None:
    put(gateway, config)
    gateway.tell(signal.SIGHUP)


WAYS = [put, overwrite, put_and_tell]


def another(gateway: Rude) -> dict[str, Any]:
    return configuration(gateway.wire, deployment(gateway.wire, "n"), master_key=ANOTHER)


def taken_over(gateway: Rude) -> bool:
    return gateway.ask({**ASK, "model": "n"}, key=ANOTHER).status == 200


@pytest.mark.parametrize("way", WAYS)
def test_a_changed_file_counts_for_what_comes(gateway: Rude, way: Callable[[Rude, Any], None]) -> None:
    assert not taken_over(gateway)

    way(gateway, another(gateway))

    wait_for(lambda: taken_over(gateway))
    assert gateway.ask(key=MASTER).status == 401
    assert gateway.ask(key=ANOTHER).status == 200


def test_a_stream_goes_on_under_what_it_began_with(gateway: Rude) -> None:
    gate = threading.Event()
    gateway.wire.answers(half_a_stream(Pause(gate), *REST), completion())
    client = gateway.open_stream()
    first = client.begin_stream()
    with Wire() as elsewhere:
        config = configuration(elsewhere, master_key=ANOTHER)

        put_and_tell(gateway, config)
        wait_for(lambda: gateway.ask(key=ANOTHER).status == 200)
        assert elsewhere.requests
        gate.set()

        assert (first + b"".join(client.pieces())).endswith(DONE)


def test_a_request_whose_body_is_coming_ends_under_what_it_began_with(gateway: Rude) -> None:
    whole = request(ASK)
    client = gateway.connect()
    client.send(whole[:-5])
    gateway.assert_well()

    put_and_tell(gateway, another(gateway))
    wait_for(lambda: taken_over(gateway))
    client.send(whole[-5:])

    assert client.answer().status == 200


def test_no_request_is_dropped_while_it_changes_again_and_again(gateway: Rude) -> None:
    failures: list[Any] = []
    over = threading.Event()

    def ask_all_the_time() -> None:
        while not over.is_set():
            if (answer := gateway.ask()).status != 200:
                failures.append(answer)

    clients = [threading.Thread(target=ask_all_the_time) for _ in range(4)]
    for client in clients:
        client.start()
    names = [f"n{at}" for at in range(8)]

    for name in names:
        put_and_tell(gateway, configuration(gateway.wire, deployment(gateway.wire, name)))
        wait_for(lambda name=name: gateway.ask({**ASK, "model": name}).status == 200)  # type: ignore[misc]

    over.set()
    for client in clients:
        client.join()
    assert failures == []


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "model_list: [",
        "model_list: []",
        "\x00",
        json.dumps({"model_list": [{"model_name": "m"}]}),
        json.dumps({"model_list": [], "general_settings": {"master_kee": "x"}}),
        json.dumps({"model_list": [{"model_name": "m", "litellm_params": {"model": "nobody/m"}}]}),
        json.dumps(
            {"model_list": [{"model_name": "m", "litellm_params": {"model": "openai/m", "api_key": "os.environ/NONE"}}]}
        ),
    ],
)
def test_a_bad_file_changes_nothing_and_is_told_to_the_log(gateway: Rude, bad: str) -> None:
    put(gateway, bad)
    gateway.tell(signal.SIGHUP)
    wait_for(lambda: "the changed configuration is not used" in gateway.written())

    assert gateway.ask().status == 200

    put_and_tell(gateway, another(gateway))
    wait_for(lambda: taken_over(gateway))


def test_a_file_that_is_gone_changes_nothing(gateway: Rude) -> None:
    gateway.config_file.unlink()
    gateway.tell(signal.SIGHUP)
    wait_for(lambda: "the changed configuration is not used" in gateway.written())

    assert gateway.ask().status == 200


def test_no_secret_of_a_bad_file_is_told(gateway: Rude) -> None:
    bad = configuration(gateway.wire, master_key=ANOTHER)
    bad["model_list"][0]["litellm_params"]["api_key"] = {"wrong": ANOTHER}

    put_and_tell(gateway, bad)
    wait_for(lambda: "the changed configuration is not used" in gateway.written())

    assert ANOTHER not in gateway.written()


def test_sighup_alone_drops_nothing(gateway: Rude) -> None:
    before = gateway.worker

    for _ in range(20):
        gateway.tell(signal.SIGHUP)
        assert gateway.ask().status == 200

    assert gateway.worker == before


def test_a_new_limit_counts_for_what_comes(gateway: Rude) -> None:
    config = configuration(gateway.wire, deployment(gateway.wire, "n"), master_key=ANOTHER, max_request_size_mb=0.0001)

    put_and_tell(gateway, config)
    wait_for(lambda: gateway.ask({"model": "n", "messages": []}, key=ANOTHER).status == 400)

    assert gateway.ask(key=ANOTHER, body={**ASK, "user": "x" * 200}).status == 413
