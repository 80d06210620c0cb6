"""A leg that was asked to go on, and what it turns out to do."""

from __future__ import annotations

from typing import Any

import pytest

from litellm_lite.router.mending import Diverged, Mender

JSON = dict[str, Any]

PROSE = "The sky is blue because air scatters short waves."
STOP: JSON = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}


def said(content: str | None = None, **delta: Any) -> JSON:
    spoken = delta if content is None else {"content": content, **delta}
    return {"choices": [{"index": 0, "delta": spoken, "finish_reason": None}]}


def feed(mender: Mender, *chunks: JSON | str) -> list[JSON]:
    return [shown for each in chunks for shown in mender.feed(said(each) if isinstance(each, str) else each)]


def after(text: str) -> Mender:
    """Return a mender that has shown that text and now listens to a continuation."""
    mender = Mender()
    feed(mender, text)
    mender.splice("continuation")
    return mender


def test_a_continuation_is_shown_without_its_role():
    mender = after(PROSE)
    assert feed(mender, said(role="assistant", content=""), said()) == []
    assert not mender.spoke
    assert feed(mender, " So", " it is.", STOP) == [said(" So"), said(" it is."), STOP]
    assert mender.shown().text == PROSE + " So it is."


def test_a_server_that_starts_over_is_taken_for_a_restart():
    mender = after(PROSE)
    assert feed(mender, said(role="assistant"), "The sky", " is blue because air", " scatters short waves.") == []
    assert not mender.spoke
    assert feed(mender, " So", STOP) == [said(" So"), STOP]


def test_a_server_that_starts_over_in_one_chunk_is_cut():
    assert feed(after(PROSE), PROSE + " So") == [said(" So")]


def test_a_server_that_starts_over_and_differs_shows_nothing():
    mender = after(PROSE)
    feed(mender, "The sky is blue", " because")
    with pytest.raises(Diverged, match="at character 25 of the 49 of text"):
        feed(mender, " the air")
    assert mender.shown().text == PROSE


def test_a_server_that_starts_over_and_ends_early_shows_nothing():
    mender = after(PROSE)
    feed(mender, "The sky is blue because")
    with pytest.raises(Diverged):
        feed(mender, STOP)


def test_fifteen_characters_in_common_are_a_continuation():
    mender = after(PROSE)
    assert feed(mender, "The sky is", " blue") == []
    assert feed(mender, ", too") == [said("The sky is"), said(" blue"), said(", too")]


def test_an_end_decides_for_a_continuation():
    assert feed(after(PROSE), "The", STOP) == [said("The"), STOP]
    mender = after(PROSE)
    assert feed(mender, "The") == []
    assert mender.end() == [said("The")]


def test_a_continuation_with_nothing_to_add_shows_its_finish():
    assert feed(after(PROSE), said(role="assistant"), STOP) == [STOP]


@pytest.mark.parametrize("short", ["Sure", "Hello", "1, 2"])
def test_of_a_short_text_all_decides(short):
    assert feed(after(short), short[:2], short[2:], "!") == [said("!")]
    assert feed(after(short), short[:2], "x") == [said(short[:2]), said("x")]


@pytest.mark.parametrize("plain", ["1", "\n", "ha ", "-" * 40, "| " * 20])
def test_a_leg_that_says_a_plain_text_again_could_be_either_and_is_refused(plain):
    mender = after("x" + plain[1:] if plain == "\n" else plain)
    with pytest.raises(Diverged, match="too plain to tell"):
        feed(mender, mender.shown().text)


def test_of_a_text_that_begins_plainly_more_is_awaited():
    rule = "=" * 30
    assert feed(after(rule + " Title"), rule, "\n") == [said(rule), said("\n")]
    assert feed(after(rule + " Title"), rule, " Title", ":") == [said(":")]


def test_reasoning_before_a_continuation_waits_until_it_is_one():
    mender = after(PROSE)
    assert feed(mender, said(reasoning="Where was I?")) == []
    assert feed(mender, " So") == [said(reasoning="Where was I?"), said(" So")]


def test_space_is_taken_out_behind_reasoning_too():
    mender = after("Look here:\n\n")
    reasoning = said(reasoning="A list.")
    assert feed(mender, reasoning, "\n", reasoning, "\n- a", "\n") == [reasoning, reasoning, said("- a"), said("\n")]


def test_unknown_fields_and_events_of_a_continuation_are_shown():
    mender = after(PROSE)
    feed(mender, said(citations=["u"]), {"choices": [], "usage": {"total_tokens": 1}})
    assert feed(mender, " So", said(citations=["v"])) == [said(citations=["u"]), said(" So"), said(citations=["v"])]
    assert feed(mender, STOP) == [{"choices": [], "usage": {"total_tokens": 1}}, STOP]


def test_a_tool_call_decides_for_a_continuation():
    call = said(tool_calls=[{"index": 0}])
    assert feed(after(PROSE), "The", call) == [said("The"), call]


def test_another_choice_passes_and_is_not_compared():
    other: JSON = {"choices": [{"index": 1, "delta": {"content": "The"}, "finish_reason": None}]}
    mender = after("Look:\n")
    assert feed(mender, other, "\n- a") == [other, said("- a")]


# The space at the end of the text is not sent, so that a continuation says it again


@pytest.mark.parametrize(
    ("pieces", "seen"),
    [
        (["\n\n- a", "\n- b"], "- a\n- b"),
        (["\n", "\n", "- a"], "- a"),
        (["\n", "- a"], "- a"),
        (["\n\n\n- a"], "\n- a"),
        (["- a"], "- a"),
        ([" - a", "\n\n"], " - a\n\n"),
        (["\n", " \n- a"], " \n- a"),
    ],
)
def test_space_that_is_repeated_is_taken_out(pieces, seen):
    mender = after("Look here, please:\n\n")
    shown = feed(mender, said(role="assistant"), *pieces)
    assert "".join(chunk["choices"][0]["delta"]["content"] for chunk in shown) == seen


def test_space_alone_is_no_token():
    mender = after("Look:\n\n")
    assert feed(mender, "\n\n") == []
    assert not mender.spoke
    assert feed(mender, STOP) == [STOP]


# Several breaks


def test_a_continuation_that_fails_unheard_is_followed_by_another():
    mender = after(PROSE)
    feed(mender, "The sky")
    mender.drop()
    assert feed(mender, " So") == [said(" So")]


def test_a_restart_may_follow_a_continuation_and_the_other_way_round():
    mender = after("The sky is")
    feed(mender, " blue")
    mender.splice("restart")
    assert feed(mender, "The sky", " is blue because") == [said(" because")]
    mender.splice("continuation")
    assert feed(mender, " air", STOP) == [said(" air"), STOP]
    assert mender.shown().text == "The sky is blue because air"
