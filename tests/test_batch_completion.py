"""Batches: order, bound, failures in their place, and what is refused."""

from __future__ import annotations

import asyncio
import contextvars
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_lite import batches
from litellm_lite.errors import (
    APIError,
    AuthenticationError,
    BadRequestError,
    BudgetExceededError,
    LiteLLMUnknownProvider,
    UnsupportedParamsError,
)
from litellm_lite.workers import Batch
from tests.batch_calls import MOCK, asked, batch, chat, echo, run, said
from tests.calls import MESSAGES, MODES
from tests.wire import PATIENCE_S, Pause, Request, Steps, Wire, problem

PAGE = Path(__file__).resolve().parents[1] / "docs" / "batches.md"
COLOURS = pytest.mark.parametrize("mode", MODES)
ENTRIES = pytest.mark.parametrize(
    "name", ["batch_completion", "batch_completion_models", "batch_completion_models_all_responses"]
)


@COLOURS
def test_answers_keep_the_order_of_the_chats_whatever_order_they_come_in(mode, wire: Wire) -> None:
    gates = [threading.Event() for _ in range(4)]
    gates[3].set()
    wire.answers(lambda request: [Pause(gates[int(asked(request))]), *echo(request)])

    def open_the_one_before(done: int, *_: object) -> None:
        gates[(3 - done) % 4].set()

    assert said(batch(mode, wire, map(chat, range(4)), progress=open_the_one_before)) == ["0", "1", "2", "3"]


@COLOURS
def test_as_many_calls_as_there_are_workers_run_at_once_and_no_more(mode, wire: Wire) -> None:
    three = threading.Barrier(3, timeout=PATIENCE_S)
    running = Gauge()

    def answer(request: Request) -> Steps:
        with running:
            three.wait()  # goes on when the third is there, and breaks when it never comes
        return echo(request)

    wire.answers(answer)

    assert said(batch(mode, wire, map(chat, range(9)), max_workers=3)) == [str(each) for each in range(9)]
    assert running.most == 3


class Gauge:
    """Counts how many are inside at once."""

    def __init__(self) -> None:
        self._lock, self._inside, self.most = threading.Lock(), 0, 0

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            self.most = max(self.most, self._inside)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1


@COLOURS
def test_one_worker_asks_one_after_the_other(mode, wire: Wire) -> None:
    wire.answers(echo)
    batch(mode, wire, map(chat, range(5)), max_workers=1)
    assert [asked(request) for request in wire.requests] == ["0", "1", "2", "3", "4"]


@given(calls=st.integers(0, 20), most=st.integers(1, 6), seed=st.randoms(use_true_random=False))
def test_a_batch_never_runs_more_than_allowed_and_settles_each_in_its_place(calls, most, seed) -> None:
    left = Batch((("m", place) for place in range(calls)), most)
    running: list[Any] = []
    while (item := left.take()) is not None or left.running:
        if item is not None:
            running.append(item)
            assert len(running) == left.running <= most
        else:
            assert len(running) == min(most, left.running)
            place, _, message = running.pop(seed.randrange(len(running)))
            left.settle(place, f"answer {message}")
    assert left.outcomes == [f"answer {place}" for place in range(calls)]
    assert not running


@COLOURS
def test_a_thousand_chats(mode, wire: Wire) -> None:
    wire.answers(echo)
    assert said(batch(mode, wire, map(chat, range(1000)), max_workers=8)) == [str(each) for each in range(1000)]


@COLOURS
def test_no_chats_have_no_answers(mode, wire: Wire) -> None:
    assert batch(mode, wire, []) == []
    assert batch(mode, wire, iter(())) == []
    assert run(mode, "batch_completion", "openai/m", **wire.target) == []
    assert not wire.requests


@COLOURS
def test_max_workers_none_is_the_default(mode, wire: Wire) -> None:
    assert said(batch(mode, wire, [MESSAGES], max_workers=None)) == ["Hello."]


