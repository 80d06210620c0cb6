"""`completion` and `acompletion`: what a caller passes, what goes out, and what comes back. Both colours, one test."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
from typing import Any

import httpx
import pytest
import respx

import litellm_lite
from litellm_lite import BadRequestError, ModelResponse, UnsupportedParamsError
from tests.answers import OPENAI_ANSWER
from tests.calls import MESSAGES, MODES, call, collect
from tests.wire import Wire, chunk, completion, completion_body, event, reply, stream

both = pytest.mark.parametrize("mode", MODES)


def body(wire: Wire) -> Any:
    return wire.last.json


@both
def test_an_answer_reads_by_attribute_and_like_a_dictionary(mode: str, wire: Wire) -> None:
    wire.answers(reply(OPENAI_ANSWER))
    answer = call(mode, wire)
    assert isinstance(answer, ModelResponse)
    assert answer.choices[0].message.content == "Hello."
    assert answer["choices"][0]["message"]["content"] == "Hello."
    assert answer.get("choices")[0].get("message").get("content") == "Hello."
    assert (answer.id, answer.object, answer.created) == ("chatcmpl-9", "chat.completion", 1_790_000_000)
    assert (answer.model, answer.system_fingerprint) == ("gpt-4o-mini-2024-07-18", "fp_1")
    assert answer.choices[0].finish_reason == "stop"
    assert answer["service_tier"] == "default"  # what a vendor adds is kept


@both
def test_usage_is_the_vendors(mode: str, wire: Wire) -> None:
    wire.answers(reply(OPENAI_ANSWER))
    usage = call(mode, wire).usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage["total_tokens"]) == (2006, 300, 2306)
    assert usage.prompt_tokens_details.cached_tokens == 1920
    assert usage.completion_tokens_details.accepted_prediction_tokens == 0


@both
def test_what_a_vendor_left_out_or_null_is_absent(mode: str, wire: Wire) -> None:
    wire.answers(reply(OPENAI_ANSWER))
    choice = call(mode, wire).choices[0]
    assert not hasattr(choice, "logprobs")
    assert not hasattr(choice.message, "refusal")
    assert choice.message.annotations == []
    assert choice.message.tool_calls is None
    assert choice.message.function_call is None


def test_the_call_changes_nothing_of_the_callers(wire: Wire) -> None:
    messages = [{"role": "assistant", "content": None, "tool_calls": [], "function_call": None}, *MESSAGES]
    given = {"messages": messages, "tools": [], "extra_headers": {"x-a": "b"}, "extra_body": {"x": 1}, "stop": ["a"]}
    before = copy.deepcopy(given)
    call("sync", wire, **given)
    assert given == before


@both
@pytest.mark.parametrize("left_out", ["id", "created", "model", "usage"])
def test_what_belongs_on_every_answer_is_filled_in(left_out: str, mode: str, wire: Wire) -> None:
    said = completion_body()
    del said[left_out]
    wire.answers(reply(said))
    answer = call(mode, wire, "openai/my-model")
    assert answer.id.startswith("chatcmpl-")
    assert answer.created > 0
    assert answer.model in ("my-model", "m")
    assert (answer.usage is None) == (left_out == "usage")
    assert answer.hidden_params["provider_response_model"] == (None if left_out == "model" else "m")


def test_a_time_with_a_fraction_is_read(wire: Wire) -> None:
    wire.answers(reply(completion_body(created=1790000000.25)))
    assert call("sync", wire).created == 1_790_000_000
    wire.answers(stream([event(chunk("Hi", "stop", created=1790000000.25))]))
    assert collect("sync", wire).chunks[0].created == 1_790_000_000


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ({"prompt_tokens": 3, "completion_tokens": 2}, (3, 2, 5)),
        ({"prompt_tokens": 3, "completion_tokens": None, "total_tokens": None}, (3, 0, 3)),
        ({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5, "queue_time": 0.1}, (3, 2, 5)),
    ],
)
def test_a_usage_with_holes_does_not_lose_the_answer(told: dict[str, Any], read: tuple[int, ...], wire: Wire) -> None:
    wire.answers(reply(completion_body(usage=told)))
    usage = call("sync", wire).usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == read


@pytest.mark.parametrize("told", [None, {}])
def test_no_usage_is_none_and_not_zero(told: Any, wire: Wire) -> None:
    wire.answers(reply(completion_body(usage=told)))
    answer = call("sync", wire, "openai/gpt-4o-mini")
    assert answer.usage is None
    assert answer.hidden_params["response_cost"] is None


def test_an_empty_list_of_tool_calls_is_none(wire: Wire) -> None:
    message = {"role": "assistant", "content": "Hi", "tool_calls": []}
    wire.answers(reply(completion_body(choices=[{"index": 0, "message": message, "finish_reason": "stop"}])))
    assert call("sync", wire).choices[0].message.tool_calls is None


def test_reasoning_has_one_name(wire: Wire) -> None:
    message = {"role": "assistant", "content": "4", "reasoning": "2 + 2"}
    wire.answers(reply(completion_body(choices=[{"index": 0, "message": message, "finish_reason": "stop"}])))
    assert call("sync", wire).choices[0].message.reasoning_content == "2 + 2"


def test_a_tool_call_always_has_an_id_and_arguments_as_text(wire: Wire) -> None:
    function = {"name": "f", "arguments": {"a": 1}}
    message = {"role": "assistant", "content": None, "tool_calls": [{"id": None, "function": function}]}
    wire.answers(reply(completion_body(choices=[{"index": 0, "message": message, "finish_reason": "tool_calls"}])))
    [made] = call("sync", wire).choices[0].message.tool_calls
    assert made.id.startswith("call_")
    assert made.type == "function"
    assert json.loads(made.function.arguments) == {"a": 1}


@both
def test_fields_of_the_wrong_type_are_no_completion(mode: str, wire: Wire) -> None:
    message = {"role": "assistant", "content": {"secret": "prompt"}}
    wire.answers(reply(completion_body(choices=[{"index": 0, "message": message, "finish_reason": "stop"}])))
    with pytest.raises(litellm_lite.APIResponseValidationError, match=r"choices\.0\.message\.content") as caught:
        call(mode, wire)
    assert "secret" not in str(caught.value)


@both
def test_parameters_reach_the_vendor(mode: str, wire: Wire) -> None:
    call(mode, wire, temperature=0.5, max_tokens=9, stop=["a"], top_k=40, min_p=0.1, user="u")
    sent = {"temperature": 0.5, "max_tokens": 9, "stop": ["a"], "top_k": 40, "min_p": 0.1, "user": "u"}
    assert body(wire) == {"model": "m", "messages": MESSAGES, **sent}
    assert wire.last.path == "/v1/chat/completions"


@both
def test_none_counts_as_not_given(mode: str, wire: Wire) -> None:
    call(mode, wire, temperature=None, tools=None, fallbacks=None, timeout=None, num_retries=None, stream=None)
    assert body(wire).keys() == {"model", "messages"}


@both
def test_extra_headers_and_extra_body_win(mode: str, wire: Wire) -> None:
    call(
        mode,
        wire,
        temperature=0,
        headers={"x-a": "1", "X-B": "1"},
        extra_headers={"x-b": "2", "authorization": "Basic own"},
        extra_body={"temperature": 1, "guided_choice": ["a"]},
    )
    assert (wire.last.headers["x-a"], wire.last.headers["x-b"]) == ("1", "2")
    assert wire.last.headers["authorization"] == "Basic own"
    assert (body(wire)["temperature"], body(wire)["guided_choice"]) == (1, ["a"])


@both
def test_an_organization_is_named(mode: str, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-env")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-env")
    call(mode, wire)
    assert wire.last.headers["openai-organization"] == "org-env"
    assert wire.last.headers["openai-project"] == "proj-env"
    call(mode, wire, organization="org-call")
    assert wire.last.headers["openai-organization"] == "org-call"
    call(mode, wire, organization="org-call", extra_headers={"openai-organization": "org-header"})
    assert wire.last.headers["openai-organization"] == "org-header"


@both
@pytest.mark.parametrize("name", ["api_base", "base_url"])
def test_the_base_url_has_two_names(name: str, mode: str, wire: Wire) -> None:
    call(mode, wire, **{"api_base": None, name: f"{wire.url}/other/v1"})
    assert wire.last.path == "/other/v1/chat/completions"


def test_base_url_wins_over_api_base(wire: Wire) -> None:
    call("sync", wire, base_url=f"{wire.url}/b", api_base="http://127.0.0.1:9/a")
    assert wire.last.path == "/b/chat/completions"


@both
def test_a_provider_may_be_named_beside_the_model(mode: str, wire: Wire) -> None:
    call(mode, wire, "llama-3.3-70b-instruct", custom_llm_provider="meta_llama")
    assert body(wire)["model"] == "Llama-3.3-70B-Instruct"


@both
def test_what_was_dropped_is_on_the_answer(mode: str, wire: Wire) -> None:
    answer = call(
        mode,
        wire,
        "meta_llama/Llama-3.3-70B-Instruct",
        seed=7,
        top_p=0.5,
        cooldown_time=5,
        drop_params=True,
        additional_drop_params=["top_p", "guided_choice"],
        extra_body={"guided_choice": 1},
    )
    assert body(wire).keys() == {"model", "messages"}
    assert answer.dropped_params == {
        "seed": "is not supported",
        "cooldown_time": "belongs to one entry of a Router's model_list; see docs/router.md",
        "top_p": "named in additional_drop_params",
        "guided_choice": "named in additional_drop_params",
    }
    assert answer._hidden_params["dropped_params"] == answer.dropped_params


@both
def test_what_was_dropped_is_on_the_stream_and_its_chunks(mode: str, wire: Wire) -> None:
    streamed = collect(mode, wire, "meta_llama/Llama-3.3-70B-Instruct", seed=7, drop_params=True)
    assert streamed.stream.dropped_params == streamed.chunks[0].dropped_params == {"seed": "is not supported"}


@both
def test_nothing_is_dropped_unasked(mode: str, wire: Wire) -> None:
    with pytest.raises(UnsupportedParamsError, match=r"meta_llama: seed is not supported; drop_params=True"):
        call(mode, wire, "meta_llama/Llama-3.3-70B-Instruct", seed=7)
    call(mode, wire, "meta_llama/Llama-3.3-70B-Instruct", seed=7, allowed_openai_params=["seed"])
    assert body(wire)["seed"] == 7


def test_a_client_of_the_callers_is_used() -> None:
    with respx.mock, httpx.Client() as client:
        route = respx.post("https://api.openai.com/v1/chat/completions").respond(json=completion_body())
        answer = litellm_lite.completion("openai/m", MESSAGES, api_key="sk-1", client=client)
        assert answer.choices[0].message.content == "Hello."
        assert route.calls.last.request.headers["authorization"] == "Bearer sk-1"
        assert not client.is_closed


def test_an_async_client_of_the_callers_is_used() -> None:
    async def ask() -> ModelResponse:
        async with httpx.AsyncClient() as client:
            return await litellm_lite.acompletion("openai/m", MESSAGES, api_key="sk-1", client=client)

    with respx.mock:
        respx.post("https://api.openai.com/v1/chat/completions").respond(json=completion_body())
        assert asyncio.run(ask()).choices[0].message.content == "Hello."


@both
def test_a_client_of_the_wrong_kind_is_refused(mode: str, wire: Wire) -> None:
    client: Any = httpx.AsyncClient() if mode == "sync" else httpx.Client()
    wanted = "Client" if mode == "sync" else "AsyncClient"
    for wrong in (client, object(), "client"):
        with pytest.raises(BadRequestError, match=rf"client= must be an httpx\.{wanted} here, not ") as caught:
            call(mode, wire, client=wrong)
        assert (caught.value.provider, caught.value.model, caught.value.param) == ("openai", "m", "client")
    assert wire.connections == 0


@both
def test_every_chunk_has_id_time_and_model(mode: str, wire: Wire) -> None:
    bare = [{"choices": [{"delta": {"content": part}, "finish_reason": None}]} for part in ("He", "llo")]
    wire.answers(stream([event(each) for each in (*bare, chunk(finish="stop"))]))
    first, second, third = collect(mode, wire, "openai/my-model").chunks
    assert first.id == second.id
    assert first.id.startswith("chatcmpl-")
    assert (first.created, first.model) == (second.created, "my-model")
    assert first.created > 0
    assert first.object == "chat.completion.chunk"
    assert (third.id, third.model) == ("chatcmpl-1", "m")  # the vendor's own word stands


@both
def test_usage_comes_to_those_who_asked(mode: str, wire: Wire) -> None:
    silent = collect(mode, wire)
    assert silent.stream.usage["total_tokens"] == 5
    assert all(each.choices and not hasattr(each, "usage") for each in silent.chunks)
    asked = collect(mode, wire, stream_options={"include_usage": True})
    assert asked.chunks[-1].choices == []
    assert asked.chunks[-1].usage.total_tokens == 5


@both
def test_a_server_that_ignores_stream_is_streamed_all_the_same(mode: str, wire: Wire) -> None:
    said = completion_body(system_fingerprint="fp_1")
    said["choices"][0]["logprobs"] = {"content": [{"token": "Hello.", "logprob": -0.1}]}
    wire.answers(reply(said))
    streamed = collect(mode, wire)
    built = litellm_lite.stream_chunk_builder(streamed.chunks)
    assert built is not None
    assert built.model_dump(exclude={"usage"}) == call(mode, wire).model_dump(exclude={"usage"})
    assert streamed.stream.usage == said["usage"]


@both
def test_a_chunk_without_a_function_is_none_the_worse(mode: str, wire: Wire) -> None:
    started = {"choices": [{"delta": {"tool_calls": [{"index": 0, "id": "c1", "type": "function"}]}}]}
    wire.answers(stream([event(started), event(chunk(finish="tool_calls"))]))
    assert collect(mode, wire).chunks[0].choices[0].delta.tool_calls[0].id == "c1"


@both
@pytest.mark.parametrize("name", ["num_retries", "max_retries"])
def test_retries_have_two_names(name: str, mode: str, wire: Wire) -> None:
    failing = reply({"error": {"message": "busy"}}, 503, {"retry-after": "0"})
    wire.answers(failing, failing, completion())
    given = {"num_retries": None, name: 2}
    assert call(mode, wire, **given).choices[0].message.content == "Hello."
    assert len(wire.requests) == 3


@both
def test_one_line_is_logged_for_a_call_and_no_secret(mode: str, wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "litellm_lite"):
        call(mode, wire, api_key="sk-canary", messages=[{"role": "user", "content": "a question"}])
        collect(mode, wire, api_key="sk-canary")
        wire.answers(reply({"error": {"message": "bad sk-canary"}}, 400))
        with pytest.raises(BadRequestError):
            call(mode, wire, api_key="sk-canary")
    lines = [record.getMessage() for record in caplog.records if record.name == "litellm_lite"]
    assert lines[0].startswith("openai m status 200 in ")
    assert lines[1] == "openai m status 200, streaming"
    assert lines[-1] == "openai m failed: BadRequestError 400"
    assert not any(secret in line for line in lines for secret in ("sk-canary", "a question"))
