"""Answers of a length, and answers that go on where the assistant's message ends."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.emulator.answers import Answer, complete
from litellm_lite.emulator.ask import Shape
from litellm_lite.emulator.catalogue import MODELS
from litellm_lite.emulator.vocabulary import pieces, words
from tests.emulator.bodies import LLAMA_33, SCOUT, WEATHER, ask, user


def answer(text: Any = "Hello", answer_tokens: int | None = None, shape: Shape = "compat", **fields: Any) -> Answer:
    return complete(ask(text, shape, **fields), lambda: "call", answer_tokens).answers[0]


def gone_on(begun: Any, text: str = "Hello", answer_tokens: int | None = None, **fields: Any) -> Answer:
    messages = [user(text), {"role": "assistant", "content": begun}]
    return answer(messages=messages, answer_tokens=answer_tokens, **fields)


@pytest.mark.parametrize("family", ["llama3", "llama4"])
def test_words_are_a_token_each(family: Any) -> None:
    assert len(pieces(words(5_000), family)) == 5_000


def test_words_are_four_characters_each_for_those_who_count_so() -> None:
    assert {len(word) for word in words(100).split()} == {3}


def test_the_first_words_are_all_different_and_no_round_repeats_the_one_before() -> None:
    said = words(61 * 60).split()
    rounds = [tuple(said[start : start + 61]) for start in range(0, len(said), 61)]
    assert all(len(set(part)) == 61 for part in rounds)
    assert len(set(rounds)) == 60


@given(st.integers(0, 500), st.integers(0, 500))
def test_more_words_begin_with_the_same_ones(one: int, other: int) -> None:
    assert words(max(one, other)).startswith(words(min(one, other)))


@pytest.mark.parametrize("model", sorted(MODELS))
def test_a_length_is_kept_and_says_the_same_whoever_answers(model: str) -> None:
    said = answer("Hello", 60, model=model)
    assert (said.text, len(said.pieces), said.tokens, said.finish) == (words(60), 60, 61, "stop")


def test_a_user_may_ask_for_a_length() -> None:
    assert answer("Please SAY 7 words, will you?", 60).text == words(7)


def test_a_length_is_for_texts_alone() -> None:
    assert answer("weather in Rome", 60, tools=[WEATHER]).finish == "tool_calls"
    schema = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "integer"}}}
    assert isinstance(orjson.loads(answer("Hello", 60, response_format=schema).text), int)


def test_fewer_tokens_may_be_allowed() -> None:
    said = answer("Hello", 60, max_tokens=10)
    assert (said.text, said.finish) == (words(10), "length")


@pytest.mark.parametrize("model", [LLAMA_33, SCOUT])
def test_the_same_request_gets_the_same_words(model: str) -> None:
    assert answer(model=model).text == answer(model=model).text


@given(st.integers(0, 300), st.sampled_from([None, 60]), st.sampled_from([LLAMA_33, SCOUT]))
def test_what_was_begun_is_gone_on_with(place: int, answer_tokens: int | None, model: str) -> None:
    whole = answer("Hello", answer_tokens, model=model).text
    rest = gone_on(whole[:place], "Hello", answer_tokens, model=model)
    assert whole[:place] + rest.text == whole
    assert rest.finish == "stop"


def test_what_comes_is_counted_without_what_was_begun() -> None:
    rest = gone_on(words(40), "say 60 words")
    assert (len(rest.pieces), rest.tokens) == (20, 21)


def test_json_is_gone_on_with() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    form = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    assert isinstance(orjson.loads('{"a' + gone_on('{"a', response_format=form).text), dict)


def test_what_would_not_have_been_said_is_gone_on_with_in_some_words() -> None:
    assert gone_on("Certainly!").text == f" {words(20)}"
    assert gone_on("Certainly!", "Hello", 60).text == f" {words(60)}"


def test_an_answer_to_nothing_is_gone_on_with() -> None:
    alone: list[dict[str, Any]] = [{"role": "assistant", "content": "Hi"}]
    assert answer(messages=alone).text == f" {words(20)}"


def test_a_begun_answer_calls_no_tool() -> None:
    assert gone_on("the", "weather in Rome", 60, tools=[WEATHER]).text == words(60).removeprefix("the")


def test_calls_without_their_results_are_no_beginning() -> None:
    called = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    asked = ask(messages=[user("Hi"), {"role": "assistant", "content": None, "tool_calls": [called]}])
    assert not asked.prefilled


def test_metas_own_shape_is_gone_on_with() -> None:
    begun: list[dict[str, Any]] = [
        user("say 5 words"),
        {"role": "assistant", "content": {"type": "text", "text": words(2)}},
    ]
    assert words(2) + answer(messages=begun, shape="native").text == words(5)


def test_an_exact_count_is_claimed_only_for_llama() -> None:
    from litellm_lite.emulator.ask import read_ask

    stranger = read_ask(orjson.dumps({"model": "gpt-9", "messages": [user("Hi")]}), "compat", any_model=True)
    assert not complete(stranger, lambda: "call").exact
