"""What is wrong with a configuration: every flaw with its file, line and path, told together. Never a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from litellm_lite.errors import BadRequestError
from litellm_lite.router.checks import named

Path = tuple[str | int, ...]
"""The names and places that lead to a value."""


_NO_FILES: Mapping[str, str] = MappingProxyType({})


class Flaw(NamedTuple):
    """One thing that is wrong. `line` is None where no line of a file is to blame, `path` empty where no key is."""

    file: str
    line: int | None
    path: str
    what: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {self.path}: {self.what}" if self.path else f"{where}: {self.what}"


class ConfigError(BadRequestError):
    """A configuration that cannot be used: `flaws` are all that were found, and the message is a line for each.

    `files` are those that were read, or should have been, and their digests.
    """

    def __init__(self, flaws: Iterable[Flaw], files: Mapping[str, str] = _NO_FILES) -> None:
        self.flaws = tuple(flaws)
        self.files = files
        super().__init__("\n".join(map(str, self.flaws)))


def path_text(path: Path) -> str:
    """Return a path as messages show it: `model_list[0].litellm_params['a b']`."""
    text = ""
    for step in path:
        if isinstance(step, str) and step.isidentifier():
            text += f".{step}" if text else step
        elif not text and isinstance(step, str):
            text = named(step)
        else:
            text += f"[{named(step) if isinstance(step, str) else step}]"
    return text
