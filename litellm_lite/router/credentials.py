"""What belongs to one deployment: where it is, and its keys. A key for one vendor is never sent to another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litellm_lite.vendor_errors import SECRET_HEADERS

HEADERS = ("headers", "extra_headers")
_PLACES = ("api_key", "api_base", "base_url", "organization", "custom_llm_provider", "client")
_ALL = frozenset({*_PLACES, *HEADERS})


def secret_header(headers: Any) -> str | None:
    """Return the name of the first header that looks like a credential; None where none does."""
    names = map(str, headers) if isinstance(headers, Mapping) else ()
    return next(filter(SECRET_HEADERS.search, names), None)


def misplaced(params: Mapping[str, Any]) -> str | None:
    """Return which of the parameters of a call to several deployments belongs to one of them; None where none does."""
    if _ALL.isdisjoint(params):
        return None
    if (place := next(filter(params.__contains__, _PLACES), None)) is not None:
        return place
    found = ((name, secret_header(params.get(name))) for name in HEADERS)
    return next((f"{name}[{header!r}]" for name, header in found if header is not None), None)
