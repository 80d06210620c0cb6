"""The items of a Responses `input`, or `output`, as messages of a chat. Pure.

What one turn of the model said in several items becomes one message: chat wants the results of tools right after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from litellm_lite.bridges.carrying import JSON, Carrier, wrong
from litellm_lite.params import shown

# `developer` is OpenAI's newer word for system, and the only one that every vendor knows is the older.
_ROLES = {"user": "user", "assistant": "assistant", "system": "system", "developer": "system"}
_LABELS = frozenset({"type", "id", "status"})  # of an item; the model never sees them
_OF_ITEMS = {
    "message": frozenset({"role", "content"}),
    "function_call": frozenset({"call_id", "name", "arguments"}),
    "function_call_output": frozenset({"call_id", "output"}),
}
_DIRECT = {"type": "direct"}
_NEUTRAL: Mapping[str, tuple[Any, ...]] = {"caller": (_DIRECT,), "async": (False,), "annotations": ([],)}
_TEXTS = ("input_text", "output_text", "text")


def messages_of(items: Sequence[Any], carrier: Carrier, known: Iterable[Mapping[str, Any]] = ()) -> list[JSON]:
    """Return the messages that items are; `known` is the conversation they follow.

    Raises UnsupportedParamsError for an item chat has no place for, BadRequestError for one that is wrong.
    """
    turns = _Turns(carrier, known)
    for index, item in enumerate(items):
        turns.add(f"input[{index}]", _plain(f"input[{index}]", item))
    return turns.messages


def _plain(where: str, item: Any) -> Mapping[str, Any]:
    """Return an item as a dictionary; one of an earlier answer may be among them as it came."""
    if hasattr(item, "model_dump"):
        item = item.model_dump(mode="json", exclude_none=True)
    if not isinstance(item, Mapping):
        raise wrong(where, f"must be an object, such as {{'role': 'user', 'content': 'Hi'}}, not {shown(item)}")
    return item


class _Turns:
    """The messages in the making. The last one is open while it is the model's, for more of its turn may follow."""

    __slots__ = ("_calls", "_carrier", "_open", "messages")

    def __init__(self, carrier: Carrier, known: Iterable[Mapping[str, Any]]) -> None:
        self._carrier = carrier
        self._open: JSON | None = None
        self._calls = {made.get("id") for message in known for made in message.get("tool_calls") or ()}
        self.messages: list[JSON] = []

    def add(self, where: str, item: Mapping[str, Any]) -> None:
        kind = item.get("type") or ("message" if "role" in item else "item_reference")
        adders: dict[Any, Callable[[str, Mapping[str, Any]], None]] = {
            "message": self._message,
            "function_call": self._call,
            "function_call_output": self._output,
            "reasoning": self._reasoning,
        }
        add = adders.get(kind) if isinstance(kind, str) else None
        if add is None:
            raise self._foreign(where, kind)
        add(where, item)

    def _foreign(self, where: str, kind: Any) -> Exception:
        if kind == "item_reference":
            why, remedy = "refers to an item by its id, and items are not kept here", "send the item itself"
        else:
            why, remedy = f"is of type {shown(kind)}, which a chat has no place for", "leave it out"
        return self._carrier.refusal(where, why, remedy)

    def _message(self, where: str, item: Mapping[str, Any]) -> None:
        role = item.get("role")
        if not isinstance(role, str) or role not in _ROLES:
            raise wrong(f"{where}.role", f"must be {', '.join(_ROLES)}, not {shown(role)}")
        self._note_rest(where, item, "message")
        if role == "assistant":
            self._said(where, item.get("content"))
            return
        self._open = None
        self.messages.append({"role": _ROLES[role], "content": content_of(where, item.get("content"), self._carrier)})

    def _said(self, where: str, content: Any) -> None:
        """Add what the model said: to its turn where that has no text yet, else as a message of its own."""
        text, refusal = _spoken(f"{where}.content", content, self._carrier)
        turn = self._open
        if turn is None or (turn["content"] is not None and not turn.get("tool_calls")):
            turn = self._begin()
        if text or not refusal:
            turn["content"] = text if turn["content"] is None else f"{turn['content']}\n{text}"
        if refusal:
            turn["refusal"] = refusal

    def _call(self, where: str, item: Mapping[str, Any]) -> None:
        for name in ("call_id", "name", "arguments"):
            if not isinstance(item.get(name), str):
                raise wrong(f"{where}.{name}", f"must be a text, not {shown(item.get(name))}")
        self._note_rest(where, item, "function_call")
        turn = self._open or self._begin()
        function = {"name": item["name"], "arguments": item["arguments"]}
        turn.setdefault("tool_calls", []).append({"id": item["call_id"], "type": "function", "function": function})
        self._calls.add(item["call_id"])

    def _output(self, where: str, item: Mapping[str, Any]) -> None:
        call_id = item.get("call_id")
        if not isinstance(call_id, str) or call_id not in self._calls:
            raise wrong(f"{where}.call_id", "names no function_call that came before; send that item too")
        self._note_rest(where, item, "function_call_output")
        self._open = None
        content = content_of(where, item.get("output"), self._carrier, name="output")
        if isinstance(content, list) and any(part["type"] != "text" for part in content):
            why = "holds more than text, and in a chat the result of a tool is text"
            raise self._carrier.refusal(f"{where}.output", why, "put images and files into a message of the user")
        self.messages.append({"role": "tool", "tool_call_id": call_id, "content": content})

    def _reasoning(self, where: str, item: Mapping[str, Any]) -> None:  # noqa: ARG002 - one of the adders
        self._carrier.leave(where, "is reasoning of an earlier turn, which a chat does not carry back")

    def _begin(self) -> JSON:
        self._open = {"role": "assistant", "content": None}
        self.messages.append(self._open)
        return self._open

    def _note_rest(self, where: str, item: Mapping[str, Any], kind: str) -> None:
        leave_rest(where, item, _OF_ITEMS[kind], self._carrier)


