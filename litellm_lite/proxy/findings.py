"""All that was found wrong with a configuration, as it is told: by file and line, each place once, without secrets."""

from __future__ import annotations

from collections.abc import Iterable

from litellm_lite.proxy.flaws import Flaw, Path
from litellm_lite.proxy.reading import Raw
from litellm_lite.proxy.shape import Finding

_SHORTEST_SECRET = 4


class Findings:
    """What was found wrong; of what stands in one place only the first is kept."""

    def __init__(self, raw: Raw) -> None:
        self._raw = raw
        self.paths: set[Path] = set()
        self.found: list[Flaw] = list(raw.flaws)
        self._places = {(flaw.file, flaw.path) for flaw in raw.flaws if flaw.path}

    def add(self, findings: Iterable[Finding]) -> None:
        for path, what in findings:
            flaw = self._raw.places.flaw(path, self._without_secrets(what))
            self.paths.add(path)
            if not flaw.path or (flaw.file, flaw.path) not in self._places:
                self._places.add((flaw.file, flaw.path))
                self.found.append(flaw)

    def sorted(self) -> list[Flaw]:
        """Return them file by file, line by line."""
        files = list(dict.fromkeys(flaw.file for flaw in self.found))
        return sorted(self.found, key=lambda flaw: (files.index(flaw.file), flaw.line or 0))

    def _without_secrets(self, what: str) -> str:
        for secret in self._raw.secrets:
            if len(secret) >= _SHORTEST_SECRET:
                what = what.replace(secret, "…")
        return what
