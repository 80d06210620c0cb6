"""The body of a request: what of it is the model, what is asked, and what no client may say. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

import orjson

from litellm_lite.errors import BadRequestError
from litellm_lite.params import shown

JSON = dict[str, Any]

_PLACES = "is set by the gateway, in litellm_params of its configuration; leave it out"
_PRICES = "is set by the gateway; leave it out"
# What the library takes of its own caller, and the gateway of nobody: where a call goes, its key and its price.
_NOT_A_CLIENTS = {
    **dict.fromkeys(
        (
            "api", "api_base", "base_url", "api_key", "api_version", "organization", "custom_llm_provider", "client",
            "headers", "extra_headers", "ssl_verify", "model_list",
        ),
        _PLACES,
    ),
    **dict.fromkeys(
        (
            "input_cost_per_token", "output_cost_per_token", "cache_read_input_token_cost",
            "cache_creation_input_token_cost", "base_model",
        ),
        _PRICES,
    ),
    "extra_body": "is the SDK's; put what is in it into the body itself",
}  # fmt: skip
_FORBIDDEN = frozenset(_NOT_A_CLIENTS)
_SEPARATOR, _QUOTED_SEPARATOR = b'":', b'\\":'


def read_json(raw: bytes) -> JSON:
    """Return the object in a body. Raises BadRequestError for what is none, and for a key that stands there twice."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadRequestError(f"the body is no JSON: {_problem(raw, error)}", code="invalid_json") from None
    if not isinstance(body, dict):
        raise BadRequestError(f"the body must be a JSON object, not {shown(body)}", code="invalid_json")
    # A key that stands there twice loses one of its values in silence. Counting is quick; only where the counts differ,
    # as they do for a text that quotes JSON, is it looked at closely.
    if raw.count(_SEPARATOR) - raw.count(_QUOTED_SEPARATOR) != _keys(body):
        _check_twice(raw)
    return body


def _problem(raw: bytes, error: orjson.JSONDecodeError) -> str:
    if not raw.strip():
        return "it is empty"
    return f"{error.msg} (line {error.lineno}, column {error.colno})"


def _keys(value: Any) -> int:
    """Return how many keys there are in all objects inside a value."""
    if type(value) is dict:
        count = len(value)
        for part in value.values():
            if type(part) is dict or type(part) is list:
                count += _keys(part)
        return count
    return sum([_keys(part) for part in value if type(part) is dict or type(part) is list])


def _check_twice(raw: bytes) -> None:
    """Raise BadRequestError for a key that stands twice in one object."""
    json.loads(raw, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> JSON:
    made: JSON = {}
    for name, value in pairs:
        if name in made:
            raise BadRequestError(f"the key {shown(name)} stands there twice; leave one out", code="invalid_json")
        made[name] = value
    return made


def check_client(body: JSON) -> None:
    """Raise BadRequestError for a field that is the gateway's alone."""
    if not _FORBIDDEN.isdisjoint(body):
        name = next(name for name in body if name in _FORBIDDEN)
        raise BadRequestError(f"{name} {_NOT_A_CLIENTS[name]}", param=name)


def take_model(body: JSON) -> str:
    """Take the model's name out of a body. Raises BadRequestError where there is none."""
    model = body.pop("model", None)
    if not isinstance(model, str) or not model:
        got = "there is none" if model is None else f"it is {shown(model)}"
        raise BadRequestError(f"model must be the name of a model, and {got}; GET /v1/models lists them", param="model")
    return model


def take_stream(body: JSON) -> bool:
    """Take out whether a stream is asked for. Raises BadRequestError for what is neither true nor false."""
    stream = body.pop("stream", None)
    if stream is not None and not isinstance(stream, bool):
        raise BadRequestError(f"stream must be true or false, not {shown(stream)}", param="stream")
    return bool(stream)


def take_messages(body: JSON) -> list[Any]:
    """Take the messages out of a body. Raises BadRequestError for what is no list."""
    messages = body.pop("messages", None)
    if not isinstance(messages, list):
        got = "there are none" if messages is None else f"they are {shown(messages)}"
        raise BadRequestError(f"messages must be a list of messages, and {got}", param="messages")
    return messages


def add_headers(params: JSON, head: Mapping[bytes, bytes]) -> None:
    """Take over what the headers say of the call; what the body says wins. Raises BadRequestError for no number."""
    for header, (name, read) in _FROM_HEADERS.items():
        if (given := head.get(header)) is not None and params.get(name) is None:
            params[name] = read(header.decode(), given.decode("latin-1").strip())


def _seconds(header: str, value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        _refuse(header, "a number of seconds above 0")
    if not 0 < seconds < float("inf"):
        _refuse(header, "a number of seconds above 0")
    return seconds


def _count(header: str, value: str) -> int:
    if not (value.isascii() and value.isdigit()):
        _refuse(header, "a whole number from 0")
    return int(value)


def _tags(_: str, value: str) -> list[str]:
    return [tag.strip() for tag in value.split(",") if tag.strip()]


def _refuse(header: str, wanted: str) -> NoReturn:
    raise BadRequestError(f"the header {header} must be {wanted}", param=header)


_FROM_HEADERS: Mapping[bytes, tuple[str, Any]] = {
    b"x-litellm-timeout": ("timeout", _seconds),
    b"x-litellm-stream-timeout": ("stream_timeout", _seconds),
    b"x-litellm-num-retries": ("num_retries", _count),
    b"x-litellm-tags": ("tags", _tags),
}
