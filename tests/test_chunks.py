"""Chunks joined to the message they are pieces of: the joined one is the one that was cut."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litellm_lite import APIError, ModelResponse, ModelResponseStream, stream_chunk_builder
from litellm_lite.chunks import JSON, Ledger, join
from litellm_lite.emulator import Emulator
from tests.calls import MODES, call, collect
from tests.emulator.bodies import LLAMA_33, WEATHER

HEAD = {"id": "c-1", "created": 5, "model": "m"}
USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


def piece(delta: JSON, index: int = 0, finish: str | None = None, **fields: Any) -> JSON:
    return {**HEAD, "choices": [{"index": index, "delta": delta, "finish_reason": finish, **fields}]}


def tool(index: int | None = None, **fields: Any) -> JSON:
    return {"tool_calls": [fields if index is None else {"index": index, **fields}]}


def joined(*deltas: JSON) -> Any:
    answer = join([piece(delta) for delta in deltas])
    assert answer is not None
    return answer["choices"][0]["message"]


def names_and_arguments(message: JSON) -> list[tuple[str, str]]:
    return [(call["function"]["name"], call["function"]["arguments"]) for call in message["tool_calls"]]


texts = st.text(min_size=1, max_size=12)
logprob = st.fixed_dictionaries({"token": texts, "logprob": st.floats(-9, 0)})
tool_call = st.fixed_dictionaries(
    {
        "id": st.uuids().map(str),
        "type": st.just("function"),
        "function": st.fixed_dictionaries({"name": texts, "arguments": texts}),
    }
)
message = st.fixed_dictionaries(
    {"role": st.just("assistant"), "content": st.none() | texts},
    optional={
        "reasoning_content": texts,
        "refusal": texts,
        "tool_calls": st.lists(tool_call, min_size=1, max_size=3),
        "function_call": st.fixed_dictionaries({"name": texts, "arguments": texts}),
        "annotations": st.lists(st.fixed_dictionaries({"url": texts}), min_size=1, max_size=2),
    },
)
choice = st.fixed_dictionaries(
    {"message": message, "finish_reason": st.sampled_from(["stop", "length", "tool_calls", None])},
    optional={"logprobs": st.fixed_dictionaries({"content": st.lists(logprob, min_size=1, max_size=4)})},
)


@st.composite
def cut(draw: st.DrawFn, text: str) -> list[str]:
    """Cut a text anywhere, any number of times."""
    marks = sorted(draw(st.sets(st.integers(0, len(text)), max_size=4)))
    return [text[start:end] for start, end in zip([0, *marks], [*marks, len(text)], strict=True)]


@st.composite
def in_chunks(draw: st.DrawFn, index: int, whole: JSON) -> list[JSON]:
    """Cut one choice into the chunks a vendor may send, each tool call beginning with its id and name."""
    said = whole["message"]
    pieces: list[JSON] = [piece({"role": "assistant"}, index)]
    for name in ("reasoning_content", "content", "refusal"):
        pieces += [piece({name: part}, index) for part in (draw(cut(said[name])) if said.get(name) else ())]
    pieces += [piece({"annotations": [each]}, index) for each in said.get("annotations", ())]
    for at, made in enumerate(said.get("tool_calls", ())):
        function = made["function"]
        begun = {"id": made["id"], "type": "function", "function": {"name": function["name"], "arguments": ""}}
        pieces.append(piece(tool(at, **begun), index))
        pieces += [piece(tool(at, function={"arguments": part}), index) for part in draw(cut(function["arguments"]))]
    if function := said.get("function_call"):
        pieces.append(piece({"function_call": {"name": function["name"], "arguments": ""}}, index))
        pieces += [piece({"function_call": {"arguments": part}}, index) for part in draw(cut(function["arguments"]))]
    for token in whole.get("logprobs", {}).get("content", ()):
        pieces.append(piece({}, index, logprobs={"content": [token]}))
    return [*pieces, piece({}, index, whole["finish_reason"])]


@st.composite
def answers(draw: st.DrawFn) -> tuple[JSON, list[JSON]]:
    """An answer, and the chunks of its choices shuffled together, each choice in its order."""
    choices = draw(st.lists(choice, min_size=1, max_size=3))
    queues = [draw(in_chunks(index, each)) for index, each in enumerate(choices)]
    order = draw(st.permutations([index for index, queue in enumerate(queues) for _ in queue]))
    chunks = [queues[index].pop(0) for index in order]
    usage = draw(st.none() | st.just(USAGE))
    chunks += [{**HEAD, "choices": [], "usage": usage}] if usage else []
    whole = [{"index": index, **each} for index, each in enumerate(choices)]
    return {**HEAD, "object": "chat.completion", "choices": whole, "usage": usage}, chunks


@settings(deadline=None)
@given(answers())
def test_an_answer_cut_into_chunks_is_joined_again(cut_up: tuple[JSON, list[JSON]]) -> None:
    answer, chunks = cut_up
    assert join(chunks) == answer


@settings(deadline=None)
@given(answers())
def test_what_is_built_from_models_is_the_whole_answer(cut_up: tuple[JSON, list[JSON]]) -> None:
    answer, chunks = cut_up
    built = stream_chunk_builder([ModelResponseStream.model_validate(each) for each in chunks])
    assert built == ModelResponse.model_validate(answer)
    assert built == stream_chunk_builder(iter(chunks))


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("api", ["compat", "native"])
@pytest.mark.parametrize(
    "params",
    [{}, {"tools": [WEATHER], "messages": [{"role": "user", "content": "The weather in Paris and in Oslo?"}]}],
    ids=["text", "tools"],
)
def test_a_stream_builds_the_answer_it_would_have_been(
    params: dict[str, Any], api: str, mode: str, emulator: Emulator
) -> None:
    at: Any = SimpleNamespace(target={"api_base": emulator.compat_url, "api_key": emulator.api_key})
    asked = {**params, "api": api, "api_base": emulator.native_url if api == "native" else emulator.compat_url}
    with_usage = {**asked, "stream_options": {"include_usage": True}}
    built = stream_chunk_builder(collect(mode, at, f"meta_llama/{LLAMA_33}", **with_usage).chunks)
    assert built is not None
    whole = call(mode, at, f"meta_llama/{LLAMA_33}", **asked)
    assert without_ids(built) == without_ids(whole)


def without_ids(answer: ModelResponse) -> JSON:
    made = answer.model_dump(exclude={"id", "created"}, exclude_none=True)
    for choice in made["choices"]:
        for called in choice["message"].get("tool_calls", ()):
            del called["id"]
            called.pop("index", None)
    return made


def test_no_chunks_make_no_answer() -> None:
    assert join([]) is None
    assert stream_chunk_builder([]) is None


def test_chunks_that_are_none_are_an_error() -> None:
    with pytest.raises(APIError, match="chunks is None"):
        stream_chunk_builder(None)


def test_litellms_other_arguments_are_taken() -> None:
    assert stream_chunk_builder([piece({"content": "Hi"})], messages=[], start_time=1, end_time=2, logging_obj=None)


def test_a_choice_without_a_finish_reason_has_none() -> None:
    built = stream_chunk_builder([piece({"content": "Hi"})])
    assert built is not None
    assert built.choices[0].finish_reason is None


def test_an_answer_without_id_or_time_gets_them() -> None:
    built = stream_chunk_builder([{"choices": [{"delta": {"content": "Hi"}}]}])
    assert built is not None
    assert built.id.startswith("chatcmpl-")
    assert built.created > 0
    assert built.usage is None


def test_what_comes_with_a_later_chunk_counts_too() -> None:
    chunks = [{"choices": [{"delta": {}}]}, {**piece({}, finish="stop"), "service_tier": "flex", "usage": USAGE}]
    answer = join(chunks)
    assert answer is not None
    assert {**HEAD, "service_tier": "flex", "usage": USAGE}.items() <= answer.items()


def test_the_call_is_known_to_what_was_built() -> None:
    chunks = [ModelResponseStream.model_validate(piece({"content": "Hi"}, finish="stop")) for _ in range(2)]
    chunks[-1]._hidden_params = {"response_cost": 0.5}
    built = stream_chunk_builder(chunks)
    assert built is not None
    assert built._hidden_params == {"response_cost": 0.5}


def test_calls_interleaved_by_index_are_told_apart() -> None:
    message = joined(
        tool(1, id="b", function={"name": "g", "arguments": ""}),
        tool(0, id="a", function={"name": "f", "arguments": '{"x"'}),
        tool(1, function={"arguments": "{}"}),
        tool(0, function={"arguments": ": 1}"}),
    )
    assert names_and_arguments(message) == [("f", '{"x": 1}'), ("g", "{}")]
    assert [call["id"] for call in message["tool_calls"]] == ["a", "b"]


def test_calls_without_an_index_begin_with_an_id_or_a_name() -> None:
    message = joined(
        tool(id="a", function={"name": "f", "arguments": "{"}),
        tool(function={"arguments": "}"}),
        tool(function={"name": "g", "arguments": "{}"}),
        tool(id="c", function={"name": "f", "arguments": "{}"}),
    )
    assert names_and_arguments(message) == [("f", "{}"), ("g", "{}"), ("f", "{}")]


def test_calls_that_share_an_index_are_told_apart_by_their_ids() -> None:
    """Gemini's compatible endpoint gives index 0 to every one of several calls."""
    message = joined(
        tool(0, id="a", function={"name": "f", "arguments": "{}"}),
        tool(0, id="b", function={"name": "g", "arguments": "{}"}),
    )
    assert [call["id"] for call in message["tool_calls"]] == ["a", "b"]


