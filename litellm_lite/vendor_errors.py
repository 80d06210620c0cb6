"""Reads a vendor's error, in every shape seen, into one of our exceptions. Pure.

Shapes: OpenAI's `{"error": {...}}`, the same as a text, RFC 9457 problem+json without a wrapper (Meta, NVIDIA),
`{"message": ...}`, `{"detail": ...}`, a list around any of these, a web page, plain text, nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

from litellm_lite.call import Call, Reply
from litellm_lite.errors import APIError, class_for, is_retryable, status_of
from litellm_lite.retry_after import seconds_until_retry

_REQUEST_ID_HEADERS = (
    "x-request-id", "request-id", "apim-request-id", "x-amzn-requestid", "x-litellm-call-id", "cf-ray",
)  # fmt: skip
# The only headers that mean a wait whatever went wrong: x-ratelimit-reset-* come with every answer.
_EXPLICIT_WAITS = ("retry-after-ms", "retry-after")
_NOT_FOUND, _RATE_LIMITED = 404, 429
_UNTOLD = 500  # the status of a failure that names none

SECRET_HEADERS = re.compile("auth|key|token|secret|cookie|pass|cred|sess|sign|jwt", re.IGNORECASE)
_SECRET_PARTS = re.compile(r"[\s;,=]+")
_SHORTEST_SECRET = 6  # "EMPTY" and "none" are what a server without keys is given, and words of any error message
_SHORTEST_PART = 7  # longer than "Bearer"

_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_LONGEST_MESSAGE = 2000
_EXCERPT = 200
_LOOKED_AT = 65536  # of a page; its title stands in the first part
_HEAD = 4096
_DEEPEST = 32

_MESSAGES = ("detail", "message", "msg", "error_description", "title")
# LiteLLM's gateway writes Python's None as text; "about:blank" is RFC 9457's word for no type.
_NO_CODES = frozenset({"None", "about:blank"})


class ErrorFacts(NamedTuple):
    """What a vendor's error body says."""

    message: str
    code: str | None = None
    param: str | None = None
    status: int | None = None


def decode(body: bytes) -> Any:
    """Return the decoded JSON, or None when it is something else."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def request_id(call: Call, headers: Mapping[str, str]) -> str | None:
    """Return the vendor's id of a request, for its support desk."""
    found = next((headers[name] for name in _REQUEST_ID_HEADERS if name in headers), None)
    return found and redact(found, secrets_of(call))


def error_from_reply(call: Call, reply: Reply) -> APIError:
    """Return the exception for an answer that is not a success."""
    body = decode(reply.body)
    facts = read_error(body) or ErrorFacts(describe(call, reply))
    status = reply.status if reply.status >= 300 else facts.status or status_of(facts.code)
    if 300 <= reply.status < 400:
        facts = _from_redirect(reply)
    elif status == _NOT_FOUND and "model" not in facts.message.lower():  # then it was the path
        facts = facts._replace(message=f"{facts.message}; is {call.target.api_base} the right api_base?")
    wait = _wait(status, reply, body)
    return make_error(call, facts, status, headers=reply.headers, retry_after=wait, body=body)


def reported_error(call: Call, headers: Mapping[str, str], body: Any) -> APIError | None:
    """Return the exception for an error inside an answer that began as a success; None when there is none in it."""
    facts = read_error(body)
    if facts is None:
        return None
    return make_error(call, facts, facts.status or status_of(facts.code), headers=headers, body=body)


def make_error(
    call: Call,
    facts: ErrorFacts,
    status: int = _UNTOLD,
    *,
    headers: Mapping[str, str],
    retry_after: float | None = None,
    body: object = None,
) -> APIError:
    """Build the exception of the right class, with every secret of the call taken out of what it says."""
    secrets = secrets_of(call)
    provider, model = call.target.provider, call.target.model
    message = redact(facts.message, secrets)[:_LONGEST_MESSAGE] or "no message"
    return class_for(status, facts.code, facts.message)(
        f"{provider}: {message} (status {status}, model {model!r})",
        provider,
        model,
        status_code=status,
        code=_redacted(facts.code, secrets),
        param=_redacted(facts.param, secrets),
        request_id=request_id(call, headers),
        retry_after=retry_after,
        retryable=_worth_retrying(status, facts.code, headers),
        body=_redacted(body, secrets),
    )


def _worth_retrying(status: int, code: str | None, headers: Mapping[str, str]) -> bool:
    """Whether to try again: by status and code, unless the vendor says no (its SDK obeys that header too)."""
    return headers.get("x-should-retry") != "false" and is_retryable(status, code)


