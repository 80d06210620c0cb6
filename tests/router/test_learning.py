"""What an answer's headers say about limits, in the names and spellings of each vendor."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.router.learning import Limits, limits_of

TODAY = 1_790_000_000.0  # 2026-09-21T14:13:20Z

OTHERS = {
    "content-type": "application/json",
    "date": "Mon, 21 Sep 2026 14:13:20 GMT",
    "x-request-id": "r",
    "x-ratelimit": "5",
    "ratelimit-policy": "100;w=60",
}
LLAMA = {
    "x-ratelimit-limit-requests": "3000",
    "x-ratelimit-remaining-requests": "2999",
    "x-ratelimit-limit-tokens": "1000000",
    "x-ratelimit-remaining-tokens": "999880",
}


@pytest.mark.parametrize("headers", [{}, OTHERS])
def test_without_a_header_about_limits_nothing_is_told(headers: dict[str, str]) -> None:
    assert limits_of(headers, TODAY) is None


def test_the_llama_api_names_limits_and_what_remains_but_no_reset() -> None:
    assert limits_of(OTHERS | LLAMA, TODAY) == Limits(
        limit_requests=3000, remaining_requests=2999, limit_tokens=1_000_000, remaining_tokens=999_880
    )


@pytest.mark.parametrize(
    ("headers", "limits"),
    [
        pytest.param(
            LLAMA | {"x-ratelimit-reset-requests": "20ms", "x-ratelimit-reset-tokens": "6m0s"},
            Limits(3000, 2999, 0.02, 1_000_000, 999_880, 360.0),
            id="OpenAI",
        ),
        pytest.param(
            {
                "retry-after": "2",
                "retry-after-ms": "1500",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-remaining-tokens": "12",
            },
            Limits(remaining_requests=0, remaining_tokens=12, retry_after=1.5),
            id="Azure",
        ),
        pytest.param(
            {
                "x-ratelimit-limit-requests-day": "14400",
                "x-ratelimit-remaining-requests-day": "14000",
                "x-ratelimit-reset-requests-day": "33011.382867",
                "x-ratelimit-limit-tokens-minute": "60000",
                "x-ratelimit-remaining-tokens-minute": "59000",
                "x-ratelimit-reset-tokens-minute": "11.38",
            },
            Limits(14400, 14000, 33011.382867, 60000, 59000, 11.38),
            id="Cerebras",
        ),
        pytest.param(
            {
                "x-ratelimit-limit": "20",
                "x-ratelimit-remaining": "0",
                "x-ratelimit-reset": "1790000012500",
            },
            Limits(20, 0, 12.5),
            id="OpenRouter",
        ),
        pytest.param(
            {
                "x-ratelimit-limit": "10",
                "x-ratelimit-remaining": "9",
                "x-ratelimit-reset": "1",
                "x-tokenlimit-limit": "3000",
                "x-tokenlimit-remaining": "2000",
            },
            Limits(10, 9, 1.0, 3000, 2000),
            id="Together",
        ),
        pytest.param(
            {"ratelimit-limit": "100, 100;w=60", "ratelimit-remaining": "50", "ratelimit-reset": "30"},
            Limits(100, 50, 30.0),
            id="IETF draft",
        ),
    ],
)
def test_each_vendor_is_understood(headers: dict[str, str], limits: Limits) -> None:
    assert limits_of(OTHERS | headers, TODAY) == limits


def anthropic(**remaining: str) -> dict[str, str]:
    """Return Anthropic's headers: of each count how much remains and, after a slash, in how many seconds it resets."""
    headers = dict[str, str]()
    for counted, text in remaining.items():
        left, _, seconds = text.partition("/")
        name = "anthropic-ratelimit-" + counted.replace("_", "-")
        headers |= {f"{name}-limit": "100000", f"{name}-remaining": left}
        headers[f"{name}-reset"] = f"2026-09-21T14:13:{20 + int(seconds)}Z"
    return headers


