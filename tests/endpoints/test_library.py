"""`embedding`, `moderation`, `text_completion`, `responses` and their twins, over a real socket."""

from __future__ import annotations

import asyncio
import base64
import copy
import pickle
from typing import Any

import pytest

import litellm_lite
from litellm_lite import APIConnectionError, APIResponseValidationError, RateLimitError, UnsupportedEndpoint
from litellm_lite.errors import BadRequestError
from tests.calls import MODES
from tests.endpoints.asking import ask, at, listen
from tests.endpoints.values import (
    EMBEDDINGS,
    MODERATION,
    RESPONSE,
    TEXT,
    response_events,
    text_chunk,
)
from tests.wire import DONE, HoldOpen, Wire, event, problem, reply, stream

each_mode = pytest.mark.parametrize("mode", MODES)
PRICES = {"input_cost_per_token": 0.5, "output_cost_per_token": 2.0}
LLAMA = "meta_llama/Llama-3.3-8B-Instruct"


@each_mode
def test_an_embedding_is_a_list_of_vectors(mode: str, wire: Wire) -> None:
    wire.answers(reply(EMBEDDINGS))
    answer = ask(mode, "embedding", "openai/text-embedding-3-small", ["a", "b"], dimensions=2, **at(wire))
    assert wire.last.json == {"model": "text-embedding-3-small", "input": ["a", "b"], "dimensions": 2}
    assert [each.embedding for each in answer.data] == [[0.25, -0.5], [1.0, 0.0]]
    assert answer["data"][1]["embedding"] == [1.0, 0.0]
    assert answer.usage.prompt_tokens == 4
    assert answer.model == "text-embedding-3-small"


@each_mode
def test_the_cost_of_an_embedding_comes_from_its_usage(mode: str, wire: Wire) -> None:
    wire.answers(reply(EMBEDDINGS))
    answer = ask(mode, "embedding", "openai/m", "a", **at(wire, **PRICES))
    assert answer.hidden_params["response_cost"] == 2.0
    assert answer.hidden_params["custom_llm_provider"] == "openai"


def test_a_price_that_is_not_known_is_none(wire: Wire) -> None:
    wire.answers(reply(EMBEDDINGS))
    assert ask("sync", "embedding", "openai/m", "a", **at(wire)).hidden_params["response_cost"] is None


def test_a_vector_in_base64_stays_the_text_it_is(wire: Wire) -> None:
    text = base64.b64encode(b"\0\0\x80?").decode()
    wire.answers(reply({**EMBEDDINGS, "data": [{"object": "embedding", "index": 0, "embedding": text}]}))
    assert ask("sync", "embedding", "openai/m", "a", encoding_format="base64", **at(wire)).data[0].embedding == text
    assert wire.last.json["encoding_format"] == "base64"


def test_what_is_known_of_a_call_travels_with_a_copy(wire: Wire) -> None:
    wire.answers(reply(EMBEDDINGS))
    answer = ask("sync", "embedding", "openai/m", "a", **at(wire, **PRICES))
    for twin in (copy.deepcopy(answer), pickle.loads(pickle.dumps(answer))):
        assert twin == answer
        assert twin.hidden_params["response_cost"] == 2.0


@each_mode
def test_a_moderation_tells_whether_and_why(mode: str, wire: Wire) -> None:
    wire.answers(reply(MODERATION))
    answer = ask(mode, "moderation", "Hi", **at(wire))
    assert wire.last.json == {"model": "omni-moderation-latest", "input": "Hi"}
    (verdict,) = answer.results
    assert verdict.flagged
    assert (verdict.categories.hate, verdict.categories["self-harm/intent"]) == (False, True)


@pytest.mark.parametrize(
    ("model", "given", "asked"),
    [
        ("m", {}, "m"),
        ("openai/m", {}, "m"),
        ("m", {"custom_llm_provider": "llama_proxy"}, "m"),
        (None, {}, "omni-moderation-latest"),
    ],
)
def test_a_bare_moderator_is_openais(model: str | None, given: dict[str, Any], asked: str, wire: Wire) -> None:
    wire.answers(reply(MODERATION))
    ask("sync", "moderation", "Hi", model, **given, **at(wire))
    assert wire.last.json["model"] == asked


