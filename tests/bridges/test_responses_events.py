"""The stream of a Response: every event in its place, and no success after a failure."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litellm_lite.bridges.responses import ResponseEvents, answer, conversation, to_bytes
from litellm_lite.chunks import join
from litellm_lite.errors import APIConnectionError, BadRequestError, RateLimitError
from tests.bridges.speaking import EVENTS, JSON, accumulated, call, called, chat, chunk, read_events, spoken, token
from tests.bridges.speaking import usage_chunk as told

ASKED = {"model": "m", "input": "Hi", "stream": True}


def responding(**asked: Any) -> ResponseEvents:
    return ResponseEvents({**ASKED, **asked}, id="resp_1", created=7)


def streamed(*chunks: JSON) -> list[JSON]:
    """The events of a whole stream, each read by OpenAI's types and all of them put together by its SDK."""
    events = responding()
    made = [event for each in chunks for event in events.feed(each)] + events.end(9)
    items, grown = accumulated(read_events(made))
    assert events.response is not None
    assert events.response == made[-1]["response"]
    assert items == events.response["output"]
    assert spoken(grown) == spoken(items)
    return made


def kinds(events: list[JSON]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events]


def places(events: list[JSON]) -> list[tuple[str, int]]:
    return [(kind, event["output_index"]) for kind, event in zip(kinds(events), events, strict=True) if "item" in event]


def output(events: list[JSON]) -> list[JSON]:
    items: list[JSON] = events[-1]["response"]["output"]
    return items


def test_a_text_comes_in_openais_order() -> None:
    made = streamed(
        chunk({"role": "assistant", "content": ""}), chunk({"content": "H"}), chunk({"content": "i"}),
        chunk({}, "stop"), told(),
    )  # fmt: skip
    assert kinds(made) == [
        "created", "in_progress", "output_item.added", "content_part.added", "output_text.delta",
        "output_text.delta", "output_text.done", "content_part.done", "output_item.done", "completed",
    ]  # fmt: skip
    assert [made[4]["delta"], made[5]["delta"], made[6]["text"]] == ["H", "i", "Hi"]
    assert {event["item_id"] for event in made if "item_id" in event} == {"msg_1"}
    assert made[-1]["response"]["usage"]["total_tokens"] == 5
    assert made[-1]["response"]["completed_at"] == 9
    assert (made[0]["response"]["status"], made[0]["response"]["output"]) == ("in_progress", [])


def test_the_first_chunk_begins_the_response_whatever_is_in_it() -> None:
    assert kinds(responding().feed(told())) == ["created", "in_progress"]


def test_reasoning_is_done_before_the_text_begins() -> None:
    made = streamed(chunk({"reasoning_content": "H"}), chunk({"reasoning": "m"}), chunk({"content": "Hi"}, "stop"))
    assert kinds(made)[2:10] == [
        "output_item.added", "content_part.added", "reasoning_text.delta", "reasoning_text.delta",
        "reasoning_text.done", "content_part.done", "output_item.done", "output_item.added",
    ]  # fmt: skip
    assert [item["type"] for item in output(made)] == ["reasoning", "message"]


def test_calls_whose_pieces_come_in_turn_stay_open_beside_each_other() -> None:
    made = streamed(
        chunk({"content": "See:"}), chunk(call(0, "c1", "f", "")), chunk(call(1, "c2", "g", '{"a"')),
        chunk(call(0, arguments="{}")), chunk(call(1, arguments=":1}")), chunk({}, "tool_calls"),
    )  # fmt: skip
    assert places(made) == [
        ("output_item.added", 0), ("output_item.done", 0), ("output_item.added", 1), ("output_item.added", 2),
        ("output_item.done", 1), ("output_item.done", 2),
    ]  # fmt: skip
    assert [(item["call_id"], item["arguments"]) for item in output(made)[1:]] == [("c1", "{}"), ("c2", '{"a":1}')]
    deltas = [(event["output_index"], event["delta"]) for event in made if "arguments.delta" in event["type"]]
    assert deltas == [(2, '{"a"'), (1, "{}"), (2, ":1}")]


