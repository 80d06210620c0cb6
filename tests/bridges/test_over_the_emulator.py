"""The bridges over a real exchange: what the Llama API streams and answers, in the words of other endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from litellm_lite import completion
from litellm_lite.bridges import completions, responses
from litellm_lite.emulator import Emulator
from tests.bridges.speaking import JSON, accumulated, read_completion, read_events, read_response
from tests.emulator.bodies import LLAMA_33, WEATHER

FUNCTION = {"type": "function", **WEATHER["function"]}
SHAPES = ["compat", "native"]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


def ask(emulator: Emulator, api: str, messages: list[JSON], params: JSON, *, stream: bool) -> Any:
    base = emulator.compat_url if api == "compat" else emulator.native_url
    all_of_it: JSON = {"api_base": base, "api_key": emulator.api_key, "api": api, "stream": stream, **params}
    answer: Any = completion(f"meta_llama/{LLAMA_33}", messages, **all_of_it)
    if stream:
        return [chunk.model_dump(exclude_none=True) for chunk in answer]
    return answer.model_dump(exclude_none=True)


@pytest.mark.parametrize("api", SHAPES)
def test_a_call_is_streamed_continued_and_answered(emulator: Emulator, api: str) -> None:
    asked: JSON = {
        "model": LLAMA_33, "stream": True, "instructions": "Use the tool.", "tools": [FUNCTION], "metadata": {"a": "b"},
        "input": "What is the weather in Paris?", "max_output_tokens": 90, "tool_choice": "required", "store": True,
    }  # fmt: skip
    messages, params = responses.to_chat(asked)
    events = responses.ResponseEvents(asked, id="resp_1", created=1)
    chunks = ask(emulator, api, messages, params, stream=True)
    items, _ = accumulated(read_events([made for chunk in chunks for made in events.feed(chunk)] + events.end()))
    assert events.response is not None
    assert events.response["status"] == "completed"
    assert events.response["usage"]["output_tokens"] > 0
    (item,) = [each for each in items if each["type"] == "function_call"]

    history = responses.conversation(asked, messages, events.response)
    result = {"type": "function_call_output", "call_id": item["call_id"], "output": "Sunny."}
    again = {"model": LLAMA_33, "input": [result], "previous_response_id": "resp_1"}
    said = ask(emulator, api, *responses.to_chat(again, history), stream=False)
    made = read_response(responses.answer(said, again, id="resp_2", created=2))
    assert made.output_text
    assert made.usage is not None


@pytest.mark.parametrize("api", SHAPES)
def test_two_prompts_are_answered_as_one(emulator: Emulator, api: str) -> None:
    asked: JSON = {"model": LLAMA_33, "prompt": ["Say hi", "Say ho"], "stream_options": {"include_usage": True}}
    chunks = completions.CompletionChunks(asked, id="cmpl-1", created=1)
    pieces = []
    for prompt, (messages, params) in enumerate(completions.to_chat(asked)):
        for chunk in ask(emulator, api, messages, params, stream=True):
            pieces += chunks.feed(chunk, prompt)
    pieces += chunks.end()
    for piece in pieces:
        assert piece["object"] == "text_completion"
    assert {choice["index"] for piece in pieces for choice in piece["choices"]} == {0, 1}
    assert pieces[-1]["usage"]["completion_tokens"] > 0
    whole = {name: value for name, value in asked.items() if name != "stream_options"}
    chats = [ask(emulator, api, *pair, stream=False) for pair in completions.to_chat(whole)]
    made = read_completion(completions.answer(chats, whole, id="cmpl-2", created=1))
    assert [(choice.index, bool(choice.text)) for choice in made.choices] == [(0, True), (1, True)]
