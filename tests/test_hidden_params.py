"""What is known of a call beside its answer: LiteLLM's `_hidden_params`, and the cost in it."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from litellm_lite import BadRequestError, PriceUnknown, completion_cost
from litellm_lite.cost import Cost
from tests.answers import OPENAI_ANSWER
from tests.calls import MODES, call, collect
from tests.wire import Wire, chunk, completion, completion_body, event, reply, stream

both = pytest.mark.parametrize("mode", MODES)


@both
def test_hidden_params_tell_where_the_answer_is_from(mode: str, wire: Wire) -> None:
    wire.answers(
        completion(headers={"x-request-id": "req-1", "x-ratelimit-remaining-requests": "59", "Set-Cookie": "a"})
    )
    hidden = call(mode, wire, "openai/my-model")._hidden_params
    assert hidden["custom_llm_provider"] == "openai"
    assert hidden["litellm_model_name"] == "my-model"
    assert hidden["provider_response_model"] == "m"
    assert hidden["api_base"] == wire.target["api_base"]
    assert hidden["model_id"] is None
    assert hidden["response_cost"] is hidden["cost"] is None
    assert hidden["dropped_params"] == {}
    assert hidden["_response_ms"] > 0
    headers = hidden["additional_headers"]
    assert headers["llm_provider-x-request-id"] == "req-1"
    assert headers["x-ratelimit-remaining-requests"] == headers["llm_provider-x-ratelimit-remaining-requests"] == "59"
    assert not any("cookie" in name for name in headers)


def test_a_vendor_cannot_pass_its_headers_off_as_ours(wire: Wire) -> None:
    wire.answers(completion(headers={"x-litellm-response-cost": "0"}))
    headers = call("sync", wire)._hidden_params["additional_headers"]
    assert headers["llm_provider-x-litellm-response-cost"] == "0"
    assert "x-litellm-response-cost" not in headers


def test_every_call_has_an_id_of_its_own_unless_one_is_given(wire: Wire) -> None:
    first, second = call("sync", wire), call("sync", wire)
    assert first._hidden_params["litellm_call_id"] != second._hidden_params["litellm_call_id"]
    assert first._hidden_params["litellm_call_id"] == first.hidden_params["litellm_call_id"]
    assert call("sync", wire, litellm_call_id="mine")._hidden_params["litellm_call_id"] == "mine"


def test_the_rest_of_litellms_names_for_it_are_there(wire: Wire) -> None:
    answer = call("sync", wire)
    assert answer._response_ms == answer._hidden_params["_response_ms"]
    assert answer._response_headers == answer._hidden_params["additional_headers"]
    assert answer.get("_hidden_params") is answer._hidden_params


@both
def test_labels_stay_on_the_answer_and_are_not_sent(mode: str, wire: Wire) -> None:
    labels = {"metadata": {"team": "a"}, "tags": ["x"], "litellm_trace_id": "t-1", "id": "mine"}
    answer = call(mode, wire, **labels)
    assert labels.items() <= answer._hidden_params.items()
    assert wire.last.json.keys() == {"model", "messages"}


def test_metadata_is_sent_to_a_vendor_on_request(wire: Wire) -> None:
    call("sync", wire, metadata={"team": "a"}, allowed_openai_params=["metadata"])
    assert wire.last.json["metadata"] == {"team": "a"}


COPIES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "model_copy": lambda answer: answer.model_copy(),
    "deep model_copy": lambda answer: answer.model_copy(deep=True),
    "pickle": lambda answer: pickle.loads(pickle.dumps(answer)),
}


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("looked_at", [True, False])
def test_a_copy_knows_the_same(how: str, looked_at: bool, wire: Wire) -> None:
    wire.answers(reply(OPENAI_ANSWER))
    answer = call("sync", wire, "openai/gpt-4o-mini", metadata={"team": "a"})
    if looked_at:
        assert answer._hidden_params["response_cost"] > 0
    made = COPIES[how](answer)
    assert made == answer
    assert made._hidden_params.items() >= {"response_cost": 0.0003369, "metadata": {"team": "a"}}.items()
    if looked_at or how != "pickle":
        assert made._hidden_params.keys() == answer._hidden_params.keys()


def test_an_answer_keeps_neither_key_nor_question(wire: Wire) -> None:
    answer = call("sync", wire, messages=[{"role": "user", "content": "a question"}], api_key="sk-canary")
    seen = [
        pickle.dumps(answer),
        repr(answer).encode(),
        repr(vars(answer)).encode(),
        str(answer.hidden_params).encode(),
    ]
    assert not any(secret in text for text in seen for secret in (b"sk-canary", b"a question"))


@both
def test_cached_tokens_are_priced_apart(mode: str, wire: Wire) -> None:
    wire.answers(reply(OPENAI_ANSWER))
    hidden = call(mode, wire, "openai/gpt-4o-mini")._hidden_params
    expected = 86 * Decimal("0.15e-6") + 1920 * Decimal("0.075e-6") + 300 * Decimal("0.6e-6")
    assert isinstance(hidden["cost"], Cost)
    assert hidden["cost"].total == expected
    assert hidden["response_cost"] == float(expected)


@both
def test_a_stream_knows_its_cost_at_its_end(mode: str, wire: Wire) -> None:
    usage = {**chunk(), "choices": [], "usage": OPENAI_ANSWER["usage"]}
    wire.answers(stream([event(chunk("Hi", "stop")), event(usage)]))
    streamed = collect(mode, wire, "openai/gpt-4o-mini")
    assert streamed.stream.response_cost == streamed.chunks[-1]._hidden_params["response_cost"] == 0.0003369
    assert streamed.stream.cost.total == Decimal("0.0003369")


def test_an_unknown_price_is_none(wire: Wire) -> None:
    for model in ("openai/my-own", "meta_llama/Llama-3.3-70B-Instruct"):
        assert call("sync", wire, model)._hidden_params["response_cost"] is None


def test_prices_of_the_callers_own(wire: Wire) -> None:
    priced = call("sync", wire, "openai/my-own", input_cost_per_token=0.5, output_cost_per_token=1e-6)
    assert priced._hidden_params["cost"].total == Decimal("1.500002")
    assert priced._hidden_params["cost"].price_source == "the caller"
    half = call("sync", wire, "openai/my-own", input_cost_per_token=0.5)
    assert half._hidden_params["response_cost"] is None
    over = call("sync", wire, "openai/gpt-4o-mini", output_cost_per_token=1)
    assert over._hidden_params["cost"].total == 3 * Decimal("0.15e-6") + 2


@pytest.mark.parametrize("price", ["much", -1, float("nan"), True, [1]])
def test_a_price_that_is_none_is_refused(price: Any, wire: Wire) -> None:
    with pytest.raises(BadRequestError, match="input_cost_per_token must be US dollars"):
        call("sync", wire, input_cost_per_token=price)
    assert wire.connections == 0


def test_base_model_names_the_row_to_price_by(wire: Wire) -> None:
    assert call("sync", wire, "openai/my-deployment", base_model="gpt-4o-mini")._hidden_params["response_cost"] > 0
    assert call("sync", wire, "openai/gpt-4o-mini", base_model="no-such")._hidden_params["response_cost"] is None


def test_a_usage_that_contradicts_itself_costs_nothing_known(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    wire.answers(reply(completion_body(usage={"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 9})))
    answer = call("sync", wire, "openai/gpt-4o-mini")
    assert answer.choices[0].message.content == "Hello."
    assert answer._hidden_params["response_cost"] is None
    assert "contradicts itself" in caplog.text


@both
def test_a_key_that_a_vendor_quotes_in_a_header_is_not_passed_on(mode: str, wire: Wire) -> None:
    wire.answers(completion(headers={"x-echo": "Bearer sk-canary-header-7"}))
    answer = call(mode, wire, api_key="sk-canary-header-7")
    assert "sk-canary-header-7" not in str(answer._hidden_params)
    assert answer._hidden_params["additional_headers"]["llm_provider-x-echo"] == "Bearer [redacted]"


def test_counts_written_with_a_point_are_priced(wire: Wire) -> None:
    counts = {"prompt_tokens": 10, "completion_tokens": 5}
    wire.answers(completion(usage=counts), completion(usage={name: float(count) for name, count in counts.items()}))
    whole, pointed = (call("sync", wire, "openai/gpt-4o") for _ in range(2))
    assert pointed.usage.total_tokens == whole.usage.total_tokens == 15
    assert pointed._hidden_params["cost"] == whole._hidden_params["cost"] is not None


def test_half_a_usage_has_no_cost(wire: Wire) -> None:
    wire.answers(completion(usage={"prompt_tokens": 10}))
    answer = call("sync", wire, "openai/gpt-4o")
    assert answer.usage.total_tokens == 10
    assert answer._hidden_params["cost"] is None
    with pytest.raises(PriceUnknown):
        completion_cost(answer, model="openai/gpt-4o")


@both
def test_a_tier_asked_for_in_extra_body_is_billed(mode: str, wire: Wire) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    wire.answers(completion(usage=usage, service_tier=None))
    extra = {"service_tier": "scale"}  # capacity that was bought beforehand
    assert call(mode, wire, "openai/gpt-4o", extra_body=extra)._hidden_params["cost"] is None


@both
def test_a_service_tier_without_a_known_price_has_no_cost(mode: str, wire: Wire) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    wire.answers(completion(usage=usage, service_tier="default"), completion(usage=usage, service_tier="scale"))
    costs = [call(mode, wire, "openai/gpt-4o")._hidden_params["response_cost"] for _ in range(2)]
    assert costs[0] > 0
    assert costs[1] is None
