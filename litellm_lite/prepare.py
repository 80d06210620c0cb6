"""From the caller's arguments to a request ready to send. Pure but for the environment, which `resolve` reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from litellm_lite import resolve
from litellm_lite.call import Call, Endpoint, WireRequest
from litellm_lite.errors import (
    APIError,
    BadRequestError,
    ContextWindowExceededError,
    PriceUnknown,
    UnsupportedEndpoint,
    UnsupportedParamsError,
)
from litellm_lite.options import Options, check_headers, merged, take_options
from litellm_lite.params import map_params, shown
from litellm_lite.registry import ModelInfo, registry
from litellm_lite.registry.rows import is_price
from litellm_lite.resolve import Place
from litellm_lite.response_format import schema_format
from litellm_lite.transformer import Transformer
from litellm_lite.transport.seam import Settings

_BASE_RATES = ("input_cost_per_token", "output_cost_per_token")
_RATES = (*_BASE_RATES, "cache_read_input_token_cost", "cache_creation_input_token_cost")
_TABLES = ("tiered_pricing", "off_peak_pricing")
_GIVE_PRICES = "pass input_cost_per_token= and output_cost_per_token=, or call register_model()"
_THE_PROMPT = ("model", "messages")  # who replaces these in extra_body sends another prompt than the one at hand
_CONTENT = (str, list)
_TEXTS = (str, bytes, bytearray)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything decided about a call before it is made."""

    provider: Transformer
    call: Call
    request: WireRequest
    options: Options
    place: Place
    price_info: ModelInfo | None
    dropped: Mapping[str, str] = field(default_factory=dict)
    asked_usage: bool = False
    """Whether the caller asked for the usage chunk of a stream."""

    @property
    def settings(self) -> Settings:
        """How to connect."""
        return self.place.settings

    @property
    def wants_usage(self) -> bool:
        """Whether a stream of this call is expected to carry its usage: it was asked for, or always comes."""
        rule = self.provider.contract(self.call.variant).rules.get("stream_options")
        if rule is not None and not rule.sends:
            return True
        sent = self.call.params.get("stream_options") or {}
        asked = sent.get("include_usage") if isinstance(sent, Mapping) else None
        return bool(self.provider.row.asks_usage if asked is None else asked)

    @property
    def client(self) -> Any:
        """The caller's own httpx client, or None."""
        return self.options.own.get("client")

    @property
    def expected(self) -> int:
        """How many choices the answer should have."""
        body = {**self.call.params, **self.call.extra_body}
        asked = body.get("n")
        each = asked if isinstance(asked, int) else 1
        if self.call.endpoint != "completions":
            return each
        from litellm_lite.endpoints.completions import prompts_of

        return each * prompts_of(body.get("prompt"))

    def locate(self, error: APIError) -> APIError:
        """Return the error with provider and model on it, where the place that raised it did not know them."""
        target = self.call.target
        if not error.provider:
            error.provider = error.llm_provider = target.provider
            error.message = f"{target.provider}: {error.message} (model {target.model!r})"
        error.model = error.model or target.model
        return error


def prepare(
    model: str,
    messages: Sequence[Any],
    params: Mapping[str, Any],
    *,
    stream: bool,
    endpoint: Endpoint = "chat",
    place: Place | None = None,
) -> Plan:
    """Return the plan of a call. Raises APIError for whatever cannot be sent; nothing was sent then.

    At another endpoint than chat there are no messages, and the input is among the parameters. `place` is where it
    goes, if that is known from a call of the same model with the same options.
    """
    try:
        return _plan(model, messages, params, stream=stream, endpoint=endpoint, place=place)
    except APIError as error:
        provider, name = _meant(model, params)
        error.provider = error.llm_provider = error.provider or provider
        error.model = error.model or name
        raise


def _meant(model: str, params: Mapping[str, Any]) -> tuple[str, str]:
    """Return the provider and the model a call was for, as far as the name tells."""
    try:
        return resolve.split_model(model, params.get("custom_llm_provider"))
    except APIError:
        return "", str(model)


