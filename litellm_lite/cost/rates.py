"""Rates: which price per token holds for a request, by the size of its prompt, its service tier and the hour.

Pure: reads one row of the registry and knows no usage, no clock and no provider. A price is found under LiteLLM's field
name, such as `input_cost_per_token_above_272k_tokens_flex`, or it is not known: another tier's price is no guess at it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, NamedTuple

from litellm_lite.params import shown
from litellm_lite.registry.rows import Row

# The kinds of tokens, as a cost's breakdown names them, and the field with the price of each.
FIELDS = {
    "prompt": "input_cost_per_token",
    "cached": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
    "cache_write_1h": "cache_creation_input_token_cost_above_1hr",
    "cache_write_12h": "cache_creation_input_token_cost_above_12hr",
    "audio_input": "input_cost_per_audio_token",
    "cached_audio": "cache_read_input_audio_token_cost",
    "image_input": "input_cost_per_image_token",
    "cached_image": "cache_read_input_image_token_cost",
    "video_input": "input_cost_per_video_token",
    "completion": "output_cost_per_token",
    "reasoning": "output_cost_per_reasoning_token",
    "audio_output": "output_cost_per_audio_token",
    "image_output": "output_cost_per_image_token",
    "video_output": "output_cost_per_video_token",
}

# What requests and answers call a service tier, and the suffix of its prices; the list's own have none. A tier that is
# not here (OpenAI's "scale") is capacity that was bought beforehand, or nothing this module has heard of.
SERVICE_TIERS: Mapping[str | None, str] = {
    **dict.fromkeys((None, "", "auto", "default", "standard"), ""),
    "on_demand": "",  # Groq's and Gemini's
    "standard_only": "",  # Anthropic's: never at priority
    **dict.fromkeys(("flex", "on_demand_flex"), "_flex"),
    **dict.fromkeys(("priority", "on_demand_priority"), "_priority"),
    **dict.fromkeys(("batch", "batches"), "_batches"),
    "ultrafast": "_ultrafast",
    "balanced": "_balanced",
    "decisions": "_decisions",
}

_SIZE = re.compile(r"_above_(\d+)k_tokens")
_PRICED = tuple(FIELDS.values())
_BILLED_LIKE = {"reasoning": "completion", "image_input": "prompt"}
_FRESH = {"cached": "prompt", "cached_audio": "audio_input", "cached_image": "image_input"}
_DAYS = "mon tue wed thu fri sat sun".split()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def served(asked: Any, told: Any = None) -> str | None:
    """Return the tier that is billed: what the answer tells, but for a batch, of which its answers know nothing."""
    tier = None if asked is None else str(asked).lower()
    return told.lower() if isinstance(told, str) and SERVICE_TIERS.get(tier) != "_batches" else tier


def rate_book(row: Row) -> RateBook:
    """Return the rates of a row. The last rows that were asked for are kept, with the tables worked out so far."""
    return _kept_book(_Same(row))


class Rates(dict[str, Decimal | None]):
    """US dollars per token by the kind of the token, each looked up when first asked for; None is not known."""

    __slots__ = ("_find",)

    def __init__(self, find: Callable[[str], Decimal | None]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, kind: str) -> Decimal | None:
        if kind not in FIELDS:
            return None
        rate = self[kind] = self._find(kind)
        return rate


class Possible(NamedTuple):
    """Rates that may hold, and the fewest and most tokens of a prompt that they hold for."""

    fewest: int
    most: int | None
    rates: Rates


class RateBook:
    """All the rates of one row; the table for a size, a service tier and an hour is worked out when first asked for."""

    __slots__ = ("_edges", "_flaw", "_off_peak", "_sections", "_tables")

    def __init__(self, row: Row) -> None:
        self._flaw = ""
        try:
            self._edges, self._sections = _tiered(row) if row.get("tiered_pricing") else _suffixed(row)
            self._off_peak = _OffPeak.of(row.get("off_peak_pricing"))
        except (TypeError, ValueError, LookupError, AttributeError) as error:  # a user's row may hold anything
            self._flaw = f"its tiered_pricing or off_peak_pricing cannot be read: {error!r}"
            self._edges, self._sections, self._off_peak = [], [_Section({}, "")], None
        self._tables: dict[tuple[int, str, bool], Rates] = {}

    def rates(self, prompt_tokens: int, service_tier: str | None = None, at: float | None = None) -> Rates | None:
        """Return the rates of a request; `at`, in epoch seconds, only matters where the price depends on the hour.

        None where nothing is known of the service tier, or where the hour matters and is not told.
        """
        service, cheap = SERVICE_TIERS.get(service_tier), False
        if service is None or (self._off_peak is not None and at is None):
            return None
        if self._off_peak is not None and at is not None:
            cheap = self._off_peak.holds(at)
        return self._table(bisect_left(self._edges, prompt_tokens), service, cheap)

    def possible(self, fewest: int, most: int | None, service_tier: str | None) -> Iterator[Possible]:
        """Yield what may hold for a prompt of `fewest` to `most` tokens; None is a prompt of any size."""
        service = SERVICE_TIERS.get(service_tier)
        if service is None:
            return
        first = bisect_left(self._edges, fewest)
        last = len(self._edges) if most is None else bisect_left(self._edges, most)
        for place in range(first, last + 1):
            low = fewest if place == first else self._edges[place - 1] + 1
            high = most if place == last else self._edges[place]
            for cheap in (False, True) if self._off_peak else (False,):
                yield Possible(low, high, self._table(place, service, cheap))

    def has(self, kind: str) -> bool:
        """Tell whether the list has a price of its own for a kind, for prompts of any size."""
        return any(section.rate(kind) is not None for section in self._sections)

    def unknown(self, kind: str, prompt_tokens: int, service_tier: str | None, at: float | None) -> str:
        """Say why the rate of a kind is not known."""
        if self._off_peak is not None and at is None:
            return "the price depends on the hour, and at= does not say when the answer came"
        off_peak = self._off_peak is not None and at is not None and self._off_peak.holds(at)
        return f"{self.missing(kind, prompt_tokens, service_tier)}{', for the hours off peak' if off_peak else ''}"

    def missing(self, kind: str, prompt_tokens: int, service_tier: str | None) -> str:
        """Name what would have to be known."""
        if self._flaw:
            return self._flaw
        if (service := SERVICE_TIERS.get(service_tier)) is None:
            return f"there are no prices for the service tier {service_tier!r}"
        if kind not in FIELDS:
            return f"there is no price for {kind}"
        while instead := self._instead(kind):
            kind = instead
        return f"there is no {FIELDS[kind]}{self._sections[bisect_left(self._edges, prompt_tokens)].suffix}{service}"

    def _table(self, place: int, service: str, cheap: bool) -> Rates:
        table = self._tables.get((place, service, cheap))
        if table is None:
            section = self._sections[place]
            if cheap and self._off_peak is not None:
                # Whether the cheaper hours hold for a long prompt or another service tier too, nobody says.
                section = _Section({} if place or service else self._off_peak.rates, "")
            table = self._tables[place, service, cheap] = Rates(partial(self._rate, section, service))
        return table

    def _rate(self, section: _Section, service: str, kind: str) -> Decimal | None:
        while (rate := section.rate(kind, service)) is None and (instead := self._instead(kind)):
            kind = instead
        return rate

    def _instead(self, kind: str) -> str:
        """Name the kind whose price holds for this one where it has none of its own; "" for none.

        Reasoning and images are billed like the rest, unless the list prices them apart. A model without any price for
        cached tokens bills them in full; one that has a price for them at list has one at every tier, known or not.
        """
        if (rest := _BILLED_LIKE.get(kind)) is not None:
            return "" if self._apart(kind, rest) else rest
        if kind not in _FRESH or self.has(kind):
            return ""
        if kind == "cached_image" and not self._apart("image_input", "prompt"):
            return "cached"
        return "" if self.has("cached") else _FRESH[kind]

    def _apart(self, kind: str, rest: str) -> bool:
        return any(section.rate(kind) not in (None, section.rate(rest)) for section in self._sections)


class _Section(NamedTuple):
    """Where the prices for some sizes of prompts stand: in which mapping, under names with which suffix."""

    prices: Mapping[str, Any]
    suffix: str

    def rate(self, kind: str, service: str = "") -> Decimal | None:
        price = self.prices.get(FIELDS[kind] + self.suffix + service)
        return Decimal(price) if type(price) is int else price


def _suffixed(row: Row) -> tuple[list[int], list[_Section]]:
    """Find the largest prompts of all sections but the last, and the sections; each name tells where its own begins."""
    sizes = {
        int(size) for name in row if "_above_" in name and name.startswith(_PRICED) for size in _SIZE.findall(name)
    }
    edges: list[int] = [size * 1000 for size in sorted(sizes)]
    return _with_thresholds(row, edges), [
        _Section(row, ""),
        *(_Section(row, f"_above_{size}k_tokens") for size in sorted(sizes)),
    ]


def _tiered(row: Row) -> tuple[list[int], list[_Section]]:
    """The same for a list of ranges, which are larger than `low` and up to `high`; what is in none has no price."""
    edges: list[int] = []
    sections: list[_Section] = []
    reached: int | None = 0
    for tier in sorted(row["tiered_pricing"], key=lambda tier: int(tier["range"][0])):
        low, high = tier["range"]
        if reached is None or low < reached:
            raise ValueError("the ranges of prompts overlap")
        if low > reached:
            edges.append(int(low))
            sections.append(_Section({}, ""))
        sections.append(_Section(tier, ""))
        reached = None if high is None else int(high)
        edges += [] if reached is None else [reached]
    return _with_thresholds(row, edges), sections if reached is None else [*sections, _Section({}, "")]


def _with_thresholds(row: Row, edges: list[int]) -> list[int]:
    """Let a section begin at its threshold where the vendor does; elsewhere it begins one token above it."""
    return [edge - 1 for edge in edges] if row.get("tier_includes_threshold") else edges


class _OffPeak(NamedTuple):
    """The hours at which a model is cheaper, and its rates then."""

    windows: tuple[tuple[int, int, frozenset[int]], ...]
    """From and to, in seconds of the day in UTC, and the days of the week it holds on, Monday being 1."""
    calendar: tzinfo
    """Whose days of the week those are."""
    rates: Mapping[str, Any]

    @classmethod
    def of(cls, block: Any) -> _OffPeak | None:
        if block is None:
            return None
        rules = [*(block.get("windows") or ()), *([block] if block.get("hours_utc") else ())]
        windows = [
            (*_hours(hours), _weekdays(rule.get("weekdays"))) for rule in rules for hours in _listed(rule["hours_utc"])
        ]
        return cls(tuple(windows), _calendar(block.get("weekday_timezone")), block)

    def holds(self, at: float) -> bool:
        try:
            moment = _EPOCH + timedelta(seconds=at)
            day = moment.astimezone(self.calendar).isoweekday()
        except (OverflowError, TypeError, ValueError):
            raise ValueError(f"at must be a time in epoch seconds, not {shown(at)}") from None
        second = moment.hour * 3600 + moment.minute * 60 + moment.second
        return any(
            day in days and (start <= second < end if start < end else second >= start or second < end)
            for start, end, days in self.windows
        )


def _calendar(zone: str | None) -> tzinfo:
    if not zone:
        return UTC
    from zoneinfo import ZoneInfo

    return ZoneInfo(zone)


def _listed(hours: Any) -> Iterable[str]:
    return [hours] if isinstance(hours, str) else hours


def _hours(text: str) -> tuple[int, int]:
    """Read "16:30-00:30"; it may pass midnight, and two equal times are the whole day."""
    start, end = ([int(number) for number in time.split(":")] for time in text.split("-"))
    return start[0] * 3600 + start[1] * 60, end[0] * 3600 + end[1] * 60


def _weekdays(days: Any) -> frozenset[int]:
    if days is None:
        return frozenset(range(1, 8))
    return frozenset(_DAYS.index(day[:3].lower()) + 1 if isinstance(day, str) else int(day) for day in days)


class _Same:
    """A row as the key of a cache: the same object, not an equal one."""

    __slots__ = ("row",)

    def __init__(self, row: Row) -> None:
        self.row = row

    def __hash__(self) -> int:
        return id(self.row)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.row is other.row


@lru_cache(maxsize=512)
def _kept_book(same: _Same) -> RateBook:
    return RateBook(same.row)
