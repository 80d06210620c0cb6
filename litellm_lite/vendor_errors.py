"""Reads a vendor's error, in every shape seen, into one of our exceptions. Pure.

Shapes: OpenAI's `{"error": {...}}`, the same as a text, RFC 9457 problem+json without a wrapper (Meta, NVIDIA),
`{"message": ...}`, `{"detail": ...}`, a list around any of these, a web page, plain text, nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import orjson

from litellm_lite.call import Call, Reply
from litellm_lite.errors import APIError, class_for, is_retryable
from litellm_lite.retry_after import seconds_until_retry

_REQUEST_ID_HEADERS = ("x-request-id", "request-id", "apim-request-id", "x-amzn-requestid", "cf-ray")
_LONGEST_MESSAGE = 2000
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_FEW_BYTES = 200


class ErrorFacts(NamedTuple):
    """What a vendor's error body says."""

    message: str
    code: str | None = None
    param: str | None = None
    status: int | None = None


def request_id(headers: Mapping[str, str]) -> str | None:
    """Return the vendor's id of a request, for its support desk."""
    return next((headers[name] for name in _REQUEST_ID_HEADERS if name in headers), None)


def redact(text: str, secrets: Iterable[str | None]) -> str:
    """Return the text with every secret replaced; vendors quote keys back."""
    for secret in secrets:
        if secret and len(secret) > 3:
            text = text.replace(secret, "[redacted]")
    return text


def secrets_of(call: Call) -> list[str]:
    """Return everything in a call that must not be repeated."""
    headers = [value.removeprefix("Bearer ") for name, value in call.extra_headers.items() if _is_secret(name)]
    return [*([call.target.api_key] if call.target.api_key else []), *headers]


def _is_secret(header: str) -> bool:
    return any(word in header.lower() for word in ("auth", "key", "token", "secret", "cookie"))


def error_from_reply(call: Call, reply: Reply) -> APIError:
    """Return the exception for an answer that is not a success."""
    body = decode(reply.body)
    facts = read_error(body) or _from_text(reply)
    status = reply.status if reply.status >= 300 else facts.status or 500
    if 300 <= reply.status < 400:
        facts = _from_redirect(reply)
    retry_after = seconds_until_retry(reply.headers, reply.received_at, body)
    return make_error(call, facts, status, headers=reply.headers, retry_after=retry_after, body=body)


def make_error(
    call: Call,
    facts: ErrorFacts,
    status: int,
    *,
    headers: Mapping[str, str] | None = None,
    retry_after: float | None = None,
    body: object = None,
) -> APIError:
    """Build the exception of the right class, with every secret of the call taken out of its texts."""
    secrets = secrets_of(call)
    message = redact(facts.message, secrets)[:_LONGEST_MESSAGE]
    kind = class_for(status, facts.code, facts.message)
    return kind(
        f"{call.target.provider}: {message or 'no message'} (status {status}, model {call.target.model!r})",
        call.target.provider,
        call.target.model,
        status_code=status,
        code=facts.code,
        param=facts.param,
        request_id=request_id(headers or {}),
        retry_after=retry_after,
        retryable=is_retryable(status, facts.code),
        body=_redacted_body(body, secrets),
    )


def decode(body: bytes) -> Any:
    """Return the decoded JSON, or None when it is something else."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def read_error(body: Any) -> ErrorFacts | None:
    """Read an error body; None when there is nothing in it that looks like one."""
    if isinstance(body, list) and body:
        body = body[0]
    if not isinstance(body, dict):
        return None
    inner = body.get("error", body)
    if isinstance(inner, str):
        return ErrorFacts(inner, status=_status(body))
    if not isinstance(inner, dict):
        return None
    message = _first_text(inner, ("detail", "message", "msg", "title"))
    if message is None:
        return None
    return ErrorFacts(
        message,
        code=_first_text(inner, ("code", "type", "title")),
        param=_first_text(inner, ("param",)),
        status=_status(inner) or _status(body),
    )


def _first_text(source: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    for name in names:
        value = source.get(name)
        if isinstance(value, dict):  # DeepInfra: {"detail": {"error": "…"}}
            value = value.get("error") or value.get("message")
        if value and isinstance(value, str | int) and not isinstance(value, bool):
            return str(value)
        if value and isinstance(value, list):  # FastAPI: {"detail": [{"loc": …, "msg": …}]}
            return orjson.dumps(value).decode()
    return None


def _status(source: Mapping[str, Any]) -> int | None:
    for name in ("status", "status_code", "code"):
        value = source.get(name)
        if isinstance(value, str) and value.isdecimal():
            value = int(value)
        if isinstance(value, int) and 400 <= value <= 599:
            return value
    return None


def _from_text(reply: Reply) -> ErrorFacts:
    kind = reply.headers.get("content-type", "no content type")
    title = _TITLE.search(reply.body)
    if title is not None:
        text = " ".join(title.group(1).decode("utf-8", "replace").split())
        return ErrorFacts(f"a web page instead of JSON: {text!r}")
    if not reply.body.strip():
        return ErrorFacts("an empty answer")
    return ErrorFacts(f"an answer that is not JSON ({kind}): {excerpt(reply.body)}")


def _from_redirect(reply: Reply) -> ErrorFacts:
    where = reply.headers.get("location", "nowhere")
    return ErrorFacts(
        f"redirected to {where!r}, which is not followed (only a 307 or 308 on the same host is); "
        "set api_base to the new address"
    )


def excerpt(body: bytes) -> str:
    """Return the first bytes of a body for an error message."""
    text = body[:_FEW_BYTES].decode("utf-8", "replace")
    return repr(text) + (" …" if len(body) > _FEW_BYTES else "")


def _redacted_body(body: object, secrets: list[str]) -> object:
    if body is None or not secrets:
        return body
    return orjson.loads(redact(orjson.dumps(body).decode(), secrets))
