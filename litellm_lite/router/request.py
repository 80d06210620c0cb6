"""From a library call to a route: what of its arguments says how to be routed, and what is for the vendor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from litellm_lite.errors import BadRequestError
from litellm_lite.options import read_retries, read_timeout
from litellm_lite.params import shown
from litellm_lite.router.ask import Ask
from litellm_lite.router.calls import Calls
from litellm_lite.router.credentials import misplaced
from litellm_lite.router.itinerary import Order
from litellm_lite.router.mending import Mender
from litellm_lite.router.needs import needs_at_endpoint
from litellm_lite.router.route import Route
from litellm_lite.router.settings import read_targets

if TYPE_CHECKING:
    from litellm_lite.call import Endpoint
    from litellm_lite.router.fleet import Fleet
    from litellm_lite.router.settings import Settings, Target

_FALLBACKS = ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks")
_OF_THE_ROUTE = frozenset({
    *_FALLBACKS, "disable_fallbacks", "num_retries", "max_retries", "timeout", "request_timeout", "stream_timeout",
})  # fmt: skip
_NO_TAGS: frozenset[str] = frozenset()


class Way(NamedTuple):
    """A route, what it calls, and what is sent."""

    route: Route
    calls: Calls
    params: Mapping[str, Any]
    hold: bool
    endpoint: Endpoint = "chat"

    def mender(self) -> Mender:
        """Return what follows the stream: whether another one may be spliced to it."""
        params, flaw = self.params, ""
        if self.endpoint != "chat":
            flaw = f"it is one of /{self.endpoint}"
        elif params.get("tools") or params.get("functions"):
            flaw = "it may call tools"
        elif params.get("response_format"):
            flaw = "it is JSON"
        elif (params.get("n") or 1) != 1:
            flaw = "it has several choices"
        return Mender(spliceable=not flaw, why_not=flaw, hold=self.hold)


def planned(
    fleet: Fleet,
    model: str,
    messages: Any,
    params: Mapping[str, Any],
    *,
    stream: bool,
    endpoint: Endpoint = "chat",
) -> Way:
    """Return the way of a call. Raises BadRequestError for a name that leads nowhere, and for what cannot be routed."""
    settings = fleet.settings
    asked = {name: value for name, value in params.items() if value is not None}
    _refuse_places(asked)
    start = fleet.find(model)
    order = _order(fleet, asked, stream=stream)
    ask = Ask(
        messages,
        asked,
        stream=stream,
        tags=_tags(asked) if settings.enable_tag_filtering else _NO_TAGS,
        tagged=settings.enable_tag_filtering,
        match_any=settings.tag_filtering_match_any,
        checked=settings.enable_pre_call_checks,
        needs=None if endpoint == "chat" else needs_at_endpoint(asked),
    )
    calls = Calls(
        messages,
        asked,
        stream=stream,
        checked=settings.enable_pre_call_checks,
        clock=fleet.clock,
        endpoint=endpoint,
        places=fleet.places,
    )
    return Way(Route(fleet, ask, start, order), calls, asked, settings.stream_hold == "full", endpoint)


def _refuse_places(params: Mapping[str, Any]) -> None:
    """Raise BadRequestError for what belongs to one deployment: a key for one vendor must not go to another."""
    if (found := misplaced(params)) is not None:
        msg = f"{found} belongs to one deployment, and the Router may call several; put it into its litellm_params"
        raise BadRequestError(msg, param=found.partition("[")[0])


def _order(fleet: Fleet, params: dict[str, Any], *, stream: bool) -> Order:
    """Take out of the parameters what says how to be routed, and return it."""
    settings = fleet.settings
    of_streams_s = settings.stream_timeout_s if stream else None
    timeout_s = settings.timeout_s if of_streams_s is None else of_streams_s
    if _OF_THE_ROUTE.isdisjoint(params):
        return Order(stream, timeout_s)
    own = {name: params.pop(name) for name in _OF_THE_ROUTE & params.keys()}
    own_s = _timeout_s(own, settings, stream=stream)
    retries = read_retries(own) if own.keys() & {"num_retries", "max_retries"} else None
    return Order(stream, timeout_s if own_s is None else own_s, retries, *_fallbacks(fleet, own))


def _timeout_s(own: Mapping[str, Any], settings: Settings, *, stream: bool) -> float | None:
    """Return how many seconds the call gives itself, a stream to its first token; None where it does not say."""
    for name in ("stream_timeout", "timeout", "request_timeout") if stream else ("timeout", "request_timeout"):
        if name in own:
            limits = read_timeout(name, own[name])
            found = limits.total if limits.total is not None else limits.first_byte
            return settings.longest_s if found is None else found
    return None


def _fallbacks(fleet: Fleet, own: Mapping[str, Any]) -> tuple[tuple[Target, ...] | None, ...]:
    """Return the fallbacks that the call itself names, of each of the three kinds; None where it does not."""
    if own.get("disable_fallbacks"):
        return (), (), ()
    groups, aliases = fleet.groups.keys(), fleet.settings.aliases
    return tuple(read_targets(own[name], name, groups, aliases) if name in own else None for name in _FALLBACKS)


def _tags(params: Mapping[str, Any]) -> frozenset[str]:
    """Return the tags of a request: LiteLLM takes them in `metadata`, or as they are."""
    metadata = params.get("metadata") or params.get("litellm_metadata") or {}
    given = params.get("tags") or (metadata.get("tags") if isinstance(metadata, Mapping) else None) or ()
    if isinstance(given, str) or not isinstance(given, Sequence) or not all(isinstance(tag, str) for tag in given):
        raise BadRequestError(f"tags must be a list of texts, not {shown(given)}", param="tags")
    return frozenset(given)
