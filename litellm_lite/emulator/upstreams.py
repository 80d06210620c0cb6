"""The places that are asked, and which fault each of them shows to its next request. Pure: the time is an argument."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Protocol

from litellm_lite.emulator.faults import Occasion, Spec, parse
from litellm_lite.emulator.limits import Meter
from litellm_lite.emulator.record import Record
from litellm_lite.emulator.settings import Fault, Settings, Spell

# Faults asked for by requests are remembered, the latest of them.
_MOST_ASKED = 1_000


class Playing:
    """A fault in play: how many requests have met it, and since when. A text is a named one.

    Raises ValueError for a name or a parameter that does not exist.
    """

    __slots__ = ("_first", "_number", "_what")

    def __init__(self, fault: Fault | Spec | str) -> None:
        self._what = parse(fault) if isinstance(fault, str) else fault
        self._number = 0
        self._first: float | None = None

    def meet(self, now: float, *, prefilled: bool) -> Fault:
        """Return what happens to the next request."""
        if isinstance(self._what, Fault):
            return self._what
        self._first = now if self._first is None else self._first
        occasion = Occasion(self._number, now - self._first, prefilled)
        self._number += 1
        return self._what.fault(occasion)


class Affliction:
    """Faults and when they hold, in seconds since the first request; of several, the first one is played."""

    __slots__ = ("_first", "_spells")

    def __init__(self, spells: Iterable[Fault | str | Spell]) -> None:
        whole = [spell if isinstance(spell, tuple) else Spell(spell) for spell in spells]
        self._spells = [(Playing(fault), from_s, until_s) for fault, from_s, until_s in whole]
        self._first: float | None = None

    def meet(self, now: float, *, prefilled: bool) -> Fault:
        """Return what happens to the next request."""
        self._first = now if self._first is None else self._first
        since = now - self._first
        for playing, from_s, until_s in self._spells:
            if from_s <= since < until_s:
                return playing.meet(now, prefilled=prefilled)
        return Fault()


class Illness(Protocol):
    """What decides the fault of the next request."""

    def meet(self, now: float, *, prefilled: bool) -> Fault: ...


class Lot:
    """An affliction for the first of several upstreams that is asked; the others have another one, each its own."""

    def __init__(self, spells: Iterable[Fault | str | Spell], others: Iterable[Fault | str | Spell] = ()) -> None:
        self.affliction = Affliction(spells)
        self.struck: Share | None = None
        self._others = tuple(others)

    def share(self) -> Share:
        """Return one upstream's part in it."""
        return Share(self, Affliction(self._others))


class Share:
    """One upstream's part in a lot."""

    __slots__ = ("_lot", "_otherwise")

    def __init__(self, lot: Lot, otherwise: Affliction) -> None:
        self._lot, self._otherwise = lot, otherwise

    def meet(self, now: float, *, prefilled: bool) -> Fault:
        """Return what happens to the next request."""
        if self._lot.struck is None:
            self._lot.struck = self
        affliction = self._lot.affliction if self._lot.struck is self else self._otherwise
        return affliction.meet(now, prefilled=prefilled)


class Upstream:
    """One place: its limits, its faults, and the record of what came to it.

    `affliction` may be set from any thread; None leaves what the settings schedule.
    """

    __slots__ = ("_asked", "_scheduled", "affliction", "meter", "record")

    def __init__(self, settings: Settings) -> None:
        self.meter = Meter(settings)
        self.record = Record()
        self.affliction: Illness | None = None
        self._scheduled = Affliction(settings.schedule)
        self._asked: OrderedDict[tuple[str, Spec], Playing] = OrderedDict()

    def fault(self, now: float, *, prefilled: bool) -> Fault:
        """Return what happens to a request that asks for nothing."""
        return (self.affliction or self._scheduled).meet(now, prefilled=prefilled)

    def asked(self, model: str, spec: Spec) -> Playing:
        """Return the fault that a request for a model asks to meet, with what it remembers of earlier ones."""
        playing = self._asked.setdefault((model, spec), Playing(spec))
        self._asked.move_to_end((model, spec))
        if len(self._asked) > _MOST_ASKED:
            self._asked.popitem(last=False)
        return playing
