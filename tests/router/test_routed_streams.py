"""Streams of a Router as their caller sees them: mended, held, closed early, dropped, interrupted; in both colours."""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import Any

import pytest

from litellm_lite import Router
from litellm_lite.errors import APIConnectionError, APIResponseValidationError, BadRequestError
from litellm_lite.router.clock import Clock
from tests.calls import MESSAGES, MODES, Streamed
from tests.router.routing import Wires, listen, place, tried
from tests.wire import DONE, Close, HoldOpen, Pause, Wire, chunk, event, problem, stream, usage_chunk

SPEED = 50.0
WORDS = ("one ", "two ", "three ", "four ", "five")
WHOLE = "".join(WORDS)
PREFILL = {"supports_assistant_prefill": True}
PRICES = {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}

both = pytest.mark.parametrize("mode", MODES)


def said(*words: str, cut: bool = False, id: str | None = "chatcmpl-1", usage: bool = True, then: Any = None) -> Any:
    """A stream of these words: whole, or cut behind them, or going on as `then` says."""
    chunks = [{**chunk(word), "id": id} for word in words]
    if cut or then is not None:
        return stream(map(event, chunks), None, then or Close())
    ends = [{**chunk(finish="stop"), "id": id}, *([{**usage_chunk(), "id": id}] if usage else [])]
    return stream([*map(event, [*chunks, *ends]), DONE])


def routed(*entries: Any, **settings: Any) -> Router:
    return Router(list(entries), **{"fallbacks": [{"chat": ["backup"]}], "num_retries": 0, "seed": 1, **settings})


def pair(wire: Wire, new_wire: Wires, *answers: Any, info: Any = None, **settings: Any) -> tuple[Router, Wire]:
    """A Router with a primary that is cut after two words and then down, and a spare with these answers."""
    wire.answers(said(*WORDS[:2], cut=True), problem(503, "down"))
    spare = new_wire()
    spare.answers(*answers)
    entries = place(wire, "primary", **PRICES), place(spare, "spare", "backup", info=info or {}, **PRICES)
    return routed(*entries, **settings), spare


def in_flight(router: Router) -> int:
    return sum(report["in_flight"] for report in router.get_deployments())


def text(heard: Streamed) -> str:
    return heard.text


@both
def test_a_restart_is_heard_only_from_where_the_caller_stood(mode: str, wire: Wire, new_wire: Wires) -> None:
    router, _ = pair(wire, new_wire, said("one two th", "ree four ", "five"))
    heard = listen(mode, router)
    assert text(heard) == WHOLE
    assert tried(heard.stream) == [
        ("first", "primary", "cut"),
        ("restart", "primary", "failed"),
        ("restart", "spare", "answered"),
    ]
    assert in_flight(router) == 0


@both
def test_id_and_time_stay_the_same_across_a_seam_and_the_model_is_who_speaks(
    mode: str, wire: Wire, new_wire: Wires
) -> None:
    later = [{**chunk(word), "id": "chatcmpl-2", "created": 7, "model": "other"} for word in WORDS]
    router, _ = pair(wire, new_wire, stream([*map(event, [*later, {**chunk(finish="stop"), "id": "x"}]), DONE]))
    chunks = listen(mode, router).chunks
    assert {each.id for each in chunks} == {"chatcmpl-1"}
    assert {each.created for each in chunks} == {1}
    assert [each.model for each in chunks if each.choices[0].delta.content] == ["m", "m", "other", "other", "other"]


@both
def test_so_they_do_where_the_vendor_gives_none(mode: str, wire: Wire, new_wire: Wires) -> None:
    router, _ = pair(wire, new_wire, said(*WORDS, id="chatcmpl-2"))
    wire.answers(said(*WORDS[:2], cut=True, id=None), problem(503, "down"))
    assert len({each.id for each in listen(mode, router).chunks}) == 1


