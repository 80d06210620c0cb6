"""Loaded by Schemathesis: what would stop most tries at the door is made harmless, so that they come further.

Its favourites are the smallest numbers and the shortest texts that the document permits: 5e-324 seconds, a role
without a name. Those few that vendors refuse are mended here; tries that are wrong by intent stay as they are.
"""

from __future__ import annotations

from typing import Any

import schemathesis

_SHORTEST_S = 5.0
_TIMES = ("timeout", "stream_timeout")


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    for name in _TIMES:
        if hasattr(case.headers, "get") and _too_short(case.headers.get(f"x-litellm-{name}")):
            case.headers[f"x-litellm-{name}"] = str(_SHORTEST_S)
    if isinstance(case.body, dict):
        _mend(case.body)


def _mend(body: dict[str, Any]) -> None:
    for name in _TIMES:
        if _too_short(body.get(name)):
            body[name] = _SHORTEST_S
    if body.get("drop_params") is False:
        body["drop_params"] = True
    messages = body.get("messages")
    for message in messages if isinstance(messages, list) else ():
        if isinstance(message, dict) and message.get("role") == "":
            message |= {"role": "user", "content": message.get("content") or "Hello"}


def _too_short(told: Any) -> bool:
    try:
        return not isinstance(told, bool) and 0 < float(told) < _SHORTEST_S
    except (TypeError, ValueError):
        return False
