"""Text completions and responses where only chat is served: asked over a bridge, whole and in pieces."""

from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

import litellm_lite
from litellm_lite import (
    APIConnectionError,
    APIError,
    RetiredModelWarning,
    Router,
    UnsupportedParamsError,
    register_model,
)
from litellm_lite.registry import registry
from tests.calls import MODES
from tests.endpoints.asking import ask, at, listen
from tests.endpoints.values import RESPONSE, TEXT
from tests.router.routing import Wires, place, served, tried
from tests.wire import DONE, HoldOpen, Wire, chunk, completion, event, problem, stream, usage_chunk

each_mode = pytest.mark.parametrize("mode", MODES)
PRICES = {"input_cost_per_token": 0.5, "output_cost_per_token": 2.0}
LLAMA = "meta_llama/Llama-3.3-8B-Instruct"
EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)


def said(*texts: str) -> list[bytes]:
    """The events of a chat that says these texts, with its usage."""
    return [*(event(chunk(text)) for text in texts), event(chunk(finish="stop")), event(usage_chunk()), DONE]


@each_mode
def test_a_text_is_asked_of_the_llama_api_as_a_chat(mode: str, wire: Wire) -> None:
    wire.answers(completion(" upon a time"))
    answer = ask(mode, "text_completion", "Once", LLAMA, max_tokens=5, **at(wire, **PRICES))
    assert wire.last.path == "/v1/chat/completions"
    assert wire.last.json["messages"] == [{"role": "user", "content": "Once"}]
    assert wire.last.json["max_tokens"] == 5
    assert "prompt" not in wire.last.json
    assert (answer.object, answer.choices[0].text, answer.choices[0].finish_reason) == (
        "text_completion",
        " upon a time",
        "stop",
    )
    assert answer.id.startswith("cmpl-")
    assert answer.usage.total_tokens == 5
    assert answer.hidden_params["response_cost"] == 3 * 0.5 + 2 * 2.0


@each_mode
def test_several_prompts_are_several_chats_and_one_answer(mode: str, wire: Wire) -> None:
    wire.answers(completion("a"), completion("a"), completion("a"))
    answer = ask(mode, "text_completion", ["1", "2", "3"], LLAMA, **at(wire, **PRICES))
    assert sorted(request.json["messages"][0]["content"] for request in wire.requests) == ["1", "2", "3"]
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert answer.usage.total_tokens == 15
    assert answer.hidden_params["response_cost"] == 3 * (3 * 0.5 + 2 * 2.0)
    assert (
        answer.hidden_params["cost"].total == answer.hidden_params["cost"].input + answer.hidden_params["cost"].output
    )
    assert copy.deepcopy(answer).hidden_params["response_cost"] == 16.5


def test_what_is_known_of_several_chats_travels_with_a_copy(wire: Wire) -> None:
    wire.answers(completion("a"), completion("b"))
    answer = ask("sync", "text_completion", ["1", "2"], LLAMA, **at(wire, **PRICES))
    assert pickle.loads(pickle.dumps(answer)).hidden_params["response_cost"] == 11.0
    assert answer.hidden_params is answer.hidden_params


@each_mode
def test_where_the_cost_of_one_prompt_is_not_known_that_of_all_is_not(mode: str, wire: Wire) -> None:
    wire.answers(completion("a"), completion("b", usage=None))
    answer = ask(mode, "text_completion", ["1", "2"], LLAMA, **at(wire, **PRICES))
    assert answer.usage is None
    assert answer.hidden_params["response_cost"] is None


@each_mode
def test_one_prompt_that_fails_fails_the_text(mode: str, wire: Wire) -> None:
    wire.answers(completion("a"), problem(500, "Down"), completion("c"))
    with pytest.raises(APIError, match="Down"):
        ask(mode, "text_completion", ["1", "2", "3"], LLAMA, **at(wire))


@each_mode
def test_a_chats_pieces_are_pieces_of_a_text(mode: str, wire: Wire) -> None:
    wire.answers(stream(said("Hel", "lo.")))
    heard = listen(mode, "text_completion", "Hi", LLAMA, **at(wire, **PRICES))
    assert heard.error is None
    assert "".join(piece.choices[0].text for piece in heard.items) == "Hello."
    assert {piece.object for piece in heard.items} == {"text_completion"}
    assert heard.stream.usage["total_tokens"] == 5
    assert heard.stream.response_cost == 5.5


