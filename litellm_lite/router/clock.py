"""The Router's clock. It is an argument, so that tests and `doctor` can have one of their own."""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """Seconds that only go forward, however the clock of the machine is set; `speed` of them pass in a real one.

    All limits and waits of a Router are in its clock's seconds; `real_s` says how long that takes.
    """

    __slots__ = ("_latest", "_tick", "speed")

    def __init__(self, speed: float = 1.0, tick: Callable[[], float] = time.monotonic) -> None:
        self.speed, self._tick = speed, tick
        self._latest = 0.0

    def now(self) -> float:
        """Return the time. A source that jumps back stands still here until it has caught up."""
        now = self._tick() * self.speed
        if now > self._latest:  # noqa: PLR1730 - max() takes three times as long, and this is asked eight times a call
            self._latest = now
        return self._latest

    def real_s(self, seconds: float) -> float:
        """Return how long those seconds take."""
        return max(0.0, seconds) / self.speed

    def epoch_s(self) -> float:
        """Return the time of day, for headers that name one."""
        return time.time()
