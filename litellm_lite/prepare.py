"""From the caller's arguments to a request ready to send. Pure but for the environment, which `resolve` reads."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from litellm_lite import resolve
from litellm_lite.call import Call, WireRequest
from litellm_lite.errors import APIError, BadRequestError
from litellm_lite.options import Options, take_options
from litellm_lite.params import map_params
from litellm_lite.registry import ModelInfo, registry
from litellm_lite.transformer import Transformer
from litellm_lite.transport.seam import Settings

_MOCK_BASE = "http://mock.invalid/v1"
_MOCK_KEY = "mocked"


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything decided about a call before it is made."""

    provider: Transformer
    call: Call
    request: WireRequest
    options: Options
    settings: Settings
    price_info: ModelInfo | None
    dropped: Mapping[str, str] = field(default_factory=dict)
    call_id: str = ""

    @property
    def wants_usage(self) -> bool:
        """Whether a stream of this call is expected to carry its usage."""
        return self.provider.row.asks_usage or self.asked_usage or self.call.variant == "native"

    @property
    def asked_usage(self) -> bool:
        """Whether the caller asked for the usage chunk of a stream."""
        return bool((self.call.params.get("stream_options") or {}).get("include_usage"))

    def locate(self, error: APIError) -> APIError:
        """Return the error with provider and model on it, where the place that raised it did not know them."""
        target = self.call.target
        if not error.provider:
            error.provider = error.llm_provider = target.provider
            error.message = f"{target.provider}: {error.message} (model {target.model!r})"
        error.model = error.model or target.model
        return error


def prepare(model: str, messages: Sequence[Any], params: Mapping[str, Any], *, stream: bool) -> Plan:
    """Return the plan of a chat completion. Raises APIError for whatever cannot be sent; nothing was sent then."""
    options, asked = take_options(params, stream=stream)
    own = options.own
    variant = own.get("api", "")
    provider, target = resolve.resolve(
        model,
        custom_llm_provider=own.get("custom_llm_provider"),
        api_base=options.api_base or (_MOCK_BASE if options.mocked else None),
        api_key=own.get("api_key") or (_MOCK_KEY if options.mocked else None),
        variant=variant,
    )
    plain = plain_messages(messages, target.provider, target.model)
    if isinstance(asked.get("response_format"), type):
        asked["response_format"] = schema_format(asked["response_format"])
    mapped = map_params(provider.contract(variant), asked, options.choice, model=target.model)
    info = registry().find(target.provider, target.model)
    headers = {**resolve.account_headers(provider.row, own.get("organization")), **options.headers}
    body = _without(own.get("extra_body"), options)
    call = Call(target, plain, mapped.params, stream, info, headers, body, variant)
    return Plan(
        provider,
        call,
        provider.build_request(call),
        options,
        resolve.transport_settings(own.get("ssl_verify")),
        price_info(info, own),
        {**mapped.dropped, **options.dropped},
        own.get("litellm_call_id") or str(uuid.uuid4()),
    )


def _without(extra_body: Any, options: Options) -> Mapping[str, Any]:
    """Return `extra_body` without what `additional_drop_params` names."""
    if extra_body is None:
        return {}
    if not isinstance(extra_body, Mapping):
        msg = f"extra_body must be a dictionary, not {type(extra_body).__name__}"
        raise BadRequestError(msg, param="extra_body")
    return {name: value for name, value in extra_body.items() if name not in options.choice.additional_drop_params}


def plain_messages(messages: Any, provider: str = "", model: str = "") -> list[dict[str, Any]]:
    """Return the messages as dictionaries; a message of an earlier answer may be among them as it came.

    Raises BadRequestError for no messages at all, and for one without a role or with a content that is none.
    """
    if isinstance(messages, str | bytes | Mapping) or not isinstance(messages, Sequence) or not messages:
        got = "an empty list" if isinstance(messages, list) else type(messages).__name__
        msg = f"messages must be a list of at least one message such as {{'role': 'user', 'content': 'Hi'}}, not {got}"
        raise BadRequestError(msg, provider, model, param="messages")
    plain = []
    for index, message in enumerate(messages):
        made = message if isinstance(message, dict) else _as_dict(message)
        if flaw := _message_flaw(made):
            msg = f"messages[{index}] {flaw}"
            raise BadRequestError(msg, provider, model, param="messages")
        plain.append(made)
    return plain


def _as_dict(message: Any) -> dict[str, Any]:
    if hasattr(message, "model_dump"):
        dumped: dict[str, Any] = message.model_dump(exclude_none=True)
        return dumped
    return dict(message) if isinstance(message, Mapping) else {}


def _message_flaw(message: dict[str, Any]) -> str | None:
    if not isinstance(message.get("role"), str):
        return "has no role; each message needs one, such as 'user'"
    content = message.get("content")
    if content is not None and not isinstance(content, str | list):
        hint = "; write a tool's result as text, json.dumps(result)" if message["role"] == "tool" else ""
        return f"has a content of type {type(content).__name__}; it must be text or a list of parts{hint}"
    return None


def schema_format(model: type) -> dict[str, Any]:
    """Return the `response_format` that asks for a pydantic model, strictly. Other classes raise BadRequestError."""
    if not hasattr(model, "model_json_schema"):
        msg = f"response_format must be a dictionary or a pydantic model class, not {model.__name__}"
        raise BadRequestError(msg, param="response_format")
    schema = _strict(model.model_json_schema())
    return {"type": "json_schema", "json_schema": {"name": model.__name__, "schema": schema, "strict": True}}


def _strict(schema: Any) -> Any:
    """Return the schema as strict mode wants it: every property required, none added, no defaults."""
    if isinstance(schema, list):
        return [_strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: _strict(value) for key, value in schema.items() if key != "default"}
    if isinstance(properties := schema.get("properties"), dict):
        strict["properties"] = {name: _strict(value) for name, value in properties.items()}
        strict |= {"required": list(properties), "additionalProperties": False}
    return strict


def price_info(info: ModelInfo | None, own: Mapping[str, Any]) -> ModelInfo | None:
    """Return the row a call is priced by: `base_model`'s, with the caller's own prices over it."""
    if (base_model := own.get("base_model")) is not None:
        info = registry().lookup(base_model)
    names = ("input_cost_per_token", "output_cost_per_token")
    rates = {name: Decimal(str(own[name])) for name in names if name in own}
    if not rates:
        return info
    if info is None:
        return ModelInfo("", "", "", {**rates, "source": "the caller", "verified": ""})
    return replace(info, row={**info.row, **rates, "source": "the caller", "verified": ""})
