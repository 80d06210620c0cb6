"""What no client may say: where a call goes, with whose key, at which price; and what it may not read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.proxy.rude import ASK, MESSAGES, UPSTREAM, Rude, configuration, deployment
from tests.wire import Wire, completion, problem

SECRET = "sk-environment-canary-77aa10"
FALLBACKS = ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks")
KINDS = [
    ("/v1/chat/completions", {"messages": MESSAGES}),
    ("/v1/completions", {"prompt": "Hi"}),
    ("/v1/responses", {"input": "Hi"}),
    ("/v1/embeddings", {"input": "Hi"}),
    ("/v1/moderations", {"input": "Hi"}),
    ("/v1/messages", {"messages": MESSAGES, "max_tokens": 5}),
]


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Wire]:
    """Where a client would like a key to be sent."""
    with Wire() as running:
        yield running


@pytest.fixture(scope="module")
def served() -> Iterator[Rude]:
    with Wire() as wire:
        config = configuration(wire, deployment(wire, "n"))
        with Rude(config, wire, environment={"SOME_SECRET": SECRET}) as running:
            yield running


@pytest.fixture
def gateway(served: Rude, elsewhere: Wire) -> Iterator[Rude]:
    """A gateway whose first attempt fails, and whose key and secrets stay where they belong."""
    served.wire.answers(problem(500, "Trouble"), completion())
    before = len(served.wire.requests)
    yield served
    assert elsewhere.connections == 0
    for request in served.wire.requests[before:]:
        assert SECRET.encode() not in request.body
        assert SECRET not in str(request.headers)
        assert request.headers["authorization"] == f"Bearer {UPSTREAM}"
        assert request.headers["host"] == f"127.0.0.1:{served.wire.port}"
    served.assert_well()


def forbidden(elsewhere: str = "http://127.0.0.1:9") -> list[tuple[str, Any]]:
    return [
        ("api_base", elsewhere),
        ("base_url", elsewhere),
        ("api_key", "sk-mine"),
        ("api_version", "1"),
        ("api", "native"),
        ("organization", "org-mine"),
        ("custom_llm_provider", "meta_llama"),
        ("client", {}),
        ("headers", {"x-a": "b"}),
        ("extra_headers", {"host": "evil.example"}),
        ("extra_body", {"model": "dearer"}),
        ("ssl_verify", False),
        ("ssl_verify", "/etc/passwd"),
        ("model_list", []),
        ("base_model", "gpt-4o"),
        ("input_cost_per_token", 0),
        ("output_cost_per_token", 0),
        ("cache_read_input_token_cost", 0),
    ]


@pytest.mark.parametrize(("name", "value"), forbidden())
def test_what_is_the_gateways_alone_is_refused_by_name(gateway: Rude, name: str, value: Any) -> None:
    before = len(gateway.wire.requests)

    answer = gateway.ask({**ASK, name: value})

    assert answer.status == 400
    assert answer.error["param"] == name
    assert "is set by the gateway" in answer.error["message"] or "into the body itself" in answer.error["message"]
    assert len(gateway.wire.requests) == before


@pytest.mark.parametrize(("path", "body"), KINDS)
@pytest.mark.parametrize("name", ["api_base", "base_url", "api_key", "extra_headers", "custom_llm_provider"])
def test_no_route_takes_it(gateway: Rude, elsewhere: Wire, path: str, body: dict[str, Any], name: str) -> None:
    answer = gateway.ask({"model": "m", **body, name: elsewhere.url}, path=path)

    assert answer.status == 400
    assert name in answer.json["error"]["message"]


@pytest.mark.parametrize("param", FALLBACKS)
@pytest.mark.parametrize(("name", "value"), forbidden())
def test_nor_is_it_taken_inside_the_fallbacks_of_a_call(gateway: Rude, param: str, name: str, value: Any) -> None:
    before = len(gateway.wire.requests)

    answer = gateway.ask({**ASK, param: [{"model": "n", name: value}]})

    assert answer.status == 400
    assert answer.error["param"] == param
    assert name in answer.error["message"]
    assert len(gateway.wire.requests) == before


@pytest.mark.parametrize("param", FALLBACKS)
@pytest.mark.parametrize(
    "said",
    [
        {"user": "os.environ/SOME_SECRET"},
        {"mock_response": "os.environ/SOME_SECRET"},
        {"stop": ["a", "os.environ/SOME_SECRET"]},
        {"metadata": {"deep": [{"er": "os.environ/SOME_SECRET"}]}},
        {"user": "os.environ/NOT_THERE"},
    ],
)
def test_the_fallbacks_of_a_call_read_no_variable(gateway: Rude, param: str, said: dict[str, Any]) -> None:
    answer = gateway.ask({**ASK, param: [{"model": "n", **said}]})

    assert answer.status == 400
    assert answer.error["param"] == param
    assert SECRET.encode() not in answer.body


def test_fallbacks_that_say_nothing_forbidden_are_followed(gateway: Rude) -> None:
    answer = gateway.ask({**ASK, "fallbacks": [{"model": "n", "temperature": 0.5}]})

    assert answer.status == 200
    assert answer.headers["x-litellm-attempted-fallbacks"] == "1"
    assert gateway.wire.last.json["temperature"] == 0.5


def test_elsewhere_in_a_body_the_name_of_a_variable_is_a_text(gateway: Rude) -> None:
    gateway.wire.answers(completion())

    answer = gateway.ask({**ASK, "user": "os.environ/SOME_SECRET"})

    assert answer.status == 200
    assert gateway.wire.last.json["user"] == "os.environ/SOME_SECRET"


@pytest.mark.parametrize(
    "said",
    [
        {"metadata": {"api_base": "http://127.0.0.1:9", "api_key": "sk-mine", "headers": {"host": "evil.example"}}},
        {"litellm_metadata": {"api_base": "http://127.0.0.1:9", "user_api_key": "sk-mine"}},
        {"proxy_server_request": {"url": "http://127.0.0.1:9"}},
        {"model_info": {"base_model": "gpt-4o"}},
        {"litellm_params": {"api_base": "http://127.0.0.1:9"}},
        {"litellm_credential_name": "other"},
        {"aws_bedrock_runtime_endpoint": "http://127.0.0.1:9"},
        {"vertex_credentials": "/etc/passwd"},
        {"azure_ad_token": "x"},
    ],
)
def test_what_litellm_would_find_a_place_or_a_key_in_changes_nothing(gateway: Rude, said: dict[str, Any]) -> None:
    gateway.wire.answers(completion())

    answer = gateway.ask({**ASK, **said})

    assert answer.status in (200, 400)
    if answer.status == 200:
        assert gateway.wire.last.headers["authorization"] == f"Bearer {UPSTREAM}"


@pytest.mark.parametrize(
    "model",
    [
        "os.environ/SOME_SECRET",
        "../../etc/passwd",
        "openai/another",
        "http://127.0.0.1:9/m",
        "file:///etc/passwd",
        "m\r\nx: y",
    ],
)
def test_a_model_that_the_configuration_does_not_name_leads_nowhere(gateway: Rude, model: str) -> None:
    answer = gateway.ask({**ASK, "model": model})

    assert answer.status == 404
    assert answer.error["code"] == "model_not_found"
    assert "'m'" in answer.error["message"]
    assert SECRET.encode() not in answer.body


@pytest.mark.parametrize("model", [5, None, ["m"], {"model": "m"}])
def test_a_fallback_whose_model_is_no_text_is_a_bad_request(gateway: Rude, model: Any) -> None:
    answer = gateway.ask({**ASK, "fallbacks": [{"model": model}]})

    assert answer.status == 400
    assert "fallbacks" in answer.error["message"]


def test_a_picture_that_names_a_file_is_the_vendors_affair(gateway: Rude) -> None:
    gateway.wire.answers(completion())
    part = {"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}

    gateway.ask({**ASK, "messages": [{"role": "user", "content": [part]}]})

    assert gateway.wire.last.json["messages"][0]["content"] == [part]
    assert b"root:" not in gateway.wire.last.body
