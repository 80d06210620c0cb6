"""One chat, many models: the first answer, or all of them."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import httpx
import pytest

from litellm_lite import batches
from litellm_lite.errors import AuthenticationError, BadRequestError, InternalServerError, RateLimitError
from tests.batch_calls import MOCK, run, said, wait_for_workers
from tests.calls import MESSAGES, MODES
from tests.wire import PATIENCE_S, HoldOpen, Pause, Request, Steps, Wire, completion, problem

COLOURS = pytest.mark.parametrize("mode", MODES)


@COLOURS
def test_the_first_answer_to_come_wins(mode, wire: Wire) -> None:
    gate = threading.Event()
    slow = [Pause(gate), *completion("slow")]
    wire.answers(lambda request: slow if request.json["model"] == "slow" else completion("quick"))

    answer = run(mode, "batch_completion_models", ["openai/slow", "openai/quick"], MESSAGES, **wire.target)

    assert said([answer]) == ["quick"]
    gate.set()
    wait_for_workers()


def test_the_calls_that_lost_are_cancelled(wire: Wire) -> None:
    both = threading.Barrier(2, timeout=PATIENCE_S)

    def answer(request: Request) -> Steps:
        both.wait()
        return [HoldOpen()] if request.json["model"] == "slow" else completion("quick")

    wire.answers(answer)

    async def main() -> None:
        async with httpx.AsyncClient() as client:
            params: dict[str, Any] = {**wire.target, "client": client}
            answer = await batches.abatch_completion_models(["openai/slow", "openai/quick"], MESSAGES, **params)
            assert said([answer]) == ["quick"]
            assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
    wire.wait_for_hang_up(0)
    wire.wait_for_hang_up(1)


@COLOURS
def test_a_failure_does_not_win(mode, wire: Wire) -> None:
    failed = threading.Event()

    def answer(request: Request) -> Steps:
        if request.json["model"] == "bad":
            failed.set()
            return problem(500, "Trouble")
        return [Pause(failed), *completion("good")]

    wire.answers(answer)
    answer_of_good = run(
        mode, "batch_completion_models", ["openai/bad", "openai/good"], MESSAGES, num_retries=0, **wire.target
    )
    assert said([answer_of_good]) == ["good"]


@COLOURS
def test_when_all_models_fail_the_last_error_is_raised_and_names_the_others(mode, wire: Wire) -> None:
    gate = threading.Event()

    def answer(request: Request) -> Steps:
        return [Pause(gate), *problem(500, "Trouble")] if request.json["model"] == "a" else problem(429, "Slow down")

    def open_gate() -> None:
        wire.wait_for_requests(3)
        gate.set()

    wire.answers(answer)
    opening = threading.Thread(target=open_gate)
    opening.start()
    with pytest.raises((InternalServerError, RateLimitError)) as raised:
        run(
            mode,
            "batch_completion_models",
            ["openai/a", "openai/b", "openai/c"],
            MESSAGES,
            num_retries=0,
            **wire.target,
        )
    opening.join()
    (note,) = raised.value.__notes__
    first, *before = note.splitlines()
    last = f"openai/{raised.value.model}"
    told = {
        "openai/a": "InternalServerError: openai: Trouble (status 500, model 'a')",
        "openai/b": "RateLimitError: openai: Slow down (status 429, model 'b')",
        "openai/c": "RateLimitError: openai: Slow down (status 429, model 'c')",
    }
    assert first == f"no model answered; {last} failed last, and before it"
    assert before == [f"  {model}: {error}" for model, error in told.items() if model != last]


@COLOURS
def test_the_failure_of_a_lone_model_needs_no_note(mode, wire: Wire) -> None:
    wire.answers(problem(401, "No"))
    with pytest.raises(AuthenticationError) as raised:
        run(mode, "batch_completion_models", ["openai/a"], MESSAGES, **wire.target)
    assert not hasattr(raised.value, "__notes__")


@COLOURS
def test_all_responses_come_in_the_models_order_with_failures_in_place(mode, wire: Wire) -> None:
    def answer(request: Request) -> Steps:
        model = request.json["model"]
        return problem(429, "Slow down") if model == "b" else completion(f"I am {model}.")

    wire.answers(answer)
    answers = run(
        mode,
        "batch_completion_models_all_responses",
        ["openai/a", "openai/b", "nobody/x", "openai/c"],
        MESSAGES,
        num_retries=0,
        **wire.target,
    )
    assert said(answers) == ["I am a.", "RateLimitError", "LiteLLMUnknownProvider", "I am c."]


@COLOURS
def test_one_name_is_a_list_of_one(mode) -> None:
    assert said([run(mode, "batch_completion_models", "openai/m", MESSAGES, **MOCK)]) == ["Hello."]
    assert said(run(mode, "batch_completion_models_all_responses", "openai/m", MESSAGES, **MOCK)) == ["Hello."]


@COLOURS
def test_no_models_have_no_responses_and_no_winner(mode) -> None:
    assert run(mode, "batch_completion_models_all_responses", [], MESSAGES) == []
    with pytest.raises(BadRequestError, match="models is empty"):
        run(mode, "batch_completion_models", [], MESSAGES)


@COLOURS
@pytest.mark.parametrize("models", [None, 5, [5], {"openai/m"}])
def test_models_are_names(mode, models) -> None:
    with pytest.raises(BadRequestError, match="models must be a list of names"):
        run(mode, "batch_completion_models", models, MESSAGES, **MOCK)


@COLOURS
def test_model_beside_models_is_refused(mode) -> None:
    with pytest.raises(BadRequestError, match="pass models= alone"):
        run(mode, "batch_completion_models", models=["openai/m"], messages=MESSAGES, model="openai/x", **MOCK)


@COLOURS
def test_a_key_is_not_sent_to_two_vendors(mode) -> None:
    with pytest.raises(BadRequestError, match="api_key would be sent to meta_llama and openai") as raised:
        run(mode, "batch_completion_models", ["openai/a", "meta_llama/b"], MESSAGES, api_key="sk-one", **MOCK)
    assert raised.value.param == "api_key"


@COLOURS
@pytest.mark.parametrize("models", [["openai/a", "openai/b"], ["openai/a", "nobody/b"]])
def test_a_key_may_go_to_one_vendor_many_times(mode, models) -> None:
    answers = run(mode, "batch_completion_models_all_responses", models, MESSAGES, api_key="sk-one", **MOCK)
    assert said(answers)[0] == "Hello."


@COLOURS
def test_a_key_may_go_to_the_one_place_that_serves_all(mode, wire: Wire) -> None:
    models = ["openai/a", "meta_llama/b"]
    answers = run(mode, "batch_completion_models_all_responses", models, MESSAGES, **wire.target)
    assert said(answers) == ["Hello.", "Hello."]
