"""LiteLLM's functions for costs: the numbers are right, or an error names what is not known; never 0 for unknown."""

import pickle
from decimal import Decimal
from typing import Any

import pytest

from litellm_lite import pricing
from litellm_lite.cost import price
from litellm_lite.counting import count_tokens
from litellm_lite.errors import BadRequestError, NotFoundError, PriceUnknown, UnsupportedParamsError
from litellm_lite.pricing import completion_cost, cost_per_token
from litellm_lite.registry import register_model, registry
from litellm_lite.types.response import ModelResponse, PromptTokensDetails, Usage
from tests.answers import OPENAI_ANSWER
from tests.calls import MODES, call, collect
from tests.wire import chunk, event, reply, stream

MESSAGES = [{"role": "user", "content": "Hello"}]
USAGE = {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500}
NOON = 1_795_262_400  # 2026-11-21T12:00Z


@pytest.fixture(autouse=True)
def _own_models():
    registry().reset()
    register_model(
        {
            "acme/best": {
                "input_cost_per_token": 1e-6,
                "output_cost_per_token": 2e-6,
                "cache_read_input_token_cost": 5e-7,
                "cache_creation_input_token_cost": 2e-6,
                "input_cost_per_token_flex": 5e-7,
                "output_cost_per_token_flex": 1e-6,
                "input_cost_per_token_batches": 4e-7,
                "output_cost_per_token_batches": 8e-7,
            },
            "acme/nightly": {
                "input_cost_per_token": 1e-6,
                "output_cost_per_token": 2e-6,
                "off_peak_pricing": {
                    "hours_utc": "10:00-14:00",
                    "input_cost_per_token": 5e-7,
                    "output_cost_per_token": 1e-6,
                },
            },
        }
    )
    yield
    registry().reset()


def response(**fields):
    return {"model": "acme/best", "usage": USAGE, **fields}


def message(text="Hi"):
    return [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}]


def test_the_costs_of_prompt_and_completion_are_floats():
    assert cost_per_token("acme/best", 1000, 500) == (0.001, 0.001)


def test_cached_and_written_tokens_are_part_of_the_prompt():
    costs = cost_per_token("acme/best", 1000, 0, cache_read_input_tokens=400, cache_creation_input_tokens=100)
    assert costs == (0.0009, 0.0)


def test_a_usage_object_may_be_a_dictionary_or_a_model():
    details = {"prompt_tokens_details": {"cached_tokens": 400}}
    as_dictionary = cost_per_token("acme/best", usage_object={**USAGE, **details})
    assert (
        as_dictionary
        == cost_per_token("acme/best", usage_object=Usage.model_validate({**USAGE, **details}))
        == (0.0008, 0.001)
    )


def test_counts_beside_a_usage_object_must_be_the_same():
    assert cost_per_token("acme/best", 1000, 500, usage_object=USAGE) == (0.001, 0.001)
    with pytest.raises(BadRequestError, match="prompt_tokens is 7, but usage_object has 1000"):
        cost_per_token("acme/best", 7, usage_object=USAGE)
    with pytest.raises(BadRequestError, match="cached_tokens is 400, but cache_read_input_tokens is 5"):
        cost_per_token(
            "acme/best",
            cache_read_input_tokens=5,
            usage_object={**USAGE, "prompt_tokens_details": {"cached_tokens": 400}},
        )
    with pytest.raises(BadRequestError, match="cache_read_input_tokens is 5, but usage_object has 400"):
        cost_per_token("acme/best", cache_read_input_tokens=5, usage_object={**USAGE, "cache_read_input_tokens": 400})


def test_a_usage_object_that_is_none_is_refused():
    with pytest.raises(BadRequestError, match="usage must be an object of counts, not 7"):
        cost_per_token("acme/best", usage_object=7)


def test_a_usage_that_contradicts_itself_is_refused_with_both_numbers():
    with pytest.raises(BadRequestError, match=r"acme/best: .* hold 11 tokens, prompt_tokens is 10") as raised:
        cost_per_token("acme/best", 10, 0, cache_read_input_tokens=11)
    assert raised.value.param == "usage"


