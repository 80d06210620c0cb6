"""Our exceptions in Anthropic's words. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from litellm_lite import errors
from litellm_lite.bridges.messages.reading import JSON

_TOO_LARGE = 413
_LEAST, _UNKNOWN = 400, 500

# The type of each error, and the status that Anthropic gives it where ours is another or none.
_TYPES: Mapping[type[BaseException], tuple[str, int | None]] = {
    errors.BadRequestError: ("invalid_request_error", None),
    errors.PaymentRequiredError: ("billing_error", 402),
    errors.AuthenticationError: ("authentication_error", None),
    errors.PermissionDeniedError: ("permission_error", None),
    errors.NotFoundError: ("not_found_error", None),
    errors.UnprocessableEntityError: ("invalid_request_error", None),
    errors.RateLimitError: ("rate_limit_error", None),
    errors.ServiceUnavailableError: ("overloaded_error", 529),
    errors.Timeout: ("timeout_error", 504),
    errors.APIError: ("api_error", None),
    errors.BudgetExceededError: ("billing_error", 402),
    errors.GuardrailRaisedException: ("invalid_request_error", 400),
    errors.BlockedPiiEntityError: ("invalid_request_error", 400),
}


def error_body(error: BaseException, request_id: str | None = None) -> tuple[int, JSON]:
    """Return the status and the body of an error. One that is none of ours is not told: it may hold anything."""
    known = next((_TYPES[kind] for kind in type(error).__mro__ if kind in _TYPES), None)
    if known is None:
        kind, status, message = "api_error", _UNKNOWN, "the gateway failed; its log says why"
    else:
        kind, fixed = known
        status, message = fixed or _status(error), str(error)
        if status == _TOO_LARGE:
            kind = "request_too_large"
    return status, {"type": "error", "error": {"type": kind, "message": message}, "request_id": request_id}


def _status(error: BaseException) -> int:
    """Return the status of an error; a failure never travels under one that is no failure's."""
    status = getattr(error, "status", _UNKNOWN)
    return status if isinstance(status, int) and _LEAST <= status <= 599 else _UNKNOWN
