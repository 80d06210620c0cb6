"""`explain`: what a call would send, cost and run into, told without making it. Opens no connection.

What is told is the plan that `completion` would follow, made by the same `prepare`; nothing is decided a second time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

import orjson

from litellm_lite import resolve
from litellm_lite.attempts import retired
from litellm_lite.call import Call, Target, Timeouts
from litellm_lite.context import judge
from litellm_lite.cost.budget import CostEstimate, estimate, prompt_kinds
from litellm_lite.counting import is_count
from litellm_lite.dispositions import dispositions
from litellm_lite.errors import (
    APIError,
    AuthenticationError,
    BudgetExceededError,
    ContextWindowExceededError,
    PriceUnknown,
    TokenizerError,
)
from litellm_lite.explanation import Candidate, Explanation, Parameter, Refusal
from litellm_lite.options import take_options
from litellm_lite.prepare import Plan, prepare
from litellm_lite.registry import registry
from litellm_lite.response_format import schema_format
from litellm_lite.router.deployment import Deployment
from litellm_lite.router.once import ASKS, stages
from litellm_lite.router.preflight import Reason, needs_of, reason_against
from litellm_lite.tokens.count import TokenCount
from litellm_lite.tokens.counting import count_prompt
from litellm_lite.transport.seam import check_request
from litellm_lite.vendor_errors import SECRET_HEADERS, redact, secrets_of

if TYPE_CHECKING:
    from litellm_lite.types.params import CompletionParams, Messages

MISSING = "[missing]"
"""Stands where the key would be, when there is none that may be sent."""

_REDACTED = "[redacted]"
_SCHEMES = frozenset({"Bearer", "Basic"})
# Without these it would be another call.
_NEEDED = frozenset({"api", "api_base", "base_url", "custom_llm_provider"})
# What holding a budget may raise; a call without one needs neither price nor count.
_OF_A_BUDGET = (BudgetExceededError, PriceUnknown, TokenizerError)
_IN_THE_PROMPT = ("tools", "tool_choice", "response_format")
# What is counted and priced is the caller's own; what extra_body puts in its place is the vendor's business.
_NOT_FROM_EXTRA_BODY = ("model", "messages", *_IN_THE_PROMPT)


@dataclass(frozen=True, slots=True)
class Place:
    """A deployment at its place in a Router's order, and `why` it stands there.

    `params` are what the call to it would pass: its own, the caller's over them, and those of a fallback over these.
    `reason` says why it would not be tried at all, `waiting` why not now.
    """

    deployment: Deployment
    params: Mapping[str, Any] = field(repr=False)
    model: str
    why: str = ""
    reason: Reason | str | None = None
    group: str = ""
    waiting: str | None = None
    timeouts: Timeouts | None = None
    """The limits of a first attempt there, and the Router's `retries` of the group."""
    retries: int | None = None

    @property
    def last(self) -> int:
        """How far behind it stands: what would be tried comes first, what never would be comes last."""
        return 2 if self.reason is not None else 1 if self.waiting is not None else 0


def explain(
    model: str, messages: Messages = (), *, stream: bool | None = None, **params: Unpack[CompletionParams]
) -> Explanation:
    """Return what `completion` would do with the same arguments; nothing is sent, and no APIError is raised.

    It tells the request, what becomes of each parameter, the tokens, what the call costs at least and at most, and why
    it would be refused; with `fallbacks`, for each of them too. Secrets are taken out.
    """
    given: dict[str, Any] = {**params}
    routed = {name: given.pop(name) for name in ASKS & given.keys()}
    if not any(routed.values()):
        return Explanation((candidate(model, messages, given, stream=stream),))
    try:
        places = list(_with_fallbacks(model, messages, given | routed))
    except APIError as error:
        told = candidate(model, messages, given, stream=stream)
        refusal = Refusal(type(error).__name__, str(error), error.param, lifted=True)
        return Explanation((replace(told, refusals=(refusal, *told.refusals)),))
    return explain_places(places, messages, given, stream)


def candidate(
    model: str, messages: Any, params: Mapping[str, Any], *, stream: bool | None = None, why: str = ""
) -> Candidate:
    """Return what a call to one deployment would be; `why` it stands at its place among others."""
    tried = _try(model, messages, params, stream=bool(stream))
    return replace(_shown(tried, stream, tried.secrets), why=why)


def explain_places(
    places: Sequence[Place], messages: Any, params: Mapping[str, Any], stream: bool | None = None
) -> Explanation:
    """Return what calls to several deployments would be, in their order; those that would not be tried come last.

    `params` are the caller's own. A secret of one deployment is shown in no other's request either.
    """
    ordered = sorted(places, key=lambda place: place.last)
    tries = [_try(place.model, messages, place.params, stream=bool(stream)) for place in ordered]
    secrets = sorted({secret for tried in tries for secret in tried.secrets}, key=len, reverse=True)
    return Explanation(
        tuple(
            _placed(_shown(tried, stream, secrets), place, params) for tried, place in zip(tries, ordered, strict=True)
        )
    )


