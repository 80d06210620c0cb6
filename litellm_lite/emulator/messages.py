"""Messages of a request, in either shape, checked and brought to OpenAI's. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from litellm_lite import images
from litellm_lite.emulator.refusal import Refusal

MOST_IMAGES = 9
MOST_IMAGE_BYTES = 25 * 1024 * 1024
_IMAGE_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/x-icon"})

Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Picture:
    """An image of the request: what its bytes say, or None when it came as a URL, which is not fetched."""

    url: str
    image: images.Image | None


def read_messages(value: Any) -> list[Message]:
    """Return the messages in OpenAI's shape: content a string or a list of parts, calls with their type.

    Takes Meta's own spelling too (assistant content as one text object, calls without a type).
    Raises Refusal (400) for anything the API does not describe.
    """
    if not isinstance(value, list) or not value:
        raise Refusal(400, "'messages' must be a list with at least one message")
    return [_message(message, f"messages[{place}]") for place, message in enumerate(value)]


def read_pictures(messages: list[Message]) -> list[Picture]:
    """Return the images of all messages in order. Raises Refusal (400) for one the API would not take."""
    parts = [part for message in messages for part in parts_of(message) if part["type"] == "image_url"]
    if len(parts) > MOST_IMAGES:
        raise Refusal(400, f"{len(parts)} images in one request; at most {MOST_IMAGES} are allowed")
    return [_picture(part["image_url"]["url"]) for part in parts]


def parts_of(message: Message) -> list[dict[str, Any]]:
    """Return the content as parts, whatever it was."""
    content = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def text_of(message: Message) -> str:
    """Return all text of a message, parts joined by a space."""
    return " ".join(part["text"] for part in parts_of(message) if part["type"] == "text")


def _message(value: Any, where: str) -> Message:
    role = value.get("role") if isinstance(value, dict) else None
    if not isinstance(role, str) or role not in _ROLES:
        raise Refusal(400, f"{where}.role must be one of {', '.join(_ROLES)}")
    return {"role": role, **_ROLES[role](value, where)}


def _system(value: Message, where: str) -> Message:
    return {"content": _content(value.get("content"), where, {"text"})}


def _user(value: Message, where: str) -> Message:
    return {"content": _content(value.get("content"), where, {"text", "image_url"})}


def _assistant(value: Message, where: str) -> Message:
    content, calls = value.get("content"), value.get("tool_calls")
    if content is None and not calls:
        raise Refusal(400, f"{where} must have content or tool_calls")
    if isinstance(content, dict):
        content = [content]
    message = {"content": "" if content is None else _content(content, where, {"text"})}
    return {**message, "tool_calls": _calls(calls, where)} if calls else message


def _tool(value: Message, where: str) -> Message:
    call_id = value.get("tool_call_id")
    if not isinstance(call_id, str) or not call_id:
        raise Refusal(400, f"{where}.tool_call_id must name the call it answers")
    return {"content": _content(value.get("content"), where, {"text"}), "tool_call_id": call_id}


_ROLES: dict[str, Callable[[Message, str], Message]] = {
    "system": _system,
    "user": _user,
    "assistant": _assistant,
    "tool": _tool,
}


def _content(value: Any, where: str, kinds: set[str]) -> str | list[dict[str, Any]]:
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise Refusal(400, f"{where}.content must be a string or a list of parts")
    return [_part(part, f"{where}.content[{place}]", kinds) for place, part in enumerate(value)]


def _part(value: Any, where: str, kinds: set[str]) -> dict[str, Any]:
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in kinds:
        raise Refusal(400, f"{where}.type must be one of {', '.join(sorted(kinds))}")
    if kind == "text":
        if not isinstance(value.get("text"), str):
            raise Refusal(400, f"{where}.text must be a string")
        return {"type": "text", "text": value["text"]}
    image = value.get("image_url")
    if not isinstance(image, dict) or not isinstance(image.get("url"), str):
        raise Refusal(400, f"{where}.image_url.url must be a string")
    return {"type": "image_url", "image_url": {"url": image["url"]}}


def _calls(value: Any, where: str) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise Refusal(400, f"{where}.tool_calls must be a list")
    return [_call(call, f"{where}.tool_calls[{place}]") for place, call in enumerate(value)]


def _call(value: Any, where: str) -> dict[str, Any]:
    function = value.get("function") if isinstance(value, dict) else None
    if not isinstance(function, dict) or not isinstance(value.get("id"), str):
        raise Refusal(400, f"{where} must have an id and a function")
    name, arguments = function.get("name"), function.get("arguments")
    if not isinstance(name, str) or not isinstance(arguments, str):
        raise Refusal(400, f"{where}.function must have a name and arguments, the arguments as a JSON string")
    return {"id": value["id"], "type": "function", "function": {"name": name, "arguments": arguments}}


def _picture(url: str) -> Picture:
    if url[:8].lower() == "https://" or url[:7].lower() == "http://":
        return Picture(url, None)
    try:
        image = images.sniff(images.parse_data_url(url)[1])
    except ValueError as error:
        raise Refusal(400, f"image_url.url holds no image: {error}") from error
    if image.media_type not in _IMAGE_TYPES:
        raise Refusal(400, f"an image of type {image.media_type}; JPEG, PNG, GIF and ICO are allowed")
    if image.size > MOST_IMAGE_BYTES:
        raise Refusal(400, f"an image of {image.size} bytes; at most {MOST_IMAGE_BYTES} are allowed")
    return Picture("", image)
