"""The gateway's log: JSON, one line a request, without prompts, answers and keys, and what may quote one.

Lines are collected and written together, so that a request does not wait for the terminal.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from litellm_lite.proxy.telling import Record
    from litellm_lite.router.trace import AttemptRecord

_WRITE_S = 0.05
_MOST_LINES = 1000
_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE


class RequestLog:
    """Writes a line for each request that is over. For one event loop."""

    def __init__(self, stream: IO[bytes], now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._stream, self._now = stream, now
        self._lines: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None

    def note(self, record: Record) -> None:
        """Take a request that is over."""
        self._lines.append(orjson.dumps(line(record, self._now()), option=_OPTIONS, default=str))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_WRITE_S, self.flush)
        elif len(self._lines) >= _MOST_LINES:
            self.flush()

    def flush(self) -> None:
        """Write what was collected."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lines, self._lines = self._lines, []
        if lines:
            self._stream.write(b"".join(lines))
            self._stream.flush()


def line(record: Record, now: datetime) -> dict[str, Any]:
    """Return what is logged of a request."""
    exchange, trace = record.exchange, record.trace
    told: dict[str, Any] = {
        "time": now,
        "level": "info" if exchange.status < 500 else "error",
        "event": "request",
        "call_id": exchange.call_id,
        "route": record.route,
        "status": exchange.status,
        "model": record.asked,
        "stream": record.stream,
        "duration_ms": round(exchange.elapsed_ms, 3),
    }
    if (client := exchange.scope.get("client")) is not None:
        told["client"] = client[0]
    if record.plan is not None:
        told["provider"] = record.plan.call.target.provider
        told["overhead_ms"] = round(max(0.0, exchange.elapsed_ms - record.upstream_ms), 3)
    if record.first_ms is not None:
        told["first_token_ms"] = round(record.first_ms, 3)
    if record.prompt_tokens is not None:
        told |= {"prompt_tokens": record.prompt_tokens, "completion_tokens": record.completion_tokens}
    if record.dollars is not None:
        told["cost"] = float(record.dollars)
    if trace is not None and trace.attempts:
        told["model_group"] = trace.group
        told["model_id"] = trace.attempts[-1].deployment.id
        if len(trace) > 1 or record.error is not None:
            told["attempts"] = [_attempt(attempt) for attempt in trace]
    if (error := record.error) is not None:
        told |= {"error": type(error).__name__, "error_code": error.code, "param": error.param}
    return told


def _attempt(attempt: AttemptRecord) -> dict[str, Any]:
    """Return what is logged of an attempt: no message, for a vendor may quote the prompt in one."""
    told = {
        "model_id": attempt.deployment.id,
        "kind": attempt.kind,
        "outcome": attempt.outcome,
        "elapsed_ms": None if attempt.elapsed_s is None else round(1000 * attempt.elapsed_s, 1),
    }
    if attempt.error is not None:
        told |= {"error": type(attempt.error).__name__, "status": attempt.error.status}
    return told


class JsonFormatter(logging.Formatter):
    """Writes what is logged elsewhere as JSON too. Of an exception its class and its place; texts may be secret."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "event": "message",
            "logger": record.name,
            # Granian writes the traceback of an exception into its message.
            "message": record.getMessage().partition("\nTraceback ")[0],
        }
        if record.exc_info and record.exc_info[1] is not None:
            told["exception"] = type(record.exc_info[1]).__name__
            told["place"] = _places(record.exc_info[2])
        return orjson.dumps(told, option=orjson.OPT_UTC_Z, default=str).decode()


def _places(trace: Any) -> list[str]:
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('site-packages/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return places


def configure(stream: Any, *, debug: bool) -> None:
    """Log what this library and its server say to a stream of text, as JSON."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("litellm_lite")
    logger.handlers[:] = [handler]
    logger.propagate = False
    logger.setLevel(logging.DEBUG if debug else logging.WARNING)
