"""The exceptions, with LiteLLM's names, and the table that picks one for a vendor's answer.

    APIError                            anything that went wrong with a call
    ├── BadRequestError             400
    │   ├── ContextWindowExceededError      the prompt does not fit the model
    │   ├── ContentPolicyViolationError     refused for its content
    │   ├── UnsupportedParamsError          the provider has no such parameter
    │   ├── UnsupportedEndpoint             the provider has no such endpoint
    │   ├── LiteLLMUnknownProvider          no provider of that name
    │   ├── InvalidRequestError, RejectedRequestError, ImageFetchError
    │   └── PaymentRequiredError    402
    ├── AuthenticationError         401
    ├── PermissionDeniedError       403
    ├── NotFoundError               404
    │   └── PriceUnknown                    a cost was asked for, and there is no price
    ├── UnprocessableEntityError    422
    ├── RateLimitError              429
    ├── InternalServerError         500
    ├── BadGatewayError             502
    ├── ServiceUnavailableError     503
    │   └── MidStreamFallbackError
    ├── APIConnectionError          no answer, or a cut one
    │   └── Timeout                 408, and 504 from upstream
    ├── APIResponseValidationError  an answer that is not what the API promises
    │   └── JSONSchemaValidationError
    ├── TokenizerError              a tokenizer's file is not the one it claims to be
    └── MockException

    BudgetExceededError, GuardrailRaisedException, BlockedPiiEntityError stand beside the tree, as in LiteLLM;
    RetiredModelWarning is a warning.

An error is chosen by its status first, by the vendor's code second, by its message last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

RETRYABLE_STATUS = frozenset({408, 409, 429, *range(500, 600)})


@dataclass(frozen=True, slots=True)
class Partial:
    """What a stream had delivered before it failed: text by choice index, and usage if it had come."""

    text: str
    texts: dict[int, str]
    usage: dict[str, Any] | None


class APIError(Exception):
    """A call failed. `str(error)` names the provider, the thing and the remedy, and never holds a key.

    `retry_after` is in seconds. `partial` is set when a stream failed after it had begun. A Router's error holds its
    `attempts`, and where no deployment could serve the request, the `candidates`: id, model and reason of each.
    """

    default_status: ClassVar[int] = 500
    may_retry: ClassVar[bool] = True
    attempts: tuple[Any, ...] = ()
    candidates: tuple[tuple[str, str, str], ...] = ()

    def __init__(
        self,
        message: str,
        llm_provider: str = "",
        model: str = "",
        *,
        status_code: int | None = None,
        code: str | None = None,
        param: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        retryable: bool | None = None,
        body: object = None,
        partial: Partial | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.provider = self.llm_provider = llm_provider
        self.model = model
        self.status = self.status_code = self.default_status if status_code is None else status_code
        self.code = code
        self.param = param
        self.request_id = request_id
        self.retry_after = retry_after
        self.retryable = self.may_retry and self.status in RETRYABLE_STATUS if retryable is None else retryable
        self.body = body
        self.partial = partial

    def __str__(self) -> str:
        return self.message


class BadRequestError(APIError):
    """The request is wrong as it stands (400)."""

    default_status = 400
    may_retry = False


class ContextWindowExceededError(BadRequestError):
    """The prompt, or prompt and answer together, do not fit the model's window."""


class ContentPolicyViolationError(BadRequestError):
    """The vendor refused the content."""


class UnsupportedParamsError(BadRequestError):
    """The provider has no such parameter, or not with this value; pass drop_params=True to go without it."""


class UnsupportedEndpoint(BadRequestError):  # noqa: N818 - like its neighbours
    """The provider does not serve that endpoint, and nothing stands in for it faithfully."""


class LiteLLMUnknownProvider(BadRequestError):  # noqa: N818 - LiteLLM's name
    """No provider of that name."""


class InvalidRequestError(BadRequestError):
    """LiteLLM's older name for a bad request."""


class RejectedRequestError(BadRequestError):
    """A hook of the caller's own refused the request."""


class ImageFetchError(BadRequestError):
    """An image could not be fetched."""


class PaymentRequiredError(BadRequestError):
    """The account has no credit (402)."""

    default_status = 402


class AuthenticationError(APIError):
    """No key, or one the vendor does not accept (401)."""

    default_status = 401
    may_retry = False


class PermissionDeniedError(APIError):
    """The key may not do this (403)."""

    default_status = 403
    may_retry = False


class NotFoundError(APIError):
    """No such model or path (404)."""

    default_status = 404
    may_retry = False


class PriceUnknown(NotFoundError):  # noqa: N818 - a state of knowledge more than a failure
    """A cost was asked for, and a price it needs is not known; pass the prices, or call register_model()."""


class UnprocessableEntityError(APIError):
    """The vendor understood the request and cannot process it (422)."""

    default_status = 422
    may_retry = False


class RateLimitError(APIError):
    """Too many requests or tokens (429); `retry_after` says when to come back, where the vendor told."""

    default_status = 429


class InternalServerError(APIError):
    """The vendor failed (500, and 5xx without a class of its own)."""


class BadGatewayError(APIError):
    """A gateway got no good answer from behind it (502)."""

    default_status = 502


class ServiceUnavailableError(APIError):
    """The vendor is overloaded or down (503)."""

    default_status = 503


class MidStreamFallbackError(ServiceUnavailableError):
    """A stream failed midway and another deployment may take over."""


class APIConnectionError(APIError):
    """No answer came, or it was cut."""


class Timeout(APIConnectionError):  # noqa: N818 - LiteLLM's name
    """A limit of time ran out."""

    default_status = 408


