"""How many tokens an image is, by the rule of the model that looks at it; its bytes are looked at only for its size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any, Protocol

from litellm_lite.images import parse_data_url, sniff
from litellm_lite.tokens.count import Span, exactly

PICTURE_PARTS = frozenset({"image_url", "input_image", "image"})

LITELLM_DEFAULT = 250  # LiteLLM's count for an image it does not look at

_TILE_PIXELS = 336
_MOST_TILES = 16
_ONE_TILE_TOKENS = 147
_TILE_TOKENS = 145
_FULL_HD = 1920, 1080  # what a picture of unknown size is taken for

Size = tuple[int, int]


class PictureRule(Protocol):
    """What one image costs. `size` is in pixels, None where it is not known; `detail` is the caller's, or `"auto"`."""

    def tokens(self, size: Size | None, detail: str) -> Span: ...


@dataclass(frozen=True, slots=True)
class UnknownPictures:
    """The rule is not public, or no rule of ours."""

    usual: int = 0

    def tokens(self, size: Size | None, detail: str) -> Span:  # noqa: ARG002 - part of the contract
        return Span(self.usual, 0, None)


@dataclass(frozen=True, slots=True)
class Llama4Pictures:
    """Tiles of 336 pixels, 16 at most. Source: image preprocessing of llama-models 0.3.0."""

    def tokens(self, size: Size | None, detail: str) -> Span:  # noqa: ARG002 - part of the contract
        if size is None:
            return Span(llama4_image_tokens(*_FULL_HD), _ONE_TILE_TOKENS, _tiled(_MOST_TILES))
        return exactly(llama4_image_tokens(*size))


@dataclass(frozen=True, slots=True)
class OpenAITiles:
    """A base, and tiles of 512 pixels after the image was fitted into 2048 x 2048, its shorter side into 768.

    With `detail: low` it is the base alone. Source: OpenAI's guide on images and vision.
    """

    base: int
    tile: int

    def tokens(self, size: Size | None, detail: str) -> Span:
        if detail == "low":
            return Span(self.base, 0, self.base)
        most = self.base + 8 * self.tile
        if size is None:
            return Span(self.base + 6 * self.tile, 0, most)  # a photograph of full size has 3 x 2 tiles
        scale = min(Fraction(1), Fraction(2048, max(size)))
        scale = min(scale, Fraction(768, min(size)))
        columns, rows = (ceil(side * scale / 512) for side in size)
        return Span(self.base + columns * rows * self.tile, 0, most)


@dataclass(frozen=True, slots=True)
class OpenAIPatches:
    """Patches of 32 pixels, 1536 at most, times a factor.

    The guide and the bills differ about the factor (1.62 and 1.2 for gpt-5-mini), so what it gives is an estimate.
    """

    factor: Fraction

    def tokens(self, size: Size | None, detail: str) -> Span:  # noqa: ARG002 - part of the contract
        most = ceil(1536 * self.factor)
        columns, rows = (ceil(side / 32) for side in size or _FULL_HD)
        return Span(min(most, ceil(columns * rows * self.factor)), 0, most)


def picture_tokens(part: Mapping[str, Any], rule: PictureRule) -> Span:
    """Count one image of a message."""
    image = part.get("image_url")
    url, detail = (image.get("url"), image.get("detail")) if isinstance(image, Mapping) else (image, part.get("detail"))
    return rule.tokens(_size(url), detail if isinstance(detail, str) else "auto")


def llama4_image_tokens(width: int, height: int) -> int:
    """Count the tokens Llama 4 spends on one image of that many pixels.

    The image is fitted onto a grid of at most 16 tiles of 336 pixels. One tile costs 147 tokens; more cost 145
    each and 147 for a view of the whole. Source: image preprocessing of llama-models 0.3.0.
    Raises ValueError for a side below one pixel.
    """
    if width < 1 or height < 1:
        raise ValueError(f"an image has sides of at least one pixel, not {width} x {height}")
    columns, rows = _grid(width, height)
    return _tiled(columns * rows)


def _tiled(tiles: int) -> int:
    return _ONE_TILE_TOKENS if tiles == 1 else _TILE_TOKENS * tiles + _ONE_TILE_TOKENS


def _size(url: Any) -> Size | None:
    """Return width and height of an image in a data URL; None for one that is elsewhere, or does not tell."""
    if not isinstance(url, str) or url[:5].lower() != "data:":
        return None
    try:
        image = sniff(parse_data_url(url)[1])
    except ValueError:  # no image: the vendor will say so
        return None
    return (image.width, image.height) if image.width and image.height else None


def _grid(width: int, height: int) -> Size:
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
