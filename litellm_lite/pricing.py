"""What calls cost, asked by name: LiteLLM's `completion_cost` and `cost_per_token`, and `estimate_cost` before a call.

A price that is not known raises PriceUnknown; it is never 0. Nothing is asked of a server and no clock is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from litellm_lite.cost import Cost, price_or_reason
from litellm_lite.cost.budget import CostEstimate, check_budget, estimate, price_unknown, prompt_kinds
from litellm_lite.cost.rates import served
from litellm_lite.counting import meant
from litellm_lite.errors import BadRequestError, NotFoundError, UnsupportedParamsError
from litellm_lite.params import shown
from litellm_lite.prepare import plain_messages, price_info
from litellm_lite.registry import ModelInfo, registry
from litellm_lite.tokens.counting import count_prompt, counter_for

__all__ = ["CostEstimate", "check_budget", "completion_cost", "cost_per_token", "estimate_call", "estimate_cost"]

_BY_TOKENS = frozenset("completion acompletion text_completion atext_completion embedding aembedding".split())
_OWN_RATES = frozenset(
    "input_cost_per_token output_cost_per_token cache_read_input_token_cost cache_creation_input_token_cost".split()
)

# LiteLLM's arguments that have no meaning here: why, or what to pass instead.
_PER_SECOND = "prices are per token, not per second"
_PER_PLACE = "what a region adds to a price is not known here"
_REFUSED = {
    **dict.fromkeys("response_time_ms total_time custom_cost_per_second".split(), _PER_SECOND),
    "audio_transcription_file_duration": _PER_SECOND,
    **dict.fromkeys("prompt_characters completion_characters".split(), "prices are per token, not per character"),
    **dict.fromkeys("number_of_queries rerank_billed_units".split(), "prices are per token, not per query"),
    **dict.fromkeys("size quality n".split(), "prices are per token, not per picture"),
    **dict.fromkeys("region_name data_residency vertex_location".split(), _PER_PLACE),
    "standard_built_in_tools_params": "what the vendor bills for its own tools is not known here",
    "optional_params": "pass service_tier=",
    **dict.fromkeys("custom_pricing custom_model_info bedrock_model_info".split(), "pass custom_cost_per_token="),
    "pricing_provider": "pass custom_llm_provider=",
    **dict.fromkeys("litellm_model_name request_model".split(), "pass model= or base_model="),
    **dict.fromkeys("router_model_id litellm_logging_obj response".split(), "it belongs to the insides of LiteLLM"),
}


def completion_cost(
    completion_response: Any = None,
    model: str | None = None,
    prompt: str = "",
    messages: Sequence[Any] = (),
    completion: str = "",
    *,
    call_type: str | None = None,
    custom_llm_provider: str | None = None,
    custom_cost_per_token: Mapping[str, Any] | None = None,
    base_model: str | None = None,
    service_tier: str | None = None,
    at: float | None = None,
    **others: Any,
) -> float:
    """Return what an answer cost, in US dollars: by its usage, or by texts that are counted here.

    An answer is one of ours, a stream at its end, or whatever has a `usage` of OpenAI's shape; texts beside it are only
    counted when it has none. Its own service tier is billed, not the one that was asked for. `at`, in epoch seconds, is
    when it came, else its `created`. A count of texts may be an estimate: `estimate_cost` has its bounds.
    Raises PriceUnknown naming what is not known, NotFoundError for a model that is not known at all, BadRequestError
    for a usage that contradicts itself, UnsupportedParamsError for LiteLLM's arguments that have no meaning here.
    """
    _refuse("completion_cost", others, call_type)
    answer = _Answer.of(completion_response)
    changed = (model, custom_llm_provider, custom_cost_per_token, base_model, service_tier, at)
    if answer.cost is not None and all(each is None for each in changed):
        return float(answer.cost.total)
    if model is None:
        model, custom_llm_provider = answer.model, custom_llm_provider or answer.provider
    info = _priced_model(model, custom_llm_provider, custom_cost_per_token, base_model)
    usage = answer.usage
    if usage is None:
        if completion_response is not None and not (prompt or messages or completion):
            raise price_unknown(info, "the answer has no usage; a stream has one at its end, where the vendor tells it")
        usage = _counted(info, prompt, messages, completion)
    tier = served(service_tier, answer.service_tier)
    return float(_cost(usage, info, tier, answer.created if at is None else at).total)


def cost_per_token(
    model: str = "",
    prompt_tokens: int = 0,
    completion_tokens: int = 0,
    *,
    custom_llm_provider: str | None = None,
    cache_creation_input_tokens: int | None = 0,
    cache_read_input_tokens: int | None = 0,
    usage_object: Any = None,
    custom_cost_per_token: Mapping[str, Any] | None = None,
    call_type: str | None = "completion",
    service_tier: str | None = None,
    at: float | None = None,
    **others: Any,
) -> tuple[float, float]:
    """Return what the prompt and the completion cost, in US dollars.

    Tokens read from a cache or written to it are part of `prompt_tokens`. A `usage_object` has counts of its own; those
    given beside it must be the same. Raises what `completion_cost` raises.
    """
    _refuse("cost_per_token", others, call_type)
    usage = _usage(usage_object)
    counts = {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens}
    if usage is None:
        usage = counts
    cached = {"cache_read_input_tokens": cache_read_input_tokens}
    cached["cache_creation_input_tokens"] = cache_creation_input_tokens
    usage = {**{name: count for name, count in cached.items() if count}, **usage}
    for name, count in {**counts, **cached}.items():
        if count and count != usage.get(name):
            msg = f"{name} is {shown(count)}, but usage_object has {shown(usage.get(name))}; give one of them"
            raise BadRequestError(msg, param=name)
    cost = _cost(usage, _priced_model(model, custom_llm_provider, custom_cost_per_token), service_tier, at)
    return float(cost.input), float(cost.output)


def estimate_cost(
    model: str,
    messages: Sequence[Any],
    max_tokens: int | None = None,
    *,
    n: int = 1,
    tools: Sequence[Any] | None = None,
    service_tier: str | None = None,
    custom_llm_provider: str | None = None,
    input_cost_per_token: Any = None,
    output_cost_per_token: Any = None,
    base_model: str | None = None,
) -> CostEstimate:
    """Return what a call will cost at least and at most, before it is made; nothing is sent.

    Raises PriceUnknown where the prices are not known, NotFoundError for a model that is not known at all.
    """
    given = {"input_cost_per_token": input_cost_per_token, "output_cost_per_token": output_cost_per_token}
    own = {name: rate for name, rate in given.items() if rate is not None}
    info = _priced_model(model, custom_llm_provider, own, base_model)
    return estimate_call(info, messages, max_tokens, n=n, tools=tools, service_tier=service_tier)


def estimate_call(
    info: ModelInfo,
    messages: Sequence[Any],
    max_tokens: int | None = None,
    *,
    n: int = 1,
    tools: Sequence[Any] | None = None,
    tool_choice: Any = None,
    response_format: Any = None,
    service_tier: str | None = None,
) -> CostEstimate:
    """Estimate a call to a model whose prices are in `info`."""
    plain = plain_messages(messages, info.provider, info.model)
    prompt = count_prompt(
        info.provider, info.model, plain, tools=tools, tool_choice=tool_choice, response_format=response_format
    )
    kinds = prompt_kinds(plain, tools)
    return estimate(prompt, info, max_tokens, n=n, service_tier=service_tier, kinds=kinds)


class _Answer(NamedTuple):
    """What an answer tells of its cost."""

    usage: dict[str, Any] | None = None
    model: str | None = None
    provider: str | None = None
    service_tier: Any = None
    created: float | None = None
    cost: Cost | None = None

    @classmethod
    def of(cls, answer: Any) -> _Answer:
        if answer is None:
            return cls()
        hidden = _read(answer, "_hidden_params")
        if not isinstance(hidden, Mapping):  # another library's
            hidden = {}
        created, cost = _read(answer, "created"), hidden.get("cost")
        return cls(
            _usage(_read(answer, "usage")),
            hidden.get("litellm_model_name") or _read(answer, "model"),
            hidden.get("custom_llm_provider"),
            _read(answer, "service_tier"),
            created if created and isinstance(created, int | float) else None,
            cost if isinstance(cost, Cost) else None,
        )


def _read(answer: Any, name: str) -> Any:
    return answer.get(name) if isinstance(answer, Mapping) else getattr(answer, name, None)


def _usage(usage: Any) -> dict[str, Any] | None:
    """Return a usage as a dictionary of the caller's own; of a model only what was told, for its defaults are not."""
    if usage is None:
        return None
    told = _told(usage)
    if not isinstance(told, Mapping):
        raise BadRequestError(f"usage must be an object of counts, not {shown(usage)}", param="usage")
    return {name: _told(part) for name, part in told.items()}


