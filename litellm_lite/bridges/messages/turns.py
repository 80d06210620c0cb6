"""Anthropic's turns → a chat's messages. Pure.

Turns of one role that follow each other are one turn, as they are to Anthropic. The results of tools come first in it:
in a chat they must follow the calls they answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from typing import Any

import orjson

from litellm_lite.bridges.messages.blocks import TEXT, content_of, parts, parts_of, text_part
from litellm_lite.bridges.messages.reading import (
    JSON,
    LeftOut,
    a_flag,
    a_list,
    a_text,
    an_object,
    check_fields,
    misfit,
)
from litellm_lite.params import shown

_THINKING = ("thinking", "redacted_thinking")
_NO_THINKING = "a chat has no place for the thinking of earlier turns, and no other vendor can read it"
_FAILED = "Error: "  # a chat's tool message cannot say otherwise that its tool failed
_ELSEWHERE = "[a file or an image, in the next user message]"

_Turn = tuple[str, JSON]
"""A turn with its path."""


def chat_messages(system: Any, turns: Any, left_out: LeftOut) -> list[JSON]:
    """Return the messages of a chat. Raises BadRequestError, or UnsupportedParamsError for what no chat carries."""
    messages = [] if system is None else [_system_message(system, "system", left_out)]
    listed = a_list(turns, "messages")
    if not listed:
        raise misfit("messages", "must hold at least one message such as {'role': 'user', 'content': 'Hi'}")
    named = [(f"messages[{index}]", an_object(turn, f"messages[{index}]")) for index, turn in enumerate(listed)]
    for role, group in groupby(named, _role):
        messages += _ROLES[role](list(group), left_out)
    return messages


def _role(named: _Turn) -> str:
    path, turn = named
    role = turn.get("role")
    if not isinstance(role, str) or role not in _ROLES:
        raise misfit(f"{path}.role", f"must be one of {', '.join(_ROLES)}, not {shown(role)}")
    return role


def _system_message(content: Any, path: str, left_out: LeftOut) -> JSON:
    return {"role": "system", "content": content_of(parts_of(content, path, left_out, TEXT))}


def _system(turns: list[_Turn], left_out: LeftOut) -> list[JSON]:
    return [_system_message(turn.get("content"), f"{path}.content", left_out) for path, turn in turns]


def _user(turns: list[_Turn], left_out: LeftOut) -> list[JSON]:
    results: list[JSON] = []
    messages: list[JSON] = []
    for path, turn in turns:
        said: list[JSON] = []
        for block, where in _blocks(path, turn):
            if isinstance(block, dict) and block.get("type") == "tool_result":
                result, attached = _tool_result(block, where, left_out)
                results.append(result)
                said += attached
            else:
                said += parts(block, where, left_out)
        if said:
            messages.append({"role": "user", "content": content_of(said)})
    return [*results, *messages]


def _assistant(turns: list[_Turn], left_out: LeftOut) -> list[JSON]:
    said: list[JSON] = []
    calls: list[JSON] = []
    for block, where in (found for path, turn in turns for found in _blocks(path, turn)):
        kind = block.get("type") if isinstance(block, dict) else None
        if kind == "tool_use":
            calls.append(_call(block, where, left_out))
        elif kind in _THINKING:
            left_out["thinking of earlier turns"] = _NO_THINKING
        else:
            said += parts(block, where, left_out, TEXT)
    content = content_of(said) if said else None if calls else ""
    message: JSON = {"role": "assistant", "content": content}
    return [{**message, "tool_calls": calls} if calls else message]


def _blocks(path: str, turn: JSON) -> Iterator[tuple[Any, str]]:
    """Yield the blocks of a turn, each with its path."""
    content, where = turn.get("content"), f"{path}.content"
    if isinstance(content, str):
        yield text_part(content), where
        return
    for index, block in enumerate(a_list(content, where)):
        yield block, f"{where}[{index}]"


def _call(block: JSON, path: str, left_out: LeftOut) -> JSON:
    check_fields(block, path, ("type", "id", "name", "input"), left_out)
    try:
        arguments = orjson.dumps(an_object(block.get("input"), f"{path}.input")).decode()
    except orjson.JSONEncodeError as error:
        raise misfit(f"{path}.input", f"cannot be written as JSON: {error}") from None
    function = {"name": a_text(block.get("name"), f"{path}.name"), "arguments": arguments}
    return {"id": a_text(block.get("id"), f"{path}.id"), "type": "function", "function": function}


def _tool_result(block: JSON, path: str, left_out: LeftOut) -> tuple[JSON, list[JSON]]:
    """Return the tool's message, and what it cannot hold, for the user's: a chat's tools answer in text."""
    check_fields(block, path, ("type", "tool_use_id", "content", "is_error"), left_out)
    call_id = a_text(block.get("tool_use_id"), f"{path}.tool_use_id")
    content = block.get("content")
    found = [] if content is None else parts_of(content, f"{path}.content", left_out)
    texts = [part if part["type"] == "text" else text_part(_ELSEWHERE) for part in found] or [text_part("")]
    if a_flag(block.get("is_error") or False, f"{path}.is_error"):
        texts[0] = text_part(_FAILED + texts[0]["text"])
    attached = [part for part in found if part["type"] != "text"]
    head = [text_part(f"From the tool result {call_id}:")] if attached else []
    return {"role": "tool", "tool_call_id": call_id, "content": content_of(texts)}, [*head, *attached]


_ROLES: Mapping[str, Callable[[list[_Turn], LeftOut], list[JSON]]] = {
    "user": _user,
    "assistant": _assistant,
    "system": _system,
}
