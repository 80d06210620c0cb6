"""What an image costs, by its size and the model that looks at it."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.tokens.count import Span
from litellm_lite.tokens.pictures import (
    Llama4Pictures,
    OpenAIPatches,
    OpenAITiles,
    UnknownPictures,
    llama4_image_tokens,
    picture_tokens,
)
from tests.tokens.samples import image_part, png_url

GPT_4O = OpenAITiles(85, 170)
sides = st.integers(1, 100_000)


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


@given(sides, sides)
def test_an_image_costs_between_one_tile_and_sixteen(width: int, height: int) -> None:
    assert 147 <= llama4_image_tokens(width, height) == llama4_image_tokens(height, width) <= 16 * 145 + 147


def test_an_image_without_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match="0 x 9"):
        llama4_image_tokens(0, 9)


def test_an_image_of_known_size_is_exact_for_llama_4() -> None:
    assert picture_tokens(image_part(png_url(512, 512)), Llama4Pictures()) == Span(727, 727, 727)


@pytest.mark.parametrize(
    "url", ["https://example.com/a.png", "data:image/png;base64,YWJj", "data:image/gif;base64,R0lGODlhAAAAAA==", ""]
)
def test_an_image_of_unknown_size_lies_between_one_tile_and_sixteen(url: str) -> None:
    assert picture_tokens(image_part(url), Llama4Pictures()) == Span(2322, 147, 2467)


@pytest.mark.parametrize(
    ("size", "tokens"), [((1024, 1024), 765), ((2048, 4096), 1105), ((1, 1), 255), ((4096, 8192), 1105)]
)
def test_tiles_are_counted_as_openais_guide_does(size: tuple[int, int], tokens: int) -> None:
    assert GPT_4O.tokens(size, "high") == Span(tokens, 0, 1445)


def test_low_detail_costs_the_base() -> None:
    low = image_part(png_url(4000, 4000), detail="low")
    assert picture_tokens(low, GPT_4O) == Span(85, 0, 85)
    flat = {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "low"}
    assert picture_tokens(flat, GPT_4O) == Span(85, 0, 85)


def test_an_image_of_unknown_size_is_taken_for_a_photograph() -> None:
    assert GPT_4O.tokens(None, "auto") == Span(85 + 6 * 170, 0, 1445)


@given(sides, sides)
def test_no_image_has_more_than_eight_tiles(width: int, height: int) -> None:
    span = GPT_4O.tokens((width, height), "auto")
    assert 255 <= span.tokens <= (span.most or 0)


def test_patches_are_counted_up_to_their_limit() -> None:
    mini = OpenAIPatches(Fraction("1.62"))
    assert mini.tokens((1024, 1024), "auto") == Span(1659, 0, 2489)
    assert mini.tokens((9000, 9000), "auto").tokens == 2489
    assert mini.tokens(None, "auto").tokens == 2489


def test_nothing_bounds_an_image_whose_rule_is_unknown() -> None:
    assert UnknownPictures(250).tokens((10, 10), "low") == Span(250, 0, None)
    assert picture_tokens({"type": "image", "source": {}}, UnknownPictures()) == Span(0, 0, None)