@COLOURS
def test_an_exception_stands_in_the_place_of_a_failed_call(mode, wire: Wire) -> None:
    failing = {"1": problem(500, "Trouble"), "3": problem(429, "Slow down"), "4": problem(401, "No")}
    wire.answers(lambda request: failing.get(asked(request)) or echo(request))

    answers = batch(mode, wire, map(chat, range(6)), max_workers=2)

    assert said(answers) == ["0", "InternalServerError", "2", "RateLimitError", "AuthenticationError", "5"]
    assert "Trouble" in str(answers[1])


@COLOURS
def test_each_call_is_tried_again_on_its_own(mode, wire: Wire) -> None:
    wire.answers(problem(429, "Slow down", {"retry-after": "0"}), echo)
    assert said(batch(mode, wire, [chat("a"), chat("b")], max_workers=1, num_retries=1)) == ["a", "b"]
    assert [asked(request) for request in wire.requests] == ["a", "a", "b"]


@COLOURS
@pytest.mark.parametrize("bad", [None, 5, "Hi", (), {"role": "user", "content": "Hi"}, [{"content": "Hi"}], [None]])
def test_a_chat_that_is_none_fails_in_its_place(mode, wire: Wire, bad) -> None:
    answers = batch(mode, wire, [MESSAGES, bad, MESSAGES])
    assert said(answers) == ["Hello.", "BadRequestError", "Hello."]
    assert len(wire.requests) == 2


@COLOURS
def test_a_budget_holds_for_each_call(mode, wire: Wire) -> None:
    prices = {"input_cost_per_token": 0.001, "output_cost_per_token": 0.001}
    answers = batch(mode, wire, [MESSAGES, chat("word " * 500), MESSAGES], budget=0.2, **prices)
    assert said(answers) == ["Hello.", BudgetExceededError.__name__, "Hello."]


@COLOURS
def test_a_call_that_cannot_be_made_at_all_fails_in_every_place(mode) -> None:
    answers = run(mode, "batch_completion", "nobody/m", [MESSAGES, MESSAGES], api_key="sk")
    assert [type(answer) for answer in answers] == [LiteLLMUnknownProvider, LiteLLMUnknownProvider]
    answers = run(mode, "batch_completion", "openai/m", [MESSAGES])
    assert [type(answer) for answer in answers] == [AuthenticationError]


@COLOURS
def test_an_error_that_is_nobodys_stands_in_its_place_too(mode, wire: Wire) -> None:
    class Broken(list[Any]):
        def __iter__(self) -> Iterator[Any]:
            msg = "a list that cannot be read"
            raise OSError(msg)

    assert said(batch(mode, wire, [MESSAGES, Broken(MESSAGES), MESSAGES])) == ["Hello.", "OSError", "Hello."]


TRACE = contextvars.ContextVar("TRACE", default="none")


def mark(request: httpx.Request) -> None:
    request.headers["x-trace"] = TRACE.get()


async def amark(request: httpx.Request) -> None:
    mark(request)


@COLOURS
def test_one_client_serves_all_calls_and_the_callers_context_reaches_it(mode, wire: Wire) -> None:
    target: Any = wire.target

    def main() -> list[Any]:
        TRACE.set("span-1")
        with httpx.Client(event_hooks={"request": [mark]}) as client:
            return batches.batch_completion("openai/m", [MESSAGES] * 6, client=client, **target)

    async def amain() -> list[Any]:
        TRACE.set("span-1")
        async with httpx.AsyncClient(event_hooks={"request": [amark]}) as client:
            return await batches.abatch_completion("openai/m", [MESSAGES] * 6, client=client, **target)

    answers = contextvars.copy_context().run(main) if mode == "sync" else asyncio.run(amain())
    assert said(answers) == ["Hello."] * 6
    assert {request.headers["x-trace"] for request in wire.requests} == {"span-1"}


@COLOURS
def test_parameters_hold_for_each_call(mode, wire: Wire) -> None:
    batch(mode, wire, [MESSAGES] * 2, temperature=0.5, extra_body={"mine": 1})
    assert [(request.json["temperature"], request.json["mine"]) for request in wire.requests] == [(0.5, 1)] * 2


