"""One deployment: a model at one place, as the model list describes it. A value; what happens to it is elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from litellm_lite.vendor_errors import SECRET_HEADERS

if TYPE_CHECKING:
    from litellm_lite.registry import ModelInfo

UNORDERED = 2**31 - 1
"""The order of a deployment to which the model list gives none: after those that have one, as in LiteLLM."""

_MAY_BE_SECRET = frozenset({"api_key", "headers", "extra_headers", "extra_body", "client"})
_NOT_COPIED = frozenset({"params", "info", "row", "prefill"})
# What a model list says of the Router's business, and LiteLLM's name for it.
_ROUTED = {
    "weight": "weight",
    "rpm": "rpm",
    "tpm": "tpm",
    "max_parallel_requests": "max_parallel_requests",
    "order": "order",
    "tags": "tags",
    "region": "region_name",
    "timeout_s": "timeout",
    "stream_timeout_s": "stream_timeout",
    "num_retries": "num_retries",
    "cooldown_s": "cooldown_time",
    "allowed_fails": "allowed_fails",
}


@dataclass(frozen=True, slots=True)
class Prefill:
    """How a target is told to go on with a text it did not write: what is added to that message, and to the body."""

    message: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Deployment:
    """An entry of the model list, checked.

    `model` is "provider/model"; `params` are what a call to it passes to `completion` beside the caller's own, which
    win. Limits are per minute, and of calls at a time; None is no limit. `order`: lower ones are tried first.
    `row` is what is known of the model, with what `model_info` says over it; None when nothing is.
    """

    id: str
    group: str
    """LiteLLM's `model_name`."""
    model: str
    provider: str
    params: Mapping[str, Any] = field(default_factory=dict, repr=False)
    info: Mapping[str, Any] = field(default_factory=dict, repr=False)
    weight: float | None = None
    rpm: int | None = None
    tpm: int | None = None
    max_parallel_requests: int | None = None
    order: int = 0
    tags: frozenset[str] = frozenset()
    region: str | None = None
    timeout_s: float | None = None
    stream_timeout_s: float | None = None
    num_retries: int | None = None
    cooldown_s: float | None = None
    allowed_fails: int | None = None
    prefill: Prefill | None = None
    """How it continues a text; None for one that is not declared to."""
    row: ModelInfo | None = field(default=None, repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        # An answer knows who served it; a copy of the answer, pickled or deep, must not hold that one's key.
        told = {each.name: getattr(self, each.name) for each in fields(self) if each.name not in _NOT_COPIED}
        return _copied, (told,)

    def entry(self) -> dict[str, Any]:
        """Return it as an entry of a model list, without what may be secret in it."""
        said = {to: getattr(self, name) for name, to in _ROUTED.items()}
        said |= {"order": None if self.order == UNORDERED else self.order, "tags": sorted(self.tags) or None}
        return {
            "model_name": self.group,
            "litellm_params": {
                "model": self.model,
                **_public(self.params),
                **{name: value for name, value in said.items() if value is not None},
            },
            "model_info": {**_public(self.info), "id": self.id},
        }


def _copied(told: Mapping[str, Any]) -> Deployment:
    return Deployment(**told)


def _public(value: Any) -> Any:
    """Return a value without what may be secret in it: by its name, and texts whose name sounds like a credential."""
    if isinstance(value, Mapping):
        return {
            name: _public(part)
            for name, part in value.items()
            if name not in _MAY_BE_SECRET and not (isinstance(part, str) and SECRET_HEADERS.search(str(name)))
        }
    return [_public(part) for part in value] if isinstance(value, list | tuple) else value
