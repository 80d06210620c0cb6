"""Whether a prompt fits: a verdict only where the numbers carry it, and the check before a request."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.context import Fit, context_overflow, judge
from litellm_lite.counting import fits
from litellm_lite.errors import BadRequestError
from litellm_lite.registry import ModelInfo, register_model, registry
from litellm_lite.tokens.count import TokenCount
from litellm_lite.tokens.vocabularies import KNOWN_FILES
from tests.tokens.samples import HELLO, image_part, needs_llama, png_url, user, weather_tool

LLAMA = "meta_llama/Llama-3.3-8B-Instruct"
LIMITED = ModelInfo("k", "meta_llama", "m", {"max_input_tokens": 100, "max_output_tokens": 40})
BOUNDED = TokenCount(60, exact=False, least=50, most=80, method="estimate")
EXACT = TokenCount(60, exact=True, least=60, most=60, method="vocabulary")


@pytest.fixture
def own() -> Iterator[str]:
    """A model with a small window, whose tokens are estimated."""
    register_model({"openai/small": {"litellm_provider": "openai", "max_input_tokens": 1000, "max_output_tokens": 200}})
    yield "openai/small"
    registry().reset()


def verdict(prompt: TokenCount, max_tokens: int | None = None, info: ModelInfo | None = LIMITED) -> tuple[str, str]:
    fit = judge(prompt, info, "m", max_tokens)
    return fit.verdict, fit.why


@pytest.mark.parametrize(
    ("prompt", "max_tokens", "why"),
    [
        (EXACT, None, "m: the prompt has 60 tokens and the window 100"),
        (EXACT, 40, "m: the prompt has 60 tokens, with 40 for the answer, and the window 100"),
        (BOUNDED, 20, "m: the prompt has 50 to 80 tokens, with 20 for the answer, and the window 100"),
    ],
)
def test_what_is_certain_to_fit_fits(prompt: TokenCount, max_tokens: int | None, why: str) -> None:
    assert verdict(prompt, max_tokens) == ("fits", why)


def test_a_prompt_above_the_window_does_not_fit() -> None:
    long = replace(EXACT, tokens=101, least=101, most=101)
    assert verdict(long)[0] == "does not fit"
    assert "has 101 tokens, and the model takes 100" in verdict(long)[1]
    assert "has at least 101 tokens" in verdict(replace(BOUNDED, least=101, most=None))[1]


def test_an_answer_above_its_limit_does_not_fit() -> None:
    assert verdict(EXACT, 41) == ("does not fit", "m: max_tokens is 41, and an answer has at most 40 tokens")


@pytest.mark.parametrize(
    ("prompt", "max_tokens", "why"),
    [
        (replace(BOUNDED, most=101), None, "the count is an estimate, 50 to 101 tokens, and the window has 100"),
        (
            replace(BOUNDED, most=None),
            None,
            "nothing bounds the prompt (estimate); it has 50 or more, and the window 100",
        ),
        (BOUNDED, 21, "vendors differ in whether the answer counts"),
        (replace(EXACT, tokens=90, least=90, most=90), 11, "the prompt has 90 tokens, with 11 for the answer"),
    ],
)
def test_what_is_not_certain_is_unknown_and_says_why(prompt: TokenCount, max_tokens: int | None, why: str) -> None:
    found, said = verdict(prompt, max_tokens)
    assert found == "unknown"
    assert why in said


def test_without_a_window_nothing_is_known() -> None:
    assert verdict(EXACT, None, None) == (
        "unknown",
        "m: its window is not known; call register_model() with max_input_tokens",
    )
    open_ended = replace(LIMITED, row={"max_input_tokens": 100})
    assert verdict(EXACT, None, open_ended)[0] == "fits"
    assert verdict(EXACT, 10, open_ended) == (
        "unknown",
        "m: how long an answer may be is not known, and max_tokens is 10",
    )


numbers = st.integers(0, 200)


@given(st.tuples(numbers, numbers, numbers), st.none() | numbers, st.none() | numbers, st.none() | numbers)
def test_a_verdict_is_never_wrong(
    counted: tuple[int, int, int], asked: int | None, window: int | None, longest: int | None
) -> None:
    """Whatever the true count is between its bounds, the verdict holds."""
    least, width, place = counted
    prompt = TokenCount(least, exact=width == 0, least=least, most=least + width, method="")
    info = replace(LIMITED, row={"max_input_tokens": window, "max_output_tokens": longest})
    fit = judge(prompt, info, "m", asked)
    true = least + min(place, width)
    if fit.verdict == "fits":
        assert window is not None
        assert true + (asked or 0) <= window
        assert asked is None or (longest is not None and asked <= longest)
    if fit.verdict == "does not fit":
        assert (window is not None and true > window) or (asked or 0) > (longest or 0)


@needs_llama
def test_a_call_is_judged_by_its_model() -> None:
    fit = fits(LLAMA, [user(HELLO)], max_tokens=100)
    assert isinstance(fit, Fit)
    assert (fit.verdict, fit.window, fit.max_tokens, fit.max_output_tokens) == ("fits", 128_000, 100, 4096)
    assert fit.prompt.exact
    assert fit.why == f"{LLAMA}: the prompt has 16 tokens, with 100 for the answer, and the window 128,000"
    assert fits("Llama-3.3-8B-Instruct", [user(HELLO)], custom_llm_provider="meta_llama").verdict == "fits"


@needs_llama
def test_a_prompt_of_more_tokens_than_the_window_is_told_with_numbers() -> None:
    fit = fits(LLAMA, [user("word " * 130_000)])
    assert fit.verdict == "does not fit"
    assert "130,012 tokens, and the model takes 128,000" in fit.why


def test_tools_and_remote_images_widen_the_bounds(own: str) -> None:
    assert fits(own, [user("a")]).verdict == "fits"
    assert fits(own, [user("a")], tools=[weather_tool()]).verdict == "unknown"
    assert "nothing bounds" in fits(own, [user([image_part("https://example.com/a.png")])]).why


def test_a_model_nobody_knows_has_no_window() -> None:
    assert fits("nobody/knows", [user("a")]).verdict == "unknown"


@pytest.mark.parametrize("wrong", [-1, 1.5, "9", True, pytest.param(10**5000, id="huge")])
def test_max_tokens_must_be_a_count(wrong: Any) -> None:
    with pytest.raises(BadRequestError, match="max_tokens must be a whole number"):
        fits(LLAMA, [user("a")], max_tokens=wrong)


# The check before a request


def overflow(messages: list[Any], window: int | None, provider: str = "meta_llama", **more: Any) -> str | None:
    info = replace(LIMITED, row={"max_input_tokens": window})
    model = "Llama-3.3-8B-Instruct" if provider == "meta_llama" else "gpt-4o" if provider == "openai" else "m"
    return context_overflow(info, provider, model, messages, **more)


@pytest.mark.parametrize("info", [None, replace(LIMITED, row={})])
def test_without_a_window_there_is_no_check(info: ModelInfo | None) -> None:
    assert context_overflow(info, "x", "m", [user("a " * 999)]) is None


def test_what_is_too_long_by_its_words_is_told_without_a_vocabulary() -> None:
    said = overflow([user("word " * 1001)], 1000, "anyone")
    assert said is not None
    assert said.startswith("the prompt has at least 1,001 tokens, and the model takes 1,000")
    assert "trim_messages()" in said


def test_an_estimate_that_may_fit_stops_nothing() -> None:
    assert overflow([user("word" * 1001)], 1000, "anyone") is None


@needs_llama
def test_an_exact_count_decides_to_the_token() -> None:
    messages = [user("a.b." * 100)]
    said = overflow(messages, 209)
    assert said is not None
    exact = int(said.split()[3].replace(",", ""))
    assert said.startswith(f"the prompt has {exact} tokens, and the model takes 209")
    assert overflow(messages, exact) is None
    assert overflow(messages, exact - 1) is not None


def test_images_are_no_text() -> None:
    picture = user([image_part(png_url(500, 500) + "A" * 4000)])
    assert overflow([picture], 3000) is None


def test_a_damaged_vocabulary_is_logged_and_stops_no_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    (tmp_path / KNOWN_FILES["o200k_base"].file).write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        assert overflow([user("ab" * 100)], 100, "openai") is None
    assert "was not counted before the request" in caplog.text


def test_tools_do_not_make_a_prompt_too_long() -> None:
    assert overflow([user("a")], 50, tools=[weather_tool()] * 9) is None
