"""Any body at any route, in this process: an answer in that route's words, never a 5xx of the gateway's own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from litellm_lite.proxy.app import ROUTES, Gateway
from litellm_lite.proxy.auth import Keys
from litellm_lite.proxy.serving import Serving
from litellm_lite.proxy.stored import Store
from litellm_lite.router import Router
from tests.proxy.rude import MESSAGES, configuration, deployment, openai_error
from tests.proxy.running import Answer, ask
from tests.wire import DONE, Request, Steps, Wire, completion, event, hello_events, reply, stream

TOOL = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}}
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
FULL: dict[str, Any] = {
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}, PICTURE]},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c", "content": "1"},
    ],
    "stream": False,
    "stream_options": {"include_usage": True},
    "temperature": 0.5,
    "top_p": 1,
    "n": 1,
    "stop": ["x"],
    "max_tokens": 5,
    "max_completion_tokens": 5,
    "tools": [TOOL],
    "tool_choice": "auto",
    "response_format": {"type": "json_object"},
    "seed": 1,
    "user": "u",
    "logprobs": True,
    "top_logprobs": 2,
    "model": "m",
    "metadata": {"tags": ["a"]},
    "timeout": 5,
    "num_retries": 0,
    "fallbacks": ["m"],
    "drop_params": True,
    "mock_response": None,
    "budget": None,
    "tags": ["a"],
    "prompt": "Hi",
    "input": [{"role": "user", "content": [{"type": "input_text", "text": "Hi"}]}],
    "instructions": "Be brief.",
    "previous_response_id": None,
    "reasoning": {"effort": "low"},
    "text": {"format": {"type": "text"}},
    "suffix": "x",
    "echo": False,
    "best_of": 1,
    "encoding_format": "float",
    "dimensions": 3,
    "system": "Be brief.",
    "thinking": {"type": "disabled"},
    "stop_sequences": ["x"],
}
NAMES = st.sampled_from([*FULL, "role", "content", "type", "text", "function", "name", "id", "api_base", "extra_body"])
WORDS = st.sampled_from(
    [
        "",
        "user",
        "assistant",
        "system",
        "tool",
        "text",
        "function",
        "m",
        "auto",
        "none",
        "json_schema",
        "os.environ/HOME",
    ]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS | st.text(max_size=5)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
MODELS = st.sampled_from(["m", "native"])
PATHS = sorted(path for path in ROUTES if path.startswith("/v1/"))


def paths_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inside:
        yield from paths_in(part, (*path, name))


PLACES = [path for path in paths_in(FULL) if path]


@st.composite
def mutations(draw: st.DrawFn) -> dict[str, Any]:
    """Return a good body with some of its parts replaced or left out."""
    kept = draw(st.sets(st.sampled_from(sorted(FULL)), max_size=12)) | {"messages"}
    kept |= draw(st.sampled_from([set[str](), {"prompt"}, {"input"}, {"max_tokens"}]))
    body = {name: value for name, value in json.loads(json.dumps(FULL)).items() if name in kept - {"model"}}
    for path in draw(st.lists(st.sampled_from([path for path in PLACES if path[0] in kept]), max_size=3)):
        place: Any = body
        try:
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = draw(VALUES)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier one has taken the place away
    return body


TEXT = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "m", "usage": {"prompt_tokens": 1}}
SAID = {"type": "message", "id": "msg", "role": "assistant", "content": [{"type": "output_text", "text": "Hi"}]}
RESPONSE = {"id": "resp", "object": "response", "created_at": 1, "model": "m", "status": "completed", "output": [SAID]}
WHOLE: dict[str, dict[str, Any]] = {
    "completions": {**TEXT, "choices": [{"index": 0, "text": "Hi", "finish_reason": "stop"}]},
    "responses": RESPONSE,
    "embeddings": {"object": "list", "model": "m", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}]},
    "moderations": {"id": "modr", "model": "m", "results": [{"flagged": False}]},
}
STREAMS: dict[str, list[bytes]] = {
    "completions": [event(WHOLE["completions"]), DONE],
    "responses": [event({"type": "response.completed", "sequence_number": 0, "response": RESPONSE})],
}


def answered(request: Request) -> Steps:
    """Answer as a vendor does at each endpoint, with a stream for who asks for one."""
    name = request.path.rpartition("/v1/")[2]
    streamed = request.json.get("stream")
    if name in WHOLE:
        return stream(STREAMS[name]) if streamed else reply(WHOLE[name])
    return stream(hello_events()) if streamed else completion()


class Failed(Exception):  # noqa: N818 - it is what happened
    """The gateway's own application raised."""


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    with Wire() as running:
        running.answers(answered)
        yield running


