"""The schemas of what goes in and out, as JSON Schema has them. What is not named here is passed on to the vendor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

JSON = dict[str, Any]

_TEXT: JSON = {"type": "string"}
_COUNT: JSON = {"type": "integer", "minimum": 0}
_NUMBER: JSON = {"type": "number"}
_FLAG: JSON = {"type": "boolean"}
_OBJECT: JSON = {"type": "object", "additionalProperties": True}


def ref(name: str) -> JSON:
    """Refer to a schema by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def _list(of: JSON, **more: Any) -> JSON:
    return {"type": "array", "items": of, **more}


def _either(*schemas: JSON) -> JSON:
    return {"anyOf": list(schemas)}


def _or_null(schema: JSON) -> JSON:
    return _either(schema, {"type": "null"})


def _object(needed: Mapping[str, JSON], more: Mapping[str, JSON] | None = None, description: str = "") -> JSON:
    """Describe an object that may have other fields too."""
    made: JSON = {"type": "object", "properties": {**needed, **(more or {})}, "additionalProperties": True}
    if needed:
        made["required"] = list(needed)
    return {**made, "description": description} if description else made


_MODEL: JSON = {**_TEXT, "minLength": 1, "description": "A name that GET /v1/models lists, or one behind a wildcard."}
_STREAM: JSON = {**_FLAG, "default": False, "description": "Answer as it comes, as server-sent events."}
_USAGE = _object({"prompt_tokens": _COUNT, "completion_tokens": _COUNT, "total_tokens": _COUNT})
_TEXTS = _either(_TEXT, _list(_TEXT), _list(_COUNT), _list(_list(_COUNT)))
_STOP = _either(_TEXT, _list(_TEXT), {"type": "null"})
_ROUTED: Mapping[str, JSON] = {
    "num_retries": {**_COUNT, "description": "How often a failure is tried again. LiteLLM's."},
    "timeout": {**_NUMBER, "exclusiveMinimum": 0, "description": "Seconds for the whole call. LiteLLM's."},
    "fallbacks": {**_list(_either(_TEXT, _OBJECT)), "description": "Models to try when this one fails. LiteLLM's."},
    "drop_params": {**_FLAG, "description": "Leave out what the model does not take, in place of an error. LiteLLM's."},
    "tags": {**_list(_TEXT), "description": "Only deployments with these tags. LiteLLM's."},
}
_SAMPLED: Mapping[str, JSON] = {
    "temperature": _or_null({**_NUMBER, "minimum": 0, "maximum": 2}),
    "top_p": _or_null({**_NUMBER, "minimum": 0, "maximum": 1}),
}

