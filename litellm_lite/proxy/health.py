"""Whether the gateway is alive and ready, and whether the deployments behind it answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from litellm_lite import __version__
from litellm_lite.attempts import afetch
from litellm_lite.call import Endpoint, Timeouts
from litellm_lite.errors import APIError
from litellm_lite.prepare import prepare
from litellm_lite.proxy.listing import known_behind
from litellm_lite.proxy.visit import Told, Visit, told_json
from litellm_lite.registry import registry
from litellm_lite.router.names import ANY

if TYPE_CHECKING:
    from datetime import date

    from litellm_lite.registry import ModelInfo
    from litellm_lite.router.deployment import Deployment

JSON = dict[str, Any]

_AT_ONCE = 16
_USUAL_S, _LONGEST_S = 10.0, 300.0
_GREETING = ({"role": "user", "content": "Hi"},)
_OF_THE_ROUTER = ("stream_timeout", "request_timeout", "allowed_model_region", "budget")


class Probe(NamedTuple):
    """The least that can be asked of a model. `most`: the parameter that limits its answer."""

    endpoint: Endpoint
    params: Mapping[str, Any]
    most: str | None = None


_CHAT = Probe("chat", {}, "max_tokens")
# By the registry's `mode`.
_PROBES: Mapping[str, Probe] = {
    "chat": _CHAT,
    "completion": Probe("completions", {"prompt": "Hi"}, "max_tokens"),
    "responses": Probe("responses", {"input": "Hi"}, "max_output_tokens"),
    "embedding": Probe("embeddings", {"input": "Hi"}),
    "moderation": Probe("moderations", {"input": "Hi"}),
}
_LEAST = 1
_LEAST_FOR_THOUGHT = 16  # OpenAI's own lower limit for what reasons: with less it answers with an error


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
    return visit.serving.led_to(model)[0]


async def _find(deployment: Deployment, gate: asyncio.Semaphore, today: date) -> Finding:
    endpoint = _described(deployment)
    asked = _asked(deployment, today)
    if isinstance(asked, str):
        return Finding("unchecked", {**endpoint, "reason": asked})
    async with gate:
        try:
            await _call(deployment, *asked)
        except APIError as error:
            return Finding("unhealthy", {**endpoint, "error": f"{type(error).__name__}: {error.message}"})
    return Finding("healthy", endpoint)


def _described(deployment: Deployment) -> JSON:
    return {**deployment.entry()["litellm_params"], "model_id": deployment.id, "model_name": deployment.group}


def _asked(deployment: Deployment, today: date) -> tuple[str, ModelInfo | None] | str:
    """Return the model to call and what is known of it, or why there is none to call.

    A wildcard is asked for the cheapest chat model that it is known to have.
    """
    named = deployment.info.get("health_check_model")
    if isinstance(named, str) and named:
        return named, registry().lookup(named)
    if ANY not in deployment.model:
        mode = _mode(deployment.row)
        if mode in _PROBES:
            return deployment.model, deployment.row
        return f"its mode is {mode!r}; called are {', '.join(_PROBES)}"
    chats = [each for each in known_behind(deployment, today) if _mode(each.info) == "chat"]
    if not chats:
        return "which models are behind the wildcard is not known; name one in model_info.health_check_model"
    priced = [each for each in chats if each.info.output_cost_per_token]
    cheapest = min(priced or chats, key=lambda each: each.info.output_cost_per_token or 0)
    return cheapest.model, cheapest.info


def _mode(info: ModelInfo | None) -> str:
    return (info.row.get("mode") if info is not None else None) or "chat"


async def _call(deployment: Deployment, model: str, info: ModelInfo | None) -> None:
    """Call a deployment once, past the Router, which would count it and spare one that rests. Raises APIError."""
    probe = _PROBES.get(_mode(info), _CHAT)
    params = {name: value for name, value in deployment.params.items() if name not in _OF_THE_ROUTER}
    params |= {**probe.params, "timeout": _timeouts(deployment), "drop_params": True}
    if probe.most is not None:
        thinks = probe.endpoint == "responses" or (info is not None and info.supports("supports_reasoning"))
        params[probe.most] = _LEAST_FOR_THOUGHT if thinks else _LEAST
    messages = _GREETING if probe.endpoint == "chat" else ()
    await afetch(prepare(model, messages, params, stream=False, endpoint=probe.endpoint))


def _timeouts(deployment: Deployment) -> Timeouts:
    """Return the limits of a call; `model_info.health_check_timeout` is LiteLLM's name for one's own."""
    own: Any = deployment.info.get("health_check_timeout")
    is_number = isinstance(own, int | float) and not isinstance(own, bool)
    limit_s = min(float(own), _LONGEST_S) if is_number and own > 0 else _USUAL_S
    return Timeouts(connect=limit_s, first_byte=limit_s, idle=limit_s, total=limit_s)