def _told(value: Any) -> Any:
    return value.model_dump(exclude_unset=True) if hasattr(value, "model_dump") else value


def _priced_model(
    model: str | None,
    provider: str | None,
    rates: Mapping[str, Any] | None = None,
    base_model: str | None = None,
) -> ModelInfo:
    """Return the row to price by. Raises NotFoundError when nothing is known, not even prices of the caller's own."""
    if not model and not base_model:
        raise BadRequestError("model must name what is to be priced, such as 'openai/gpt-4o'", param="model")
    own = _own_rates(rates)
    name, at_home = (base_model, None) if base_model else (model or "", provider)
    provider, wanted, info = meant(name, at_home)
    priced = None if info is None and base_model else price_info(info, own)
    if priced is None:
        raise _not_found(name, provider)
    return priced if info else replace(priced, key=name, provider=provider, model=wanted)


def _own_rates(rates: Mapping[str, Any] | None) -> dict[str, Any]:
    if rates is not None and not isinstance(rates, Mapping):
        raise BadRequestError(
            f"custom_cost_per_token must be a dictionary of prices, not {shown(rates)}", param="custom_cost_per_token"
        )
    for name in rates or ():
        if name not in _OWN_RATES:
            msg = f"custom_cost_per_token has no {shown(name)}; it may have {', '.join(sorted(_OWN_RATES))}"
            raise BadRequestError(msg, param="custom_cost_per_token")
    return {name: rate for name, rate in (rates or {}).items() if rate is not None}


