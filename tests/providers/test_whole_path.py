"""Whole calls over recorded bytes, from `completion()` to the answer, on the httpx engine under respx."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import orjson
import pytest
import respx

import litellm_lite
from litellm_lite import errors
from tests.providers.values import FIXTURES, KEY, MESSAGES, recorded

LLAMA = "meta_llama/Llama-3.3-70B-Instruct"
COMPAT = "https://api.llama.com/compat/v1/chat/completions"
NATIVE = "https://api.llama.com/v1/chat/completions"
OPENAI = "https://api.openai.com/v1/chat/completions"
both_colours = pytest.mark.parametrize("mode", ["sync", "async"])


def said(path: str) -> httpx.Response:
    """Return a recorded answer for respx to give."""
    made = recorded(path)
    return httpx.Response(made.status, headers=dict(made.headers), content=made.body)


def ask(mode: str, model: str, **params: Any) -> Any:
    """Return the answer to a call in either colour, or the chunks of a streamed one with the stream itself."""
    params = {"messages": MESSAGES, "api_key": KEY, "num_retries": 0, **params}
    if mode == "async":
        return asyncio.run(_aask(model, params))
    with httpx.Client() as client:
        answer = litellm_lite.completion(model, client=client, **params)
        return (list(answer), answer) if params.get("stream") else answer


async def _aask(model: str, params: dict[str, Any]) -> Any:
    async with httpx.AsyncClient() as client:
        answer = await litellm_lite.acompletion(model, client=client, **params)
        return ([chunk async for chunk in answer], answer) if params.get("stream") else answer


@both_colours
@respx.mock
def test_a_plain_call_to_the_llama_api(mode: str) -> None:
    route = respx.post(COMPAT).mock(said("meta_llama/chat.http"))
    answer = ask(mode, LLAMA, temperature=0.2, max_tokens=16)
    sent = route.calls.last.request
    assert orjson.loads(sent.content) == {
        "model": "Llama-3.3-70B-Instruct", "messages": MESSAGES, "temperature": 0.2, "max_tokens": 16,
    }  # fmt: skip
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert answer.choices[0].message.content == "I'm doing well, thank you."
    assert answer.usage.total_tokens == 25
    assert answer._hidden_params["response_cost"] is None
    assert answer._hidden_params["additional_headers"]["x-ratelimit-remaining-tokens"] == "999984"


@both_colours
@respx.mock
def test_a_plain_call_in_metas_own_shape(mode: str) -> None:
    route = respx.post(NATIVE).mock(said("meta_llama/native.http"))
    answer = ask(mode, LLAMA, api="native", max_tokens=16)
    assert orjson.loads(route.calls.last.request.content)["max_completion_tokens"] == 16
    assert answer.choices[0].message.content == "I'm doing well, thank you."
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (16, 9)


@both_colours
@pytest.mark.parametrize(
    ("url", "path", "params"),
    [
        (COMPAT, "meta_llama/stream.http", {}),
        (NATIVE, "meta_llama/native_stream.http", {"api": "native"}),
    ],
)
@respx.mock
def test_a_stream_in_both_shapes(mode: str, url: str, path: str, params: dict[str, Any]) -> None:
    respx.post(url).mock(said(path))
    chunks, _ = ask(mode, LLAMA, stream=True, **params)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "I'm doing well, thank you."
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert len({chunk.id for chunk in chunks}) == 1


@both_colours
@pytest.mark.parametrize(
    ("url", "path", "params"),
    [
        (COMPAT, "meta_llama/chat_tool.http", {}),
        (NATIVE, "meta_llama/native_tool.http", {"api": "native"}),
    ],
)
@respx.mock
def test_a_tool_call_and_its_result(mode: str, url: str, path: str, params: dict[str, Any]) -> None:
    route = respx.post(url).mock(said(path))
    answer = ask(mode, LLAMA, **params)
    made = answer.choices[0].message.tool_calls[0]
    assert (made.type, made.function.name, made.function.arguments) == (
        "function", "get_weather", '{"location":"Menlo Park"}',
    )  # fmt: skip
    assert answer.choices[0].finish_reason == "tool_calls"
    result = {"role": "tool", "tool_call_id": made.id, "content": '{"sky": "clear"}'}
    ask(mode, LLAMA, messages=[*MESSAGES, answer.choices[0].message, result], **params)
    sent = orjson.loads(route.calls.last.request.content)["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant", "tool"]
    assert sent[1]["tool_calls"][0]["function"]["name"] == "get_weather"


@both_colours
@respx.mock
def test_a_native_stream_gives_the_usage_chunk_to_those_who_ask(mode: str) -> None:
    route = respx.post(NATIVE).mock(said("meta_llama/native_stream_spread_metrics.http"))
    chunks, stream = ask(mode, LLAMA, api="native", stream=True, stream_options={"include_usage": True})
    assert "stream_options" not in orjson.loads(route.calls.last.request.content)
    assert chunks[-1].usage.total_tokens == stream.usage["total_tokens"] == 22
    assert stream.dropped_params == {}


@both_colours
@respx.mock
def test_a_stream_of_openais_carries_its_usage(mode: str) -> None:
    route = respx.post(OPENAI).mock(said("openai/stream.http"))
    chunks, stream = ask(mode, "openai/gpt-4o-mini", stream=True)
    assert orjson.loads(route.calls.last.request.content)["stream_options"] == {"include_usage": True}
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "I'm well, thanks!"
    assert stream.usage["total_tokens"] == 19
    assert stream.response_cost > 0


@both_colours
@pytest.mark.parametrize("stream", [False, True])
@respx.mock
def test_a_redirect_on_the_same_host_is_followed_with_body_and_key(mode: str, stream: bool) -> None:
    first = respx.post(COMPAT).mock(said("meta_llama/redirect_307.http"))
    second = respx.post(COMPAT + "/").mock(said("meta_llama/stream.http" if stream else "meta_llama/chat.http"))
    ask(mode, LLAMA, stream=stream)
    assert second.calls.last.request.content == first.calls.last.request.content
    assert second.calls.last.request.headers["authorization"] == f"Bearer {KEY}"


@both_colours
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("meta_llama/error_400_argument_type.http", errors.BadRequestError),
        ("meta_llama/error_401.http", errors.AuthenticationError),
        ("meta_llama/error_429.http", errors.RateLimitError),
        ("others/html_502.http", errors.BadGatewayError),
        ("others/empty_500.http", errors.InternalServerError),
        ("others/html_200.http", errors.APIResponseValidationError),
        ("others/truncated_200.http", errors.APIResponseValidationError),
        ("others/error_under_200.http", errors.RateLimitError),
    ],
)
@respx.mock
def test_a_failure_is_the_same_whole_or_streamed(mode: str, stream: bool, path: str, kind: type[Exception]) -> None:
    respx.post(COMPAT).mock(said(path))
    with pytest.raises(kind) as caught:
        ask(mode, LLAMA, stream=stream)
    assert type(caught.value) is kind
    assert (caught.value.provider, caught.value.model) == ("meta_llama", "Llama-3.3-70B-Instruct")  # type: ignore[attr-defined]


@both_colours
@respx.mock
def test_an_error_in_the_middle_of_a_stream_keeps_what_had_come(mode: str) -> None:
    respx.post(NATIVE).mock(said("meta_llama/native_stream_error.http"))
    with pytest.raises(errors.InternalServerError, match="The model server went away") as caught:
        ask(mode, LLAMA, api="native", stream=True)
    assert caught.value.partial is not None
    assert caught.value.partial.text == "I'm doing "


@both_colours
@respx.mock
def test_what_was_dropped_is_on_the_answer(mode: str) -> None:
    route = respx.post(COMPAT).mock(said("meta_llama/chat.http"))
    answer = ask(mode, LLAMA, seed=7, response_format={"type": "json_object"}, drop_params=True)
    assert answer.dropped_params["seed"] == "is not supported"
    assert "json_schema" in answer.dropped_params["response_format"]
    assert orjson.loads(route.calls.last.request.content).keys() == {"model", "messages"}


@both_colours
@respx.mock(assert_all_called=False)
def test_what_is_refused_is_never_sent(mode: str, respx_mock: respx.MockRouter) -> None:
    route = respx_mock.post(COMPAT).mock(said("meta_llama/chat.http"))
    for params in ({"seed": 7}, {"temperature": 1.5}, {"temperature": float("nan")}, {"tools": [5]}):
        with pytest.raises(errors.BadRequestError):
            ask(mode, LLAMA, **params)
    assert not route.called


def test_every_fixture_is_a_whole_http_message() -> None:
    for path in FIXTURES.glob("*/*.http"):
        made = recorded(f"{path.parent.name}/{path.name}")
        assert 200 <= made.status < 600
        assert all(name == name.lower() for name in made.headers)