def test_text_after_a_call_is_a_message_of_its_own() -> None:
    made = streamed(chunk({"content": "a"}), chunk(call(0, "c", "f", "{}")), chunk({"content": "b"}, "stop"))
    assert [(item["id"], item["type"]) for item in output(made)] == [
        ("msg_1", "message"), ("fc_1", "function_call"), ("msg_1_1", "message"),
    ]  # fmt: skip
    turn = {"role": "assistant", "content": "a\nb", "tool_calls": [called("c", "f", "{}")]}
    assert conversation(ASKED, [], made[-1]["response"]) == [turn]


def test_a_call_waits_for_its_name() -> None:
    made = streamed(
        chunk(call(0, "c", arguments='{"a"')), chunk(call(0, name="f")), chunk(call(0, arguments=":1}"), "stop")
    )
    assert [item["name"] for item in output(made)] == ["f"]
    assert [event["delta"] for event in made if "delta" in event] == ['{"a"', ":1}"]


def test_a_call_that_never_gets_a_name_is_told_all_the_same() -> None:
    made = streamed(chunk(call(0, "c", arguments="{}")), chunk({}, "tool_calls"))
    assert [(item["name"], item["arguments"]) for item in output(made)] == [("", "{}")]
    assert [(each["name"], each["arguments"]) for each in output(streamed(chunk(call(0, "c"), "tool_calls")))] == [
        ("", "")
    ]


@pytest.mark.parametrize("index", [None, 0])
def test_another_id_begins_another_call_where_vendors_do_not_count(index: int | None) -> None:
    made = streamed(
        chunk(call(index, "c1", "f", "{")), chunk(call(index, arguments="}")), chunk(call(index, "c2", "g", "[]")),
        chunk({}, "tool_calls"),
    )  # fmt: skip
    assert [(item["call_id"], item["arguments"]) for item in output(made)] == [("c1", "{}"), ("c2", "[]")]


def test_a_call_without_id_or_index_begins_with_its_name() -> None:
    made = streamed(chunk(call(name="f", arguments={})), chunk(call(name="g", arguments={"a": 1})), chunk({}, "stop"))
    assert [(item["call_id"], item["arguments"]) for item in output(made)] == [
        ("call_1", "{}"),
        ("call_1_1", '{"a":1}'),
    ]


def test_a_refusal_is_a_part_of_its_own() -> None:
    made = streamed(chunk({"content": "a"}), chunk({"refusal": "N"}), chunk({"refusal": "o"}), chunk({}, "stop"))
    assert kinds(made)[5:-1] == [
        "output_text.done", "content_part.done", "content_part.added", "refusal.delta", "refusal.delta",
        "refusal.done", "content_part.done", "output_item.done",
    ]  # fmt: skip
    assert [event["content_index"] for event in made if "content_index" in event] == [0] * 4 + [1] * 5
    assert output(made)[0]["content"][1] == {"type": "refusal", "refusal": "No"}


def test_annotations_have_an_event_of_their_own() -> None:
    cited = {"start_index": 0, "end_index": 2, "title": "t", "url": "https://x"}
    note = {"type": "url_citation", "url_citation": cited}
    made = streamed(chunk({"content": "Hi"}), chunk({"annotations": [note, note]}), chunk({}, "stop"))
    notes = [event for event in made if "annotation" in event]
    assert [event["annotation_index"] for event in notes] == [0, 1]
    assert output(made)[0]["content"][0]["annotations"] == [{"type": "url_citation", **cited}] * 2


def test_logprobs_come_with_the_text_they_belong_to() -> None:
    half = {"token": "\\xc3", "logprob": -1.0, "bytes": [0xC3], "top_logprobs": []}
    made = streamed(
        chunk({"content": ""}, logprobs={"content": [half]}),
        chunk({"content": "H"}, logprobs={"content": [token("H")]}),
        chunk({}, "stop"),
    )
    deltas = [event for event in made if event["type"] == "response.output_text.delta"]
    assert [[each["token"] for each in event["logprobs"]] for event in deltas] == [["\\xc3"], ["H"]]
    assert len(output(made)[0]["content"][0]["logprobs"]) == 2


