"""Where long texts are cut before they are encoded, and that it changes nothing unless it is said."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litellm_lite.tokens.slices import certain_slices, reference_slices
from litellm_lite.tokens.vocabularies import VocabularyName
from tests.tokens.samples import ALL, found

RUN = 25_000
runs = st.lists(
    st.builds(
        lambda char, size: char * size,
        st.sampled_from(["a", " ", "é", "\n"]),
        st.sampled_from([1, 12_500, RUN, RUN + 1]),
    ),
    max_size=8,
).map("".join)


def reference(text: str) -> Iterator[str]:
    """The rule as llama-models 0.3.0 has it: slices of 400,000, and a new one after 25,000 of a kind in a row."""
    for begin in range(0, len(text), 400_000):
        piece, start, at = text[begin : begin + 400_000], 0, 0
        for _, run in groupby(piece, str.isspace):
            size = len(list(run))
            for cut in range(at + RUN, at + size, RUN):
                yield piece[start:cut]
                start = cut
            at += size
        yield piece[start:]


def cut_at(text: str, slices: list[str]) -> list[int]:
    places = [0]
    for piece in slices:
        places.append(places[-1] + len(piece))
    assert "".join(slices) == text
    return places


@settings(deadline=None, max_examples=40)
@given(runs)
def test_llamas_texts_are_cut_as_the_reference_cuts(text: str) -> None:
    assert cut_at(text, reference_slices(text)[0]) == cut_at(text, list(reference(text)))


def test_a_long_text_of_short_words_is_cut_only_at_llamas_slices() -> None:
    text = "word " * 200_000
    assert [len(piece) for piece in reference_slices(text)[0]] == [400_000, 400_000, 200_000]
    assert certain_slices(text) == ([text], True)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("gap", ["\uff0c", ".", "/", "+", "=", "(", "\u3002"])
def test_a_cut_before_punctuation_changes_no_token(name: VocabularyName, gap: str) -> None:
    known = found(name)
    text = f"x {('界é7Ab' * 500 + gap) * 15} y"
    slices, certain = certain_slices(text)
    assert certain
    assert len(slices) > 1
    assert [token for piece in slices for token in known.encoding.encode_ordinary(piece)] == (
        known.encoding.encode_ordinary(text)
    )


def test_a_cut_between_digit_and_letter_changes_no_token() -> None:
    slices, certain = certain_slices("0123456789abcdef" * 4_000)
    assert certain
    assert all(piece.endswith("9") for piece in slices[:-1])


@pytest.mark.parametrize("text", ["a" * 60_000, " " * 60_000, "\n" * 60_000, "don't" * 12_000, "1" * 30_000])
def test_a_cut_that_may_change_tokens_is_said(text: str) -> None:
    slices, certain = certain_slices(text)
    assert not certain
    assert "".join(slices) == text
    assert max(map(len, slices)) <= RUN


@settings(deadline=None, max_examples=40)
@given(runs)
def test_no_slice_holds_a_run_that_is_too_long(text: str) -> None:
    slices, _ = certain_slices(text)
    assert "".join(slices) == text
    longest = max((len(list(run)) for piece in slices for _, run in groupby(piece, str.isspace)), default=0)
    assert longest <= RUN


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("text", [" ", "\n", "a", "A", "=", "1", "ab", "\t ", "don't"])
def test_a_long_run_takes_no_long_time(name: VocabularyName, text: str) -> None:
    measure, long = found(name).measure, text * (250_000 // len(text))
    started = time.process_time()
    measure(long)
    assert time.process_time() - started < 0.5  # a quarter of this, usually; minutes where time grows with the square
