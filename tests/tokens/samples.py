"""What the tests of this folder count: texts of every kind, messages, pictures, and a vocabulary of a few tokens."""

from __future__ import annotations

import base64
import hashlib
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from litellm_lite.tokens.vocabularies import (
    KNOWN_FILES,
    KnownFile,
    Vocabulary,
    VocabularyName,
    find_file,
    folders,
    required_vocabulary,
)

ALL = [name for name, known in KNOWN_FILES.items() if find_file(known, folders(name))]
"""The vocabularies on this machine: Llama's are there with the extra `llama`, OpenAI's by chance."""

needs_llama = pytest.mark.skipif("llama3" not in ALL, reason="llama-models is not installed")
HELLO = "Hello, how are you?"
META = "Llama-4-Maverick-17B-128E-Instruct-FP8"

# What tokenizers have stumbled over: tokens across lines, contractions, forms that normalise to more or to less.
_ATOMS = (
    "the quick a b \n // ;\n\n// */\n/ don't I'M 12345 x_y 's \r\n \t \u00a0 \u3000 世界 \uff0c \u3002 \ufdfa \ufb01 "
    "\uff21 é e\u0301 \u1100\u1161 한국 \u200d 😀 \x1c \u01c5 ก็ ब\u094d = ^ <|eot_id|> <|endoftext|>"
).split(" ")

texts = st.lists(st.sampled_from([*_ATOMS, " ", "  ", " " * 20, "-" * 30]) | st.text(max_size=5), max_size=12).map(
    "".join
)
"""Texts without lone surrogates."""


def found(name: VocabularyName) -> Vocabulary:
    return required_vocabulary(name)


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def call(arguments: str, name: str = "get_weather") -> dict[str, Any]:
    return {"id": "c1", "type": "function", "function": {"name": name, "arguments": arguments}}


def text_part(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def image_part(url: str, **more: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url, **more}}


def png_url(width: int, height: int) -> str:
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", width, height, 8, 2, 0, 0, 0)
    return "data:image/png;base64," + base64.b64encode(data).decode()


def weather_tool(name: str = "get_weather") -> dict[str, Any]:
    city = {"type": "string", "description": "Where", "enum": ["Oslo", "Rome"]}
    schema = {"type": "object", "properties": {"city": city}}
    return {"type": "function", "function": {"name": name, "description": "Forecast.", "parameters": schema}}


_SINGLE_BYTES = [bytes([number]) for number in range(256)]
SMALL_TOKENS = [*_SINGLE_BYTES, b"he", b"ll", b"hell", b"hello", b" w"]


def small_file(folder: Path, content: bytes | None = None) -> tuple[Path, KnownFile]:
    """Write a vocabulary of all bytes and five merges, or another content; return it with its right description."""
    lines = (base64.b64encode(token) + b" %d" % rank for rank, token in enumerate(SMALL_TOKENS))
    content = b"\n".join(lines) if content is None else content
    path = folder / "small.tiktoken"
    path.write_bytes(content)
    known = replace(
        KNOWN_FILES["cl100k_base"],
        name="small",
        file=path.name,
        sha256=hashlib.sha256(content).hexdigest(),
        special_tokens={"<|end|>": 300},
        reserved=range(301, 303),
    )
    return path, known
