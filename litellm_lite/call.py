"""The nouns that travel through a call: what was asked, what goes on the wire, what came back.

Plain frozen values. Nothing here does I/O, reads a clock or knows a provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from litellm_lite.registry import ModelInfo

Endpoint = Literal["chat", "completions", "responses", "embeddings", "moderations"]
"""What of OpenAI's API a call is for, by the end of its path."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where one call goes: a provider, its id for the model, its base URL and the key for exactly that host."""

    provider: str
    model: str
    api_base: str
    api_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits in seconds; None means no limit.

    `first_byte` runs from the request until the first byte of the answer's body, `idle` between two
    reads after that, `total` from the request to the last byte.
    """

    connect: float | None = 10.0
    first_byte: float | None = 600.0
    idle: float | None = 600.0
    total: float | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One chat completion, after its parameters were held against the provider's contract.

    `params` carries wire names and wire values; `variant` names one of a provider's own API shapes
    (`"native"` at Meta), empty for the usual one. At another `endpoint` there are no messages, and `params` carries
    the input too.
    """

    target: Target
    messages: list[dict[str, Any]]
    params: dict[str, Any] = field(default_factory=dict)
    stream: bool = False
    info: ModelInfo | None = None
    extra_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    variant: str = ""
    endpoint: Endpoint = "chat"


@dataclass(frozen=True, slots=True)
class WireRequest:
    """An HTTP request, complete: what is in here is all that leaves the process."""

    method: str
    url: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP response, read to its end.

    Header names are lower case; `elapsed_ms` is wall time since sending, `received_at` epoch seconds.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    url: str = ""
    elapsed_ms: float = 0.0
    received_at: float = 0.0
