"""Requests as a client would send them, for the tests of the emulator."""

from __future__ import annotations

import base64
import struct
from typing import Any

import orjson

from litellm_lite.emulator.ask import Ask, Shape, read_ask

LLAMA_33 = "Llama-3.3-70B-Instruct"
SCOUT = "Llama-4-Scout-17B-16E-Instruct-FP8"

WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_current_weather",
        "description": "Get the current weather in a given location",
        "parameters": {
            "type": "object",
            "properties": {
                "location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            },
            "required": ["location"],
        },
    },
}


def user(text: Any) -> dict[str, Any]:
    return {"role": "user", "content": text}


def function(name: str, description: str = "", **parameters: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


def chat(text: Any = "Hello, how are you?", **fields: Any) -> dict[str, Any]:
    return {"model": LLAMA_33, "messages": [user(text)], **fields}


def ask(text: Any = "Hello, how are you?", shape: Shape = "compat", **fields: Any) -> Ask:
    return read_ask(orjson.dumps(chat(text, **fields)), shape)


def png(width: int = 640, height: int = 480) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", width, height, 8, 2, 0, 0, 0) + bytes(4)


def image_part(data: bytes = png(), media_type: str = "image/png") -> dict[str, Any]:
    url = f"data:{media_type};base64,{base64.b64encode(data).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}


def text_part(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}