def test_an_empty_answer_is_an_empty_text() -> None:
    made = streamed(chunk({"role": "assistant", "content": ""}), chunk({}, "stop"))
    assert output(made)[0]["content"][0]["text"] == ""
    assert kinds(made)[2:] == [
        "output_item.added", "content_part.added", "output_text.done", "content_part.done", "output_item.done",
        "completed",
    ]  # fmt: skip


@pytest.mark.parametrize(("finish", "reason"), [("length", "max_output_tokens"), ("content_filter", "content_filter")])
def test_an_answer_that_was_cut_short_ends_as_incomplete(finish: str, reason: str) -> None:
    made = streamed(chunk({"reasoning_content": "Hm"}), chunk({"content": "Hi"}, finish), told())
    assert kinds(made)[-1] == "incomplete"
    assert made[-1]["response"]["incomplete_details"] == {"reason": reason}
    assert [item["status"] for item in output(made)] == ["completed", "incomplete"]


def test_a_cut_stream_fails_and_never_ends_well() -> None:
    events = responding()
    begun = events.feed(chunk({"content": "Hi"}))
    made = begun + events.end()
    read_events(made)
    assert kinds(made)[-1] == "failed"
    assert made[-1]["response"]["error"]["code"] == "server_error"
    assert events.end() == events.feed(chunk({"content": "!"}, "stop")) == events.fail(APIConnectionError("x")) == []


def test_a_failure_keeps_what_had_come_as_incomplete() -> None:
    events = responding()
    for each in (chunk({"reasoning_content": "Hm"}), chunk({"content": "Hi"}), chunk(call(0, "c", arguments="{"))):
        events.feed(each)
    (last,) = events.fail(RateLimitError("slow down"))
    assert last["response"] == events.response
    assert last["response"]["status"] == "failed"
    assert last["response"]["error"] == {"code": "rate_limit_exceeded", "message": "slow down"}
    assert [(item["type"], item["status"]) for item in output([last])] == [
        ("reasoning", "completed"), ("message", "completed"),
    ]  # fmt: skip
    EVENTS["response.failed"].model_validate(last)


def test_what_was_open_at_a_failure_is_not_whole() -> None:
    events = responding()
    events.feed(chunk({"content": "Hi"}))
    (last,) = events.fail(BadRequestError("no"))
    assert [(item["status"], item["content"][0]["text"]) for item in output([last])] == [("incomplete", "Hi")]
    assert last["response"]["error"]["code"] == "invalid_prompt"


def test_a_failure_before_anything_began_is_an_error() -> None:
    events = responding()
    (only,) = read_events(events.fail(RateLimitError("slow down", code="rate_limit_exceeded", param="n")))
    assert (only.type, only.code, only.param, only.message) == ("error", "rate_limit_exceeded", "n", "slow down")
    assert events.response is None


def test_a_stream_in_which_nothing_came_is_an_error() -> None:
    assert kinds(responding().end()) == ["error"]


def test_another_choice_than_the_first_is_nobodys() -> None:
    assert (
        kinds(streamed(chunk({"content": "b"}, index=1), chunk({"content": "a"}, "stop"))).count("output_text.delta")
        == 1
    )


def test_events_are_written_with_their_names() -> None:
    written = to_bytes(responding().feed(chunk({"content": "Hi"}))[-1:])
    name, data, *end = written.decode().split("\n")
    assert (name, end) == ("event: response.output_text.delta", ["", ""])
    assert orjson.loads(data.removeprefix("data: "))["delta"] == "Hi"