def _with_fallbacks(model: str, messages: Any, params: Mapping[str, Any]) -> Iterator[Place]:
    """Yield the places of a call and of its fallbacks. Raises BadRequestError for what is no fallback."""
    shared, found = stages(model, params)
    for stage in found:
        yield _alone(stage.model, messages, {**shared, **stage.own, **stage.differs}, stage.why)


def _alone(model: str, messages: Any, params: Mapping[str, Any], why: str) -> Place:
    """Return the place of a model outside a Router."""
    provider, name = _meant(model, params)
    row = registry().find(provider, name)
    deployment = Deployment(id="", group="", model=model, provider=provider, row=row)
    reason = reason_against(needs_of(messages, params), deployment, messages, params)
    return Place(deployment, params, model, why, reason)


@dataclass(frozen=True, slots=True)
class _Tried:
    """The plan of a call, if there is one; the arguments as given and as they led to it, and what stood in the way."""

    model: str
    plan: Plan | None
    given: Mapping[str, Any] = field(repr=False)
    params: Mapping[str, Any] = field(repr=False)
    refusals: tuple[Refusal, ...]

    @property
    def refused_params(self) -> dict[str, str]:
        return {each.param: str(each) for each in self.refusals if each.lifted and each.param is not None}

    @property
    def secrets(self) -> list[str]:
        """What must not be shown, longest first; a key that was refused is one too."""
        target = self.plan.call if self.plan else Call(Target("", "", "", None), [], {})
        found, given = secrets_of(target), self.given.get("api_key")
        if isinstance(given, str):
            found += secrets_of(replace(target, extra_headers={"Authorization": given}))
        return [secret for secret in found if secret != MISSING]


def _try(model: str, messages: Any, params: Mapping[str, Any], *, stream: bool) -> _Tried:
    """Plan the call; each time it is refused, note why and go on without what was refused, as long as that is possible.

    Every round takes something away, so there is a last one.
    """
    left, refusals = dict(params), []
    while True:
        try:
            plan = prepare(model, messages, left, stream=stream)
            _check_sendable(plan)
        except (APIError, BudgetExceededError) as error:
            about = _about(error)
            mended = _without(error, about, left)
            known = about if about in params else None
            refusals.append(Refusal(type(error).__name__, str(error), known, lifted=mended is not None))
            if mended is None:
                return _Tried(model, None, params, left, tuple(refusals))
            left = mended
        else:
            return _Tried(model, plan, params, left, tuple(refusals))


def _check_sendable(plan: Plan) -> None:
    """Raise what the transport would, where it would carry the request."""
    try:
        if not plan.options.mocked:
            check_request(plan.request)
    except APIError as error:
        raise plan.locate(error) from None


def _about(error: APIError | BudgetExceededError) -> str:
    """Return the parameter an error is about: `tools` where it names `tools[0].function`."""
    if isinstance(error, _OF_A_BUDGET):
        return "budget"
    if isinstance(error, AuthenticationError):
        return "api_key"
    return re.split(r"[.\[]", error.param or "", maxsplit=1)[0]


def _without(error: Exception, about: str, params: dict[str, Any]) -> dict[str, Any] | None:
    """Return the arguments without what was refused; None when there is no call without it."""
    if about == "api_key":
        return None if params.get("api_key") == MISSING else {**params, "api_key": MISSING}
    if isinstance(error, ContextWindowExceededError):
        return {**params, "check_context": False} if params.get("check_context") is not False else None
    if params.get(about) is None or about in _NEEDED:
        return None
    return {name: value for name, value in params.items() if name != about}


def _meant(model: str, params: Mapping[str, Any]) -> tuple[str, str]:
    try:
        return resolve.split_model(model, params.get("custom_llm_provider"), params.get("api_base"))
    except APIError:
        return "", str(model)


def _shown(tried: _Tried, stream: bool | None, secrets: Sequence[str]) -> Candidate:
    """Return what is told of a call."""
    plan = tried.plan
    if plan is None:
        provider, name = _meant(tried.model, tried.given)
        return Candidate(provider, name, tried.refusals)
    target, options = plan.call.target, plan.options
    _, asked = take_options(tried.params, stream=bool(stream))
    told = Candidate(
        target.provider,
        target.model,
        tried.refusals,
        options.mocked,
        parameters=(*_streaming(stream), *dispositions(plan, tried.given, asked, tried.refused_params)),
        retries=options.retries,
        timeouts=options.timeouts,
        engine="client" if plan.client is not None else plan.settings.engine,
        verify=plan.settings.verify,
        retired=retired(plan),
    )
    return _with_request(_with_count(told, plan, _in_the_prompt(plan, asked)), plan, secrets)


