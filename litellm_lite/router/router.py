"""`Router`: one model name, many deployments. What it is told and what it is asked; how it routes is elsewhere."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from litellm_lite.attempts import warn_of_retirement
from litellm_lite.router import model_list as lists
from litellm_lite.router import settings as settled
from litellm_lite.router import strategies
from litellm_lite.router.checks import flag
from litellm_lite.router.clock import Clock
from litellm_lite.router.drivers import afirst_leg, awhole, first_leg, whole
from litellm_lite.router.endpoints import Endpoints
from litellm_lite.router.fleet import Fleet
from litellm_lite.router.request import Way, planned
from litellm_lite.router.serving import serves
from litellm_lite.router.stream import AsyncRoutedStream, RoutedStream

if TYPE_CHECKING:
    from litellm_lite.call import Endpoint
    from litellm_lite.explanation import Explanation
    from litellm_lite.router.deployment import Deployment
    from litellm_lite.router.pacing import Remaining
    from litellm_lite.router.settings import RouterParams
    from litellm_lite.router.standing import Standing
    from litellm_lite.types.params import Messages, RoutedParams
    from litellm_lite.types.response import ModelResponse


class Router(Endpoints):
    """Calls by the name of a group whichever of its deployments is free and well, and others when it fails.

    `model_list` and the keywords have LiteLLM's names; see docs/router.md. Raises BadRequestError with the path to
    whatever is wrong in them. One Router may serve many threads and event loops at a time.
    """

    def __init__(
        self,
        model_list: Sequence[Mapping[str, Any]] | None = None,
        *,
        clock: Clock | None = None,
        **given: Unpack[RouterParams],
    ) -> None:
        self._given: dict[str, Any] = dict(given)
        self._clock = clock or Clock()
        self._build(model_list or ())

    def _build(self, entries: Sequence[Mapping[str, Any]]) -> None:
        given, lenient = self._given, self._given.get("ignore_invalid_deployments")
        self._assemble(
            lists.read(
                entries,
                ignore_invalid=lenient is not None and flag("ignore_invalid_deployments", lenient),
                default_params=given.get("default_litellm_params"),
            )
        )

    def _assemble(self, deployments: Sequence[Deployment]) -> None:
        given = self._given
        settings = settled.read(given, {deployment.group for deployment in deployments})
        strategy = strategies.by_name(settings.routing_strategy, settings.routing_strategy_args)
        dice = random.Random(settings.seed)
        jitter = random.Random(dice.random()).random
        self._fleet = Fleet(
            deployments, settings, strategy=strategy, clock=self._clock, chance=dice.random, jitter=jitter
        )
        self._dice = dice

    @overload
    def completion(
        self, model: str, messages: Messages, *, stream: Literal[False] | None = None, **params: Unpack[RoutedParams]
    ) -> ModelResponse: ...
    @overload
    def completion(
        self, model: str, messages: Messages, *, stream: Literal[True], **params: Unpack[RoutedParams]
    ) -> RoutedStream: ...
    @overload
    def completion(
        self, model: str, messages: Messages, *, stream: bool | None, **params: Unpack[RoutedParams]
    ) -> ModelResponse | RoutedStream: ...
    def completion(self, model: str, messages: Any = (), *, stream: bool | None = None, **params: Any) -> Any:
        """Return the answer of one of the group's deployments, or with `stream=True` an iterator of its chunks.

        `hidden_params["attempts"]` on it tells every attempt, as `attempts` does on the APIError that is raised when
        all have failed. `timeout` is the time for the whole call, in seconds.
        """
        from litellm_lite.router.edge import delivered, response

        way = self.route("chat", model, params, messages=messages, stream=bool(stream))
        if stream:
            leg = first_leg(way.route, way.calls)
            warn_of_retirement(leg.plan)
            return RoutedStream(way.route, way.calls, leg, way.mender(), delivered)
        answer = whole(way.route, way.calls)
        warn_of_retirement(answer.plan)
        return response(answer, way.route.trace)

    @overload
    async def acompletion(
        self, model: str, messages: Messages, *, stream: Literal[False] | None = None, **params: Unpack[RoutedParams]
    ) -> ModelResponse: ...
    @overload
    async def acompletion(
        self, model: str, messages: Messages, *, stream: Literal[True], **params: Unpack[RoutedParams]
    ) -> AsyncRoutedStream: ...
    @overload
    async def acompletion(
        self, model: str, messages: Messages, *, stream: bool | None, **params: Unpack[RoutedParams]
    ) -> ModelResponse | AsyncRoutedStream: ...
    async def acompletion(self, model: str, messages: Any = (), *, stream: bool | None = None, **params: Any) -> Any:
        """The async twin of `completion`."""
        from litellm_lite.router.edge import delivered, response

        way = self.route("chat", model, params, messages=messages, stream=bool(stream))
        if stream:
            leg = await afirst_leg(way.route, way.calls)
            warn_of_retirement(leg.plan)
            return AsyncRoutedStream(way.route, way.calls, leg, way.mender(), delivered)
        answer = await awhole(way.route, way.calls)
        warn_of_retirement(answer.plan)
        return response(answer, way.route.trace)

    def route(
        self, endpoint: Endpoint, model: str, params: Mapping[str, Any], *, messages: Any = (), stream: bool = False
    ) -> Way:
        """Return the way of a call, for whoever performs it himself: with dictionaries, and no models of the answers.

        `way.route` and `way.calls` go to `drivers.awhole`, or for a stream to `drivers.afirst_leg` and with
        `way.mender()` to `AsyncRoutedStream`. Messages are a chat's; at another endpoint all of the body is in
        `params`. Raises BadRequestError for a name that leads nowhere, and for what cannot be routed.
        """
        return planned(self._fleet, model, messages, params, stream=stream, endpoint=endpoint)

    def serves(self, model: str, endpoint: Endpoint) -> bool:
        """Whether everybody who is called by that name serves an endpoint, so that it is asked in its own words.

        Of fallbacks nothing is said: one that does not serve it is passed over. Raises BadRequestError for a name
        that leads nowhere.
        """
        return serves(self._fleet.find(model), endpoint)

    def model_of(self, name: str) -> str:
        """Return the model that a name leads to first, "provider/model". Raises BadRequestError for one of none."""
        stop = self._fleet.find(name)
        return stop.model or (stop.only or stop.group.standings[0]).deployment.model

    def led_to(self, name: str) -> tuple[tuple[Deployment, ...], str | None]:
        """Return whom a name leads to, and the model to call there where their own has a wildcard in it, else None.

        Raises BadRequestError for a name that leads nowhere.
        """
        stop = self._fleet.find(name)
        found = [stop.only] if stop.only is not None else stop.group.standings
        return tuple(each.deployment for each in found), stop.model

    def explain(
        self, model: str, messages: Messages = (), *, stream: bool | None = None, **params: Unpack[RoutedParams]
    ) -> Explanation:
        """Return what `completion` would do with the same arguments, deployment by deployment; nothing is sent.

        The order is that of the next call, if none comes between. Raises BadRequestError for a name that leads nowhere.
        """
        from litellm_lite.explaining import explain_places
        from litellm_lite.router.outlook import places

        way = self.route("chat", model, dict(params), messages=messages, stream=bool(stream))
        dice = random.Random()
        dice.setstate(self._dice.getstate())
        with self._fleet.lock:
            found = places(way, dice.random)
        return explain_places(found, messages, way.params, stream)

    def set_custom_routing_strategy(self, strategy: Any) -> None:
        """Choose by a `Strategy` of one's own, or an object with LiteLLM's method for it; forget what was learned."""
        self._given |= {"routing_strategy": strategy, "routing_strategy_args": None}
        self._assemble([standing.deployment for standing in self._fleet.of(None)])

    def set_model_list(self, model_list: Sequence[Mapping[str, Any]]) -> None:
        """Put other deployments in the place of all, and forget what was learned. Calls under way end as they would."""
        self._build(model_list)

    def add_deployment(self, deployment: Mapping[str, Any]) -> str:
        """Take in one more entry of a model list, and return its id. Raises BadRequestError for one that is wrong."""
        return self._add(deployment, replace=False)

    def upsert_deployment(self, deployment: Mapping[str, Any]) -> str:
        """The same, in the place of the one with its id if there is one: no call finds neither of them."""
        return self._add(deployment, replace=True)

    def _add(self, deployment: Mapping[str, Any], *, replace: bool) -> str:
        (made,) = lists.read([deployment], default_params=self._given.get("default_litellm_params"))
        self._fleet.add(made, replace=replace)
        return made.id

    def delete_deployment(self, id: str) -> bool:
        """Take a deployment out; False where there is none of that id. Calls under way end as they would have."""
        return self._fleet.remove(id) is not None

    def get_deployment(self, model_id: str) -> Deployment | None:
        """Return a deployment by its id, or None."""
        standing = self._fleet.standings.get(model_id)
        return None if standing is None else standing.deployment

    def get_model_names(self) -> list[str]:
        """Return the names that can be called: groups, and aliases that are not hidden."""
        settings = self._fleet.settings
        return [*self._fleet.groups, *(alias for alias in settings.aliases if alias not in settings.hidden_aliases)]

    def get_model_ids(self, model_name: str | None = None) -> list[str]:
        """Return the ids of all deployments, or of those of one group."""
        return [each.deployment.id for each in self._fleet.of(model_name)]

    def get_model_list(self, model_name: str | None = None) -> list[dict[str, Any]]:
        """Return the entries of the model list, or of one group, in LiteLLM's shape; secrets are left out of them."""
        return [each.deployment.entry() for each in self._fleet.of(model_name)]

    @property
    def model_list(self) -> list[dict[str, Any]]:
        """The entries of all deployments, as `get_model_list` returns them."""
        return self.get_model_list()

    def get_deployments(self, model_name: str | None = None) -> list[dict[str, Any]]:
        """Return how each deployment, or each of a group, stands now: its health, its load, and how its calls went.

        No key is in there. `state` is "ready", "busy" at a limit, "cooling" or "probing"; `served` and `failed` count
        attempts, `cooldowns` how often it was taken out of use. `latency_s` and `first_token_s` are how long plain
        calls and streams take of late. `remaining_requests` and `remaining_tokens` are what the vendor said is left,
        less what was begun since, and for how many seconds that holds; None where it said nothing.
        """
        standings = self._fleet.of(model_name)
        with self._fleet.lock:
            now = self._fleet.clock.now()
            return [report(each, now) for each in standings]

    def reset(self) -> None:
        """Forget every failure: all deployments may be called again."""
        with self._fleet.lock:
            for standing in self._fleet.standings.values():
                standing.health.reset()
                self._fleet.groups[standing.deployment.group].refresh(standing, self._fleet.clock.now())


def report(standing: Standing, now: float) -> dict[str, Any]:
    """Return how a deployment stands, in words and numbers; nothing of it is secret."""
    deployment, health, pace = standing.deployment, standing.health, standing.pace
    state, why = "ready", ""
    if health.probing:
        state, why = "probing", health.why(now)
    elif health.ready_at(now) > now:
        state, why = "cooling", health.why(now)
    elif pace.ready_at(now, 0) > now:
        state, why = "busy", pace.why(now, 0)
    names = {"id": deployment.id, "model_name": deployment.group, "model": deployment.model}
    names["provider"] = deployment.provider
    counts = {"in_flight": pace.in_flight, "served": standing.served, "failed": standing.failed}
    times = {"latency_s": standing.latency_s, "first_token_s": standing.first_token_s}
    requests, tokens = pace.remaining(now)
    left = {"remaining_requests": _left(requests, now), "remaining_tokens": _left(tokens, now)}
    return {**names, "state": state, "why": why, **counts, "cooldowns": health.cooled, **times, **left}


def _left(remaining: Remaining | None, now: float) -> tuple[int, float] | None:
    return None if remaining is None else (remaining.amount, remaining.until - now)
