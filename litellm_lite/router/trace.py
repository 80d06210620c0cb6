"""The attempts of one call, as they are told afterwards: on the answer, and on the exception."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from litellm_lite.cost import Cost
    from litellm_lite.errors import APIError
    from litellm_lite.router.deployment import Deployment
    from litellm_lite.router.steps import Kind

Outcome = Literal["under way", "answered", "failed", "refused", "cut", "let go"]


class AttemptRecord:
    """One attempt. Seconds count from the beginning of the call; costs are in US dollars, None where not known.

    `outcome` is "refused" where nothing was sent, "cut" for a stream that broke off after it had begun, "let go" for
    one that another was faster than, or that the caller closed. Only what `billed` says is part of the call's cost.
    """

    __slots__ = (
        "_estimate", "cost", "deployment", "elapsed_s", "error", "first_token_s", "kind", "number", "outcome",
        "shown_characters", "started_s", "usage",
    )  # fmt: skip

    def __init__(self, number: int, kind: Kind, deployment: Deployment, started_s: float) -> None:
        self.number, self.kind, self.deployment, self.started_s = number, kind, deployment, started_s
        self.outcome: Outcome = "under way"
        self.elapsed_s: float | None = None
        self.first_token_s: float | None = None
        self.error: APIError | None = None
        self.usage: dict[str, Any] | None = None
        self.cost: Cost | None = None
        self._estimate: Callable[[], Cost | None] | Cost | None = None
        self.shown_characters: int | None = None
        """How much of a stream the caller saw before it was cut: where the seam is."""

    def estimate(self, work_out: Callable[[], Cost | None]) -> None:
        """Take the way to work out what it has probably cost; that is done when somebody asks."""
        self._estimate = work_out

    @property
    def estimated_cost(self) -> Cost | None:
        """What a stream that was cut has probably cost; its vendor may bill it, and the caller is not billed for it."""
        if callable(self._estimate):
            self._estimate = self._estimate()
        return self._estimate

    @property
    def billed(self) -> bool:
        """Whether it is the attempt whose answer the caller got, and pays for."""
        return self.outcome == "answered"

    def __getstate__(self) -> tuple[None, dict[str, Any]]:
        # What works out the estimate holds the prompt and a key; a copy has the result.
        return None, {name: getattr(self, name) for name in self.__slots__} | {"_estimate": self.estimated_cost}

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it; of an error its class, its status and its message."""
        deployment, error = self.deployment, self.error
        told = {
            "number": self.number,
            "kind": self.kind,
            "model_id": deployment.id,
            "model_group": deployment.group,
            "model": deployment.model,
            "outcome": self.outcome,
            "started_s": round(self.started_s, 4),
            "elapsed_s": None if self.elapsed_s is None else round(self.elapsed_s, 4),
            "first_token_s": None if self.first_token_s is None else round(self.first_token_s, 4),
            "billed": self.billed,
            "usage": self.usage,
            "cost": _dollars(self.cost),
            "estimated_cost": _dollars(self.estimated_cost),
            "shown_characters": self.shown_characters,
        }
        if error is not None:
            told["error"] = {"type": type(error).__name__, "status": error.status, "message": error.message}
        return told

    def __repr__(self) -> str:
        after = "" if self.elapsed_s is None else f" after {self.elapsed_s:.2f} s"
        why = f": {type(self.error).__name__} {self.error.status}" if self.error is not None else ""
        return f"<{self.number}. {self.kind} {self.deployment.model} ({self.deployment.id}) {self.outcome}{after}{why}>"


class Trace:
    """What happened on the way to an answer. Iterates over the attempts, in the order in which they were started."""

    __slots__ = ("attempts", "began_at", "group", "retries", "seams", "served", "waited_s")

    def __init__(self, group: str, began_at: float) -> None:
        self.group, self.began_at = group, began_at
        self.attempts: list[AttemptRecord] = []
        self.served: AttemptRecord | None = None
        self.waited_s = 0.0
        """How long the call waited for its turn, and between attempts."""
        self.retries = 0
        self.seams: list[Seam] = []

    def __iter__(self) -> Iterator[AttemptRecord]:
        return iter(self.attempts)

    def __len__(self) -> int:
        return len(self.attempts)

    def begin(self, kind: Kind, deployment: Deployment, now: float) -> AttemptRecord:
        """Enter an attempt."""
        record = AttemptRecord(len(self.attempts) + 1, kind, deployment, now - self.began_at)
        self.attempts.append(record)
        return record

    def hidden(self) -> dict[str, Any]:
        """Return what goes to the answer's `hidden_params`, under LiteLLM's names where it has one."""
        served = self.served
        known: dict[str, Any] = {"attempts": tuple(self.attempts), "model_group": self.group, "waited_s": self.waited_s}
        if served is not None:
            known["model_id"] = served.deployment.id
        if self.seams:
            known["seams"] = tuple(self.seams)
        return known

    def headers(self) -> dict[str, str]:
        """Return LiteLLM's response headers about routing."""
        asked = {record.deployment.group for record in self.attempts}
        served = self.served.deployment.group if self.served is not None else self.group
        return {
            "x-litellm-model-group": served,
            "x-litellm-attempted-retries": str(self.retries),
            "x-litellm-attempted-fallbacks": str(len(asked - {self.group})),
        }

    def text(self) -> str:
        """Return the attempts in a few words each, for the message of an error."""
        return "; ".join(f"{record.number}. {_said(record)}" for record in self.attempts)


class Seam:
    """Where one model's words end and another's begin, in characters of the text the caller saw."""

    __slots__ = ("after", "at", "before", "kind")

    def __init__(self, at: int, kind: Kind, before: AttemptRecord, after: AttemptRecord) -> None:
        self.at, self.kind, self.before, self.after = at, kind, before, after

    def as_dict(self) -> Mapping[str, Any]:
        """Return it as JSON has it."""
        models = {"from_model": self.before.deployment.model, "to_model": self.after.deployment.model}
        attempts = {"from_attempt": self.before.number, "to_attempt": self.after.number}
        costs = {"from_estimated_cost": _dollars(self.before.estimated_cost), "to_cost": _dollars(self.after.cost)}
        return {"at_character": self.at, "kind": self.kind, **models, **attempts, **costs}

    def __repr__(self) -> str:
        return f"<seam at {self.at}: {self.before.deployment.model} → {self.after.deployment.model}, {self.kind}>"


def _dollars(cost: Cost | None) -> str | None:
    return None if cost is None else str(cost.total)


def _said(record: AttemptRecord) -> str:
    error = record.error
    what = record.outcome if error is None else f"{type(error).__name__}: {error.message}"
    return f"{record.deployment.model} ({record.deployment.id}): {what}"