def _not_found(name: str, provider: str) -> NotFoundError:
    close = " or ".join(map(repr, registry().suggest(name)))
    hint = f"did you mean {close}? If not, " if close else ""
    msg = f"This model isn't mapped yet: {name!r}; {hint}pass its prices, or add them with register_model()"
    return NotFoundError(msg, provider, name, param="model")


def _counted(info: ModelInfo, prompt: str, messages: Sequence[Any], completion: str) -> dict[str, Any]:
    """Count the texts that stand in for a usage."""
    if prompt and messages:
        raise BadRequestError("give either prompt= or messages=, and not both", param="prompt")
    if not (prompt or messages or completion):
        msg = "there is nothing to price; give an answer, or texts as prompt= or messages= and completion="
        raise BadRequestError(msg, info.provider, info.model, param="completion_response")
    counter = counter_for(info.provider, info.model)
    counts = {"prompt_tokens": counter.text(_text("prompt", prompt)).tokens if prompt else 0}
    if messages:
        counts["prompt_tokens"] = counter.prompt(plain_messages(messages, info.provider, info.model)).tokens
    counts["completion_tokens"] = counter.text(_text("completion", completion)).tokens if completion else 0
    return counts


def _text(name: str, text: object) -> str:
    if isinstance(text, str):
        return text
    raise BadRequestError(f"{name} must be a text, not {shown(text)}", param=name)


def _cost(usage: Mapping[str, Any], info: ModelInfo, service_tier: str | None, at: float | None) -> Cost:
    try:
        found = price_or_reason(usage, info, service_tier=service_tier, at=at)
    except ValueError as error:
        raise BadRequestError(f"{info.key}: {error}", info.provider, info.model, param="usage") from error
    if isinstance(found, str):
        raise price_unknown(info, found)
    return found


def _refuse(function: str, others: Mapping[str, Any], call_type: str | None) -> None:
    """Raise UnsupportedParamsError for an argument of LiteLLM's that asks for something, TypeError for nobody's."""
    for name, value in others.items():
        if name not in _REFUSED:
            raise TypeError(f"{function}() got an unexpected keyword argument {name!r}")
        if value and (name, value) != ("n", 1):
            raise UnsupportedParamsError(f"{function}: {name} is not supported: {_REFUSED[name]}", param=name)
    if call_type is not None and call_type not in _BY_TOKENS:
        known = ", ".join(sorted(_BY_TOKENS))
        msg = f"{function}: call_type {shown(call_type)} is not supported, only what is billed by tokens: {known}"
        raise UnsupportedParamsError(msg, param="call_type")