def test_what_was_sent_does_not_change_afterwards() -> None:
    events = responding()
    sent: list[tuple[JSON, bytes]] = []
    note = {"type": "file_path", "file_id": "f", "index": 0}
    tokens = {"content": [token("a")]}
    for each in (
        chunk({"reasoning_content": "H"}), chunk({"content": "a"}, logprobs=tokens), chunk({"annotations": [note]}),
        chunk({"content": "b"}, logprobs=tokens), chunk({"refusal": "N"}), chunk(call(0, "c", "f", "{")),
        chunk(call(0, arguments="}")), chunk({}, "stop"),
    ):  # fmt: skip
        sent += [(event, orjson.dumps(event)) for event in events.feed(each)]
    sent += [(event, orjson.dumps(event)) for event in events.end()]
    assert all(orjson.dumps(event) == written for event, written in sent)


texts = st.text(min_size=1, max_size=8)


@st.composite
def streams(draw: st.DrawFn) -> list[JSON]:
    """The chunks of an answer, cut anywhere: reasoning, text, a refusal, and calls whose pieces come in any order."""
    chunks = [chunk({"role": "assistant", "content": draw(st.sampled_from(["", None]))})]
    thoughts = draw(st.lists(texts, max_size=3))
    name = draw(st.sampled_from(["reasoning_content", "reasoning"]))
    chunks += [chunk({name: piece}) for piece in thoughts]
    for piece in draw(st.lists(texts, max_size=4)):
        tokens = draw(st.none() | st.just({"content": [token(piece)]}))
        chunks.append(chunk({"content": piece}, logprobs=tokens))
    chunks += [chunk({"refusal": piece}) for piece in draw(st.lists(texts, max_size=2))]
    queues = []
    for index in range(draw(st.integers(0, 3))):
        pieces = [call(index, f"c{index}", draw(texts), draw(st.sampled_from(["", "{"])))]
        pieces += [call(index, arguments=piece) for piece in draw(st.lists(texts, max_size=3))]
        chunks.append(chunk(pieces.pop(0)))
        queues.append(pieces)
    order = draw(st.permutations([at for at, queue in enumerate(queues) for _ in queue]))
    chunks += [chunk(queues[at].pop(0)) for at in order]
    chunks.append(chunk({}, draw(st.sampled_from(["stop", "tool_calls", "length", "content_filter"]))))
    return [*chunks, *draw(st.sampled_from([[], [told()]]))]


@settings(deadline=None, max_examples=50)  # OpenAI's SDK takes its time
@given(streams())
def test_the_events_make_the_answer_of_the_joined_chat(chunks: list[JSON]) -> None:
    events = streamed(*chunks)
    whole = join(chunks)
    assert whole is not None
    assert events[-1]["response"] == answer(whole, ASKED, id="resp_1", created=7, completed=9)


steps = st.sampled_from([
    chunk({"content": "a"}), chunk({"content": ""}), chunk({"reasoning_content": "r"}), chunk({"refusal": "n"}),
    chunk({"annotations": [{"type": "file_path", "file_id": "f", "index": 0}]}), chunk(call(0, "c", "f", "{")),
    chunk(call(1, "d", "g")), chunk(call(0, arguments="}")), chunk(call(1, arguments="x")), chunk({}, "stop"),
    told(), chunk(call(2, arguments="z")), chunk({"content": "b", "refusal": "m"}),
])  # fmt: skip


@settings(deadline=None, max_examples=50)  # OpenAI's SDK takes its time
@given(st.lists(steps, max_size=12))
def test_whatever_order_chunks_come_in_every_event_is_in_its_place(chunks: list[JSON]) -> None:
    made = streamed(*chunks, chunk({}, "stop"))
    joined: JSON = join([*chunks, chunk({}, "stop")]) or chat()
    said = [part for item in output(made) if item["type"] == "message" for part in item["content"]]
    assert "".join(part.get("text", "") for part in said) == (joined["choices"][0]["message"]["content"] or "")
    added = [event["output_index"] for event in made if event["type"] == "response.output_item.added"]
    done = [event["output_index"] for event in made if event["type"] == "response.output_item.done"]
    assert sorted(added) == sorted(done) == list(range(len(output(made))))
