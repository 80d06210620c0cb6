"""What is given on the command line: names of models, files, standard input, JSON. What cannot be used says why."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from litellm_lite.cli.show import UnusableError, consoles, say
from litellm_lite.counting import is_count
from litellm_lite.registry import registry
from litellm_lite.registry.info import ModelInfo

STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat request, as far as it says what it takes and what it costs."""

    messages: list[Any]
    tools: list[Any] | None = None
    tool_choice: Any = None
    response_format: Any = None
    max_tokens: int | None = None
    n: int = 1
    service_tier: str | None = None


def known_model(name: str) -> ModelInfo:
    """Find a model. Raises UnusableError naming the nearest ones."""
    found = registry().lookup(name)
    if found is None:
        raise UnusableError(f"unknown model {name!r}; {nearest(name)}")
    return found


def nearest(name: str) -> str:
    """Say which models read like a name that is unknown."""
    close = registry().suggest(name)
    return f"did you mean {' or '.join(map(repr, close))}?" if close else "`litellm-lite models` lists those there are"


def called(info: ModelInfo) -> str:
    """Name a model as a caller writes it."""
    return f"{info.provider}/{info.model}"


def shown(source: str) -> str:
    """Name a file, or standard input."""
    return "standard input" if source == STANDARD_INPUT else repr(source)


def read_text(source: str) -> str:
    """Read a file, or standard input for `-`, as UTF-8. Raises UnusableError when it is no text."""
    name, content = shown(source), _read_bytes(source)
    zero = content.find(b"\0")
    if zero >= 0:
        raise UnusableError(f"{name} is binary, not text: there is a zero byte at offset {zero}")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        what = f"byte 0x{content[error.start]:02x} at offset {error.start}"
        raise UnusableError(f"{name} is not UTF-8 text: {what}") from error


def read_json(source: str) -> Any:
    """Read JSON from a file, or from standard input for `-`. Raises UnusableError."""
    try:
        return orjson.loads(read_text(source).removeprefix("\ufeff"))
    except orjson.JSONDecodeError as error:
        raise UnusableError(f"{shown(source)} is not JSON: {error}") from error


def read_chat(source: str) -> Chat:
    """Read messages, or a whole request that holds them, as JSON. Raises UnusableError."""
    given = read_json(source)
    if isinstance(given, list):
        return Chat(given)
    if not isinstance(given, dict) or not isinstance(given.get("messages"), list):
        raise UnusableError(f"{shown(source)} holds no chat: a list of messages, or an object with messages")
    longest = given.get("max_completion_tokens", given.get("max_tokens"))
    if longest is not None and not is_count(longest):
        raise UnusableError(f"{shown(source)}: max_tokens must be a whole number from 0, not {longest!r}")
    return Chat(
        given["messages"],
        given.get("tools"),
        given.get("tool_choice"),
        given.get("response_format"),
        longest,
        given.get("n") or 1,
        given.get("service_tier"),
    )


def _read_bytes(source: str) -> bytes:
    if source == STANDARD_INPUT:
        if sys.stdin.isatty():
            say(consoles()[1], "reading what you type, until Ctrl-D on a line of its own")
        return sys.stdin.buffer.read()
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise UnusableError(f"cannot read {source!r}: {error.strerror or error}") from error
