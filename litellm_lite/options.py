"""LiteLLM's own keyword arguments: what they mean here, and which of them are refused rather than ignored."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from litellm_lite.call import Timeouts
from litellm_lite.errors import BadRequestError, UnsupportedParamsError
from litellm_lite.params import Choice
from litellm_lite.retries import DEFAULT_RETRIES

_LABELS = (
    "metadata", "litellm_metadata", "litellm_call_id", "litellm_trace_id", "litellm_session_id", "tags", "id",
)  # fmt: skip

_OWN = frozenset({
    "api", "api_base", "base_url", "api_key", "organization", "custom_llm_provider", "extra_headers", "headers",
    "extra_body", "timeout", "stream_timeout", "request_timeout", "force_timeout", "num_retries", "max_retries",
    "client", "ssl_verify", "drop_params", "additional_drop_params", "allowed_openai_params", "mock_response",
    "mock_tool_calls", "input_cost_per_token", "output_cost_per_token", "base_model", *_LABELS,
})  # fmt: skip

_ROUTER = "is the Router's business; give one deployment here"
_NO_CACHE = "needs a response cache, which there is not"
_NO_SHAPING = "is not done here; write the messages as the model should see them"
_ELSEWHERE = {
    "fallbacks": _ROUTER,
    "model_list": _ROUTER,
    "context_window_fallback_dict": _ROUTER,
    "retry_policy": "is the Router's business; pass num_retries=",
    "retry_strategy": "is fixed: exponential with jitter, Retry-After first; pass num_retries=",
    "cooldown_time": _ROUTER,
    "weight": _ROUTER,
    "order": _ROUTER,
    "caching": _NO_CACHE,
    "cache": _NO_CACHE,
    "ttl": _NO_CACHE,
    "cache_key": _NO_CACHE,
    "roles": _NO_SHAPING,
    "initial_prompt_value": _NO_SHAPING,
    "final_prompt_value": _NO_SHAPING,
    "bos_token": _NO_SHAPING,
    "eos_token": _NO_SHAPING,
    "supports_system_message": _NO_SHAPING,
    "ensure_alternating_roles": _NO_SHAPING,
    "user_continue_message": _NO_SHAPING,
    "assistant_continue_message": _NO_SHAPING,
    "prompt_id": _NO_SHAPING,
    "prompt_variables": _NO_SHAPING,
    "complete_response": "is not there; use stream=True and stream_chunk_builder(chunks)",
    "merge_reasoning_content_in_choices": "is not there; read message.reasoning_content",
    "input_cost_per_second": "is not there; prices are per token",
    "output_cost_per_second": "is not there; prices are per token",
    "cost_per_second": "is not there; prices are per token",
    "max_budget": "is not there; a call has no budget",
    "model_info": "is not there; pass base_model= or register_model()",
    "mock_timeout": "is not there; pass mock_response=Timeout(…)",
    "mock_delay": "is not there; the emulator has latency",
    "api_version": "belongs to Azure, which is not a provider here",
    "deployment_id": "belongs to Azure, which is not a provider here",
    "shared_session": "is aiohttp's; pass client=httpx.AsyncClient()",
    "enable_json_schema_validation": "is not there; validate the answer yourself",
    "include_server_side_tool_invocations": "is not there",
    "logger_fn": "is not there; use the logging module, logger 'litellm_lite'",
    "verbose": "is not there; set the level of the logger 'litellm_lite'",
    "no-log": "is not there; set the level of the logger 'litellm_lite'",
}

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
_DEFAULT_TIMEOUTS = Timeouts()


@dataclass(frozen=True, slots=True)
class Options:
    """How a call is made, as opposed to what is asked."""

    own: Mapping[str, Any]
    choice: Choice
    timeouts: Timeouts
    retries: int
    headers: Mapping[str, str] = field(repr=False)
    dropped: Mapping[str, str] = field(default_factory=dict)

    @property
    def api_base(self) -> str | None:
        base: str | None = self.own.get("base_url") or self.own.get("api_base")
        return base

    @property
    def mocked(self) -> bool:
        """Whether the call stays in the process."""
        return bool(self.own.get("mock_response") or self.own.get("mock_tool_calls"))

    @property
    def labels(self) -> dict[str, Any]:
        """Return the caller's own marks; they are kept on the answer and not sent."""
        return {name: self.own[name] for name in _LABELS if name in self.own}