@pytest.fixture(scope="module")
def gateway(wire: Wire) -> Iterator[Gateway]:
    config = configuration(wire, deployment(wire, "native"), deployment(wire, "m", model="meta_llama/m"))
    router = Router(config["model_list"][1:], **config["router_settings"])
    noted: list[Any] = []
    with closing(Store()) as store:
        yield Gateway(Serving(router=router, keys=Keys(None), store=store), noted.append, nobody)


async def nobody(scope: Any, receive: Any, send: Any) -> None:
    raise Failed("no route of the hot path")


def told_to(gateway: Gateway, path: str, body: bytes) -> Answer:
    async def run() -> Answer:
        return await ask(gateway, path, body, {"content-type": "application/json"})

    return asyncio.run(run())


def assert_told(path: str, answer: Answer) -> None:
    """Assert that it is an answer, or a refusal in the words of that route."""
    assert answer.ended
    if answer.status == 200:
        return
    assert 400 <= answer.status < 500, (answer.status, answer.body)
    if path.startswith("/v1/messages"):
        assert answer.json["type"] == "error"
        assert isinstance(answer.json["error"]["message"], str)
    else:
        openai_error(answer.json)


SETTINGS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.mark.parametrize("path", PATHS)
@SETTINGS
@given(body=mutations(), model=MODELS)
def test_a_good_body_gone_wrong_is_answered_or_refused(
    gateway: Gateway, path: str, body: dict[str, Any], model: str
) -> None:
    assert_told(path, told_to(gateway, path, json.dumps({"model": model, **body}).encode()))


@pytest.mark.parametrize("path", PATHS)
@SETTINGS
@given(body=st.dictionaries(NAMES, VALUES, max_size=6), model=MODELS)
def test_any_object_is_answered_or_refused(gateway: Gateway, path: str, body: dict[str, Any], model: str) -> None:
    assert_told(path, told_to(gateway, path, json.dumps({"model": model, **body}).encode()))


@SETTINGS
@given(body=st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_refused(gateway: Gateway, body: bytes) -> None:
    assert_told("/v1/chat/completions", told_to(gateway, "/v1/chat/completions", body))


@SETTINGS
@given(at=st.integers(0, 400), what=st.binary(max_size=3))
def test_a_body_with_a_scratch_is_answered_or_refused(gateway: Gateway, at: int, what: bytes) -> None:
    whole = json.dumps({"model": "m", "messages": MESSAGES, "tools": [TOOL], "temperature": 0.5}).encode()

    scratched = whole[:at] + what + whole[at + len(what) :]

    assert_told("/v1/chat/completions", told_to(gateway, "/v1/chat/completions", scratched))


@pytest.mark.parametrize("mock", [{"type": "text"}, {"output": 5}, [], [1], True, 5, {"error": None}])
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("model", ["m", "native"])
def test_a_mock_that_has_not_the_shape_is_the_clients_mistake(
    gateway: Gateway, path: str, model: str, mock: Any
) -> None:
    body = {"model": model, "messages": MESSAGES, "input": "Hi", "prompt": "Hi", "max_tokens": 5, "mock_response": mock}

    assert_told(path, told_to(gateway, path, json.dumps(body).encode()))
