"""Who may call: the key of a request, held against the gateway's own in constant time."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from litellm_lite.errors import AuthenticationError

# LiteLLM's own header first, so that Authorization may be somebody else's; then OpenAI's, Azure's and Anthropic's.
_HEADERS = (b"x-litellm-api-key", b"authorization", b"api-key", b"x-api-key")
_BEARER = b"bearer "
_TOLD = "Authorization: Bearer, x-api-key, api-key or x-litellm-api-key"


class Keys:
    """The keys that are accepted: the master key, or none and then everybody may call. Keeps digests only."""

    __slots__ = ("_master",)

    def __init__(self, master_key: str | None) -> None:
        self._master = None if master_key is None else _digest(master_key.encode())

    @property
    def open(self) -> bool:
        """Whether no key is asked for."""
        return self._master is None

    def check(self, head: Mapping[bytes, bytes]) -> None:
        """Raise AuthenticationError for a request without the key."""
        if self._master is None:
            return
        given = next((head[name] for name in _HEADERS if name in head), None)
        if given is None:
            raise AuthenticationError(f"no API key; send the gateway's as {_TOLD}", code="invalid_api_key")
        if given[: len(_BEARER)].lower() == _BEARER:
            given = given[len(_BEARER) :]
        # Digests are of one length, so that not even the length of the key can be told from the time it takes.
        if not hmac.compare_digest(_digest(given.strip()), self._master):
            raise AuthenticationError("the API key is not the gateway's", code="invalid_api_key")


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()
