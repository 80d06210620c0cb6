"""The one retry policy: what is tried again, after how long, how often. Both colours, one test; nobody sleeps."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import litellm_lite
from litellm_lite import errors
from litellm_lite.errors import APIError
from litellm_lite.retries import aretrying, retrying, wait_s
from litellm_lite.vendor_errors import error_from_reply
from tests.calls import MESSAGES, MODES, Streamed, call, collect
from tests.providers.values import call as asked
from tests.providers.values import reply as replied
from tests.wire import (
    LAST_FRAME,
    Close,
    Pause,
    Reset,
    Send,
    Step,
    Steps,
    Wire,
    chunk,
    chunk_frame,
    completion,
    event,
    hello_events,
    problem,
    reply,
    stream,
    stream_head,
)

ROOT = Path(__file__).resolve().parents[1]
AT_ONCE = {"retry-after": "0"}

both = pytest.mark.parametrize("mode", MODES)


class Attempts:
    """An attempt that comes out as told, the last way from then on; counts how often it was made."""

    def __init__(self, *outcomes: object) -> None:
        self.outcomes = outcomes
        self.made = 0

    def __call__(self) -> Any:
        outcome = self.outcomes[min(self.made, len(self.outcomes) - 1)]
        self.made += 1
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


def run(mode: str, attempt: Callable[[], Any], retries: int, slept: list[float] | None = None) -> Any:
    """Return what the policy makes of an attempt, noting each sleep it asked for."""
    asked_for = [] if slept is None else slept
    if mode == "sync":
        return retrying(attempt, retries, sleep=asked_for.append)

    async def aattempt() -> Any:
        return attempt()

    async def sleep(seconds: float) -> None:
        asked_for.append(seconds)

    async def outcome() -> tuple[Any, BaseException | None]:
        try:
            return await aretrying(aattempt, retries, sleep=sleep), None
        except BaseException as error:  # a cancellation must not reach the loop, which makes another of it
            return None, error

    answer, error = asyncio.run(outcome())
    if error is not None:
        raise error
    return answer


def answered(status: int, code: str | None = None, message: str = "m") -> APIError:
    """The error a vendor's answer becomes."""
    return error_from_reply(asked("openai"), replied({"error": {"message": message, "code": code}}, status))


def named(*kinds: type[BaseException]) -> dict[str, BaseException]:
    return {kind.__name__: kind("It broke.") for kind in kinds}


@pytest.fixture
def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """For failures that have no headers to put a `retry-after: 0` into."""
    monkeypatch.setattr("litellm_lite.retries._FIRST_WAIT_S", 0.0)


TRANSIENT: dict[str, BaseException] = {
    **{str(status): answered(status) for status in (408, 409, 429, 500, 501, 502, 503, 504, 520, 529, 599)},
    "429 rate limit": answered(429, "rate_limit_exceeded"),
    "500 that only mentions the context": answered(500, None, "maximum context length"),
    **named(
        errors.APIConnectionError, errors.Timeout, errors.RateLimitError, errors.InternalServerError,
        errors.BadGatewayError, errors.ServiceUnavailableError,
    ),
}  # fmt: skip
FINAL: dict[str, BaseException] = {
    **{str(status): answered(status) for status in (301, 307, 400, 401, 402, 403, 404, 405, 413, 422, 451)},
    **{f"429 {code}": answered(429, code) for code in sorted(errors.QUOTA_CODES)},
    "context overflow": answered(400, "context_length_exceeded"),
    "context overflow by text": answered(400, None, "maximum context length is 8192 tokens"),
    "context overflow as a 500": answered(500, "exceed_context_size_error"),
    "content policy": answered(400, "content_filter"),
    "content policy as a 500": answered(500, "content_policy_violation"),
    "a connection that cannot work": errors.APIConnectionError("No TLS.", retryable=False),
    **named(
        errors.APIResponseValidationError, errors.JSONSchemaValidationError, errors.UnsupportedParamsError,
        errors.ContextWindowExceededError, errors.ContentPolicyViolationError, errors.LiteLLMUnknownProvider,
        errors.PaymentRequiredError, errors.ImageFetchError, ValueError, KeyboardInterrupt, asyncio.CancelledError,
    ),
}  # fmt: skip


