"""Canaries: keys are planted wherever a caller can put one, and looked for wherever somebody could read one.

The vendor here is a parrot: whatever it was sent, its answers, errors and streams quote it back.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import httpx
import orjson
import pytest
import respx

import litellm_lite
from litellm_lite import errors
from litellm_lite.options import take_options
from litellm_lite.prepare import prepare
from tests.calls import MESSAGES, call
from tests.wire import Close, HoldOpen, Request, Send, Steps, Wire, chunk_frame, reply, stream_head

KEY = "sk-canary-argument-4f1d9a"
ENV_KEY = "sk-canary-environment-77c2"
HEADER = "canary-header-b0c9e1"
COOKIE = "canary-cookie-5e5e5e"
CANARIES = (KEY, ENV_KEY, HEADER, COOKIE)
HEADERS = {"X-Gateway-Token": HEADER, "Cookie": f"session={COOKIE}", "Proxy-Authorization": f"Basic {HEADER}"}

MODELS = {
    "meta_llama/Llama-3.3-70B-Instruct": "LLAMA_API_KEY",
    "openai/gpt-4o-mini": "OPENAI_API_KEY",
    "llama_proxy/some/model": "LLAMA_PROXY_API_KEY",
}
BASE = "https://parrot.example/v1"
ENDPOINT = f"{BASE}/chat/completions"
colours = pytest.mark.parametrize("mode", ["sync", "async"])


class Planted(NamedTuple):
    """A call with canaries in it."""

    model: str
    arguments: Mapping[str, Any]


@pytest.fixture(params=[(model, where) for model in MODELS for where in ("argument", "environment")], ids=" ".join)
def planted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Planted:
    model, where = request.param
    arguments = {"messages": MESSAGES, "api_base": BASE, "extra_headers": HEADERS, "num_retries": 0}
    if where == "argument":
        return Planted(model, {**arguments, "api_key": KEY})
    monkeypatch.setenv(MODELS[model], ENV_KEY)
    return Planted(model, arguments)


@pytest.fixture
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITELLM_LITE_ENGINE", request.param)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


def quoted(request: httpx.Request) -> str:
    """Return everything a request carries, as a vendor with too much zeal would log it."""
    return " ".join(f"{name}={value}" for name, value in request.headers.items())


def failure(status: int) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        said = quoted(request)
        body = {"error": {"message": said, "code": said[-40:], "param": said, "seen": {said: [said]}}, "detail": said}
        return httpx.Response(status, json=body, headers={"x-request-id": f"r {request.headers['authorization']}"})

    return answer


def page(request: httpx.Request) -> httpx.Response:
    return httpx.Response(403, html=f"<title>{quoted(request)}</title>")


def plain(request: httpx.Request) -> httpx.Response:
    return httpx.Response(500, text=quoted(request))


def no_json(request: httpx.Request) -> httpx.Response:
    key = request.headers["authorization"]
    return httpx.Response(200, text=quoted(request), headers={"content-type": f"text/{key}", "x-request-id": key})


def redirect(request: httpx.Request) -> httpx.Response:
    return httpx.Response(302, headers={"location": f"https://login.example/?{quoted(request)}"})


def in_band(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"error": {"message": quoted(request)}})


def broken_stream(request: httpx.Request) -> httpx.Response:
    first = b'data: {"choices": [{"index": 0, "delta": {"content": "Hi"}}]}\n\n'
    error = b"data: " + orjson.dumps({"error": {"message": quoted(request)}}) + b"\n\n"
    return httpx.Response(200, content=first + error, headers={"content-type": "text/event-stream"})


def unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no route to host")


def good(request: httpx.Request) -> httpx.Response:
    said = {"choices": [{"message": {"role": "assistant", "content": "Hi"}}], "usage": {"total_tokens": 2}}
    return httpx.Response(200, json=said, headers={"x-ratelimit-remaining-requests": "5", "set-cookie": COOKIE})


def run(mode: str, call: Planted, **more: Any) -> list[Any]:
    """Return the answer, or a stream and its chunks."""
    arguments = {**call.arguments, **more}
    if mode == "async":
        return asyncio.run(_arun(call.model, arguments))
    with httpx.Client() as client:
        answer = litellm_lite.completion(call.model, client=client, **arguments)
        return [answer, *answer] if arguments.get("stream") else [answer]


async def _arun(model: str, arguments: dict[str, Any]) -> list[Any]:
    async with httpx.AsyncClient() as client:
        answer = await litellm_lite.acompletion(model, client=client, **arguments)
        return [answer, *[chunk async for chunk in answer]] if arguments.get("stream") else [answer]


def assert_clean(*texts: object) -> None:
    for text in texts:
        assert [canary for canary in CANARIES if canary in str(text) or canary in repr(text)] == []


def everything_about(error: BaseException) -> list[object]:
    """Return whatever an exception shows, chained ones and their frames included."""
    chain = [error, error.__cause__, None if error.__suppress_context__ else error.__context__]
    shown = [part for each in chain if each is not None for part in (str(each), repr(each), each.args, vars(each))]
    return [*shown, "".join(traceback.format_exception(error))]


def all_of(log: pytest.LogCaptureFixture) -> list[object]:
    """Return what we log; httpcore's own DEBUG log repeats a vendor's bytes, and is nobody's but httpcore's."""
    ours = [record for record in log.records if record.name.startswith("litellm_lite")]
    return [part for record in ours for part in (record.getMessage(), record.__dict__)]


FAILURES = [
    failure(400),
    failure(401),
    failure(429),
    failure(503),
    page,
    plain,
    no_json,
    redirect,
    in_band,
    unreachable,
]


@colours
@pytest.mark.parametrize("vendor", FAILURES, ids=lambda vendor: vendor.__name__)
@pytest.mark.parametrize("stream", [False, True])
@respx.mock
def test_no_failure_repeats_a_key(mode: str, planted: Planted, vendor: Any, stream: bool, log: Any) -> None:
    respx.post(ENDPOINT).mock(side_effect=vendor)
    with pytest.raises(errors.APIError) as caught:
        run(mode, planted, stream=stream)
    assert_clean(*all_of(log), *everything_about(caught.value))


@colours
@respx.mock
def test_a_stream_that_breaks_repeats_no_key(mode: str, planted: Planted, log: Any) -> None:
    respx.post(ENDPOINT).mock(side_effect=broken_stream)
    with pytest.raises(errors.APIError) as caught:
        run(mode, planted, stream=True)
    assert caught.value.partial is not None
    assert_clean(*all_of(log), *everything_about(caught.value), caught.value.partial)


@colours
@respx.mock
def test_no_answer_holds_a_key(mode: str, planted: Planted, log: Any) -> None:
    respx.post(ENDPOINT).mock(side_effect=good)
    [answer] = run(mode, planted)
    assert_clean(answer, answer._hidden_params, answer.model_dump(), answer._response_headers, *all_of(log))


@colours
@respx.mock
def test_no_stream_holds_a_key(mode: str, planted: Planted, log: Any) -> None:
    respx.post(ENDPOINT).mock(side_effect=good)
    for made in run(mode, planted, stream=True):
        assert_clean(made, made._hidden_params)
    assert_clean(*all_of(log))


def parrot_401(request: Request) -> Steps:
    return reply({"error": {"message": str(request.headers)}}, 401, {"www-authenticate": str(request.headers)})


def parrot_without_http(request: Request) -> Steps:
    return [Send(f"{request.headers}\r\n\r\n".encode()), Close()]


def parrot_cut_off(request: Request) -> Steps:
    return [Send(b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n" + str(request.headers).encode()), Close()]


def parrot_half_a_head(request: Request) -> Steps:
    return [Send(f"HTTP/1.1 200 OK\r\nx: {request.headers}\r\n".encode()), Close()]


def parrot_in_a_long_header(request: Request) -> Steps:
    return [Send(b"HTTP/1.1 200 OK\r\nx: " + str(request.headers).encode() * 2000), HoldOpen()]


def parrot_in_a_broken_frame(request: Request) -> Steps:
    return [*stream_head(), Send(chunk_frame(b"data: {")), Send(f"{request.headers}\r\n".encode()), HoldOpen()]


SOCKET_FAILURES = [
    ("pyreqwest", parrot_401),
    ("pyreqwest", parrot_cut_off),
    ("pyreqwest", parrot_without_http),
    ("httpx", parrot_401),
    ("httpx", parrot_cut_off),
    ("httpx", parrot_without_http),
    ("aiohttp", parrot_401),
    ("aiohttp", parrot_cut_off),
    ("aiohttp", parrot_without_http),
    ("aiohttp", parrot_half_a_head),
    ("aiohttp", parrot_in_a_long_header),
    ("aiohttp", parrot_in_a_broken_frame),
]


@colours
@pytest.mark.parametrize(("engine", "vendor"), SOCKET_FAILURES, indirect=["engine"])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.usefixtures("engine")
def test_no_failure_on_a_socket_repeats_a_key(mode: str, vendor: Any, stream: bool, wire: Wire, log: Any) -> None:
    wire.answers(vendor)
    with pytest.raises(errors.APIError) as caught:
        call(mode, wire, api_key=KEY, extra_headers=HEADERS, stream=stream)
    assert_clean(*all_of(log), *everything_about(caught.value))


def test_nothing_that_is_decided_shows_a_key(planted: Planted) -> None:
    arguments = dict(planted.arguments)
    plan = prepare(planted.model, arguments.pop("messages"), arguments, stream=False)
    assert_clean(plan, plan.call, plan.call.target, plan.request, plan.options, plan.settings)
    assert_clean(take_options(arguments, stream=False)[0])


@pytest.mark.parametrize(
    "wrong",
    [
        {"messages": []},
        {"temperature": float("nan")},
        {"temperature": KEY},
        {"tools": KEY},
        {"stream_options": KEY},
        {"extra_body": {"a": {1}}},
        {"extra_body": KEY},
        {"extra_headers": {"X-Gateway-Token": f"{HEADER}\n"}},
        {"extra_headers": {f"Authorization: Bearer {HEADER}": "y"}},
        {"extra_headers": HEADER},
        {"timeout": KEY},
        {"num_retries": KEY},
        {"drop_params": True, "additional_drop_params": KEY},
        {"api": KEY},
        {"api_base": f"https://bob:{KEY}@parrot.example/v1"},
        {"api_base": f"https://parrot.example/v1?key={KEY}"},
        {"api_base": f"ftp://{KEY}"},
        {"api_key": f"{KEY} "},
        {"api_key": f"{KEY}é"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_no_refusal_repeats_a_key(planted: Planted, wrong: dict[str, Any]) -> None:
    with pytest.raises(errors.APIError) as caught:
        litellm_lite.completion(planted.model, **{**planted.arguments, **wrong})
    assert_clean(*everything_about(caught.value))


@pytest.mark.parametrize("model", MODELS)
def test_a_missing_key_is_named_and_other_keys_are_not_told(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, variable in MODELS.items():
        if name != model:
            monkeypatch.setenv(variable, ENV_KEY)
    with pytest.raises(errors.AuthenticationError, match=MODELS[model]) as caught:
        litellm_lite.completion(model, messages=MESSAGES, api_base=BASE)
    assert_clean(*everything_about(caught.value))
