"""Llama's counts, held against the numbers of its reference tokenizer and of the live API (facts/wire.md 5)."""

from __future__ import annotations

import base64
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litellm_lite.tokens.llama import (
    LlamaFamily,
    count_llama_chat,
    encode_llama_text,
    llama4_image_tokens,
    llama_encoding,
    pythonic_calls,
)

FAMILIES: tuple[LlamaFamily, ...] = ("llama3", "llama4")
needs_vocabulary = pytest.mark.skipif(llama_encoding("llama3") is None, reason="llama-models is not installed")


def user(text: str | list[dict[str, Any]]) -> dict[str, Any]:
    return {"role": "user", "content": text}


def call(arguments: str, name: str = "get_weather") -> dict[str, Any]:
    return {"id": "c1", "type": "function", "function": {"name": name, "arguments": arguments}}


def png_url(width: int, height: int) -> str:
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", width, height, 8, 2, 0, 0, 0)
    return "data:image/png;base64," + base64.b64encode(data).decode()


@needs_vocabulary
@pytest.mark.parametrize(("family", "size"), [("llama3", 128_256), ("llama4", 202_048)])
def test_vocabulary_has_its_full_size(family: LlamaFamily, size: int) -> None:
    encoding = llama_encoding(family)
    assert encoding is not None
    assert encoding.n_vocab == size


@needs_vocabulary
def test_special_tokens_have_their_numbers() -> None:
    llama3, llama4 = llama_encoding("llama3"), llama_encoding("llama4")
    assert llama3 is not None
    assert llama4 is not None
    assert llama3.encode_single_token("<|eot_id|>") == 128_009
    assert llama3.encode_single_token("<|begin_of_text|>") == 128_000
    assert llama4.encode_single_token("<|header_start|>") == 200_005
    assert llama4.encode_single_token("<|eot|>") == 200_008


@needs_vocabulary
@pytest.mark.parametrize("family", FAMILIES)
def test_a_greeting_costs_sixteen_tokens(family: LlamaFamily) -> None:
    assert count_llama_chat([user("Hello, how are you?")], family) == 16


@needs_vocabulary
@pytest.mark.parametrize("family", FAMILIES)
def test_each_message_costs_five_tokens_around_its_text(family: LlamaFamily) -> None:
    text = len(encode_llama_text("Be brief.", family))
    both = count_llama_chat([{"role": "system", "content": "Be brief."}, user("Hello, how are you?")], family)
    assert both == 16 + 5 + text


@needs_vocabulary
def test_a_tool_turn_costs_what_the_live_api_counted() -> None:
    # 618 - 590 prompt tokens between the two turns of Meta's cookbook: a call of 4 + 8 + 1 and a result of 15.
    turn: list[dict[str, Any]] = [
        {"role": "assistant", "content": "", "tool_calls": [call('{"location": "Menlo Park"}')]},
        {"role": "tool", "tool_call_id": "c1", "content": "one two three four five six seven eight nine"},
    ]
    assert len(encode_llama_text('[get_weather(location="Menlo Park")]', "llama4")) == 8
    assert len(encode_llama_text(turn[1]["content"], "llama4")) == 9
    assert count_llama_chat(turn, "llama4") - count_llama_chat([], "llama4") == 13 + 15


@needs_vocabulary
def test_parts_of_a_message_are_counted_one_by_one() -> None:
    parts = [{"type": "text", "text": "Hello"}, {"type": "text", "text": ", how are you?"}]
    assert count_llama_chat([user(parts)], "llama3") == 16


@needs_vocabulary
def test_a_null_content_counts_as_empty() -> None:
    assert count_llama_chat([{"role": "assistant", "content": None}], "llama3") == 1 + 5 + 4


@needs_vocabulary
def test_an_image_in_a_data_url_is_counted_by_its_tiles() -> None:
    image = {"type": "image_url", "image_url": {"url": png_url(1920, 1080)}}
    assert count_llama_chat([user([image])], "llama4") == 1 + 5 + 2322 + 4


@needs_vocabulary
def test_an_image_behind_a_url_counts_nothing() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    assert count_llama_chat([user([image])], "llama4") == 1 + 5 + 4


