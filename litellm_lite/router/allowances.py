"""Numbers by the kind of an error: LiteLLM's retry policies and allowed_fails_policy. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from litellm_lite.errors import (
    APIError,
    AuthenticationError,
    BadRequestError,
    ContentPolicyViolationError,
    InternalServerError,
    NotFoundError,
    RateLimitError,
    ServiceUnavailableError,
    Timeout,
)
from litellm_lite.params import shown
from litellm_lite.router.checks import fault, named, table, whole

RETRIES = "Retries"
ALLOWED_FAILS = "AllowedFails"

# LiteLLM's word for each class; a class stands before the one it is derived from.
_KINDS: Mapping[str, type[APIError]] = {
    "ContentPolicyViolationError": ContentPolicyViolationError,
    "BadRequestError": BadRequestError,
    "AuthenticationError": AuthenticationError,
    "NotFoundError": NotFoundError,
    "TimeoutError": Timeout,
    "RateLimitError": RateLimitError,
    "InternalServerError": InternalServerError,
    "ServiceUnavailableError": ServiceUnavailableError,
}
_DEFAULT = "Default"
_FROM_NOTHING = whole(0)


class Allowances(NamedTuple):
    """How often each kind of error is allowed, and any other."""

    of_kind: tuple[tuple[type[APIError], int], ...] = ()
    default: int | None = None

    def of(self, error: APIError) -> int | None:
        """Return the number for the kind of an error; None where nothing is said of that kind."""
        for kind, number in self.of_kind:
            if isinstance(error, kind):
                return number
        return None


NONE = Allowances()


def read_allowances(path: str, given: Any, what: str) -> Allowances:
    """Read a dictionary or an object with fields such as `TimeoutErrorRetries`, where `what` is `Retries`.

    Raises BadRequestError for a field that there is not, and for a number that is none.
    """
    names = [f"{kind}{what}" for kind in (*_KINDS, *([_DEFAULT] if what == RETRIES else []))]
    numbers: dict[str, int] = {}
    for name, value in _fields(path, given, names).items():
        if name not in names:
            close = get_close_matches(name, names, 1)
            raise fault(
                path, f"has no field {named(name)}; {f'did you mean {close[0]!r}? ' if close else ''}{_all(names)}"
            )
        if value is not None:
            numbers[name.removesuffix(what)] = _FROM_NOTHING(f"{path}.{name}", value)
    of_kind = tuple((kind, numbers[name]) for name, kind in _KINDS.items() if name in numbers)
    return Allowances(of_kind, numbers.get(_DEFAULT))


def _fields(path: str, given: Any, names: list[str]) -> dict[str, Any]:
    if isinstance(given, Mapping):
        return table(path, given)
    found = {name: getattr(given, name) for name in names if hasattr(given, name)}
    if not found:
        raise fault(path, f"must be a dictionary or an object with fields, not {shown(given)}; {_all(names)}")
    return found


def _all(names: list[str]) -> str:
    return f"there are {', '.join(names)}"
