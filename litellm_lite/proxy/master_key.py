"""How good a master key is, and where the gateway may listen with it."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, NamedTuple

from litellm_lite.errors import BadRequestError

if TYPE_CHECKING:
    from litellm_lite.proxy.config import GatewayConfig

EVERYWHERE, LOOPBACK = "0.0.0.0", "127.0.0.1"  # noqa: S104 - only with a key, or when told so
PERMIT = "dangerously_permit_weak_or_unset_master_key"

_SHORTEST = 8
# From tutorials, examples and READMEs of proxies: whoever looks for open gateways tries these first.
_PUBLIC = frozenset({
    "sk-1234", "sk-12345", "sk-123456", "sk-1234567", "sk-12345678", "sk-123456789", "sk-1234567890", "sk-master-key",
    "sk-litellm-master-key", "sk-litellm", "sk-xxxxxxxx", "sk-your-key", "sk-your-master-key", "sk-your-api-key",
    "sk-test-key", "sk-anything", "your-proxy-api-key", "your-master-key", "your-api-key", "your_api_key",
    "your-litellm-master-key", "my-master-key", "my-secret-key", "my-secret-master-key", "master-key", "master_key",
    "litellm_master_key", "litellm-master-key", "changeme", "change-me", "changeit", "change_me", "password",
    "password1", "password123", "passw0rd", "12345678", "123456789", "1234567890", "anything", "not-needed",
    "secret-key", "admin123", "letmein1", "qwertyui", "qwerty123", "placeholder", "replace-me", "replace_me",
})  # fmt: skip


class Listening(NamedTuple):
    """Where to listen, and what to say about it; `notice` is empty where all is well."""

    host: str
    notice: str = ""


def weakness(key: str | None) -> str | None:
    """Return why a master key keeps nobody out; None for one that does."""
    if key is None:
        return "there is no master key"
    if key.lower() in _PUBLIC:
        return "the master key is one that everybody knows"
    if len(key) < _SHORTEST:
        return f"the master key has fewer than {_SHORTEST} characters"
    return None


def listening(config: GatewayConfig, host: str | None = None) -> Listening:
    """Return where to listen, when told `host` or nothing.

    Without a good master key that is loopback, unless the configuration permits more. An address that is named counts
    as told, but not with a weak key, which only looks like protection: then it raises BadRequestError.
    """
    why = weakness(config.master_key)
    if why is None:
        return Listening(host or EVERYWHERE)
    if host is not None and is_loopback(host):
        return Listening(host)
    remedy = "set general_settings.master_key or LITELLM_MASTER_KEY to a long random text"
    if config.weak_key_permitted or (host is not None and config.master_key is None):
        return Listening(
            host or EVERYWHERE, f"{why}, and anybody who reaches {host or EVERYWHERE} may use your keys; {remedy}"
        )
    if host is None:
        return Listening(LOOPBACK, f"{why}, so only this machine is served; {remedy}, or name an address with --host")
    msg = f"{why}, and {host} is reached from elsewhere; {remedy}, or listen on {LOOPBACK}"
    raise BadRequestError(msg, param="master_key")


def is_loopback(host: str) -> bool:
    """Tell whether an address is reached from this machine only."""
    try:
        return host.lower() == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
