"""This library itself as a client of its own gateway, by `llama_proxy/`: nothing is lost on the way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

import litellm_lite
from litellm_lite import APIError, ModelResponse, acompletion, completion, stream_chunk_builder
from litellm_lite.emulator import Emulator
from tests.proxy.clients.backends import LLAMA_33, QUESTION, TOOLS, WEATHER, Backend, says

Mode = Callable[..., Any]


def _sync(stream: bool = False, **asked: Any) -> Any:
    return list(completion(stream=True, **asked)) if stream else completion(**asked)


def _async(stream: bool = False, **asked: Any) -> Any:
    async def call() -> Any:
        if stream:
            return [chunk async for chunk in await acompletion(stream=True, **asked)]
        return await acompletion(**asked)

    return asyncio.run(call())


@pytest.fixture(params=[_sync, _async], ids=["sync", "async"])
def call(request: pytest.FixtureRequest) -> Mode:
    chosen: Mode = request.param
    return chosen


def asked(backend: Backend, model: str = "", **params: Any) -> dict[str, Any]:
    place = {"api_base": backend.base_url, "api_key": backend.key, "num_retries": 0}
    return {"model": f"llama_proxy/{model or backend.model}", "messages": says(), **place, **params}


def test_a_question_is_answered(call: Mode, backend: Backend) -> None:
    answer = call(**asked(backend, **backend.greedy))
    assert answer.choices[0].message.content
    assert answer.usage.total_tokens > 0
    assert answer.hidden_params["additional_headers"]["llm_provider-x-litellm-model-group"] == backend.model


def test_a_stream_says_what_the_whole_answer_says(call: Mode, backend: Backend) -> None:
    whole = call(**asked(backend, **backend.greedy))
    built = stream_chunk_builder(call(stream=True, **asked(backend, **backend.greedy)))
    assert isinstance(built, ModelResponse)
    assert built.choices[0].message.content == whole.choices[0].message.content
    assert built.choices[0].finish_reason == whole.choices[0].finish_reason


def test_the_gateway_says_what_the_vendor_says(call: Mode, emulated: Backend, emulator: Emulator) -> None:
    place = {"api_base": emulator.compat_url, "api_key": emulator.api_key}
    direct = call(model=LLAMA_33, messages=says(), **place)
    through = call(**asked(emulated))
    assert through.choices == direct.choices
    assert through.usage == direct.usage


def test_a_tool_is_called(call: Mode, backend: Backend) -> None:
    whole = call(**asked(backend, messages=says(QUESTION), tools=TOOLS, **backend.calling))
    (tool_call,) = whole.choices[0].message.tool_calls
    jsonschema.validate(json.loads(tool_call.function.arguments), WEATHER)


FAILURES = {
    "nobody-knows-it": litellm_lite.NotFoundError,
    "faulty/busy": litellm_lite.RateLimitError,
    "faulty/down": litellm_lite.ServiceUnavailableError,
    "faulty/long": litellm_lite.ContextWindowExceededError,
    "faulty/filter": litellm_lite.ContentPolicyViolationError,
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("model", FAILURES)
def test_an_error_is_of_the_class_that_the_vendors_own_would_be(
    call: Mode, emulated: Backend, model: str, stream: bool
) -> None:
    with pytest.raises(APIError) as caught:
        call(stream=stream, **asked(emulated, model))
    assert type(caught.value) is FAILURES[model]
    if model == "faulty/busy":
        assert caught.value.retry_after is not None
        assert 500 < caught.value.retry_after <= 600


def test_a_wrong_key_is_an_authentication_error(call: Mode, emulated: Backend) -> None:
    with pytest.raises(litellm_lite.AuthenticationError):
        call(**asked(emulated, api_key="sk-wrong"))


def test_a_stream_that_is_cut_behind_the_gateway_is_cut_here(call: Mode, emulated: Backend) -> None:
    with pytest.raises(APIError, match=r"ended|cut"):
        call(stream=True, **asked(emulated, "faulty/cut", messages=says("Say 60 words.")))


def test_a_real_servers_limit_is_a_context_window_error(call: Mode, real: Backend) -> None:
    with pytest.raises(litellm_lite.ContextWindowExceededError):
        call(**asked(real, messages=says("hello " * 3000)))
