"""What a stream that was cut has probably cost, and that nobody is billed for it."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litellm_lite import Router, count_tokens
from litellm_lite.prepare import prepare
from litellm_lite.router.estimates import estimated_cost
from tests.calls import MODES
from tests.router.routing import Wires, listen, place
from tests.wire import DONE, Wire, chunk, event, stream, usage_chunk

both = pytest.mark.parametrize("mode", MODES)
PRICES: dict[str, Any] = {"input_cost_per_token": 3e-6, "output_cost_per_token": 5e-6}
META = "meta_llama/Llama-3.3-70B-Instruct"
KEY = "sk-canary-estimate-4f1d9a"
PROMPT = [{"role": "user", "content": "Name three rivers, please."}]
TEXT = "The Rhine, the Danube and the Volga."


def pieces(text: str, size: int = 5) -> list[bytes]:
    return [event(chunk(text[start : start + size])) for start in range(0, len(text), size)]


def whole(text: str) -> list[bytes]:
    return [*pieces(text), event(chunk(finish="stop")), event(usage_chunk(11, 13)), DONE]


def planned(model: str = META, messages: Sequence[Any] = PROMPT, **params: Any) -> Any:
    return prepare(model, messages, {"api_key": KEY, **params}, stream=True)


def least(model: str, said: str) -> int:
    """The tokens of the prompt and of a text."""
    prompt = count_tokens(model, messages=PROMPT).tokens
    return prompt * 3 + count_tokens(model, text=said).tokens * 5


def test_prompt_and_text_are_counted_and_priced() -> None:
    cost = estimated_cost(planned(**PRICES), TEXT, 0.0)
    assert cost is not None
    assert cost.total == Decimal(least(META, TEXT)) / 1_000_000
    assert cost.output > 0


def test_without_a_text_the_prompt_alone_is_priced() -> None:
    cost = estimated_cost(planned(**PRICES), "", 0.0)
    assert cost is not None
    assert cost.output == 0 < cost.input


def test_tools_and_a_schema_are_part_of_the_prompt() -> None:
    tool = {"type": "function", "function": {"name": "f", "description": "many words " * 20, "parameters": {}}}
    plain, more = (
        estimated_cost(planned(**PRICES), TEXT, 0.0),
        estimated_cost(planned(tools=[tool], **PRICES), TEXT, 0.0),
    )
    assert plain is not None
    assert more is not None
    assert more.input > plain.input
    assert more.output == plain.output


def test_an_unknown_price_is_none_and_so_is_a_prompt_that_cannot_be_counted() -> None:
    assert estimated_cost(planned(), TEXT, 0.0) is None
    plan = planned(**PRICES)
    strange = replace(plan, call=replace(plan.call, params={"tools": 7}))
    assert estimated_cost(strange, TEXT, 0.0) is None


@given(st.text(max_size=60))
@settings(max_examples=40, deadline=None)
def test_any_text_has_a_cost_that_is_no_less_than_that_of_its_beginning(text: str) -> None:
    plan = planned(**PRICES)
    shorter, longer = estimated_cost(plan, "", 0.0), estimated_cost(plan, text, 0.0)
    assert shorter is not None
    assert longer is not None
    assert longer.input == shorter.input
    assert longer.output >= shorter.output


@both
def test_a_stream_that_broke_off_tells_its_estimate_and_bills_nothing(mode: str, wire: Wire) -> None:
    wire.answers(stream(pieces(TEXT)))
    heard = listen(mode, Router([place(wire, **PRICES)]), "chat", PROMPT)
    assert heard.partial.text == TEXT
    [attempt] = heard.failure.attempts
    assert (attempt.outcome, attempt.billed, attempt.cost) == ("cut", False, None)
    assert attempt.estimated_cost.total == Decimal(least("openai/m", TEXT)) / 1_000_000
    assert attempt.as_dict()["estimated_cost"] == str(attempt.estimated_cost.total)
    assert heard.stream.response_cost is None


@both
def test_a_mended_stream_tells_both_costs_and_bills_the_one_that_came_to_its_end(mode: str, new_wire: Wires) -> None:
    cut, spare = new_wire(), new_wire()
    cut.answers(stream(pieces(TEXT)[:4]))
    spare.answers(stream(whole(TEXT)))
    dear = {"input_cost_per_token": 1, "output_cost_per_token": 1}
    router = Router([place(cut, "a", "chat", order=1, **dear), place(spare, "b", "chat", order=2, **PRICES)])
    heard = listen(mode, router, "chat", PROMPT)
    assert heard.error is None
    assert heard.text == TEXT
    known = heard.stream.hidden_params
    [seam] = known["seams"]
    first, second = known["attempts"]
    assert (seam.at, seam.kind, seam.before, seam.after) == (20, "restart", first, second)
    assert (first.outcome, second.outcome) == ("cut", "answered")
    assert first.estimated_cost.total > 5
    assert second.cost.total == Decimal(11 * 3 + 13 * 5) / 1_000_000
    assert known["response_cost"] == pytest.approx(float(second.cost.total))
    assert known["model_id"] == "b"
    told = seam.as_dict()
    assert (told["from_model"], told["to_model"], told["at_character"]) == ("openai/m", "openai/m", 20)
    assert (told["from_estimated_cost"], told["to_cost"]) == (str(first.estimated_cost.total), str(second.cost.total))


@both
def test_a_copy_of_an_attempt_has_the_estimate_and_neither_prompt_nor_key(mode: str, wire: Wire) -> None:
    wire.answers(stream(pieces(TEXT)))
    heard = listen(mode, Router([place(wire, api_key=KEY, **PRICES)]), "chat", PROMPT)
    [attempt] = heard.failure.attempts
    content = pickle.dumps(attempt)
    assert KEY.encode() not in content
    assert b"rivers" not in content
    for again in (pickle.loads(content), copy.deepcopy(attempt)):
        assert again.estimated_cost == attempt.estimated_cost
        assert again.as_dict() == attempt.as_dict()


@both
def test_an_attempt_that_was_answered_or_refused_has_no_estimate(mode: str, wire: Wire) -> None:
    heard = listen(mode, Router([place(wire, **PRICES)]))
    assert heard.stream.hidden_params["attempts"][0].estimated_cost is None
