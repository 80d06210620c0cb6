"""Who may call: the master key, in four headers, on every route but health; and where it listens without one."""

from __future__ import annotations

import hmac
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from litellm_lite.cli import serve
from litellm_lite.errors import AuthenticationError
from litellm_lite.proxy import auth
from litellm_lite.proxy.auth import Keys
from litellm_lite.proxy.server import Place
from tests.proxy.rude import ASK, CHAT, MASTER, UPSTREAM, Rude, alone, configuration
from tests.wire import Wire, completion

WRONG = "sk-wrong-canary-31cc"
HEADERS = ["authorization", "x-api-key", "api-key", "x-litellm-api-key"]


@pytest.fixture(scope="module")
def gateway() -> Iterator[Rude]:
    with alone() as running:
        yield running
        assert WRONG not in running.written()
        assert MASTER not in running.written()


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("authorization", f"Bearer {MASTER}"),
        ("authorization", f"bearer {MASTER}"),
        ("authorization", f"BEARER   {MASTER} "),
        ("authorization", MASTER),
        ("Authorization", f"Bearer {MASTER}"),
        ("x-api-key", MASTER),
        ("api-key", MASTER),
        ("x-litellm-api-key", MASTER),
        ("X-LiteLLM-API-Key", f"Bearer {MASTER}"),
    ],
)
def test_the_key_is_read_from_four_headers(gateway: Rude, header: str, value: str) -> None:
    assert gateway.ask(ASK, {header: value}, key=None).status == 200


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize(
    "value",
    [
        WRONG,
        f"Bearer {WRONG}",
        "",
        " ",
        "Bearer",
        "Bearer ",
        MASTER[:-1],
        MASTER + "x",
        MASTER.upper(),
        f"Basic {MASTER}",
        f"Bearer Bearer {MASTER}",
        f"{MASTER},{MASTER}",
        b"\xff\xfe",
        "clé".encode(),
        b"Bearer " + MASTER.encode("utf-16-le").replace(b"\x00", b"\x80"),
        "x" * 100_000,
    ],
)
def test_another_key_is_refused(gateway: Rude, header: str, value: str | bytes) -> None:
    count = len(gateway.wire.requests)

    answer = gateway.ask(ASK, {header: value}, key=None)

    assert answer.status == 401
    assert answer.error["code"] == "invalid_api_key"
    assert answer.error["type"] == "authentication_error"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert WRONG.encode() not in answer.body
    assert len(gateway.wire.requests) == count


def test_without_a_key_the_headers_are_named(gateway: Rude) -> None:
    answer = gateway.ask(key=None)

    assert answer.status == 401
    for name in ("Authorization: Bearer", "x-api-key", "api-key", "x-litellm-api-key"):
        assert name in answer.error["message"]


@pytest.mark.parametrize("place", range(len(HEADERS)))
def test_of_several_headers_the_gateways_own_counts_then_openais_azures_and_anthropics(
    gateway: Rude, place: int
) -> None:
    order = ["x-litellm-api-key", "authorization", "api-key", "x-api-key"]
    first, later = order[place], order[place + 1 :]

    good = gateway.ask(ASK, {first: MASTER, **dict.fromkeys(later, WRONG)}, key=None)
    bad = gateway.ask(ASK, {first: WRONG, **dict.fromkeys(later, MASTER)}, key=None)

    assert (good.status, bad.status) == (200, 401)


def test_of_a_header_that_comes_twice_one_good_value_does_not_suffice_by_chance(gateway: Rude) -> None:
    client = gateway.connect()
    body = json.dumps(ASK).encode()
    lines = [
        f"POST {CHAT} HTTP/1.1",
        "host: gateway",
        "content-type: application/json",
        f"content-length: {len(body)}",
        f"authorization: Bearer {MASTER}",
        f"authorization: Bearer {WRONG}",
    ]

    client.send("\r\n".join([*lines, "", ""]).encode() + body)

    assert client.answer().status == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/chat/completions"),
        ("POST", "/v1/completions"),
        ("POST", "/v1/responses"),
        ("GET", "/v1/responses/resp_1"),
        ("DELETE", "/v1/responses/resp_1"),
        ("POST", "/v1/embeddings"),
        ("POST", "/v1/moderations"),
        ("POST", "/utils/token_counter"),
        ("GET", "/models"),
        ("GET", "/v1/models"),
        ("GET", "/v1/models/m"),
        ("GET", "/model/info"),
        ("GET", "/health"),
        ("GET", "/metrics"),
        ("GET", "/openapi.json"),
        ("GET", "/docs"),
    ],
)
@pytest.mark.parametrize("key", [None, WRONG])
def test_every_route_asks_for_the_key(gateway: Rude, method: str, path: str, key: str | None) -> None:
    answer = gateway.ask(ASK if method == "POST" else b"", method=method, path=path, key=key)

    assert answer.status == 401
    assert answer.error["code"] == "invalid_api_key"


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
def test_anthropics_routes_say_it_in_anthropics_words(gateway: Rude, path: str) -> None:
    answer = gateway.ask(path=path, key=WRONG)

    assert answer.status == 401
    assert answer.json["type"] == "error"
    assert answer.json["error"]["type"] == "authentication_error"


