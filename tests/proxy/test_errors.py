"""Errors, in OpenAI's shape whoever makes them, and without a key or a stack trace in answers, logs and metrics."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from litellm_lite.proxy.refusing import as_api_error, error_body, status_of
from tests.proxy.rude import ASK, MASTER, MESSAGES, UPSTREAM, Client, Rude, alone, half_a_stream, openai_error, request
from tests.wire import Close, Reset, Send, Step, chunk_frame, completion, event, page, problem, redirect, reply

HI: Any = MESSAGES
STATUSES = [
    400,
    401,
    402,
    403,
    404,
    405,
    409,
    410,
    413,
    415,
    418,
    422,
    429,
    451,
    500,
    501,
    502,
    503,
    504,
    520,
    529,
    599,
]
TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    429: "rate_limit_error",
    504: "timeout_error",
}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Rude]:
    with alone(*(f"m{status}" for status in STATUSES), *(f"k{at}" for at in range(40))) as running:
        yield running
        metrics = running.ask(method="GET", path="/metrics").body.decode()
        assert "litellm_" in metrics
        for told in (running.written(), metrics):
            assert UPSTREAM not in told
            assert MASTER not in told
            assert "Traceback" not in told


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("streamed", [False, True])
def test_a_vendors_failure_has_the_vendors_status(gateway: Rude, status: int, streamed: bool) -> None:
    body = {"error": {"message": "It did not work.", "type": "some_type", "param": "top_p", "code": "some_code"}}
    gateway.wire.answers(reply(body, status))

    answer = gateway.ask({**ASK, "model": f"m{status}", "stream": streamed})

    assert answer.status == status
    assert "It did not work." in answer.error["message"]
    assert answer.error["param"] == "top_p"
    assert answer.error["code"] == "some_code"
    assert answer.error["type"] == TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")


@pytest.mark.parametrize(
    ("place", "told", "seconds", "milliseconds"),
    [
        (0, {"retry-after": "7"}, "7", "7000"),
        (1, {"retry-after": "0.2"}, "1", "200"),
        (2, {"retry-after-ms": "1500"}, "2", "1500"),
        (3, {"retry-after": "0"}, "0", "0"),
        (4, {"retry-after": "-5"}, "0", "0"),
        (5, {"retry-after": "soon"}, None, None),
        (6, {"retry-after": "nan"}, None, None),
        (7, {"retry-after": "1e999"}, None, None),
        (8, {}, None, None),
    ],
)
def test_a_vendors_retry_after_is_passed_on(
    gateway: Rude, place: int, told: dict[str, str], seconds: str | None, milliseconds: str | None
) -> None:
    gateway.wire.answers(problem(429, "Slow down", told))

    answer = gateway.ask({**ASK, "model": f"k{place}"})

    assert answer.status == 429
    assert answer.headers.get("retry-after") == seconds
    assert answer.headers.get("retry-after-ms") == milliseconds


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        ([Reset()], 502),
        ([Close()], 502),
        ([Send(b"nonsense\r\n\r\n"), Close()], 502),
        ([Send(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"), Close()], 502),
        (reply(b"not json"), 502),
        (reply(b""), 502),
        (reply([]), 502),
        (reply({}), 502),
        (reply({"choices": []}), 502),
        (reply({"choices": [{}]}), 502),
        (reply({"choices": 5}), 502),
        (reply({"choices": [5]}), 502),
        (reply({"choices": [{"message": 5}]}), 502),
        (page(200, "Sign in"), 502),
        (page(503, "Down"), 503),
        (redirect(302, "https://evil.example/"), 502),
        (redirect(307, "https://evil.example/v1/chat/completions"), 502),
        (redirect(308, "//evil.example/"), 502),
        (reply({"error": {"message": "Overloaded", "code": "overloaded_error"}}), 503),
        (reply({"error": "text"}, 400), 400),
        (reply({"error": {"message": {"deep": 1}}}, 400), 400),
        (reply({"detail": [{"loc": ["body", "x"], "msg": "bad", "input": "the prompt"}]}, 422), 422),
        (reply(b"\xff\xfe\x00", 500), 500),
        (reply(b"[" * 100_000, 400), 400),
        (reply({"error": {"message": "x", "code": 5, "param": ["a"]}}, 400), 400),
        (reply({"error": {"message": "x" * 100_000}}, 400), 400),
    ],
)
def test_whatever_a_vendor_sends_the_error_is_openais(gateway: Rude, steps: list[Step], status: int) -> None:
    gateway.wire.answers(steps)

    answer = gateway.ask()

    assert answer.status == status
    assert len(answer.error["message"]) < 5000
    assert "the prompt" not in answer.error["message"]


@pytest.mark.parametrize(
    "steps",
    [
        reply(
            {"error": {"message": f"Incorrect API key provided: {UPSTREAM}.", "code": UPSTREAM, "param": UPSTREAM}}, 400
        ),
        problem(400, f"Bearer {UPSTREAM} is not known"),
        page(400, f"No {UPSTREAM}"),
        reply(f"key={UPSTREAM}".encode(), 400),
        reply({"detail": [{"loc": [UPSTREAM], "msg": UPSTREAM}]}, 422),
        reply({"error": {"message": "No.", UPSTREAM: UPSTREAM}}, 500, {"x-request-id": UPSTREAM, "x-key": UPSTREAM}),
        redirect(302, f"https://evil.example/?key={UPSTREAM}"),
        half_a_stream(Send(chunk_frame(event({"error": {"message": f"No {UPSTREAM}", "code": UPSTREAM}})))),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_a_key_that_a_vendor_quotes_is_taken_out(gateway: Rude, steps: list[Step], streamed: bool) -> None:
    gateway.wire.answers([*steps, Close()])

    answer = gateway.ask({**ASK, "stream": streamed})

    assert UPSTREAM not in str(answer)


@pytest.mark.parametrize("model", ["n", "M", "mm", "gpt-4o", "m429x", "openai/m429x", "\N{SNOWMAN}", "x" * 256])
def test_an_unknown_model_is_not_found_and_the_nearest_names_are_told(gateway: Rude, model: str) -> None:
    answer = gateway.ask({**ASK, "model": model})

    assert answer.status == 404
    assert answer.error["code"] == "model_not_found"
    assert answer.error["param"] == "model"
    assert answer.error["type"] == "not_found_error"
    assert "'m" in answer.error["message"]
    assert len(answer.error["message"]) < 2000


def test_a_mistake_of_the_gateways_own_tells_nothing_of_itself() -> None:
    told = as_api_error(ValueError(f"{UPSTREAM} in /srv/secret.py"))

    assert status_of(told) == 500
    assert openai_error(error_body(told, 500))["message"].startswith("the gateway made a mistake")
    assert UPSTREAM not in str(error_body(told, 500))


def test_every_attempt_is_told_but_no_key(gateway: Rude) -> None:
    gateway.wire.answers(problem(500, f"One {UPSTREAM}"), problem(503, f"Two {UPSTREAM}-k39"))

    answer = gateway.ask({**ASK, "fallbacks": ["k39"]})

    assert answer.status in (500, 503)
    assert "One [redacted]" in answer.error["message"]
    assert "Two [redacted]" in answer.error["message"]
    assert UPSTREAM not in str(answer)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, openai.BadRequestError), (422, openai.UnprocessableEntityError), (500, openai.InternalServerError)],
)
def test_openais_sdk_raises_its_own_class(gateway: Rude, status: int, kind: type[openai.APIStatusError]) -> None:
    gateway.wire.answers(problem(status, "No."))

    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=MASTER, max_retries=0)
    with client, pytest.raises(kind) as caught:
        client.chat.completions.create(model="m", messages=HI)

    assert "No." in caught.value.message
    assert json.loads(caught.value.response.content)["error"]["code"] == str(status)


def test_the_log_has_no_prompt_and_no_answer(gateway: Rude) -> None:
    gateway.wire.answers(completion("the answer of the model"))
    told = [{"role": "user", "content": "the prompt of the client"}]

    call_id = gateway.ask({**ASK, "messages": told, "user": "somebody"}).headers["x-litellm-call-id"]

    line = json.dumps(gateway.logged(call_id))
    assert "the prompt" not in line
    assert "the answer" not in line


def test_a_prompt_that_a_vendor_quotes_is_not_logged(gateway: Rude) -> None:
    gateway.wire.answers(problem(400, "cannot read 'the prompt of the client'"))

    answer = gateway.ask()

    assert "the prompt of the client" in answer.error["message"]
    line = json.dumps(gateway.logged(answer.headers["x-litellm-call-id"]))
    assert "the prompt" not in line


def test_after_an_error_the_connection_goes_on(gateway: Rude) -> None:
    gateway.wire.answers(problem(500, "Trouble"), completion())
    with Client(gateway.port) as client:
        client.send(request(ASK))
        first = client.answer()
        client.send(request(ASK))

        assert (first.status, client.answer().status) == (500, 200)
