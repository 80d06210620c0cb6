"""A conversation in Anthropic's shape with an emulated Llama API: asked, answered, streamed, and gone on with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from anthropic.types import Message

import litellm_lite
from litellm_lite.bridges.messages import MessageEvents, answer, to_chat
from litellm_lite.emulator import Emulator
from tests.bridges.messages.shapes import BODY, ID, JSON
from tests.bridges.messages.test_events import accumulated, check_order
from tests.emulator.bodies import LLAMA_33, WEATHER

TOOL = {
    "name": "get_current_weather",
    "description": "Get the current weather",
    "input_schema": WEATHER["function"]["parameters"],
}
ASKS = {
    "text": {},
    "tools": {"tools": [TOOL], "messages": [{"role": "user", "content": "The weather in Paris, in Oslo?"}]},
}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


def ask(emulator: Emulator, api: str, body: JSON, **params: Any) -> Any:
    chat = to_chat(body)
    base = emulator.native_url if api == "native" else emulator.compat_url
    at = {"api": api, "api_base": base, "api_key": emulator.api_key}
    completion: Any = litellm_lite.completion  # its overloads know each parameter by name
    return completion(f"meta_llama/{LLAMA_33}", chat.messages, **chat.params, **at, **params)


def whole(emulator: Emulator, api: str, body: JSON) -> JSON:
    made = answer(ask(emulator, api, body).model_dump(), body, id=ID)
    Message.model_validate(made)
    return made


def without_ids(message: JSON) -> JSON:
    content = [{name: value for name, value in block.items() if name != "id"} for block in message["content"]]
    return {**message, "content": content}


@pytest.mark.parametrize("api", ["compat", "native"])
@pytest.mark.parametrize("asked", ASKS)
def test_a_stream_makes_the_message_that_the_whole_answer_makes(asked: str, api: str, emulator: Emulator) -> None:
    body = {**BODY, **ASKS[asked]}
    machine = MessageEvents(body, id=ID)
    chunks = ask(emulator, api, body, stream=True, stream_options={"include_usage": True})
    events = [event for chunk in chunks for event in machine.feed(chunk.model_dump())] + machine.end()
    check_order(events)
    assert without_ids(accumulated(events)) == without_ids(whole(emulator, api, body))


@pytest.mark.parametrize("api", ["compat", "native"])
def test_a_conversation_goes_on_with_what_was_answered(api: str, emulator: Emulator) -> None:
    body = {**BODY, **ASKS["tools"]}
    said = whole(emulator, api, body)
    uses = [block for block in said["content"] if block["type"] == "tool_use"]
    assert said["stop_reason"] == "tool_use"
    assert uses
    results = [{"type": "tool_result", "tool_use_id": use["id"], "content": "sunny"} for use in uses]
    turns = [*body["messages"], {"role": "assistant", "content": said["content"]}, {"role": "user", "content": results}]
    last = whole(emulator, api, {**body, "messages": turns})
    assert last["stop_reason"] == "end_turn"
    assert last["content"][0]["type"] == "text"
