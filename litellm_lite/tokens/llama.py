"""Token counts that Llama models would make, without the network.

The vocabulary is a file of the PyPI package `llama-models` (extra `llama`): it is found without importing the
package and read into a `tiktoken.Encoding` of our own. Without it there is no encoding and no count. User text
is always encoded as text: a special token written out in it is only its characters.
"""

from __future__ import annotations

import base64
import importlib.util
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import orjson

from litellm_lite.images import parse_data_url, sniff

if TYPE_CHECKING:
    import tiktoken

LlamaFamily = Literal["llama3", "llama4"]

# Llama 3 splits text as cl100k does, Llama 4 as o200k does (tokenizer.py of llama-models 0.3.0, both families).
_LETTER_CASE = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_SPLITS: dict[LlamaFamily, str] = {
    "llama3": _CONTRACTION + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "llama4": rf"[^\r\n\p{{L}}\p{{N}}]?{_LETTER_CASE[0]}*{_LETTER_CASE[1]}+{_CONTRACTION}?"
    rf"|[^\r\n\p{{L}}\p{{N}}]?{_LETTER_CASE[0]}+{_LETTER_CASE[1]}*{_CONTRACTION}?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
}

# A message is header start, role, header end, a blank line, its text, end of turn; `ipython` is two tokens.
_BEGIN_OF_TEXT = 1
_AROUND_MESSAGE = 5
_AROUND_TOOL_RESULT = 6
_ASSISTANT_HEADER = 4
_TOOL_ROLES = frozenset({"tool", "ipython"})

# The reference tokenizer cuts its input so; longer runs would be split into other tokens.
_SLICE_CHARS = 400_000
_RUN_CHARS = 25_000
_RUNS = re.compile(r"\s+|\S+")

_TILE_PIXELS = 336
_MOST_TILES = 16
_ONE_TILE_TOKENS = 147
_TILE_TOKENS = 145


@cache
def llama_encoding(family: LlamaFamily) -> tiktoken.Encoding | None:
    """Return the family's encoding, or None where the package `llama-models` is not installed.

    Llama 3, 3.1, 3.2, 3.3 and Guard 3 share `llama3`; Llama 4 and Guard 4 share `llama4`. Reading the file
    takes about 0.2 s, once a process.
    """
    vocabulary = _vocabulary_file(family)
    if vocabulary is None:
        return None
    import tiktoken

    ranks = dict(_read_ranks(vocabulary))
    return tiktoken.Encoding(
        family, pat_str=_SPLITS[family], mergeable_ranks=ranks, special_tokens=_special_tokens(family, len(ranks))
    )


def encode_llama_text(text: str, family: LlamaFamily) -> list[int]:
    """Return the tokens of plain text, as the reference tokenizer makes them.

    Raises LookupError where the vocabulary is not installed.
    """
    encoding = llama_encoding(family)
    if encoding is None:
        raise LookupError(f"no vocabulary for {family!r}: pip install 'litellm-lite[llama]'")
    return [token for piece in _slices(text) for token in encoding.encode_ordinary(piece)]


def count_llama_chat(messages: Sequence[Mapping[str, Any]], family: LlamaFamily) -> int:
    """Count the prompt tokens of OpenAI-shaped messages, answer header included.

    Exact for text, tool calls (which the model writes as Python calls) and, in Llama 4, for images given as data
    URLs. An image given by URL counts nothing, since its size is not known; what a host adds of its own (the
    date block of some templates, its instructions about tools) is not counted either.
    Raises LookupError where the vocabulary is not installed, ValueError for a broken image.
    Source: reference ChatFormat of llama-models; verified against usage the live API reported (Maverick).
    """
    return _BEGIN_OF_TEXT + _ASSISTANT_HEADER + sum(_message_tokens(message, family) for message in messages)


def pythonic_calls(calls: Iterable[Mapping[str, Any]]) -> str:
    """Write tool calls as Llama does and as its usage counts them: `[get_weather(location="Menlo Park")]`."""
    return f"[{', '.join(_pythonic(call['function']) for call in calls)}]"


def llama4_image_tokens(width: int, height: int) -> int:
    """Count the tokens Llama 4 spends on one image of that many pixels.

    The image is fitted onto a grid of at most 16 tiles of 336 pixels. One tile costs 147 tokens; more cost 145
    each and 147 for a view of the whole. Source: image preprocessing of llama-models 0.3.0.
    Raises ValueError for a side below one pixel.
    """
    if width < 1 or height < 1:
        raise ValueError(f"an image has sides of at least one pixel, not {width} x {height}")
    columns, rows = _grid(width, height)
    return _ONE_TILE_TOKENS if columns * rows == 1 else _TILE_TOKENS * columns * rows + _ONE_TILE_TOKENS


