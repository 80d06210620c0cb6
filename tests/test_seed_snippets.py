"""What the documents show, done with litellm_lite: LiteLLM's page word for word, the other requests as they stand."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel, Field

import litellm_lite
from litellm_lite import AuthenticationError, CompletionStream, ModelResponse, completion
from litellm_lite.emulator import Emulator
from tests.wire import Wire

SEEDS = Path(__file__).parent / "fixtures" / "seeds"
LLAMA_33 = "meta_llama/Llama-3.3-70B-Instruct"
SCOUT = "meta_llama/Llama-4-Scout-17B-16E-Instruct-FP8"


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(running: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """A Llama API that the environment points to."""
    monkeypatch.setenv("LLAMA_API_BASE", running.compat_url)
    monkeypatch.setenv("LLAMA_API_KEY", running.api_key)
    return running


def seed(name: str) -> Any:
    return json.loads((SEEDS / name).read_text(encoding="utf-8"))


def run(name: str, **replaced: str) -> dict[str, Any]:
    """Run a snippet with `litellm` replaced by `litellm_lite`, and each of `replaced` by its text; return its names."""
    text = (SEEDS / name).read_text(encoding="utf-8").replace("litellm.", "litellm_lite.")
    text = text.replace("import litellm\n", "import litellm_lite\n").replace("from litellm ", "from litellm_lite ")
    for old, new in replaced.items():
        assert REPLACED[old] in text
        text = text.replace(REPLACED[old], new)
    names: dict[str, Any] = {}
    exec(compile(text, name, "exec"), names)
    return names


REPLACED = {"key": '= ""', "proxy": "http://localhost:4000"}


def test_the_plain_snippet_gets_an_answer(emulator: Emulator) -> None:
    response = run("000_completion.py.txt", key=f'= "{emulator.api_key}"')["response"]
    assert isinstance(response, ModelResponse)
    assert "Hello, how are you?" in (response.choices[0].message.content or "")


def test_the_streaming_snippet_prints_chunks(emulator: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    names = run("000_completion_stream.py.txt", key=f'= "{emulator.api_key}"')
    assert isinstance(names["response"], CompletionStream)
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith("ModelResponseStream(id='chatcmpl-") for line in lines)
    assert "finish_reason='stop'" in lines[-1]


@pytest.mark.parametrize("name", ["000_completion.py.txt", "000_completion_stream.py.txt"])
def test_a_snippet_whose_key_was_left_empty_says_what_to_set(
    name: str, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLAMA_API_BASE", wire.url)
    monkeypatch.setenv("LLAMA_API_KEY", "set anew by the snippet")
    with pytest.raises(AuthenticationError, match="set LLAMA_API_KEY or pass api_key="):
        run(name)
    assert os.environ["LLAMA_API_KEY"] == ""
    assert wire.connections == 0


@pytest.mark.parametrize("name", ["000_proxy.py.txt", "000_proxy_stream.py.txt"])
def test_the_gateway_snippets_ask_the_gateway(name: str, wire: Wire, capsys: pytest.CaptureFixture[str]) -> None:
    run(name, proxy=wire.url)
    assert capsys.readouterr().out.strip() == "Hello."
    assert wire.last.path == "/chat/completions"
    assert wire.last.headers["authorization"] == "Bearer your-proxy-api-key"
    assert wire.last.json["model"] == "meta_llama/Llama-3.3-70B-Instruct"
    assert wire.last.json["messages"] == [{"role": "user", "content": "Write a short poem about AI."}]


AS_PASSED_BACK = {
    "model": lambda message: message,
    "dump": lambda message: message.model_dump(),
    "json": lambda message: message.json(),
    "dict": dict,
    "parts": lambda message: {"role": "assistant", "content": message.content, "tool_calls": message.tool_calls},
}


@pytest.mark.parametrize("api", ["compat", "native"])
@pytest.mark.parametrize("form", AS_PASSED_BACK)
def test_a_tools_result_comes_back_to_the_model(
    form: str, api: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seed 002's round trip, at a model that is hosted."""
    monkeypatch.setenv("LLAMA_API_BASE", emulator.compat_url if api == "compat" else emulator.native_url)
    asked = {**seed("002_tools.json"), "model": "meta_llama/llama-3.3-8b-instruct", "api": api}
    asked["messages"][-1]["content"] = "Look up the article a-17."
    first = completion(**asked, tool_choice="required")
    assert first.choices[0].finish_reason == "tool_calls"
    message = first.choices[0].message
    assert message.tool_calls
    [call] = message.tool_calls
    assert call.function.name == "lookup_article"
    article = {"id": json.loads(call.function.arguments)["id"], "title": "Example"}

    asked["messages"] += [
        AS_PASSED_BACK[form](message),
        {"role": "tool", "tool_call_id": call.id, "content": json.dumps(article)},
    ]
    before = copy.deepcopy(asked["messages"])
    second = completion(**asked)

    assert second.choices[0].finish_reason == "stop"
    assert "The lookup_article tool answered" in (second.choices[0].message.content or "")
    assert asked["messages"] == before  # the caller's list is the caller's


