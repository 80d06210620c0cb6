"""Where the deployments of a Router are, each found out at its first call and kept: the environment is read once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from litellm_lite.resolve import Place
    from litellm_lite.router.deployment import Deployment

_MOST = 4096
"""A wildcard leads to any number of models."""

# What a call may say of its place itself, or of having none.
_OF_A_PLACE = frozenset({
    "api", "api_base", "api_key", "base_url", "custom_llm_provider", "mock_response", "mock_tool_calls",
    "organization", "ssl_verify",
})  # fmt: skip


class Places:
    """The places that are known. From any thread: what two find out at a time is the same."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[Deployment, Place]] = {}

    def of(self, deployment: Deployment, model: str) -> Place | None:
        """Return where a deployment's model is; None where that has to be found out."""
        known = self._known.get((deployment.id, model))
        return known[1] if known is not None and known[0] is deployment else None

    def keep(self, deployment: Deployment, model: str, place: Place) -> None:
        """Keep what was found out."""
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[deployment.id, model] = deployment, place


def is_shared(params: Mapping[str, Any]) -> bool:
    """Whether a call with these parameters goes where every call to a deployment goes."""
    return _OF_A_PLACE.isdisjoint(params)
