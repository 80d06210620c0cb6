"""LiteLLM's own keyword arguments: what they mean here, and which of them are refused rather than ignored."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from litellm_lite.call import Timeouts
from litellm_lite.errors import BadRequestError, UnsupportedParamsError
from litellm_lite.params import NO_CHOICE, Choice, shown
from litellm_lite.retries import DEFAULT_RETRIES
from litellm_lite.transport.seam import HEADER_NAME, HEADER_VALUE

_LABELS = frozenset({
    "metadata", "litellm_metadata", "litellm_call_id", "litellm_trace_id", "litellm_session_id", "tags", "id",
})  # fmt: skip

_OWN = frozenset({
    "api", "api_base", "base_url", "api_key", "organization", "custom_llm_provider", "extra_headers", "headers",
    "extra_body", "timeout", "stream_timeout", "request_timeout", "force_timeout", "num_retries", "max_retries",
    "client", "ssl_verify", "drop_params", "additional_drop_params", "allowed_openai_params", "mock_response",
    "mock_tool_calls", "input_cost_per_token", "output_cost_per_token", "cache_read_input_token_cost",
    "cache_creation_input_token_cost", "base_model", "budget", "check_context", "use_chat_completions_api", *_LABELS,
})  # fmt: skip
_CHOICE = frozenset({"drop_params", "additional_drop_params", "allowed_openai_params"})

_ROUTER = "belongs to one entry of a Router's model_list; see docs/router.md"
_NO_CACHE = "needs a response cache, which there is not"
_NO_SHAPING = "is not done here; write the messages as the model should see them"
_NO_CALLBACKS = "is not there; wrap the call, or read the logger 'litellm_lite'"
_AZURE = "belongs to Azure, which is not a provider here"
_ELSEWHERE = {
    "fallbacks": "is completion()'s own, and explain()'s; it does not go further",
    "context_window_fallback_dict": "is completion()'s own; it does not go further",
    "model_list": "is the Router's: Router(model_list=…).completion(…)",
    "context_window_fallbacks": "is the Router's; here it is context_window_fallback_dict=",
    "content_policy_fallbacks": "is the Router's: Router(model_list=…, content_policy_fallbacks=…)",
    "retry_policy": "is the Router's: Router(model_list=…, retry_policy=…); or pass num_retries=",
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
    "prompt_label": _NO_SHAPING,
    "prompt_version": _NO_SHAPING,
    "complete_response": "is not there; use stream=True and stream_chunk_builder(chunks)",
    "merge_reasoning_content_in_choices": "is not there; read message.reasoning_content",
    "input_cost_per_second": "is not there; prices are per token",
    "output_cost_per_second": "is not there; prices are per token",
    "cost_per_second": "is not there; prices are per token",
    "max_budget": "is not there; pass budget=, in US dollars, to each call",
    "model_info": "is not there; pass base_model= or register_model()",
    "mock_timeout": "is not there; pass mock_response=Timeout(…)",
    "mock_delay": "is not there; the emulator has latency",
    "api_version": _AZURE,
    "api_type": _AZURE,
    "deployment_id": _AZURE,
    "use_litellm_proxy": "is not there; write 'llama_proxy/' before the model",
    "extra_query": "is not there; no vendor here reads parameters from the URL",
    "shared_session": "is aiohttp's; pass client=httpx.AsyncClient()",
    "enable_json_schema_validation": "is not there; validate the answer yourself",
    "include_server_side_tool_invocations": "is not there",
    "callbacks": _NO_CALLBACKS,
    "input_callback": _NO_CALLBACKS,
    "success_callback": _NO_CALLBACKS,
    "failure_callback": _NO_CALLBACKS,
    "logger_fn": _NO_CALLBACKS,
    "verbose": "is not there; set the level of the logger 'litellm_lite'",
    "no-log": "is not there; set the level of the logger 'litellm_lite'",
}

# What begins like this is somebody's who is not called here, and may be a secret: no vendor gets to see it.
_ELSEWHERE_PREFIXES = {
    "aws_": "belongs to Bedrock, which is not a provider here",
    "azure_": _AZURE,
    "vertex_": "belongs to Vertex AI, which is not a provider here",
    "litellm_": "is a word of LiteLLM's own that this library does not know",
    "mock_": "is not there; pass mock_response=",
}

_PREFIXES = tuple(_ELSEWHERE_PREFIXES)
_NEUTRAL: tuple[Any, ...] = (False, [], (), {}, "")  # asks for nothing
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_DEFAULT_TIMEOUTS = Timeouts()
_NUMBERS = (float, int)
_LONGEST_S = 1e9  # thirty years; engines count in 64 bits of nanoseconds


@dataclass(frozen=True, slots=True)
class Options:
    """How a call is made, as opposed to what is asked."""

    own: Mapping[str, Any] = field(repr=False)
    choice: Choice
    timeouts: Timeouts
    retries: int
    headers: Mapping[str, str] = field(repr=False)
    dropped: Mapping[str, str]
    mocked: bool = False
    """Whether the call stays in the process."""

    @property
    def api_base(self) -> str | None:
        base: str | None = self.own.get("base_url") or self.own.get("api_base")
        return base

    @property
    def labels(self) -> dict[str, Any]:
        """Return the caller's own marks; they are kept on the answer and not sent."""
        return {name: self.own[name] for name in _LABELS & self.own.keys()}


