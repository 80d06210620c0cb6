"""What a prompt counts, and how sure that is."""

from __future__ import annotations

from typing import Any

import pytest

from litellm_lite import count_tokens
from tests.proxy.cold_calls import House, deployment, error_of

LLAMA = "meta_llama/Llama-3.3-70B-Instruct"
MESSAGES = [{"role": "user", "content": "How many tokens are these?"}]
TOOLS = [{"type": "function", "function": {"name": "look_up", "parameters": {"type": "object", "properties": {}}}}]


@pytest.fixture(scope="module")
def house() -> House:
    return House(deployment("fast", LLAMA), deployment("gpt/*", "openai/*"))


def counted(house: House, **body: Any) -> Any:
    answer = house.ask("POST", "/utils/token_counter", body)
    assert answer.status == 200, answer.body
    return answer.json


@pytest.mark.parametrize("path", ["/utils/token_counter", "/v1/utils/token_counter"])
def test_messages_are_counted_in_litellms_shape_and_say_how_sure(house: House, path: str) -> None:
    expected = count_tokens(LLAMA, MESSAGES)
    assert house.ask("POST", path, {"model": "fast", "messages": MESSAGES}).json == {
        "total_tokens": expected.tokens,
        "request_model": "fast",
        "model_used": LLAMA,
        "tokenizer_type": expected.method,
        "exact": expected.exact,
        "least_tokens": expected.least,
        "most_tokens": expected.most,
    }


@pytest.mark.parametrize("name", ["prompt", "text"])
def test_a_plain_text_is_counted(house: House, name: str) -> None:
    expected = count_tokens("openai/gpt-4o-mini", text="Hello there.")
    found = counted(house, model="gpt/gpt-4o-mini", **{name: "Hello there."})
    assert (found["total_tokens"], found["model_used"]) == (expected.tokens, "openai/gpt-4o-mini")


def test_tools_count_too(house: House) -> None:
    with_tools = counted(house, model="fast", messages=MESSAGES, tools=TOOLS)
    assert with_tools["total_tokens"] == count_tokens(LLAMA, MESSAGES, tools=TOOLS).tokens
    assert with_tools["total_tokens"] > counted(house, model="fast", messages=MESSAGES)["total_tokens"]


def test_nothing_is_sent_to_anybody(house: House) -> None:
    counted(house, model="fast", text="Hi")
    assert all(each["served"] + each["failed"] == 0 for each in house.serving.router.get_deployments())


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({}, 400, "model"),
        ({"model": "none", "text": "Hi"}, 404, "model"),
        ({"model": "fast"}, 400, "messages"),
        ({"model": "fast", "text": "Hi", "prompt": "Hi"}, 400, "text"),
        ({"model": "fast", "text": "Hi", "messages": MESSAGES}, 400, "messages"),
        ({"model": "fast", "text": 5}, 400, "text"),
        ({"model": "fast", "prompt": {"a": 5}}, 400, "prompt"),
        ({"model": "fast", "messages": "Hi"}, 400, "messages"),
        ({"model": "fast", "messages": [5]}, 400, "messages"),
        ({"model": "fast", "messages": MESSAGES, "tools": 5}, 400, "tools"),
        ({"model": "fast", "text": "Hi", "tools": TOOLS}, 400, "text"),
        ({"model": "fast", "contents": []}, 400, "contents"),
    ],
)
def test_what_cannot_be_counted_is_refused_by_name(house: House, body: Any, status: int, param: str) -> None:
    answer = house.ask("POST", "/utils/token_counter", body)
    assert (answer.status, error_of(answer)["param"]) == (status, param)


def test_a_body_that_is_no_json_is_a_400(house: House) -> None:
    answer = house.ask("POST", "/utils/token_counter", b"{")
    assert (answer.status, error_of(answer)["code"]) == (400, "invalid_json")
