"""Whatever the text, wherever it breaks and however it is cut into chunks: nothing twice, nothing lost."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from litellm_lite.chunks import join
from litellm_lite.router.deployment import Prefill
from litellm_lite.router.mending import Diverged, Mender, continuation

JSON = dict[str, Any]
USER = [{"role": "user", "content": "Why?"}]

# Surrogates alone, half an emoji, a combining mark, and texts that are hard to tell apart.
anything = st.text(st.characters(), min_size=1, max_size=60)
awkward = st.text(st.sampled_from("ab \n\u0301\u200d\ud83d👩e"), min_size=1, max_size=60)
texts = anything | awkward


def said(content: str | None = None, *, finish: str | None = None, **delta: Any) -> JSON:
    spoken = delta if content is None else {"content": content, **delta}
    return {"choices": [{"index": 0, "delta": spoken, "finish_reason": finish}]}


@st.composite
def pieces_of(draw: st.DrawFn, text: str) -> list[str]:
    """Cut a text anywhere, with empty pieces now and then."""
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    return [text[begin:end] for begin, end in pairwise([0, *places, len(text)])]


@st.composite
def legs(draw: st.DrawFn, text: str, *, finished: bool = True, reasoning: str = "") -> list[JSON]:
    """A leg that says a text, chunked anyhow, with the noise that vendors add."""
    noise = st.sampled_from([said(), said(role="assistant", content=""), said(content=None)])
    chunks = [said(reasoning_content=piece) for piece in draw(pieces_of(reasoning))]
    chunks += [said(piece) for piece in draw(pieces_of(text))]
    for place in draw(st.lists(st.integers(0, len(chunks)), max_size=4)):
        chunks.insert(place, draw(noise))
    if finished:
        chunks[-1:] = draw(st.sampled_from([[chunks[-1], said(finish="stop")], [_with_finish(chunks[-1])]]))
        chunks.append({"choices": [], "usage": {"total_tokens": len(text)}})
    return [said(role="assistant", content=""), *chunks]


def _with_finish(chunk: JSON) -> JSON:
    return {"choices": [{**chunk["choices"][0], "finish_reason": "stop"}]}


def feed(mender: Mender, chunks: list[JSON]) -> list[JSON]:
    return [shown for chunk in chunks for shown in mender.feed(chunk)]


def answer(chunks: list[JSON]) -> tuple[str, str, str | None, int | None]:
    """Return what the caller ends up with: text, reasoning, why it ended, and the usage."""
    whole = join(chunks)
    assert whole is not None
    message, usage = whole["choices"][0]["message"], whole["usage"]
    reason = whole["choices"][0]["finish_reason"]
    return message["content"] or "", message.get("reasoning_content") or "", reason, usage and usage["total_tokens"]


@given(st.data(), texts)
def test_a_stream_that_never_breaks_is_shown_as_it_is(data, text):
    chunks = data.draw(legs(text))
    mender = Mender(hold=data.draw(st.booleans()))
    assert [*feed(mender, chunks), *mender.end()] == chunks


@given(st.data(), texts, st.text(max_size=20))
def test_cut_and_restarted_any_number_of_times_it_is_shown_once(data, text, reasoning):
    mender, shown = Mender(), []
    for place in data.draw(st.lists(st.integers(0, len(text)), min_size=1, max_size=4)):
        told = reasoning if place else reasoning[: data.draw(st.integers(0, len(reasoning)))]
        shown += feed(mender, data.draw(legs(text[:place], finished=False, reasoning=told)))
        assert text.startswith(mender.shown().text)
        mender.splice("restart")
    shown += feed(mender, data.draw(legs(text, reasoning=reasoning))) + mender.end()
    assert answer(shown) == (text, reasoning, "stop", len(text))


@given(st.data(), texts)
def test_cut_and_continued_any_number_of_times_it_is_shown_once(data, text):
    mender, begin, seen = Mender(), 0, []
    for place in sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=1, max_size=3))):
        seen += feed(mender, data.draw(legs(text[begin : max(begin, place)], finished=False)))
        begin = _gone_on_with(mender, text)
    seen += feed(mender, data.draw(legs(text[begin:]))) + mender.end()
    assert answer(seen) == (text, "", "stop", len(text) - begin)


def _gone_on_with(mender: Mender, text: str) -> int:
    """Splice a continuation by a server that goes on from what it is sent, and return where that is."""
    shown = mender.shown()
    sent = continuation(USER, shown, Prefill())[0][-1]["content"]
    if not shown.text:
        mender.splice("restart")
        return 0
    assume(bool(sent))
    begin = len(sent)
    assume(not text[begin:].startswith(shown.text[:16]))  # it could not be told from one that starts over
    mender.splice("continuation")
    return begin


@given(st.data(), anything)
def test_a_server_that_ignores_the_prefill_is_shown_once(data, text):
    begun = data.draw(st.integers(1, len(text)))
    assume(len(set(text[: min(16, begun)])) >= 4)
    mender = Mender()
    shown = feed(mender, data.draw(legs(text[:begun], finished=False)))
    mender.splice("continuation")
    shown += feed(mender, data.draw(legs(text))) + mender.end()
    assert answer(shown) == (text, "", "stop", len(text))


@given(st.data(), texts)
def test_restarts_and_continuations_may_follow_each_other(data, text):
    first, second = sorted((data.draw(st.integers(1, len(text))), data.draw(st.integers(1, len(text)))))
    mender = Mender()
    shown = feed(mender, data.draw(legs(text[:first], finished=False)))
    mender.splice("restart")
    shown += feed(mender, data.draw(legs(text[:second], finished=False)))
    begin = _gone_on_with(mender, text)
    third = data.draw(st.integers(begin, len(text)))
    shown += feed(mender, data.draw(legs(text[begin:third], finished=False)))
    mender.splice("restart")
    shown += feed(mender, data.draw(legs(text))) + mender.end()
    assert answer(shown) == (text, "", "stop", len(text))


@given(st.data(), texts, texts)
def test_a_restart_that_differs_shows_not_a_character(data, text, other):
    begun = data.draw(st.integers(1, len(text)))
    assume(not other.startswith(text[:begun]))
    mender = Mender()
    feed(mender, data.draw(legs(text[:begun], finished=False)))
    mender.splice("restart")
    passed: list[list[JSON]] = []
    with pytest.raises(Diverged) as caught:
        passed.extend(map(mender.feed, data.draw(legs(other))))
    assert not any(passed)
    assert not mender.spoke
    same = next((at for at, (a, b) in enumerate(zip(text[:begun], other, strict=False)) if a != b), len(other))
    assert str(caught.value) == f"the restart differs at character {same + 1} of the {begun} of text shown"


@given(st.data(), texts, texts)
def test_a_held_stream_shows_nothing_of_a_leg_that_failed(data, failed, text):
    mender = Mender(hold=True)
    for _ in range(data.draw(st.integers(1, 3))):
        assert feed(mender, data.draw(legs(failed, finished=data.draw(st.booleans())))) == []
        mender.drop()
    whole = data.draw(legs(text))
    assert feed(mender, whole) == []
    assert mender.end() == whole


@given(st.data(), texts)
def test_a_stream_that_calls_tools_is_never_mended(data, text):
    chunks = data.draw(legs(text, finished=False))
    place = data.draw(st.integers(0, len(chunks)))
    call = said(tool_calls=[{"index": 0, "function": {"arguments": text}}])
    mender = Mender()
    feed(mender, [*chunks[:place], call, *chunks[place:]])
    assert mender.shown().flaw == "it calls tools"
    for kind in ("continuation", "restart"):
        with pytest.raises(ValueError, match="it calls tools"):
            mender.splice(kind)
