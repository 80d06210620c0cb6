"""A configuration that changes while the gateway runs: what is good is taken over, what is bad changes nothing.

`Reload` decides; `watch` tells it when a file has changed, and is told so by the system.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from litellm_lite.errors import APIError
from litellm_lite.proxy.config import GatewayConfig, Variables
from litellm_lite.proxy.flaws import ConfigError

_log = logging.getLogger(__name__)

_QUIET_MS = 50
"""For how long nothing more must happen before a change is looked at."""
_LONGEST_MS = 500
_MOST_LINKS = 40


class Reload:
    """Holds the configuration that counts.

    `read` reads it anew, or raises; `apply` gets each that is good, and may raise APIError for one that it cannot use.
    What a configuration sets in the environment is there when either is called.
    """

    def __init__(self, read: Callable[[], GatewayConfig], apply: Callable[[GatewayConfig], None]) -> None:
        self._read, self._apply = read, apply
        self._variables = Variables()
        self._current: GatewayConfig | None = None
        self.files: Mapping[str, str] = {}
        """All that were read the last time, also where they were no good, and their digests."""

    @property
    def config(self) -> GatewayConfig:
        """The configuration that counts."""
        assert self._current is not None, "begin() comes first"  # noqa: S101 - the order of two calls
        return self._current

    def begin(self) -> GatewayConfig:
        """Read it for the first time and hand it over. Raises ConfigError with every flaw."""
        self._take(self._read())
        return self.config

    def again(self) -> bool:
        """Read it anew, and hand it over if it is good; else log every flaw and keep what there is.

        To be called on the event loop's own thread: between two calls of a client, not in the midst of one.
        """
        before = self.config
        self._variables.put({})
        try:
            self._take(self._read())
        except APIError as error:
            self._variables.put(before.environment_variables)
            self._tell(error)
            return False
        _log.info("the configuration was read anew: %s", self.config.source)
        return True

    def stale(self) -> bool:
        """Tell whether a file is another than the one that was read."""
        return any(_digest(file) != digest for file, digest in self.files.items())

    def _take(self, config: GatewayConfig) -> None:
        self.files = config.files
        self._variables.put(config.environment_variables)
        self._apply(config)
        self._current = config

    def _tell(self, error: APIError) -> None:
        flaws: Sequence[object] = (error,)
        if isinstance(error, ConfigError):
            self.files, flaws = error.files, error.flaws
        for flaw in flaws:
            _log.error("the changed configuration is not used: %s", flaw)


def _digest(file: str) -> str:
    try:
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()
    except (OSError, ValueError):
        return ""


class End:
    """Says when to stop watching: when everything ends, or these folders are no longer the right ones."""

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop
        self._over = False

    def set(self) -> None:
        self._over = True

    def is_set(self) -> bool:
        return self._over or self._stop.is_set()


def changes_in(folders: Iterable[str], end: End) -> AsyncGenerator[object, None]:
    """Yield whenever something happened in these folders, and a moment of quiet after it, until the end."""
    from watchfiles import awatch

    told: Any = end  # it asks for no more of an event than to be set
    return awatch(*folders, watch_filter=None, debounce=_LONGEST_MS, step=_QUIET_MS, stop_event=told, recursive=False)


async def watch(reload: Reload, stop: asyncio.Event) -> None:
    """Have the configuration read anew whenever one of its files is another, until told to stop.

    Folders are watched, for an editor puts a new file in the place of the old one, and Kubernetes a whole folder,
    behind a link.
    """
    while reload.files and not stop.is_set():
        await _until_elsewhere(reload, stop)


async def _until_elsewhere(reload: Reload, stop: asyncio.Event) -> None:
    """Watch the folders in which the files are now, until they are in others."""
    folders, end = folders_of(reload.files), End(stop)
    moments = changes_in(dict(folders), end)
    moment = asyncio.ensure_future(anext(moments, None))
    try:
        await asyncio.sleep(0)  # from here on nothing is missed; what happened before is looked at at once
        while True:
            if reload.stale():
                reload.again()
            if folders_of(reload.files) != folders or await moment is None:
                return
            moment = asyncio.ensure_future(anext(moments, None))
    finally:
        end.set()
        await asyncio.gather(moment, return_exceptions=True)
        await moments.aclose()


def folders_of(files: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """Return the folders in which something changes when a file becomes another, and which those are on the disk."""
    folders = {_existing(folder) for file in files for folder in _on_the_way(file)}
    return tuple(sorted((str(folder), folder.stat().st_ino) for folder in folders))


def _on_the_way(file: str) -> Iterator[Path]:
    """Yield the folder of a file, and those of all links that lead to it."""
    todo = [Path.cwd() / file]
    for _ in range(_MOST_LINKS):
        if not todo:
            return
        path = todo.pop()
        yield path.parent
        for each in (path, *path.parents):
            if each.is_symlink():
                yield each.parent
                todo.append(Path(os.path.normpath(each.parent / each.readlink() / path.relative_to(each))))


def _existing(folder: Path) -> Path:
    return next(each for each in (folder, *folder.parents) if each.is_dir())
