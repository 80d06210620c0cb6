"""What was seen of one behaviour: the calls as the caller saw them, and the requests as the upstreams did.

Values only. Seconds are of the Router's clock, and count from the beginning of the behaviour.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, NamedTuple

from litellm_lite.errors import APIError
from litellm_lite.router.deployment import Deployment
from litellm_lite.router.settings import Settings
from litellm_lite.router.trace import AttemptRecord

Mode = Literal["plain", "stream"]

TOLD_WINDOW = 8_192
"""What a deployment says of its window, in tokens, as it refuses a prompt, where nobody knew it before."""


class Verdict(NamedTuple):
    """Whether a behaviour was right, and why one thinks so; neither right nor wrong where it cannot be `shown`."""

    passed: bool
    reason: str
    shown: bool = True


class Request(NamedTuple):
    """A request that came to the upstream of a deployment. `status` is None while no headers were sent."""

    place: str
    at: float
    status: int | None = None
    prefilled: bool = False
    model: str | None = None


class Told(NamedTuple):
    """What HTTP said of an answer beside its body: the status, and those of the headers that tell of routing."""

    status: int
    headers: Mapping[str, str]
    first_byte_s: float | None = None
    """Seconds after the call began until the body did."""
    done: bool | None = None
    """Of a stream: whether it said `[DONE]`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call, what the model had to say to it (`wanted`), and what the caller got of it.

    `text` is that of the answer, or of the tool it calls. `error` is a TimeoutError where the call was given up.
    """

    began_s: float
    ended_s: float
    wanted: str
    tools: bool = False
    """Whether the answer was to be the call of a tool."""
    text: str = ""
    finish: str | None = None
    first_token_s: float | None = None
    """Seconds after it began; of a stream only, as is the next."""
    last_token_s: float | None = None
    usage: Mapping[str, Any] | None = None
    model: str | None = None
    model_id: str | None = None
    cost: Decimal | None = None
    error: Exception | None = None
    attempts: Sequence[AttemptRecord] = ()
    told: Told | None = None
    """Of a call that went through HTTP, which has no attempts."""

    @property
    def elapsed_s(self) -> float:
        """How long it took."""
        return self.ended_s - self.began_s

    def since(self, began_s: float) -> Call:
        """Return it with times that count from another moment."""
        return replace(self, began_s=self.began_s - began_s, ended_s=self.ended_s - began_s)


@dataclass(frozen=True, kw_only=True)
class Setup:
    """The deployments that calls to one group may reach, by their id, and how the Router is set.

    `context` and `content` are those behind fallbacks of their own kind; `fallbacks` those behind any failure.
    """

    places: Mapping[str, Deployment]
    group: frozenset[str]
    fallbacks: frozenset[str] = frozenset()
    context: frozenset[str] = frozenset()
    content: frozenset[str] = frozenset()
    settings: Settings = field(default_factory=Settings)

    @property
    def lone(self) -> bool:
        """Whether nobody else could serve, whoever fails."""
        return len(self.group | self.fallbacks) == 1

    def others(self, place: str) -> bool:
        """Whether anybody could serve in the place of that deployment, whatever its failure."""
        return bool((self.group | self.fallbacks) - {place})

    def tries(self, place: str, error: APIError) -> int:
        """How often one call may ask a deployment that goes on to fail like that."""
        deployment = self.places[place]
        settings, own = self.settings, deployment.num_retries
        default = settings.num_retries if own is None else own
        return 1 + settings.retries_for(deployment.group, error, default)

    def window(self, place: str) -> int | None:
        """The longest prompt it takes, in tokens; None where nobody knows."""
        row = self.places[place].row
        return None if row is None else row.max_input_tokens

    def larger(self, place: str, refused: Sequence[str]) -> bool:
        """Whether a prompt too long for the others may go there: its window is larger, or it is named for such prompts.

        One that is named for them is believed where its size is not known.
        """
        own = self.window(place)
        if own is None or place in refused:
            return place in self.context and place not in refused
        return all((self.window(other) or TOLD_WINDOW) < own for other in refused)

    def label(self, place: str | None) -> str:
        """Name a deployment: by its model, and where that is not enough by its id too."""
        deployment = self.places.get(place or "")
        if deployment is None:
            return f"an unknown deployment {place!r}"
        alike = sum(other.model == deployment.model for other in self.places.values())
        return deployment.model if alike == 1 else f"{deployment.model} ({deployment.id})"


@dataclass(frozen=True, kw_only=True)
class Observation:
    """All of it. `late_s` is how late a step was at most on this machine, `slack_s` what that may add to a limit."""

    setup: Setup
    mode: Mode
    calls: Sequence[Call]
    requests: Sequence[Request]
    """In order of arrival."""
    slack_s: float = 0.0
    late_s: float = 0.0

    @cached_property
    def struck(self) -> str:
        """The deployment that was asked first, which had the fault; an empty text where none was asked."""
        return self.requests[0].place if self.requests else ""

    @property
    def call(self) -> Call:
        """The first call."""
        return self.calls[0]

    @property
    def others(self) -> bool:
        """Whether anybody could serve in the place of the one with the fault."""
        return self.setup.others(self.struck)

    @property
    def timeout_s(self) -> float:
        """The time that a call may take."""
        settings = self.setup.settings
        own = settings.stream_timeout_s if self.mode == "stream" else None
        return settings.timeout_s if own is None else own

    @property
    def name(self) -> str:
        """The name of the deployment with the fault."""
        return self.setup.label(self.struck)

    def to(self, place: str) -> list[Request]:
        """Return the requests that came to a deployment."""
        return [request for request in self.requests if request.place == place]

    def during(self, call: Call) -> list[Request]:
        """Return the requests that came while a call was under way."""
        return [request for request in self.requests if call.began_s <= request.at <= call.ended_s]


def times(number: int) -> str:
    """Say a number of times."""
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")


def listed(parts: Iterable[str]) -> str:
    """Join what is not empty into a sentence's worth of words."""
    return "; ".join(filter(None, parts))
