"""The estimate, and its promise: the bounds hold for every vocabulary there is to try them on."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from litellm_lite.tokens.estimate import _LONGEST_TOKEN, _WORDS, bounds, estimate, sendable
from litellm_lite.tokens.vocabularies import VocabularyName
from tests.tokens.samples import ALL, HELLO, found, texts


@pytest.mark.parametrize("name", ALL)
def test_no_token_of_a_vocabulary_holds_two_words_or_is_too_long(name: VocabularyName) -> None:
    """Then a text has at least as many tokens as words, whatever it says."""
    for token in found(name).encoding._mergeable_ranks:
        text = token.decode("utf-8", "replace").replace("\ufffd", "x")  # part of a character may be part of a word
        assert len(_WORDS.findall(text)) <= 1
        assert len(token) <= _LONGEST_TOKEN


@pytest.mark.parametrize("name", ALL)
@settings(deadline=None)
@given(text=texts)
@example(text="a();\n// b\n//\n// c")  # o200k and Llama 4 have tokens that go on in the next line
@example(text=" " * 5_000)
@example(text="\ufdfa" * 9)
def test_bounds_hold_for_real_vocabularies(name: VocabularyName, text: str) -> None:
    counted, guessed = found(name).measure(text), estimate(text)
    assert guessed.most is not None
    assert guessed.least <= counted.tokens <= guessed.most
    assert guessed.least <= guessed.tokens <= guessed.most


@given(texts, texts)
def test_bounds_grow_with_the_text(one: str, other: str) -> None:
    (least, most), (longer_least, longer_most) = bounds(one), bounds(f"{one} {other}")
    assert longer_least >= least
    assert longer_most >= most


def test_an_empty_text_has_no_tokens() -> None:
    assert bounds("") == (0, 0)
    assert estimate("").tokens == 0


def test_english_has_about_four_bytes_a_token() -> None:
    assert estimate(HELLO * 100).tokens == 475


def test_white_space_in_a_row_is_hardly_counted() -> None:
    assert estimate(f"a{' ' * 100_000}b").tokens <= 100


@pytest.mark.parametrize(
    ("text", "most"),
    [("abc", 4), ("é", 4), ("\ufdfa", 34), ("한", 4)],  # é may be decomposed, the ligature is eighteen letters
)
def test_most_allows_for_normalisation_and_a_mark(text: str, most: int) -> None:
    assert bounds(text)[1] == most


@given(st.text(max_size=20))
def test_what_can_be_sent_is_left_alone(text: str) -> None:
    assert sendable(text) == text


@pytest.mark.parametrize(("text", "sent"), [("a\ud800b", "a\ufffdb"), ("\ud83d\ude00", "😀"), ("\udc00", "\ufffd")])
def test_lone_surrogates_count_as_the_replacement_character(text: str, sent: str) -> None:
    assert sendable(text) == sent
    assert estimate(text) == estimate(sent)


@pytest.mark.parametrize(
    "text", ["word " * 200_000, " " * 10**6, "a" * 10**6, "界" * 300_000, "a\u0301\u0316" * 200_000]
)
def test_a_megabyte_takes_well_under_half_a_second(text: str) -> None:
    started = time.process_time()
    estimate(text)
    assert time.process_time() - started < 0.5
