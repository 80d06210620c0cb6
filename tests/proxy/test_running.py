"""The harness itself: what it promises of the gateway's start and end."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from tests.proxy.running import Answer, Gateway, GatewayFailed, ask, inside


def config(**more: Any) -> dict[str, Any]:
    place = {"model": "openai/gpt-4o-mini", "api_base": "http://127.0.0.1:9/v1", "api_key": "sk-upstream-canary"}
    return {"model_list": [{"model_name": "here", "litellm_params": place}], **more}


def test_a_gateway_starts_serves_and_ends_well() -> None:
    with Gateway(config()) as gateway:
        assert gateway.get("/health/liveliness") == (200, b'"I\'m alive!"')
        assert gateway.said() == [f"RUNNING on {gateway.url}"]


def test_one_that_cannot_start_says_why() -> None:
    with pytest.raises(GatewayFailed, match=r"did not start \(exit code 2\)(.|\n)*model_list"), Gateway({}):
        pass


def test_what_nobody_expected_on_standard_error_is_a_failure() -> None:
    gateway = Gateway("model_list:\n- {model_name: here, litellm_params: {model: openai/x, api_key: k}}", host=None)
    with pytest.raises(GatewayFailed, match=r"nobody expected: .*no master key"), gateway:
        pass


def test_a_second_gateway_does_not_share_the_port_of_the_first() -> None:
    with Gateway(config()) as first:
        code, said = Gateway(config(), port=first.port).fail()
    assert code == 2
    told = f"cannot listen on 127.0.0.1, port {first.port}: Address already in use"
    assert said == [f"{told}; name another with --host and --port"]


def test_an_address_that_is_not_this_machines_is_refused_in_a_line() -> None:
    code, (said,) = Gateway(config(), host="192.0.2.1").fail()
    assert code == 2
    assert said.startswith("cannot listen on 192.0.2.1, port ")


async def _echo(scope: Any, receive: Any, send: Any) -> None:
    body, message = b"", {"more_body": True}
    while message["more_body"]:
        message = await receive()
        body += message["body"]
    told = {"path": scope["path"], "body": body.decode(), "key": dict(scope["headers"]).get(b"x-api-key", b"").decode()}
    await send({"type": "http.response.start", "status": 201, "headers": [(b"x-one", b"1")]})
    await send({"type": "http.response.body", "body": json.dumps(told).encode(), "more_body": True})
    await send({"type": "http.response.body"})


async def _asked() -> Answer:
    return await ask(_echo, "/v1/x", [b"a", b"b"], {"X-Api-Key": "k"})


def test_an_application_is_driven_without_a_server() -> None:
    answer = asyncio.run(_asked())
    assert (answer.status, answer.headers, answer.ended) == (201, {"x-one": "1"}, True)
    assert answer.json == {"path": "/v1/x", "body": "ab", "key": "k"}


def test_an_application_is_served_from_a_thread() -> None:
    with inside(_echo) as url:
        assert httpx.post(f"{url}/y", content=b"c").json() == {"path": "/y", "body": "c", "key": ""}