def take_options(params: Mapping[str, Any], *, stream: bool) -> tuple[Options, dict[str, Any]]:
    """Split keyword arguments into options and the parameters that are for the vendor; None counts as not given.

    Raises UnsupportedParamsError for what LiteLLM has and this library does not, unless `drop_params`.
    """
    asked = {name: value for name, value in params.items() if value is not None}
    own = {name: asked.pop(name) for name in _OWN & asked.keys()}
    choice = _choice(own)
    if "metadata" in own and "metadata" in choice.allowed_openai_params:
        asked["metadata"] = own.pop("metadata")
    dropped = _refuse_elsewhere(asked, drop=choice.drop_params)
    headers = check_headers({**own.get("headers", {}), **own.get("extra_headers", {})})
    return Options(own, choice, _timeouts(own, stream=stream), _retries(own), headers, dropped), asked


def _choice(own: Mapping[str, Any]) -> Choice:
    if not own:
        return Choice()
    return Choice(
        bool(own.get("drop_params")), own.get("additional_drop_params", ()), own.get("allowed_openai_params", ())
    )


def _refuse_elsewhere(asked: dict[str, Any], *, drop: bool) -> dict[str, str]:
    """Take out what LiteLLM would act on and this library cannot; returns what was dropped."""
    dropped = {}
    for name in _ELSEWHERE.keys() & asked.keys():
        if asked.pop(name) in (False, [], {}, ""):
            continue
        if not drop:
            raise UnsupportedParamsError(f"{name} {_ELSEWHERE[name]}; drop_params=True leaves it out", param=name)
        dropped[name] = _ELSEWHERE[name]
    return dropped


def check_headers(headers: Mapping[Any, Any]) -> dict[str, str]:
    """Return the headers as text. Raises BadRequestError for what HTTP does not allow; a value is never shown."""
    for name, value in headers.items():
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            msg = f"extra_headers has the name {name!r}, which is no header name"
            raise BadRequestError(msg, param="extra_headers")
        if not isinstance(value, str) or not _HEADER_VALUE.fullmatch(value):
            msg = f"extra_headers[{name!r}] must be text of printable ASCII characters; encode it first"
            raise BadRequestError(msg, param="extra_headers")
    return dict(headers)


def _timeouts(own: Mapping[str, Any], *, stream: bool) -> Timeouts:
    names = ("stream_timeout", "timeout", "request_timeout", "force_timeout")
    for name in names if stream else names[1:]:
        if (value := own.get(name)) is not None:
            return _read_timeout(name, value)
    return _DEFAULT_TIMEOUTS


def _read_timeout(name: str, value: Any) -> Timeouts:
    """Read a number of seconds, as text too, an httpx.Timeout, or `Timeouts` themselves."""
    if isinstance(value, Timeouts):
        return value
    if hasattr(value, "connect") and hasattr(value, "read"):
        return Timeouts(connect=value.connect, first_byte=value.read, idle=value.read)
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = math.nan
    if not seconds > 0:
        msg = f"{name} must be a number of seconds above 0, an httpx.Timeout or Timeouts, not {value!r}"
        raise BadRequestError(msg, param=name)
    if math.isinf(seconds):
        return Timeouts(first_byte=None, idle=None)
    return Timeouts(connect=min(seconds, _DEFAULT_TIMEOUTS.connect or seconds), first_byte=seconds, idle=seconds)


def _retries(own: Mapping[str, Any]) -> int:
    retries = own.get("num_retries", own.get("max_retries", DEFAULT_RETRIES))
    if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
        msg = f"num_retries must be a whole number from 0, not {retries!r}"
        raise BadRequestError(msg, param="num_retries")
    return retries
