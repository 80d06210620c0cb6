"""Requests and tokens a minute, per model, as the Llama API meters them. Pure: the clock is an argument.

The API documents four headers and neither a reset time nor Retry-After; so there are none here.
"""

from __future__ import annotations

from dataclasses import dataclass

from litellm_lite.emulator.catalogue import Model
from litellm_lite.emulator.settings import Settings

WINDOW_S = 60.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is allowed and left of it in this minute; `exceeded` names what ran out, empty when nothing did."""

    limit_requests: int
    limit_tokens: int
    remaining_requests: int
    remaining_tokens: int
    exceeded: str = ""

    def headers(self) -> dict[str, str]:
        """Return the four documented headers."""
        return {
            "x-ratelimit-limit-requests": str(self.limit_requests),
            "x-ratelimit-limit-tokens": str(self.limit_tokens),
            "x-ratelimit-remaining-requests": str(self.remaining_requests),
            "x-ratelimit-remaining-tokens": str(self.remaining_tokens),
        }


@dataclass(slots=True)
class _Window:
    began: float
    requests: int = 0
    tokens: int = 0


class Meter:
    """Counts what each model was used for, in windows of a minute that begin with their first request."""

    __slots__ = ("_settings", "_windows")

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._windows: dict[str, _Window] = {}

    def take(self, model: Model, tokens: int, now: float) -> Allowance:
        """Take one request of that many tokens out of the minute, or nothing when it exceeds what is left.

        `now` is in seconds, on any clock that only goes forward.
        """
        limits = self._limits(model)
        window = self._window(model, now)
        exceeded = ""
        if window.requests + 1 > limits[0]:
            exceeded = f"the limit of {limits[0]} requests per minute"
        elif window.tokens + tokens > limits[1]:
            exceeded = f"the limit of {limits[1]} tokens per minute"
        else:
            window.requests += 1
            window.tokens += tokens
        return Allowance(*limits, limits[0] - window.requests, limits[1] - window.tokens, exceeded)

    def _limits(self, model: Model) -> tuple[int, int]:
        requests, tokens = self._settings.requests_per_minute, self._settings.tokens_per_minute
        return (
            model.requests_per_minute if requests is None else requests,
            model.tokens_per_minute if tokens is None else tokens,
        )

    def _window(self, model: Model, now: float) -> _Window:
        window = self._windows.get(model.id)
        if window is None or now - window.began >= WINDOW_S:
            window = self._windows[model.id] = _Window(now)
        return window