@each_mode
def test_several_prompts_are_streamed_in_turn(mode: str, wire: Wire) -> None:
    wire.answers(stream(said("a")), stream(said("b", "c")))
    options = {"stream_options": {"include_usage": True}}
    heard = listen(mode, "text_completion", ["1", "2"], LLAMA, **at(wire, **PRICES, **options))
    assert heard.error is None
    pieces = [(choice.index, choice.text) for piece in heard.items for choice in piece.choices if choice.text]
    assert pieces == [(0, "a"), (1, "b"), (1, "c")]
    assert heard.items[-1].usage.total_tokens == 10
    assert heard.stream.usage == {"prompt_tokens": 6, "completion_tokens": 4, "total_tokens": 10}
    assert heard.stream.response_cost == 11.0
    assert heard.stream.malformed_events == 0


@each_mode
@pytest.mark.parametrize(("last", "had_come"), [(stream([event(chunk("b"))]), {1: "b"}), (problem(500, "Down"), {})])
def test_a_later_prompt_that_breaks_off_raises_with_what_had_come_of_all(
    mode: str, last: Any, had_come: dict[int, str], wire: Wire
) -> None:
    wire.answers(stream(said("a")), last)
    heard = listen(mode, "text_completion", ["1", "2"], LLAMA, **at(wire))
    assert heard.error is not None
    assert heard.error.partial is not None
    assert heard.error.partial.texts == (
        {0: "a", 1: "b"} if heard.error.status != 500 or len(heard.items) > 2 else {0: "a"}
    )
    assert heard.stream.usage is None


@each_mode
def test_streams_of_several_prompts_may_be_left_early(mode: str, wire: Wire) -> None:
    wire.answers(stream([event(chunk("a"))], None, HoldOpen()))

    def leave() -> None:
        with litellm_lite.text_completion(["1", "2"], LLAMA, stream=True, **at(wire)) as opened:
            next(opened)
        assert list(opened) == []

    async def aleave() -> None:
        async with await litellm_lite.atext_completion(["1", "2"], LLAMA, stream=True, **at(wire)) as opened:
            await anext(opened)
        assert [each async for each in opened] == []

    leave() if mode == "sync" else asyncio.run(aleave())
    wire.wait_for_hang_up()
    assert len(wire.requests) == 1


@each_mode
def test_a_response_is_asked_of_the_llama_api_as_a_chat(mode: str, wire: Wire) -> None:
    wire.answers(completion("Hello."))
    answer = ask(mode, "responses", "Hi", LLAMA, instructions="Be brief.", metadata={"a": "b"}, **at(wire, **PRICES))
    assert [message["role"] for message in wire.last.json["messages"]] == ["system", "user"]
    assert "metadata" not in wire.last.json
    assert (answer.output_text, answer.status, answer.instructions) == ("Hello.", "completed", "Be brief.")
    assert answer.metadata == {"a": "b"}
    assert answer.store is False
    assert answer.id.startswith("resp_")
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (3, 2)
    assert answer.hidden_params["response_cost"] == 5.5
    assert Response.model_validate(answer.model_dump()).output_text == "Hello."


@each_mode
def test_the_events_over_a_bridge_are_openais(mode: str, wire: Wire) -> None:
    wire.answers(stream(said("Hel", "lo.")))
    heard = listen(mode, "responses", "Hi", LLAMA, **at(wire, **PRICES))
    assert heard.error is None
    events = [EVENT.validate_python(item.model_dump(exclude_unset=True)) for item in heard.items]
    assert [each.type for each in events][:2] == ["response.created", "response.in_progress"]
    assert [each.sequence_number for each in events] == list(range(len(events)))
    assert events[-1].response.output_text == "Hello."
    assert heard.items[-1].response.usage.total_tokens == 5
    assert heard.stream.response_cost == 5.5


@each_mode
@pytest.mark.parametrize("name", ["responses", "text_completion"])
def test_a_cut_chat_never_ends_well(mode: str, name: str, wire: Wire) -> None:
    wire.answers(stream([event(chunk("Hel"))]))
    heard = listen(mode, name, "Hi", LLAMA, **at(wire))
    assert isinstance(heard.error, APIConnectionError)
    assert heard.error.partial is not None
    assert heard.error.partial.text == "Hel"
    assert "response.completed" not in [getattr(item, "type", "") for item in heard.items]


@each_mode
@pytest.mark.parametrize(
    ("name", "asked", "param"),
    [
        ("text_completion", {"suffix": "!"}, "suffix"),
        ("text_completion", {"echo": True}, "echo"),
        ("responses", {"truncation": "auto"}, "truncation"),
        ("responses", {"store": True}, "store"),
    ],
)
def test_what_a_chat_cannot_carry_is_refused_or_left_out_and_told(
    mode: str, name: str, asked: dict[str, Any], param: str, wire: Wire
) -> None:
    with pytest.raises(UnsupportedParamsError, match=f"^{param} .*drop_params=True leaves it out") as caught:
        ask(mode, name, "Hi", LLAMA, **asked, **at(wire))
    assert caught.value.param == param
    assert wire.requests == []
    wire.answers(completion("a"), stream(said("a")), completion("a"))
    assert param in ask(mode, name, "Hi", LLAMA, **asked, drop_params=True, **at(wire)).dropped_params
    heard = listen(mode, name, "Hi", LLAMA, **asked, drop_params=True, **at(wire))
    assert param in heard.stream.dropped_params
    assert param in heard.items[0].hidden_params["dropped_params"]
    named = ask(mode, name, "Hi", LLAMA, **asked, additional_drop_params=[param], **at(wire))
    assert named.dropped_params[param] == "named in additional_drop_params"


