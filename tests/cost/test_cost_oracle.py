"""Costs against a second opinion: PyPI's genai-prices, on 200 usages of every model that both know.

Where the two know different prices the row says so in its `conflicts`. With the oracle's values in the place of ours
every cost must be the same, to the last decimal; a difference that the row does not explain fails.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from genai_prices.types import ModelPrice, Usage

from litellm_lite.cost import price
from litellm_lite.cost.rates import FIELDS
from litellm_lite.registry import ModelInfo, registry
from tests import genai

USAGES = 200
AT = genai.at()
LIST_PRICE = re.compile(rf"(?P<field>{'|'.join(FIELDS.values())})(?:_above_(?P<size>\d+)k_tokens)?")
KINDS = {field: kind for kind, field in FIELDS.items()}

Counts = dict[str, int]


@pytest.mark.slow
def test_every_model_that_both_know_costs_the_same_or_its_row_says_why_not() -> None:
    told: dict[object, list[str]] = {}
    for key, _, model in genai.known_to_both():
        info, prices = registry().models[key], model.get_prices(AT)
        row, opinion = with_their_prices(info), genai.oracle_prices(model)
        # Many models cost alike, and asking the oracle is slow.
        alike = repr(prices), repr(sorted(row.items(), key=str)), repr(info.row.get("off_peak_pricing"))
        if alike not in told:
            told[alike] = disagreements(ModelInfo(key, info.provider, info.model, row), opinion, prices)
    assert len(told) > 100
    assert [one for several in told.values() for one in several] == []


def with_their_prices(info: ModelInfo) -> dict[str, Any]:
    """Return what of the row a call at list price depends on, with the oracle's values in the place of ours."""
    row = dict(info.row)
    for conflict in row.get("conflicts") or ():
        if conflict["source"] == genai.SOURCE and LIST_PRICE.fullmatch(conflict["field"]):
            row[conflict["field"]] = None if conflict["value"] is None else Decimal(conflict["value"])
    kept = {
        name: row[name] for name in ("tier_includes_threshold", "off_peak_pricing", "tiered_pricing") if name in row
    }
    return kept | {name: value for name, value in row.items() if value is not None and LIST_PRICE.fullmatch(name)}


def disagreements(info: ModelInfo, opinion: Mapping[str, Decimal], prices: ModelPrice) -> list[str]:
    """Price the same usages here and there, and tell of the first that costs something else."""
    named = [match for name in {*info.row, *opinion} if (match := LIST_PRICE.fullmatch(name))]
    kinds = frozenset(KINDS[match["field"]] for match in named)
    edges = frozenset(int(match["size"]) * 1000 for match in named if match["size"])
    for mine, other in usages(kinds, edges):
        ours, theirs = price(mine, info, at=AT.timestamp()), prices.calc_price(other)
        if ours is None or (ours.input, ours.output) != (theirs["input_price"], theirs["output_price"]):
            return [f"{info.key}: {other}: {ours} is not {theirs}"]
    return []


@cache
def usages(kinds: frozenset[str], edges: frozenset[int]) -> list[tuple[dict[str, Any], Usage]]:
    """Return usages of the kinds of tokens that somebody has a price for, in both spellings, half of them at the edges.

    Cached tokens are among them always: where nobody has a price for these, both bill them in full.
    """
    chance = random.Random(f"{sorted(kinds)} {sorted(edges)}")
    made = [usage(chance, kinds | {"cached"}, sorted(edges), number) for number in range(USAGES)]
    return [(as_ours(counts), as_theirs(counts)) for counts in made]


def usage(chance: random.Random, kinds: frozenset[str], edges: list[int], number: int) -> Counts:
    """Divide a prompt and an answer; `audio_input` is fresh audio, `cached_audio` is in no other part."""
    at_edge = edges and number % 2
    prompt = chance.choice(edges) + chance.randint(-1, 1) if at_edge else int(10 ** chance.uniform(0, 6)) - 1
    answer = int(10 ** chance.uniform(0, 5)) - 1 if "completion" in kinds else 0
    counts = {"prompt_tokens": prompt, "completion_tokens": answer}
    for whole, parts in (
        (
            prompt,
            ("cached", "cache_write", "cache_write_1h", "audio_input", "cached_audio", "image_input", "video_input"),
        ),
        (answer, ("reasoning", "audio_output", "image_output", "video_output")),
    ):
        left = whole
        for kind in parts:
            if kind in kinds and chance.random() < 0.6:
                counts[kind] = chance.choice((left, chance.randint(0, left), chance.randint(0, left)))
                left -= counts[kind]
    return counts


def as_ours(counts: Counts) -> dict[str, Any]:
    def of(*kinds: str) -> int:
        return sum(counts.get(kind, 0) for kind in kinds)

    kept = {"ephemeral_5m_input_tokens": of("cache_write"), "ephemeral_1h_input_tokens": of("cache_write_1h")}
    prompt = {
        "cached_tokens": of("cached", "cached_audio"),
        "cached_tokens_details": {"audio_tokens": of("cached_audio")},
        "cache_write_tokens": of("cache_write", "cache_write_1h"),
        "cache_creation_token_details": kept,
        "audio_tokens": of("audio_input", "cached_audio"),
        "image_tokens": of("image_input"),
        "video_tokens": of("video_input"),
    }
    completion = {
        "reasoning_tokens": of("reasoning"),
        "audio_tokens": of("audio_output"),
        "image_tokens": of("image_output"),
        "video_tokens": of("video_output"),
    }
    whole = {name: counts[name] for name in ("prompt_tokens", "completion_tokens")}
    return {**whole, "prompt_tokens_details": prompt, "completion_tokens_details": completion}


def as_theirs(counts: Counts) -> Usage:
    def of(*kinds: str) -> int:
        return sum(counts.get(kind, 0) for kind in kinds)

    return Usage(
        input_tokens=of("prompt_tokens"),
        cache_read_tokens=of("cached", "cached_audio"),
        cache_audio_read_tokens=of("cached_audio"),
        cache_image_read_tokens=0,
        cache_write_tokens=of("cache_write", "cache_write_1h"),
        cache_write_1h_tokens=of("cache_write_1h"),
        input_audio_tokens=of("audio_input", "cached_audio"),
        input_image_tokens=of("image_input"),
        input_video_tokens=of("video_input"),
        output_tokens=of("completion_tokens"),
        output_reasoning_tokens=of("reasoning"),
        output_audio_tokens=of("audio_output"),
        output_image_tokens=of("image_output"),
        output_video_tokens=of("video_output"),
    )
