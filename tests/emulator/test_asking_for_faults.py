"""How a fault is asked for, by requests and by settings; what upstreams show, and what they have seen."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
import pytest

from litellm_lite.emulator import Emulator, Fault, Settings, Spell
from litellm_lite.emulator.faults import FAULTS
from tests.emulator.bodies import LLAMA_33, chat, user
from tests.emulator.raw import connected

HEADER = "x-emulator-fault"


@pytest.fixture
def own() -> Iterator[Emulator]:
    with Emulator(Settings(speed=1000.0)) as running:
        yield running


def ask(emulator: Emulator, upstream: str = "", fault: str = "", shape: Any = "compat", **fields: Any) -> int:
    headers = {"authorization": f"Bearer {emulator.api_key}"} | ({HEADER: fault} if fault else {})
    url = f"{emulator.base_url(upstream, shape)}/chat/completions"
    return httpx.post(url, json=chat(**fields), headers=headers, timeout=30, verify=False).status_code


def test_a_model_may_name_a_fault(emulator: Emulator, client: httpx.Client) -> None:
    url = f"{emulator.compat_url}/chat/completions"
    assert client.post(url, json=chat(model=f"{LLAMA_33}+unavailable;status=529")).status_code == 529
    healthy = client.post(url, json=chat(model=f"{LLAMA_33}+healthy"))
    assert (healthy.status_code, healthy.json()["model"]) == (200, LLAMA_33)


@pytest.mark.parametrize("fields", [{"fault": "stal"}, {"model": f"{LLAMA_33}+stal"}])
def test_an_unknown_fault_is_a_400_that_lists_them(emulator: Emulator, fields: dict[str, str]) -> None:
    headers = {"authorization": f"Bearer {emulator.api_key}", HEADER: fields.pop("fault", "")}
    reply = httpx.post(f"{emulator.compat_url}/chat/completions", json=chat(**fields), headers=headers, verify=False)
    assert reply.status_code == 400
    assert all(name in reply.json()["detail"] for name in FAULTS)


def test_the_header_comes_before_the_model_and_both_before_what_was_provoked(own: Emulator) -> None:
    own.provoke("unavailable; status=599")
    assert ask(own, fault="healthy", model=f"{LLAMA_33}+unavailable") == 200
    assert ask(own, model=f"{LLAMA_33}+unavailable") == 503
    assert [ask(own), ask(own)] == [599, 200]


def test_a_list_of_faults_is_played_one_a_request() -> None:
    with Emulator(Settings(faults=("single-500", Fault(status=418), "healthy", "rate-limited"))) as own:
        assert [ask(own) for _ in range(5)] == [500, 418, 200, 429, 200]


def test_parallel_runs_do_not_disturb_each_other(own: Emulator) -> None:
    assert [ask(own, fault=f"single-500; run={run}") for run in "aabbab"] == [500, 200, 500, 200, 200, 200]


def test_a_schedule_holds_for_each_upstream_from_its_first_request_on() -> None:
    schedule = (Spell("unavailable", until_s=1e9), Spell("rate-limited"))
    with Emulator(Settings(schedule=schedule)) as own:
        assert [ask(own), ask(own, "a")] == [503, 503]


@pytest.mark.parametrize(
    "settings", [{"faults": ("nonsense",)}, {"schedule": (Spell("nonsense"),)}], ids=["faults", "schedule"]
)
def test_a_fault_that_does_not_exist_is_refused_before_serving(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="unknown fault 'nonsense'; there are: healthy"):
        Emulator(Settings(**settings))


@pytest.mark.parametrize("speed", [0.0, -1.0, float("inf"), float("nan")])
def test_a_speed_that_is_none_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="speed must be a number above 0"):
        Settings(speed=speed)


def test_an_upstream_is_afflicted_and_relieved_alone(own: Emulator) -> None:
    own.afflict("a", "single-500")
    assert [ask(own, "a"), ask(own, "b"), ask(own), ask(own, "a")] == [500, 200, 200, 200]
    own.afflict("a", "single-500")
    assert ask(own, "a") == 500
    own.afflict("a", Spell(Fault(status=418), until_s=0.0), "unavailable")
    assert ask(own, "a") == 503
    own.relieve("a")
    assert ask(own, "a") == 200
    with pytest.raises(ValueError, match="unknown fault"):
        own.afflict("a", "nonsense")


def test_several_upstreams_are_afflicted_as_one(own: Emulator) -> None:
    own.afflict_together(["a", "b"], "single-500")
    assert [ask(own, "b"), ask(own, "a"), ask(own, "b"), ask(own)] == [500, 200, 200, 200]


def test_only_the_first_of_several_that_is_asked_is_afflicted(own: Emulator) -> None:
    own.afflict_first(["a", "b", "c"], "unavailable", others=["rate-limited"])
    assert [ask(own, name) for name in ("b", "a", "c", "b", "d")] == [503, 429, 429, 503, 200]


@pytest.mark.parametrize("name", ["a", "meta_llama/Llama 3?", "50%", "compat"])
@pytest.mark.parametrize("shape", ["compat", "native"])
def test_an_upstream_has_both_shapes_under_any_name(own: Emulator, name: str, shape: str) -> None:
    own.afflict(name, "unavailable")
    assert ask(own, name, shape=shape) == 503
    assert (len(own.seen(name)), own.seen()) == (1, [])


def test_an_upstream_has_limits_of_its_own() -> None:
    with Emulator(Settings(requests_per_minute=1)) as own:
        assert [ask(own, "a"), ask(own, "b"), ask(own, "a")] == [200, 200, 429]


def test_a_minute_of_the_limits_is_one_of_the_emulators_clock() -> None:
    with Emulator(Settings(requests_per_minute=1, speed=1e5)) as own:
        assert ask(own) == 200
        while ask(own) != 200:
            pass
        first, *_, last = own.seen()
        assert last.at - first.at >= 60


def test_any_model_and_any_key_may_be_asked_of_any_upstream() -> None:
    with Emulator(Settings(any_upstream=True)) as own:
        url = f"{own.base_url('openai')}/chat/completions"
        lenient = chat(model="gpt-9", temperature=2, response_format={"type": "json_object"})
        replies = [
            httpx.post(
                url,
                json=chat(model="org/model"),
                headers={"authorization": "Bearer sk-any"},
                verify=False,
            ),
            httpx.post(url, json=lenient | {"messages": [user("{}")]}, verify=False),
            httpx.post(url, json=chat(model="gpt-9", response_format=None), verify=False),
            httpx.post(url, json=chat(model="gpt-9+unavailable"), verify=False),
            httpx.post(url, json=chat(temperature=2), verify=False),
        ]
    assert [reply.status_code for reply in replies] == [200, 200, 200, 503, 400]
    assert replies[0].json()["model"] == "org/model"
    assert isinstance(orjson.loads(replies[1].json()["choices"][0]["message"]["content"]), dict)


def test_every_request_is_seen_with_what_became_of_it(own: Emulator) -> None:
    begun = [user("Hello"), {"role": "assistant", "content": "Hi"}]
    ask(own, fault="unavailable", model=f"{LLAMA_33}+healthy")
    ask(own, messages=begun, stream=True)
    ask(own, model="unknown")
    httpx.post(f"{own.compat_url}/chat/completions", content=b"{", verify=False)
    told = [(seen.model, seen.stream, seen.prefilled, seen.prompt_chars, seen.status) for seen in own.seen(within_s=10)]
    assert told == [
        (f"{LLAMA_33}+healthy", False, False, 19, 503),
        (LLAMA_33, True, True, 7, 200),
        ("unknown", False, False, 19, 404),
        (None, False, False, 0, 401),
    ]
    assert not any(seen.hung_up for seen in own.seen())
    times = [seen.at for seen in own.seen()]
    assert times == sorted(times)


@pytest.mark.parametrize("fault", ["stall", "silent", "slow-first-token; seconds=1e6", "missing-done; end=1e6"])
@pytest.mark.parametrize("way", ["close", "reset"])
def test_a_client_that_hangs_up_is_noticed(own: Emulator, fault: str, way: str) -> None:
    with connected(own) as line:
        line.post(stream=True, fault=fault)
        if fault == "silent":
            assert line.is_silent()
        else:
            assert line.head()[0] == 200
        if way == "reset":
            line.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    (seen,) = own.seen(within_s=10)
    assert seen.hung_up
    assert seen.ended_at is not None
    assert seen.status == (None if fault == "silent" else 200)


@pytest.mark.parametrize("fault", ["cut", "reset", "healthy"])
def test_a_client_that_waits_has_not_hung_up(own: Emulator, fault: str) -> None:
    with connected(own) as line:
        line.post(stream=True, fault=fault)
        with suppress(EOFError, ConnectionResetError):
            line.until(b"[DONE]")
        assert [seen.hung_up for seen in own.seen(within_s=10)] == [False]


def test_an_answer_that_goes_on_has_not_ended(own: Emulator) -> None:
    with connected(own) as line:
        line.post(stream=True, fault="stall")
        line.head()
        assert [seen.ended_at for seen in own.seen()] == [None]


def test_closing_the_emulator_is_no_hanging_up(own: Emulator) -> None:
    with connected(own) as line:
        line.post(stream=True, fault="stall")
        line.head()
        own.close()
    assert [(seen.hung_up, seen.ended_at is None) for seen in own.seen()] == [(False, False)]


def test_a_client_that_leaves_before_it_has_asked_is_no_failure(
    own: Emulator, capfd: pytest.CaptureFixture[str]
) -> None:
    with connected(own) as line:
        path = urlsplit(own.compat_url).path
        line.peer.sendall(f"POST {path}/chat/completions HTTP/1.1\r\nhost: e\r\ncontent-length: 9\r\n\r\n{{".encode())
    assert ask(own) == 200
    own.close()
    assert capfd.readouterr() == ("", "")
    assert len(own.seen()) == 1


def test_the_emulators_times_are_divided_by_its_speed() -> None:
    settings = Settings(latency_s=50.0, chunk_pace_s=1.0, tokens_per_chunk=20, answer_tokens=60, speed=1000.0)
    with Emulator(settings) as own:
        assert ask(own, stream=True) == 200
        (seen,) = own.seen(within_s=10)
    assert seen.ended_at is not None
    assert 50 + 5 <= seen.ended_at - seen.at < 5000
