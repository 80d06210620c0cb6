"""From an attempt to a plan: what a library call sends to one deployment. Pure but for what `prepare` reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from litellm_lite.call import Timeouts
from litellm_lite.prepare import Plan, prepare
from litellm_lite.router.mending import continuation
from litellm_lite.router.places import Places, is_shared

if TYPE_CHECKING:
    from litellm_lite.call import Endpoint
    from litellm_lite.router.clock import Clock
    from litellm_lite.router.steps import Attempt
    from litellm_lite.router.underway import Limit

_CONNECT_S = 10.0
_READ_S = 600.0  # no limit that matters beside the total, but a constant: each one there is has connections of its own
_DECIDED = ("stream_timeout", "request_timeout", "allowed_model_region")  # by the time there is an attempt


class Calls:
    """One request, ready to be planned for whichever deployment is chosen. The caller's parameters win over its own."""

    __slots__ = ("_check_context", "_clock", "_endpoint", "_messages", "_params", "_places", "_stream")

    def __init__(
        self,
        messages: Sequence[Any],
        params: Mapping[str, Any],
        *,
        stream: bool,
        checked: bool,
        clock: Clock,
        endpoint: Endpoint = "chat",
        places: Places | None = None,
    ) -> None:
        """`checked`: whether the prompt was held against the window of each deployment that is called.

        `places` are those that are known of the deployments, and learn more of them.
        """
        self._places = places if places is not None and is_shared(params) else None
        self._endpoint: Endpoint = endpoint
        self._messages, self._params, self._stream, self._clock = messages, params, stream, clock
        self._check_context = not checked

    def plan(self, attempt: Attempt) -> Plan:
        """Return the plan of an attempt. Raises APIError where there can be none; nothing was sent then."""
        deployment, messages = attempt.deployment, self._messages
        params = {**deployment.params, **self._params}
        if attempt.overrides:
            params |= attempt.overrides
        if attempt.kind == "continuation" and attempt.shown is not None and deployment.prefill is not None:
            messages, body = continuation(list(messages), attempt.shown, deployment.prefill)
            if body:
                params["extra_body"] = {**(params.get("extra_body") or {}), **body}
        params["timeout"] = self.timeouts(attempt)
        params.setdefault("check_context", self._check_context)
        for name in _DECIDED:
            params.pop(name, None)
        model, places = attempt.model or deployment.model, None if attempt.overrides else self._places
        place = None if places is None else places.of(deployment, model)
        plan = prepare(model, messages, params, stream=self._stream, endpoint=self._endpoint, place=place)
        if places is not None and place is None:
            places.keep(deployment, model, plan.place)
        return plan

    def timeouts(self, attempt: Attempt | Limit) -> Timeouts:
        """Return the limits in the seconds of the transport. A stream may go on, as long as it does not fall silent."""
        real_s = self._clock.real_s
        timeout_s = None if attempt.timeout_s is None else max(round(real_s(attempt.timeout_s), 2), 0.001)
        if not self._stream:
            read_s = _READ_S if timeout_s is not None and timeout_s <= _READ_S else None
            return Timeouts(_CONNECT_S, read_s, read_s, timeout_s)
        idle_s = None if attempt.idle_s is None else real_s(attempt.idle_s)
        return Timeouts(_CONNECT_S, timeout_s, timeout_s if idle_s is None else idle_s)
