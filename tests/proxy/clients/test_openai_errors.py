"""OpenAI's client meets errors: its own exceptions, with the status, the code and the parameter that they promise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI

from tests.proxy.clients.backends import LLAMA_33, Backend, says


@pytest.fixture
def client(emulated: Backend) -> Iterator[OpenAI]:
    with OpenAI(base_url=emulated.base_url, api_key=emulated.key, max_retries=0) as made:
        yield made


def failed(client: OpenAI, model: str = LLAMA_33, *, stream: bool = False, **params: Any) -> openai.APIStatusError:
    """Return the error of a call, which must come before anything else does."""
    with pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(model=model, stream=stream, **{"messages": says(), **params})
    assert set(json.loads(caught.value.response.content)["error"]) == {"message", "type", "param", "code"}
    assert caught.value.response.headers["content-type"] == "application/json"
    assert caught.value.response.headers["x-litellm-call-id"]
    return caught.value


@pytest.mark.parametrize("key", ["sk-wrong", "your-proxy-api-key"])
def test_a_wrong_key_is_refused(emulated: Backend, key: str) -> None:
    with OpenAI(base_url=emulated.base_url, api_key=key, max_retries=0) as client:
        error = failed(client)
    assert isinstance(error, openai.AuthenticationError)
    assert (error.code, error.type) == ("invalid_api_key", "authentication_error")
    assert key not in error.message


def test_an_unknown_model_is_not_found_and_the_nearest_is_named(client: OpenAI) -> None:
    error = failed(client, "meta_llama/Llama-3.3-70B-Instruc")
    assert isinstance(error, openai.NotFoundError)
    assert (error.code, error.param) == ("model_not_found", "model")
    assert LLAMA_33 in error.message


def test_a_parameter_that_the_model_lacks_is_named(client: OpenAI) -> None:
    error = failed(client, logprobs=True)
    assert isinstance(error, openai.BadRequestError)
    assert error.param == "logprobs"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("param", "value"), [("temperature", "hot"), ("messages", "Hi"), ("max_tokens", -1)])
def test_a_wrong_type_is_named(client: OpenAI, param: str, value: Any, stream: bool) -> None:
    error = failed(client, stream=stream, **{param: value})
    assert isinstance(error, openai.BadRequestError)
    assert error.param == param


@pytest.mark.parametrize("stream", [False, True])
def test_a_vendor_that_is_busy_says_when_to_come_back(client: OpenAI, stream: bool) -> None:
    error = failed(client, "faulty/busy", stream=stream)
    assert isinstance(error, openai.RateLimitError)
    assert 500 < int(error.response.headers["retry-after"]) <= 600


@pytest.mark.parametrize("stream", [False, True])
def test_a_vendor_that_is_down_is_told_with_its_own_status(client: OpenAI, stream: bool) -> None:
    error = failed(client, "faulty/down", stream=stream)
    assert isinstance(error, openai.InternalServerError)
    assert error.status_code == 503


def test_a_prompt_that_is_too_long_has_openais_code(client: OpenAI) -> None:
    error = failed(client, "faulty/long")
    assert isinstance(error, openai.BadRequestError)
    assert error.code == "context_length_exceeded"


def test_a_prompt_that_is_too_long_for_a_real_server_has_it_too(real: Backend) -> None:
    with OpenAI(base_url=real.base_url, api_key=real.key, max_retries=0) as client:
        error = failed(client, real.model, messages=says("hello " * 3000))
    assert isinstance(error, openai.BadRequestError)
    assert error.code == "context_length_exceeded"


def test_refused_content_has_openais_code(client: OpenAI) -> None:
    error = failed(client, "faulty/filter")
    assert isinstance(error, openai.BadRequestError)
    assert error.code == "content_filter"


@pytest.mark.parametrize("stream", [False, True])
def test_a_timeout_of_the_clients_own_is_kept(client: OpenAI, stream: bool) -> None:
    error = failed(client, "faulty/silent", stream=stream, extra_headers={"x-litellm-timeout": "0.2"})
    assert error.status_code == 408
    assert error.type == "timeout_error"


def test_a_stream_that_is_cut_ends_in_an_exception(client: OpenAI) -> None:
    said: list[str] = []
    with (
        client.chat.completions.create(model="faulty/cut", messages=says("Say 60 words."), stream=True) as stream,
        pytest.raises(openai.APIError, match=r"ended|cut"),
    ):
        said.extend(chunk.choices[0].delta.content or "" for chunk in stream)
    assert len("".join(said).split()) == 5


def test_a_cut_stream_has_no_end_mark_and_its_error_is_the_last_event(emulated: Backend) -> None:
    asked = {"model": "faulty/cut", "messages": says("Say 60 words."), "stream": True}
    answer = httpx.post(
        f"{emulated.base_url}/chat/completions", json=asked, headers={"Authorization": f"Bearer {emulated.key}"}
    )
    events = [line.removeprefix("data: ") for line in answer.text.splitlines() if line]
    assert "[DONE]" not in events
    assert set(json.loads(events[-1])["error"]) == {"message", "type", "param", "code"}
    assert all("choices" in json.loads(event) for event in events[:-1])


def test_one_line_a_request_is_logged_without_prompt_answer_or_key(client: OpenAI, emulated: Backend) -> None:
    canary = "prompt-canary-7d1"
    raw = client.chat.completions.with_raw_response.create(
        model="priced", messages=says(canary), extra_headers={"x-litellm-call-id": "canary-of-the-log"}
    )
    cost = float(raw.headers["x-litellm-response-cost"])
    failed(client, "faulty/down", messages=says(canary), extra_headers={"x-litellm-call-id": "canary-that-failed"})
    line = emulated.gateway.logged("canary-of-the-log")
    assert (line["status"], line["model"], line["model_id"]) == (200, "priced", "the-priced-one")
    assert line["cost"] == cost > 0
    told = emulated.gateway.logged("canary-that-failed")
    assert (told["status"], told["error"], told["level"]) == (503, "ServiceUnavailableError", "error")
    written = (emulated.gateway.folder / "out").read_text()
    assert canary not in written
    assert emulated.key not in written
    assert "llama-emulator-key" not in written
