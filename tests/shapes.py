"""How providers word a stream: OpenAI's shape for two of them, and Meta's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from litellm_lite.errors import (
    APIError,
    InternalServerError,
    RateLimitError,
)
from tests.calls import Streamed, collect
from tests.wire import (
    DONE,
    Wire,
    chunk,
    event,
    usage_chunk,
)


@dataclass(frozen=True)
class Shape:
    """How a provider words a stream."""

    model: str
    params: dict[str, Any]
    text: Callable[[str], bytes]
    finish: bytes
    usage: bytes
    error_line: bytes
    error_class: type[APIError]
    done: bytes = DONE

    def hello(self) -> list[bytes]:
        return [self.text("Hel"), self.text("lo."), self.finish, self.usage, self.done]

    def collect(self, mode: str, wire: Wire, **params: Any) -> Streamed:
        return collect(mode, wire, self.model, **self.params, **params)


def native(kind: str, text: str = "", **fields: Any) -> bytes:
    return event({"id": "n1", "event": {"event_type": kind, "delta": {"type": "text", "text": text}, **fields}})


def openai_shape(model: str) -> Shape:
    return Shape(
        model,
        {},
        lambda text: event(chunk(text)),
        event(chunk(finish="stop")),
        event(usage_chunk()),
        event({"error": {"message": "out of memory", "type": "server_error", "code": 500}}),
        InternalServerError,
    )


METRICS = [{"metric": f"num_{kind}_tokens", "value": n} for kind, n in (("prompt", 3), ("completion", 2), ("total", 5))]
SHAPES = {
    "openai": openai_shape("openai/m"),
    "meta": openai_shape("meta_llama/Llama-3.3-8B-Instruct"),
    "native": Shape(
        "meta_llama/Llama-3.3-8B-Instruct",
        {"api": "native"},
        lambda text: native("progress", text),
        native("complete", stop_reason="stop"),
        native("metrics", metrics=METRICS),
        # llama-api-python 0.3.0 learned to read it: an error in the middle is a bare line, under HTTP 200
        b'{"title": "Too Many Requests", "detail": "Slow down", "status": 429}\n',
        RateLimitError,
        b"",
    ),
}

each_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
OPENAI = SHAPES["openai"]
