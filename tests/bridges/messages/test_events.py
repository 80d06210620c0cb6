"""The events of a Message, as Anthropic's SDK reads them: one block after the other, whatever the chunks mix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anthropic
import pytest
from anthropic.lib.streaming._messages import accumulate_event
from anthropic.types import RawMessageStreamEvent
from pydantic import TypeAdapter

from litellm_lite import APIConnectionError, APIResponseValidationError, RateLimitError
from litellm_lite.bridges.messages import PING, MessageEvents, to_bytes
from tests.bridges.messages.shapes import BODY, ID, JSON, USAGE
from tests.wire import stream

if TYPE_CHECKING:
    from tests.wire import Wire

_EVENTS: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
HEAD = {"id": "c-1", "created": 5, "model": "served"}
USED = {**HEAD, "choices": [], "usage": USAGE}


def piece(delta: JSON | None = None, finish: str | None = None, **fields: Any) -> JSON:
    return {**HEAD, "choices": [{"index": 0, "delta": delta or {}, "finish_reason": finish, **fields}]}


def said(text: str) -> JSON:
    return piece({"content": text})


def calling(index: int | None, arguments: Any = "", name: str | None = None, id: str | None = None) -> JSON:
    """A piece of a tool call; its first has a name."""
    function = {"arguments": arguments, **({} if name is None else {"name": name})}
    made = {"function": function, **({} if id is None else {"id": id}), **({} if index is None else {"index": index})}
    return piece({"tool_calls": [made]})


def events_of(*chunks: JSON, body: JSON = BODY) -> list[JSON]:
    """Return all events of a stream; each is one of the SDK's, and each block is within its bounds."""
    machine = MessageEvents(body, id=ID)
    events = [event for chunk in chunks for event in machine.feed(chunk)] + machine.end()
    check_order(events)
    return events


def check_order(events: list[JSON]) -> None:
    for event in events:
        _EVENTS.validate_python(event)
    assert [events[0]["type"], *(event["type"] for event in events[-2:])] == [
        "message_start",
        "message_delta",
        "message_stop",
    ]
    at = -1
    is_open = False
    for event in events[1:-2]:
        match event["type"].removeprefix("content_block_"):
            case "start":
                at, is_open = at + 1, not is_open
                assert is_open
            case "stop":
                assert is_open
                is_open = False
            case "delta":
                assert is_open
        assert event["index"] == at
    assert not is_open


def accumulated(events: list[JSON]) -> JSON:
    """Return the Message that Anthropic's SDK makes of the events."""
    snapshot: Any = None
    json_bufs: dict[int, bytes] = {}
    for event in events:
        made = _EVENTS.validate_python(event)
        snapshot = accumulate_event(event=made, current_snapshot=snapshot, json_bufs=json_bufs)
    message: JSON = snapshot.to_dict()
    assert message.pop("stop_details") is None  # of Anthropic's own refusals
    return message


def kinds(events: list[JSON]) -> list[str]:
    return [event["type"].removeprefix("content_block_") for event in events]


def deltas(events: list[JSON]) -> list[str]:
    found = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    return [next(value for name, value in delta.items() if name != "type") for delta in found]


def heads(events: list[JSON]) -> list[JSON]:
    return [event["content_block"] for event in events if event["type"] == "content_block_start"]


def test_a_text_is_told_as_it_comes() -> None:
    machine = MessageEvents(BODY, id=ID)
    assert kinds(machine.feed(piece({"role": "assistant", "content": ""}))) == ["message_start"]
    assert kinds(machine.feed(said("Hel"))) == ["start", "delta"]
    assert machine.feed(said("lo.")) == [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "lo."}}
    ]
    assert kinds(machine.feed(piece(finish="stop"))) == ["stop"]
    assert machine.feed(USED) == []
    assert kinds(machine.end()) == ["message_delta", "message_stop"]


def test_the_beginning_has_no_reason_and_what_is_counted_so_far() -> None:
    first = MessageEvents(BODY, id=ID).feed(
        {**said("a"), "usage": {**USAGE, "completion_tokens": 0, "total_tokens": 9}}
    )
    message = first[0]["message"]
    assert (message["id"], message["model"], message["content"]) == (ID, "served", [])
    assert (message["stop_reason"], message["stop_sequence"]) == (None, None)
    assert (message["usage"]["input_tokens"], message["usage"]["output_tokens"]) == (9, 0)


