"""From the table of operations to an OpenAPI 3.1 document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from litellm_lite import __version__
from litellm_lite.proxy.openapi.operations import OPERATIONS, Key, Operation
from litellm_lite.proxy.openapi.schemas import SCHEMAS, ref

JSON = dict[str, Any]

_PREFIX = "/v1"
_JSON = "application/json"
_SCHEMES: Mapping[str, JSON] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    **{
        name: {"type": "apiKey", "in": "header", "name": name} for name in ("x-litellm-api-key", "x-api-key", "api-key")
    },
}
# What every request may be answered with, and those with a body too.
_ALWAYS, _WITH_BODY = (400, 401), (408, 413, 415)
_TOLD = {
    "x-litellm-call-id": "The id of the call, also in the log; the caller's own where it sent one.",
    "x-litellm-version": "The version of the gateway.",
    "x-litellm-response-duration-ms": "Milliseconds from the request to the answer's head.",
    "x-litellm-overhead-duration-ms": "Milliseconds of these that the gateway took itself.",
}
_TOLD_OF_CALLS = {
    "x-litellm-model-id": "The id of the deployment that answered.",
    "x-litellm-model-group": "Its group.",
    "x-litellm-model-api-base": "Where it is.",
    "x-litellm-response-cost": "US dollars; left out where the price is not known.",
    "x-litellm-attempted-retries": "How often a failure was tried again.",
    "x-litellm-attempted-fallbacks": "How many other groups were tried.",
}
_ASKED = {
    "x-litellm-call-id": ("An id for the call.", {"type": "string", "maxLength": 128}),
    "x-litellm-timeout": (
        "Seconds for the whole call.",
        {"type": "string", "pattern": r"^[1-9][0-9]{0,3}(\.[0-9]+)?$", "examples": ["30"]},
    ),
    "x-litellm-num-retries": ("How often a failure is tried again.", {"type": "integer", "minimum": 0}),
    "x-litellm-tags": ("Tags of deployments, with commas between them.", {"type": "string"}),
}
_BRACES = re.compile(r"\{(\w+)\}")


def document(served: Iterable[Key]) -> JSON:
    """Return the document of these methods and paths, with and without `/v1` as they come."""
    paths: dict[str, JSON] = {}
    for method, path in served:
        operation = OPERATIONS[method, path.removeprefix(_PREFIX)]
        paths.setdefault(path, {})[method.lower()] = _operation(method, path, operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "litellm-lite",
            "version": __version__,
            "description": "One key and OpenAI's API in front of every provider. Paths are there with and without /v1.",
        },
        "security": [{name: []} for name in _SCHEMES],
        "tags": [{"name": group} for group in dict.fromkeys(each.group for each in OPERATIONS.values())],
        "paths": paths,
        "components": {"schemas": dict(SCHEMAS), "securitySchemes": dict(_SCHEMES)},
    }


def _operation(method: str, path: str, operation: Operation) -> JSON:
    made: JSON = {
        "operationId": re.sub(r"\W+", "_", f"{method.lower()}{path}").strip("_"),
        "tags": [operation.group],
        "summary": operation.summary,
        "parameters": _parameters(path, operation),
        "responses": _responses(operation),
    }
    if operation.text:
        made["description"] = operation.text
    if operation.takes:
        made["requestBody"] = {"required": True, "content": {_JSON: {"schema": ref(operation.takes)}}}
    if operation.open:
        made["security"] = []
    return made


def _parameters(path: str, operation: Operation) -> list[JSON]:
    found = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in _BRACES.findall(path)
    ]
    found += [
        {"name": query.name, "in": "query", "description": query.text, "schema": {"type": "string"}}
        for query in operation.queries
    ]
    asked = _ASKED if operation.calls else {}
    found += [
        {"name": name, "in": "header", "description": text, "schema": schema} for name, (text, schema) in asked.items()
    ]
    return found


def _responses(operation: Operation) -> JSON:
    schema = ref(operation.gives) if operation.gives else {"type": "string"}
    content: JSON = {operation.kind: {"schema": schema}}
    if operation.streams:
        content["text/event-stream"] = {"schema": {"type": "string", "description": operation.streams}}
    told = {**_TOLD, **(_TOLD_OF_CALLS if operation.calls else {})}
    headers = {name: {"description": text, "schema": {"type": "string"}} for name, text in told.items()}
    responses: JSON = {"200": {"description": "It was done.", "headers": headers, "content": content}}
    if operation.gives == "Ready":
        responses["503"] = {"description": "It comes to its end.", "content": content}
    if operation.open:
        return responses
    error = {_JSON: {"schema": ref(operation.error)}}
    for status in sorted({*_ALWAYS, *(_WITH_BODY if operation.takes else ()), *operation.refusals}):
        responses[str(status)] = {"description": HTTPStatus(status).phrase, "content": error}
    responses["default"] = {"description": "Whatever else went wrong.", "content": error}
    return responses