def test_a_continuation_of_what_is_not_kept_is_refused(wire: Wire) -> None:
    with pytest.raises(UnsupportedParamsError, match="previous_response_id names a response that is not stored here"):
        ask("sync", "responses", "Hi", LLAMA, previous_response_id="resp_1", **at(wire))


@each_mode
@pytest.mark.parametrize("name", ["responses", "text_completion"])
def test_a_chat_is_asked_where_the_caller_says_so(mode: str, name: str, wire: Wire) -> None:
    wire.answers(completion("Hello."))
    ask(mode, name, "Hi", "openai/m", use_chat_completions_api=True, **at(wire))
    assert wire.last.path == "/v1/chat/completions"
    assert "use_chat_completions_api" not in wire.last.json


@each_mode
def test_a_mock_of_a_chat_answers_for_every_endpoint(mode: str) -> None:
    assert ask(mode, "responses", "Hi", "openai/m", mock_response="Hello.").output_text == "Hello."
    assert ask(mode, "text_completion", "Hi", "openai/m", mock_response="Hello.").choices[0].text == "Hello."
    heard = listen(mode, "responses", "Hi", "openai/m", mock_response="Hello.")
    assert heard.items[-1].response.output_text == "Hello."


@each_mode
def test_a_group_that_serves_only_chat_is_asked_over_the_bridge(mode: str, new_wire: Wires) -> None:
    down, well = new_wire(), new_wire()
    down.answers(*[problem(503, "Busy")] * 4)
    well.answers(completion("Hello."))
    router = Router([place(down, "down", model=LLAMA, order=1), place(well, "well", order=2)])
    answer = ask(mode, "responses", "Hi", "chat", of=router)
    assert answer.output_text == "Hello."
    assert served(answer) == "well"
    assert tried(answer)[-1] == ("failover", "well", "answered")


@each_mode
def test_a_broken_stream_is_mended_underneath_a_bridge(mode: str, new_wire: Wires) -> None:
    cut, well = new_wire(), new_wire()
    cut.answers(stream([event(chunk("Hel"))]))
    well.answers(stream(said("Hello, ", "world.")))
    router = Router([place(cut, "cut", model=LLAMA, order=1), place(well, "well", order=2)])
    heard = listen(mode, "responses", "Hi", "chat", of=router)
    assert heard.error is None
    assert heard.items[-1].response.output_text == "Hello, world."
    assert "response.failed" not in [item.type for item in heard.items]


@each_mode
def test_several_prompts_of_a_router_tell_all_their_attempts(mode: str, wire: Wire) -> None:
    wire.answers(completion("a"), completion("b"))
    router = Router([place(wire, model=LLAMA)])
    answer = ask(mode, "text_completion", "chat", ["1", "2"], of=router)
    assert [each.outcome for each in answer.hidden_params["attempts"]] == ["answered", "answered"]


@pytest.fixture
def retired() -> Iterator[str]:
    """A model that is switched off."""
    row = {"litellm_provider": "openai", "deprecation_date": "2020-02-29", "source": "https://vendor.example/ends"}
    register_model({"openai/switched-off": row})
    yield "openai/switched-off"
    registry().reset()


@each_mode
@pytest.mark.parametrize(
    ("name", "mock", "stream"),
    [
        ("embedding", [0.5], False),
        ("responses", RESPONSE, False),
        ("responses", "Hi", False),
        ("responses", "Hi", True),
        ("text_completion", TEXT, False),
        ("text_completion", TEXT, True),
        ("text_completion", "Hi", False),
        ("text_completion", "Hi", True),
    ],
)
def test_the_warning_of_a_retired_model_points_at_the_caller(
    mode: str, name: str, mock: Any, stream: bool, retired: str
) -> None:
    args = (retired, "Hi") if name == "embedding" else ("Hi", retired)
    options: dict[str, Any] = {"mock_response": mock, **({"stream": True} if stream else {})}

    async def aask_it() -> None:
        await getattr(litellm_lite, f"a{name}")(*args, **options)

    def ask_it() -> None:
        if mode == "sync":
            getattr(litellm_lite, name)(*args, **options)
        else:
            asyncio.run(aask_it())

    with pytest.warns(RetiredModelWarning) as told:
        ask_it()
    assert told[0].filename == __file__
