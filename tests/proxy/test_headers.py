"""The headers of an answer: ours, all true; the vendor's, under names that cannot pass for ours; and what is heard."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from litellm_lite import __version__
from tests.proxy.rude import ASK, MASTER, UPSTREAM, Rude, configuration, deployment, half_a_stream
from tests.wire import (
    DONE,
    HoldOpen,
    Pause,
    Reset,
    Send,
    Wire,
    chunk,
    chunk_frame,
    completion,
    event,
    hello_events,
    problem,
    stream,
)

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
PRICED = {"input_cost_per_token": 0.001, "output_cost_per_token": 0.01}
# LiteLLM's names, as far as they are always there.
ALWAYS = {
    "x-litellm-call-id", "x-litellm-response-duration-ms", "x-litellm-overhead-duration-ms", "x-litellm-version",
}  # fmt: skip
SERVED = ALWAYS | {
    "x-litellm-model-id", "x-litellm-model-group", "x-litellm-model-api-base", "x-litellm-attempted-retries",
    "x-litellm-attempted-fallbacks",
}  # fmt: skip


@pytest.fixture(scope="module")
def gateway() -> Iterator[Rude]:
    with Wire() as wire:
        config = configuration(
            wire,
            deployment(wire, "priced", model="openai/priced", model_info={"id": "the-id"}, **PRICED),
            deployment(wire, "spare"),
        )
        config["model_list"][1]["model_info"] = config["model_list"][1]["litellm_params"].pop("model_info")
        with Rude(config, wire) as running:
            yield running


def ours(headers: Any) -> set[str]:
    return {name for name in headers if name.startswith("x-litellm-")}


@pytest.mark.parametrize("streamed", [False, True])
def test_an_answer_says_who_served_and_how_long_it_took(gateway: Rude, streamed: bool) -> None:
    gateway.wire.answers(stream(hello_events()) if streamed else completion())

    headers = gateway.ask({**ASK, "model": "priced", "stream": streamed}).headers

    assert ours(headers) == (SERVED if streamed else SERVED | {"x-litellm-response-cost"})
    assert headers["x-litellm-model-id"] == "the-id"
    assert headers["x-litellm-model-group"] == "priced"
    assert headers["x-litellm-model-api-base"] == f"{gateway.wire.url}/v1"
    assert headers["x-litellm-attempted-retries"] == "0"
    assert headers["x-litellm-attempted-fallbacks"] == "0"
    assert headers["x-litellm-version"] == __version__
    assert UUID.fullmatch(headers["x-litellm-call-id"])
    assert 0 < float(headers["x-litellm-overhead-duration-ms"]) <= float(headers["x-litellm-response-duration-ms"])


def test_the_cost_is_what_the_prices_come_to(gateway: Rude) -> None:
    gateway.wire.answers(completion())

    headers = gateway.ask({**ASK, "model": "priced"}).headers

    assert float(headers["x-litellm-response-cost"]) == pytest.approx(3 * 0.001 + 2 * 0.01)


def test_a_cost_that_nobody_knows_is_not_told(gateway: Rude) -> None:
    gateway.wire.answers(completion())

    assert "x-litellm-response-cost" not in gateway.ask().headers


def test_an_answer_without_usage_has_no_cost(gateway: Rude) -> None:
    gateway.wire.answers(completion(usage=None))

    assert "x-litellm-response-cost" not in gateway.ask({**ASK, "model": "priced"}).headers


def test_what_the_vendor_takes_is_no_overhead(gateway: Rude) -> None:
    gateway.wire.answers([Pause(0.2), *completion()])

    headers = gateway.ask().headers

    assert float(headers["x-litellm-response-duration-ms"]) >= 200
    assert float(headers["x-litellm-overhead-duration-ms"]) < 100


def test_nor_is_it_where_the_vendor_fails(gateway: Rude) -> None:
    gateway.wire.answers([Pause(0.2), *problem(500, "Trouble")])

    answer = gateway.ask()

    assert answer.status == 500
    assert ours(answer.headers) >= ALWAYS
    assert float(answer.headers["x-litellm-response-duration-ms"]) >= 200
    assert float(answer.headers["x-litellm-overhead-duration-ms"]) < 100


def test_retries_and_fallbacks_are_counted(gateway: Rude) -> None:
    gateway.wire.answers(problem(500, "One"), problem(500, "Two"), completion())

    headers = gateway.ask({**ASK, "num_retries": 1, "fallbacks": ["spare"]}).headers

    assert headers["x-litellm-attempted-retries"] == "1"
    assert headers["x-litellm-attempted-fallbacks"] == "1"
    assert headers["x-litellm-model-group"] == "spare"


@pytest.mark.parametrize("given", ["my-call.1:2_3", "a", "x" * 128, "123e4567-e89b-12d3-a456-426614174000"])
def test_a_callers_own_id_is_kept(gateway: Rude, given: str) -> None:
    gateway.wire.answers(completion())

    assert gateway.ask(ASK, {"x-litellm-call-id": given}).headers["x-litellm-call-id"] == given
    assert gateway.logged(given)["status"] == 200


@pytest.mark.parametrize(
    "given", ["", " ", "x" * 129, "a b", "a\tb", 'a"b', "a\\b", "{a}", "<script>", b"\xff", "é".encode(), "a;b", "a,b"]
)
def test_an_id_that_is_none_is_replaced(gateway: Rude, given: str | bytes) -> None:
    gateway.wire.answers(completion())

    assert UUID.fullmatch(gateway.ask(ASK, {"x-litellm-call-id": given}).headers["x-litellm-call-id"])


@pytest.mark.parametrize("streamed", [False, True])
def test_the_vendors_headers_come_with_a_prefix_and_its_rate_limits_plain_too(gateway: Rude, streamed: bool) -> None:
    told = {
        "x-ratelimit-limit-requests": "100",
        "x-ratelimit-remaining-tokens": "9",
        "x-ratelimit-reset-requests": "1s",
        "x-request-id": "req-1",
        "openai-processing-ms": "12",
    }
    gateway.wire.answers(stream(hello_events(), told) if streamed else completion(headers=told))

    headers = gateway.ask({**ASK, "stream": streamed}).headers

    for name, value in told.items():
        assert headers[f"llm_provider-{name}"] == value
        assert headers.get(name) == (value if name.startswith("x-ratelimit-") else None)


@pytest.mark.parametrize("streamed", [False, True])
def test_a_vendor_cannot_pass_for_the_gateway(gateway: Rude, streamed: bool) -> None:
    spoofed = {
        "x-litellm-call-id": "spoofed",
        "X-LiteLLM-Model-Id": "spoofed",
        "x-litellm-response-cost": "0",
        "x-litellm-anything": "spoofed",
        "set-cookie": "spoofed=1",
        "server": "spoofed",
        "www-authenticate": "spoofed",
        "location": "https://evil.example",
        "access-control-allow-origin": "*",
        "x-accel-redirect": "/etc/passwd",
    }
    gateway.wire.answers(stream(hello_events(), spoofed) if streamed else completion(headers=spoofed))

    headers = gateway.ask({**ASK, "stream": streamed}).headers

    mine = {name: value for name, value in headers.items() if not name.startswith("llm_provider-")}
    assert "spoofed" not in str(mine)
    assert "x-litellm-anything" not in mine
    assert mine.keys().isdisjoint({"set-cookie", "location", "access-control-allow-origin", "x-accel-redirect"})
    assert "x-litellm-response-cost" not in mine
    assert headers["llm_provider-x-litellm-call-id"] == "spoofed"
    assert "llm_provider-set-cookie" not in headers


@pytest.mark.parametrize("header", ["x-echo", "x-request-id", "x-ratelimit-limit-requests"])
@pytest.mark.parametrize("streamed", [False, True])
def test_a_key_that_a_vendor_repeats_in_a_header_is_taken_out(gateway: Rude, header: str, streamed: bool) -> None:
    told = {header: f"Bearer {UPSTREAM}!"}
    gateway.wire.answers(stream(hello_events(), told) if streamed else completion(headers=told))

    answer = gateway.ask({**ASK, "stream": streamed})

    assert answer.headers[f"llm_provider-{header}"] == "Bearer [redacted]!"
    assert UPSTREAM not in str(answer)


@pytest.mark.parametrize("value", ["caf\xe9", "a\tb", "\xff\xfe", "x" * 5000, ""])
def test_a_vendors_header_that_is_no_plain_text_does_no_harm(gateway: Rude, value: str) -> None:
    gateway.wire.answers(completion(headers={"x-odd": value}))

    answer = gateway.ask()

    assert answer.status == 200
    assert answer.headers.get("llm_provider-x-odd", "").isascii()


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("value", ["a\rb", "a\x00b", "a\r\nx-litellm-call-id: b", "a\n b", "a\x01b"])
def test_a_line_break_in_a_vendors_header_makes_no_header(gateway: Rude, value: str, streamed: bool) -> None:
    told = {"x-odd": value}
    gateway.wire.answers(stream(hello_events(), told) if streamed else completion(headers=told))

    answer = gateway.ask({**ASK, "stream": streamed})

    assert answer.status in (200, 502)
    assert UUID.fullmatch(answer.headers["x-litellm-call-id"])
    assert "\n" not in str(answer.headers.values())


def test_a_hundred_headers_of_a_vendor_are_passed_on(gateway: Rude) -> None:
    told = {f"x-header-{at}": str(at) for at in range(80)}
    gateway.wire.answers(completion(headers=told))

    headers = gateway.ask().headers

    assert all(headers[f"llm_provider-{name}"] == value for name, value in told.items())


@pytest.mark.parametrize("header", ["x-litellm-timeout", "x-litellm-stream-timeout"])
def test_a_timeout_is_held(gateway: Rude, header: str) -> None:
    gateway.wire.answers([HoldOpen()])
    started = time.monotonic()

    answer = gateway.ask({**ASK, "stream": header == "x-litellm-stream-timeout"}, {header: "0.2"})

    assert answer.status == 408
    assert answer.error["type"] == "timeout_error"
    assert 0.2 <= time.monotonic() - started < 2


def test_what_the_body_says_of_the_timeout_wins(gateway: Rude) -> None:
    gateway.wire.answers([Pause(0.2), *completion()])

    assert gateway.ask({**ASK, "timeout": 5}, {"x-litellm-timeout": "0.05"}).status == 200


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_the_number_of_retries_is_held(gateway: Rude, retries: int) -> None:
    gateway.wire.answers(problem(500, "Trouble", {"retry-after": "0"}))
    count = len(gateway.wire.requests)

    answer = gateway.ask(ASK, {"x-litellm-num-retries": str(retries)})

    assert answer.status == 500
    assert len(gateway.wire.requests) == count + 1 + retries
    assert answer.headers["x-litellm-attempted-retries"] == str(retries)


def test_none_of_a_clients_headers_reaches_a_vendor(gateway: Rude) -> None:
    gateway.wire.answers(completion())
    rude = {"x-forwarded-for": "1.2.3.4", "x-evil": "1", "cookie": "a=b", "user-agent": "evil", "accept": "evil/1"}

    gateway.ask(ASK, {**rude, "connection": "x-evil", "te": "trailers", "x-litellm-tags": "evil"})

    sent = gateway.wire.last.headers
    assert "evil" not in str(sent)
    assert sent.keys().isdisjoint({"x-forwarded-for", "cookie", "x-litellm-tags", "te"})
    assert MASTER not in str(sent)


def test_while_nothing_is_known_yet_nothing_is_said_of_the_overhead() -> None:
    gate = threading.Event()
    with Wire() as wire, Rude(configuration(wire, keep_alive_interval=0.02), wire) as running:
        wire.answers([Pause(gate), *stream(hello_events())])
        client = running.open_stream()
        _, headers = client.head()
        gate.set()

        assert b"".join(client.pieces()).endswith(DONE)
    assert "x-litellm-overhead-duration-ms" not in headers
    assert "x-litellm-model-id" not in headers


def test_a_stream_that_is_cut_has_told_its_headers_before(gateway: Rude) -> None:
    gateway.wire.answers(half_a_stream(Send(chunk_frame(event(chunk("lo")))), Reset()))

    assert ours(gateway.ask({**ASK, "stream": True}).headers) >= SERVED
