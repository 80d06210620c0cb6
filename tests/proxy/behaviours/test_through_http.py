"""The sixteen behaviours by an OpenAI client through the gateway: 2 retries, 30 s, one fallback, and nothing tuned."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import openai
import pytest

from litellm_lite.proxy.log import line
from tests.proxy.behaviours.rig import ClientRig, Outcome

BUSY_S = 12.0  # what a busy machine may add: 1.2 real seconds


def kept(outcome: Outcome, words: str, by: str) -> None:
    """Hold an answer against what was promised of it."""
    assert outcome.error is None
    assert outcome.text == words
    assert outcome.finish == "stop"
    assert outcome.model == f"of-{by}"
    assert outcome.by == by
    assert [record.deployment.id for record in outcome.attempts if record.billed] == [by]
    assert outcome.record.exchange.status == 200


def test_1_retry_after_is_honoured(rig: ClientRig, words: str) -> None:
    rig.has("primary", "retry-after; seconds=2")
    outcome = rig.ask()
    kept(outcome, words, "primary")
    first, *others = rig.seen("primary")
    assert [seen.status for seen in others] == [200]
    assert others[0].at - first.at >= 1.95
    assert outcome.told == ["first failed", "retry answered"]
    assert outcome.headers["x-litellm-attempted-retries"] == "1"


def test_1_a_long_one_is_left_alone_for_that_time(rig: ClientRig, words: str) -> None:
    rig.has("primary", "retry-after; seconds=600")
    for _ in range(3):
        kept(rig.ask(), words, "spare")
    assert len(rig.seen("primary")) == 1


def test_1_with_nobody_else_the_client_is_told_when_to_come_back(rig: ClientRig) -> None:
    rig.entries = rig.entries[:1]
    rig.settings.pop("fallbacks")
    rig.has("primary", "retry-after; seconds=600")
    error = rig.ask().failure
    assert isinstance(error, openai.RateLimitError)
    assert 590 <= int(error.response.headers["retry-after"]) <= 600


def test_2_a_persistent_429_is_backed_off_from_and_failed_over(rig: ClientRig, words: str) -> None:
    rig.has("primary", "rate-limited")
    outcome = rig.ask()
    kept(outcome, words, "spare")
    times = [seen.at for seen in rig.seen("primary")]
    assert 2 <= len(times) <= 3
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert all(pause >= 0.37 * 2**n for n, pause in enumerate(pauses))
    assert outcome.elapsed_s < BUSY_S


def test_3_a_single_500_is_retried_at_the_same_provider(rig: ClientRig, words: str) -> None:
    rig.has("primary", "single-500")
    kept(rig.ask(), words, "primary")
    assert [seen.status for seen in rig.seen("primary")] == [500, 200]
    assert rig.seen("spare") == []


@pytest.mark.parametrize("fault", ["unavailable", "reset"])
def test_4_and_5_a_persistent_503_and_a_reset_fail_over_inside_the_deadline(
    rig: ClientRig, words: str, fault: str
) -> None:
    rig.has("primary", fault)
    outcome = rig.ask()
    kept(outcome, words, "spare")
    assert len(rig.seen("primary")) <= 3
    assert outcome.elapsed_s < BUSY_S
    if fault == "unavailable" or not rig.streamed:  # a stream's head tells of who began it
        assert outcome.headers["x-litellm-attempted-fallbacks"] == "1"
        assert outcome.headers["x-litellm-model-group"] == "backup"


def test_6_who_never_answers_is_not_asked_again(rig: ClientRig, words: str) -> None:
    rig.has("primary", "silent")
    outcome = rig.ask()
    kept(outcome, words, "spare")
    assert outcome.elapsed_s < 15 + BUSY_S
    kept(rig.ask(), words, "spare")
    assert len(rig.seen("primary")) == 1


def test_7_a_late_first_token_fails_over(rig: ClientRig, words: str) -> None:
    rig.has("primary", "slow-first-token; seconds=20")
    outcome = rig.ask()
    kept(outcome, words, "spare")
    limit_s = 10 if rig.streamed else 15
    assert limit_s - 0.1 <= outcome.elapsed_s < limit_s + BUSY_S
    assert len(rig.seen("primary")) == 1


def test_8_a_cut_stream_is_whole_all_the_same(rig: ClientRig, words: str) -> None:
    rig.has("primary", "cut; after=40")
    kept(rig.ask(), words, "spare")
    assert len(rig.seen("spare")) == 1
    assert rig.in_flight == 0


def test_8_a_cut_stream_that_nobody_repeats_ends_in_an_error_after_what_was_shown(
    streaming: ClientRig, words: str
) -> None:
    streaming.has("primary", "cut; after=40")
    streaming.has("spare", "unavailable")
    outcome = streaming.ask()
    assert outcome.text.split() == words.split()[:40]
    assert not isinstance(outcome.failure, openai.APIStatusError)  # it came inside the stream
    assert outcome.finish is None
    assert outcome.attempts[0].outcome == "cut"
    assert not any(record.billed for record in outcome.attempts)
    assert outcome.record.error is not None
    assert streaming.in_flight == 0


def test_9_a_stalled_answer_fails_over_and_the_next_call_is_quick(rig: ClientRig, words: str) -> None:
    rig.has("primary", "stall; after=40")
    outcome = rig.ask()
    kept(outcome, words, "spare")
    assert outcome.elapsed_s < 15 + BUSY_S
    after = rig.ask()
    kept(after, words, "spare")
    assert after.elapsed_s < BUSY_S
    assert rig.in_flight == 0


def test_10_an_event_that_cannot_be_read_is_skipped(streaming: ClientRig, words: str) -> None:
    streaming.has("primary", "malformed-event")
    kept(streaming.ask(), words, "primary")
    assert len(streaming.seen("primary")) == 1


def test_11_without_its_end_mark_a_stream_ends_promptly_and_with_usage(streaming: ClientRig, words: str) -> None:
    streaming.has("primary", "missing-done; end=20")
    outcome = streaming.ask()
    kept(outcome, words, "primary")
    assert outcome.elapsed_s < 5 + BUSY_S
    assert outcome.usage.completion_tokens == 61


def test_12_a_prompt_that_is_too_long_is_not_sent_at_the_same_size_again(rig: ClientRig, words: str) -> None:
    small, large = {"max_input_tokens": 8192}, {"max_input_tokens": 131072}
    rig.entries = [
        rig.entry("primary", info=small, order=1),
        rig.entry("twin", info=small, order=2),
        rig.entry("spare", "backup", info=large),
    ]
    rig.has("primary", "context-length")
    kept(rig.ask(), words, "spare")
    assert (len(rig.seen("primary")), len(rig.seen("twin"))) == (1, 0)


def test_12_with_no_larger_window_the_error_says_so(rig: ClientRig) -> None:
    small = {"max_input_tokens": 8192}
    rig.entries = [rig.entry("primary", info=small), rig.entry("spare", "backup", info=small)]
    rig.has("primary", "context-length")
    error = rig.ask().failure
    assert isinstance(error, openai.BadRequestError)
    assert error.code == "context_length_exceeded"
    assert len(rig.seen("primary")) == 1
    assert rig.seen("spare") == []


def test_13_refused_content_goes_nowhere_else(rig: ClientRig) -> None:
    rig.has("primary", "content-filter")
    error = rig.ask().failure
    assert isinstance(error, openai.BadRequestError)
    assert error.code == "content_filter"
    assert "refused by the content filter" in error.message
    assert (len(rig.seen("primary")), len(rig.seen("spare"))) == (1, 0)


def test_13_only_a_fallback_for_refused_content_routes_around_it(rig: ClientRig, words: str) -> None:
    rig.entries.append(rig.entry("lenient", "lenient"))
    rig.settings["content_policy_fallbacks"] = [{"main": ["lenient"]}]
    rig.has("primary", "content-filter")
    kept(rig.ask(), words, "lenient")
    assert rig.seen("spare") == []


@pytest.mark.parametrize("declared", [False, True])
def test_14_a_fallback_that_rejects_prefill_begins_again(streaming: ClientRig, words: str, declared: bool) -> None:
    streaming.entries[1] = streaming.entry("spare", "backup", info={"supports_assistant_prefill": declared})
    streaming.has("primary", "cut; after=40")
    streaming.has("spare", "no-prefill")
    kept(streaming.ask(), words, "spare")
    assert [seen.prefilled for seen in streaming.seen("spare")] == [True, False][not declared :]


def test_14_a_fallback_that_supports_prefill_goes_on(streaming: ClientRig, words: str) -> None:
    streaming.entries[1] = streaming.entry("spare", "backup", info={"supports_assistant_prefill": True})
    streaming.has("primary", "cut; after=40")
    kept(streaming.ask(), words, "spare")
    assert [seen.prefilled for seen in streaming.seen("spare")] == [True]


def test_15_a_flapping_primary_is_probed_sparingly_and_back_within_thirty_seconds(rig: ClientRig, words: str) -> None:
    rig.has("primary", "unavailable")
    by: list[tuple[int, Any]] = []
    for since in range(0, 100, 4):
        if since == 60:
            down = len(rig.seen("primary"))
            rig.is_well("primary")
        outcome = rig.ask()
        by.append((since, outcome.by))
        kept(outcome, words, str(outcome.by))
        rig.jumps(4)
    assert {id for since, id in by if since < 60} == {"spare"}
    assert down <= 9
    back = next(since for since, id in by if id == "primary")
    assert back <= 90
    assert {id for since, id in by if since >= back} == {"primary"}


def test_16_the_model_that_served_is_told_and_no_failed_attempt_is_billed(rig: ClientRig, words: str) -> None:
    rig.has("primary", "unavailable")
    outcome = rig.ask()
    kept(outcome, words, "spare")
    *failed, _ = outcome.attempts
    assert [record.cost for record in failed] == [None] * len(failed)
    expected = outcome.usage.prompt_tokens * Decimal("1e-6") + outcome.usage.completion_tokens * Decimal("2e-6")
    assert outcome.record.dollars == expected
    assert outcome.headers["x-litellm-model-id"] == "spare"
    assert int(outcome.headers["x-litellm-attempted-retries"]) == len(failed) - 1
    if not rig.streamed:  # the cost of a stream is not known when its headers are sent
        assert Decimal(outcome.headers["x-litellm-response-cost"]) == expected


def test_16_the_vendors_own_name_for_the_model_is_told(rig: ClientRig, words: str) -> None:
    rig.has("primary", "wrong-model; model=somebody-else")
    outcome = rig.ask()
    assert (outcome.text, outcome.model, outcome.by) == (words, "somebody-else", "primary")


def test_every_attempt_is_logged_and_no_message_of_a_vendors(rig: ClientRig, words: str) -> None:
    rig.has("primary", "unavailable")
    told = line(rig.ask().record, datetime.now(UTC))
    assert [attempt["model_id"] for attempt in told["attempts"]][-1] == "spare"
    assert {attempt.get("error") for attempt in told["attempts"]} == {"ServiceUnavailableError", None}
    assert words not in str(told)
    assert "cannot answer" not in str(told)
