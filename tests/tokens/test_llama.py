"""Llama's counts, held against the numbers of its reference tokenizer and of the live API."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litellm_lite.tokens.counting import count_prompt
from litellm_lite.tokens.llama import LlamaFamily, count_llama_chat, encode_llama_text, llama_encoding
from tests.tokens.samples import HELLO, META, call, found, image_part, needs_llama, png_url, text_part, texts, user

FAMILIES: tuple[LlamaFamily, ...] = ("llama3", "llama4")
pytestmark = needs_llama


@pytest.mark.parametrize(("family", "size"), [("llama3", 128_256), ("llama4", 202_048)])
def test_vocabulary_has_its_full_size(family: LlamaFamily, size: int) -> None:
    assert found(family).encoding.n_vocab == size


def test_special_tokens_have_their_numbers() -> None:
    llama3, llama4 = llama_encoding("llama3"), llama_encoding("llama4")
    assert llama3 is not None
    assert llama4 is not None
    assert llama3.encode_single_token("<|eot_id|>") == 128_009
    assert llama3.encode_single_token("<|begin_of_text|>") == 128_000
    assert llama4.encode_single_token("<|header_start|>") == 200_005
    assert llama4.encode_single_token("<|eot|>") == 200_008


@pytest.mark.parametrize("family", FAMILIES)
def test_a_greeting_costs_sixteen_tokens(family: LlamaFamily) -> None:
    assert count_llama_chat([user(HELLO)], family) == 16


@pytest.mark.parametrize("family", FAMILIES)
def test_each_message_costs_five_tokens_around_its_text(family: LlamaFamily) -> None:
    text = len(encode_llama_text("Be brief.", family))
    both = count_llama_chat([{"role": "system", "content": "Be brief."}, user(HELLO)], family)
    assert both == 16 + 5 + text


def test_a_tool_turn_costs_what_the_live_api_counted() -> None:
    # 618 - 590 prompt tokens between the two turns of Meta's cookbook: a call of 4 + 8 + 1 and a result of 15.
    turn: list[dict[str, Any]] = [
        {"role": "assistant", "content": "", "tool_calls": [call('{"location": "Menlo Park"}')]},
        {"role": "tool", "tool_call_id": "c1", "content": "one two three four five six seven eight nine"},
    ]
    assert len(encode_llama_text('[get_weather(location="Menlo Park")]', "llama4")) == 8
    assert len(encode_llama_text(turn[1]["content"], "llama4")) == 9
    assert count_llama_chat(turn, "llama4") - count_llama_chat([], "llama4") == 13 + 15


def test_parts_of_a_message_are_counted_one_by_one() -> None:
    parts = [text_part("Hello"), text_part(", how are you?")]
    assert count_llama_chat([user(parts)], "llama3") == 16


def test_a_null_content_counts_as_empty() -> None:
    assert count_llama_chat([{"role": "assistant", "content": None}], "llama3") == 1 + 5 + 4


def test_an_image_in_a_data_url_is_counted_by_its_tiles() -> None:
    assert count_llama_chat([user([image_part(png_url(1920, 1080))])], "llama4") == 1 + 5 + 2322 + 4


@pytest.mark.parametrize("family", FAMILIES)
def test_special_tokens_in_user_text_are_only_text(family: LlamaFamily) -> None:
    tokens = encode_llama_text("<|eot_id|><|eot|>", family)
    assert len(tokens) > 2
    assert max(tokens) < 128_000 if family == "llama3" else max(tokens) < 200_000


@pytest.mark.parametrize(
    ("text", "count"), [("a" * 60_000, 7_500), (" " * 60_000 + "x" * 30_000, 4_223), ("ab " * 300_000, 300_002)]
)
def test_giant_runs_are_cut_where_the_reference_cuts_them(text: str, count: int) -> None:
    assert len(encode_llama_text(text, "llama3")) == count


@settings(deadline=None)  # the first example reads the vocabulary
@given(texts, st.sampled_from(FAMILIES))
def test_tokens_decode_to_the_text_they_came_from(text: str, family: LlamaFamily) -> None:
    assert found(family).decode(encode_llama_text(text, family)) == text


@settings(deadline=None)
@given(
    st.lists(
        st.builds(lambda role, text: {"role": role, "content": text}, st.sampled_from(["user", "assistant"]), texts)
    )
)
def test_the_llama_api_counts_as_the_reference(messages: list[dict[str, Any]]) -> None:
    counted = count_prompt("meta_llama", META, messages)
    assert counted.exact
    assert counted.tokens == count_llama_chat(messages, "llama4")


def test_the_package_is_read_and_not_imported() -> None:
    script = (
        "import sys; from litellm_lite.tokens.llama import llama_encoding; llama_encoding('llama3')\n"
        "print('llama_models' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