def test_a_service_tier_has_its_own_prices():
    assert cost_per_token("acme/best", 1000, 500, service_tier="flex") == (0.0005, 0.0005)


def test_no_tokens_of_a_known_model_cost_nothing():
    assert cost_per_token("acme/best") == (0.0, 0.0)


def test_an_embedding_costs_what_its_input_costs():
    register_model({"acme/embed": {"input_cost_per_token": 1e-6, "mode": "embedding"}})
    assert cost_per_token("acme/embed", 1000, call_type="embedding") == (0.001, 0.0)


def test_prices_of_the_callers_own_come_before_the_list():
    own = {"input_cost_per_token": 1e-3, "output_cost_per_token": "0.002"}
    assert cost_per_token("acme/best", 10, 10, custom_cost_per_token=own) == (0.01, 0.02)
    assert cost_per_token("nobody/knows", 10, 10, custom_cost_per_token=own) == (0.01, 0.02)


@pytest.mark.parametrize("rate", [-1, float("nan"), "much", True, pytest.param(10**5000, id="huge"), "1e999999"])
def test_a_price_that_is_none_is_refused(rate):
    with pytest.raises(BadRequestError, match="input_cost_per_token must be US dollars"):
        cost_per_token("acme/best", 1, custom_cost_per_token={"input_cost_per_token": rate})


def test_a_price_by_another_name_is_refused():
    with pytest.raises(BadRequestError, match="custom_cost_per_token has no 'input'; it may have cache_creation"):
        cost_per_token("acme/best", 1, custom_cost_per_token={"input": 1})


@pytest.mark.parametrize("function", [cost_per_token, completion_cost])
def test_an_unknown_model_is_refused_with_the_nearest_name(function):
    with pytest.raises(
        NotFoundError, match="'acme/bets'; did you mean 'acme/best'\\? If not, pass its prices"
    ) as raised:
        function(model="acme/bets")
    assert not isinstance(raised.value, PriceUnknown)


@pytest.mark.parametrize("function", [cost_per_token, completion_cost])
def test_no_model_at_all_is_refused(function):
    with pytest.raises(BadRequestError, match="model must name what is to be priced"):
        function()


@pytest.mark.parametrize(
    ("model", "usage", "reason"),
    [
        ("meta_llama/Llama-3.3-8B-Instruct", USAGE, "there is no input_cost_per_token;"),
        (
            "acme/best",
            {**USAGE, "prompt_tokens_details": {"audio_tokens": 1}},
            "there is no input_cost_per_audio_token;",
        ),
        ("acme/best", {"prompt_tokens": 5}, "the usage does not tell both prompt_tokens and completion_tokens;"),
        ("acme/best", {**USAGE, "service_tier": "priority"}, "there is no input_cost_per_token_priority;"),
        ("acme/nightly", USAGE, "the price depends on the hour, and at= does not say when the answer came;"),
    ],
)
def test_an_unknown_price_names_what_is_missing_and_the_remedy(model, usage, reason):
    with pytest.raises(PriceUnknown) as raised:
        cost_per_token(model, usage_object=usage)
    remedy = "pass the prices, or add them with register_model()"
    assert str(raised.value) == f"{model}: the cost is not known: {reason} {remedy}"


def test_the_price_of_the_hour_is_taken():
    assert cost_per_token("acme/nightly", 1000, 0, at=NOON) == (0.0005, 0.0)
    assert cost_per_token("acme/nightly", 1000, 0, at=NOON + 3 * 3600) == (0.001, 0.0)


NEUTRAL: dict[str, Any] = {
    "response_time_ms": 0.0,
    "region_name": None,
    "prompt_characters": None,
    "completion_characters": None,
    "custom_cost_per_second": None,
    "number_of_queries": None,
    "rerank_billed_units": None,
    "audio_transcription_file_duration": 0.0,
    "data_residency": None,
    "vertex_location": None,
    "response": None,
    "request_model": None,
    "custom_model_info": None,
    "bedrock_model_info": None,
}


