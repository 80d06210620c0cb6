"""Which group a model name leads to: its own, an alias's, a wildcard's, or that of the model it serves. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from litellm_lite.errors import BadRequestError
from litellm_lite.params import shown
from litellm_lite.router.checks import named

if TYPE_CHECKING:
    from litellm_lite.router.deployment import Deployment

ANY = "*"
"""Stands for any text in the name of a group; the group of that name takes what leads nowhere else."""

_MOST_NEAR = 3
_MOST_LISTED = 10
_NO_ALIASES: Mapping[str, str] = MappingProxyType({})


class Found(NamedTuple):
    """A group, and the model to call there where the deployments' own has a wildcard in it."""

    group: str
    model: str | None = None


class Wildcard:
    """A group's name with asterisks in it."""

    __slots__ = ("_first", "_last", "_middle", "_shortest", "group", "model")

    def __init__(self, group: str, model: str = "") -> None:
        self.group, self.model = group, model
        self._first, *self._middle, self._last = group.split(ANY)
        self._shortest = len(self._first) + len(self._last)

    @property
    def rank(self) -> tuple[int, int]:
        """How specific it is: the more is said literally, in the fewer pieces, the lower."""
        return sum(map(len, self._middle)) * -1 - self._shortest, len(self._middle)

    def parts(self, name: str) -> list[str] | None:
        """Return what each asterisk stands for in a name, the first as long as it can be; None where it does not fit.

        Read from the end, in one go: a regular expression would take time that grows with the asterisks' power.
        """
        start, end = len(self._first), len(name) - len(self._last)
        if end < start or not (name.startswith(self._first) and name.endswith(self._last)):
            return None
        parts = []
        for literal in reversed(self._middle):
            at = name.rfind(literal, start, end)
            if at < 0:
                return None
            parts.append(name[at + len(literal) : end])
            end = at
        return [*parts, name[start:end]][::-1]

    def found(self, name: str) -> Found | None:
        """Return where a name leads, if it fits; the parts take the places of the model's asterisks, one by one."""
        if (parts := self.parts(name)) is None:
            return None
        if ANY not in self.model:
            return Found(self.group)
        first, *rest = self.model.split(ANY)
        return Found(self.group, first + "".join(part + literal for part, literal in zip(parts, rest, strict=True)))


class Wildcards:
    """The groups with an asterisk in their name, the most specific first."""

    __slots__ = ("_sorted",)

    def __init__(self, models: Mapping[str, str]) -> None:
        """`models`: the name of each group, and the model of its deployments."""
        self._sorted = sorted(
            (Wildcard(*pair) for pair in models.items() if ANY in pair[0]), key=lambda each: each.rank
        )

    def find(self, name: str, *, last: bool = True) -> Found | None:
        """Return where a name leads; None where it fits none. Without `last`, the group `*` is left out."""
        for wildcard in self._sorted:
            if (last or wildcard.group != ANY) and (found := wildcard.found(name)) is not None:
                return found
        return None


class Names:
    """What callers may ask for.

    An alias comes first, then a group's own name, the most specific wildcard, the model that all deployments of a group
    have in common, and in the end the group `*`.
    """

    __slots__ = ("_exact", "_models", "_wildcards")

    def __init__(self, deployments: Iterable[Deployment], aliases: Mapping[str, str] = _NO_ALIASES) -> None:
        models: dict[str, dict[str, None]] = {}
        for deployment in deployments:
            models.setdefault(deployment.group, {})[deployment.model] = None
        self._models = models
        self._wildcards = Wildcards({group: _pattern(group, of_it) for group, of_it in models.items() if ANY in group})
        self._exact = {group: Found(group) for group in models if ANY not in group}
        for group, (model, *others) in models.items():
            if not others and ANY not in group and self._wildcards.find(model, last=False) is None:
                self._exact.setdefault(model, Found(group))
        led = ((alias, self._exact.get(name) or self._wildcards.find(name)) for alias, name in aliases.items())
        self._exact.update([(alias, found) for alias, found in led if found is not None])

    def find(self, model: str) -> Found:
        """Return where a name leads. Raises BadRequestError naming the groups, and those that read like it."""
        if not isinstance(model, str):
            raise BadRequestError(f"model must be the name of a model group, not {shown(model)}", param="model")
        found = self._exact.get(model) or self._wildcards.find(model)
        return self._unknown(model) if found is None else found

    def _unknown(self, model: str) -> NoReturn:
        serving = [group for group, models in self._models.items() if model in models]
        one_of = f"it is one of several models of {named(serving[0])}; " if serving else ""
        msg = f"there is no model group {named(model)}; {one_of}{there_are(model, self._models)}"
        raise BadRequestError(msg, model=model, param="model", code="model_not_found")


def there_are(name: str, groups: Collection[str]) -> str:
    """Say which groups there are, and which of them read like a name that is none."""
    from litellm_lite.registry.nearest import nearest

    if not groups:
        return "model_list is empty"
    close = nearest(name, groups, _MOST_NEAR)
    hint = f"did you mean {' or '.join(map(named, close))}? " if close else ""
    more = f" and {len(groups) - _MOST_LISTED} more" if len(groups) > _MOST_LISTED else ""
    return f"{hint}there are {', '.join(map(named, islice(groups, _MOST_LISTED)))}{more}"


def _pattern(group: str, models: Iterable[str]) -> str:
    """Return the model of a wildcard's deployments. What a name becomes there must not depend on which is picked."""
    first, *others = models
    patterns: Iterator[str] = (model for model in others if ANY in model or ANY in first)
    if (other := next(patterns, None)) is not None:
        msg = (
            f"the deployments of {named(group)} have the models {named(first)} and {named(other)}; "
            "those of a wildcard must have one, so give the others another model_name"
        )
        raise BadRequestError(msg, param="model_list")
    return first
