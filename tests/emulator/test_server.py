"""The emulator on a real socket, asked by another HTTP client than ours."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from typing import Any

import httpx
import orjson
import pytest

import litellm_lite.emulator
from litellm_lite.emulator import Emulator, Fault, Settings
from tests.emulator.bodies import LLAMA_33, chat

PROBLEM = "application/problem+json"


def url(emulator: Emulator, shape: str = "compat") -> str:
    return f"{emulator.compat_url if shape == 'compat' else emulator.native_url}/chat/completions"


def keyed(emulator: Emulator) -> httpx.Client:
    return httpx.Client(headers={"authorization": f"Bearer {emulator.api_key}"}, timeout=30)


def provoked(emulator: Emulator, client: httpx.Client, fault: Fault, **fields: Any) -> httpx.Response:
    emulator.provoke(fault)
    return client.post(url(emulator), json=chat(**fields))


def test_it_answers_in_both_shapes(emulator: Emulator, client: httpx.Client) -> None:
    compat = client.post(url(emulator), json=chat()).json()
    native = client.post(url(emulator, "native"), json=chat()).json()
    assert compat["choices"][0]["message"]["content"] == native["completion_message"]["content"]["text"]


@pytest.mark.parametrize("shape", ["compat", "native"])
def test_it_streams_in_both_shapes(emulator: Emulator, client: httpx.Client, shape: str) -> None:
    reply = client.post(url(emulator, shape), json=chat(stream=True))
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert reply.text.endswith("\n\n")


def test_every_answer_is_marked_and_numbered(emulator: Emulator, client: httpx.Client) -> None:
    good, missing = client.post(url(emulator), json=chat()), client.get(emulator.native_url)
    assert good.headers["x-litellm-lite-emulator"] == missing.headers["x-litellm-lite-emulator"] == "true"
    assert good.headers["x-request-id"] != missing.headers["x-request-id"]


def test_models_are_listed_and_described(emulator: Emulator, client: httpx.Client) -> None:
    listed = client.get(f"{emulator.compat_url}/models").json()["data"]
    assert client.get(f"{emulator.native_url}/models/{LLAMA_33}").json()["id"] in [model["id"] for model in listed]


@pytest.mark.parametrize("path", ["/models/gpt-4o", "/models/", "/embeddings"])
def test_what_is_not_there_is_a_problem(emulator: Emulator, client: httpx.Client, path: str) -> None:
    reply = client.get(emulator.compat_url + path)
    assert (reply.status_code, reply.headers["content-type"]) == (404, PROBLEM)
    assert reply.json()["status"] == 404


def test_the_wrong_method_is_a_problem(emulator: Emulator, client: httpx.Client) -> None:
    assert client.get(url(emulator)).json()["title"] == "Method Not Allowed"


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer wrong-key", "Basic x", "Bearer ünïcode"])
def test_a_wrong_key_is_refused_and_not_repeated(emulator: Emulator, value: str) -> None:
    reply = httpx.post(url(emulator), json=chat(), headers=[(b"authorization", value.encode())])
    assert (reply.status_code, reply.json()["title"]) == (401, "Unauthorized")
    assert "wrong-key" not in reply.text


def test_the_list_of_models_needs_the_key_too(emulator: Emulator) -> None:
    assert httpx.get(f"{emulator.compat_url}/models").status_code == 401


def test_a_refusal_is_a_problem_without_an_error_around_it(emulator: Emulator, client: httpx.Client) -> None:
    reply = client.post(url(emulator), content=b"{")
    assert (reply.status_code, reply.headers["content-type"]) == (400, PROBLEM)
    assert reply.json().keys() == {"title", "detail", "status"}


def test_the_allowance_is_told_and_ends_in_a_429_without_a_time() -> None:
    with Emulator(Settings(requests_per_minute=1)) as emulator, keyed(emulator) as client:
        first, second = (client.post(url(emulator), json=chat()) for _ in range(2))
    assert (first.status_code, first.headers["x-ratelimit-remaining-requests"]) == (200, "0")
    assert (second.status_code, second.json()["status"]) == (429, 429)
    assert second.headers["x-ratelimit-limit-requests"] == "1"
    assert "retry-after" not in second.headers


def test_faults_come_in_order_and_once_each() -> None:
    faults = (Fault(status=503), Fault(status=429, headers=(("retry-after", "2"),)))
    with Emulator(Settings(faults=faults)) as emulator, keyed(emulator) as client:
        replies = [client.post(url(emulator), json=chat()) for _ in range(3)]
    assert [reply.status_code for reply in replies] == [503, 429, 200]
    assert replies[1].headers["retry-after"] == "2"


def test_a_fault_may_bring_its_own_body(emulator: Emulator, client: httpx.Client) -> None:
    fault = Fault(status=200, body=b"<html>", content_type="text/html")
    reply = provoked(emulator, client, fault)
    assert (reply.status_code, reply.text, reply.headers["content-type"]) == (200, "<html>", "text/html; charset=utf-8")


def test_a_redirect_leads_back_to_the_same_place(emulator: Emulator, client: httpx.Client) -> None:
    reply = provoked(emulator, client, Fault(redirect=307))
    assert (reply.status_code, reply.headers["location"]) == (307, url(emulator))
    assert reply.json()["choices"] == []


def test_a_redirect_may_lead_elsewhere(emulator: Emulator, client: httpx.Client) -> None:
    reply = provoked(emulator, client, Fault(redirect=308, location="https://example.com/", body=b""))
    assert (reply.headers["location"], reply.content) == ("https://example.com/", b"")


def test_a_good_answer_may_carry_more_headers(emulator: Emulator, client: httpx.Client) -> None:
    reply = provoked(emulator, client, Fault(headers=(("x-request-id", "mine"),)))
    assert (reply.status_code, reply.headers["x-request-id"]) == (200, "mine")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("chunks", [0, 1])
def test_a_cut_closes_the_connection(emulator: Emulator, client: httpx.Client, stream: bool, chunks: int) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        provoked(emulator, client, Fault(cut_after_chunks=chunks), stream=stream)


@pytest.mark.parametrize("stream", [False, True])
def test_a_stall_is_silence(emulator: Emulator, client: httpx.Client, stream: bool) -> None:
    emulator.provoke(Fault(stall_after_chunks=1))
    with pytest.raises(httpx.ReadTimeout):
        client.post(url(emulator), json=chat(stream=stream), timeout=0.1)


def test_a_stream_may_end_too_early(emulator: Emulator, client: httpx.Client) -> None:
    reply = provoked(emulator, client, Fault(end_after_chunks=2), stream=True)
    assert reply.text.count("data: ") == 2


def test_a_stream_may_end_before_it_began(emulator: Emulator, client: httpx.Client) -> None:
    assert provoked(emulator, client, Fault(end_after_chunks=0), stream=True).content == b""


def test_a_whole_answer_may_be_truncated(emulator: Emulator, client: httpx.Client) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(provoked(emulator, client, Fault(end_after_chunks=1)).content)


def test_an_error_may_come_in_a_stream(emulator: Emulator, client: httpx.Client) -> None:
    emulator.provoke(Fault(error_mid_stream=True))
    *_, last = client.post(url(emulator, "native"), json=chat(stream=True)).text.split("\n\n")[:-1]
    assert orjson.loads(last)["status"] == 500


def test_latency_and_pace_are_kept() -> None:
    settings = Settings(latency_s=0.03, chunk_pace_s=0.001, tokens_per_chunk=8)
    with Emulator(settings) as emulator, keyed(emulator) as client:
        reply = client.post(url(emulator), json=chat(stream=True, max_tokens=64))
    events = reply.text.count("data: ")
    assert reply.elapsed.total_seconds() > 0.03
    assert 5 < events < 12


def test_a_giant_body_is_refused(emulator: Emulator, client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("litellm_lite.emulator.app._MOST_BODY_BYTES", 1000)
    assert client.post(url(emulator), json=chat("x" * 2000)).status_code == 413


def test_many_clients_are_served_at_once(emulator: Emulator) -> None:
    statuses: list[int] = []

    def ask() -> None:
        with keyed(emulator) as client:
            statuses.append(client.post(url(emulator), json=chat(stream=True)).status_code)

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 16


def test_closing_drops_a_stream_that_is_still_going() -> None:
    with (
        Emulator(Settings(chunk_pace_s=3600)) as emulator,
        keyed(emulator) as client,
        client.stream("POST", url(emulator), json=chat(stream=True)) as reply,
    ):
        lines = reply.iter_lines()
        assert next(lines).startswith("data: ")
        emulator.close()
        with pytest.raises(httpx.HTTPError):
            list(lines)


def test_closing_frees_the_port_and_the_same_emulator_starts_again() -> None:
    emulator = Emulator()
    with emulator:
        port = int(emulator.compat_url.split(":")[2].split("/")[0])
        with pytest.raises(RuntimeError, match="runs already"):
            emulator.start()
    emulator.close()
    with pytest.raises(RuntimeError, match="not running"):
        _ = emulator.compat_url
    socket.create_server(("127.0.0.1", port)).close()
    with emulator, keyed(emulator) as client:
        assert client.post(url(emulator), json=chat()).status_code == 200


def test_a_taken_port_is_an_os_error(emulator: Emulator) -> None:
    port = int(emulator.compat_url.split(":")[2].split("/")[0])
    with pytest.raises(OSError, match="in use"):
        Emulator(Settings(port=port)).start()


def test_it_listens_on_ipv6_too() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    with Emulator(Settings(host="::1")) as emulator, keyed(emulator) as client:
        assert emulator.compat_url.startswith("http://[::1]:")
        assert client.post(url(emulator), json=chat()).status_code == 200


def test_the_key_is_not_in_the_repr() -> None:
    assert "secret" not in repr(Settings(api_key="secret"))


def test_the_names_are_resolved_on_first_use() -> None:
    script = "import sys, litellm_lite.emulator; print({'uvicorn', 'starlette', 'orjson'} & sys.modules.keys())"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = litellm_lite.emulator.nonsense


def test_without_a_web_server_the_remedy_is_named() -> None:
    script = "import sys; sys.modules['uvicorn'] = None; from litellm_lite.emulator import Emulator"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "pip install 'litellm-lite[proxy]'" in ran.stderr
