"""HTTP that is none, or two requests in one: a clear 4xx or a closed connection, and never a second answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.proxy.rude import ASK, CHAT, MASTER, Client, Rude, alone, request
from tests.wire import completion, hello_events
from tests.wire import stream as streamed

HIDDEN = request(method="GET", path="/health/liveliness")
HEAD = f"POST {CHAT} HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\nauthorization: Bearer {MASTER}\r\n"


@pytest.fixture(scope="module")
def served() -> Iterator[Rude]:
    with alone() as running:
        yield running


@pytest.fixture
def gateway(served: Rude) -> Iterator[Rude]:
    served.wire.answers(completion())
    yield served
    served.assert_well()
    assert served.rss_mib < 300


def said_to(gateway: Rude, data: bytes) -> bytes:
    """Return all that is answered until the gateway closes the connection."""
    with Client(gateway.port) as client:
        with suppress(ConnectionError):  # it may be closed before all of it was read
            client.send(data)
        return client.read_to_end()


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100,  # TLS
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\r\n\r\nnonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\nhost: x\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"G\xffT / HTTP/1.1\r\nhost: x\r\n\r\n",
        f"{HEAD}no colon\r\n\r\n".encode(),
        f"{HEAD}na me: x\r\n\r\n".encode(),
        f"{HEAD}x-litellm-call-id: a\rb\r\n\r\n".encode(),
        f"{HEAD}x-litellm-call-id: a\x00b\r\n\r\n".encode(),
        f"{HEAD}content-length: -1\r\n\r\n".encode(),
        f"{HEAD}content-length: +2\r\n\r\n{{}}".encode(),
        f"{HEAD}content-length: 0x2\r\n\r\n{{}}".encode(),
        f"{HEAD}content-length: {'9' * 40}\r\n\r\n{{}}".encode(),
        f"{HEAD}content-length: 2\r\ncontent-length: 3\r\n\r\n{{}}".encode(),
        f"{HEAD}content-length: 2, 3\r\n\r\n{{}}".encode(),
        f"{HEAD}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n".encode(),
        f"{HEAD}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n".encode(),
        f"{HEAD}transfer-encoding: chunked\r\n\r\nzz\r\n".encode(),
        f"{HEAD}transfer-encoding: chunked\r\n\r\n{'f' * 17}\r\n".encode(),
        request(ASK, path="/" + "a" * 100_000),
        request(ASK, {f"x-header-{at}": "v" for at in range(10_000)}),
        request(ASK, {"x-header": "v" * 2_000_000}),
        request(ASK, {"x" * 2_000_000: "v"}),
    ],
)
def test_what_is_no_http_is_refused_and_the_connection_closed(gateway: Rude, data: bytes) -> None:
    answer = said_to(gateway, data)

    assert answer.count(b"HTTP/1.1 ") <= 1
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize(
    "data",
    [
        f"{HEAD}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n".encode(),
        f"{HEAD}transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n".encode(),
        f"{HEAD}content-length: 4\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n".encode(),
        f"{HEAD}content-length: 4\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\n".encode(),
        f"{HEAD}content-length: 4\r\ntransfer-encoding:\x0bchunked\r\n\r\n0\r\n\r\n".encode(),
        f"{HEAD}content-length: 4\r\n transfer-encoding: chunked\r\n\r\n0\r\n\r\n".encode(),
        f"{HEAD}content-length: 5\r\ncontent-length: 0\r\n\r\n0\r\n\r\n".encode(),
    ],
)
def test_a_request_hidden_behind_two_lengths_is_not_answered(gateway: Rude, data: bytes) -> None:
    before = len(gateway.wire.requests)

    answer = said_to(gateway, data + HIDDEN)

    assert b"alive" not in answer
    assert answer.count(b"HTTP/1.1 ") <= 1
    assert len(gateway.wire.requests) == before


def test_a_request_hidden_in_a_body_is_a_body(gateway: Rude) -> None:
    answer = gateway.ask(HIDDEN)

    assert answer.status == 400
    assert answer.error["code"] == "invalid_json"


def test_after_a_refusal_the_rest_of_a_body_is_no_request(gateway: Rude) -> None:
    answer = said_to(gateway, request(HIDDEN, {"content-length": str(1 << 40)}))

    assert answer.startswith(b"HTTP/1.1 413")
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("stream", [True, False])
def test_http_1_0_is_answered_and_the_connection_closed(gateway: Rude, stream: bool) -> None:
    gateway.wire.answers(streamed(hello_events()) if stream else completion())

    answer = said_to(gateway, request({**ASK, "stream": stream}, version="1.0"))

    assert answer.startswith((b"HTTP/1.0 200", b"HTTP/1.1 200"))
    assert answer.endswith(b"data: [DONE]\n\n" if stream else b"}")
    assert b"transfer-encoding" not in answer.lower()


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND"])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/chat/completions", "/v1/responses", "/v1/embeddings"])
def test_another_method_than_post_is_refused(gateway: Rude, method: str, path: str) -> None:
    answer = gateway.ask(method=method, path=path)

    assert answer.status == 405
    assert answer.headers["allow"] == "POST, OPTIONS"
    assert "POST" in answer.error["message"]


def test_the_head_of_a_post_route_is_refused_without_a_body(gateway: Rude) -> None:
    client = gateway.connect()
    client.send(request(method="HEAD", path=CHAT))

    status, _ = client.head()

    assert status == 405


@pytest.mark.parametrize(
    "path",
    [
        "/v1/../../etc/passwd",
        "/v1/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc/passwd",
        "/%00",
        "/v1/models/..%2f..%2fetc%2fpasswd",
        "/v1/models/%2e%2e/%2e%2e/config.yaml",
        "/v1/responses/..%2f..%2fetc%2fpasswd",
        "/docs/../config.yaml",
        "//etc/passwd",
        "/\\..\\..\\etc\\passwd",
        "/%ff%fe",
        "/config.yaml",
        "/.env",
        "/v1/chat/completions/",
        "/v1/chat/completions/../completions",
        "/V1/CHAT/COMPLETIONS",
        "*",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_path_that_is_none_leads_nowhere(gateway: Rude, path: str, method: str) -> None:
    before = len(gateway.wire.requests)

    answer = gateway.ask(ASK if method == "POST" else b"", method=method, path=path)

    assert answer.status in (400, 404, 405)
    assert b"root:" not in answer.body
    assert MASTER.encode() not in answer.body
    if answer.body:
        assert answer.error
    assert len(gateway.wire.requests) == before


def test_the_host_of_a_request_line_changes_nothing(gateway: Rude) -> None:
    assert gateway.ask(path=f"http://evil.example{CHAT}").status == 200
    assert gateway.wire.last.headers["host"] == f"127.0.0.1:{gateway.wire.port}"


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_a_request_may_come_a_byte_at_a_time(gateway: Rude, ending: bytes) -> None:
    client = gateway.connect()

    for at in request(ASK).replace(b"\r\n", ending):
        client.send(bytes([at]))

    assert client.answer().status == 200


def test_a_websocket_is_not_opened(gateway: Rude) -> None:
    upgrade = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "x" * 22 + "==",
    }

    answer = gateway.ask(headers=upgrade, method="GET")

    assert answer.status == 405