@both
def test_a_continuation_is_sent_what_was_shown_and_goes_on_behind_it(mode: str, wire: Wire, new_wire: Wires) -> None:
    router, spare = pair(wire, new_wire, said(" three ", *WORDS[3:]), info=PREFILL)
    heard = listen(mode, router)
    assert text(heard) == WHOLE
    assert spare.last.json["messages"] == [*MESSAGES, {"role": "assistant", "content": "one two"}]
    assert heard.stream.hidden_params["seams"][0].kind == "continuation"


@both
def test_the_cost_is_that_of_the_answer_that_came_to_its_end(mode: str, wire: Wire, new_wire: Wires) -> None:
    router, _ = pair(wire, new_wire, said(*WORDS))
    heard = listen(mode, router, stream_options={"include_usage": True})
    cut, failed, served = heard.stream.hidden_params["attempts"]
    assert (cut.cost, failed.cost) == (None, None)
    assert cut.estimated_cost is not None
    (seam,) = heard.stream.hidden_params["seams"]
    assert seam.as_dict()["from_estimated_cost"] == str(cut.estimated_cost.total)
    assert seam.as_dict()["to_cost"] == str(heard.stream.cost.total)
    assert served.cost is not None
    assert heard.stream.cost == served.cost
    assert heard.stream.response_cost == float(served.cost.total) == pytest.approx(3e-6 + 2 * 2e-6)
    assert [each.usage.total_tokens for each in heard.chunks if getattr(each, "usage", None)] == [5]
    assert heard.stream.usage["total_tokens"] == 5


@both
def test_a_restart_that_says_something_else_is_not_shown_and_the_error_holds_what_was(
    mode: str, wire: Wire, new_wire: Wires
) -> None:
    router, _ = pair(wire, new_wire, said("one ", "too ", "many"))
    heard = listen(mode, router)
    assert text(heard) == "one two "
    assert heard.partial.text == "one two "
    assert isinstance(heard.failure, APIConnectionError)
    assert tried(heard.failure)[-1] == ("restart", "spare", "failed")
    assert heard.failure.attempts[-1].error is not None
    assert "differs at character 6 of the 8" in str(heard.failure.attempts[-1].error)
    assert not any(record.billed for record in heard.failure.attempts)
    assert in_flight(router) == 0


@both
def test_after_a_seam_the_partial_is_all_that_was_shown(mode: str, wire: Wire, new_wire: Wires) -> None:
    router, _ = pair(wire, new_wire, said(*WORDS[:4], cut=True), said("else"), info={})
    heard = listen(mode, router)
    assert text(heard) == heard.partial.text == "one two three four "
    assert heard.partial.texts == {0: "one two three four "}


@both
def test_several_breaks_are_mended_one_after_the_other(mode: str, wire: Wire, new_wire: Wires) -> None:
    router, spare = pair(wire, new_wire, said(*WORDS[:4], cut=True), said(*WORDS))
    heard = listen(mode, router)
    assert text(heard) == WHOLE
    assert [seam.at for seam in heard.stream.hidden_params["seams"]] == [8, 19]
    assert len(spare.requests) == 2


@both
@pytest.mark.parametrize(
    "asked",
    [
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]},
        {"response_format": {"type": "json_object"}},
        {"n": 2},
    ],
    ids=["tools", "json", "several choices"],
)
def test_what_may_not_be_spliced_is_not(mode: str, wire: Wire, new_wire: Wires, asked: Any) -> None:
    router, spare = pair(wire, new_wire, said(*WORDS))
    heard = listen(mode, router, **asked)
    assert heard.partial.text == text(heard) == "one two "
    assert spare.requests == []
    assert tried(heard.failure) == [("first", "primary", "cut")]


@both
@pytest.mark.parametrize("asked", [{}, {"response_format": {"type": "json_object"}}], ids=["text", "json"])
def test_what_is_held_shows_nothing_of_a_stream_that_broke_off(
    mode: str, wire: Wire, new_wire: Wires, asked: Any
) -> None:
    router, _ = pair(wire, new_wire, said("quite ", "another"), stream_hold="full")
    heard = listen(mode, router, **asked)
    assert text(heard) == "quite another"
    assert heard.stream.hidden_params["model_id"] == "spare"