def test_the_last_event_but_one_has_the_whole_usage() -> None:
    usage = {**USAGE, "prompt_tokens_details": {"cached_tokens": 6}}
    events = events_of(said("a"), piece(finish="stop"), {**USED, "usage": usage})
    assert events[-2] == {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {
            "input_tokens": 3,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 6,
            "output_tokens": 4,
        },
    }


def test_counts_that_nobody_told_are_none_at_the_end() -> None:
    machine = MessageEvents(BODY, id=ID)
    machine.feed(piece({"content": "a"}, "stop"))
    assert set(machine.end()[0]["usage"].values()) == {None}


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_thinking_is_a_block_of_its_own(name: str) -> None:
    events = events_of(piece({name: "h"}), piece({name: "m"}), said("Hi"), piece(finish="stop"), USED)
    assert kinds(events[1:-2]) == ["start", "delta", "delta", "stop", "start", "delta", "stop"]
    assert accumulated(events)["content"][0] == {"type": "thinking", "thinking": "hm", "signature": ""}


def test_thinking_that_nobody_wants_to_read_is_not_told() -> None:
    body = {**BODY, "thinking": {"type": "adaptive", "display": "omitted"}}
    events = events_of(piece({"reasoning_content": "hm"}), piece({"content": "Hi"}, "stop"), USED, body=body)
    assert heads(events) == [{"type": "text", "text": ""}]


def test_a_call_is_told_as_it_comes() -> None:
    machine = MessageEvents(BODY, id=ID)
    events = machine.feed(calling(0, "", "weather", "call_a"))
    assert events[1]["content_block"] == {"type": "tool_use", "id": "call_a", "name": "weather", "input": {}}
    assert deltas(machine.feed(calling(0, '{"ci'))) == ['{"ci']
    assert machine.feed(calling(0, "")) == []
    assert deltas(machine.feed(calling(0, 'ty": "Rome"}'))) == ['ty": "Rome"}']
    assert kinds(machine.feed(piece(finish="tool_calls"))) == ["stop"]
    assert machine.end()[0]["delta"]["stop_reason"] == "tool_use"


def test_a_call_after_another_is_not_kept_waiting() -> None:
    machine = MessageEvents(BODY, id=ID)
    machine.feed(calling(0, '{"a": 1}', "one", "call_a"))
    assert kinds(machine.feed(calling(1, "", "two", "call_b"))) == ["stop", "start"]
    assert deltas(machine.feed(calling(1, "{"))) == ["{"]


def test_calls_told_at_once_become_blocks_one_after_the_other() -> None:
    machine = MessageEvents(BODY, id=ID)
    machine.feed(calling(0, '{"a":', "one", "call_a"))
    assert machine.feed(calling(1, '{"b":', "two", "call_b")) == []
    assert deltas(machine.feed(calling(0, '{"x": 1}'))) == ['{"x": 1}']  # it looks like an end, and is none
    assert machine.feed(calling(1, "2")) == []
    rest = machine.feed(calling(0, "}"))
    assert kinds(rest) == ["delta", "stop", "start", "delta"]
    assert deltas(rest) == ["}", '{"b":2']
    assert deltas(machine.feed(calling(1, "}"))) == ["}"]


@pytest.mark.parametrize("arguments", ['{"a": "}"}', r'{"a": "\\"}', r'{"a": "\"}"}', '{"a": [{}, "]"]}'])
def test_a_call_ends_with_its_outermost_bracket_and_no_sooner(arguments: str) -> None:
    machine = MessageEvents(BODY, id=ID)
    machine.feed(calling(0, "", "one", "a"))
    machine.feed(calling(1, "{}", "two", "b"))
    parts, last = arguments[:-1], arguments[-1]
    assert [kinds(machine.feed(calling(0, part))) for part in parts] == [["delta"]] * len(parts)
    assert kinds(machine.feed(calling(0, last))) == ["delta", "stop", "start", "delta"]


