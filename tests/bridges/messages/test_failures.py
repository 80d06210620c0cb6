"""Our exceptions in Anthropic's shape, and what its SDK makes of the statuses."""

from __future__ import annotations

import pytest
from anthropic.types import ErrorResponse

from litellm_lite import errors
from litellm_lite.bridges.messages import error_body


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (errors.BadRequestError("x"), 400, "invalid_request_error"),
        (errors.ContextWindowExceededError("x"), 400, "invalid_request_error"),
        (errors.UnsupportedParamsError("x"), 400, "invalid_request_error"),
        (errors.PaymentRequiredError("x"), 402, "billing_error"),
        (errors.AuthenticationError("x"), 401, "authentication_error"),
        (errors.PermissionDeniedError("x"), 403, "permission_error"),
        (errors.NotFoundError("x"), 404, "not_found_error"),
        (errors.BadRequestError("x", status_code=413), 413, "request_too_large"),
        (errors.UnprocessableEntityError("x"), 422, "invalid_request_error"),
        (errors.RateLimitError("x"), 429, "rate_limit_error"),
        (errors.InternalServerError("x"), 500, "api_error"),
        (errors.BadGatewayError("x"), 502, "api_error"),
        (errors.ServiceUnavailableError("x"), 529, "overloaded_error"),
        (errors.MidStreamFallbackError("x"), 529, "overloaded_error"),
        (errors.APIConnectionError("x"), 500, "api_error"),
        (errors.Timeout("x"), 504, "timeout_error"),
        (errors.APIResponseValidationError("x"), 500, "api_error"),
        (errors.APIError("x", status_code=302), 500, "api_error"),
        (errors.BudgetExceededError(2, 1, "x"), 402, "billing_error"),
        (errors.GuardrailRaisedException("g", "x"), 400, "invalid_request_error"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_an_error_has_anthropics_type_and_status(error: Exception, status: int, kind: str) -> None:
    told, body = error_body(error, "req_1")
    assert told == status
    assert body == {"type": "error", "error": {"type": kind, "message": "x"}, "request_id": "req_1"}
    if kind != "request_too_large":  # documented, and missing in the SDK's types
        ErrorResponse.model_validate(body)


def test_personal_data_that_was_blocked_is_told_by_its_kind_alone() -> None:
    _, body = error_body(errors.BlockedPiiEntityError("EMAIL", "g"))
    assert body["error"]["message"] == "g: blocked EMAIL"


def test_an_error_that_is_not_ours_keeps_what_it_says_to_itself() -> None:
    status, body = error_body(ValueError("sk-secret"))
    assert (status, body["error"]["type"]) == (500, "api_error")
    assert "sk-secret" not in str(body)
