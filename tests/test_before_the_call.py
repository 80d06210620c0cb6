"""What is known before a call is used before it: a prompt too long, a budget too small, a model switched off."""

from decimal import Decimal

import pytest

from litellm_lite import (
    BadRequestError,
    BudgetExceededError,
    ContextWindowExceededError,
    NotFoundError,
    PriceUnknown,
    RetiredModelWarning,
    estimate_cost,
    register_model,
)
from litellm_lite.chunks import Ledger
from litellm_lite.finish import stream_end
from litellm_lite.prepare import prepare
from litellm_lite.registry import registry
from tests.calls import MODES, call, collect
from tests.wire import chunk, completion, event, problem, stream, usage_chunk

SMALL = "openai/small-window"
OLD = "openai/switched-off"
WINDOW = 40


@pytest.fixture(autouse=True)
def _models():
    register_model(
        {
            SMALL: {
                "litellm_provider": "openai",
                "max_input_tokens": WINDOW,
                "max_output_tokens": 10,
                "input_cost_per_token": 0.01,
                "output_cost_per_token": 0.1,
            },
            OLD: {
                "litellm_provider": "openai",
                "deprecation_date": "2020-02-29",
                "source": "https://vendor.example/ends",
            },
        }
    )
    yield
    registry().reset()


def saying(text):
    return [{"role": "user", "content": text}]


# The window


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stream", [False, True])
def test_a_prompt_that_cannot_fit_is_refused_without_being_sent(mode, stream, wire):
    with pytest.raises(ContextWindowExceededError) as caught:
        call(mode, wire, SMALL, messages=saying("word " * 500), stream=stream)
    assert not wire.requests
    assert caught.value.provider == "openai"
    assert caught.value.model == "small-window"
    assert "at least 500 tokens, and the model takes 40" in str(caught.value)
    assert "check_context=False" in str(caught.value)


@pytest.mark.parametrize("mode", MODES)
def test_the_caller_may_leave_the_window_to_the_vendor(mode, wire):
    call(mode, wire, SMALL, messages=saying("word " * 500), check_context=False)
    assert len(wire.requests) == 1
    assert "check_context" not in wire.last.json


def test_a_prompt_that_may_fit_is_sent(wire):
    """Few words and many letters: an estimate that is no proof refuses nothing."""
    call("sync", wire, SMALL, messages=saying("incomprehensibilities" * 4))
    assert len(wire.requests) == 1


def test_an_exact_count_refuses_what_bounds_alone_could_not(wire):
    pytest.importorskip("llama_models")
    register_model({"meta_llama/Llama-3.3-8B-Instruct": {"max_input_tokens": 200}})
    letters = "".join(chr(ord("a") + place * 7 % 26) for place in range(1000))
    with pytest.raises(ContextWindowExceededError, match=r"the prompt has \d+ tokens, and the model takes 200"):
        call("sync", wire, "meta_llama/Llama-3.3-8B-Instruct", messages=saying(letters))
    assert not wire.requests


def test_a_body_with_fewer_bytes_than_the_window_is_not_counted(wire, tmp_path, monkeypatch, caplog):
    """The vocabulary is damaged, and would be complained of if anybody looked."""
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    (tmp_path / "fb374d419588a4632f3f557e76b4b70aebbca790").write_bytes(b"damaged")
    looked = []
    for window in (1000, 30):
        register_model({"openai/gpt-4o": {"max_input_tokens": window}})
        caplog.clear()
        call("sync", wire, "openai/gpt-4o", messages=saying("abcdefghi" * 5))
        looked.append("was not counted" in caplog.text)
    assert looked == [False, True]


def test_messages_that_extra_body_replaces_are_not_held_against_the_window(wire):
    other = {"messages": saying("Hi")}
    call("sync", wire, SMALL, messages=saying("word " * 500), extra_body=other)
    call("sync", wire, SMALL, messages=saying("Hi"), extra_body={"messages": saying("word " * 500)})
    assert wire.requests[0].json["messages"] == other["messages"]
    assert len(wire.requests) == 2


def test_check_context_is_true_or_false(wire):
    with pytest.raises(BadRequestError, match="check_context must be True or False, not 'no'"):
        call("sync", wire, SMALL, check_context="no")


# The budget


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stream", [False, True])
def test_a_call_that_costs_more_than_its_budget_at_the_least_is_refused(mode, stream, wire):
    least = estimate_cost(SMALL, saying("Hi")).least
    with pytest.raises(
        BudgetExceededError, match=r"small-window: the call would cost at least \$0\.\d+, and its budg"
    ) as caught:
        call(mode, wire, SMALL, budget=float(least) / 2, stream=stream)
    assert not wire.requests
    assert caught.value.current_cost == float(least)
    assert caught.value.max_budget == float(least) / 2


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", [float, str, Decimal])
def test_a_call_within_its_budget_is_made(mode, kind, wire):
    call(mode, wire, SMALL, budget=kind(str(estimate_cost(SMALL, saying("Hi")).least)))
    assert len(wire.requests) == 1
    assert "budget" not in wire.last.json


def test_a_budget_for_a_price_nobody_knows_is_refused_rather_than_ignored(wire):
    for model in ("meta_llama/Llama-3.3-8B-Instruct", "openai/of-my-own"):
        with pytest.raises(PriceUnknown, match=r"input_cost_per_token|pass the prices"):
            call("sync", wire, model, budget=1)
    assert not wire.requests


def test_the_callers_own_prices_hold_for_the_budget(wire):
    priced = {"input_cost_per_token": 1, "output_cost_per_token": 1}
    with pytest.raises(BudgetExceededError):
        call("sync", wire, "openai/of-my-own", budget=0.5, **priced)
    call("sync", wire, "openai/of-my-own", budget=1000, **priced)
    assert len(wire.requests) == 1