@each_mode
def test_a_verdict_that_cannot_be_read_never_passes_for_safe(mode: str, wire: Wire) -> None:
    wire.answers(reply({**MODERATION, "results": [{"categories": {}}]}))
    with pytest.raises(APIResponseValidationError, match="does not say whether it is flagged"):
        ask(mode, "moderation", "Hi", **at(wire))


@each_mode
@pytest.mark.parametrize("prompt", ["Once", ["Once", "Twice"], [1, 2], [[1], [2]]])
def test_a_prompt_is_sent_as_it_is(mode: str, prompt: Any, wire: Wire) -> None:
    wire.answers(reply(TEXT))
    answer = ask(mode, "text_completion", prompt, "openai/m", max_tokens=3, echo=False, **at(wire, **PRICES))
    assert wire.last.json == {"model": "m", "prompt": prompt, "max_tokens": 3, "echo": False}
    assert (answer.choices[0].text, answer.choices[0].finish_reason) == (" upon a time", "length")
    assert answer.hidden_params["response_cost"] == 0.5 + 3 * 2.0


def test_what_a_vendor_leaves_out_of_a_text_is_filled_in(wire: Wire) -> None:
    wire.answers(reply({"choices": [{"text": "x"}]}))
    answer = ask("sync", "text_completion", "a", "openai/m", **at(wire))
    assert (answer.model, answer.usage, answer.object) == ("m", None, "text_completion")
    assert answer.id.startswith("cmpl-")
    assert answer.created > 0


@each_mode
def test_a_text_comes_in_pieces(mode: str, wire: Wire) -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    last = {**text_chunk(), "choices": [], "usage": usage}
    wire.answers(stream([event(text_chunk("Once")), event(text_chunk(" upon", "stop")), event(last), DONE]))
    heard = listen(mode, "text_completion", "a", "openai/m", **at(wire, **PRICES))
    assert heard.error is None
    assert [chunk.choices[0].text for chunk in heard.items] == ["Once", " upon"]
    assert heard.items[-1].choices[0].finish_reason == "stop"
    assert heard.stream.usage == usage
    assert heard.stream.response_cost == 4.5


