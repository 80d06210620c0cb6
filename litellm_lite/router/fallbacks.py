"""Where a group's calls go when it fails: lists of groups, read and checked. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType
from typing import Any

from litellm_lite.errors import BadRequestError, UnsupportedParamsError
from litellm_lite.options import take_options
from litellm_lite.params import shown
from litellm_lite.resolve import environment_value
from litellm_lite.router.checks import fault, named, resolved, table, text
from litellm_lite.router.credentials import misplaced
from litellm_lite.router.names import ANY, there_are

_NO_ALIASES: Mapping[str, str] = MappingProxyType({})
_OF_THE_CALL = {
    **dict.fromkeys(("messages", "stream"), "is the caller's own for the whole call"),
    **dict.fromkeys(
        ("timeout", "stream_timeout", "request_timeout", "force_timeout"),
        "is shared by all attempts of a call; set it for the call, or in the litellm_params of the deployment",
    ),
    **dict.fromkeys(("num_retries", "max_retries"), "counts for the call; set it there, or in litellm_params"),
}
_FOR_ALL = "what every group falls back to stands in default_fallbacks"
_LONGEST_CYCLE = 10


@dataclass(frozen=True, slots=True)
class Target:
    """A group to fall back to, and what is said there in the place of the caller's parameters."""

    group: str
    overrides: Mapping[str, Any] | None = field(default=None, repr=False)


Lists = Mapping[str, tuple[Target, ...]]
"""The targets of each group; `*` stands for those that have none of their own."""


def read_targets(
    given: Any, path: str, groups: Collection[str], aliases: Mapping[str, str] = _NO_ALIASES
) -> tuple[Target, ...]:
    """Read a list of names and of dictionaries with a `model` in them, such as `default_fallbacks`.

    Raises BadRequestError with the path to what is no group, or stands there twice.
    """
    if not isinstance(given, list | tuple):
        hint = f"; write [{named(given)}]" if isinstance(given, str) and given in groups else ""
        raise fault(path, f"must be a list of groups, such as ['gpt-4'], not {shown(given)}{hint}")
    targets: dict[str, Target] = {}
    for place, one in enumerate(given):
        here = f"{path}[{place}]"
        target = _target(here, one, groups, aliases)
        if target.group in targets:
            raise fault(here, f"names {named(target.group)} a second time; each group is tried once")
        targets[target.group] = target
    return tuple(targets.values())


def read_lists(given: Any, path: str, groups: Collection[str], aliases: Mapping[str, str] = _NO_ALIASES) -> Lists:
    """Read `fallbacks` and its like: one dictionary of lists, or a list of such. Raises BadRequestError with the path.

    A group that leads back to itself is refused, for a call asks each group once: one of the ways would never be taken.
    """
    lists: dict[str, tuple[Target, ...]] = {}
    places: dict[str, str] = {}
    for here, key, targets in _pairs(path, given):
        group = aliases.get(key, key)
        if group != ANY and group not in groups:
            raise fault(here, _no_group(group, groups))
        if group in places:
            raise fault(here, f"is the second list for {named(group)}, after {places[group]}; write one")
        places[group] = here
        lists[group] = read_targets(targets, here, groups, aliases)
    _check_cycles(lists, places)
    return lists


def _pairs(path: str, given: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield each list with its group and the path to it."""
    if isinstance(given, Mapping):
        for group, targets in table(path, given).items():
            yield f"{path}[{group!r}]", group, targets
        return
    if not isinstance(given, list | tuple):
        raise fault(path, f"must be a list such as [{{'gpt-4': ['llama']}}], not {shown(given)}")
    for place, one in enumerate(given):
        here = f"{path}[{place}]"
        if isinstance(one, str):
            raise fault(here, f"must be a dictionary such as {{'gpt-4': ['llama']}}; {_FOR_ALL}")
        for group, targets in table(here, one).items():
            yield f"{here}[{group!r}]", group, targets


def _target(path: str, given: Any, groups: Collection[str], aliases: Mapping[str, str]) -> Target:
    if isinstance(given, str):
        return Target(_group(path, given, groups, aliases))
    if not isinstance(given, Mapping):
        raise fault(path, f"must be the name of a group, or a dictionary with 'model' in it, not {shown(given)}")
    known = resolved(path, table(path, given), environment_value)
    overrides = {name: value for name, value in known.items() if value is not None}
    group = _group(f"{path}.model", text(f"{path}.model", overrides.pop("model", None)), groups, aliases)
    return Target(group, _checked(path, overrides) if overrides else None)


def _group(path: str, name: str, groups: Collection[str], aliases: Mapping[str, str]) -> str:
    group = aliases.get(name, name)
    if group not in groups:
        raise fault(path, _no_group(group, groups))
    if ANY in group:
        raise fault(path, f"is a wildcard, {named(group)}, and names no model; add the one that is meant to model_list")
    return group


def _no_group(name: str, groups: Collection[str]) -> str:
    return f": there is no group {named(name)}; add it to model_list, or name another: {there_are(name, groups)}"


def _checked(path: str, overrides: dict[str, Any]) -> Mapping[str, Any]:
    """Check what is said in the place of the caller's parameters, as far as no deployment is needed for it."""
    for name in overrides:
        if name in _OF_THE_CALL:
            raise fault(f"{path}.{name}", _OF_THE_CALL[name], UnsupportedParamsError)
    if (found := misplaced(overrides)) is not None:
        raise fault(
            f"{path}.{found}", "belongs to one deployment, and a group may have several; put it into its litellm_params"
        )
    try:
        take_options(overrides, stream=False)
    except BadRequestError as error:
        error.message = f"{path}: {error.message}"
        raise
    return MappingProxyType(overrides)


def _check_cycles(lists: Lists, places: Mapping[str, str]) -> None:
    """Raise BadRequestError naming a cycle, and the place where it closes."""
    ways = {group: [each.group for each in targets] for group, targets in lists.items() if group != ANY}
    try:
        TopologicalSorter(ways).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1][::-1]  # it tells who comes before whom; calls go the other way
        last = cycle[-2]
        here = f"{places[last]}[{ways[last].index(cycle[-1])}]"
        raise fault(here, f"closes a cycle: {_way(cycle)}; a call asks each group once, so take one out") from None


def _way(cycle: list[str]) -> str:
    told = cycle if len(cycle) <= _LONGEST_CYCLE else [*cycle[: _LONGEST_CYCLE - 1], "…", cycle[-1]]
    return " -> ".join(map(repr, told))
