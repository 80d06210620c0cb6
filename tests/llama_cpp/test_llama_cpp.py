"""The library against a real server: llama.cpp, serving a random Llama with Llama 3's true vocabulary.

What the model says is noise, so the tests look at what must hold for any answer. At temperature 0 the noise is
the same each time.
"""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from typing import Any, Literal

import jsonschema
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from litellm_lite import (
    APIConnectionError,
    AuthenticationError,
    BadRequestError,
    ContextWindowExceededError,
    ModelResponse,
    NotFoundError,
    stream_chunk_builder,
)
from litellm_lite.tokens.llama import count_llama_chat, encode_llama_text, llama_encoding
from tests.llama_cpp.caller import GREETING, Caller, Prompt
from tests.llama_cpp.server import LlamaServer

pytestmark = pytest.mark.integration
once = pytest.mark.parametrize("provider", ["openai"])  # where the provider's name makes no difference
whole_and_stream = pytest.mark.parametrize("streams", [False, True], ids=["whole", "stream"])

GREEDY: dict[str, Any] = {"temperature": 0, "max_tokens": 24}
ENDLESS: dict[str, Any] = {"temperature": 0, "extra_body": {"ignore_eos": True}}
WITH_USAGE: dict[str, Any] = {"stream_options": {"include_usage": True}}
OVERLONG = "hello " * 3000
UNICODE = "Grüße, 世界 🌍 e\u0301"

WEATHER = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "enum": ["Oslo", "Zürich"]},
        "days": {"type": "integer", "minimum": 1, "maximum": 7},
    },
    "required": ["city", "days"],
    "additionalProperties": False,
}
TOOL = {"type": "function", "function": {"name": "get_weather", "description": "Forecast", "parameters": WEATHER}}


class Report(BaseModel):
    model_config = ConfigDict(extra="forbid")

    mood: Literal["calm", "stormy"]
    certain: bool


def token(text: str) -> int:
    encoding = llama_encoding("llama3")
    assert encoding is not None
    return encoding.encode_single_token(text)


def calling() -> dict[str, Any]:
    """Return parameters under which noise calls the tool: nothing tempts it more than to open a brace."""
    return {
        "tools": [TOOL],
        "tool_choice": "required",
        "temperature": 0,
        "max_tokens": 100,
        "logit_bias": {str(token("{")): 100},
    }


def text_of(answer: ModelResponse, choice: int = 0) -> str:
    content = answer.choices[choice].message.content
    assert content is not None
    return content


def exchanges(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the library's line about each answer that came over HTTP."""
    return [record.getMessage() for record in caplog.records if " status " in record.getMessage()]


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port that belongs to us and on which nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_a_greeting_costs_sixteen_tokens_and_an_unknown_price(llama: Caller) -> None:
    answer = llama.ask(max_tokens=5, **ENDLESS)
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (16, 5, 21)
    assert answer.choices[0].finish_reason == "length"
    assert len(encode_llama_text(text_of(answer), "llama3")) == 5
    assert answer.hidden_params["response_cost"] is None


@once
@pytest.mark.parametrize(
    "prompt",
    [
        [{"role": "system", "content": "Be brief."}, {"role": "user", "content": GREETING}],
        [
            {"role": "user", "content": "1 + 1?"},
            {"role": "assistant", "content": "2"},
            {"role": "user", "content": "  Sure?\n"},
        ],
        [{"role": "user", "content": UNICODE * 20}],
        [{"role": "user", "content": [{"type": "text", "text": "Two "}, {"type": "text", "text": "parts."}]}],
        [{"role": "user", "content": "Weather?"}, {"role": "tool", "content": "Sunny.", "tool_call_id": "c1"}],
    ],
    ids=["system", "turns", "unicode", "parts", "tool result"],
)
def test_prompts_cost_what_the_library_counts(llama: Caller, prompt: Prompt) -> None:
    assert isinstance(prompt, list)
    usage = llama.ask(prompt, max_tokens=1).usage
    assert usage is not None
    assert usage.prompt_tokens == count_llama_chat(prompt, "llama3")


@given(st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=40))
@example(GREETING)
@example(UNICODE)
@example("I'LL don't 'sup 1234567 a1b2 {}[]();//")
@example(" \t\n\n  x \r\n y ")
@example("\U0001f469\u200d\U0001f467 \u2167 \ufb01 \u0e49")
@settings(deadline=None, max_examples=200)
def test_text_is_cut_as_llama_cpp_cuts_it(llama_server: LlamaServer, text: str) -> None:
    cut = llama_server.post("/tokenize", {"content": text, "parse_special": False})
    assert encode_llama_text(text, "llama3") == cut["tokens"]