def read_error(body: Any) -> ErrorFacts | None:
    """Read an error body; None when there is nothing in it that looks like one."""
    if isinstance(body, list) and body:
        body = body[0]
    if not isinstance(body, dict):
        return None
    error = body.get("error")
    source = error if isinstance(error, dict) else body
    message = _message(source)
    if message is None and error:  # an error in a shape nobody has seen is still an error
        message = error if isinstance(error, str) else orjson.dumps(error).decode()
    if message is None:
        return None
    return ErrorFacts(message, _code(source), _text(source.get("param")), _status(source) or _status(body))


def describe(call: Call, reply: Reply) -> str:
    """Return a few words about an answer that has no shape we know, without the call's secrets."""
    text = redact(reply.body[:_LOOKED_AT].decode("utf-8", "replace"), secrets_of(call))
    if not text.strip():
        return "an empty answer"
    if (title := _TITLE.search(text[:_HEAD])) is not None:
        return f"a web page instead of JSON: {' '.join(title.group(1).split())[:_EXCERPT]!r}"
    kind = reply.headers.get("content-type", "no content type")[:_EXCERPT]
    return f"an answer of unknown shape ({kind}): {text[:_EXCERPT]!r}{' …' if len(text) > _EXCERPT else ''}"


def secrets_of(call: Call) -> list[str]:
    """Return everything in a call that must not be repeated, longest first: vendors quote keys back."""
    key, base = call.target.api_key or "", call.target.api_base
    if not call.extra_headers and "@" not in base:  # the usual case, for every answer of a gateway
        return [key] if len(key) >= _SHORTEST_SECRET else []
    found = {key, urlsplit(base).password or ""}
    for name, value in call.extra_headers.items():
        if SECRET_HEADERS.search(name):
            found |= {value, *(part for part in _SECRET_PARTS.split(value) if len(part) >= _SHORTEST_PART)}
    return sorted((secret for secret in found if len(secret) >= _SHORTEST_SECRET), key=lambda text: (-len(text), text))


def redact(text: str, secrets: Sequence[str]) -> str:
    """Return the text with every secret replaced."""
    for secret in secrets:
        text = text.replace(secret, "[redacted]")
    return text


def _redacted(value: Any, secrets: Sequence[str], depth: int = 0) -> Any:
    """Return a JSON value with the secrets taken out of its texts; what is nested beyond reason is cut off."""
    if isinstance(value, str):
        return redact(value, secrets)
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, dict):
        return {redact(key, secrets): _redacted(item, secrets, depth + 1) for key, item in value.items()}
    return [_redacted(item, secrets, depth + 1) for item in value] if isinstance(value, list) else value


def _wait(status: int, reply: Reply, body: Any) -> float | None:
    headers = reply.headers
    if status != _RATE_LIMITED:
        headers = {name: headers[name] for name in _EXPLICIT_WAITS if name in headers}
    return seconds_until_retry(headers, reply.received_at, body)


def _message(source: Mapping[str, Any]) -> str | None:
    texts = (_text(source.get(name)) for name in _MESSAGES)
    return next((text for text in texts if text), None)


def _text(value: Any) -> str | None:
    if isinstance(value, dict):  # DeepInfra: {"detail": {"error": "…"}}
        value = value.get("error") or value.get("message")
    if isinstance(value, list):
        return "; ".join(map(_flaw, value))
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value in _NO_CODES:
        return None
    return str(value)


def _flaw(item: Any) -> str:
    """Return one entry of FastAPI's `detail` list: where and what, without the `input`, which may be the prompt."""
    if not isinstance(item, dict) or "msg" not in item:
        return str(item)
    place = item.get("loc")
    return f"{'.'.join(map(str, place)) if isinstance(place, list) else place}: {item['msg']}"


def _code(source: Mapping[str, Any]) -> str | None:
    """Return the vendor's code, else its type; a number that is the HTTP status again says nothing."""
    for name in ("code", "type"):
        text = _text(source.get(name))
        if text and _as_status(text) is None:
            return text
    return None


def _status(source: Mapping[str, Any]) -> int | None:
    statuses = (_as_status(source.get(name)) for name in ("status", "status_code", "code"))
    return next((status for status in statuses if status is not None), None)


def _as_status(value: Any) -> int | None:
    if isinstance(value, str) and len(value) == 3 and value.isdecimal():
        value = int(value)
    return value if isinstance(value, int) and 400 <= value <= 599 else None


def _from_redirect(reply: Reply) -> ErrorFacts:
    where = reply.headers.get("location", "nowhere")
    return ErrorFacts(
        f"redirected to {where!r}, which is not followed (only a 307 or 308 on the same host is); "
        "set api_base to the new address"
    )
