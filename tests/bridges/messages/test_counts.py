"""POST /v1/messages/count_tokens: our own count of the chat a body becomes."""

from __future__ import annotations

import pytest
from anthropic.types import MessageTokensCount

import litellm_lite
from litellm_lite import BadRequestError
from litellm_lite.bridges.messages import count_tokens, to_chat
from tests.bridges.messages.shapes import BODY, HELLO, WEATHER

LLAMA = "meta_llama/Llama-3.3-70B-Instruct"


def test_a_count_is_that_of_the_chat() -> None:
    body = {"model": LLAMA, "messages": [HELLO], "system": "Be brief.", "tools": [WEATHER]}
    told, counted = count_tokens(body)
    chat = to_chat({**body, "max_tokens": 1})
    assert counted == litellm_lite.count_tokens(LLAMA, chat.messages, tools=chat.params["tools"])
    assert MessageTokensCount.model_validate(told).input_tokens == counted.tokens


def test_a_count_needs_no_limit_and_takes_one() -> None:
    assert count_tokens({"model": "m", "messages": [HELLO]}) == count_tokens({**BODY})


def test_tools_and_formats_are_counted() -> None:
    plain, _ = count_tokens(BODY)
    asked = {"output_config": {"format": {"type": "json_schema", "schema": WEATHER["input_schema"]}}}
    assert count_tokens({**BODY, "tools": [WEATHER]})[0]["input_tokens"] > plain["input_tokens"]
    assert count_tokens({**BODY, **asked})[0]["input_tokens"] > plain["input_tokens"]


def test_a_model_nobody_knows_is_estimated_and_says_so() -> None:
    told, counted = count_tokens({**BODY, "model": "claude-unheard-of"})
    assert told["input_tokens"] > 0
    assert not counted.exact


def test_the_count_is_for_the_model_behind_the_name() -> None:
    _, counted = count_tokens({**BODY, "model": "chat"}, LLAMA)
    assert counted == litellm_lite.count_tokens(LLAMA, [HELLO])


def test_what_cannot_be_asked_cannot_be_counted() -> None:
    with pytest.raises(BadRequestError, match="messages must be a list"):
        count_tokens({"model": "m"})