SCHEMAS: Mapping[str, JSON] = {
    "Error": _object(
        {"error": _object({"message": _TEXT, "type": _TEXT, "param": _or_null(_TEXT), "code": _or_null(_TEXT)})}
    ),
    "MessagesError": _object({"type": {"const": "error"}, "error": _object({"type": _TEXT, "message": _TEXT})}),
    "ChatMessage": _object(
        {"role": {**_TEXT, "examples": ["user"]}},
        {
            "content": _either(_TEXT, _list(_OBJECT), {"type": "null"}),
            "name": _TEXT,
            "tool_calls": _list(_OBJECT),
            "tool_call_id": _TEXT,
        },
    ),
    "ChatRequest": _object(
        {"model": _MODEL, "messages": _list(ref("ChatMessage"), minItems=1)},
        {
            "stream": _STREAM,
            "stream_options": _or_null(_object({}, {"include_usage": _FLAG})),
            **_SAMPLED,
            "max_tokens": _or_null({"type": "integer", "minimum": 1}),
            "max_completion_tokens": _or_null({"type": "integer", "minimum": 1}),
            "n": _or_null({"type": "integer", "minimum": 1}),
            "stop": _STOP,
            "tools": _list(_OBJECT),
            "tool_choice": _either(_TEXT, _OBJECT),
            "response_format": _OBJECT,
            "seed": _or_null({"type": "integer"}),
            **_ROUTED,
        },
    ),
    "ChatCompletion": _object(
        {
            "id": _TEXT,
            "object": {"const": "chat.completion"},
            "created": _COUNT,
            "model": _TEXT,
            "choices": _list(
                _object({"index": _COUNT, "message": ref("ChatMessage"), "finish_reason": _or_null(_TEXT)})
            ),
        },
        {"usage": _or_null(_USAGE)},
    ),
    "CompletionRequest": _object(
        {"model": _MODEL, "prompt": _TEXTS},
        {
            "stream": _STREAM,
            **_SAMPLED,
            "max_tokens": _or_null({"type": "integer", "minimum": 0}),
            "n": _or_null({"type": "integer", "minimum": 1}),
            "stop": _STOP,
            "suffix": _or_null(_TEXT),
            **_ROUTED,
        },
    ),
    "Completion": _object(
        {
            "id": _TEXT,
            "object": {"const": "text_completion"},
            "created": _COUNT,
            "model": _TEXT,
            "choices": _list(_object({"index": _COUNT, "text": _TEXT, "finish_reason": _or_null(_TEXT)})),
        },
        {"usage": _or_null(_USAGE)},
    ),
    "ResponseRequest": _object(
        {"model": _MODEL, "input": _either(_TEXT, _list(_OBJECT))},
        {
            "stream": _STREAM,
            "instructions": _or_null(_TEXT),
            "previous_response_id": _or_null(_TEXT),
            "max_output_tokens": _or_null({"type": "integer", "minimum": 1}),
            "store": _or_null(_FLAG),
            "tools": _list(_OBJECT),
            "text": _OBJECT,
            "reasoning": _or_null(_OBJECT),
            **_SAMPLED,
            **_ROUTED,
        },
    ),
    "Response": _object(
        {"id": _TEXT, "object": {"const": "response"}, "output": _list(_OBJECT)},
        {"status": _TEXT, "model": _TEXT, "created_at": _NUMBER, "usage": _or_null(_OBJECT)},
    ),
    "DeletedResponse": _object({"id": _TEXT, "object": _TEXT, "deleted": _FLAG}),
    "EmbeddingRequest": _object(
        {"model": _MODEL, "input": _TEXTS},
        {
            "encoding_format": {"enum": ["float", "base64"]},
            "dimensions": {"type": "integer", "minimum": 1},
            "user": _TEXT,
            **_ROUTED,
        },
    ),
    "Embeddings": _object(
        {
            "object": {"const": "list"},
            "data": _list(
                _object(
                    {"object": {"const": "embedding"}, "index": _COUNT, "embedding": _either(_list(_NUMBER), _TEXT)}
                )
            ),
        },
        {"model": _TEXT, "usage": _OBJECT},
    ),
    "ModerationRequest": _object(
        {"input": _either(_TEXT, _list(_TEXT), _list(_OBJECT))},
        {"model": {**_MODEL, "description": "May be left out where there is one model only."}, **_ROUTED},
    ),
    "Moderation": _object({"results": _list(_object({"flagged": _FLAG}))}, {"id": _TEXT, "model": _TEXT}),
    "MessagesTurn": _object({"role": {"enum": ["user", "assistant"]}, "content": _either(_TEXT, _list(_OBJECT))}),
    "MessagesRequest": _object(
        {
            "model": _MODEL,
            "max_tokens": {"type": "integer", "minimum": 1},
            "messages": _list(ref("MessagesTurn"), minItems=1),
        },
        {
            "system": _either(_TEXT, _list(_OBJECT)),
            "stream": _STREAM,
            "temperature": {**_NUMBER, "minimum": 0, "maximum": 1},
            "stop_sequences": _list(_TEXT),
            "tools": _list(_OBJECT),
            "tool_choice": _object({"type": {"enum": ["auto", "any", "none", "tool"]}}),
        },
    ),
    "Message": _object(
        {
            "id": _TEXT,
            "type": {"const": "message"},
            "role": {"const": "assistant"},
            "content": _list(_OBJECT),
            "model": _TEXT,
            "stop_reason": _or_null(_TEXT),
            "usage": _object({"input_tokens": _COUNT, "output_tokens": _COUNT}),
        }
    ),
    "MessagesTokensRequest": _object(
        {"model": _MODEL, "messages": _list(ref("MessagesTurn"), minItems=1)},
        {"system": _either(_TEXT, _list(_OBJECT)), "tools": _list(_OBJECT)},
    ),
    "MessagesTokens": _object({"input_tokens": _COUNT}),
    "Model": _object(
        {"id": _TEXT, "object": {"const": "model"}, "created": _COUNT, "owned_by": _TEXT},
        {"mode": _TEXT, "max_input_tokens": _COUNT, "max_output_tokens": _COUNT},
    ),
    "Models": _object({"object": {"const": "list"}, "data": _list(ref("Model"))}),
    "ModelInfo": _object(
        {
            "data": _list(_object({"model_name": _TEXT, "litellm_params": _OBJECT, "model_info": _OBJECT})),
        }
    ),
    "TokenCountRequest": _object(
        {"model": _MODEL},
        {
            "messages": _list(ref("ChatMessage"), minItems=1),
            "prompt": _TEXT,
            "text": _TEXT,
            "tools": _list(_OBJECT),
            "tool_choice": _either(_TEXT, _OBJECT),
            "response_format": _OBJECT,
        },
        "One of messages, prompt and text.",
    )
    | {"additionalProperties": False, "oneOf": [{"required": [name]} for name in ("messages", "prompt", "text")]},
    "TokenCount": _object(
        {
            "total_tokens": _COUNT,
            "request_model": _TEXT,
            "model_used": _TEXT,
            "tokenizer_type": {**_TEXT, "description": "How it was counted."},
            "exact": _FLAG,
            "least_tokens": {**_COUNT, "description": "What the vendor will count is no less."},
            "most_tokens": {**_or_null(_COUNT), "description": "Nor more; null where nothing bounds it."},
        }
    ),
    "Health": _object(
        {
            "healthy_endpoints": _list(_OBJECT),
            "healthy_count": _COUNT,
            "unhealthy_endpoints": _list(_OBJECT),
            "unhealthy_count": _COUNT,
        },
        {"unchecked_endpoints": _list(_OBJECT), "unchecked_count": _COUNT},
    ),
    "Alive": {"const": "I'm alive!"},
    "Ready": _object({"status": {"enum": ["healthy", "draining"]}, "db": _TEXT}, {"litellm_version": _TEXT}),
    "OpenAPI": _object({"openapi": _TEXT, "info": _OBJECT, "paths": _OBJECT}),
}
