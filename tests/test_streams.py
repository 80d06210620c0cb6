"""Truthful streams: one that ends without an error is complete, and one that fails says how far it came.

Every behaviour runs through `completion` and `acompletion` against a scripted server, in OpenAI's shape for two
providers and in Meta's own.
"""

from __future__ import annotations

import logging
import time

import pytest

from litellm_lite.call import Timeouts
from litellm_lite.errors import (
    APIConnectionError,
    APIError,
    BadRequestError,
    ContextWindowExceededError,
    InternalServerError,
    RateLimitError,
    Timeout,
)
from tests.calls import MODES
from tests.shapes import OPENAI, Shape, each_shape
from tests.wire import (
    DONE,
    LAST_FRAME,
    Close,
    HoldOpen,
    Reset,
    Send,
    Step,
    Wire,
    chunk,
    chunk_frame,
    event,
    stream,
    stream_head,
    usage_chunk,
)

pytestmark = pytest.mark.parametrize("mode", MODES)
PROMPT_S = 2.5  # "ends at once", against idle limits of minutes


@each_shape
def test_a_complete_stream_ends_well(mode: str, wire: Wire, shape: Shape) -> None:
    wire.answers(stream(filter(None, shape.hello())))

    streamed = shape.collect(mode, wire)

    assert streamed.error is None
    assert streamed.text == "Hello."
    assert [choice.finish_reason for each in streamed.chunks for choice in each.choices][-1] == "stop"
    assert streamed.stream.malformed_events == 0
    assert len({each.id for each in streamed.chunks}) == 1


@each_shape
def test_usage_is_known_at_the_end(mode: str, wire: Wire, shape: Shape) -> None:
    wire.answers(stream(filter(None, shape.hello())))

    streamed = shape.collect(mode, wire, input_cost_per_token=1, output_cost_per_token=10)

    usage = streamed.stream.usage
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (3, 2, 5)
    assert streamed.stream.response_cost == pytest.approx(23)
    assert all(not getattr(each, "usage", None) for each in streamed.chunks), "nobody asked for it"


def test_the_usage_chunk_is_delivered_to_those_who_ask(mode: str, wire: Wire) -> None:
    streamed = OPENAI.collect(mode, wire, stream_options={"include_usage": True})

    assert streamed.chunks[-1].choices == []
    assert streamed.chunks[-1].usage.total_tokens == 5


def test_usage_may_come_with_the_finish(mode: str, wire: Wire) -> None:
    wire.answers(stream([event(chunk("Hi")), event(chunk(finish="stop", usage=usage_chunk()["usage"])), DONE]))

    streamed = OPENAI.collect(mode, wire)

    assert streamed.error is None
    assert streamed.stream.usage["total_tokens"] == 5


def test_usage_that_never_comes_stays_unknown(mode: str, wire: Wire) -> None:
    wire.answers(stream([event(chunk("Hi")), event(chunk(finish="stop")), DONE]))

    streamed = OPENAI.collect(mode, wire, input_cost_per_token=1, output_cost_per_token=1)

    assert streamed.error is None
    assert streamed.stream.usage is None
    assert streamed.stream.response_cost is None


@each_shape
@pytest.mark.parametrize("ending", [[Send(LAST_FRAME)], [Close()], [Reset()]], ids=["end", "close", "reset"])
def test_a_stream_may_end_after_its_finish_without_the_mark(
    mode: str, wire: Wire, shape: Shape, ending: list[Step]
) -> None:
    wire.answers(stream([shape.text("Hello."), shape.finish, shape.usage], None, *ending))

    streamed = shape.collect(mode, wire)

    assert (streamed.error, streamed.text) == (None, "Hello.")
    assert streamed.stream.usage is not None


@each_shape
@pytest.mark.parametrize("with_usage", [True, False], ids=["usage", "no usage"])
def test_a_server_that_holds_on_after_the_finish_does_not_hold_up_the_caller(
    mode: str, wire: Wire, shape: Shape, with_usage: bool
) -> None:
    last = [shape.usage] if with_usage else []
    wire.answers(stream([shape.text("Hello."), shape.finish, *last], None, HoldOpen()))
    started = time.monotonic()

    streamed = shape.collect(mode, wire)

    assert (streamed.error, streamed.text) == (None, "Hello.")
    assert time.monotonic() - started < (PROMPT_S / 2 if with_usage else PROMPT_S)
    wire.wait_for_hang_up()


def test_a_server_that_holds_on_after_the_mark_does_not_either(mode: str, wire: Wire) -> None:
    wire.answers(stream(OPENAI.hello(), None, HoldOpen()))
    started = time.monotonic()

    assert OPENAI.collect(mode, wire).error is None
    assert time.monotonic() - started < PROMPT_S / 2


@each_shape
@pytest.mark.parametrize("ending", [[Send(LAST_FRAME)], [Close()], [Reset()]], ids=["end", "close", "reset"])
def test_a_cut_before_the_finish_is_an_error_with_the_partial_text(
    mode: str, wire: Wire, shape: Shape, ending: list[Step]
) -> None:
    wire.answers(stream([shape.text("Hel"), shape.text("lo")], None, *ending))

    streamed = shape.collect(mode, wire)

    assert isinstance(streamed.failure, APIConnectionError)
    assert streamed.failure.retryable
    assert streamed.partial.text == streamed.text == "Hello"
    assert streamed.failure.model in shape.model
    assert streamed.failure.provider == shape.model.split("/")[0]


def test_an_end_mark_before_the_finish_is_an_error(mode: str, wire: Wire) -> None:
    wire.answers(stream([event(chunk("Hel")), DONE]))

    streamed = OPENAI.collect(mode, wire)

    assert isinstance(streamed.failure, APIConnectionError)
    assert "choice 0 has no finish reason" in str(streamed.failure)
    assert streamed.partial.text == "Hel"


