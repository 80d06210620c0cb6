"""Completions, responses and embeddings against llama.cpp's own server: in its words, and over a bridge."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import pytest

from litellm_lite import APIError, BadRequestError, Router
from tests.calls import MODES
from tests.endpoints.asking import ask, listen
from tests.llama_cpp.server import LlamaServer
from tests.llama_cpp.serving import ALIAS

pytestmark = pytest.mark.integration
each_mode = pytest.mark.parametrize("mode", MODES)
each_way = pytest.mark.parametrize("chat", [False, True], ids=["native", "bridged"])


def at(server: LlamaServer, **params: Any) -> dict[str, Any]:
    return {"api_base": server.api_base, "api_key": server.settings.api_key, "timeout": 30, **params}


MODEL = f"openai/{ALIAS}"


@each_mode
@each_way
def test_a_text_is_as_long_as_it_may_be(mode: str, chat: bool, llama_server: LlamaServer) -> None:
    options = at(llama_server, max_tokens=4, use_chat_completions_api=chat)
    answer = ask(mode, "text_completion", "Hello", MODEL, **options)
    assert answer.choices[0].finish_reason == "length"
    assert answer.choices[0].text
    assert answer.usage.completion_tokens == 4


@each_mode
@each_way
def test_each_prompt_has_its_text(mode: str, chat: bool, llama_server: LlamaServer) -> None:
    options = at(llama_server, max_tokens=3, use_chat_completions_api=chat)
    answer = ask(mode, "text_completion", ["Hello", "Bye"], MODEL, **options)
    assert [choice.index for choice in answer.choices] == [0, 1]


@each_mode
@each_way
def test_a_streamed_text_is_the_whole_one(mode: str, chat: bool, llama_server: LlamaServer) -> None:
    options = at(llama_server, max_tokens=6, temperature=0, seed=1, use_chat_completions_api=chat)
    whole = ask(mode, "text_completion", "Hello", MODEL, **options)
    heard = listen(mode, "text_completion", "Hello", MODEL, **options)
    assert heard.error is None
    assert "".join(choice.text for chunk in heard.items for choice in chunk.choices) == whole.choices[0].text
    assert heard.stream.usage["completion_tokens"] == 6


def test_log_probabilities_are_told_in_the_older_way_over_a_bridge(llama_server: LlamaServer) -> None:
    options = at(llama_server, max_tokens=3, logprobs=2, use_chat_completions_api=True)
    told = ask("sync", "text_completion", "Hello", MODEL, **options).choices[0].logprobs
    assert len(told["tokens"]) == len(told["token_logprobs"]) == len(told["text_offset"]) == 3


@each_mode
@each_way
def test_a_response_says_something(mode: str, chat: bool, llama_server: LlamaServer) -> None:
    options = at(llama_server, max_output_tokens=4, instructions="Be brief.", use_chat_completions_api=chat)
    answer = ask(mode, "responses", "Hello", MODEL, **options)
    assert answer.output_text
    assert answer.usage.output_tokens == 4
    assert answer.hidden_params["response_cost"] is None
    if chat:  # llama.cpp itself says "completed" here, and knows better in its chat
        assert (answer.status, answer.incomplete_details["reason"]) == ("incomplete", "max_output_tokens")


@each_mode
@each_way
def test_streamed_events_tell_the_whole_response(mode: str, chat: bool, llama_server: LlamaServer) -> None:
    options = at(llama_server, max_output_tokens=5, use_chat_completions_api=chat)
    heard = listen(mode, "responses", "Hello", MODEL, **options)
    assert heard.error is None
    deltas = [item.delta for item in heard.items if item.type == "response.output_text.delta"]
    assert heard.items[0].type == "response.created"
    assert heard.items[-1].response.output_text == "".join(deltas)
    assert heard.stream.usage["completion_tokens"] == 5


@each_mode
def test_a_tool_is_called_over_the_bridge_and_its_result_goes_back(mode: str, llama_server: LlamaServer) -> None:
    parameters = {
        "type": "object",
        "properties": {"city": {"type": "string", "enum": ["Oslo"]}},
        "required": ["city"],
        "additionalProperties": False,
    }
    tool = {"type": "function", "name": "weather", "parameters": parameters}
    brace = llama_server.post("/tokenize", {"content": "{"})["tokens"][0]
    options = at(llama_server, tools=[tool], use_chat_completions_api=True)
    tempted = {"tool_choice": "required", "temperature": 0, "max_output_tokens": 100, "logit_bias": {str(brace): 100}}
    answer = ask(mode, "responses", "Weather?", MODEL, **tempted, **options)
    (called,) = [item for item in answer.output if item.type == "function_call"]
    assert (called.name, json.loads(called.arguments)) == ("weather", {"city": "Oslo"})
    question = {"role": "user", "content": "Weather?"}
    result = {"type": "function_call_output", "call_id": called.call_id, "output": "Rain"}
    turns = [question, *answer.output, result]
    again = ask(mode, "responses", turns, MODEL, tool_choice="none", max_output_tokens=5, **options)
    assert again.output_text


@each_mode
def test_a_vector_stands_for_each_text(mode: str, embedder: LlamaServer) -> None:
    answer = ask(mode, "embedding", MODEL, ["Hello", "Bye"], **at(embedder))
    assert [each.index for each in answer.data] == [0, 1]
    assert len(answer.data[0].embedding) == len(answer.data[1].embedding) > 1
    assert answer.usage.prompt_tokens == answer.usage.total_tokens > 0


def test_base64_holds_the_same_vector(embedder: LlamaServer) -> None:
    plain = ask("sync", "embedding", MODEL, "Hello", **at(embedder)).data[0].embedding
    coded = ask("sync", "embedding", MODEL, "Hello", encoding_format="base64", **at(embedder)).data[0].embedding
    assert isinstance(coded, str)
    raw = base64.b64decode(coded)
    assert list(struct.unpack(f"<{len(raw) // 4}f", raw)) == pytest.approx(plain, rel=1e-6)


@each_mode
def test_a_router_embeds(mode: str, embedder: LlamaServer) -> None:
    where = {"api_base": embedder.api_base, "api_key": embedder.settings.api_key}
    router = Router([{"model_name": "vectors", "litellm_params": {"model": MODEL, **where}}])
    assert router.serves("vectors", "embeddings")
    assert len(ask(mode, "embedding", "vectors", ["Hello"], of=router).data) == 1


def test_a_server_that_does_not_embed_says_so(llama_server: LlamaServer) -> None:
    with pytest.raises(APIError, match="does not support embeddings"):
        ask("sync", "embedding", MODEL, "Hello", num_retries=0, **at(llama_server))


def test_a_value_the_server_refuses_is_a_bad_request(llama_server: LlamaServer) -> None:
    with pytest.raises(BadRequestError):
        ask("sync", "text_completion", "Hello", MODEL, logit_bias="nonsense", max_tokens="many", **at(llama_server))
