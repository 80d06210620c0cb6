"""A request that is not on the hot path, and what is answered to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs

import orjson

from litellm_lite.errors import BadRequestError
from litellm_lite.proxy.exchange import Exchange

if TYPE_CHECKING:
    from litellm_lite.proxy.metrics import Metrics
    from litellm_lite.proxy.serving import Serving
    from litellm_lite.proxy.telling import Record

JSON_KIND = b"application/json"
_MOST_QUESTIONS = 100


class MethodNotAllowed(BadRequestError):  # noqa: N818 - a verdict more than a failure
    """The path is there, and takes other methods (405)."""

    default_status = 405

    def __init__(self, message: str, allowed: tuple[str, ...]) -> None:
        super().__init__(message, code="method_not_allowed")
        self.allowed = allowed


class Told(NamedTuple):
    """What is answered: bytes, of which kind they are, and with which status."""

    body: bytes
    kind: bytes = JSON_KIND
    status: int = 200
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Now(NamedTuple):
    """How the gateway is doing, as told when somebody asks."""

    serving: Callable[[], Serving]
    metrics: Callable[[], Metrics]
    """What was counted, by all workers."""
    ending: Callable[[], bool] = lambda: False
    """Whether it is on its way out, and serves only what is under way."""
    today: Callable[[], date] = lambda: datetime.now(UTC).date()


@dataclass(frozen=True, slots=True)
class Visit:
    """One request: what it is under, and what stood in the place of the braces of its path."""

    exchange: Exchange
    record: Record
    now: Now
    serving: Serving
    part: str = ""

    def asked(self, name: str) -> str | None:
        """Return what the query says under a name, the last time it stands there. Raises BadRequestError."""
        try:
            query = self.exchange.scope.get("query_string", b"").decode()
            values = parse_qs(query, keep_blank_values=True, errors="strict", max_num_fields=_MOST_QUESTIONS)
        except ValueError:
            raise BadRequestError("the query of the URL is none; write it as ?name=value", param=name) from None
        return values[name][-1] if name in values else None


Answering = Callable[[Visit], Awaitable[Told]]


def told_json(value: Any, status: int = 200) -> Told:
    """Return a value as JSON."""
    return Told(orjson.dumps(value, default=str), status=status)