@pytest.mark.parametrize("budget", [-1, float("nan"), float("inf"), "much", True, [1]])
def test_a_budget_is_a_number_of_dollars(budget, wire):
    with pytest.raises(BadRequestError, match="budget must be US dollars, a number from 0"):
        call("sync", wire, SMALL, budget=budget)


def test_a_budget_for_a_prompt_that_extra_body_replaces_is_refused(wire):
    with pytest.raises(BadRequestError, match="extra_body puts other messages into the request"):
        call("sync", wire, SMALL, budget=1, extra_body={"messages": saying("Hi")})
    assert not wire.requests


def test_a_budget_of_nothing_lets_nothing_through_that_costs(wire):
    with pytest.raises(BudgetExceededError):
        call("sync", wire, SMALL, budget=0)
    call("sync", wire, "openai/free", budget=0, input_cost_per_token=0, output_cost_per_token=0)
    assert len(wire.requests) == 1


# A model that is switched off


@pytest.mark.parametrize("mode", MODES)
def test_a_call_to_a_retired_model_warns_the_line_that_made_it(mode, wire):
    with pytest.warns(RetiredModelWarning, match=r"switched-off.*2020-02-29.*vendor\.example/ends"):
        call(mode, wire, OLD)
    assert len(wire.requests) == 1


@pytest.mark.parametrize("mode", MODES)
def test_the_vendors_refusal_of_a_retired_model_says_why(mode, wire):
    wire.answers(problem(404, "The model does not exist"))
    with pytest.warns(RetiredModelWarning), pytest.raises(NotFoundError, match=r"does not exist.*2020-02-29"):
        call(mode, wire, OLD)


def test_a_failure_of_another_kind_is_not_blamed_on_retirement(wire):
    wire.answers(problem(500, "Oops"))
    with pytest.warns(RetiredModelWarning):
        streamed = collect("sync", wire, OLD)
    assert "2020" not in str(streamed.failure)


def test_the_warning_points_at_the_callers_file(wire):
    with pytest.warns(RetiredModelWarning) as caught:
        call("sync", wire, OLD)
    assert caught[0].filename.endswith("calls.py")


# Prices of the caller's own


def test_the_lists_discounts_do_not_mix_with_the_callers_prices(wire):
    """At list a cached token of gpt-4o costs half; at the caller's price it costs what the caller said."""
    usage = {"prompt_tokens": 10, "completion_tokens": 0, "total_tokens": 10}
    wire.answers(completion("Hi.", usage={**usage, "prompt_tokens_details": {"cached_tokens": 10}}))
    dear = call("sync", wire, "openai/gpt-4o", input_cost_per_token=1)
    assert dear._hidden_params["cost"].total == 10
    told = call("sync", wire, "openai/gpt-4o", input_cost_per_token=1, cache_read_input_token_cost="0.1")
    assert told._hidden_params["cost"].total == 1


def test_a_stream_costs_the_price_of_the_hour_it_ended_in():
    night = {"input_cost_per_token": 1, "output_cost_per_token": 2, "hours_utc": "12:00-13:00"}
    register_model({SMALL: {"off_peak_pricing": night}})
    plan = prepare(SMALL, saying("Hi"), {"mock_response": "Hello."}, stream=True)
    noon = 1_795_262_400  # 2026-11-21T12:00Z
    clock = iter([noon - 1, noon])
    end = stream_end(plan, {}, lambda: next(clock))
    ledger = Ledger()
    ledger.usage = {"prompt_tokens": 3, "completion_tokens": 2}
    end.settle(ledger)
    assert end.hidden_params["cost"].total == 3 * 1 + 2 * 2


def test_a_price_left_to_the_list_keeps_its_conditions(wire):
    """Above 200k tokens the list bills an answer higher, and nobody said what the caller's own price is there."""
    tiers = {"output_cost_per_token_above_200k_tokens": 0.2}
    register_model({SMALL: tiers})
    short, long = ({"prompt_tokens": size, "completion_tokens": 1} for size in (1000, 200_001))
    wire.answers(completion("Hi.", usage=short), completion("Hi.", usage=long), completion("Hi.", usage=long))
    assert call("sync", wire, SMALL, input_cost_per_token=1)._hidden_params["cost"].total == Decimal("1000.1")
    assert call("sync", wire, SMALL, input_cost_per_token=1)._hidden_params["cost"] is None
    both = {"input_cost_per_token": 1, "output_cost_per_token": 1}
    assert call("sync", wire, SMALL, **both)._hidden_params["cost"].total == 200_002


def test_a_price_left_to_a_table_is_not_known(wire):
    register_model({SMALL: {"off_peak_pricing": {"output_cost_per_token": 0.01, "hours_utc": "00:00-00:00"}}})
    assert call("sync", wire, SMALL, input_cost_per_token=1)._hidden_params["cost"] is None


def test_off_peak_prices_are_those_of_the_hour_the_answer_came(wire):
    """The windows of this model are the whole week, so that any hour will do."""
    always = [{"hours_utc": "00:00-00:00", "weekdays": [1, 2, 3, 4, 5, 6, 7]}]
    night = {"input_cost_per_token": 1, "output_cost_per_token": 2, "windows": always}
    register_model({SMALL: {"off_peak_pricing": night}})
    assert call("sync", wire, SMALL)._hidden_params["cost"].total == 3 * 1 + 2 * 2
    wire.answers(stream([event(chunk("Hi", "stop")), event(usage_chunk(3, 2))]))
    assert collect("sync", wire, SMALL).stream.cost.total == 3 * 1 + 2 * 2
