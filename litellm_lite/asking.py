"""How a call is made: by itself, with its own retries, or by a Router. What is asked is no business of either.

What the endpoints beside chat have to say stands in modules of their own, once for both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from litellm_lite import resolve
from litellm_lite.attempts import Answer, afetch, aopen_stream, fetch, open_stream, warn_of_retirement
from litellm_lite.call import Endpoint
from litellm_lite.facts import facts_of, plain_end
from litellm_lite.prepare import Plan, prepare
from litellm_lite.retries import aretrying, retrying

if TYPE_CHECKING:
    from litellm_lite.chunks import JSON

ROUTED = ("fallbacks", "context_window_fallback_dict")
"""The parameters that make a call of the library a Router's."""

_TO_THE_CALLER = 6  # up from the warning, through `whole`, who asked for it, and the entry point
_FORCED = "use_chat_completions_api"


class Told(NamedTuple):
    """A whole answer, and what works out what is known of its call."""

    answer: Answer
    facts: Callable[[], dict[str, Any]]


class Opened(NamedTuple):
    """A stream of dictionaries, read up to its first token, and the plan it was opened with."""

    chunks: Any
    plan: Plan


class Asking(Protocol):
    """Somebody who makes calls, in both colours. All raise APIError."""

    def serves(self, endpoint: Endpoint, model: str, params: Mapping[str, Any]) -> bool:
        """Whether an endpoint is asked in its own words: who would be called serves it. Else its bridge is taken."""

    def whole(self, endpoint: Endpoint, model: str, messages: Any, params: Mapping[str, Any]) -> Told:
        """Return a whole answer."""

    async def awhole(self, endpoint: Endpoint, model: str, messages: Any, params: Mapping[str, Any]) -> Told:
        """The async twin of `whole`."""

    def stream(self, endpoint: Endpoint, model: str, messages: Any, params: Mapping[str, Any]) -> Opened:
        """Return a stream that has begun."""

    async def astream(self, endpoint: Endpoint, model: str, messages: Any, params: Mapping[str, Any]) -> Opened:
        """The async twin of `stream`."""


class Alone:
    """One provider, tried again as the call says."""

    def serves(self, endpoint: Endpoint, model: str, params: Mapping[str, Any]) -> bool:
        if wants_chat(params):
            return False
        base = params.get("base_url") or params.get("api_base")
        name, _ = resolve.split_model(model, params.get("custom_llm_provider"), base)
        provider = resolve.find_provider(name)
        return provider is not None and provider.endpoint(endpoint) is not None

    def whole(self, endpoint: Endpoint, model: str, messages: Any, params: Mapping[str, Any]) -> Told:
        plan = prepare(model, messages, params, stream=False, endpoint=endpoint)
        warn(plan)
        answer = retrying(lambda: fetch(plan), plan.options.retries)
        return Told(answer, facts_of(answer))

    async def awhole(self, endpoint: Endpoint, model: str, messages: Any, params: Mapping[str, Any]) -> Told:
        plan = prepare(model, messages, params, stream=False, endpoint=endpoint)
        warn(plan)
        answer = await aretrying(lambda: afetch(plan), plan.options.retries)
        return Told(answer, facts_of(answer))

    def stream(self, endpoint: Endpoint, model: str, messages: Any, params: Mapping[str, Any]) -> Opened:
        plan = prepare(model, messages, params, stream=True, endpoint=endpoint)
        warn(plan)
        return Opened(retrying(lambda: open_stream(plan, plain_end), plan.options.retries), plan)

    async def astream(self, endpoint: Endpoint, model: str, messages: Any, params: Mapping[str, Any]) -> Opened:
        plan = prepare(model, messages, params, stream=True, endpoint=endpoint)
        warn(plan)
        return Opened(await aretrying(lambda: aopen_stream(plan, plain_end), plan.options.retries), plan)


def warn(plan: Plan) -> None:
    """Warn who called an entry point of a model that is switched off."""
    warn_of_retirement(plan, _TO_THE_CALLER)


def asking_for(model: str, params: Mapping[str, Any]) -> tuple[Asking, JSON]:
    """Return who makes a call of the library's, and the parameters to pass to it."""
    if not any(map(params.get, ROUTED)):
        return Alone(), dict(params)
    from litellm_lite.router.once import router_for  # few calls need it
    from litellm_lite.router.serving import Routed

    router, shared = router_for(model, params)
    return Routed(router), shared


def wants_chat(params: Mapping[str, Any]) -> bool:
    """Whether the parameters of a call or a deployment ask for its chat: by their word, or with a mock of a chat's."""
    return bool(params.get(_FORCED) or params.get("mock_tool_calls")) or isinstance(params.get("mock_response"), str)
