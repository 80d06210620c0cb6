"""Meta's Llama API: the OpenAI-compatible endpoint, and with `api="native"` Meta's own shape.

Facts: Meta's SDK llama-api-client 0.6.0, the documentation snapshots and recorded calls described in
`docs/providers/meta_llama.md`. What the compatible endpoint takes beyond the native list is documented
nowhere, so that list, plus `max_tokens`, is the contract; `allowed_openai_params` sends more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from litellm_lite import images
from litellm_lite.call import Call, Reply, WireRequest
from litellm_lite.errors import BadRequestError
from litellm_lite.params import OMIT, Contract, Refusal, Rule, between, sent
from litellm_lite.providers import _meta_native as native
from litellm_lite.transformer import JSON, OpenAICompatible, Provider, StreamParser, post

_TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")  # llama-api-client 0.6.0, completion_create_params


def _json_schema_only(value: Any) -> Any:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "text":  # the default, and the compatible endpoint knows no name for it
        return OMIT
    if kind != "json_schema":
        return Refusal(f"must be of type json_schema, the only kind this API has, not {kind!r}")
    schema = value.get("json_schema")
    if not isinstance(schema, dict) or not schema.get("name") or not isinstance(schema.get("schema"), dict):
        return Refusal("needs json_schema={'name': …, 'schema': {…}}")
    return value


def _tools(value: Any) -> Any:
    if not isinstance(value, list):
        return Refusal(f"must be a list of tools, not {type(value).__name__}")
    for index, tool in enumerate(value):
        if (flaw := _tool_flaw(tool)) is not None:
            return Refusal(f"[{index}] {flaw}")
    return [_with_union_types(tool) for tool in value]


def _tool_flaw(tool: Any) -> str | None:
    function = tool.get("function") if isinstance(tool, dict) else None
    if not isinstance(function, dict) or tool.get("type") != "function":
        return "must be {'type': 'function', 'function': {…}}"
    if not isinstance(name := function.get("name"), str) or not _TOOL_NAME.fullmatch(name):
        return f"has the name {name!r}; 1 to 64 letters, digits, _ or - are allowed"
    if not isinstance(function.get("parameters", {}), dict):
        return "has parameters that are no JSON schema object"
    return None


def _with_union_types(tool: JSON) -> JSON:
    """Give every `oneOf` property of a tool the `type` that the API wants beside it."""
    properties = tool["function"].get("parameters", {}).get("properties")
    if not isinstance(properties, dict) or not any(_untyped_union(schema) for schema in properties.values()):
        return tool
    typed = {name: _typed(schema) if _untyped_union(schema) else schema for name, schema in properties.items()}
    parameters = {**tool["function"]["parameters"], "properties": typed}
    return {**tool, "function": {**tool["function"], "parameters": parameters}}


def _untyped_union(schema: Any) -> bool:
    return isinstance(schema, dict) and "oneOf" in schema and "type" not in schema


def _typed(schema: JSON) -> JSON:
    """Return the schema with one type that fits its alternatives: their common one, else string."""
    kinds = {option.get("type") for option in schema["oneOf"] if isinstance(option, dict)}
    return {**schema, "type": kinds.pop() if len(kinds) == 1 and None not in kinds else "string"}


_TEMPERATURE = Rule(check=between(0, 1), note="0 to 1")
_FORMAT = Rule(check=_json_schema_only, note="json_schema only; text is the default and is not sent")
_TOOLS = Rule(check=_tools, note="functions only; a oneOf property gets the type the API wants")
_SHARED = {
    **sent("top_p", "tool_choice", "user", "top_k"),
    "temperature": _TEMPERATURE,
    "tools": _TOOLS,
    "response_format": _FORMAT,
    "repetition_penalty": Rule(check=between(1, 2), note="1 to 2"),
}
_COMPAT = {**_SHARED, **sent("max_tokens", "max_completion_tokens", "stream_options")}
_NATIVE = {
    **_SHARED,
    "max_completion_tokens": Rule(),
    "max_tokens": Rule(wire_name="max_completion_tokens"),
    "stream_options": Rule(check=lambda _: OMIT, note="usage always comes"),
    "response_format": Rule(check=lambda value: native.response_format(_json_schema_only(value)), note=_FORMAT.note),
}


class MetaLlama(OpenAICompatible):
    """Both shapes of the Llama API behind one name."""

    def contract(self, variant: str) -> Contract:
        if variant not in ("", "compat", "native"):
            msg = f"meta_llama: there is no api={variant!r}; use 'compat' (the default) or 'native'"
            raise BadRequestError(msg, "meta_llama", param="api")
        return Contract("meta_llama", _NATIVE if variant == "native" else _COMPAT)

    def base_for(self, api_base: str, variant: str) -> str:
        return api_base.removesuffix("/compat/v1") + "/v1" if _is_compat_base(api_base, variant) else api_base

    def build_request(self, call: Call) -> WireRequest:
        _check_images(call)
        if call.variant == "native":
            return post(call, "/chat/completions", native.request_body(call))
        return super().build_request(call)

    def parse_response(self, call: Call, reply: Reply) -> JSON:
        if call.variant == "native":
            return native.completion(call, reply)
        return super().parse_response(call, reply)

    def open_stream(self, call: Call, reply: Reply) -> StreamParser:
        return native.NativeStream(call, reply) if call.variant == "native" else super().open_stream(call, reply)


def _is_compat_base(api_base: str, variant: str) -> bool:
    return variant == "native" and api_base.endswith("/compat/v1")


def _image_urls(messages: list[JSON]) -> Iterator[str]:
    for message in messages:
        content = message.get("content")
        for part in content if isinstance(content, list) else ():
            if isinstance(part, dict) and part.get("type") == "image_url":
                image = part.get("image_url")
                url = image.get("url") if isinstance(image, dict) else image
                yield url if isinstance(url, str) else ""


def _check_images(call: Call) -> None:
    """Hold the images against the model's rules before they travel. Raises BadRequestError."""
    urls = list(_image_urls(call.messages))
    if not urls or call.info is None:
        return
    rules = call.info.image_rules
    if "image" not in call.info.input_modalities or rules is None:
        raise _image_error(call, f"takes text only, and there are {len(urls)} images; use a Llama 4 model")
    if len(urls) > rules["max_images"]:
        raise _image_error(call, f"takes {rules['max_images']} images a request, not {len(urls)}")
    for index, url in enumerate(urls):
        if flaw := _image_flaw(url, rules["formats"], rules["max_bytes"]):
            raise _image_error(call, f"image {index} {flaw}")


def _image_flaw(url: str, formats: list[str], max_bytes: int) -> str | None:
    """Return what is wrong with one image; an https address is the vendor's to fetch and to judge."""
    if url.startswith(("https://", "http://")):
        return None
    try:
        image = images.sniff(images.parse_data_url(url)[1])
    except ValueError as error:
        return f"cannot be read: {error}"
    kind = image.media_type.removeprefix("image/")
    if kind not in formats:
        return f"is {kind}; this API takes {', '.join(formats)}"
    return f"has {image.size} bytes; at most {max_bytes} are allowed" if image.size > max_bytes else None


def _image_error(call: Call, what: str) -> BadRequestError:
    model = call.target.model
    return BadRequestError(f"meta_llama: {model} {what}", "meta_llama", model, param="messages")


PROVIDER = MetaLlama(
    Provider(
        name="meta_llama",
        title="Meta Llama API",
        api_base="https://api.llama.com/compat/v1",
        base_env=("LLAMA_API_BASE",),
        key_env=("LLAMA_API_KEY",),
        rules=_COMPAT,
        source="llama-api-client 0.6.0 types, read 2026-11-21",
    )
)
