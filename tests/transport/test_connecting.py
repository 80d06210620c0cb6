"""Making the connection: hosts that are not there, TLS, proxies, redirects."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from litellm_lite.errors import APIConnectionError, BadRequestError
from litellm_lite.resolve import transport_settings
from litellm_lite.transport.seam import Settings
from tests.transport.sending import Sender, request_to
from tests.wire import (
    Close,
    Reset,
    Send,
    StartTLS,
    Step,
    Wire,
    chunk_frame,
    completion,
    page,
    redirect,
    reply,
    stream_head,
)

if TYPE_CHECKING:
    from tests.conftest import Authority

NewWire = Callable[..., Wire]

# Longer than a name may be: no resolver asks a server about it.
NO_SUCH_HOST = ".".join(["a" * 60] * 5)


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def test_a_dead_host_is_named(sender: Sender, wire: Wire, closed_port: int) -> None:
    with pytest.raises(APIConnectionError, match=f"could not connect to http://127.0.0.1:{closed_port}: ") as caught:
        sender.send(f"http://127.0.0.1:{closed_port}/v1/chat/completions")

    assert "check api_base" in str(caught.value)
    assert caught.value.retryable
    assert sender.send(wire).status == 200


def test_a_name_that_does_not_resolve_is_named(sender: Sender) -> None:
    with pytest.raises(APIConnectionError, match=f"could not connect to http://{NO_SUCH_HOST}: "):
        sender.send(f"http://{NO_SUCH_HOST}/v1")


def test_a_name_with_an_impossible_label_is_refused(sender: Sender) -> None:
    with pytest.raises((APIConnectionError, BadRequestError)):
        sender.send(f"http://{'a' * 64}.example/v1")


def test_credentials_in_an_address_are_not_shown(sender: Sender, closed_port: int) -> None:
    with pytest.raises(APIConnectionError) as caught:
        sender.send(f"http://user:secret@127.0.0.1:{closed_port}/v1?key=secret")

    assert "secret" not in str(caught.value)


def test_an_unknown_certificate_is_refused_with_the_remedy(
    sender: Sender, new_wire: NewWire, authority: Authority
) -> None:
    peer = new_wire(authority.server())

    with pytest.raises(APIConnectionError, match="TLS with https://localhost:") as caught:
        sender.send(peer)

    assert "SSL_CERT_FILE" in str(caught.value)
    assert "ssl_verify=" in str(caught.value)
    assert not caught.value.retryable
    assert peer.requests == []


def test_a_certificate_for_another_name_is_refused(sender: Sender, new_wire: NewWire, authority: Authority) -> None:
    peer = new_wire(authority.server("api.example.org"))

    with pytest.raises(APIConnectionError, match="TLS with"):
        sender.send(peer, settings=Settings(sender.engine, verify=authority.ca_file))

    assert peer.requests == []


def test_tls_with_a_server_that_speaks_plain_text_is_a_tls_failure(sender: Sender, new_wire: NewWire) -> None:
    peer = new_wire(greeting=b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")

    with pytest.raises(APIConnectionError, match="TLS with"):
        sender.send(f"https://127.0.0.1:{peer.port}/v1")


@pytest.fixture
def slammed_door() -> Iterator[str]:
    """The address of a server that closes every connection at its first word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def slam() -> None:
            with suppress(OSError):
                while True:
                    accepted, _ = listener.accept()
                    accepted.recv(1)
                    accepted.close()

        threading.Thread(target=slam, daemon=True).start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/v1"
        listener.shutdown(socket.SHUT_RDWR)


