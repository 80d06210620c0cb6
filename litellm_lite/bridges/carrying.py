"""What a bridge does with what it cannot carry: it refuses it by name, or leaves it out and tells. Never lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litellm_lite.errors import BadRequestError, UnsupportedParamsError
from litellm_lite.params import shown

JSON = dict[str, Any]


class Carrier:
    """Holds, for one request, what its caller said about parameters that cannot be carried, and what was left out."""

    __slots__ = ("_drop_params", "_endpoint", "_left_out")

    def __init__(self, endpoint: str, drop_params: bool, left_out: dict[str, str] | None) -> None:
        self._endpoint = endpoint
        self._drop_params = drop_params
        self._left_out = {} if left_out is None else left_out

    def leave(self, name: str, why: str) -> None:
        """Note something that is left out whatever the caller says: the answer is the same without it."""
        self._left_out[name] = why

    def go_without(self, name: str, why: str) -> None:
        """Note a parameter that one may go without. Raises UnsupportedParamsError unless the caller would."""
        if not self._drop_params:
            raise self.refusal(name, why, "drop_params=True leaves it out")
        self._left_out[name] = why

    def refusal(self, name: str, why: str, remedy: str) -> UnsupportedParamsError:
        """Return the exception for what nobody can go without; the caller raises it."""
        there = f"a model whose provider serves {self._endpoint} itself may take it"
        return UnsupportedParamsError(f"{name} {why}; {remedy}; {there}", param=name)


def wrong(name: str, why: str) -> BadRequestError:
    """Return the exception for what is wrong whoever serves it."""
    return BadRequestError(f"{name} {why}", param=name)


def whole(name: str, value: Any, low: int) -> int:
    """Return a whole number from `low`. Raises BadRequestError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise wrong(name, f"must be a whole number from {low}, not {shown(value)}")
    return value


def given(body: Mapping[str, Any], names: frozenset[str]) -> JSON:
    """Return the parameters of a request but `names`; None counts as not given."""
    return {name: value for name, value in body.items() if value is not None and name not in names}