def _plan(
    model: str,
    messages: Sequence[Any],
    params: Mapping[str, Any],
    *,
    stream: bool,
    endpoint: Endpoint,
    place: Place | None,
) -> Plan:
    options, asked = take_options(params, stream=stream, sends_metadata=endpoint == "responses")
    own = options.own
    place = place or resolve.place_of(model, own, offline=options.mocked)
    provider, target, info, account, _ = place
    variant = own.get("api", "")
    if endpoint == "chat":
        plain = plain_messages(messages, target.provider, target.model)
    else:
        plain, provider = [], _speaker(provider, endpoint, target.model)
        _refuse_promises(own, endpoint)
    if isinstance(asked.get("response_format"), type):
        asked["response_format"] = schema_format(asked["response_format"])
    mapped = map_params(provider.contract(variant), asked, options.choice, model=target.model)
    headers = options.headers
    if account:
        headers = merged(check_headers(account, "organization"), headers)
    extra, dropped = _extra_body(own.get("extra_body"), options)
    call = Call(target, plain, mapped.params, stream, info, headers, extra, variant, endpoint)
    request, priced = provider.build_request(call), price_info(info, own)
    if plain:
        _check_context(own.get("check_context", True), call, asked, request)
    if "budget" in own:
        _check_budget(own["budget"], call, asked, priced)
    return Plan(
        provider,
        call,
        request,
        options,
        place,
        priced,
        {**mapped.dropped, **options.dropped, **dropped},
        _includes_usage(asked.get("stream_options")),
    )


def _speaker(provider: Transformer, endpoint: Endpoint, model: str) -> Transformer:
    """Return who speaks with the vendor at an endpoint beside chat. Raises UnsupportedEndpoint where nobody does."""
    if (found := provider.endpoint(endpoint)) is not None:
        return found
    from litellm_lite.endpoints import remedy

    name = provider.row.name
    msg = f"{name}: there is no /{endpoint} at {provider.row.title}; {remedy(endpoint)} (model {model!r})"
    raise UnsupportedEndpoint(msg, name, model, param="model")


def _refuse_promises(own: Mapping[str, Any], endpoint: Endpoint) -> None:
    """Raise UnsupportedParamsError for a promise that is only kept where a prompt can be counted."""
    if "budget" in own:
        msg = f"budget is held for chat completions only, not at /{endpoint}; leave it out"
        raise UnsupportedParamsError(msg, param="budget")


def _check_context(wanted: Any, call: Call, asked: Mapping[str, Any], request: WireRequest) -> None:
    """Raise ContextWindowExceededError where the prompt is certain not to fit. Costs nothing where it may well fit."""
    if not isinstance(wanted, bool):
        raise BadRequestError(f"check_context must be True or False, not {shown(wanted)}", param="check_context")
    window = call.info.max_input_tokens if call.info else None
    if not wanted or window is None or len(request.body) <= window:  # no token is shorter than a byte
        return
    if not call.extra_body.keys().isdisjoint(_THE_PROMPT):
        return
    from litellm_lite.context import context_overflow

    provider, model = call.target.provider, call.target.model
    too_long = context_overflow(call.info, provider, model, call.messages, tools=asked.get("tools"))
    if too_long:
        remedy = "check_context=False sends it all the same"
        msg = f"{provider}: nothing was sent: {too_long}, and {remedy} (model {model!r})"
        raise ContextWindowExceededError(msg, provider, model, param="messages")


def _check_budget(budget: Any, call: Call, asked: Mapping[str, Any], priced: ModelInfo | None) -> None:
    """Raise BudgetExceededError where the call would cost more at the very least, PriceUnknown where nobody can say."""
    from litellm_lite.cost.budget import check_budget, estimate, prompt_kinds
    from litellm_lite.tokens.counting import count_prompt

    provider, model = call.target.provider, call.target.model
    if replaced := [name for name in _THE_PROMPT if name in call.extra_body]:
        msg = f"{provider}: budget= cannot be held, for extra_body puts other {' and '.join(replaced)} into the request"
        raise BadRequestError(msg, provider, model, param="budget")
    if priced is None:
        msg = f"{provider}: budget= cannot be held, for the price of {model!r} is not known; {_GIVE_PRICES}"
        raise PriceUnknown(msg, provider, model, param="budget")
    given = {name: asked.get(name) for name in ("tools", "tool_choice", "response_format")}
    prompt = count_prompt(provider, model, call.messages, **given)
    kinds = prompt_kinds(call.messages, given["tools"])
    check_budget(estimate(prompt, priced, service_tier=asked_tier(call), kinds=kinds), budget)


def asked_tier(call: Call) -> Any:
    """Return the service tier that a request asks for, under whichever of the two it was given."""
    return {**call.params, **call.extra_body}.get("service_tier")


