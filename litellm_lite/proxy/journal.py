"""Where requests that are over are entered: into the metrics and the log, many at a time.

Code that runs once a request and then makes room for all the rest is slow each time. Entered together, a request takes
half the time; and its client has its answer already.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from litellm_lite.proxy.log import RequestLog
    from litellm_lite.proxy.metrics import Metrics
    from litellm_lite.proxy.telling import Record

_TOGETHER = 32
_ENTER_S = 0.05


class Journal:
    """Enters requests into metrics and log. For one event loop."""

    def __init__(self, metrics: Metrics, log: RequestLog) -> None:
        self._metrics, self._log = metrics, log
        self._records: list[Record] = []
        self._timer: asyncio.TimerHandle | None = None

    def note(self, record: Record) -> None:
        """Take a request that is over."""
        self._records.append(record)
        if len(self._records) >= _TOGETHER:
            self.enter()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_ENTER_S, self._on_time)

    def enter(self) -> None:
        """Enter what was taken."""
        records, self._records = self._records, []
        for record in records:
            self._metrics.note(record)
            self._log.note(record)

    def _on_time(self) -> None:
        self._timer = None
        self.enter()
        self._log.flush()

    def close(self) -> None:
        """Enter what was taken, and write it."""
        if self._timer is not None:
            self._timer.cancel()
        self.enter()
        self._log.flush()
