"""What a user may write, for mypy --strict to read: it covers tests/, and `test_parity.py` runs it over this file.

Nothing here is called. An error that must be one is expected by `type: ignore`, which mypy reports when unused.
"""

from __future__ import annotations

from typing import Any, assert_type

import httpx
from pydantic import BaseModel

import litellm_lite
from litellm_lite import (
    APIError,
    AsyncCompletionStream,
    AsyncRoutedStream,
    AsyncTextCompletionStream,
    CompletionStream,
    EmbeddingResponse,
    Explanation,
    Message,
    ModelResponse,
    ModelResponseStream,
    ResponsesAPIResponse,
    ResponsesEvent,
    ResponsesStream,
    RoutedStream,
    Router,
    Strategy,
    TextCompletionResponse,
    Timeouts,
    Usage,
    acompletion,
    aembedding,
    aresponses,
    batch_completion,
    batch_completion_models,
    completion,
    embedding,
    get_responses,
    moderation,
    responses,
    stream_chunk_builder,
    text_completion,
)
from litellm_lite.exceptions import RateLimitError

MODEL = "meta_llama/Llama-3.3-70B-Instruct"
MESSAGES = [{"role": "user", "content": "Hi"}]


class Review(BaseModel):
    rating: int


def whole_answers() -> None:
    assert_type(completion(MODEL, MESSAGES), ModelResponse)
    assert_type(completion(model=MODEL, messages=MESSAGES, stream=False), ModelResponse)
    assert_type(completion(MODEL, MESSAGES, stream=None, temperature=None), ModelResponse)
    assert_type(litellm_lite.completion(MODEL, MESSAGES).choices[0].message, Message)
    assert_type(batch_completion(MODEL, [MESSAGES]), list[ModelResponse | Exception])
    assert_type(batch_completion_models([MODEL], MESSAGES), ModelResponse)
    assert_type(completion(MODEL, MESSAGES).usage, Usage | None)


def other_endpoints(router: Router) -> None:
    assert_type(embedding("openai/m", ["a"], dimensions=2), EmbeddingResponse)
    assert_type(router.embedding("group", "a").data[0].embedding, list[float] | str)
    assert_type(moderation("Hi").results[0].flagged, bool)
    assert_type(text_completion("Once", "openai/m", max_tokens=5), TextCompletionResponse)
    assert_type(router.text_completion("group", "Once").choices[0].text, str)
    for piece in text_completion("Once", "openai/m", stream=True):
        assert_type(piece, TextCompletionResponse)
    assert_type(responses("Hi", "openai/m", text_format=Review), ResponsesAPIResponse)
    assert_type(router.responses("Hi", "group").output_text, str)
    with responses("Hi", "openai/m", stream=True) as events:
        assert_type(events, ResponsesStream)
        assert_type(next(events), ResponsesEvent)
    assert_type(get_responses("resp_1"), ResponsesAPIResponse)


async def other_endpoints_async(router: Router) -> None:
    assert_type(await aembedding("openai/m", "a"), EmbeddingResponse)
    assert_type(await router.aresponses("Hi", "group", stream=False), ResponsesAPIResponse)
    async for event in await aresponses("Hi", "openai/m", stream=True):
        assert_type(event.type, str)
    async with await router.atext_completion("group", "Once", stream=True) as pieces:
        assert_type(pieces, AsyncTextCompletionStream)
        assert_type(await anext(pieces), TextCompletionResponse)
    embedding("openai/m", "a", temperature=1)  # type: ignore[call-arg]


def streams() -> None:
    stream = completion(MODEL, MESSAGES, stream=True)
    assert_type(stream, CompletionStream)
    for chunk in stream:
        assert_type(chunk, ModelResponseStream)
        assert_type(chunk.choices[0].delta.content, str | None)
    with completion(MODEL, MESSAGES, stream=True) as closed_early:
        assert_type(next(closed_early), ModelResponseStream)
    assert_type(stream_chunk_builder(list(stream)), ModelResponse | None)


def one_or_the_other(stream: bool) -> None:
    assert_type(completion(MODEL, MESSAGES, stream=stream), ModelResponse | CompletionStream)


