"""What a behaviour is tried on: upstreams that nothing else is asked of, one for each deployment. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from litellm_lite.doctor.behaviours import Behaviour
from litellm_lite.doctor.observed import Mode


class Trial(NamedTuple):
    """A set of upstreams, by the id of the deployment that each of them stands for."""

    name: str
    upstreams: Mapping[str, str]

    @classmethod
    def of(cls, name: str, ids: Iterable[str]) -> Trial:
        """Return one for deployments with those ids."""
        return cls(name, {id: f"{name}-{place}" for place, id in enumerate(ids)})


def trials_of(behaviour: Behaviour, mode: Mode, ids: Iterable[str]) -> list[Trial]:
    """Return where to try a behaviour. The call of a tool has one of its own: what went before would change it."""
    ids, name = list(ids), f"{behaviour.number}-{mode}"
    names = [name, f"{name}-tool"] if behaviour.tools and mode == "stream" else [name]
    return [Trial.of(each, ids) for each in names]
