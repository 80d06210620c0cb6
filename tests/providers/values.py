"""Calls and replies as plain values: what a provider's pure methods take, without a socket or an environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from litellm_lite.call import Call, Reply, Target
from litellm_lite.errors import APIError
from litellm_lite.params import Choice, Mapped, map_params
from litellm_lite.registry import ModelInfo, registry
from litellm_lite.resolve import find_provider, provider_names
from litellm_lite.sse import SSEDecoder
from litellm_lite.transformer import JSON, StreamParser, Transformer

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"

KEY = "sk-canary-9f8e7d6c5b4a"
BASE = "https://host.example/v1"
MESSAGES = [{"role": "user", "content": "Hello, how are you?"}]

PNG_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
"""A whole PNG, one pixel large, in base64."""

# A value that each OpenAI parameter may have, and that asks for something.
SAMPLES: Mapping[str, Any] = {
    "audio": {"voice": "alloy", "format": "wav"},
    "frequency_penalty": 0.5,
    "function_call": "auto",
    "functions": [{"name": "f", "parameters": {"type": "object"}}],
    "logit_bias": {"50256": -100},
    "logprobs": True,
    "max_completion_tokens": 16,
    "max_tokens": 17,
    "modalities": ["text", "audio"],
    "moderation": {"model": "omni-moderation-latest"},
    "n": 2,
    "parallel_tool_calls": False,
    "prediction": {"type": "content", "content": "x"},
    "presence_penalty": 0.5,
    "prompt_cache_key": "k",
    "prompt_cache_options": {"mode": "implicit"},
    "prompt_cache_retention": "24h",
    "reasoning_effort": "low",
    "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}},
    "safety_identifier": "hashed-user",
    "seed": 7,
    "service_tier": "flex",
    "stop": ["\n"],
    "store": True,
    "stream_options": {"include_usage": False},
    "temperature": 0.3,
    "thinking": {"type": "enabled", "budget_tokens": 1024},
    "tool_choice": "auto",
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}],
    "top_logprobs": 3,
    "top_p": 0.8,
    "user": "u-1",
    "verbosity": "low",
    "web_search_options": {"search_context_size": "low"},
}


def provider(name: str) -> Transformer:
    found = find_provider(name)
    assert found is not None
    return found


SHAPES = [(name, shape) for name in provider_names() for shape in ("", *provider(name).row.shapes)]
"""Every API shape of every provider there is; "" is the usual one."""


def mapped(name: str, shape: str = "", choice: Choice | None = None, /, **asked: Any) -> Mapped:
    """Return what becomes of parameters at a provider."""
    return map_params(provider(name).contract(shape), asked, choice or Choice(), model="m")


def call(
    name: str = "meta_llama",
    shape: str = "",
    /,
    *,
    model: str = "m",
    messages: list[dict[str, Any]] | None = None,
    stream: bool = False,
    info: ModelInfo | None = None,
    key: str | None = KEY,
    base: str = BASE,
    headers: Mapping[str, str] | None = None,
    extra_body: Mapping[str, Any] | None = None,
    **asked: Any,
) -> Call:
    """Return a call whose parameters were held against the provider's contract."""
    params = mapped(name, shape, **asked).params
    target = Target(name, model, base, key)
    return Call(target, messages or MESSAGES, params, stream, info, headers or {}, extra_body or {}, shape)


def llama(model: str) -> ModelInfo:
    """Return what the registry knows about a model of the Llama API."""
    found = registry().find("meta_llama", model)
    assert found is not None
    return found


def body(made: Call) -> JSON:
    """Return the JSON that a call puts on the wire."""
    sent: JSON = orjson.loads(provider(made.target.provider).build_request(made).body)
    return sent


def reply(content: bytes | str | dict[str, Any] | list[Any], status: int = 200, **headers: str) -> Reply:
    raw = content if isinstance(content, bytes) else content.encode() if isinstance(content, str) else None
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, named, orjson.dumps(content) if raw is None else raw, received_at=1_763_700_000.0)


def recorded(path: str) -> Reply:
    """Return a fixture, a whole HTTP message, as the reply it is."""
    head, _, content = (FIXTURES / path).read_bytes().partition(b"\n\n")
    first, *lines = head.decode().splitlines()
    headers = dict(line.split(": ", 1) for line in lines)
    return Reply(int(first.split()[1]), headers, content, received_at=1_763_700_000.0)


def parsed(path: str, made: Call | None = None) -> JSON:
    """Return a recorded answer as the chat completion it holds."""
    made = made or call(*_shape_of(path))
    return provider(made.target.provider).parse_response(made, recorded(path))


def error(path: str, made: Call | None = None) -> APIError:
    """Return the exception for a recorded failure."""
    made = made or call(*_shape_of(path))
    return provider(made.target.provider).parse_error(made, recorded(path))


def chunks(path: str, made: Call | None = None) -> list[JSON]:
    """Return the chunks of a recorded stream."""
    made = made or call(*_shape_of(path), stream=True)
    answer = recorded(path)
    return fed(provider(made.target.provider).open_stream(made, answer), answer.body)


def fed(parser: StreamParser, raw: bytes) -> list[JSON]:
    """Return the chunks a parser makes of a body."""
    decoder = SSEDecoder()
    events = [*decoder.feed(raw), *decoder.end()]
    return [chunk for event in events for chunk in parser.feed(event)] + parser.end()


def _shape_of(path: str) -> tuple[str, str]:
    """Return the provider and the shape a fixture belongs to, by its folder and name."""
    folder, name = path.split("/")
    return (folder if folder in provider_names() else "openai"), ("native" if name.startswith("native") else "")
