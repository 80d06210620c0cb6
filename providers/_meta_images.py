"""What the Llama API takes as images, checked before they travel. Pure.

Facts: promptfoo's page on the Llama API, and Meta's SDK for the shapes, read 2026-11-21; the rules themselves
stand in `model_prices.json`, model by model.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from litellm_lite import images
from litellm_lite.call import Call
from litellm_lite.errors import BadRequestError
from litellm_lite.transformer import JSON


def check_images(call: Call) -> None:
    """Hold the images of a call against the rules of its model. Raises BadRequestError.

    What the registry does not know is not checked: neither a model without modalities nor one without rules.
    """
    info = call.info
    urls = list(_urls(call.messages))
    if not urls or info is None:
        return
    if info.input_modalities and "image" not in info.input_modalities:
        raise _error(call, "takes text only, and there is an image in the messages; use a Llama 4 model")
    rules = info.image_rules
    if rules is None:
        return
    if len(urls) > rules["max_images"]:
        raise _error(call, f"takes {rules['max_images']} images a request, not {len(urls)}")
    for index, url in enumerate(urls):
        if flaw := _flaw(url, rules["formats"], rules["max_bytes"]):
            raise _error(call, f"cannot take image {index}: {flaw}")


def _urls(messages: list[JSON]) -> Iterator[Any]:
    for message in messages:
        content = message.get("content")
        for part in content if isinstance(content, list) else ():
            if isinstance(part, dict) and part.get("type") == "image_url":
                image = part.get("image_url")
                yield image.get("url") if isinstance(image, dict) else image


def _flaw(url: Any, formats: list[str], max_bytes: int) -> str | None:
    """Return what is wrong with one image. An address is the vendor's to fetch; bytes count, not what they claim."""
    if not isinstance(url, str):
        return "its url is no text"
    if url[:8].lower().startswith(("https://", "http://")):
        return None
    if len(url) * 3 // 4 - 100 > max_bytes:  # base64 and its header; larger ones are not worth decoding
        return f"it has some {len(url) * 3 // 4} bytes, and at most {max_bytes} are allowed"
    try:
        image = images.sniff(images.parse_data_url(url)[1])
    except ValueError as error:
        return f"{error}; pass an https:// address or data:image/jpeg;base64,…"
    kind = image.media_type.removeprefix("image/")
    if kind not in formats:
        return f"it is {kind}, and this API takes {', '.join(formats)}"
    return f"it has {image.size} bytes, and at most {max_bytes} are allowed" if image.size > max_bytes else None


def _error(call: Call, what: str) -> BadRequestError:
    model = call.target.model
    return BadRequestError(f"meta_llama: {model} {what}", "meta_llama", model, param="messages")
