"""What several workers have counted, added up: each writes what it has into a folder, and whoever is asked reads all.

A worker that has ended leaves its counts there. The folder belongs to the process that started the workers.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from litellm_lite.proxy.metrics import Metrics, merged

logger = logging.getLogger(__name__)

Snapshot = dict[str, Any]
Reports = Iterable[Mapping[str, Any]]

EVERY_S = 1.0
_ENDING = ".json"


class Shared:
    """The counts of one worker, and those of the others. Without a folder there are no others.

    `enter` counts what is over and not counted yet. `in_flight` and `reports` tell of the moment: how many requests
    are under way, and how the deployments stand.
    """

    def __init__(
        self,
        metrics: Metrics,
        folder: str | None,
        *,
        enter: Callable[[], None] = lambda: None,
        in_flight: Callable[[], int],
        reports: Callable[[], Reports],
        epoch_s: Callable[[], float] = time.time,
    ) -> None:
        self._metrics, self._enter, self._epoch_s = metrics, enter, epoch_s
        self._in_flight, self._reports = in_flight, reports
        # A worker may get the process id of one that has ended.
        self._file = None if folder is None else Path(folder, f"{os.getpid()}-{os.urandom(4).hex()}{_ENDING}")
        self._written = (0, 0)

    def look(self) -> None:
        """Bring what is counted elsewhere up to date."""
        self._enter()
        self._metrics.in_flight = self._in_flight()
        self._metrics.look_at(self._reports(), self._epoch_s())

    def total(self) -> Metrics:
        """Return what was counted by all workers."""
        self.look()
        return merged([self._metrics.snapshot(), *self._others()], self._epoch_s())

    async def keep_up(self, stop: asyncio.Event) -> None:
        """Write what is new, about once a second, until told to stop."""
        while self._file is not None and not stop.is_set():
            try:
                await asyncio.wait_for(stop.wait(), EVERY_S)
            except TimeoutError:
                self.write()

    def write(self) -> None:
        """Write what was counted, if there is something new: whole, or not at all."""
        self._enter()
        now = self._metrics.changes, self._in_flight()
        if self._file is None or now == self._written:
            return
        self.look()
        unfinished = self._file.with_suffix(".part")
        try:
            unfinished.write_bytes(orjson.dumps(self._metrics.snapshot()))
            unfinished.replace(self._file)
        except OSError as error:  # a full disk stops no request
            logger.warning("the counts for /metrics could not be written: %s", error.strerror)
        else:
            self._written = now

    def _others(self) -> Iterator[Snapshot]:
        if self._file is None:
            return
        for file in self._file.parent.glob(f"*{_ENDING}"):
            if file != self._file:
                snapshot = orjson.loads(file.read_bytes())
                if not _lives(int(file.name.partition("-")[0])):
                    snapshot["in_flight"] = 0  # they ended with it
                yield snapshot


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError:  # it is gone, or its number is somebody else's by now
        return False
    return True
