"""Which proxy lies on the way to an address, for an engine that does not look itself."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from litellm_lite.errors import BadRequestError

_SCHEMES = ("http", "https")
_PORTS = {"http": 80, "https": 443}


class Proxies:
    """The proxies an environment names, by what `urllib.request.getproxies` found in it.

    `no` lists the hosts without one: names, which mean their subdomains too, addresses, networks, any of them with a
    port, and `*` for all.
    """

    __slots__ = ("_known", "_without")

    def __init__(self, known: Mapping[str, str]) -> None:
        self._known = known
        self._without = [entry.strip() for entry in known.get("no", "").split(",") if entry.strip()]

    def of(self, url: str) -> str | None:
        """Return the address of the proxy for a URL, None for none. Raises BadRequestError for a kind unknown here."""
        parts = urlsplit(url)
        proxy = self._known.get(parts.scheme) or self._known.get("all")
        if not proxy:
            return None
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
        if any(_covers(entry, host, port) for entry in self._without):
            return None
        scheme, named, _ = proxy.partition("://")
        if not named:
            return f"http://{proxy}"
        if scheme.lower() not in _SCHEMES:
            msg = f"the environment names a {scheme}:// proxy, and it must be http:// or https://; or set NO_PROXY"
            raise BadRequestError(msg)
        return proxy


def _covers(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    name, number = entry, ""
    if entry.count(":") == 1 or "]:" in entry:
        name, _, number = entry.rpartition(":")
    if number not in ("", str(port)):
        return False
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(name.strip("[]"), strict=False)
    except ValueError:  # one of them is a name
        name = name.removeprefix("*").removeprefix(".").lower()
        return host == name or host.endswith(f".{name}")
