"""From a value of the configuration to the file and the line where it stands, and from an error to the value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from litellm_lite.proxy.flaws import Flaw, Path, path_text
from litellm_lite.proxy.yaml_files import File, child

_NOT_THERE = re.compile(r"\.[A-Za-z_]\w*")
_ENDS = " .[:"


class Places:
    """Where everything of a configuration stands, though several files may have made it."""

    def __init__(self, name: str, files: Sequence[File] = ()) -> None:
        self._name = name
        self._roots = [(file.name, file.node) for file in files]

    def flaw(self, path: Path, what: str) -> Flaw:
        """Return the flaw of what a path leads to, or of what should stand there."""
        line: int | None = None
        held: list[_Held] = [(name, node, ()) for name, node in self._roots]
        at = 0
        for at, step in enumerate(path):  # noqa: B007 - how far it came is asked for below
            deeper = list(_deeper(held, step))
            if not deeper:
                break
            line = deeper[0][0]
            held = [each for _, each in deeper]
        else:
            at = len(path)
        name, _, there = held[0] if held else (self._name, None, ())
        return Flaw(name, line, path_text((*there, *path[at:])), what)


_Held = tuple[str, Any, Path]
"""A file, what stands in it, and the path to that in the file."""


def _deeper(held: Sequence[_Held], step: str | int) -> Iterator[tuple[int, _Held]]:
    """Yield with its line what stands one step deeper in each file; the lists of several files are one."""
    before = 0
    for name, node, path in held:
        inner = step if isinstance(step, str) else step - before
        if isinstance(node, yaml.SequenceNode):
            before += len(node.value)
        if not (isinstance(inner, int) and inner < 0) and (found := child(node, inner)) is not None:
            yield found[1], (name, found[0], (*path, inner))


def located(message: str, whole: Mapping[str, Any]) -> tuple[Path, Path, str] | None:
    """Return where in a tree the path leads that a message begins with; None where it begins with none.

    Also how the path goes on where nothing is there, and the rest of the message.
    """
    path: list[str | int] = []
    node: Any = whole
    at = 0
    while (step := _step(message, at, node, first=not path)) is not None:
        name, at = step
        path.append(name)
        node = node[name]
    if not path:
        return None
    beyond: list[str | int] = []
    while (found := _NOT_THERE.match(message, at)) is not None:
        beyond.append(found[0][1:])
        at = found.end()
    return tuple(path), tuple(beyond), message[at:].lstrip(": ")


def _step(message: str, at: int, node: Any, *, first: bool) -> tuple[str | int, int] | None:
    """Return the name or place that a message goes on with, and where that ends; the longest where several do."""
    names: Sequence[str | int] = ()
    if isinstance(node, Mapping):
        names = [name for name in node if isinstance(name, str)]
    elif isinstance(node, list):
        names = range(len(node))
    ends = (
        (name, at + len(text)) for name in names for text in _spelt(name, first=first) if _goes_on(message, at, text)
    )
    return max(ends, key=lambda pair: pair[1], default=None)


def _spelt(name: str | int, *, first: bool) -> tuple[str, ...]:
    if isinstance(name, int):
        return (f"[{name}]",)
    return (name,) if first else (f".{name}", f"[{name!r}]")


def _goes_on(message: str, at: int, text: str) -> bool:
    return message.startswith(text, at) and message[at + len(text) : at + len(text) + 1] in _ENDS