def test_a_call_without_arguments_holds_back_what_follows_until_the_end() -> None:
    events = events_of(calling(0, "", "one", "a"), calling(1, "{}", "two", "b"), piece(finish="tool_calls"), USED)
    assert [(block["name"], block["id"]) for block in heads(events)] == [("one", "a"), ("two", "b")]
    assert [block["input"] for block in accumulated(events)["content"]] == [{}, {}]


@pytest.mark.parametrize("index", [None, 0])
def test_vendors_that_do_not_number_their_calls_are_understood(index: int | None) -> None:
    events = events_of(
        calling(index, '{"a":', "one", "a"),
        calling(index, "1}"),
        calling(index, "{}", "two", "b"),
        piece(finish="tool_calls"),
        USED,
    )
    assert [(block["name"], block["input"]) for block in accumulated(events)["content"]] == [
        ("one", {"a": 1}),
        ("two", {}),
    ]


def test_a_call_begins_once_its_name_and_its_id_are_known() -> None:
    machine = MessageEvents(BODY, id=ID)
    assert kinds(machine.feed(calling(0, id="call_a"))) == ["message_start"]
    assert kinds(machine.feed(calling(0, "{", "weather"))) == ["start", "delta"]


def test_a_call_that_never_has_an_id_is_given_one_at_the_end() -> None:
    events = events_of(calling(0, "{}", "now"), piece(finish="tool_calls"), USED)
    assert heads(events)[0]["id"] == "toolu_msg_1_0"


def test_arguments_that_come_as_an_object_are_told_as_text() -> None:
    assert deltas(events_of(calling(0, {"a": 1}, "one", "a"), piece(finish="tool_calls"), USED)) == ['{"a":1}']


def test_text_after_calls_is_a_block_after_them() -> None:
    events = events_of(said("a"), calling(0, "{}", "one", "i"), said("b"), piece(finish="tool_calls"), USED)
    assert [block["type"] for block in heads(events)] == ["text", "tool_use", "text"]
    assert deltas(events) == ["a", "{}", "b"]


def test_what_comes_after_the_finish_is_told_too() -> None:
    events = events_of(piece({"content": "a"}, "stop"), said("b"), USED)
    assert deltas(events) == ["a", "b"]


def test_blank_pieces_after_the_end_of_a_call_are_nothing() -> None:
    chunks = [calling(0, "{}", "one", "a"), calling(1, "{}", "two", "b"), calling(0, "\n"), piece(finish="tool_calls")]
    assert deltas(events_of(*chunks, USED)) == ["{}", "{}"]


def test_other_choices_are_no_part_of_the_message() -> None:
    assert deltas(events_of(said("a"), piece({"content": "x"}, index=1), piece(finish="stop"), USED)) == ["a"]


def test_an_answer_without_words_is_a_message_without_blocks() -> None:
    events = events_of(piece({"role": "assistant", "content": ""}, "stop"), USED)
    assert kinds(events) == ["message_start", "message_delta", "message_stop"]


def test_a_refusal_is_a_text_and_ends_as_one() -> None:
    events = events_of(piece({"refusal": "I can"}), piece({"refusal": "not"}, "stop"), USED)
    assert deltas(events) == ["I can", "not"]
    assert events[-2]["delta"]["stop_reason"] == "refusal"


def test_a_stop_sequence_that_the_vendor_tells_is_told() -> None:
    body = {**BODY, "stop_sequences": ["END"]}
    events = events_of(said("a"), piece(finish="stop", stop_reason="END"), USED, body=body)
    assert events[-2]["delta"] == {"stop_reason": "stop_sequence", "stop_sequence": "END"}


@pytest.mark.parametrize(
    ("chunks", "says"),
    [
        ([calling(0, '{"a"', "one", "a"), piece(finish="tool_calls")], "tool 'one' cannot be read as JSON"),
        ([calling(0, "[1]", "one", "a"), piece(finish="tool_calls")], "tool 'one' are no JSON object"),
        ([calling(0, "{}", id="a"), piece(finish="tool_calls")], "no name"),
        ([calling(0, "{}", "one", "a"), calling(1, "{}", "two", "b"), calling(0, "{}")], "go on after their end"),
    ],
)
def test_calls_that_are_none_end_the_stream_as_an_error(chunks: list[JSON], says: str) -> None:
    machine = MessageEvents(BODY, id=ID)
    *before, last = chunks
    for chunk in before:
        machine.feed(chunk)
    with pytest.raises(APIResponseValidationError, match=says) as caught:
        machine.feed(last)
    (event,) = machine.fail(caught.value)
    assert event["error"]["type"] == "api_error"
    assert machine.end() == []