@once
def test_the_end_of_a_turn_is_a_token_of_the_answer(llama: Caller) -> None:
    answer = llama.ask(temperature=0, max_tokens=1000)
    assert answer.usage is not None
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.completion_tokens == len(encode_llama_text(text_of(answer), "llama3")) + 1


@once
def test_nothing_may_be_all_that_is_said(llama: Caller) -> None:
    answer = llama.ask(max_tokens=9, logit_bias={str(token("<|eot_id|>")): 100})
    assert text_of(answer) == ""
    assert answer.choices[0].finish_reason == "stop"


@once
def test_a_stop_sequence_ends_the_answer_before_it(llama: Caller) -> None:
    text = text_of(llama.ask(max_tokens=12, **ENDLESS))
    word = text.split()[-3]
    stopped = llama.ask(max_tokens=12, stop=["\u2603", word], **ENDLESS)
    assert text_of(stopped) == text[: text.index(word)]
    assert stopped.choices[0].finish_reason == "stop"


@once
def test_a_seed_repeats_the_dice(llama: Caller) -> None:
    first, again, other = (text_of(llama.ask(temperature=1, max_tokens=24, seed=seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


@once
def test_log_probabilities_are_as_many_as_asked(llama: Caller) -> None:
    answer = llama.ask(logprobs=True, top_logprobs=3, **GREEDY)
    seen = answer.choices[0].logprobs["content"]
    assert "".join(one["token"] for one in seen) == text_of(answer)
    assert all(len(one["top_logprobs"]) == 3 and one["logprob"] <= 0 for one in seen)
    assert all(one["top_logprobs"][0]["token"] == one["token"] for one in seen)


@once
def test_several_answers_come_apart(llama: Caller) -> None:
    answer = llama.ask(n=2, temperature=1, seed=5, max_tokens=12, extra_body={"ignore_eos": True})
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert text_of(answer, 0) != text_of(answer, 1)


@once
def test_more_answers_than_slots_are_refused(llama: Caller) -> None:
    with pytest.raises(BadRequestError, match="'n'") as caught:
        llama.ask(n=llama.server.settings.slots + 1)
    assert caught.value.status == 400


@once
def test_eight_calls_at_once_keep_their_answers_apart(llama: Caller) -> None:
    prompts: list[Prompt] = ["word" + " word" * length for length in range(8)]
    answers = llama.ask_all(prompts, **GREEDY)
    counts = [answer.usage.prompt_tokens for answer in answers if answer.usage]
    assert counts == [count_llama_chat([{"role": "user", "content": prompt}], "llama3") for prompt in prompts]
    assert all(text_of(answer) for answer in answers)


def test_a_required_tool_is_called_with_json(llama: Caller) -> None:
    choice = llama.ask(**calling()).choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.tool_calls is not None
    [call] = choice.message.tool_calls
    assert (call.type, call.function.name) == ("function", "get_weather")
    assert call.id
    jsonschema.validate(json.loads(call.function.arguments), WEATHER)


@once
def test_a_streamed_tool_call_is_the_same_call(llama: Caller) -> None:
    whole = llama.ask(**calling()).choices[0]
    streamed = llama.stream(**calling())
    built = stream_chunk_builder(streamed.chunks)
    assert built is not None
    assert built.choices[0].finish_reason == whole.finish_reason == "tool_calls"
    assert built.choices[0].message.tool_calls is not None
    assert whole.message.tool_calls is not None
    assert [call.function for call in built.choices[0].message.tool_calls] == [
        call.function for call in whole.message.tool_calls
    ]
    assert len(streamed.chunks) > 3


@once
@whole_and_stream
def test_a_tool_is_called_and_its_result_goes_back(llama: Caller, streams: bool) -> None:
    asked = calling()
    answer = stream_chunk_builder(llama.stream(**asked, **WITH_USAGE).chunks) if streams else llama.ask(**asked)
    assert answer is not None
    said = answer.choices[0].message
    assert said.tool_calls is not None
    result = {"role": "tool", "tool_call_id": said.tool_calls[0].id, "content": "Sunny."}
    turns: Prompt = [{"role": "user", "content": GREETING}, said, result]
    reply = llama.ask(turns, tools=[TOOL], max_tokens=3, **ENDLESS)
    assert reply.choices[0].finish_reason == "length"
    assert reply.usage is not None
    assert answer.usage is not None
    assert reply.usage.prompt_tokens > answer.usage.prompt_tokens


def test_an_answer_fits_its_schema(llama: Caller) -> None:
    schema = {"type": "json_schema", "json_schema": {"name": "weather", "schema": WEATHER}}
    answer = llama.ask(response_format=schema, temperature=0, max_tokens=100)
    jsonschema.validate(json.loads(text_of(answer)), WEATHER)
    assert answer.choices[0].finish_reason == "stop"


@once
def test_a_pydantic_class_is_answered_with_its_fields(llama: Caller) -> None:
    answer = llama.ask(response_format=Report, temperature=0, max_tokens=100)
    assert Report.model_validate_json(text_of(answer)).mood in {"calm", "stormy"}


@once
@whole_and_stream
def test_every_script_survives_the_round_trip(llama: Caller, streams: bool) -> None:
    schema = {"type": "json_schema", "json_schema": {"name": "echo", "schema": {"const": UNICODE}}}
    asked: dict[str, Any] = {"response_format": schema, "temperature": 0, "max_tokens": 60}
    text = "".join(llama.stream(**asked).texts()) if streams else text_of(llama.ask(**asked))
    assert json.loads(text) == UNICODE


def test_a_stream_says_what_the_whole_answer_says(llama: Caller) -> None:
    whole, streamed = llama.ask(seed=1, **GREEDY), llama.stream(seed=1, **GREEDY, **WITH_USAGE)
    assert "".join(streamed.texts()) == text_of(whole)
    assert len(streamed.texts()) > 5
    assert streamed.finish_reasons() == [whole.choices[0].finish_reason]
    assert whole.usage is not None
    assert streamed.usage is not None
    assert streamed.usage["prompt_tokens"] == 16
    assert streamed.usage["completion_tokens"] == whole.usage.completion_tokens
    assert streamed.cost is None


def test_the_chunks_of_a_stream_build_the_whole_answer(llama: Caller) -> None:
    whole = llama.ask(seed=1, **GREEDY)
    built = stream_chunk_builder(llama.stream(seed=1, **GREEDY, **WITH_USAGE).chunks)
    assert built is not None
    for field in ("object", "model", "system_fingerprint", "choices", "usage"):
        assert built[field] == whole[field], field


@once
def test_the_usage_chunk_is_only_for_those_who_ask(llama: Caller) -> None:
    quiet, asked = llama.stream(**GREEDY), llama.stream(**GREEDY, **WITH_USAGE)
    assert all(chunk.choices for chunk in quiet.chunks)
    assert quiet.usage is not None  # known all the same, for the cost
    assert [len(chunk.choices) for chunk in asked.chunks][-2:] == [1, 0]
    assert asked.chunks[-1].usage is not None
    assert asked.chunks[-1].usage.prompt_tokens == 16


@once
def test_streamed_log_probabilities_build_the_same_list(llama: Caller) -> None:
    asked: dict[str, Any] = {"logprobs": True, "top_logprobs": 2, **GREEDY}
    built = stream_chunk_builder(llama.stream(**asked).chunks)
    assert built is not None
    whole = llama.ask(**asked).choices[0].logprobs["content"]
    assert [one["id"] for one in built.choices[0].logprobs["content"]] == [one["id"] for one in whole]


@once
def test_several_answers_stream_side_by_side(llama: Caller) -> None:
    streamed = llama.stream(n=2, temperature=1, seed=5, max_tokens=12, extra_body={"ignore_eos": True})
    assert [streamed.finish_reasons(choice) for choice in (0, 1)] == [["length"], ["length"]]
    assert "".join(streamed.texts(0)) != "".join(streamed.texts(1))


@once
def test_a_stream_that_is_closed_frees_its_slot(llama: Caller) -> None:
    before = llama.server.metric("tokens_predicted_total")
    answer = llama.ask_after_leaving(llama.server.settings.slots, ENDLESS, max_tokens=1)
    said = llama.server.metric("tokens_predicted_total") - before
    assert answer.choices[0].finish_reason == "length"
    # Had the call waited for a slot to end by itself, that slot would have filled its context.
    assert said < llama.server.settings.context_tokens / 2


@whole_and_stream
def test_a_prompt_too_long_is_a_context_error_and_final(
    llama: Caller, caplog: pytest.LogCaptureFixture, streams: bool
) -> None:
    with caplog.at_level(logging.INFO, "litellm_lite"), pytest.raises(ContextWindowExceededError) as caught:
        (llama.stream if streams else llama.ask)(OVERLONG, num_retries=2)
    asked = count_llama_chat([{"role": "user", "content": OVERLONG}], "llama3")
    assert (caught.value.status, caught.value.code, caught.value.retryable) == (400, "exceed_context_size_error", False)
    assert f"{asked} tokens" in str(caught.value)
    assert len(exchanges(caplog)) == 1


def test_a_wrong_key_is_an_authentication_error_and_final(llama: Caller, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "litellm_lite"), pytest.raises(AuthenticationError) as caught:
        llama.ask(api_key="sk-not-the-key-of-this-server", num_retries=2)
    assert (caught.value.status, caught.value.provider) == (401, llama.provider)
    assert "sk-not-the-key" not in f"{caught.value!r} {caught.value.body} {caplog.text}"
    assert len(exchanges(caplog)) == 1


@once
def test_a_wrong_path_is_not_found(llama: Caller) -> None:
    with pytest.raises(NotFoundError) as caught:
        llama.ask(api_base=llama.server.api_base.replace("/v1", "/nowhere"))
    assert (caught.value.status, caught.value.retryable) == (404, False)


@once
@whole_and_stream
def test_a_server_that_is_not_there_is_named(llama: Caller, deaf_port: int, streams: bool) -> None:
    base = f"http://127.0.0.1:{deaf_port}/v1"
    with pytest.raises(APIConnectionError, match=f"127.0.0.1:{deaf_port}.*api_base"):
        (llama.stream if streams else llama.ask)(api_base=base, num_retries=0)


@once
def test_a_wrong_path_names_the_base(llama: Caller) -> None:
    base = llama.server.api_base.replace("/v1", "/nowhere")
    with pytest.raises(NotFoundError, match=f"{base}.*api_base|api_base.*{base}"):
        llama.ask(api_base=base)


@once
def test_a_value_the_server_refuses_is_a_bad_request(llama: Caller) -> None:
    with pytest.raises(BadRequestError, match="max_tokens") as caught:
        llama.ask(max_tokens=-5)
    assert not caught.value.retryable
