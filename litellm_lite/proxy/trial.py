"""The configuration held against the Router, before a call is made: keys, providers, parameters, fallbacks, cycles.

The Router stops at the first thing that is wrong. Here that is taken out, and it is asked again, until nothing is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from litellm_lite.errors import APIError
from litellm_lite.proxy.flaws import Path
from litellm_lite.proxy.places import located
from litellm_lite.proxy.shape import Finding
from litellm_lite.router import Router, model_list, settings, strategies
from litellm_lite.router.entry import DEFAULTS

_LIST = "model_list"
_MOST = 50
"""After so many flaws in one place nobody reads on."""
_STAND_INS = {"api_key": "stand-in", "api_base": "http://127.0.0.1:9/v1"}
"""What is put where something is missing, so that what else is wrong comes to light."""


class _Tree:
    """What the Router is told: a model list and keywords, and what was taken out of them."""

    def __init__(self, whole: Mapping[str, Any]) -> None:
        self._whole = whole
        self._gone: set[Path] = set()
        self._put: dict[Path, dict[str, Any]] = {}

    def now(self) -> dict[str, Any]:
        found: dict[str, Any] = self._copy((), self._whole)
        return found

    def take_out(self, path: Path) -> None:
        self._gone.add(path)

    def put(self, path: Path, name: str, value: Any) -> None:
        self._put.setdefault(path, {})[name] = value

    def alone(self, place: int) -> _Tree:
        """Return a tree with nothing but an entry of the model list, and the defaults, as they are now."""
        kept = self._copy((_LIST, place), self._whole[_LIST][place])
        gone = (_LIST, place) in self._gone
        now = self._copy((DEFAULTS,), self._whole.get(DEFAULTS))
        return _Tree({_LIST: [] if gone else [kept], DEFAULTS: None if (DEFAULTS,) in self._gone else now})

    def path(self, path: Path) -> Path:
        """Return a path of the tree as it is now as one of the whole tree."""
        whole: Path = ()
        node: Any = self._whole
        for step in path:
            at: Any = step
            if isinstance(node, list) and isinstance(step, int):
                at = [place for place in range(len(node)) if (*whole, place) not in self._gone][step]
            whole = (*whole, at)
            node = node[at] if isinstance(node, list) or at in node else None
        return whole

    def _copy(self, path: Path, value: Any) -> Any:
        if isinstance(value, dict):
            kept = {
                name: self._copy((*path, name), each) for name, each in value.items() if (*path, name) not in self._gone
            }
            return {**kept, **self._put.get(path, {})}
        if isinstance(value, list):
            return [self._copy((*path, at), each) for at, each in enumerate(value) if (*path, at) not in self._gone]
        return value


def tried(entries: Sequence[Any], keywords: Mapping[str, Any], broken: Iterable[Path] = ()) -> list[Finding]:
    """Return what a Router would find wrong, with paths in `{"model_list": entries, **keywords}`.

    `broken` are paths there of which something is known already: the Router does not get to see them.
    """
    tree = _Tree({_LIST: list(entries), **keywords})
    for path in broken:
        tree.take_out(path)
    names = (entry.get("model_name") for entry in entries if isinstance(entry, dict))
    groups = dict.fromkeys(name for name in names if isinstance(name, str) and name.strip())
    found = _asked(tree, _ask_defaults)
    if not _lenient(tree.now()):
        for place in range(len(entries)):
            found += _entry_tried(tree, place)
    found += _asked(tree, lambda now: _ask_settings(now, groups))
    return list(dict.fromkeys(found or _asked(tree, _ask_all)))


def _entry_tried(tree: _Tree, place: int) -> list[Finding]:
    """Return what is wrong with one entry, and take it out of the tree if anything is."""
    own = tree.alone(place)
    found: list[Finding] = []
    for path, what in _asked(own, _ask_entries):
        if path[:1] == (DEFAULTS,):
            tree.take_out(path)
            found.append((path, what))
        else:
            found.append(((_LIST, place, *path[2:]), what))
    if any(path[:1] == (_LIST,) for path, _ in found):
        tree.take_out((_LIST, place))
    return found


def _lenient(now: Mapping[str, Any]) -> bool:
    """Tell whether entries that are wrong shall be left out with a warning; what is no flag, the Router reports."""
    return str(now.get("ignore_invalid_deployments")).lower() == "true"


def _ask_defaults(now: dict[str, Any]) -> None:
    model_list.read([], default_params=now.get(DEFAULTS))


def _ask_entries(now: dict[str, Any]) -> None:
    model_list.read(now[_LIST], default_params=now.get(DEFAULTS))


def _ask_settings(now: dict[str, Any], groups: Collection[str]) -> None:
    read = settings.read({name: value for name, value in now.items() if name != _LIST}, groups)
    strategies.by_name(read.routing_strategy, read.routing_strategy_args)


def _ask_all(now: dict[str, Any]) -> None:
    Router(now.pop(_LIST), **now)


def _asked(tree: _Tree, ask: Callable[[dict[str, Any]], object]) -> list[Finding]:
    """Ask until nothing is wrong any more."""
    found: list[Finding] = []
    while len(found) < _MOST:
        now = tree.now()
        try:
            ask(dict(now))
        except APIError as error:
            path, beyond, what = told(error, now)
            original = tree.path(path)
            found.append(((*original, *beyond), _unshown(what, now, path)))
            if not _mended(tree, original, beyond):
                break
        else:
            break
    return found


def told(error: APIError, now: dict[str, Any]) -> tuple[Path, Path, str]:
    """Return where an error is from, how the path goes on where nothing is there, and what it says."""
    if (place := located(error.message, now)) is not None:
        return place
    if error.param is not None and error.param in now:
        return (error.param,), (), error.message
    return (), (), error.message


def _unshown(what: str, now: Any, path: Path) -> str:
    """Return what is wrong without the value that is: the Router shows words."""
    for step in path:
        now = now[step]
    return what.replace(f"not {now!r}", "not this text") if isinstance(now, str) else what


def _mended(tree: _Tree, path: Path, beyond: Path) -> bool:
    """Change the tree so that it can be asked once more; False where nobody knows how."""
    if len(beyond) == 1 and beyond[0] in _STAND_INS:
        tree.put(path, str(beyond[0]), _STAND_INS[str(beyond[0])])
        return True
    if not path or beyond or path == (_LIST,):
        return False
    tree.take_out(path)
    return True
