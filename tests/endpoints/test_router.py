"""A Router's calls of the endpoints beside chat: failover, limits and cost are those of a chat."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from litellm_lite import APIConnectionError, BadRequestError, Router, UnsupportedEndpoint
from litellm_lite.call import Endpoint
from litellm_lite.errors import APIError
from litellm_lite.router.drivers import afirst_leg, awhole
from litellm_lite.router.stream import AsyncRoutedStream
from tests.calls import MODES
from tests.endpoints.asking import ask, listen
from tests.endpoints.values import (
    ANSWERS,
    EMBEDDINGS,
    MODERATION,
    RESPONSE,
    TEXT,
    response_events,
    text_chunk,
    wired,
)
from tests.router.routing import Wires, place, served, tried
from tests.wire import DONE, Wire, event, hello_events, problem, reply, stream

each_mode = pytest.mark.parametrize("mode", MODES)
PRICES = {"input_cost_per_token": 0.5, "output_cost_per_token": 2.0}
LLAMA = {"model": "meta_llama/Llama-3.3-8B-Instruct"}


@each_mode
@pytest.mark.parametrize(
    ("name", "args", "answer"),
    [
        ("embedding", ("chat", "Hi"), EMBEDDINGS),
        ("moderation", ("Hi", "chat"), MODERATION),
        ("text_completion", ("chat", "Hi"), TEXT),
        ("responses", ("Hi", "chat"), RESPONSE),
    ],
)
def test_another_deployment_answers_for_one_that_is_down(
    mode: str, name: str, args: tuple[str, str], answer: Any, new_wire: Wires
) -> None:
    down, well = new_wire(), new_wire()
    down.answers(*[problem(503, "Busy")] * 4)
    well.answers(reply(answer))
    router = Router([place(down, "down", order=1), place(well, "well", order=2)])
    told = ask(mode, name, *args, of=router)
    assert served(told) == "well"
    assert tried(told)[-1] == ("failover", "well", "answered")


@each_mode
def test_a_routed_answer_has_its_cost(mode: str, wire: Wire) -> None:
    wire.answers(reply({**RESPONSE, "usage": {"input_tokens": 2, "output_tokens": 3, "total_tokens": 5}}))
    told = ask(mode, "responses", "Hi", "chat", of=Router([place(wire, **PRICES)]))
    assert told.hidden_params["response_cost"] == 7.0
    assert told.hidden_params["attempts"][0].cost.total == 7


@each_mode
def test_tokens_of_a_response_count_against_its_limit(mode: str, wire: Wire) -> None:
    wire.answers(reply(RESPONSE))  # 14 tokens, under the names of this endpoint
    router = Router([place(wire, tpm=20)], queue_timeout=0.01, num_retries=0)
    ask(mode, "responses", "Hi", "chat", of=router)
    with pytest.raises(APIError, match="'chat'"):
        ask(mode, "responses", "Hi", "chat", max_output_tokens=10, of=router)
    assert len(wire.requests) == 1


@each_mode
def test_a_prompt_is_charged_against_a_limit_before_it_is_counted(mode: str, wire: Wire) -> None:
    wire.answers(reply(EMBEDDINGS))
    router = Router([place(wire, tpm=20)], queue_timeout=0.01, num_retries=0)
    ask(mode, "embedding", "chat", "word", of=router)
    with pytest.raises(APIError, match="'chat'"):
        ask(mode, "embedding", "chat", ["word " * 100], of=router)
    assert len(wire.requests) == 1


@each_mode
def test_a_routed_text_comes_in_pieces(mode: str, wire: Wire) -> None:
    wire.answers(stream([event(text_chunk("Once")), event(text_chunk(" upon", "stop")), DONE]))
    heard = listen(mode, "text_completion", "chat", "a", of=Router([place(wire)]))
    assert heard.error is None
    assert "".join(chunk.choices[0].text for chunk in heard.items) == "Once upon"
    assert heard.stream.hidden_params["model_id"] == "a"


@each_mode
def test_routed_events_are_the_vendors(mode: str, wire: Wire) -> None:
    sent = response_events("Hel", "lo.")
    wire.answers(stream(map(wired, sent)))
    heard = listen(mode, "responses", "Hi", "chat", of=Router([place(wire, **PRICES)]))
    assert heard.error is None
    assert [item.model_dump(exclude_unset=True) for item in heard.items] == sent
    assert heard.stream.usage["completion_tokens"] == 5


@each_mode
def test_a_stream_that_fails_before_its_first_token_goes_elsewhere(mode: str, new_wire: Wires) -> None:
    down, well = new_wire(), new_wire()
    down.answers(*[stream(map(wired, response_events("Hi")[:3]))] * 4)
    well.answers(stream(map(wired, response_events("Hi"))))
    router = Router([place(down, "down", order=1), place(well, "well", order=2)])
    heard = listen(mode, "responses", "Hi", "chat", of=router)
    assert heard.error is None
    assert [item.sequence_number for item in heard.items] == list(range(9))
    assert heard.stream.hidden_params["model_id"] == "well"


@each_mode
def test_a_response_that_was_shown_in_part_is_not_mended(mode: str, new_wire: Wires) -> None:
    cut, well = new_wire(), new_wire()
    cut.answers(stream(map(wired, response_events("Hel", "lo.")[:5])))
    router = Router([place(cut, "cut", order=1), place(well, "well", order=2)])
    heard = listen(mode, "responses", "Hi", "chat", of=router)
    assert isinstance(heard.error, APIConnectionError)
    assert heard.error.partial is not None
    assert heard.error.partial.text == "Hel"
    assert well.requests == []


def entry(id: str, **params: Any) -> dict[str, Any]:
    model = params.pop("model", "openai/m")
    return {
        "model_name": "chat",
        "litellm_params": {"model": model, "api_key": "sk", **params},
        "model_info": {"id": id},
    }


@pytest.mark.parametrize("endpoint", ["completions", "responses", "embeddings", "moderations"])
@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ([entry("a"), entry("b", model="llama_proxy/x", api_base="http://127.0.0.1:9")], True),
        ([entry("a"), entry("b", **LLAMA)], False),
        ([entry("a", use_chat_completions_api=True)], False),
        ([entry("a", mock_response="Hi")], False),
        ([entry("a", **LLAMA)], False),
    ],
)
def test_a_group_serves_what_all_of_it_serves(entries: list[Any], told: bool, endpoint: Endpoint) -> None:
    assert Router(entries).serves("chat", endpoint) is told


@pytest.mark.parametrize(
    ("group", "model", "asked", "told"),
    [
        ("openai/*", "openai/*", "openai/gpt-x", True),
        ("meta_llama/*", "meta_llama/*", "meta_llama/x", False),
        ("*", "*", "openai/gpt-x", True),
        ("*", "*", "meta_llama/x", False),
        ("*", "*", "nobody-knows", False),
    ],
)
def test_of_a_wildcard_the_name_that_is_asked_for_decides(group: str, model: str, asked: str, told: bool) -> None:
    params = {"model": model} if model == "*" else {"model": model, "api_key": "sk"}
    router = Router([{"model_name": group, "litellm_params": params}])
    assert router.serves(asked, "responses") is told


def test_a_deployment_by_its_id_is_asked_alone() -> None:
    router = Router([entry("a"), entry("b", **LLAMA)])
    assert router.serves("a", "responses")
    assert not router.serves("b", "responses")


def test_a_name_that_leads_nowhere_serves_nothing() -> None:
    with pytest.raises(BadRequestError):
        Router([entry("a")]).serves("nobody", "responses")


@each_mode
def test_a_deployment_without_the_endpoint_is_passed_over(mode: str, wire: Wire) -> None:
    wire.answers(reply(EMBEDDINGS))
    router = Router([place(wire, "llama", **LLAMA, order=1), place(wire, "a", order=2)])
    told = ask(mode, "embedding", "chat", "Hi", of=router)
    assert served(told) == "a"
    assert len(wire.requests) == 1


@each_mode
def test_where_nobody_has_the_endpoint_the_error_says_so(mode: str, wire: Wire) -> None:
    router = Router([place(wire, "a", **LLAMA), place(wire, "b", **LLAMA)])
    with pytest.raises(UnsupportedEndpoint, match="there is no /embeddings at Meta Llama API") as caught:
        ask(mode, "embedding", "chat", "Hi", of=router)
    assert caught.value.status == 400
    assert wire.requests == []


@each_mode
def test_a_window_of_a_chat_does_not_refuse_many_texts(mode: str, wire: Wire) -> None:
    wire.answers(reply(EMBEDDINGS))
    router = Router([place(wire, info={"max_input_tokens": 5})])
    assert ask(mode, "embedding", "chat", ["one two three four"] * 10, of=router).data


def test_the_way_of_a_call_can_be_gone_with_dictionaries(wire: Wire) -> None:
    async def go() -> None:
        router = Router([place(wire)])
        for endpoint, answer in ANSWERS.items():
            wire.answers(reply(answer))
            asked = {"prompt": "Hi"} if endpoint == "completions" else {"input": "Hi"}
            way = router.route(endpoint, "chat", asked)
            told = await awhole(way.route, way.calls)
            assert told.body == answer
        assert told.usage == MODERATION.get("usage")

    asyncio.run(go())


def test_the_usage_of_a_response_is_told_as_a_chats(wire: Wire) -> None:
    async def go() -> Any:
        wire.answers(reply(RESPONSE))
        way = Router([place(wire)]).route("responses", "chat", {"input": "Hi"})
        return await awhole(way.route, way.calls)

    told = asyncio.run(go())
    assert told.body["usage"] == RESPONSE["usage"]
    assert told.usage["prompt_tokens"] == 9


@pytest.mark.parametrize("endpoint", ["chat", "responses"])
def test_a_stream_can_be_gone_with_dictionaries(endpoint: Endpoint, wire: Wire) -> None:
    async def go() -> list[Any]:
        sent = hello_events() if endpoint == "chat" else [wired(each) for each in response_events("Hello.")]
        wire.answers(stream(sent))
        asked = {} if endpoint == "chat" else {"input": "Hi"}
        messages = [{"role": "user", "content": "Hi"}] if endpoint == "chat" else ()
        way = Router([place(wire)]).route(endpoint, "chat", asked, messages=messages, stream=True)
        leg = await afirst_leg(way.route, way.calls)
        plain: Any = lambda plan, hidden: lambda chunk: chunk  # noqa: E731 - a Delivery in one line
        return [chunk async for chunk in AsyncRoutedStream(way.route, way.calls, leg, way.mender(), plain)]

    chunks = asyncio.run(go())
    assert all(isinstance(chunk, dict) for chunk in chunks)
    text = [choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"]]
    assert "".join(text) == "Hello."


def test_a_deployments_own_parameters_are_sent_along(wire: Wire) -> None:
    wire.answers(reply(EMBEDDINGS))
    ask("sync", "embedding", "chat", "Hi", of=Router([place(wire, dimensions=2)]))
    assert wire.last.json["dimensions"] == 2


@each_mode
def test_a_fallback_that_serves_the_endpoint_takes_over_and_another_is_passed_over(mode: str, new_wire: Wires) -> None:
    down, llama, well = new_wire(), new_wire(), new_wire()
    down.answers(*[problem(503, "Busy")] * 4)
    well.answers(reply(RESPONSE))
    entries = [place(down), place(llama, "l", "llama", **LLAMA), place(well, "w", "well")]
    router = Router(entries, fallbacks=[{"chat": ["llama", "well"]}])
    answer = ask(mode, "responses", "Hi", "chat", of=router)
    assert served(answer) == "w"
    assert ("fallback", "l", "refused") in tried(answer)
    assert llama.requests == []


@each_mode
def test_where_only_the_fallback_lacks_the_endpoint_the_first_failure_is_told(mode: str, new_wire: Wires) -> None:
    down, llama = new_wire(), new_wire()
    down.answers(*[problem(503, "Busy")] * 4)
    router = Router([place(down), place(llama, "l", "llama", **LLAMA)], fallbacks=[{"chat": ["llama"]}])
    with pytest.raises(APIError, match="Busy") as caught:
        ask(mode, "responses", "Hi", "chat", of=router)
    assert caught.value.status == 503
    assert "there is no /responses at Meta Llama API" in caught.value.message
