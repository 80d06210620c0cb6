"""What the Router decides, and what it is told: the values that travel between the route and what performs it.

The route yields a step and is sent an event. Times are of the Router's clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from litellm_lite.errors import APIError
    from litellm_lite.router.deployment import Deployment
    from litellm_lite.router.mending import Shown
    from litellm_lite.router.waiting import Ticket

Kind = Literal["first", "retry", "failover", "fallback", "hedge", "continuation", "restart"]


class Attempt(NamedTuple):
    """Step: call that deployment. Answered with Answered, Spoke, Refused, Failed, or Silent.

    `timeout_s` is all the attempt may take: to its answer, or of a stream to its first token. `silent_s`: a stream
    that has not spoken by then is reported as Silent, and goes on. `idle_s` is the longest silence inside a stream.
    """

    number: int
    deployment: Deployment
    kind: Kind
    timeout_s: float | None = None
    silent_s: float | None = None
    idle_s: float | None = None
    shown: Shown | None = None
    """What the caller has seen already, for a continuation or a restart."""
    model: str | None = None
    """The model where the deployment's own has a wildcard in it."""
    overrides: Mapping[str, Any] | None = None
    """What a fallback says in the place of the caller's parameters."""


class Pause(NamedTuple):
    """Step: wait so many seconds, then send None."""

    seconds: float
    why: str


class Wait(NamedTuple):
    """Step: wait until the ticket is called or so many seconds have passed, then send None."""

    ticket: Ticket
    seconds: float


class Listen(NamedTuple):
    """Step: start nothing; send the next event of the attempts under way, or None after so many seconds."""

    seconds: float | None


class Keep(NamedTuple):
    """Step: that attempt's answer is the caller's, the others are let go. A plain call ends here.

    Of a stream comes Broke or Finished later.
    """

    attempt: Attempt


class Answered(NamedTuple):
    """Event: a whole answer came. `usage` is the vendor's count, None where it gave none."""

    attempt: Attempt
    headers: Any
    usage: dict[str, Any] | None = None


class Spoke(NamedTuple):
    """Event: a stream's first token came."""

    attempt: Attempt
    headers: Any


class Silent(NamedTuple):
    """Event: no first token within `silent_s`. The attempt goes on."""

    attempt: Attempt


class Refused(NamedTuple):
    """Event: the request could not be made for this deployment, and nothing was sent."""

    attempt: Attempt
    error: APIError


class Failed(NamedTuple):
    """Event: the attempt failed, before its first token if it is a stream."""

    attempt: Attempt
    error: APIError
    headers: Any = None


class Broke(NamedTuple):
    """Event: a stream broke off after it had spoken, after a silence of `silence_s`. `shown`: what was seen of it."""

    attempt: Attempt
    error: APIError
    shown: Shown
    silence_s: float = 0.0


class Finished(NamedTuple):
    """Event: a stream came to its end, or the caller let go of it (`whole` is False then)."""

    attempt: Attempt
    headers: Any
    usage: dict[str, Any] | None = None
    whole: bool = True


Step = Attempt | Pause | Wait | Listen | Keep
Event = Answered | Spoke | Silent | Refused | Failed | Broke | Finished | None
