"""`litellm-lite explain`: what a call would send, cost and run into, without making it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from litellm_lite.cli.given import read_json, shown
from litellm_lite.cli.show import UNKNOWN_EXIT, UnusableError, answering, consoles, say, show_json
from litellm_lite.explaining import explain

# What has an argument or an option of its own.
_NO_PARAMS = {"model": "MODEL", "messages": "PROMPT or --messages", "stream": "--stream", "api_base": "--api-base"}


@dataclass(frozen=True, slots=True)
class Wish:
    """The call: a prompt or a file of messages, and parameters as NAME=JSON, which go before those of the file."""

    model: str
    prompt: str | None = None
    messages: str | None = None
    params: Sequence[str] = ()
    stream: bool = False
    api_base: str | None = None
    as_json: bool = False
    config: str | None = None
    """The file of a Router, whose groups the model is one of."""


def router_of(path: str) -> Any:
    """Return the Router that a configuration describes. Raises APIError for one that cannot be used."""
    from litellm_lite.proxy.config import read_config, router_arguments
    from litellm_lite.router import Router

    config = read_config(path)
    return Router(config.model_list, **router_arguments(config))


@answering
def run(wish: Wish, router: Callable[[str], Any] = router_of) -> int:
    """Show what the call would be and return the exit code: 1 when it would be refused."""
    if not wish.model.isprintable():
        raise UnusableError(f"{wish.model!r} is no name of a model")
    if (wish.prompt is None) == (wish.messages is None):
        raise UnusableError("say what to ask, in one way: a prompt, or --messages")
    messages, params = _request(wish.messages) if wish.messages is not None else (_saying(wish.prompt), {})
    stream = params.pop("stream", None)
    params |= _params(wish.params)
    if wish.api_base is not None:
        params["api_base"] = wish.api_base
    asked = explain if wish.config is None else router(wish.config).explain
    explained = asked(wish.model, messages, stream=wish.stream or stream, **params)
    out, _ = consoles()
    if wish.as_json:
        show_json(out, explained.as_dict(money=Decimal))
    else:
        say(out, explained.text())
    return UNKNOWN_EXIT if explained.refused else 0


def _saying(prompt: str | None) -> list[dict[str, Any]]:
    return [{"role": "user", "content": prompt}]


def _request(source: str) -> tuple[list[Any], dict[str, Any]]:
    """Read messages, or a whole request; its `model` gives way to the argument. Raises UnusableError."""
    given = read_json(source)
    if isinstance(given, list):
        return given, {}
    if not isinstance(given, dict) or not isinstance(given.get("messages"), list):
        raise UnusableError(f"{shown(source)} holds no chat: a list of messages, or an object with messages")
    return given["messages"], {name: value for name, value in given.items() if name not in ("model", "messages")}


def _params(given: Sequence[str]) -> dict[str, Any]:
    """Read NAME=JSON. Raises UnusableError."""
    params: dict[str, Any] = {}
    for each in given:
        name, separator, text = each.partition("=")
        if not (separator and name and name.isprintable()):
            raise UnusableError(f"--param takes NAME=JSON, such as temperature=0.5, not {each!r}")
        if name in params:
            raise UnusableError(f"--param {name} is given twice")
        if name in _NO_PARAMS:
            raise UnusableError(f"--param {name} is none; use {_NO_PARAMS[name]}")
        params[name] = _value(name, text)
    return params


def _value(name: str, text: str) -> Any:
    """Read the JSON of a parameter; what it holds is not repeated, for it may be a key."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UnusableError(f"--param {name} is not JSON: {error.msg}; a text needs its quotes: '\"…\"'") from error