@both
def test_events_that_cannot_be_read_are_counted_in_all_legs(mode: str, wire: Wire, new_wire: Wires) -> None:
    broken = stream([event(chunk("one ")), b"data: {\n\n", event(chunk("two "))], None, Close())
    whole = stream([event(chunk(WHOLE)), b"data: {\n\n", event(chunk(finish="stop")), DONE])
    router, _ = pair(wire, new_wire, whole)
    wire.answers(broken, problem(503, "down"))
    assert listen(mode, router).stream.malformed_events == 2


@both
def test_a_chunk_that_is_none_ends_the_stream_and_frees_the_place(mode: str, wire: Wire) -> None:
    wire.answers(stream([event(chunk("one ")), event({**chunk("two"), "created": "never"})], None, HoldOpen()))
    router = routed(place(wire), fallbacks=[])
    heard = listen(mode, router)
    assert isinstance(heard.failure, APIResponseValidationError)
    assert [record.outcome for record in heard.failure.attempts] == ["let go"]
    assert in_flight(router) == 0
    wire.wait_for_hang_up()


@both
def test_whoever_cannot_be_asked_to_go_on_is_passed_over(mode: str, wire: Wire, new_wire: Wires) -> None:
    third = new_wire()
    third.answers(said(*WORDS))
    settings = {"fallbacks": [{"chat": ["backup", "third"]}]}
    llama = place(new_wire(), "llama", "backup", model="meta_llama/Llama-3.3-70B-Instruct")
    wire.answers(said(*WORDS[:2], cut=True), problem(503, "down"))
    heard = listen(mode, routed(place(wire, "a"), llama, place(third, "c", "third"), **settings), seed=1)
    assert text(heard) == WHOLE
    assert tried(heard.stream)[2:] == [("restart", "llama", "refused"), ("restart", "c", "answered")]


@both
def test_what_a_target_needs_to_be_told_to_go_on_is_in_the_request(mode: str, wire: Wire, new_wire: Wires) -> None:
    vllm = {"assistant_prefill": {"extra_body": {"continue_final_message": True, "add_generation_prompt": False}}}
    router, spare = pair(wire, new_wire, said(" three ", *WORDS[3:]), info=vllm)
    assert text(listen(mode, router, extra_body={"top_k": 3})) == WHOLE
    sent = spare.last.json
    assert (sent["continue_final_message"], sent["add_generation_prompt"], sent["top_k"]) == (True, False, 3)


def opened(router: Router, mode: str) -> Any:
    """A stream of which one chunk was read, and what runs its coroutines."""
    loop = asyncio.new_event_loop() if mode == "async" else None
    if loop is None:
        heard: Any = router.completion("chat", MESSAGES, stream=True)
        next(heard)
        return heard, None

    async def first() -> Any:
        heard = await router.acompletion("chat", MESSAGES, stream=True)
        await anext(heard)
        return heard

    return loop.run_until_complete(first()), loop


def end(loop: asyncio.AbstractEventLoop) -> None:
    """End a loop as `asyncio.run` does."""
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


@both
def test_a_stream_that_is_closed_early_frees_its_place_and_ends(mode: str, wire: Wire) -> None:
    wire.answers(said("one ", then=HoldOpen()))
    router = routed(place(wire), fallbacks=[])
    heard, loop = opened(router, mode)
    assert in_flight(router) == 1
    if loop is None:
        heard.close()
        heard.close()
        assert list(heard) == []
    else:
        loop.run_until_complete(heard.aclose())
        with pytest.raises(StopAsyncIteration):
            loop.run_until_complete(anext(heard))
        end(loop)
    assert in_flight(router) == 0
    assert tried(heard) == [("first", "a", "let go")]
    assert heard.cost is None
    wire.wait_for_hang_up()