@both
@pytest.mark.parametrize("error", TRANSIENT.values(), ids=TRANSIENT)
def test_what_may_pass_is_tried_again(error: BaseException, mode: str) -> None:
    attempts = Attempts(error, "an answer")
    assert run(mode, attempts, 1) == "an answer"
    assert attempts.made == 2


@both
@pytest.mark.parametrize("error", FINAL.values(), ids=FINAL)
def test_what_is_final_is_tried_once(error: BaseException, mode: str) -> None:
    attempts, slept = Attempts(error, "an answer"), list[float]()
    with pytest.raises(type(error)) as raised:
        run(mode, attempts, 5, slept)
    assert raised.value is error
    assert (attempts.made, slept) == (1, [])


@both
@pytest.mark.parametrize("error", FINAL.values(), ids=FINAL)
def test_what_is_final_ends_the_attempts_also_when_it_comes_second(error: BaseException, mode: str) -> None:
    attempts, slept = Attempts(errors.RateLimitError("Slow down.", retry_after=1.0), error, "an answer"), list[float]()
    with pytest.raises(type(error)) as raised:
        run(mode, attempts, 5, slept)
    assert raised.value is error
    assert (attempts.made, slept) == (2, [1.0])


@both
@pytest.mark.parametrize("retries", [0, 1, 2, 7])
def test_there_is_one_attempt_more_than_retries(retries: int, mode: str) -> None:
    attempts, slept = Attempts(errors.Timeout("Late.")), list[float]()
    with pytest.raises(errors.Timeout):
        run(mode, attempts, retries, slept)
    assert (attempts.made, len(slept)) == (retries + 1, retries)


@both
@pytest.mark.parametrize("retries", [0, 1, 2])
def test_the_last_error_is_raised_itself(retries: int, mode: str) -> None:
    failures = [errors.InternalServerError(f"Failure {number}.") for number in range(3)]
    with pytest.raises(errors.InternalServerError) as raised:
        run(mode, Attempts(*failures), retries)
    assert raised.value is failures[retries]
    assert raised.value.__cause__ is None


@both
@pytest.mark.parametrize("answer", [None, "", 0, "Hi."])
def test_an_answer_is_returned_whatever_it_is_and_not_asked_for_twice(answer: object, mode: str) -> None:
    attempts, slept = Attempts(answer), list[float]()
    assert run(mode, attempts, 2, slept) is answer
    assert (attempts.made, slept) == (1, [])


@both
def test_the_vendors_wait_is_slept_and_nothing_is_added(mode: str) -> None:
    failures = [errors.RateLimitError("Slow down.", retry_after=wait) for wait in (7.5, 0.0, 60.0, 3600.0)]
    slept: list[float] = []
    assert run(mode, Attempts(*failures, "an answer"), 4, slept) == "an answer"
    assert slept == [7.5, 0.0, 60.0, 60.0]


@both
def test_without_a_word_of_the_vendors_the_waits_grow(mode: str) -> None:
    slept: list[float] = []
    run(mode, Attempts(*[errors.InternalServerError("It broke.")] * 7, "an answer"), 7, slept)
    for wait, longest in zip(slept, [0.5, 1, 2, 4, 8, 8, 8], strict=True):
        assert 0.75 * longest <= wait <= longest


@both
def test_each_wait_is_that_of_the_failure_before_it(mode: str) -> None:
    failures = [errors.APIConnectionError("Cut."), errors.RateLimitError("Slow down.", retry_after=9.0)]
    slept: list[float] = []
    run(mode, Attempts(*failures, errors.Timeout("Late."), "an answer"), 3, slept)
    assert 0.375 <= slept[0] <= 0.5
    assert slept[1] == 9.0
    assert 1.5 <= slept[2] <= 2.0


@pytest.mark.parametrize(
    ("attempt", "chance", "seconds"),
    [(1, 1, 0.5), (1, 0, 0.375), (2, 1, 1), (3, 1, 2), (4, 1, 4), (5, 1, 8), (6, 1, 8), (5, 0, 6), (10**6, 1, 8)],
)
def test_the_backoff_doubles_from_half_a_second_up_to_eight(attempt: int, chance: float, seconds: float) -> None:
    assert wait_s(None, attempt, chance) == wait_s(errors.Timeout("Late."), attempt, chance) == seconds