def test_litellms_arguments_may_be_given_their_defaults():
    assert cost_per_token("acme/best", 1000, 500, **NEUTRAL) == (0.001, 0.001)
    assert completion_cost(response(), n=1, size=None, quality="", total_time=0.0, optional_params={}) == 0.002


@pytest.mark.parametrize(
    ("function", "name", "value"),
    [
        *((cost_per_token, name, 5) for name in NEUTRAL),
        (completion_cost, "size", "1024x1024"),
        (completion_cost, "quality", "hd"),
        (completion_cost, "n", 2),
        (completion_cost, "total_time", 1.5),
        (completion_cost, "optional_params", {"x": 1}),
        (completion_cost, "custom_pricing", True),
        (completion_cost, "litellm_logging_obj", "x"),
        (completion_cost, "standard_built_in_tools_params", {"web_search_options": {}}),
        (completion_cost, "call_type", "image_generation"),
        (cost_per_token, "call_type", "rerank"),
    ],
)
def test_what_has_no_meaning_here_is_refused_by_name(function, name, value):
    with pytest.raises(UnsupportedParamsError, match=f"{function.__name__}: {name} .*is not supported") as raised:
        function(model="acme/best", **{name: value})
    assert raised.value.param == name


@pytest.mark.parametrize("function", [cost_per_token, completion_cost])
def test_an_argument_nobody_has_is_an_error_of_the_call(function):
    with pytest.raises(TypeError, match="got an unexpected keyword argument 'promt'"):
        function(model="acme/best", promt="Hello")


def test_an_answer_costs_what_its_usage_says():
    assert completion_cost(response()) == 0.002


def test_an_answer_as_a_model_costs_the_same():
    answer = ModelResponse(model="acme/best", choices=message(), usage=Usage.model_validate(USAGE))
    assert completion_cost(answer) == completion_cost(completion_response=answer) == 0.002


def test_a_count_that_an_answer_did_not_tell_is_not_0():
    answer = ModelResponse(model="acme/best", choices=message(), usage=Usage(completion_tokens=500))
    with pytest.raises(PriceUnknown, match="does not tell both"):
        completion_cost(answer)


def test_the_details_of_a_usage_may_be_models():
    usage = {**USAGE, "prompt_tokens_details": PromptTokensDetails(cached_tokens=400)}
    told = {**USAGE, "prompt_tokens_details": {"cached_tokens": 400}}
    assert completion_cost(response(usage=usage)) == completion_cost(response(usage=told))


@pytest.mark.parametrize("hidden", [5, {"cost": 5}])
def test_hidden_params_of_another_library_are_no_cost_of_ours(hidden):
    assert completion_cost(response(_hidden_params=hidden)) == completion_cost(response())


def test_prices_that_are_no_dictionary_are_refused():
    with pytest.raises(BadRequestError, match="custom_cost_per_token must be a dictionary"):
        # a caller without a type checker
        completion_cost(response(), custom_cost_per_token=5)  # type: ignore[arg-type]


def test_the_model_that_was_asked_for_sets_the_price_not_the_name_in_the_answer():
    answer = response(
        model="best-2026-01-01", _hidden_params={"custom_llm_provider": "acme", "litellm_model_name": "best"}
    )
    assert completion_cost(answer) == 0.002


def test_a_model_that_is_named_in_the_call_comes_first():
    assert completion_cost(response(model="gpt-4o"), model="acme/best") == 0.002
    assert completion_cost(response(model="best"), custom_llm_provider="acme") == 0.002
    assert completion_cost(response(model="deployment-7"), base_model="acme/best") == 0.002


def test_a_base_model_nobody_knows_is_refused_even_with_prices():
    own = {"input_cost_per_token": 1, "output_cost_per_token": 1}
    with pytest.raises(NotFoundError, match="'acme/bets'; did you mean 'acme/best'"):
        completion_cost(response(), base_model="acme/bets", custom_cost_per_token=own)


def test_the_tier_that_served_is_billed_but_a_batch_is_what_the_caller_says():
    assert completion_cost(response(service_tier="flex")) == 0.001
    assert completion_cost(response(service_tier="default"), service_tier="flex") == 0.002
    assert completion_cost(response(service_tier="default"), service_tier="batch") == 0.0008


