"""LiteLLM's `model_list`, read into deployments. A fault names the path to it; what is there may be a secret."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from litellm_lite.errors import APIError
from litellm_lite.params import shown
from litellm_lite.registry import ModelInfo
from litellm_lite.resolve import environment_value
from litellm_lite.router.checks import fault, named, resolved, table, text
from litellm_lite.router.deployment import Deployment
from litellm_lite.router.entry import DEFAULTS, Entry

_log = logging.getLogger(__name__)

_ID_LENGTH = 24


def read(
    entries: Sequence[Any], *, ignore_invalid: bool = False, default_params: Mapping[str, Any] | None = None
) -> list[Deployment]:
    """Return the deployments of a model list; `default_params` lie under the `litellm_params` of each.

    Raises BadRequestError with the path to a fault, AuthenticationError where a key is missing. With `ignore_invalid`
    such entries are left out, each with a warning.
    """
    if not isinstance(entries, list | tuple):
        raise fault("model_list", f"must be a list of deployments, not {shown(entries)}")
    reader = _Reader({} if default_params is None else default_params)
    deployments = []
    for place, entry in enumerate(entries):
        try:
            deployments.append(reader.deployment(f"model_list[{place}]", entry))
        except APIError as error:
            if not ignore_invalid:
                raise
            _log.warning("a deployment is left out: %s", error)
    return deployments


class _Reader:
    """Reads one list. Knows what its entries share: the defaults, the ids that are taken, the rows that are alike."""

    def __init__(self, defaults: Any) -> None:
        self._defaults = resolved(DEFAULTS, table(DEFAULTS, defaults), environment_value)
        if self._defaults.get("api_key") is not None:
            raise fault(f"{DEFAULTS}.api_key", "would go to every vendor; write it into the litellm_params of each")
        self._paths: dict[str, str] = {}
        self._alike: dict[str, int] = {}
        self._rows: dict[str, ModelInfo] = {}

    def deployment(self, path: str, given: Any) -> Deployment:
        """Read one entry. Raises APIError."""
        try:
            entry = Entry(path, given, self._defaults)
            id = self._id(entry)
            deployment = entry.deployment(id, self._rows)
        except RecursionError:
            raise fault(path, "is nested too deeply") from None
        self._paths[id] = path
        return deployment

    def _id(self, entry: Entry) -> str:
        """Return the id that is given, or one that is the same in every process and tells nothing of the keys in it."""
        given = entry.info.get("id")
        if given is None:
            digest = hashlib.sha256(entry.canonical()).hexdigest()[:_ID_LENGTH]
            self._alike[digest] = count = self._alike.get(digest, 0) + 1
            return digest if count == 1 else f"{digest}-{count}"
        path = f"{entry.path}.model_info.id"
        found = text(path, str(given) if isinstance(given, int) else given)
        if found in self._paths:
            raise fault(path, f"is {named(found)}, and so is that of {self._paths[found]}; give each its own")
        return found
