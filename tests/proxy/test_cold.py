"""Every path and method is answered, in OpenAI's shape where the answer is no."""

from __future__ import annotations

import asyncio
from itertools import product
from typing import Any

import pytest

from litellm_lite.proxy.cold import PLACES, served
from tests.proxy.cold_calls import BEARER, House, deployment, error_of
from tests.proxy.running import Answer

LLAMA = "meta_llama/Llama-3.3-70B-Instruct"


@pytest.fixture(scope="module")
def house() -> House:
    return House(deployment("fast", LLAMA))


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/v1/chat/completion", "/v1/chat/completions"),
        ("/v1/v1/chat/completions", "/v1/chat/completions"),
        ("/v1/chat/completions/", "/v1/chat/completions"),
        ("/v1/model", "/v1/models"),
        ("/helth", "/health"),
    ],
)
def test_a_path_that_is_none_is_a_404_that_names_the_nearest(house: House, path: str, hint: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = house.ask(method, path)
        error = error_of(answer)
        assert (answer.status, error["type"], error["code"]) == (404, "not_found_error", "not_found")
        assert error["message"] == f"there is nothing at {path!r}; did you mean {hint}?"


@pytest.mark.parametrize(
    "path",
    ["", "/", "//v1/models", "/v1/../etc/passwd", "/..%2f..%2fetc", "/%00", "/v1", "/v1/", "/" + "a" * 9000, "*"],
)
def test_an_odd_path_is_a_404_too(house: House, path: str) -> None:
    answer = house.get(path)
    assert (answer.status, error_of(answer)["code"]) == (404, "not_found")
    assert len(answer.body) < 500


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/chat/completions", "POST, OPTIONS"),
        ("HEAD", "/chat/completions", "POST, OPTIONS"),
        ("POST", "/v1/models", "GET, HEAD, OPTIONS"),
        ("DELETE", f"/models/{LLAMA}", "GET, HEAD, OPTIONS"),
        ("TRACE", "/health", "GET, HEAD, OPTIONS"),
        ("X" * 300, "/health", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_wrong_method_is_a_405_that_says_which_are_right(house: House, method: str, path: str, allowed: str) -> None:
    answer = house.ask(method, path)
    assert (answer.status, answer.headers["allow"]) == (405, allowed)
    assert error_of(answer)["code"] == "method_not_allowed"


def test_options_says_what_a_path_takes_and_asks_for_no_key(house: House) -> None:
    answer = house.ask("OPTIONS", "/v1/models", key=False)
    assert (answer.status, answer.headers["allow"], answer.body) == (200, "GET, HEAD, OPTIONS", b"")
    assert house.ask("OPTIONS", "/v1/chat/completions", key=False).headers["allow"] == "POST, OPTIONS"


OPEN = {"/health/liveliness", "/health/liveness", "/health/readiness"}


@pytest.mark.parametrize(("method", "path"), [pair for pair in served() if pair[1].removeprefix("/v1") not in OPEN])
def test_every_route_but_health_wants_the_key(house: House, method: str, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer sk-wrong"}, {"x-api-key": "sk-wrong"}):
        answer = house.ask(method, path, b"{}", headers, key=False)
        assert (answer.status, answer.headers["www-authenticate"].partition(",")[0]) == (401, "Bearer")
        if path.startswith("/v1/messages"):  # in Anthropic's shape
            assert answer.json["error"]["type"] == "authentication_error"
        else:
            error = error_of(answer)
            assert (error["type"], error["code"]) == ("authentication_error", "invalid_api_key")


@pytest.mark.parametrize(("path", "prefix"), list(product(sorted(OPEN), ("", "/v1"))))
def test_health_wants_no_key(house: House, path: str, prefix: str) -> None:
    assert house.get(prefix + path, key=False).status == 200


def test_every_answer_carries_the_calls_id_and_no_header_twice(house: House) -> None:
    for method, path in served():
        answer = house.ask(method, path, b"{", {"x-litellm-call-id": "mine"})
        assert answer.headers["x-litellm-call-id"] == "mine"


def test_what_is_asked_is_noted_under_the_name_of_its_route_but_watching_is_not() -> None:
    house = House(deployment("fast", LLAMA))
    for path in (
        "/v1/models",
        "/models/fast",
        "/v1/models/none",
        "/nowhere",
        "/health/liveliness",
        "/v1/health/readiness",
    ):
        house.get(path)
    house.ask("GET", "/v1/chat/completions")
    house.ending = True
    house.get("/health/readiness")
    assert [(record.route, record.exchange.status) for record in house.noted] == [
        ("/models", 200),
        ("/models/{model}", 200),
        ("/models/{model}", 404),
        ("(other)", 404),
        ("/v1/chat/completions", 405),
        ("/health/readiness", 503),
    ]


def scope(method: str, path: str) -> dict[str, Any]:
    headers = [(name.lower().encode(), value.encode()) for name, value in BEARER.items()]
    return {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers}


def test_a_client_that_hangs_up_is_noted_as_gone() -> None:
    house = House(deployment("fast", LLAMA))

    async def hung_up() -> dict[str, str]:
        return {"type": "http.disconnect"}

    asyncio.run(house.app(scope("POST", "/utils/token_counter"), hung_up, Answer().take))
    assert [record.exchange.status for record in house.noted] == [499]


def test_a_server_that_ends_a_request_is_not_taken_for_its_client(house: House) -> None:
    async def ended() -> None:
        never: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        asking = asyncio.create_task(house.app(scope("POST", "/utils/token_counter"), lambda: never, Answer().take))
        await asyncio.sleep(0)
        asking.cancel()
        await asking

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(ended())


def test_a_template_stands_only_at_the_end_of_a_path() -> None:
    assert all(path.count("{") == path.endswith("}") for path in PLACES)