def _placed(told: Candidate, place: Place, params: Mapping[str, Any]) -> Candidate:
    """Add where a candidate stands, and who gave what the caller did not."""
    return replace(
        told,
        parameters=tuple(_given_by(each, place, params) for each in told.parameters),
        why=place.why,
        deployment=place.deployment.id,
        group=place.group,
        verdict=None if place.reason is None else str(place.reason),
        waiting=place.waiting,
        timeouts=place.timeouts or told.timeouts,
        retries=told.retries if place.retries is None else place.retries,
    )


def _given_by(parameter: Parameter, place: Place, params: Mapping[str, Any]) -> Parameter:
    name = parameter.name.partition(".")[0]
    if name not in place.params or (name in params and params[name] is place.params[name]):
        return parameter
    own = name in place.deployment.params and place.deployment.params[name] is place.params[name]
    return replace(parameter, given_by="the deployment" if own else "the fallback")


def _streaming(stream: bool | None) -> Iterator[Parameter]:
    if stream is not None:
        yield Parameter("stream", "sent", "stream") if stream else Parameter("stream", "neutral")


def _in_the_prompt(plan: Plan, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of the parameters is written into the prompt, and counts."""
    given = {name: asked[name] for name in _IN_THE_PROMPT if name in asked and name not in plan.dropped}
    if isinstance(given.get("response_format"), type):
        given["response_format"] = schema_format(given["response_format"])
    return given


def _with_count(told: Candidate, plan: Plan, given: Mapping[str, Any]) -> Candidate:
    """Add the size of the prompt, whether it fits, and what the call costs; or why that is not known."""
    call, target = plan.call, plan.call.target
    if replaced := [name for name in _NOT_FROM_EXTRA_BODY if name in call.extra_body]:
        return replace(told, unknown=f"extra_body sets {', '.join(replaced)}, and nobody counted that")
    try:
        prompt = count_prompt(target.provider, target.model, call.messages, **given)
    except APIError as error:
        return replace(told, unknown=str(error))
    answer = _Answer.of(orjson.loads(plan.request.body))
    fit = judge(prompt, call.info, f"{target.provider}/{target.model}", answer.longest)
    told = replace(told, prompt=prompt, fit=fit)
    if plan.options.mocked:
        return replace(told, unknown="nothing is sent, so there is no cost")
    try:
        return replace(told, cost=_cost(plan, prompt, answer, prompt_kinds(call.messages, given.get("tools"))))
    except APIError as error:
        return replace(told, unknown=str(error))


class _Answer(NamedTuple):
    """What a body asks for, as far as it bears on the cost."""

    longest: int | None
    n: Any
    service_tier: str | None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> _Answer:
        longest = body.get("max_completion_tokens", body.get("max_tokens"))
        tier = body.get("service_tier")
        return cls(longest if is_count(longest) else None, body.get("n") or 1, tier if isinstance(tier, str) else None)


def _cost(plan: Plan, prompt: TokenCount, answer: _Answer, kinds: frozenset[str]) -> CostEstimate:
    """Estimate the cost. Raises PriceUnknown, and BadRequestError for a number of answers that is none."""
    if plan.price_info is None:
        target = plan.call.target
        remedy = "pass input_cost_per_token= and output_cost_per_token=, or call register_model()"
        msg = f"{target.provider}: the price of {target.model!r} is not known; {remedy}"
        raise PriceUnknown(msg, target.provider, target.model)
    return estimate(prompt, plan.price_info, answer.longest, n=answer.n, service_tier=answer.service_tier, kinds=kinds)


def _with_request(told: Candidate, plan: Plan, secrets: Sequence[str]) -> Candidate:
    """Add the request as it would be sent, but for what is secret in it. Of a mock there is none."""
    if plan.options.mocked:
        return told
    request = plan.request
    body = orjson.loads(request.body)
    clean = _redacted(body, secrets)
    text = request.body if clean == body else orjson.dumps(clean)
    return replace(
        told,
        method=request.method,
        url=redact(request.url, secrets),
        headers={name: _header(name, value, secrets) for name, value in request.headers.items()},
        body=clean,
        body_text=text.decode(),
    )


def _header(name: str, value: str, secrets: Sequence[str]) -> str:
    """Return the value of a header; of one that looks like a credential only how it is presented."""
    if not SECRET_HEADERS.search(name):
        return redact(value, secrets)
    scheme, _, credential = value.partition(" ")
    secret = MISSING if credential == MISSING else _REDACTED
    return f"{scheme} {secret}" if scheme in _SCHEMES else secret


def _redacted(value: Any, secrets: Sequence[str]) -> Any:
    """Return a JSON value with the secrets taken out of its texts, however deep."""
    if isinstance(value, str):
        return redact(value, secrets)
    if isinstance(value, dict):
        return {redact(name, secrets): _redacted(part, secrets) for name, part in value.items()}
    return [_redacted(part, secrets) for part in value] if isinstance(value, list) else value
