"""The minute's allowance, on a clock held by hand."""

from __future__ import annotations

from litellm_lite.emulator.catalogue import MODELS
from litellm_lite.emulator.limits import Meter
from litellm_lite.emulator.settings import Settings

SMALL = MODELS["Llama-3.3-8B-Instruct"]
LARGE = MODELS["Llama-3.3-70B-Instruct"]


def test_the_documented_limits_hold_unless_told_otherwise() -> None:
    headers = Meter(Settings()).take(MODELS["Cerebras-Llama-4-Scout-17B-16E-Instruct"], 100, 0.0).headers()
    assert headers == {
        "x-ratelimit-limit-requests": "600",
        "x-ratelimit-limit-tokens": "200000",
        "x-ratelimit-remaining-requests": "599",
        "x-ratelimit-remaining-tokens": "199900",
    }


def test_what_remains_counts_down_to_nothing() -> None:
    meter = Meter(Settings(requests_per_minute=2))
    assert [meter.take(SMALL, 1, 0.0).remaining_requests for _ in range(2)] == [1, 0]
    assert meter.take(SMALL, 1, 0.0).exceeded == "the limit of 2 requests per minute"


def test_tokens_are_limited_too() -> None:
    meter = Meter(Settings(tokens_per_minute=10))
    meter.take(SMALL, 8, 0.0)
    refused = meter.take(SMALL, 3, 0.0)
    assert (refused.exceeded, refused.remaining_tokens) == ("the limit of 10 tokens per minute", 2)


def test_a_refused_request_takes_nothing() -> None:
    meter = Meter(Settings(tokens_per_minute=10))
    meter.take(SMALL, 11, 0.0)
    assert not meter.take(SMALL, 10, 0.0).exceeded


def test_each_model_has_its_own_allowance() -> None:
    meter = Meter(Settings(requests_per_minute=1))
    meter.take(SMALL, 1, 0.0)
    assert not meter.take(LARGE, 1, 0.0).exceeded


def test_a_new_minute_starts_afresh() -> None:
    meter = Meter(Settings(requests_per_minute=1))
    meter.take(SMALL, 1, 100.0)
    assert meter.take(SMALL, 1, 159.9).exceeded
    assert not meter.take(SMALL, 1, 160.0).exceeded