def test_a_handshake_that_breaks_off_is_worth_trying_again(sender: Sender, slammed_door: str) -> None:
    with pytest.raises(APIConnectionError, match="could not connect to https://") as caught:
        sender.send(slammed_door)

    assert caught.value.retryable


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([Close()], id="before the head"),
        pytest.param([Send(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nnot all"), Close()], id="length"),
        pytest.param([*stream_head(), Send(chunk_frame(b"not all")), Close()], id="chunked"),
        pytest.param([*stream_head(), Send(chunk_frame(b"not all")), Reset()], id="reset"),
    ],
)
def test_an_answer_truncated_inside_tls_is_no_tls_failure(
    sender: Sender, new_wire: NewWire, authority: Authority, steps: list[Step]
) -> None:
    peer = new_wire(authority.server())
    peer.answers(steps, completion())
    settings = Settings(sender.engine, verify=authority.ca_file)

    with pytest.raises(APIConnectionError, match="the answer broke off") as caught:
        sender.send(peer, settings=settings)

    assert caught.value.retryable
    assert sender.send(peer, settings=settings).status == 200


def test_a_custom_ca_is_accepted(sender: Sender, new_wire: NewWire, authority: Authority) -> None:
    peer = new_wire(authority.server())
    settings = Settings(sender.engine, verify=authority.ca_file)

    assert sender.send(peer, settings=settings).status == 200
    assert sender.send(peer, settings=settings).status == 200
    assert peer.connections == 1


def test_a_custom_ca_is_accepted_from_the_environment(
    sender: Sender, new_wire: NewWire, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITELLM_LITE_ENGINE", sender.engine)
    monkeypatch.setenv("SSL_CERT_FILE", authority.ca_file)

    assert sender.send(new_wire(authority.server()), settings=transport_settings()).status == 200


def test_verification_can_be_turned_off(sender: Sender, new_wire: NewWire, authority: Authority) -> None:
    peer = new_wire(authority.server("api.example.org"))

    assert sender.send(peer, settings=Settings(sender.engine, verify=False)).status == 200


def test_a_ca_file_that_is_none_is_an_error_that_names_it(sender: Sender, wire: Wire, tmp_path: Path) -> None:
    nonsense = tmp_path / "ca.pem"
    nonsense.write_text("this is no certificate")

    with pytest.raises(BadRequestError, match=r"ca\.pem") as caught:
        sender.send(wire, settings=Settings(sender.engine, verify=str(nonsense)))

    assert caught.value.param == "ssl_verify"


def test_plain_requests_go_through_the_proxy(
    sender: Sender, new_wire: NewWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = new_wire()
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("http_proxy", proxy.url)

    assert sender.send("http://llm.invalid/v1/chat/completions").status == 200

    assert proxy.last.path == "http://llm.invalid/v1/chat/completions"
    assert proxy.last.headers["host"] == "llm.invalid"


def test_tls_requests_go_through_the_proxy_in_a_tunnel(
    sender: Sender, new_wire: NewWire, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = new_wire()
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("https_proxy", proxy.url)
    tunnel: list[Step] = [Send(b"HTTP/1.1 200 Connected\r\n\r\n"), StartTLS(authority.server("llm.invalid"))]
    proxy.answers(tunnel, completion())
    request = request_to("https://llm.invalid/v1/chat/completions", headers={"Authorization": "Bearer sk-1"})

    assert sender.request(request, settings=Settings(sender.engine, verify=authority.ca_file)).status == 200

    connect, inner = proxy.requests
    assert (connect.method, connect.path) == ("CONNECT", "llm.invalid:443")
    assert "authorization" not in connect.headers
    assert (inner.method, inner.path) == ("POST", "/v1/chat/completions")
    assert inner.headers["authorization"] == "Bearer sk-1"


def test_a_host_in_no_proxy_is_reached_directly(
    sender: Sender, wire: Wire, new_wire: NewWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = new_wire()
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, proxy.url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")

    assert sender.send(wire).status == 200

    assert proxy.requests == []


def test_a_dead_proxy_is_a_connection_error(sender: Sender, closed_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port}")

    with pytest.raises(APIConnectionError) as caught:
        sender.send("http://llm.invalid/v1")

    assert caught.value.retryable


def test_a_proxy_that_refuses_is_a_connection_error(
    sender: Sender, new_wire: NewWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = new_wire()
    proxy.answers(page(407, "Proxy Authentication Required"))
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, proxy.url)

    with pytest.raises(APIConnectionError):
        sender.send("https://llm.invalid/v1")


@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize("absolute", [False, True])
def test_a_redirect_on_the_same_host_is_followed_with_body_and_key(
    sender: Sender, wire: Wire, status: int, absolute: bool
) -> None:
    moved = f"{wire.url if absolute else ''}/v2/chat/completions"
    wire.answers(redirect(status, moved), completion())

    answer = sender.request(request_to(wire, b'{"a":1}', {"Authorization": "Bearer sk-1"}))

    assert answer.status == 200
    assert (wire.last.method, wire.last.path, wire.last.body) == ("POST", "/v2/chat/completions", b'{"a":1}')
    assert wire.last.headers["authorization"] == "Bearer sk-1"


def test_a_redirected_stream_is_followed_too(sender: Sender, wire: Wire) -> None:
    wire.answers(redirect(307, "/v2"), reply(b"data: 1\n\n"))

    opened = sender.open(wire)

    assert (opened.stream.status, opened.rest()) == (200, b"data: 1\n\n")
    opened.close()


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_to_another_host_is_not_followed(sender: Sender, wire: Wire, new_wire: NewWire, status: int) -> None:
    other = new_wire()
    wire.answers(redirect(status, f"{other.url}/v1"))

    answer = sender.request(request_to(wire, headers={"Authorization": "Bearer sk-1"}))

    assert answer.status == status
    assert answer.headers["location"] == f"{other.url}/v1"
    assert other.requests == []


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_would_lose_the_body_is_not_followed(sender: Sender, wire: Wire, status: int) -> None:
    wire.answers(redirect(status, "/v2"))

    assert sender.send(wire).status == status
    assert len(wire.requests) == 1


def test_a_redirect_loop_ends(sender: Sender, wire: Wire) -> None:
    wire.answers(*(redirect(307, f"/{turn}") for turn in range(50)))

    assert sender.send(wire).status == 307
    assert len(wire.requests) < 10
    wire.answers(completion())
    assert sender.send(wire).status == 200


@pytest.mark.parametrize("location", ["", "//", "/\u00fc"])
def test_a_redirect_to_nowhere_is_not_followed(sender: Sender, wire: Wire, location: str) -> None:
    wire.answers([Send(f"HTTP/1.1 307 X\r\ncontent-length: 0\r\nlocation: {location}\r\n\r\n".encode())])

    assert sender.send(wire).status == 307


def test_a_redirect_to_an_address_that_is_none_is_a_failure(sender: Sender, wire: Wire) -> None:
    wire.answers(redirect(307, "http://[::1"), completion())

    if sender.engine != "httpx":
        assert sender.send(wire).status == 307
    else:  # it looks at every Location, followed or not
        with pytest.raises(APIConnectionError, match="location"):
            sender.send(wire)

    assert sender.send(wire).status == 200