def test_the_usage_of_a_stream_is_delivered_to_those_who_asked(wire: Wire) -> None:
    last = {**text_chunk(), "choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}}
    wire.answers(stream([event(text_chunk("Once", "stop")), event(last), DONE]))
    heard = listen("sync", "text_completion", "a", "openai/m", stream_options={"include_usage": True}, **at(wire))
    assert heard.items[-1].choices == []
    assert heard.items[-1].usage.total_tokens == 3


@each_mode
def test_a_text_that_is_cut_raises_with_what_had_come(mode: str, wire: Wire) -> None:
    wire.answers(stream([event(text_chunk("Once"))]))
    heard = listen(mode, "text_completion", "a", "openai/m", **at(wire))
    assert isinstance(heard.error, APIConnectionError)
    assert heard.error.partial is not None
    assert heard.error.partial.text == "Once"


@each_mode
def test_a_stream_of_several_prompts_is_whole_when_all_have_finished(mode: str, wire: Wire) -> None:
    wire.answers(stream([event(text_chunk("x", "stop")), DONE]))
    heard = listen(mode, "text_completion", ["a", "b"], "openai/m", **at(wire))
    assert heard.error is not None
    assert "choice 1 has no finish reason" in heard.error.message


@each_mode
def test_a_whole_text_in_the_place_of_a_stream_is_told_in_pieces(mode: str, wire: Wire) -> None:
    wire.answers(reply(TEXT))
    heard = listen(mode, "text_completion", "a", "openai/m", **at(wire))
    assert heard.error is None
    assert "".join(choice.text for chunk in heard.items for choice in chunk.choices) == " upon a time"
    assert heard.items[-1].choices[0].finish_reason == "length"


@each_mode
@pytest.mark.parametrize("name", ["responses", "text_completion"])
@pytest.mark.parametrize("how", ["with", "close"])
def test_a_stream_may_be_left_early(mode: str, name: str, how: str, wire: Wire) -> None:
    first = response_events("a")[4] if name == "responses" else text_chunk("a")
    wire.answers(stream([event(first)], None, HoldOpen()))
    leave_early(mode, name, how, at(wire))
    wire.wait_for_hang_up()


def leave_early(mode: str, name: str, how: str, arguments: dict[str, Any]) -> None:
    """Read one item of a stream and leave, by the end of a `with` or by `close`."""

    def leave() -> None:
        opened = getattr(litellm_lite, name)("a", "openai/m", stream=True, **arguments)
        if how == "with":
            with opened as inside:
                next(inside)
        else:
            next(opened)
            opened.close()
        assert list(opened) == []
        assert opened.malformed_events == 0

    async def aleave() -> None:
        opened = await getattr(litellm_lite, f"a{name}")("a", "openai/m", stream=True, **arguments)
        if how == "with":
            async with opened as inside:
                await anext(inside)
        else:
            await anext(opened)
            await opened.aclose()
        assert [each async for each in opened] == []

    if mode == "sync":
        leave()
    else:
        asyncio.run(aleave())


@each_mode
@pytest.mark.parametrize(
    ("name", "args"),
    [("embedding", (LLAMA, "Hi")), ("moderation", ("Hi", LLAMA))],
)
def test_the_llama_api_has_no_lists_and_says_who_does(mode: str, name: str, args: tuple[Any, ...], wire: Wire) -> None:
    with pytest.raises(UnsupportedEndpoint, match="another provider, such as 'openai/"):
        ask(mode, name, *args, **at(wire))
    assert wire.requests == []


@each_mode
def test_a_failure_is_tried_again_like_any_other(mode: str, wire: Wire) -> None:
    wire.answers(problem(503, "Busy", {"retry-after": "0"}), reply(EMBEDDINGS))
    assert ask(mode, "embedding", "openai/m", "a", **{**wire.target, "num_retries": 1}).data
    assert len(wire.requests) == 2


@each_mode
def test_a_fallback_takes_over(mode: str, wire: Wire) -> None:
    wire.answers(problem(503, "Busy"), reply(EMBEDDINGS))
    answer = ask(mode, "embedding", "openai/m", "a", fallbacks=["openai/other"], **at(wire))
    assert wire.last.json["model"] == "other"
    assert [each.kind for each in answer.hidden_params["attempts"]] == ["first", "fallback"]


@each_mode
def test_an_embedding_may_be_mocked_by_its_numbers(mode: str) -> None:
    answer = ask(mode, "embedding", "openai/m", ["a", "b"], mock_response=[0.5, 1.0])
    assert [each.embedding for each in answer.data] == [[0.5, 1.0], [0.5, 1.0]]
    assert answer.usage.prompt_tokens == 10


@pytest.mark.parametrize("said", [RateLimitError("no", "openai", "m"), "litellm.RateLimitError"])
def test_a_mock_may_raise(said: Any) -> None:
    with pytest.raises(RateLimitError):
        ask("sync", "embedding", "openai/m", "a", mock_response=said)


def test_a_mock_of_another_shape_is_refused() -> None:
    with pytest.raises(BadRequestError, match="in the shape of what /embeddings answers"):
        ask("sync", "embedding", "openai/m", "a", mock_response="Hi")


def test_a_mock_in_the_shape_of_a_response_is_one() -> None:
    assert ask("sync", "responses", "Hi", "openai/m", mock_response=RESPONSE).output_text == "Hello."


@each_mode
def test_a_mocked_text_may_be_streamed(mode: str) -> None:
    heard = listen(mode, "text_completion", "a", "openai/m", mock_response=TEXT)
    assert "".join(choice.text for chunk in heard.items for choice in chunk.choices) == " upon a time"


def test_the_names_are_there() -> None:
    for name in ("embedding", "moderation", "text_completion", "responses", "get_responses", "delete_responses"):
        assert callable(getattr(litellm_lite, name))
        assert callable(getattr(litellm_lite, f"a{name}"))
