"""A usage as the command line gives it, in options or in a file, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from litellm_lite.cli.given import read_json, shown
from litellm_lite.cli.show import UnusableError
from litellm_lite.cost import Cost, price_or_reason
from litellm_lite.cost.rates import served
from litellm_lite.registry.info import ModelInfo

# More is a slip, and no number that every reader of JSON takes.
_MOST = 10**15


@dataclass(frozen=True, slots=True)
class Tokens:
    """Counts given as options; cached and written tokens are part of the prompt, reasoning of the completion."""

    prompt: int | None = None
    completion: int | None = None
    cached: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None

    def __bool__(self) -> bool:
        return any(getattr(self, part.name) is not None for part in fields(self))

    def usage(self) -> dict[str, Any]:
        """Build a usage of OpenAI's shape. Raises UnusableError for parts without their whole."""
        if self.prompt is None and self.completion is None:
            raise UnusableError("a usage needs --prompt-tokens or --completion-tokens")
        if any((getattr(self, part.name) or 0) > _MOST for part in fields(self)):
            raise UnusableError(f"a usage has at most {_MOST:,} tokens of a kind")
        inside = {"cached_tokens": self.cached, "cache_write_tokens": self.cache_write}
        return {
            "prompt_tokens": self.prompt or 0,
            "completion_tokens": self.completion or 0,
            **_details("prompt_tokens_details", inside),
            **_details("completion_tokens_details", {"reasoning_tokens": self.reasoning}),
        }


@dataclass(frozen=True, slots=True)
class Used:
    """A usage to price, at which tier, and when; None is not told."""

    usage: dict[str, Any]
    service_tier: str | None = None
    at: datetime | None = None

    def when(self, now: datetime) -> datetime:
        """Return when the tokens were used; now, if nobody says."""
        return self.at or now

    def price(self, info: ModelInfo, now: datetime) -> Cost | str:
        """Price the usage, or say what is not known. Raises UnusableError when it contradicts itself."""
        at = self.when(now).timestamp()
        try:
            return price_or_reason(self.usage, info, service_tier=self.service_tier, at=at)
        except ValueError as error:
            raise UnusableError(str(error)) from error


def used(tokens: Tokens, source: str | None, service_tier: str | None, at: datetime | None = None) -> Used | None:
    """Take a usage from options or from a file; None when there is none. Raises UnusableError for both.

    An answer in the file tells its own tier and when it was created; `at` goes before that.
    """
    if source is None:
        return Used(tokens.usage(), service_tier, at) if tokens else None
    if tokens:
        raise UnusableError("give the usage in a file or in options, not both")
    given = read_json(source)
    usage = given.get("usage", given) if isinstance(given, dict) else None
    if not isinstance(usage, dict) or not any(name.endswith("_tokens") for name in usage):
        what = "an object with prompt_tokens and completion_tokens, or a whole answer"
        raise UnusableError(f"{shown(source)} holds no usage: {what}")
    return Used(usage, served(service_tier, given.get("service_tier")), at or _moment(given.get("created")))


def cost_or_reason(cost: Cost | str) -> dict[str, object]:
    """Give a cost as JSON has it: null, and beside it the reason, where it is not known."""
    if isinstance(cost, str):
        return {"cost": None, "unknown": cost}
    parts = {part.name: getattr(cost, part.name) for part in fields(cost)}
    return {"cost": {**parts, "breakdown": dict(cost.breakdown)}}


def _details(name: str, counts: Mapping[str, int | None]) -> dict[str, dict[str, int]]:
    given = {part: count for part, count in counts.items() if count is not None}
    return {name: given} if given else {}


def _moment(created: object) -> datetime | None:
    """Read the epoch seconds of an answer."""
    try:
        return datetime.fromtimestamp(float(str(created)), UTC) if created else None
    except (ValueError, OverflowError, OSError):
        return None
