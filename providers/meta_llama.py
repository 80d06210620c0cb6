"""Meta's Llama API: the OpenAI-compatible endpoint, and with `api="native"` Meta's own shape.

Facts: Meta's SDK llama-api-client 0.6.0, the documentation snapshots and recorded calls described in
`docs/providers/meta_llama.md`. What the compatible endpoint takes beyond the native list is documented
nowhere, so that list, plus `max_tokens`, is the contract; `allowed_openai_params` sends more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from litellm_lite.call import Call, Reply, WireRequest
from litellm_lite.params import OMIT, Refusal, Rule, between, positive, sent
from litellm_lite.providers import _meta_native as native
from litellm_lite.providers._meta_images import check_images
from litellm_lite.providers._meta_tools import json_schema_only, tool_choice, tools
from litellm_lite.transformer import JSON, OpenAICompatible, Provider, StreamParser, post


def _native_format(value: Any) -> Any:
    checked = json_schema_only(value)
    return checked if checked is OMIT or isinstance(checked, Refusal) else native.response_format(checked)


_BOTH = {
    **sent("top_p", "top_k", "user"),
    "max_completion_tokens": Rule(check=positive),
    "repetition_penalty": Rule(check=between(1, 2), note="1 to 2"),
    "temperature": Rule(check=between(0, 1), note="0 to 1"),
    "tool_choice": Rule(check=tool_choice),
    "tools": Rule(check=tools, note="a `oneOf` property gets a type"),
}
_COMPAT = {
    **_BOTH,
    **sent("stream_options"),
    "max_tokens": Rule(check=positive),
    "response_format": Rule(check=json_schema_only, note="`json_schema` only"),
}
_NATIVE = {
    **_BOTH,
    "max_tokens": Rule(wire_name="max_completion_tokens", check=positive),
    "response_format": Rule(check=_native_format, note="`json_schema` only, always strict"),
    "stream_options": Rule(check=native.stream_options, note="usage always comes", sends=False),
}


class MetaLlama(OpenAICompatible):
    """Both shapes of the Llama API behind one name."""

    def base_for(self, api_base: str, variant: str) -> str:
        native_base = variant == "native" and api_base.endswith("/compat/v1")
        return api_base.removesuffix("/compat/v1") + "/v1" if native_base else api_base

    def build_request(self, call: Call) -> WireRequest:
        check_images(call)
        if call.variant == "native":
            return post(call, "/chat/completions", native.request_body(call))
        if any(message.get("role") == "developer" for message in call.messages):
            call = replace(call, messages=[_as_known_role(message) for message in call.messages])
        return super().build_request(call)

    def parse_response(self, call: Call, reply: Reply) -> JSON:
        if call.variant == "native":
            return native.completion(call, reply)
        return super().parse_response(call, reply)

    def open_stream(self, call: Call, reply: Reply) -> StreamParser:
        return native.NativeStream(call, reply) if call.variant == "native" else super().open_stream(call, reply)


def _as_known_role(message: JSON) -> JSON:
    """Return a message with a role that Llamas were trained on: `developer` is OpenAI's newer word for system."""
    return {**message, "role": "system"} if message.get("role") == "developer" else message


PROVIDER = MetaLlama(
    Provider(
        name="meta_llama",
        title="Meta Llama API",
        api_base="https://api.llama.com/compat/v1",
        base_env=("LLAMA_API_BASE",),
        key_env=("LLAMA_API_KEY",),
        rules=_COMPAT,
        shapes={"compat": _COMPAT, "native": _NATIVE},
        source="llama-api-client 0.6.0 types, read 2026-11-21",
    )
)