class APIResponseValidationError(APIError):
    """An answer came that is not what the API promises."""

    may_retry = False


class JSONSchemaValidationError(APIResponseValidationError):
    """The answer does not fit the schema that was asked for."""


class TokenizerError(APIError):
    """The file of a tokenizer is damaged, or is another file than its name says."""

    may_retry = False


class MockException(APIError):  # noqa: N818 - LiteLLM's name
    """Raised for `mock_response=Exception(...)`."""


class _Beside(Exception):  # noqa: N818 - a base, not an error
    """What stands beside the tree; `args` are those of the constructor, so that it can be pickled."""

    message: str

    def __str__(self) -> str:
        return self.message


class BudgetExceededError(_Beside):
    """The call would cost, or has cost, more than its budget allows. Amounts are US dollars."""

    def __init__(self, current_cost: float, max_budget: float, message: str | None = None) -> None:
        super().__init__(current_cost, max_budget, message)
        self.current_cost, self.max_budget = current_cost, max_budget
        self.message = message or f"budget exceeded: {current_cost} of {max_budget} US dollars"


class GuardrailRaisedException(_Beside):
    """A guardrail stopped the call."""

    def __init__(self, guardrail_name: str | None = None, message: str = "") -> None:
        super().__init__(guardrail_name, message)
        self.guardrail_name, self.message = guardrail_name, message


class BlockedPiiEntityError(_Beside):
    """A guardrail found personal data of a kind it must block."""

    def __init__(self, entity_type: str, guardrail_name: str | None = None) -> None:
        super().__init__(entity_type, guardrail_name)
        self.entity_type, self.guardrail_name = entity_type, guardrail_name
        self.message = f"{guardrail_name or 'guardrail'}: blocked {entity_type}"


class RetiredModelWarning(FutureWarning):
    """A call went to a model that its vendor has switched off, by the date in the registry."""


_BY_STATUS: dict[int, type[APIError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    402: PaymentRequiredError,
    403: PermissionDeniedError,
    404: NotFoundError,
    408: Timeout,
    413: BadRequestError,
    422: UnprocessableEntityError,
    429: RateLimitError,
    502: BadGatewayError,
    503: ServiceUnavailableError,
    504: Timeout,
    529: ServiceUnavailableError,
}

# Only a refused request may be refined: a 401 that mentions tokens stays a 401. llama.cpp once answered an
# overflow with a 500 (llama.cpp#15780), so a code may refine that too; a text may not.
_BY_CODE: dict[str, type[APIError]] = {
    "context_length_exceeded": ContextWindowExceededError,
    "exceed_context_size_error": ContextWindowExceededError,
    "content_filter": ContentPolicyViolationError,
    "content_policy_violation": ContentPolicyViolationError,
    "model_not_found": NotFoundError,
}

# As seen at OpenAI and vLLM ("maximum context length"), llama.cpp ("context size"), Cerebras ("while limit is"),
# Anthropic and Bedrock ("too long"), OpenAI's images ("safety system"), Azure ("management policy"). A LiteLLM
# gateway keeps the vendor's code to itself and writes the class of its own exception into the message.
_BY_TEXT: tuple[tuple[str, type[APIError]], ...] = (
    ("contextwindowexceedederror", ContextWindowExceededError),
    ("contentpolicyviolationerror", ContentPolicyViolationError),
    ("maximum context length", ContextWindowExceededError),
    ("context_length_exceeded", ContextWindowExceededError),
    ("exceeds the available context size", ContextWindowExceededError),
    ("context window", ContextWindowExceededError),
    ("while limit is", ContextWindowExceededError),
    ("prompt is too long", ContextWindowExceededError),
    ("input is too long", ContextWindowExceededError),
    ("exceeded the maximum number of tokens", ContextWindowExceededError),
    ("content management policy", ContentPolicyViolationError),
    ("content policy", ContentPolicyViolationError),
    ("safety system", ContentPolicyViolationError),
)

# A 429 with one of these does not get better by waiting a minute.
QUOTA_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})

# What an error means that comes without a status, inside an answer that began well.
_STATUS_OF_CODE = {
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    **dict.fromkeys(QUOTA_CODES, 429),
    "invalid_request_error": 400,
    "BadRequestError": 400,
    **dict.fromkeys(_BY_CODE, 400),
    "model_not_found": 404,
    "NotFoundError": 404,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "overloaded_error": 503,
    "unavailable_error": 503,
}


def class_for(status: int, code: str | None = None, message: str = "") -> type[APIError]:
    """Pick the exception class: the status decides, code and text only refine a refused request."""
    general = InternalServerError if status >= 500 else BadRequestError if status >= 400 else APIError
    by_status = _BY_STATUS.get(status, general)
    by_code = _BY_CODE.get(code or "")
    if by_status in (BadRequestError, UnprocessableEntityError):
        return by_code or _by_text(message) or by_status
    return by_code or by_status if by_status is InternalServerError else by_status


def _by_text(message: str) -> type[APIError] | None:
    lowered = message.lower()
    return next((refined for phrase, refined in _BY_TEXT if phrase in lowered), None)


def is_retryable(status: int, code: str | None = None) -> bool:
    """Tell whether the same request may succeed a moment later."""
    return status in RETRYABLE_STATUS and code not in QUOTA_CODES and code not in _BY_CODE


def status_of(code: str | None) -> int:
    """Return the HTTP status an error without one stands for, by its code; 500 when that tells nothing."""
    return _STATUS_OF_CODE.get(code or "", 500)