def _includes_usage(stream_options: Any) -> bool:
    return isinstance(stream_options, Mapping) and bool(stream_options.get("include_usage"))


def _extra_body(extra: Any, options: Options) -> tuple[Mapping[str, Any], dict[str, str]]:
    """Return `extra_body` without what `additional_drop_params` names, and what that was."""
    if extra is None:
        return {}, {}
    if not isinstance(extra, Mapping):
        raise BadRequestError(f"extra_body must be a dictionary, not {shown(extra)}", param="extra_body")
    names = options.choice.additional_drop_params
    dropped = {name: "named in additional_drop_params" for name in extra if name in names}
    return {name: value for name, value in extra.items() if name not in dropped}, dropped


def plain_messages(messages: Any, provider: str = "", model: str = "") -> list[dict[str, Any]]:
    """Return the messages as dictionaries; a message of an earlier answer may be among them as it came.

    Raises BadRequestError for no messages at all, and for one without a role or with a content that is none.
    """
    if not messages or not isinstance(messages, Sequence) or isinstance(messages, _TEXTS):
        got = "an empty list" if isinstance(messages, list | tuple) else type(messages).__name__
        msg = f"messages must be a list of at least one message such as {{'role': 'user', 'content': 'Hi'}}, not {got}"
        raise BadRequestError(msg, provider, model, param="messages")
    plain = []
    for index, message in enumerate(messages):
        made = message if type(message) is dict else _as_dict(message)
        if flaw := _message_flaw(made):
            msg = f"messages[{index}] {flaw}"
            raise BadRequestError(msg, provider, model, param="messages")
        plain.append(_spoken(made) if made["role"] == "assistant" else made)
    return plain


def _as_dict(message: Any) -> dict[str, Any]:
    if hasattr(message, "model_dump"):
        dumped: dict[str, Any] = message.model_dump()
        return dumped
    return dict(message) if isinstance(message, Mapping) else {}


def _message_flaw(message: dict[str, Any]) -> str | None:
    if not isinstance(message.get("role"), str):
        return "has no role; each message needs one, such as 'user'"
    content = message.get("content")
    if content is not None and not isinstance(content, _CONTENT):
        hint = "; write a tool's result as text, json.dumps(result)" if message["role"] == "tool" else ""
        return f"has a content of type {type(content).__name__}; it must be text or a list of parts{hint}"
    calls = message.get("tool_calls")
    if calls is not None and not (isinstance(calls, list | tuple) and all(map(_is_object, calls))):
        return f"has tool_calls of type {type(calls).__name__}; they must be a list of objects"
    return None


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping) or hasattr(value, "model_dump")


def _spoken(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message of the model's own as vendors take it back.

    The dump of an answer has `function_call: null` and the like, which OpenAI refuses, as it does an empty list of
    calls; calls taken from an answer are models, and may carry their place in it.
    """
    calls = message.get("tool_calls")
    if calls is None and None not in message.values():
        return message
    kept = {name: value for name, value in message.items() if name == "content" or value is not None}
    if calls:
        kept["tool_calls"] = [_call(call) for call in calls]
    else:
        kept.pop("tool_calls", None)
    return kept


def _call(call: Any) -> Any:
    made = call if isinstance(call, dict) else _as_dict(call)
    return {name: value for name, value in made.items() if name != "index"} if "index" in made else made


def price_info(info: ModelInfo | None, own: Mapping[str, Any]) -> ModelInfo | None:
    """Return the row a call is priced by: `base_model`'s, with the caller's own prices over the base rates."""
    if (base_model := own.get("base_model")) is not None:
        info = registry().lookup(str(base_model))
    given = {name: own[name] for name in _RATES if name in own}
    if not given:
        return info
    from litellm_lite.cost.budget import dollars

    rates = {name: dollars(name, value) for name, value in given.items()}
    # The list's discounts and tiers belong to the list's own prices. One of the two that the caller leaves to the list
    # keeps its tiers; where those stand in one table with the other's, it is not known.
    kept = info.row if info else {}
    in_tables = any(name in kept for name in _TABLES)
    from_list = tuple(name for name in _BASE_RATES if name not in rates and not in_tables)
    rest = {name: value for name, value in kept.items() if not is_price(name) or name.startswith(from_list)}
    row = {**rest, **rates, "source": "the caller", "verified": ""}
    return replace(info, row=row) if info else ModelInfo("", "", "", row)
