"""A failure in OpenAI's words, for a client that is in the middle of a stream. Pure."""

from __future__ import annotations

from typing import Any

from litellm_lite.errors import APIError, ContentPolicyViolationError, ContextWindowExceededError

_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    429: "rate_limit_error",
}
# A vendor may have told it in words only; who reads the code finds the same class again.
_CODES: tuple[tuple[type[APIError], str], ...] = (
    (ContextWindowExceededError, "context_length_exceeded"),
    (ContentPolicyViolationError, "content_policy_violation"),
)


def openai_error(error: APIError) -> dict[str, Any]:
    """Return the object that stands under `error` in OpenAI's answers."""
    general = "server_error" if error.status >= 500 else "invalid_request_error"
    code = error.code or next((code for kind, code in _CODES if isinstance(error, kind)), None)
    return {"message": str(error), "type": _TYPES.get(error.status, general), "param": error.param, "code": code}