@pytest.mark.parametrize("path", ["/health/liveliness", "/health/liveness", "/health/readiness"])
def test_whoever_watches_needs_no_key(gateway: Rude, path: str) -> None:
    assert gateway.ask(method="GET", path=path, key=None).status == 200


def test_the_key_of_a_client_goes_no_further(gateway: Rude) -> None:
    gateway.wire.answers(completion())

    gateway.ask(ASK, {"x-litellm-api-key": MASTER, "x-api-key": WRONG, "cookie": WRONG, "openai-organization": WRONG})

    sent = str(gateway.wire.last.headers)
    assert gateway.wire.last.headers["authorization"] == f"Bearer {UPSTREAM}"
    assert MASTER not in sent
    assert WRONG not in sent


def test_the_key_is_compared_in_constant_time_by_digests_of_one_length() -> None:
    compared: list[str] = []

    def watch(frame: Any, event: str, called: Any) -> None:
        if event == "c_call" and called is hmac.compare_digest:
            compared.append(frame.f_code.co_filename)

    keys = Keys(MASTER)
    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        with pytest.raises(AuthenticationError):
            keys.check({b"x-api-key": b"x"})
        keys.check({b"x-api-key": MASTER.encode()})
    finally:
        sys.setprofile(before)

    assert compared == [auth.__file__] * 2
    assert MASTER not in repr(keys)
    assert len(auth._digest(b"x")) == len(auth._digest(MASTER.encode()))


def test_without_a_master_key_everybody_may_call() -> None:
    keys = Keys(None)

    keys.check({})
    assert keys.open


class Served:
    """Where the gateway would listen, and what it would say about it."""

    def __init__(self) -> None:
        self.places: list[Place] = []

    def __call__(self, source: Any, place: Place) -> None:
        self.places.append(place)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Served:
    made = Served()
    monkeypatch.setattr(serve, "serve", made)
    return made


def config_file(folder: Path, master_key: str | None) -> str:
    config = {
        "model_list": [{"model_name": "m", "litellm_params": {"model": "openai/m", "api_key": UPSTREAM}}],
        "general_settings": {} if master_key is None else {"master_key": master_key},
    }
    path = folder / "config.yaml"
    path.write_text(json.dumps(config))
    return str(path)


@pytest.mark.parametrize("key", [None, "sk-1234", "short"])
def test_without_a_good_key_only_this_machine_is_served_and_that_is_said(
    tmp_path: Path, served: Served, capsys: pytest.CaptureFixture[str], key: str | None
) -> None:
    code = serve.run(serve.Wish(config=config_file(tmp_path, key)))

    assert code == 0
    assert served.places[0].host == "127.0.0.1"
    said = " ".join(capsys.readouterr().err.split())
    assert "only this machine is served" in said
    assert "LITELLM_MASTER_KEY" in said


def test_with_a_good_key_everybody_is_served(
    tmp_path: Path, served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    serve.run(serve.Wish(config=config_file(tmp_path, MASTER)))

    assert served.places[0].host == "0.0.0.0"
    assert MASTER not in "".join(capsys.readouterr())


def test_a_gateway_without_a_key_lets_everybody_on_this_machine_in() -> None:
    with Wire() as wire:
        config = configuration(wire)
        del config["general_settings"]["master_key"]
        with Rude(config, wire) as running:
            assert running.ask(key=None).status == 200
            assert running.ask(ASK, {"origin": "https://evil.example", "content-type": "text/plain"}).status == 415
