"""The sixteen behaviours on sockets: 2 retries, 30 s, one fallback, and nothing tuned. The upstreams tell what came."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from decimal import Decimal

import pytest

from litellm_lite.errors import ContentPolicyViolationError, ContextWindowExceededError
from tests.router.behaviours.rig import Outcome, Rig

BUSY_S = 9.0  # what a busy machine may add: 0.9 real seconds


@pytest.fixture
def said(words: str) -> Sequence[str]:
    return words.split()


def served(outcome: Outcome, words: str, by: str) -> None:
    """Hold an answer against what was promised of it."""
    assert outcome.error is None
    assert outcome.text == words
    assert outcome.finish == "stop"
    assert outcome.hidden["model_id"] == by
    assert outcome.model == f"of-{by}"
    assert [record.deployment.id for record in outcome.billed] == [by]


def test_1_retry_after_is_honoured(rig: Rig, words: str) -> None:
    rig.has("primary", "retry-after; seconds=2")
    outcome = rig.call()
    served(outcome, words, "primary")
    first, *others = rig.seen("primary")
    assert [seen.status for seen in others] == [200]
    assert others[0].at - first.at >= 1.95
    assert outcome.told == ["first failed", "retry answered"]


def test_1_a_long_one_is_left_alone_for_that_time(rig: Rig, words: str) -> None:
    rig.has("primary", "retry-after; seconds=600")
    for _ in range(3):
        served(rig.call(), words, "spare")
    assert len(rig.seen("primary")) == 1


def test_2_a_persistent_429_is_backed_off_from_and_failed_over(rig: Rig, words: str) -> None:
    rig.has("primary", "rate-limited")
    outcome = rig.call()
    served(outcome, words, "spare")
    times = [seen.at for seen in rig.seen("primary")]
    assert 2 <= len(times) <= 3
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert all(pause >= 0.37 * 2**n for n, pause in enumerate(pauses))
    assert outcome.elapsed_s < BUSY_S


def test_3_a_single_500_is_retried_at_the_same_provider(rig: Rig, words: str) -> None:
    rig.has("primary", "single-500")
    outcome = rig.call()
    served(outcome, words, "primary")
    assert [seen.status for seen in rig.seen("primary")] == [500, 200]
    assert rig.seen("spare") == []


def test_4_a_persistent_503_fails_over_inside_the_deadline(rig: Rig, words: str) -> None:
    rig.has("primary", "unavailable")
    outcome = rig.call()
    served(outcome, words, "spare")
    assert len(rig.seen("primary")) <= 3
    assert outcome.elapsed_s < BUSY_S


def test_5_a_reset_before_the_headers_fails_over(rig: Rig, words: str) -> None:
    rig.has("primary", "reset")
    outcome = rig.call()
    served(outcome, words, "spare")
    assert len(rig.seen("primary")) <= 3
    assert outcome.elapsed_s < BUSY_S


def test_6_who_never_answers_is_not_asked_again(rig: Rig, words: str) -> None:
    rig.has("primary", "silent")
    outcome = rig.call()
    served(outcome, words, "spare")
    assert outcome.elapsed_s < 15 + BUSY_S
    served(rig.call(), words, "spare")
    assert len(rig.seen("primary")) == 1


def test_7_a_late_first_token_fails_over(rig: Rig, words: str) -> None:
    rig.has("primary", "slow-first-token; seconds=20")
    outcome = rig.call()
    served(outcome, words, "spare")
    limit_s = 10 if rig.streamed else 15
    assert limit_s - 0.1 <= outcome.elapsed_s < limit_s + BUSY_S
    assert len(rig.seen("primary")) == 1


def test_8_a_cut_stream_is_whole_all_the_same(rig: Rig, words: str) -> None:
    rig.has("primary", "cut; after=40")
    outcome = rig.call()
    served(outcome, words, "spare")
    assert len(rig.seen("spare")) == 1
    assert rig.in_flight == 0


def test_8_a_cut_stream_that_nobody_repeats_ends_in_an_error_that_holds_what_was_shown(
    streaming: Rig, said: Sequence[str]
) -> None:
    streaming.has("primary", "cut; after=40")
    streaming.has("spare", "unavailable")
    outcome = streaming.call()
    assert outcome.text.split() == said[:40]
    assert outcome.failure.partial is not None
    assert outcome.failure.partial.text == outcome.text
    assert outcome.finish is None
    assert outcome.attempts[0].outcome == "cut"
    assert outcome.billed == []
    assert streaming.in_flight == 0


def test_9_a_stalled_answer_fails_over_and_the_next_call_is_quick(rig: Rig, words: str) -> None:
    rig.has("primary", "stall; after=40")
    outcome = rig.call()
    served(outcome, words, "spare")
    assert outcome.elapsed_s < 15 + BUSY_S
    after = rig.call()
    served(after, words, "spare")
    assert after.elapsed_s < BUSY_S
    assert rig.in_flight == 0


def test_10_an_event_that_cannot_be_read_is_skipped(streaming: Rig, words: str) -> None:
    streaming.has("primary", "malformed-event")
    outcome = streaming.call()
    served(outcome, words, "primary")
    assert outcome.answer.malformed_events == 1
    assert len(streaming.seen("primary")) == 1


def test_11_without_its_end_mark_a_stream_ends_promptly_and_with_usage(streaming: Rig, words: str) -> None:
    streaming.has("primary", "missing-done; end=20")
    outcome = streaming.call()
    served(outcome, words, "primary")
    assert outcome.elapsed_s < 5 + BUSY_S
    assert outcome.answer.usage["completion_tokens"] == 61


def test_12_a_prompt_that_is_too_long_is_not_sent_at_the_same_size_again(rig: Rig, words: str) -> None:
    small, large = {"max_input_tokens": 8192}, {"max_input_tokens": 131072}
    rig.entries = [
        rig.entry("primary", info=small),
        rig.entry("twin", info=small, order=2),
        rig.entry("spare", "backup", info=large),
    ]
    rig.entries[0]["litellm_params"]["order"] = 1
    rig.has("primary", "context-length")
    served(rig.call(), words, "spare")
    assert (len(rig.seen("primary")), len(rig.seen("twin"))) == (1, 0)


def test_12_with_no_larger_window_the_error_says_so(rig: Rig) -> None:
    rig.entries = [rig.entry(name, group, info={"max_input_tokens": 8192}) for name, group in
                   (("primary", "main"), ("spare", "backup"))]  # fmt: skip
    rig.has("primary", "context-length")
    error = rig.call().failure
    assert isinstance(error, ContextWindowExceededError)
    assert len(rig.seen("primary")) == 1
    assert rig.seen("spare") == []


def test_13_refused_content_goes_nowhere_else(rig: Rig) -> None:
    rig.has("primary", "content-filter")
    error = rig.call().failure
    assert isinstance(error, ContentPolicyViolationError)
    assert "refused by the content filter" in str(error)
    assert (len(rig.seen("primary")), len(rig.seen("spare"))) == (1, 0)


def test_13_only_a_fallback_for_refused_content_routes_around_it(rig: Rig, words: str) -> None:
    rig.entries.append(rig.entry("lenient", "lenient"))
    rig.settings["content_policy_fallbacks"] = [{"main": ["lenient"]}]
    rig.has("primary", "content-filter")
    served(rig.call(), words, "lenient")
    assert rig.seen("spare") == []


@pytest.mark.parametrize("declared", [False, True])
def test_14_a_fallback_that_rejects_prefill_begins_again(streaming: Rig, words: str, declared: bool) -> None:
    streaming.entries[1] = streaming.entry("spare", "backup", info={"supports_assistant_prefill": declared})
    streaming.has("primary", "cut; after=40")
    streaming.has("spare", "no-prefill")
    served(streaming.call(), words, "spare")
    assert [seen.prefilled for seen in streaming.seen("spare")] == [True, False][not declared :]


def test_14_a_fallback_that_supports_prefill_goes_on(streaming: Rig, words: str, said: Sequence[str]) -> None:
    streaming.entries[1] = streaming.entry("spare", "backup", info={"supports_assistant_prefill": True})
    streaming.has("primary", "cut; after=40")
    outcome = streaming.call()
    served(outcome, words, "spare")
    assert [seen.prefilled for seen in streaming.seen("spare")] == [True]
    (seam,) = outcome.hidden["seams"]
    assert outcome.text[: seam.at].split() == said[:40]
    assert (seam.kind, seam.before.deployment.id, seam.after.deployment.id) == ("continuation", "primary", "spare")


def test_15_a_flapping_primary_is_probed_sparingly_and_back_within_thirty_seconds(rig: Rig, words: str) -> None:
    rig.has("primary", "unavailable")
    by = []
    for since in range(0, 100, 4):
        if since == 60:
            down = len(rig.seen("primary"))
            rig.is_well("primary")
        outcome = rig.call()
        by.append((since, outcome.hidden["model_id"]))
        served(outcome, words, by[-1][1])
        rig.jumps(4)
    assert {id for since, id in by if since < 60} == {"spare"}
    assert down <= 9
    back = next(since for since, id in by if id == "primary")
    assert back <= 90
    assert {id for since, id in by if since >= back} == {"primary"}


def test_16_the_model_that_served_is_told_and_no_failed_attempt_is_billed(rig: Rig, words: str) -> None:
    rig.has("primary", "unavailable")
    outcome = rig.call()
    served(outcome, words, "spare")
    *failed, last = outcome.attempts
    assert [record.cost for record in failed] == [None] * len(failed)
    assert last.usage is not None
    expected = last.usage["prompt_tokens"] * Decimal("1e-6") + last.usage["completion_tokens"] * Decimal("2e-6")
    assert outcome.hidden["cost"].total == expected
    assert last.cost == outcome.hidden["cost"]
    headers = outcome.hidden["additional_headers"]
    assert headers["x-litellm-model-group"] == "backup"
    assert headers["x-litellm-attempted-fallbacks"] == "1"
    assert int(headers["x-litellm-attempted-retries"]) == len(failed) - 1


def test_16_the_vendors_own_name_for_the_model_is_told(rig: Rig, words: str) -> None:
    rig.has("primary", "wrong-model; model=somebody-else")
    outcome = rig.call()
    assert (outcome.text, outcome.model, outcome.hidden["model_id"]) == (words, "somebody-else", "primary")
    assert outcome.attempts[0].deployment.model == "openai/of-primary"
