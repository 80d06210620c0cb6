"""Who serves which endpoint, and a Router's calls of those beside chat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from litellm_lite import resolve
from litellm_lite.asking import Opened, Told, wants_chat, warn
from litellm_lite.errors import APIError
from litellm_lite.facts import facts_of
from litellm_lite.router.drivers import afirst_leg, awhole, first_leg, whole
from litellm_lite.router.facts import RoutedFacts
from litellm_lite.router.stream import AsyncRoutedStream, RoutedStream

if TYPE_CHECKING:
    from litellm_lite.attempts import Answer
    from litellm_lite.call import Endpoint
    from litellm_lite.prepare import Plan
    from litellm_lite.router.deployment import Deployment
    from litellm_lite.router.fleet import Stop
    from litellm_lite.router.request import Way
    from litellm_lite.router.router import Router


def serves(stop: Stop, endpoint: Endpoint) -> bool:
    """Whether all deployments that a name leads to serve an endpoint. Those that are alike are asked once."""
    if stop.only is not None:
        return _serves(stop.only.deployment, stop.model, endpoint)
    return all(_serves(each, stop.model, endpoint) for each in stop.group.samples)


def _serves(deployment: Deployment, model: str | None, endpoint: Endpoint) -> bool:
    if wants_chat(deployment.params):
        return False
    name = deployment.provider
    if not name:  # whose it is, only the name that was asked for tells
        try:
            name, _ = resolve.split_model(model or deployment.model, deployment.params.get("custom_llm_provider"))
        except APIError:  # then there is no call, and the error is told there
            return False
    provider = resolve.find_provider(name)
    return provider is not None and provider.endpoint(endpoint) is not None


class Routed:
    """A Router, as one who makes calls."""

    def __init__(self, router: Router) -> None:
        self._router = router

    def serves(self, endpoint: Endpoint, model: str, params: Mapping[str, Any]) -> bool:
        return not wants_chat(params) and self._router.serves(model, endpoint)

    def whole(self, endpoint: Endpoint, model: str, messages: Any, params: Mapping[str, Any]) -> Told:
        way = self._router.route(endpoint, model, params, messages=messages)
        answer = whole(way.route, way.calls)
        warn(answer.plan)
        return _told(answer, way)

    async def awhole(self, endpoint: Endpoint, model: str, messages: Any, params: Mapping[str, Any]) -> Told:
        way = self._router.route(endpoint, model, params, messages=messages)
        answer = await awhole(way.route, way.calls)
        warn(answer.plan)
        return _told(answer, way)

    def stream(self, endpoint: Endpoint, model: str, messages: Any, params: Mapping[str, Any]) -> Opened:
        way = self._router.route(endpoint, model, params, messages=messages, stream=True)
        leg = first_leg(way.route, way.calls)
        warn(leg.plan)
        return Opened(RoutedStream(way.route, way.calls, leg, way.mender(), as_it_is), leg.plan)

    async def astream(self, endpoint: Endpoint, model: str, messages: Any, params: Mapping[str, Any]) -> Opened:
        way = self._router.route(endpoint, model, params, messages=messages, stream=True)
        leg = await afirst_leg(way.route, way.calls)
        warn(leg.plan)
        return Opened(AsyncRoutedStream(way.route, way.calls, leg, way.mender(), as_it_is), leg.plan)


def as_it_is(plan: Plan, hidden: dict[str, Any]) -> Any:  # noqa: ARG001 - a Delivery
    """Deliver chunks as the dictionaries they are."""
    return lambda chunk: chunk


def _told(answer: Answer, way: Way) -> Told:
    return Told(answer, RoutedFacts(facts_of(answer), way.route.trace))