def leave_rest(where: str, item: Mapping[str, Any], known: frozenset[str], carrier: Carrier) -> None:
    """Note the fields of an item, or of a part of one, that a chat has no place for."""
    for name in item:
        if name not in known and name not in _LABELS and item[name] not in (None, *_NEUTRAL.get(name, ())):
            carrier.leave(f"{where}.{name}", "has no place in a chat")


def content_of(where: str, content: Any, carrier: Carrier, *, name: str = "content") -> Any:
    """Return a text as it is, and parts as chat's parts; a single text among them stands for itself."""
    where = f"{where}.{name}"
    if isinstance(content, str):
        return content
    if not isinstance(content, list | tuple):
        raise wrong(where, f"must be a text or a list of parts, not {shown(content)}")
    parts = [_part(f"{where}[{index}]", part, carrier) for index, part in enumerate(content)]
    if len(parts) == 1 and parts[0].keys() == {"type", "text"}:
        return parts[0]["text"]
    return parts


def _spoken(where: str, content: Any, carrier: Carrier) -> tuple[str, str]:
    """Return what the model said in an earlier turn: its text, and its refusal."""
    if isinstance(content, str):
        return content, ""
    if not isinstance(content, list | tuple):
        raise wrong(where, f"must be a text or a list of parts, not {shown(content)}")
    said: dict[str, list[str]] = {"text": [], "refusal": []}
    for index, part in enumerate(content):
        at = f"{where}[{index}]"
        kind = part.get("type") if isinstance(part, Mapping) else None
        name = "refusal" if kind == "refusal" else "text"
        if kind not in (*_TEXTS, "refusal") or not isinstance(part.get(name), str):
            raise wrong(at, f"must be an output_text or a refusal, as the model says nothing else, not {shown(kind)}")
        leave_rest(at, part, frozenset({name, "logprobs"}), carrier)
        said[name].append(part[name])
    return "".join(said["text"]), "".join(said["refusal"])


def _part(where: str, part: Any, carrier: Carrier) -> JSON:
    kind = part.get("type") if isinstance(part, Mapping) else None
    make = _PARTS.get(kind) if isinstance(kind, str) else None
    if make is None:
        kinds = ", ".join(name for name in _PARTS if name.startswith("input_"))
        raise wrong(where, f"must be a part of type {kinds}, not {shown(kind)}")
    made = make(where, part, carrier)
    if (mark := part.get("prompt_cache_breakpoint")) is not None:  # chat's parts have the same
        made["prompt_cache_breakpoint"] = mark
    return made


def _text(where: str, part: Mapping[str, Any], carrier: Carrier) -> JSON:
    if not isinstance(part.get("text"), str):
        raise wrong(f"{where}.text", f"must be a text, not {shown(part.get('text'))}")
    leave_rest(where, part, frozenset({"text", "logprobs", "prompt_cache_breakpoint"}), carrier)
    return {"type": "text", "text": part["text"]}


def _image(where: str, part: Mapping[str, Any], carrier: Carrier) -> JSON:
    if part.get("file_id"):
        why = "names an image by the id of a file, and a chat takes its address or its data"
        raise carrier.refusal(f"{where}.file_id", why, "pass image_url")
    if not isinstance(part.get("image_url"), str):
        raise wrong(f"{where}.image_url", f"must be an address or a data: URL, not {shown(part.get('image_url'))}")
    leave_rest(where, part, frozenset({"image_url", "file_id", "detail", "prompt_cache_breakpoint"}), carrier)
    image = {"url": part["image_url"]}
    if part.get("detail") is not None:
        image["detail"] = part["detail"]
    return {"type": "image_url", "image_url": image}


def _file(where: str, part: Mapping[str, Any], carrier: Carrier) -> JSON:
    if part.get("file_url"):
        why = "names a file by its address, and a chat takes its data or its id"
        raise carrier.refusal(f"{where}.file_url", why, "pass file_data and filename")
    file = {name: part[name] for name in ("file_data", "file_id", "filename") if part.get(name) is not None}
    if not file.keys() & {"file_data", "file_id"}:
        raise wrong(where, "is a file without file_data or file_id")
    if part.get("detail") not in (None, "auto"):
        carrier.go_without(f"{where}.detail", "cannot be had: a chat renders the pages of a file as it likes")
    known = frozenset({"file_data", "file_id", "file_url", "filename", "detail", "prompt_cache_breakpoint"})
    leave_rest(where, part, known, carrier)
    return {"type": "file", "file": file}


def _audio(where: str, part: Mapping[str, Any], carrier: Carrier) -> JSON:
    if not isinstance(part.get("input_audio"), Mapping):
        raise wrong(f"{where}.input_audio", "must be {'data': …, 'format': 'wav' or 'mp3'}")
    leave_rest(where, part, frozenset({"input_audio"}), carrier)
    return {"type": "input_audio", "input_audio": dict(part["input_audio"])}


_PARTS: Mapping[str, Callable[[str, Mapping[str, Any], Carrier], JSON]] = {
    "input_text": _text,
    "input_image": _image,
    "input_file": _file,
    "input_audio": _audio,
    "output_text": _text,
    "text": _text,
}
