"""Content blocks of a prompt → parts of a chat message. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from litellm_lite.bridges.messages.reading import (
    JSON,
    LeftOut,
    a_list,
    a_text,
    an_object,
    check_fields,
    kind_shown,
    misfit,
    refusal,
)
from litellm_lite.params import shown

ALL = ("text", "image", "document", "search_result")
"""The kinds of blocks that a user may send."""

TEXT = ("text",)
_TEXT_AND_IMAGE = ("text", "image")
_IMAGES = ("image/gif", "image/jpeg", "image/png", "image/webp")
_PDF = "application/pdf"
_NAMELESS = "document.pdf"  # OpenAI wants a name for a file, and Anthropic's title may be missing


def text_part(text: str) -> JSON:
    return {"type": "text", "text": text}


def parts_of(content: Any, path: str, left_out: LeftOut, kinds: Collection[str] = ALL) -> list[JSON]:
    """Return a content, which is a text or a list of blocks, as parts of a chat message."""
    if isinstance(content, str):
        return [text_part(content)]
    blocks = a_list(content, path)
    return [part for index, block in enumerate(blocks) for part in parts(block, f"{path}[{index}]", left_out, kinds)]


def parts(block: Any, path: str, left_out: LeftOut, kinds: Collection[str] = ALL) -> list[JSON]:
    """Return one block as parts. Raises UnsupportedParamsError for a kind that a chat cannot carry there."""
    kind = a_text(an_object(block, path).get("type"), f"{path}.type")
    if kind not in kinds:
        can = ", ".join(kinds)
        raise refusal(path, f"is a block of type {kind_shown(kind)}, which a chat cannot hold there; it can hold {can}")
    return _KINDS[kind](block, path, left_out)


def content_of(parts: list[JSON]) -> Any:
    """Return the parts as the content of a message; one text alone is written as a text, which everybody takes."""
    return parts[0]["text"] if len(parts) == 1 and parts[0]["type"] == "text" else parts


def _text(block: JSON, path: str, left_out: LeftOut) -> list[JSON]:
    check_fields(block, path, ("type", "text", "citations"), left_out)
    if block.get("citations"):
        left_out["citations"] = "a chat cannot say where an earlier answer's words were from"
    return [text_part(a_text(block.get("text"), f"{path}.text"))]


def _image(block: JSON, path: str, left_out: LeftOut) -> list[JSON]:
    check_fields(block, path, ("type", "source"), left_out)
    source, where = _source(block, path)
    if source.get("type") == "url":
        url = a_text(source.get("url"), f"{where}.url")
    elif source.get("type") == "base64":
        if (kind := source.get("media_type")) not in _IMAGES:
            raise misfit(f"{where}.media_type", f"must be one of {', '.join(_IMAGES)}, not {shown(kind)}")
        url = f"data:{kind};base64,{a_text(source.get('data'), f'{where}.data')}"
    else:
        raise _unreachable(source, where, "base64 or url")
    return [{"type": "image_url", "image_url": {"url": url}}]


def _document(block: JSON, path: str, left_out: LeftOut) -> list[JSON]:
    check_fields(block, path, ("type", "source", "title", "context"), left_out)
    source, where = _source(block, path)
    title, context = (a_text(block.get(name) or "", f"{path}.{name}") for name in ("title", "context"))
    head = [text_part(text) for text in (title, context) if text]
    kind = source.get("type")
    if kind == "text":
        return [*head, text_part(a_text(source.get("data"), f"{where}.data"))]
    if kind == "content":
        return [*head, *parts_of(source.get("content"), f"{where}.content", left_out, _TEXT_AND_IMAGE)]
    if kind != "base64":
        raise _unreachable(source, where, "base64, text or content")
    if (media := source.get("media_type")) != _PDF:
        raise misfit(f"{where}.media_type", f"must be {_PDF}, not {shown(media)}")
    data = f"data:{_PDF};base64,{a_text(source.get('data'), f'{where}.data')}"
    return [*head, {"type": "file", "file": {"filename": title or _NAMELESS, "file_data": data}}]


def _search_result(block: JSON, path: str, left_out: LeftOut) -> list[JSON]:
    """Return a search result as its title, where it is from, and its texts."""
    check_fields(block, path, ("type", "content", "source", "title"), left_out)
    head = [text_part(a_text(block.get(name), f"{path}.{name}")) for name in ("title", "source")]
    return [*head, *parts_of(a_list(block.get("content"), f"{path}.content"), f"{path}.content", left_out, TEXT)]


def _source(block: JSON, path: str) -> tuple[JSON, str]:
    where = f"{path}.source"
    return an_object(block.get("source"), where), where


def _unreachable(source: JSON, where: str, known: str) -> Exception:
    return refusal(
        where, f"has the type {kind_shown(source.get('type'))}, and only {known} can be carried; send the content"
    )


_KINDS: Mapping[str, Callable[[JSON, str, LeftOut], list[JSON]]] = {
    "text": _text,
    "image": _image,
    "document": _document,
    "search_result": _search_result,
}
