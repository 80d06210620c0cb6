"""What `explain` tells holds no secret, wherever one stands."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from litellm_lite.explaining import explain
from litellm_lite.explanation import Explanation
from tests.calls import MESSAGES

OPENAI, META, PROXY = "openai/gpt-4o-mini", "meta_llama/Llama-3.3-70B-Instruct", "llama_proxy/some/model"
KEY, HEADER = "sk-canary-argument-4f1d9a", "canary-header-b0c9e1"
TARGET: dict[str, Any] = {"api_base": "https://vendor.example/v1", "api_key": KEY}


def everything_of(explained: Explanation) -> list[str]:
    values = [dataclasses.asdict(each) for each in explained.candidates]
    return [str(explained), repr(explained), json.dumps(explained.as_dict()), repr(values)]


@pytest.mark.parametrize("key", [KEY, 'sk-with"quote\\and-backslash', "abc", "  sk-canary with space"])
@pytest.mark.parametrize("model", [OPENAI, META, PROXY])
def test_no_key_is_shown_wherever_it_stands(model: str, key: str) -> None:
    """In the header always; in the prompt when it is long enough to be no word."""
    secret_headers = {"X-Gateway-Token": HEADER, "Cookie": "id=7", "Authorization": f"Basic {HEADER}", "X-Sign": "zq9"}
    prompt = [{"role": "user", "content": f"My key is {key}" if len(key) > 5 else "Hi"}]
    for headers in ({}, secret_headers):
        explained = explain(
            model,
            prompt,
            api_key=key,
            api_base=f"https://vendor.example/{HEADER if headers else 'v1'}",
            extra_headers={**headers, "X-Echo": HEADER if headers else "echo"},
            extra_body={"again": [{HEADER if headers else "x": HEADER if headers else "x"}]},
            seed=1,
        )
        for text in everything_of(explained):
            for secret in (key, json.dumps(key)[1:-1], *([HEADER, "zq9", "id=7"] if headers else [])):
                assert secret not in text


def test_a_key_that_is_refused_is_taken_out_of_the_body_word_by_word() -> None:
    explained = explain(OPENAI, [{"role": "user", "content": KEY}], api_key=f"Bearer {KEY}")
    assert explained.refused
    assert not [text for text in everything_of(explained) if KEY in text]


def test_a_key_of_the_environment_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLAMA_API_KEY", KEY)
    shown = explain(META, [{"role": "user", "content": KEY}])
    assert shown.candidates[0].refused is None
    assert "[redacted]" in shown.candidates[0].body_text
    assert not [text for text in everything_of(shown) if KEY in text]


def test_a_key_for_one_vendor_is_not_shown_on_its_way_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    explained = explain(OPENAI, MESSAGES, api_base="https://api.groq.com/openai/v1")
    assert (explained.candidates[0].refused or "").startswith("AuthenticationError")
    assert explained.candidates[0].headers["Authorization"] == "Bearer [missing]"
    assert not [text for text in everything_of(explained) if KEY in text]


def test_no_prompt_is_in_a_repr() -> None:
    assert "a secret wish" not in repr(explain(OPENAI, [{"role": "user", "content": "a secret wish"}], **TARGET))