def test_of_several_counts_of_tokens_the_tightest_is_taken() -> None:
    headers = anthropic(requests="49/1", tokens="90000/2", input_tokens="5000/3", output_tokens="8000/4")
    assert limits_of(headers, TODAY) == Limits(100_000, 49, 1.0, 100_000, 5000, 3.0)


def test_of_two_that_are_used_up_the_one_that_resets_later_is_taken() -> None:
    headers = anthropic(input_tokens="0/3", output_tokens="0/9")
    assert limits_of(headers, TODAY) == Limits(limit_tokens=100_000, remaining_tokens=0, reset_tokens_s=9.0)


def test_a_count_without_what_remains_is_taken_last() -> None:
    headers = {"x-ratelimit-limit-tokens-prompt": "9", "x-ratelimit-remaining-tokens-generated": "70"}
    assert limits_of(headers, TODAY) == Limits(remaining_tokens=70)


@pytest.mark.parametrize(
    ("text", "number"),
    [("12", 12), (" 12 ", 12), ("12.0", 12), ("1e3", 1000), ("-4", -4), ("100, 100;w=60", 100), ("7;w=1", 7)],
)
def test_a_count_is_read_in_every_spelling(text: str, number: int) -> None:
    assert limits_of({"x-ratelimit-remaining-requests": text}, TODAY) == Limits(remaining_requests=number)


@pytest.mark.parametrize("text", ["", "many", "nan", "inf", "-inf", "1e999", "²", "0x10", ",", "9" * 5000, "9" * 65])
def test_a_count_that_cannot_be_read_says_nothing(text: str) -> None:
    assert limits_of({"x-ratelimit-remaining-requests": text}, TODAY) is None
    assert limits_of(LLAMA | {"x-ratelimit-limit-requests": text}, TODAY) == Limits(
        None, 2999, None, 1_000_000, 999_880
    )


@pytest.mark.parametrize("text", ["", "soon", "nan", "-"])
def test_a_reset_that_cannot_be_read_says_nothing(text: str) -> None:
    assert limits_of({"x-ratelimit-remaining": "3", "x-ratelimit-reset": text}, TODAY) == Limits(remaining_requests=3)


def test_a_reset_in_the_past_is_none_to_wait_for() -> None:
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2020-01-01T00:00:00Z"}
    assert limits_of(headers, TODAY) == Limits(remaining_requests=0, reset_requests_s=0.0)


def test_a_pause_that_is_asked_for_is_told_without_any_limit() -> None:
    assert limits_of({"retry-after": "7"}, TODAY) == Limits(retry_after=7.0)


def test_a_reset_alone_is_not_taken_for_a_pause_that_is_asked_for() -> None:
    limits = limits_of(LLAMA | {"x-ratelimit-reset-tokens": "6m0s"}, TODAY)
    assert limits is not None
    assert limits.retry_after is None


NAMES = [
    *LLAMA, "x-ratelimit-reset-requests", "x-ratelimit-reset", "x-ratelimit-remaining", "ratelimit-remaining",
    "ratelimit-reset", "anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset",
    "anthropic-ratelimit-input-tokens-remaining", "retry-after", "retry-after-ms", "date",
]  # fmt: skip
values = st.one_of(
    st.text("0159.,;:-+ eEnaifTZsmhd²", max_size=20),
    st.integers().map(str),
    st.floats().map(str),
    st.tuples(st.floats().map(str), st.sampled_from(["s", "ms", "m", "h", "d"])).map("".join),
    st.datetimes().map(lambda date: date.isoformat() + "Z"),
)


@given(st.dictionaries(st.sampled_from(NAMES), values))
def test_no_header_raises_and_no_wait_is_negative_or_endless(headers: dict[str, str]) -> None:
    limits = limits_of(headers, TODAY)
    if limits is not None:
        assert limits != Limits()
        for seconds in (limits.reset_requests_s, limits.reset_tokens_s, limits.retry_after):
            assert seconds is None or (math.isfinite(seconds) and seconds >= 0)
