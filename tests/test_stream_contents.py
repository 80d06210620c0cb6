"""What travels in a stream: tool calls, giant events, characters cut in two, and answers that are no stream."""

from __future__ import annotations

import pytest

from litellm_lite.errors import (
    APIResponseValidationError,
    RateLimitError,
)
from tests.calls import MODES
from tests.shapes import OPENAI, Shape, each_shape
from tests.wire import (
    DONE,
    Wire,
    chunk,
    completion,
    event,
    page,
    problem,
    stream,
    usage_chunk,
)

pytestmark = pytest.mark.parametrize("mode", MODES)


def test_tool_calls_come_in_pieces(mode: str, wire: Wire) -> None:
    def calling(**function: str) -> bytes:
        piece = {"index": 0, **({"id": "c1", "type": "function"} if "name" in function else {}), "function": function}
        made = chunk()
        made["choices"][0]["delta"] = {"tool_calls": [piece]}
        return event(made)

    pieces = [calling(name="f", arguments=""), calling(arguments='{"a"'), calling(arguments=":1}")]
    wire.answers(stream([*pieces, event(chunk(finish="tool_calls")), event(usage_chunk()), DONE]))

    streamed = OPENAI.collect(mode, wire)

    deltas = [choice.delta.tool_calls for each in streamed.chunks for choice in each.choices if choice.delta.tool_calls]
    assert "".join(delta[0].function.arguments for delta in deltas) == '{"a":1}'
    assert (deltas[0][0].id, deltas[0][0].function.name) == ("c1", "f")


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8"])
def test_a_server_that_ignores_stream_and_answers_whole_is_understood(mode: str, wire: Wire, kind: str) -> None:
    wire.answers(completion("Hello.", {"content-type": kind}))

    streamed = OPENAI.collect(mode, wire, input_cost_per_token=1, output_cost_per_token=1)

    assert (streamed.error, streamed.text) == (None, "Hello.")
    assert streamed.stream.usage["total_tokens"] == 5
    assert streamed.stream.response_cost == 5


def test_a_web_page_under_200_is_an_error_that_names_the_base_url(mode: str, wire: Wire) -> None:
    wire.answers(page(200, "Sign in"))

    failure = OPENAI.collect(mode, wire).failure

    assert isinstance(failure, APIResponseValidationError)
    assert wire.target["api_base"] in str(failure)


def test_a_whole_error_under_200_is_an_error(mode: str, wire: Wire) -> None:
    wire.answers(completion(error={"message": "busy", "code": 503}, choices=None))

    assert OPENAI.collect(mode, wire).failure.status == 503


@each_shape
def test_an_error_before_the_stream_is_raised_where_it_is_opened(mode: str, wire: Wire, shape: Shape) -> None:
    wire.answers(problem(429, "Slow down", {"retry-after": "7"}))

    streamed = shape.collect(mode, wire)

    assert isinstance(streamed.failure, RateLimitError)
    assert streamed.failure.retry_after == 7
    assert streamed.stream is None


TEXT = "na\u00efve \u65e5\u672c\u8a9e \U0001f999\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2028 end"


@each_shape
@pytest.mark.parametrize("size", [1, 2, 3, 7, 100_000])
def test_packets_may_split_anywhere(mode: str, wire: Wire, shape: Shape, size: int) -> None:
    body = b"".join([shape.text(TEXT), b": comment\r\n\r\n", shape.finish, shape.usage, shape.done])
    packets = [body[at : at + size] for at in range(0, len(body), size)]
    wire.answers(stream(packets))

    streamed = shape.collect(mode, wire)

    assert (streamed.error, streamed.text) == (None, TEXT)
    assert streamed.stream.malformed_events == 0


@each_shape
def test_a_giant_event_arrives_whole(mode: str, wire: Wire, shape: Shape) -> None:
    text = "x" * 3_000_000
    wire.answers(stream([shape.text(text), shape.finish, shape.usage]))

    assert shape.collect(mode, wire).text == text
