"""Whatever a chat streams, its pieces in any order: blocks in their bounds, and the Message of the whole answer."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite.bridges.messages import answer
from litellm_lite.chunks import join
from tests.bridges.messages.shapes import BODY, ID, JSON
from tests.bridges.messages.test_events import USED, accumulated, calling, events_of, piece

TEXTS = st.text(min_size=1, max_size=12) | st.text('"\\\\{}[]', min_size=1, max_size=6)
ARGUMENTS = st.dictionaries(TEXTS, st.none() | st.booleans() | st.integers(-9, 9) | TEXTS, max_size=3)
CALLS = st.lists(st.tuples(TEXTS, ARGUMENTS), max_size=4)


@st.composite
def pieces(draw: st.DrawFn, text: str) -> list[str]:
    """Cut a text anywhere, and sometimes nowhere."""
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=5)))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


@st.composite
def streams(draw: st.DrawFn) -> list[JSON]:
    """The chunks of an answer: reasoning, text, and calls whose pieces are mixed at random."""
    chunks = [piece({"role": "assistant", "content": ""})]
    for name in ("reasoning_content", "content"):
        chunks += [piece({name: part}) for part in draw(pieces(draw(st.just("") | TEXTS)))]
    lines = [_call(draw, index, *made) for index, made in enumerate(draw(CALLS))]
    chunks += [line[0] for line in lines]
    waiting = [line[1:] for line in lines if line[1:]]
    while waiting:
        line = draw(st.sampled_from(waiting))
        chunks.append(line.pop(0))
        waiting = [line for line in waiting if line]
    finish = draw(st.sampled_from(["stop", "tool_calls", "content_filter"]))
    return [*chunks, piece(finish=finish), USED]


def _call(draw: st.DrawFn, index: int, name: str, arguments: JSON) -> list[JSON]:
    first, *rest = draw(pieces(orjson.dumps(arguments).decode()))
    return [calling(index, first, name, f"call_{index}"), *(calling(index, part) for part in rest)]


@given(streams())
def test_the_events_make_the_message_that_the_whole_answer_makes(chunks: list[JSON]) -> None:
    events = events_of(*chunks)
    whole = join(chunks)
    assert whole is not None
    assert accumulated(events) == answer(whole, BODY, id=ID)


@given(streams(), st.randoms())
def test_no_order_of_the_pieces_breaks_the_order_of_the_blocks(chunks: list[JSON], random: Any) -> None:
    beginning, end = chunks[:-2], chunks[-2:]
    firsts = {index for index, chunk in enumerate(beginning) if '"name"' in orjson.dumps(chunk).decode()}
    loose = [
        chunk for index, chunk in enumerate(beginning) if index not in firsts and "tool_calls" not in delta_of(chunk)
    ]
    bound = [chunk for index, chunk in enumerate(beginning) if index in firsts or "tool_calls" in delta_of(chunk)]
    mixed: list[JSON] = []
    while loose or bound:
        source: list[JSON] = random.choice([line for line in (loose, bound) if line])
        mixed.append(source.pop(0))
    events = events_of(*mixed, *end)
    whole = join([*mixed, *end])
    assert whole is not None
    expected, made = answer(whole, BODY, id=ID), accumulated(events)
    assert said_in(made) == said_in(expected)
    assert [block for block in made["content"] if block["type"] == "tool_use"] == [
        block for block in expected["content"] if block["type"] == "tool_use"
    ]


def delta_of(chunk: JSON) -> JSON:
    delta: JSON = chunk["choices"][0]["delta"]
    return delta


def said_in(message: JSON) -> dict[str, str]:
    """Return the text of a Message, and its thinking, whatever blocks they came in."""
    return {
        kind: "".join(block[kind] for block in message["content"] if block["type"] == kind)
        for kind in ("text", "thinking")
    }