def test_a_tools_result_that_is_an_object_says_how_to_write_it(emulator: Emulator) -> None:
    messages = [{"role": "tool", "tool_call_id": "c", "content": {"id": "a-17"}}]
    with pytest.raises(litellm_lite.BadRequestError, match=r"messages\[0\].*json.dumps\(result\)"):
        completion(LLAMA_33, messages)


def test_a_review_fits_the_schema_it_was_asked_for(emulator: Emulator) -> None:
    wanted = seed("003_response_format.json")
    question = "Review this product: Wireless headphones with great sound quality but short battery life"
    answer = completion(SCOUT, [{"role": "user", "content": question}], response_format=wanted, temperature=0.1)
    review = json.loads(answer.choices[0].message.content or "")
    jsonschema.validate(review, wanted["json_schema"]["schema"])
    assert 1 <= review["rating"] <= 5


class Review(BaseModel):
    rating: float = Field(ge=1, le=5)
    summary: str
    pros: list[str] = []
    maker: "Maker"


class Maker(BaseModel):
    name: str | None = None


@pytest.mark.parametrize("api", ["compat", "native"])
def test_a_review_as_a_class_is_read_back(api: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLAMA_API_BASE", emulator.compat_url if api == "compat" else emulator.native_url)
    question = [{"role": "user", "content": "Review this product: Wireless headphones"}]
    answer = completion(SCOUT, question, response_format=Review, api=api)
    assert 1 <= Review.model_validate_json(answer.choices[0].message.content or "").rating <= 5


def test_the_weather_is_asked_of_the_tool(emulator: Emulator) -> None:
    question = {"role": "user", "content": "What's the weather like in New York, NY?"}
    answer = completion(LLAMA_33, [question], tools=seed("003_tools.json"))
    assert answer.choices[0].message.tool_calls
    [call] = answer.choices[0].message.tool_calls
    assert call.function.name == "get_weather"
    assert "New York" in json.loads(call.function.arguments)["location"]


def test_an_image_at_a_url_is_shown(emulator: Emulator) -> None:
    answer = completion(SCOUT, [seed("003_image_message.json")])
    assert "Image 1 is at a URL" in (answer.choices[0].message.content or "")


def test_the_request_of_the_guide_is_sent_as_it_stands(emulator: Emulator) -> None:
    answer = completion(**seed("004_request.json"), custom_llm_provider="meta_llama")
    assert "Explain quantum entanglement." in (answer.choices[0].message.content or "")


def test_json_object_is_refused_with_the_way_that_works(emulator: Emulator) -> None:
    """Seed 002's other snippet asks for it; the API has json_schema only."""
    with pytest.raises(litellm_lite.UnsupportedParamsError, match=r"response_format .* json_schema"):
        completion(LLAMA_33, [{"role": "user", "content": "Hi"}], response_format={"type": "json_object"})


@pytest.mark.parametrize("param", ["seed", "logprobs", "frequency_penalty", "presence_penalty"])
def test_what_the_documents_promise_and_the_api_lacks_is_refused_by_name(param: str, emulator: Emulator) -> None:
    asked: dict[str, Any] = {param: True if param == "logprobs" else 1}
    with pytest.raises(litellm_lite.UnsupportedParamsError, match=f"meta_llama: {param} ") as caught:
        completion(LLAMA_33, [{"role": "user", "content": "Hi"}], **asked)
    assert caught.value.param == param
