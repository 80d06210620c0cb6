"""What is told of a routed call beside its answer: the way there, who served, what it cost."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

from litellm_lite import (
    APIError,
    APIResponseValidationError,
    AttemptRecord,
    RateLimitError,
    Router,
    ServiceUnavailableError,
)
from litellm_lite.router.clock import Clock
from tests.calls import MODES
from tests.router.routing import Wires, ask, hidden, listen, place, tried
from tests.wire import Wire, chunk, completion, completion_body, event, problem, reply, stream

both = pytest.mark.parametrize("mode", MODES)
either = pytest.mark.parametrize("stream", [False, True])
PRICES = {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}
KEY = "sk-canary-answer-4f1d9a"


def one_down(new_wire: Wires, **keywords: Any) -> Router:
    """A group whose only deployment is down, and its fallback."""
    down, spare = new_wire(), new_wire()
    down.answers(problem(503, "Down", {"x-request-id": "r-1"}))
    entries = [place(down, api_key=KEY, **PRICES), place(spare, "b", "spare", api_key=KEY, **PRICES)]
    # A fast clock for the pauses; no limit of time is to be met.
    limits = dict.fromkeys(("timeout", "first_token_timeout", "stream_idle_timeout"), 1e6)
    return Router(entries, fallbacks=[{"chat": ["spare"]}], clock=Clock(speed=1000), **{**limits, **keywords})


@both
@either
def test_a_call_that_goes_well_at_once_has_one_attempt(mode: str, stream: bool, wire: Wire) -> None:
    told = hidden(mode, Router([place(wire)]), stream=stream)
    [attempt] = told["attempts"]
    assert (attempt.number, attempt.kind, attempt.outcome, attempt.billed) == (1, "first", "answered", True)
    assert (told["model_id"], told["model_group"], told["waited_s"]) == ("a", "chat", 0.0)
    assert (told["custom_llm_provider"], told["litellm_model_name"]) == ("openai", "m")
    assert attempt.started_s <= attempt.elapsed_s < 5
    assert "seams" not in told
    headers = told["additional_headers"]
    assert headers["x-litellm-model-group"] == "chat"
    assert (headers["x-litellm-attempted-retries"], headers["x-litellm-attempted-fallbacks"]) == ("0", "0")
    assert headers["llm_provider-content-type"].startswith("text/event-stream" if stream else "application/json")


@both
@either
def test_the_whole_way_is_told(mode: str, stream: bool, new_wire: Wires) -> None:
    told = hidden(mode, one_down(new_wire, num_retries=1), stream=stream)
    assert [(each.kind, each.outcome) for each in told["attempts"]] == [
        ("first", "failed"),
        ("retry", "failed"),
        ("fallback", "answered"),
    ]
    first, _, last = told["attempts"]
    assert isinstance(first.error, ServiceUnavailableError)
    assert (first.error.request_id, first.error.status) == ("r-1", 503)
    assert (told["model_id"], told["model_group"]) == ("b", "chat")
    assert told["waited_s"] > 0
    headers = told["additional_headers"]
    assert headers["x-litellm-model-group"] == "spare"
    assert (headers["x-litellm-attempted-retries"], headers["x-litellm-attempted-fallbacks"]) == ("1", "1")
    assert [each.cost for each in told["attempts"][:2]] == [None, None]
    assert last.usage["total_tokens"] == 5
    assert (str(last.cost.total), told["response_cost"]) == ("0.000007", pytest.approx(7e-6))


@both
def test_a_stream_says_who_speaks_before_its_end(mode: str, new_wire: Wires) -> None:
    first = listen(mode, one_down(new_wire)).chunks[0]
    assert (first.hidden_params["model_id"], first.hidden_params["model_group"]) == ("b", "chat")
    assert first.hidden_params["additional_headers"]["x-litellm-model-group"] == "spare"


@both
@either
def test_an_unknown_price_is_none_and_not_nothing(mode: str, stream: bool, wire: Wire) -> None:
    told = hidden(mode, Router([place(wire)]), stream=stream)
    assert (told["cost"], told["response_cost"], told["attempts"][0].cost) == (None, None, None)


@both
def test_the_cost_is_that_of_the_deployment_that_served(mode: str, new_wire: Wires) -> None:
    down, spare = new_wire(), new_wire()
    down.answers(problem(401, "No"))
    entries = [place(down, input_cost_per_token=1, output_cost_per_token=1), place(spare, "b", "spare", **PRICES)]
    router = Router(entries, fallbacks=[{"chat": ["spare"]}])
    for streamed in (False, True):
        assert hidden(mode, router, stream=streamed)["response_cost"] == pytest.approx(7e-6)


@both
def test_the_vendors_headers_are_kept_and_none_passes_for_ours(mode: str, wire: Wire) -> None:
    wire.answers(completion(headers={"x-litellm-model-group": "forged", "x-ratelimit-remaining-requests": "9"}))
    headers = ask(mode, Router([place(wire)])).hidden_params["additional_headers"]
    assert headers["x-litellm-model-group"] == "chat"
    assert headers["llm_provider-x-litellm-model-group"] == "forged"
    assert headers["x-ratelimit-remaining-requests"] == "9"


@both
@either
def test_an_error_holds_every_attempt(mode: str, stream: bool, new_wire: Wires) -> None:
    one, two = new_wire(), new_wire()
    one.answers(problem(429, "Slow down", {"retry-after": "7"}))
    two.answers(problem(503, "Down"))
    router = Router([place(one), place(two, "b", "spare")], fallbacks=[{"chat": ["spare"]}], num_retries=0)
    with pytest.raises(RateLimitError) as caught:
        ask(mode, router, stream=stream)
    error = caught.value
    assert tried(error) == [("first", "a", "failed"), ("fallback", "b", "failed")]
    assert isinstance(error.__cause__, RateLimitError)
    assert all(said in str(error) for said in ("2 attempts failed", "Slow down", "Down", "(a)", "(b)"))
    assert not any(attempt.billed for attempt in error.attempts)


@both
@either
def test_an_attempt_is_json(mode: str, stream: bool, new_wire: Wires) -> None:
    told = hidden(mode, one_down(new_wire, num_retries=0), stream=stream)
    failed, answered = (attempt.as_dict() for attempt in told["attempts"])
    assert json.loads(json.dumps([failed, answered])) == [failed, answered]
    assert failed["error"] == {
        "type": "ServiceUnavailableError",
        "status": 503,
        "message": told["attempts"][0].error.message,
    }
    assert (failed["billed"], failed["cost"], failed["estimated_cost"]) == (False, None, None)
    assert answered["model_id"] == "b"
    assert answered["model_group"] == "spare"
    assert (answered["cost"], "error" in answered) == ("0.000007", False)


@both
@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, lambda answer: pickle.loads(pickle.dumps(answer))])
@pytest.mark.parametrize("looked", [False, True])
def test_a_copy_of_an_answer_tells_the_same(mode: str, copied: Any, looked: bool, new_wire: Wires) -> None:
    answer = ask(mode, one_down(new_wire, num_retries=0))
    before = answer.hidden_params["attempts"] if looked else None
    again = copied(answer)
    assert (again.model_dump(), again.choices[0].message.content) == (answer.model_dump(), "Hello.")
    attempts = again.hidden_params["attempts"]
    assert [attempt.as_dict() for attempt in attempts] == [
        attempt.as_dict() for attempt in before or answer.hidden_params["attempts"]
    ]
    assert again.hidden_params["cost"] == answer.hidden_params["cost"]
    assert all(isinstance(attempt, AttemptRecord) for attempt in attempts)
    assert str(attempts) == str(answer.hidden_params["attempts"])


@both
@either
def test_a_pickle_of_an_answer_or_an_error_holds_no_key(mode: str, stream: bool, new_wire: Wires) -> None:
    router = one_down(new_wire, num_retries=0)
    made = listen(mode, router).chunks[0] if stream else ask(mode, router)
    assert KEY.encode() not in pickle.dumps(made)
    assert b"of 'spare'" not in pickle.dumps(made)
    with pytest.raises(APIError) as caught:
        ask(mode, router, disable_fallbacks=True, num_retries=2)
    content = pickle.dumps(caught.value)
    assert KEY.encode() not in content
    again = pickle.loads(content)
    assert str(again) == str(caught.value)
    assert [attempt.as_dict() for attempt in again.attempts] == [each.as_dict() for each in caught.value.attempts]


@both
def test_an_answer_without_usage_has_no_cost(mode: str, wire: Wire) -> None:
    wire.answers(reply({name: value for name, value in completion_body().items() if name != "usage"}))
    told = ask(mode, Router([place(wire, **PRICES)])).hidden_params
    assert (told["response_cost"], told["attempts"][0].usage) == (None, None)


@both
def test_a_stream_that_broke_off_says_so_of_its_attempt(mode: str, wire: Wire) -> None:
    wire.answers(stream([event(chunk("Hel"))]))
    heard = listen(mode, Router([place(wire, **PRICES)]))
    assert heard.partial.text == "Hel"
    [attempt] = heard.failure.attempts
    assert (attempt.outcome, attempt.shown_characters, attempt.cost) == ("cut", 3, None)
    assert heard.stream.hidden_params["response_cost"] is None


@both
def test_an_answer_whose_fields_are_none_of_an_answer_fails_with_its_attempts(mode: str, wire: Wire) -> None:
    wire.answers(reply(completion_body(usage={"prompt_tokens": "many"})))
    with pytest.raises(APIResponseValidationError, match="usage") as caught:
        ask(mode, Router([place(wire)]))
    assert tried(caught.value) == [("first", "a", "answered")]


@both
def test_attempts_read_well(mode: str, new_wire: Wires) -> None:
    told = repr(hidden(mode, one_down(new_wire, num_retries=0), stream=False)["attempts"])
    assert "1. first openai/m (a) failed after" in told
    assert "ServiceUnavailableError 503" in told
    assert "2. fallback openai/m (b) answered after" in told
