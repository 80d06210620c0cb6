"""Whether the gateway is alive and ready, and whether the deployments behind it answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from litellm_lite import __version__
from litellm_lite.attempts import afetch
from litellm_lite.call import Timeouts
from litellm_lite.errors import APIError
from litellm_lite.prepare import prepare
from litellm_lite.proxy.listing import known_behind
from litellm_lite.proxy.visit import Told, Visit, told_json
from litellm_lite.router.names import ANY

if TYPE_CHECKING:
    from datetime import date

    from litellm_lite.router.deployment import Deployment

JSON = dict[str, Any]

_AT_ONCE = 16
_LONGEST_S = 10.0
_TIMEOUTS = Timeouts(connect=_LONGEST_S, first_byte=_LONGEST_S, idle=_LONGEST_S, total=_LONGEST_S)
_GREETING = ({"role": "user", "content": "Hi"},)
_OF_THE_ROUTER = ("stream_timeout", "request_timeout", "allowed_model_region", "budget")
_CHATS = frozenset({"chat", "responses", None})


class Finding(NamedTuple):
    """What came of asking a deployment; `unchecked` where there was nothing to ask."""

    verdict: Literal["healthy", "unhealthy", "unchecked"]
    endpoint: JSON


async def alive(_: Visit) -> Told:
    """Answer as long as the process answers at all."""
    return told_json("I'm alive!")


async def ready(visit: Visit) -> Told:
    """Answer with 200 while requests may come, and with 503 at the end. Nobody else is asked."""
    ending = visit.now.ending()
    status = {
        "status": "draining" if ending else "healthy",
        "db": "Not connected",  # LiteLLM's words: there is none
        "cache": None,
        "litellm_version": __version__,
    }
    return told_json(status, 503 if ending else 200)


async def health(visit: Visit) -> Told:
    """Call every deployment, or with `model` those of a group, with one token, and answer with how that went."""
    deployments = _wanted(visit)
    gate, today = asyncio.Semaphore(_AT_ONCE), visit.now.today()
    findings = await asyncio.gather(*(_find(each, gate, today) for each in deployments))
    told: JSON = {}
    for verdict in ("healthy", "unhealthy", "unchecked"):
        of_it = [finding.endpoint for finding in findings if finding.verdict == verdict]
        if of_it or verdict != "unchecked":
            told |= {f"{verdict}_endpoints": of_it, f"{verdict}_count": len(of_it)}
    return told_json(told)


def _wanted(visit: Visit) -> Sequence[Deployment]:
    if (model := visit.asked("model")) is None:
        return visit.serving.deployments()
    stop = visit.serving.find(model)
    if stop.only is not None:
        return [stop.only.deployment]
    return [each.deployment for each in stop.group.standings]


async def _find(deployment: Deployment, gate: asyncio.Semaphore, today: date) -> Finding:
    endpoint = _described(deployment)
    model, why_not = _model(deployment, today)
    if model is None:
        return Finding("unchecked", {**endpoint, "reason": why_not})
    async with gate:
        try:
            await _call(deployment, model)
        except APIError as error:
            return Finding("unhealthy", {**endpoint, "error": f"{type(error).__name__}: {error.message}"})
    return Finding("healthy", endpoint)


def _described(deployment: Deployment) -> JSON:
    return {**deployment.entry()["litellm_params"], "model_id": deployment.id, "model_name": deployment.group}


def _model(deployment: Deployment, today: date) -> tuple[str | None, str]:
    """Return the model to call, or why there is none: a wildcard is asked for the cheapest that it is known to have."""
    named = deployment.info.get("health_check_model")
    if isinstance(named, str) and named:
        return named, ""
    if ANY in deployment.model:
        chats = [each for each in known_behind(deployment, today) if each.info.row.get("mode") == "chat"]
        priced = [each for each in chats if each.info.output_cost_per_token]
        if priced or chats:
            return min(priced or chats, key=lambda each: each.info.output_cost_per_token or 0).model, ""
        return None, "which models are behind the wildcard is not known; name one in model_info.health_check_model"
    mode = deployment.row.row.get("mode") if deployment.row is not None else None
    if mode not in _CHATS:
        return None, f"its mode is {mode!r}, and only chats are called"
    return deployment.model, ""


async def _call(deployment: Deployment, model: str) -> None:
    """Call a deployment once, past the Router, which would count it and spare one that rests. Raises APIError."""
    params = {name: value for name, value in deployment.params.items() if name not in _OF_THE_ROUTER}
    params |= {"timeout": _TIMEOUTS, "max_tokens": 1, "drop_params": True}
    await afetch(prepare(model, _GREETING, params, stream=False))