async def the_same_in_async(stream: bool) -> None:
    assert_type(await acompletion(MODEL, MESSAGES), ModelResponse)
    assert_type(await acompletion(MODEL, MESSAGES, stream=stream), ModelResponse | AsyncCompletionStream)
    opened = await acompletion(MODEL, MESSAGES, stream=True)
    assert_type(opened, AsyncCompletionStream)
    async for chunk in opened:
        assert_type(chunk, ModelResponseStream)
    async with opened:
        pass


def parameters(own: dict[str, Any]) -> None:
    answer = completion(
        MODEL,
        [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}, Message(content="Hello.")],
        response_format=Review,
        tools=[{"type": "function", "function": {"name": "f"}}],
        tool_choice={"type": "function", "function": {"name": "f"}},
        timeout=httpx.Timeout(5),
        client=httpx.Client(),
        drop_params=True,
        metadata={"team": "a"},
        extra_body={"min_p": 0.1},
        top_k=40,
    )
    completion(MODEL, [answer.choices[0].message], timeout=Timeouts(total=30), mock_response=RateLimitError("x"))
    completion(MODEL, MESSAGES, **own)


class Nearest(Strategy):
    def rank(self, standing: Any, now: float) -> float:
        return float(standing.deployment.info["km"])


def routers() -> None:
    entry = {"model_name": "chat", "litellm_params": {"model": MODEL, "api_key": "sk-1", "rpm": 10}}
    Router()
    Router(
        [entry],
        fallbacks=[{"chat": ["other", {"model": "other", "temperature": 0}]}],
        context_window_fallbacks={"chat": ["other"]},
        default_fallbacks=["other"],
        model_group_alias={"gpt": "chat", "hidden": {"model": "chat", "hidden": True}},
        retry_policy={"RateLimitErrorRetries": 3},
        routing_strategy=Nearest(),
        stream_hold="full",
        timeout=30,
        seed=1,
    )
    router = Router(model_list=[entry], num_retries=2)
    assert_type(router.completion("chat", MESSAGES), ModelResponse)
    assert_type(router.completion(model="chat", messages=MESSAGES, stream=False), ModelResponse)
    assert_type(router.completion("chat", MESSAGES, allowed_model_region="eu", disable_fallbacks=True), ModelResponse)
    assert_type(router.explain("chat", MESSAGES, temperature=0.5), Explanation)
    with router.completion("chat", MESSAGES, stream=True, fallbacks=["other"]) as stream:
        assert_type(stream, RoutedStream)
        assert_type(next(stream), ModelResponseStream)
    assert_type(router.add_deployment(entry), str)
    assert_type(router.delete_deployment("a"), bool)
    assert_type(router.get_model_list("chat"), list[dict[str, Any]])
    assert_type(completion(MODEL, MESSAGES, fallbacks=["openai/gpt-4o-mini", {"model": MODEL}]), ModelResponse)


async def routers_in_async(router: Router, stream: bool) -> None:
    assert_type(await router.acompletion("chat", MESSAGES), ModelResponse)
    assert_type(await router.acompletion("chat", MESSAGES, stream=stream), ModelResponse | AsyncRoutedStream)
    async with await router.acompletion("chat", MESSAGES, stream=True) as opened:
        assert_type(await anext(opened), ModelResponseStream)


def attempts(error: APIError) -> None:
    assert_type([attempt.deployment.id for attempt in error.attempts], list[Any])


def mistakes() -> None:
    Router([], num_retry=3)  # type: ignore[call-arg] # no such keyword
    Router([], stream_hold="half")  # type: ignore[arg-type] # neither of the two
    Router([]).completion("chat", MESSAGES, routing_strategy="x")  # type: ignore[call-overload] # the Router's
    completion(MODEL)  # type: ignore[call-overload] # no messages
    completion(MODEL, MESSAGES, temperature="hot")  # type: ignore[call-overload] # no number
    completion(MODEL, MESSAGES, temprature=1)  # type: ignore[call-overload] # no such name
    # PEP 728 would let a vendor's own parameters through; mypy 2.4 cannot yet, so extra_body= is for them
    completion(MODEL, MESSAGES, min_p=0.1)  # type: ignore[call-overload]
