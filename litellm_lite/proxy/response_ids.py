"""The ids of responses that a vendor keeps: they say which deployment to ask for one. Pure."""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple

_BEGINNING = "resp_"
_MARK = "lite"
_SEPARATOR = "\x1f"


class Kept(NamedTuple):
    """Where a response is kept: the id of the deployment, and the vendor's own id of the response."""

    deployment: str
    id: str


def public_id(deployment: str, id: str) -> str:
    """Return the id that a client gets for a response which a deployment's vendor calls `id`."""
    told = _SEPARATOR.join((_MARK, deployment, id)).encode()
    return _BEGINNING + base64.urlsafe_b64encode(told).decode().rstrip("=")


def kept_at(id: str) -> Kept | None:
    """Return where the response of a client's id is kept; None for an id that is none of `public_id`'s."""
    told = id.removeprefix(_BEGINNING)
    try:
        parts = base64.urlsafe_b64decode(told + "=" * (-len(told) % 4)).decode().split(_SEPARATOR)
    except (binascii.Error, ValueError):
        return None
    return Kept(*parts[1:]) if len(parts) == 3 and parts[0] == _MARK else None