def _vocabulary_file(family: LlamaFamily) -> Path | None:
    spec = importlib.util.find_spec("llama_models")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(folder, family, "tokenizer.model")
        if file.is_file():
            return file
    return None


def _read_ranks(file: Path) -> Iterator[tuple[bytes, int]]:
    for line in file.read_bytes().splitlines():
        token, rank = line.split()
        yield base64.b64decode(token), int(rank)


def _special_tokens(family: LlamaFamily, first: int) -> dict[str, int]:
    """Number the special tokens from `first` on; those that no count needs are named by their place."""
    known, total = _SPECIALS[family]
    names = [*known, *(f"<|{family}_special_{place}|>" for place in range(len(known), total))]
    return {name: first + place for place, name in enumerate(names)}


_SPECIALS: dict[LlamaFamily, tuple[tuple[str, ...], int]] = {
    "llama3": (
        (
            "<|begin_of_text|>",
            "<|end_of_text|>",
            "<|reserved_special_token_0|>",
            "<|reserved_special_token_1|>",
            "<|finetune_right_pad_id|>",
            "<|step_id|>",
            "<|start_header_id|>",
            "<|end_header_id|>",
            "<|eom_id|>",
            "<|eot_id|>",
            "<|python_tag|>",
            "<|image|>",
        ),
        256,
    ),
    "llama4": (
        (
            "<|begin_of_text|>",
            "<|end_of_text|>",
            "<|fim_prefix|>",
            "<|fim_middle|>",
            "<|fim_suffix|>",
            "<|header_start|>",
            "<|header_end|>",
            "<|eom|>",
            "<|eot|>",
            "<|step|>",
        ),
        2048,
    ),
}


def _slices(text: str) -> Iterator[str]:
    for start in range(0, len(text), _SLICE_CHARS):
        piece = text[start : start + _SLICE_CHARS]
        if len(piece) <= _RUN_CHARS:
            yield piece
        else:
            yield from _break_runs(piece)


def _break_runs(text: str) -> Iterator[str]:
    begin = 0
    for run in _RUNS.finditer(text):
        for cut in range(run.start() + _RUN_CHARS, run.end(), _RUN_CHARS):
            yield text[begin:cut]
            begin = cut
    yield text[begin:]


def _message_tokens(message: Mapping[str, Any], family: LlamaFamily) -> int:
    around = _AROUND_TOOL_RESULT if message["role"] in _TOOL_ROLES else _AROUND_MESSAGE
    content = message.get("content") or ""
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    calls = message.get("tool_calls")
    called = len(encode_llama_text(pythonic_calls(calls), family)) if calls else 0
    return around + sum(_part_tokens(part, family) for part in parts) + called


def _part_tokens(part: Mapping[str, Any], family: LlamaFamily) -> int:
    if part["type"] == "text":
        return len(encode_llama_text(part["text"], family))
    url = part["image_url"]["url"]
    if family == "llama3" or url[:5].lower() != "data:":
        return 0
    image = sniff(parse_data_url(url)[1])
    return llama4_image_tokens(image.width or 1, image.height or 1)


def _pythonic(function: Mapping[str, Any]) -> str:
    try:
        arguments = orjson.loads(function["arguments"])
    except orjson.JSONDecodeError:
        return f"{function['name']}({function['arguments']})"
    if not isinstance(arguments, dict):
        return f"{function['name']}({_literal(arguments)})"
    return f"{function['name']}({', '.join(f'{name}={_literal(value)}' for name, value in arguments.items())})"


def _literal(value: Any) -> str:
    """Write a JSON value as Python source, strings in double quotes."""
    if isinstance(value, str):
        return orjson.dumps(value).decode()
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_literal(name)}: {_literal(item)}' for name, item in value.items())}}}"
    return repr(value)


def _grid(width: int, height: int) -> tuple[int, int]:
    """Choose the canvas: the smallest enlargement that holds the image, else the least reduction; ties go to less."""
    ranked = [
        (min(Fraction(columns * _TILE_PIXELS, width), Fraction(rows * _TILE_PIXELS, height)), columns, rows)
        for columns in range(1, _MOST_TILES + 1)
        for rows in range(1, _MOST_TILES // columns + 1)
    ]
    holding = [scale for scale, _, _ in ranked if scale >= 1]
    chosen = min(holding) if holding else max(scale for scale, _, _ in ranked)
    _, columns, rows = min((entry for entry in ranked if entry[0] == chosen), key=lambda entry: entry[1] * entry[2])
    return columns, rows
