"""What the caller sees of the legs of one answer."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from litellm_lite.router.deployment import Deployment, Prefill
from litellm_lite.router.mending import Diverged, Mender, Shown, continuation

JSON = dict[str, Any]

USAGE: JSON = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 9}}
ROLE: JSON = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]}
STOP: JSON = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
CALL = [{"index": 0, "id": "c1", "function": {"name": "f", "arguments": ""}}]


def said(content: str | None = None, *, index: int = 0, finish: str | None = None, **delta: Any) -> JSON:
    spoken = delta if content is None else {"content": content, **delta}
    return {"choices": [{"index": index, "delta": spoken, "finish_reason": finish}]}


def feed(mender: Mender, *chunks: JSON | str) -> list[JSON]:
    return [shown for each in chunks for shown in mender.feed(said(each) if isinstance(each, str) else each)]


def text(chunks: list[JSON], field: str = "content") -> str:
    return "".join(choice["delta"].get(field) or "" for chunk in chunks for choice in chunk["choices"])


def broken(*chunks: JSON | str, kind: Any = "restart") -> Mender:
    """Return a mender whose first leg broke off after those chunks, and a leg of that kind takes over."""
    mender = Mender()
    feed(mender, *chunks)
    mender.splice(kind)
    return mender


def declared(prefill: Prefill | None) -> Deployment:
    return Deployment(id="d", group="g", model="openai/m", provider="openai", prefill=prefill)


# A first leg


def test_what_comes_before_the_first_token_is_shown_with_it():
    mender = Mender()
    empty = said()
    assert feed(mender, ROLE, empty) == []
    assert not mender.spoke
    assert feed(mender, "The") == [ROLE, empty, said("The")]
    assert mender.spoke


@pytest.mark.parametrize(
    "token",
    [
        said("x"),
        said(reasoning_content="x"),
        said(reasoning="x"),
        said(tool_calls=CALL),
        said(function_call={"name": "f"}),
        said(refusal="no"),
        said(audio={"data": "AA=="}),
        STOP,
    ],
)
def test_every_kind_of_token_opens_a_stream(token):
    mender = Mender()
    assert feed(mender, ROLE, token) == [ROLE, token]
    assert mender.spoke


def test_a_stream_that_never_breaks_passes_untouched():
    chunks = [said("a"), said(), said("b", citations=["u"]), {"choices": [], "x": 1}, STOP, USAGE]
    mender = Mender()
    shown = feed(mender, *chunks)
    assert all(passed is chunk for passed, chunk in zip(shown, chunks, strict=True))
    assert mender.end() == []


def test_a_leg_that_fails_before_its_first_token_leaves_no_trace():
    mender = Mender()
    feed(mender, ROLE)
    mender.drop()
    assert feed(mender, said(role="assistant"), "Hi") == [said(role="assistant"), said("Hi")]


def test_an_answer_without_a_token_is_shown_at_its_end():
    mender = Mender()
    feed(mender, ROLE, {"choices": [{"delta": {}}]})
    assert mender.end() == [ROLE, {"choices": [{"delta": {}}]}]


# Nothing shown before the whole


def test_a_held_stream_is_shown_at_its_end_and_not_before():
    chunks = [ROLE, said("a"), said("b"), STOP, USAGE]
    mender = Mender(hold=True)
    assert feed(mender, *chunks) == []
    assert mender.spoke
    assert mender.end() == chunks


@pytest.mark.parametrize("token", [said("secret"), said(tool_calls=CALL)])
@pytest.mark.parametrize("kind", ["continuation", "restart", None])
def test_a_held_leg_that_fails_is_forgotten_and_another_starts_from_nothing(token, kind):
    mender = Mender(hold=True, spliceable=False)
    feed(mender, ROLE, token)
    assert mender.shown() == Shown("", "", None)
    mender.drop() if kind is None else mender.splice(kind)
    assert not mender.spoke
    feed(mender, "other", STOP)
    assert mender.end() == [said("other"), STOP]


# What can never be mended


@pytest.mark.parametrize(
    ("chunk", "flaw"),
    [
        (said(tool_calls=CALL), "it calls tools"),
        (said(function_call={"name": "f"}), "it calls a function"),
        (said(refusal="no"), "it is a refusal"),
        (said(audio={"data": "AA=="}), "it holds sound"),
        (said(images=[{}]), "it holds images"),
        (said("b", index=1), "it has several choices"),
        (said("b", finish="length"), "its finish reason was shown"),
    ],
)
def test_some_streams_are_never_spliced(chunk, flaw):
    mender = Mender()
    feed(mender, "a", chunk, said(content=None))
    assert mender.shown().flaw == flaw
    with pytest.raises(ValueError, match=flaw):
        mender.splice("restart")


@pytest.mark.parametrize(
    ("why", "flaw"), [("JSON was asked for", "JSON was asked for"), ("", "the request does not allow it")]
)
def test_a_request_may_forbid_to_splice_once_something_was_shown(why, flaw):
    mender = Mender(spliceable=False, why_not=why)
    feed(mender, ROLE)
    mender.drop()
    feed(mender, ROLE, "{")
    assert mender.shown() == Shown("{", "", flaw)


def test_nulls_are_no_flaw_and_only_choice_0_is_kept():
    mender = Mender()
    feed(mender, said("a", refusal=None, tool_calls=None, audio=None), {"choices": [{"delta": {"content": "b"}}]})
    assert mender.shown() == Shown("ab", "", None)
    feed(mender, said("other", index=1, reasoning="r"))
    assert mender.shown() == Shown("ab", "", "it has several choices")


# Restarts


def test_a_restart_is_cut_where_it_goes_beyond():
    mender = broken("The sky", " is bl")
    assert feed(mender, ROLE, "The s", said(), "ky is") == []
    assert not mender.spoke
    assert feed(mender, " blue because", " air.", STOP, USAGE) == [said("ue because"), said(" air."), STOP, USAGE]
    assert mender.shown().text == "The sky is blue because air."
    assert mender.spoke


def test_a_restart_that_differs_is_named_by_the_place_alone():
    mender = broken("The sky is blue")
    with pytest.raises(Diverged) as caught:
        feed(mender, "The sky", " was grey")
    assert str(caught.value) == "the restart differs at character 9 of the 15 of text shown"
    assert not caught.value.retryable
    assert mender.shown().text == "The sky is blue"


def test_another_restart_may_follow_one_that_differed():
    mender = broken("The sky is blue")
    with pytest.raises(Diverged):
        feed(mender, "The sea")
    mender.splice("restart")
    assert feed(mender, "The sky is blue.") == [said(".")]


@pytest.mark.parametrize("end", [STOP, said("sky", finish="stop"), said(tool_calls=CALL), said("b", index=1)])
def test_a_restart_that_turns_elsewhere_before_it_repeated_all_differs(end):
    mender = broken("The sky is blue")
    with pytest.raises(Diverged, match=r"at character \d+ of the 15 of text"):
        feed(mender, "The ", end)


def test_a_restart_whose_body_ends_early_differs():
    mender = broken("The sky is blue")
    feed(mender, "The sky")
    with pytest.raises(Diverged, match="at character 8 of the 15"):
        mender.end()


@pytest.mark.parametrize("last", [[said("blue"), STOP], [said("blue", finish="stop")]])
def test_a_restart_that_says_exactly_what_was_shown_shows_its_finish(last):
    mender = broken("The sky is blue")
    assert feed(mender, "The sky is ", *last) == [STOP]
    assert mender.end() == []


def test_a_restart_may_call_tools_after_what_was_shown():
    mender = broken("Let me look.")
    call = said(tool_calls=CALL)
    assert feed(mender, "Let me look.", call) == [call]
    assert mender.shown().flaw == "it calls tools"


def test_a_restart_may_have_another_choice_after_what_was_shown():
    mender = broken("ab")
    both = {"choices": [*said("abc")["choices"], *said("other", index=1)["choices"]]}
    assert feed(mender, both) == [{"choices": [*said("c")["choices"], *said("other", index=1)["choices"]]}]


def test_reasoning_is_repeated_beside_the_text_under_either_name():
    mender = broken(said(reasoning_content="Hmm, "), said(reasoning="so"), "Yes")
    assert feed(mender, said(reasoning="Hmm, so"), "Y") == []
    assert feed(mender, "es, indeed") == [said(", indeed")]
    assert mender.shown() == Shown("Yes, indeed", "Hmm, so", None)


def test_more_reasoning_than_was_shown_waits_until_the_text_is_repeated():
    mender = broken(said(reasoning="Hmm"), "Yes")
    assert feed(mender, said(reasoning="Hmm, so"), "Yes") == []
    assert not mender.spoke
    assert feed(mender, "!") == [said(reasoning=", so"), said("!")]


def test_text_before_the_reasoning_was_repeated_is_a_difference():
    mender = broken(said(reasoning="Hmm, so"))
    feed(mender, said(reasoning="Hmm"))
    with pytest.raises(Diverged, match="at character 4 of the 7 of reasoning"):
        feed(mender, "Yes")


def test_reasoning_that_is_no_text_is_an_unknown_field():
    mender = broken(said("a", reasoning={"effort": 1}))
    assert feed(mender, said("ab", reasoning={"effort": 2})) == [said("b")]
    assert mender.shown() == Shown("ab", "", None)


def test_unknown_fields_of_the_repeated_part_are_dropped():
    mender = broken("ab")
    assert feed(mender, said("a", citations=["u"]), said(citations=["u"]), {"choices": [], "x": 1}) == []
    assert feed(mender, said("bc", citations=["v"]), said("d", x=1)) == [said("c", citations=["v"]), said("d", x=1)]


def test_cutting_changes_no_chunk():
    mender = broken("ab")
    chunk = said("abc", role="assistant")
    before = copy.deepcopy(chunk)
    feed(mender, chunk)
    assert chunk == before


@pytest.mark.parametrize(
    ("tokens", "kept"),
    [
        (["a", "b", "c", "d"], ["c", "d"]),
        (["a", "bc", "d"], ["d"]),  # what was shown half has no logprob
        (["ab", "cd"], ["cd"]),
        (["abcd"], None),
        (["a", "other"], None),
        ([1, 2], None),
        ([{}], None),
    ],
)
def test_logprobs_of_what_was_shown_are_dropped(tokens, kept):
    mender = broken("ab")
    chunk = said("abcd")
    told = [token if isinstance(token, dict) else {"token": token} for token in tokens]
    chunk["choices"][0]["logprobs"] = {"content": told}
    [shown] = feed(mender, chunk)
    expected = kept and {"content": [{"token": token} for token in kept]}
    assert shown["choices"][0]["logprobs"] == expected


def test_logprobs_of_an_uncut_text_stay():
    mender = broken(said(reasoning="a"))
    chunk = said("x", reasoning="ab")
    chunk["choices"][0]["logprobs"] = {"content": [{"token": "x"}]}
    [shown] = feed(mender, chunk)
    assert shown["choices"][0] == {**chunk["choices"][0], "delta": {"content": "x", "reasoning": "b"}}


def test_a_restart_that_breaks_while_it_repeats_changes_nothing():
    mender = broken("The sky is")
    feed(mender, "The sk")
    mender.drop()
    assert mender.shown().text == "The sky is"
    assert feed(mender, "The sky is blue") == [said(" blue")]


# Usage


def test_usage_is_shown_of_the_leg_that_finishes_only():
    mender = Mender()
    assert feed(mender, "ab", {"choices": [], "usage": {"completion_tokens": 1}}) == [said("ab")]
    mender.splice("restart")
    assert feed(mender, USAGE, "ab", "c") == [said("c")]
    assert feed(mender, STOP) == [USAGE, STOP]
    assert mender.end() == []


def test_usage_that_came_before_a_body_without_finish_is_shown_at_its_end():
    mender = Mender()
    feed(mender, "a", USAGE)
    assert mender.end() == [USAGE]


# Helpers of the Router


def test_a_continuation_is_asked_for_with_the_text_as_last_message():
    messages = [{"role": "user", "content": "Why?"}]
    prefill = Prefill({"prefix": True}, {"add_generation_prompt": False})
    asked, body = continuation(messages, Shown("The sky is \n", "", None), prefill)
    assert asked == [*messages, {"role": "assistant", "content": "The sky is", "prefix": True}]
    assert body == {"add_generation_prompt": False}
    assert len(messages) == 1


def test_a_text_that_the_caller_began_himself_is_gone_on_with():
    messages = [{"role": "assistant", "content": "Well, ", "name": "n"}]
    asked, _ = continuation(messages, Shown("the sky", "", None), Prefill())
    assert asked == [{"role": "assistant", "content": "Well, the sky", "name": "n"}]
    assert messages == [{"role": "assistant", "content": "Well, ", "name": "n"}]


@pytest.mark.parametrize("last", [{"content": None, "tool_calls": CALL}, {"content": [{"type": "text", "text": "x"}]}])
def test_an_assistant_message_that_is_no_plain_text_stays_as_it_is(last):
    messages = [{"role": "assistant", **last}]
    asked, _ = continuation(messages, Shown("x", "", None), Prefill())
    assert asked == [*messages, {"role": "assistant", "content": "x"}]


@pytest.mark.parametrize(
    ("shown", "may"),
    [
        (Shown("x", "", None), True),
        (Shown("x", "reasoning", None), False),
        (Shown("x", "", "it calls tools"), False),
        (Shown(" \n", "", None), False),
        (Shown("", "", None), False),
    ],
)
def test_only_text_is_continued_and_only_where_declared(shown, may):
    assert shown.continues(declared(Prefill())) is may
    assert not shown.continues(declared(None))
