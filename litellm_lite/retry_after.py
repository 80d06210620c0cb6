"""When may the caller come back? Reads every spelling vendors use. Pure: the time of arrival is an argument.

Order, first match wins: `retry-after-ms`; `retry-after` (seconds or an HTTP date); Google's `retryDelay`;
`x-ratelimit-reset-*` and its cousins (`1h2m3.5s`, seconds, epoch seconds or milliseconds, RFC 3339).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|d|h|m|s)")
_UNIT_S = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_EPOCH_S = 1e9  # a plain number above this is a date, not a delay: 2001-09-09
_EPOCH_MS = 1e12
_LONGEST_SPELLING = 64  # no date or duration is longer, and hostile ones cost time


def seconds_until_retry(headers: Mapping[str, str], received_at: float, body: object = None) -> float | None:
    """Return the wait the vendor asked for in seconds, at least 0, or None when it named none.

    `headers` has lower-case names, `received_at` is epoch seconds, `body` the decoded error body.
    """
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return max(0.0, milliseconds / 1000)
    if (value := headers.get("retry-after")) is not None and (wait := seconds_until(value, received_at)) is not None:
        return wait
    if (delay := _google_delay(body)) is not None:
        return delay
    return _reset(headers, received_at)


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def seconds_until(text: str, received_at: float) -> float | None:
    """Read a delay or a date as seconds from `received_at`; None when the text is neither."""
    text = text.strip()
    if len(text) > _LONGEST_SPELLING:
        return None
    if not text[-1:].isalpha() and (number := _number(text)) is not None:
        if number >= _EPOCH_MS:
            number = number / 1000 - received_at
        elif number >= _EPOCH_S:
            number -= received_at
        return max(0.0, number)
    if (duration := _duration(text)) is not None:
        return duration
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            date = parse(text)
            zoned = date if date.tzinfo else date.replace(tzinfo=UTC)
            return max(0.0, zoned.timestamp() - received_at)
        except (ValueError, OverflowError):
            continue
    return None


def _duration(text: str) -> float | None:
    """Read `6m0s`, `20ms`, `1h2m3.5s`; None when the text is anything else."""
    if not text or len(text) > _LONGEST_SPELLING:
        return None
    if (one := _DURATION.fullmatch(text)) is not None:
        return float(one[1]) * _UNIT_S[one[2]]
    if _DURATION.sub("", text):
        return None
    return sum(float(amount) * _UNIT_S[unit] for amount, unit in _DURATION.findall(text))


def _google_delay(body: object) -> float | None:
    """Find `error.details[].retryDelay` (google.rpc.RetryInfo), also in a one-element list."""
    if isinstance(body, list) and body:
        body = body[0]
    error = body.get("error") if isinstance(body, dict) else None
    details: Any = error.get("details") if isinstance(error, dict) else None
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict) and isinstance(delay := detail.get("retryDelay"), str):
            return _duration(delay)
    return None


def _reset(headers: Mapping[str, str], received_at: float) -> float | None:
    """Return the longest wait among the limits that are used up, or among all when none says it is."""
    resets = {name: value for name, value in headers.items() if "ratelimit" in name and "reset" in name}
    spent = [name for name in resets if headers.get(name.replace("reset", "remaining")) == "0"]
    return _longest((resets[name] for name in spent or resets), received_at)


def _longest(values: Iterable[str], received_at: float) -> float | None:
    waits = [wait for value in values if (wait := seconds_until(value, received_at)) is not None]
    return max(waits, default=None)
