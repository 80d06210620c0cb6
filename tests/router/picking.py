"""What the tests of picking share: groups made in a line, and the request that somebody is picked for."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from litellm_lite.router.cooldown import Health
from litellm_lite.router.deployment import Deployment
from litellm_lite.router.groups import End, Group, Shelf
from litellm_lite.router.pacing import Pace
from litellm_lite.router.standing import Standing
from litellm_lite.router.strategies import Strategy, WeightedShuffle
from litellm_lite.router.waiting import Queue

COOLDOWN_S = 5.0
FAILED = End(ok=False, tokens=1, failure="unusable")
SERVED = End(ok=True, tokens=1)


class Request:
    """Serves where its refusals do not stand against it; counts how often it was asked."""

    def __init__(
        self,
        *excluded: Standing,
        tokens: int = 1,
        stream: bool = False,
        refuses: Callable[[Deployment], bool] = lambda _: False,
    ) -> None:
        self.excluded, self.tokens, self.stream = set(excluded), tokens, stream
        self.messages: list[Any] = []
        self.params: dict[str, Any] = {}
        self.asked: list[Shelf] = []
        self._refuses = refuses

    def verdict(self, shelf: Shelf) -> bool:
        self.asked.append(shelf)
        return not self._refuses(shelf.sample)

    def accepts(self, standing: Standing) -> bool:
        return standing not in self.excluded and self.verdict(standing.shelf)


def deployment(id: str = "a", **described: Any) -> Deployment:
    return Deployment(**{"id": id, "group": "llama", "model": "openai/llama", "provider": "openai", **described})


def standing(id: str = "a", **described: Any) -> Standing:
    made = deployment(id, **described)
    pace = Pace(rpm=made.rpm, tpm=made.tpm, max_parallel=made.max_parallel_requests)
    return Standing(made, Health(cooldown_s=COOLDOWN_S, allowed_fails=None), pace)


def group(*standings: Standing, strategy: Strategy | None = None) -> Group:
    made = Group("llama", strategy or WeightedShuffle(), Queue(10))
    for each in standings:
        made.add(each)
    return made


def dice(seed: int = 1) -> Callable[[], float]:
    return random.Random(seed).random


def picked(group: Group, request: Request | None = None, now: float = 0.0, seed: int = 1) -> str | None:
    """Return the id of who is picked, without a start."""
    found = group.pick(request or Request(), now, dice(seed))
    return None if found is None else found.deployment.id


def served(group: Group, now: float, request: Request | None = None, **end: Any) -> str:
    """Return the id of who is picked, after a call that was answered at once."""
    request = request or Request()
    found = group.pick(request, now, dice())
    assert found is not None
    group.start(found, now, request.tokens)
    group.end(found, now, End(**{"ok": True, "tokens": request.tokens, "streamed": request.stream, **end}))
    return found.deployment.id
