"""A Responses request as a chat completion, and the conversation it leaves behind. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from litellm_lite.bridges.carrying import JSON, Carrier, given, whole, wrong
from litellm_lite.bridges.responses.items import messages_of
from litellm_lite.bridges.responses.tools import choose, format_of, tools_of
from litellm_lite.params import shown

_OWN = frozenset({
    "model", "stream", "input", "instructions", "previous_response_id", "store", "max_output_tokens", "tools",
    "tool_choice", "text", "reasoning", "include", "top_logprobs", "stream_options", "max_tool_calls", "truncation",
    "background", "conversation", "prompt", "context_management", "access_programs", "image", "moderation",
})  # fmt: skip

# What asks for nothing that does not happen anyway, and why another value cannot be had.
_ONLY: Mapping[str, tuple[tuple[Any, ...], str]] = {
    "background": ((False,), "cannot be had: a chat is answered while one waits"),
    "truncation": (("disabled",), "cannot be had: a chat that is too long is refused"),
    "context_management": (([],), "cannot be had: a chat is sent as it is"),
    "access_programs": ((), "belongs to OpenAI's own models"),
    "image": ((), "belongs to OpenAI's own models"),
    "moderation": ((), "cannot be had: a chat's answer has no place for it"),
}
_STORED: Mapping[str, tuple[str, str]] = {
    "conversation": ("names a conversation that is stored elsewhere", "send its turns in input"),
    "prompt": ("names a prompt that is stored elsewhere", "write it out in instructions and input"),
}
_NO_TOOL = "shows what a tool at OpenAI did, and there are none"
_INCLUDABLE: Mapping[str, str] = {
    "message.output_text.logprobs": "",
    "reasoning.encrypted_content": "cannot be had: a chat tells its reasoning as text, or not at all",
    "message.input_image.image_url": "shows the items of the input, and they are not listed here",
    "file_search_call.results": _NO_TOOL,
    "web_search_call.results": _NO_TOOL,
    "web_search_call.action.sources": _NO_TOOL,
    "computer_call_output.output.image_url": _NO_TOOL,
    "code_interpreter_call.outputs": _NO_TOOL,
}
_CHATS = {
    "messages": "write them as input",
    "functions": "write them as tools",
    "function_call": "write it as tool_choice",
    "modalities": "ask /chat/completions",
    "audio": "ask /chat/completions",
}


def to_chat(
    body: Mapping[str, Any],
    history: Sequence[JSON] | None = None,
    *,
    drop_params: bool = False,
    left_out: dict[str, str] | None = None,
) -> tuple[list[JSON], JSON]:
    """Return the messages and parameters of the chat completion that a Responses request is.

    `history` is the conversation that `previous_response_id` names, as `conversation` returned it; without it that
    parameter is refused. A stream is asked for its usage, which the last event carries.
    """
    carrier = Carrier("/responses", drop_params, left_out)
    _refuse(carrier, body, history)
    params = given(body, _OWN)
    for name, convert in _CONVERSIONS:
        if body.get(name) is not None:
            convert(params, body[name], carrier)
    if body.get("stream"):
        params["stream_options"] = {"include_usage": True}
    return _messages(carrier, body, history or ()), params


def conversation(asked: Mapping[str, Any], messages: Sequence[JSON], response: Mapping[str, Any]) -> list[JSON]:
    """Return the whole conversation after a response, for one that continues it.

    `messages` are those `to_chat` made of `asked`. Its instructions are not part of it, for each response has its own.
    """
    said = messages[1:] if asked.get("instructions") else messages
    return [*said, *messages_of(response["output"], Carrier("/responses", drop_params=True, left_out=None))]


def _messages(carrier: Carrier, body: Mapping[str, Any], history: Sequence[JSON]) -> list[JSON]:
    asked, instructions = body.get("input"), body.get("instructions")
    if instructions is not None and not isinstance(instructions, str):
        raise wrong("instructions", f"must be a text, not {shown(instructions)}")
    if isinstance(asked, str):
        said = [{"role": "user", "content": asked}]
    elif isinstance(asked, list | tuple):
        said = messages_of(asked, carrier, history)
    else:
        raise wrong("input", f"must be a text or a list of items, not {shown(asked)}")
    if not said and not history:
        raise wrong("input", "must hold at least one item, such as {'role': 'user', 'content': 'Hi'}")
    system = [{"role": "system", "content": instructions}] if instructions else []
    return [*system, *history, *said]


def _refuse(carrier: Carrier, body: Mapping[str, Any], history: Sequence[JSON] | None) -> None:
    for name, (why, remedy) in _STORED.items():
        if body.get(name) is not None:
            raise carrier.refusal(name, why, remedy)
    if body.get("previous_response_id") is not None and history is None:
        why = "names a response that is not stored here"
        raise carrier.refusal("previous_response_id", why, "send the earlier turns in input")
    for name, remedy in _CHATS.items():
        if body.get(name) is not None:
            raise carrier.refusal(name, "belongs to chat completions", remedy)
    for name, (neutral, why) in _ONLY.items():
        if body.get(name) is not None and body[name] not in neutral:
            carrier.go_without(name, why)
    if body.get("n") is not None and whole("n", body["n"], 1) > 1:
        raise carrier.refusal("n", "is more than one, and a response is one answer", "ask several times")


def _limit(params: JSON, value: Any, carrier: Carrier) -> None:  # noqa: ARG001 - one of the conversions
    # Not max_completion_tokens: servers of the time before it ignore it in silence (llama.cpp until 2026-02,
    # ggml-org/llama.cpp#19831), where the models that want it refuse this one aloud.
    params["max_tokens"] = whole("max_output_tokens", value, 1)


def _tools(params: JSON, value: Any, carrier: Carrier) -> None:
    if made := tools_of(value, carrier):
        params["tools"] = made


def _text(params: JSON, value: Any, carrier: Carrier) -> None:
    if not isinstance(value, Mapping):
        raise wrong("text", f"must be an object such as {{'format': {{'type': 'text'}}}}, not {shown(value)}")
    if (wanted := format_of(value)) is not None:
        params["response_format"] = wanted
    if value.get("verbosity") is not None:
        params["verbosity"] = value["verbosity"]
    _go_without_rest(value, "text", ("format", "verbosity"), carrier)


def _reasoning(params: JSON, value: Any, carrier: Carrier) -> None:
    if not isinstance(value, Mapping):
        raise wrong("reasoning", f"must be an object such as {{'effort': 'low'}}, not {shown(value)}")
    if value.get("effort") is not None:
        params["reasoning_effort"] = value["effort"]
    for name in ("summary", "generate_summary"):
        if value.get(name) is not None:
            # `auto` is whatever there is, and there is none; the other words ask for one.
            why = "cannot be had: a chat tells its reasoning as it is, or not at all"
            note = carrier.leave if value[name] == "auto" else carrier.go_without
            note(f"reasoning.{name}", why)
    others = {name: part for name, part in value.items() if (name, part) not in _REASONING_ANYWAY}
    _go_without_rest(others, "reasoning", ("effort", "summary", "generate_summary"), carrier)


_REASONING_ANYWAY = (("context", "auto"), ("context", "current_turn"), ("mode", "standard"))


def _go_without_rest(value: Mapping[str, Any], where: str, known: tuple[str, ...], carrier: Carrier) -> None:
    for name, part in value.items():
        if name not in known and part is not None:
            carrier.go_without(f"{where}.{name}", "has no place in a chat")


def _include(params: JSON, value: Any, carrier: Carrier) -> None:
    if not isinstance(value, list | tuple):
        raise wrong("include", f"must be a list, not {shown(value)}")
    for index, name in enumerate(value):
        if not isinstance(name, str) or name not in _INCLUDABLE:
            raise wrong(f"include[{index}]", f"must be one of {', '.join(_INCLUDABLE)}, not {shown(name)}")
        if why := _INCLUDABLE[name]:
            carrier.leave(f"include[{index}]", why)
        else:
            params["logprobs"] = True


def _top_logprobs(params: JSON, value: Any, carrier: Carrier) -> None:  # noqa: ARG001 - one of the conversions
    if tops := whole("top_logprobs", value, 0):
        params |= {"logprobs": True, "top_logprobs": tops}


def _stream_options(params: JSON, value: Any, carrier: Carrier) -> None:  # noqa: ARG001 - one of the conversions
    if not isinstance(value, Mapping):
        raise wrong("stream_options", f"must be an object, not {shown(value)}")
    if value.get("include_obfuscation"):
        carrier.go_without("stream_options.include_obfuscation", "cannot be had: events are sent as they are")
    _go_without_rest(value, "stream_options", ("include_obfuscation", "include_usage"), carrier)


def _max_tool_calls(params: JSON, value: Any, carrier: Carrier) -> None:  # noqa: ARG001 - one of the conversions
    """Check it; it counts the calls of tools that run at OpenAI, of which there are none."""
    whole("max_tool_calls", value, 1)


def _metadata(params: JSON, value: Any, carrier: Carrier) -> None:  # noqa: ARG001 - one of the conversions
    """Check it, for the answer repeats it, and it need not reach a vendor who would."""
    if not isinstance(value, Mapping):
        raise wrong("metadata", f"must be an object, not {shown(value)}")


def _choice(params: JSON, value: Any, carrier: Carrier) -> None:
    choose(params, value, carrier)


# In this order: a choice needs the tools that were made.
_CONVERSIONS: tuple[tuple[str, Callable[[JSON, Any, Carrier], None]], ...] = (
    ("max_output_tokens", _limit),
    ("tools", _tools),
    ("tool_choice", _choice),
    ("text", _text),
    ("reasoning", _reasoning),
    ("include", _include),
    ("top_logprobs", _top_logprobs),
    ("stream_options", _stream_options),
    ("max_tool_calls", _max_tool_calls),
    ("metadata", _metadata),
)
