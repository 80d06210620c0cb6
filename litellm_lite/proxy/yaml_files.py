"""YAML files and those they include, read with care: what each holds, and where in it everything stands.

A message names the file and the line, and never what stands there, for it may be a secret.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from litellm_lite.errors import BadRequestError
from litellm_lite.params import shown
from litellm_lite.proxy.flaws import Flaw
from litellm_lite.router.checks import named

_DEEPEST = 100
_UNDER_WAY = (0, 0)
_MOST_VALUES = 2_000_000
# libyaml's parser where it is there: ten times as fast.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What PyYAML lets through from its readers of dates, numbers and booleans.
_UNREADABLE = (AttributeError, LookupError, OverflowError, ValueError)
# What PyYAML quotes may be a piece of a secret, unless it is a mark of YAML's own.
_QUOTED = re.compile(r"""(['"])(?!(?:[^\w\s]{1,2}|<[a-z ]+>)\1).*\1""", re.DOTALL)


class File(NamedTuple):
    """One file as it was read; `name` is how messages call it, `node` what its sections were made from."""

    name: str
    path: Path
    sections: dict[str, Any]
    node: Any


class Reading:
    """Reads a file and those it includes, which stand beside it unless they say otherwise.

    `files` are those that could be read, `read` all that were asked for with their digests, `flaws` what is wrong.
    `whole` is False where one of them could not be read.
    """

    def __init__(self, name: str) -> None:
        self.files: list[File] = []
        self.read: dict[str, str] = {}
        self.flaws: list[Flaw] = []
        self.whole = True
        self._read(Path(name), name, ())

    def _read(self, path: Path, name: str, above: tuple[Path, ...], blame: Flaw | None = None) -> None:
        """Read one file; `blame` is what to say where there is none."""
        self.read[str(path)] = ""
        try:
            content = path.read_bytes()
            itself = path.resolve()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            self.whole = False
            blame = blame or Flaw(name, None, "", "")
            self.flaws.append(blame._replace(what=f"cannot read {named(name)}: {reason}"))
            return
        self.read[str(path)] = hashlib.sha256(content).hexdigest()
        if blame is not None and itself in above:
            self.flaws.append(blame._replace(what=f"includes {named(name)} in itself"))
            return
        try:
            whole, node, flaws = parsed(name, content)
        except UnparsedError as error:
            self.whole = False
            self.flaws.append(error.flaw)
            return
        self.flaws += flaws
        file = File(name, path, self._sections(name, whole, node), node)
        self.files.append(file)
        self._include(file, (*above, itself))

    def _include(self, file: File, here: tuple[Path, ...]) -> None:
        given = file.sections.get("include", [])
        parts = [given] if isinstance(given, str) else given
        if not isinstance(parts, list):
            blame = Flaw(
                file.name, line_of(file.node, ("include",)), "include", f"must be a list of texts, not {shown(parts)}"
            )
            self.flaws.append(blame)
            return
        for place, each in enumerate(parts):
            blame = Flaw(file.name, line_of(file.node, ("include", place)), f"include[{place}]", "must be a text")
            if isinstance(each, str) and each.strip():
                self._read(file.path.parent / each, each, here, blame)
            else:
                self.flaws.append(blame)

    def _sections(self, name: str, whole: Any, node: Any) -> dict[str, Any]:
        if whole is None:
            return {}
        if not isinstance(whole, dict):
            what = f"a configuration has sections, such as model_list:, and this is a {type(whole).__name__}"
            self.flaws.append(Flaw(name, node.start_mark.line + 1, "", what))
            return {}
        for key in whole:
            if not isinstance(key, str):
                what = f"must have texts as names, not {shown(key)}"
                self.flaws.append(Flaw(name, node.start_mark.line + 1, "", what))
        return {key: value for key, value in whole.items() if isinstance(key, str) and value is not None}


class UnparsedError(BadRequestError):
    """What is no YAML, or more of it than anybody means."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(str(flaw))
        self.flaw = flaw


def parsed(name: str, content: bytes, make_loader: Any = _LOADER) -> tuple[Any, Any, list[Flaw]]:
    """Return what a YAML file holds, the node that it was made from, and the keys that are there twice.

    Raises UnparsedError.
    """
    try:
        _check_depth(name, content, make_loader)
        loader = make_loader(content)
        try:
            node = loader.get_single_node()
            if node is None:
                return None, None, []
            walk = _Walk(name)
            walk.measure(node)
            return loader.construct_document(node), node, walk.flaws
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise _unparsed(name, mark, _problem(error)) from None
    except _UNREADABLE:
        what = "it holds something that looks like a date or a number and is none; put it into quotes"
        raise _unparsed(name, None, what) from None


def line_of(node: Any, path: Iterable[str | int]) -> int | None:
    """Return the line in which that stands which a path leads to, or the last of its steps that is there."""
    line = None
    for step in path:
        if (found := child(node, step)) is None:
            break
        node, line = found
    return line


def child(node: Any, step: str | int) -> tuple[Any, int] | None:
    """Return what stands in a node under a name or at a place, and the line; None where nothing does.

    To be called after the document was made, for that puts in the place of `<<` what it stands for.
    """
    if isinstance(node, yaml.MappingNode):
        for key, value in reversed(node.value):  # the last one counts
            if isinstance(key, yaml.ScalarNode) and key.value == str(step):
                return value, key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step].start_mark.line + 1
    return None


def _check_depth(name: str, content: bytes, make_loader: Any) -> None:
    """Raise UnparsedError for what is nested so deeply that libyaml would end the process over it."""
    depth = 0
    for event in yaml.parse(content, make_loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise _unparsed(name, event.start_mark, "it is nested too deeply")


class _Walk:
    """Goes once over what was parsed, before aliases are followed: they may multiply, or lead in a circle.

    `flaws` are the keys that are there twice.
    """

    def __init__(self, name: str) -> None:
        self.flaws: list[Flaw] = []
        self._name = name
        self._known: dict[int, tuple[int, int]] = {}

    def measure(self, node: Any) -> tuple[int, int]:
        """Return how many values a node stands for, and how deep they are nested. Raises UnparsedError for too many."""
        if isinstance(node, yaml.ScalarNode):
            return 1, 0
        if (known := self._known.get(id(node))) is not None:
            if known == _UNDER_WAY:
                raise _unparsed(self._name, node.start_mark, "it contains itself")
            return known
        self._known[id(node)] = _UNDER_WAY
        parts: Iterable[Any] = node.value
        if isinstance(node, yaml.MappingNode):
            self._check_keys(key for key, _ in node.value)
            parts = (part for pair in node.value for part in pair)
        measured = [self.measure(part) for part in parts]
        size, height = 1 + sum(size for size, _ in measured), 1 + max((height for _, height in measured), default=0)
        if size > _MOST_VALUES:
            raise _unparsed(self._name, node.start_mark, f"its aliases stand for more than {_MOST_VALUES:,} values")
        if height > _DEEPEST:
            raise _unparsed(self._name, node.start_mark, "it is nested too deeply")
        self._known[id(node)] = size, height
        return size, height

    def _check_keys(self, keys: Iterable[Any]) -> None:
        seen: dict[tuple[str, Any], Any] = {}
        for key in keys:
            if isinstance(key, yaml.ScalarNode) and seen.setdefault((key.tag, key.value), key) is not key:
                first = seen[key.tag, key.value].start_mark.line + 1
                what = f"{named(key.value)} stands there twice, first in line {first}"
                self.flaws.append(Flaw(self._name, key.start_mark.line + 1, "", what))


def _unparsed(name: str, mark: Any, what: str) -> UnparsedError:
    return UnparsedError(Flaw(name, None if mark is None else mark.line + 1, "", what))


def _problem(error: yaml.YAMLError) -> str:
    """Say what PyYAML says, without what it quotes."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return "it is no UTF-8 text, or has a character in it that YAML does not allow"
    said = " ".join(part for part in (error.context, error.problem) if part)
    return f"{_QUOTED.sub('…', said)}; put values with special characters into quotes"