@needs_vocabulary
def test_a_broken_image_is_a_value_error() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,YWJj"}}
    with pytest.raises(ValueError, match="not an image"):
        count_llama_chat([user([image])], "llama4")


@needs_vocabulary
@pytest.mark.parametrize("family", FAMILIES)
def test_special_tokens_in_user_text_are_only_text(family: LlamaFamily) -> None:
    assert len(encode_llama_text("<|eot_id|><|eot|>", family)) > 2


@needs_vocabulary
@pytest.mark.parametrize(
    ("text", "count"), [("a" * 60_000, 7_500), (" " * 60_000 + "x" * 30_000, 4_223), ("ab " * 300_000, 300_002)]
)
def test_giant_runs_are_cut_where_the_reference_cuts_them(text: str, count: int) -> None:
    assert len(encode_llama_text(text, "llama3")) == count


@needs_vocabulary
@settings(deadline=None)  # the first example reads the vocabulary
@given(st.text(max_size=200), st.sampled_from(FAMILIES))
def test_tokens_decode_to_the_text_they_came_from(text: str, family: LlamaFamily) -> None:
    encoding = llama_encoding(family)
    assert encoding is not None
    text = text.encode("utf-8", "replace").decode()
    assert encoding.decode_bytes(encode_llama_text(text, family)).decode() == text


@pytest.mark.parametrize(
    ("arguments", "written"),
    [
        ('{"location": "Menlo Park"}', 'f(location="Menlo Park")'),
        ('{"a": 1, "b": [true, null], "c": {"d": 1.5}}', 'f(a=1, b=[True, None], c={"d": 1.5})'),
        ("{}", "f()"),
        ("[1]", "f([1])"),
        ("not json", "f(not json)"),
    ],
)
def test_calls_are_written_as_python(arguments: str, written: str) -> None:
    assert pythonic_calls([call(arguments, "f")]) == f"[{written}]"


def test_several_calls_share_one_list() -> None:
    assert pythonic_calls([call("{}", "f"), call("{}", "g")]) == "[f(), g()]"


@pytest.mark.parametrize(
    ("width", "height", "tokens"),
    [
        (100, 100, 147),
        (336, 336, 147),
        (337, 336, 437),
        (512, 512, 727),
        (672, 672, 727),
        (800, 600, 1017),
        (1024, 1024, 2467),
        (1920, 1080, 2322),
        (1080, 1920, 2322),
        (3000, 2000, 2322),
        (4000, 400, 1597),
        (5000, 5000, 2467),
    ],
)
def test_image_tokens_are_those_of_the_reference(width: int, height: int, tokens: int) -> None:
    assert llama4_image_tokens(width, height) == tokens


@given(st.integers(1, 100_000), st.integers(1, 100_000))
def test_an_image_costs_between_one_tile_and_sixteen(width: int, height: int) -> None:
    assert 147 <= llama4_image_tokens(width, height) == llama4_image_tokens(height, width) <= 16 * 145 + 147


def test_an_image_without_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match="0 x 9"):
        llama4_image_tokens(0, 9)


def test_without_the_package_there_is_no_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llama_models", None)
    assert llama_encoding.__wrapped__("llama3") is None


def test_a_package_without_the_file_gives_no_encoding(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "llama_models").mkdir()
    (tmp_path / "llama_models" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "llama_models", raising=False)
    assert llama_encoding.__wrapped__("llama4") is None


def test_counting_without_the_package_names_the_remedy() -> None:
    script = (
        "import sys; sys.modules['llama_models'] = None\n"
        "from litellm_lite.tokens.llama import count_llama_chat\n"
        "try: count_llama_chat([{'role': 'user', 'content': 'hi'}], 'llama3')\n"
        "except LookupError as error: print(error.args[0])\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "litellm-lite[llama]" in ran.stdout


@needs_vocabulary
def test_the_package_is_read_and_not_imported() -> None:
    script = (
        "import sys; from litellm_lite.tokens.llama import llama_encoding; llama_encoding('llama3')\n"
        "print('llama_models' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
