"""The body of `POST /v1/messages` → the messages and parameters of a chat completion. Pure.

A parameter of Anthropic's is carried under a chat's name, or refused by name. Any other goes through as it is, as it
would with `/chat/completions`: it is the vendor's own, or the gateway's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from litellm_lite.bridges.messages.reading import (
    JSON,
    LeftOut,
    a_count,
    a_flag,
    a_list,
    a_number,
    a_text,
    an_object,
    check_fields,
    kind_shown,
    misfit,
    note_hint,
    refusal,
)
from litellm_lite.bridges.messages.tools import tool_choice, tools
from litellm_lite.bridges.messages.turns import chat_messages
from litellm_lite.params import shown

_APART = frozenset({"messages", "model", "output_config", "output_format", "stream", "system", "thinking"})

_AT_ANTHROPIC = "exists only at Anthropic; leave it out"
_NO_PLACE = "asks for what a Message has no place for; use /v1/chat/completions"
_OTHER_WORDS = "is not how a Message asks for tools; use tools and tool_choice"
_REFUSED: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "betas", "container", "fallback_credit_token", "inference_geo", "mcp_servers",
            "user_profile_id", "workspace_id",
        ),
        _AT_ANTHROPIC,
    ),
    **dict.fromkeys(("audio", "logprobs", "modalities", "n", "top_logprobs"), _NO_PLACE),
    **dict.fromkeys(("function_call", "functions"), _OTHER_WORDS),
}  # fmt: skip

# What a budget of thinking is worth in words, as LiteLLM has it: the first row whose tokens are reached.
_EFFORTS: tuple[tuple[int, str], ...] = ((10_000, "high"), (5_000, "medium"), (2_000, "low"), (1, "minimal"))
_EFFORT_WORDS = ("low", "medium", "high", "xhigh", "max")
_THINKING = ("adaptive", "disabled", "enabled")
_DISPLAYS = (None, "summarized", "omitted")
_TIERS = {"auto": "auto", "standard_only": "default"}


class Chat(NamedTuple):
    """A chat that asks for what a body asked for. `params` has neither model nor stream; `left_out` gives reasons."""

    messages: list[JSON]
    params: JSON
    left_out: LeftOut


def to_chat(body: Any, *, limited: bool = True) -> Chat:
    """Return the chat that a body asks for. Unless `limited` it may do without max_tokens, as a count of tokens does.

    Raises BadRequestError for a body that is wrong, UnsupportedParamsError for what a chat cannot carry.
    """
    body = an_object(body, "the body")
    left_out: LeftOut = {}
    a_text(body.get("model"), "model")
    a_flag(body.get("stream") or False, "stream")
    if limited and body.get("max_tokens") is None:
        raise misfit("max_tokens", "is missing: a Message needs a limit, such as 1024")
    params: JSON = {}
    for name, value in body.items():
        if value is not None and name not in _APART:
            _enter(params, name, _READERS[name](value, left_out) if name in _READERS else _as_it_is(name, value))
    _enter(params, "thinking or output_config", _effort(body, left_out))
    _enter(params, "output_config.format", _format(body))
    return Chat(chat_messages(body.get("system"), body.get("messages"), left_out), params, left_out)


def _enter(params: JSON, name: str, carried: JSON) -> None:
    for wire_name, value in carried.items():
        if wire_name in params:
            raise misfit(wire_name, f"is given twice, as itself and by {name}; pass one of the two")
        params[wire_name] = value


def _as_it_is(name: str, value: Any) -> JSON:
    if name in _REFUSED and not (name == "n" and value == 1):
        raise refusal(name, _REFUSED[name])
    return {name: value}


def _max_tokens(value: Any, _: LeftOut) -> JSON:
    if value == 0 and value is not False:
        raise refusal("max_tokens", "of 0 only fills Anthropic's prompt cache; ask for at least 1 token")
    return {"max_tokens": a_count(value, "max_tokens")}


def _number(name: str) -> Callable[[Any, LeftOut], JSON]:
    return lambda value, _: {name: a_number(value, name)}


def _stop(value: Any, _: LeftOut) -> JSON:
    texts = a_list(value, "stop_sequences")
    stop = [a_text(text, f"stop_sequences[{index}]") for index, text in enumerate(texts)]
    return {"stop": stop} if stop else {}


def _metadata(value: Any, _: LeftOut) -> JSON:
    """Return the user whom Anthropic's `metadata` names; other labels are the caller's own, as everywhere here."""
    labels = dict(an_object(value, "metadata"))
    user = labels.pop("user_id", None)
    carried: JSON = {} if user is None else {"user": a_text(user, "metadata.user_id")}
    return {**carried, "metadata": labels} if labels else carried


def _service_tier(value: Any, _: LeftOut) -> JSON:
    if not isinstance(value, str) or value not in _TIERS:
        raise misfit("service_tier", f"must be one of {', '.join(_TIERS)}, not {shown(value)}")
    return {"service_tier": _TIERS[value]}


def _speed(value: Any, _: LeftOut) -> JSON:
    if value != "standard":
        raise refusal("speed", f"of {shown(value)} {_AT_ANTHROPIC}")
    return {}


def _context_management(value: Any, left_out: LeftOut) -> JSON:
    """Take only edits of earlier thinking, as Claude Code asks for: none of it reaches the model anyway."""
    management = an_object(value, "context_management")
    check_fields(management, "context_management", ("edits",), left_out)
    edits = a_list(management.get("edits") or [], "context_management.edits")
    for index, edit in enumerate(edits):
        path = f"context_management.edits[{index}]"
        kind = a_text(an_object(edit, path).get("type"), f"{path}.type")
        if not kind.startswith("clear_thinking_"):
            raise refusal(path, f"has the type {kind_shown(kind)}, which {_AT_ANTHROPIC}")
    if edits:
        left_out["context_management"] = "edits the thinking of earlier turns, of which none is carried"
    return {}


def _cache_control(_: Any, left_out: LeftOut) -> JSON:
    note_hint("cache_control", left_out)
    return {}


def _diagnostics(_: Any, left_out: LeftOut) -> JSON:
    left_out["diagnostics"] = "asks why Anthropic's prompt cache was missed"
    return {}


_READERS: Mapping[str, Callable[[Any, LeftOut], JSON]] = {
    "cache_control": _cache_control,
    "context_management": _context_management,
    "diagnostics": _diagnostics,
    "max_tokens": _max_tokens,
    "metadata": _metadata,
    "service_tier": _service_tier,
    "speed": _speed,
    "stop_sequences": _stop,
    "temperature": _number("temperature"),
    "tool_choice": tool_choice,
    "tools": tools,
    "top_k": _number("top_k"),
    "top_p": _number("top_p"),
}


def _effort(body: JSON, left_out: LeftOut) -> JSON:
    """Return the `reasoning_effort` of a chat: the word that was given, or what the budget is worth.

    With `adaptive` the model decides, as a chat's model does that is told nothing.
    """
    thinking = an_object({"type": "adaptive"} if body.get("thinking") is None else body["thinking"], "thinking")
    check_fields(thinking, "thinking", ("type", "budget_tokens", "display"), left_out)
    kind, display = thinking.get("type"), thinking.get("display")
    if kind not in _THINKING:
        raise refusal("thinking.type", f"must be one of {', '.join(_THINKING)} over a chat, not {shown(kind)}")
    if display not in _DISPLAYS:
        raise misfit("thinking.display", f"must be summarized or omitted, not {shown(display)}")
    if kind == "disabled":
        left_out["thinking"] = "a chat cannot forbid every model to think; models that do not think are not affected"
    word = _output_config(body, left_out).get("effort")
    if word is not None and word not in _EFFORT_WORDS:
        raise misfit("output_config.effort", f"must be one of {', '.join(_EFFORT_WORDS)}, not {shown(word)}")
    if kind == "enabled":
        budget = a_count(thinking.get("budget_tokens"), "thinking.budget_tokens")
        if word is None:
            return {"reasoning_effort": next(effort for least, effort in _EFFORTS if budget >= least)}
        left_out["thinking.budget_tokens"] = "output_config.effort says it in a word that a chat has"
    return {} if word is None else {"reasoning_effort": word}


def _output_config(body: JSON, left_out: LeftOut) -> JSON:
    config = an_object({} if body.get("output_config") is None else body["output_config"], "output_config")
    check_fields(config, "output_config", ("effort", "format"), left_out)
    return config


def _format(body: JSON) -> JSON:
    """Return the `response_format` for a schema, under its newer name or its older one."""
    newer, older = (body.get("output_config") or {}).get("format"), body.get("output_format")
    if newer is not None and older is not None:
        raise misfit("output_format", "and output_config.format are both given; pass one of the two")
    if newer is None and older is None:
        return {}
    path = "output_format" if newer is None else "output_config.format"
    given = an_object(older if newer is None else newer, path)
    check_fields(given, path, ("type", "schema"), {})
    if given.get("type") != "json_schema":
        raise misfit(f"{path}.type", f"must be json_schema, not {shown(given.get('type'))}")
    # A chat wants a name, and Anthropic's formats, which always hold strictly, have none.
    schema = {"name": "answer", "schema": an_object(given.get("schema"), f"{path}.schema"), "strict": True}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}
