"""The gateway's log: JSON, one line a request, without prompts, answers and keys, and what may quote one.

Lines are collected and written together (`journal`), so that no request waits for the terminal.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from litellm_lite.proxy.telling import Record
    from litellm_lite.router.trace import AttemptRecord

_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE


class RequestLog:
    """Writes a line for each request that is over."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._lines: list[bytes] = []

    def note(self, record: Record) -> None:
        """Take a request that is over."""
        self._lines.append(orjson.dumps(line(record), option=_OPTIONS, default=str))

    def flush(self) -> None:
        """Write what was collected."""
        lines, self._lines = self._lines, []
        if lines:
            self._stream.write(b"".join(lines))
            self._stream.flush()


def line(record: Record) -> dict[str, Any]:
    """Return what is logged of a request that is over."""
    exchange, trace = record.exchange, record.trace
    elapsed_ms = exchange.elapsed_ms
    cut = record.error is not None and exchange.status < 400
    told: dict[str, Any] = {
        "time": datetime.fromtimestamp(exchange.ended_at, UTC),
        "level": "error" if cut or exchange.status >= 500 else "info",
        "event": "request",
        "call_id": exchange.call_id,
        "route": record.route,
        "status": exchange.status,
        "model": record.asked,
        "stream": record.stream,
        "duration_ms": round(elapsed_ms, 3),
    }
    if (client := exchange.scope.get("client")) is not None:
        told["client"] = client[0]
    if record.plan is not None:
        told["provider"] = record.plan.call.target.provider
        told["overhead_ms"] = round(max(0.0, elapsed_ms - record.upstream_ms), 3)
    if record.first_ms is not None:
        told["first_token_ms"] = round(record.first_ms, 3)
    if record.prompt_tokens is not None:
        told["prompt_tokens"] = record.prompt_tokens
    if record.completion_tokens is not None:
        told["completion_tokens"] = record.completion_tokens
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