@pytest.mark.parametrize("delta", [{"tool_calls": ["weather"]}, {"tool_calls": 5}, {"reasoning": {"text": "hm"}}])
def test_a_chunk_of_another_shape_is_an_error(delta: JSON) -> None:
    with pytest.raises(APIResponseValidationError):
        MessageEvents(BODY, id=ID).feed(piece(delta))


def test_a_call_that_the_limit_cut_is_told_as_far_as_it_came() -> None:
    events = events_of(calling(0, '{"city": "Ro', "weather", "a"), piece(finish="length"), USED)
    assert deltas(events) == ['{"city": "Ro']
    assert events[-2]["delta"]["stop_reason"] == "max_tokens"


def test_a_failure_is_the_last_event() -> None:
    machine = MessageEvents(BODY, id=ID)
    machine.feed(said("a"))
    assert machine.fail(RateLimitError("slow down"), "req_1") == [
        {"type": "error", "error": {"type": "rate_limit_error", "message": "slow down"}, "request_id": "req_1"}
    ]
    assert machine.feed(piece(finish="stop")) == []
    assert machine.end() == []
    assert machine.fail(RateLimitError("again")) == []


def test_a_whole_message_cannot_fail_any_more() -> None:
    machine = MessageEvents(BODY, id=ID)
    machine.feed(piece({"content": "a"}, "stop"))
    machine.end()
    assert machine.fail(RateLimitError("late")) == []
    assert machine.end() == []


@pytest.mark.parametrize("chunks", [[], [said("a")]])
def test_a_stream_that_never_said_why_it_ended_ends_as_an_error(chunks: list[JSON]) -> None:
    machine = MessageEvents(BODY, id=ID)
    for chunk in chunks:
        machine.feed(chunk)
    (event,) = machine.end()
    assert event["type"] == "error"
    assert "before it was complete" in event["error"]["message"]


def test_an_event_travels_under_its_name() -> None:
    assert to_bytes(PING) == b'event: ping\ndata: {"type":"ping"}\n\n'
    assert (
        to_bytes({"type": "message_stop", "é": "\n"})
        == b'event: message_stop\ndata: {"type":"message_stop","\xc3\xa9":"\\n"}\n\n'
    )


def travelling(machine: MessageEvents, *chunks: JSON) -> list[bytes]:
    return [to_bytes(event) for chunk in chunks for event in machine.feed(chunk)]


def client(wire: Wire) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=wire.url, api_key="k", max_retries=0)


def test_anthropics_own_client_reads_the_stream(wire: Wire) -> None:
    machine = MessageEvents(BODY, id=ID)
    chunks = [
        said("I "),
        said("look."),
        calling(0, '{"city": "Rome"}', "weather", "a"),
        piece(finish="tool_calls"),
        USED,
    ]
    sent = [*travelling(machine, *chunks), to_bytes(PING), *map(to_bytes, machine.end())]
    wire.answers(stream(sent))
    with client(wire) as sdk, sdk.messages.stream(max_tokens=64, model="m", messages=[]) as reading:
        assert "".join(reading.text_stream) == "I look."
        message = reading.get_final_message()
    assert message.stop_reason == "tool_use"
    assert message.content[1].to_dict() == {"type": "tool_use", "id": "a", "name": "weather", "input": {"city": "Rome"}}
    assert (message.usage.input_tokens, message.usage.output_tokens) == (9, 4)


def test_anthropics_own_client_raises_what_the_stream_reports(wire: Wire) -> None:
    machine = MessageEvents(BODY, id=ID)
    sent = [*travelling(machine, said("a")), *map(to_bytes, machine.fail(APIConnectionError("the vendor hung up")))]
    wire.answers(stream(sent))
    with (
        client(wire) as sdk,
        sdk.messages.stream(max_tokens=64, model="m", messages=[]) as reading,
        pytest.raises(anthropic.APIStatusError, match="the vendor hung up") as caught,
    ):
        reading.until_done()
    assert caught.value.type == "api_error"
