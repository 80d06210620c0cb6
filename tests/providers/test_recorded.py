"""What vendors really say, byte by byte: answers, streams and failures out of tests/fixtures."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from litellm_lite import errors
from litellm_lite.chunks import Ledger, join
from litellm_lite.errors import APIError, APIResponseValidationError
from tests.providers.values import FIXTURES, call, chunks, error, parsed, provider, recorded


class Told(NamedTuple):
    """What an exception must say; None is what the vendor left out."""

    kind: type[APIError]
    retryable: bool
    code: str | None = None
    param: str | None = None
    request_id: str | None = None
    retry_after: float | None = None


FAILURES = {
    "meta_llama/error_400_argument_type": Told(errors.BadRequestError, False),
    "meta_llama/error_400_context": Told(errors.ContextWindowExceededError, False),
    "meta_llama/error_401": Told(errors.AuthenticationError, False),
    "meta_llama/error_429": Told(errors.RateLimitError, True),
    "meta_llama/redirect_307": Told(errors.APIError, False),
    "openai/error_400_content_policy": Told(
        errors.ContentPolicyViolationError, False, "content_policy_violation", None, "req_policy"
    ),
    "openai/error_400_context_length_exceeded": Told(
        errors.ContextWindowExceededError, False, "context_length_exceeded", "messages", "req_long"
    ),
    "openai/error_401_invalid_api_key": Told(errors.AuthenticationError, False, "invalid_api_key", None, "req_401"),
    "openai/error_404_model_not_found": Told(errors.NotFoundError, False, "model_not_found", None, "req_model"),
    "openai/error_429_insufficient_quota": Told(errors.RateLimitError, False, "insufficient_quota", None, "req_quota"),
    "openai/error_429_rate_limit": Told(errors.RateLimitError, True, "rate_limit_exceeded", None, "req_rate", 1.736),
    "openai/error_503_overloaded": Told(errors.ServiceUnavailableError, True, "server_error", None, "req_busy"),
    "llama_proxy/error_400_context": Told(
        errors.ContextWindowExceededError, False, request_id="3f0d5f0e-6f0c-4f57-9df2-0d6a6d2f1c11"
    ),
    "llama_proxy/error_401_auth": Told(errors.AuthenticationError, False, "auth_error"),
    "llama_proxy/error_401_token_not_found": Told(errors.AuthenticationError, False, "token_not_found_in_db", "key"),
    "llama_proxy/error_429_quota": Told(errors.RateLimitError, False, "insufficient_quota"),
    "llama_proxy/error_429_throttled": Told(errors.RateLimitError, True, retry_after=30.0),
    "llama_cpp/error_400_overflow": Told(errors.ContextWindowExceededError, False, "exceed_context_size_error"),
    "llama_cpp/error_401_key": Told(errors.AuthenticationError, False, "authentication_error"),
    "llama_cpp/error_500_overflow": Told(errors.ContextWindowExceededError, False, "exceed_context_size_error"),
    "llama_cpp/error_501_embeddings": Told(errors.InternalServerError, True, "not_supported_error"),
    "llama_cpp/error_503_loading": Told(errors.ServiceUnavailableError, True, "unavailable_error"),
    "vllm/error_400_flat": Told(errors.ContextWindowExceededError, False, "BadRequestError"),
    "vllm/error_400_wrapped": Told(errors.BadRequestError, False, "BadRequestError", "max_tokens"),
    "vllm/error_404_wrapped": Told(errors.NotFoundError, False, "NotFoundError", "model"),
    "others/deepinfra_404": Told(errors.NotFoundError, False),
    "others/empty_500": Told(errors.InternalServerError, True),
    "others/fastapi_422": Told(errors.UnprocessableEntityError, False),
    "others/google_list_429": Told(errors.RateLimitError, True, retry_after=34.0),
    "others/html_502": Told(errors.BadGatewayError, True),
    "others/text_500": Told(errors.InternalServerError, True),
}

MESSAGES = {
    "meta_llama/error_400_argument_type": 'Unexpected param value `a`: "1" (status 400',
    "meta_llama/error_429": "You have exceeded the maximum number of tokens allowed per minute. (status 429",
    "meta_llama/redirect_307": "redirected to '/compat/v1/chat/completions/', which is not followed",
    "llama_proxy/error_401_auth": "Invalid proxy server token passed. valid_token=None. (status 401",
    "others/deepinfra_404": "openai: The model you're requesting is not available (status 404",
    "others/empty_500": "openai: an empty answer (status 500",
    "others/fastapi_422": "openai: body.messages: Field required; body.n: Input should be a valid integer (status 422",
    "others/google_list_429": "openai: Resource has been exhausted (e.g. check quota). (status 429",
    "others/html_502": "openai: a web page instead of JSON: '502 Bad Gateway' (status 502",
    "others/text_500": "openai: an answer of unknown shape (text/plain; charset=utf-8): 'Internal Server Error",
}


def test_every_recorded_failure_is_expected_here() -> None:
    files = [path for path in FIXTURES.glob("*/*.http") if path.name.startswith(("error_4", "error_5", "redirect"))]
    files += [FIXTURES / f"{name}.http" for name in FAILURES if name.startswith("others/")]
    assert {f"{path.parent.name}/{path.stem}" for path in files} == set(FAILURES)


@pytest.mark.parametrize("folder", sorted({path.parent.name for path in FIXTURES.glob("*/*.http")}))
def test_every_fixture_says_where_it_is_from(folder: str) -> None:
    source = (FIXTURES / folder / "SOURCE.md").read_text(encoding="utf-8")
    files = {path.name for path in (FIXTURES / folder).glob("*.http")}
    assert {name for name in files if f"`{name}`" not in source} == set()
    assert "Read 2" in source


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_becomes_the_right_exception(name: str) -> None:
    told, made = FAILURES[name], error(f"{name}.http")
    assert type(made) is told.kind
    assert made.status == made.status_code == recorded(f"{name}.http").status
    found = (made.retryable, made.code, made.param, made.request_id, made.retry_after)
    assert found == (told.retryable, told.code, told.param, told.request_id, told.retry_after)
    assert str(made).startswith(f"{made.provider}: ")
    assert str(made).endswith(f"(status {made.status}, model 'm')")


@pytest.mark.parametrize("name", MESSAGES)
def test_the_message_is_the_vendors(name: str) -> None:
    assert MESSAGES[name] in str(error(f"{name}.http"))


def test_what_the_caller_wrote_is_not_repeated() -> None:
    assert "private" not in str(error("others/fastapi_422.http"))


def test_a_body_stays_on_the_exception_for_those_who_need_more() -> None:
    body: Any = error("llama_cpp/error_400_overflow.http").body
    assert body["error"]["n_prompt_tokens"] == 8708


def test_a_compatible_answer_passes_as_it_came() -> None:
    answer = parsed("meta_llama/chat.http")
    assert answer["choices"][0]["message"]["content"] == "I'm doing well, thank you."
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert answer["usage"]["total_tokens"] == 25


def test_a_finish_reason_that_was_left_out_is_worked_out() -> None:
    assert parsed("meta_llama/chat_tool.http")["choices"][0]["finish_reason"] == "tool_calls"


def test_an_answer_of_openai_keeps_every_field() -> None:
    answer = parsed("openai/chat.http")
    assert answer["system_fingerprint"] == "fp_560af6e559"
    assert answer["service_tier"] == "default"
    assert answer["choices"][0]["message"] == {
        "role": "assistant", "content": "I'm well, thanks!", "refusal": None, "annotations": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        ("meta_llama/stream.http", "I'm doing well, thank you.", "stop"),
        ("meta_llama/native_stream.http", "I'm doing well, thank you.", "stop"),
        ("openai/stream.http", "I'm well, thanks!", "stop"),
    ],
)
def test_a_stream_gives_its_text_and_is_complete(path: str, text: str, reason: str) -> None:
    ledger = Ledger()
    for chunk in chunks(path):
        ledger.note(chunk)
    assert ledger.complete
    assert ledger.finished == {0: reason}
    assert ledger.partial().text == text


def test_the_usage_of_a_stream_comes_last() -> None:
    *others, last = chunks("openai/stream.http")
    assert last["choices"] == []
    assert last["usage"]["total_tokens"] == 19
    assert not any(chunk.get("usage") for chunk in others)


@pytest.mark.parametrize(
    ("path", "calls"),
    [
        ("meta_llama/stream_tool.http", [("get_weather", '{"location":"Menlo Park"}')]),
        ("openai/stream_tools.http", [("get_weather", '{"city":"Oslo"}'), ("get_time", "{}")]),
    ],
)
def test_tool_calls_of_a_stream_are_put_together(path: str, calls: list[tuple[str, str]]) -> None:
    answer = join(chunks(path))
    assert answer is not None
    choice = answer["choices"][0]
    found = [(made["function"]["name"], made["function"]["arguments"]) for made in choice["message"]["tool_calls"]]
    assert (found, choice["finish_reason"]) == (calls, "tool_calls")


@pytest.mark.parametrize(
    ("path", "kind", "status", "message"),
    [
        ("openai/stream_error.http", errors.InternalServerError, 500, "The server had an error while processing"),
        ("vllm/stream_error.http", errors.InternalServerError, 500, "EngineCore encountered an issue"),
        ("llama_cpp/stream_error_line.http", errors.ContextWindowExceededError, 400, "available context size"),
        ("meta_llama/native_stream_error.http", errors.InternalServerError, 500, "The model server went away"),
    ],
)
def test_an_error_in_the_middle_of_a_stream_is_raised(
    path: str, kind: type[APIError], status: int, message: str
) -> None:
    with pytest.raises(APIError, match=message) as caught:
        chunks(path)
    assert type(caught.value) is kind
    assert (caught.value.status, caught.value.retryable) == (status, status == 500)


def test_an_error_in_the_middle_of_a_stream_has_the_request_id_of_its_head() -> None:
    with pytest.raises(APIError) as caught:
        chunks("openai/stream_error.http")
    assert caught.value.request_id == "req_midstream"


def test_an_error_under_http_200_is_raised() -> None:
    with pytest.raises(errors.RateLimitError, match="Provider returned error") as caught:
        parsed("others/error_under_200.http")
    assert caught.value.status == 429


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("others/html_200.http", "not a JSON object; it is a web page instead of JSON: 'Sign in · Example Corp'"),
        ("others/truncated_200.http", r"not a JSON object; it is an answer of unknown shape \(application/json\): '{"),
        ("meta_llama/redirect_307.http", "no choices in it"),
        ("meta_llama/native.http", "no choices in it"),
    ],
)
def test_what_is_no_chat_completion_is_told(path: str, what: str) -> None:
    with pytest.raises(APIResponseValidationError, match=f"^meta_llama: no chat completion came .*{what}"):
        provider("meta_llama").parse_response(call("meta_llama"), recorded(path))
