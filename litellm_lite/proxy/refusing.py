"""Errors as OpenAI's API tells them: a status, and `{"error": {message, type, param, code}}`. Pure.

Nothing of an exception that is not ours is shown: it may hold a path, a prompt or a key.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import orjson

from litellm_lite.errors import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    AuthenticationError,
    BudgetExceededError,
    ContextWindowExceededError,
    InternalServerError,
    Timeout,
)
from litellm_lite.proxy.exchange import Headers

_BAD_GATEWAY = 502
_LAST_STATUS = 599
# What OpenAI calls them; for what it has no word, the status's own.
_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    429: "rate_limit_error",
    504: "timeout_error",
}
# What OpenAI's clients look for, whatever the vendor calls it; LangChain and this library's own do.
_CODES: Mapping[type[APIError], str] = {ContextWindowExceededError: "context_length_exceeded"}
_BUDGET = 400  # LiteLLM's status for a budget that is exceeded
JSON_HEADER = (b"content-type", b"application/json")


def as_api_error(error: Exception) -> APIError:
    """Return the exception to tell a client of, whatever was raised."""
    if isinstance(error, APIError):
        return error
    if isinstance(error, BudgetExceededError):
        return APIError(str(error), status_code=_BUDGET, code="budget_exceeded", retryable=False)
    return InternalServerError("the gateway made a mistake; its log says which, under this call's id", retryable=False)


def status_of(error: APIError) -> int:
    """Return the HTTP status for an exception: the vendor's own, 502 where the vendor gave none that can be told."""
    if isinstance(error, APIResponseValidationError):
        return _BAD_GATEWAY
    if (
        isinstance(error, APIConnectionError)
        and not isinstance(error, Timeout)
        and error.status == error.default_status
    ):
        return _BAD_GATEWAY
    if isinstance(error, AuthenticationError) and error.attempts and not _was_sent(error):
        return InternalServerError.default_status  # it is the gateway that has no key, not its client
    return error.status if 400 <= error.status <= _LAST_STATUS else _BAD_GATEWAY


def _was_sent(error: APIError) -> bool:
    return any(record.outcome != "refused" for record in error.attempts)


def error_body(error: APIError, status: int) -> dict[str, Any]:
    """Return the body for an exception."""
    told: dict[str, Any] = {
        "message": error.message,
        "type": _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error"),
        "param": error.param,
        "code": _CODES.get(type(error)) or error.code or str(status),
    }
    return {"error": told}


def error_bytes(error: APIError, status: int) -> bytes:
    """Return the body for an exception as JSON."""
    return orjson.dumps(error_body(error, status), default=str)


def refused(error: APIError, call_id: str) -> tuple[int, bytes]:  # noqa: ARG001 - other APIs tell the id in the body
    """Return the status and the body for an exception."""
    status = status_of(error)
    return status, error_bytes(error, status)


def error_headers(error: APIError) -> Headers:
    """Return the headers of an error: when to come back, in whole seconds and in milliseconds."""
    headers: Headers = [JSON_HEADER]
    if error.retry_after is not None and math.isfinite(error.retry_after):
        seconds = max(0.0, error.retry_after)
        headers.append((b"retry-after", b"%d" % math.ceil(seconds)))
        headers.append((b"retry-after-ms", b"%d" % math.ceil(seconds * 1000)))
    if status_of(error) == AuthenticationError.default_status:
        headers.append((b"www-authenticate", b"Bearer"))
    return headers


def event_bytes(error: APIError) -> bytes:
    """Return the event that tells of a failure inside a stream, as OpenAI's API does."""
    return b"data: " + error_bytes(error, status_of(error)) + b"\n\n"