@both
def test_a_stream_that_is_dropped_frees_its_place(mode: str, wire: Wire) -> None:
    wire.answers(said("one ", then=HoldOpen()))
    router = routed(place(wire), fallbacks=[])
    heard, loop = opened(router, mode)
    del heard
    gc.collect()
    assert in_flight(router) == 0
    if loop is None:
        wire.wait_for_hang_up()
    else:
        end(loop)


@both
def test_a_stream_that_dies_while_the_lock_is_held_stops_nobody(mode: str, wire: Wire) -> None:
    """The collector runs where it likes, also within a decision; a finalizer that waits there waits for ever."""
    wire.answers(said("one ", then=HoldOpen()), said(*WORDS))
    router = routed(place(wire), fallbacks=[])
    heard, loop = opened(router, mode)
    with router._fleet.lock:
        del heard
        gc.collect()
    listen("sync", router)
    assert in_flight(router) == 0
    if loop is not None:
        end(loop)


@both
def test_in_a_with_block_a_stream_is_let_go_of_at_its_end(mode: str, wire: Wire) -> None:
    wire.answers(said("one ", then=HoldOpen()))
    router = routed(place(wire), fallbacks=[])

    async def within() -> None:
        async with await router.acompletion("chat", MESSAGES, stream=True) as heard:
            await anext(heard)

    if mode == "async":
        asyncio.run(within())
    else:
        with router.completion("chat", MESSAGES, stream=True) as heard:
            next(heard)
    assert in_flight(router) == 0
    wire.wait_for_hang_up()


@pytest.mark.parametrize("at", ["reading", "mending"])
def test_a_cancelled_stream_frees_its_place_and_does_not_pass_for_whole(at: str, wire: Wire, new_wire: Wires) -> None:
    router, spare = pair(wire, new_wire, said(then=HoldOpen()))
    if at == "reading":
        wire.answers(said(*WORDS[:2], then=HoldOpen()))

    async def main() -> None:
        heard = await router.acompletion("chat", MESSAGES, stream=True)
        assert [(await anext(heard)).choices[0].delta.content for _ in range(2)] == ["one ", "two "]
        reading = asyncio.ensure_future(anext(heard))
        while at == "mending" and not spare.requests:  # noqa: ASYNC110 - who knows is another thread
            await asyncio.sleep(0.001)
        await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert in_flight(router) == 0
        with pytest.raises(APIConnectionError, match="interrupted") as raised:
            await anext(heard)
        assert raised.value.attempts
        with pytest.raises(StopAsyncIteration):
            await anext(heard)

    asyncio.run(main())


@both
def test_the_whole_answer_stands_where_the_end_mark_is_missing(mode: str, wire: Wire) -> None:
    ends = [event(chunk(word)) for word in WORDS] + [event(chunk(finish="stop")), event(usage_chunk())]
    wire.answers(stream(ends))
    router = routed(place(wire), fallbacks=[], clock=Clock(SPEED))
    heard = listen(mode, router)
    assert text(heard) == WHOLE
    assert heard.error is None
    assert tried(heard.stream) == [("first", "a", "answered")]


@both
def test_a_stream_knows_who_serves_it_before_its_end(mode: str, wire: Wire) -> None:
    gate = threading.Event()
    rest = stream(map(event, [chunk("two"), chunk(finish="stop")]))[1:]
    wire.answers([*said("one ", then=Pause(gate)), *rest])
    heard, loop = opened(routed(place(wire), fallbacks=[]), mode)
    assert heard.hidden_params["model_id"] == "a"
    assert tried(heard) == [("first", "a", "under way")]
    gate.set()
    if loop is not None:
        loop.run_until_complete(heard.aclose())
        end(loop)
    else:
        heard.close()


@both
def test_no_vendors_refusal_to_continue_is_shown(mode: str, wire: Wire, new_wire: Wires) -> None:
    router, _ = pair(wire, new_wire, problem(400, "prefill is not supported"), problem(503, "down"), info=PREFILL)
    error = listen(mode, router).failure
    assert not isinstance(error, BadRequestError)
    assert "prefill" not in str(error)