@given(st.integers(1, 10**9), st.floats(0, 1))
def test_the_backoff_stays_within_a_quarter_of_its_longest(attempt: int, chance: float) -> None:
    longest = 8.0 if attempt > 4 else 0.5 * 2 ** (attempt - 1)
    assert 0.75 * longest <= wait_s(None, attempt, chance) <= longest


@given(st.floats(min_value=0), st.integers(1, 10**9), st.floats(0, 1))
def test_the_vendors_wait_beats_the_backoff_up_to_a_minute(asked_for: float, attempt: int, chance: float) -> None:
    error = errors.RateLimitError("Slow down.", retry_after=asked_for)
    assert wait_s(error, attempt, chance) == min(asked_for, 60.0)


@pytest.mark.parametrize(
    "call_text",
    [
        "litellm_lite.completion('openai/m', messages, mock_response='Hi', num_retries=2)",
        "list(litellm_lite.completion('openai/m', messages, mock_response='Hi', num_retries=2, stream=True))",
        "asyncio.run(litellm_lite.acompletion('openai/m', messages, mock_response='Hi', num_retries=2))",
    ],
)
def test_a_call_that_works_does_not_import_tenacity(call_text: str) -> None:
    script = (
        "import asyncio, sys, litellm_lite\n"
        "messages = [{'role': 'user', 'content': 'Hi'}]\n"
        f"assert {call_text}\n"
        "print('tenacity' in sys.modules)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


@both
@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_a_call_that_fails_once_gives_its_answer(status: int, mode: str, wire: Wire) -> None:
    wire.answers(problem(status, "Come back.", AT_ONCE), completion("Hi."))
    assert call(mode, wire, num_retries=2).choices[0].message.content == "Hi."
    assert len(wire.requests) == 2
    assert wire.requests[0].json == wire.requests[1].json


@both
def test_a_call_is_made_three_times_unless_told(mode: str, wire: Wire) -> None:
    wire.answers(problem(429, "Slow down.", AT_ONCE))
    with pytest.raises(errors.RateLimitError, match="Slow down") as raised:
        call(mode, wire, num_retries=None)
    assert raised.value.retry_after == 0.0
    assert len(wire.requests) == 3


@both
@pytest.mark.parametrize("name", ["num_retries", "max_retries"])
@pytest.mark.parametrize("retries", [0, 1, 2])
def test_the_caller_says_how_often(retries: int, name: str, mode: str, wire: Wire) -> None:
    wire.answers(problem(500, "It broke.", AT_ONCE))
    with pytest.raises(errors.InternalServerError):
        call(mode, wire, **{"num_retries": None, name: retries})
    assert len(wire.requests) == retries + 1


@both
@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422])
def test_a_call_the_vendor_refuses_is_made_once(status: int, mode: str, wire: Wire) -> None:
    wire.answers(problem(status, "No.", AT_ONCE), completion())
    with pytest.raises(APIError) as raised:
        call(mode, wire, num_retries=2)
    assert raised.value.status == status
    assert len(wire.requests) == 1


@both
def test_a_quota_that_is_used_up_is_not_asked_again(mode: str, wire: Wire) -> None:
    body = {"error": {"message": "You exceeded your current quota.", "type": "x", "code": "insufficient_quota"}}
    wire.answers(reply(body, 429, AT_ONCE), completion())
    with pytest.raises(errors.RateLimitError) as raised:
        call(mode, wire, num_retries=2)
    assert (raised.value.code, raised.value.retryable) == ("insufficient_quota", False)
    assert len(wire.requests) == 1


@both
def test_an_answer_that_is_no_answer_is_not_asked_for_again(mode: str, wire: Wire) -> None:
    wire.answers(reply({"unheard": "of"}, headers=AT_ONCE), completion())
    with pytest.raises(errors.APIResponseValidationError):
        call(mode, wire, num_retries=2)
    assert len(wire.requests) == 1