def test_the_hour_of_an_answer_is_when_it_was_created():
    assert completion_cost(response(model="acme/nightly", created=NOON)) == 0.001
    assert completion_cost(response(model="acme/nightly", created=NOON), at=0) == 0.002
    with pytest.raises(PriceUnknown, match="depends on the hour"):
        completion_cost(response(model="acme/nightly"))


@pytest.mark.parametrize("at", [1e300, "noon"])
def test_a_time_that_is_none_is_refused(at):
    with pytest.raises(BadRequestError, match="at must be a time in epoch seconds"):
        completion_cost(response(model="acme/nightly"), at=at)


def test_an_answer_of_ours_keeps_the_cost_it_came_with():
    cost = price(USAGE, registry().find("acme", "best"))
    answer = response(_hidden_params={"cost": cost, "litellm_model_name": "gone", "custom_llm_provider": "acme"})
    assert completion_cost(answer) == 0.002
    with pytest.raises(NotFoundError):
        completion_cost(answer, service_tier="flex")


def test_an_answer_without_a_usage_has_no_cost():
    with pytest.raises(PriceUnknown, match="the answer has no usage; a stream has one at its end"):
        completion_cost({"model": "acme/best"})


@pytest.mark.parametrize("mode", MODES)
def test_an_answer_that_came_over_the_wire_costs_what_it_says(mode, wire):
    wire.answers(reply(OPENAI_ANSWER))
    answer = call(mode, wire, "openai/gpt-4o-mini")
    assert completion_cost(answer) == answer._hidden_params["response_cost"] > 0
    assert completion_cost(answer.model_dump(), custom_llm_provider="openai") == completion_cost(answer)
    assert completion_cost(answer, model="gpt-4o") > completion_cost(answer)


@pytest.mark.parametrize("mode", MODES)
def test_a_stream_costs_what_it_says_at_its_end(mode, wire):
    wire.answers(
        stream([event(chunk("Hi", "stop")), event({**chunk(), "choices": [], "usage": OPENAI_ANSWER["usage"]})])
    )
    streamed = collect(mode, wire, "openai/gpt-4o-mini").stream
    assert completion_cost(streamed) == streamed.response_cost > 0


def test_texts_are_counted():
    prompt = count_tokens("acme/best", text="How are you?").tokens
    chat = count_tokens("acme/best", messages=MESSAGES).tokens
    answer = count_tokens("acme/best", text="Fine, thanks.").tokens
    assert completion_cost(model="acme/best", prompt="How are you?") == float(Decimal(prompt) / 10**6)
    assert completion_cost(model="acme/best", completion="Fine, thanks.") == float(Decimal(2 * answer) / 10**6)
    assert completion_cost(model="acme/best", messages=MESSAGES, completion="Fine, thanks.") == float(
        Decimal(chat + 2 * answer) / 10**6
    )


def test_texts_stand_in_for_a_usage_that_is_not_there():
    with_usage = completion_cost(response(), messages=MESSAGES, completion="Fine")
    assert with_usage == 0.002
    assert completion_cost({"model": "acme/best"}, completion="Fine") == completion_cost(
        model="acme/best", completion="Fine"
    )


@pytest.mark.parametrize(
    ("given", "flaw"),
    [
        ({}, "there is nothing to price"),
        ({"prompt": "x", "messages": MESSAGES}, "give either prompt= or messages="),
        ({"prompt": 5}, "prompt must be a text, not 5"),
        ({"completion": ["x"]}, "completion must be a text, not list"),
        ({"messages": [{"content": "x"}]}, "has no role"),
    ],
)
def test_texts_that_are_none_are_refused(given, flaw):
    with pytest.raises(BadRequestError, match=flaw):
        completion_cost(model="acme/best", **given)


def test_the_errors_can_be_sent_to_another_process():
    with pytest.raises(PriceUnknown) as raised:
        completion_cost({"model": "acme/best"})
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)


def test_what_is_public_is_named():
    assert set(pricing.__all__) >= {
        "completion_cost",
        "cost_per_token",
        "estimate_cost",
        "CostEstimate",
        "check_budget",
    }