def test_an_id_may_be_repeated_on_every_piece() -> None:
    message = joined(
        tool(0, id="a", function={"name": "f", "arguments": "{"}),
        tool(0, id="a", function={"name": "f", "arguments": "}"}),
    )
    assert names_and_arguments(message) == [("f", "{}")]


def test_an_id_may_come_late() -> None:
    message = joined(tool(0, function={"name": "f", "arguments": "{"}), tool(0, id="a", function={"arguments": "}"}))
    assert message["tool_calls"] == [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}]


def test_arguments_may_come_as_an_object() -> None:
    assert names_and_arguments(joined(tool(0, function={"name": "f", "arguments": {"a": 1}}))) == [("f", '{"a":1}')]


def test_audio_grows() -> None:
    message = joined(
        {"audio": {"id": "a"}},
        {"audio": {"data": "AA", "transcript": "Hel"}},
        {"audio": {"data": "BB", "transcript": "lo"}},
    )
    assert message["audio"] == {"id": "a", "data": "AABB", "transcript": "Hello"}


def test_of_other_fields_the_last_word_stands() -> None:
    assert joined({"mood": "good"}, {"mood": "better"}, {"mood": None})["mood"] == "better"


def test_logprobs_of_a_refusal_are_kept() -> None:
    answer = join([piece({}, logprobs={"content": None, "refusal": [1]}), piece({}, logprobs={"refusal": [2]})])
    assert answer is not None
    assert answer["choices"][0]["logprobs"] == {"content": None, "refusal": [1, 2]}


def test_a_ledger_knows_what_is_missing() -> None:
    ledger = Ledger(expected=2)
    assert ledger.unfinished() == "choice 0, 1 has no finish reason"
    ledger.note(piece({"content": "Hi"}, index=1))
    assert ledger.unfinished() == "choice 1 has no finish reason"
    ledger.note(piece({"content": "!"}, index=1, finish="stop"))
    complete = [ledger.complete]
    ledger.note(piece({}, index=0, finish="stop"))
    ledger.note(piece({"content": ""}, index=0))  # some vendors go on talking after the end
    assert [*complete, ledger.complete] == [False, True]
    assert ledger.partial().texts == {1: "Hi!"}
    assert ledger.partial().text == ""
