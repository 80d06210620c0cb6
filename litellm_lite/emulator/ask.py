"""A chat request as the emulator understands it, read from the body of either shape. Pure.

Ranges, names and what is refused follow the Llama API (llama-api-client 0.6.0 and the pages around it). Where
nobody wrote down what the API does, the emulator is strict in Meta's own shape, whose parameters are a closed
list, and lenient in the compatible one, which takes `n` and `stop` as OpenAI means them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from litellm_lite.emulator.catalogue import MODELS, Model, stand_in
from litellm_lite.emulator.faults import split_model
from litellm_lite.emulator.messages import Message, Picture, read_messages, read_pictures
from litellm_lite.emulator.refusal import Refusal

Shape = Literal["compat", "native"]
Choice = Literal["none", "auto", "required"]

_NATIVE_PARAMS = frozenset(
    "model messages max_completion_tokens temperature top_p top_k repetition_penalty response_format stream tools "
    "tool_choice user".split()
)
_RANGES = {"temperature": (0, 1), "top_p": (0, 1), "repetition_penalty": (1, 2)}
_TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_MOST_CHOICES = 16


@dataclass(frozen=True, slots=True)
class Tool:
    """A declared function; `parameters` is its JSON Schema, empty for none."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, valid as far as the API checks it before answering.

    `forced` names the tool that must be called; `schema` is the JSON Schema the answer must fit.
    """

    model: Model
    messages: list[Message]
    pictures: list[Picture]
    tools: list[Tool]
    choice: Choice
    forced: str | None
    parallel: bool
    schema: Mapping[str, Any] | None
    max_tokens: int | None
    stop: list[str]
    n: int
    stream: bool
    include_usage: bool

    @property
    def prefilled(self) -> bool:
        """Whether the assistant has begun its answer already."""
        return self.messages[-1]["role"] == "assistant" and "tool_calls" not in self.messages[-1]


def read_ask(body: bytes, shape: Shape, *, any_model: bool = False) -> Ask:
    """Return the request in `body`; a fault named in its model is left out.

    Raises Refusal: 404 for an unknown model, unless `any_model` may be asked for, and 400 for the rest.
    """
    fields = _fields(body, shape)
    model = _model(fields.get("model"), any_model=any_model)
    messages = read_messages(fields.get("messages"))
    pictures = read_pictures(messages)
    if pictures and not model.takes_images:
        raise Refusal(400, f"{model.id} takes text only, no images")
    for name, (low, high) in _RANGES.items() if model.listed else ():
        _check_range(fields, name, low, high)
    tools = _tools(fields.get("tools"))
    choice, forced = _choice(fields.get("tool_choice"), tools)
    return Ask(
        model=model,
        messages=messages,
        pictures=pictures,
        tools=tools,
        choice=choice,
        forced=forced,
        parallel=_flag(fields, "parallel_tool_calls", default=True),
        schema=_schema(fields, lenient=not model.listed),
        max_tokens=_max_tokens(fields),
        stop=_stop(fields.get("stop")),
        n=_whole(fields, "n", 1, _MOST_CHOICES) or 1,
        stream=_flag(fields, "stream", default=False),
        include_usage=_include_usage(fields.get("stream_options")),
    )


def _fields(body: bytes, shape: Shape) -> dict[str, Any]:
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refusal(400, f"the request body is not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise Refusal(400, "the request body must be a JSON object")
    unknown = sorted(fields.keys() - _NATIVE_PARAMS) if shape == "native" else []
    if unknown:
        raise Refusal(400, f"unknown parameter {unknown[0]!r}")
    return fields


def _model(value: Any, *, any_model: bool) -> Model:
    if not isinstance(value, str):
        raise Refusal(400, "'model' must be a string")
    name, _ = split_model(value)
    if name not in MODELS and not any_model:
        raise Refusal(404, f"model {name!r} does not exist; GET /models lists those that do")
    return MODELS.get(name) or stand_in(name)


def _check_range(fields: dict[str, Any], name: str, low: float, high: float) -> None:
    value = fields.get(name)
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise Refusal(400, f"{name!r} must be a number between {low} and {high}")


def _whole(fields: dict[str, Any], name: str, low: int, high: int | None = None) -> int | None:
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < low or (high is not None and value > high):
        raise Refusal(400, f"{name!r} must be a whole number, {low} or more" + (f", at most {high}" if high else ""))
    return value


def _flag(fields: dict[str, Any], name: str, *, default: bool) -> bool:
    value = fields.get(name)
    if value is not None and not isinstance(value, bool):
        raise Refusal(400, f"{name!r} must be true or false")
    return default if value is None else value


def _max_tokens(fields: dict[str, Any]) -> int | None:
    limits = [_whole(fields, name, 1) for name in ("max_completion_tokens", "max_tokens")]
    return min((limit for limit in limits if limit is not None), default=None)


def _stop(value: Any) -> list[str]:
    stops = [value] if isinstance(value, str) else value or []
    if not isinstance(stops, list) or not all(isinstance(stop, str) and stop for stop in stops):
        raise Refusal(400, "'stop' must be a string or a list of strings")
    return stops


def _include_usage(options: Any) -> bool:
    if options is None:
        return False
    if not isinstance(options, dict):
        raise Refusal(400, "'stream_options' must be an object")
    return _flag(options, "include_usage", default=False)


def _schema(fields: dict[str, Any], *, lenient: bool) -> Mapping[str, Any] | None:
    if "response_format" not in fields:
        return None
    value = fields["response_format"]
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "text" or (lenient and value is None):
        return None
    if lenient and kind == "json_object":
        return {"type": "object"}
    # Only json_schema works, and null is refused (LiteLLM, haystack): facts of the API, not a whim of the emulator.
    if kind != "json_schema":
        raise Refusal(400, "'response_format' must have the type 'json_schema' or 'text'")
    named = value.get("json_schema")
    if not isinstance(named, dict) or not isinstance(named.get("name"), str):
        raise Refusal(400, "'response_format.json_schema' must have a name")
    if not isinstance(named.get("schema"), dict):
        raise Refusal(400, "'response_format.json_schema.schema' must be a JSON Schema")
    schema: Mapping[str, Any] = named["schema"]
    return schema


def _tools(value: Any) -> list[Tool]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise Refusal(400, "'tools' must be a list")
    return [_tool(tool, f"tools[{place}]") for place, tool in enumerate(value)]


def _tool(value: Any, where: str) -> Tool:
    function = value.get("function") if isinstance(value, dict) and value.get("type") == "function" else None
    if not isinstance(function, dict):
        raise Refusal(400, f"{where} must have the type 'function' and a function")
    name, description = function.get("name"), function.get("description")
    if not isinstance(name, str) or not _TOOL_NAME.match(name):
        raise Refusal(400, f"{where}.function.name must be 1 to 64 letters, digits, '_' or '-'")
    parameters = function.get("parameters") or {}
    if not isinstance(parameters, dict) or parameters.get("type", "object") != "object":
        raise Refusal(400, f"{where}.function.parameters must be a JSON Schema of type 'object'")
    return Tool(name, description if isinstance(description, str) else "", parameters)


def _choice(value: Any, tools: list[Tool]) -> tuple[Choice, str | None]:
    """Return how tools may be used, and the one that must be; the default is `auto` with tools, else `none`."""
    if value is None:
        return "auto" if tools else "none", None
    if isinstance(value, str) and value in ("none", "auto", "required"):
        if value == "required" and not tools:
            raise Refusal(400, "'tool_choice' is 'required' but there are no tools")
        choices: dict[str, Choice] = {"none": "none", "auto": "auto", "required": "required"}
        return choices[value], None
    function = value.get("function") if isinstance(value, dict) and value.get("type") == "function" else None
    if not isinstance(function, dict):
        raise Refusal(400, "'tool_choice' must be 'none', 'auto', 'required' or name a function")
    name = function.get("name")
    if not isinstance(name, str) or name not in {tool.name for tool in tools}:
        raise Refusal(400, f"'tool_choice' names {name!r}, which is not among the tools")
    return "required", name
