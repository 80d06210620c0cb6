"""How the Llama API says no: RFC 9457 problem details, without OpenAI's `error` around them."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import orjson

PROBLEM_TYPE = "application/problem+json"


class Refusal(Exception):  # noqa: N818 - an answer, not a failure of this program
    """A request that gets an error for an answer, and the headers that go with it."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}


def problem(status: int, detail: str) -> bytes:
    """Return the body for a failed request. Shape observed on chat answers (llama-models#354)."""
    return orjson.dumps({"title": title(status), "detail": detail, "status": status})


def title(status: int) -> str:
    """Return the usual phrase for a status, or a plain one where there is none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
