"""The body of a request: what of it is the model, what is asked, and what no client may say. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
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
# Lists of models, each with what is said there in the place of the caller's words: the same must not be said in them.
_FALLBACKS = ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks")
# What the Router replaces in a configuration by what the variable holds, which may be any key there is.
_REFERENCE = "os.environ/"
_LONGEST_NAME = 256
_LONGEST_COUNT = 9
# As escapes a colon is a colon too, and one that is not counted.
_ESCAPED_COLON = b"\\u003"


def read_json(raw: bytes) -> JSON:
    """Return the object in a body. Raises BadRequestError for what is none, and for a key that stands there twice."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadRequestError(f"the body is no JSON: {_problem(raw, error)}", code="invalid_json") from None
    if not isinstance(body, dict):
        raise BadRequestError(f"the body must be a JSON object, not {shown(body)}", code="invalid_json")
    try:
        again = orjson.dumps(body)
    except orjson.JSONEncodeError:  # its one reason with what came out of JSON
        raise BadRequestError("the body is nested too deep", code="invalid_json") from None
    # A key that stands there twice loses one of its values in silence, and then there is a colon less than came. That
    # is quickly counted; only where the counts differ, as they do where one is escaped, is it looked at closely.
    if raw.count(b":") != again.count(b":") or _ESCAPED_COLON in raw:
        _check_twice(raw)
    return body


def _problem(raw: bytes, error: orjson.JSONDecodeError) -> str:
    if not raw.strip():
        return "it is empty"
    return f"{error.msg} (line {error.lineno}, column {error.colno})"


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
    """Raise BadRequestError for a field that is the gateway's alone, and for one inside the fallbacks of a call."""
    if not _FORBIDDEN.isdisjoint(body):
        name = next(name for name in body if name in _FORBIDDEN)
        raise BadRequestError(f"{name} {_NOT_A_CLIENTS[name]}", param=name)
    for name in _FALLBACKS:
        if body.get(name):
            _check_fallbacks(name, body[name])


def _check_fallbacks(param: str, given: Any) -> None:
    for target in given if isinstance(given, list) else ():
        if isinstance(target, dict) and not _FORBIDDEN.isdisjoint(target):
            name = next(name for name in target if name in _FORBIDDEN)
            raise BadRequestError(f"{name}, inside {param}, {_NOT_A_CLIENTS[name]}", param=param)
    if any(isinstance(value, str) and value.startswith(_REFERENCE) for value in _values(given)):
        msg = f"{param} may not refer to variables of the gateway's environment; write the value itself"
        raise BadRequestError(msg, param=param)


def _values(value: Any) -> Iterator[Any]:
    """Yield a value and all that is inside it."""
    todo = [value]
    while todo:
        value = todo.pop()
        yield value
        if isinstance(value, dict):
            todo.extend(value.values())
        elif isinstance(value, list):
            todo.extend(value)


def take_model(body: JSON) -> str:
    """Take the model's name out of a body. Raises BadRequestError where there is none."""
    model = body.pop("model", None)
    if not isinstance(model, str) or not model:
        got = "there is none" if model is None else f"it is {shown(model)}"
        raise BadRequestError(f"model must be the name of a model, and {got}; GET /v1/models lists them", param="model")
    if len(model) > _LONGEST_NAME:  # it goes into headers, logs and metrics
        msg = f"model must be a name of at most {_LONGEST_NAME} characters; GET /v1/models lists them"
        raise BadRequestError(msg, param="model")
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
    if not (value.isascii() and value.isdigit() and len(value) <= _LONGEST_COUNT):
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
