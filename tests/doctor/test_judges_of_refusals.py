"""Behaviours 12 and 13: what the judges say of gateways made up by hand, good and bad."""

from __future__ import annotations

from litellm_lite.doctor.observed import Setup
from litellm_lite.doctor.refusals import keeps_what_the_filter_refused, sends_long_prompts_to_larger_windows
from litellm_lite.errors import BadRequestError, ContentPolicyViolationError, ContextWindowExceededError
from tests.doctor.made_up import LONE, answer, asked, failed, failure, passed, place, seen, setup

TOO_LONG = ContextWindowExceededError("the prompt is too long")
REFUSED = ContentPolicyViolationError("refused by the content filter")
LARGER = setup(place("b", window=9_000))
TWICE = asked("a", 0, 400), asked("b", 0.1, 200)


def test_a_long_prompt_goes_to_a_larger_window_or_is_refused() -> None:
    passed(sends_long_prompts_to_larger_windows(seen(answer(), *TWICE, of=LARGER)), "served by shop/b", "larger")
    passed(sends_long_prompts_to_larger_windows(seen(failure(TOO_LONG), asked("a", 0, 400))), "no window is known")


def test_the_same_size_is_not_asked_again() -> None:
    failed(sends_long_prompts_to_larger_windows(seen(answer(), *TWICE)), "sent to shop/b, whose window is 8,000 tokens")
    again = asked("a", 0, 400), asked("a", 0.5, 400)
    failed(sends_long_prompts_to_larger_windows(seen(failure(TOO_LONG), *again, of=LARGER)), "sent to shop/a")
    unknown = setup(place("b", window=None))
    failed(sends_long_prompts_to_larger_windows(seen(answer(), *TWICE, of=unknown)), "whose window nobody knows")


def test_each_must_be_larger_than_all_that_refused() -> None:
    three = setup(place("b", window=16_000), place("c", window=12_000))
    asked_all = asked("a", 0, 400), asked("b", 0.1, 400), asked("c", 0.2, 200)
    failed(sends_long_prompts_to_larger_windows(seen(answer("c"), *asked_all, of=three)), "sent to shop/c")


def test_a_window_that_nobody_knew_is_as_large_as_its_deployment_says() -> None:
    unknown = setup(place("b", window=9_000), group=[place("a", window=None)])
    passed(sends_long_prompts_to_larger_windows(seen(answer(), *TWICE, of=unknown)))
    small = setup(place("b", window=8_000), group=[place("a", window=None)])
    failed(sends_long_prompts_to_larger_windows(seen(answer(), *TWICE, of=small)))


def test_who_is_named_for_long_prompts_is_believed_where_nobody_knows_its_window() -> None:
    def named(window: int | None) -> Setup:
        return setup(place("b", window=window), context=["b"])

    passed(sends_long_prompts_to_larger_windows(seen(answer(), *TWICE, of=named(None))))
    failed(sends_long_prompts_to_larger_windows(seen(answer(), *TWICE, of=named(4_000))))


def test_a_prompt_is_not_refused_while_a_larger_window_is_there() -> None:
    refused = seen(failure(TOO_LONG), asked("a", 0, 400), of=LARGER)
    failed(sends_long_prompts_to_larger_windows(refused), "shop/b has a larger window, and was not asked")


def test_a_long_prompt_is_refused_as_such() -> None:
    other = seen(failure(BadRequestError("no")), asked("a", 0, 400))
    failed(sends_long_prompts_to_larger_windows(other), "not refused as too long: BadRequestError")


def test_refused_content_is_kept_and_the_reason_told() -> None:
    passed(keeps_what_the_filter_refused(seen(failure(REFUSED), asked("a", 0, 400))), "ContentPolicyViolationError")
    passed(keeps_what_the_filter_refused(seen(failure(REFUSED), asked("a", 0, 400), of=LONE)))


def test_refused_content_is_not_carried_elsewhere() -> None:
    failed(keeps_what_the_filter_refused(seen(answer(), *TWICE)), "refused the content, and then shop/b was asked")
    again = asked("a", 0, 400), asked("a", 0.5, 400)
    failed(keeps_what_the_filter_refused(seen(failure(REFUSED), *again)), "then it again was asked")


def test_refused_content_may_go_where_its_own_fallbacks_say() -> None:
    named = setup(place("b"), content=["b"])
    passed(keeps_what_the_filter_refused(seen(answer(), *TWICE, of=named)), "content_policy_fallbacks")
    failed(keeps_what_the_filter_refused(seen(answer(text="the"), *TWICE, of=named)), "1 of 9 words")


def test_another_error_or_none_of_the_reason_is_not_enough() -> None:
    failed(keeps_what_the_filter_refused(seen(failure(BadRequestError("no")), asked("a", 0, 400))), "not told as")
    silent = failure(ContentPolicyViolationError("no"))
    failed(keeps_what_the_filter_refused(seen(silent, asked("a", 0, 400))), "the vendor's reason is lost")
