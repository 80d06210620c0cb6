"""What follows a failure, as a table: where next, after how long, and what it says about the deployment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite import errors
from litellm_lite.errors import APIConnectionError, APIError, RateLimitError
from litellm_lite.router import policy
from litellm_lite.router.mending import Diverged
from litellm_lite.router.policy import PATIENCE_S, Chances, Sequel
from tests.router.by_hand import rate_limited, reset, silence

ALONE = Chances(retries=2, others=False, fallback=False, left_s=600, tries_here=1)
AMONG_OTHERS = ALONE._replace(others=True)
WITH_FALLBACK = ALONE._replace(fallback=True)

DOWN = errors.ServiceUnavailableError("down")
FAULTY = errors.BadRequestError("temperature must be below 2")
QUOTA = RateLimitError("no credit left", code="insufficient_quota", retryable=False)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (DOWN, "transient"),
        (errors.InternalServerError("oops"), "transient"),
        (reset(), "transient"),
        (silence(), "silent"),
        (rate_limited(), "rate_limited"),
        (rate_limited(3), "rate_limited"),
        (QUOTA, "unusable"),
        (errors.AuthenticationError("no"), "unusable"),
        (errors.PermissionDeniedError("no"), "unusable"),
        (errors.NotFoundError("no"), "unusable"),
        (errors.PaymentRequiredError("no"), "unusable"),
        (APIConnectionError("a certificate that nobody signed", retryable=False), "unusable"),
        (FAULTY, None),
        (errors.UnprocessableEntityError("no"), None),
        (errors.ContextWindowExceededError("no"), None),
        (errors.ContentPolicyViolationError("no"), None),
        (Diverged("another text"), None),
    ],
)
def test_what_a_failure_says_about_the_deployment(error: APIError, expected: str | None) -> None:
    assert policy.verdict(error, alone=False) == expected


def test_a_429_that_names_no_time_is_a_passing_failure_of_one_that_stands_alone() -> None:
    assert policy.verdict(rate_limited(), alone=True) == "transient"
    assert policy.verdict(rate_limited(3), alone=True) == "rate_limited"


@pytest.mark.parametrize(
    ("error", "chances", "where"),
    [
        (DOWN, ALONE, "same"),
        (DOWN, AMONG_OTHERS, "same"),
        (DOWN, AMONG_OTHERS._replace(tries_here=2), "other"),
        (DOWN, AMONG_OTHERS._replace(retries=1), "other"),  # the last retry is kept for another one
        (DOWN, ALONE._replace(retries=1), "same"),
        (DOWN, ALONE._replace(retries=0), "away"),
        (DOWN, AMONG_OTHERS._replace(retries=0), "away"),
        (DOWN, ALONE._replace(closed=False), "away"),
        (DOWN, AMONG_OTHERS._replace(closed=False), "other"),
        (DOWN, ALONE._replace(left_s=0), "stop"),
        (rate_limited(), AMONG_OTHERS, "other"),
        (rate_limited(), ALONE, "same"),
        (rate_limited(2), ALONE, "same"),
        (rate_limited(2), ALONE._replace(closed=False), "same"),
        (rate_limited(2), AMONG_OTHERS, "other"),
        (rate_limited(90), ALONE, "same"),
        (rate_limited(600), ALONE, "away"),
        (rate_limited(5), WITH_FALLBACK, "away"),
        (rate_limited(4.9), WITH_FALLBACK, "same"),
        (rate_limited(4), WITH_FALLBACK._replace(left_s=8), "away"),
        (silence(), ALONE, "away"),
        (silence(), AMONG_OTHERS, "other"),
        (QUOTA, ALONE, "away"),
        (QUOTA, AMONG_OTHERS, "other"),
        (errors.AuthenticationError("no"), AMONG_OTHERS, "other"),
        (FAULTY, AMONG_OTHERS, "stop"),
        (errors.UnprocessableEntityError("no"), AMONG_OTHERS, "stop"),
        (errors.ContextWindowExceededError("no"), AMONG_OTHERS, "away"),
        (errors.ContentPolicyViolationError("no"), AMONG_OTHERS, "away"),
        (errors.PaymentRequiredError("no"), AMONG_OTHERS, "other"),
    ],
)
def test_where_a_call_goes_on(error: APIError, chances: Chances, where: str) -> None:
    sequel = policy.after(error, chances)
    assert sequel.where == where
    assert sequel.why


def test_the_pause_is_what_was_asked_for_however_long() -> None:
    assert policy.after(rate_limited(90), ALONE) == Sequel("same", 90, "90.00 s as it asked")


@given(st.integers(1, 40), st.floats(0, 1))
def test_pauses_grow_are_jittered_and_end_at_eight_seconds(tries: int, chance: float) -> None:
    sequel = policy.after(DOWN, ALONE._replace(tries_here=tries, chance=chance))
    longest = min(0.5 * 2 ** (tries - 1), 8)
    assert 0.75 * longest <= sequel.pause_s <= longest


def test_retry_after_of_the_settings_is_the_least_pause() -> None:
    assert policy.after(DOWN, ALONE._replace(least_wait_s=3)).pause_s == 3
    assert policy.after(rate_limited(4), ALONE._replace(least_wait_s=3)).pause_s == 4


def test_what_is_too_long_to_wait_for_is_left_to_others_of_the_group() -> None:
    sequel = policy.after(DOWN, AMONG_OTHERS._replace(least_wait_s=PATIENCE_S, fallback=True))
    assert sequel.where == "other"
    assert "5.0 s are worth waiting" in sequel.why


@pytest.mark.parametrize("error", [FAULTY, errors.ContentPolicyViolationError("no"), silence(), QUOTA])
def test_an_error_that_a_retry_policy_names_is_tried_again(error: APIError) -> None:
    assert policy.after(error, ALONE, insisted=True).where == "same"
    assert policy.after(error, AMONG_OTHERS, insisted=True).where == "other"
    assert policy.after(error, ALONE._replace(retries=0), insisted=True).where == "away"


def test_a_prompt_that_is_too_long_is_never_sent_again_whatever_a_policy_says() -> None:
    assert policy.after(errors.ContextWindowExceededError("no"), ALONE, insisted=True).where == "away"


@pytest.mark.parametrize(
    ("error", "final"),
    [
        (FAULTY, True),
        (errors.ContentPolicyViolationError("no"), True),
        (errors.ContextWindowExceededError("no"), False),
        (errors.PaymentRequiredError("no"), False),
        (DOWN, False),
    ],
)
def test_only_what_is_wrong_with_the_request_itself_is_final(error: APIError, final: bool) -> None:
    assert policy.is_final(error) is final
