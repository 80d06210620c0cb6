"""Heads as they are sent and read, and whom TLS trusts: cookies, long headers, credentials, certificates."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from litellm_lite.errors import APIConnectionError, BadRequestError
from litellm_lite.transport import aiohttp_engine, exchange
from tests.transport.sending import Sender, request_to
from tests.transport.test_giving_up import AIOHTTP, LONG
from tests.wire import Send, Wire, reply


def test_no_cookie_is_kept(sender: Sender, wire: Wire) -> None:
    wire.answers(reply(b"{}", headers={"set-cookie": "a=1; path=/"}))
    for _ in range(2):
        assert sender.send(wire).status == 200
    assert "cookie" not in wire.last.headers


def test_a_header_is_read_as_it_was_meant(wire: Wire) -> None:
    written = b"X-A: 1\r\nx-a: 2\r\nx-utf: sch\xc3\xb6n\r\nx-latin: sch\xf6n\r\n"
    wire.answers([Send(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n" + written + b"\r\n{}")])
    headers = asyncio.run(exchange.asend(request_to(wire), LONG, AIOHTTP)).headers
    assert (headers["x-a"], headers["x-utf"], headers["x-latin"]) == ("1, 2", "schön", "schön")


def test_the_usual_headers_give_way_to_the_callers(wire: Wire) -> None:
    asked = request_to(wire, headers={"user-agent": "mine", "ACCEPT": "text/event-stream"})
    asyncio.run(exchange.asend(asked, LONG, AIOHTTP))
    assert (wire.last.headers["user-agent"], wire.last.headers["accept"]) == ("mine", "text/event-stream")
    asyncio.run(exchange.asend(request_to(wire), LONG, AIOHTTP))
    assert (wire.last.headers["user-agent"], wire.last.headers["accept"]) == ("litellm-lite", "*/*")


def test_a_long_head_is_taken(sender: Sender, wire: Wire) -> None:
    wire.answers([Send(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-long: " + b"y" * 60_000 + b"\r\n\r\n{}")])
    assert len(sender.send(wire).headers["x-long"]) == 60_000


@pytest.mark.parametrize("verify", [True, False])
def test_whom_to_trust_is_loaded_for_the_first_tls_only(verify: bool, wire: Wire) -> None:
    async def main() -> None:
        engine = aiohttp_engine.build_engine(verify=verify)
        assert engine._trust(wire.url, None) is True
        trusted = engine._trust("https://a.example", None)
        assert trusted is engine._trust(wire.url, "https://proxy.example")
        await engine.close()

    asyncio.run(main())


def test_a_folder_of_certificates_is_trusted(
    new_wire: Callable[..., Wire], authority: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ssl

    trusted = ssl.create_default_context(cafile=authority.ca_file)
    assert trusted.cert_store_stats()["x509_ca"] > 0
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))

    async def main() -> None:
        with pytest.raises(APIConnectionError, match="TLS with"):
            await exchange.asend(request_to(new_wire(authority.server())), LONG, AIOHTTP)

    asyncio.run(main())
    assert aiohttp_engine._usual_tls().cert_store_stats()["x509_ca"] == 0  # certifi's were not asked


def test_credentials_in_the_address_and_in_a_header_are_refused(wire: Wire) -> None:
    address = wire.url.replace("http://", "http://bob:secret@") + "/v1"
    asked = request_to(address, headers={"Authorization": "Bearer sk-1"})
    with pytest.raises(BadRequestError, match="cannot be sent") as caught:
        asyncio.run(exchange.asend(asked, LONG, AIOHTTP))
    assert "secret" not in str(caught.value)
    assert wire.requests == []
