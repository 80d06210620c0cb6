"""The exceptions: their tree, the table that picks one, and what each of them carries."""

from __future__ import annotations

import copy
import inspect
import pickle
from typing import Any

import pytest

from litellm_lite import errors
from litellm_lite.errors import APIError, class_for, is_retryable, status_of

ALL: dict[str, type[Any]] = {
    name: kind for name, kind in vars(errors).items()
    if inspect.isclass(kind) and issubclass(kind, Exception) and not name.startswith("_")
}  # fmt: skip
TREE = {name: kind for name, kind in ALL.items() if issubclass(kind, APIError)}
BESIDE = {
    "BudgetExceededError": (1.5, 1.0),
    "GuardrailRaisedException": ("g", "No."),
    "BlockedPiiEntityError": ("E",),
    "RetiredModelWarning": ("Gone.",),
}


def test_the_tree_is_drawn_in_the_docstring() -> None:
    drawn = errors.__doc__ or ""
    assert [name for name in ALL if name not in drawn] == []


@pytest.mark.parametrize("name", TREE)
def test_each_exception_needs_only_a_message_and_carries_everything(name: str) -> None:
    error = TREE[name]("It broke.")
    assert str(error) == error.message == "It broke."
    assert error.status == error.status_code == error.default_status
    assert (error.provider, error.llm_provider, error.model) == ("", "", "")
    for attribute in ("code", "param", "request_id", "retry_after", "body", "partial"):
        assert getattr(error, attribute) is None


@pytest.mark.parametrize("name", ALL)
def test_each_exception_can_be_sent_to_another_process(name: str) -> None:
    if name in BESIDE:
        error = ALL[name](*BESIDE[name])
    else:
        error = ALL[name]("No.", "openai", "m", status_code=499, code="c", retry_after=2.0, retryable=True)
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is type(error)
        assert str(twin) == str(error)
        assert vars(twin) == vars(error)


def test_litellms_keywords_are_understood() -> None:
    error = errors.RateLimitError(message="Slow down.", llm_provider="openai", model="m")
    assert (error.message, error.provider, error.model) == ("Slow down.", "openai", "m")


def test_a_budget_says_both_amounts() -> None:
    assert str(errors.BudgetExceededError(1.5, 1.0)) == "budget exceeded: 1.5 of 1.0 US dollars"
    assert str(errors.GuardrailRaisedException("g", "No.")) == "No."
    assert str(errors.BlockedPiiEntityError("EMAIL")) == "guardrail: blocked EMAIL"


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (400, None, "", errors.BadRequestError),
        (400, "context_length_exceeded", "", errors.ContextWindowExceededError),
        (400, "content_filter", "", errors.ContentPolicyViolationError),
        (400, "model_not_found", "", errors.NotFoundError),
        (400, "new_code", "This model's maximum context length is 5 tokens.", errors.ContextWindowExceededError),
        (400, None, "Current length is 9000 while limit is 8192", errors.ContextWindowExceededError),
        (400, None, "prompt is too long: 5 tokens > 4 maximum", errors.ContextWindowExceededError),
        (413, None, "Request size exceeds model context window", errors.ContextWindowExceededError),
        (400, None, "flagged by Azure OpenAI's content management policy", errors.ContentPolicyViolationError),
        (400, None, "litellm.ContentPolicyViolationError: no", errors.ContentPolicyViolationError),
        (422, "context_length_exceeded", "", errors.ContextWindowExceededError),
        (422, None, "", errors.UnprocessableEntityError),
        (500, "exceed_context_size_error", "", errors.ContextWindowExceededError),
        (500, None, "maximum context length", errors.InternalServerError),
        (401, "context_length_exceeded", "maximum context length", errors.AuthenticationError),
        (429, "context_length_exceeded", "exceeded the maximum number of tokens", errors.RateLimitError),
        (404, None, "content policy", errors.NotFoundError),
        (451, None, "", errors.BadRequestError),
        (507, None, "", errors.InternalServerError),
        (302, None, "", errors.APIError),
    ],
)
def test_status_first_then_code_then_text(status: int, code: str | None, message: str, kind: type[APIError]) -> None:
    assert class_for(status, code, message) is kind


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        (429, None, True), (429, "rate_limit_exceeded", True), (429, "insufficient_quota", False),
        (429, "billing_hard_limit_reached", False), (500, "exceed_context_size_error", False), (500, "x", True),
        (503, None, True), (408, None, True), (409, None, True), (400, None, False), (307, None, False),
    ],
)  # fmt: skip
def test_what_may_be_tried_again(status: int, code: str | None, retryable: bool) -> None:
    assert is_retryable(status, code) == retryable


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("rate_limit_exceeded", 429), ("insufficient_quota", 429), ("invalid_request_error", 400),
        ("context_length_exceeded", 400), ("model_not_found", 404), ("invalid_api_key", 401),
        ("overloaded_error", 503), ("server_error", 500), ("anything", 500), (None, 500),
    ],
)  # fmt: skip
def test_an_error_without_a_status_has_one_by_its_code(code: str | None, status: int) -> None:
    assert status_of(code) == status


@pytest.mark.parametrize(
    ("kind", "retryable"),
    [
        (errors.RateLimitError, True),
        (errors.APIConnectionError, True),
        (errors.Timeout, True),
        (errors.BadRequestError, False),
        (errors.AuthenticationError, False),
        (errors.APIResponseValidationError, False),
    ],
)
def test_a_class_knows_whether_trying_again_can_help(kind: type[APIError], retryable: bool) -> None:
    assert kind("x").retryable is retryable
    assert kind("x", retryable=not retryable).retryable is not retryable