@COLOURS
@pytest.mark.parametrize("messages", [MESSAGES, tuple(MESSAGES), iter(MESSAGES)], ids=["list", "tuple", "iterator"])
def test_a_single_chat_is_refused_with_the_remedy(mode, wire: Wire, messages) -> None:
    with pytest.raises(BadRequestError, match=re.escape("pass messages=[messages]")) as raised:
        batch(mode, wire, iter(MESSAGES) if isinstance(messages, Iterator) else messages)
    assert raised.value.param == "messages"
    assert not wire.requests


@COLOURS
def test_a_message_of_an_earlier_answer_is_no_chat_either(mode, wire: Wire) -> None:
    message = batch("sync", wire, [MESSAGES])[0].choices[0].message
    with pytest.raises(BadRequestError, match="one chat"):
        batch(mode, wire, [message])


@COLOURS
@pytest.mark.parametrize("messages", [None, 5, "Hi", b"Hi", MESSAGES[0]])
def test_what_holds_no_chats_is_refused(mode, wire: Wire, messages) -> None:
    with pytest.raises(BadRequestError, match=f"a list of chats.*not {type(messages).__name__}"):
        batch(mode, wire, messages)


@COLOURS
def test_an_async_generator_is_refused(mode, wire: Wire) -> None:
    async def chats() -> Any:
        yield MESSAGES

    with pytest.raises(BadRequestError, match="not async_generator"):
        batch(mode, wire, chats())


@COLOURS
@pytest.mark.parametrize("max_workers", [0, -1, True, 2.0, "4"])
def test_max_workers_is_a_whole_number_from_1(mode, wire: Wire, max_workers) -> None:
    with pytest.raises(BadRequestError, match="max_workers must be a whole number from 1") as raised:
        batch(mode, wire, [MESSAGES], max_workers=max_workers)
    assert raised.value.param == "max_workers"
    assert not wire.requests


@COLOURS
@ENTRIES
def test_a_stream_is_refused(mode, name) -> None:
    with pytest.raises(UnsupportedParamsError, match="a batch returns whole answers") as raised:
        run(mode, name, "openai/m", [MESSAGES], stream=True, drop_params=True, **MOCK)
    assert raised.value.param == "stream"


@COLOURS
@pytest.mark.parametrize("stream", [False, None])
def test_no_stream_may_be_asked_for_by_name(mode, wire: Wire, stream) -> None:
    assert said(batch(mode, wire, [MESSAGES], stream=stream)) == ["Hello."]


@COLOURS
def test_progress_is_true_or_a_function(mode, wire: Wire) -> None:
    with pytest.raises(BadRequestError, match="progress must be True or a function"):
        batch(mode, wire, [MESSAGES], progress="yes")
    assert said(batch(mode, wire, [MESSAGES], progress=False)) == ["Hello."]


@COLOURS
def test_no_error_shows_a_key(mode, wire: Wire) -> None:
    key = "sk-canary-8c1f"
    wire.answers(lambda request: problem(401, f"bad {request.headers['authorization']}"))
    found = batch(mode, wire, [MESSAGES, "Hi", [{}]], api_key=key)
    for wrong in ({"messages": MESSAGES}, {"max_workers": 0}, {"progress": 1}, {"stream": True}):
        with pytest.raises(APIError) as raised:
            run(mode, "batch_completion", **{"model": "openai/m", "messages": [MESSAGES], "api_key": key, **wrong})
        found.append(raised.value)
    with pytest.raises(APIError) as raised:
        run(mode, "batch_completion_models", ["openai/a", "meta_llama/b"], MESSAGES, api_key=key)
    assert not [text for error in [*found, raised.value] for text in (str(error), repr(error)) if key in text]


def test_the_example_on_the_page_is_true() -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    known: dict[str, Any] = {}
    code, _, told = block.rpartition("\n[")
    exec(code, known)
    expression, _, shown = f"[{told}".partition("  # ")
    assert repr(eval(expression, known)) == shown.strip()