def test_an_empty_stream_is_an_error(mode: str, wire: Wire) -> None:
    wire.answers(stream([DONE]))

    streamed = OPENAI.collect(mode, wire)

    assert isinstance(streamed.failure, APIConnectionError)
    assert streamed.partial.text == ""


def test_the_usage_before_a_cut_is_on_the_error(mode: str, wire: Wire) -> None:
    running = {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}  # vLLM, continuous_usage_stats
    wire.answers(stream([event(chunk("Hel", usage=running))], None, Close()))

    assert OPENAI.collect(mode, wire).partial.usage == running


@each_shape
def test_a_stall_is_a_timeout_with_the_partial_text(mode: str, wire: Wire, shape: Shape) -> None:
    wire.answers(stream([shape.text("Hel")], None, HoldOpen()), stream(filter(None, shape.hello())))

    streamed = shape.collect(mode, wire, timeout=Timeouts(idle=0.15))

    assert isinstance(streamed.failure, Timeout)
    assert "stalled" in str(streamed.failure)
    assert streamed.partial.text == streamed.text == "Hel"
    wire.wait_for_hang_up()
    assert shape.collect(mode, wire).text == "Hello."


def test_a_stream_that_does_not_begin_is_a_timeout(mode: str, wire: Wire) -> None:
    wire.answers([*stream_head(), HoldOpen()])

    streamed = OPENAI.collect(mode, wire, timeout=0.15)

    assert isinstance(streamed.failure, Timeout)
    assert streamed.stream is None, "it fails where it is opened, and could have been tried again"


@each_shape
def test_an_error_in_the_stream_is_raised_with_the_partial_text(mode: str, wire: Wire, shape: Shape) -> None:
    wire.answers(stream([shape.text("Hel"), shape.error_line, shape.finish, shape.usage]))

    streamed = shape.collect(mode, wire)

    assert type(streamed.failure) is shape.error_class
    assert streamed.partial.text == streamed.text == "Hel"
    wire.answers(stream(filter(None, shape.hello())))
    assert shape.collect(mode, wire).text == "Hello."


IN_BAND = {
    "llama.cpp": (b'error: {"code":500,"message":"oops","type":"server_error"}\n\n', InternalServerError),
    "llama.cpp context": (
        b'error: {"code":400,"message":"too long","type":"exceed_context_size_error"}\n\n',
        ContextWindowExceededError,
    ),
    "vLLM": (event({"error": {"message": "bad", "type": "BadRequestError", "code": 400}}), BadRequestError),
    "event: error": (b'event: error\ndata: {"message":"oops"}\n\n', InternalServerError),
    "OpenRouter": (event({**chunk("x", "error"), "error": {"code": 429, "message": "slow"}}), RateLimitError),
    "Cerebras": (event({"error": {"message": "slow", "type": "rate_limit_error"}, "status_code": 429}), RateLimitError),
}


@pytest.mark.parametrize(("line", "kind"), IN_BAND.values(), ids=IN_BAND)
def test_an_error_in_the_stream_is_understood(mode: str, wire: Wire, line: bytes, kind: type[APIError]) -> None:
    wire.answers(stream([event(chunk("Hel")), line, DONE]))

    streamed = OPENAI.collect(mode, wire)

    assert isinstance(streamed.failure, kind)
    assert streamed.partial.text == "Hel"


@each_shape
def test_what_came_before_an_error_is_delivered_first(mode: str, wire: Wire, shape: Shape) -> None:
    one_packet = shape.text("Hel") + shape.text("lo") + shape.error_line
    wire.answers([*stream_head(), Send(chunk_frame(one_packet) + LAST_FRAME)])

    streamed = shape.collect(mode, wire)

    assert streamed.text == "Hello"
    assert type(streamed.failure) is shape.error_class


@each_shape
@pytest.mark.parametrize("nonsense", [b'data: {"id": "x", "cho\n\n', b"data: [1, 2]\n\n", b"data: null\n\n"])
def test_one_event_that_cannot_be_read_is_skipped_and_reported(
    mode: str, wire: Wire, shape: Shape, nonsense: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    first, *rest = filter(None, shape.hello())
    wire.answers(stream([first, nonsense, *rest]))

    with caplog.at_level(logging.WARNING, "litellm_lite"):
        streamed = shape.collect(mode, wire)

    assert (streamed.error, streamed.text) == (None, "Hello.")
    assert streamed.stream.malformed_events == 1
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "cho" not in caplog.text, "a log line must not carry content"


def test_every_choice_must_finish(mode: str, wire: Wire) -> None:
    wire.answers(stream([event(chunk("A")), event(chunk("B", index=1)), event(chunk(finish="stop")), DONE]))

    streamed = OPENAI.collect(mode, wire, n=2)

    assert "choice 1 has no finish reason" in str(streamed.failure)
    assert streamed.partial.texts == {0: "A", 1: "B"}


def test_a_choice_that_never_appears_is_missed(mode: str, wire: Wire) -> None:
    wire.answers(stream([event(chunk("A")), event(chunk(finish="stop")), DONE]))

    assert "choice 1 has no finish reason" in str(OPENAI.collect(mode, wire, n=2).failure)


def test_two_choices_that_finish_are_complete(mode: str, wire: Wire) -> None:
    pieces = [chunk("A"), chunk("B", index=1), chunk(finish="stop"), chunk(finish="length", index=1), usage_chunk()]
    wire.answers(stream([*map(event, pieces), DONE]))

    streamed = OPENAI.collect(mode, wire, n=2)

    assert streamed.error is None
    reasons = {choice.index: choice.finish_reason for each in streamed.chunks for choice in each.choices}
    assert reasons == {0: "stop", 1: "length"}