def take_options(
    params: Mapping[str, Any], *, stream: bool, sends_metadata: bool = False
) -> tuple[Options, dict[str, Any]]:
    """Split keyword arguments into options and the parameters that are for the vendor; None counts as not given.

    `metadata` is a label of the caller's own, and with `sends_metadata` the vendor's. Raises UnsupportedParamsError for
    what LiteLLM has and this library does not, unless `drop_params`.
    """
    own: dict[str, Any] = {}
    asked: dict[str, Any] = {}
    elsewhere: dict[str, str] = {}
    for name, value in params.items():
        if value is None:
            continue
        if name in _OWN:
            own[name] = value
        elif name not in _ELSEWHERE and not name.startswith(_PREFIXES):
            asked[name] = value
        elif value not in _NEUTRAL:
            elsewhere[name] = _reason_against(name)
    choice = _choice(own) if own.keys() & _CHOICE else NO_CHOICE
    if elsewhere and not choice.drop_params:
        name, reason = elsewhere.popitem()
        raise UnsupportedParamsError(f"{name} {reason}; drop_params=True leaves it out", param=name)
    if "metadata" in own and (sends_metadata or "metadata" in choice.allowed_openai_params):
        asked["metadata"] = own.pop("metadata")
    mocked = bool(own.get("mock_response") or own.get("mock_tool_calls"))
    timeouts, retries = _timeouts(own, stream=stream), read_retries(own, mocked=mocked)
    return Options(own, choice, timeouts, retries, _headers(own), elsewhere, mocked), asked


def _reason_against(name: str) -> str:
    """Return why a parameter of LiteLLM's is not taken."""
    if name in _ELSEWHERE:
        return _ELSEWHERE[name]
    return next(why for prefix, why in _ELSEWHERE_PREFIXES.items() if name.startswith(prefix))


def _choice(own: Mapping[str, Any]) -> Choice:
    choice = Choice(
        bool(own.get("drop_params")), own.get("additional_drop_params", ()), own.get("allowed_openai_params", ())
    )
    name: Any
    for name in choice.additional_drop_params:
        if not isinstance(name, str) or "." in name or "[" in name:
            msg = f"additional_drop_params takes names of whole parameters, not {shown(name)}"
            raise BadRequestError(msg, param="additional_drop_params")
    return choice


def _headers(own: Mapping[str, Any]) -> Mapping[str, str]:
    """Return `headers` and `extra_headers` as one; the latter win."""
    given = [check_headers(own[name], name) for name in ("headers", "extra_headers") if name in own]
    return merged(*given) if len(given) > 1 else given[0] if given else _NO_HEADERS


def merged(under: Mapping[str, str], over: Mapping[str, str]) -> Mapping[str, str]:
    """Return both, where a header in `over` replaces the one of that name in `under`, however it is written."""
    names = {name.lower() for name in over}
    return {**{name: value for name, value in under.items() if name.lower() not in names}, **over}


def check_headers(headers: Any, param: str) -> dict[str, str]:
    """Return the headers as text. Raises BadRequestError for what HTTP does not allow; a value is never shown."""
    if not isinstance(headers, Mapping):
        raise BadRequestError(f"{param} must be a dictionary of names and values, not {shown(headers)}", param=param)
    for name, value in headers.items():
        if not isinstance(name, str) or not HEADER_NAME.fullmatch(name):
            start = HEADER_NAME.match(name) if isinstance(name, str) else None
            where = f"begins with {start.group()!r}" if start else "has no beginning"
            msg = f"{param} has a name that is none for a header; it {where}, and only letters, digits and - may follow"
            raise BadRequestError(msg, param=param)
        if not isinstance(value, str) or not HEADER_VALUE.fullmatch(value):
            msg = f"{param}[{name!r}] must be text of printable ASCII characters; encode it first"
            raise BadRequestError(msg, param=param)
    return dict(headers)


def _timeouts(own: Mapping[str, Any], *, stream: bool) -> Timeouts:
    names = ("stream_timeout", "timeout", "request_timeout", "force_timeout")
    for name in names if stream else names[1:]:
        if (value := own.get(name)) is not None:
            return read_timeout(name, value)
    return _DEFAULT_TIMEOUTS


def read_timeout(name: str, value: Any) -> Timeouts:
    """Read a number of seconds, as text too, an httpx.Timeout, or `Timeouts` themselves."""
    if isinstance(value, Timeouts):
        parts = (value.connect, value.first_byte, value.idle, value.total)
        for part in parts:
            if part is not None and not (type(part) in _NUMBERS and 0 < part < _LONGEST_S):
                return Timeouts(*[part if part is None else _seconds(name, part) for part in parts])
        return value
    if hasattr(value, "connect") and hasattr(value, "read"):
        read = _seconds(name, value.read)
        return Timeouts(_seconds(name, value.connect), read, read)
    seconds = _seconds(name, value)
    if seconds is None:
        return Timeouts(first_byte=None, idle=None)
    return Timeouts(min(seconds, _DEFAULT_TIMEOUTS.connect or seconds), seconds, seconds)


def _seconds(name: str, value: Any) -> float | None:
    """Return a limit in seconds; None for no limit, which is also what a very long one comes to."""
    if value is None:
        return None
    try:
        seconds = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        seconds = math.nan
    if not seconds > 0:
        msg = f"{name} must be a number of seconds above 0, an httpx.Timeout or Timeouts, not {shown(value)}"
        raise BadRequestError(msg, param=name)
    return seconds if seconds < _LONGEST_S else None


def read_retries(own: Mapping[str, Any], *, mocked: bool = False) -> int:
    """Return how often to try again. A mock fails the same way each time, so it is only tried again on request."""
    name = "num_retries" if "num_retries" in own else "max_retries"
    retries = own.get(name, 0 if mocked else DEFAULT_RETRIES)
    if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
        raise BadRequestError(f"{name} must be a whole number from 0, not {shown(retries)}", param=name)
    return retries