@both
@pytest.mark.usefixtures("_no_backoff")
@pytest.mark.parametrize("end", [Close(), Reset()])
def test_an_answer_cut_before_its_end_is_asked_for_again(end: Close | Reset, mode: str, wire: Wire) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"
    wire.answers([Send(head), end], completion("Hi."))
    assert call(mode, wire, num_retries=1).choices[0].message.content == "Hi."
    assert len(wire.requests) == 2


@both
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_stream_that_fails_before_it_begins_is_asked_for_again(status: int, mode: str, wire: Wire) -> None:
    wire.answers(problem(status, "Loading model", AT_ONCE), stream(hello_events()))
    streamed = collect(mode, wire, num_retries=1)
    assert (streamed.text, streamed.error) == ("Hello.", None)
    assert len(wire.requests) == 2


@both
@pytest.mark.usefixtures("_no_backoff")
@pytest.mark.parametrize(
    "cut",
    [
        [*stream_head(), Close()],
        [*stream_head(), Reset()],
        [*stream_head(), Send(LAST_FRAME)],
        [*stream_head(), Send(chunk_frame(b": ping\n\n")), Close()],
        [*stream_head(), Send(chunk_frame(event(chunk("Hel"))[:-2])), Reset()],
    ],
    ids=["closed", "reset", "empty", "closed after a comment", "reset amid the first event"],
)
def test_a_stream_cut_before_its_first_chunk_is_asked_for_again(cut: Steps, mode: str, wire: Wire) -> None:
    wire.answers(cut, stream(hello_events()))
    streamed = collect(mode, wire, num_retries=1)
    assert (streamed.text, streamed.error) == ("Hello.", None)
    assert len(wire.requests) == 2


@both
@pytest.mark.usefixtures("_no_backoff")
@pytest.mark.parametrize("end", [Close(), Reset(), Send(LAST_FRAME)], ids=["closed", "reset", "ended"])
def test_a_stream_cut_after_its_first_chunk_is_not_asked_for_again(end: Step, mode: str, wire: Wire) -> None:
    opened = threading.Event()
    wire.answers(stream([event(chunk("Hel"))], AT_ONCE, Pause(opened), end), stream(hello_events()))
    streamed = open_then_read(mode, wire, opened)
    assert streamed.text == "Hel"
    assert isinstance(streamed.failure, errors.APIConnectionError)
    assert streamed.failure.retryable
    assert len(wire.requests) == 1


def open_then_read(mode: str, wire: Wire, opened: threading.Event) -> Streamed:
    """Open a stream that may be retried twice, say so, and return what it delivers."""
    arguments: dict[str, Any] = {"messages": MESSAGES, **wire.target, "num_retries": 2, "stream": True}
    streamed = Streamed()

    async def read() -> None:
        streamed.stream = await litellm_lite.acompletion("openai/m", **arguments)
        opened.set()
        async for each in streamed.stream:
            streamed.chunks.append(each)

    try:
        if mode == "async":
            asyncio.run(read())
        else:
            streamed.stream = litellm_lite.completion("openai/m", **arguments)
            opened.set()
            streamed.chunks.extend(streamed.stream)
    except APIError as error:
        streamed.error = error
    return streamed


@both
@pytest.mark.parametrize(("status", "retries"), [(503, 0), (401, 2)])
def test_a_stream_refused_or_not_to_be_retried_is_asked_for_once(
    status: int, retries: int, mode: str, wire: Wire
) -> None:
    wire.answers(problem(status, "No.", AT_ONCE), stream(hello_events()))
    assert collect(mode, wire, num_retries=retries).failure.status == status
    assert len(wire.requests) == 1


@both
@pytest.mark.usefixtures("_no_backoff")
def test_an_error_that_opens_a_stream_is_tried_again(mode: str, wire: Wire) -> None:
    overloaded = event({"error": {"message": "Overloaded", "type": "overloaded_error"}})
    wire.answers(stream([overloaded]), stream(hello_events()))
    streamed = collect(mode, wire, num_retries=1)
    assert (streamed.text, streamed.error) == ("Hello.", None)
    assert len(wire.requests) == 2
